//! Bolt's structures: graph, temporal and spatial values, vectors, and what else is more than PackStream knows.
//!
//! Each holds exactly the components that go over the wire. Reading is tolerant of versions: what an older server sends in
//! another layout becomes the same type. Writing uses the newest layout.

mod graph;
pub(crate) mod legacy;
mod spatial;
pub mod table;
mod temporal;
mod vector;

use core::fmt;

use packstream::{
    Buffer, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Limits, Str, build_map,
};

use crate::value::Value;
use crate::version::Version;

pub use graph::{
    Node, NodeRef, Path, PathError, PathRef, Relationship, RelationshipRef, Segment, UnboundRelationship,
    UnboundRelationshipRef,
};
pub use spatial::Point;
pub(crate) use table::{refused, unknown};
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

/// Reads a structure into the value that it stands for; `None` if its tag is not among those that can be recognized here.
///
/// Parts of the graph are not looked for inside of others: their properties are values, and so nothing recurses. What else there is
/// holds no structures.
pub(crate) fn recognize(
    tag: u8,
    decoder: &mut Decoder<'_>,
    limits: Limits,
    inside: bool,
) -> Result<Option<Value>, DecodeError> {
    Ok(Some(match tag {
        tag::NODE if !inside => Value::Node(Box::new(Node::read(decoder, limits)?)),
        tag::RELATIONSHIP if !inside => Value::Relationship(Box::new(Relationship::read(decoder, limits)?)),
        tag::PATH if !inside => Value::Path(Box::new(Path::read(decoder, limits)?)),
        tag::DATE => Value::Date(decoder.decode()?),
        tag::TIME => Value::Time(decoder.decode()?),
        tag::LOCAL_TIME => Value::LocalTime(decoder.decode()?),
        tag::DATE_TIME | tag::LEGACY_DATE_TIME => Value::DateTime(decoder.decode()?),
        tag::DATE_TIME_ZONE_ID | tag::LEGACY_DATE_TIME_ZONE_ID => Value::DateTimeZoneId(decoder.decode()?),
        tag::LOCAL_DATE_TIME => Value::LocalDateTime(decoder.decode()?),
        tag::DURATION => Value::Duration(decoder.decode()?),
        tag::POINT_2D | tag::POINT_3D => Value::Point(decoder.decode()?),
        tag::VECTOR => Value::Vector(decoder.decode()?),
        tag::UNSUPPORTED_TYPE => Value::UnsupportedType(Box::new(UnsupportedType::read(decoder, limits)?)),
        _ => return Ok(None),
    }))
}

/// Returns the limits for what lies in a container that is not empty.
fn inner(limits: Limits) -> Limits {
    limits.with_depth(limits.depth().saturating_sub(1))
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
    pub name: Str,
    /// The first version of the protocol that has the type.
    pub minimum_protocol_version: Version,
    /// What the server says about it.
    pub message: Option<Str>,
}

impl Encode for UnsupportedType {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure(tag::UNSUPPORTED_TYPE, 4, |fields| {
            fields.field(&self.name)?;
            fields.field(&self.minimum_protocol_version.major)?;
            fields.field(&self.minimum_protocol_version.minor)?;
            fields.map(usize::from(self.message.is_some()), |extra| match &self.message {
                Some(message) => extra.entry("message", message),
                None => Ok(()),
            })
        })
    }
}

impl UnsupportedType {
    /// Reads it. `limits` are those for its own level.
    fn read(decoder: &mut Decoder<'_>, limits: Limits) -> Result<Self, DecodeError> {
        header(decoder, "UnsupportedType", |tag, fields| (tag, fields) == (tag::UNSUPPORTED_TYPE, 4))?;
        let name = decoder.decode()?;
        let minimum_protocol_version = Version { major: decoder.decode()?, minor: decoder.decode()? };
        // Of PackStream's own values, among which there are no structures to recognize.
        let extra: packstream::Map = build_map(decoder, inner(limits), true)?;
        let message = extra.get("message").and_then(packstream::Value::as_str).map(Str::from);
        Ok(Self { name, minimum_protocol_version, message })
    }
}

impl<'a> Decode<'a> for UnsupportedType {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        Self::read(decoder, Limits::DEFAULT)
    }
}

#[cfg(test)]
mod tests;
