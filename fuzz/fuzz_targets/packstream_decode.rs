//! Theorems about any bytes at all:
//!
//! 1. The tree, the token walk, `scan` and `validate` agree on whether a value stands there and on where it ends, but for text that is not
//!    UTF-8, which only those who read text refuse. `skip` takes whatever the others take, and ends in the same place.
//! 2. What is read can be written; what was written is read as the same, and written the same again.
//! 3. The same holds of the graph values, which are read from the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use packstream::{Decode, DecodeErrorKind, Decoder, Encode, Encoder, Limits, Token, Value, scan, validate};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let tree = end_of(bytes, |decoder| Value::decode(decoder).map(drop).map_err(|error| error.kind));
    let walked = end_of(bytes, |decoder| walk(decoder, limits));
    let skipped = end_of(bytes, |decoder| decoder.skip(1).map_err(|error| error.kind));
    let graph = end_of(bytes, |decoder| neobolt_proto::Value::decode(decoder).map(drop).map_err(|error| error.kind));
    let validated = validate(bytes, limits);
    let mut offsets = vec![7];
    let scanned = scan(bytes, 0, 1, limits, &mut offsets);

    assert_eq!(tree.clone().ok(), walked.ok());
    assert_eq!(tree.clone().ok(), graph.ok());
    assert_eq!(scanned, validated);
    assert_eq!(offsets, if scanned.is_ok() { vec![7, 0] } else { vec![7] });
    match (validated, &tree) {
        (Ok(end), Ok(tree)) => assert_eq!(end, *tree),
        (Ok(_), Err(kind)) => assert_eq!(*kind, DecodeErrorKind::InvalidUtf8),
        (Err(error), _) => {
            assert!(tree.is_err());
            // What `skip` does not look at.
            let lenient = matches!(error.kind, DecodeErrorKind::TooDeep | DecodeErrorKind::Expected { .. });
            assert!(skipped.is_err() || lenient);
        }
    }
    if let Ok(end) = validate(bytes, limits) {
        assert_eq!(skipped, Ok(end));
    }
    round_trip::<Value>(bytes);
    round_trip::<neobolt_proto::Value>(bytes);
});

fn end_of(
    bytes: &[u8],
    read: impl FnOnce(&mut Decoder<'_>) -> Result<(), DecodeErrorKind>,
) -> Result<usize, DecodeErrorKind> {
    let mut decoder = Decoder::new(bytes);
    read(&mut decoder).map(|()| decoder.offset())
}

/// Reads one value token by token.
fn walk(decoder: &mut Decoder<'_>, limits: Limits) -> Result<(), DecodeErrorKind> {
    // How many values the containers around still wait for, and whether they are maps.
    let mut open = vec![(1, false)];
    while let Some((left, is_map)) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        if *is_map {
            decoder.string().map_err(|error| error.kind)?;
        }
        let (len, is_map) = match decoder.token().map_err(|error| error.kind)? {
            Token::List(len) | Token::Structure { fields: len, .. } => (len, false),
            Token::Map(len) => (len, true),
            _ => continue,
        };
        if len > 0 {
            if open.len() > limits.depth {
                return Err(DecodeErrorKind::TooDeep);
            }
            open.push((len, is_map));
        }
    }
    Ok(())
}

fn round_trip<T: for<'a> Decode<'a> + Encode>(bytes: &[u8]) {
    let Ok(value) = Decoder::new(bytes).decode::<T>() else {
        return;
    };
    let written = encoded(&value);
    let mut decoder = Decoder::new(&written);
    let again: T = decoder.decode().expect("what was written can be read");
    assert_eq!(decoder.finish(), Ok(()));
    // Compared as bytes, because a NaN is not equal to itself.
    assert_eq!(encoded(&again), written);
}

fn encoded<T: Encode>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).encode(value).expect("what was read can be written");
    bytes
}
