//! The codec: every way in and out over every shape, with the hand-written raw loops beside them.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use neobolt_benches::measure::Selection;
use neobolt_benches::suite;

fn packstream(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packstream");
    group.sample_size(20);
    suite("packstream", &Selection::default(), &mut |mut measure| {
        group.throughput(Throughput::Elements(measure.records));
        group.bench_function(BenchmarkId::new(measure.way, measure.shape), |bencher| {
            bencher.iter(|| measure.measured());
        });
    });
    group.finish();
}

criterion_group!(benches, packstream);
criterion_main!(benches);
