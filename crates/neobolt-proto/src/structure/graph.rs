//! Nodes, relationships and paths.

mod path;
mod view;

use core::mem;

use packstream::{Buffer, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

use super::{header, tag};
use crate::value::{Map, Value};

pub(super) use path::path;
pub use path::{Path, PathError, Segment};
pub use view::{NodeRef, PathRef, RelationshipRef, UnboundRelationshipRef};

/// A node.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the structure's fields")]
pub struct Node {
    /// The internal number, which Neo4j deprecates in favour of the element id.
    pub id: i64,
    /// The id, unique among all nodes; before Bolt 5.0 the number in decimal.
    pub element_id: Box<str>,
    /// The labels, in no particular order.
    pub labels: Box<[Box<str>]>,
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
    pub element_id: Box<str>,
    /// The internal number of the node where it starts.
    pub start_node_id: i64,
    /// The id of the node where it starts.
    pub start_node_element_id: Box<str>,
    /// The internal number of the node where it ends.
    pub end_node_id: i64,
    /// The id of the node where it ends.
    pub end_node_element_id: Box<str>,
    /// The type.
    pub rel_type: Box<str>,
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
    pub element_id: Box<str>,
    /// The type.
    pub rel_type: Box<str>,
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
fn decimal(id: i64) -> Box<str> {
    id.to_string().into()
}

/// Reads an element id if the structure has one.
fn element_id(decoder: &mut Decoder<'_>, present: bool, id: i64) -> Result<Box<str>, DecodeError> {
    if present { decoder.decode() } else { Ok(decimal(id)) }
}

impl<'a> Decode<'a> for Node {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "Node", is_node)?;
        let id = decoder.integer()?;
        let labels = decoder.decode()?;
        let properties = decoder.decode()?;
        let element_id = element_id(decoder, fields == 4, id)?;
        Ok(Self { id, element_id, labels, properties })
    }
}

impl<'a> Decode<'a> for Relationship {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "Relationship", is_relationship)?;
        let id = decoder.integer()?;
        let start_node_id = decoder.integer()?;
        let end_node_id = decoder.integer()?;
        let rel_type = decoder.decode()?;
        let properties = decoder.decode()?;
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

impl<'a> Decode<'a> for UnboundRelationship {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "UnboundRelationship", is_unbound_relationship)?;
        let id = decoder.integer()?;
        let rel_type = decoder.decode()?;
        let properties = decoder.decode()?;
        let element_id = element_id(decoder, fields == 4, id)?;
        Ok(Self { id, element_id, rel_type, properties })
    }
}

impl Encode for Node {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::NODE, 4)?;
        encoder.integer(self.id);
        encoder.encode(&self.labels)?;
        encoder.nested(|encoder| encoder.encode(&self.properties))?;
        encoder.string(&self.element_id)
    }
}

impl Encode for Relationship {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::RELATIONSHIP, 8)?;
        encoder.integer(self.id);
        encoder.integer(self.start_node_id);
        encoder.integer(self.end_node_id);
        encoder.string(&self.rel_type)?;
        encoder.nested(|encoder| encoder.encode(&self.properties))?;
        encoder.string(&self.element_id)?;
        encoder.string(&self.start_node_element_id)?;
        encoder.string(&self.end_node_element_id)
    }
}

impl Encode for UnboundRelationship {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::UNBOUND_RELATIONSHIP, 4)?;
        encoder.integer(self.id);
        encoder.string(&self.rel_type)?;
        encoder.nested(|encoder| encoder.encode(&self.properties))?;
        encoder.string(&self.element_id)
    }
}

pub(super) fn node(mut fields: Vec<Value>) -> Result<Node, Vec<Value>> {
    let [Value::Integer(id), Value::List(labels), Value::Map(properties), more @ ..] = fields.as_mut_slice() else {
        return Err(fields);
    };
    let element_id = match more {
        [] => decimal(*id),
        [Value::String(element_id)] => mem::take(element_id),
        _ => return Err(fields),
    };
    if !labels.iter().all(|label| matches!(label, Value::String(_))) {
        return Err(fields);
    }
    let labels = mem::take(labels).into_iter().filter_map(|label| match label {
        Value::String(label) => Some(label),
        _ => None,
    });
    Ok(Node { id: *id, element_id, labels: labels.collect(), properties: mem::take(properties) })
}

pub(super) fn relationship(mut fields: Vec<Value>) -> Result<Relationship, Vec<Value>> {
    let [
        Value::Integer(id),
        Value::Integer(start_node_id),
        Value::Integer(end_node_id),
        Value::String(rel_type),
        Value::Map(properties),
        more @ ..,
    ] = fields.as_mut_slice()
    else {
        return Err(fields);
    };
    let [element_id, start_node_element_id, end_node_element_id] = match more {
        [] => [decimal(*id), decimal(*start_node_id), decimal(*end_node_id)],
        [Value::String(own), Value::String(start), Value::String(end)] => [own, start, end].map(mem::take),
        _ => return Err(fields),
    };
    Ok(Relationship {
        id: *id,
        element_id,
        start_node_id: *start_node_id,
        start_node_element_id,
        end_node_id: *end_node_id,
        end_node_element_id,
        rel_type: mem::take(rel_type),
        properties: mem::take(properties),
    })
}

fn unbound_relationship(mut fields: Vec<Value>) -> Result<UnboundRelationship, Vec<Value>> {
    let [Value::Integer(id), Value::String(rel_type), Value::Map(properties), more @ ..] = fields.as_mut_slice() else {
        return Err(fields);
    };
    let element_id = match more {
        [] => decimal(*id),
        [Value::String(element_id)] => mem::take(element_id),
        _ => return Err(fields),
    };
    Ok(UnboundRelationship { id: *id, element_id, rel_type: mem::take(rel_type), properties: mem::take(properties) })
}
