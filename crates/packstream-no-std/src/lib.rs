//! Uses packstream in every way where there is no `std`.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use packstream::{
    DecodeError, Decoder, EncodeError, Encoder, Key, Map, MapRef, Nesting, Step, Token, Tokens, Value, key,
};

const NAME: Key = key!("name");

/// Writes a person.
///
/// # Errors
///
/// If the name is too long.
pub fn write(name: &str, born: i64) -> Result<Vec<u8>, EncodeError> {
    let mut message = Vec::new();
    Encoder::new(&mut message).map(2, |entries| {
        entries.entry(NAME, name)?;
        entries.entry("born", &born)
    })?;
    Ok(message)
}

/// Reads when a person was born, in place.
///
/// # Errors
///
/// If the message is no map, or holds another type.
pub fn born(message: &[u8]) -> Result<Option<i64>, DecodeError> {
    Decoder::new(message).decode::<MapRef<'_>>()?.get("born")
}

/// Reads a person into memory of its own.
///
/// # Errors
///
/// If the message is no map.
pub fn map(message: &[u8]) -> Result<Map, DecodeError> {
    Decoder::new(message).decode()
}

/// Counts the integers in a message, without any memory.
///
/// # Errors
///
/// If the message is not PackStream.
pub fn integers(message: &[u8]) -> Result<usize, DecodeError> {
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::new(message, &mut nesting);
    let mut count = 0;
    while let Step::Token(token) = tokens.token()? {
        count += usize::from(matches!(token, Token::Integer(_)));
    }
    Ok(count)
}

/// Writes any value.
///
/// # Errors
///
/// If PackStream cannot express it.
pub fn copy(value: &Value) -> Result<Vec<u8>, EncodeError> {
    let mut message = Vec::new();
    packstream::encode(value, &mut message)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::{Value, born, copy, integers, map, write};

    #[test]
    fn a_message_in_every_way() {
        let message = write("Ada", 1815).unwrap();
        assert_eq!(born(&message), Ok(Some(1815)));
        assert_eq!(integers(&message), Ok(1));
        assert_eq!(copy(&Value::Map(map(&message).unwrap())), Ok(message));
    }
}
