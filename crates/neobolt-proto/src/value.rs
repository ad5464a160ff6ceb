//! [`Value`], a tree that holds whatever Bolt can carry.

mod convert;

use packstream::{
    Buffer, Build, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Limits, Token, build, build_items,
};

use crate::structure::{
    self, Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Node, Path, Point, Relationship, Time,
    UnsupportedType, Uuid, Vector,
};

pub use packstream::Str;

/// A map from strings to values, in the order in which its entries were read or given.
pub type Map = packstream::Map<Value>;

/// A structure that is none of Bolt's types.
pub type Structure = packstream::Structure<Value>;

/// A value of any of Cypher's types, owned. It takes 24 bytes, and each list, map, structure, byte array and long string memory of its own.
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
    /// A structure that is none of the above: its tag is not known, its fields are not those that belong to the tag, or it is a part
    /// of the graph in a property of another, where Cypher has no place for it.
    Structure(Structure),
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

    /// Returns the structure if this is one that is none of Bolt's types.
    #[must_use]
    pub const fn as_structure(&self) -> Option<&Structure> {
        if let Self::Structure(value) = self { Some(value) } else { None }
    }

    /// Returns the UUID if this is one.
    #[must_use]
    pub const fn as_uuid(&self) -> Option<Uuid> {
        if let Self::Uuid(value) = self { Some(*value) } else { None }
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
    #[inline(always)]
    fn scalar(token: Token<'_>) -> Self {
        match token {
            Token::Boolean(value) => Self::Boolean(value),
            Token::Integer(value) => Self::Integer(value),
            Token::Float(value) => Self::Float(value),
            Token::Bytes(value) => Self::Bytes(value.into()),
            Token::String(value) => Self::String(value.into()),
            Token::Uuid(value) => Self::Uuid(Uuid(*value)),
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

    #[inline]
    fn structure(structure: Structure) -> Self {
        Self::Structure(structure)
    }

    fn as_integer(&self) -> Option<i64> {
        self.as_i64()
    }

    fn recognize(
        tag: u8,
        decoder: &mut Decoder<'_>,
        limits: Limits,
        inside: bool,
    ) -> Result<Option<Self>, DecodeError> {
        structure::recognize(tag, decoder, limits, inside)
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
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        match self {
            Self::Null => encoder.null(),
            Self::Boolean(value) => encoder.boolean(*value),
            Self::Integer(value) => encoder.integer(*value),
            Self::Float(value) => encoder.float(*value),
            Self::Bytes(value) => return encoder.bytes(value),
            Self::String(value) => return encoder.string(value),
            Self::List(items) => return items.encode(encoder),
            Self::Map(entries) => return entries.encode(encoder),
            Self::Node(value) => return value.encode(encoder),
            Self::Relationship(value) => return value.encode(encoder),
            Self::Path(value) => return value.encode(encoder),
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
            Self::Structure(value) => return value.encode(encoder),
        }
        Ok(())
    }
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Value>() == 24);
    assert!(size_of::<Option<Value>>() == 24);
};

#[cfg(test)]
mod tests;
