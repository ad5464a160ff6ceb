//! Reading into types, and what is said when a value does not fit.

use std::borrow::Cow;
use std::boxed::Box;
use std::collections::{BTreeMap, HashMap};
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

use bytes::{Bytes, BytesMut};

use super::{encoded, hex};
use crate::{
    Decode, DecodeError, DecodeErrorKind as Kind, Decoder, EncodeError, Encoder, ListRef, Map, MapRef, Structure,
    Token, Type, Value, parse,
};

fn decoded<'a, T: Decode<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode()?;
    decoder.finish()?;
    Ok(value)
}

#[test]
fn integers_are_checked_for_range() {
    assert_eq!(decoded::<u8>(&encoded(&255)), Ok(255));
    assert_eq!(
        decoded::<u8>(&encoded(&256)),
        Err(DecodeError::new(0, Kind::OutOfRange { expected: "u8", found: 256 }))
    );
    assert_eq!(decoded::<u64>(&encoded(&-1)).unwrap_err().to_string(), "expected u64, found integer -1 at byte 0");
    assert_eq!(decoded::<i8>(&encoded(&-128)), Ok(-128));
    assert_eq!(decoded::<usize>(&encoded(&7_usize)), Ok(7));

    let mut buffer = Vec::new();
    let mut encoder = Encoder::new(&mut buffer);
    assert_eq!(encoder.encode(&(i64::MAX as u64)), Ok(()));
    assert_eq!(
        encoder.encode(&u64::MAX).unwrap_err().to_string(),
        "integer 18446744073709551615 is above 9223372036854775807"
    );
}

#[test]
fn an_integer_is_no_float_and_a_float_no_integer() {
    assert_eq!(decoded::<f64>(&[1]).unwrap_err().to_string(), "expected Float, found Integer at byte 0");
    assert!(decoded::<i64>(&encoded(&1.0)).is_err());
}

#[test]
fn text_in_every_type_of_string() {
    let bytes = encoded("Ada");
    assert_eq!(decoded::<&str>(&bytes), Ok("Ada"));
    assert_eq!(decoded::<String>(&bytes).as_deref(), Ok("Ada"));
    assert_eq!(decoded::<Box<str>>(&bytes).as_deref(), Ok("Ada"));
    assert_eq!(decoded::<Arc<str>>(&bytes).as_deref(), Ok("Ada"));
    assert!(matches!(decoded(&bytes), Ok(Cow::Borrowed("Ada"))));
    for text in [
        encoded(&String::from("Ada")),
        encoded(&Cow::Borrowed("Ada")),
        encoded(&Arc::<str>::from("Ada")),
        encoded(&&&Box::<str>::from("Ada")),
    ] {
        assert_eq!(text, bytes);
    }
    assert_eq!(decoded::<&str>(&hex("92 82 C3 28")).unwrap_err().to_string(), "expected String, found List at byte 0");
    assert_eq!(
        decoded::<Vec<&str>>(&hex("91 82 C3 28")),
        Err(DecodeError::new(1, Kind::InvalidUtf8 { valid_up_to: 0 }))
    );
}

#[test]
fn options_and_nulls() {
    assert_eq!(decoded::<Option<i64>>(&hex("C0")), Ok(None));
    assert_eq!(decoded::<Option<i64>>(&hex("01")), Ok(Some(1)));
    assert_eq!(encoded(&[None, Some(1)]), hex("92 C0 01"));
    assert!(Decoder::new(&hex("C0")).is_null());
    assert!(!Decoder::new(&[]).is_null());
}

#[test]
fn tuples_want_lists_of_their_length() {
    let bytes = hex("92 01 81 61");
    assert_eq!(decoded::<(i64, &str)>(&bytes), Ok((1, "a")));
    assert_eq!(encoded(&(1, "a")), bytes);
    assert_eq!(decoded::<(i64,)>(&bytes).unwrap_err().to_string(), "expected 1 values, found 2 at byte 0");
}

#[test]
fn byte_arrays() {
    let bytes = hex("CC 02 01 02");
    assert_eq!(decoded::<&[u8]>(&bytes), Ok(&[1, 2][..]));
    assert_eq!(decoded::<Bytes>(&bytes), Ok(Bytes::from_static(&[1, 2])));
    assert_eq!(encoded(&BytesMut::from(&[1, 2][..])), bytes);
    assert_eq!(encoded(&[1_u8, 2]), hex("92 01 02"));
}

#[test]
fn runs_of_floats() {
    for len in 0..40 {
        let floats: Vec<f64> = (0..len).map(f64::from).collect();
        assert_eq!(decoded::<Vec<f64>>(&encoded(&floats)), Ok(floats.clone()));
        for stranger in 0..floats.len() {
            let mut mixed: Vec<Value> = floats.iter().copied().map(Value::from).collect();
            mixed[stranger] = Value::Null;
            let bytes = encoded(&Value::from(mixed.clone()));
            let error = decoded::<Vec<f64>>(&bytes).unwrap_err();
            let header = if len < 16 { 1 } else { 2 };
            let expected = Kind::Expected { expected: Type::Float, found: Type::Null };
            assert_eq!(error, DecodeError::new(header + 9 * stranger, expected));
            assert_eq!(decoded::<Value>(&bytes), Ok(Value::from(mixed)));
        }
    }
}

