//! What a query has changed, counted by comparing the graph before and after it: the engine does not say.
//!
//! A comparison reads the whole graph, so there is one only while the graph is small. What was created and deleted again by one
//! query is not seen, nor a property that was set to what it was.

use std::collections::BTreeMap;

use graphdblite::{Database, Edge, GraphError, Node, Properties, Value as EngineValue};
use neobolt_proto::{Map, Value};

/// The most nodes of one label, and the most relationships of one type, in a graph that is compared: a few milliseconds, and more than one types by hand.
const COMPARED: i64 = 1_000;

/// The graph at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    nodes: BTreeMap<u64, Node>,
    edges: BTreeMap<(u64, String, u64, u64), Edge>,
}

impl Snapshot {
    /// Reads the graph as the open transaction sees it; `None` if it is too large to be compared.
    pub(crate) fn of(handle: &mut Database) -> Result<Option<Self>, GraphError> {
        // The engine keeps these counts, while it counts anything else by reading all of it.
        let large = |count| matches!(count, EngineValue::I64(count) if count > COMPARED);
        if values(handle, "CALL db.counts() YIELD count")?.any(large) {
            return Ok(None);
        }
        let mut it = Self::default();
        for value in values(handle, "MATCH (n) RETURN n")? {
            if let EngineValue::Node(node) = value {
                it.nodes.insert(node.id.0, node);
            }
        }
        for value in values(handle, "MATCH ()-[r]->() RETURN r")? {
            if let EngineValue::Edge(edge) = value {
                it.edges.insert((edge.src.0, edge.label.clone(), edge.dst.0, edge.seq), edge);
            }
        }
        Ok(Some(it))
    }

    /// Counts what became different, by the names that Bolt has for it.
    pub(crate) fn changes_to(&self, after: &Self) -> Map {
        let mut counts = Counts::default();
        for (id, node) in &after.nodes {
            let before = self.nodes.get(id);
            counts.nodes_created += i64::from(before.is_none());
            let no_labels = Vec::new();
            let labels = before.map_or(&no_labels, |before| &before.labels);
            counts.labels_added += missing(&node.labels, labels);
            counts.labels_removed += missing(labels, &node.labels);
            counts.properties_set += changed(before.map(|before| &before.properties), &node.properties);
        }
        for (identity, edge) in &after.edges {
            let before = self.edges.get(identity);
            counts.relationships_created += i64::from(before.is_none());
            counts.properties_set += changed(before.map(|before| &before.properties), &edge.properties);
        }
        counts.nodes_deleted = count(self.nodes.keys().filter(|id| !after.nodes.contains_key(id)));
        counts.relationships_deleted = count(self.edges.keys().filter(|id| !after.edges.contains_key(id)));
        counts.into_map()
    }
}

/// Says of a change only that there is one.
pub(crate) fn uncounted() -> Map {
    Map::from_iter([("contains-updates", Value::from(true))])
}

/// Counts the one thing that a schema command does.
pub(crate) fn schema(creates: bool) -> Map {
    let name = if creates { "indexes-added" } else { "indexes-removed" };
    Map::from_iter([(name, Value::from(1)), ("contains-updates", Value::from(true))])
}

fn values(handle: &mut Database, query: &str) -> Result<impl Iterator<Item = EngineValue>, GraphError> {
    let records = handle.execute(query)?;
    Ok(records.into_iter().filter_map(|record| record.value_at(0).cloned()))
}

#[derive(Default)]
struct Counts {
    nodes_created: i64,
    nodes_deleted: i64,
    relationships_created: i64,
    relationships_deleted: i64,
    properties_set: i64,
    labels_added: i64,
    labels_removed: i64,
}

impl Counts {
    /// Returns those that are not zero.
    fn into_map(self) -> Map {
        let counts = [
            ("nodes-created", self.nodes_created),
            ("nodes-deleted", self.nodes_deleted),
            ("relationships-created", self.relationships_created),
            ("relationships-deleted", self.relationships_deleted),
            ("properties-set", self.properties_set),
            ("labels-added", self.labels_added),
            ("labels-removed", self.labels_removed),
        ];
        let mut entries: Vec<_> =
            counts.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name, Value::from(n))).collect();
        if !entries.is_empty() {
            entries.push(("contains-updates", Value::from(true)));
        }
        Map::from_iter(entries)
    }
}

/// Counts the properties that were added, changed or removed.
fn changed(before: Option<&Properties>, after: &Properties) -> i64 {
    let Some(before) = before else { return count(after.iter()) };
    count(after.iter().filter(|(name, value)| before.get(*name) != Some(*value)))
        + count(before.iter().filter(|(name, _)| !after.contains_key(*name)))
}

/// Counts the labels of `some` that are not in `others`.
fn missing(some: &[String], others: &[String]) -> i64 {
    count(some.iter().filter(|label| !others.contains(label)))
}

fn count(items: impl Iterator) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}
