//! What the writer promises: the shortest form, the sizes declared, no key twice, and nothing left of what failed.

mod keys;
mod programs;

use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use bytes::BytesMut;

use super::{encoded, hex};
use crate::{
    Buffer, ByteArray, Decoder, Encode, EncodeError, Encoder, Limits, ListWriter, MAX_DEPTH, MAX_SIZE, Structure, Type,
    Value, encode, validate,
};

type Written = Result<(), EncodeError>;

/// Checks that `write` fails and leaves nothing behind, in every kind of buffer.
#[track_caller]
fn refused(write: impl Fn(&mut Encoder<'_, Vec<u8>>) -> Written) -> EncodeError {
    let mut buffer = vec![1, 2, 3];
    let mut encoder = Encoder::new(&mut buffer);
    let error = write(&mut encoder).unwrap_err();
    assert!(encoder.tags().is_empty());
    assert_eq!(buffer, [1, 2, 3]);
    error
}

/// The same for a value that is written by [`encode`].
#[track_caller]
fn refused_value<T: Encode + ?Sized>(value: &T) -> EncodeError {
    let mut buffer = vec![1, 2, 3];
    let error = encode(value, &mut buffer).unwrap_err();
    assert_eq!(buffer, [1, 2, 3]);
    let mut other = BytesMut::from(&[1, 2, 3][..]);
    assert_eq!(encode(value, &mut other), Err(error.clone()));
    assert_eq!(other, [1, 2, 3][..]);
    error
}

/// A buffer that only counts.
#[derive(Default)]
struct Counter(usize);

impl Buffer for Counter {
    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn as_slice(&self) -> &[u8] {
        &[]
    }

    fn truncate(&mut self, len: usize) {
        self.0 = len;
    }

    fn len(&self) -> usize {
        self.0
    }
}

#[test]
fn integers_take_no_byte_too_many() {
    let edges = [7, 8, 15, 16, 31, 32, 63].map(|bits| 1_i128 << bits);
    let near = edges.into_iter().flat_map(|edge| [edge, -edge]).flat_map(|edge| edge - 2..=edge + 2);
    for value in near.chain(-40_000..40_000).filter_map(|value| i64::try_from(value).ok()) {
        let expected = match value {
            -16..=127 => 1,
            -0x80..=0x7F => 2,
            -0x8000..=0x7FFF => 3,
            -0x8000_0000..=0x7FFF_FFFF => 5,
            _ => 9,
        };
        let bytes = encoded(&value);
        assert_eq!(bytes.len(), expected, "{value}");
        assert_eq!(Decoder::new(&bytes).integer(), Ok(value));
    }
}

#[test]
fn containers_are_written_with_the_shortest_header() {
    for (len, sized) in
        [(0, ""), (1, ""), (15, ""), (16, "10"), (255, "FF"), (256, "0100"), (65_535, "FFFF"), (65_536, "00010000")]
    {
        let header = |tiny: u8, sizes: [u8; 3]| match sized.len() {
            0 => vec![tiny | len as u8],
            digits => {
                let marker = sizes[[2, 4, 8].iter().position(|it| *it == digits).unwrap()];
                let digits: Vec<_> = sized.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
                [&[marker][..], &hex(&digits.join(" "))].concat()
            }
        };
        let mut list = Vec::new();
        Encoder::new(&mut list).list(len, |items| (0..len).try_for_each(|_| items.item(&7))).unwrap();
        assert_eq!(list, [header(0x90, [0xD4, 0xD5, 0xD6]), vec![7; len]].concat());
        assert_eq!(encoded(&vec![7_i64; len]), list);

        let mut map = Vec::new();
        let entries: BTreeMap<_, _> = (0..len).map(|index| (format!("{index:05}"), ())).collect();
        let written = Encoder::new(&mut map)
            .map(len, |writer| entries.iter().try_for_each(|(key, value)| writer.entry(key, value)));
        assert_eq!(written, Ok(()));
        assert!(map.starts_with(&header(0xA0, [0xD8, 0xD9, 0xDA])));
        assert_eq!(encoded(&entries), map);
        assert_eq!(validate(&map, Limits::default()), Ok(map.len()));

        let text = "x".repeat(len);
        assert_eq!(encoded(&text), [header(0x80, [0xD0, 0xD1, 0xD2]), text.clone().into_bytes()].concat());
    }
    for len in 0..=15 {
        for tag in 0..=u8::MAX {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes);
            encoder.structure(tag, len, |fields| (0..len).try_for_each(|_| fields.field(&true))).unwrap();
            assert!(encoder.tags().contains(tag));
            assert_eq!(bytes, [vec![0xB0 | len as u8, tag], vec![0xC3; len]].concat());
        }
    }
}

