//! Finding keys that occur twice in what is written.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::EncodeError;
use crate::decode::read;

/// Up to this many keys are compared each with each, which takes no memory. More are sorted.
const FEW: usize = 16;

/// Returns the index of the first of `len` keys that stands before it already.
///
/// Takes n·log n comparisons at most, whatever the keys are. (Hashing would need a secret for that.)
pub(crate) fn duplicate<'k>(len: usize, key: impl Fn(usize) -> &'k [u8]) -> Option<usize> {
    if len <= FEW {
        let mut signs = Signs::new();
        return (0..len).find(|&later| {
            let it = key(later);
            !signs.insert(Sign::of(it)) && (0..later).any(|earlier| key(earlier) == it)
        });
    }
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_unstable_by(|&a, &b| key(a).cmp(key(b)).then(a.cmp(&b)));
    let pairs = order.iter().zip(order.iter().skip(1));
    pairs.filter(|&(&a, &b)| key(a) == key(b)).map(|(_, &b)| b).min()
}

/// The keys of a map that is being written, so that none is written twice.
///
/// The memory for their places is apart, in [`Starts`], so that these two words can stay in registers: with sizes and keys that are
/// known when compiled, nothing is left of the checks.
#[derive(Debug)]
pub(crate) struct Keys {
    signs: Signs,
    len: usize,
}

impl Keys {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { signs: Signs::new(), len: 0 }
    }

    /// Returns how many there are.
    #[inline(always)]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Adds the key that was written last, at offset `start` of `buffer`.
    ///
    /// # Errors
    ///
    /// [`EncodeError::DuplicateKey`] if it is there already. Where there are many, [`finish`](Self::finish) finds that out.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        starts: &mut Starts,
        sign: Sign,
        buffer: &[u8],
        start: usize,
    ) -> Result<(), EncodeError> {
        match starts.few.get_mut(self.len) {
            Some(place) => {
                *place = start;
                if !self.signs.insert(sign) {
                    starts.compare(self.len, buffer, start)?;
                }
            }
            None => starts.more.push(start),
        }
        self.len += 1;
        Ok(())
    }

    /// Forgets the key that was added last.
    #[inline(always)]
    pub(crate) fn undo(&mut self, starts: &mut Starts) {
        self.len -= 1;
        starts.more.truncate(self.len.saturating_sub(FEW));
    }

    /// Makes sure that all keys differ, once they are written.
    ///
    /// # Errors
    ///
    /// [`EncodeError::DuplicateKey`] if two do not.
    #[inline(always)]
    pub(crate) fn finish(&self, starts: &Starts, buffer: &[u8]) -> Result<(), EncodeError> {
        if self.len <= FEW { Ok(()) } else { starts.sort(buffer) }
    }
}

/// Where [`Keys`] start. They are not copied, but found again in the buffer.
#[derive(Debug)]
pub(crate) struct Starts {
    /// The first of them.
    few: [usize; FEW],
    /// The others.
    more: Vec<usize>,
}

impl Starts {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { few: [0; FEW], more: Vec::new() }
    }

    /// Compares the key that starts at `start`, and is the last, with the `earlier` ones.
    #[cold]
    fn compare(&self, earlier: usize, buffer: &[u8], start: usize) -> Result<(), EncodeError> {
        let behind = |start| buffer.get(start..).unwrap_or_default();
        let last = behind(start);
        // A string's header tells its length, so no other key starts with the bytes of this one.
        let twice = self.few.iter().take(earlier).any(|&earlier| behind(earlier).starts_with(last));
        if twice { Err(error(key_at(buffer, start))) } else { Ok(()) }
    }

    #[cold]
    fn sort(&self, buffer: &[u8]) -> Result<(), EncodeError> {
        let keys: Vec<&[u8]> = self.few.iter().chain(&self.more).map(|&start| key_at(buffer, start)).collect();
        let key = |index| keys.get(index).copied().unwrap_or_default();
        duplicate(keys.len(), key).map_or(Ok(()), |index| Err(error(key(index))))
    }
}

/// Creates the error that names a key.
#[cold]
pub(crate) fn error(key: &[u8]) -> EncodeError {
    EncodeError::DuplicateKey(Box::from(String::from_utf8_lossy(key)))
}

fn key_at(buffer: &[u8], start: usize) -> &[u8] {
    buffer.get(start..).and_then(read::string_bytes).map_or(&[], |(key, _)| key)
}

/// What keys are told apart by at first sight: one of 64 bits, made of the length, the first and the last byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sign(u64);

impl Sign {
    #[inline(always)]
    pub(crate) const fn of(key: &[u8]) -> Self {
        let (first, last) = match key {
            [] => (0, 0),
            [only] => (*only, *only),
            [first, .., last] => (*first, *last),
        };
        // Odd factors, so that each of the three reaches all bits.
        let mix =
            (first as usize).wrapping_mul(5).wrapping_add((last as usize).wrapping_mul(3)).wrapping_add(key.len());
        Self(1 << (mix % 64))
    }
}

/// The signs of all keys so far: a sign that is not among them belongs to a new key.
#[derive(Debug)]
struct Signs(u64);

impl Signs {
    #[inline(always)]
    const fn new() -> Self {
        Self(0)
    }

    /// Adds a sign, and tells whether it is new.
    #[inline(always)]
    const fn insert(&mut self, sign: Sign) -> bool {
        let new = self.0 & sign.0 == 0;
        self.0 |= sign.0;
        new
    }
}
