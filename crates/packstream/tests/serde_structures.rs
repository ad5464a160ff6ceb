//! Structures, UUIDs and trees of values through serde.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

use std::fmt::Debug;

use packstream::serde::{Structure, Tagged, Uuid, from_slice, to_vec};
use packstream::{EncodeError, Map, Value};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

#[track_caller]
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let written = to_vec(&value).unwrap();
    assert_eq!(written, bytes, "{written:02X?}");
    assert_eq!(from_slice::<T>(bytes), Ok(value));
}

#[track_caller]
fn refused<'de, T: Deserialize<'de> + Debug>(bytes: &'de [u8]) -> String {
    from_slice::<T>(bytes).unwrap_err().to_string()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fraction {
    numerator: i64,
    denominator: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(i64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i64, bool);

const HALF: Fraction = Fraction { numerator: 1, denominator: 2 };

#[test]
fn what_a_structure_is_made_of() {
    both_ways(Structure::<b'F', _>(HALF), b"\xB2F\x01\x02");
    both_ways(Structure::<b'F', _>((1, 2)), b"\xB2F\x01\x02");
    both_ways(Structure::<b'F', _>(Pair(1, true)), b"\xB2F\x01\xC3");
    both_ways(Structure::<b'F', _>(vec![1, 2]), b"\xB2F\x01\x02");
    both_ways(Structure::<b'F', _>([1, 2]), b"\xB2F\x01\x02");
    both_ways(Structure::<b'F', _>(Newtype(1)), b"\xB1F\x01");
    both_ways(Structure::<b'F', _>(Unit), b"\xB0F");
    both_ways(Structure::<b'F', _>(()), b"\xB0F");
    both_ways(
        Structure::<b'F', _>((Structure::<b'G', _>((1,)), vec![Structure::<0, _>(())])),
        b"\xB2F\xB1G\x01\x91\xB0\0",
    );
    both_ways(vec![Some(Structure::<255, _>((1,))), None], b"\x92\xB1\xFF\x01\xC0");
}

#[test]
fn structures_of_every_size() {
    for len in 0..=15_u8 {
        let fields: Vec<i64> = (0..len.into()).collect();
        let bytes = [&[0xB0 | len, b'S'], &(0..len).collect::<Vec<u8>>()[..]].concat();
        both_ways(Structure::<b'S', _>(fields.clone()), &bytes);
        let fields = fields.into_iter().map(Value::from);
        both_ways(packstream::Structure::<Value>::new(b'S', fields), &bytes);
    }
    assert_eq!(to_vec(&Structure::<b'S', _>(vec![0; 16])), Err(EncodeError::TooManyFields { tag: b'S', fields: 16 }));
}

#[test]
fn structures_that_are_others() {
    type F = Structure<b'F', Fraction>;
    assert_eq!(
        refused::<Vec<F>>(b"\x91\xB2G\x01\x02"),
        "invalid value: tag 0x47, expected a structure with tag 0x46 at byte 1"
    );
    assert_eq!(refused::<F>(b"\xB3F\x01\x02\x03"), "expected 2 values, found 3 at byte 0");
    assert_eq!(refused::<F>(b"\xB1F\x01"), "invalid length 1, expected struct Fraction with 2 elements at byte 0");
    assert_eq!(refused::<Structure<b'F', (i64, i64)>>(b"\xB1F\x01"), "expected 2 values, found 1 at byte 0");
    assert_eq!(refused::<Structure<b'F', ()>>(b"\xB1F\x01"), "expected 0 values, found 1 at byte 0");
    assert_eq!(refused::<Structure<b'F', Newtype>>(b"\xB2F\x01\x02"), "expected 1 values, found 2 at byte 0");
    assert_eq!(
        refused::<F>(b"\xA2\x83tag\x46\x86fields\x92\x01\x02"),
        "invalid type: map, expected a structure with tag 0x46 at byte 0"
    );
    assert_eq!(refused::<F>(b"\xB2F\x01\x81a"), "invalid type: string \"a\", expected i64 at byte 3");
    // A structure is no list and no map.
    for bytes in [&b"\xB1F\x01"[..], b"\xB0F"] {
        assert!(from_slice::<Vec<i64>>(bytes).is_err());
        assert!(from_slice::<Fraction>(bytes).is_err());
        assert!(from_slice::<Option<i64>>(bytes).is_err());
        assert!(from_slice::<std::collections::HashMap<String, i64>>(bytes).is_err());
        assert_eq!(from_slice(bytes), Ok(IgnoredAny));
    }
}

#[test]
fn what_cannot_be_the_fields_of_a_structure() {
    assert_eq!(
        to_vec(&Structure::<b'F', _>(1)).unwrap_err().to_string(),
        "expected a struct, tuple or list as the fields of a structure, found an integer"
    );
    assert!(to_vec(&Structure::<b'F', _>("a")).is_err());
    assert!(to_vec(&Structure::<b'F', _>(Some(HALF))).is_err());

    #[derive(Serialize)]
    struct Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<i64>,
        b: i64,
    }
    assert_eq!(to_vec(&Structure::<b'F', _>(Sparse { a: Some(1), b: 2 })).unwrap(), b"\xB2F\x01\x02");
    assert_eq!(
        to_vec(&Structure::<b'F', _>(Sparse { a: None, b: 2 })).unwrap_err().to_string(),
        "field `a` of a structure cannot be skipped: its place gives the others their meaning"
    );
}

#[test]
fn structures_in_enums_and_buffers() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Fraction(Structure<b'F', Fraction>),
        Pair(Structure<b'P', (i64, Uuid)>),
        Any(packstream::Structure),
        Number(i64),
    }
    let uuid = Uuid(*b"0123456789abcdef");
    both_ways(Untagged::Fraction(Structure(HALF)), b"\xB2F\x01\x02");
    both_ways(Untagged::Pair(Structure((1, uuid))), b"\xB2P\x01\xE00123456789abcdef");
    both_ways(Untagged::Any(packstream::Structure::new(0, [Value::from(1)])), b"\xB1\0\x01");
    both_ways(Untagged::Number(1), [1]);
    // What structures are in other formats is no structure here.
    assert!(from_slice::<Untagged>(b"\x92\x46\x92\x01\x02").is_err());
    assert!(from_slice::<Untagged>(b"\xA2\x83tag\x46\x86fields\x92\x01\x02").is_err());

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t")]
    enum Internal {
        A { value: Structure<b'F', Fraction>, uuid: Uuid, any: Value },
    }
    let any = Value::List([Value::Uuid(uuid.0), Value::Bytes([1].into())].into());
    both_ways(
        Internal::A { value: Structure(HALF), uuid, any },
        b"\xA4\x81t\x81A\x85value\xB2F\x01\x02\x84uuid\xE00123456789abcdef\x83any\x92\xE00123456789abcdef\xCC\x01\x01",
    );

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: Map,
    }
    let structure = packstream::Structure::new(1, [Value::Null]);
    both_ways(Flat { rest: Map::from_iter([("s", Value::Structure(structure))]) }, b"\xA1\x81s\xB1\x01\xC0");

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum External {
        Fraction(Structure<b'F', Fraction>),
    }
    both_ways(External::Fraction(Structure(HALF)), b"\xA1\x88Fraction\xB2F\x01\x02");
}

