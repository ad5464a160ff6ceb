//! Keys: packed when compiled, and occurring once.

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{encoded, refused};
use crate::encode::keys::duplicate;
use crate::{EncodeError, Encoder, Key, MapKey, Value, key};

const LONGEST: &str = match str::from_utf8(&[b'x'; 255]) {
    Ok(longest) => longest,
    Err(_) => "",
};

#[test]
fn keys_are_packed_like_strings() {
    for key in [
        key!(""),
        key!("a"),
        key!("fifteen letters"),
        key!("sixteen, letters"),
        key!("Größenmaßstäbe"),
        key!(LONGEST),
        key!(concat!("a", "b")),
    ] {
        assert_eq!(key.as_packed(), encoded(key.as_str()));
        assert_eq!(encoded(&key), key.as_packed());
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes).map(1, |entries| entries.entry(key, &1)).unwrap();
        assert_eq!(bytes, encoded(&BTreeMap::from([(key.as_str(), 1)])));
    }
    assert_eq!(format!("{0:?} {0} {0:>3}", key!("a")), r#"Key("a") a   a"#);
}

/// Writes a map with these keys.
fn map(keys: &[impl MapKey]) -> impl Fn(&mut Encoder<'_, Vec<u8>>) -> Result<(), EncodeError> {
    |encoder| encoder.map(keys.len(), |entries| keys.iter().try_for_each(|key| entries.entry(key, &())))
}

fn twice(key: &str) -> EncodeError {
    EncodeError::DuplicateKey(key.into())
}

#[test]
fn a_key_occurs_once_in_its_map() {
    for keys in [&["", ""][..], &["a", "a"], &["a", "b", "a"], &["b", "a", "a"]] {
        assert_eq!(refused(map(keys)), twice(keys.last().unwrap()));
    }
    const A: Key = key!("a");
    assert_eq!(
        refused(|it| it.map(2, |entries| entries.entry(A, &1).and_then(|()| entries.entry("a", &1)))),
        twice("a")
    );
    assert_eq!(
        refused(|it| it.map(2, |entries| entries.entry("a", &1).and_then(|()| entries.entry(A, &1)))),
        twice("a")
    );
    assert_eq!(twice("a").to_string(), "key `a` occurs twice in a map");

    let mut bytes = Vec::new();
    let same_in_another = Encoder::new(&mut bytes).map(2, |entries| {
        entries.map("a", 1, |entries| entries.entry("a", &1))?;
        entries.map("b", 1, |entries| entries.entry("a", &1))
    });
    assert_eq!(same_in_another, Ok(()));
}

#[test]
fn a_key_is_found_again_wherever_it_stands() {
    for len in [2, 3, 15, 16, 17, 18, 40, 300] {
        let distinct: Vec<String> = (0..len).map(|index| format!("{index}")).collect();
        let mut bytes = Vec::new();
        assert_eq!(map(&distinct)(&mut Encoder::new(&mut bytes)), Ok(()));
        for later in [1, len / 2, len - 1] {
            for earlier in [0, later / 2, later - 1] {
                let mut keys = distinct.clone();
                keys[later] = keys[earlier].clone();
                assert_eq!(refused(map(&keys)), twice(&keys[later]), "{earlier} and {later} of {len}");
            }
        }
    }
}

#[test]
fn keys_of_one_kind_are_told_apart() {
    // The same length, first and last byte; and one the beginning of the other.
    let alike: Vec<String> = (0..500).map(|index| format!("x{index:03}x")).collect();
    let long: Vec<String> = (0..500).map(|index| "y".repeat(index)).collect();
    for keys in [&alike[..], &long, &alike[..16], &long[..16], &long[250..265]] {
        let mut bytes = Vec::new();
        assert_eq!(map(keys)(&mut Encoder::new(&mut bytes)), Ok(()));
    }
    assert_eq!(refused(map(&vec!["x"; 100_000])), twice("x"));
}

#[test]
fn an_entry_that_failed_may_be_tried_again() {
    for len in [1, 15, 16, 17, 18, 30] {
        let mut bytes = Vec::new();
        let written = Encoder::new(&mut bytes).map(len, |entries| {
            (0..len).try_for_each(|index| {
                assert!(entries.entry(index.to_string(), &u64::MAX).is_err());
                assert!(entries.entry(index.to_string(), &u64::MAX).is_err());
                entries.entry(index.to_string(), &index)
            })
        });
        assert_eq!(written, Ok(()));
        let expected: Vec<_> = (0..len).map(|index| (index.to_string(), index as i64)).collect();
        assert_eq!(crate::Decoder::new(&bytes).decode(), Ok(Value::Map(expected.into_iter().collect())));
    }
}

proptest! {
    #[test]
    fn a_duplicate_is_the_first_key_seen_before(keys in vec("[ab]{0,3}", 0..40)) {
        let mut seen = BTreeSet::new();
        let expected = keys.iter().position(|key| !seen.insert(key));
        prop_assert_eq!(duplicate(keys.len(), |index| keys[index].as_bytes()), expected);
        let written = map(&keys)(&mut Encoder::new(&mut Vec::new()));
        prop_assert_eq!(written, expected.map_or(Ok(()), |index| Err(twice(&keys[index]))));
    }
}
