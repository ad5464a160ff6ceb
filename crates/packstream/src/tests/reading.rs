//! All ways in, against each other and each against its errors and limits.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::{encoded, hex};
use crate::{
    DecodeError, DecodeErrorKind as Kind, Decoder, Fields, Limits, ListRef, MAX_DEPTH, MAX_SIZE, MapRef, Nesting, Step,
    StructureRef, Token, Tokens, Type, Value, scan, validate,
};

/// What a [`Tokens`] came to, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Traced {
    Token(usize, String),
    Incomplete(usize),
    End(usize),
    Error(DecodeError),
}

/// Reads all tokens, one by one.
pub(super) fn trace(bytes: &[u8], limits: Limits) -> Vec<Traced> {
    let mut nesting = Nesting::new();
    trace_on(Tokens::with_limits(bytes, limits, &mut nesting))
}

fn trace_on(mut tokens: Tokens<'_, '_>) -> Vec<Traced> {
    let mut traced = Vec::new();
    loop {
        let last = match tokens.token() {
            Ok(Step::Token(token)) => {
                traced.push(Traced::Token(tokens.offset(), format!("{token:?}")));
                continue;
            }
            Ok(Step::Incomplete) => Traced::Incomplete(tokens.offset()),
            Ok(Step::End) => Traced::End(tokens.offset()),
            Err(error) => Traced::Error(error),
        };
        traced.push(last);
        return traced;
    }
}

/// Tells whether the value goes on behind the input, and nothing is wrong with what is there.
pub(super) fn is_incomplete(bytes: &[u8]) -> bool {
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::new(bytes, &mut nesting);
    loop {
        match tokens.token() {
            Ok(Step::Token(_)) => {}
            last => return last == Ok(Step::Incomplete),
        }
    }
}

/// What is read in pieces is what is read at once.
pub(super) fn resumed_alike(bytes: &[u8], splits: &[usize]) {
    let mut nesting = Nesting::new();
    let mut traced = Vec::new();
    let mut start = 0;
    let mut tokens = Tokens::new(&bytes[..0], &mut nesting);
    for &end in splits.iter().filter(|&&end| end < bytes.len()).chain([&bytes.len()]) {
        tokens.pause();
        tokens = nesting.resume(&bytes[start..end]);
        loop {
            match tokens.token() {
                Ok(Step::Token(token)) => traced.push(Traced::Token(tokens.offset(), format!("{token:?}"))),
                Ok(Step::Incomplete) if end < bytes.len() => break,
                Ok(Step::Incomplete) => break traced.push(Traced::Incomplete(tokens.offset())),
                Ok(Step::End) => {
                    traced.push(Traced::End(tokens.offset()));
                    assert_eq!(traced, trace(bytes, Limits::default()));
                    return;
                }
                Err(error) => {
                    traced.push(Traced::Error(error));
                    assert_eq!(traced, trace(bytes, Limits::default()));
                    return;
                }
            }
        }
        start = tokens.offset();
    }
    assert_eq!(traced, trace(bytes, Limits::default()));
}

pub(super) fn is_cut_off(kind: &Kind) -> bool {
    matches!(kind, Kind::UnexpectedEnd { .. })
}

/// All ways to read one value agree on whether it is one, where it ends, and what is wrong with it.
pub(super) fn agree(bytes: &[u8]) {
    let limits = Limits::default().with_depth(8);
    let mut decoder = Decoder::new(bytes);
    let built = crate::build::<Value>(&mut decoder, limits).map(|_| decoder.offset());
    let mut offsets = Vec::new();
    let scanned = scan(bytes, 0, 1, limits, &mut offsets);
    assert_eq!(offsets.len(), usize::from(scanned.is_ok()));
    let validated = validate(bytes, limits);
    let traced = trace(bytes, limits);
    let mut decoder = Decoder::new(bytes);
    let skipped = decoder.skip(1).map(|()| decoder.offset());
    let mut decoder = Decoder::new(bytes);
    let mut offsets = Vec::new();
    let fields = Fields::scan(&mut decoder, 1, limits, &mut offsets);

    assert_eq!(built.is_ok(), validated.is_ok());
    assert_eq!(fields.clone().err(), scanned.clone().err());
    match &validated {
        Ok(end) => {
            assert_eq!(built.as_ref(), Ok(end));
            assert_eq!(scanned, validated);
            assert_eq!(skipped, validated);
            assert_eq!(traced.last(), Some(&Traced::End(*end)));
            assert_eq!(fields.unwrap().validate(), Ok(()));
        }
        Err(error) => {
            match traced.last() {
                // With all of the input there, headers that claim more are found out earlier.
                Some(Traced::Incomplete(_)) => assert!(is_cut_off(&error.kind)),
                Some(Traced::Error(found)) => assert!(found == error || is_cut_off(&error.kind), "{found} {error}"),
                other => panic!("{other:?}"),
            }
            match &scanned {
                // The structural ways leave text to those who read it.
                Ok(_) => {
                    assert!(matches!(error.kind, Kind::InvalidUtf8 { .. }));
                    assert_eq!(fields.unwrap().validate().as_ref(), Err(error));
                }
                Err(found) => assert!(found == error || matches!(error.kind, Kind::InvalidUtf8 { .. })),
            }
            assert!(skipped.is_ok() || scanned.is_err());
        }
    }
}

