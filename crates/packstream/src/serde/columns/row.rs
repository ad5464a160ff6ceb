//! A row of named columns.

use core::slice;

use ::serde::de::value::{BorrowedStrDeserializer, U64Deserializer};
use ::serde::de::{self, DeserializeSeed, MapAccess, Visitor};
use ::serde::forward_to_deserialize_any;

use super::{Column, Columns, NO_FIELD, Plan};
use crate::decode::read;
use crate::serde::Error;
use crate::serde::de::{Deserializer, Items};
use crate::{DecodeError, DecodeErrorKind as Kind, Type};

pub(super) struct Row<'d, 'de> {
    pub(super) de: &'d mut Deserializer<'de>,
    pub(super) columns: &'de Columns,
}

impl<'de> Row<'_, 'de> {
    /// Reads the header of a list, goes into it, hands it to `read` with what is owed when all is read, and goes out.
    #[inline]
    fn open<T>(
        self,
        read: impl FnOnce(&mut Deserializer<'de>, &'de [Column], usize) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Row { de, columns } = self;
        let columns = &*columns.columns;
        let start = de.decoder.offset();
        let Some(found) = de.decoder.take(read::list_header) else {
            return Err(de.decoder.why(Type::List).into());
        };
        if found != columns.len() {
            return Err(DecodeError::new(start, Kind::WrongLength { expected: columns.len(), found }).into());
        }
        let floor = de.open_row(found);
        let mut row = read(de, columns, floor);
        de.close(&mut row, start, floor, found);
        row
    }

    fn by_name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.named(visitor, |column| (!column.is_overwritten).then(|| BorrowedStrDeserializer::new(&column.name)))
    }

    #[inline]
    fn by_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.named(visitor, |column| (column.field != NO_FIELD).then(|| U64Deserializer::new(column.field)))
    }

    #[inline]
    fn named<V, D>(self, visitor: V, name: impl Fn(&'de Column) -> Option<D>) -> Result<V::Value, Error>
    where
        V: Visitor<'de>,
        D: de::Deserializer<'de, Error = Error>,
    {
        self.open(|de, columns, _| visitor.visit_map(Named { de, columns: columns.iter(), name }))
    }
}

impl<'de> de::Deserializer<'de> for Row<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.by_name(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.columns.plan {
            _ if self.de.thorough => self.by_name(visitor),
            Plan::Position(planned) if planned.are(fields) => self.open(|de, columns, floor| {
                let others = columns.len() - fields.len();
                let mut row = visitor.visit_seq(Items { de, floor: floor + others });
                // What the visitor left of its own is its error.
                if others > 0 && de.owed == floor + others {
                    if let (Ok(_), Err(error)) = (&row, de.skip_to(floor)) {
                        row = Err(error);
                    }
                }
                row
            }),
            Plan::Numbers(planned) if planned.are(fields) => self.by_number(visitor),
            Plan::Position(_) | Plan::Numbers(_) | Plan::Names => self.by_name(visitor),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.open(|de, _, floor| visitor.visit_seq(Items { de, floor }))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_tuple(self.de, len, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.de.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct map enum identifier
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The values of a row, each behind what names its column.
struct Named<'d, 'de, N> {
    de: &'d mut Deserializer<'de>,
    columns: slice::Iter<'de, Column>,
    /// Returns the name to be given to a column, `None` if it is to be skipped.
    name: N,
}

impl<'de, N, D> MapAccess<'de> for Named<'_, 'de, N>
where
    N: Fn(&'de Column) -> Option<D>,
    D: de::Deserializer<'de, Error = Error>,
{
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        for column in self.columns.by_ref() {
            self.de.owed -= 1;
            match (self.name)(column) {
                Some(name) => return seed.deserialize(name).map(Some),
                None => self.de.decoder.skip(1)?,
            }
        }
        Ok(None)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.de)
    }
}
