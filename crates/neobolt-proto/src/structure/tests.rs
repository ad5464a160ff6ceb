mod graph;
mod legacy;
mod temporal;

use packstream::{Decode, DecodeErrorKind, Decoder, Encode, Encoder};

use super::{ElementType, Point, UnsupportedType, Uuid, Vector};
use crate::value::Value;
use crate::version::Version;

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn encoded<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).encode(value).unwrap();
    bytes
}

#[track_caller]
fn decoded<'a, T: Decode<'a>>(bytes: &'a [u8]) -> T {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode().unwrap();
    decoder.finish().unwrap();
    value
}

/// Checks that `bytes` are read as `value`, by its type and as a [`Value`].
#[track_caller]
fn read_as<T>(bytes: &[u8], value: T)
where
    T: for<'a> Decode<'a> + Into<Value> + PartialEq + core::fmt::Debug,
{
    assert_eq!(decoded::<T>(bytes), value);
    assert_eq!(decoded::<Value>(bytes), value.into());
}

/// Checks that also `value` is written as `bytes`, by its type and as a [`Value`].
#[track_caller]
fn both_ways<T>(bytes: &str, value: T)
where
    T: for<'a> Decode<'a> + Encode + Into<Value> + Clone + PartialEq + core::fmt::Debug,
{
    let bytes = hex(bytes);
    assert_eq!(encoded(&value), bytes);
    assert_eq!(encoded(&value.clone().into()), bytes);
    read_as(&bytes, value);
}

/// Checks that `bytes` are kept as they are, and that `T` says what it expected.
#[track_caller]
fn kept<T: for<'a> Decode<'a> + core::fmt::Debug>(bytes: &str) -> DecodeErrorKind {
    let bytes = hex(bytes);
    let value: Value = decoded(&bytes);
    assert!(matches!(value, Value::Structure(_)), "{value:?}");
    assert_eq!(encoded(&value), bytes);
    Decoder::new(&bytes).decode::<T>().unwrap_err().kind
}

#[test]
fn vectors_as_neo4j_sends_them() {
    both_ways("B2 56 CC 01 C8 CC 02 01 FE", Vector::from(&[1_i8, -2][..]));
    both_ways("B2 56 CC 01 C9 CC 04 00 01 FF FE", Vector::from(&[1_i16, -2][..]));
    both_ways("B2 56 CC 01 CA CC 08 00 00 00 01 FF FF FF FE", Vector::from(&[1_i32, -2][..]));
    both_ways("B2 56 CC 01 CB CC 10 00 00 00 00 00 00 00 01 FF FF FF FF FF FF FF FE", Vector::from(&[1_i64, -2][..]));
    both_ways("B2 56 CC 01 C6 CC 08 3F 80 00 00 C0 00 00 00", Vector::from(&[1_f32, -2.0][..]));
    both_ways("B2 56 CC 01 C1 CC 10 3F F0 00 00 00 00 00 00 C0 00 00 00 00 00 00 00", Vector::from(&[1_f64, -2.0][..]));
    // Longer headers than necessary.
    read_as(&hex("B2 56 CD 00 01 C8 CE 00 00 00 02 01 FE"), Vector::from(&[1_i8, -2][..]));
}

#[test]
fn vectors_give_their_elements_by_type() {
    let vector: Vector = [1_i16, -2].into_iter().collect();
    assert_eq!((vector.len(), vector.element_type()), (2, ElementType::Integer16));
    assert_eq!(vector.to_vec::<i16>(), Some(vec![1, -2]));
    assert_eq!(vector.to_vec::<i32>(), None);
    assert_eq!(vector.iter::<i16>().unwrap().len(), 2);
    assert_eq!(vector.as_be_bytes(), [0, 1, 0xFF, 0xFE]);
    assert_eq!(format!("{vector:?}"), "Vector<INTEGER16>[1, -2]");
    assert_eq!(Vector::from_be_bytes(ElementType::Integer16, [0, 1, 0xFF, 0xFE]), Ok(vector));
    assert!(Vector::from_be_bytes(ElementType::Float64, [0; 12]).is_err());
    // The payload of a NaN survives.
    let nan = hex("B2 56 CC 01 C6 CC 04 7F A0 00 2A");
    let numbers: Vec<f32> = decoded::<Vector>(&nan).to_vec().unwrap();
    assert_eq!(encoded(&Vector::from(&numbers[..])), nan);
}

#[test]
fn vectors_of_no_sense_are_kept() {
    let custom = |kind| matches!(kind, DecodeErrorKind::Custom(_));
    assert!(custom(kept::<Vector>("B2 56 CC 01 C9 CC 03 00 01 FF")));
    assert!(custom(kept::<Vector>("B2 56 CC 01 C7 CC 02 00 01")));
    assert!(custom(kept::<Vector>("B2 56 CC 02 C8 C8 CC 02 00 01")));
    assert!(matches!(kept::<Vector>("B2 56 01 CC 02 00 01"), DecodeErrorKind::Expected { .. }));
    assert!(matches!(kept::<Vector>("B1 56 01"), DecodeErrorKind::ExpectedStructure { .. }));
}

