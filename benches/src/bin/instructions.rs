//! Reads records of one shape in one way, for `benches/instructions` to count instructions around.
//!
//! Usage: instructions WAY SHAPE RECORDS, where WAY is raw, lent or owned.

use neobolt_benches::{raw, read, replay, shapes};

fn main() {
    let usage = "usage: instructions raw|lent|owned SHAPE RECORDS";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, shape, records] = &arguments[..] else { panic!("{usage}") };
    let shape = shapes::shape(shape).expect(usage);
    let records: u64 = records.parse().expect(usage);
    let seen = match way.as_str() {
        "raw" => raw_loop(shape, records),
        "lent" => replay::run(read::lent(&replay::driver(shape, records).expect(usage), shape.name)).expect(usage),
        "owned" => replay::run(read::owned(&replay::driver(shape, records).expect(usage), shape.name)).expect(usage),
        _ => panic!("{usage}"),
    };
    assert_eq!(seen.records, records, "whole thousands of records are read");
    println!("{seen:?}");
}

/// The raw loop over the same bytes, copied once as a read from a socket copies them.
fn raw_loop(shape: shapes::Shape, records: u64) -> raw::Seen {
    let fetch = shape.records(1000);
    let mut buffer = Vec::new();
    let mut seen = raw::Seen::default();
    for _ in 0..records / 1000 {
        buffer.clear();
        buffer.extend_from_slice(&fetch);
        let walked = raw::walk(&buffer);
        seen.records += walked.records;
        seen.values += walked.values;
        seen.sum = seen.sum.wrapping_add(walked.sum);
    }
    seen
}
