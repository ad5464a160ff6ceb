//! The primitives: each takes the input from a value's first byte on, and returns what it read and the input behind it.
//!
//! They say `None` to everything they do not like: [`why`] finds out what that was. So no error has to be carried through the loops
//! that are hot, which would cost them a third.

use ascii::AsciiStr;

use crate::marker::{self, Class};
use crate::{DecodeErrorKind as Kind, MAX_SIZE, Token, Type};

/// What a primitive returns: what was read, and the input behind it.
pub(crate) type Read<'a, T> = Option<(T, &'a [u8])>;

/// The length of an encoded float, marker included.
pub(crate) const FLOAT_SIZE: usize = 9;

/// Says why a primitive returned `None`: the one for `expected`, or [`token`] and others that take any type.
///
/// `size` is the largest size that the value may declare.
#[cold]
pub(crate) fn why(input: &[u8], expected: Option<Type>, size: usize) -> Kind {
    let left = input.len();
    let Some(&marker) = input.first() else {
        return Kind::UnexpectedEnd { needed: 1, left };
    };
    let Some(found) = marker::type_of(marker) else {
        return Kind::ReservedMarker { expected, marker };
    };
    match expected {
        Some(expected) if expected != found => return Kind::Expected { expected, found },
        _ => {}
    }
    let Some((declared, head)) = head(input) else {
        return Kind::UnexpectedEnd { needed: marker::head(marker), left };
    };
    if declared > size {
        return Kind::SizeTooLarge { of: found, size: declared, limit: size };
    }
    let content = if found == Type::Map { map_values(declared) } else { declared };
    let needed = head.saturating_add(content);
    let text = input.get(head..needed).filter(|_| found == Type::String);
    match text.map(core::str::from_utf8) {
        Some(Err(error)) => Kind::InvalidUtf8 { valid_up_to: error.valid_up_to() },
        _ => Kind::UnexpectedEnd { needed, left },
    }
}

/// Returns the size that the value at the start of `input` declares, and the length of what comes before its content.
fn head(input: &[u8]) -> Option<(usize, usize)> {
    let marker = *input.first()?;
    let head = input.get(..marker::head(marker))?;
    let declared = match marker::class(marker) {
        Class::TinyString | Class::TinyList | Class::TinyMap | Class::Structure => marker::tiny_size(marker),
        Class::Bytes8
        | Class::Bytes16
        | Class::Bytes32
        | Class::String8
        | Class::String16
        | Class::String32
        | Class::List8
        | Class::List16
        | Class::List32
        | Class::Map8
        | Class::Map16
        | Class::Map32 => head.iter().skip(1).fold(0, |size, &byte| size << 8 | usize::from(byte)),
        Class::TinyInteger
        | Class::Null
        | Class::Float
        | Class::False
        | Class::True
        | Class::Integer8
        | Class::Integer16
        | Class::Integer32
        | Class::Integer64
        | Class::Uuid
        | Class::Reserved => 0,
    };
    Some((declared, head.len()))
}

/// Tells whether `input` starts with the whole header of a container that is not empty.
#[cold]
pub(crate) fn is_container(input: &[u8]) -> bool {
    let found = input.first().and_then(|&marker| marker::type_of(marker));
    matches!(found, Some(Type::List | Type::Map | Type::Structure)) && head(input).is_some_and(|(size, _)| size > 0)
}

/// What is done with a token. Called from each arm of the match in [`token`], so that what follows is not one place where the token
/// has to be told apart again.
pub(crate) trait Take<'a>: Sized {
    type Taken;

    /// Tells whether a value may declare this size.
    fn allows(&self, size: usize) -> bool;

    /// Takes a token that is not the header of a container.
    fn scalar(self, token: Token<'a>, rest: &'a [u8]) -> Option<Self::Taken>;

    /// Takes the header of a container.
    fn header(self, token: Token<'a>, rest: &'a [u8]) -> Option<Self::Taken>;
}

/// Takes a token out of input that is whole: each value takes a byte of it.
struct Whole;

impl<'a> Take<'a> for Whole {
    type Taken = (Token<'a>, &'a [u8]);

