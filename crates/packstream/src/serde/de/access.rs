//! What visitors are handed: the items of a list, the entries of a map, a variant of an enum.

use ::serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use ::serde::forward_to_deserialize_any;

use super::{Deserializer, Purpose, Result, place};
use crate::Type;
use crate::decode::read;
use crate::serde::Error;

/// The items of a list, or the fields of a structure.
pub(in crate::serde) struct Items<'d, 'de> {
    pub(in crate::serde) de: &'d mut Deserializer<'de>,
    /// What is owed when all are read.
    pub(in crate::serde) floor: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.de.owed <= self.floor {
            return Ok(None);
        }
        self.de.owed -= 1;
        seed.deserialize(&mut *self.de).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.de.owed.saturating_sub(self.floor))
    }
}

/// The entries of a map.
pub(in crate::serde) struct Entries<'d, 'de> {
    pub(in crate::serde) de: &'d mut Deserializer<'de>,
    /// What is owed when all are read.
    pub(in crate::serde) floor: usize,
    pub(in crate::serde) purpose: Purpose,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        self.de.skip_overwritten()?;
        // Types that go on after an error can make less of it than there should be.
        if self.de.owed < self.floor + 2 {
            return Ok(None);
        }
        // The key and its value.
        self.de.owed -= 2;
        seed.deserialize(Key { de: self.de, floor: Some(self.floor), purpose: self.purpose }).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        seed.deserialize(&mut *self.de)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.de.owed.saturating_sub(self.floor) / 2)
    }
}

/// The key of an entry, or the name of a variant. Always a string.
pub(super) struct Key<'d, 'de> {
    pub(super) de: &'d mut Deserializer<'de>,
    /// What is owed when the map is read, if this is a key.
    pub(super) floor: Option<usize>,
    pub(super) purpose: Purpose,
}

impl<'de> Key<'_, 'de> {
    /// A key that is asked for as an identifier, where a map was asked for, belongs to a struct with a flattened field. Its type refuses
    /// a key that occurs twice, or buffers both.
    #[cold]
    fn skip_overwritten(&mut self, floor: usize) -> Result<()> {
        let entries = self.de.owed.saturating_sub(floor) / 2;
        self.de.find_overwritten(entries + 1);
        // The last of equal keys is never skipped, so there is a key behind those that are.
        self.de.skip_overwritten()
    }
}

impl<'de> de::Deserializer<'de> for Key<'_, 'de> {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.de.decoder.offset();
        let Some(key) = self.de.decoder.take(read::string) else {
            return Err(self.de.decoder.why(Type::String).into());
        };
        self.de.check_size(Type::String, start, key.len())?;
        let mut value = visitor.visit_borrowed_str(key);
        place(&mut value, start);
        value
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        if self.purpose != Purpose::Struct || self.de.thorough {
            if let (Purpose::Map, Some(floor)) = (self.purpose, self.floor) {
                self.skip_overwritten(floor)?;
            }
            return self.deserialize_any(visitor);
        }
        let start = self.de.decoder.offset();
        let Some(key) = self.de.decoder.take(read::string_bytes) else {
            return Err(self.de.decoder.why(Type::String).into());
        };
        self.de.check_size(Type::String, start, key.len())?;
        let mut value = visitor.visit_borrowed_bytes(key);
        place(&mut value, start);
        value
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.de.decoder.string_bytes()?)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.de.decoder.string_bytes()?;
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(Enum { de: self.de, has_content: false })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        unit unit_struct seq tuple tuple_struct map struct
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A variant of an enum: its name, and its content if it is the entry of a map.
pub(super) struct Enum<'d, 'de> {
    pub(super) de: &'d mut Deserializer<'de>,
    pub(super) has_content: bool,
}

impl<'de> EnumAccess<'de> for Enum<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        if self.has_content {
            self.de.owed -= 2;
        }
        let name = seed.deserialize(Key { de: self.de, floor: None, purpose: Purpose::Struct })?;
        Ok((name, self))
    }
}

impl<'de> Enum<'_, 'de> {
    #[inline]
    fn expect_content(&self, expected: &'static str) -> Result<()> {
        if self.has_content {
            Ok(())
        } else {
            Err(<Error as de::Error>::invalid_type(Unexpected::UnitVariant, &expected))
        }
    }
}

impl<'de> VariantAccess<'de> for Enum<'_, 'de> {
    type Error = Error;

    #[inline]
    fn unit_variant(self) -> Result<()> {
        if self.has_content { Ok(self.de.decoder.null()?) } else { Ok(()) }
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        self.expect_content("newtype variant")?;
        seed.deserialize(self.de)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.expect_content("tuple variant")?;
        de::Deserializer::deserialize_tuple(self.de, len, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.expect_content("struct variant")?;
        de::Deserializer::deserialize_struct(self.de, "", fields, visitor)
    }
}
