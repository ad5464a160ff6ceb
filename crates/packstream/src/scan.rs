//! Finding out where values lie without decoding them.

use alloc::vec::Vec;

use crate::decode::read::{self, Read, map_values, room, size_8, size_16, size_32};
use crate::marker::{self, Class};
use crate::{DecodeError, DecodeErrorKind as Kind, Limits, MAX_SIZE, Type};

/// Steps over `values` values that lie in `input` from offset `start` on, appends the offset at which each of them starts, and returns the
/// offset behind the last.
///
/// Checks all of the structure (markers, sizes, depth, and that the keys of maps are strings), but not that strings are UTF-8: whoever
/// hands one out does that. Offsets count from the start of `input`. [`Fields`](crate::Fields) is a view that reads at them.
///
/// # Errors
///
/// If the input is not PackStream, or exceeds the limits. `offsets` is then as it was before.
#[inline(always)]
pub fn scan(
    input: &[u8],
    start: usize,
    values: usize,
    limits: Limits,
    offsets: &mut Vec<u32>,
) -> Result<usize, DecodeError> {
    let before = offsets.len();
    if input.len() <= limits.total && values <= input.len().saturating_sub(start) {
        // Slots that are there take half of what as many pushes do.
        offsets.resize(before + values, 0);
        let slots = offsets.get_mut(before..).unwrap_or_default();
        if let Some(end) = scan_into(input, start, limits, slots) {
            return Ok(end);
        }
        offsets.truncate(before);
    }
    Err(refused(input, start, values, limits))
}

#[inline(always)]
fn scan_into(input: &[u8], start: usize, limits: Limits, offsets: &mut [u32]) -> Option<usize> {
    let mut at = start;
    for offset in offsets {
        *offset = at as u32;
        // Fails as well if the value before ends behind the input.
        match marker::step(*input.get(at)?) {
            0 => at = input.len() - value(input.get(at..)?, limits)?.len(),
            step => at += step,
        }
    }
    (at <= input.len()).then_some(at)
}

/// Steps over a value that lies in no other.
#[inline(always)]
fn value(rest: &[u8], limits: Limits) -> Option<&[u8]> {
    short(rest, limits.size).or_else(|| long(rest, limits))
}

#[inline(never)]
fn long(rest: &[u8], limits: Limits) -> Option<&[u8]> {
    Scan::<false>::new(limits).value(rest, limits.depth)
}

/// Says why values cannot be scanned.
#[cold]
#[inline(never)]
fn refused(input: &[u8], start: usize, values: usize, limits: Limits) -> DecodeError {
    let mut rest = input.get(start..).unwrap_or_default();
    let left = rest.len();
    if input.len() > limits.total {
        return DecodeError::new(input.len() - left, Kind::InputTooLong { len: input.len(), limit: limits.total });
    }
    let mut scan = Scan::<false>::new(limits);
    for _ in 0..values.min(left) {
        match scan.value(rest, limits.depth) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    match scan.fault {
        Some(fault) => fault.in_input_of(input.len()),
        None => DecodeError::new(input.len() - left, Kind::UnexpectedEnd { needed: values, left }),
    }
}

/// Checks the value at the start of `input` completely, its structure like [`scan`] and that all strings are UTF-8, and returns its length
/// in bytes.
///
/// # Errors
///
/// If the input is not PackStream, or exceeds the limits.
pub fn validate(input: &[u8], limits: Limits) -> Result<usize, DecodeError> {
    check::<true>(input, limits).map(|rest| input.len() - rest.len())
}

/// Checks the value at the start of `input`, and returns what comes behind it.
pub(crate) fn check<const TEXT: bool>(input: &[u8], limits: Limits) -> Result<&[u8], DecodeError> {
    let len = input.len();
    if len > limits.total {
        return Err(DecodeError::new(0, Kind::InputTooLong { len, limit: limits.total }));
    }
    let mut scan = Scan::<TEXT>::new(limits);
    scan.value(input, limits.depth).ok_or_else(|| match scan.fault {
        Some(fault) => fault.in_input_of(len),
        None => DecodeError::new(0, Kind::UnexpectedEnd { needed: 1, left: len }),
    })
}

/// Steps over `values` values. Knows no depth, and not which strings are keys.
pub(crate) fn skip(input: &[u8], values: usize) -> Option<&[u8]> {
    let mut steps = Steps::new(input);
    if steps.skip(values) { Some(steps.rest()) } else { None }
}

/// The same, faster if the values are floats.
pub(crate) fn skip_items(input: &[u8], items: usize) -> Option<&[u8]> {
    let mut steps = Steps::new(input);
    let left = steps.floats(items);
    if steps.skip(left) { Some(steps.rest()) } else { None }
}

/// Says why [`skip`] cannot.
#[cold]
pub(crate) fn not_skipped(input: &[u8], values: usize) -> Fault {
    let mut steps = Steps::new(input);
    steps.skip(values);
    Fault::new(steps.rest(), None, MAX_SIZE)
}

/// A place in the input, which gets from value to value by looking at markers.
#[derive(Clone, Copy)]
struct Steps<'a> {
    input: &'a [u8],
    at: usize,
    /// The place before the last step: where a fault is if that has gone beyond the end of the input.
    before: usize,
}