    #[inline(always)]
    fn allows(&self, size: usize) -> bool {
        size <= MAX_SIZE
    }

    #[inline(always)]
    fn scalar(self, token: Token<'a>, rest: &'a [u8]) -> Option<Self::Taken> {
        Some((token, rest))
    }

    #[inline(always)]
    fn header(self, token: Token<'a>, rest: &'a [u8]) -> Option<Self::Taken> {
        let values = match token {
            Token::List(values) | Token::Structure { fields: values, .. } => values,
            Token::Map(entries) => map_values(entries),
            _ => 0,
        };
        room(rest, values).map(|()| (token, rest))
    }
}

#[inline(always)]
pub(crate) fn token(input: &[u8]) -> Read<'_, Token<'_>> {
    take_token(input, Whole)
}

#[inline(always)]
pub(crate) fn take_token<'a, T: Take<'a>>(input: &'a [u8], take: T) -> Option<T::Taken> {
    let (marker, after) = split_marker(input)?;
    match marker::class(marker) {
        Class::TinyInteger => take.scalar(Token::Integer(tiny_integer(marker)), after),
        Class::TinyString => text(marker::tiny_size(marker), after, take),
        Class::Integer8 => {
            fixed(after).and_then(|(b, rest)| take.scalar(Token::Integer(i8::from_be_bytes(b).into()), rest))
        }
        Class::Integer16 => {
            fixed(after).and_then(|(b, rest)| take.scalar(Token::Integer(i16::from_be_bytes(b).into()), rest))
        }
        Class::Integer32 => {
            fixed(after).and_then(|(b, rest)| take.scalar(Token::Integer(i32::from_be_bytes(b).into()), rest))
        }
        Class::Integer64 => fixed(after).and_then(|(b, rest)| take.scalar(Token::Integer(i64::from_be_bytes(b)), rest)),
        Class::Float => fixed(after).and_then(|(b, rest)| take.scalar(Token::Float(f64::from_be_bytes(b)), rest)),
        Class::Null => take.scalar(Token::Null, after),
        Class::False => take.scalar(Token::Boolean(false), after),
        Class::True => take.scalar(Token::Boolean(true), after),
        Class::String8 => allowed(size_8(after), &take).and_then(|(size, rest)| text(size, rest, take)),
        Class::String16 => allowed(size_16(after), &take).and_then(|(size, rest)| text(size, rest, take)),
        Class::String32 => allowed(size_32(after), &take).and_then(|(size, rest)| text(size, rest, take)),
        Class::Bytes8 => allowed(size_8(after), &take).and_then(|(size, rest)| array(size, rest, take)),
        Class::Bytes16 => allowed(size_16(after), &take).and_then(|(size, rest)| array(size, rest, take)),
        Class::Bytes32 => allowed(size_32(after), &take).and_then(|(size, rest)| array(size, rest, take)),
        Class::TinyList => take.header(Token::List(marker::tiny_size(marker)), after),
        Class::List8 => allowed(size_8(after), &take).and_then(|(size, rest)| take.header(Token::List(size), rest)),
        Class::List16 => allowed(size_16(after), &take).and_then(|(size, rest)| take.header(Token::List(size), rest)),
        Class::List32 => allowed(size_32(after), &take).and_then(|(size, rest)| take.header(Token::List(size), rest)),
        Class::TinyMap => take.header(Token::Map(marker::tiny_size(marker)), after),
        Class::Map8 => allowed(size_8(after), &take).and_then(|(size, rest)| take.header(Token::Map(size), rest)),
        Class::Map16 => allowed(size_16(after), &take).and_then(|(size, rest)| take.header(Token::Map(size), rest)),
        Class::Map32 => allowed(size_32(after), &take).and_then(|(size, rest)| take.header(Token::Map(size), rest)),
        Class::Structure => {
            let (&tag, rest) = after.split_first()?;
            take.header(Token::Structure { tag, fields: marker::tiny_size(marker) }, rest)
        }
        Class::Uuid => after.split_first_chunk().and_then(|(uuid, rest)| take.scalar(Token::Uuid(uuid), rest)),
        Class::Reserved => None,
    }
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
        marker::INTEGER_8 => number(after, |b| i8::from_be_bytes(b).into()),
        marker::INTEGER_16 => number(after, |b| i16::from_be_bytes(b).into()),
        marker::INTEGER_32 => number(after, |b| i32::from_be_bytes(b).into()),
        marker::INTEGER_64 => number(after, i64::from_be_bytes),
        _ => None,
    }
}

