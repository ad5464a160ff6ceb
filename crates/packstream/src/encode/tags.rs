//! [`TagSet`].

use core::fmt;

/// Which structure tags occur in encoded bytes, and whether a UUID does: what a protocol needs to know in order to refuse what its peer
/// does not understand.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct TagSet {
    low: u128,
    high: u128,
    uuid: bool,
}

impl TagSet {
    /// Tells whether a structure with this tag occurs.
    #[must_use]
    pub const fn contains(&self, tag: u8) -> bool {
        let half = if tag < 128 { self.low } else { self.high };
        half >> (tag % 128) & 1 != 0
    }

    /// Tells whether a UUID occurs.
    #[must_use]
    pub const fn contains_uuid(&self) -> bool {
        self.uuid
    }

    /// Tells whether neither a structure nor a UUID occurs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.low | self.high == 0 && !self.uuid
    }

    /// Returns what occurs in either.
    #[must_use]
    pub const fn union(&self, other: &Self) -> Self {
        Self { low: self.low | other.low, high: self.high | other.high, uuid: self.uuid | other.uuid }
    }

    /// Returns the structure tags in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|&tag| self.contains(tag))
    }

    /// Adds a structure's tag.
    #[inline]
    pub fn insert(&mut self, tag: u8) {
        let half = if tag < 128 { &mut self.low } else { &mut self.high };
        *half |= 1 << (tag % 128);
    }

    /// Adds that a UUID occurs.
    #[inline]
    pub fn insert_uuid(&mut self) {
        self.uuid = true;
    }
}

impl fmt::Debug for TagSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        set.entries(self.iter().map(|tag| tag as char));
        if self.uuid {
            set.entry(&"UUID");
        }
        set.finish()
    }
}
