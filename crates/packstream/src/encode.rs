//! Writing: [`encode`], [`Encoder`], [`Buffer`] and [`Encode`].

mod buffer;
mod impls;
pub(crate) mod keys;
mod tags;
mod writer;

use alloc::vec::Vec;

use crate::decode::read::FLOAT_SIZE;
use crate::{EncodeError, Key, MAX_DEPTH, MAX_FIELDS, MAX_SIZE, Type, marker};

pub use buffer::Buffer;
pub use impls::ByteArray;
pub use tags::TagSet;
pub use writer::{ListWriter, MapWriter, StructureWriter};

/// Appends a value to `buffer`.
///
/// ```
/// let mut message = Vec::new();
/// packstream::encode(&("Ada", 1815), &mut message)?;
/// assert_eq!(message, b"\x92\x83Ada\xC9\x07\x17");
/// # Ok::<(), packstream::EncodeError>(())
/// ```
///
/// # Errors
///
/// If PackStream cannot express the value. The buffer is then as it was before.
#[inline]
pub fn encode<T: Encode + ?Sized, B: Buffer>(value: &T, buffer: &mut B) -> Result<(), EncodeError> {
    let mut encoder = Encoder::new(buffer);
    let mark = encoder.mark();
    let written = value.encode(&mut encoder);
    encoder.settle(mark, written)
}

/// A type that can be written as PackStream.
///
/// ```
/// use packstream::{Buffer, Encode, EncodeError, Encoder};
///
/// struct Person {
///     name: String,
///     born: i32,
/// }
///
/// impl Encode for Person {
///     fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
///         encoder.map(2, |entries| {
///             entries.entry("name", &self.name)?;
///             entries.entry("born", &self.born)
///         })
///     }
/// }
///
/// let mut message = Vec::new();
/// packstream::encode(&Person { name: "Ada".into(), born: 1815 }, &mut message)?;
/// assert_eq!(message, b"\xA2\x84name\x83Ada\x84born\xC9\x07\x17");
/// # Ok::<(), EncodeError>(())
/// ```
pub trait Encode {
    /// Appends this value: one value, whatever lies in it.
    ///
    /// # Errors
    ///
    /// If PackStream cannot express the value. What was appended of it may then be left in the buffer: [`encode`] and the writers
    /// that [`Encoder::list`], [`map`](Encoder::map) and [`structure`](Encoder::structure) lend cut it off.
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError>;

    /// Appends values that are the items of a list whose header has been written. Floats have a faster loop.
    #[doc(hidden)]
    #[inline]
    fn encode_items<B: Buffer>(items: &[Self], encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError>
    where
        Self: Sized,
    {
        for item in items {
            item.encode(encoder)?;
        }
        Ok(())
    }
}

/// A writer of PackStream that appends to a buffer.
///
/// Every value is written in its shortest form.
///
/// [`list`](Self::list), [`map`](Self::map) and [`structure`](Self::structure) see to it that a container holds what it declares, a map no
/// key twice, and that nothing is left of what failed. The bare headers do not: whoever writes one writes as many values behind it,
/// inside [`nested`](Self::nested), and cuts off what is left by an error. That is for sizes that cannot be wrong.
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

    /// Writes eight floats at one stroke.
    #[inline(always)]
    pub(crate) fn floats(&mut self, values: [f64; 8]) {
        let mut bytes = [marker::FLOAT; 8 * FLOAT_SIZE];
        for (place, value) in bytes.chunks_exact_mut(FLOAT_SIZE).zip(values) {
            if let Some(place) = place.last_chunk_mut() {
                *place = value.to_be_bytes();
            }
        }
        self.put(bytes);
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

    /// Writes a string that was packed when the program was compiled.
    #[inline(always)]
    pub fn key(&mut self, key: Key) {
        self.raw(key.as_packed());
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

    /// Writes the header of a map of `entries` entries, each a string and a value. Servers refuse a map in which a key occurs twice.
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

    /// Runs `write`, which writes the `values` values that lie in a container, one level deeper. An empty container is no level.
    ///
    /// # Errors
    ///
    /// What `write` returns, or [`EncodeError::TooDeep`] when levels lie in one another that no peer would read.
    #[inline(always)]
    pub fn nested(
        &mut self,
        values: usize,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if self.depth >= MAX_DEPTH && values > 0 {
            return Err(EncodeError::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    /// Returns what lies in the buffer, with what lay there before.
    #[inline(always)]
    pub(crate) fn written(&self) -> &[u8] {
        self.buffer.as_slice()
    }

    /// Returns how many containers are open.
    #[cfg(feature = "serde")]
    #[inline(always)]
    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    /// Puts a header in front of what was written from offset `start` on.
    #[cfg(feature = "serde")]
    pub(crate) fn put_in_front(
        &mut self,
        start: usize,
        header: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let items = Vec::from(self.written().get(start..).unwrap_or_default());
        self.buffer.truncate(start);
        header(self)?;
        self.raw(&items);
        Ok(())
    }

    /// Returns where things stand, to come back to.
    #[inline(always)]
    pub(crate) fn mark(&self) -> Mark {
        Mark { len: self.buffer.len(), tags: self.tags }
    }

    /// Passes `written` on. If it is an error, what was written since `mark` is cut off.
    #[inline(always)]
    pub(crate) fn settle(&mut self, mark: Mark, written: Result<(), EncodeError>) -> Result<(), EncodeError> {
        if written.is_err() {
            self.buffer.truncate(mark.len);
            self.tags = mark.tags;
        }
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

/// What an encoder had written at some time.
#[derive(Debug)]
pub(crate) struct Mark {
    len: usize,
    tags: TagSet,
}
