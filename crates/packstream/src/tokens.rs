//! [`Tokens`]: reading token by token, with everything checked, from as much input as there is.

use crate::decode::read::{self, Take};
use crate::{DecodeError, DecodeErrorKind as Kind, FloatRun, Limits, MAX_DEPTH, Token, Type};

/// A reader of tokens that never allocates, never recurses, and may be given its input in pieces.
///
/// It checks all that can be wrong with values: markers, sizes, depth, that the keys of maps are strings, and that strings are UTF-8.
/// Containers have no closing token: their headers tell how much they hold. What a header declares need not be there, so do not set
/// memory aside for it.
///
/// ```
/// use packstream::{Nesting, Step, Token, Tokens};
///
/// # fn main() -> Result<(), packstream::DecodeError> {
/// let mut nesting = Nesting::new();
/// let mut tokens = Tokens::new(b"\x92\x01\xA1\x81a\xC3", &mut nesting);
/// let mut strings = Vec::new();
/// loop {
///     match tokens.token()? {
///         Step::Token(Token::String(text)) => strings.push(text),
///         Step::Token(_) => {}
///         Step::Incomplete => panic!("the value goes on behind the input"),
///         Step::End => break,
///     }
/// }
/// tokens.finish()?;
/// assert_eq!(strings, ["a"]);
/// # Ok(())
/// # }
/// ```
///
/// Where the input ends too early, the reader stays at the token that is not all there. Pause it, get more, and resume:
///
/// ```
/// use packstream::{Nesting, Step, Tokens};
///
/// # fn main() -> Result<(), packstream::DecodeError> {
/// let mut pieces = [&b"\x92\x84na"[..], b"me\xC9", b"\x07\x17"].into_iter();
/// let mut unread = Vec::new();
/// let mut seen = Vec::new();
/// let mut nesting = Nesting::new();
/// let mut tokens = Tokens::new(&unread, &mut nesting);
/// loop {
///     match tokens.token()? {
///         Step::Token(token) => seen.push(format!("{token:?}")),
///         Step::Incomplete => {
///             let read = unread.len() - tokens.remaining().len();
///             tokens.pause();
///             unread.drain(..read);
///             unread.extend(pieces.next().expect("there is another piece"));
///             tokens = nesting.resume(&unread);
///         }
///         Step::End => break,
///     }
/// }
/// assert_eq!(seen, [r#"List(2)"#, r#"String("name")"#, "Integer(1815)"]);
/// assert_eq!(tokens.offset(), 9);
/// # Ok(())
/// # }
/// ```
// The stack of containers lies elsewhere, since an array that is indexed would keep all else in memory as well: so the compiler
// can hold these fields in registers.
#[derive(Debug)]
pub struct Tokens<'n, 'a> {
    rest: &'a [u8],
    place: Place,
    nesting: &'n mut Nesting,
}

/// What [`Tokens::token`] came to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth outcome")]
pub enum Step<'a> {
    /// A token.
    Token(Token<'a>),
    /// The input ends before the token does. Nothing is wrong with what is there.
    Incomplete,
    /// All values asked for are read.
    End,
}

impl<'n, 'a> Tokens<'n, 'a> {
    /// Creates a reader of the value at the start of `input`, within the default [`Limits`].
    #[inline(always)]
    #[must_use]
    pub const fn new(input: &'a [u8], nesting: &'n mut Nesting) -> Self {
        Self::with_limits(input, Limits::DEFAULT, nesting)
    }

    /// Creates a reader of the value at the start of `input`.
    #[inline(always)]
    #[must_use]
    pub const fn with_limits(input: &'a [u8], limits: Limits, nesting: &'n mut Nesting) -> Self {
        Place { open: VALUE, depth: 0, around: 0, end: 0, limits }.enter(input, nesting)
    }

    /// Reads `values` values that lie one behind the other instead of one. To be called before anything is read.
    #[inline(always)]
    #[must_use]
    pub const fn values(mut self, values: u32) -> Self {
        self.place.open = values as Open * VALUE;
        self
    }

