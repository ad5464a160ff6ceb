//! [`Value`], a tree that holds whatever Bolt can carry.

mod convert;

use packstream::{
    Buffer, Build, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Limits, Token, build,
};

use crate::structure::{
    self, Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Node, Path, Point, Relationship, Time,
    UnsupportedType, Uuid, Vector,
};

pub use packstream::Structure;

/// A map from strings to values, in the order in which its entries were read or given.
pub type Map = packstream::Map<Value>;

/// A value of any of Cypher's types, owned. It takes 24 bytes, and its content memory of its own.
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
    /// A node. Servers send it and do not take it.
    Node(Box<Node>),
    /// A relationship. Servers send it and do not take it.
    Relationship(Box<Relationship>),
    /// A path. Servers send it and do not take it.
    Path(Box<Path>),
    /// A date.
    Date(Date),
    /// A time of day with an offset from UTC.
    Time(Time),
    /// A time of day.
    LocalTime(LocalTime),
    /// An instant with an offset from UTC.
    DateTime(DateTime),
    /// An instant with a named time zone.
    DateTimeZoneId(Box<DateTimeZoneId>),
    /// A date and a time of day.
    LocalDateTime(LocalDateTime),
    /// A duration.
    Duration(Box<Duration>),
    /// A point in the plane or in space.
    Point(Box<Point>),
    /// A vector (from Bolt 6.0).
    Vector(Box<Vector>),
    /// A UUID (from Bolt 6.1).
    Uuid(Uuid),
    /// A stand-in for a value of a type that the negotiated version lacks. Servers send it and do not take it.
    UnsupportedType(Box<UnsupportedType>),
    /// A structure that is none of the above: its tag is not known, or its fields are not those that belong to the tag.
    Structure(Box<Structure<Self>>),
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
    pub const fn as_str(&self) -> Option<&str> {
        if let Self::String(value) = self { Some(value) } else { None }
    }

    /// Returns the items if this is a list.
    #[must_use]
    pub const fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(value) = self { Some(value) } else { None }
    }

    /// Returns the map if this is one.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        if let Self::Map(value) = self { Some(value) } else { None }
    }

    /// Returns the node if this is one.
    #[must_use]
    pub const fn as_node(&self) -> Option<&Node> {
        if let Self::Node(value) = self { Some(value) } else { None }
    }

    /// Returns the relationship if this is one.
    #[must_use]
    pub const fn as_relationship(&self) -> Option<&Relationship> {
        if let Self::Relationship(value) = self { Some(value) } else { None }
    }

    /// Returns the path if this is one.
    #[must_use]
    pub const fn as_path(&self) -> Option<&Path> {
        if let Self::Path(value) = self { Some(value) } else { None }
    }
}

impl Build for Value {
    #[inline]
    fn scalar(token: Token<'_>) -> Self {
        match token {
            Token::Boolean(value) => Self::Boolean(value),
            Token::Integer(value) => Self::Integer(value),
            Token::Float(value) => Self::Float(value),
            Token::Bytes(value) => Self::Bytes(value.into()),
            Token::String(value) => Self::String(value.into()),
            Token::Uuid(value) => Self::Uuid(Uuid(value)),
            // What is left is null; containers do not come here.
            _ => Self::Null,
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
        Ok(structure::recognize(tag, fields)
            .unwrap_or_else(|fields| Self::Structure(Structure { tag, fields: fields.into() }.into())))
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
            Self::Node(value) => return encoder.nested(|encoder| value.encode(encoder)),
            Self::Relationship(value) => return encoder.nested(|encoder| value.encode(encoder)),
            Self::Path(value) => return encoder.nested(|encoder| value.encode(encoder)),
            Self::Date(value) => return value.encode(encoder),
            Self::Time(value) => return value.encode(encoder),
            Self::LocalTime(value) => return value.encode(encoder),
            Self::DateTime(value) => return value.encode(encoder),
            Self::DateTimeZoneId(value) => return value.encode(encoder),
            Self::LocalDateTime(value) => return value.encode(encoder),
            Self::Duration(value) => return value.encode(encoder),
            Self::Point(value) => return value.encode(encoder),
            Self::Vector(value) => return value.encode(encoder),
            Self::Uuid(value) => return value.encode(encoder),
            Self::UnsupportedType(value) => return value.encode(encoder),
            Self::Structure(value) if value.fields.is_empty() => return value.encode(encoder),
            Self::Structure(value) => return encoder.nested(|encoder| value.encode(encoder)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
