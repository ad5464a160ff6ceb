//! [`Parameters`].

use core::fmt;

use packstream::{Buffer, Decoder, Encode, EncodeError, Encoder, TagSet, Token};

/// The parameters of a query, or another map that goes to the server, already encoded: values go straight from the user's own types
/// into bytes.
///
/// A value that cannot be encoded is reported when the map is sent.
#[derive(Clone, Default, PartialEq)]
pub struct Parameters {
    /// The entries, one behind the other, without the map's header.
    entries: Vec<u8>,
    len: usize,
    tags: TagSet,
    error: Option<EncodeError>,
}

impl Parameters {
    /// Creates an empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to `value`, and returns the map.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Encode) -> Self {
        self.insert(key, value);
        self
    }

    /// Sets `key` to `value`.
    pub fn insert(&mut self, key: &str, value: impl Encode) {
        self.remove(key);
        let before = self.entries.len();
        let mut encoder = Encoder::new(&mut self.entries);
        let written = encoder.string(key).and_then(|()| encoder.encode(&value));
        let tags = *encoder.tags();
        match written {
            Ok(()) => {
                self.len += 1;
                self.tags = self.tags.union(&tags);
            }
            Err(error) => {
                self.entries.truncate(before);
                self.error = Some(EncodeError::custom(format!("parameter `{key}`: {error}")));
            }
        }
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns which structures occur in the values, and whether a UUID does.
    #[must_use]
    pub const fn tags(&self) -> &TagSet {
        &self.tags
    }

    /// Removes the entry of `key`, if there is one: servers refuse a map in which a key occurs twice.
    fn remove(&mut self, key: &str) {
        let mut decoder = Decoder::new(&self.entries);
        for _ in 0..self.len {
            let start = decoder.offset();
            let found = decoder.string_bytes().is_ok_and(|it| it == key.as_bytes());
            let skipped = decoder.skip(1);
            debug_assert!(skipped.is_ok(), "the entries were encoded here");
            if found {
                self.entries.drain(start..decoder.offset());
                self.len -= 1;
                self.tags = tags_of(&self.entries);
                return;
            }
        }
    }
}

/// Returns which structures occur in encoded values, and whether a UUID does.
fn tags_of(values: &[u8]) -> TagSet {
    let mut tags = TagSet::default();
    let mut decoder = Decoder::new(values);
    while let Ok(token) = decoder.token() {
        match token {
            Token::Structure { tag, .. } => tags.insert(tag),
            Token::Uuid(_) => tags.insert_uuid(),
            _ => {}
        }
    }
    tags
}

/// Fails if one of the values could not be encoded.
impl Encode for Parameters {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        encoder.map_header(self.len)?;
        encoder.raw(&self.entries);
        encoder.note(&self.tags);
        Ok(())
    }
}

impl<K: AsRef<str>, V: Encode> FromIterator<(K, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut parameters = Self::new();
        parameters.extend(entries);
        parameters
    }
}

impl<K: AsRef<str>, V: Encode> Extend<(K, V)> for Parameters {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key.as_ref(), value);
        }
    }
}

impl fmt::Debug for Parameters {
    /// Writes the keys; values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        let mut decoder = Decoder::new(&self.entries);
        for _ in 0..self.len {
            if let (Ok(key), Ok(())) = (decoder.string(), decoder.skip(1)) {
                set.entry(&key);
            }
        }
        set.finish()
    }
}

#[cfg(test)]
mod tests {
    use packstream::ByteArray;

    use super::Parameters;
    use crate::structure::{Uuid, Vector, tag};
    use crate::value::{Map, Value};

    fn encoded(parameters: &Parameters) -> Vec<u8> {
        let mut bytes = Vec::new();
        packstream::Encoder::new(&mut bytes).encode(parameters).unwrap();
        bytes
    }

    #[test]
    fn values_of_any_type_make_a_map() {
        let parameters =
            Parameters::new().with("a", 1).with("b", "x").with("c", [Some(1.5), None]).with("d", ByteArray(b"y"));
        assert_eq!(
            encoded(&parameters),
            *b"\xA4\x81a\x01\x81b\x81x\x81c\x92\xC1\x3F\xF8\0\0\0\0\0\0\xC0\x81d\xCC\x01y"
        );
        assert_eq!(format!("{parameters:?}"), r#"{"a", "b", "c", "d"}"#);
        assert_eq!(encoded(&Parameters::new()), [0xA0]);
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let vector: Vector = [1_i8].into_iter().collect();
        let mut parameters = Parameters::new().with("a", vector.clone()).with("b", Uuid([0; 16])).with("c", 3);
        assert!(parameters.tags().contains(tag::VECTOR) && parameters.tags().contains_uuid());
        parameters.insert("a", 1);
        assert!(!parameters.tags().contains(tag::VECTOR) && parameters.tags().contains_uuid());
        parameters.insert("b", [Value::from(vector)]);
        assert!(parameters.tags().contains(tag::VECTOR) && !parameters.tags().contains_uuid());
        parameters.insert("b", 2);
        assert!(parameters.tags().is_empty());
        assert_eq!(parameters.len(), 3);
        assert_eq!(encoded(&parameters), *b"\xA3\x81c\x03\x81a\x01\x81b\x02");
        let map = Map::from_iter([("c", 3), ("a", 1), ("b", 2)]);
        assert_eq!(parameters, map.iter().collect());
    }

    #[test]
    fn an_error_waits_until_the_map_is_sent() {
        let parameters = Parameters::new().with("a", 1).with("big", u64::MAX).with("b", 2);
        let mut bytes = Vec::new();
        let error = packstream::Encoder::new(&mut bytes).encode(&parameters).unwrap_err();
        assert_eq!(error.to_string(), "parameter `big`: integer 18446744073709551615 is above 9223372036854775807");
    }
}
