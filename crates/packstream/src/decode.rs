//! Reading: [`Decoder`], [`Token`] and [`Decode`].

mod collections;
pub(crate) mod read;
mod scalars;

use alloc::vec::Vec;

use self::read::Read;
use crate::scan::{not_skipped, skip, skip_items};
use crate::{DecodeError, DecodeErrorKind, FloatRun, MAX_SIZE, Type};

/// A type that can be read from PackStream.
///
/// `'a` is the lifetime of the input, for types that borrow from it.
pub trait Decode<'a>: Sized {
    /// Reads one value.
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, or is a value that this type does not take.
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError>;

    /// Reads the `len` items of a list whose header has been read. A list of floats has a faster loop.
    #[doc(hidden)]
    #[inline]
    fn decode_items(decoder: &mut Decoder<'a>, len: usize) -> Result<Vec<Self>, DecodeError> {
        // Every item takes at least one byte.
        let mut items = Vec::with_capacity(len.min(decoder.remaining().len()));
        for _ in 0..len {
            items.push(Self::decode(decoder)?);
        }
        Ok(items)
    }
}

/// One value without its content: a scalar, or the header of a container whose items follow.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Token<'a> {
    /// Null.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A byte array.
    Bytes(&'a [u8]),
    /// A string.
    String(&'a str),
    /// The header of a list with this many items.
    List(usize),
    /// The header of a map with this many entries, each a string and a value.
    Map(usize),
    /// The header of a structure.
    Structure {
        /// What the structure is.
        tag: u8,
        /// How many fields follow, at most 15.
        fields: usize,
    },
    /// A UUID, big-endian.
    Uuid(&'a [u8; 16]),
}

/// A reader over PackStream.
///
/// It wants its input whole, and is told what to expect: for input in pieces there is [`Tokens`](crate::Tokens), which also checks the
/// depth of what it meets.
///
/// It is a cursor: cloning it is cheap and remembers a place. A method that fails leaves it where it was before the value that could not be
/// read, except [`decode`](Self::decode), [`skip`](Self::skip) and what else reads more than one token.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Decoder<'a> {
    /// Creates a decoder that stands at the start of `input`.
    #[inline]
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { rest: input, len: input.len() }
    }

    /// Creates a decoder that stands at offset `start` of `input`, or at its end when it is shorter.
    #[inline(always)]
    #[must_use]
    pub fn at(input: &'a [u8], start: usize) -> Self {
        // A function instead of a default, so that the frequent case is one jump.
        Self { rest: input.get(start..).unwrap_or_else(nothing), len: input.len() }
    }

    /// Creates a decoder of the part of an input that ends at offset `end` of it.
    #[inline(always)]
    pub(crate) const fn ending_at(end: usize, rest: &'a [u8]) -> Self {
        Self { rest, len: end }
    }

    /// Steps over bytes that were looked at.
    #[inline(always)]
    pub(crate) fn advance_by(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_else(nothing);
    }

    /// Returns how many bytes of the input lie before the cursor.
    #[inline]
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Returns the part of the input that is not read yet.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads one token.
    ///
    /// # Errors
    ///
    /// If the input ends, holds a reserved marker, or a string that is not UTF-8.
    #[inline(always)]
    pub fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        self.advance(None, read::token(self.rest))
    }

    /// Reads one value into a type that implements [`Decode`].
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, or is a value that the type does not take.
    #[inline]
    pub fn decode<T: Decode<'a>>(&mut self) -> Result<T, DecodeError> {
        T::decode(self)
    }

    /// Steps over `values` values with all they contain.
    ///
    /// Looks at markers and sizes only: strings are not checked to be UTF-8, nor map keys to be strings, and any depth will do. That is
    /// all it takes to find the end of a value; [`validate`](crate::validate) checks the rest.
    ///
    /// # Errors
    ///
    /// If the input ends or holds a reserved marker.
    #[inline]
    pub fn skip(&mut self, values: usize) -> Result<(), DecodeError> {
        self.skipped(skip(self.rest, values), values)
    }

    /// Steps over the items of a list.
    #[inline]
    pub(crate) fn skip_items(&mut self, items: usize) -> Result<(), DecodeError> {
        self.skipped(skip_items(self.rest, items), items)
    }

    /// Tells whether the next value is null; false at the end of the input.
    #[inline]
    #[must_use]
    pub fn is_null(&self) -> bool {
        read::is_null(self.rest)
    }

    /// Reads null.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn null(&mut self) -> Result<(), DecodeError> {
        self.advance(Some(Type::Null), read::null(self.rest))
    }

    /// Reads a boolean.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn boolean(&mut self) -> Result<bool, DecodeError> {
        self.advance(Some(Type::Boolean), read::boolean(self.rest))
    }

    /// Reads an integer.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, DecodeError> {
        self.advance(Some(Type::Integer), read::integer(self.rest))
    }

    /// Reads a float.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn float(&mut self) -> Result<f64, DecodeError> {
        self.advance(Some(Type::Float), read::float(self.rest))
    }

    /// Reads a byte array.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        self.advance(Some(Type::Bytes), read::bytes(self.rest))
    }

    /// Reads a string.
    ///
    /// # Errors
    ///
    /// If the next value is another one, or is not UTF-8.
    #[inline]
    pub fn string(&mut self) -> Result<&'a str, DecodeError> {
        self.advance(Some(Type::String), read::string(self.rest))
    }

    /// Reads a string without checking that it is UTF-8: enough to compare it, as with the keys of maps.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn string_bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        self.advance(Some(Type::String), read::string_bytes(self.rest))
    }

    /// Reads the header of a list and returns the number of items that follow.
    ///
    /// # Errors
    ///
    /// If the next value is another one, or declares more items than there are bytes left.
    #[inline]
    pub fn list_header(&mut self) -> Result<usize, DecodeError> {
        self.advance(Some(Type::List), read::list_header(self.rest))
    }

    /// Reads the header of a map and returns the number of entries that follow, each a string and a value.
    ///
    /// # Errors
    ///
    /// If the next value is another one, or declares more entries than there is room for in the bytes left.
    #[inline]
    pub fn map_header(&mut self) -> Result<usize, DecodeError> {
        self.advance(Some(Type::Map), read::map_header(self.rest))
    }

    /// Reads the header of a structure and returns its tag and the number of fields that follow.
    ///
    /// # Errors
    ///
    /// If the next value is another one, or declares more fields than there are bytes left.
    #[inline]
    pub fn structure_header(&mut self) -> Result<(u8, usize), DecodeError> {
        self.advance(Some(Type::Structure), read::structure_header(self.rest))
    }

    /// Reads a UUID.
    ///
    /// # Errors
    ///
    /// If the next value is another one.
    #[inline]
    pub fn uuid(&mut self) -> Result<[u8; 16], DecodeError> {
        self.advance(Some(Type::Uuid), read::uuid(self.rest))
    }

    /// Checks that everything is read.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::TrailingBytes`] if it is not.
    #[inline]
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error(DecodeErrorKind::TrailingBytes { left: self.rest.len() }))
        }
    }

    /// Creates an error about the next value.
    #[inline(always)]
    #[must_use]
    pub const fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(self.offset(), kind)
    }

    /// Reads a run of floats, at most `len`.
    pub(crate) fn float_run(&mut self, len: usize) -> FloatRun<'a> {
        let (run, rest) = FloatRun::split(self.rest, len);
        self.rest = rest;
        run
    }

    /// Reads what `read` reads, or leaves the cursor where it was: for those who say why in their own way.
    #[cfg(feature = "serde")]
    #[inline(always)]
    pub(crate) fn take<T>(&mut self, read: impl FnOnce(&'a [u8]) -> Read<'a, T>) -> Option<T> {
        let (value, rest) = read(self.rest)?;
        self.rest = rest;
        Some(value)
    }

    /// Says why what `expected` names could not be read.
    #[cfg(feature = "serde")]
    #[cold]
    pub(crate) fn why(&self, expected: Type) -> DecodeError {
        self.error(read::why(self.rest, Some(expected), MAX_SIZE))
    }

    /// Moves to a place further on in the input.
    #[inline(always)]
    pub(crate) fn advance_to(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    #[inline(always)]
    fn skipped(&mut self, skipped: Option<&'a [u8]>, values: usize) -> Result<(), DecodeError> {
        match skipped {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(not_skipped(self.rest, values).in_input_of(self.len)),
        }
    }

    #[inline(always)]
    fn advance<T>(&mut self, expected: Option<Type>, read: Read<'a, T>) -> Result<T, DecodeError> {
        match read {
            Some((value, rest)) => {
                self.rest = rest;
                Ok(value)
            }
            None => Err(unread(self.rest, self.len, expected)),
        }
    }
}

#[cold]
#[inline(never)]
fn nothing<'a>() -> &'a [u8] {
    &[]
}

/// Says why a value cannot be read. It is not given the decoder, which would then have to lie in memory.
#[cold]
#[inline(never)]
fn unread(rest: &[u8], len: usize, expected: Option<Type>) -> DecodeError {
    DecodeError::new(len - rest.len(), read::why(rest, expected, MAX_SIZE))
}
