//! The marker bytes, and tables over all 256 of them. No other file knows a marker's number.

use crate::Type;

pub(crate) const TINY_STRING: u8 = 0x80;
pub(crate) const TINY_LIST: u8 = 0x90;
pub(crate) const TINY_MAP: u8 = 0xA0;
pub(crate) const STRUCTURE: u8 = 0xB0;
pub(crate) const NULL: u8 = 0xC0;
pub(crate) const FLOAT: u8 = 0xC1;
pub(crate) const FALSE: u8 = 0xC2;
pub(crate) const TRUE: u8 = 0xC3;
pub(crate) const INTEGER_8: u8 = 0xC8;
pub(crate) const INTEGER_16: u8 = 0xC9;
pub(crate) const INTEGER_32: u8 = 0xCA;
pub(crate) const INTEGER_64: u8 = 0xCB;
pub(crate) const BYTES_8: u8 = 0xCC;
pub(crate) const BYTES_16: u8 = 0xCD;
pub(crate) const BYTES_32: u8 = 0xCE;
pub(crate) const STRING_8: u8 = 0xD0;
pub(crate) const STRING_16: u8 = 0xD1;
pub(crate) const STRING_32: u8 = 0xD2;
pub(crate) const LIST_8: u8 = 0xD4;
pub(crate) const LIST_16: u8 = 0xD5;
pub(crate) const LIST_32: u8 = 0xD6;
pub(crate) const MAP_8: u8 = 0xD8;
pub(crate) const MAP_16: u8 = 0xD9;
pub(crate) const MAP_32: u8 = 0xDA;
pub(crate) const UUID: u8 = 0xE0;

/// The smallest integer that is its own marker.
pub(crate) const TINY_INTEGER_MIN: i8 = -16;

/// What a marker introduces, with the width of what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    TinyInteger,
    TinyString,
    TinyList,
    TinyMap,
    Structure,
    Null,
    Float,
    False,
    True,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    Bytes8,
    Bytes16,
    Bytes32,
    String8,
    String16,
    String32,
    List8,
    List16,
    List32,
    Map8,
    Map16,
    Map32,
    Uuid,
    Reserved,
}

/// Returns what `marker` introduces.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a u8 is always below 256")]
pub(crate) fn class(marker: u8) -> Class {
    CLASS[marker as usize]
}

/// Returns the length of the whole value where the marker alone tells it, otherwise 0.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a u8 is always below 256")]
pub(crate) fn step(marker: u8) -> usize {
    STEP[marker as usize] as usize
}

/// Returns how many bytes come before the content of a value, its marker included: all of it where that has no size of its own.
pub(crate) fn head(marker: u8) -> usize {
    match class(marker) {
        Class::TinyInteger
        | Class::TinyString
        | Class::TinyList
        | Class::TinyMap
        | Class::Null
        | Class::False
        | Class::True
        | Class::Reserved => 1,
        Class::Structure | Class::Integer8 | Class::Bytes8 | Class::String8 | Class::List8 | Class::Map8 => 2,
        Class::Integer16 | Class::Bytes16 | Class::String16 | Class::List16 | Class::Map16 => 3,
        Class::Integer32 | Class::Bytes32 | Class::String32 | Class::List32 | Class::Map32 => 5,
        Class::Integer64 | Class::Float => 9,
        Class::Uuid => 17,
    }
}

/// Returns the size held in the low half of a tiny string's, list's, map's or a structure's marker.
#[inline(always)]
pub(crate) fn tiny_size(marker: u8) -> usize {
    (marker & 0x0F) as usize
}

/// Returns the marker's high half, which alone tells tiny strings, lists, maps and structures apart.
#[inline(always)]
pub(crate) fn tiny_kind(marker: u8) -> u8 {
    marker & 0xF0
}

/// Returns the type of the value that `marker` introduces, `None` where it is reserved.
pub(crate) fn type_of(marker: u8) -> Option<Type> {
    Some(match class(marker) {
        Class::TinyInteger | Class::Integer8 | Class::Integer16 | Class::Integer32 | Class::Integer64 => Type::Integer,
        Class::TinyString | Class::String8 | Class::String16 | Class::String32 => Type::String,
        Class::TinyList | Class::List8 | Class::List16 | Class::List32 => Type::List,
        Class::TinyMap | Class::Map8 | Class::Map16 | Class::Map32 => Type::Map,
        Class::Structure => Type::Structure,
        Class::Null => Type::Null,
        Class::Float => Type::Float,
        Class::False | Class::True => Type::Boolean,
        Class::Bytes8 | Class::Bytes16 | Class::Bytes32 => Type::Bytes,
        Class::Uuid => Type::Uuid,
        Class::Reserved => return None,
    })
}

static CLASS: [Class; 256] = classes();
static STEP: [u8; 256] = steps();

const fn class_of(marker: u8) -> Class {
    match marker {
        0x00..=0x7F | 0xF0..=0xFF => Class::TinyInteger,
        0x80..=0x8F => Class::TinyString,
        0x90..=0x9F => Class::TinyList,
        0xA0..=0xAF => Class::TinyMap,
        0xB0..=0xBF => Class::Structure,
        NULL => Class::Null,
        FLOAT => Class::Float,
        FALSE => Class::False,
        TRUE => Class::True,
        INTEGER_8 => Class::Integer8,
        INTEGER_16 => Class::Integer16,
        INTEGER_32 => Class::Integer32,
        INTEGER_64 => Class::Integer64,
        BYTES_8 => Class::Bytes8,
        BYTES_16 => Class::Bytes16,
        BYTES_32 => Class::Bytes32,
        STRING_8 => Class::String8,
        STRING_16 => Class::String16,
        STRING_32 => Class::String32,
        LIST_8 => Class::List8,
        LIST_16 => Class::List16,
        LIST_32 => Class::List32,
        MAP_8 => Class::Map8,
        MAP_16 => Class::Map16,
        MAP_32 => Class::Map32,
        UUID => Class::Uuid,
        _ => Class::Reserved,
    }
}

const fn step_of(marker: u8) -> u8 {
    match class_of(marker) {
        Class::TinyInteger | Class::Null | Class::False | Class::True => 1,
        Class::Integer8 => 2,
        Class::Integer16 => 3,
        Class::Integer32 => 5,
        Class::Integer64 | Class::Float => 9,
        Class::Uuid => 17,
        Class::TinyString => 1 + (marker & 0x0F),
        Class::TinyList | Class::TinyMap if marker & 0x0F == 0 => 1,
        Class::Structure if marker & 0x0F == 0 => 2,
        Class::TinyList
        | Class::TinyMap
        | Class::Structure
        | Class::Bytes8
        | Class::Bytes16
        | Class::Bytes32
        | Class::String8
        | Class::String16
        | Class::String32
        | Class::List8
        | Class::List16
        | Class::List32
        | Class::Map8
        | Class::Map16
        | Class::Map32
        | Class::Reserved => 0,
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn classes() -> [Class; 256] {
    let mut table = [Class::Reserved; 256];
    let mut marker = 0;
    while marker < 256 {
        table[marker] = class_of(marker as u8);
        marker += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn steps() -> [u8; 256] {
    let mut table = [0; 256];
    let mut marker = 0;
    while marker < 256 {
        table[marker] = step_of(marker as u8);
        marker += 1;
    }
    table
}
