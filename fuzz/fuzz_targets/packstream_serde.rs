//! serde agrees with the other ways: it reads a value where they do, and what it writes they read. No bytes make a type of anybody's panic.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use packstream::serde::{Columns, DEPTH, Structure, from_slice, to_vec};
use packstream::{Decoder, Limits, Value, build};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Any {
    List(Vec<Self>),
    External(External),
    Internal(Internal),
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Point(Structure<b'X', (i64, f64, f64)>),
    Row(Row),
    Map(BTreeMap<String, Self>),
    Other(Value),
}

#[derive(Debug, Serialize, Deserialize)]
enum External {
    Unit,
    Newtype(i64),
    Tuple(bool, Option<f64>),
    Struct { a: i64, b: Vec<u8> },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "t")]
enum Internal {
    Unit,
    Struct { a: i64, b: Option<String> },
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    id: i64,
    name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Borrowed<'a> {
    _id: i64,
    #[serde(borrow)]
    _name: Option<&'a str>,
    _bytes: &'a [u8],
}

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::new(bytes);
    let tree =
        build::<Value>(&mut decoder, Limits::default().with_depth(DEPTH)).and_then(|it| decoder.finish().map(|()| it));
    match (tree, from_slice::<Value>(bytes)) {
        (Ok(tree), Ok(read)) => {
            let written = to_vec(&read).expect("what was read can be written");
            let mut encoded = Vec::new();
            packstream::encode(&tree, &mut encoded).expect("what was read can be written");
            assert_eq!(written, encoded);
        }
        (Err(_), Err(_)) => {}
        (tree, read) => panic!("{tree:?} but {read:?}"),
    }
    round_trip::<Any>(bytes);
    round_trip::<External>(bytes);
    round_trip::<Internal>(bytes);
    round_trip::<Row>(bytes);
    round_trip::<(Option<u8>, char, f32)>(bytes);
    drop(from_slice::<Borrowed<'_>>(bytes));
    for names in [&["id", "name", "tags"][..], &["tags", "x", "name", "id", "id"]] {
        drop(Columns::of::<Row>(names.iter().copied()).from_slice::<Row>(bytes));
    }
});

fn round_trip<T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    let Ok(value) = from_slice::<T>(bytes) else { return };
    // A character or a map may be read from what is written as something else, but what is written reads and writes the same.
    let Ok(written) = to_vec(&value) else { return };
    let again: T = from_slice(&written).expect("what was written can be read");
    assert_eq!(to_vec(&again).expect("what was read can be written"), written);
}
