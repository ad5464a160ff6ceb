//! What holds of all values, and of all bytes.

use std::vec;
use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::encoded;
use super::reading::{agree, is_cut_off, is_incomplete, resumed_alike};
use crate::{Decoder, Limits, ListRef, Map, Structure, Value, scan, validate};

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
            (any::<u8>(), vec(inner, 0..=15))
                .prop_map(|(tag, fields)| { Value::Structure(Structure::new(tag, fields)) }),
        ]
    })
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
            prop_assert!(is_incomplete(cut));
            let error = Decoder::new(cut).decode::<Value>().unwrap_err();
            prop_assert!(is_cut_off(&error.kind));
            let error = validate(cut, Limits::default()).unwrap_err();
            prop_assert!(is_cut_off(&error.kind));
            let error = Decoder::new(cut).skip(1).unwrap_err();
            prop_assert!(is_cut_off(&error.kind));
            let error = scan(cut, 0, 1, Limits::default(), &mut Vec::new()).unwrap_err();
            prop_assert!(is_cut_off(&error.kind));
        }
    }

    #[test]
    fn pieces_make_the_same_tokens(value in values()) {
        let bytes = encoded(&value);
        for split in (0..bytes.len()).step_by(1 + bytes.len() / 20) {
            resumed_alike(&bytes, &[split]);
        }
        let each: Vec<usize> = (0..bytes.len()).collect();
        resumed_alike(&bytes, &each);
    }

    #[test]
    fn pieces_of_noise_make_the_same_tokens(bytes in vec(any::<u8>(), 0..64), splits in vec(any::<prop::sample::Index>(), 0..4)) {
        let mut splits: Vec<usize> = splits.iter().map(|split| split.index(bytes.len() + 1)).collect();
        splits.sort_unstable();
        resumed_alike(&bytes, &splits);
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
