//! [`Value`], a tree that holds whatever PackStream can.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{
    Buffer, Build, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Limits, Map, Token,
    build,
};

/// A value of any type, owned. It takes 24 bytes, and its content memory of its own.
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
    String(Box<str>),
    /// A list.
    List(Box<[Self]>),
    /// A map.
    Map(Map),
    /// A structure.
    Structure(Box<Structure>),
    /// A UUID, big-endian.
    Uuid([u8; 16]),
}

/// A structure whose meaning is not PackStream's business.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a structure has no more parts")]
pub struct Structure<V = Value> {
    /// What the structure is.
    pub tag: u8,
    /// Its parts, at most 15.
    pub fields: Box<[V]>,
}

impl<V: Encode> Encode for Structure<V> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(self.tag, self.fields.len())?;
        self.fields.iter().try_for_each(|field| field.encode(encoder))
    }
}

impl Build for Value {
    #[inline]
    fn scalar(token: Token<'_>) -> Self {
        match token {
            Token::Null | Token::List(_) | Token::Map(_) | Token::Structure { .. } => Self::Null,
            Token::Boolean(value) => Self::Boolean(value),
            Token::Integer(value) => Self::Integer(value),
            Token::Float(value) => Self::Float(value),
            Token::Bytes(value) => Self::Bytes(value.into()),
            Token::String(value) => Self::String(value.into()),
            Token::Uuid(value) => Self::Uuid(value),
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

    fn structure(tag: u8, fields: Vec<Self>) -> Result<Self, DecodeErrorKind> {
        Ok(Self::Structure(Box::new(Structure { tag, fields: fields.into_boxed_slice() })))
    }
}

/// Within the default [`Limits`]; for others use [`build`].
impl<'a> Decode<'a> for Value {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        build(decoder, Limits::default())
    }
}

impl Encode for Value {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        match self {
            Self::Null => encoder.null(),
            Self::Boolean(value) => encoder.boolean(*value),
            Self::Integer(value) => encoder.integer(*value),
            Self::Float(value) => encoder.float(*value),
            Self::Bytes(value) => return encoder.bytes(value),
            Self::String(value) => return encoder.string(value),
            Self::List(items) if items.is_empty() => return items.encode(encoder),
            Self::List(items) => return encoder.nested(|encoder| items.encode(encoder)),
            Self::Map(entries) if entries.is_empty() => return entries.encode(encoder),
            Self::Map(entries) => return encoder.nested(|encoder| entries.encode(encoder)),
            Self::Structure(value) if value.fields.is_empty() => return value.encode(encoder),
            Self::Structure(value) => return encoder.nested(|encoder| value.encode(encoder)),
            Self::Uuid(value) => encoder.uuid(*value),
        }
        Ok(())
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Boolean;
    i64 => Integer;
    f64 => Float;
    &str => String;
    String => String;
    Vec<Value> => List;
    Map => Map;
}
