//! What holds of all values, and of all bytes.
#![cfg(feature = "serde")]

use std::collections::{BTreeMap, HashMap};

use packstream::serde::{Columns, Structure, Uuid, from_decoder, from_slice, from_slice_with, to_buffer, to_vec};
use packstream::{DecodeError, DecodeErrorKind as Kind, Decoder, Limits, Map, Value, build};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

fn values() -> impl Strategy<Value = Value> {
    let scalars = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i8>().prop_map(|value| Value::from(i64::from(value))),
        any::<f64>().prop_map(Value::from),
        vec(any::<u8>(), 0..300).prop_map(|bytes| Value::Bytes(bytes.into())),
        ".{0,20}".prop_map(Value::from),
        any::<[u8; 16]>().prop_map(Value::Uuid),
    ];
    scalars.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Value::from),
            vec((".{0,6}", inner.clone()), 0..20).prop_map(|entries| Value::Map(Map::from_iter(entries))),
            (any::<u8>(), vec(inner, 0..=15))
                .prop_map(|(tag, fields)| Value::Structure(packstream::Structure::new(tag, fields))),
        ]
    })
}

/// A type of every shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Shapes {
    Unit,
    // Before those that serde also takes from lists.
    List(Vec<Self>),
    External(External),
    Internal(Internal),
    Adjacent(Adjacent),
    Bool(bool),
    Int(i64),
    Float(f64),
    Uuid(Uuid),
    Char(char),
    Text(String),
    Structure(Structure<b'N', (i64, Box<Self>)>),
    Any(packstream::Structure),
    Map(BTreeMap<String, Self>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Unit,
    Newtype(i64),
    Tuple(bool, Option<f64>),
    Struct { a: i64, b: Vec<u8> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
enum Internal {
    Unit,
    Struct { a: i64, b: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Newtype(i64),
    Tuple(i64, i64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record<'a> {
    id: i64,
    text: &'a str,
    bytes: &'a [u8],
    #[serde(default)]
    list: Vec<f32>,
    next: Option<Box<Self>>,
}

fn shapes() -> impl Strategy<Value = Shapes> {
    let scalars = prop_oneof![
        Just(Shapes::Unit),
        Just(Shapes::External(External::Unit)),
        any::<i64>().prop_map(|it| Shapes::External(External::Newtype(it))),
        (any::<bool>(), any::<Option<f64>>()).prop_map(|(a, b)| Shapes::External(External::Tuple(a, b))),
        (any::<i64>(), vec(any::<u8>(), 0..9)).prop_map(|(a, b)| Shapes::External(External::Struct { a, b })),
        Just(Shapes::Internal(Internal::Unit)),
        (any::<i64>(), any::<Option<String>>()).prop_map(|(a, b)| Shapes::Internal(Internal::Struct { a, b })),
        any::<i64>().prop_map(|it| Shapes::Adjacent(Adjacent::Newtype(it))),
        any::<(i64, i64)>().prop_map(|(a, b)| Shapes::Adjacent(Adjacent::Tuple(a, b))),
        any::<bool>().prop_map(Shapes::Bool),
        any::<i64>().prop_map(Shapes::Int),
        any::<f64>().prop_map(Shapes::Float),
        any::<[u8; 16]>().prop_map(|it| Shapes::Uuid(Uuid(it))),
        any::<char>().prop_map(Shapes::Char),
        "..{1,20}".prop_map(Shapes::Text),
    ];
    scalars.prop_recursive(4, 32, 8, |inner| {
        prop_oneof![
            (any::<i64>(), inner.clone()).prop_map(|(id, it)| Shapes::Structure(Structure((id, Box::new(it))))),
            vec(inner.clone(), 0..8).prop_map(Shapes::List),
            vec(("[a-s]{1,3}", inner), 2..8).prop_map(|entries| Shapes::Map(entries.into_iter().collect())),
        ]
    })
}

/// A type that goes on after an error, as none should.
#[derive(Debug)]
struct Lenient<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(deserializer).ok()))
    }
}

/// Reads a value as no type of anybody's.
fn decoded(bytes: &[u8], limits: Limits) -> Result<Value, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let value = build(&mut decoder, limits)?;
    decoder.finish()?;
    Ok(value)
}

