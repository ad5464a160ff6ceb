//! All scenarios, on many seeds.

use neobolt::Pipelining;
use neobolt_testing::scenario::{Target, run_all};

use super::World;

/// Runs the suite and returns the hash and the bytes of all that happened.
fn run(seed: u64) -> (u64, Vec<u8>) {
    let world = World::new(seed);
    world.sim.keep_trace();
    let mut uri = world.server.uri();
    if seed % 2 == 0 {
        uri = uri.replace("bolt:", "neo4j:");
    }
    let mut target = Target::model(world.runtime(), uri, &world.model);
    if seed % 4 >= 2 {
        target.pipelining = Pipelining::Official;
    }
    world.sim.block_on(run_all(&target)).assert(&["an_apoc_function_is_called"]);
    (world.sim.trace(), world.sim.trace_bytes())
}

#[test]
fn passes_on_some_seeds() {
    for seed in 1..=4 {
        println!("seed {seed}");
        run(seed);
    }
}

#[test]
fn one_seed_gives_one_run_to_the_byte() {
    let (hash, bytes) = run(17);
    let (again, bytes_again) = run(17);
    assert!(bytes.len() > 1_000_000, "only {} bytes were traced", bytes.len());
    let difference = bytes.iter().zip(&bytes_again).position(|(a, b)| a != b);
    assert_eq!(difference, None, "of {} and {} bytes", bytes.len(), bytes_again.len());
    assert_eq!((hash, bytes.len()), (again, bytes_again.len()));
    assert_ne!(run(18).0, hash);
}
