//! All ways in agree about any bytes at all:
//!
//! 1. The tree, the tokens, the graph values and `validate` agree on whether a value stands there and on where it ends; so do `scan` and
//!    the views, but for text that is not UTF-8, which only those who read text refuse. `skip` takes whatever the others take, and ends in
//!    the same place.
//! 2. Tokens are the same when the input comes in two pieces, and every piece of a good message is incomplete, not wrong.
#![no_main]

use libfuzzer_sys::fuzz_target;
use packstream::{
    Decode, DecodeError, DecodeErrorKind, Decoder, Fields, Limits, Nesting, Step, StructureRef, Tokens, Value, scan,
    validate,
};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let tree = end_of::<Value>(bytes);
    let graph = end_of::<neobolt_proto::Value>(bytes);
    let walked = walk(bytes, bytes.len());
    let mut decoder = Decoder::new(bytes);
    let skipped = decoder.skip(1).map(|()| decoder.offset());
    let validated = validate(bytes, limits);
    let mut offsets = vec![7];
    let scanned = scan(bytes, 0, 1, limits, &mut offsets);

    assert_eq!(tree, validated.clone().ok());
    assert_eq!(graph, tree);
    assert_eq!(offsets, if scanned.is_ok() { vec![7, 0] } else { vec![7] });
    match &validated {
        Ok(end) => {
            assert_eq!(walked, Ok(Some(*end)));
            assert_eq!(scanned, validated);
            assert_eq!(skipped, Ok(*end));
        }
        Err(error) => {
            assert!(!matches!(walked, Ok(Some(_))));
            match scanned {
                Ok(_) => assert!(matches!(error.kind, DecodeErrorKind::InvalidUtf8 { .. })),
                Err(found) => {
                    assert!(found == *error || matches!(error.kind, DecodeErrorKind::InvalidUtf8 { .. }));
                    // What `skip` does not look at.
                    let lenient =
                        matches!(found.kind, DecodeErrorKind::TooDeep { .. } | DecodeErrorKind::Expected { .. });
                    assert!(skipped.is_err() || lenient);
                }
            }
        }
    }
    assert_eq!(walk(bytes, bytes.len() / 2), walked);
    views(bytes);
});

fn end_of<'a, T: Decode<'a>>(bytes: &'a [u8]) -> Option<usize> {
    let mut decoder = Decoder::new(bytes);
    decoder.decode::<T>().ok().map(|_| decoder.offset())
}

/// Reads one value token by token, out of an input that comes in two pieces, and returns where it ends; `None` if that is behind the input.
fn walk(bytes: &[u8], split: usize) -> Result<Option<usize>, DecodeError> {
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::new(&bytes[..split], &mut nesting);
    let mut is_whole = split == bytes.len();
    loop {
        match tokens.token()? {
            Step::Token(_) => drop(tokens.float_run()),
            Step::End => return Ok(Some(tokens.offset())),
            Step::Incomplete if is_whole => return Ok(None),
            Step::Incomplete => {
                let read = tokens.offset();
                tokens.pause();
                tokens = nesting.resume(&bytes[read..]);
                is_whole = true;
            }
        }
    }
}

/// The views of a message see the same fields as its tree.
fn views(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(message) = StructureRef::message(bytes, limits) else { return };
    let mut offsets = Vec::new();
    let fields =
        Fields::scan(&mut message.decoder(), message.len(), limits, &mut offsets).expect("what is checked is good");
    assert_eq!(fields.len(), message.len());
    let tree = Decoder::new(bytes).decode::<Value>();
    let each: Result<Vec<Value>, DecodeError> = (0..fields.len()).map(|field| fields.get(field)).collect();
    assert_eq!(tree.is_ok(), each.is_ok());
    if let (Ok(Value::Structure(tree)), Ok(each)) = (tree, each) {
        assert_eq!(tree.tag(), message.tag());
        // Compared as text, because a NaN is not equal to itself.
        assert_eq!(format!("{:?}", tree.fields()), format!("{each:?}"));
    }
}
