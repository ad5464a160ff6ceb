//! Nodes, relationships and paths.

use graphdblite as engine;
use neobolt_proto::structure::{Node, Path, Relationship, UnboundRelationship};
use neobolt_proto::{Failure, Map, Str};

use super::entries;
use crate::failure;

pub(super) fn node(node: &engine::Node) -> Result<Node, Failure> {
    Ok(Node {
        id: number(node.id.0)?,
        element_id: node_element_id(node.id),
        labels: node.labels.iter().map(|label| label.as_str().into()).collect(),
        properties: properties(&node.properties)?,
    })
}

pub(super) fn relationship(edge: &engine::Edge) -> Result<Relationship, Failure> {
    let UnboundRelationship { id, element_id, rel_type, properties } = unbound(edge)?;
    Ok(Relationship {
        id,
        element_id,
        start_node_id: number(edge.src.0)?,
        start_node_element_id: node_element_id(edge.src),
        end_node_id: number(edge.dst.0)?,
        end_node_element_id: node_element_id(edge.dst),
        rel_type,
        properties,
    })
}

/// Lists each node and relationship once, and the walk by their places in these lists.
pub(super) fn path(path: &engine::PathValue) -> Result<Path, Failure> {
    let mut nodes: Vec<&engine::Node> = Vec::new();
    let mut edges: Vec<&engine::Edge> = Vec::new();
    let mut indices = Vec::with_capacity(2 * path.edges.len());
    for (step, at) in path.nodes.iter().enumerate() {
        let end = place(&mut nodes, at, |a, b| a.id == b.id);
        let Some(edge) = step.checked_sub(1).and_then(|step| path.edges.get(step)) else {
            continue;
        };
        let forward = path.nodes[step - 1].id == edge.src;
        let relationship = place(&mut edges, edge, |a, b| identity(a) == identity(b)) + 1;
        indices.extend([if forward { relationship } else { -relationship }, end]);
    }
    let nodes: Vec<Node> = nodes.into_iter().map(node).collect::<Result<_, _>>()?;
    let relationships: Vec<UnboundRelationship> = edges.into_iter().map(unbound).collect::<Result<_, _>>()?;
    Path::new(nodes, relationships, indices).map_err(|error| failure::unexpected(error.to_string()))
}

/// Returns where `item` stands in `list`, after adding it if it is not there.
fn place<'v, T>(list: &mut Vec<&'v T>, item: &'v T, same: impl Fn(&T, &T) -> bool) -> i64 {
    let index = list.iter().position(|other| same(other, item)).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    });
    index as i64
}

fn unbound(edge: &engine::Edge) -> Result<UnboundRelationship, Failure> {
    Ok(UnboundRelationship {
        // The engine numbers its relationships one after the other, so the number alone tells them apart.
        id: number(edge.seq)?,
        element_id: edge.seq.to_string().into(),
        rel_type: edge.label.as_str().into(),
        properties: properties(&edge.properties)?,
    })
}

/// What makes a relationship of the engine the one it is.
fn identity(edge: &engine::Edge) -> (u64, &str, u64, u64) {
    (edge.src.0, &edge.label, edge.dst.0, edge.seq)
}

fn node_element_id(id: engine::NodeId) -> Str {
    id.0.to_string().into()
}

/// Returns properties in the order of their names: the engine has none.
fn properties(properties: &engine::Properties) -> Result<Map, Failure> {
    let mut sorted: Vec<_> = properties.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    entries(sorted.into_iter())
}

fn number(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| failure::unexpected(format!("id {number} is out of range")))
}
