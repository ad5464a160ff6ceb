//! Writing: [`Encoder`], [`Buffer`] and [`Encode`].

mod impls;
mod tags;

use alloc::vec::Vec;

use bytes::BytesMut;

use crate::{EncodeError, Limits, MAX_FIELDS, MAX_SIZE, Type, marker};

pub use impls::ByteArray;
pub use tags::TagSet;

/// A type that can be written as PackStream.
pub trait Encode {
    /// Appends this value.
    ///
    /// # Errors
    ///
    /// If PackStream cannot express the value. What was appended of it is then left in the buffer: cut it off with
    /// [`Buffer::truncate`].
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError>;
}

/// Memory to which an [`Encoder`] appends.
pub trait Buffer {
    /// Appends bytes.
    fn extend_from_slice(&mut self, bytes: &[u8]);

    /// Returns how many bytes there are.
    fn len(&self) -> usize;

    /// Cuts off everything behind the first `len` bytes.
    fn truncate(&mut self, len: usize);

    /// Tells whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Buffer for Vec<u8> {
    #[inline(always)]
    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

impl Buffer for BytesMut {
    #[inline(always)]
    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

/// A writer of PackStream that appends to a buffer.
///
/// Every value is written in its shortest form. A header promises as many values as it declares: write them behind it.
#[derive(Debug)]
pub struct Encoder<'b, B = Vec<u8>> {
    buffer: &'b mut B,
    tags: TagSet,
    depth: usize,
}

impl<'b, B: Buffer> Encoder<'b, B> {
    /// Creates an encoder that appends to `buffer`.
    #[inline]
    #[must_use]
    pub fn new(buffer: &'b mut B) -> Self {
        Self { buffer, tags: TagSet::default(), depth: 0 }
    }

    /// Returns what was written that not every peer knows: the tags of structures, and whether there was a UUID.
    #[inline]
    #[must_use]
    pub const fn tags(&self) -> &TagSet {
        &self.tags
    }

    /// Writes null.
    #[inline]
    pub fn null(&mut self) {
        self.put([marker::NULL]);
    }

    /// Writes a boolean.
    #[inline]
    pub fn boolean(&mut self, value: bool) {
        self.put([if value { marker::TRUE } else { marker::FALSE }]);
    }

