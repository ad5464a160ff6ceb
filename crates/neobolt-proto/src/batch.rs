//! Records, lent from the memory into which they were received.
//!
//! All records that lie complete in the receive buffer become one [`RecordBatch`]: the buffer itself and one vector of
//! offsets. A field is decoded when it is asked for, straight into the user's type; strings and byte arrays are borrowed.

use std::sync::Arc;

use packstream::{Decode, DecodeError, Decoder};

use crate::value::Value;

/// The names of a result's columns, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Box<[Box<str>]>);

impl Keys {
    /// Returns the number of columns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of the column called `key`.
    pub fn position(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|it| **it == *key)
    }

    /// Returns the names in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|key| &**key)
    }
}

impl<T: Into<Box<str>>> FromIterator<T> for Keys {
    fn from_iter<I: IntoIterator<Item = T>>(keys: I) -> Self {
        Self(keys.into_iter().map(Into::into).collect())
    }
}

/// A column, by its number or by its name.
pub trait Column {
    /// Returns the number of this column, unless there is no such column among `keys`.
    fn position(&self, keys: &Keys) -> Option<usize>;

    /// Names this column in an error.
    fn describe(&self) -> Box<str>;
}

impl Column for usize {
    #[inline]
    fn position(&self, _keys: &Keys) -> Option<usize> {
        // Whether there is such a column shows when its field is looked up.
        Some(*self)
    }

    fn describe(&self) -> Box<str> {
        self.to_string().into()
    }
}

impl Column for &str {
    #[inline]
    fn position(&self, keys: &Keys) -> Option<usize> {
        keys.position(self)
    }

    fn describe(&self) -> Box<str> {
        (*self).into()
    }
}

/// A field that could not be read. The rest of the record stays readable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// The result has no such column.
    NoSuchColumn(Box<str>),
    /// The field is not of the asked type, or broken.
    Decode {
        /// The column.
        column: Box<str>,
        /// What is wrong with it.
        error: DecodeError,
    },
}

impl core::fmt::Display for FieldError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSuchColumn(column) => write!(f, "the result has no column {column}"),
            Self::Decode { column, error } => write!(f, "column {column}: {error}"),
        }
    }
}

impl core::error::Error for FieldError {}

/// Records of one result, and the memory they lie in.
#[derive(Debug, Default)]
pub struct RecordBatch {
    keys: Arc<Keys>,
    /// The received bytes; records begin at `base`.
    buffer: Vec<u8>,
    base: usize,
    /// For each record the start of every field, relative to `base`.
    offsets: Vec<u32>,
    rows: usize,
}

impl RecordBatch {
    pub(crate) fn new(keys: Arc<Keys>, buffer: Vec<u8>, base: usize, offsets: Vec<u32>, rows: usize) -> Self {
        Self { keys, buffer, base, offsets, rows }
    }

    /// Gives the memory back.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<u32>) {
        (self.buffer, self.offsets)
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns the names of the columns.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Lends the record number `row`, if there is one.
    #[inline]
    pub fn get(&self, row: usize) -> Option<RecordRef<'_>> {
        if row >= self.rows {
            return None;
        }
        let width = self.keys.len();
        let offsets = self.offsets.get(row * width..(row + 1) * width)?;
        let bytes = self.buffer.get(self.base..)?;
        Some(RecordRef { keys: &self.keys, bytes, offsets })
    }

    /// Lends the records in order.
    pub fn iter(&self) -> Rows<'_> {
        Rows {
            keys: &self.keys,
            bytes: self.buffer.get(self.base..).unwrap_or_default(),
            offsets: &self.offsets,
            left: self.rows,
        }
    }
}

/// Lends the records of a batch in order.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    keys: &'a Arc<Keys>,
    bytes: &'a [u8],
    offsets: &'a [u32],
    left: usize,
}

impl<'a> Iterator for Rows<'a> {
    type Item = RecordRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<RecordRef<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (offsets, rest) = self.offsets.split_at_checked(self.keys.len())?;
        self.offsets = rest;
        Some(RecordRef { keys: self.keys, bytes: self.bytes, offsets })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Rows<'_> {}

impl<'a> IntoIterator for &'a RecordBatch {
    type Item = RecordRef<'a>;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.iter()
    }
}

/// A record, lent from its batch.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    keys: &'a Arc<Keys>,
    bytes: &'a [u8],
    offsets: &'a [u32],
}

impl<'a> RecordRef<'a> {
    /// Returns the names of the columns.
    pub fn keys(&self) -> &'a Arc<Keys> {
        self.keys
    }

    /// Decodes the field in `column`, a number or a name, into `T`.
    ///
    /// # Errors
    ///
    /// There is no such column, or the field is not a `T`.
    #[inline]
    pub fn get<T: Decode<'a>>(&self, column: impl Column) -> Result<T, FieldError> {
        let index = column.position(self.keys);
        let Some((index, start)) = index.and_then(|index| Some((index, *self.offsets.get(index)?))) else {
            return Err(FieldError::NoSuchColumn(column.describe()));
        };
        // The scan saw to it that the field ends where it should.
        let field = Decoder::at(self.bytes, start as usize).decode();
        field.map_err(|error| self.describe(index, error))
    }

    #[cold]
    fn describe(&self, index: usize, error: DecodeError) -> FieldError {
        let column = self.keys.iter().nth(index).unwrap_or_default().into();
        FieldError::Decode { column, error }
    }

    /// Decodes all fields into owned values.
    ///
    /// # Errors
    ///
    /// A field is broken.
    pub fn values(&self) -> Result<Vec<Value>, FieldError> {
        (0..self.keys.len()).map(|index| self.get(index)).collect()
    }
}

/// A record that keeps its batch alive: cheap to clone, free to store.
#[derive(Clone, Debug)]
pub struct Record {
    batch: Arc<RecordBatch>,
    row: usize,
}

impl Record {
    /// Returns the record number `row` of `batch`, if there is one.
    pub fn new(batch: &Arc<RecordBatch>, row: usize) -> Option<Self> {
        (row < batch.len()).then(|| Self { batch: Arc::clone(batch), row })
    }

    /// Lends the record.
    #[inline]
    pub fn as_ref(&self) -> RecordRef<'_> {
        self.batch.get(self.row).expect("invariant: a record's row lies in its batch")
    }

    /// Returns the names of the columns.
    pub fn keys(&self) -> &Arc<Keys> {
        self.batch.keys()
    }

    /// Decodes the field in `column`, a number or a name, into `T`; strings and byte arrays can be borrowed.
    ///
    /// # Errors
    ///
    /// There is no such column, or the field is not a `T`.
    #[inline]
    pub fn get<'a, T: Decode<'a>>(&'a self, column: impl Column) -> Result<T, FieldError> {
        self.as_ref().get(column)
    }

    /// Decodes all fields into owned values.
    ///
    /// # Errors
    ///
    /// A field is broken.
    pub fn values(&self) -> Result<Vec<Value>, FieldError> {
        self.as_ref().values()
    }
}
