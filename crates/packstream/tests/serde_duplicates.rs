//! Keys that occur twice: the last wins when reading, and none is written.
#![cfg(feature = "serde")]

use std::collections::{BTreeMap, HashMap};

use packstream::serde::{Deserializer, from_slice, to_buffer, to_vec};
use packstream::{EncodeError, Limits, Map, Value};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: i64,
    y: i64,
}

/// `{x: 1, y: 2, x: 3, z: {x: 1, x: 2}, z: 0, y: 4}`
const TWICE: &[u8] = b"\xA6\x81x\x01\x81y\x02\x81x\x03\x81z\xA2\x81x\x01\x81x\x02\x81z\x00\x81y\x04";

#[test]
fn in_structs() {
    assert_eq!(from_slice(TWICE), Ok(Point { x: 3, y: 4 }));
    let list = [&[0x93][..], TWICE, TWICE, b"\xA2\x81x\x01\x81y\x02"].concat();
    assert_eq!(from_slice(&list), Ok(vec![Point { x: 3, y: 4 }, Point { x: 3, y: 4 }, Point { x: 1, y: 2 }]));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Line {
        from: Point,
        to: Option<Point>,
    }
    let line = [b"\xA3\x84from", TWICE, b"\x82to", TWICE, b"\x84from", TWICE].concat();
    assert_eq!(from_slice(&line), Ok(Line { from: Point { x: 3, y: 4 }, to: Some(Point { x: 3, y: 4 }) }));
}

#[test]
fn in_maps() {
    type Of<T> = BTreeMap<String, T>;
    assert_eq!(from_slice(b"\xA2\x81a\x01\x81a\x02"), Ok(Of::from([("a".to_owned(), 2)])));
    assert_eq!(from_slice(b"\xA2\x81a\x01\x81a\x02"), Ok(HashMap::from([("a", 2)])));
    assert_eq!(from_slice(b"\xA2\x81a\x01\x81a\x02"), Ok(Map::<Value>::from_iter([("a", 2)])));
    let value: Value = from_slice(TWICE).unwrap();
    assert_eq!(value, Value::from(Map::from_iter([("x", 3), ("z", 0), ("y", 4)])));
}

#[test]
fn where_serde_buffers() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "t")]
    enum Internal {
        P(Point),
    }
    let twice = b"\xA5\x81x\x01\x81t\x81Q\x81y\x02\x81t\x81P\x81x\x03";
    assert_eq!(from_slice(twice), Ok(Internal::P(Point { x: 3, y: 2 })));

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        P(Point),
        Other(BTreeMap<String, i64>),
    }
    assert_eq!(from_slice(b"\xA3\x81x\x01\x81y\x02\x81x\x03"), Ok(Untagged::P(Point { x: 3, y: 2 })));
    assert_eq!(from_slice(b"\xA2\x81x\x01\x81x\x03"), Ok(Untagged::Other(BTreeMap::from([("x".to_owned(), 3)]))));

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        P(Point),
    }
    assert_eq!(
        from_slice(b"\xA3\x81c\x01\x81t\x81P\x81c\xA3\x81x\x01\x81y\x02\x81x\x03"),
        Ok(Adjacent::P(Point { x: 3, y: 2 }))
    );

    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat<P> {
        a: i64,
        #[serde(flatten)]
        point: P,
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    }
    let twice = b"\xA7\x81a\x01\x81x\x01\x81y\x02\x81x\x03\x81a\x05\x81r\x01\x81r\x02";
    let rest = || BTreeMap::from([("r".to_owned(), 2)]);
    assert_eq!(from_slice(twice), Ok(Flat { a: 5, point: Point { x: 3, y: 2 }, rest: rest() }));
    assert_eq!(from_slice(twice), Ok(Flat { a: 5, point: Some(Point { x: 3, y: 2 }), rest: rest() }));
}

#[test]
fn without_a_second_try() {
    let mut deserializer = Deserializer::new(TWICE, Limits::DEFAULT).unwrap();
    assert_eq!(Point::deserialize(&mut deserializer), Ok(Point { x: 3, y: 4 }));
    assert_eq!(deserializer.decoder().finish(), Ok(()));
}

#[test]
fn types_that_take_names_as_strings_only() {
    struct ByHand(i64);

    struct Name;

    impl<'de> Deserialize<'de> for Name {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Name;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("`x`")
                }
                fn visit_str<E>(self, _: &str) -> Result<Name, E> {
                    Ok(Name)
                }
            }
            deserializer.deserialize_identifier(Visitor)
        }
    }

    impl<'de> Deserialize<'de> for ByHand {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = ByHand;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<ByHand, A::Error> {
                    let mut value = 0;
                    while let Some((Name, it)) = map.next_entry()? {
                        value = it;
                    }
                    Ok(ByHand(value))
                }
            }
            deserializer.deserialize_struct("ByHand", &["x"], Visitor)
        }
    }

    assert_eq!(from_slice::<ByHand>(b"\xA1\x81x\x07").unwrap().0, 7);
}

struct Entries<'a>(&'a [(&'a str, i64)], bool);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(self.1.then_some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[test]
fn are_not_written() {
    for known in [true, false] {
        let mut buffer = vec![1, 2, 3];
        let twice = Entries(&[("a", 1), ("b", 2), ("a", 3)], known);
        assert_eq!(to_buffer(&(1, twice), &mut buffer), Err(EncodeError::DuplicateKey("a".into())));
        assert_eq!(buffer, [1, 2, 3]);
        let many: Vec<String> = (0..1000).map(|n| format!("{}", n % 999)).collect();
        let many: Vec<(&str, i64)> = many.iter().map(|key| (&**key, 1)).collect();
        assert_eq!(to_vec(&Entries(&many, known)), Err(EncodeError::DuplicateKey("0".into())));
        assert!(to_vec(&Entries(&many[..999], known)).is_ok());
    }

    #[derive(Serialize)]
    struct Flat {
        a: i64,
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    }
    let twice = Flat { a: 1, rest: BTreeMap::from([("a".to_owned(), 2)]) };
    assert_eq!(to_vec(&twice), Err(EncodeError::DuplicateKey("a".into())));
}

#[test]
fn other_counts_than_declared_are_not_written() {
    struct Liar(usize, usize);
    impl Serialize for Liar {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = serializer.serialize_seq(Some(self.0))?;
            for _ in 0..self.1 {
                seq.serialize_element(&1)?;
            }
            seq.end()
        }
    }
    let mut buffer = vec![9];
    for (declared, written) in [(2, 1), (1, 2), (0, 1)] {
        let of = packstream::Type::List;
        assert_eq!(
            to_buffer(&Liar(declared, written), &mut buffer),
            Err(EncodeError::WrongCount { of, declared, written })
        );
        assert_eq!(buffer, [9]);
    }
}
