//! [`Path`].

use core::{fmt, mem};

use packstream::{Buffer, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Limits};

use super::{Node, Relationship, UnboundRelationship, list};
use crate::structure::{header, inner, tag};

/// A walk through the graph: from its first node over relationships, with or against their direction, to its last.
///
/// Nodes and relationships that occur several times go over the wire once; the walk itself is a list of indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    nodes: Box<[Node]>,
    relationships: Box<[UnboundRelationship]>,
    indices: Box<[i64]>,
}

impl Path {
    /// Creates a path from the parts of Bolt's structure.
    ///
    /// `indices` holds a pair for each step. Its first number counts relationships from 1 on, negative for a step against the
    /// relationship's direction; its second counts nodes from 0 on. The walk starts at node 0.
    ///
    /// # Errors
    ///
    /// If there is no node, or an index names a node or relationship that is not there.
    pub fn new(
        nodes: impl Into<Box<[Node]>>,
        relationships: impl Into<Box<[UnboundRelationship]>>,
        indices: impl Into<Box<[i64]>>,
    ) -> Result<Self, PathError> {
        let path = Self { nodes: nodes.into(), relationships: relationships.into(), indices: indices.into() };
        check(path.nodes.len(), path.relationships.len(), path.indices.iter().copied())?;
        Ok(path)
    }

    /// Returns the number of steps.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.indices.len() / 2
    }

    /// Tells whether the path is a single node without a step.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Returns the node where the walk starts.
    #[must_use]
    pub fn start(&self) -> &Node {
        self.node(0)
    }

    /// Returns the node where the walk ends.
    #[must_use]
    pub fn end(&self) -> &Node {
        self.node(self.indices.last().copied().unwrap_or(0))
    }

    /// Returns the nodes in the order of the walk, one more than there are steps.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        core::iter::once(self.start()).chain(self.segments().map(|segment| segment.end))
    }

    /// Returns the relationships in the order of the walk, each with the nodes it connects in its own direction.
    pub fn relationships(&self) -> impl Iterator<Item = Relationship> {
        self.segments().map(|segment| segment.bound())
    }

    /// Returns the steps of the walk.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        let mut start = self.start();
        self.indices.chunks_exact(2).filter_map(move |step| {
            let &[relationship, end] = step else {
                return None;
            };
            let end = self.node(end);
            let index = usize::try_from(relationship.unsigned_abs()).ok()?.checked_sub(1)?;
            Some(Segment {
                start: mem::replace(&mut start, end),
                relationship: self.relationships.get(index)?,
                end,
                reversed: relationship < 0,
            })
        })
    }

    #[expect(clippy::type_complexity, reason = "the three parts of a path, used once")]
    pub(in crate::structure) fn into_parts(self) -> (Box<[Node]>, Box<[UnboundRelationship]>, Box<[i64]>) {
        (self.nodes, self.relationships, self.indices)
    }

    fn node(&self, index: i64) -> &Node {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.nodes.get(index))
            .expect("invariant: the indices of a path were checked when it was made")
    }
}

/// One step of a [`Path`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Segment<'a> {
    /// The node the step comes from.
    pub start: &'a Node,
    /// The relationship it takes.
    pub relationship: &'a UnboundRelationship,
    /// The node it leads to.
    pub end: &'a Node,
    /// Whether it goes against the direction of the relationship.
    pub reversed: bool,
}

impl Segment<'_> {
    /// Returns the relationship with the nodes it connects, in its own direction.
    #[must_use]
    pub fn bound(&self) -> Relationship {
        let (start, end) = if self.reversed { (self.end, self.start) } else { (self.start, self.end) };
        Relationship {
            id: self.relationship.id,
            element_id: self.relationship.element_id.clone(),
            start_node_id: start.id,
            start_node_element_id: start.element_id.clone(),
            end_node_id: end.id,
            end_node_element_id: end.element_id.clone(),
            rel_type: self.relationship.rel_type.clone(),
            properties: self.relationship.properties.clone(),
        }
    }
}

/// The indices of a path name something that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathError;

const MESSAGE: &str = "path has no node, or an index to a node or relationship that is not there";

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MESSAGE)
    }
}

impl core::error::Error for PathError {}

fn check(nodes: usize, relationships: usize, mut indices: impl Iterator<Item = i64>) -> Result<(), PathError> {
    let (nodes, relationships) = (nodes as u64, relationships as u64);
    if nodes == 0 {
        return Err(PathError);
    }
    while let Some(relationship) = indices.next() {
        let node = indices.next().and_then(|node| u64::try_from(node).ok()).ok_or(PathError)?;
        if node >= nodes || relationship == 0 || relationship.unsigned_abs() > relationships {
            return Err(PathError);
        }
    }
    Ok(())
}

impl Path {
    /// Reads a path. `limits` are those for its own level.
    pub(in crate::structure) fn read(decoder: &mut Decoder<'_>, limits: Limits) -> Result<Self, DecodeError> {
        let start = decoder.clone();
        header(decoder, "Path", |tag, fields| (tag, fields) == (tag::PATH, 3))?;
        let limits = inner(limits);
        let nodes = list(decoder, limits, Node::LEAST, Node::read)?;
        let relationships = list(decoder, limits, UnboundRelationship::LEAST, UnboundRelationship::read)?;
        let indices = list(decoder, limits, 1, |decoder, _| decoder.integer())?;
        Self::new(nodes, relationships, indices).map_err(|_| start.error(DecodeErrorKind::custom(MESSAGE)))
    }
}

impl Encode for Path {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::PATH, 3)?;
        encoder.nested(3, |encoder| {
            encoder.encode(&self.nodes)?;
            encoder.encode(&self.relationships)?;
            encoder.encode(&self.indices)
        })
    }
}
