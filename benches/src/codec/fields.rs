//! Way in: a scan that finds the fields, and typed access to every one of them.

use neobolt_proto::structure::{NodeRef, PathRef};
use packstream::{Decode, DecodeError, Decoder, Limits, ListRef, MapRef, Token};

use super::{Reads, broken, messages};
use crate::raw::Seen;

pub(super) const READS: Reads = [
    |stream| read(stream, 1, |row| Ok(row.get::<i64>(0)? as u64)),
    |stream| read(stream, 10, ints10),
    |stream| read(stream, 5, str5),
    |stream| read(stream, 7, mixed),
    |stream| read(stream, 1, |row| node(&row.get(0)?)),
    |stream| read(stream, 1, path),
    |stream| read(stream, 1, |row| Ok(row.get::<&[u8]>(0)?.len() as u64)),
    |stream| read(stream, 1, floats768),
];

type Row<'a> = packstream::Fields<'a>;

/// Reads every record of `width` columns.
#[inline(always)]
fn read(stream: &[u8], width: usize, fields: impl Copy + Fn(&Row<'_>) -> Result<u64, DecodeError>) -> Seen {
    let mut seen = Seen::default();
    let mut offsets = Vec::new();
    for message in messages(stream) {
        let sum = record(message, width, &mut offsets, fields);
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(sum.unwrap_or_else(|error| broken(&error)));
    }
    seen
}

#[inline(always)]
fn record(
    message: &[u8],
    width: usize,
    offsets: &mut Vec<u32>,
    fields: impl Copy + Fn(&Row<'_>) -> Result<u64, DecodeError>,
) -> Result<u64, DecodeError> {
    let mut decoder = Decoder::new(message);
    assert!(decoder.structure_header()? == (0x71, 1), "a record");
    assert!(decoder.list_header()? == width, "a value for each column");
    let row = packstream::Fields::scan(&mut decoder, width, Limits::default(), offsets)?;
    decoder.finish()?;
    fields(&row)
}

#[inline(always)]
fn ints10(row: &Row<'_>) -> Result<u64, DecodeError> {
    let mut sum = 0_u64;
    for column in 0..10 {
        sum = sum.wrapping_add(row.get::<i64>(column)? as u64);
    }
    Ok(sum)
}

#[inline(always)]
fn str5(row: &Row<'_>) -> Result<u64, DecodeError> {
    let mut sum = 0;
    for column in 0..5 {
        sum += row.get::<&str>(column)?.len() as u64;
    }
    Ok(sum)
}

#[inline(always)]
fn mixed(row: &Row<'_>) -> Result<u64, DecodeError> {
    let mut sum = row.get::<i64>(0)? as u64;
    sum = sum.wrapping_add(row.get::<f64>(1)?.to_bits());
    sum = sum.wrapping_add(row.get::<&str>(2)?.len() as u64);
    sum = sum.wrapping_add(u64::from(row.get::<bool>(3)?));
    sum = sum.wrapping_add(row.get::<Option<i64>>(4)?.unwrap_or_default() as u64);
    for item in row.get::<ListRef<'_>>(5)?.iter::<i64>() {
        sum = sum.wrapping_add(item? as u64);
    }
    Ok(sum.wrapping_add(map(&row.get(6)?)?))
}

/// Something small, whatever its type: what a program that does not know the properties reads them as.
enum Scalar<'a> {
    Integer(i64),
    Float(f64),
    String(&'a str),
}

impl<'a> Decode<'a> for Scalar<'a> {
    #[inline]
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        match decoder.token()? {
            Token::Integer(value) => Ok(Self::Integer(value)),
            Token::Float(value) => Ok(Self::Float(value)),
            Token::String(value) => Ok(Self::String(value)),
            other => panic!("{other:?} is in no map of the shapes"),
        }
    }
}

fn map(map: &MapRef<'_>) -> Result<u64, DecodeError> {
    let mut sum = 0_u64;
    for entry in map.iter::<Scalar<'_>>() {
        let (key, value) = entry?;
        let seen = match value {
            Scalar::Integer(value) => value as u64,
            Scalar::Float(value) => value.to_bits(),
            Scalar::String(value) => value.len() as u64,
        };
        sum = sum.wrapping_add(key.len() as u64).wrapping_add(seen);
    }
    Ok(sum)
}

fn node(node: &NodeRef<'_>) -> Result<u64, DecodeError> {
    let mut sum = (node.id() as u64).wrapping_add(node.element_id().len() as u64);
    for label in node.labels() {
        sum += label?.len() as u64;
    }
    Ok(sum.wrapping_add(map(node.properties())?))
}

#[inline(always)]
fn path(row: &Row<'_>) -> Result<u64, DecodeError> {
    let path: PathRef<'_> = row.get(0)?;
    let mut sum = 0_u64;
    for it in path.nodes() {
        sum = sum.wrapping_add(node(&it?)?);
    }
    for it in path.relationships() {
        let it = it?;
        sum = sum.wrapping_add(it.id() as u64).wrapping_add((it.element_id().len() + it.rel_type().len()) as u64);
        sum = sum.wrapping_add(map(it.properties())?);
    }
    for index in path.indices() {
        sum = sum.wrapping_add(index? as u64);
    }
    Ok(sum)
}

#[inline(always)]
fn floats768(row: &Row<'_>) -> Result<u64, DecodeError> {
    let mut sum = 0_u64;
    for item in row.get::<ListRef<'_>>(0)?.floats()? {
        sum = sum.wrapping_add(item.to_bits());
    }
    Ok(sum)
}
