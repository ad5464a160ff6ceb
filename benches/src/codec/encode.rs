//! Ways out. Each appends whole messages in chunks to a buffer that has grown before.

mod packed;
mod plain;
mod serde;

use std::hint::black_box;

use packstream::{Decoder, Encode, EncodeError, Encoder, Value};

use self::packed::Packed;
use self::serde::Serde;
use super::{PARAMETER_ROWS, PARAMETERS, ROWS};
use crate::measure::{Measure, Selection};
use crate::raw::Seen;
use crate::raw::encode::{self as raw, Put, QUERY};
use crate::rows::Row;
use crate::rows::kinds::*;
use crate::shapes::shape;

pub(super) fn measures(selection: &Selection, run: &mut dyn FnMut(Measure)) {
    let mut ways = Ways { selection, run };
    ways.records::<Int1>("int1");
    ways.records::<Ints10>("ints10");
    ways.records::<Str5>("str5");
    ways.records::<Mixed>("mixed");
    ways.records::<Node>("node");
    ways.records::<Path>("path");
    ways.records::<Bytes1k>("bytes1k");
    ways.records::<Floats768>("floats768");
    ways.packed::<Mixed>("mixed");
    ways.packed::<Node>("node");
    ways.packed::<Path>("path");
    ways.parameters();
}

struct Ways<'w> {
    selection: &'w Selection,
    run: &'w mut dyn FnMut(Measure),
}

/// Appends messages with these rows.
type Write<R> = fn(&[R], &mut Vec<u8>);

impl Ways<'_> {
    fn records<R: Row + Put + Encode + 'static>(&mut self, shape: &'static str)
    where
        Serde<R>: Encode,
    {
        self.add(shape, "raw encode", rows::<R, ROWS>, raw::records);
        self.add(shape, "encode", rows::<R, ROWS>, records);
        self.add(shape, "serde out", serde_rows::<R, ROWS>, records);
        self.add(shape, "value out", values::<R, ROWS>, records);
    }

    fn packed<R: Row + Put + 'static>(&mut self, shape: &'static str)
    where
        Packed<R>: Encode,
    {
        self.add(shape, "packed keys", packed_rows::<R, ROWS>, records);
    }

    fn parameters(&mut self) {
        self.add(PARAMETERS, "raw encode", rows::<Parameters, PARAMETER_ROWS>, raw::run);
        self.add(PARAMETERS, "encode", rows::<Parameters, PARAMETER_ROWS>, run);
        self.add(PARAMETERS, "packed keys", packed_rows::<Parameters, PARAMETER_ROWS>, run);
        self.add(PARAMETERS, "serde out", serde_rows::<Parameters, PARAMETER_ROWS>, run);
        self.add(PARAMETERS, "value out", values::<Parameters, PARAMETER_ROWS>, run);
    }

    fn add<R: 'static>(&mut self, shape: &'static str, way: &'static str, rows: fn() -> Vec<R>, write: Write<R>) {
        if !self.selection.contains(way, shape) {
            return;
        }
        let rows = rows();
        let mut out = Vec::new();
        write(&rows, &mut out);
        assert!(out == expected(shape), "{way} over {shape} writes something else than the raw loop");
        (self.run)(Measure::new(way, shape, move || {
            out.clear();
            write(black_box(&rows), &mut out);
            Seen { records: rows.len() as u64, sum: out.len() as u64 }
        }));
    }
}

/// What the raw loops write.
fn expected(name: &str) -> Vec<u8> {
    if let Some(shape) = shape(name) {
        return shape.records(ROWS);
    }
    let mut out = Vec::new();
    raw::run(&rows::<Parameters, PARAMETER_ROWS>(), &mut out);
    out
}

fn rows<R: Row, const ROWS: usize>() -> Vec<R> {
    (0..ROWS as i64).map(R::row).collect()
}

fn packed_rows<R: Row, const ROWS: usize>() -> Vec<Packed<R>> {
    rows::<R, ROWS>().into_iter().map(Packed).collect()
}

fn serde_rows<R: Row, const ROWS: usize>() -> Vec<Serde<R>> {
    rows::<R, ROWS>().into_iter().map(Serde).collect()
}

fn values<R: Row + Put, const ROWS: usize>() -> Vec<Value> {
    rows::<R, ROWS>().iter().map(value).collect()
}

/// The row as the tree of values that is read of it.
fn value(row: &impl Put) -> Value {
    let mut written = Vec::new();
    row.put(&mut written);
    Decoder::new(&written).decode().expect("invariant: what is written can be read")
}

fn records<R: Encode>(rows: &[R], out: &mut Vec<u8>) {
    for row in rows {
        chunk(out, |out| {
            let mut encoder = Encoder::new(out);
            encoder.structure_header(0x71, 1)?;
            encoder.encode(row)
        });
    }
}

fn run<R: Encode>(rows: &[R], out: &mut Vec<u8>) {
    chunk(out, |out| {
        let mut encoder = Encoder::new(out);
        encoder.structure_header(0x10, 3)?;
        encoder.string(QUERY)?;
        encoder.map_header(1)?;
        encoder.string("rows")?;
        encoder.encode(rows)?;
        encoder.map_header(0)
    });
}

/// Appends a message straight behind what is there, and puts the chunks' headers in when its length is known.
fn chunk(out: &mut Vec<u8>, message: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) {
    const FULL: usize = u16::MAX as usize;
    let start = out.len();
    out.extend_from_slice(&[0, 0]);
    message(out).unwrap_or_else(|error| panic!("the shapes can be encoded: {error}"));
    let len = out.len() - start - 2;
    // One chunk's header is there already. Room for those of the others is made from the back, so that every byte moves once.
    let more = len.div_ceil(FULL).saturating_sub(1);
    out.resize(out.len() + 2 * more, 0);
    for chunk in (1..=more).rev() {
        let from = start + 2 + chunk * FULL;
        let to = from + 2 * chunk;
        let len = FULL.min(len - chunk * FULL);
        out.copy_within(from..from + len, to);
        out[to - 2..to].copy_from_slice(&(len as u16).to_be_bytes());
    }
    out[start..start + 2].copy_from_slice(&(len.min(FULL) as u16).to_be_bytes());
    out.extend_from_slice(&[0, 0]);
}