    /// Writes an integer.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        if let Ok(value) = i8::try_from(value) {
            let [byte] = value.to_be_bytes();
            if value >= marker::TINY_INTEGER_MIN {
                self.put([byte]);
            } else {
                self.put([marker::INTEGER_8, byte]);
            }
        } else if let Ok(value) = i16::try_from(value) {
            let [a, b] = value.to_be_bytes();
            self.put([marker::INTEGER_16, a, b]);
        } else if let Ok(value) = i32::try_from(value) {
            let [a, b, c, d] = value.to_be_bytes();
            self.put([marker::INTEGER_32, a, b, c, d]);
        } else {
            let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
            self.put([marker::INTEGER_64, a, b, c, d, e, f, g, h]);
        }
    }

    /// Writes a float.
    #[inline]
    pub fn float(&mut self, value: f64) {
        let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
        self.put([marker::FLOAT, a, b, c, d, e, f, g, h]);
    }

    /// Writes a UUID, given big-endian. Bolt knows it from 6.1 on.
    #[inline]
    pub fn uuid(&mut self, value: [u8; 16]) {
        self.tags.insert_uuid();
        self.put([marker::UUID]);
        self.put(value);
    }

    /// Appends bytes that are PackStream already. What lies in them is not added to [`tags`](Self::tags): see [`note`](Self::note).
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Adds to [`tags`](Self::tags) what lies in bytes written [`raw`](Self::raw).
    #[inline]
    pub fn note(&mut self, tags: &TagSet) {
        self.tags = self.tags.union(tags);
    }

    /// Writes a byte array.
    ///
    /// # Errors
    ///
    /// If it is longer than [`MAX_SIZE`].
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        let markers = [marker::BYTES_8, marker::BYTES_16, marker::BYTES_32];
        self.sized(Type::Bytes, value.len(), markers)?;
        self.raw(value);
        Ok(())
    }

    /// Writes a string.
    ///
    /// # Errors
    ///
    /// If it is longer than [`MAX_SIZE`] bytes.
    #[inline]
    pub fn string(&mut self, value: &str) -> Result<(), EncodeError> {
        let markers = [marker::STRING_8, marker::STRING_16, marker::STRING_32];
        self.header(Type::String, value.len(), marker::TINY_STRING, markers)?;
        self.raw(value.as_bytes());
        Ok(())
    }

    /// Writes the header of a list of `items` values.
    ///
    /// # Errors
    ///
    /// If there are more than [`MAX_SIZE`].
    #[inline]
    pub fn list_header(&mut self, items: usize) -> Result<(), EncodeError> {
        let markers = [marker::LIST_8, marker::LIST_16, marker::LIST_32];
        self.header(Type::List, items, marker::TINY_LIST, markers)
    }

    /// Writes the header of a map of `entries` entries, each a string and a value. Neo4j refuses a map with a key that occurs twice.
    ///
    /// # Errors
    ///
    /// If there are more than [`MAX_SIZE`].
    #[inline]
    pub fn map_header(&mut self, entries: usize) -> Result<(), EncodeError> {
        let markers = [marker::MAP_8, marker::MAP_16, marker::MAP_32];
        self.header(Type::Map, entries, marker::TINY_MAP, markers)
    }

    /// Writes the header of a structure of `fields` values.
    ///
    /// # Errors
    ///
    /// If there are more than [`MAX_FIELDS`].
    #[inline]
    pub fn structure_header(&mut self, tag: u8, fields: usize) -> Result<(), EncodeError> {
        if fields > MAX_FIELDS {
            return Err(EncodeError::TooManyFields { tag, fields });
        }
        self.tags.insert(tag);
        self.put([marker::STRUCTURE | fields as u8, tag]);
        Ok(())
    }

    /// Writes a value of a type that implements [`Encode`].
    ///
    /// # Errors
    ///
    /// If PackStream cannot express the value.
    #[inline]
    pub fn encode<T: Encode + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.encode(self)
    }

    /// Runs `write` one level deeper: a type that contains values of its own type writes those through this.
    ///
    /// # Errors
    ///
    /// What `write` returns, or [`EncodeError::TooDeep`] when levels lie in one another that no peer would read.
    #[inline]
    pub fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<(), EncodeError>) -> Result<(), EncodeError> {
        if self.depth >= Limits::default().depth {
            return Err(EncodeError::TooDeep);
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    #[inline(always)]
    fn header(&mut self, of: Type, len: usize, tiny: u8, markers: [u8; 3]) -> Result<(), EncodeError> {
        if len < 16 {
            self.put([tiny | len as u8]);
            Ok(())
        } else {
            self.sized(of, len, markers)
        }
    }

    #[inline(always)]
    fn sized(&mut self, of: Type, len: usize, markers: [u8; 3]) -> Result<(), EncodeError> {
        let [marker_8, marker_16, marker_32] = markers;
        if let Ok(len) = u8::try_from(len) {
            self.put([marker_8, len]);
        } else if let Ok(len) = u16::try_from(len) {
            let [a, b] = len.to_be_bytes();
            self.put([marker_16, a, b]);
        } else if len <= MAX_SIZE {
            let [a, b, c, d] = (len as u32).to_be_bytes();
            self.put([marker_32, a, b, c, d]);
        } else {
            return Err(EncodeError::TooLong { of, len });
        }
        Ok(())
    }

    /// Appends a marker with what belongs to it at one stroke, which halves the price of an integer.
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.buffer.extend_from_slice(&bytes);
    }
}
