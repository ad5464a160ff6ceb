//! The primitives: each takes the input from a value's first byte on, and returns what it read and the input behind it.
//!
//! They say `None` to everything they do not like: [`why`] finds out what that was. So no error has to be carried through the loops
//! that are hot, which would cost them a third.

use crate::marker::{self, Class};
use crate::{DecodeErrorKind as Kind, MAX_SIZE, Token, Type};

/// What a primitive returns: what was read, and the input behind it.
pub(crate) type Read<'a, T> = Option<(T, &'a [u8])>;

/// The length of an encoded float, marker included.
pub(crate) const FLOAT_SIZE: usize = 9;

/// Says why a primitive returned `None`: the one for `expected`, or [`token`] and others that take any type.
#[cold]
pub(crate) fn why(input: &[u8], expected: Option<Type>) -> Kind {
    let Some((&marker, after)) = input.split_first() else {
        return Kind::UnexpectedEnd;
    };
    let Some(found) = marker::type_of(marker) else {
        return Kind::ReservedMarker(marker);
    };
    match expected {
        Some(expected) if expected != found => return Kind::Expected { expected, found },
        _ => {}
    }
    let sized_32 = matches!(marker::class(marker), Class::Bytes32 | Class::String32 | Class::List32 | Class::Map32);
    if sized_32 && after.len() >= size_of::<u32>() && size_32(after).is_none() {
        Kind::SizeTooLarge
    } else if found == Type::String && string_bytes(input).is_some() {
        Kind::InvalidUtf8
    } else {
        Kind::UnexpectedEnd
    }
}

#[inline(always)]
pub(crate) fn token(input: &[u8]) -> Read<'_, Token<'_>> {
    let (marker, after) = split_marker(input)?;
    Some(match marker::class(marker) {
        Class::TinyInteger => (Token::Integer(tiny_integer(marker)), after),
        Class::TinyString => text(after, marker::tiny_size(marker))?,
        Class::Integer8 => fixed(after, |b| Token::Integer(i8::from_be_bytes(b).into()))?,
        Class::Integer16 => fixed(after, |b| Token::Integer(i16::from_be_bytes(b).into()))?,
        Class::Integer32 => fixed(after, |b| Token::Integer(i32::from_be_bytes(b).into()))?,
        Class::Integer64 => fixed(after, |b| Token::Integer(i64::from_be_bytes(b)))?,
        Class::Float => fixed(after, |b| Token::Float(f64::from_be_bytes(b)))?,
        Class::Null => (Token::Null, after),
        Class::False => (Token::Boolean(false), after),
        Class::True => (Token::Boolean(true), after),
        Class::String8 => size_8(after).and_then(|(size, rest)| text(rest, size))?,
        Class::String16 => size_16(after).and_then(|(size, rest)| text(rest, size))?,
        Class::String32 => size_32(after).and_then(|(size, rest)| text(rest, size))?,
        Class::Bytes8 => size_8(after).and_then(|(size, rest)| array(rest, size))?,
        Class::Bytes16 => size_16(after).and_then(|(size, rest)| array(rest, size))?,
        Class::Bytes32 => size_32(after).and_then(|(size, rest)| array(rest, size))?,
        Class::TinyList => list(after, marker::tiny_size(marker))?,
        Class::List8 => size_8(after).and_then(|(size, rest)| list(rest, size))?,
        Class::List16 => size_16(after).and_then(|(size, rest)| list(rest, size))?,
        Class::List32 => size_32(after).and_then(|(size, rest)| list(rest, size))?,
        Class::TinyMap => map(after, marker::tiny_size(marker))?,
        Class::Map8 => size_8(after).and_then(|(size, rest)| map(rest, size))?,
        Class::Map16 => size_16(after).and_then(|(size, rest)| map(rest, size))?,
        Class::Map32 => size_32(after).and_then(|(size, rest)| map(rest, size))?,
        Class::Structure => {
            let ((tag, fields), rest) = structure_header(input)?;
            (Token::Structure { tag, fields }, rest)
        }
        Class::Uuid => fixed(after, Token::Uuid)?,
        Class::Reserved => return None,
    })
}

#[inline]
pub(crate) fn is_null(input: &[u8]) -> bool {
    input.first() == Some(&marker::NULL)
}

