//! Structures and UUIDs, which serde's data model does not know.

use ::serde::de::value::U8Deserializer;
use ::serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use ::serde::forward_to_deserialize_any;
use ::serde::ser::SerializeStruct;
use ::serde::{Deserialize, Serialize};
use alloc::format;
use core::fmt;
use core::marker::PhantomData;

use super::Error;
use super::de::{Deserializer, Items};
use crate::{DecodeError, DecodeErrorKind as Kind};

/// The name of the newtypes by which our serializer and deserializer know that a [`Body`] is meant.
pub(super) const STRUCTURE: &str = "packstream::Structure";
/// The same for the 16 bytes of a UUID.
pub(super) const UUID: &str = "packstream::Uuid";

/// A structure with the tag `TAG`, whose fields are those of `T` in their order.
///
/// `T` may be a struct, a tuple, a newtype (one field), a unit struct (none), or a list. In the formats of other crates this is a struct of two
/// fields: `tag`, a number, and `fields`, the `T`.
///
/// serde can put it into any other type, buffers of untagged and internally tagged enums included, but for a newtype or unit `T` in
/// such a buffer.
///
/// ```
/// use packstream::serde::{Structure, from_slice, to_vec};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Point2D {
///     srid: i64,
///     x: f64,
///     y: f64,
/// }
///
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// let point = Structure::<b'X', _>(Point2D { srid: 7203, x: 1.0, y: 2.0 });
/// let bytes = to_vec(&point)?;
/// assert_eq!(bytes[..5], *b"\xB3X\xC9\x1C\x23");
/// assert_eq!(from_slice::<Structure<b'X', Point2D>>(&bytes)?, point);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a newtype that is made by naming it")]
pub struct Structure<const TAG: u8, T>(pub T);

impl<const TAG: u8, T: Serialize> Serialize for Structure<TAG, T> {
    #[inline]
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Tagged::<TAG>::serialize(&self.0, serializer)
    }
}

impl<'de, const TAG: u8, T: Deserialize<'de>> Deserialize<'de> for Structure<TAG, T> {
    #[inline]
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Tagged::<TAG>::deserialize(deserializer).map(Self)
    }
}

/// What [`Structure`] does, for fields of other types: `#[serde(with = "Tagged::<b'X'>")]`.
///
/// ```
/// use packstream::serde::{Tagged, to_vec};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct City {
///     #[serde(with = "Tagged::<b'X'>")]
///     location: (i64, f64, f64),
/// }
///
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// assert!(to_vec(&City { location: (7203, 1.0, 2.0) })?.starts_with(b"\xA1\x88location\xB3X"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no values of this type")]
pub enum Tagged<const TAG: u8> {}

impl<const TAG: u8> Tagged<TAG> {
    /// Writes the fields of `value` as a structure.
    ///
    /// # Errors
    ///
    /// What `serializer` says.
    #[inline]
    pub fn serialize<T: Serialize + ?Sized, S: ::serde::Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(STRUCTURE, &Parts { tag: TAG, fields: value })
    }

    /// Reads the fields of a structure into a `T`.
    ///
    /// # Errors
    ///
    /// If it is another structure, or its fields are no `T`.
    #[inline]
    pub fn deserialize<'de, T: Deserialize<'de>, D: ::serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let visitor = StructureVisitor { expected: Some(TAG), fields: PhantomData };
        deserializer.deserialize_newtype_struct(STRUCTURE, visitor).map(|(_, fields)| fields)
    }
}

/// A structure as serde sees it.
pub(super) struct Parts<'v, T: ?Sized> {
    pub(super) tag: u8,
    pub(super) fields: &'v T,
}

impl<T: Serialize + ?Sized> Serialize for Parts<'_, T> {
    #[inline]
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_struct("Structure", 2)?;
        parts.serialize_field("tag", &self.tag)?;
        parts.serialize_field("fields", self.fields)?;
        parts.end()
    }
}

/// Reads [`Parts`]: first as the newtype that tells our deserializer what is meant, then as the struct in it.
pub(super) struct StructureVisitor<T> {
    /// The tag that the structure must have.
    pub(super) expected: Option<u8>,
    pub(super) fields: PhantomData<fn() -> T>,
}

