//! What holds of a pair of machines whatever is done to them.

use proptest::prelude::*;

use crate::{pair, wire};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_shrink_iters: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn a_pair_agrees(version in any::<u8>(), operations in prop::collection::vec(any::<[u8; 2]>(), 0..300)) {
        pair::run(version, &operations, wire::epoch());
    }
}
