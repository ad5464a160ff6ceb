//! Containers that are being read, and what lies around them.

use alloc::vec::Vec;
use core::marker::PhantomData;

use super::Build;
use crate::decode::read::{FLOAT_SIZE, Take, take_token, why};
use crate::{DecodeError, DecodeErrorKind, Decoder, FloatRun, Limits, MAX_SIZE, Map, Str, Structure, Token, marker};

#[derive(Clone, Copy)]
pub(super) enum Header {
    List(usize),
    Map(usize),
    Structure(u8, usize),
}

/// A container whose header has been read, and the input from there on.
pub(super) struct Next<'a> {
    pub(super) header: Header,
    pub(super) start: &'a [u8],
}

/// Makes a value of a scalar and hands it to `keep`, in each arm of the match on the marker; a header is returned.
struct Put<T, F> {
    keep: F,
    value: PhantomData<T>,
}

impl<'a, T: Build, F: FnOnce(T)> Take<'a> for Put<T, F> {
    type Taken = (&'a [u8], Option<Header>);

    #[inline(always)]
    fn allows(&self, size: usize) -> bool {
        size <= MAX_SIZE
    }

    #[inline(always)]
    fn scalar(self, token: Token<'a>, rest: &'a [u8]) -> Option<Self::Taken> {
        (self.keep)(T::scalar(token));
        Some((rest, None))
    }

    #[inline(always)]
    fn header(self, token: Token<'a>, rest: &'a [u8]) -> Option<Self::Taken> {
        // Whether there is room for what is declared is asked when the container is opened.
        match token {
            Token::List(len) => Some((rest, Some(Header::List(len)))),
            Token::Map(len) => Some((rest, Some(Header::Map(len)))),
            Token::Structure { tag, fields } => Some((rest, Some(Header::Structure(tag, fields)))),
            _ => None,
        }
    }
}

/// Reads a scalar at the start of `rest` and hands it to `keep`, or reads the header of a container. Returns the input behind it,
/// and the header; `None` where there is no value.
#[inline(always)]
pub(super) fn read<T: Build>(rest: &[u8], keep: impl FnOnce(T)) -> Option<(&[u8], Option<Header>)> {
    take_token(rest, Put { keep, value: PhantomData })
}

/// Says why there is no value at the start of `rest`.
#[cold]
pub(super) fn fault<'a>(rest: &'a [u8], decoder: &mut Decoder<'a>) -> DecodeError {
    decoder.advance_to(rest);
    decoder.error(why(rest, None, MAX_SIZE))
}

#[cold]
pub(super) fn too_deep<'a>(start: &'a [u8], decoder: &mut Decoder<'a>, depth: usize) -> DecodeError {
    decoder.advance_to(start);
    decoder.error(DecodeErrorKind::TooDeep { limit: depth })
}

/// What there is around a structure.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Around {
    /// No structure that the tree knows.
    Plain,
    /// One that is being recognized.
    Recognized,
    /// One that could not be recognized. To ask again inside would be to read the same bytes as often as there are levels.
    Refused,
}

/// Where a container is about to start.
pub(super) struct Place {
    /// How many levels there may be.
    pub(super) depth: usize,
    /// How many levels there are around it.
    pub(super) levels: usize,
    /// How many values the containers around it still wait for, keys included.
    pub(super) owed: usize,
    pub(super) around: Around,
}

