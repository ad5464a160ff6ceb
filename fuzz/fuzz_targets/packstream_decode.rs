//! Whatever the bytes are, no reader panics, none reads behind the input, and errors are about bytes of it. What a typed reader takes, the
//! tree takes as well, and from as many bytes.
#![no_main]

use std::collections::{BTreeMap, HashMap};

use libfuzzer_sys::fuzz_target;
use neobolt_proto::structure::{Date, DateTime, Duration, NodeRef, PathRef, Point, RelationshipRef, Vector};
use packstream::{Decode, DecodeErrorKind, Decoder, Limits, ListRef, Map, MapRef, StructureRef, Value, build, parse};

fuzz_target!(|bytes: &[u8]| {
    one::<bool>(bytes);
    one::<i64>(bytes);
    one::<u8>(bytes);
    one::<f64>(bytes);
    one::<&str>(bytes);
    one::<&[u8]>(bytes);
    one::<Option<String>>(bytes);
    one::<Vec<f64>>(bytes);
    one::<Vec<Vec<i64>>>(bytes);
    one::<(i64, &str, Option<bool>)>(bytes);
    one::<BTreeMap<String, i64>>(bytes);
    one::<HashMap<&str, Vec<u16>>>(bytes);
    one::<Map>(bytes);
    one::<ListRef<'_>>(bytes);
    one::<MapRef<'_>>(bytes);
    one::<StructureRef<'_>>(bytes);
    one::<NodeRef<'_>>(bytes);
    one::<RelationshipRef<'_>>(bytes);
    one::<PathRef<'_>>(bytes);
    one::<Date>(bytes);
    one::<DateTime>(bytes);
    one::<Duration>(bytes);
    one::<Point>(bytes);
    one::<Vector>(bytes);
    deep(bytes);
    combined(bytes);
});

fn one<'a, T: Decode<'a>>(bytes: &'a [u8]) {
    let mut decoder = Decoder::new(bytes);
    match decoder.decode::<T>() {
        Ok(_) => {
            let mut skipped = Decoder::new(bytes);
            assert_eq!(skipped.skip(1), Ok(()));
            assert_eq!(decoder.offset(), skipped.offset());
        }
        Err(error) => assert!(error.offset <= bytes.len()),
    }
    assert!(decoder.offset() <= bytes.len());
}

/// Smaller limits refuse more, and nothing else changes.
fn deep(bytes: &[u8]) {
    let strict = Limits::default().with_depth(2).with_size(20).with_total(100);
    let lenient = build::<Value>(&mut Decoder::new(bytes), Limits::default());
    match (build::<Value>(&mut Decoder::new(bytes), strict), lenient) {
        (Ok(strict), Ok(lenient)) => assert_eq!(format!("{strict:?}"), format!("{lenient:?}")),
        (Err(error), Ok(_)) => assert!(matches!(
            error.kind,
            DecodeErrorKind::TooDeep { .. }
                | DecodeErrorKind::SizeTooLarge { .. }
                | DecodeErrorKind::InputTooLong { .. }
        )),
        (strict, Err(_)) => assert!(strict.is_err()),
    }
}

/// The parsers of nom's shape read what the decoder reads.
fn combined(bytes: &[u8]) {
    match (parse::value::<Value>(bytes), Decoder::new(bytes).decode::<Value>()) {
        (Ok((rest, _)), Ok(_)) => assert!(bytes.ends_with(rest)),
        (Err(nom::Err::Incomplete(_)), Err(error)) => {
            assert!(matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. }));
        }
        (Err(_), Err(error)) => assert!(!matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. })),
        (parsed, decoded) => panic!("{parsed:?} but {decoded:?}"),
    }
}
