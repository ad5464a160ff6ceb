//! What decoding into owned values allocates: one piece of memory for each container and each long string, and for whatever bytes no
//! more than a small constant times their length.

use allocation_counter::measure;
use neobolt_proto::structure::{DateTimeZoneId, Node, Path, Relationship, UnboundRelationship};
use neobolt_proto::{Map, Str, Value};
use packstream::{Decoder, Encoder};

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).encode(value).expect("the values can be encoded");
    bytes
}

fn count(value: impl Into<Value>) -> u64 {
    let value = value.into();
    let bytes = encoded(&value);
    let info = measure(|| assert_eq!(Decoder::new(&bytes).decode::<Value>().as_ref(), Ok(&value)));
    assert_eq!(info.count_current, 0);
    info.count_total
}

fn node(id: i64) -> Node {
    Node {
        id,
        element_id: format!("n{id}").into(),
        labels: ["Person", "Author"].map(Str::from).into(),
        properties: Map::from_iter([("name", Value::from("Ada Lovelace")), ("born", Value::from(1815))]),
    }
}

fn unbound(id: i64) -> UnboundRelationship {
    let properties = Map::from_iter([("since", 1843)]);
    UnboundRelationship { id, element_id: format!("r{id}").into(), rel_type: "KNOWS".into(), properties }
}

#[test]
fn one_for_each_container() {
    assert_eq!(count("a label or a key"), 0);
    assert_eq!(count(Map::from_iter([("a", "b")])), 1);
    assert_eq!(count(DateTimeZoneId::from_utc(0, 0, "Europe/Stockholm").unwrap()), 1);
    // The node, its labels and its properties.
    assert_eq!(count(node(1)), 3);
    assert_eq!(count([node(1), node(2)]), 7);
    // Itself, its three lists, two for each node and one for each relationship.
    let path = Path::new([node(1), node(2), node(3)], [unbound(1), unbound(2)], [1, 1, 2, 2]).unwrap();
    let relationship: Relationship = path.relationships().next().unwrap();
    assert_eq!(count(path), 12);
    assert_eq!(count(relationship), 2);
}

#[test]
fn memory_and_time_are_in_proportion_to_hostile_bytes() {
    const MOST: f64 = 48.0;
    let sized = |marker: u8, len: u32| [&[marker][..], &len.to_be_bytes()].concat();
    let noise = vec![1; 1_000_000];
    let node = [0xB3, b'N', 1, 0x90, 0xA0];
    let node_around = [0xB3, b'N', 1, 0x90, 0xA1, 0x80];
    let stand_in_around = [0xB4, b'?', 0x80, 6, 1, 0xA1, 0x80];
    // Each level is well-formed up to its end, where it is not: no level may be read again for each one around it.
    let refused = |around: &[u8]| [around.repeat(60), noise.clone(), vec![0xC4]].concat();
    for (what, bytes) in [
        ("nested nodes", node_around.repeat(100_000)),
        ("nested nodes, refused", refused(&[&node_around[..], &[0xD6, 0, 0x0F, 0, 0]].concat())),
        ("nested stand-ins, refused", refused(&[&stand_in_around[..], &[0xD6, 0, 0x0F, 0, 0]].concat())),
        ("nodes", [sized(0xD6, 100_000), node.repeat(100_000)].concat()),
        ("nodes of a path", [&[0xB3, b'P'][..], &sized(0xD6, 100_000), &node.repeat(100_000), &[0x90, 0x90]].concat()),
        ("a path that lies", [&[0xB3, b'P'][..], &sized(0xD6, 900_000), &noise].concat()),
        ("labels that lie", [&[0xB3, b'N', 1][..], &sized(0xD6, 900_000), &noise].concat()),
        ("properties that lie", [&[0xB3, b'N', 1, 0x90][..], &sized(0xDA, 400_000), &[0x80], &noise].concat()),
    ] {
        let info = measure(|| drop(Decoder::new(&bytes).decode::<Value>()));
        let per_byte = info.bytes_max as f64 / bytes.len() as f64;
        println!("{what}: {per_byte:.1} bytes per byte, {} allocations", info.count_total);
        assert_eq!(info.bytes_current, 0);
        assert!(per_byte <= MOST, "{what}: {per_byte} bytes per byte");
    }
}
