//! Every way in and out of `packstream` over every shape, each as a program would write it.

mod encode;
mod fields;
mod serde;
mod straight;
mod tokens;
mod values;

use std::hint::black_box;
use std::rc::Rc;

use packstream::DecodeError;

use crate::measure::{Measure, Selection};
use crate::raw::{self, Seen, messages};
use crate::shapes::SHAPES;

/// Records in a run: enough that what a run costs once does not show.
const ROWS: usize = 1000;

/// Rows in the RUN message of the shape [`PARAMETERS`].
const PARAMETER_ROWS: usize = 10_000;

/// Not a shape of records: rows that are the parameter of a query.
pub const PARAMETERS: &str = "params5";

/// A way in, for each of the [`SHAPES`].
type Reads = [fn(&[u8]) -> Seen; EACH];

const EACH: usize = SHAPES.len();

/// How much a way in sums up, to be checked.
#[derive(Clone, Copy)]
enum Sums {
    /// Every value, and the keys of maps.
    All,
    /// Every value; keys are only compared.
    Values,
    /// Less.
    Unchecked,
}

/// The ways in.
const WAYS: [(&str, Sums, Reads); 11] = [
    ("raw drain", Sums::Unchecked, [raw::drain; EACH]),
    ("raw count", Sums::Unchecked, [raw::count; EACH]),
    ("raw walk", Sums::All, [raw::walk; EACH]),
    ("raw owned", Sums::All, [raw::owned; EACH]),
    ("tokens", Sums::All, [tokens::read; EACH]),
    ("fields", Sums::All, fields::READS),
    ("straight", Sums::Values, straight::READS),
    ("serde position", Sums::Values, serde::BY_POSITION),
    ("serde number", Sums::Values, serde::BY_NUMBER),
    ("value", Sums::All, [values::value; EACH]),
    ("graph", Sums::All, [values::graph; EACH]),
];

/// Hands out the measures that are selected.
///
/// # Panics
///
/// A way does not read or write what it should.
pub fn measures(selection: &Selection, run: &mut dyn FnMut(Measure)) {
    for (way, sums, reads) in WAYS {
        for (shape, read) in SHAPES.iter().zip(reads) {
            if !selection.contains(way, shape.name) {
                continue;
            }
            let stream: Rc<[u8]> = shape.records(ROWS).into();
            let Seen { records, sum } = raw::walk(&stream);
            let measure = Measure::new(way, shape.name, move || read(black_box(&stream)));
            run(match sums {
                Sums::All => measure.sees(Seen { records, sum }),
                Sums::Values => measure.sees(Seen { records, sum: sum.wrapping_sub(records * shape.keys as u64) }),
                Sums::Unchecked => measure,
            });
        }
    }
    encode::measures(selection, run);
}

#[cold]
fn broken(error: &DecodeError) -> ! {
    panic!("the shapes are well-formed: {error}")
}
