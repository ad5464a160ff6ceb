//! Allocations are exact: the record path makes a few per batch and none per record.

use neobolt_benches::read;
use neobolt_benches::replay::{driver, run};
use neobolt_benches::shapes::record_path;

const RECORDS: u64 = 100_000;

/// Reads 100,000 records twice over, and counts the second time: buffers are then as large as they get.
#[test]
fn reading_100_000_borrowed_records_allocates_less_than_a_hundredth_per_record() {
    for shape in record_path() {
        let driver = driver(shape, RECORDS).unwrap();
        for (way, owned) in [("lent", false), ("owned", true)] {
            let read = || {
                let seen = match owned {
                    true => run(read::owned(&driver, shape.name)),
                    false => run(read::lent(&driver, shape.name)),
                };
                assert_eq!(seen.unwrap().records, RECORDS);
            };
            read();
            let counted = allocation_counter::measure(read);
            let per_record = counted.count_total as f64 / RECORDS as f64;
            println!("{:>7} {way:>6}: {:6} allocations, {per_record:.5} per record", shape.name, counted.count_total);
            assert!(per_record < 0.01, "{} {way}: {per_record} allocations per record", shape.name);
        }
    }
}
