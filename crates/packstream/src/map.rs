//! [`Map`].

use alloc::boxed::Box;
use alloc::vec::{self, Vec};
use core::{fmt, slice};

use crate::encode::keys;
use crate::{Buffer, Build, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Limits, Str, Value, build_map};

/// A map from strings to values, in the order in which its entries were read or given.
///
/// No key occurs twice: of entries with equal keys the last is kept, in its place, however the map is made. Looking a key up takes
/// time in proportion to the number of entries, which is small in nearly every map. Two maps are equal when they have the same
/// entries in any order.
///
/// ```
/// use packstream::{Map, Value};
///
/// let map: Map = [("a", 1), ("b", 2), ("a", 3)].into_iter().collect();
/// assert_eq!(map.get("a"), Some(&Value::from(3)));
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a"]);
/// ```
#[derive(Clone)]
pub struct Map<V = Value> {
    entries: Box<[(Str, V)]>,
}

impl<V> Map<V> {
    /// Creates an empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.iter().find_map(|(name, value)| (name == key).then_some(value))
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

/// Removes every entry whose key occurs again behind it.
///
/// Keys that occur once cost a glance each where they are few, n·log n comparisons at most. Removing takes 24 bytes an entry.
#[inline]
fn keep_last<V>(entries: &mut Vec<(Str, V)>) {
    let key = |index: usize| entries.get(index).map_or(&[][..], |(key, _)| key.as_bytes());
    if keys::duplicate(entries.len(), key).is_some() {
        remove_superseded(entries);
    }
}

#[cold]
fn remove_superseded<V>(entries: &mut Vec<(Str, V)>) {
    let mut keys: Vec<(&str, usize)> = entries.iter().zip(0..).map(|((key, _), index)| (&**key, index)).collect();
    keys.sort_by_key(|&(key, _)| key); // stable: the last of equal keys stays their last
    let pairs = keys.iter().zip(keys.iter().skip(1));
    let mut superseded: Vec<usize> =
        pairs.filter(|((key, _), (next, _))| key == next).map(|(&(_, index), _)| index).collect();
    superseded.sort_unstable();
    let mut superseded = superseded.into_iter().peekable();
    let mut indices = 0..entries.len();
    entries.retain(|_| indices.next().is_some_and(|index| superseded.next_if_eq(&index).is_none()));
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

fn by_key<V>(map: &Map<V>) -> Vec<&(Str, V)> {
    let mut entries: Vec<_> = map.entries.iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    entries
}

impl<V: Encode> Encode for Map<V> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.map_header(self.len())?;
        encoder.nested(self.len(), |encoder| {
            for (key, value) in self {
                encoder.string(key)?;
                value.encode(encoder)?;
            }
            Ok(())
        })
    }
}

/// Within the default [`Limits`]; for others use [`build`](crate::build()).
impl<'a, V: Build> Decode<'a> for Map<V> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        build_map(decoder, Limits::DEFAULT, false)
    }
}

/// Keeps the last of entries with equal keys.
impl<V> From<Vec<(Str, V)>> for Map<V> {
    #[inline]
    fn from(mut entries: Vec<(Str, V)>) -> Self {
        keep_last(&mut entries);
        Self { entries: entries.into_boxed_slice() }
    }
}

/// Keeps the last of entries with equal keys.
impl<K: Into<Str>, V, W: Into<V>> FromIterator<(K, W)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, W)>>(entries: I) -> Self {
        Self::from(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect::<Vec<_>>())
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (Str, V);
    type IntoIter = vec::IntoIter<(Str, V)>;

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
pub struct MapEntries<'m, V>(slice::Iter<'m, (Str, V)>);

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