#[test]
fn errors_say_what_was_expected_and_found() {
    let cases: &[(&str, usize, &str)] = &[
        ("", 0, "expected at least 1 bytes, found only 0 at byte 0"),
        ("92 01 C9 00", 2, "expected at least 3 bytes, found only 2 at byte 2"),
        ("92 01 85 61", 2, "expected at least 6 bytes, found only 2 at byte 2"),
        ("92 01 C4", 2, "reserved marker 0xC4 at byte 2"),
        ("A1 C4 01", 1, "expected String, found reserved marker 0xC4 at byte 1"),
        ("A1 C0 01", 1, "expected String, found Null at byte 1"),
        ("91 82 61 FF", 1, "expected UTF-8 in String, found other bytes behind its first 1 at byte 1"),
        ("91 D2 80 00 00 00 61", 1, "String of size 2147483648 is larger than 2147483647 at byte 1"),
    ];
    for (bytes, offset, text) in cases {
        let bytes = hex(bytes);
        let error = validate(&bytes, Limits::default()).unwrap_err();
        assert_eq!((error.offset, error.to_string().as_str()), (*offset, *text));
        match trace(&bytes, Limits::default()).pop() {
            Some(Traced::Error(found)) => assert_eq!(found, error),
            Some(Traced::Incomplete(at)) => assert!(at == *offset && is_cut_off(&error.kind)),
            other => panic!("{other:?}"),
        }
        agree(&bytes);
    }
    let reserved = Decoder::new(&hex("C4")).string().unwrap_err();
    assert_eq!(reserved.to_string(), "expected String, found reserved marker 0xC4 at byte 0");
    let trailing = Decoder::new(&hex("01 02")).finish().unwrap_err();
    assert_eq!(trailing.to_string(), "expected the end of input, found 2 bytes more at byte 0");
    assert_eq!(DecodeError::custom(3, "no such port").to_string(), "no such port at byte 3");
}

/// What each way in says about one value.
fn refused(bytes: &[u8], limits: Limits) -> Option<DecodeError> {
    let error = validate(bytes, limits).err();
    assert_eq!(scan(bytes, 0, 1, limits, &mut Vec::new()).err(), error);
    assert_eq!(Fields::scan(&mut Decoder::new(bytes), 1, limits, &mut Vec::new()).err(), error);
    match trace(bytes, limits).pop() {
        Some(Traced::Error(found)) => assert_eq!(Some(found), error),
        Some(Traced::End(_)) => assert_eq!(error, None),
        other => panic!("{other:?}"),
    }
    error
}

#[test]
fn the_limit_of_size_is_exact() {
    let limits = Limits::default().with_size(20);
    for (bytes, of) in [
        (encoded(&"abcdefghijklmnopqrst"), Type::String),
        (encoded(&"é".repeat(10)), Type::String),
        (encoded(&bytes::Bytes::from_static(&[7; 20])), Type::Bytes),
        (encoded(&[1; 20]), Type::List),
        (encoded(&[0.5; 20]), Type::List),
        ([vec![0xD8, 20], [0x81, 0x61, 0x01].repeat(20)].concat(), Type::Map),
    ] {
        assert_eq!(refused(&bytes, limits), None);
        let tighter = limits.with_size(19);
        let kind = Kind::SizeTooLarge { of, size: 20, limit: 19 };
        assert_eq!(refused(&bytes, tighter), Some(DecodeError::new(0, kind.clone())));
        let nested = [&[0x91], &bytes[..]].concat();
        assert_eq!(refused(&nested, tighter), Some(DecodeError::new(1, kind.clone())));
        // What is too large need not be there.
        assert_eq!(trace(&bytes[..2], tighter), [Traced::Error(DecodeError::new(0, kind))]);
    }
    let key = [&[0xA1], &encoded(&"a".repeat(21))[..], &[1]].concat();
    let kind = Kind::SizeTooLarge { of: Type::String, size: 21, limit: 20 };
    assert_eq!(refused(&key, limits), Some(DecodeError::new(1, kind)));
    assert_eq!(refused(&encoded(&[1; 15]), limits.with_size(0)), None);
}

