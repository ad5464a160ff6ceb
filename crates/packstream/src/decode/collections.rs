//! [`Decode`] for lists, tuples and maps.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::{Decode, DecodeError, DecodeErrorKind, Decoder};

impl<'a, T: Decode<'a>> Decode<'a> for Vec<T> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let len = decoder.list_header()?;
        T::decode_items(decoder, len)
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Box<[T]> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        Vec::decode(decoder).map(Vec::into_boxed_slice)
    }
}

macro_rules! tuples {
    ($($len:literal: $($item:ident)+;)*) => {$(
        /// A list of exactly this length.
        impl<'a, $($item: Decode<'a>),+> Decode<'a> for ($($item,)+) {
            #[inline]
            fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
                let start = decoder.clone();
                match decoder.list_header()? {
                    $len => Ok(($($item::decode(decoder)?,)+)),
                    found => Err(start.error(DecodeErrorKind::WrongLength { expected: $len, found })),
                }
            }
        }
    )*};
}

tuples! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
    9: A B C D E F G H I;
    10: A B C D E F G H I J;
    11: A B C D E F G H I J K;
    12: A B C D E F G H I J K L;
}

/// The last of several entries with the same key wins.
impl<'a, K, V> Decode<'a> for BTreeMap<K, V>
where
    K: From<&'a str> + Ord,
    V: Decode<'a>,
{
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let mut map = Self::new();
        for _ in 0..decoder.map_header()? {
            map.insert(K::from(decoder.string()?), V::decode(decoder)?);
        }
        Ok(map)
    }
}

/// The last of several entries with the same key wins.
#[cfg(feature = "std")]
impl<'a, K, V, S> Decode<'a> for std::collections::HashMap<K, V, S>
where
    K: From<&'a str> + Eq + core::hash::Hash,
    V: Decode<'a>,
    S: core::hash::BuildHasher + Default,
{
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let mut map = Self::default();
        for _ in 0..decoder.map_header()? {
            map.insert(K::from(decoder.string()?), V::decode(decoder)?);
        }
        Ok(map)
    }
}
