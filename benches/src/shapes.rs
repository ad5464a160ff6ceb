//! Rows of different shapes, as they lie on the wire.

use crate::raw::encode::{Put, records};
use crate::rows::Row;
use crate::rows::kinds::*;

/// A kind of row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// How many columns it has.
    pub width: usize,
    /// How many bytes the keys of its maps have.
    pub keys: usize,
    write: fn(i64, &mut Vec<u8>),
}

/// The shapes that the codec is measured with.
pub const SHAPES: [Shape; 8] = [
    Shape { name: "int1", width: 1, keys: 0, write: write::<Int1> },
    Shape { name: "ints10", width: 10, keys: 0, write: write::<Ints10> },
    Shape { name: "str5", width: 5, keys: 0, write: write::<Str5> },
    Shape { name: "mixed", width: 7, keys: 11, write: write::<Mixed> },
    Shape { name: "node", width: 1, keys: 22, write: write::<Node> },
    Shape { name: "path", width: 1, keys: 81, write: write::<Path> },
    Shape { name: "bytes1k", width: 1, keys: 0, write: write::<Bytes1k> },
    Shape { name: "floats768", width: 1, keys: 0, write: write::<Floats768> },
];

/// The names of the shapes that the whole driver is measured with.
pub const RECORD_PATH: [&str; 4] = ["int1", "ints10", "mixed", "node"];

/// Returns the shape called `name`.
pub fn shape(name: &str) -> Option<Shape> {
    SHAPES.into_iter().find(|shape| shape.name == name)
}

/// Returns the shapes that the whole driver is measured with.
pub fn record_path() -> impl Iterator<Item = Shape> {
    RECORD_PATH.into_iter().filter_map(shape)
}

impl Shape {
    /// Returns `rows` RECORD messages, each in one chunk.
    pub fn records(&self, rows: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for row in 0..rows {
            (self.write)(row as i64, &mut out);
        }
        out
    }
}

fn write<R: Row + Put>(row: i64, out: &mut Vec<u8>) {
    records(&[R::row(row)], out);
}
