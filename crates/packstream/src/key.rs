//! [`Key`] and [`key!`](crate::key!).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use crate::encode::keys::Sign;
use crate::{Buffer, Encode, EncodeError, Encoder, marker};

/// A key that was packed when the program was compiled, by [`key!`](crate::key!).
///
/// Writing it is one copy of known length. A program that writes the same maps over and over saves a good part of the work by it.
#[derive(Clone, Copy)]
pub struct Key {
    name: &'static str,
    packed: &'static [u8],
    sign: Sign,
}

impl Key {
    /// Returns the key as a string.
    #[inline]
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.name
    }

    /// Returns the key as it is written: a string's header and its bytes.
    #[inline]
    #[must_use]
    pub const fn as_packed(&self) -> &'static [u8] {
        self.packed
    }

    #[inline(always)]
    pub(crate) const fn sign(&self) -> Sign {
        self.sign
    }

    /// What [`key!`](crate::key!) ends in.
    #[doc(hidden)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    pub const fn __new<const N: usize>(name: &'static str, packed: &'static [u8; N]) -> Self {
        let expected: [u8; N] = Self::__pack(name);
        let mut index = 0;
        while index < N {
            assert!(packed[index] == expected[index], "keys are made by key!");
            index += 1;
        }
        Self { name, packed, sign: Sign::of(name.as_bytes()) }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn __packed_len(name: &str) -> usize {
        name.len() + if name.len() < 16 { 1 } else { 2 }
    }

    #[doc(hidden)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    pub const fn __pack<const N: usize>(name: &str) -> [u8; N] {
        assert!(name.len() <= u8::MAX as usize, "a key! has at most 255 bytes");
        assert!(N == Self::__packed_len(name), "keys are made by key!");
        let name = name.as_bytes();
        let mut packed = [0; N];
        if name.len() < 16 {
            packed[0] = marker::TINY_STRING | name.len() as u8;
        } else {
            packed[0] = marker::STRING_8;
            packed[1] = name.len() as u8;
        }
        let mut index = 0;
        while index < name.len() {
            packed[N - name.len() + index] = name[index];
            index += 1;
        }
        packed
    }
}

/// Packs a key when the program is compiled: `key!("name")` is a constant [`Key`].
///
/// The argument is a constant expression of type `&'static str`, at most 255 bytes long.
///
/// ```
/// use packstream::{Key, key};
///
/// const NAME: Key = key!("name");
/// assert_eq!(NAME.as_str(), "name");
/// assert_eq!(NAME.as_packed(), b"\x84name");
/// ```
///
/// ```compile_fail
/// const LONG: &str = match core::str::from_utf8(&[b'x'; 256]) { Ok(long) => long, Err(_) => "" };
/// packstream::key!(LONG);
/// ```
#[macro_export]
macro_rules! key {
    ($name:expr) => {
        const {
            const NAME: &str = $name;
            const PACKED: [u8; $crate::Key::__packed_len(NAME)] = $crate::Key::__pack(NAME);
            $crate::Key::__new(NAME, &PACKED)
        }
    };
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl Encode for Key {
    #[inline(always)]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.key(*self);
        Ok(())
    }
}

/// What the key of an entry is given as: a string, or a [`Key`] that is packed already.
pub trait MapKey {
    /// Returns the key as a string.
    fn as_str(&self) -> &str;

    /// Returns the key packed when the program was compiled, where that was done.
    #[inline(always)]
    fn packed(&self) -> Option<Key> {
        None
    }
}

impl MapKey for Key {
    #[inline(always)]
    fn as_str(&self) -> &str {
        self.name
    }

    #[inline(always)]
    fn packed(&self) -> Option<Key> {
        Some(*self)
    }
}

impl MapKey for str {
    #[inline(always)]
    fn as_str(&self) -> &str {
        self
    }
}

impl<K: MapKey + ?Sized> MapKey for &K {
    #[inline(always)]
    fn as_str(&self) -> &str {
        (**self).as_str()
    }

    #[inline(always)]
    fn packed(&self) -> Option<Key> {
        (**self).packed()
    }
}

macro_rules! strings {
    ($($type:ty)*) => {$(
        impl MapKey for $type {
            #[inline(always)]
            fn as_str(&self) -> &str {
                self
            }
        }
    )*};
}

strings!(String Box<str> Arc<str> Cow<'_, str>);
