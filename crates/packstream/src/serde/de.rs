//! [`Deserializer`].

mod access;
mod overwritten;
mod shapes;

use ::serde::Deserialize;
use ::serde::de::Visitor;
use alloc::boxed::Box;

pub(super) use self::access::{Entries, Items};
use self::overwritten::Overwritten;
use super::structure::Body;
use super::{Error, LIMITS};
use crate::{DecodeError, DecodeErrorKind as Kind, Decoder, Limits, Type};

type Result<T> = core::result::Result<T, Error>;

/// Reads a value that makes up the whole of `input`.
///
/// # Errors
///
/// If the input is not PackStream, nests deeper than [`DEPTH`](super::DEPTH), is no `T`, or goes on after the value.
pub fn from_slice<'de, T: Deserialize<'de>>(input: &'de [u8]) -> core::result::Result<T, DecodeError> {
    from_slice_with(input, LIMITS)
}

/// Reads a value that makes up the whole of `input`, within limits.
///
/// # Errors
///
/// If the input is not PackStream, exceeds the limits, is no `T`, or goes on after the value.
pub fn from_slice_with<'de, T: Deserialize<'de>>(
    input: &'de [u8],
    limits: Limits,
) -> core::result::Result<T, DecodeError> {
    let mut decoder = Decoder::new(input);
    let value = twice(&mut decoder, limits, |deserializer| T::deserialize(deserializer));
    Ok(all(value, &decoder)?)
}

/// Makes sure that a value is all that there is.
#[inline]
pub(super) fn all<T>(mut value: Result<T>, decoder: &Decoder<'_>) -> Result<T> {
    if value.is_ok() {
        if let Err(error) = decoder.finish() {
            value = Err(error.into());
        }
    }
    value
}

/// Reads the next value of `decoder`.
///
/// # Errors
///
/// If the input is not PackStream, nests deeper than [`DEPTH`](super::DEPTH), or is no `T`. The decoder then stands where it stood.
pub fn from_decoder<'de, T: Deserialize<'de>>(decoder: &mut Decoder<'de>) -> core::result::Result<T, DecodeError> {
    Ok(twice(decoder, LIMITS, |deserializer| T::deserialize(deserializer))?)
}

/// Reads a value as fast as can be, and if its type refuses it, again as [thorough](Deserializer::thorough) as can be.
///
/// A derived struct refuses a map in which the key of a field occurs twice, and so costs nothing for keys that do not.
///
/// Results are looked at where they lie, here and below: moving them costs instructions, and stack in debug builds.
#[inline]
pub(super) fn twice<'de, T>(
    decoder: &mut Decoder<'de>,
    limits: Limits,
    read: impl Fn(&mut Deserializer<'de>) -> Result<T>,
) -> Result<T> {
    check_total(decoder, limits)?;
    let mut deserializer = Deserializer::over(decoder.clone(), limits, false);
    let value = read(&mut deserializer);
    match &value {
        Ok(_) => decoder.advance_to(deserializer.decoder.remaining()),
        Err(error) => {
            if error.is_custom() {
                return thoroughly(decoder, limits, read);
            }
        }
    }
    value
}

#[cold]
#[inline(never)]
fn thoroughly<'de, T>(
    decoder: &mut Decoder<'de>,
    limits: Limits,
    read: impl Fn(&mut Deserializer<'de>) -> Result<T>,
) -> Result<T> {
    check_total(decoder, limits)?;
    let mut deserializer = Deserializer::over(decoder.clone(), limits, true);
    let value = read(&mut deserializer);
    if value.is_ok() {
        decoder.advance_to(deserializer.decoder.remaining());
    }
    value
}

/// Reads types that implement serde's `Deserialize`, one value after the other.
///
/// [`from_slice`] and [`from_decoder`] are faster, and enough where a type is known: this is for those who have a
/// `DeserializeSeed`. After an error it stands anywhere.
#[derive(Debug)]
pub struct Deserializer<'de> {
    pub(super) decoder: Decoder<'de>,
    /// The largest depth and size, of the [`Limits`].
    max_depth: usize,
    max_size: usize,
    /// How many containers are open.
    depth: usize,
    /// How many values the open containers still wait for, keys included. While these fit into the bytes that are left, what
    /// visitors set aside for them stays in proportion to the input, even when every header lies.
    pub(super) owed: usize,
    overwritten: Option<Box<Overwritten>>,
    /// Hands the keys of structs out as strings, and only the last of equal ones. Derived structs need neither.
    pub(super) thorough: bool,
}

impl<'de> Deserializer<'de> {
    /// Creates a deserializer that stands at the start of `input`.
    ///
    /// # Errors
    ///
    /// [`InputTooLong`](Kind::InputTooLong).
    pub fn new(input: &'de [u8], limits: Limits) -> core::result::Result<Self, DecodeError> {
        let decoder = Decoder::new(input);
        check_total(&decoder, limits)?;
        Ok(Self::over(decoder, limits, true))
    }

