//! Decoding into a tree without recursion, whatever the tree is made of.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{DecodeError, DecodeErrorKind, Decoder, Limits, Map, Token};

/// A tree of values that [`build`] can put together.
pub trait Build: Sized {
    /// Creates a value from a token that is not the header of a list, map or structure.
    fn scalar(token: Token<'_>) -> Self;

    /// Creates a list.
    fn list(items: Vec<Self>) -> Self;

    /// Creates a map.
    fn map(entries: Map<Self>) -> Self;

    /// Creates a structure.
    ///
    /// # Errors
    ///
    /// If the tree has no place for this structure.
    fn structure(tag: u8, fields: Vec<Self>) -> Result<Self, DecodeErrorKind>;
}

/// Reads one value into a tree.
///
/// # Errors
///
/// If the input is not PackStream, exceeds the limits, or `T` refuses a structure.
pub fn build<T: Build>(decoder: &mut Decoder<'_>, limits: Limits) -> Result<T, DecodeError> {
    let start = decoder.offset();
    let mut container = match value(decoder)? {
        Read::Scalar(value) => return Ok(value),
        Read::Header(header) => Container::open(header, start, 0, decoder)?,
    };
    // The containers around this one, the innermost last.
    let mut around: Vec<Container<T>> = Vec::new();
    if container.left > 0 && limits.depth == 0 {
        return Err(DecodeError::new(start, DecodeErrorKind::TooDeep));
    }
    loop {
        match container.fill(decoder)? {
            Some((header, start)) => {
                let inner = Container::open(header, start, container.owed(), decoder)?;
                if inner.left > 0 && around.len() + 1 >= limits.depth {
                    return Err(DecodeError::new(start, DecodeErrorKind::TooDeep));
                }
                around.push(core::mem::replace(&mut container, inner));
            }
            None => {
                let value = container.close()?;
                let Some(outer) = around.pop() else {
                    return Ok(value);
                };
                container = outer;
                container.push(value);
            }
        }
    }
}

/// A scalar, or what introduces a container.
enum Read<T> {
    Scalar(T),
    Header(Header),
}

#[derive(Clone, Copy)]
enum Header {
    List(usize),
    Map(usize),
    Structure(u8, usize),
}

#[inline(always)]
fn value<T: Build>(decoder: &mut Decoder<'_>) -> Result<Read<T>, DecodeError> {
    Ok(match decoder.token()? {
        Token::List(len) => Read::Header(Header::List(len)),
        Token::Map(len) => Read::Header(Header::Map(len)),
        Token::Structure { tag, fields } => Read::Header(Header::Structure(tag, fields)),
        scalar @ (Token::Null
        | Token::Boolean(_)
        | Token::Integer(_)
        | Token::Float(_)
        | Token::Bytes(_)
        | Token::String(_)
        | Token::Uuid(_)) => Read::Scalar(T::scalar(scalar)),
    })
}

/// A container that is being read.
struct Container<T> {
    /// Where it starts.
    start: usize,
    /// How many items or entries are still to come.
    left: usize,
    /// How many values the containers around it still wait for, keys included.
    owed_around: usize,
    items: Items<T>,
}

enum Items<T> {
    List(Vec<T>),
    /// The entries, and the key of one whose value is being read.
    Map(Vec<(Box<str>, T)>, Box<str>),
    Structure(u8, Vec<T>),
}

impl<T: Build> Container<T> {
    /// Sets memory aside for a container whose header has been read.
    ///
    /// Each value that is owed takes at least a byte. So while all that is owed fits into the bytes that are left, what is set aside stays
    /// in proportion to the input, even when every header lies.
    fn open(header: Header, start: usize, owed_around: usize, decoder: &Decoder<'_>) -> Result<Self, DecodeError> {
        let (left, values) = match header {
            Header::List(len) | Header::Structure(_, len) => (len, len),
            Header::Map(len) => (len, 2 * len),
        };
        if owed_around + values > decoder.remaining().len() {
            return Err(DecodeError::new(start, DecodeErrorKind::UnexpectedEnd));
        }
        let items = match header {
            Header::List(len) => Items::List(Vec::with_capacity(len)),
            Header::Map(len) => Items::Map(Vec::with_capacity(len), Box::default()),
            Header::Structure(tag, len) => Items::Structure(tag, Vec::with_capacity(len)),
        };
        Ok(Self { start, left, owed_around, items })
    }

    /// Returns how many values this container and those around it still wait for, keys included.
    fn owed(&self) -> usize {
        let keys = if let Items::Map(..) = self.items { self.left } else { 0 };
        self.owed_around + self.left + keys
    }

    /// Reads scalars until the container is full, or until another starts in it.
    fn fill(&mut self, decoder: &mut Decoder<'_>) -> Result<Option<(Header, usize)>, DecodeError> {
        match &mut self.items {
            Items::List(items) | Items::Structure(_, items) => {
                while self.left > 0 {
                    self.left -= 1;
                    let start = decoder.offset();
                    match value(decoder)? {
                        Read::Scalar(value) => items.push(value),
                        Read::Header(header) => return Ok(Some((header, start))),
                    }
                }
            }
            Items::Map(entries, waiting) => {
                while self.left > 0 {
                    self.left -= 1;
                    let key = Box::from(decoder.string()?);
                    let start = decoder.offset();
                    match value(decoder)? {
                        Read::Scalar(value) => entries.push((key, value)),
                        Read::Header(header) => {
                            *waiting = key;
                            return Ok(Some((header, start)));
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// Adds the value of a container that started in this one.
    fn push(&mut self, value: T) {
        match &mut self.items {
            Items::List(items) | Items::Structure(_, items) => items.push(value),
            Items::Map(entries, key) => entries.push((core::mem::take(key), value)),
        }
    }

    fn close(self) -> Result<T, DecodeError> {
        match self.items {
            Items::List(items) => Ok(T::list(items)),
            Items::Map(entries, _) => Ok(T::map(Map::from(entries))),
            Items::Structure(tag, fields) => {
                T::structure(tag, fields).map_err(|kind| DecodeError::new(self.start, kind))
            }
        }
    }
}
