//! Every shape of serde's data model, both ways.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use packstream::serde::{from_slice, to_vec};
use packstream::{EncodeError, Value};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

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
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(i64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i64, String);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    born: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Unit,
    Newtype(i64),
    Tuple(i64, bool),
    Struct { a: i64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
enum Internal {
    Unit,
    Newtype(Person),
    Struct { a: i64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Newtype(i64),
    Tuple(i64, bool),
    Struct { a: i64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Unit,
    Newtype(i64),
    Tuple(i64, bool),
    Struct { a: i64 },
    Text(String),
    Bytes(serde_bytes::ByteBuf),
}

#[test]
fn scalars() {
    both_ways(true, [0xC3]);
    both_ways(1_i8, [1]);
    both_ways(-17_i16, [0xC8, 0xEF]);
    both_ways(i32::MAX, [0xCA, 0x7F, 0xFF, 0xFF, 0xFF]);
    both_ways(i64::MIN, [0xCB, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    both_ways(i128::from(i64::MIN), [0xCB, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    both_ways(200_u8, [0xC9, 0, 200]);
    both_ways(1_u16, [1]);
    both_ways(1_u32, [1]);
    both_ways(i64::MAX as u64, [0xCB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    both_ways(1_u128, [1]);
    both_ways(1.5_f32, [0xC1, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]);
    both_ways(1.1_f64, [0xC1, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A]);
    both_ways('ö', b"\x82\xC3\xB6");
    both_ways("Ada".to_owned(), b"\x83Ada");
    both_ways(serde_bytes::ByteBuf::from([1, 2]), [0xCC, 2, 1, 2]);
    both_ways((), [0xC0]);
    both_ways(Unit, [0xC0]);
    both_ways(Newtype(7), [7]);
}

#[test]
fn integers_out_of_range() {
    assert_eq!(to_vec(&u64::MAX), Err(EncodeError::OutOfRange(u64::MAX)));
    assert_eq!(
        to_vec(&u128::MAX).unwrap_err().to_string(),
        "integer 340282366920938463463374607431768211455 does not fit into 64 bits"
    );
    assert!(to_vec(&i128::MIN).is_err());
    assert_eq!(refused::<u8>(&[0xC9, 1, 0]), "invalid value: integer `256`, expected u8 at byte 0");
    assert_eq!(refused::<(u8, u64)>(&[0x92, 1, 0xFF]), "invalid value: integer `-1`, expected u64 at byte 2");
}

#[test]
fn floats_are_taken_from_integers_and_narrowed_by_rounding() {
    assert_eq!(from_slice::<f64>(&[42]), Ok(42.0));
    assert_eq!(from_slice::<f32>(&[42]), Ok(42.0));
    assert_eq!(from_slice::<f32>(&to_vec(&0.1_f64).unwrap()), Ok(0.1_f32));
    assert_eq!(from_slice::<f32>(&to_vec(&1e300_f64).unwrap()), Ok(f32::INFINITY));
    assert!(from_slice::<f64>(&to_vec(&f64::NAN).unwrap()).unwrap().is_nan());
    assert_eq!(refused::<i64>(&to_vec(&1.5).unwrap()), "invalid type: floating point `1.5`, expected i64 at byte 0");
}

#[test]
fn options() {
    both_ways(Some(1), [1]);
    both_ways(None::<i64>, [0xC0]);
    both_ways(vec![Some("a".to_owned()), None], b"\x92\x81a\xC0");
}

#[test]
fn lists_and_tuples() {
    both_ways(vec![1, 2, 3], [0x93, 1, 2, 3]);
    both_ways(Vec::<i64>::new(), [0x90]);
    both_ways(vec![1.0; 20], [&[0xD4, 20][..], &b"\xC1\x3F\xF0\0\0\0\0\0\0".repeat(20)].concat());
    both_ways([1, 2], [0x92, 1, 2]);
    both_ways((1, "a".to_owned(), true), b"\x93\x01\x81a\xC3");
    both_ways(Pair(1, "a".to_owned()), b"\x92\x01\x81a");
    assert_eq!(refused::<(i64, i64)>(&[0x93, 1, 2, 3]), "expected 2 values, found 3 at byte 0");
    assert_eq!(refused::<Vec<Pair>>(&[0x91, 0x91, 1]), "expected 2 values, found 1 at byte 1");
    assert_eq!(refused::<[i64; 3]>(&[0x92, 1, 2]), "expected 3 values, found 2 at byte 0");
    assert_eq!(refused::<Vec<i64>>(b"\x81a"), "invalid type: string \"a\", expected a sequence at byte 0");
}

#[test]
fn bytes() {
    assert_eq!(from_slice::<Vec<u8>>(&[0xCC, 2, 1, 2]), Ok(vec![1, 2]));
    assert_eq!(from_slice::<[u8; 2]>(&[0xCC, 2, 1, 2]), Ok([1, 2]));
    assert!(from_slice::<[u8; 3]>(&[0xCC, 2, 1, 2]).is_err());
    assert!(from_slice::<[u8; 1]>(&[0xCC, 2, 1, 2]).is_err());
    assert_eq!(from_slice::<serde_bytes::ByteBuf>(&[0x92, 1, 2]), Ok(serde_bytes::ByteBuf::from([1, 2])));
    assert_eq!(refused::<String>(&[0xCC, 1, 65]), "invalid type: byte array, expected a string at byte 0");
}

#[test]
fn structs() {
    let ada = || Person { name: "Ada".to_owned(), born: 1815 };
    both_ways(ada(), b"\xA2\x84name\x83Ada\x84born\xC9\x07\x17");
    assert_eq!(from_slice(b"\xA3\x84born\xC9\x07\x17\x81x\x91\x01\x84name\x83Ada"), Ok(ada()));
    assert_eq!(from_slice(b"\x92\x83Ada\xC9\x07\x17"), Ok(ada()));
    assert_eq!(refused::<Person>(b"\xA1\x84name\x83Ada"), "missing field `born` at byte 0");
    assert_eq!(refused::<Vec<Person>>(b"\x91\xA0"), "missing field `name` at byte 1");
    assert_eq!(refused::<Person>(b"\xA1\x84name\x01"), "invalid type: integer `1`, expected a string at byte 6");
    assert_eq!(refused::<Person>(b"\x91\x83Ada"), "invalid length 1, expected struct Person with 2 elements at byte 0");
    assert_eq!(refused::<Person>(b"\x93\x83Ada\x01\x01"), "expected 2 values, found 3 at byte 0");
    assert_eq!(refused::<Person>(b"\x01"), "invalid type: integer `1`, expected struct Person at byte 0");
    assert_eq!(
        refused::<Person>(b"\xB1N\x01"),
        "invalid type: structure with tag 0x4E and 1 fields, expected struct Person at byte 0"
    );
}

#[test]
fn fields_that_are_left_out() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<i64>,
        #[serde(default)]
        b: i64,
        #[serde(skip)]
        c: i64,
        #[serde(alias = "e")]
        d: Option<bool>,
    }
    both_ways(Sparse { b: 2, ..Sparse::default() }, b"\xA2\x81b\x02\x81d\xC0");
    both_ways(Sparse { a: Some(1), b: 2, ..Sparse::default() }, b"\xA3\x81a\x01\x81b\x02\x81d\xC0");
    assert_eq!(from_slice(b"\xA1\x81e\xC3"), Ok(Sparse { d: Some(true), ..Sparse::default() }));
    assert_eq!(from_slice(b"\xA1\x81c\x07"), Ok(Sparse::default()));

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "never read")]
    struct Strict {
        a: i64,
    }
    assert_eq!(refused::<Strict>(b"\xA2\x81a\x01\x81b\x02"), "unknown field `b`, expected `a` at byte 4");
}

#[test]
fn maps() {
    both_ways(BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]), b"\xA2\x81a\x01\x81b\x02");
    both_ways(HashMap::from([("a".to_owned(), 1)]), b"\xA1\x81a\x01");
    both_ways(BTreeMap::from([('a', ())]), b"\xA1\x81a\xC0");
    both_ways(BTreeMap::<String, i64>::new(), [0xA0]);

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    enum Key {
        A,
    }
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct Name(String);
    both_ways(BTreeMap::from([(Key::A, 1)]), b"\xA1\x81A\x01");
    both_ways(BTreeMap::from([(Name("a".into()), 1)]), b"\xA1\x81a\x01");
    both_ways(BTreeMap::from([(Some("a".to_owned()), 1)]), b"\xA1\x81a\x01");
}

#[test]
fn keys_that_are_no_strings() {
    assert_eq!(
        to_vec(&BTreeMap::from([(1, 2)])).unwrap_err().to_string(),
        "expected a string as key of a map, found an integer"
    );
    assert!(to_vec(&BTreeMap::from([((), 2)])).is_err());
    assert!(to_vec(&BTreeMap::from([(vec![1], 2)])).is_err());
    assert!(to_vec(&BTreeMap::from([((1, 2), 2)])).is_err());
    assert_eq!(refused::<BTreeMap<i64, i64>>(b"\xA1\x811\x02"), "invalid type: string \"1\", expected i64 at byte 1");
    for key in [&b"\xA1\x01\x02"[..], b"\xA1\xC0\x02", b"\xA1\x90\x02"] {
        assert!(refused::<BTreeMap<String, i64>>(key).starts_with("expected String, found "));
        assert!(refused::<Person>(key).starts_with("expected String, found "));
        assert!(refused::<Value>(key).starts_with("expected String, found "));
    }
}

#[test]
fn enums_tagged_externally() {
    both_ways(External::Unit, b"\x84Unit");
    both_ways(External::Newtype(1), b"\xA1\x87Newtype\x01");
    both_ways(External::Tuple(1, true), b"\xA1\x85Tuple\x92\x01\xC3");
    both_ways(External::Struct { a: 1 }, b"\xA1\x86Struct\xA1\x81a\x01");
    both_ways(vec![Some(External::Unit), None], b"\x92\x84Unit\xC0");
    assert_eq!(from_slice(b"\xA1\x84Unit\xC0"), Ok(External::Unit));
    assert_eq!(from_slice(b"\xA1\x86Struct\x91\x01"), Ok(External::Struct { a: 1 }));
    assert_eq!(
        refused::<External>(b"\x81x"),
        "unknown variant `x`, expected one of `Unit`, `Newtype`, `Tuple`, `Struct` at byte 0"
    );
    assert_eq!(refused::<External>(b"\x87Newtype"), "invalid type: unit variant, expected newtype variant at byte 0");
    assert_eq!(refused::<External>(b"\x01"), "invalid type: integer `1`, expected enum External at byte 0");
    assert_eq!(
        refused::<External>(b"\xA0"),
        "expected a variant as a string or a map of one entry, found a map of 0 at byte 0"
    );
    assert_eq!(refused::<External>(b"\xA1\x85Tuple\x91\x01"), "expected 2 values, found 1 at byte 7");
}

#[test]
fn enums_tagged_internally() {
    both_ways(Internal::Unit, b"\xA1\x81t\x84Unit");
    both_ways(
        Internal::Newtype(Person { name: "A".into(), born: 1 }),
        b"\xA3\x81t\x87Newtype\x84name\x81A\x84born\x01",
    );
    both_ways(Internal::Struct { a: 1 }, b"\xA2\x81t\x86Struct\x81a\x01");
    assert_eq!(from_slice(b"\xA2\x81a\x01\x81t\x86Struct"), Ok(Internal::Struct { a: 1 }));
    assert_eq!(refused::<Internal>(b"\xA1\x81a\x01"), "missing field `t` at byte 0");
}

#[test]
fn enums_tagged_adjacently() {
    both_ways(Adjacent::Unit, b"\xA1\x81t\x84Unit");
    both_ways(Adjacent::Newtype(1), b"\xA2\x81t\x87Newtype\x81c\x01");
    both_ways(Adjacent::Tuple(1, true), b"\xA2\x81t\x85Tuple\x81c\x92\x01\xC3");
    both_ways(Adjacent::Struct { a: 1 }, b"\xA2\x81t\x86Struct\x81c\xA1\x81a\x01");
    assert_eq!(from_slice(b"\xA2\x81c\x92\x01\xC3\x81t\x85Tuple"), Ok(Adjacent::Tuple(1, true)));
}

#[test]
fn enums_not_tagged() {
    both_ways(Untagged::Unit, [0xC0]);
    both_ways(Untagged::Newtype(1), [1]);
    both_ways(Untagged::Tuple(1, true), [0x92, 1, 0xC3]);
    both_ways(Untagged::Struct { a: 1 }, b"\xA1\x81a\x01");
    both_ways(Untagged::Bytes(serde_bytes::ByteBuf::from([0xFF])), [0xCC, 1, 0xFF]);
    both_ways(Untagged::Text("a".into()), b"\x81a");
    assert_eq!(
        refused::<Vec<Untagged>>(&[0x91, 0xC3]),
        "data did not match any variant of untagged enum Untagged at byte 0"
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    a: i64,
    #[serde(flatten)]
    person: Person,
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

#[test]
fn flattened_fields() {
    let flat = |a| Flat {
        a,
        person: Person { name: "A".into(), born: 1 },
        rest: BTreeMap::from([("y".to_owned(), 9), ("z".to_owned(), 8)]),
    };
    both_ways(flat(7), b"\xA5\x81a\x07\x84name\x81A\x84born\x01\x81y\x09\x81z\x08");
}

#[test]
fn lengths_that_are_not_known() {
    struct Evens(usize);

    impl Serialize for Evens {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..2 * self.0).filter(|n| n % 2 == 0).map(|n| (n, n)))
        }
    }

    struct Keys(usize);

    impl Serialize for Keys {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for key in 0..self.0 {
                map.serialize_entry(&key.to_string(), &Evens(key % 3))?;
            }
            map.end()
        }
    }

    for len in [0, 1, 15, 16, 255, 256, 65_535, 65_536] {
        let list: Vec<(usize, usize)> = (0..len).map(|n| (2 * n, 2 * n)).collect();
        assert_eq!(to_vec(&Evens(len)).unwrap(), to_vec(&list).unwrap());
        assert_eq!(to_vec(&(1, Evens(len), 2)).unwrap(), to_vec(&(1, list, 2)).unwrap());
    }
    for len in [0, 15, 16, 256, 1000] {
        let bytes = to_vec(&Keys(len)).unwrap();
        let map: Vec<(String, Vec<(usize, usize)>)> =
            (0..len).map(|key| (key.to_string(), (0..key % 3).map(|n| (2 * n, 2 * n)).collect())).collect();
        struct Known(Vec<(String, Vec<(usize, usize)>)>);
        impl Serialize for Known {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
            }
        }
        assert_eq!(bytes, to_vec(&Known(map)).unwrap());
    }
}

