use std::collections::{BTreeMap, HashMap};

use packstream::{ByteArray, Decoder, Encoder, Limits, build};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Map, Str, Structure, Value};
use crate::structure::{
    Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Node, Path, Point, Relationship, Time,
    UnboundRelationship, UnsupportedType, Uuid, Vector,
};
use crate::version::Version;

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).encode(value).unwrap();
    bytes
}

#[test]
fn values_come_of_what_programs_have() {
    let list = Value::List([Value::Integer(1), Value::Null].into());
    assert_eq!(Value::from(vec![Some(1), None]), list);
    assert_eq!(Value::from([Some(1_u8), None]), list);
    assert_eq!([Some(1), None].into_iter().collect::<Value>(), list);
    let map = Value::Map(Map::from_iter([("a", "b")]));
    assert_eq!(Value::from(BTreeMap::from([("a", "b")])), map);
    assert_eq!(Value::from(HashMap::from([("a", String::from("b"))])), map);
    assert_eq!(Value::from(ByteArray(b"x")).as_bytes(), Some(&b"x"[..]));
    assert_eq!(Value::from(bytes::Bytes::from_static(b"x")).as_bytes(), Some(&b"x"[..]));
}

#[test]
fn accessors_return_what_is_there() {
    assert!(Value::default().is_null());
    assert_eq!(Value::from(true).as_bool(), Some(true));
    assert_eq!(Value::from(1).as_i64(), Some(1));
    assert_eq!(Value::from(1).as_f64(), None);
    assert_eq!(Value::from(1.5).as_f64(), Some(1.5));
    assert_eq!(Value::from("a").as_str(), Some("a"));
    assert_eq!(Value::from([1]).as_list(), Some(&[Value::Integer(1)][..]));
    assert_eq!(Value::from(Map::new()).as_map(), Some(&Map::new()));
    assert!(
        Value::Null.as_node().is_none() && Value::Null.as_relationship().is_none() && Value::Null.as_path().is_none()
    );
}

#[test]
fn structures_that_are_not_known_are_kept() {
    for (tag, len) in (0..=255_u8).flat_map(|tag| (0..=15_u8).map(move |len| (tag, len))) {
        // Fields that make none of Bolt's types.
        let fields = (0..len).map(|field| if field == 0 { 0xC3 } else { field });
        let bytes: Vec<u8> = [0xB0 | len, tag].into_iter().chain(fields).collect();
        let value: Value = Decoder::new(&bytes).decode().unwrap();
        let structure = value.as_structure().unwrap();
        assert_eq!((structure.tag(), structure.fields().len()), (tag, len.into()));
        assert_eq!(encoded(&value), bytes);
    }
}

#[test]
fn the_graph_holds_no_graph_in_its_properties() {
    let node = |properties| Node { id: 1, element_id: "n".into(), labels: Box::default(), properties };
    let date = Value::from(Date::from_days(1).unwrap());
    let inner = Value::from(node(Map::from_iter([("born", date.clone())])));
    let outer = Value::from(node(Map::from_iter([("inner", inner.clone()), ("at", Value::from([date.clone()]))])));
    let bytes = encoded(&outer);
    let read: Value = Decoder::new(&bytes).decode().unwrap();
    let properties = &read.as_node().unwrap().properties;
    assert_eq!(properties.get("at"), Some(&Value::from([date.clone()])));
    let kept = properties.get("inner").and_then(Value::as_structure).unwrap();
    assert_eq!(kept.tag(), b'N');
    assert_eq!(kept.fields()[2].as_map().unwrap().get("born"), Some(&date));
    assert_eq!(encoded(&read), bytes);

    // Elsewhere nodes are found at every depth, but not in what only looks like a part of the graph.
    let deep = Value::from([Value::from(Map::from_iter([("k", Value::from(Structure::new(b'z', [inner.clone()])))]))]);
    assert_eq!(Decoder::new(&encoded(&deep)).decode::<Value>().as_ref(), Ok(&deep));
    let broken = Structure::new(b'P', [Value::from([inner]), Value::Null, Value::Null]);
    let read: Value = Decoder::new(&encoded(&Value::from(broken))).decode().unwrap();
    let nodes = read.as_structure().unwrap().fields()[0].as_list().unwrap();
    assert!(nodes[0].as_structure().is_some());
}

