//! [`Map`].

use alloc::boxed::Box;
use alloc::vec::{self, Vec};
use core::{fmt, slice};

use crate::{Buffer, Encode, EncodeError, Encoder, Value};

/// A map from strings to values, in the order in which its entries were read or given.
///
/// Two maps are equal when they have the same entries in any order. Where a key occurs twice, [`get`](Self::get) returns the last of
/// its values; iterating and [`len`](Self::len) count every entry.
#[derive(Clone)]
pub struct Map<V = Value> {
    entries: Box<[(Box<str>, V)]>,
}

impl<V> Map<V> {
    /// Creates an empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the value of `key`. Takes time in proportion to the number of entries.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.iter().rev().find_map(|(name, value)| (&**name == key).then_some(value))
    }

    /// Tells whether there is an entry with this key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there are no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the entries in order.
    pub fn iter(&self) -> MapEntries<'_, V> {
        MapEntries(self.entries.iter())
    }

    /// Returns the keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.entries.iter().map(|(key, _)| &**key)
    }

    /// Returns the values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator {
        self.entries.iter().map(|(_, value)| value)
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self { entries: Box::default() }
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        self.entries == other.entries || by_key(self) == by_key(other)
    }
}

fn by_key<V>(map: &Map<V>) -> Vec<&(Box<str>, V)> {
    let mut entries: Vec<_> = map.entries.iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    entries
}

impl<V: Encode> Encode for Map<V> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.map_header(self.len())?;
        self.iter().try_for_each(|(key, value)| {
            encoder.string(key)?;
            value.encode(encoder)
        })
    }
}

impl<V> From<Vec<(Box<str>, V)>> for Map<V> {
    fn from(entries: Vec<(Box<str>, V)>) -> Self {
        Self { entries: entries.into_boxed_slice() }
    }
}

impl<K: Into<Box<str>>, V, W: Into<V>> FromIterator<(K, W)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, W)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect() }
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (Box<str>, V);
    type IntoIter = vec::IntoIter<(Box<str>, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_vec().into_iter()
    }
}

impl<'m, V> IntoIterator for &'m Map<V> {
    type Item = (&'m str, &'m V);
    type IntoIter = MapEntries<'m, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// An iterator over the entries of a [`Map`].
#[derive(Debug)]
pub struct MapEntries<'m, V>(slice::Iter<'m, (Box<str>, V)>);

impl<'m, V> Iterator for MapEntries<'m, V> {
    type Item = (&'m str, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (&**key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<V> DoubleEndedIterator for MapEntries<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (&**key, value))
    }
}

impl<V> ExactSizeIterator for MapEntries<'_, V> {}