#[test]
fn the_limit_of_the_total_is_exact() {
    let bytes = encoded(&(1, "abc", [1, 2, 3]));
    let limits = Limits::default().with_total(bytes.len());
    assert_eq!(refused(&bytes, limits), None);
    let limit = bytes.len() - 1;
    let tighter = limits.with_total(limit);
    let too_long = Kind::InputTooLong { len: bytes.len(), limit };
    assert_eq!(validate(&bytes, tighter), Err(DecodeError::new(0, too_long.clone())));
    assert_eq!(scan(&bytes, 0, 1, tighter, &mut Vec::new()), Err(DecodeError::new(0, too_long.clone())));
    assert_eq!(StructureRef::message(&bytes, tighter).unwrap_err().kind, too_long);
    assert!(matches!(trace(&bytes, tighter)[..], [Traced::Error(DecodeError { kind: Kind::InputTooLong { .. }, .. })]));
    // In pieces, what would have to come is held against it.
    let last = trace(&bytes[..limit], tighter).pop();
    assert_eq!(last, Some(Traced::Error(DecodeError::new(limit, too_long))));
    for header in ["D6 00 00 00 0A", "DA 00 00 00 0A", "CE 00 00 00 0A", "D2 00 00 00 0A"] {
        let traced = trace(&hex(header), Limits::default().with_total(9));
        assert!(matches!(traced[..], [Traced::Error(DecodeError { kind: Kind::InputTooLong { limit: 9, .. }, .. })]));
    }
}

#[test]
fn the_limit_of_depth_is_exact_for_tokens() {
    for limit in [0, 1, 2, 5, MAX_DEPTH] {
        let limits = Limits::default().with_depth(limit);
        for level in
            [&[0x91][..], &[0x92, 0x90], &[0xD4, 1], &[0xB2, 0x4E, 7], &[0xA1, 0x80], &[0xA2, 0x80, 0x01, 0x80]]
        {
            let fits = level.repeat(limit);
            assert!(matches!(trace(&fits, limits).last(), Some(Traced::Incomplete(_))));
            let deeper = [&fits[..], level].concat();
            let error = DecodeError::new(fits.len(), Kind::TooDeep { limit });
            assert_eq!(trace(&deeper, limits).pop(), Some(Traced::Error(error.clone())));
            // The structural ways see it as soon as the content is there.
            let whole = [&deeper[..], &vec![0; 2 * limit + 2]].concat();
            assert_eq!(validate(&whole, limits), Err(error));
        }
    }
}

#[test]
#[should_panic(expected = "depth is above MAX_DEPTH")]
fn limits_cannot_exceed_what_is_possible() {
    let _ = Limits::default().with_depth(MAX_DEPTH + 1);
}

#[test]
fn tokens_know_depth_keys_and_the_end() {
    let bytes = hex("92 A2 81 61 91 01 81 62 C0 90 07");
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::new(&bytes, &mut nesting).values(2);
    let mut seen = Vec::new();
    loop {
        let before = (tokens.depth(), tokens.is_key());
        match tokens.token().unwrap() {
            Step::Token(_) => seen.push(before),
            Step::End => break,
            Step::Incomplete => panic!("{tokens:?}"),
        }
    }
    let depths = [0, 1, 2, 2, 3, 2, 2, 1, 0];
    let keys = [false, false, true, false, false, true, false, false, false];
    assert_eq!(seen, depths.into_iter().zip(keys).collect::<Vec<_>>());
    assert_eq!((tokens.finish(), tokens.offset()), (Ok(()), bytes.len()));
    assert_eq!(tokens.token(), Ok(Step::End));

    let mut tokens = Tokens::new(&bytes[9..], &mut nesting);
    assert_eq!(tokens.token(), Ok(Step::Token(Token::List(0))));
    assert_eq!(tokens.token(), Ok(Step::End));
    assert_eq!(tokens.remaining(), [7]);
    assert_eq!(tokens.finish(), Err(DecodeError::new(1, Kind::TrailingBytes { left: 1 })));
    assert_eq!(Tokens::new(&[], &mut nesting).values(0).token(), Ok(Step::End));
}

