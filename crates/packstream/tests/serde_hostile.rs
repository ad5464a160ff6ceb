//! What a peer may send, and what must not come of it.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use allocation_counter::AllocationInfo;
use packstream::serde::{Columns, DEPTH, Structure, from_slice, from_slice_with, to_vec};
use packstream::{DecodeErrorKind as Kind, EncodeError, Limits, Map, Type, Value};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// Runs on the smallest stack that threads have.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 * 1024).spawn(run).unwrap().join().unwrap();
}

/// Lists, maps, structures and variants that hold themselves.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Leaf(i64),
    List(Vec<Self>),
    Structure(Structure<b'N', Vec<Self>>),
    Map(BTreeMap<String, Self>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Leaf,
    More(Box<Self>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
enum Internal {
    Leaf,
    More { next: Box<Self> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Chain {
    next: Option<Box<Self>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    next: Option<Box<Self>>,
    #[serde(flatten)]
    rest: HashMap<String, i64>,
}

const LEVELS: [&[u8]; 3] = [&[0x91], &[0xB1, b'N'], &[0xA1, 0x80]];

/// Levels that hold one another, and a value in them.
fn nested(level: &[u8], levels: usize, leaf: &[u8]) -> Vec<u8> {
    [&level.repeat(levels), leaf].concat()
}

fn too_deep<T: for<'de> Deserialize<'de> + Debug>(bytes: &[u8]) {
    assert_eq!(from_slice::<T>(bytes).unwrap_err().kind, Kind::TooDeep { limit: DEPTH });
}

#[test]
fn a_million_levels() {
    on_a_small_stack(|| {
        for level in LEVELS {
            let bytes = nested(level, 1_000_000, &[1]);
            too_deep::<Value>(&bytes);
            too_deep::<Untagged>(&bytes);
            assert_eq!(from_slice(&bytes), Ok(IgnoredAny));
        }
        too_deep::<External>(&nested(b"\xA1\x84More", 1_000_000, b"\x84Leaf"));
        too_deep::<Chain>(&nested(b"\xA1\x84next", 1_000_000, b"\xC0"));
        too_deep::<Flat>(&nested(b"\xA1\x84next", 1_000_000, b"\xC0"));
        too_deep::<Internal>(&nested(b"\xA2\x81t\x84More\x84next", 1_000_000, b"\xA1\x81t\x84Leaf"));
        too_deep::<Internal>(&nested(b"\xA2\x84next", 1_000_000, b"\xA1\x81t\x84Leaf"));
    });
}

#[test]
fn as_many_levels_as_there_may_be() {
    on_a_small_stack(|| {
        for level in LEVELS {
            let bytes = nested(level, DEPTH, &[1]);
            let value: Value = from_slice(&bytes).unwrap();
            assert_eq!(to_vec(&value).unwrap(), bytes);
        }
    });
    on_a_small_stack(|| {
        for level in LEVELS {
            let bytes = nested(level, DEPTH, &[1]);
            let value: Untagged = from_slice(&bytes).unwrap();
            assert_eq!(to_vec(&value).unwrap(), bytes);
        }
    });
    on_a_small_stack(|| {
        let bytes = nested(b"\xA1\x84More", DEPTH, b"\x84Leaf");
        let value: External = from_slice(&bytes).unwrap();
        assert_eq!(to_vec(&value).unwrap(), bytes);
    });
    on_a_small_stack(|| {
        let bytes = nested(b"\xA1\x84next", DEPTH, b"\xC0");
        let value: Chain = from_slice(&bytes).unwrap();
        assert_eq!(to_vec(&value).unwrap(), bytes);
    });
    on_a_small_stack(|| {
        let bytes = nested(b"\xA1\x84next", DEPTH, b"\xC0");
        let value: Flat = from_slice(&bytes).unwrap();
        assert_eq!(to_vec(&value).unwrap(), bytes);
    });
    on_a_small_stack(|| {
        let bytes = nested(b"\xA2\x81t\x84More\x84next", DEPTH - 1, b"\xA1\x81t\x84Leaf");
        let value: Internal = from_slice(&bytes).unwrap();
        assert_eq!(to_vec(&value).unwrap(), bytes);
    });
}

#[test]
fn the_limit_of_depth_is_exact() {
    for limit in 0..5 {
        let limits = Limits::DEFAULT.with_depth(limit);
        for levels in 0..6 {
            for level in LEVELS {
                for leaf in [&[0x90][..], &[0xA0], &[0xB0, 1]] {
                    let bytes = nested(level, levels, leaf);
                    let read = from_slice_with::<Value>(&bytes, limits);
                    assert_eq!(read.is_ok(), levels <= limit, "{bytes:02X?} within {limit}");
                }
            }
        }
    }
    let nest = |levels| (0..levels).fold(Untagged::Leaf(1), |inner, _| Untagged::List(vec![inner]));
    assert!(to_vec(&nest(DEPTH)).is_ok());
    assert_eq!(to_vec(&nest(DEPTH + 1)), Err(EncodeError::TooDeep { limit: DEPTH }));
    assert!(to_vec(&(0..DEPTH).fold(Value::List([].into()), |inner, _| Value::List([inner].into()))).is_ok());
}

#[test]
fn sizes_and_totals_within_limits() {
    let limits = Limits::DEFAULT.with_size(20);
    let longest = "a".repeat(20);
    for fits in [to_vec(&longest).unwrap(), to_vec(&[1; 20]).unwrap(), to_vec(&(&longest, &longest)).unwrap()] {
        assert!(from_slice_with::<IgnoredAny>(&fits, limits).is_ok());
        assert!(from_slice_with::<Value>(&fits, limits).is_ok());
    }
    let too_large = |of, bytes: &[u8]| {
        let error = from_slice_with::<Value>(bytes, limits).unwrap_err();
        assert_eq!(error.kind, Kind::SizeTooLarge { of, size: 21, limit: 20 });
    };
    let text = "a".repeat(21);
    too_large(Type::String, &to_vec(&text).unwrap());
    too_large(Type::String, &to_vec(&HashMap::from([(&text, 1)])).unwrap());
    too_large(Type::List, &to_vec(&[1; 21][..]).unwrap());
    too_large(Type::Bytes, &to_vec(&Value::Bytes([1; 21].into())).unwrap());
    let map: BTreeMap<String, i64> = (0..21).map(|key| (key.to_string(), key)).collect();
    too_large(Type::Map, &to_vec(&map).unwrap());

    let error = from_slice_with::<i64>(&[1, 2, 3], Limits::DEFAULT.with_total(2)).unwrap_err();
    assert_eq!(error.kind, Kind::InputTooLong { len: 3, limit: 2 });
}

/// What reading costs, in bytes of memory for each byte of input, whatever comes of it.
fn memory_of<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> u64 {
    let AllocationInfo { bytes_max, .. } = allocation_counter::measure(|| drop(from_slice::<T>(bytes)));
    bytes_max / bytes.len() as u64
}

/// `c` in "a message of n bytes costs at most c·n": a list of tiny integers becomes a list of buffers of 32 bytes, and vectors double.
const WORST: u64 = 128;

#[test]
fn sizes_of_two_gibibytes() {
    for marker in [0xD2, 0xCE, 0xD6, 0xDA] {
        for size in [[0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0xFF; 4]] {
            let bytes = [&[marker][..], &size, &[1; 20]].concat();
            assert!(memory_of::<Value>(&bytes) < WORST);
            assert!(memory_of::<Untagged>(&bytes) < WORST);
            assert!(memory_of::<Vec<[i64; 4]>>(&bytes) < WORST);
            assert!(memory_of::<HashMap<String, i64>>(&bytes) < WORST);
            assert!(from_slice::<Value>(&bytes).is_err());
        }
    }
}

#[test]
fn headers_that_claim_the_same_bytes() {
    // Each list claims all bytes behind it, which the next one claims too.
    let mut bytes = Vec::new();
    for level in 0..60_u32 {
        bytes.push(0xD6);
        bytes.extend((100_000 - 5 * level).to_be_bytes());
    }
    bytes.resize(100_005, 1);
    assert!(memory_of::<Untagged>(&bytes) < WORST);
    assert!(memory_of::<Value>(&bytes) < WORST);
    let error = from_slice::<Value>(&bytes).unwrap_err();
    assert_eq!((error.offset, error.kind), (5, Kind::UnexpectedEnd { needed: 199_999, left: 100_000 }));
}

#[test]
fn a_million_equal_keys() {
    let entries = 1_000_000_u32;
    let mut bytes = [&[0xDA][..], &entries.to_be_bytes()].concat();
    bytes.extend(b"\x81a\x01".repeat(entries as usize - 1));
    bytes.extend(b"\x81a\x02");

    #[derive(Debug, PartialEq, Deserialize)]
    struct A {
        a: i64,
    }
    assert_eq!(from_slice(&bytes), Ok(A { a: 2 }));
    assert_eq!(from_slice(&bytes), Ok(BTreeMap::from([("a", 2)])));
    assert_eq!(from_slice(&bytes), Ok(Map::<Value>::from_iter([("a", 2)])));
    assert_eq!(from_slice(&bytes), Ok(Value::from(Map::from_iter([("a", 2)]))));
    assert_eq!(from_slice(&bytes), Ok(Untagged::Map(BTreeMap::from([("a".to_owned(), Untagged::Leaf(2))]))));
    let memory = [memory_of::<A>(&bytes), memory_of::<Value>(&bytes), memory_of::<Untagged>(&bytes)];
    assert!(memory < [WORST; 3], "{memory:?}");
}

#[test]
fn large_buffers() {
    let list = [&[0xD6, 0, 0x0F, 0x42, 0x40][..], &[1; 1_000_000]].concat();
    let memory = [memory_of::<Untagged>(&list), memory_of::<Value>(&list)];
    assert!(memory < [WORST; 2], "{memory:?}");

    let structures = [&[0xD6, 0, 0x07, 0xA1, 0x20][..], &b"\xB0N".repeat(500_000)].concat();
    let memory = [memory_of::<Untagged>(&structures), memory_of::<Value>(&structures)];
    assert!(memory < [WORST; 2], "{memory:?}");
}

#[test]
fn borrowed_types_allocate_nothing() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never read")]
    struct Row<'a> {
        id: i64,
        score: f64,
        name: &'a str,
        data: &'a [u8],
        nothing: Option<bool>,
        point: Structure<b'X', (i64, f64, f64)>,
        #[serde(borrow)]
        inner: Inner<'a>,
        kind: Kind,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never read")]
    struct Inner<'a> {
        text: &'a str,
        pair: (i64, i64),
    }
    #[derive(Debug, Deserialize)]
    enum Kind {
        A,
        #[expect(dead_code, reason = "never read")]
        B(i64),
    }
    let inner = b"\xA2\x84text\x81a\x84pair\x92\x01\x02";
    let point = b"\xB3X\x01\xC1\0\0\0\0\0\0\0\0\xC1\0\0\0\0\0\0\0\0";
    let values: [&[u8]; 8] =
        [&[1], &[0xC1, 0, 0, 0, 0, 0, 0, 0, 0], b"\x83Ada", &[0xCC, 1, 7], &[0xC0], point, inner, b"\x81A"];
    let names = ["id", "score", "name", "data", "nothing", "point", "inner", "kind"];
    let list = [&[0x98][..], &values.concat()].concat();
    let mut map = vec![0xA8];
    let mut turned = vec![0x98];
    for (name, value) in names.iter().zip(values) {
        map.extend(to_vec(name).unwrap());
        map.extend(value);
    }
    for value in values.iter().rev() {
        turned.extend(*value);
    }
    let by_position = Columns::of::<Row<'_>>(names);
    let by_number = Columns::of::<Row<'_>>(names.into_iter().rev());
    let allocations = allocation_counter::measure(|| {
        from_slice::<Row<'_>>(&list).unwrap();
        from_slice::<Row<'_>>(&map).unwrap();
        by_position.from_slice::<Row<'_>>(&list).unwrap();
        by_number.from_slice::<Row<'_>>(&turned).unwrap();
    });
    assert_eq!(allocations.count_total, 0);
}