impl Place {
    /// Opens a container whose header has been read, unless it is a structure that the tree recognizes and reads at one go.
    #[inline(always)]
    pub(super) fn open<'a, T: Build>(
        mut self,
        next: Next<'a>,
        decoder: &mut Decoder<'a>,
    ) -> Result<Opened<T>, DecodeError> {
        match next.header {
            Header::Structure(tag, _) if self.levels < self.depth && self.around != Around::Refused => {
                let limits = Limits { depth: self.depth - self.levels, ..Limits::DEFAULT };
                let mut attempt = decoder.clone();
                attempt.advance_to(next.start);
                match T::recognize(tag, &mut attempt, limits, self.around == Around::Recognized) {
                    Ok(Some(value)) => {
                        *decoder = attempt;
                        return Ok(Opened::Value(value));
                    }
                    Ok(None) => {}
                    Err(_) => self.around = Around::Refused,
                }
            }
            Header::List(_) | Header::Map(_) | Header::Structure(..) => {}
        }
        self.container(next, decoder).map(Opened::Container)
    }

    /// Sets memory aside for a container.
    ///
    /// Each value that is owed takes at least a byte. So while all that is owed fits into the bytes that are left, what is set aside stays
    /// in proportion to the input, even when every header lies.
    #[inline(always)]
    fn container<'a, T: Build>(
        self,
        Next { header, start }: Next<'a>,
        decoder: &mut Decoder<'a>,
    ) -> Result<Container<T>, DecodeError> {
        let (len, values) = match header {
            Header::List(len) | Header::Structure(_, len) => (len, len),
            Header::Map(len) => (len, 2 * len),
        };
        let rest = decoder.remaining();
        let owed = self.owed.saturating_add(values);
        if owed > rest.len() {
            let needed = (start.len() - rest.len()).saturating_add(owed);
            decoder.advance_to(start);
            return Err(decoder.error(DecodeErrorKind::UnexpectedEnd { needed, left: start.len() }));
        }
        if len > 0 && self.levels >= self.depth {
            return Err(too_deep(start, decoder, self.depth));
        }
        let (len, items) = match header {
            Header::List(len) => (len, Items::List(Vec::with_capacity(len))),
            Header::Map(len) => (len, Items::Map(Vec::with_capacity(len))),
            Header::Structure(tag, len) => {
                let mut parts = Vec::with_capacity(1 + len);
                parts.push(Structure::first(tag));
                (1 + len, Items::Structure(parts))
            }
        };
        Ok(Container { len, owed_around: self.owed, structures: self.around, items })
    }
}

/// A structure that was read at one go, or a container of which the header has been read.
pub(super) enum Opened<T> {
    Value(T),
    Container(Container<T>),
}

/// A container that is being read.
pub(super) struct Container<T> {
    /// How many items, entries or parts there will be.
    pub(super) len: usize,
    /// How many values the containers around it still wait for, keys included.
    pub(super) owed_around: usize,
    pub(super) structures: Around,
    pub(super) items: Items<T>,
}

pub(super) enum Items<T> {
    List(Vec<T>),
    /// The value of the last entry is null as long as it is being read.
    Map(Vec<(Str, T)>),
    Structure(Vec<T>),
}

