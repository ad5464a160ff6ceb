//! Decoding into a tree without recursion, whatever the tree is made of.

mod container;

use alloc::vec::Vec;

use self::container::{Around, Container, Items, Next, Opened, Place, fault, fill_list, fill_map, read, too_deep};
use crate::{DecodeError, DecodeErrorKind, Decoder, Limits, Map, Structure, Token, scan};

/// A tree of values that [`build`] can put together.
pub trait Build: Sized {
    /// Creates a value from a token that is not the header of a list, map or structure.
    fn scalar(token: Token<'_>) -> Self;

    /// Creates a list.
    fn list(items: Vec<Self>) -> Self;

    /// Creates a map.
    fn map(entries: Map<Self>) -> Self;

    /// Creates a structure that was not recognized.
    fn structure(structure: Structure<Self>) -> Self;

    /// Returns the integer if this is one.
    fn as_integer(&self) -> Option<i64>;

    /// Reads the structure with this tag, at which `decoder` stands, if the tree has a form of its own for it; `None` where it has
    /// none. By default there is none for any.
    ///
    /// `limits` are those for the structure: their depth is how many levels are left, its own included. `inside` tells whether it
    /// lies in one that is being recognized and reads its entries by [`build_map`]: return `None` then for whatever may hold others
    /// of its kind, or recurse as deep as they lie.
    ///
    /// # Errors
    ///
    /// If it is not as it should be. It is then made of its fields like any other structure, and nothing in it is recognized.
    fn recognize(
        tag: u8,
        decoder: &mut Decoder<'_>,
        limits: Limits,
        inside: bool,
    ) -> Result<Option<Self>, DecodeError> {
        let _ = (tag, decoder, limits, inside);
        Ok(None)
    }
}

/// Reads one value into a tree.
///
/// # Errors
///
/// If the input is not PackStream, or exceeds the limits.
#[inline]
pub fn build<T: Build>(decoder: &mut Decoder<'_>, limits: Limits) -> Result<T, DecodeError> {
    admit(decoder, 1, limits)?;
    let start = decoder.remaining();
    let mut scalar = None;
    match read(start, |value| scalar = Some(value)) {
        Some((rest, None)) => {
            decoder.advance_to(rest);
            Ok(scalar.unwrap_or_else(|| T::scalar(Token::Null)))
        }
        Some((rest, Some(header))) => {
            decoder.advance_to(rest);
            build_container(Next { header, start }, decoder, limits.depth)
        }
        None => Err(fault(start, decoder)),
    }
}

/// Reads a map of trees. `inside` is what [`Build::recognize`] is told: true where the map lies in a structure that is being recognized.
///
/// # Errors
///
/// If the input is not PackStream, is another value, or exceeds the limits.
pub fn build_map<T: Build>(decoder: &mut Decoder<'_>, limits: Limits, inside: bool) -> Result<Map<T>, DecodeError> {
    admit(decoder, 1, limits)?;
    let start = decoder.remaining();
    let len = decoder.map_header()?;
    if len > 0 && limits.depth == 0 {
        return Err(too_deep(start, decoder, limits.depth));
    }
    let mut entries = Vec::with_capacity(len);
    if let Some(next) = fill_map(&mut entries, len, decoder)? {
        let structures = if inside { Around::Recognized } else { Around::Plain };
        let container = Container { len, owed_around: 0, structures, items: Items::Map(entries) };
        match container.complete(next, decoder, limits.depth, 1)?.items {
            Items::Map(all) => entries = all,
            Items::List(_) | Items::Structure(_) => entries = Vec::new(), // what was opened is a map
        }
    }
    Ok(Map::from(entries))
}

/// Reads `len` trees, such as the items of a list whose header has been read. Each has the limits for itself.
///
/// # Errors
///
/// If the input is not PackStream, or exceeds the limits.
#[inline]
pub fn build_items<T: Build>(decoder: &mut Decoder<'_>, len: usize, limits: Limits) -> Result<Vec<T>, DecodeError> {
    admit(decoder, len, limits)?;
    items(decoder, len, limits.depth)
}

#[inline(never)]
fn items<T: Build>(decoder: &mut Decoder<'_>, len: usize, depth: usize) -> Result<Vec<T>, DecodeError> {
    let left = decoder.remaining().len();
    if len > left {
        return Err(decoder.error(DecodeErrorKind::UnexpectedEnd { needed: len, left }));
    }
    let mut items = Vec::with_capacity(len);
    match fill_list(&mut items, len, decoder)? {
        None => Ok(items),
        Some(next) => more_items(items, next, decoder, len, depth),
    }
}

/// Reads the items from the first container on.
#[inline(never)]
fn more_items<'a, T: Build>(
    items: Vec<T>,
    next: Next<'a>,
    decoder: &mut Decoder<'a>,
    len: usize,
    depth: usize,
) -> Result<Vec<T>, DecodeError> {
    let container = Container { len, owed_around: 0, structures: Around::Plain, items: Items::List(items) };
    match container.complete(next, decoder, depth, 0)?.items {
        Items::List(items) | Items::Structure(items) => Ok(items),
        Items::Map(_) => Ok(Vec::new()), // what was opened is a list
    }
}

#[inline(never)]
fn build_container<'a, T: Build>(next: Next<'a>, decoder: &mut Decoder<'a>, depth: usize) -> Result<T, DecodeError> {
    let place = Place { depth, levels: 0, owed: 0, around: Around::Plain };
    let mut container = match place.open(next, decoder)? {
        Opened::Value(value) => return Ok(value),
        Opened::Container(container) => container,
    };
    match container.fill(decoder)? {
        None => Ok(container.close()),
        Some(next) => container.complete(next, decoder, depth, 1).map(Container::close),
    }
}

/// Checks all limits but the depth.
///
/// Nothing can declare more than there is input. Only where that is more than the limit, each size has to be looked at: [`scan`] does
/// that, beforehand.
#[inline(always)]
fn admit(decoder: &Decoder<'_>, values: usize, limits: Limits) -> Result<(), DecodeError> {
    let left = decoder.remaining().len();
    if left > limits.size || left > limits.total { admit_long(decoder, values, limits) } else { Ok(()) }
}

#[cold]
fn admit_long(decoder: &Decoder<'_>, values: usize, limits: Limits) -> Result<(), DecodeError> {
    match scan(decoder.remaining(), 0, values, limits, &mut Vec::new()) {
        Ok(_) => Ok(()),
        Err(error) => Err(DecodeError::new(decoder.offset() + error.offset, error.kind)),
    }
}
