//! How each shape of serde's data model is read.

use ::serde::de::value::SeqDeserializer;
use ::serde::de::{self, Expected, Unexpected, Visitor};
use alloc::format;

use super::access::{Enum, Key};
use super::{Deserializer, Purpose, Result, place};
use crate::decode::read;
use crate::serde::Error;
use crate::serde::structure;
use crate::serde::uuid::UuidBytes;
use crate::{DecodeError, DecodeErrorKind as Kind, Token, Type, marker};

macro_rules! scalars {
    ($($method:ident: $of:ident, $read:ident, $visit:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let start = self.decoder.offset();
            match self.decoder.take(read::$read) {
                Some(value) => {
                    let mut value = visitor.$visit(value);
                    place(&mut value, start);
                    value
                }
                None => Err(self.mismatch(Type::$of, &visitor)),
            }
        }
    )*};
}

macro_rules! alike {
    ($($method:ident as $other:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.$other(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        let mut value = match self.token()? {
            Token::Null => visitor.visit_unit(),
            Token::Boolean(value) => visitor.visit_bool(value),
            Token::Integer(value) => visitor.visit_i64(value),
            Token::Float(value) => visitor.visit_f64(value),
            Token::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Token::String(value) => visitor.visit_borrowed_str(value),
            Token::List(len) => return self.list(start, len, visitor),
            Token::Map(len) => return self.map(start, len, Purpose::Any, visitor),
            Token::Structure { tag, fields } => return self.structure_body(start, tag, fields, visitor),
            Token::Uuid(value) => visitor.visit_newtype_struct(UuidBytes(value)),
        };
        place(&mut value, start);
        value
    }

    scalars! {
        deserialize_bool: Boolean, boolean, visit_bool;
        deserialize_i64: Integer, integer, visit_i64;
    }

    alike! {
        deserialize_i8 as deserialize_i64;
        deserialize_i16 as deserialize_i64;
        deserialize_i32 as deserialize_i64;
        deserialize_i128 as deserialize_i64;
        deserialize_u8 as deserialize_i64;
        deserialize_u16 as deserialize_i64;
        deserialize_u32 as deserialize_i64;
        deserialize_u64 as deserialize_i64;
        deserialize_u128 as deserialize_i64;
        deserialize_f32 as deserialize_f64;
        deserialize_char as deserialize_str;
        deserialize_string as deserialize_str;
        deserialize_byte_buf as deserialize_bytes;
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.decoder.take(read::float) {
            Some(value) => {
                let mut value = visitor.visit_f64(value);
                place(&mut value, start);
                value
            }
            // Visitors of floats take integers, which others write for floats that are whole.
            None => match self.decoder.take(read::integer) {
                Some(value) => {
                    let mut value = visitor.visit_i64(value);
                    place(&mut value, start);
                    value
                }
                None => Err(self.mismatch(Type::Float, &visitor)),
            },
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.decoder.take(read::string) {
            Some(value) => {
                self.check_size(Type::String, start, value.len())?;
                let mut value = visitor.visit_borrowed_str(value);
                place(&mut value, start);
                value
            }
            None => Err(self.mismatch(Type::String, &visitor)),
        }
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.decoder.take(read::bytes) {
            Some(value) => {
                self.check_size(Type::Bytes, start, value.len())?;
                let mut value = visitor.visit_borrowed_bytes(value);
                place(&mut value, start);
                value
            }
            None => self.no_bytes(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.decoder.is_null() {
            return visitor.visit_some(self);
        }
        let start = self.decoder.offset();
        self.decoder.null()?;
        let mut value = visitor.visit_none();
        place(&mut value, start);
        value
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.decoder.take(read::null) {
            Some(()) => {
                let mut value = visitor.visit_unit();
                place(&mut value, start);
                value
            }
            None => Err(self.mismatch(Type::Null, &visitor)),
        }
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        match name {
            structure::STRUCTURE => self.structure(visitor),
            structure::UUID => {
                let start = self.decoder.offset();
                match self.uuid_bytes() {
                    Some(value) => {
                        let mut value = visitor.visit_newtype_struct(UuidBytes(value));
                        place(&mut value, start);
                        value
                    }
                    None => Err(self.mismatch(Type::Uuid, &visitor)),
                }
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.list_header() {
            Some(len) => self.list(start, len, visitor),
            None => self.octets(visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.list_header() {
            Some(found) if found != len => {
                Err(DecodeError::new(start, Kind::WrongLength { expected: len, found }).into())
            }
            Some(len) => self.list(start, len, visitor),
            None => self.octets(visitor),
        }
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.map_header() {
            Some(len) => self.map(start, len, Purpose::Map, visitor),
            None => Err(self.mismatch(Type::Map, &visitor)),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let start = self.decoder.offset();
        if let Some(len) = self.map_header() {
            return self.map(start, len, Purpose::Struct, visitor);
        }
        match self.list_header() {
            Some(len) => self.list(start, len, visitor),
            None => {
                Err(self.mismatch(if self.next_type() == Some(Type::List) { Type::List } else { Type::Map }, &visitor))
            }
        }
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let start = self.decoder.offset();
        if self.next_type() == Some(Type::String) {
            let mut value = visitor.visit_enum(Enum { de: self, has_content: false });
            place(&mut value, start);
            return value;
        }
        match self.map_header() {
            Some(1) => {
                let floor = self.open(start, 2)?;
                let mut value = visitor.visit_enum(Enum { de: self, has_content: true });
                self.close(&mut value, start, floor, 2);
                value
            }
            Some(found) => Err(DecodeError::custom(
                start,
                format!("expected a variant as a string or a map of one entry, found a map of {found}"),
            )
            .into()),
            None => Err(self.mismatch(Type::Map, &visitor)),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        Key { de: self, floor: None, purpose: Purpose::Struct }.deserialize_identifier(visitor)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.decoder.skip(1)?;
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// What the shapes are read with.
impl<'de> Deserializer<'de> {
    /// Reads a token. Out of line, so that the frames of recursion stay small.
    #[inline(never)]
    fn token(&mut self) -> Result<Token<'de>> {
        let start = self.decoder.offset();
        let token = self.decoder.token()?;
        match token {
            Token::Bytes(bytes) => self.check_size(Type::Bytes, start, bytes.len())?,
            Token::String(text) => self.check_size(Type::String, start, text.len())?,
            Token::Null
            | Token::Boolean(_)
            | Token::Integer(_)
            | Token::Float(_)
            | Token::List(_)
            | Token::Map(_)
            | Token::Structure { .. }
            | Token::Uuid(_) => {}
        }
        Ok(token)
    }

    // In methods of their own, so that in debug builds what they take of the stack is given back before recursion goes on.

    #[inline]
    fn list_header(&mut self) -> Option<usize> {
        self.decoder.take(read::list_header)
    }

    #[inline]
    fn map_header(&mut self) -> Option<usize> {
        self.decoder.take(read::map_header)
    }

    #[inline]
    fn structure_header(&mut self) -> Option<(u8, usize)> {
        self.decoder.take(read::structure_header)
    }

    /// Returns the type of the next value.
    #[inline]
    fn next_type(&self) -> Option<Type> {
        self.decoder.remaining().first().copied().and_then(marker::type_of)
    }

    /// Reads the bytes of a UUID.
    fn uuid_bytes(&mut self) -> Option<&'de [u8]> {
        let bytes = self.decoder.remaining().get(1..)?.first_chunk::<16>()?;
        self.decoder.take(read::uuid)?;
        Some(bytes)
    }

    /// Reads a structure through the body that [`structure`](structure) knows how to take apart.
    fn structure<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        match self.structure_header() {
            Some((tag, fields)) => self.structure_body(start, tag, fields, visitor),
            None => Err(self.mismatch(Type::Structure, &visitor)),
        }
    }

    /// Reads what is no byte array for a visitor that expects one.
    #[cold]
    fn no_bytes<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        // Bytes that were written without `serde_bytes`.
        if self.next_type() == Some(Type::List) {
            return de::Deserializer::deserialize_seq(self, visitor);
        }
        let Some(value) = self.uuid_bytes() else {
            return Err(self.mismatch(Type::Bytes, &visitor));
        };
        let mut value = visitor.visit_borrowed_bytes(value);
        place(&mut value, start);
        value
    }

    /// Reads bytes for a visitor that expects a list.
    #[cold]
    fn octets<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let start = self.decoder.offset();
        let bytes = match self.next_type() {
            Some(Type::Bytes) => self.decoder.take(read::bytes),
            Some(Type::Uuid) => self.uuid_bytes(),
            _ => None,
        };
        let Some(bytes) = bytes else {
            return Err(self.mismatch(Type::List, &visitor));
        };
        self.check_size(Type::Bytes, start, bytes.len())?;
        let mut items = SeqDeserializer::new(bytes.iter().copied());
        let mut value = visitor.visit_seq(&mut items);
        if let (Ok(_), Err(error)) = (&value, items.end()) {
            value = Err(error);
        }
        place(&mut value, start);
        value
    }

    /// Says why the next value is not what the visitor expects.
    #[cold]
    #[inline(never)]
    fn mismatch(&self, of: Type, expected: &dyn Expected) -> Error {
        let error = self.decoder.why(of);
        match error.kind {
            Kind::Expected { .. } => {}
            _ => return error.into(),
        }
        let start = self.decoder.offset();
        let token = match self.decoder.clone().token() {
            Ok(token) => token,
            Err(error) => return error.into(),
        };
        let name;
        let found = match token {
            Token::Null => Unexpected::Other("null"),
            Token::Boolean(value) => Unexpected::Bool(value),
            Token::Integer(value) => Unexpected::Signed(value),
            Token::Float(value) => Unexpected::Float(value),
            Token::Bytes(value) => Unexpected::Bytes(value),
            Token::String(value) => Unexpected::Str(value),
            Token::List(_) => Unexpected::Seq,
            Token::Map(_) => Unexpected::Map,
            Token::Structure { tag, fields } => {
                name = format!("structure with tag 0x{tag:02X} and {fields} fields");
                Unexpected::Other(&name)
            }
            Token::Uuid(_) => Unexpected::Other("UUID"),
        };
        let mut error = <Error as de::Error>::invalid_type(found, expected);
        error.place(start);
        error
    }
}
