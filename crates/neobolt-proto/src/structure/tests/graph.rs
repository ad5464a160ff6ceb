use packstream::{DecodeErrorKind, Decoder, Str};

use super::{both_ways, decoded, encoded, hex, kept, read_as};
use crate::structure::{
    Node, NodeRef, Path, PathRef, Relationship, RelationshipRef, UnboundRelationship, UnboundRelationshipRef,
};
use crate::value::{Map, Value};

/// `(:Example:Node {name: "example"})`, number 3, the example of the specification.
const NODE: &str =
    "B4 4E 03 92 87 45 78 61 6D 70 6C 65 84 4E 6F 64 65 A1 84 6E 61 6D 65 87 65 78 61 6D 70 6C 65 86 61 62 63 31 32 33";

/// The same before Bolt 5.0.
const OLD_NODE: &str = "B3 4E 03 92 87 45 78 61 6D 70 6C 65 84 4E 6F 64 65 A1 84 6E 61 6D 65 87 65 78 61 6D 70 6C 65";

/// `[:KNOWS {name: "example"}]`, number 11 from 2 to 3, the example of the specification.
const RELATIONSHIP: &str = "B8 52 0B 02 03 85 4B 4E 4F 57 53 A1 84 6E 61 6D 65 87 65 78 61 6D 70 6C 65 86 61 62 63 31 32 33 86 64 65 66 34 35 36 86 67 68 69 37 38 39";

fn node(element_id: &str) -> Node {
    Node {
        id: 3,
        element_id: element_id.into(),
        labels: ["Example", "Node"].map(Str::from).into(),
        properties: Map::from_iter([("name", "example")]),
    }
}

fn relationship(ids: [&str; 3]) -> Relationship {
    let [own, start, end] = ids;
    Relationship {
        id: 11,
        element_id: own.into(),
        start_node_id: 2,
        start_node_element_id: start.into(),
        end_node_id: 3,
        end_node_element_id: end.into(),
        rel_type: "KNOWS".into(),
        properties: Map::from_iter([("name", "example")]),
    }
}

#[test]
fn nodes() {
    both_ways(NODE, node("abc123"));
    read_as(&hex(OLD_NODE), node("3"));
}

#[test]
fn nodes_that_stay_where_they_lie() {
    for (bytes, element_id) in [(NODE, "abc123"), (OLD_NODE, "3")] {
        let bytes = hex(bytes);
        let node: NodeRef<'_> = decoded(&bytes);
        assert_eq!((node.id(), &*node.element_id()), (3, element_id));
        assert_eq!(node.labels().collect::<Result<Vec<_>, _>>(), Ok(vec!["Example", "Node"]));
        assert_eq!(node.properties().get("name"), Ok(Some("example")));
    }
}

#[test]
fn relationships() {
    both_ways(RELATIONSHIP, relationship(["abc123", "def456", "ghi789"]));
    let old = "B5 52 0B 02 03 85 4B 4E 4F 57 53 A1 84 6E 61 6D 65 87 65 78 61 6D 70 6C 65";
    read_as(&hex(old), relationship(["11", "2", "3"]));

    let bytes = hex(RELATIONSHIP);
    let view: RelationshipRef<'_> = decoded(&bytes);
    assert_eq!((view.id(), view.start_node_id(), view.end_node_id()), (11, 2, 3));
    assert_eq!(view.rel_type(), "KNOWS");
    assert_eq!(view.properties().get("name"), Ok(Some("example")));
    let ids = [view.element_id(), view.start_node_element_id(), view.end_node_element_id()];
    assert_eq!(ids, ["abc123", "def456", "ghi789"]);
    let bytes = hex(old);
    let view: RelationshipRef<'_> = decoded(&bytes);
    let ids = [view.element_id(), view.start_node_element_id(), view.end_node_element_id()];
    assert_eq!(ids, ["11", "2", "3"]);
}

#[test]
fn structures_of_other_shapes_are_kept() {
    let shape = |kind| matches!(kind, DecodeErrorKind::ExpectedStructure { expected: "Node", .. });
    assert!(shape(kept::<Node>("B2 4E 03 90")));
    assert!(shape(kept::<Node>("B5 4E 03 90 A0 80 80")));
    kept::<Node>("B4 4E 03 90 A0 01");
    kept::<Node>("B3 4E 03 91 01 A0");
    kept::<Node>("B3 4E 80 90 A0");
    kept::<Relationship>("B6 52 01 02 03 80 A0 80");
    kept::<Relationship>("B8 52 01 02 03 80 A0 80 80 01");
    kept::<Path>("B3 50 90 90 90");
    assert!(matches!(decoded::<Value>(&hex("B3 72 01 80 A0")), Value::Structure(_)));
    // Unknown tags too.
    assert!(matches!(kept::<Node>("B1 7A 01"), DecodeErrorKind::ExpectedStructure { tag: 0x7A, fields: 1, .. }));
}

