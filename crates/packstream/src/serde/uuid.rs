//! UUIDs: for fields of type `[u8; 16]`, or of a type that converts to and from it, `#[serde(with = "packstream::serde::uuid")]`.

use ::serde::de::{self, Visitor};
use ::serde::forward_to_deserialize_any;
use ::serde::{Deserialize, Serialize};
use core::fmt;

use super::Error;
use super::structure::UUID;

/// A UUID, big-endian.
///
/// In the formats of other crates it is a byte array. The other way round, whatever asks our deserializer for bytes takes a UUID
/// too.
///
/// ```
/// use packstream::serde::{Uuid, from_slice, to_vec};
///
/// # fn main() -> Result<(), packstream::EncodeError> {
/// let bytes = to_vec(&Uuid(*b"0123456789abcdef"))?;
/// assert_eq!(bytes, *b"\xE00123456789abcdef");
/// assert_eq!(from_slice(&bytes), Ok(Uuid(*b"0123456789abcdef")));
/// assert_eq!(from_slice::<[u8; 16]>(&bytes), Ok(*b"0123456789abcdef"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a newtype that is made by naming it")]
pub struct Uuid(pub [u8; 16]);

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl From<Uuid> for [u8; 16] {
    fn from(uuid: Uuid) -> Self {
        uuid.0
    }
}

impl Serialize for Uuid {
    #[inline]
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    #[inline]
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

/// Writes a UUID.
///
/// # Errors
///
/// What `serializer` says.
#[inline]
pub fn serialize<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Copy + Into<[u8; 16]>,
    S: ::serde::Serializer,
{
    serializer.serialize_newtype_struct(UUID, &Octets((*value).into()))
}

/// Reads a UUID.
///
/// # Errors
///
/// If the value is another one.
#[inline]
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: From<[u8; 16]>,
    D: ::serde::Deserializer<'de>,
{
    deserializer.deserialize_newtype_struct(UUID, UuidVisitor).map(T::from)
}

/// The content of a UUID.
struct Octets([u8; 16]);

impl Serialize for Octets {
    #[inline]
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// Reads a UUID: first as the newtype that tells our deserializer what is meant, then as the bytes in it.
struct UuidVisitor;

impl<'de> Visitor<'de> for UuidVisitor {
    type Value = [u8; 16];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID")
    }

    #[inline]
    fn visit_newtype_struct<D: ::serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }

    #[inline]
    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &"the 16 bytes of a UUID"))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut bytes: A) -> Result<Self::Value, A::Error> {
        let mut uuid = [0; 16];
        for (index, byte) in uuid.iter_mut().enumerate() {
            *byte = bytes.next_element()?.ok_or_else(|| de::Error::invalid_length(index, &"the 16 bytes of a UUID"))?;
        }
        Ok(uuid)
    }
}

/// A UUID that is being read.
pub(super) struct UuidBytes<'de>(pub(super) &'de [u8]);

impl<'de> de::Deserializer<'de> for UuidBytes<'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_bytes(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