#[inline]
pub(crate) fn float(input: &[u8]) -> Read<'_, f64> {
    match input.split_first_chunk::<FLOAT_SIZE>()? {
        (&[marker::FLOAT, a, b, c, d, e, f, g, h], rest) => Some((f64::from_be_bytes([a, b, c, d, e, f, g, h]), rest)),
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

#[inline(always)]
pub(crate) fn string_bytes(input: &[u8]) -> Read<'_, &[u8]> {
    let (size, rest) = string_size(input)?;
    content(rest, size)
}

/// Reads the size that a string declares.
#[inline(always)]
pub(crate) fn string_size(input: &[u8]) -> Read<'_, usize> {
    let (marker, after) = split_marker(input)?;
    if marker::tiny_kind(marker) == marker::TINY_STRING {
        return Some((marker::tiny_size(marker), after));
    }
    match marker {
        marker::STRING_8 => size_8(after),
        marker::STRING_16 => size_16(after),
        marker::STRING_32 => size_32(after),
        _ => None,
    }
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
        (marker::UUID, after) => fixed(after),
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
    number(after, |bytes| usize::from(u8::from_be_bytes(bytes)))
}

#[inline(always)]
pub(crate) fn size_16(after: &[u8]) -> Read<'_, usize> {
    number(after, |bytes| usize::from(u16::from_be_bytes(bytes)))
}

#[inline(always)]
pub(crate) fn size_32(after: &[u8]) -> Read<'_, usize> {
    let (size, rest) = number(after, u32::from_be_bytes)?;
    usize::try_from(size).ok().filter(|&size| size <= MAX_SIZE).map(|size| (size, rest))
}

#[inline(always)]
pub(crate) fn content(rest: &[u8], size: usize) -> Read<'_, &[u8]> {
    rest.split_at_checked(size)
}

/// Checks that `bytes` are UTF-8: first whether they are ASCII, as most are, which takes a third of the time.
#[inline]
pub(crate) fn utf8(bytes: &[u8]) -> Option<&str> {
    match AsciiStr::from_ascii(bytes) {
        Ok(text) => Some(text.as_str()),
        Err(_) => core::str::from_utf8(bytes).ok(),
    }
}

#[inline(always)]
fn allowed<'a, 'b, T: Take<'b>>(size: Read<'a, usize>, take: &T) -> Read<'a, usize> {
    size.filter(|&(size, _)| take.allows(size))
}

#[inline(always)]
fn text<'a, T: Take<'a>>(size: usize, rest: &'a [u8], take: T) -> Option<T::Taken> {
    let (bytes, rest) = content(rest, size)?;
    take.scalar(Token::String(utf8(bytes)?), rest)
}

#[inline(always)]
fn array<'a, T: Take<'a>>(size: usize, rest: &'a [u8], take: T) -> Option<T::Taken> {
    let (bytes, rest) = content(rest, size)?;
    take.scalar(Token::Bytes(bytes), rest)
}

#[inline(always)]
fn fixed<const N: usize>(after: &[u8]) -> Read<'_, [u8; N]> {
    after.split_first_chunk().map(|(bytes, rest)| (*bytes, rest))
}

#[inline(always)]
fn number<const N: usize, T>(after: &[u8], read: impl FnOnce([u8; N]) -> T) -> Read<'_, T> {
    fixed(after).map(|(bytes, rest)| (read(bytes), rest))
}

#[inline(always)]
fn is_tiny_integer(marker: u8) -> bool {
    (marker as i8) >= marker::TINY_INTEGER_MIN
}

#[inline(always)]
fn tiny_integer(marker: u8) -> i64 {
    i64::from(marker as i8)
}
