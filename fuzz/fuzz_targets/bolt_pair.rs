//! Any operations on a client and a server machine: see `pair.rs` for what holds. Two bytes are an operation, so that mutations move
//! whole ones.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/neobolt-proto/tests/machines/pair.rs"]
mod pair;

fuzz_target!(|bytes: &[u8]| {
    if let Some((version, operations)) = bytes.split_first() {
        pair::run(*version, operations.as_chunks().0, Instant::now());
    }
});