#[test]
fn the_last_of_equal_keys_wins() {
    let bytes = hex("A3 81 61 01 81 62 02 81 61 03");
    let map: MapRef<'_> = decoded(&bytes).unwrap();
    assert_eq!(map.get("a"), Ok(Some(3)));
    assert_eq!(map.get::<i64>("c"), Ok(None));
    assert!(map.get::<&str>("a").is_err());
    let entries: Result<Vec<(&str, i64)>, _> = map.iter().collect();
    assert_eq!(entries, Ok([("a", 1), ("b", 2), ("a", 3)].into()));

    let map: Map = match decoded(&bytes) {
        Ok(Value::Map(map)) => map,
        other => panic!("{other:?}"),
    };
    assert_eq!(map.get("a"), Some(&Value::Integer(3)));
    assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a"]);

    let expected = [("a", 3), ("b", 2)];
    assert_eq!(decoded(&bytes), Ok(BTreeMap::from(expected)));
    assert_eq!(decoded(&bytes), Ok(HashMap::from(expected)));
    assert_eq!(encoded(&BTreeMap::from(expected)), hex("A2 81 61 03 81 62 02"));
    assert_eq!(encoded(&HashMap::from([("a", 3)])), hex("A1 81 61 03"));
}

#[test]
fn maps_are_equal_in_any_order() {
    let map = |entries: [(&str, i64); 2]| Map::<Value>::from_iter(entries);
    assert_eq!(map([("a", 1), ("b", 2)]), map([("b", 2), ("a", 1)]));
    assert_ne!(map([("a", 1), ("b", 2)]), map([("b", 1), ("a", 2)]));
    assert_ne!(map([("a", 1), ("b", 2)]), Map::new());
}

#[test]
fn lists_and_maps_stay_where_they_lie() {
    let bytes = hex("92 93 01 A1 81 61 02 03 2A");
    let mut decoder = Decoder::new(&bytes);
    assert_eq!(decoder.list_header(), Ok(2));
    let list: ListRef<'_> = decoder.decode().unwrap();
    assert_eq!(decoder.integer(), Ok(42));
    assert_eq!(list.len(), 3);
    assert!(list.to_vec::<i64>().is_err());
    let mut items = list.iter::<Value>();
    assert_eq!(items.next(), Some(Ok(Value::Integer(1))));
    assert!(matches!(items.next(), Some(Ok(Value::Map(_)))));
    assert_eq!(items.next(), Some(Ok(Value::Integer(3))));
    assert_eq!(items.next(), None);

    let mut items = list.iter::<i64>();
    assert_eq!(items.next(), Some(Ok(1)));
    assert!(matches!(items.next(), Some(Err(error)) if error.offset == 3));
    assert_eq!(items.next(), None);

    let raw: Vec<Decoder<'_>> = list.to_vec().unwrap();
    assert_eq!(raw[1].clone().decode::<MapRef<'_>>().unwrap().get("a"), Ok(Some(2)));
}

#[test]
fn offsets_count_from_the_start_of_the_input() {
    let bytes = hex("01 02 03");
    let mut decoder = Decoder::at(&bytes, 1);
    assert_eq!((decoder.offset(), decoder.integer()), (1, Ok(2)));
    assert_eq!(decoder.finish(), Err(DecodeError::new(2, Kind::TrailingBytes { left: 1 })));
    assert_eq!(
        decoder.string(),
        Err(DecodeError::new(2, Kind::Expected { expected: Type::String, found: Type::Integer }))
    );
    assert_eq!(decoder.offset(), 2);
    assert_eq!(Decoder::at(&bytes, 9).token(), Err(DecodeError::new(3, Kind::UnexpectedEnd { needed: 1, left: 0 })));
}

#[test]
fn values_nest_as_deep_when_written_as_when_read() {
    let nest = |levels| {
        (0..levels).fold(Value::Integer(1), |value, level| match level % 3 {
            0 => Value::from(std::vec![value]),
            1 => Value::Map(Map::from_iter([("k", value)])),
            _ => Value::Structure(Structure::new(1, [value])),
        })
    };
    let deep = nest(128);
    assert_eq!(decoded(&encoded(&deep)), Ok(deep));
    let mut buffer = Vec::new();
    assert_eq!(Encoder::new(&mut buffer).encode(&nest(129)), Err(EncodeError::TooDeep { limit: 128 }));
}

#[test]
fn parsers_tell_incomplete_from_wrong() {
    assert_eq!(parse::token(&[0x81, b'a', 9]), Ok((&[9][..], Token::String("a"))));
    assert_eq!(parse::value::<Value>(&[0x90]), Ok((&[][..], Value::List(Box::default()))));
    assert!(matches!(parse::integer(&[0xC9, 1]), Err(nom::Err::Incomplete(_))));
    assert!(matches!(parse::integer(&[0x80]), Err(nom::Err::Error(_))));
    assert_eq!(parse::null(&[0xC0]), Ok((&[][..], ())));
    assert_eq!(parse::boolean(&[0xC3]), Ok((&[][..], true)));
    assert_eq!(parse::float(&encoded(&1.5)), Ok((&[][..], 1.5)));
    assert_eq!(parse::bytes(&[0xCC, 1, 7]), Ok((&[][..], &[7][..])));
    assert_eq!(parse::string(&[0x81, b'a']), Ok((&[][..], "a")));
    assert_eq!(parse::list_header(&[0x91, 1]), Ok((&[1][..], 1)));
    assert_eq!(parse::map_header(&[0xA0]), Ok((&[][..], 0)));
    assert_eq!(parse::structure_header(&[0xB0, 7]), Ok((&[][..], (7, 0))));
    assert_eq!(parse::uuid(&encoded(&Value::Uuid([3; 16]))), Ok((&[][..], [3; 16])));
}
