//! Lists, maps and structures that stay where they lie and are decoded item by item.

use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use crate::scan::check;
use crate::{Decode, DecodeError, Decoder, FloatRun, Limits};

/// A list that borrows from the input.
#[derive(Clone, Debug)]
pub struct ListRef<'a> {
    items: Decoder<'a>,
    len: usize,
}

impl<'a> ListRef<'a> {
    /// Returns the number of items.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are no items.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns a decoder that stands at the first item.
    #[must_use]
    pub fn decoder(&self) -> Decoder<'a> {
        self.items.clone()
    }

    /// Returns an iterator that decodes the items as it goes, and ends after the first that cannot be decoded.
    #[must_use]
    pub fn iter<T: Decode<'a>>(&self) -> ListIter<'a, T> {
        ListIter { items: self.items.clone(), left: self.len, item: PhantomData }
    }

    /// Returns the items of a list that holds only floats, much faster than decoding them one by one.
    ///
    /// # Errors
    ///
    /// If one of them is another value.
    #[inline]
    pub fn floats(&self) -> Result<FloatRun<'a>, DecodeError> {
        let mut items = self.items.clone();
        let run = items.float_run(self.len);
        // Whatever comes behind the run is no float.
        if run.len() < self.len { items.float().and(Ok(run)) } else { Ok(run) }
    }

    /// Decodes all items.
    ///
    /// # Errors
    ///
    /// If one of them is not a `T`.
    pub fn to_vec<T: Decode<'a>>(&self) -> Result<Vec<T>, DecodeError> {
        T::decode_items(&mut self.items.clone(), self.len)
    }
}

impl<'a> Decode<'a> for ListRef<'a> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let len = decoder.list_header()?;
        let items = decoder.clone();
        decoder.skip_items(len)?;
        Ok(Self { items, len })
    }
}

/// An iterator over the items of a [`ListRef`] or the fields of a [`StructureRef`].
#[derive(Clone, Debug)]
pub struct ListIter<'a, T> {
    items: Decoder<'a>,
    left: usize,
    item: PhantomData<fn() -> T>,
}

impl<'a, T: Decode<'a>> Iterator for ListIter<'a, T> {
    type Item = Result<T, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let item = T::decode(&mut self.items);
        self.left = if item.is_ok() { self.left - 1 } else { 0 };
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.min(1), Some(self.left))
    }
}

impl<'a, T: Decode<'a>> FusedIterator for ListIter<'a, T> {}

/// A map that borrows from the input.
#[derive(Clone, Debug)]
pub struct MapRef<'a> {
    entries: Decoder<'a>,
    len: usize,
}

impl<'a> MapRef<'a> {
    /// Returns the number of entries, those with a key that occurs again included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns a decoder that stands at the first key.
    #[must_use]
    pub fn decoder(&self) -> Decoder<'a> {
        self.entries.clone()
    }

    /// Decodes the value of `key`; `None` if there is no such key. The last of several entries with this key counts.
    ///
    /// Takes time in proportion to the length of the map. Keys are compared as bytes.
    ///
    /// # Errors
    ///
    /// If the value is not a `T`.
    pub fn get<T: Decode<'a>>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let mut entries = self.entries.clone();
        let mut found = None;
        for _ in 0..self.len {
            if entries.string_bytes()? == key.as_bytes() {
                found = Some(entries.clone());
            }
            entries.skip(1)?;
        }
        found.map(|mut value| value.decode()).transpose()
    }

    /// Returns an iterator that decodes the entries as it goes, and ends after the first that cannot be decoded.
    ///
    /// With `T` = [`Decoder`] the values stay undecoded.
    #[must_use]
    pub fn iter<T: Decode<'a>>(&self) -> MapIter<'a, T> {
        MapIter { entries: self.entries.clone(), left: self.len, value: PhantomData }
    }
}

impl<'a> Decode<'a> for MapRef<'a> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let len = decoder.map_header()?;
        let entries = decoder.clone();
        decoder.skip(2 * len)?;
        Ok(Self { entries, len })
    }
}

/// An iterator over the entries of a [`MapRef`].
#[derive(Clone, Debug)]
pub struct MapIter<'a, T> {
    entries: Decoder<'a>,
    left: usize,
    value: PhantomData<fn() -> T>,
}

impl<'a, T: Decode<'a>> MapIter<'a, T> {
    #[inline]
    fn entry(&mut self) -> Result<(&'a str, T), DecodeError> {
        Ok((self.entries.string()?, self.entries.decode()?))
    }
}

impl<'a, T: Decode<'a>> Iterator for MapIter<'a, T> {
    type Item = Result<(&'a str, T), DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let entry = self.entry();
        self.left = if entry.is_ok() { self.left - 1 } else { 0 };
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.min(1), Some(self.left))
    }
}

impl<'a, T: Decode<'a>> FusedIterator for MapIter<'a, T> {}

/// A structure that borrows from the input.
#[derive(Clone, Debug)]
pub struct StructureRef<'a> {
    tag: u8,
    fields: Decoder<'a>,
    len: usize,
}

impl<'a> StructureRef<'a> {
    /// Views an input that is one structure, as every message is.
    ///
    /// Its structure is checked, but not that strings are UTF-8.
    ///
    /// ```
    /// use packstream::{Limits, StructureRef};
    ///
    /// # fn main() -> Result<(), packstream::DecodeError> {
    /// let pull = StructureRef::message(b"\xB1\x3F\xA1\x81n\x03", Limits::default())?;
    /// assert_eq!((pull.tag(), pull.len()), (0x3F, 1));
    /// assert!(StructureRef::message(b"\xB0\x0F\x00", Limits::default()).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, exceeds the limits, is another value, or goes on behind it.
    pub fn message(input: &'a [u8], limits: Limits) -> Result<Self, DecodeError> {
        let behind = check::<false>(input, limits)?;
        let mut decoder = Decoder::new(input);
        let (tag, len) = decoder.structure_header()?;
        Decoder::ending_at(input.len(), behind).finish()?;
        Ok(Self { tag, fields: decoder, len })
    }

    /// Returns what the structure is.
    #[must_use]
    pub const fn tag(&self) -> u8 {
        self.tag
    }

    /// Returns the number of fields.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are no fields.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns a decoder that stands at the first field.
    #[must_use]
    pub fn decoder(&self) -> Decoder<'a> {
        self.fields.clone()
    }

    /// Returns an iterator that decodes the fields as it goes, and ends after the first that cannot be decoded.
    ///
    /// With `T` = [`Decoder`] the fields stay undecoded.
    #[must_use]
    pub fn iter<T: Decode<'a>>(&self) -> ListIter<'a, T> {
        ListIter { items: self.fields.clone(), left: self.len, item: PhantomData }
    }
}

impl<'a> Decode<'a> for StructureRef<'a> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (tag, len) = decoder.structure_header()?;
        let fields = decoder.clone();
        decoder.skip(len)?;
        Ok(Self { tag, fields, len })
    }
}