#[test]
fn uuids_as_neo4j_sends_them() {
    let uuid = Uuid(*b"\x55\x0e\x84\x00\xe2\x9b\x41\xd4\xa7\x16\x44\x66\x55\x44\x00\x00");
    both_ways("E0 55 0E 84 00 E2 9B 41 D4 A7 16 44 66 55 44 00 00", uuid);
    assert_eq!(uuid.to_string(), "550e8400-e29b-41d4-a716-446655440000");
}

#[test]
fn unsupported_types_as_neo4j_sends_them() {
    let uuid = UnsupportedType { name: "UUID".into(), minimum_protocol_version: Version::new(6, 1), message: None };
    both_ways("B4 3F 84 55 55 49 44 06 01 A0", uuid.clone());
    both_ways(
        "B4 3F 84 55 55 49 44 06 01 A1 87 6D 65 73 73 61 67 65 82 68 69",
        UnsupportedType { message: Some("hi".into()), ..uuid },
    );
    kept::<UnsupportedType>("B4 3F 84 55 55 49 44 06 C9 01 00 A0");
    kept::<UnsupportedType>("B3 3F 84 55 55 49 44 06 01");
}

#[test]
fn points() {
    both_ways("B3 58 C9 1C 23 C1 3F F0 00 00 00 00 00 00 C1 C0 00 00 00 00 00 00 00", Point::cartesian(1.0, -2.0));
    both_ways(
        "B4 59 C9 13 73 C1 3F F0 00 00 00 00 00 00 C1 40 00 00 00 00 00 00 00 C1 40 08 00 00 00 00 00 00",
        Point::wgs_84_3d(1.0, 2.0, 3.0),
    );
    assert_eq!(Point::wgs_84(1.0, 2.0).srid, 4326);
    assert_eq!(Point::cartesian_3d(1.0, 2.0, 3.0).srid, 9157);
    assert_eq!(Point::wgs_84(1.0, 2.5).to_string(), "point({srid: 4326, x: 1.0, y: 2.5})");
    // Integers are no coordinates, and a point in the plane has no third.
    kept::<Point>("B3 58 C9 1C 23 01 02");
    kept::<Point>("B4 58 C9 1C 23 C1 3F F0 00 00 00 00 00 00 C1 3F F0 00 00 00 00 00 00 C1 3F F0 00 00 00 00 00 00");
}

#[test]
fn a_type_says_which_structure_it_expected() {
    let bytes = encoded(&Point::cartesian(1.0, 2.0));
    let error = Decoder::new(&bytes).decode::<super::Node>().unwrap_err();
    assert_eq!(error.to_string(), "expected Node, found a structure with tag 0x58 and 3 fields at byte 0");
    let error = Decoder::new(&[1]).decode::<super::Node>().unwrap_err();
    assert_eq!(error.to_string(), "expected Structure, found Integer at byte 0");
}

#[test]
fn what_cannot_be_sent_is_named() {
    let [newest, old] = [Version::NEWEST, Version::new(4, 4)].map(|it| it.capabilities().unwrap());
    let mut buffer = Vec::new();
    let mut encoder = Encoder::new(&mut buffer);
    encoder.encode(&Point::cartesian(1.0, 2.0)).unwrap();
    encoder.encode(&super::DateTime::from_utc(0, 0, 0).unwrap()).unwrap();
    assert_eq!(super::refused(encoder.tags(), old), None);
    encoder.encode(&Uuid([0; 16])).unwrap();
    assert_eq!(super::refused(encoder.tags(), newest), None);
    assert_eq!(super::refused(encoder.tags(), old), Some("UUID"));
    encoder.structure_header(super::tag::PATH, 0).unwrap();
    assert_eq!(super::refused(encoder.tags(), newest), Some("Path"));
    assert_eq!(super::unknown(encoder.tags(), newest), None);
}

/// What is written in the newest version stands in the table with as many fields.
#[test]
fn the_table_counts_fields() {
    let node = "B4 4E 01 90 A0 81 61";
    let relationship = "B8 52 01 02 03 81 74 A0 81 61 81 62 81 63";
    let path = "B3 50 91 B4 4E 01 90 A0 81 61 90 90";
    let instants = ["B3 49 00 00 00", "B3 69 00 00 81 5A"];
    let others = ["B1 44 00", "B2 54 00 00", "B1 74 00", "B2 64 00 00", "B4 45 00 00 00 00", "B2 56 CC 01 C8 CC 00"];
    let newest = Version::NEWEST.capabilities().unwrap();
    for text in [&[node, relationship, path][..], &instants, &others].concat() {
        let bytes = hex(text);
        let value: Value = Decoder::new(&bytes).decode().unwrap();
        assert!(!matches!(value, Value::Structure(_)), "{text}");
        let form = super::table::FORMS.iter().find(|form| form.tag == Some(bytes[1]) && form.is_in(newest, false));
        assert_eq!(form.unwrap().fields.len(), usize::from(bytes[0] & 0x0F), "{text}");
    }
}