    /// Reads one token: a scalar, the key of a map, or the header of a container.
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, or exceeds the limits. The reader then stays where it is.
    #[inline(always)]
    pub fn token(&mut self) -> Result<Step<'a>, DecodeError> {
        match self.step() {
            Some(step) => Ok(step),
            None => stuck(self.rest, self.place).map_or(Ok(Step::Incomplete), Err),
        }
    }

    /// Reads the floats that come next in a list: up to its end, or to the first that is another value or not all there.
    ///
    /// There may be none. This is three times as fast as one by one.
    ///
    /// ```
    /// use packstream::{Nesting, Step, Token, Tokens};
    ///
    /// let mut nesting = Nesting::new();
    /// let mut tokens = Tokens::new(b"\x92\xC1?\xF8\0\0\0\0\0\0\xC0", &mut nesting);
    /// assert_eq!(tokens.token(), Ok(Step::Token(Token::List(2))));
    /// assert_eq!(tokens.float_run().collect::<Vec<_>>(), [1.5]);
    /// assert_eq!(tokens.token(), Ok(Step::Token(Token::Null)));
    /// ```
    #[inline(always)]
    pub fn float_run(&mut self) -> FloatRun<'a> {
        let (run, rest) = FloatRun::split(self.rest, self.place.open as u32 as usize);
        self.place.open -= run.len as Open * VALUE;
        self.rest = rest;
        run
    }

    /// Returns how many containers lie around the next token.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.next_open().1
    }

    /// Tells whether the next token is the key of a map.
    #[must_use]
    pub fn is_key(&self) -> bool {
        let (open, _) = self.next_open();
        open as u32 == 0 && open != FULL
    }

    /// Returns how many bytes are read, in all pieces of the input.
    #[inline]
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.place.end - self.rest.len()
    }

    /// Returns the part of the input that is not read yet.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Checks that the input ends here.
    ///
    /// # Errors
    ///
    /// [`TrailingBytes`](Kind::TrailingBytes) if it does not.
    #[inline]
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::new(self.offset(), Kind::TrailingBytes { left })),
        }
    }

    /// Lets go of the input. [`Nesting::resume`] goes on here.
    pub const fn pause(self) {
        self.nesting.paused = Place { end: self.offset(), ..self.place };
    }

    #[inline(always)]
    fn step(&mut self) -> Option<Step<'a>> {
        loop {
            let open = self.place.open;
            if open as u32 != 0 {
                return read::take_token(self.rest, Advance { tokens: self, open: open - VALUE });
            }
            if open != FULL {
                return self.key(open - ENTRY + VALUE);
            }
            match self.place.around.checked_sub(1) {
                Some(around) => self.place.around = around,
                None => return Some(Step::End),
            }
            (self.place.open, self.place.depth) = self.nesting.get(self.place.around);
        }
    }

    #[inline(always)]
    fn key(&mut self, open: Open) -> Option<Step<'a>> {
        let (size, rest) = read::string_size(self.rest)?;
        if !self.place.allows(size) {
            return None;
        }
        let (key, rest) = read::content(rest, size)?;
        let key = read::utf8(key)?;
        self.place.open = open;
        self.rest = rest;
        Some(Step::Token(Token::String(key)))
    }

    /// Goes on to what a container holds. Whether the limit allows it.
    ///
    /// The one around waits for its end on the stack, unless nothing more belongs to it.
    #[inline(always)]
    fn open(&mut self, around: Open, open: Open) -> bool {
        if self.place.depth >= self.place.limits.depth {
            return false;
        }
        if around != FULL {
            self.nesting.set(self.place.around, around, self.place.depth);
            self.place.around += 1;
        }
        self.place.depth += 1;
        self.place.open = open;
        true
    }

    /// Returns the container to which the next token belongs, and its depth.
    fn next_open(&self) -> (Open, usize) {
        match self.place.around.checked_sub(1) {
            Some(around) if self.place.open == FULL => self.nesting.get(around),
            None if self.place.open == FULL => (FULL, 0),
            _ => (self.place.open, self.place.depth),
        }
    }
}

/// Says why there is no token: an error, unless the token is only not all there.
#[cold]
#[inline(never)]
fn stuck(rest: &[u8], place: Place) -> Option<DecodeError> {
    let Limits { depth, size, total } = place.limits;
    let offset = place.end - rest.len();
    let kind = if place.end > total {
        Kind::InputTooLong { len: place.end, limit: total }
    } else {
        let expected = if place.open as u32 == 0 { Some(Type::String) } else { None };
        match read::why(rest, expected, size) {
            Kind::UnexpectedEnd { .. } if place.depth >= depth && read::is_container(rest) => {
                Kind::TooDeep { limit: depth }
            }
            Kind::UnexpectedEnd { needed, .. } if needed > total - offset => {
                Kind::InputTooLong { len: offset.saturating_add(needed), limit: total }
            }
            Kind::UnexpectedEnd { .. } => return None,
            kind => kind,
        }
    };
    Some(DecodeError::new(offset, kind))
}

