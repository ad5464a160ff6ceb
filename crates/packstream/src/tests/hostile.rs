//! What a peer may do, and what must not come of it.

use std::vec;
use std::vec::Vec;

use super::hex;
use crate::{
    DecodeError, DecodeErrorKind as Kind, Decoder, Limits, MAX_DEPTH, MAX_SIZE, Type, Value, build, scan, validate,
};

fn refused(bytes: &[u8]) -> Kind {
    let value = Decoder::new(bytes).decode::<Value>().unwrap_err();
    let scanned = scan(bytes, 0, 1, Limits::default(), &mut Vec::new()).unwrap_err();
    let validated = validate(bytes, Limits::default()).unwrap_err();
    assert_eq!(scanned, validated);
    assert_eq!(value.kind, scanned.kind);
    value.kind
}

#[test]
fn a_million_levels() {
    for level in [&[0x91][..], &[0xD4, 1], &[0xB1, 0x4E], &[0xA1, 0x80]] {
        let mut bytes = level.repeat(1_000_000);
        assert_eq!(refused(&bytes), Kind::TooDeep { limit: 128 });
        bytes.push(1);
        assert_eq!(refused(&bytes), Kind::TooDeep { limit: 128 });
        // Without a stack there is nothing to overflow.
        let mut decoder = Decoder::new(&bytes);
        assert_eq!(decoder.skip(1), Ok(()));
        assert_eq!(decoder.finish(), Ok(()));
    }
}

#[test]
fn the_deepest_nesting_fits_into_a_small_stack() {
    let levels = [&[0x91][..], &[0xA1, 0x80], &[0xB1, 0x4E], &[0xD4, 1]].into_iter().cycle();
    let bytes: Vec<u8> = levels.take(MAX_DEPTH).chain([&[0x07][..]]).flatten().copied().collect();
    let check = move || {
        let end = validate(&bytes, Limits::default());
        assert_eq!(end, Ok(bytes.len()));
        assert_eq!(scan(&bytes, 0, 1, Limits::default(), &mut Vec::new()), end);
        assert_eq!(validate(&[&[0x91], &bytes[..]].concat(), Limits::default()).unwrap_err().offset, bytes.len() - 2);
    };
    let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(check).unwrap();
    thread.join().unwrap();
}

#[test]
fn the_limit_of_depth_is_exact() {
    for limit in 0..5 {
        let limits = Limits::default().with_depth(limit);
        for depth in 0..6 {
            // The innermost list is empty, and counts for nothing.
            let bytes = [vec![0x91; depth], vec![0x90]].concat();
            let fits = depth <= limit;
            assert_eq!(validate(&bytes, limits).is_ok(), fits);
            assert_eq!(scan(&bytes, 0, 1, limits, &mut Vec::new()).is_ok(), fits);
            let built = build::<Value>(&mut Decoder::new(&bytes), limits);
            assert_eq!(built.is_ok(), fits);
        }
    }
}

#[test]
fn sizes_of_two_gibibytes() {
    for (marker, of) in [(0xD2, Type::String), (0xCE, Type::Bytes), (0xD6, Type::List), (0xDA, Type::Map)] {
        let too_large = |size| Kind::SizeTooLarge { of, size, limit: MAX_SIZE };
        assert_eq!(refused(&[marker, 0x80, 0, 0, 0, 1]), too_large(1 << 31));
        assert_eq!(refused(&[marker, 0xFF, 0xFF, 0xFF, 0xFF, 1]), too_large(u32::MAX as usize));
        let needed = 5 + if of == Type::Map { 2 * MAX_SIZE } else { MAX_SIZE };
        assert_eq!(refused(&[marker, 0x7F, 0xFF, 0xFF, 0xFF, 1]), Kind::UnexpectedEnd { needed, left: 6 });
    }
    assert!(Decoder::new(&hex("D6 7F FF FF FF 01")).decode::<Vec<i64>>().is_err());
}

#[test]
fn headers_that_claim_the_same_bytes_twice() {
    // Each list claims all bytes behind it, which the next one claims too.
    let mut bytes = Vec::new();
    for level in 0..100_u32 {
        bytes.push(0xD6);
        bytes.extend((10_000 - 5 * level).to_be_bytes());
    }
    bytes.resize(10_005, 1);
    assert_eq!(
        Decoder::new(&bytes).decode::<Value>(),
        Err(DecodeError::new(5, Kind::UnexpectedEnd { needed: 5 + 9_999 + 9_995, left: 10_000 }))
    );
    assert!(validate(&bytes, Limits::default()).is_err());
}

#[test]
fn reserved_markers() {
    let reserved = [0xC4..=0xC7, 0xCF..=0xCF, 0xD3..=0xD3, 0xD7..=0xD7, 0xDB..=0xDF, 0xE1..=0xEF];
    for marker in reserved.into_iter().flatten() {
        let bytes = [vec![marker], vec![0; 20]].concat();
        assert_eq!(refused(&bytes), Kind::ReservedMarker { expected: None, marker });
        let mut decoder = Decoder::new(&bytes);
        let expected = Some(Type::Integer);
        assert_eq!(decoder.integer().unwrap_err().kind, Kind::ReservedMarker { expected, marker });
        assert!(decoder.skip(1).is_err());
    }
}

#[test]
fn keys_that_are_no_strings() {
    let expected = Kind::Expected { expected: Type::String, found: Type::Integer };
    assert!(matches!(Decoder::new(&hex("A1 01 02")).decode::<Value>(), Err(DecodeError { offset: 1, .. })));
    assert_eq!(validate(&hex("A1 01 02"), Limits::default()), Err(DecodeError::new(1, expected)));
}

#[test]
fn a_scan_that_fails_leaves_no_offsets() {
    let mut offsets = vec![7];
    let bytes = hex("01 92 91 02 C4");
    assert!(scan(&bytes, 0, 2, Limits::default(), &mut offsets).is_err());
    assert_eq!(offsets, [7]);
    assert_eq!(scan(&bytes, 1, 0, Limits::default(), &mut offsets), Ok(1));
    assert_eq!(scan(&bytes, 2, 1, Limits::default(), &mut offsets), Ok(4));
    assert_eq!(offsets, [7, 2]);
    assert!(scan(&bytes, 99, 1, Limits::default(), &mut offsets).is_err());
    assert!(scan(&bytes, 0, usize::MAX, Limits::default(), &mut offsets).is_err());
    assert_eq!(offsets, [7, 2]);
}