#[inline]
pub(crate) fn null(input: &[u8]) -> Read<'_, ()> {
    match split_marker(input)? {
        (marker::NULL, rest) => Some(((), rest)),
        _ => None,
    }
}

#[inline]
pub(crate) fn boolean(input: &[u8]) -> Read<'_, bool> {
    match split_marker(input)? {
        (marker::TRUE, rest) => Some((true, rest)),
        (marker::FALSE, rest) => Some((false, rest)),
        _ => None,
    }
}

#[inline]
pub(crate) fn integer(input: &[u8]) -> Read<'_, i64> {
    let (marker, after) = split_marker(input)?;
    if is_tiny_integer(marker) {
        return Some((tiny_integer(marker), after));
    }
    match marker {
        marker::INTEGER_8 => fixed(after, |b| i8::from_be_bytes(b).into()),
        marker::INTEGER_16 => fixed(after, |b| i16::from_be_bytes(b).into()),
        marker::INTEGER_32 => fixed(after, |b| i32::from_be_bytes(b).into()),
        marker::INTEGER_64 => fixed(after, i64::from_be_bytes),
        _ => None,
    }
}

#[inline]
pub(crate) fn float(input: &[u8]) -> Read<'_, f64> {
    match split_marker(input)? {
        (marker::FLOAT, after) => fixed(after, f64::from_be_bytes),
        _ => None,
    }
}

#[inline]
pub(crate) fn bytes(input: &[u8]) -> Read<'_, &[u8]> {
    let (marker, after) = split_marker(input)?;
    let (size, rest) = match marker {
        marker::BYTES_8 => size_8(after)?,
        marker::BYTES_16 => size_16(after)?,
        marker::BYTES_32 => size_32(after)?,
        _ => return None,
    };
    content(rest, size)
}

#[inline]
pub(crate) fn string(input: &[u8]) -> Read<'_, &str> {
    let (bytes, rest) = string_bytes(input)?;
    Some((utf8(bytes)?, rest))
}

#[inline]
pub(crate) fn string_bytes(input: &[u8]) -> Read<'_, &[u8]> {
    let (marker, after) = split_marker(input)?;
    if marker::tiny_kind(marker) == marker::TINY_STRING {
        return content(after, marker::tiny_size(marker));
    }
    let (size, rest) = match marker {
        marker::STRING_8 => size_8(after)?,
        marker::STRING_16 => size_16(after)?,
        marker::STRING_32 => size_32(after)?,
        _ => return None,
    };
    content(rest, size)
}

#[inline]
pub(crate) fn list_header(input: &[u8]) -> Read<'_, usize> {
    let (marker, after) = split_marker(input)?;
    let (size, rest) = match marker {
        _ if marker::tiny_kind(marker) == marker::TINY_LIST => (marker::tiny_size(marker), after),
        marker::LIST_8 => size_8(after)?,
        marker::LIST_16 => size_16(after)?,
        marker::LIST_32 => size_32(after)?,
        _ => return None,
    };
    room(rest, size).map(|()| (size, rest))
}

#[inline]
pub(crate) fn map_header(input: &[u8]) -> Read<'_, usize> {
    let (marker, after) = split_marker(input)?;
    let (size, rest) = match marker {
        _ if marker::tiny_kind(marker) == marker::TINY_MAP => (marker::tiny_size(marker), after),
        marker::MAP_8 => size_8(after)?,
        marker::MAP_16 => size_16(after)?,
        marker::MAP_32 => size_32(after)?,
        _ => return None,
    };
    room(rest, map_values(size)).map(|()| (size, rest))
}

#[inline]
pub(crate) fn structure_header(input: &[u8]) -> Read<'_, (u8, usize)> {
    let (marker, after) = split_marker(input)?;
    if marker::tiny_kind(marker) != marker::STRUCTURE {
        return None;
    }
    let (&tag, rest) = after.split_first()?;
    let fields = marker::tiny_size(marker);
    room(rest, fields).map(|()| ((tag, fields), rest))
}

#[inline]
pub(crate) fn uuid(input: &[u8]) -> Read<'_, [u8; 16]> {
    match split_marker(input)? {
        (marker::UUID, after) => fixed(after, |bytes| bytes),
        _ => None,
    }
}

