//! Owned values, their strings and their maps.

use std::borrow::Cow;
use std::boxed::Box;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::{encoded, hex};
use crate::{
    ByteArray, DecodeErrorKind as Kind, Decoder, Limits, MAX_DEPTH, Map, Str, Structure, Type, Value, build,
    build_items, build_map,
};

fn decoded(bytes: &[u8]) -> Value {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode().unwrap();
    decoder.finish().unwrap();
    value
}

#[test]
fn strings_of_every_length_around_what_lies_inside() {
    assert_eq!(size_of::<Str>(), size_of::<String>());
    assert_eq!(size_of::<Option<Str>>(), size_of::<String>());
    for text in ["x", "ö", "\u{20AC}", "\u{1F980}", "\0"] {
        for count in 0..30 {
            for ahead in 0..4 {
                let text = format!("{}{}", "a".repeat(ahead), text.repeat(count));
                let string = Str::from(text.as_str());
                assert_eq!((string.as_str(), string.len()), (text.as_str(), text.len()));
                assert_eq!(string.clone(), string);
                assert_eq!(Str::from(text.clone()), string);
                assert_eq!(Str::from(Box::<str>::from(text.as_str())), string);
                assert_eq!(Str::from(Cow::Borrowed(&*text)), string);
                assert_eq!(String::from(string.clone()), text);
                assert_eq!(&*Box::<str>::from(string.clone()), text);
                assert_eq!(decoded(&encoded(&string)).as_str(), Some(text.as_str()));
                assert_eq!(Decoder::new(&encoded(&text)).decode::<Str>().as_deref(), Ok(text.as_str()));
            }
        }
    }
}

#[test]
fn strings_behave_like_text() {
    let (a, b) = (Str::from("a"), Str::from("a string that is longer than 24 bytes"));
    assert!(a < b);
    assert_ne!(a, b);
    assert_eq!(a, *"a");
    assert_eq!(*"a", a);
    assert_eq!(a, "a");
    assert_eq!("a", a);
    assert_eq!(a, String::from("a"));
    assert_eq!(String::from("a"), a);
    assert_eq!((a.to_string(), format!("{b:?}")), ("a".into(), format!("{:?}", b.as_str())));
    let set: HashSet<Str> = [a, b, Str::default()].into();
    assert!(set.contains("a") && set.contains("") && !set.contains("b"));
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
    assert_eq!(Value::from(ByteArray(b"x")), Value::Bytes((*b"x").into()));
    assert_eq!(Value::from(bytes::Bytes::from_static(b"x")), Value::Bytes((*b"x").into()));
    assert_eq!(Value::from(vec![1_u8]), Value::List([Value::Integer(1)].into()));
}

#[test]
fn accessors_return_what_is_there() {
    assert!(Value::default().is_null());
    assert_eq!(Value::from(true).as_bool(), Some(true));
    assert_eq!(Value::from(1).as_i64(), Some(1));
    assert_eq!(Value::from(1).as_f64(), None);
    assert_eq!(Value::from(1.5).as_f64(), Some(1.5));
    assert_eq!(Value::from("a").as_str(), Some("a"));
    assert_eq!(Value::from(ByteArray(b"a")).as_bytes(), Some(&b"a"[..]));
    assert_eq!(Value::from([1]).as_list(), Some(&[Value::Integer(1)][..]));
    assert_eq!(Value::from(Map::new()).as_map(), Some(&Map::new()));
    assert_eq!(Value::Uuid([1; 16]).as_uuid(), Some([1; 16]));
    let structure = Structure::new(7, [Value::from(1), Value::from("a")]);
    assert_eq!(format!("{structure:?}"), r#"Structure { tag: 7, fields: [Integer(1), String("a")] }"#);
    assert_eq!(Value::from(structure.clone()).as_structure(), Some(&structure));
    assert_eq!(structure.into_fields().collect::<Vec<_>>(), [Value::from(1), Value::from("a")]);
}

#[test]
fn floats_are_equal_as_floats_are_and_keep_their_bits() {
    for bits in ["7F F4 00 00 00 00 00 2A", "FF F8 00 00 00 00 00 01", "80 00 00 00 00 00 00 00"] {
        for front in ["C1", "91 C1", "B1 00 C1", "A1 80 C1", "92 00 C1"] {
            let bytes = hex(&format!("{front} {bits}"));
            assert_eq!(encoded(&decoded(&bytes)), bytes);
        }
    }
    assert_ne!(Value::from(f64::NAN), Value::from(f64::NAN));
    assert_eq!(Value::from(0.0), Value::from(-0.0));
}

#[test]
fn containers_lie_in_one_another_in_every_order() {
    // Deeper than what is remembered without memory, and containers on both sides of others.
    let mut value = Value::from("core");
    for level in 0..MIXED {
        let side = || Value::from([Value::from(level), Value::Map(Map::from_iter([("k", level)]))]);
        value = match level % 3 {
            0 => Value::from([side(), value, side()]),
            1 => Value::Map(Map::from_iter([("a", side()), ("b", value), ("c", side())])),
            _ => Value::from(Structure::new(level as u8, [side(), value, side()])),
        };
        assert_eq!(decoded(&encoded(&value)), value);
        let mut decoder = Decoder::new(&[]);
        let bytes = encoded(&vec![value.clone(), Value::Null, value.clone()]);
        decoder.clone_from(&Decoder::at(&bytes, 1));
        assert_eq!(build_items(&mut decoder, 3, Limits::DEFAULT), Ok(vec![value.clone(), Value::Null, value.clone()]));
    }
}

const MIXED: i32 = 40;

#[test]
fn the_last_of_equal_keys_stays_in_its_place() {
    let map: Map<i64> = [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5)].into_iter().collect();
    assert_eq!(map.iter().collect::<Vec<_>>(), [("a", &3), ("c", &4), ("b", &5)]);
    assert!(map.contains_key("a") && map.get("d").is_none());
    for len in [1, 2, 15, 16, 17, 18, 100, 1000] {
        for twice in [0, len / 2, len - 1] {
            let mut entries: Vec<(Str, usize)> = (0..len).map(|it| (it.to_string().into(), it)).collect();
            assert_eq!(Map::from(entries.clone()).len(), len);
            entries.insert(len / 3, (twice.to_string().into(), usize::MAX));
            let last = entries.iter().rposition(|(key, _)| *key == *twice.to_string()).unwrap();
            let expected = entries[last].1;
            let map = Map::from(entries);
            assert_eq!((map.len(), map.get(&twice.to_string())), (len, Some(&expected)));
        }
    }
}

