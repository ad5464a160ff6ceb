//! [`Value`], [`Map`] and [`Structure`](crate::Structure) in serde's terms.

use ::serde::de::{self, MapAccess, SeqAccess, Unexpected, Visitor};
use ::serde::ser::SerializeMap;
use ::serde::{Deserialize, Serialize};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::Uuid;
use super::structure::{Parts, STRUCTURE, StructureVisitor};
use crate::{Build, Map, Str, Structure, Value};

/// How many values are set aside at once for a declared length. The lengths that our deserializer declares hold, those of others may
/// not.
const AT_ONCE: usize = 1024;

impl Serialize for Value {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Bytes(value) => serializer.serialize_bytes(value),
            Self::String(value) => serializer.serialize_str(value),
            Self::List(items) => items.serialize(serializer),
            Self::Map(entries) => entries.serialize(serializer),
            Self::Structure(value) => value.serialize(serializer),
            Self::Uuid(value) => Uuid(*value).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value of PackStream")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: ::serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => Ok(Value::Integer(value)),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(value.into()))
    }

    fn visit_byte_buf<E: de::Error>(self, value: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(value.into()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value, A::Error> {
        items_of(items).map(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Value, A::Error> {
        MapVisitor(PhantomData).visit_map(entries).map(Value::Map)
    }

    /// A structure or UUID of our own deserializer's, or any newtype of another's.
    fn visit_newtype_struct<D: ::serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(NewtypeVisitor)
    }
}

/// Tells structures and UUIDs apart by what lies in the newtype.
struct NewtypeVisitor;

impl<'de> Visitor<'de> for NewtypeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a structure or a UUID")
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Value, E> {
        match value.try_into() {
            Ok(uuid) => Ok(Value::Uuid(uuid)),
            Err(_) => Err(E::invalid_length(value.len(), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Value, A::Error> {
        let (tag, fields) = StructureVisitor { expected: None, fields: PhantomData }.visit_seq(parts)?;
        Ok(Value::Structure(structure(tag, fields)))
    }
}

fn items_of<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(mut access: A) -> Result<Box<[T]>, A::Error> {
    let mut items = Vec::with_capacity(access.size_hint().unwrap_or(0).min(AT_ONCE));
    while let Some(item) = access.next_element()? {
        items.push(item);
    }
    Ok(items.into())
}

impl<V: Serialize> Serialize for Map<V> {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

struct MapVisitor<V>(PhantomData<fn() -> V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = Map<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Map<V>, A::Error> {
        let mut entries: Vec<(Str, V)> = Vec::with_capacity(access.size_hint().unwrap_or(0).min(AT_ONCE));
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Map::from(entries))
    }
}

/// In the formats of other crates this is a struct of two fields: `tag`, a number, and `fields`, a list.
impl<V: Build + Serialize> Serialize for Structure<V> {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(STRUCTURE, &Parts { tag: self.tag(), fields: self.fields() })
    }
}

impl<'de, V: Build + Deserialize<'de>> Deserialize<'de> for Structure<V> {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = StructureVisitor { expected: None, fields: PhantomData };
        let (tag, fields) = deserializer.deserialize_newtype_struct(STRUCTURE, visitor)?;
        Ok(structure(tag, fields))
    }
}

fn structure<V: Build>(tag: u8, fields: Vec<V>) -> Structure<V> {
    Structure::new(tag, fields)
}

impl Serialize for Str {
    fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Str {
    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(StrVisitor)
    }
}

struct StrVisitor;

impl Visitor<'_> for StrVisitor {
    type Value = Str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Str, E> {
        Ok(value.into())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Str, E> {
        Ok(value.into())
    }
}
