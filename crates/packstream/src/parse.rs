//! The same grammar as functions in the shape of [`nom`]'s parsers, for programs that combine parsers.
//!
//! An input that ends too early is [`nom::Err::Incomplete`], everything else wrong is [`nom::Err::Error`].
//!
//! ```
//! use nom::Parser;
//! use nom::sequence::preceded;
//! use packstream::parse::{integer, string, structure_header};
//!
//! // The handshake of a toy protocol: a structure with tag 1, a name and a number.
//! let hello = b"\xB2\x01\x83Ada\x2A";
//! let (rest, (name, number)) = preceded(structure_header, (string, integer)).parse(hello)?;
//! assert_eq!((name, number, rest), ("Ada", 42, &[][..]));
//! # Ok::<(), nom::Err<nom::error::Error<&[u8]>>>(())
//! ```

use nom::error::{Error, ErrorKind};
use nom::{Err, IResult, Needed};

use crate::decode::read::{self, Read};
use crate::{DecodeErrorKind, Decoder, MAX_SIZE, Token, Type};

/// Parses one token.
///
/// # Errors
///
/// If the input ends, holds a reserved marker, or a string that is not UTF-8.
pub fn token(input: &[u8]) -> IResult<&[u8], Token<'_>> {
    parsed(input, None, read::token(input))
}

/// Parses null.
///
/// # Errors
///
/// If the next value is another one.
pub fn null(input: &[u8]) -> IResult<&[u8], ()> {
    parsed(input, Type::Null, read::null(input))
}

/// Parses a boolean.
///
/// # Errors
///
/// If the next value is another one.
pub fn boolean(input: &[u8]) -> IResult<&[u8], bool> {
    parsed(input, Type::Boolean, read::boolean(input))
}

/// Parses an integer.
///
/// # Errors
///
/// If the next value is another one.
pub fn integer(input: &[u8]) -> IResult<&[u8], i64> {
    parsed(input, Type::Integer, read::integer(input))
}

/// Parses a float.
///
/// # Errors
///
/// If the next value is another one.
pub fn float(input: &[u8]) -> IResult<&[u8], f64> {
    parsed(input, Type::Float, read::float(input))
}

/// Parses a byte array.
///
/// # Errors
///
/// If the next value is another one.
pub fn bytes(input: &[u8]) -> IResult<&[u8], &[u8]> {
    parsed(input, Type::Bytes, read::bytes(input))
}

/// Parses a string.
///
/// # Errors
///
/// If the next value is another one, or is not UTF-8.
pub fn string(input: &[u8]) -> IResult<&[u8], &str> {
    parsed(input, Type::String, read::string(input))
}

/// Parses the header of a list into the number of its items.
///
/// # Errors
///
/// If the next value is another one.
pub fn list_header(input: &[u8]) -> IResult<&[u8], usize> {
    parsed(input, Type::List, read::list_header(input))
}

/// Parses the header of a map into the number of its entries.
///
/// # Errors
///
/// If the next value is another one.
pub fn map_header(input: &[u8]) -> IResult<&[u8], usize> {
    parsed(input, Type::Map, read::map_header(input))
}

/// Parses the header of a structure into its tag and the number of its fields.
///
/// # Errors
///
/// If the next value is another one.
pub fn structure_header(input: &[u8]) -> IResult<&[u8], (u8, usize)> {
    parsed(input, Type::Structure, read::structure_header(input))
}

/// Parses a UUID.
///
/// # Errors
///
/// If the next value is another one.
pub fn uuid(input: &[u8]) -> IResult<&[u8], [u8; 16]> {
    parsed(input, Type::Uuid, read::uuid(input))
}

/// Parses one value into any type that implements [`Decode`](crate::Decode).
///
/// # Errors
///
/// If the next value is not a `T`.
pub fn value<'a, T: crate::Decode<'a>>(input: &'a [u8]) -> IResult<&'a [u8], T> {
    let mut decoder = Decoder::new(input);
    match decoder.decode() {
        Ok(value) => Ok((decoder.remaining(), value)),
        Err(error) => Err(refused(input, &error.kind)),
    }
}

#[inline(always)]
fn parsed<'a, T>(input: &'a [u8], expected: impl Into<Option<Type>>, read: Read<'a, T>) -> IResult<&'a [u8], T> {
    match read {
        Some((value, rest)) => Ok((rest, value)),
        None => Err(refused(input, &read::why(input, expected.into(), MAX_SIZE))),
    }
}

fn refused<'a>(input: &'a [u8], kind: &DecodeErrorKind) -> Err<Error<&'a [u8]>> {
    match kind {
        DecodeErrorKind::UnexpectedEnd { needed, left } => Err::Incomplete(Needed::new(needed.saturating_sub(*left))),
        DecodeErrorKind::TooDeep { .. }
        | DecodeErrorKind::SizeTooLarge { .. }
        | DecodeErrorKind::InputTooLong { .. } => Err::Error(Error::new(input, ErrorKind::TooLarge)),
        DecodeErrorKind::WrongLength { .. } => Err::Error(Error::new(input, ErrorKind::LengthValue)),
        DecodeErrorKind::ReservedMarker { .. }
        | DecodeErrorKind::InvalidUtf8 { .. }
        | DecodeErrorKind::Expected { .. }
        | DecodeErrorKind::ExpectedStructure { .. }
        | DecodeErrorKind::OutOfRange { .. }
        | DecodeErrorKind::TrailingBytes { .. }
        | DecodeErrorKind::Custom(_) => Err::Error(Error::new(input, ErrorKind::Verify)),
    }
}
