//! Rows, whose columns are named once per result.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

use std::collections::BTreeMap;

use packstream::serde::{Columns, Structure, to_vec};
use packstream::{Decoder, Map, Value};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, PartialEq, Deserialize)]
struct Person<'a> {
    name: &'a str,
    born: i64,
    died: Option<i64>,
}

const ADA: Person<'_> = Person { name: "Ada", born: 1815, died: Some(1852) };

/// Checks that rows of columns in this order are read by what was worked out for them.
#[track_caller]
fn ada(names: &[&str]) {
    let columns = Columns::of::<Person<'_>>(names.iter().copied());
    let values = names.iter().map(|&name| match name {
        "name" => Value::from("Ada"),
        "born" => Value::from(1815),
        "died" => Value::from(1852),
        _ => Value::List([Value::Null, Value::from("other")].into()),
    });
    let row = to_vec(&Value::List(values.collect())).unwrap();
    assert_eq!(columns.from_slice(&row), Ok(ADA), "{columns:?}");
    assert!(columns.names().eq(names.iter().copied()));
}

#[test]
fn in_any_order() {
    ada(&["name", "born", "died"]);
    ada(&["died", "born", "name"]);
    ada(&["born", "name", "died"]);
    ada(&["name", "born", "died", "x"]);
    ada(&["x", "name", "born", "y", "died", "z"]);
}

#[test]
fn the_last_of_equal_names_wins() {
    let columns = Columns::of::<Person<'_>>(["name", "born", "died", "name"]);
    assert_eq!(columns.from_slice(b"\x94\x81x\x01\xC0\x81y"), Ok(Person { name: "y", born: 1, died: None }));
    let columns = Columns::of::<BTreeMap<&str, i64>>(["a", "b", "a"]);
    assert_eq!(columns.from_slice(b"\x93\x01\x02\x03"), Ok(BTreeMap::from([("a", 3), ("b", 2)])));
}

#[test]
fn columns_that_are_missing() {
    let columns = Columns::of::<Person<'_>>(["name", "born"]);
    assert_eq!(columns.from_slice(b"\x92\x81x\x01"), Ok(Person { name: "x", born: 1, died: None }));
    let columns = Columns::of::<Person<'_>>(["born"]);
    let error = columns.from_slice::<Person<'_>>(b"\x91\x01").unwrap_err();
    assert_eq!(error.to_string(), "missing field `name` at byte 0");
    let columns = Columns::of::<Person<'_>>([""; 0]);
    assert!(columns.from_slice::<Person<'_>>(b"\x90").is_err());
}

#[test]
fn rows_that_are_wrong() {
    for names in [["name", "born", "died"], ["born", "name", "died"]] {
        let columns = Columns::of::<Person<'_>>(names);
        let refused = |row: &'static [u8]| {
            // The names would live as long as the row.
            let error = columns.from_slice::<Person<'_>>(row).unwrap_err();
            error.to_string()
        };
        assert_eq!(refused(b"\x92\x81x\x01"), "expected 3 values, found 2 at byte 0");
        assert_eq!(refused(b"\xA0"), "expected List, found Map at byte 0");
        assert_eq!(refused(b""), "expected at least 1 bytes, found only 0 at byte 0");
        assert!(refused(b"\x93\xC0\xC0\xC0").contains("invalid type: null, expected "));
        assert!(refused(b"\x93\xC0\xC0\xC0").ends_with(" at byte 1"));
    }
    let columns = Columns::of::<(i64,)>(["a"]);
    assert!(columns.from_slice::<(i64,)>(b"\x91\x01\x01").is_err());
}

#[test]
fn types_that_are_read_in_their_own_way() {
    const NAMES: [&str; 2] = ["a", "b"];
    const ROW: &[u8] = b"\x92\x01\x02";

    assert_eq!(Columns::of::<(i64, i64)>(NAMES).from_slice(ROW), Ok((1, 2)));
    assert_eq!(Columns::of::<Vec<i64>>(NAMES).from_slice(ROW), Ok(vec![1, 2]));
    assert_eq!(Columns::of::<BTreeMap<&str, i64>>(NAMES).from_slice(ROW), Ok(BTreeMap::from([("a", 1), ("b", 2)])));
    assert_eq!(Columns::of::<IgnoredAny>(NAMES).from_slice(ROW), Ok(IgnoredAny));
    let map = Map::from_iter([("a", 1), ("b", 2)]);
    assert_eq!(Columns::of::<Value>(NAMES).from_slice(ROW), Ok(Value::from(map)));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair(i64, i64);
    assert_eq!(Columns::of::<Pair>(NAMES).from_slice(ROW), Ok(Pair(1, 2)));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Ab {
        a: i64,
        b: i64,
    }
    assert_eq!(Columns::of::<Option<Ab>>(NAMES).from_slice(ROW), Ok(Some(Ab { a: 1, b: 2 })));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Newtype(Ab);
    assert_eq!(Columns::of::<Newtype>(NAMES).from_slice(ROW), Ok(Newtype(Ab { a: 1, b: 2 })));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        b: i64,
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    }
    assert_eq!(
        Columns::of::<Flat>(NAMES).from_slice(ROW),
        Ok(Flat { b: 2, rest: BTreeMap::from([("a".to_owned(), 1)]) })
    );

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Ab(Ab),
    }
    assert_eq!(Columns::of::<Untagged>(NAMES).from_slice(ROW), Ok(Untagged::Ab(Ab { a: 1, b: 2 })));
}

