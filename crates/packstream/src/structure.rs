//! [`Structure`].

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::{Buffer, Build, Encode, EncodeError, Encoder, Token, Value};

/// A structure whose meaning is not PackStream's business: a tag and up to 15 fields.
///
/// It takes 16 bytes, and its content one piece of memory.
#[derive(Clone, PartialEq)]
pub struct Structure<V = Value> {
    /// The tag, made a value, and behind it the fields.
    parts: Box<[V]>,
}

impl<V: Build> Structure<V> {
    /// Creates a structure. One of more than 15 fields cannot be written.
    #[must_use]
    pub fn new(tag: u8, fields: impl IntoIterator<Item = V>) -> Self {
        Self { parts: core::iter::once(Self::first(tag)).chain(fields).collect() }
    }

    /// Returns what the structure is.
    #[must_use]
    pub fn tag(&self) -> u8 {
        self.parts.first().and_then(V::as_integer).unwrap_or_default() as u8 // it was a u8
    }

    /// Returns the fields.
    #[must_use]
    pub fn fields(&self) -> &[V] {
        self.parts.get(1..).unwrap_or_default()
    }

    /// Returns the fields.
    pub fn into_fields(self) -> impl ExactSizeIterator<Item = V> {
        let mut parts = self.parts.into_vec().into_iter();
        parts.next();
        parts
    }

    /// Creates what comes before the fields.
    #[inline(always)]
    pub(crate) fn first(tag: u8) -> V {
        V::scalar(Token::Integer(tag.into()))
    }

    /// Creates a structure from its [first](Self::first) part and its fields.
    #[inline(always)]
    pub(crate) fn from_parts(parts: Vec<V>) -> Self {
        Self { parts: parts.into_boxed_slice() }
    }
}

impl<V: Build + fmt::Debug> fmt::Debug for Structure<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Structure").field("tag", &self.tag()).field("fields", &self.fields()).finish()
    }
}

impl<V: Build + Encode> Encode for Structure<V> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        let fields = self.fields();
        encoder.structure_header(self.tag(), fields.len())?;
        encoder.nested(fields.len(), |encoder| V::encode_items(fields, encoder))
    }
}