fn plain(id: i64) -> Node {
    Node { id, element_id: format!("n{id}").into(), labels: Box::default(), properties: Map::new() }
}

fn unbound(id: i64) -> UnboundRelationship {
    UnboundRelationship { id, element_id: format!("r{id}").into(), rel_type: "TO".into(), properties: Map::new() }
}

#[test]
fn paths_are_walked_by_their_indices() {
    // (10)-[20]->(11)<-[21]-(12)-[20]... back to (10) against 20's direction.
    let path =
        Path::new([plain(10), plain(11), plain(12)], [unbound(20), unbound(21)], [1, 1, -2, 2, 2, 1, -1, 0]).unwrap();
    let bytes = encoded(&path);
    read_as(&bytes, path.clone());
    assert_eq!(encoded(&Value::from(path.clone())), bytes);

    assert_eq!(path.len(), 4);
    assert_eq!(path.nodes().map(|node| node.id).collect::<Vec<_>>(), [10, 11, 12, 11, 10]);
    assert_eq!((path.start().id, path.end().id), (10, 10));
    let bound: Vec<_> = path.relationships().map(|it| (it.start_node_id, it.id, it.end_node_id)).collect();
    assert_eq!(bound, [(10, 20, 11), (12, 21, 11), (12, 21, 11), (10, 20, 11)]);
    let second = path.relationships().nth(1).unwrap();
    assert_eq!((&*second.start_node_element_id, &*second.end_node_element_id), ("n12", "n11"));
    let steps: Vec<_> = path.segments().map(|it| (it.start.id, it.end.id, it.reversed)).collect();
    assert_eq!(steps, [(10, 11, false), (11, 12, true), (12, 11, false), (11, 10, true)]);
}

#[test]
fn a_path_may_be_a_single_node() {
    both_ways("B3 50 91 B4 4E 0A 90 A0 83 6E 31 30 90 90", Path::new([plain(10)], [], []).unwrap());
    let path = Path::new([plain(10)], [], []).unwrap();
    assert!(path.is_empty() && path.segments().next().is_none());
    assert_eq!(path.nodes().count(), 1);
    assert_eq!(path.end(), path.start());
}

#[test]
fn old_paths_have_element_ids_made_of_numbers() {
    let bytes = hex("B3 50 92 B3 4E 0A 90 A0 B3 4E 0B 90 A0 91 B3 72 14 82 54 4F A0 92 01 01");
    for path in [decoded::<Path>(&bytes), decoded::<Value>(&bytes).as_path().unwrap().clone()] {
        let relationship = path.relationships().next().unwrap();
        assert_eq!(&*relationship.element_id, "20");
        assert_eq!(&*relationship.end_node_element_id, "11");
    }
    let view: PathRef<'_> = decoded(&bytes);
    assert_eq!(view.nodes().map(|node| node.unwrap().id()).collect::<Vec<_>>(), [10, 11]);
    let relationship: UnboundRelationshipRef<'_> = view.relationships().next().unwrap().unwrap();
    assert_eq!((relationship.id(), &*relationship.element_id(), relationship.rel_type()), (20, "20", "TO"));
    assert!(relationship.properties().is_empty());
    assert_eq!(view.indices().collect::<Result<Vec<_>, _>>(), Ok(vec![1, 1]));
}

#[test]
fn paths_to_nowhere_are_refused() {
    for indices in [&[1_i64][..], &[0, 1], &[2, 1], &[-2, 1], &[1, 2], &[1, -1], &[i64::MIN, 1], &[1, i64::MAX]] {
        assert!(Path::new([plain(1), plain(2)], [unbound(3)], indices).is_err(), "{indices:?}");
        let parts = (vec![plain(1), plain(2)], vec![unbound(3)], indices.to_vec());
        let mut bytes = vec![0xB3, 0x50];
        bytes.extend([encoded(&parts.0), encoded(&parts.1), encoded(&parts.2)].concat());
        let error = Decoder::new(&bytes).decode::<Path>().unwrap_err();
        assert!(matches!(error.kind, DecodeErrorKind::Custom(_)));
        // Nothing of it is lost.
        let value: Value = decoded(&bytes);
        assert!(matches!(value, Value::Structure(_)));
        assert_eq!(encoded(&value), bytes);
    }
    assert!(Path::new([], [], []).is_err());
}
