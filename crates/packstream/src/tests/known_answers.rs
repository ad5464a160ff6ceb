//! Bytes from the PackStream specification and from the edges of every width.

use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use super::{encoded, hex};
use crate::{ByteArray, Decode, Decoder, EncodeError, Encoder, MAX_SIZE, Map, Structure, Token, Type, Value};

/// Checks that `value` is written as `bytes`, and that these are read as `value` in every way there is.
#[track_caller]
fn both_ways<T>(value: T, bytes: &[u8])
where
    T: crate::Encode + PartialEq + core::fmt::Debug + for<'a> Decode<'a>,
{
    assert_eq!(encoded(&value), bytes);
    let mut decoder = Decoder::new(bytes);
    assert_eq!(decoder.decode(), Ok(value));
    assert_eq!(decoder.finish(), Ok(()));
    let tree: Value = Decoder::new(bytes).decode().unwrap();
    assert_eq!(encoded(&tree), bytes);
}

#[test]
fn integers_take_their_shortest_form() {
    for (value, bytes) in [
        (0, "00"),
        (1, "01"),
        (42, "2A"),
        (127, "7F"),
        (-1, "FF"),
        (-16, "F0"),
        (-17, "C8 EF"),
        (-128, "C8 80"),
        (128, "C9 00 80"),
        (-129, "C9 FF 7F"),
        (1234, "C9 04 D2"),
        (32_767, "C9 7F FF"),
        (-32_768, "C9 80 00"),
        (32_768, "CA 00 00 80 00"),
        (-32_769, "CA FF FF 7F FF"),
        (i64::from(i32::MAX), "CA 7F FF FF FF"),
        (i64::from(i32::MIN), "CA 80 00 00 00"),
        (i64::from(i32::MAX) + 1, "CB 00 00 00 00 80 00 00 00"),
        (i64::from(i32::MIN) - 1, "CB FF FF FF FF 7F FF FF FF"),
        (i64::MAX, "CB 7F FF FF FF FF FF FF FF"),
        (i64::MIN, "CB 80 00 00 00 00 00 00 00"),
    ] {
        both_ways(value, &hex(bytes));
    }
}

#[test]
fn integers_may_be_longer_than_they_need_be() {
    for bytes in ["C8 2A", "C9 00 2A", "CA 00 00 00 2A", "CB 00 00 00 00 00 00 00 2A"] {
        assert_eq!(Decoder::new(&hex(bytes)).integer(), Ok(42));
    }
}

#[test]
fn scalars() {
    both_ways((), &hex("C0"));
    both_ways(false, &hex("C2"));
    both_ways(true, &hex("C3"));
    both_ways(core::f64::consts::TAU, &hex("C1 40 19 21 FB 54 44 2D 18"));
    both_ways(-1.1, &hex("C1 BF F1 99 99 99 99 99 9A"));
    both_ways(f64::INFINITY, &hex("C1 7F F0 00 00 00 00 00 00"));
    let uuid = *b"\x55\x0e\x84\x00\xe2\x9b\x41\xd4\xa7\x16\x44\x66\x55\x44\x00\x00";
    both_ways(Value::Uuid(uuid), &hex("E0 55 0E 84 00 E2 9B 41 D4 A7 16 44 66 55 44 00 00"));
}

#[test]
fn a_signalling_nan_keeps_its_payload() {
    let bytes = hex("C1 7F F4 00 00 00 00 00 2A");
    let float = Decoder::new(&bytes).float().unwrap();
    assert_eq!(encoded(&float), bytes);
    let floats: Vec<f64> = Decoder::new(&[&[0x91], &bytes[..]].concat()).decode().unwrap();
    assert_eq!(encoded(&floats[0]), bytes);
}