/// The memory in which a [`Tokens`] remembers the open containers: a fixed kibibyte. To be used again for the next message.
#[derive(Clone, Debug)]
pub struct Nesting {
    /// The containers around the open one that still hold something.
    open: [Open; MAX_DEPTH],
    /// The depth inside each.
    depth: [u8; MAX_DEPTH],
    /// Where to resume.
    paused: Place,
}

impl Nesting {
    /// Creates the memory for any number of readers, one after the other.
    #[must_use]
    pub const fn new() -> Self {
        let paused = Place { open: VALUE, depth: 0, around: 0, end: 0, limits: Limits::DEFAULT };
        Self { open: [FULL; MAX_DEPTH], depth: [0; MAX_DEPTH], paused }
    }

    /// Goes on where a reader was [paused](Tokens::pause) last.
    ///
    /// `unread` is what [had not been read](Tokens::remaining), with what has come since behind it.
    #[must_use]
    pub const fn resume<'a>(&mut self, unread: &'a [u8]) -> Tokens<'_, 'a> {
        self.paused.enter(unread, self)
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a remainder is below the divisor")]
    fn get(&self, place: usize) -> (Open, usize) {
        (self.open[place % MAX_DEPTH], usize::from(self.depth[place % MAX_DEPTH]))
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a remainder is below the divisor")]
    fn set(&mut self, place: usize, open: Open, depth: usize) {
        self.open[place % MAX_DEPTH] = open;
        self.depth[place % MAX_DEPTH] = depth as u8;
    }
}

impl Default for Nesting {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a reader stands among the containers.
#[derive(Clone, Copy, Debug)]
struct Place {
    open: Open,
    /// How many containers lie around the next token, if the open one is not full.
    depth: usize,
    /// How many of the containers around wait on the stack.
    around: usize,
    /// The offset of the end of the input, or of its unread part while paused.
    end: usize,
    limits: Limits,
}

impl Place {
    #[inline(always)]
    const fn enter<'n, 'a>(mut self, input: &'a [u8], nesting: &'n mut Nesting) -> Tokens<'n, 'a> {
        self.end = self.end.saturating_add(input.len());
        // An input that is too long counts as empty, so that the next token finds out.
        let rest = if self.end > self.limits.total { &[] } else { input };
        Tokens { rest, place: self, nesting }
    }

    /// Tells whether a value may declare this size. None can hold more than there may be in all.
    #[inline(always)]
    fn allows(&self, size: usize) -> bool {
        size <= self.limits.size && size <= self.limits.total
    }
}

/// What an open container still holds, in one word. The values asked for count as the outermost.
///
/// The low half counts the values that come next: the items of a list, or the value of the key that was read. The high half counts the
/// entries behind those.
type Open = u64;

const FULL: Open = 0;
const VALUE: Open = 1;
const ENTRY: Open = 1 << 32;

/// Takes a token out of input that may go on: what is declared is held against the limits alone.
struct Advance<'t, 'n, 'a> {
    tokens: &'t mut Tokens<'n, 'a>,
    /// What the open container still holds behind this value.
    open: Open,
}

impl<'a> Take<'a> for Advance<'_, '_, 'a> {
    type Taken = Step<'a>;

    #[inline(always)]
    fn allows(&self, size: usize) -> bool {
        self.tokens.place.allows(size)
    }

    #[inline(always)]
    fn scalar(self, token: Token<'a>, rest: &'a [u8]) -> Option<Step<'a>> {
        self.tokens.rest = rest;
        self.tokens.place.open = self.open;
        Some(Step::Token(token))
    }

    #[inline(always)]
    fn header(self, token: Token<'a>, rest: &'a [u8]) -> Option<Step<'a>> {
        let open = match token {
            Token::List(items) => items as Open * VALUE,
            Token::Structure { fields, .. } => fields as Open * VALUE,
            Token::Map(entries) => entries as Open * ENTRY,
            _ => FULL,
        };
        if open == FULL {
            return self.scalar(token, rest);
        }
        if !self.tokens.open(self.open, open) {
            return None;
        }
        self.tokens.rest = rest;
        Some(Step::Token(token))
    }
}
