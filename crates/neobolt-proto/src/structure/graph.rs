//! Nodes, relationships and paths.

mod path;
mod view;

use packstream::{
    Buffer, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Limits, Str, build_map,
};

use super::{header, inner, tag};
use crate::value::Map;

pub use path::{Path, PathError, Segment};
pub use view::{NodeRef, PathRef, RelationshipRef, UnboundRelationshipRef};

/// A node.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the structure's fields")]
pub struct Node {
    /// The internal number, which Neo4j deprecates in favour of the element id.
    pub id: i64,
    /// The id, unique among all nodes; before Bolt 5.0 the number in decimal.
    pub element_id: Str,
    /// The labels, in no particular order.
    pub labels: Box<[Str]>,
    /// The properties.
    pub properties: Map,
}

/// A relationship with the ids of the nodes it connects.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the structure's fields")]
pub struct Relationship {
    /// The internal number, which Neo4j deprecates in favour of the element id.
    pub id: i64,
    /// The id, unique among all relationships; before Bolt 5.0 the number in decimal.
    pub element_id: Str,
    /// The internal number of the node where it starts.
    pub start_node_id: i64,
    /// The id of the node where it starts.
    pub start_node_element_id: Str,
    /// The internal number of the node where it ends.
    pub end_node_id: i64,
    /// The id of the node where it ends.
    pub end_node_element_id: Str,
    /// The type.
    pub rel_type: Str,
    /// The properties.
    pub properties: Map,
}

/// A relationship as it stands in a path, which knows the nodes.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the structure's fields")]
pub struct UnboundRelationship {
    /// The internal number, which Neo4j deprecates in favour of the element id.
    pub id: i64,
    /// The id, unique among all relationships; before Bolt 5.0 the number in decimal.
    pub element_id: Str,
    /// The type.
    pub rel_type: Str,
    /// The properties.
    pub properties: Map,
}

/// Whether these are tag and size of a node: without element id before Bolt 5.0, with it from then on.
fn is_node(tag: u8, fields: usize) -> bool {
    tag == tag::NODE && matches!(fields, 3 | 4)
}

fn is_relationship(tag: u8, fields: usize) -> bool {
    tag == tag::RELATIONSHIP && matches!(fields, 5 | 8)
}

fn is_unbound_relationship(tag: u8, fields: usize) -> bool {
    tag == tag::UNBOUND_RELATIONSHIP && matches!(fields, 3 | 4)
}

/// Returns the element id of something that only has a number.
fn decimal(id: i64) -> Str {
    id.to_string().into()
}

/// Reads an element id if the structure has one.
fn element_id(decoder: &mut Decoder<'_>, present: bool, id: i64) -> Result<Str, DecodeError> {
    if present { decoder.decode() } else { Ok(decimal(id)) }
}

/// Reads a list. `limits` are those for the list, `read` gets those for its items, each of which takes at least `least` bytes.
fn list<'a, T>(
    decoder: &mut Decoder<'a>,
    limits: Limits,
    least: usize,
    read: impl Fn(&mut Decoder<'a>, Limits) -> Result<T, DecodeError>,
) -> Result<Box<[T]>, DecodeError> {
    let start = decoder.clone();
    let len = decoder.list_header()?;
    if len > 0 && limits.depth() == 0 {
        return Err(start.error(DecodeErrorKind::TooDeep { limit: limits.depth() }));
    }
    let mut items = Vec::with_capacity(len.min(decoder.remaining().len() / least));
    for _ in 0..len {
        items.push(read(decoder, inner(limits))?);
    }
    Ok(items.into())
}

impl Node {
    /// The length of the shortest: a header, a number, an empty list and an empty map.
    pub(super) const LEAST: usize = 5;

    /// Reads a node. `limits` are those for its own level.
    pub(super) fn read(decoder: &mut Decoder<'_>, limits: Limits) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "Node", is_node)?;
        let id = decoder.integer()?;
        let labels = list(decoder, inner(limits), 1, |decoder, _| decoder.decode())?;
        let properties = build_map(decoder, inner(limits), true)?;
        let element_id = element_id(decoder, fields == 4, id)?;
        Ok(Self { id, element_id, labels, properties })
    }
}

impl Relationship {
    /// Reads a relationship. `limits` are those for its own level.
    pub(super) fn read(decoder: &mut Decoder<'_>, limits: Limits) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "Relationship", is_relationship)?;
        let id = decoder.integer()?;
        let start_node_id = decoder.integer()?;
        let end_node_id = decoder.integer()?;
        let rel_type = decoder.decode()?;
        let properties = build_map(decoder, inner(limits), true)?;
        let present = fields == 8;
        Ok(Self {
            id,
            element_id: element_id(decoder, present, id)?,
            start_node_id,
            start_node_element_id: element_id(decoder, present, start_node_id)?,
            end_node_id,
            end_node_element_id: element_id(decoder, present, end_node_id)?,
            rel_type,
            properties,
        })
    }
}

impl UnboundRelationship {
    /// The length of the shortest: a header, a number, an empty type and an empty map.
    const LEAST: usize = 5;

    /// Reads a relationship. `limits` are those for its own level.
    fn read(decoder: &mut Decoder<'_>, limits: Limits) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "UnboundRelationship", is_unbound_relationship)?;
        let id = decoder.integer()?;
        let rel_type = decoder.decode()?;
        let properties = build_map(decoder, inner(limits), true)?;
        let element_id = element_id(decoder, fields == 4, id)?;
        Ok(Self { id, element_id, rel_type, properties })
    }
}

macro_rules! decode {
    ($($type:ty),*) => {$(
        impl<'a> Decode<'a> for $type {
            fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
                Self::read(decoder, Limits::DEFAULT)
            }
        }
    )*};
}

decode!(Node, Relationship, UnboundRelationship, Path);

impl Encode for Node {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::NODE, 4)?;
        encoder.nested(4, |encoder| {
            encoder.integer(self.id);
            encoder.encode(&self.labels)?;
            encoder.encode(&self.properties)?;
            encoder.string(&self.element_id)
        })
    }
}

impl Encode for Relationship {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::RELATIONSHIP, 8)?;
        encoder.nested(8, |encoder| {
            encoder.integer(self.id);
            encoder.integer(self.start_node_id);
            encoder.integer(self.end_node_id);
            encoder.string(&self.rel_type)?;
            encoder.encode(&self.properties)?;
            encoder.string(&self.element_id)?;
            encoder.string(&self.start_node_element_id)?;
            encoder.string(&self.end_node_element_id)
        })
    }
}

impl Encode for UnboundRelationship {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::UNBOUND_RELATIONSHIP, 4)?;
        encoder.nested(4, |encoder| {
            encoder.integer(self.id);
            encoder.string(&self.rel_type)?;
            encoder.encode(&self.properties)?;
            encoder.string(&self.element_id)
        })
    }
}
