//! Asking a type how it is read, by reading it from nothing.
//!
//! A derived struct says its fields' names to the deserializer, and takes the number of a field in place of its name. Numbers count
//! fields, but the names include aliases: only where there are none does a name's place tell its number.

use ::serde::Deserialize;
use ::serde::de::value::U64Deserializer;
use ::serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use ::serde::forward_to_deserialize_any;
use core::fmt;

/// Returns the names of the fields of a struct that takes their numbers for their names.
pub(super) fn fields<'de, T: Deserialize<'de>>() -> Option<&'static [&'static str]> {
    let names = ask::<T>(Question::Names).names?;
    let last = names.len().checked_sub(1)?;
    ask::<T>(Question::Number(last as u64)).wants_value.then_some(names)
}

/// Tells whether a struct can be read from its fields in their order.
pub(super) fn takes_sequence<'de, T: Deserialize<'de>>() -> bool {
    ask::<T>(Question::Sequence).wants_value
}

#[derive(Clone, Copy)]
enum Question {
    /// What are the fields called?
    Names,
    /// Is there a field of this number?
    Number(u64),
    /// May fields come without names?
    Sequence,
}

#[derive(Default)]
struct Answer {
    names: Option<&'static [&'static str]>,
    /// Whether the type asked for the value of a field.
    wants_value: bool,
}

fn ask<'de, T: Deserialize<'de>>(question: Question) -> Answer {
    let mut answer = Answer::default();
    // There is no value, so this ends in an error, unless T is content with nothing.
    let _ = T::deserialize(Probe { question, answer: &mut answer });
    answer
}

/// The end of a question.
#[derive(Debug)]
struct Asked;

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no value")
    }
}

impl core::error::Error for Asked {}

impl de::Error for Asked {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// Pretends to be a struct.
struct Probe<'p> {
    question: Question,
    answer: &'p mut Answer,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Asked> {
        Err(Asked)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Asked> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Asked> {
        self.answer.names = Some(fields);
        match self.question {
            Question::Names => Err(Asked),
            Question::Number(number) => visitor.visit_map(Pretended { number, answer: self.answer }),
            Question::Sequence => visitor.visit_seq(Pretended { number: 0, answer: self.answer }),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A field that has no value.
struct Pretended<'p> {
    number: u64,
    answer: &'p mut Answer,
}

impl Pretended<'_> {
    fn value<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Asked> {
        self.answer.wants_value = true;
        seed.deserialize(NoValue(self.answer))
    }
}

impl<'de> MapAccess<'de> for Pretended<'_> {
    type Error = Asked;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Asked> {
        if self.answer.wants_value {
            return Err(Asked);
        }
        let number: U64Deserializer<Asked> = self.number.into_deserializer();
        seed.deserialize(number).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Asked> {
        self.value(seed)
    }
}

impl<'de> SeqAccess<'de> for Pretended<'_> {
    type Error = Asked;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Asked> {
        self.value(seed).map(Some)
    }
}

struct NoValue<'p>(&'p mut Answer);

impl<'de> Deserializer<'de> for NoValue<'_> {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Asked> {
        Err(Asked)
    }

    /// Nobody wants this value: it belongs to no field.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Asked> {
        self.0.wants_value = false;
        Err(Asked)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