#[test]
fn fields_of_other_types() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "Tagged::<b'F'>")]
        half: Fraction,
        #[serde(with = "packstream::serde::uuid")]
        id: [u8; 16],
    }
    both_ways(Holder { half: HALF, id: *b"0123456789abcdef" }, b"\xA2\x84half\xB2F\x01\x02\x82id\xE00123456789abcdef");
}

#[test]
fn uuids() {
    let bytes = b"\xE00123456789abcdef";
    both_ways(Uuid(*b"0123456789abcdef"), bytes);
    assert_eq!(from_slice::<&[u8]>(bytes), Ok(&b"0123456789abcdef"[..]));
    assert_eq!(from_slice::<[u8; 16]>(bytes), Ok(*b"0123456789abcdef"));
    assert_eq!(from_slice::<Vec<u8>>(bytes).unwrap(), b"0123456789abcdef");
    assert_eq!(refused::<Uuid>(b"\xCC\x01\x01"), "invalid type: byte array, expected a UUID at byte 0");
    assert_eq!(refused::<String>(bytes), "invalid type: UUID, expected a string at byte 0");
    assert!(from_slice::<Uuid>(&bytes[..10]).is_err());
    assert!(from_slice::<&[u8]>(&bytes[..10]).is_err());
}

#[test]
fn other_formats() {
    let value = Value::Map(Map::from_iter([
        ("list", Value::List([Value::Null, Value::from(true), Value::from(1), Value::from(1.5)].into())),
        ("structure", Value::Structure(packstream::Structure::new(70, [Value::from("a")]))),
        ("bytes", Value::Bytes([1, 2].into())),
    ]));
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(json, r#"{"list":[null,true,1,1.5],"structure":{"tag":70,"fields":["a"]},"bytes":[1,2]}"#);
    // JSON knows no structures: a tree comes back with a map for it.
    let tree: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&tree).unwrap(), json);
    assert!(serde_json::from_str::<Value>("18446744073709551615").is_err());

    let half = Structure::<b'F', _>(HALF);
    let json = serde_json::to_string(&half).unwrap();
    assert_eq!(json, r#"{"tag":70,"fields":{"numerator":1,"denominator":2}}"#);
    assert_eq!(serde_json::from_str::<Structure<b'F', Fraction>>(&json).unwrap(), half);
    assert_eq!(serde_json::from_str::<Structure<b'F', Fraction>>(r#"{"fields":[1,2],"tag":70}"#).unwrap(), half);
    assert!(serde_json::from_str::<Structure<b'G', Fraction>>(&json).is_err());
    let any: packstream::Structure = serde_json::from_str(r#"{"tag":70,"fields":[1,2]}"#).unwrap();
    assert_eq!(to_vec(&any).unwrap(), to_vec(&half).unwrap());

    let uuid = Uuid([7; 16]);
    let json = serde_json::to_string(&uuid).unwrap();
    assert_eq!(serde_json::from_str::<Uuid>(&json).unwrap(), uuid);
}