#[test]
fn equal_keys_in_what_is_read() {
    let bytes = hex("A4 81 61 91 01 81 62 90 81 61 A2 80 01 80 02 81 61 03");
    let expected = Map::from_iter([("b", Value::List(Box::default())), ("a", Value::from(3))]);
    assert_eq!(decoded(&bytes), Value::Map(expected.clone()));
    assert_eq!(Decoder::new(&bytes).decode::<Map>(), Ok(expected.clone()));
    assert_eq!(build_map(&mut Decoder::new(&bytes), Limits::DEFAULT, false), Ok(expected));
}

#[test]
fn a_million_equal_keys() {
    for (key, keys) in [("81 61", 1), ("80", 1), ("84 61 62 63 64", 1)] {
        let key = hex(key);
        let mut bytes = hex("DA 00 0F 42 40");
        for value in 0..1_000_000_u32 {
            bytes.extend(&key);
            bytes.push((value % 100) as u8);
        }
        assert_eq!(decoded(&bytes).as_map().map(Map::len), Some(keys));
    }
    // Different keys that look alike.
    let mut bytes = hex("DA 00 01 86 A0");
    for value in 0..100_000 {
        bytes.extend(encoded(&format!("{}{value:06}x", "k".repeat(30))));
        bytes.push(1);
    }
    assert_eq!(decoded(&bytes).as_map().map(Map::len), Some(100_000));
}

#[test]
fn limits_of_size_and_total() {
    let limits = Limits::DEFAULT.with_size(20);
    let mut bytes = encoded(&vec!["a string of twenty by"; 3]);
    let error = build::<Value>(&mut Decoder::new(&bytes), limits).unwrap_err();
    assert_eq!((error.offset, error.kind), (1, Kind::SizeTooLarge { of: Type::String, size: 21, limit: 20 }));
    assert!(build::<Value>(&mut Decoder::new(&bytes), limits.with_size(21)).is_ok());
    let error = build_items::<Value>(&mut Decoder::at(&bytes, 1), 3, limits).unwrap_err();
    assert_eq!(error.offset, 1);
    let total = Limits::DEFAULT.with_total(bytes.len() - 1);
    assert!(matches!(build::<Value>(&mut Decoder::new(&bytes), total).unwrap_err().kind, Kind::InputTooLong { .. }));
    assert!(build::<Value>(&mut Decoder::new(&bytes), Limits::DEFAULT.with_total(bytes.len())).is_ok());
    bytes.insert(0, 0xA0);
    assert!(build_map::<Value>(&mut Decoder::new(&bytes), limits, false).is_ok());
}

#[test]
fn what_recurses_fits_into_a_small_stack() {
    let walk = || {
        for level in [&[0x91][..], &[0xB1, 7], &[0xA1, 0x80]] {
            let bytes = [&level.repeat(MAX_DEPTH)[..], &[1]].concat();
            let value = decoded(&bytes);
            assert_eq!(value.clone(), value);
            assert_eq!(encoded(&value), bytes);
            assert!(format!("{value:?}").len() > MAX_DEPTH && format!("{value:#?}").len() > MAX_DEPTH);
        }
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(walk).unwrap().join().unwrap();
}