#[test]
fn floats_are_written_alike_in_blocks_and_one_by_one() {
    for len in 0..70 {
        let floats: Vec<f64> = (0..len).map(|index| f64::from(index) / 3.0).collect();
        let one_by_one: Vec<u8> = floats.iter().flat_map(encoded).collect();
        let bytes = encoded(&floats);
        assert!(bytes.ends_with(&one_by_one));
        assert_eq!(bytes.len() - one_by_one.len(), if len < 16 { 1 } else { 2 });
        let narrow: Vec<f32> = (0..len as u8).map(f32::from).collect();
        let wide: Vec<f64> = narrow.iter().copied().map(f64::from).collect();
        assert_eq!(encoded(&narrow), encoded(&wide));
    }
    let odd = [f64::from_bits(0x7FF4_0000_0000_002A), f64::from_bits(0xFFF8_0000_0000_0001), -0.0, 0.0];
    let odd: Vec<f64> = odd.into_iter().cycle().take(8).collect();
    let bytes = encoded(&odd);
    for (float, bytes) in odd.iter().zip(bytes[1..].chunks(9)) {
        assert_eq!(bytes[1..], float.to_bits().to_be_bytes());
    }
}

#[test]
fn a_writer_is_held_to_what_it_declares() {
    let wrong = |of, declared, written| EncodeError::WrongCount { of, declared, written };
    assert_eq!(refused(|it| it.list(2, |items| items.item(&1))), wrong(Type::List, 2, 1));
    assert_eq!(refused(|it| it.list(0, |items| items.item(&1))), wrong(Type::List, 0, 1));
    assert_eq!(refused(|it| it.list(1, |_| Ok(()))), wrong(Type::List, 1, 0));
    assert_eq!(refused(|it| it.list(2, |items| (0..9).try_for_each(|it| items.item(&it)))), wrong(Type::List, 2, 3));
    assert_eq!(refused(|it| it.map(2, |entries| entries.entry("a", &1))), wrong(Type::Map, 2, 1));
    assert_eq!(refused(|it| it.map(0, |entries| entries.entry("a", &1))), wrong(Type::Map, 0, 1));
    assert_eq!(refused(|it| it.structure(7, 2, |fields| fields.field(&1))), wrong(Type::Structure, 2, 1));
    assert_eq!(refused(|it| it.structure(7, 0, |fields| fields.field(&1))), wrong(Type::Structure, 0, 1));
    assert_eq!(
        refused(|it| it.structure(7, 16, |_| unreachable!())),
        EncodeError::TooManyFields { tag: 7, fields: 16 }
    );
    let inner = refused(|it| {
        it.map(1, |entries| {
            entries.list("a", 1, |items| {
                items.structure(b'x', 2, |fields| {
                    fields.map(0, |_| Ok(()))?;
                    fields.list(3, |items| items.item(&()))
                })
            })
        })
    });
    assert_eq!(inner, wrong(Type::List, 3, 1));
    assert_eq!(inner.to_string(), "List was declared to hold 3, but was given 1");
}

#[test]
fn what_failed_can_be_replaced() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    let written = encoder.map(2, |entries| {
        assert_eq!(entries.entry("a", &u64::MAX), Err(EncodeError::OutOfRange(u64::MAX)));
        assert!(entries.list("a", 3, |items| items.item(&1)).is_err());
        assert!(entries.structure("a", b'!', 1, |fields| fields.field(&(1, u64::MAX))).is_err());
        entries.entry("a", &1)?;
        assert_eq!(entries.map("a", 0, |_| Ok(())), Err(EncodeError::DuplicateKey("a".into())));
        entries.list("b", 2, |items| {
            assert!(items.item(&[1, u64::MAX]).is_err());
            assert!(items.map(1, |_| Ok(())).is_err());
            items.item(&2)?;
            items.item(&3)?;
            assert_eq!(items.item(&4), Err(EncodeError::WrongCount { of: Type::List, declared: 2, written: 3 }));
            Ok(())
        })?;
        assert!(entries.entry("c", &1).is_err());
        Ok(())
    });
    assert_eq!(written, Ok(()));
    assert!(encoder.tags().is_empty());
    assert_eq!(bytes, hex("A2 81 61 01 81 62 92 02 03"));
}

#[test]
fn values_that_cannot_be_expressed_leave_nothing_behind() {
    assert_eq!(refused_value(&(1, "a", u64::MAX)), EncodeError::OutOfRange(u64::MAX));
    assert_eq!(refused_value(&BTreeMap::from([("a", u64::MAX)])), EncodeError::OutOfRange(u64::MAX));
    assert_eq!(
        refused_value(&Structure::new(9, vec![Value::Null; 16])),
        EncodeError::TooManyFields { tag: 9, fields: 16 }
    );
    assert_eq!(refused_value(&Refusing), EncodeError::custom("no"));
    assert_eq!(refused(|it| it.list(1, |items| items.item(&Refusing))), EncodeError::custom("no"));
}

/// Writes something, then fails.
struct Refusing;

