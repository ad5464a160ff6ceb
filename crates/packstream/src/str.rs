//! [`Str`].

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;

use compact_str::CompactString;

use crate::{Buffer, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, MapKey};

/// An immutable string that keeps up to 24 bytes in itself, and only longer ones in memory of their own.
///
/// Keys, labels, types and most texts in a graph are that short, so to decode them allocates nothing. A `Str` takes 24 bytes, like
/// a `String`, and so does an `Option<Str>`. (Where pointers have 32 bits it takes, and keeps, 12.)
///
/// ```
/// use packstream::Str;
///
/// let name = Str::from("Ada");
/// assert_eq!(name, "Ada");
/// assert_eq!(name.len(), 3);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(CompactString);

impl Str {
    /// Returns the text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Str {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Str {
    #[inline]
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Str {
    #[inline]
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl From<&str> for Str {
    #[inline(always)]
    fn from(text: &str) -> Self {
        Self(CompactString::new(text))
    }
}

impl From<&String> for Str {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

/// Takes the memory of a long string over.
impl From<String> for Str {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// Takes the memory of a long string over.
impl From<Box<str>> for Str {
    fn from(text: Box<str>) -> Self {
        Self(text.into())
    }
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }
}

impl From<Str> for String {
    fn from(text: Str) -> Self {
        text.0.into_string()
    }
}

impl From<Str> for Box<str> {
    fn from(text: Str) -> Self {
        text.0.into_string().into_boxed_str()
    }
}

macro_rules! equal {
    ($($type:ty),*) => {$(
        impl PartialEq<$type> for Str {
            fn eq(&self, other: &$type) -> bool {
                **self == **other
            }
        }

        impl PartialEq<Str> for $type {
            fn eq(&self, other: &Str) -> bool {
                **self == **other
            }
        }
    )*};
}

equal!(&str, String);

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<Str> for str {
    fn eq(&self, other: &Str) -> bool {
        *self == **other
    }
}

impl MapKey for Str {
    #[inline(always)]
    fn as_str(&self) -> &str {
        self
    }
}

impl Encode for Str {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.string(self)
    }
}

impl<'a> Decode<'a> for Str {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.string().map(Self::from)
    }
}
