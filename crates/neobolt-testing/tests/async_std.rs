//! The scenarios on async-std, over loopback.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to panic")]

mod servers;

use async_std::task::block_on;
use neobolt::Pipelining;
use servers::{Scheme, embedded, model};

#[test]
fn model_on_bolt() {
    block_on(model(neobolt_async_std::runtime(), Scheme::Bolt, Pipelining::Fewest));
}

#[test]
fn model_on_neo4j_as_the_official_drivers_speak() {
    block_on(model(neobolt_async_std::runtime(), Scheme::Neo4j, Pipelining::Official));
}

#[test]
fn embedded_engine() {
    block_on(embedded(neobolt_async_std::runtime(), Scheme::Neo4j));
}