/// serde agrees with the other ways in, and no bytes make it panic.
fn agree(bytes: &[u8]) {
    let limits = Limits::DEFAULT.with_depth(8);
    let read = from_slice_with::<Value>(bytes, limits);
    match (decoded(bytes, limits), &read) {
        (Ok(value), Ok(read)) => assert_eq!(to_vec(&value), to_vec(read)),
        (Ok(value), Err(error)) => panic!("{value:?}: {error}"),
        // Values of keys that occur again are stepped over.
        (Err(error), Ok(_)) => assert!(
            matches!(error.kind, Kind::InvalidUtf8 { .. } | Kind::TooDeep { .. } | Kind::Expected { .. }),
            "{error}"
        ),
        (Err(_), Err(_)) => {}
    }
    assert_eq!(from_slice::<IgnoredAny>(bytes).is_ok(), {
        let mut decoder = Decoder::new(bytes);
        decoder.skip(1).is_ok() && decoder.finish().is_ok()
    });
    if let Ok(shapes) = from_slice::<Shapes>(bytes) {
        let written = to_vec(&shapes).expect("what was read can be written");
        // NaN is not even equal to itself.
        assert_eq!(from_slice::<Shapes>(&written).map(|it| to_vec(&it)), Ok(Ok(written)));
    }
    let _ = from_slice::<Record<'_>>(bytes);
    let _ = from_slice::<(i64, String, Option<bool>)>(bytes);
    let _ = from_slice::<HashMap<String, Record<'_>>>(bytes);
    let _ = from_slice::<Structure<b'N', Record<'_>>>(bytes);
    for names in [["id", "text", "bytes"], ["text", "bytes", "id"]] {
        let _ = Columns::of::<Record<'_>>(names).from_slice::<Record<'_>>(bytes).is_ok();
    }
    let _ = from_slice::<HashMap<String, Lenient<Lenient<Record<'_>>>>>(bytes);
    let _ = from_slice::<Vec<Lenient<Vec<Lenient<Shapes>>>>>(bytes);
    let _ = from_slice::<Lenient<HashMap<String, Lenient<Structure<1, (Lenient<i64>, Lenient<External>)>>>>>(bytes);
    let mut decoder = Decoder::new(bytes);
    if from_decoder::<Shapes>(&mut decoder).is_err() {
        assert_eq!(decoder.offset(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_both_ways(value in values()) {
        let mut written = Vec::new();
        packstream::encode(&value, &mut written).expect("a value can be written");
        prop_assert_eq!(&to_vec(&value), &Ok(written.clone()));
        prop_assert_eq!(from_slice::<Value>(&written), Ok(value.clone()));
        let mut buffer = vec![1, 2, 3];
        prop_assert_eq!(to_buffer(&value, &mut buffer), Ok(()));
        prop_assert_eq!(&buffer[3..], written);
        agree(&buffer[3..]);
    }

    #[test]
    fn shapes_both_ways(value in shapes()) {
        let written = to_vec(&value).expect("a value can be written");
        prop_assert_eq!(from_slice::<Shapes>(&written).map(|it| to_vec(&it)), Ok(Ok(written.clone())));
        agree(&written);
    }

    #[test]
    fn every_truncation_is_refused(value in shapes()) {
        let written = to_vec(&value).expect("a value can be written");
        for end in 0..written.len() {
            let error = from_slice::<Value>(&written[..end]).expect_err("it is cut");
            prop_assert!(matches!(error.kind, Kind::UnexpectedEnd { .. }), "{error}");
            prop_assert!(from_slice::<Shapes>(&written[..end]).is_err());
        }
    }

    #[test]
    fn mutated_values(
        value in values(),
        mutations in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = to_vec(&value).expect("a value can be written");
        for (index, byte) in mutations {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        agree(&bytes);
    }

    #[test]
    fn noise(bytes in vec(any::<u8>(), 0..64)) {
        agree(&bytes);
    }

    #[test]
    fn noise_of_containers(
        bytes in vec(prop_oneof![0x80..=0x82_u8, 0x90..=0x94_u8, 0xA0..=0xA3_u8, 0xB0..=0xB3_u8, 0xC0..=0xE0_u8, 0..=3_u8, b'a'..=b'b'], 0..64),
    ) {
        agree(&bytes);
    }
}
