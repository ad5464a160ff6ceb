//! What is read can be written; what was written is read as the same, and written the same again, by every way out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use packstream::{
    Buffer, Decode, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Nesting, Step, Token, Tokens, Value,
    encode, validate,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = Decoder::new(bytes).decode::<Value>() else { return };
    let written = round_trip(&value);
    assert_eq!(written.len(), validate(&written, Default::default()).expect("what was written is good"));
    let graph = Decoder::new(bytes).decode::<neobolt_proto::Value>().expect("it reads what the tree reads");
    // The same content; a graph value may say it in fewer bytes only where a key of its maps came twice.
    round_trip(&graph);
    assert_eq!(token_by_token(&written), written);
    // Shortest form: nothing that says the same is shorter.
    if let Ok(read) = validate(bytes, Default::default()) {
        assert!(written.len() <= read);
    }
    assert_eq!(writers(&value), written);
    fails_without_a_trace(&value, &written);
});

fn round_trip<T: for<'a> Decode<'a> + Encode>(value: &T) -> Vec<u8> {
    let mut written = Vec::new();
    encode(value, &mut written).expect("what was read can be written");
    let mut decoder = Decoder::new(&written);
    let again: T = decoder.decode().expect("what was written can be read");
    assert_eq!(decoder.finish(), Ok(()));
    let mut twice = Vec::new();
    encode(&again, &mut twice).expect("what was read can be written");
    // Compared as bytes, because a NaN is not equal to itself.
    assert_eq!(twice, written);
    written
}

/// Copies tokens with the encoder's own methods.
fn token_by_token(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::new(bytes, &mut nesting);
    while let Step::Token(token) = tokens.token().expect("it was validated") {
        let copied = match token {
            Token::Null => Ok(encoder.null()),
            Token::Boolean(value) => Ok(encoder.boolean(value)),
            Token::Integer(value) => Ok(encoder.integer(value)),
            Token::Float(value) => Ok(encoder.float(value)),
            Token::Bytes(value) => encoder.bytes(value),
            Token::String(value) => encoder.string(value),
            Token::List(len) => encoder.list_header(len),
            Token::Map(len) => encoder.map_header(len),
            Token::Structure { tag, fields } => encoder.structure_header(tag, fields),
            Token::Uuid(value) => Ok(encoder.uuid(*value)),
            other => panic!("{other:?} is new"),
        };
        copied.expect("what was read can be written");
    }
    out
}

/// A value that is written by the checked writers.
struct Written<'a>(&'a Value);

impl Encode for Written<'_> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        match self.0 {
            Value::List(items) => {
                encoder.list(items.len(), |list| items.iter().try_for_each(|item| list.item(&Written(item))))
            }
            Value::Map(map) => encoder
                .map(map.len(), |entries| map.iter().try_for_each(|(key, value)| entries.entry(key, &Written(value)))),
            Value::Structure(it) => encoder.structure(it.tag(), it.fields().len(), |fields| {
                it.fields().iter().try_for_each(|field| fields.field(&Written(field)))
            }),
            scalar => scalar.encode(encoder),
        }
    }
}

fn writers(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&Written(value), &mut out).expect("what was read can be written");
    out
}

/// A writer that is given one item less, or a key twice, leaves the buffer as it was.
fn fails_without_a_trace(value: &Value, written: &[u8]) {
    let mut out = written.to_vec();
    let mut encoder = Encoder::new(&mut out);
    let short = encoder.list(2, |list| list.item(value));
    assert!(matches!(
        short,
        Err(EncodeError::WrongCount { declared: 2, written: 1, .. } | EncodeError::TooDeep { .. })
    ));
    let twice = encoder.map(2, |entries| {
        entries.entry("a", value)?;
        entries.entry("a", value)
    });
    assert!(matches!(twice, Err(EncodeError::DuplicateKey(_) | EncodeError::TooDeep { .. })));
    assert_eq!(out, written);
    assert!(!matches!(
        Decoder::new(&out).decode::<Value>().map_err(|it| it.kind),
        Err(DecodeErrorKind::TrailingBytes { .. })
    ));
}
