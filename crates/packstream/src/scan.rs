//! Finding out where values lie without decoding them.

use alloc::vec::Vec;

use crate::decode::read::{self, Read, map_values, room, size_8, size_16, size_32};
use crate::marker::{self, Class};
use crate::{DecodeError, DecodeErrorKind as Kind, Limits, MAX_SIZE, Type};

/// What is wrong, and how many bytes of the input were left at the value that is.
type Fault = (Kind, usize);

/// Steps over `values` values that lie in `input` from offset `start` on, appends the offset at which each of them starts, and returns the
/// offset behind the last.
///
/// Checks all of the structure (markers, sizes, depth, and that the keys of maps are strings), but not that strings are UTF-8: whoever
/// hands one out does that. Offsets count from the start of `input`.
///
/// # Errors
///
/// If the input is not PackStream, exceeds the limits, or is longer than [`MAX_SIZE`]. `offsets` is then as it was before.
pub fn scan(
    input: &[u8],
    start: usize,
    values: usize,
    limits: Limits,
    offsets: &mut Vec<u32>,
) -> Result<usize, DecodeError> {
    let before = offsets.len();
    let scanned = scan_values(input, start, values, limits, offsets);
    if scanned.is_err() {
        offsets.truncate(before);
    }
    scanned
}

/// Checks the value at the start of `input` like [`scan`], and returns its length in bytes.
///
/// # Errors
///
/// If the input is not PackStream, or exceeds the limits.
pub fn validate(input: &[u8], limits: Limits) -> Result<usize, DecodeError> {
    scan(input, 0, 1, limits, &mut Vec::new())
}

fn scan_values(
    input: &[u8],
    start: usize,
    values: usize,
    limits: Limits,
    offsets: &mut Vec<u32>,
) -> Result<usize, DecodeError> {
    if input.len() > MAX_SIZE {
        return Err(DecodeError::new(start, Kind::SizeTooLarge));
    }
    let mut rest = input.get(start..).unwrap_or_default();
    if values > rest.len() {
        return Err(DecodeError::new(start, Kind::UnexpectedEnd));
    }
    offsets.reserve(values);
    for _ in 0..values {
        offsets.push((input.len() - rest.len()) as u32);
        if let Some(behind) = scalar(rest) {
            rest = behind;
            continue;
        }
        let behind = match sized(rest) {
            Some((SCALAR, behind)) => Ok(behind),
            Some((container, items)) => scan_container(items, container, limits.depth, offsets),
            None => Err(fault(rest, None)),
        };
        match behind {
            Ok(behind) => rest = behind,
            Err((kind, left)) => return Err(DecodeError::new(input.len() - left, kind)),
        }
    }
    Ok(input.len() - rest.len())
}

/// Steps over `values` values with a counter instead of a stack. Knows no depth, and not which strings are keys.
pub(crate) fn skip(input: &[u8], values: usize) -> Result<&[u8], Fault> {
    let mut rest = input;
    // Each header declares less than 2³² values and takes a byte of an input of less than 2³² bytes.
    let mut owed = values as u64;
    while owed > 0 {
        owed -= 1;
        if let Some(behind) = scalar(rest) {
            rest = behind;
            continue;
        }
        let Some((opened, behind)) = sized(rest) else {
            return Err(fault(rest, None));
        };
        rest = behind;
        owed += u64::from(opened >> 1) << (opened & MAP);
    }
    Ok(rest)
}

#[cold]
fn fault(input: &[u8], expected: Option<Type>) -> Fault {
    (read::why(input, expected), input.len())
}

/// An open container in one word: how many items or entries it still holds, times two, plus [`MAP`] if those are entries.
///
/// Sizes have 31 bits, so there is room for one more.
type Open = u32;

const MAP: Open = 1;

/// What [`sized`] returns for a value that holds no others.
const SCALAR: Open = 0;

