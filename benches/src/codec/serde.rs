//! Way in: serde's derive, by the position of columns or by their numbers.

use std::sync::LazyLock;

use packstream::serde::{Columns, Structure};
use packstream::{DecodeError, Decoder};
use serde::Deserialize;

use super::{Reads, broken, messages};
use crate::raw::Seen;

/// Works the columns out once per result, which counts for nothing here.
macro_rules! columns {
    ($row:ty; $names:expr) => {{
        static COLUMNS: LazyLock<Columns> = LazyLock::new(|| Columns::of::<$row>($names));
        &COLUMNS
    }};
}

/// The columns stand in the struct's order.
pub(super) const BY_POSITION: Reads = [
    |stream| read::<Int1>(stream, columns!(Int1; ["a"]), |row| row.a as u64),
    |stream| {
        read::<Ints10>(stream, columns!(Ints10; ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]), Ints10::touch)
    },
    |stream| read::<Str5<'_>>(stream, columns!(Str5<'_>; ["a", "b", "c", "d", "e"]), Str5::touch),
    |stream| read::<Mixed<'_>>(stream, columns!(Mixed<'_>; MIXED), Mixed::touch),
    |stream| read::<NodeRow<'_>>(stream, columns!(NodeRow<'_>; ["node"]), |row| row.node.0.touch(Person::touch)),
    |stream| read::<PathRow<'_>>(stream, columns!(PathRow<'_>; ["path"]), |row| row.path.0.touch()),
    |stream| read::<Bytes1k<'_>>(stream, columns!(Bytes1k<'_>; ["a"]), |row| row.a.len() as u64),
    |stream| {
        read::<Floats768>(stream, columns!(Floats768; ["a"]), |row| sum(row.a.iter().map(|value| value.to_bits())))
    },
];

/// They do not: the columns come in another order, or the struct has a field more.
pub(super) const BY_NUMBER: Reads = [
    |stream| read::<Int1More>(stream, columns!(Int1More; ["a"]), |row| row.a as u64 + more(row.more)),
    |stream| {
        read::<Ints10>(stream, columns!(Ints10; ["j", "i", "h", "g", "f", "e", "d", "c", "b", "a"]), Ints10::touch)
    },
    |stream| read::<Str5<'_>>(stream, columns!(Str5<'_>; ["e", "d", "c", "b", "a"]), Str5::touch),
    |stream| read::<Dexim<'_>>(stream, columns!(Dexim<'_>; MIXED), Dexim::touch),
    |stream| {
        read::<NodeMore<'_>>(stream, columns!(NodeMore<'_>; ["node"]), |row| {
            row.node.0.touch(Person::touch) + more(row.more)
        })
    },
    |stream| read::<PathMore<'_>>(stream, columns!(PathMore<'_>; ["path"]), |row| row.path.0.touch() + more(row.more)),
    |stream| {
        read::<Bytes1kMore<'_>>(stream, columns!(Bytes1kMore<'_>; ["a"]), |row| row.a.len() as u64 + more(row.more))
    },
    |stream| {
        read::<Floats768More>(stream, columns!(Floats768More; ["a"]), |row| {
            sum(row.a.iter().map(|value| value.to_bits())) + more(row.more)
        })
    },
];

const MIXED: [&str; 7] = ["number", "score", "text", "flag", "nothing", "list", "pair"];

/// Reads every record into a `T`. Whole messages are read, and nothing behind them.
#[inline(always)]
fn read<'a, T: Deserialize<'a>>(stream: &'a [u8], columns: &'static Columns, touch: impl Fn(&T) -> u64) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        let row = record(columns, message).unwrap_or_else(|error| broken(&error));
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(touch(&row));
    }
    seen
}

#[inline(always)]
fn record<'a, T: Deserialize<'a>>(columns: &'a Columns, message: &'a [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(message);
    assert_eq!(decoder.structure_header()?, (0x71, 1), "a record");
    let row = columns.from_decoder(&mut decoder)?;
    decoder.finish()?;
    Ok(row)
}

fn sum(values: impl IntoIterator<Item = u64>) -> u64 {
    values.into_iter().fold(0, u64::wrapping_add)
}

fn more(nothing: Option<i64>) -> u64 {
    nothing.unwrap_or_default() as u64
}

#[derive(Deserialize)]
struct Int1 {
    a: i64,
}

#[derive(Deserialize)]
struct Int1More {
    a: i64,
    more: Option<i64>,
}

#[derive(Deserialize)]
struct Ints10 {
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
    h: i64,
    i: i64,
    j: i64,
}

impl Ints10 {
    fn touch(&self) -> u64 {
        let Self { a, b, c, d, e, f, g, h, i, j } = *self;
        sum([a, b, c, d, e, f, g, h, i, j].map(|value| value as u64))
    }
}

#[derive(Deserialize)]
struct Str5<'a> {
    a: &'a str,
    b: &'a str,
    c: &'a str,
    d: &'a str,
    e: &'a str,
}