impl Encode for Refusing {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Written {
        encoder.structure_header(b'R', 1)?;
        encoder.uuid([0; 16]);
        Err(EncodeError::custom("no"))
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn sizes_end_at_31_bits() {
    let len = MAX_SIZE + 1;
    // The unit takes no memory, and zeroes that nobody reads take none either.
    assert_eq!(refused_value(&vec![(); len]), EncodeError::TooLong { of: Type::List, len });
    assert_eq!(refused_value(&("a", ByteArray(&vec![0; len]))), EncodeError::TooLong { of: Type::Bytes, len });
    let text = String::from_utf8(vec![0; len]).unwrap();
    assert_eq!(refused_value(&(1, &text)), EncodeError::TooLong { of: Type::String, len });
    assert_eq!(refused(|it| it.list(len, |_| unreachable!())), EncodeError::TooLong { of: Type::List, len });
    assert_eq!(refused(|it| it.map(len, |_| unreachable!())), EncodeError::TooLong { of: Type::Map, len });
    assert_eq!(
        refused(|it| it.map(1, |entries| entries.entry(&*text, &1))),
        EncodeError::TooLong { of: Type::String, len }
    );

    let mut buffer = Counter(7);
    assert_eq!(encode(&ByteArray(&vec![0; MAX_SIZE]), &mut buffer), Ok(()));
    assert_eq!(encode(&text[1..], &mut buffer), Ok(()));
    assert_eq!(buffer.len(), 7 + 2 * (5 + MAX_SIZE));
    assert!(encode(&text, &mut buffer).is_err());
    assert_eq!(buffer.len(), 7 + 2 * (5 + MAX_SIZE));
}

/// Writes lists in one another, `levels` of them, around an empty one.
fn nest(items: &mut ListWriter<'_, '_, Vec<u8>>, levels: usize) -> Written {
    match levels {
        0 => items.list(0, |_| Ok(())),
        1 => items.item(&[Vec::<()>::new()]),
        _ if levels % 3 == 0 => items.map(1, |entries| entries.list("k", 1, |items| nest(items, levels - 2))),
        _ => items.list(1, |items| nest(items, levels - 1)),
    }
}

#[test]
fn levels_are_counted_whoever_writes_them() {
    for levels in MAX_DEPTH - 5..MAX_DEPTH {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes).list(1, |items| nest(items, levels)).unwrap();
        assert_eq!(validate(&bytes, Limits::default().with_depth(levels + 1)), Ok(bytes.len()));
        assert!(validate(&bytes, Limits::default().with_depth(levels)).is_err());
    }
    for levels in MAX_DEPTH..MAX_DEPTH + 5 {
        assert_eq!(refused(|it| it.list(1, |items| nest(items, levels))), EncodeError::TooDeep { limit: MAX_DEPTH });
    }
    assert_eq!(
        (EncodeError::TooDeep { limit: MAX_DEPTH }).to_string(),
        format!("containers are nested more than {MAX_DEPTH} deep")
    );

    // The levels of types count like those of values and writers.
    let value = |levels| (0..levels).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    let bytes = encoded(&[[value(MAX_DEPTH - 2)]]);
    assert_eq!(validate(&bytes, Limits::default()), Ok(bytes.len()));
    assert_eq!(refused_value(&[(value(MAX_DEPTH - 1),)]), EncodeError::TooDeep { limit: MAX_DEPTH });
    assert_eq!(
        refused_value(&BTreeMap::from([("k", vec![value(MAX_DEPTH - 1)])])),
        EncodeError::TooDeep { limit: MAX_DEPTH }
    );
    let structure = Structure::new(1, [value(MAX_DEPTH)]);
    assert_eq!(refused_value(&structure), EncodeError::TooDeep { limit: MAX_DEPTH });
}

#[test]
fn the_deepest_value_is_written_on_a_small_stack() {
    let write = || {
        for kind in 0..3 {
            let deepest = (0..MAX_DEPTH).fold(Value::Null, |inner, _| match kind {
                0 => Value::from(vec![inner]),
                1 => Value::Map([("k", inner)].into_iter().collect()),
                _ => Value::Structure(Structure::new(1, [inner])),
            });
            let bytes = encoded(&deepest);
            assert!(bytes.len() > MAX_DEPTH && bytes.ends_with(&[0xC0]));
        }
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(write).unwrap().join().unwrap();
}

#[test]
fn tags_are_those_of_what_was_written() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    encoder.structure(b'A', 1, |fields| fields.structure(b'B', 0, |_| Ok(()))).unwrap();
    assert!(encoder.structure(b'C', 1, |fields| fields.structure(b'D', 1, |_| Ok(()))).is_err());
    assert!(encoder.list(2, |items| items.structure(b'E', 0, |_| Ok(()))).is_err());
    assert_eq!(encoder.tags().iter().collect::<Vec<_>>(), b"AB");
}