impl<'a> Steps<'a> {
    #[inline(always)]
    const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0, before: 0 }
    }

    /// Steps over values with a counter instead of a stack. Whether there were that many.
    #[inline(always)]
    fn skip(&mut self, values: usize) -> bool {
        // Each header declares less than 2³² values and takes a byte of an input of less than 2³² bytes.
        let mut owed = values as u64;
        while owed > 0 {
            owed -= 1;
            if self.step() {
                continue;
            }
            let Some((content, rest)) = sized(self.rest(), MAX_SIZE) else {
                return false;
            };
            self.go_on(rest);
            match content {
                Content::None => {}
                Content::Items(items) => owed += self.floats(items) as u64,
                Content::Entries(entries) => owed += 2 * entries as u64,
            }
        }
        self.is_inside()
    }

    /// Steps over a value whose marker alone tells its length, and does not look where to: the next step does. Whether it was one.
    #[inline(always)]
    fn step(&mut self) -> bool {
        let Some(&marker) = self.input.get(self.at) else {
            return false;
        };
        self.step_by(marker::step(marker))
    }

    /// Steps over a short string.
    #[inline(always)]
    fn step_key(&mut self) -> bool {
        match self.input.get(self.at) {
            Some(&marker) if marker::tiny_kind(marker) == marker::TINY_STRING => {
                self.step_by(1 + marker::tiny_size(marker))
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn step_by(&mut self, step: usize) -> bool {
        if step != 0 {
            self.before = self.at;
            self.at += step;
        }
        step != 0
    }

    /// Tells whether no step has gone beyond the end of the input.
    #[inline(always)]
    const fn is_inside(&self) -> bool {
        self.at <= self.input.len()
    }

    /// Returns the input from this place on, or from the last one that lies in it.
    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        match self.input.get(self.at..) {
            Some(rest) => rest,
            None => self.input.get(self.before..).unwrap_or_default(),
        }
    }

    #[inline(always)]
    const fn go_on(&mut self, rest: &'a [u8]) {
        self.before = self.at;
        self.at = self.input.len() - rest.len();
    }

    /// Steps over the floats that a list starts with, and returns how many items are left.
    #[inline(always)]
    fn floats(&mut self, items: usize) -> usize {
        if self.input.get(self.at) != Some(&marker::FLOAT) {
            return items;
        }
        let run = read::float_run(self.rest(), items);
        self.step_by(run * read::FLOAT_SIZE);
        items - run
    }
}

/// What is wrong, and how many bytes of the input were left at the value that is.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: Kind,
    left: usize,
}

impl Fault {
    #[cold]
    fn new(rest: &[u8], expected: Option<Type>, size: usize) -> Self {
        Self { kind: read::why(rest, expected, size), left: rest.len() }
    }

    #[cold]
    pub(crate) fn in_input_of(self, len: usize) -> DecodeError {
        DecodeError::new(len - self.left, self.kind)
    }
}

/// Steps over values, and checks them; strings too if `TEXT`.
///
/// Nested containers are stepped over by recursion, as deep as the limit allows, which is cheaper than a stack of our own. `None` means
/// that there is a fault.
///
/// What recurses is inlined only when optimised: otherwise the parts of a frame do not share memory, and 128 frames take 256 KiB
/// instead of less than 64.
struct Scan<const TEXT: bool> {
    limits: Limits,
    fault: Option<Fault>,
}

impl<const TEXT: bool> Scan<TEXT> {
    const fn new(limits: Limits) -> Self {
        Self { limits, fault: None }
    }