/// Steps over a container whose header has been read.
///
/// The containers around the one being read wait on `stack`, on top of what already lies there.
fn scan_container<'a>(
    mut rest: &'a [u8],
    outermost: Open,
    depth: usize,
    stack: &mut Vec<Open>,
) -> Result<&'a [u8], Fault> {
    if depth == 0 {
        return Err((Kind::TooDeep, rest.len()));
    }
    let floor = stack.len();
    let ceiling = floor.saturating_add(depth - 1);
    let mut open = outermost;
    rest = floats(rest, &mut open);
    loop {
        if open <= MAP {
            // Full. Below the floor lies what belongs to others.
            if stack.len() == floor {
                return Ok(rest);
            }
            open = stack.pop().unwrap_or(SCALAR);
            continue;
        }
        open -= 2;
        if open & MAP != 0 {
            let Some((_, behind)) = read::string_bytes(rest) else {
                return Err(fault(rest, Some(Type::String)));
            };
            rest = behind;
        }
        if let Some(behind) = scalar(rest) {
            rest = behind;
            continue;
        }
        let Some((opened, behind)) = sized(rest) else {
            return Err(fault(rest, None));
        };
        if opened != SCALAR {
            if stack.len() >= ceiling {
                return Err((Kind::TooDeep, rest.len()));
            }
            stack.push(open);
            open = opened;
            rest = floats(behind, &mut open);
        } else {
            rest = behind;
        }
    }
}

/// Steps over a value whose marker alone tells its length. Most do.
#[inline(always)]
fn scalar(input: &[u8]) -> Option<&[u8]> {
    match marker::step(*input.first()?) {
        0 => None,
        step => input.get(step..),
    }
}

/// Steps over any other value without its items, and says what they are if it has any.
#[inline(always)]
fn sized(input: &[u8]) -> Read<'_, Open> {
    let (marker, after) = read::split_marker(input)?;
    match marker::class(marker) {
        Class::String8 | Class::Bytes8 => size_8(after).and_then(over),
        Class::TinyList => items((marker::tiny_size(marker), after)),
        Class::TinyMap => entries((marker::tiny_size(marker), after)),
        Class::Structure => read::structure_header(input).and_then(|((_, fields), rest)| items((fields, rest))),
        Class::String16 | Class::Bytes16 => size_16(after).and_then(over),
        Class::List8 => size_8(after).and_then(items),
        Class::List16 => size_16(after).and_then(items),
        Class::Map8 => size_8(after).and_then(entries),
        Class::String32 | Class::Bytes32 => size_32(after).and_then(over),
        Class::List32 => size_32(after).and_then(items),
        Class::Map16 => size_16(after).and_then(entries),
        Class::Map32 => size_32(after).and_then(entries),
        Class::TinyInteger
        | Class::TinyString
        | Class::Null
        | Class::Float
        | Class::False
        | Class::True
        | Class::Integer8
        | Class::Integer16
        | Class::Integer32
        | Class::Integer64
        | Class::Uuid
        | Class::Reserved => None,
    }
}

#[inline(always)]
fn over((size, rest): (usize, &[u8])) -> Read<'_, Open> {
    rest.get(size..).map(|rest| (SCALAR, rest))
}

#[inline(always)]
fn items((size, rest): (usize, &[u8])) -> Read<'_, Open> {
    room(rest, size).map(|()| ((size as Open) << 1, rest))
}

#[inline(always)]
fn entries((size, rest): (usize, &[u8])) -> Read<'_, Open> {
    room(rest, map_values(size))?;
    let kind = if size == 0 { SCALAR } else { MAP };
    Some(((size as Open) << 1 | kind, rest))
}

/// Steps over the floats that a list starts with.
#[inline(always)]
fn floats<'a>(rest: &'a [u8], open: &mut Open) -> &'a [u8] {
    if *open & MAP != 0 || rest.first() != Some(&marker::FLOAT) {
        return rest;
    }
    let run = read::float_run(rest, (*open >> 1) as usize);
    *open -= (run as Open) << 1;
    rest.get(run * read::FLOAT_SIZE..).unwrap_or_default()
}