/// Counts the floats that `input` starts with, up to `len`.
///
/// Eight markers at a time: a float is then a third of an instruction per byte, a seventh of what one by one takes.
pub(crate) fn float_run(input: &[u8], len: usize) -> usize {
    const BLOCK: usize = 8;
    let mut rest = input;
    let mut count = 0;
    while count + BLOCK <= len {
        let Some((block, after)) = rest.split_first_chunk::<{ BLOCK * FLOAT_SIZE }>() else {
            break;
        };
        let strangers = (block[0] ^ marker::FLOAT)
            | (block[9] ^ marker::FLOAT)
            | (block[18] ^ marker::FLOAT)
            | (block[27] ^ marker::FLOAT)
            | (block[36] ^ marker::FLOAT)
            | (block[45] ^ marker::FLOAT)
            | (block[54] ^ marker::FLOAT)
            | (block[63] ^ marker::FLOAT);
        if strangers != 0 {
            break;
        }
        rest = after;
        count += BLOCK;
    }
    while count < len {
        match rest.split_first_chunk::<FLOAT_SIZE>() {
            Some((float, after)) if float[0] == marker::FLOAT => rest = after,
            _ => break,
        }
        count += 1;
    }
    count
}

/// Returns how many values lie in a map of `entries` entries.
#[inline(always)]
pub(crate) fn map_values(entries: usize) -> usize {
    entries.saturating_mul(2)
}

/// Checks that `values` values can lie in `rest`: each takes at least one byte.
#[inline(always)]
pub(crate) fn room(rest: &[u8], values: usize) -> Option<()> {
    (values <= rest.len()).then_some(())
}

#[inline(always)]
pub(crate) fn split_marker(input: &[u8]) -> Read<'_, u8> {
    input.split_first().map(|(&marker, after)| (marker, after))
}

#[inline(always)]
pub(crate) fn size_8(after: &[u8]) -> Read<'_, usize> {
    fixed(after, |bytes| usize::from(u8::from_be_bytes(bytes)))
}

#[inline(always)]
pub(crate) fn size_16(after: &[u8]) -> Read<'_, usize> {
    fixed(after, |bytes| usize::from(u16::from_be_bytes(bytes)))
}

#[inline(always)]
pub(crate) fn size_32(after: &[u8]) -> Read<'_, usize> {
    let (size, rest) = fixed(after, u32::from_be_bytes)?;
    usize::try_from(size).ok().filter(|&size| size <= MAX_SIZE).map(|size| (size, rest))
}

#[inline(always)]
pub(crate) fn content(rest: &[u8], size: usize) -> Read<'_, &[u8]> {
    rest.split_at_checked(size)
}

#[inline(always)]
fn utf8(bytes: &[u8]) -> Option<&str> {
    core::str::from_utf8(bytes).ok()
}

#[inline(always)]
fn text(rest: &[u8], size: usize) -> Read<'_, Token<'_>> {
    let (bytes, rest) = content(rest, size)?;
    Some((Token::String(utf8(bytes)?), rest))
}

#[inline(always)]
fn array(rest: &[u8], size: usize) -> Read<'_, Token<'_>> {
    let (bytes, rest) = content(rest, size)?;
    Some((Token::Bytes(bytes), rest))
}

#[inline(always)]
fn list(rest: &[u8], size: usize) -> Read<'_, Token<'_>> {
    room(rest, size).map(|()| (Token::List(size), rest))
}

#[inline(always)]
fn map(rest: &[u8], size: usize) -> Read<'_, Token<'_>> {
    room(rest, map_values(size)).map(|()| (Token::Map(size), rest))
}

#[inline(always)]
fn fixed<const N: usize, T>(after: &[u8], read: impl FnOnce([u8; N]) -> T) -> Read<'_, T> {
    after.split_first_chunk::<N>().map(|(bytes, rest)| (read(*bytes), rest))
}

#[inline(always)]
fn is_tiny_integer(marker: u8) -> bool {
    (marker as i8) >= marker::TINY_INTEGER_MIN
}

#[inline(always)]
fn tiny_integer(marker: u8) -> i64 {
    i64::from(marker as i8)
}
