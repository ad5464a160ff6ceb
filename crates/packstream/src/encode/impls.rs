//! [`Encode`] for the types of `core`, `alloc`, `std` and `bytes`.

use alloc::borrow::{Borrow, Cow, ToOwned};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

use super::{Buffer, Encode, Encoder};
use crate::EncodeError;

/// Bytes to be written as a byte array. (A `[u8]` is written as a list of integers, like every other slice.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a newtype that is made by naming it")]
pub struct ByteArray<'a>(pub &'a [u8]);

macro_rules! encode {
    ($($type:ty: |$encoder:ident, $value:ident| $write:expr;)*) => {$(
        impl Encode for $type {
            #[inline]
            fn encode<B: Buffer>(&self, $encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
                let $value = self;
                $write
            }
        }
    )*};
}

macro_rules! infallible {
    ($($type:ty: $method:ident;)*) => {
        encode! {$(
            $type: |encoder, value| { encoder.$method((*value).into()); Ok(()) };
        )*}
    };
}

infallible! {
    bool: boolean;
    i8: integer;
    i16: integer;
    i32: integer;
    i64: integer;
    u8: integer;
    u16: integer;
    u32: integer;
}

macro_rules! floats {
    ($($type:ty)*) => {$(
        impl Encode for $type {
            #[inline]
            fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
                encoder.float((*self).into());
                Ok(())
            }

            fn encode_items<B: Buffer>(items: &[Self], encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
                let mut rest = items;
                while let Some((block, behind)) = rest.split_first_chunk() {
                    encoder.floats(block.map(f64::from));
                    rest = behind;
                }
                for item in rest {
                    item.encode(encoder)?;
                }
                Ok(())
            }
        }
    )*};
}

floats!(f32 f64);

encode! {
    (): |encoder, _value| { encoder.null(); Ok(()) };
    u64: |encoder, value| {
        let value = i64::try_from(*value).map_err(|_| EncodeError::OutOfRange(*value))?;
        encoder.integer(value);
        Ok(())
    };
    isize: |encoder, value| { encoder.integer(*value as i64); Ok(()) };
    usize: |encoder, value| encoder.encode(&(*value as u64));
    str: |encoder, value| encoder.string(value);
    String: |encoder, value| encoder.string(value);
    ByteArray<'_>: |encoder, value| encoder.bytes(value.0);
    Bytes: |encoder, value| encoder.bytes(value);
    BytesMut: |encoder, value| encoder.bytes(value);
}

macro_rules! forward {
    ($($type:ty),*) => {$(
        impl<T: Encode + ?Sized> Encode for $type {
            #[inline]
            fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
                (**self).encode(encoder)
            }
        }
    )*};
}

forward!(&T, &mut T, Box<T>, Arc<T>);

impl<T: Encode + ToOwned + ?Sized> Encode for Cow<'_, T> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        (**self).encode(encoder)
    }
}

/// `None` is null.
impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        match self {
            Some(value) => value.encode(encoder),
            None => {
                encoder.null();
                Ok(())
            }
        }
    }
}

impl<T: Encode> Encode for [T] {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.list_header(self.len())?;
        encoder.nested(self.len(), |encoder| T::encode_items(self, encoder))
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        self.as_slice().encode(encoder)
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        self.as_slice().encode(encoder)
    }
}

macro_rules! tuples {
    ($($len:literal: $($item:ident)+;)*) => {$(
        /// A list of this length.
        impl<$($item: Encode),+> Encode for ($($item,)+) {
            #[inline]
            fn encode<Z: Buffer>(&self, encoder: &mut Encoder<'_, Z>) -> Result<(), EncodeError> {
                #[expect(non_snake_case, reason = "the items are named after their types")]
                let ($($item,)+) = self;
                encoder.list_header($len)?;
                encoder.nested($len, |encoder| {
                    $($item.encode(encoder)?;)+
                    Ok(())
                })
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

impl<K: Borrow<str>, V: Encode> Encode for BTreeMap<K, V> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.map_header(self.len())?;
        encoder.nested(self.len(), |encoder| {
            for (key, value) in self {
                encoder.string(key.borrow())?;
                value.encode(encoder)?;
            }
            Ok(())
        })
    }
}

#[cfg(feature = "std")]
impl<K: Borrow<str>, V: Encode, S> Encode for std::collections::HashMap<K, V, S> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.map_header(self.len())?;
        encoder.nested(self.len(), |encoder| {
            self.iter().try_for_each(|(key, value)| {
                encoder.string(key.borrow())?;
                value.encode(encoder)
            })
        })
    }
}