    /// Returns a decoder that stands where this stands.
    #[must_use]
    pub fn decoder(&self) -> Decoder<'de> {
        self.decoder.clone()
    }

    #[inline]
    fn over(decoder: Decoder<'de>, limits: Limits, thorough: bool) -> Self {
        Self { decoder, max_depth: limits.depth, max_size: limits.size, depth: 0, owed: 0, overwritten: None, thorough }
    }

    /// Goes into a container that starts at offset `start`, whose header was read, and in which `values` values lie. Returns what is owed
    /// when they are read.
    #[inline]
    pub(super) fn open(&mut self, start: usize, values: usize) -> Result<usize> {
        let floor = self.owed;
        let owed = floor + values;
        if owed > self.decoder.remaining().len() || self.depth >= self.max_depth {
            self.hesitate(start, owed, values)?;
        }
        self.depth += 1;
        self.owed = owed;
        Ok(floor)
    }

    /// Goes into the outermost container, whose header was read: it is within every limit, and as many bytes as it holds values are
    /// there.
    #[inline]
    pub(super) fn open_row(&mut self, values: usize) -> usize {
        self.depth = 1;
        self.owed = values;
        0
    }

    #[cold]
    #[inline(never)]
    fn hesitate(&self, start: usize, owed: usize, values: usize) -> Result<()> {
        let read = self.decoder.offset() - start;
        let left = self.decoder.remaining().len();
        if owed > left {
            Err(DecodeError::new(start, Kind::UnexpectedEnd { needed: read + owed, left: read + left }).into())
        } else if values > 0 {
            Err(DecodeError::new(start, Kind::TooDeep { limit: self.max_depth }).into())
        } else {
            // An empty container is no level.
            Ok(())
        }
    }

    /// Goes out of the container that starts at offset `start`, after its visitor came to a `result`.
    ///
    /// The result is changed in its place, for moving it would cost stack.
    #[inline]
    pub(super) fn close<T>(&mut self, result: &mut Result<T>, start: usize, floor: usize, values: usize) {
        self.depth -= 1;
        let left = self.owed.wrapping_sub(floor);
        self.owed = floor;
        match result {
            Ok(_) if left == 0 => {}
            Ok(_) => *result = Err(unread(start, values, left)),
            Err(error) => error.place(start),
        }
    }

    /// Steps over what is left of a container.
    pub(super) fn skip_to(&mut self, floor: usize) -> Result<()> {
        let left = self.owed.saturating_sub(floor);
        self.owed = floor;
        Ok(self.decoder.skip(left)?)
    }

    #[inline]
    pub(super) fn check_size(&self, of: Type, start: usize, size: usize) -> Result<()> {
        if size > self.max_size { Err(self.too_large(of, start, size)) } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn too_large(&self, of: Type, start: usize, size: usize) -> Error {
        DecodeError::new(start, Kind::SizeTooLarge { of, size, limit: self.max_size }).into()
    }

    #[inline]
    pub(super) fn list<V: Visitor<'de>>(&mut self, start: usize, len: usize, visitor: V) -> Result<V::Value> {
        self.check_size(Type::List, start, len)?;
        let floor = self.open(start, len)?;
        let mut value = visitor.visit_seq(Items { de: self, floor });
        self.close(&mut value, start, floor, len);
        value
    }

    #[inline]
    fn map<V: Visitor<'de>>(&mut self, start: usize, len: usize, purpose: Purpose, visitor: V) -> Result<V::Value> {
        self.check_size(Type::Map, start, len)?;
        let floor = self.open(start, 2 * len)?;
        if purpose == Purpose::Any || (purpose == Purpose::Struct && self.thorough) {
            self.find_overwritten(len);
        }
        let mut value = visitor.visit_map(Entries { de: self, floor, purpose });
        self.close(&mut value, start, floor, 2 * len);
        value
    }

    /// Finds the overwritten entries of a map whose header was read, `entries` of which are still to come.
    #[cold]
    fn find_overwritten(&mut self, entries: usize) {
        self.overwritten.get_or_insert_default().find(&self.decoder, entries);
    }

    /// Steps over the entries that come next and are overwritten.
    #[inline]
    fn skip_overwritten(&mut self) -> Result<()> {
        match &mut self.overwritten {
            Some(overwritten) => Ok(overwritten.skip(&mut self.decoder, &mut self.owed)?),
            None => Ok(()),
        }
    }

    /// Reads the fields of a structure whose header was read.
    #[inline]
    fn structure_body<V: Visitor<'de>>(
        &mut self,
        start: usize,
        tag: u8,
        fields: usize,
        visitor: V,
    ) -> Result<V::Value> {
        let floor = self.open(start, fields)?;
        let mut value = visitor.visit_newtype_struct(Body { de: self, tag, start, floor });
        self.close(&mut value, start, floor, fields);
        value
    }
}

/// Says that a visitor left values of a container unread.
#[cold]
#[inline(never)]
fn unread(start: usize, found: usize, left: usize) -> Error {
    DecodeError::new(start, Kind::WrongLength { expected: found.saturating_sub(left), found }).into()
}

#[inline]
fn check_total(decoder: &Decoder<'_>, limits: Limits) -> Result<()> {
    let len = decoder.offset() + decoder.remaining().len();
    if len > limits.total { Err(too_long(decoder, len, limits.total)) } else { Ok(()) }
}

#[cold]
#[inline(never)]
fn too_long(decoder: &Decoder<'_>, len: usize, limit: usize) -> Error {
    decoder.error(Kind::InputTooLong { len, limit }).into()
}

/// What a map is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A struct whose fields are known. If it is derived, it refuses keys that occur twice.
    Struct,
    /// A map, in which the last of equal keys will win by itself; or a struct with a flattened field, in which it will not.
    Map,
    /// Whatever is there: a buffer from which serde will read it again.
    Any,
}

/// Says where an error lies, if nobody has.
#[inline]
pub(super) fn place<T>(result: &mut Result<T>, start: usize) {
    if let Err(error) = result {
        error.place(start);
    }
}