#[test]
fn texts_of_the_specification() {
    both_ways(String::from("A"), &hex("81 41"));
    both_ways(String::from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), &[&hex("D0 1A")[..], b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"].concat());
    both_ways(String::from("Größenmaßstäbe"), &hex("D0 12 47 72 C3 B6 C3 9F 65 6E 6D 61 C3 9F 73 74 C3 A4 62 65"));
    both_ways(vec![1_i64, 2, 3], &hex("93 01 02 03"));
    both_ways((1_i64, 2.0, String::from("three")), &hex("93 01 C1 40 00 00 00 00 00 00 00 85 74 68 72 65 65"));
    both_ways(Value::Map(Map::from_iter([("one", "eins")])), &hex("A1 83 6F 6E 65 84 65 69 6E 73"));
}

/// The headers that sizes at the edges of the widths get, by type: tiny, 8, 16 and 32 bits.
fn edges(tiny: u8, sized: [u8; 3]) -> Vec<(usize, Vec<u8>)> {
    let [by_8, by_16, by_32] = sized;
    vec![
        (0, vec![tiny]),
        (15, vec![tiny | 15]),
        (16, vec![by_8, 16]),
        (255, vec![by_8, 255]),
        (256, vec![by_16, 1, 0]),
        (65_535, vec![by_16, 255, 255]),
        (65_536, vec![by_32, 0, 1, 0, 0]),
        (65_537, vec![by_32, 0, 1, 0, 1]),
    ]
}

#[test]
fn strings_at_every_width() {
    for (len, header) in edges(0x80, [0xD0, 0xD1, 0xD2]) {
        both_ways("x".repeat(len), &[header, vec![b'x'; len]].concat());
    }
}

#[test]
fn byte_arrays_at_every_width() {
    let mut edges = edges(0, [0xCC, 0xCD, 0xCE]);
    for (len, header) in &mut edges {
        if *len < 16 {
            // There is no tiny form.
            *header = vec![0xCC, *len as u8];
        }
        let content = vec![7; *len];
        let bytes = [&header[..], &content].concat();
        assert_eq!(encoded(&ByteArray(&content)), bytes);
        assert_eq!(encoded(&bytes::Bytes::from(content.clone())), bytes);
        both_ways(Value::Bytes(content.into()), &bytes);
        assert_eq!(Decoder::new(&bytes).bytes().map(<[u8]>::len), Ok(*len));
    }
}

#[test]
fn lists_at_every_width() {
    for (len, header) in edges(0x90, [0xD4, 0xD5, 0xD6]) {
        both_ways(vec![7_u8; len], &[header, vec![7; len]].concat());
    }
}

#[test]
fn maps_at_every_width() {
    for (len, header) in edges(0xA0, [0xD8, 0xD9, 0xDA]) {
        let map: Map = (0..len).map(|index| (format!("{index:05}"), index as i64)).collect();
        let entries = map.iter().flat_map(|(key, value)| [encoded(key), encoded(value)].concat());
        let bytes: Vec<u8> = header.iter().copied().chain(entries).collect();
        both_ways(Value::Map(map), &bytes);
    }
}

#[test]
fn structures_have_up_to_15_fields() {
    for (tag, len) in (0..=255).flat_map(|tag| (0..=15).map(move |len| (tag, len))) {
        let structure = Structure::new(tag, vec![Value::Integer(1); len]);
        assert_eq!((structure.tag(), structure.fields().len()), (tag, len));
        let bytes = [vec![0xB0 | len as u8, tag], vec![1; len]].concat();
        both_ways(Value::Structure(structure), &bytes);
    }
    let mut buffer = Vec::new();
    assert_eq!(
        Encoder::new(&mut buffer).structure_header(0x4E, 16),
        Err(EncodeError::TooManyFields { tag: 0x4E, fields: 16 })
    );
    assert!(buffer.is_empty());
}

#[test]
fn sizes_have_31_bits() {
    let mut buffer = Vec::new();
    let mut encoder = Encoder::new(&mut buffer);
    encoder.list_header(MAX_SIZE).unwrap();
    encoder.map_header(MAX_SIZE).unwrap();
    assert_eq!(encoder.list_header(MAX_SIZE + 1), Err(EncodeError::TooLong { of: Type::List, len: MAX_SIZE + 1 }));
    assert!(encoder.map_header(MAX_SIZE + 1).is_err());
    assert_eq!(buffer, hex("D6 7F FF FF FF DA 7F FF FF FF"));
}

#[test]
fn tokens() {
    let bytes = hex("B2 4E 92 C0 C3 A1 81 61 CC 02 01 02");
    let mut decoder = Decoder::new(&bytes);
    let expected = [
        Token::Structure { tag: 0x4E, fields: 2 },
        Token::List(2),
        Token::Null,
        Token::Boolean(true),
        Token::Map(1),
        Token::String("a"),
        Token::Bytes(&[1, 2]),
    ];
    for token in expected {
        assert_eq!(decoder.token(), Ok(token));
    }
    assert_eq!(decoder.offset(), bytes.len());
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn an_encoder_remembers_what_not_every_peer_knows() {
    let mut buffer = Vec::new();
    let mut encoder = Encoder::new(&mut buffer);
    encoder.integer(1);
    assert!(encoder.tags().is_empty());
    encoder.structure_header(0x56, 0).unwrap();
    encoder.structure_header(0xFF, 0).unwrap();
    let first = *encoder.tags();
    assert_eq!(first.iter().collect::<Vec<_>>(), [0x56, 0xFF]);
    assert!(first.contains(0x56) && !first.contains(0x57) && !first.contains_uuid());

    let mut other = Vec::new();
    let mut encoder = Encoder::new(&mut other);
    encoder.uuid([0; 16]);
    encoder.raw(&buffer);
    assert!(encoder.tags().contains_uuid() && !encoder.tags().contains(0x56));
    encoder.note(&first);
    assert!(encoder.tags().contains_uuid() && encoder.tags().contains(0x56));
    assert_eq!(format!("{:?}", encoder.tags()), "{'V', 'ÿ', \"UUID\"}");
}