#[test]
fn runs_of_floats_in_tokens() {
    for len in 0..40 {
        let floats: Vec<f64> = (0..len).map(f64::from).collect();
        let bytes = encoded(&floats);
        let mut nesting = Nesting::new();
        for cut in 0..=bytes.len() {
            let mut tokens = Tokens::new(&bytes[..cut], &mut nesting);
            let mut read = Vec::new();
            loop {
                match tokens.token().unwrap() {
                    Step::Token(Token::List(_)) => {
                        let run = tokens.float_run();
                        assert_eq!(run.len(), run.clone().count());
                        read.extend(run);
                    }
                    Step::Token(token) => panic!("{token:?}"),
                    Step::End => break assert_eq!(cut, bytes.len()),
                    Step::Incomplete => break assert!(cut < bytes.len()),
                }
            }
            assert_eq!(read, floats[..read.len()]);
            assert!(tokens.remaining().len() < 9);
        }
        let list: ListRef<'_> = Decoder::new(&bytes).decode().unwrap();
        assert_eq!(list.floats().unwrap().collect::<Vec<_>>(), floats);
    }
    // Not behind a key that has another value to come, and not beyond the end of the list.
    let bytes = hex("92 91 C1 00 00 00 00 00 00 00 00 C1 00 00 00 00 00 00 00 00");
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::new(&bytes, &mut nesting);
    tokens.token().unwrap();
    assert_eq!(tokens.float_run().len(), 0);
    tokens.token().unwrap();
    assert_eq!(tokens.float_run().len(), 1);
    assert_eq!(tokens.token(), Ok(Step::Token(Token::Float(0.0))));
    let integers = hex("91 01");
    let list: ListRef<'_> = Decoder::new(&integers).decode().unwrap();
    assert_eq!(list.floats().unwrap_err().offset, 1);
}

#[test]
fn fields_are_decoded_on_demand() {
    let bytes = hex("B1 71 93 01 82 C3 28 A1 81 61 02");
    let mut decoder = Decoder::new(&bytes);
    decoder.structure_header().unwrap();
    let width = decoder.list_header().unwrap();
    let mut offsets = vec![99];
    let fields = Fields::scan(&mut decoder, width, Limits::default(), &mut offsets).unwrap();
    assert_eq!(decoder.finish(), Ok(()));
    assert_eq!((fields.len(), fields.is_empty()), (3, false));
    assert_eq!(fields.get::<i64>(0), Ok(1));
    assert_eq!(fields.get::<MapRef<'_>>(2).unwrap().get::<i64>("a"), Ok(Some(2)));
    let text = DecodeError::new(4, Kind::InvalidUtf8 { valid_up_to: 0 });
    assert_eq!(fields.get::<&str>(1), Err(text.clone()));
    assert_eq!(fields.validate(), Err(text));
    let wrong = Kind::Expected { expected: Type::String, found: Type::Map };
    assert_eq!(fields.get::<&str>(2), Err(DecodeError::new(7, wrong)));
    assert_eq!(fields.get::<i64>(3).unwrap_err().kind, Kind::WrongLength { expected: 4, found: 3 });

    let mut offsets = Vec::new();
    scan(&bytes, 3, 3, Limits::default(), &mut offsets).unwrap();
    assert_eq!(Fields::new(&bytes, &offsets).get::<i64>(0), Ok(1));
    // Offsets of something else find something else, and nothing behind the end.
    assert!(Fields::new(&bytes, &[99]).get::<i64>(0).is_err());
}

#[test]
fn messages_are_whole_structures() {
    let bytes = hex("B2 10 81 61 A0");
    let message = StructureRef::message(&bytes, Limits::default()).unwrap();
    assert_eq!((message.tag(), message.len(), message.is_empty()), (0x10, 2, false));
    let fields: Vec<_> = message.iter::<Value>().map(Result::unwrap).collect();
    assert_eq!(fields, [Value::from("a"), Value::Map(crate::Map::new())]);
    assert_eq!(message.decoder().string(), Ok("a"));
    let inside: StructureRef<'_> = Decoder::new(&bytes).decode().unwrap();
    assert_eq!(inside.len(), 2);

    let refused = |bytes: &str, limits| StructureRef::message(&hex(bytes), limits).map(|_| ()).unwrap_err();
    let default = Limits::default();
    assert_eq!(refused("B0 10 00", default), DecodeError::new(2, Kind::TrailingBytes { left: 1 }));
    let expected = Kind::Expected { expected: Type::Structure, found: Type::List };
    assert_eq!(refused("91 01", default), DecodeError::new(0, expected));
    assert_eq!(refused("B1 10", default), DecodeError::new(0, Kind::UnexpectedEnd { needed: 3, left: 2 }));
    assert_eq!(refused("B1 10 91 01", default.with_depth(1)).kind, Kind::TooDeep { limit: 1 });
    assert_eq!(MAX_SIZE, default.total());
}