#[test]
fn equal_keys_keep_the_last_value() {
    let bytes = b"\xB3N\x01\x90\xA3\x81a\x01\x81b\x02\x81a\x03";
    let value: Value = Decoder::new(bytes).decode().unwrap();
    let expected = Map::from_iter([("b", 2), ("a", 3)]);
    assert_eq!(value.as_node().map(|node| &node.properties), Some(&expected));
    assert_eq!(Decoder::new(bytes).decode::<Node>().map(|node| node.properties), Ok(expected));
}

fn maps(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map> {
    vec((".{0,6}", values), 0..5).prop_map(Map::from_iter)
}

fn nodes(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Node> {
    (any::<i64>(), ".{0,9}", vec(".{0,6}", 0..4), maps(values)).prop_map(|(id, element_id, labels, properties)| Node {
        id,
        element_id: element_id.into(),
        labels: labels.into_iter().map(Str::from).collect(),
        properties,
    })
}

fn unbound() -> impl Strategy<Value = UnboundRelationship> {
    (any::<i64>(), ".{0,9}", ".{0,6}").prop_map(|(id, element_id, rel_type)| UnboundRelationship {
        id,
        element_id: element_id.into(),
        rel_type: rel_type.into(),
        properties: Map::new(),
    })
}

fn paths(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Path> {
    (vec(nodes(values), 1..4), vec(unbound(), 1..4)).prop_flat_map(|(nodes, relationships)| {
        let index = (1..=relationships.len() as i64, any::<bool>(), 0..nodes.len() as i64);
        let steps = vec(index.prop_map(|(it, back, node)| [if back { -it } else { it }, node]), 0..6);
        steps.prop_map(move |steps| Path::new(nodes.clone(), relationships.clone(), steps.concat()).unwrap())
    })
}

const DAYS: core::ops::Range<i64> = -365_243_219_162..365_241_780_471;

fn scalars() -> impl Strategy<Value = Value> {
    let seconds = (DAYS.start + 1) * 86_400..(DAYS.end - 1) * 86_400;
    let offset = -86_399..86_400_i32;
    let clock = (0..86_400_000_000_000_i64).prop_map(|it| LocalTime::from_nanoseconds(it).unwrap());
    let numbers = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        vec(any::<u8>(), 0..20).prop_map(|it| Value::from(ByteArray(&it))),
        any::<[u8; 16]>().prop_map(|it| Value::from(Uuid(it))),
        vec(any::<f32>(), 0..9).prop_map(|it| Value::from(Vector::from(&it[..]))),
        vec(any::<i64>(), 0..9).prop_map(|it| Value::from(Vector::from(&it[..]))),
        (any::<i64>(), any::<f64>(), any::<f64>(), any::<Option<f64>>())
            .prop_map(|(srid, x, y, z)| Value::from(Point { srid, x, y, z })),
    ];
    let temporal = prop_oneof![
        DAYS.prop_map(|it| Value::from(Date::from_days(it).unwrap())),
        clock.clone().prop_map(Value::from),
        (clock.clone(), offset.clone()).prop_map(|(local, it)| Value::from(Time::new(local, it).unwrap())),
        (DAYS, clock).prop_map(|(it, time)| Value::from(LocalDateTime::new(Date::from_days(it).unwrap(), time))),
        (seconds.clone(), 0..1_000_000_000_u32, offset)
            .prop_map(|(it, nano, offset)| Value::from(DateTime::from_utc(it, nano, offset).unwrap())),
        (seconds, 0..1_000_000_000_u32, ".{0,9}")
            .prop_map(|(it, nano, zone)| Value::from(DateTimeZoneId::from_utc(it, nano, &zone).unwrap())),
        (any::<i64>(), any::<i64>(), any::<i64>(), -999_999_999..=999_999_999_i32)
            .prop_map(|(m, d, s, n)| Value::from(Duration::new(m, d, s, n).unwrap())),
        (".{0,9}", any::<u8>(), any::<u8>(), any::<Option<String>>()).prop_map(|(name, major, minor, message)| {
            let minimum_protocol_version = Version { major, minor };
            Value::from(UnsupportedType {
                name: name.into(),
                minimum_protocol_version,
                message: message.map(Str::from),
            })
        }),
    ];
    prop_oneof![numbers, temporal]
}

/// What is no part of the graph, and so can be a property of one.
fn properties() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(2, 10, 5, |inner| {
        prop_oneof![vec(inner.clone(), 0..5).prop_map(Value::from), maps(inner).prop_map(Value::from)]
    })
}

fn values() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            maps(inner.clone()).prop_map(Value::from),
            nodes(properties()).prop_map(Value::from),
            paths(properties()).prop_map(Value::from),
            (nodes(properties()), nodes(properties()), unbound()).prop_map(|(start, end, it)| {
                Value::from(Relationship {
                    id: it.id,
                    element_id: it.element_id,
                    start_node_id: start.id,
                    start_node_element_id: start.element_id,
                    end_node_id: end.id,
                    end_node_element_id: end.element_id,
                    rel_type: it.rel_type,
                    properties: start.properties,
                })
            }),
            vec(inner, 0..8).prop_map(|it| Value::from(Structure::new(b'z', it))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in values()) {
        let bytes = encoded(&value);
        let mut decoder = Decoder::new(&bytes);
        prop_assert_eq!(&decoder.decode::<Value>().unwrap(), &value);
        prop_assert_eq!(decoder.finish(), Ok(()));
    }

    /// Whatever comes is kept: it is refused only if it is not PackStream, and is the same when it is written and read again.
    #[test]
    fn mutations_are_kept(
        value in values(),
        mutations in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = encoded(&value);
        for (index, byte) in mutations {
            let index = index.index(bytes.len());
            *bytes.get_mut(index).unwrap() = byte;
        }
        let mut decoder = Decoder::new(&bytes);
        let mut plain = Decoder::new(&bytes);
        let read = decoder.decode::<Value>();
        let tree = plain.decode::<packstream::Value>();
        prop_assert_eq!(read.is_ok(), tree.is_ok());
        for depth in 0..8 {
            let limits = Limits::DEFAULT.with_depth(depth);
            let read = build::<Value>(&mut Decoder::new(&bytes), limits);
            let tree = build::<packstream::Value>(&mut Decoder::new(&bytes), limits);
            prop_assert_eq!(read.err(), tree.err());
        }
        if let Ok(read) = read {
            prop_assert_eq!(decoder.offset(), plain.offset());
            let again = encoded(&read);
            let reread: Value = Decoder::new(&again).decode().unwrap();
            prop_assert_eq!(encoded(&reread), again);
        }
    }
}

#[test]
fn what_recurses_fits_into_a_small_stack() {
    let walk = || {
        for (levels, start, end) in [
            (1, &b"\x91"[..], &b""[..]),
            (1, b"\xA1\x80", b""),
            (1, b"\xB1z", b""),
            (2, b"\xB3N\x01\x90\xA1\x80", b""),
            (4, b"\xB3P\x91\xB3N\x01\x90\xA1\x80", b"\x90\x90"),
        ] {
            let count = packstream::MAX_DEPTH / levels;
            let bytes = [&start.repeat(count)[..], &[1], &end.repeat(count)].concat();
            let mut decoder = Decoder::new(&bytes);
            let value: Value = decoder.decode().unwrap();
            assert_eq!(decoder.finish(), Ok(()));
            assert_eq!(value.clone(), value);
            assert!(!encoded(&value).is_empty() && format!("{value:#?}").len() > packstream::MAX_DEPTH);
        }
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(walk).unwrap().join().unwrap();
}
