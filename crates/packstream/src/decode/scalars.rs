//! [`Decode`] for scalars, and for what wraps another type.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::{Decode, DecodeError, DecodeErrorKind, Decoder};

impl<'a> Decode<'a> for () {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.null()
    }
}

impl<'a> Decode<'a> for bool {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.boolean()
    }
}

impl<'a> Decode<'a> for i64 {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.integer()
    }
}

macro_rules! narrow_integers {
    ($($type:ty)*) => {$(
        impl<'a> Decode<'a> for $type {
            #[inline]
            fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
                let start = decoder.clone();
                let integer = decoder.integer()?;
                Self::try_from(integer).map_err(|_| start.error(DecodeErrorKind::OutOfRange { expected: stringify!($type), found: integer }))
            }
        }
    )*};
}

narrow_integers!(i8 i16 i32 isize u8 u16 u32 u64 usize);

impl<'a> Decode<'a> for f64 {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.float()
    }

    fn decode_items(decoder: &mut Decoder<'a>, len: usize) -> Result<Vec<Self>, DecodeError> {
        let run = decoder.float_run(len);
        let mut items = Vec::with_capacity(run.len());
        items.extend(run);
        if items.len() < len {
            // Whatever comes now is no float.
            decoder.float()?;
        }
        Ok(items)
    }
}

impl<'a> Decode<'a> for &'a str {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.string()
    }
}

impl<'a> Decode<'a> for Cow<'a, str> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.string().map(Cow::Borrowed)
    }
}

macro_rules! owned_strings {
    ($($type:ty)*) => {$(
        impl<'a> Decode<'a> for $type {
            #[inline]
            fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
                decoder.string().map(Self::from)
            }
        }
    )*};
}

owned_strings!(String Box<str> Arc<str>);

impl<'a> Decode<'a> for &'a [u8] {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.bytes()
    }
}

impl<'a> Decode<'a> for Bytes {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.bytes().map(Self::copy_from_slice)
    }
}

/// Null is `None`.
impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        if decoder.is_null() {
            decoder.null()?;
            Ok(None)
        } else {
            T::decode(decoder).map(Some)
        }
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Box<T> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        T::decode(decoder).map(Self::new)
    }
}

/// Captures any value undecoded: what comes out stands at its start, over the same input.
impl<'a> Decode<'a> for Decoder<'a> {
    #[inline]
    fn decode(decoder: &mut Self) -> Result<Self, DecodeError> {
        let start = decoder.clone();
        decoder.skip(1)?;
        Ok(start)
    }
}
