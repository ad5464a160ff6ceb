//! Ways in: the codec's own tree of values, and the one of `neobolt-proto`, which knows nodes and paths.

use neobolt_proto::structure::Node;
use packstream::{Decode, DecodeError, Decoder};

use super::{broken, messages};
use crate::raw::Seen;

pub(super) fn value(stream: &[u8]) -> Seen {
    read(stream, all_plain)
}

pub(super) fn graph(stream: &[u8]) -> Seen {
    read(stream, all_of_graph)
}

/// Decodes the fields of every record into values, and looks at all of them.
#[inline(always)]
fn read<'a, V: Decode<'a>>(stream: &'a [u8], touch: impl Fn(&[V]) -> u64) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        let fields = fields::<V>(message).unwrap_or_else(|error| broken(&error));
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(touch(&fields));
    }
    seen
}

#[inline(always)]
fn fields<'a, V: Decode<'a>>(message: &'a [u8]) -> Result<Vec<V>, DecodeError> {
    let mut decoder = Decoder::new(message);
    assert_eq!(decoder.structure_header()?, (0x71, 1), "a record");
    let fields = decoder.decode()?;
    decoder.finish()?;
    Ok(fields)
}

#[inline(always)]
fn plain(value: &packstream::Value) -> u64 {
    use packstream::Value;
    match value {
        Value::Boolean(value) => u64::from(*value),
        Value::Integer(value) => *value as u64,
        Value::Float(value) => value.to_bits(),
        Value::Bytes(value) => value.len() as u64,
        Value::String(value) => value.len() as u64,
        Value::List(items) => all_plain(items),
        Value::Map(entries) => plain_map(entries),
        Value::Structure(value) => all_plain(value.fields()),
        _ => 0,
    }
}

fn all_plain(values: &[packstream::Value]) -> u64 {
    let mut sum = 0_u64;
    for value in values {
        sum = sum.wrapping_add(plain(value));
    }
    sum
}

fn plain_map(entries: &packstream::Map) -> u64 {
    let mut sum = 0_u64;
    for (key, value) in entries {
        sum = sum.wrapping_add(key.len() as u64).wrapping_add(plain(value));
    }
    sum
}

#[inline(always)]
fn of_graph(value: &neobolt_proto::Value) -> u64 {
    use neobolt_proto::Value;
    match value {
        Value::Boolean(value) => u64::from(*value),
        Value::Integer(value) => *value as u64,
        Value::Float(value) => value.to_bits(),
        Value::Bytes(value) => value.len() as u64,
        Value::String(value) => value.len() as u64,
        Value::List(items) => all_of_graph(items),
        Value::Map(entries) => map(entries),
        Value::Node(value) => node(value),
        Value::Path(value) => path(value),
        _ => 0,
    }
}

fn all_of_graph(values: &[neobolt_proto::Value]) -> u64 {
    let mut sum = 0_u64;
    for value in values {
        sum = sum.wrapping_add(of_graph(value));
    }
    sum
}

fn map(entries: &neobolt_proto::Map) -> u64 {
    let mut sum = 0_u64;
    for (key, value) in entries {
        sum = sum.wrapping_add(key.len() as u64).wrapping_add(of_graph(value));
    }
    sum
}

fn node(node: &Node) -> u64 {
    let labels = node.labels.iter().map(|label| label.len() as u64).sum::<u64>();
    (node.id as u64).wrapping_add(node.element_id.len() as u64).wrapping_add(labels).wrapping_add(map(&node.properties))
}

/// Nodes and relationships of the shape occur once each, so the walk meets each once. Its indices, which only the walk shows, sum up to
/// the number of its steps.
fn path(path: &neobolt_proto::structure::Path) -> u64 {
    let mut sum = path.len() as u64;
    for it in path.nodes() {
        sum = sum.wrapping_add(node(it));
    }
    for step in path.segments() {
        let it = step.relationship;
        let strings = (it.element_id.len() + it.rel_type.len()) as u64;
        sum = sum.wrapping_add(it.id as u64).wrapping_add(strings).wrapping_add(map(&it.properties));
    }
    sum
}
