//! The scenarios on tokio, over loopback.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to panic")]

mod servers;

use neobolt::Pipelining;
use servers::{Scheme, embedded, model};

#[tokio::test(flavor = "multi_thread")]
async fn model_on_bolt() {
    model(neobolt_tokio::runtime(), Scheme::Bolt, Pipelining::Fewest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn model_on_neo4j_as_the_official_drivers_speak() {
    model(neobolt_tokio::runtime(), Scheme::Neo4j, Pipelining::Official).await;
}

#[tokio::test]
async fn model_on_one_thread() {
    model(neobolt_tokio::runtime(), Scheme::Neo4j, Pipelining::Fewest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_engine() {
    embedded(neobolt_tokio::runtime(), Scheme::Neo4j).await;
}