impl Str5<'_> {
    fn touch(&self) -> u64 {
        let Self { a, b, c, d, e } = self;
        (a.len() + b.len() + c.len() + d.len() + e.len()) as u64
    }
}

#[derive(Deserialize)]
struct Mixed<'a> {
    number: i64,
    score: f64,
    text: &'a str,
    flag: bool,
    nothing: Option<i64>,
    list: Vec<i64>,
    #[serde(borrow)]
    pair: Pair<'a>,
}

/// [`Mixed`], the other way round.
#[derive(Deserialize)]
struct Dexim<'a> {
    #[serde(borrow)]
    pair: Pair<'a>,
    list: Vec<i64>,
    nothing: Option<i64>,
    flag: bool,
    text: &'a str,
    score: f64,
    number: i64,
}

macro_rules! touch_mixed {
    ($($name:ident)*) => {$(
        impl $name<'_> {
            fn touch(&self) -> u64 {
                let numbers = sum(self.list.iter().map(|&value| value as u64));
                let strings = self.text.len() + self.pair.first.len() + self.pair.second.len();
                let scalars = [self.number as u64, self.score.to_bits(), u64::from(self.flag), more(self.nothing)];
                sum([numbers, strings as u64, sum(scalars)])
            }
        }
    )*};
}

touch_mixed!(Mixed Dexim);

#[derive(Deserialize)]
struct Pair<'a> {
    first: &'a str,
    second: &'a str,
}

#[derive(Deserialize)]
struct NodeRow<'a> {
    #[serde(borrow)]
    node: Structure<b'N', Node<'a, Person<'a>>>,
}

#[derive(Deserialize)]
struct NodeMore<'a> {
    #[serde(borrow)]
    node: Structure<b'N', Node<'a, Person<'a>>>,
    more: Option<i64>,
}

#[derive(Deserialize)]
struct Node<'a, P> {
    id: i64,
    #[serde(borrow)]
    labels: Vec<&'a str>,
    properties: P,
    element_id: &'a str,
}

impl<P> Node<'_, P> {
    fn touch(&self, properties: impl Fn(&P) -> u64) -> u64 {
        let labels = self.labels.iter().map(|label| label.len() as u64);
        sum([self.id as u64, self.element_id.len() as u64, sum(labels), properties(&self.properties)])
    }
}

#[derive(Deserialize)]
struct Person<'a> {
    name: &'a str,
    email: &'a str,
    city: &'a str,
    born: i64,
    score: f64,
}

impl Person<'_> {
    fn touch(&self) -> u64 {
        let strings = (self.name.len() + self.email.len() + self.city.len()) as u64;
        sum([strings, self.born as u64, self.score.to_bits()])
    }
}

#[derive(Deserialize)]
struct PathRow<'a> {
    #[serde(borrow)]
    path: Structure<b'P', Path<'a>>,
}

#[derive(Deserialize)]
struct PathMore<'a> {
    #[serde(borrow)]
    path: Structure<b'P', Path<'a>>,
    more: Option<i64>,
}

#[derive(Deserialize)]
struct Path<'a> {
    #[serde(borrow)]
    nodes: Vec<Structure<b'N', Node<'a, Place<'a>>>>,
    #[serde(borrow)]
    relationships: Vec<Structure<b'r', Road<'a>>>,
    indices: Vec<i64>,
}

impl Path<'_> {
    fn touch(&self) -> u64 {
        let nodes = sum(self.nodes.iter().map(|node| node.0.touch(Place::touch)));
        let relationships = sum(self.relationships.iter().map(|road| road.0.touch()));
        sum([nodes, relationships, sum(self.indices.iter().map(|&index| index as u64))])
    }
}

#[derive(Deserialize)]
struct Place<'a> {
    name: &'a str,
    country: &'a str,
    people: i64,
}

impl Place<'_> {
    fn touch(&self) -> u64 {
        sum([(self.name.len() + self.country.len()) as u64, self.people as u64])
    }
}

#[derive(Deserialize)]
struct Road<'a> {
    id: i64,
    rel_type: &'a str,
    #[serde(borrow)]
    properties: Way<'a>,
    element_id: &'a str,
}

#[derive(Deserialize)]
struct Way<'a> {
    since: i64,
    length: f64,
    kind: &'a str,
}

impl Road<'_> {
    fn touch(&self) -> u64 {
        let strings = self.rel_type.len() + self.element_id.len() + self.properties.kind.len();
        sum([self.id as u64, strings as u64, self.properties.since as u64, self.properties.length.to_bits()])
    }
}

#[derive(Deserialize)]
struct Bytes1k<'a> {
    a: &'a [u8],
}

#[derive(Deserialize)]
struct Bytes1kMore<'a> {
    a: &'a [u8],
    more: Option<i64>,
}

#[derive(Deserialize)]
struct Floats768 {
    a: Vec<f64>,
}

#[derive(Deserialize)]
struct Floats768More {
    a: Vec<f64>,
    more: Option<i64>,
}
