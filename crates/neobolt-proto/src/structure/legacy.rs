//! Older layouts, for peers that know no others.

use packstream::{Decode, Decoder, EncodeError, Encoder};

use super::{DateTime, DateTimeZoneId, Node, Path, Relationship, UnboundRelationship, tag};
use crate::value::{Map, Structure, Value};
use crate::version::Capabilities;

/// Rewrites encoded values for a server that wants instants in seconds of local time.
///
/// # Errors
///
/// If a value is among them that such a server does not know, or whose time zone is not known.
pub(crate) fn legacy_utc(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    rewrite(bytes, out, Peer::Server)
}

/// Rewrites encoded values for a client of an older version. What it has no type for becomes the map that Neo4j sends in its
/// place.
///
/// # Errors
///
/// If a value is among them whose local time takes time zone data to tell.
pub(crate) fn legacy_record(
    bytes: &[u8],
    out: &mut Vec<u8>,
    it: &Capabilities,
    utc_patch: bool,
) -> Result<(), EncodeError> {
    let utc = it.element_ids || utc_patch;
    rewrite(bytes, out, Peer::Client { element_ids: it.element_ids, utc, vectors: it.vectors, uuids: it.uuids })
}

#[derive(Clone, Copy, PartialEq)]
enum Peer {
    Client { element_ids: bool, utc: bool, vectors: bool, uuids: bool },
    Server,
}

impl Peer {
    /// Whether instants are to be in seconds of local time.
    fn wants_local(self) -> bool {
        !matches!(self, Self::Client { utc: true, .. })
    }

    fn lacks_element_ids(self) -> bool {
        matches!(self, Self::Client { element_ids: false, .. })
    }
}

fn rewrite(bytes: &[u8], out: &mut Vec<u8>, peer: Peer) -> Result<(), EncodeError> {
    let mut decoder = Decoder::new(bytes);
    let mut encoder = Encoder::new(out);
    while !decoder.remaining().is_empty() {
        let value = Value::decode(&mut decoder).map_err(|error| EncodeError::custom(error.to_string()))?;
        encoder.encode(&older(value, peer)?)?;
    }
    Ok(())
}

/// Returns the value that stands for `value` before Bolt 5.0. Recurses as deep as the value, which the decoder has limited.
fn older(value: Value, peer: Peer) -> Result<Value, EncodeError> {
    Ok(match value {
        Value::List(items) => Value::List(all(items, peer)?),
        Value::Map(entries) => Value::Map(map(entries, peer)?),
        Value::Structure(it) => {
            let tag = it.tag();
            let fields: Result<Vec<_>, _> = it.into_fields().map(|field| older(field, peer)).collect();
            structure(tag, fields?)
        }
        Value::DateTime(it) if peer.wants_local() => date_time(it),
        Value::DateTimeZoneId(it) if peer.wants_local() => date_time_zone_id(&it)?,
        Value::Vector(_) if peer == Peer::Server => {
            return Err(EncodeError::custom("a Vector cannot be sent before Bolt 6.0"));
        }
        Value::Uuid(_) if peer == Peer::Server => {
            return Err(EncodeError::custom("a Uuid cannot be sent before Bolt 6.1"));
        }
        Value::Vector(it) if matches!(peer, Peer::Client { vectors: false, .. }) => {
            placeholder(&format!("VECTOR({}, {})", it.len(), it.element_type()))
        }
        Value::Uuid(_) if matches!(peer, Peer::Client { uuids: false, .. }) => placeholder("UUID"),
        Value::UnsupportedType(it) if matches!(peer, Peer::Client { vectors: false, .. }) => placeholder(&it.name),
        Value::Node(it) if peer.lacks_element_ids() => node(*it, peer)?,
        Value::Relationship(it) if peer.lacks_element_ids() => relationship(*it, peer)?,
        Value::Path(it) if peer.lacks_element_ids() => path(*it, peer)?,
        same @ (Value::Null
        | Value::Boolean(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Bytes(_)
        | Value::String(_)
        | Value::Node(_)
        | Value::Relationship(_)
        | Value::Path(_)
        | Value::DateTime(_)
        | Value::DateTimeZoneId(_)
        | Value::Vector(_)
        | Value::Uuid(_)
        | Value::UnsupportedType(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::LocalTime(_)
        | Value::LocalDateTime(_)
        | Value::Duration(_)
        | Value::Point(_)) => same,
    })
}

fn all(values: Box<[Value]>, peer: Peer) -> Result<Box<[Value]>, EncodeError> {
    values.into_iter().map(|value| older(value, peer)).collect()
}

fn map(entries: Map, peer: Peer) -> Result<Map, EncodeError> {
    let entries: Result<Vec<_>, _> = entries.into_iter().map(|(key, value)| Ok((key, older(value, peer)?))).collect();
    Ok(Map::from(entries?))
}

fn structure(tag: u8, fields: impl IntoIterator<Item = Value>) -> Value {
    Value::Structure(Structure::new(tag, fields))
}

fn date_time(it: DateTime) -> Value {
    let fields = [it.local().seconds(), it.nanosecond().into(), it.offset_seconds().into()];
    structure(tag::LEGACY_DATE_TIME, fields.map(Value::Integer))
}

fn date_time_zone_id(it: &DateTimeZoneId) -> Result<Value, EncodeError> {
    let Some(local) = it.local() else {
        let message = format!(
            "the time zone {} is not known, which it takes to send a DateTimeZoneId before Bolt 5.0",
            it.zone_id()
        );
        return Err(EncodeError::custom(message));
    };
    let fields = [Value::Integer(local.seconds()), Value::Integer(it.nanosecond().into()), Value::from(it.zone_id())];
    Ok(structure(tag::LEGACY_DATE_TIME_ZONE_ID, fields))
}

fn node(it: Node, peer: Peer) -> Result<Value, EncodeError> {
    let labels = it.labels.into_iter().map(Value::String).collect();
    Ok(structure(tag::NODE, [Value::Integer(it.id), Value::List(labels), Value::Map(map(it.properties, peer)?)]))
}

fn relationship(it: Relationship, peer: Peer) -> Result<Value, EncodeError> {
    Ok(structure(
        tag::RELATIONSHIP,
        [
            Value::Integer(it.id),
            Value::Integer(it.start_node_id),
            Value::Integer(it.end_node_id),
            Value::String(it.rel_type),
            Value::Map(map(it.properties, peer)?),
        ],
    ))
}

fn unbound_relationship(it: UnboundRelationship, peer: Peer) -> Result<Value, EncodeError> {
    Ok(structure(
        tag::UNBOUND_RELATIONSHIP,
        [Value::Integer(it.id), Value::String(it.rel_type), Value::Map(map(it.properties, peer)?)],
    ))
}

fn path(it: Path, peer: Peer) -> Result<Value, EncodeError> {
    let (nodes, relationships, indices) = it.into_parts();
    let nodes: Result<_, _> = nodes.into_iter().map(|it| node(it, peer)).collect();
    let relationships: Result<_, _> = relationships.into_iter().map(|it| unbound_relationship(it, peer)).collect();
    let indices = indices.into_iter().map(Value::Integer).collect();
    Ok(structure(tag::PATH, [Value::List(nodes?), Value::List(relationships?), Value::List(indices)]))
}

/// The map that Neo4j sends before 6.0 in place of a value the client has no type for.
fn placeholder(original_type: &str) -> Value {
    Value::Map(Map::from_iter([("reason", "UNKNOWN_TYPE"), ("originalType", original_type)]))
}
