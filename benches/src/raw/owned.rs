//! Building a tree of owned values.

use super::{Seen, messages, slice, take, unexpected};

/// What one writes first: 32 bytes.
#[derive(Debug)]
enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Bytes(Vec<u8>),
    String(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    Structure(#[expect(dead_code, reason = "a tag belongs to a structure")] u8, Vec<Self>),
}

/// Decodes the fields of every record into values, and looks at all of them.
pub fn owned(stream: &[u8]) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        let mut rest = &message[2..];
        let [marker] = take(&mut rest);
        let fields = list(&mut rest, usize::from(marker & 15));
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(touch_all(&fields));
    }
    seen
}

fn list(rest: &mut &[u8], len: usize) -> Vec<Value> {
    let mut items = Vec::with_capacity(len);
    // Floats come in lists.
    while items.len() < len && rest.first() == Some(&0xC1) {
        let [_, bytes @ ..] = take::<9>(rest);
        items.push(Value::Float(f64::from_be_bytes(bytes)));
    }
    for _ in items.len()..len {
        items.push(value(rest));
    }
    items
}

fn map(rest: &mut &[u8], len: usize) -> Vec<(String, Value)> {
    let mut entries = Vec::with_capacity(len);
    for _ in 0..len {
        let [marker] = take(rest);
        entries.push((string(rest, marker), value(rest)));
    }
    entries
}

#[inline(always)]
fn value(rest: &mut &[u8]) -> Value {
    let [marker] = take(rest);
    match marker {
        0x00..=0x7F | 0xF0..=0xFF => Value::Integer(i64::from(marker as i8)),
        0xC8 => Value::Integer(i64::from(i8::from_be_bytes(take(rest)))),
        0xC9 => Value::Integer(i64::from(i16::from_be_bytes(take(rest)))),
        0xCA => Value::Integer(i64::from(i32::from_be_bytes(take(rest)))),
        0xCB => Value::Integer(i64::from_be_bytes(take(rest))),
        0xC1 => Value::Float(f64::from_be_bytes(take(rest))),
        0xC0 => Value::Null,
        0xC2 => Value::Boolean(false),
        0xC3 => Value::Boolean(true),
        0x80..=0x8F | 0xD0..=0xD1 => Value::String(string(rest, marker)),
        0xCC => {
            let [len] = take(rest);
            Value::Bytes(slice(rest, usize::from(len)).to_vec())
        }
        0xCD => {
            let len = u16::from_be_bytes(take(rest));
            Value::Bytes(slice(rest, usize::from(len)).to_vec())
        }
        0x90..=0x9F => Value::List(list(rest, usize::from(marker & 15))),
        0xD4 => {
            let [len] = take(rest);
            Value::List(list(rest, usize::from(len)))
        }
        0xD5 => {
            let len = u16::from_be_bytes(take(rest));
            Value::List(list(rest, usize::from(len)))
        }
        0xA0..=0xAF => Value::Map(map(rest, usize::from(marker & 15))),
        0xB0..=0xBF => {
            let [tag] = take(rest);
            Value::Structure(tag, list(rest, usize::from(marker & 15)))
        }
        other => unexpected(other),
    }
}

fn string(rest: &mut &[u8], marker: u8) -> String {
    let len = match marker {
        0x80..=0x8F => usize::from(marker & 15),
        0xD0 => usize::from(u8::from_be_bytes(take(rest))),
        0xD1 => usize::from(u16::from_be_bytes(take(rest))),
        other => unexpected(other),
    };
    std::str::from_utf8(slice(rest, len)).expect("invariant: the bytes are our own").to_owned()
}

#[inline(always)]
fn touch(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Boolean(value) => u64::from(*value),
        Value::Integer(value) => *value as u64,
        Value::Float(value) => value.to_bits(),
        Value::Bytes(value) => value.len() as u64,
        Value::String(value) => value.len() as u64,
        Value::List(items) | Value::Structure(_, items) => touch_all(items),
        Value::Map(entries) => touch_entries(entries),
    }
}

fn touch_all(items: &[Value]) -> u64 {
    let mut sum = 0_u64;
    for item in items {
        sum = sum.wrapping_add(touch(item));
    }
    sum
}

fn touch_entries(entries: &[(String, Value)]) -> u64 {
    let mut sum = 0_u64;
    for (key, value) in entries {
        sum = sum.wrapping_add(key.len() as u64).wrapping_add(touch(value));
    }
    sum
}
