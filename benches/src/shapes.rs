//! Rows of different shapes, as they lie on the wire.

use neobolt_proto::Value;
use packstream::{Encode, Encoder};

/// A kind of row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// How many columns it has.
    pub width: usize,
    write: fn(&mut Encoder<'_>, i64),
}

/// The shapes that are measured.
pub const SHAPES: [Shape; 4] = [
    Shape { name: "int1", width: 1, write: |e, row| e.integer(row) },
    Shape { name: "ints10", width: 10, write: ints10 },
    Shape { name: "mixed", width: 7, write: mixed },
    Shape { name: "node", width: 1, write: node },
];

/// Returns the shape called `name`.
pub fn shape(name: &str) -> Option<Shape> {
    SHAPES.into_iter().find(|shape| shape.name == name)
}

impl Shape {
    /// Returns `rows` RECORD messages, each in one chunk.
    pub fn records(&self, rows: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for row in 0..rows {
            let start = out.len();
            out.extend_from_slice(&[0, 0, 0xB1, 0x71]);
            let mut encoder = Encoder::new(&mut out);
            encoder.list_header(self.width).expect("invariant: few columns");
            (self.write)(&mut encoder, row as i64);
            let len = u16::try_from(out.len() - start - 2).expect("invariant: small rows");
            out[start..start + 2].copy_from_slice(&len.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
        }
        out
    }
}

fn put(encoder: &mut Encoder<'_>, value: &(impl Encode + ?Sized)) {
    encoder.encode(value).expect("invariant: the shapes can be encoded");
}

fn ints10(encoder: &mut Encoder<'_>, row: i64) {
    for shift in [0, 7, 14, 21, 28, 35, 42, 49, 56, 3] {
        encoder.integer((row % 100) << shift);
    }
}

fn mixed(encoder: &mut Encoder<'_>, row: i64) {
    put(encoder, &row);
    put(encoder, &(row as f64 * 0.5));
    put(encoder, "a string of some length");
    put(encoder, &(row % 2 == 0));
    put(encoder, &None::<i64>);
    put(encoder, &[row, row + 1, row + 2][..]);
    put(encoder, &Value::Map([("first", Value::from(row)), ("second", Value::from("x"))].into_iter().collect()));
}

fn node(encoder: &mut Encoder<'_>, row: i64) {
    let properties = [("name", Value::from("Ada Lovelace")), ("born", Value::from(1815)), ("id", Value::from(row))];
    encoder.structure_header(b'N', 4).expect("invariant: few fields");
    put(encoder, &row);
    put(encoder, &["Person", "Author"][..]);
    put(encoder, &Value::Map(properties.into_iter().collect()));
    put(encoder, &*format!("4:c0a80101:{row}"));
}
