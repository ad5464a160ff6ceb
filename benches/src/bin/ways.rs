//! Runs each way over each shape twice, and says what it ran: `scripts/performance` has the instructions of the second time counted.
//!
//! Usage: ways packstream|record-path [--way WAY]... [--shape SHAPE]...

use neobolt_benches::measure::Selection;
use neobolt_benches::suite;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, options) = arguments.split_first().expect("a suite is named");
    let selection = Selection::parse(options).unwrap_or_else(|error| panic!("{error}"));
    suite(name, &selection, &mut |mut measure| {
        measure.measured();
        println!("{}\t{}\t{}", measure.way, measure.shape, measure.records);
    });
}
