//! Conversions into [`Value`].

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use packstream::ByteArray;

use super::{Map, Str, Structure, Value};
use crate::structure::{
    Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Node, Path, Point, Relationship, Time,
    UnsupportedType, Uuid, Vector,
};

macro_rules! from {
    ($($type:ty => $variant:ident;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Boolean;
    i8 => Integer;
    i16 => Integer;
    i32 => Integer;
    i64 => Integer;
    u8 => Integer;
    u16 => Integer;
    u32 => Integer;
    f32 => Float;
    f64 => Float;
    &str => String;
    Str => String;
    String => String;
    Box<str> => String;
    Cow<'_, str> => String;
    Box<[Value]> => List;
    Map => Map;
    Node => Node;
    Relationship => Relationship;
    Path => Path;
    Date => Date;
    Time => Time;
    LocalTime => LocalTime;
    DateTime => DateTime;
    DateTimeZoneId => DateTimeZoneId;
    LocalDateTime => LocalDateTime;
    Duration => Duration;
    Point => Point;
    Vector => Vector;
    Uuid => Uuid;
    UnsupportedType => UnsupportedType;
    Structure => Structure;
}

/// A byte array.
impl From<ByteArray<'_>> for Value {
    fn from(bytes: ByteArray<'_>) -> Self {
        Self::Bytes(bytes.0.into())
    }
}

/// A byte array.
impl From<bytes::Bytes> for Value {
    fn from(bytes: bytes::Bytes) -> Self {
        Self::Bytes((&*bytes).into())
    }
}

/// `None` is null.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A list, even of `u8`s: for a byte array use [`ByteArray`].
impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

/// A list, even of `u8`s: for a byte array use [`ByteArray`].
impl<T: Into<Self>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<K: Into<Str>, V: Into<Self>> From<BTreeMap<K, V>> for Value {
    fn from(entries: BTreeMap<K, V>) -> Self {
        Self::Map(entries.into_iter().collect())
    }
}

impl<K: Into<Str>, V: Into<Self>, S> From<HashMap<K, V, S>> for Value {
    fn from(entries: HashMap<K, V, S>) -> Self {
        Self::Map(entries.into_iter().collect())
    }
}

/// A list.
impl<T: Into<Self>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
