//! The record path through the whole driver, with the hand-written raw loop beside it.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use neobolt_benches::{raw, read, replay, shapes};

const RECORDS: u64 = 10_000;

fn record_path(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record_path");
    group.throughput(Throughput::Elements(RECORDS)).sample_size(20);
    for shape in shapes::record_path() {
        let stream = shape.records(RECORDS as usize);
        group.bench_with_input(BenchmarkId::new("raw", shape.name), &stream, |bencher, stream| {
            bencher.iter(|| raw::walk(stream));
        });
        let driver = replay::driver(shape, RECORDS).expect("invariant: the replay's URI is valid");
        group.bench_function(BenchmarkId::new("lent", shape.name), |bencher| {
            bencher
                .iter(|| replay::run(read::lent(&driver, shape.name)).expect("invariant: the replay is well-formed"));
        });
        group.bench_function(BenchmarkId::new("owned", shape.name), |bencher| {
            bencher
                .iter(|| replay::run(read::owned(&driver, shape.name)).expect("invariant: the replay is well-formed"));
        });
    }
    group.finish();
}

criterion_group!(benches, record_path);
criterion_main!(benches);
