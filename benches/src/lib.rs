//! Recorded streams, every way to read and write them, a server that replays them, and the hand-written loops that all of it is measured
//! against.

pub mod codec;
pub mod figures;
pub mod measure;
pub mod raw;
pub mod read;
pub mod replay;
pub mod rows;
pub mod shapes;

use self::measure::{Measure, Selection};

/// Hands out the measures of a suite, `packstream` or `record-path`, that are selected, each before the next is made.
///
/// # Panics
///
/// There is no such suite, or a way does not read or write what it should.
pub fn suite(name: &str, selection: &Selection, run: &mut dyn FnMut(Measure)) {
    match name {
        "packstream" => codec::measures(selection, run),
        "record-path" => read::measures(selection, run),
        _ => panic!("there is no suite '{name}'"),
    }
}