#[test]
fn what_is_ignored() {
    assert_eq!(from_slice::<IgnoredAny>(b"\x92\x01\xB1N\xA1\x81a\xC0"), Ok(IgnoredAny));
    assert_eq!(from_slice::<(IgnoredAny, i64)>(b"\x92\xB1N\xA1\x81a\xC0\x01"), Ok((IgnoredAny, 1)));
}

#[test]
fn what_borrows() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Borrowed<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        bytes: &'a [u8],
        #[serde(borrow)]
        map: HashMap<&'a str, &'a str>,
    }
    let input = b"\xA3\x84text\x81a\x85bytes\xCC\x01\x07\x83map\xA1\x81k\x81v";
    let read: Borrowed<'_> = from_slice(input).unwrap();
    assert!(matches!(read.text, Cow::Borrowed("a")));
    let inside = input.as_ptr_range();
    for part in [read.text.as_bytes(), read.bytes, read.map["k"].as_bytes()] {
        assert!(inside.contains(&part.as_ptr()));
    }
}

#[test]
fn what_follows_is_refused() {
    assert_eq!(refused::<i64>(&[1, 2]), "expected the end of input, found 1 bytes more at byte 1");
    assert_eq!(refused::<i64>(&[]), "expected at least 1 bytes, found only 0 at byte 0");
    assert_eq!(refused::<i64>(&[0xC7]), "expected Integer, found reserved marker 0xC7 at byte 0");
    assert_eq!(
        refused::<&str>(&[0x81, 0xFF]),
        "expected UTF-8 in String, found other bytes behind its first 0 at byte 0"
    );
}
