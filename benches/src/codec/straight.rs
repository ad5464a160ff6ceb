//! Way in: straight into the row's type, without a scan before.

use packstream::{Decode, DecodeError, DecodeErrorKind, Decoder, ListRef};

use super::{Reads, broken, messages};
use crate::raw::Seen;

pub(super) const READS: Reads = [
    |stream| read::<(i64,)>(stream, |(value,)| Ok(value as u64)),
    |stream| read::<Ints10>(stream, ints10),
    |stream| read::<Str5<'_>>(stream, |(a, b, c, d, e)| Ok((a.len() + b.len() + c.len() + d.len() + e.len()) as u64)),
    |stream| read::<Mixed<'_>>(stream, mixed),
    |stream| read::<(Node<'_, Person<'_>>,)>(stream, |(node,)| node.touch(Person::touch)),
    |stream| read::<(Path<'_>,)>(stream, |(path,)| path.touch()),
    |stream| read::<(&[u8],)>(stream, |(value,)| Ok(value.len() as u64)),
    |stream| read::<(ListRef<'_>,)>(stream, floats768),
];

/// Reads every record into a `T`. Whole messages are read, and nothing behind them.
#[inline(always)]
fn read<'a, T: Decode<'a>>(stream: &'a [u8], touch: impl Fn(T) -> Result<u64, DecodeError>) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        let sum = record(message).and_then(&touch);
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(sum.unwrap_or_else(|error| broken(&error)));
    }
    seen
}

#[inline(always)]
fn record<'a, T: Decode<'a>>(message: &'a [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(message);
    assert_eq!(decoder.structure_header()?, (0x71, 1), "a record");
    let row = decoder.decode()?;
    decoder.finish()?;
    Ok(row)
}

type Ints10 = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
type Str5<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);
type Mixed<'a> = (i64, f64, &'a str, bool, Option<i64>, (i64, i64, i64), Pair<'a>);

fn sum<const N: usize>(values: [u64; N]) -> u64 {
    values.into_iter().fold(0, u64::wrapping_add)
}

fn ints10((a, b, c, d, e, f, g, h, i, j): Ints10) -> Result<u64, DecodeError> {
    Ok(sum([a, b, c, d, e, f, g, h, i, j].map(|value| value as u64)))
}

fn mixed((number, score, text, flag, nothing, (a, b, c), pair): Mixed<'_>) -> Result<u64, DecodeError> {
    let numbers = [number, a, b, c, nothing.unwrap_or_default()].map(|value| value as u64);
    let strings = [text, pair.first, pair.second].map(|text| text.len() as u64);
    Ok(sum([sum(numbers), sum(strings), score.to_bits(), u64::from(flag)]))
}

fn floats768((values,): (ListRef<'_>,)) -> Result<u64, DecodeError> {
    let mut sum = 0_u64;
    for value in values.floats()? {
        sum = sum.wrapping_add(value.to_bits());
    }
    Ok(sum)
}

/// Makes a struct of a map: what a derive would write.
macro_rules! map {
    ($name:ident { $($field:ident: $type:ty,)+ }) => {
        struct $name<'a> {
            $($field: $type,)+
        }

        impl<'a> Decode<'a> for $name<'a> {
            #[inline]
            fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
                let start = decoder.clone();
                $(let mut $field = None;)+
                for _ in 0..decoder.map_header()? {
                    let key = decoder.string_bytes()?;
                    $(if key == stringify!($field).as_bytes() {
                        $field = Some(decoder.decode()?);
                        continue;
                    })+
                    decoder.skip(1)?;
                }
                $(let Some($field) = $field else {
                    return Err(start.error(DecodeErrorKind::custom("an entry is missing")));
                };)+
                Ok(Self { $($field,)+ })
            }
        }
    };
}

map! { Pair { first: &'a str, second: &'a str, } }
map! { Person { name: &'a str, email: &'a str, city: &'a str, born: i64, score: f64, } }
map! { Place { name: &'a str, country: &'a str, people: i64, } }
map! { Way { since: i64, length: f64, kind: &'a str, } }

impl Person<'_> {
    fn touch(&self) -> u64 {
        let strings = (self.name.len() + self.email.len() + self.city.len()) as u64;
        sum([strings, self.born as u64, self.score.to_bits()])
    }
}

impl Place<'_> {
    fn touch(&self) -> u64 {
        sum([(self.name.len() + self.country.len()) as u64, self.people as u64])
    }
}

struct Node<'a, P> {
    id: i64,
    labels: ListRef<'a>,
    properties: P,
    element_id: &'a str,
}

impl<'a, P: Decode<'a>> Decode<'a> for Node<'a, P> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        structure(decoder, b'N', 4)?;
        let (id, labels) = (decoder.integer()?, decoder.decode()?);
        let (properties, element_id) = (decoder.decode()?, decoder.string()?);
        Ok(Self { id, labels, properties, element_id })
    }
}

impl<P> Node<'_, P> {
    fn touch(&self, properties: impl Fn(&P) -> u64) -> Result<u64, DecodeError> {
        let mut sum = sum([self.id as u64, self.element_id.len() as u64, properties(&self.properties)]);
        for label in self.labels.iter::<&str>() {
            sum = sum.wrapping_add(label?.len() as u64);
        }
        Ok(sum)
    }
}

/// A relationship of a path.
struct Road<'a> {
    id: i64,
    rel_type: &'a str,
    properties: Way<'a>,
    element_id: &'a str,
}

impl<'a> Decode<'a> for Road<'a> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        structure(decoder, b'r', 4)?;
        let (id, rel_type) = (decoder.integer()?, decoder.string()?);
        let (properties, element_id) = (decoder.decode()?, decoder.string()?);
        Ok(Self { id, rel_type, properties, element_id })
    }
}

impl Road<'_> {
    fn touch(&self) -> u64 {
        let strings = self.rel_type.len() + self.element_id.len() + self.properties.kind.len();
        sum([self.id as u64, strings as u64, self.properties.since as u64, self.properties.length.to_bits()])
    }
}

/// A path of two steps, as the query asked for.
struct Path<'a> {
    nodes: (Node<'a, Place<'a>>, Node<'a, Place<'a>>, Node<'a, Place<'a>>),
    relationships: (Road<'a>, Road<'a>),
    indices: (i64, i64, i64, i64),
}

impl<'a> Decode<'a> for Path<'a> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        structure(decoder, b'P', 3)?;
        let (nodes, relationships, indices) = (decoder.decode()?, decoder.decode()?, decoder.decode()?);
        Ok(Self { nodes, relationships, indices })
    }
}

impl Path<'_> {
    fn touch(&self) -> Result<u64, DecodeError> {
        let Self { nodes: (a, b, c), relationships: (first, second), indices } = self;
        let nodes = [a.touch(Place::touch)?, b.touch(Place::touch)?, c.touch(Place::touch)?];
        let indices = [indices.0, indices.1, indices.2, indices.3].map(|index| index as u64);
        Ok(sum([sum(nodes), first.touch(), second.touch(), sum(indices)]))
    }
}

#[inline]
fn structure(decoder: &mut Decoder<'_>, tag: u8, fields: usize) -> Result<(), DecodeError> {
    let start = decoder.clone();
    if decoder.structure_header()? == (tag, fields) {
        Ok(())
    } else {
        Err(start.error(DecodeErrorKind::custom("another structure")))
    }
}
