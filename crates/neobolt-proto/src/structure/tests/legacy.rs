use packstream::{Decoder, Str};

use super::{encoded, hex};
use crate::structure::legacy::{legacy_record, legacy_utc};
use crate::structure::{DateTime, DateTimeZoneId, Node, Path, UnboundRelationship, Uuid, Vector};
use crate::value::{Map, Value};

const UTC: &str = "B3 49 CA 55 AE AE 40 CA 08 76 BF 80 C9 0E 10";
const LOCAL: &str = "B3 46 CA 55 AE BC 50 CA 08 76 BF 80 C9 0E 10";

#[test]
fn instants_become_local_wherever_they_lie() {
    for (before, after) in [("", ""), ("A1 81 61", "A1 81 61"), ("91 91", "91 91"), ("01 B1 7A", "01 B1 7A")] {
        let mut out = Vec::new();
        legacy_utc(&hex(&format!("{before} {UTC}")), &mut out).unwrap();
        assert_eq!(out, hex(&format!("{after} {LOCAL}")));
    }
}

#[test]
fn servers_are_not_sent_what_they_do_not_know() {
    let vector: Vector = [1_i8].into_iter().collect();
    for (value, name) in [
        (Value::from(DateTimeZoneId::from_utc(0, 0, "Europe/Atlantis").unwrap()), "DateTimeZoneId"),
        (Value::from(vector), "Vector"),
        (Value::from(Uuid([0; 16])), "Uuid"),
    ] {
        let bytes = encoded(&[Map::from_iter([("a", value)])]);
        let error = legacy_utc(&bytes, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(legacy_utc(&[0x91], &mut Vec::new()).is_err());
}

#[test]
fn clients_are_sent_what_they_know() {
    let date_time = DateTime::from_utc(1_437_511_232, 142_000_000, 3_600).unwrap();
    let node = |id| Node {
        id,
        element_id: format!("n{id}").into(),
        labels: ["L"].map(Str::from).into(),
        properties: Map::from_iter([("at", date_time)]),
    };
    let relationship =
        UnboundRelationship { id: 3, element_id: "r3".into(), rel_type: "T".into(), properties: Map::new() };
    let path = Path::new([node(1), node(2)], [relationship], [1, 1]).unwrap();
    let bound = path.relationships().next().unwrap();
    let vector: Vector = [1_i8, 2, 3].into_iter().collect();
    let fields = [
        Value::from(node(1)),
        Value::from(bound),
        Value::from(path),
        Value::from([Value::from(vector), Value::from(Uuid([0; 16]))]),
    ];
    let bytes: Vec<u8> = fields.iter().flat_map(encoded).collect();
    let mut out = Vec::new();
    let oldest = crate::Version::new(4, 4).capabilities().unwrap();
    legacy_record(&bytes, &mut out, oldest, false).unwrap();

    let old_node = |id| format!("B3 4E {id} 91 81 4C A1 82 61 74 {LOCAL}");
    let nodes = format!("{} {}", old_node("01"), old_node("02"));
    let expected = format!("{} B5 52 03 01 02 81 54 A0 B3 50 92 {nodes} 91 B3 72 03 81 54 A0 92 01 01", old_node("01"));
    let expected = hex(&expected);
    assert!(out.starts_with(&expected));
    let last: Vec<Map> = Decoder::at(&out, expected.len()).decode().unwrap();
    let placeholder = |name| Map::from_iter([("reason", "UNKNOWN_TYPE"), ("originalType", name)]);
    assert_eq!(last, [placeholder("VECTOR(3, INTEGER8)"), placeholder("UUID")]);
}
