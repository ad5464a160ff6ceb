//! [`Value`], a tree that holds whatever PackStream can.

mod convert;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{
    Buffer, Build, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Limits, Map, Str, Structure, Token,
    build, build_items,
};

/// A value of any type, owned. It takes 24 bytes, and each list, map, structure, byte array and long string memory of its own.
///
/// Values are equal when they have the same type and content. Floats compare as [`f64`]s do: NaN is unequal to itself, and zero is
/// equal to negative zero; both keep their bits when they are read and written.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Null, the default.
    #[default]
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A byte array.
    Bytes(Box<[u8]>),
    /// A string.
    String(Str),
    /// A list.
    List(Box<[Self]>),
    /// A map.
    Map(Map),
    /// A structure.
    Structure(Structure),
    /// A UUID, big-endian.
    Uuid([u8; 16]),
}

impl Value {
    /// Tells whether this is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the boolean if this is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    /// Returns the integer if this is one.
    #[must_use]
    pub const fn as_i64(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// Returns the float if this is one; an integer is none.
    #[must_use]
    pub const fn as_f64(&self) -> Option<f64> {
        if let Self::Float(value) = self { Some(*value) } else { None }
    }

    /// Returns the byte array if this is one.
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(value) = self { Some(value) } else { None }
    }

    /// Returns the string if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(value) = self { Some(value) } else { None }
    }

    /// Returns the items if this is a list.
    #[must_use]
    pub const fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Returns the map if this is one.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    /// Returns the structure if this is one.
    #[must_use]
    pub const fn as_structure(&self) -> Option<&Structure> {
        if let Self::Structure(value) = self { Some(value) } else { None }
    }

    /// Returns the UUID if this is one.
    #[must_use]
    pub const fn as_uuid(&self) -> Option<[u8; 16]> {
        if let Self::Uuid(value) = self { Some(*value) } else { None }
    }
}

impl Build for Value {
    #[inline(always)]
    fn scalar(token: Token<'_>) -> Self {
        match token {
            Token::Null | Token::List(_) | Token::Map(_) | Token::Structure { .. } => Self::Null,
            Token::Boolean(value) => Self::Boolean(value),
            Token::Integer(value) => Self::Integer(value),
            Token::Float(value) => Self::Float(value),
            Token::Bytes(value) => Self::Bytes(value.into()),
            Token::String(value) => Self::String(value.into()),
            Token::Uuid(value) => Self::Uuid(*value),
        }
    }

    #[inline]
    fn list(items: Vec<Self>) -> Self {
        Self::List(items.into_boxed_slice())
    }

    #[inline]
    fn map(entries: Map) -> Self {
        Self::Map(entries)
    }

    #[inline]
    fn structure(structure: Structure) -> Self {
        Self::Structure(structure)
    }

    fn as_integer(&self) -> Option<i64> {
        self.as_i64()
    }
}

/// Within the default [`Limits`]; for others use [`build`].
impl<'a> Decode<'a> for Value {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        build(decoder, Limits::DEFAULT)
    }

    #[inline]
    fn decode_items(decoder: &mut Decoder<'a>, len: usize) -> Result<Vec<Self>, DecodeError> {
        build_items(decoder, len, Limits::DEFAULT)
    }
}

impl Encode for Value {
    #[inline(always)]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        match self {
            Self::Null => encoder.null(),
            Self::Boolean(value) => encoder.boolean(*value),
            Self::Integer(value) => encoder.integer(*value),
            Self::Float(value) => encoder.float(*value),
            Self::Uuid(value) => encoder.uuid(*value),
            Self::String(value) => return encoder.string(value),
            Self::Bytes(value) => return encoder.bytes(value),
            Self::List(_) | Self::Map(_) | Self::Structure(_) => return encode_container(self, encoder),
        }
        Ok(())
    }
}

/// Apart, so that all else is written in the loop of the container around it.
#[inline(never)]
fn encode_container<B: Buffer>(value: &Value, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
    match value {
        Value::List(items) => items.encode(encoder),
        Value::Map(entries) => entries.encode(encoder),
        Value::Structure(value) => value.encode(encoder),
        _ => Ok(()), // the rest is written before it comes here
    }
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Value>() == 24);
    assert!(size_of::<Option<Value>>() == 24);
};