    /// Steps over any value, inside of which there may be `depth` levels.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn value<'a>(&mut self, rest: &'a [u8], depth: usize) -> Option<&'a [u8]> {
        let Some((content, behind)) = sized(rest, self.limits.size) else {
            return match fixed(rest) {
                Some(behind) if !TEXT || is_text(rest) => Some(behind),
                _ => self.fail(rest, None),
            };
        };
        match content {
            Content::None if TEXT && !is_text(rest) => self.fail(rest, None),
            Content::None => Some(behind),
            Content::Items(_) | Content::Entries(_) if depth == 0 => self.too_deep(rest),
            Content::Items(items) => self.items(behind, items, depth - 1),
            Content::Entries(entries) => self.entries(behind, entries, depth - 1),
        }
    }

    #[inline(never)]
    fn items<'a>(&mut self, input: &'a [u8], items: usize, depth: usize) -> Option<&'a [u8]> {
        let mut steps = Steps::new(input);
        for _ in 0..steps.floats(items) {
            if TEXT || !steps.step() {
                steps.go_on(self.value(steps.rest(), depth)?);
            }
        }
        self.end(&steps)
    }

    #[inline(never)]
    fn entries<'a>(&mut self, input: &'a [u8], entries: usize, depth: usize) -> Option<&'a [u8]> {
        let mut steps = Steps::new(input);
        for _ in 0..entries {
            if TEXT || !steps.step_key() {
                steps.go_on(self.key(&steps)?);
            }
            if TEXT || !steps.step() {
                steps.go_on(self.value(steps.rest(), depth)?);
            }
        }
        self.end(&steps)
    }

    #[inline(always)]
    fn end<'a>(&mut self, steps: &Steps<'a>) -> Option<&'a [u8]> {
        if steps.is_inside() { Some(steps.rest()) } else { self.fail(steps.rest(), None) }
    }

    #[inline(never)]
    fn key<'a>(&mut self, steps: &Steps<'a>) -> Option<&'a [u8]> {
        let rest = steps.rest();
        match read::string_size(rest) {
            _ if !steps.is_inside() => self.fail(rest, None),
            Some((size, behind)) if size <= self.limits.size && size <= behind.len() && (!TEXT || is_text(rest)) => {
                behind.get(size..)
            }
            _ => self.fail(rest, Some(Type::String)),
        }
    }

    #[cold]
    fn fail<'a>(&mut self, rest: &'a [u8], expected: Option<Type>) -> Option<&'a [u8]> {
        self.fault = Some(Fault::new(rest, expected, self.limits.size));
        None
    }

    #[cold]
    fn too_deep<'a>(&mut self, rest: &'a [u8]) -> Option<&'a [u8]> {
        self.fault = Some(Fault { kind: Kind::TooDeep { limit: self.limits.depth }, left: rest.len() });
        None
    }
}

/// Tells whether the value at the start of `input`, if it is a string, is UTF-8.
#[cfg_attr(not(debug_assertions), inline(always))]
fn is_text(input: &[u8]) -> bool {
    read::string_bytes(input).is_none_or(|(bytes, _)| read::utf8(bytes).is_some())
}

/// What lies in a value that [`sized`] steps over.
enum Content {
    None,
    Items(usize),
    Entries(usize),
}

/// Steps over a value that holds no others and is short, as most are: whose length its marker tells, or a string or byte array of less
/// than 64 KiB.
#[inline(always)]
fn short(input: &[u8], limit: usize) -> Option<&[u8]> {
    let (marker, after) = read::split_marker(input)?;
    let (size, rest) = match marker::step(marker) {
        0 => match marker {
            marker::STRING_8 | marker::BYTES_8 => size_8(after)?,
            marker::STRING_16 | marker::BYTES_16 => size_16(after)?,
            _ => return None,
        },
        step => return input.get(step..),
    };
    if size <= limit { rest.get(size..) } else { None }
}

/// Steps over a value whose marker alone tells its length.
#[cfg_attr(not(debug_assertions), inline(always))]
fn fixed(input: &[u8]) -> Option<&[u8]> {
    match marker::step(*input.first()?) {
        0 => None,
        step => input.get(step..),
    }
}

/// Steps over any other value without its items, and says what they are if it has any.
#[cfg_attr(not(debug_assertions), inline(always))]
fn sized(input: &[u8], limit: usize) -> Read<'_, Content> {
    let (marker, after) = read::split_marker(input)?;
    let allowed = |(size, rest)| if size <= limit { Some((size, rest)) } else { None };
    match marker::class(marker) {
        Class::String8 | Class::Bytes8 => size_8(after).and_then(allowed).and_then(over),
        Class::TinyList => items((marker::tiny_size(marker), after)),
        Class::TinyMap => entries((marker::tiny_size(marker), after)),
        Class::Structure => items((marker::tiny_size(marker), after.get(1..)?)),
        Class::String16 | Class::Bytes16 => size_16(after).and_then(allowed).and_then(over),
        Class::List8 => size_8(after).and_then(allowed).and_then(items),
        Class::List16 => size_16(after).and_then(allowed).and_then(items),
        Class::Map8 => size_8(after).and_then(allowed).and_then(entries),
        Class::String32 | Class::Bytes32 => size_32(after).and_then(allowed).and_then(over),
        Class::List32 => size_32(after).and_then(allowed).and_then(items),
        Class::Map16 => size_16(after).and_then(allowed).and_then(entries),
        Class::Map32 => size_32(after).and_then(allowed).and_then(entries),
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

#[cfg_attr(not(debug_assertions), inline(always))]
fn over((size, rest): (usize, &[u8])) -> Read<'_, Content> {
    rest.get(size..).map(|rest| (Content::None, rest))
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn items((size, rest): (usize, &[u8])) -> Read<'_, Content> {
    room(rest, size).map(|()| (if size == 0 { Content::None } else { Content::Items(size) }, rest))
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn entries((size, rest): (usize, &[u8])) -> Read<'_, Content> {
    room(rest, map_values(size)).map(|()| (if size == 0 { Content::None } else { Content::Entries(size) }, rest))
}
