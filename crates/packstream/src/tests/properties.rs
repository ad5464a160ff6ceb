//! What holds of all values, and of all bytes.

use std::vec;
use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::encoded;
use crate::{DecodeErrorKind as Kind, Decoder, Limits, ListRef, Map, Structure, Token, Value, scan, validate};

fn values() -> impl Strategy<Value = Value> {
    let scalars = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i8>().prop_map(|value| Value::from(i64::from(value))),
        any::<i32>().prop_map(|value| Value::from(i64::from(value))),
        any::<f64>().prop_map(Value::from),
        vec(any::<u8>(), 0..300).prop_map(|bytes| Value::Bytes(bytes.into())),
        ".{0,20}".prop_map(Value::from),
        "[a-z]{250,260}".prop_map(Value::from),
        any::<[u8; 16]>().prop_map(Value::Uuid),
        vec(any::<f64>().prop_map(Value::from), 0..40).prop_map(Value::from),
    ];
    scalars.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Value::from),
            vec((".{0,6}", inner.clone()), 0..20).prop_map(|entries| Value::Map(Map::from_iter(entries))),
            (any::<u8>(), vec(inner, 0..=15)).prop_map(|(tag, fields)| {
                let fields = fields.into();
                Value::Structure(Structure { tag, fields }.into())
            }),
        ]
    })
}

/// Walks one value by tokens and returns its end.
fn walk(bytes: &[u8], limits: Limits) -> Result<usize, Kind> {
    let mut decoder = Decoder::new(bytes);
    // How many values the containers around still wait for, and whether they are maps.
    let mut open: Vec<(usize, bool)> = std::vec![(1, false)];
    while let Some((left, is_map)) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        if *is_map {
            decoder.string().map_err(|error| error.kind)?;
        }
        let opened = match decoder.token().map_err(|error| error.kind)? {
            Token::List(len) | Token::Structure { fields: len, .. } => (len, false),
            Token::Map(len) => (len, true),
            Token::Null
            | Token::Boolean(_)
            | Token::Integer(_)
            | Token::Float(_)
            | Token::Bytes(_)
            | Token::String(_)
            | Token::Uuid(_) => (0, false),
        };
        if opened.0 > 0 {
            if open.len() > limits.depth {
                return Err(Kind::TooDeep);
            }
            open.push(opened);
        }
    }
    Ok(decoder.offset())
}

/// All ways to read one value agree on whether it is one, and on where it ends.
fn agree(bytes: &[u8]) {
    let limits = Limits::default().with_depth(8);
    let mut decoder = Decoder::new(bytes);
    let built = crate::build::<Value>(&mut decoder, limits).map(|_| decoder.offset()).map_err(|error| error.kind);
    let walked = walk(bytes, limits);
    let mut offsets = Vec::new();
    let scanned = scan(bytes, 0, 1, limits, &mut offsets);
    let validated = validate(bytes, limits);
    let mut decoder = Decoder::new(bytes);
    let skipped = decoder.skip(1).map(|()| decoder.offset());

    assert_eq!(built.clone().ok(), walked.clone().ok());
    assert_eq!(scanned, validated);
    assert_eq!(offsets.len(), usize::from(scanned.is_ok()));
    match (scanned, built) {
        (Ok(end), Ok(built)) => assert_eq!(end, built),
        // The structural ways leave text to those who read it.
        (Ok(_), Err(kind)) => assert_eq!(kind, Kind::InvalidUtf8),
        (Err(error), built) => {
            assert!(built.is_err());
            if skipped.is_ok() {
                assert!(matches!(error.kind, Kind::TooDeep | Kind::Expected { .. }));
            }
            return;
        }
    }
    assert_eq!(skipped, validate(bytes, limits));
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in values()) {
        let bytes = encoded(&value);
        let mut decoder = Decoder::new(&bytes);
        let read: Value = decoder.decode().unwrap();
        prop_assert_eq!(decoder.finish(), Ok(()));
        prop_assert_eq!(encoded(&read), &bytes[..]);
        prop_assert_eq!(&read, &value);
        agree(&bytes);
    }

    #[test]
    fn a_scan_finds_every_value(list in vec(values(), 0..8), front in 0..4_usize) {
        let mut bytes = std::vec![0; front];
        let mut starts = Vec::new();
        for value in &list {
            starts.push(bytes.len() as u32);
            bytes.extend(encoded(value));
        }
        let mut offsets = Vec::new();
        let end = scan(&bytes, front, list.len(), Limits::default(), &mut offsets);
        prop_assert_eq!(end, Ok(bytes.len()));
        prop_assert_eq!(&offsets, &starts);
        for (offset, value) in offsets.iter().zip(&list) {
            let read: Value = Decoder::at(&bytes, *offset as usize).decode().unwrap();
            prop_assert_eq!(&read, value);
        }
        let mut header = Vec::new();
        crate::Encoder::new(&mut header).list_header(list.len()).unwrap();
        header.extend(&bytes[front..]);
        let view: ListRef<'_> = Decoder::new(&header).decode().unwrap();
        prop_assert_eq!(view.to_vec::<Value>().unwrap(), list);
    }

    #[test]
    fn every_truncation_is_an_unexpected_end(value in values()) {
        let bytes = encoded(&value);
        for end in 0..bytes.len() {
            let cut = &bytes[..end];
            let error = Decoder::new(cut).decode::<Value>().unwrap_err();
            prop_assert_eq!(error.kind, Kind::UnexpectedEnd);
            let error = validate(cut, Limits::default()).unwrap_err();
            prop_assert_eq!(error.kind, Kind::UnexpectedEnd);
            let error = Decoder::new(cut).skip(1).unwrap_err();
            prop_assert_eq!(error.kind, Kind::UnexpectedEnd);
            prop_assert_eq!(walk(cut, Limits::default()), Err(Kind::UnexpectedEnd));
        }
    }

    #[test]
    fn ways_agree_on_mutated_values(
        value in values(),
        mutations in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = encoded(&value);
        for (index, byte) in mutations {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        agree(&bytes);
    }

    #[test]
    fn ways_agree_on_noise(bytes in vec(any::<u8>(), 0..64)) {
        agree(&bytes);
    }

    #[test]
    fn ways_agree_on_noise_of_containers(
        bytes in vec(prop_oneof![0x80..=0x84_u8, 0x90..=0x94_u8, 0xA0..=0xA3_u8, 0xB0..=0xB3_u8, 0xC0..=0xE0_u8, 0..=3_u8], 0..64),
    ) {
        agree(&bytes);
    }
}
