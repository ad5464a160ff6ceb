//! Bolt's structures: graph, temporal and spatial values, vectors, and what else is more than PackStream knows.
//!
//! Each holds exactly the components that go over the wire. Reading is tolerant of versions: what an older server sends in
//! another layout becomes the same type. Writing uses the newest layout.

mod graph;
pub(crate) mod legacy;
mod spatial;
mod temporal;
mod vector;

use core::fmt;

use packstream::{Buffer, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, TagSet};

use crate::value::Value;
use crate::version::Version;

pub use graph::{
    Node, NodeRef, Path, PathError, PathRef, Relationship, RelationshipRef, Segment, UnboundRelationship,
    UnboundRelationshipRef,
};
pub use spatial::Point;
pub use temporal::{Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Time};
pub use vector::{ElementType, Vector, VectorElement, VectorError};

/// The tags of Bolt's structures ("Structure Semantics" in the Bolt specification).
pub mod tag {
    /// Node.
    pub const NODE: u8 = b'N';
    /// Relationship.
    pub const RELATIONSHIP: u8 = b'R';
    /// Relationship without its nodes, as it stands in a path.
    pub const UNBOUND_RELATIONSHIP: u8 = b'r';
    /// Path.
    pub const PATH: u8 = b'P';
    /// Date.
    pub const DATE: u8 = b'D';
    /// Time with an offset from UTC.
    pub const TIME: u8 = b'T';
    /// Time without a zone.
    pub const LOCAL_TIME: u8 = b't';
    /// Instant with an offset from UTC, in seconds of UTC.
    pub const DATE_TIME: u8 = b'I';
    /// Instant with a named time zone, in seconds of UTC.
    pub const DATE_TIME_ZONE_ID: u8 = b'i';
    /// Instant with an offset, in seconds of local time: before Bolt 5.0.
    pub const LEGACY_DATE_TIME: u8 = b'F';
    /// Instant with a named time zone, in seconds of local time: before Bolt 5.0.
    pub const LEGACY_DATE_TIME_ZONE_ID: u8 = b'f';
    /// Date and time without a zone.
    pub const LOCAL_DATE_TIME: u8 = b'd';
    /// Duration.
    pub const DURATION: u8 = b'E';
    /// Point in the plane.
    pub const POINT_2D: u8 = b'X';
    /// Point in space.
    pub const POINT_3D: u8 = b'Y';
    /// Vector (from Bolt 6.0).
    pub const VECTOR: u8 = b'V';
    /// Stand-in for a value of a type that the negotiated version lacks (from Bolt 6.0).
    pub const UNSUPPORTED_TYPE: u8 = b'?';
}

/// Names a type in `tags` that servers send but do not take, if there is one.
pub(crate) fn receive_only(tags: &TagSet) -> Option<&'static str> {
    [
        (tag::NODE, "Node"),
        (tag::RELATIONSHIP, "Relationship"),
        (tag::UNBOUND_RELATIONSHIP, "UnboundRelationship"),
        (tag::PATH, "Path"),
        (tag::UNSUPPORTED_TYPE, "UnsupportedType"),
    ]
    .into_iter()
    .find_map(|(tag, name)| tags.contains(tag).then_some(name))
}

/// Turns a structure's fields into the value they stand for, or gives them back when they have not that structure's shape.
pub(crate) fn recognize(tag: u8, fields: Vec<Value>) -> Result<Value, Vec<Value>> {
    match tag {
        tag::NODE => graph::node(fields).map(|node| Value::Node(node.into())),
        tag::RELATIONSHIP => graph::relationship(fields).map(|it| Value::Relationship(it.into())),
        tag::PATH => graph::path(fields).map(|path| Value::Path(path.into())),
        tag::VECTOR => vector::vector(fields).map(|vector| Value::Vector(vector.into())),
        tag::UNSUPPORTED_TYPE => unsupported(fields).map(|it| Value::UnsupportedType(it.into())),
        _ => spatial::recognize(tag, &fields).or_else(|| temporal::recognize(tag, &fields)).ok_or(fields),
    }
}

/// Reads the header of the structure `expected`, which `accepts` knows by tag and number of fields.
fn header(
    decoder: &mut Decoder<'_>,
    expected: &'static str,
    accepts: impl FnOnce(u8, usize) -> bool,
) -> Result<(u8, usize), DecodeError> {
    let start = decoder.clone();
    let (tag, fields) = decoder.structure_header()?;
    if accepts(tag, fields) {
        return Ok((tag, fields));
    }
    let fields = fields as u8; // at most 15
    Err(start.error(DecodeErrorKind::ExpectedStructure { expected, tag, fields }))
}

/// A UUID (from Bolt 6.1), big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a newtype that is made by naming it")]
pub struct Uuid(pub [u8; 16]);

impl fmt::Display for Uuid {
    /// Writes the 32 digits in five groups.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Encode for Uuid {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.uuid(self.0);
        Ok(())
    }
}

impl<'a> Decode<'a> for Uuid {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        decoder.uuid().map(Self)
    }
}

/// What a server sends in place of a value whose type the negotiated version lacks (from Bolt 6.0). Servers do not take it back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the structure's fields")]
pub struct UnsupportedType {
    /// The name of the type, such as `UUID`.
    pub name: Box<str>,
    /// The first version of the protocol that has the type.
    pub minimum_protocol_version: Version,
    /// What the server says about it.
    pub message: Option<Box<str>>,
}

fn unsupported(mut fields: Vec<Value>) -> Result<UnsupportedType, Vec<Value>> {
    let [Value::String(name), Value::Integer(major), Value::Integer(minor), Value::Map(extra)] = fields.as_mut_slice()
    else {
        return Err(fields);
    };
    let (Ok(major), Ok(minor)) = (u8::try_from(*major), u8::try_from(*minor)) else {
        return Err(fields);
    };
    Ok(UnsupportedType {
        name: core::mem::take(name),
        minimum_protocol_version: Version { major, minor },
        message: extra.get("message").and_then(Value::as_str).map(Box::from),
    })
}

impl Encode for UnsupportedType {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::UNSUPPORTED_TYPE, 4)?;
        encoder.string(&self.name)?;
        encoder.encode(&self.minimum_protocol_version.major)?;
        encoder.encode(&self.minimum_protocol_version.minor)?;
        encoder.map_header(usize::from(self.message.is_some()))?;
        if let Some(message) = &self.message {
            encoder.string("message")?;
            encoder.string(message)?;
        }
        Ok(())
    }
}

impl<'a> Decode<'a> for UnsupportedType {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        header(decoder, "UnsupportedType", |tag, fields| (tag, fields) == (tag::UNSUPPORTED_TYPE, 4))?;
        let name = decoder.decode()?;
        let minimum_protocol_version = Version { major: decoder.decode()?, minor: decoder.decode()? };
        let extra: packstream::MapRef<'_> = decoder.decode()?;
        Ok(Self { name, minimum_protocol_version, message: extra.get("message")? })
    }
}

#[cfg(test)]
mod tests;
