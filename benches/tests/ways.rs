//! Every way reads and writes what it should.

use neobolt_benches::measure::Selection;
use neobolt_benches::suite;

/// The suites check what is seen, and what is written, before they hand a way out.
#[test]
fn every_way_sees_every_value_as_often_as_it_runs() {
    for (name, ways) in [("packstream", 100), ("record-path", 12)] {
        let mut measures = 0;
        suite(name, &Selection::default(), &mut |mut measure| {
            assert_eq!(measure.measured().records, measure.records, "{measure:?}");
            measures += 1;
        });
        assert!(measures >= ways, "{name} has {measures} ways over shapes");
    }
}