#[test]
fn fields_with_other_names() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Renamed {
        #[serde(default)]
        first_name: i64,
        #[serde(skip)]
        skipped: i64,
        #[serde(rename = "z")]
        last_name: i64,
    }
    let row = |first_name, last_name| Ok(Renamed { first_name, skipped: 0, last_name });
    assert_eq!(Columns::of::<Renamed>(["firstName", "z"]).from_slice(b"\x92\x01\x02"), row(1, 2));
    assert_eq!(Columns::of::<Renamed>(["z", "firstName"]).from_slice(b"\x92\x01\x02"), row(2, 1));
    assert_eq!(Columns::of::<Renamed>(["z", "skipped"]).from_slice(b"\x92\x01\x02"), row(0, 1));

    // Among the names of fields there are aliases: numbers count fields.
    #[derive(Debug, PartialEq, Deserialize)]
    struct Aliased {
        #[serde(alias = "x", alias = "c")]
        b: i64,
        d: Option<i64>,
        e: Option<i64>,
        f: Option<i64>,
    }
    let row = |b, d, e, f| Ok(Aliased { b, d, e, f });
    assert_eq!(Columns::of::<Aliased>(["x"]).from_slice(b"\x91\x01"), row(1, None, None, None));
    assert_eq!(Columns::of::<Aliased>(["c", "d"]).from_slice(b"\x92\x01\x02"), row(1, Some(2), None, None));
    assert_eq!(
        Columns::of::<Aliased>(["b", "d", "e", "f"]).from_slice(b"\x94\x01\x02\x03\x04"),
        row(1, Some(2), Some(3), Some(4))
    );

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: i64,
    }
    assert_eq!(Columns::of::<Strict>(["b", "a"]).from_slice(b"\x92\x01\x02"), Ok(Strict { a: 2 }));
}

#[test]
fn columns_of_another_type() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Ab {
        a: i64,
        b: i64,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Ba {
        b: i64,
        a: i64,
    }
    for names in [["a", "b"], ["b", "a"]] {
        let columns = Columns::of::<Ab>(names);
        let (a, b) = if names[0] == "a" { (1, 2) } else { (2, 1) };
        for _ in 0..2 {
            assert_eq!(columns.from_slice(b"\x92\x01\x02"), Ok(Ab { a, b }));
            assert_eq!(columns.from_slice(b"\x92\x01\x02"), Ok(Ba { b, a }));
        }
    }
}

#[test]
fn duplicate_keys_inside_of_rows() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        point: Point,
        n: i64,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i64,
    }
    for names in [["point", "n"], ["n", "point"]] {
        let columns = Columns::of::<Row>(names);
        let twice: &[u8] = b"\xA2\x81x\x01\x81x\x02";
        let row = if names[0] == "n" { [b"\x92\x07", twice].concat() } else { [b"\x92", twice, b"\x07"].concat() };
        assert_eq!(columns.from_slice(&row), Ok(Row { point: Point { x: 2 }, n: 7 }));
    }
}

#[test]
fn rows_of_a_message() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        node: Structure<b'N', (i64, &'a str)>,
    }
    let columns = Columns::of::<Row<'_>>(["node"]);
    let message = b"\xB1\x71\x91\xB2N\x01\x81a\x07";
    let mut decoder = Decoder::new(message);
    assert_eq!(decoder.structure_header(), Ok((0x71, 1)));
    assert_eq!(columns.from_decoder(&mut decoder), Ok(Row { node: Structure((1, "a")) }));
    assert_eq!(decoder.integer(), Ok(7));
    let mut decoder = Decoder::new(&message[..7]);
    assert_eq!(decoder.structure_header(), Ok((0x71, 1)));
    let error = columns.from_decoder::<Row<'_>>(&mut decoder).unwrap_err();
    assert_eq!((error.offset, decoder.offset()), (6, 2));
}