impl<T: Build> Container<T> {
    /// Reads all that is still to come, from a container on that starts in this one. There are `levels` levels from the outermost to
    /// this one.
    #[inline(never)]
    pub(super) fn complete<'a>(
        mut self,
        mut next: Next<'a>,
        decoder: &mut Decoder<'a>,
        depth: usize,
        levels: usize,
    ) -> Result<Self, DecodeError> {
        let mut around = Stack::new();
        loop {
            let levels = around.len + levels;
            let place = Place { depth, levels, owed: self.owed(), around: self.structures };
            match place.open(next, decoder)? {
                Opened::Value(value) => self.push(value),
                Opened::Container(mut inner) => match inner.fill(decoder)? {
                    None => self.push(inner.close()),
                    Some(inner_next) => {
                        next = inner_next;
                        around.push(core::mem::replace(&mut self, inner));
                        continue;
                    }
                },
            }
            next = loop {
                if let Some(next) = self.fill(decoder)? {
                    break next;
                }
                let Some(outer) = around.pop() else {
                    return Ok(self);
                };
                let value = core::mem::replace(&mut self, outer).close();
                self.push(value);
            }
        }
    }

    /// Returns how many values this container and those around it wait for, keys included, behind the one that is being read.
    fn owed(&self) -> usize {
        let owed = match &self.items {
            Items::List(items) | Items::Structure(items) => (self.len - items.len()).saturating_sub(1),
            Items::Map(entries) => 2 * (self.len - entries.len()),
        };
        self.owed_around + owed
    }

    /// Reads scalars until the container is full, or until another starts in it.
    #[inline(never)]
    pub(super) fn fill<'a>(&mut self, decoder: &mut Decoder<'a>) -> Result<Option<Next<'a>>, DecodeError> {
        match &mut self.items {
            Items::List(items) | Items::Structure(items) => fill_list(items, self.len, decoder),
            Items::Map(entries) => fill_map(entries, self.len, decoder),
        }
    }

    /// Adds the value of a container that started in this one.
    #[inline(always)]
    fn push(&mut self, value: T) {
        match &mut self.items {
            Items::List(items) | Items::Structure(items) => items.push(value),
            Items::Map(entries) => {
                if let Some((_, last)) = entries.last_mut() {
                    *last = value;
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn close(self) -> T {
        match self.items {
            Items::List(items) => T::list(items),
            Items::Map(entries) => T::map(Map::from(entries)),
            Items::Structure(parts) => T::structure(Structure::from_parts(parts)),
        }
    }
}

/// Reads scalars until there are `len`, or until a container starts.
#[inline(always)]
pub(super) fn fill_list<'a, T: Build>(
    items: &mut Vec<T>,
    len: usize,
    decoder: &mut Decoder<'a>,
) -> Result<Option<Next<'a>>, DecodeError> {
    if decoder.remaining().first() == Some(&marker::FLOAT) {
        fill_floats(items, len, decoder);
    }
    let mut start = decoder.remaining();
    while items.len() < len {
        match read(start, |value| items.push(value)) {
            Some((rest, None)) => start = rest,
            Some((rest, Some(header))) => {
                decoder.advance_to(rest);
                return Ok(Some(Next { header, start }));
            }
            None => return Err(fault(start, decoder)),
        }
    }
    decoder.advance_to(start);
    Ok(None)
}

/// Reads entries until there are `len`, or until a container starts in the last.
#[inline(always)]
pub(super) fn fill_map<'a, T: Build>(
    entries: &mut Vec<(Str, T)>,
    len: usize,
    decoder: &mut Decoder<'a>,
) -> Result<Option<Next<'a>>, DecodeError> {
    while entries.len() < len {
        let key = Str::from(decoder.string()?);
        let start = decoder.remaining();
        entries.push((key, T::scalar(Token::Null)));
        let Some((_, place)) = entries.last_mut() else { continue };
        match read(start, |value| *place = value) {
            Some((rest, None)) => decoder.advance_to(rest),
            Some((rest, Some(header))) => {
                decoder.advance_to(rest);
                return Ok(Some(Next { header, start }));
            }
            None => return Err(fault(start, decoder)),
        }
    }
    Ok(None)
}

/// Reads the floats that come next, until there are `len` items.
#[inline(never)]
fn fill_floats<T: Build>(items: &mut Vec<T>, len: usize, decoder: &mut Decoder<'_>) {
    let (floats, behind) = FloatRun::split(decoder.remaining(), len - items.len());
    decoder.advance_to(behind);
    // The chunks of a slice are counted beforehand, which halves the price of a float.
    items.extend(floats.rest.chunks_exact(FLOAT_SIZE).map(|float| {
        T::scalar(Token::Float(match *float {
            [_, a, b, c, d, e, f, g, h] => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
            _ => f64::NAN, // chunks have nine bytes
        }))
    }));
}

/// The containers around the one that is being read, the innermost last. As deep as results go it needs no memory of its own.
struct Stack<T> {
    near: [Option<Container<T>>; 4],
    far: Vec<Container<T>>,
    len: usize,
}

impl<T> Stack<T> {
    const fn new() -> Self {
        Self { near: [const { None }; 4], far: Vec::new(), len: 0 }
    }

    fn push(&mut self, container: Container<T>) {
        match self.near.get_mut(self.len) {
            Some(place) => *place = Some(container),
            None => self.far.push(container),
        }
        self.len += 1;
    }

    fn pop(&mut self) -> Option<Container<T>> {
        self.len = self.len.checked_sub(1)?;
        match self.near.get_mut(self.len) {
            Some(place) => place.take(),
            None => self.far.pop(),
        }
    }
}
