//! Nodes, relationships and paths that stay where they lie: nothing is allocated, and properties are decoded when asked for.

use std::borrow::Cow;

use packstream::{Decode, DecodeError, Decoder, ListIter, ListRef, MapRef};

use super::{is_node, is_relationship, is_unbound_relationship};
use crate::structure::{header, tag};

/// An element id as it came, or the number to make it from.
#[derive(Clone, Copy, Debug)]
enum ElementId<'a> {
    Text(&'a str),
    Number(i64),
}

impl<'a> ElementId<'a> {
    fn decode(decoder: &mut Decoder<'a>, present: bool, id: i64) -> Result<Self, DecodeError> {
        if present { decoder.string().map(Self::Text) } else { Ok(Self::Number(id)) }
    }

    fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(id) => Cow::Owned(id.to_string()),
        }
    }
}

/// A node that borrows from the message it came in.
#[derive(Clone, Debug)]
pub struct NodeRef<'a> {
    id: i64,
    element_id: ElementId<'a>,
    labels: ListRef<'a>,
    properties: MapRef<'a>,
}

impl<'a> NodeRef<'a> {
    /// Returns the internal number, which Neo4j deprecates in favour of the element id.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// Returns the id, unique among all nodes; before Bolt 5.0 the number in decimal.
    #[must_use]
    pub fn element_id(&self) -> Cow<'a, str> {
        self.element_id.text()
    }

    /// Returns the labels, in no particular order.
    #[must_use]
    pub fn labels(&self) -> ListIter<'a, &'a str> {
        self.labels.iter()
    }

    /// Returns the properties.
    #[must_use]
    pub const fn properties(&self) -> &MapRef<'a> {
        &self.properties
    }
}

impl<'a> Decode<'a> for NodeRef<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "Node", is_node)?;
        let id = decoder.integer()?;
        let labels = decoder.decode()?;
        let properties = decoder.decode()?;
        let element_id = ElementId::decode(decoder, fields == 4, id)?;
        Ok(Self { id, element_id, labels, properties })
    }
}

/// A relationship that borrows from the message it came in.
#[derive(Clone, Debug)]
pub struct RelationshipRef<'a> {
    unbound: UnboundRelationshipRef<'a>,
    start: (i64, ElementId<'a>),
    end: (i64, ElementId<'a>),
}

impl<'a> RelationshipRef<'a> {
    /// Returns the internal number, which Neo4j deprecates in favour of the element id.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.unbound.id
    }

    /// Returns the id, unique among all relationships; before Bolt 5.0 the number in decimal.
    #[must_use]
    pub fn element_id(&self) -> Cow<'a, str> {
        self.unbound.element_id()
    }

    /// Returns the internal number of the node where it starts.
    #[must_use]
    pub const fn start_node_id(&self) -> i64 {
        self.start.0
    }

    /// Returns the id of the node where it starts.
    #[must_use]
    pub fn start_node_element_id(&self) -> Cow<'a, str> {
        self.start.1.text()
    }

    /// Returns the internal number of the node where it ends.
    #[must_use]
    pub const fn end_node_id(&self) -> i64 {
        self.end.0
    }

    /// Returns the id of the node where it ends.
    #[must_use]
    pub fn end_node_element_id(&self) -> Cow<'a, str> {
        self.end.1.text()
    }

    /// Returns the type.
    #[must_use]
    pub const fn rel_type(&self) -> &'a str {
        self.unbound.rel_type
    }

    /// Returns the properties.
    #[must_use]
    pub const fn properties(&self) -> &MapRef<'a> {
        &self.unbound.properties
    }
}

impl<'a> Decode<'a> for RelationshipRef<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "Relationship", is_relationship)?;
        let (id, start, end) = (decoder.integer()?, decoder.integer()?, decoder.integer()?);
        let rel_type = decoder.string()?;
        let properties = decoder.decode()?;
        let present = fields == 8;
        let element_id = ElementId::decode(decoder, present, id)?;
        Ok(Self {
            unbound: UnboundRelationshipRef { id, element_id, rel_type, properties },
            start: (start, ElementId::decode(decoder, present, start)?),
            end: (end, ElementId::decode(decoder, present, end)?),
        })
    }
}

/// A relationship in a path, that borrows from the message it came in.
#[derive(Clone, Debug)]
pub struct UnboundRelationshipRef<'a> {
    id: i64,
    element_id: ElementId<'a>,
    rel_type: &'a str,
    properties: MapRef<'a>,
}

impl<'a> UnboundRelationshipRef<'a> {
    /// Returns the internal number, which Neo4j deprecates in favour of the element id.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// Returns the id, unique among all relationships; before Bolt 5.0 the number in decimal.
    #[must_use]
    pub fn element_id(&self) -> Cow<'a, str> {
        self.element_id.text()
    }

    /// Returns the type.
    #[must_use]
    pub const fn rel_type(&self) -> &'a str {
        self.rel_type
    }

    /// Returns the properties.
    #[must_use]
    pub const fn properties(&self) -> &MapRef<'a> {
        &self.properties
    }
}

impl<'a> Decode<'a> for UnboundRelationshipRef<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (_, fields) = header(decoder, "UnboundRelationship", is_unbound_relationship)?;
        let id = decoder.integer()?;
        let rel_type = decoder.string()?;
        let properties = decoder.decode()?;
        let element_id = ElementId::decode(decoder, fields == 4, id)?;
        Ok(Self { id, element_id, rel_type, properties })
    }
}

/// A path that borrows from the message it came in: its parts as they lie there.
///
/// [`Path::new`](super::Path::new) says how the indices make a walk of them.
#[derive(Clone, Debug)]
pub struct PathRef<'a> {
    nodes: ListRef<'a>,
    relationships: ListRef<'a>,
    indices: ListRef<'a>,
}

impl<'a> PathRef<'a> {
    /// Returns the nodes, each once.
    #[must_use]
    pub fn nodes(&self) -> ListIter<'a, NodeRef<'a>> {
        self.nodes.iter()
    }

    /// Returns the relationships, each once.
    #[must_use]
    pub fn relationships(&self) -> ListIter<'a, UnboundRelationshipRef<'a>> {
        self.relationships.iter()
    }

    /// Returns the indices.
    #[must_use]
    pub fn indices(&self) -> ListIter<'a, i64> {
        self.indices.iter()
    }
}

impl<'a> Decode<'a> for PathRef<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        header(decoder, "Path", |tag, fields| (tag, fields) == (tag::PATH, 3))?;
        Ok(Self { nodes: decoder.decode()?, relationships: decoder.decode()?, indices: decoder.decode()? })
    }
}