impl<'de, T: Deserialize<'de>> StructureVisitor<T> {
    #[inline]
    fn check<E: de::Error>(&self, tag: u8) -> Result<(), E> {
        if self.expected.is_none_or(|expected| expected == tag) {
            Ok(())
        } else {
            Err(E::invalid_value(Unexpected::Other(&format!("tag 0x{tag:02X}")), self))
        }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for StructureVisitor<T> {
    type Value = (u8, T);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expected {
            Some(tag) => write!(f, "a structure with tag 0x{tag:02X}"),
            None => f.write_str("a structure"),
        }
    }

    #[inline]
    fn visit_newtype_struct<D: ::serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_struct("Structure", &["tag", "fields"], self)
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let Some(Tag(tag)) = parts.next_element()? else {
            return Err(de::Error::invalid_length(0, &"a tag and fields"));
        };
        self.check(tag)?;
        match parts.next_element()? {
            Some(fields) => Ok((tag, fields)),
            None => Err(de::Error::invalid_length(1, &"a tag and fields")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let (mut tag, mut fields) = (None, None);
        while let Some(part) = parts.next_key()? {
            match part {
                Part::Tag => tag = Some(parts.next_value::<Tag>()?.0),
                Part::Fields => fields = Some(parts.next_value()?),
            }
        }
        let tag = tag.ok_or_else(|| de::Error::missing_field("tag"))?;
        self.check(tag)?;
        Ok((tag, fields.ok_or_else(|| de::Error::missing_field("fields"))?))
    }
}

/// A tag, which is unsigned: so no list or map from our own deserializer, whose integers are signed, is taken for a structure where
/// serde has buffered it.
struct Tag(u8);

impl<'de> Deserialize<'de> for Tag {
    #[inline]
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u8(TagVisitor)
    }
}

struct TagVisitor;

impl Visitor<'_> for TagVisitor {
    type Value = Tag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tag of a structure")
    }

    #[inline]
    fn visit_u8<E: de::Error>(self, tag: u8) -> Result<Tag, E> {
        Ok(Tag(tag))
    }

    fn visit_u64<E: de::Error>(self, tag: u64) -> Result<Tag, E> {
        u8::try_from(tag).map(Tag).map_err(|_| E::invalid_value(Unexpected::Unsigned(tag), &self))
    }
}

enum Part {
    Tag,
    Fields,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor;

        impl Visitor<'_> for PartVisitor {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`tag` or `fields`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Part, E> {
                match name {
                    "tag" => Ok(Part::Tag),
                    "fields" => Ok(Part::Fields),
                    _ => Err(E::unknown_field(name, &["tag", "fields"])),
                }
            }
        }

        deserializer.deserialize_identifier(PartVisitor)
    }
}

/// A structure that is being read: hands out its tag, then its fields.
pub(super) struct Body<'d, 'de> {
    pub(super) de: &'d mut Deserializer<'de>,
    pub(super) tag: u8,
    pub(super) start: usize,
    /// What is owed when all fields are read.
    pub(super) floor: usize,
}

impl<'de> de::Deserializer<'de> for Body<'_, 'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(BodyParts { body: self, next: 0 })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.de.skip_to(self.floor)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

struct BodyParts<'d, 'de> {
    body: Body<'d, 'de>,
    next: u8,
}

impl<'de> SeqAccess<'de> for BodyParts<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.next += 1;
        match self.next {
            1 => {
                let tag: U8Deserializer<Error> = self.body.tag.into_deserializer();
                seed.deserialize(tag).map(Some)
            }
            2 => {
                let Body { start, floor, .. } = self.body;
                seed.deserialize(Fields { de: self.body.de, start, floor }).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(2_usize.saturating_sub(self.next.into()))
    }
}

/// The fields of a structure, as whatever has parts in an order.
struct Fields<'d, 'de> {
    de: &'d mut Deserializer<'de>,
    start: usize,
    floor: usize,
}

impl Fields<'_, '_> {
    #[inline]
    fn expect(&self, expected: usize) -> Result<(), Error> {
        let found = self.de.owed.saturating_sub(self.floor);
        if found == expected {
            Ok(())
        } else {
            Err(DecodeError::new(self.start, Kind::WrongLength { expected, found }).into())
        }
    }
}

impl<'de> de::Deserializer<'de> for Fields<'_, 'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { de: self.de, floor: self.floor })
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(1, visitor)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.expect(0)?;
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.expect(len)?;
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.de.skip_to(self.floor)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        seq map struct enum identifier
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
