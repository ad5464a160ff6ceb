//! The scenarios against the Neo4j that `NEO4J_URI` names, with `NEO4J_USERNAME` and `NEO4J_PASSWORD`.
//!
//! `scripts/neo4j 5.26 -- cargo test -p neobolt-testing --test real` gives it one. What is skipped is asserted for the
//! servers of `scripts/neo4j`, by `NEO4J_VERSION`.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to panic")]

use std::env::var;
use std::sync::Arc;

use neobolt::{Auth, Driver, Pipelining, Version};
use neobolt_io::Runtime;
use neobolt_testing::queries::APOC;
use neobolt_testing::scenario::{Capability, Target, run_all};

/// What every Neo4j has.
const CAPABILITIES: [Capability; 8] = [
    Capability::ByteArrays,
    Capability::Constraints,
    Capability::Counters,
    Capability::LazyRows,
    Capability::Notifications,
    Capability::Plans,
    Capability::Points,
    Capability::Profiles,
];

/// What the servers of `scripts/neo4j` skip.
fn skipped(version: &str) -> Option<&'static [&'static str]> {
    const APOC: &str = "an_apoc_function_is_called";
    const LAG: &str = "without_a_bookmark_a_reader_lags";
    match version {
        "5.26" => Some(&[LAG, "vectors", "uuids"]),
        "2026.08" => Some(&[APOC, LAG]),
        "4.4" => Some(&[APOC, LAG, "the_hour_that_an_autumn_night_has_twice", "vectors", "uuids"]),
        _ => None,
    }
}

async fn scenarios(runtime: Arc<dyn Runtime>, pipelining: Pipelining) {
    let Ok(uri) = var("NEO4J_URI") else {
        println!("NEO4J_URI is not set: the scenarios were not asked to run against a real server");
        return;
    };
    let user = var("NEO4J_USERNAME").unwrap_or_else(|_| "neo4j".into());
    let auth = var("NEO4J_PASSWORD").map_or_else(|_| Auth::none(), |password| Auth::basic(user, password));
    let driver = Driver::builder(Arc::clone(&runtime), &uri, auth.clone()).build().unwrap();
    let server = driver.verify_connectivity().await.unwrap();
    println!("{} speaks Bolt {:?}", server.agent, server.protocol_version);

    let mut capabilities = Vec::from(CAPABILITIES);
    if server.protocol_version >= Some(Version::new(5, 0)) {
        capabilities.push(Capability::RepeatedHours);
    }
    if server.protocol_version >= Some(Version::new(6, 0)) {
        capabilities.push(Capability::Vectors);
    }
    if server.protocol_version >= Some(Version::new(6, 1)) {
        capabilities.push(Capability::Uuids);
    }
    if driver.execute_query(APOC).read().await.is_ok() {
        capabilities.push(Capability::Apoc);
    }
    let mut target = Target::new(runtime, uri, auth, capabilities);
    target.pipelining = pipelining;
    let report = run_all(&target).await;
    let expected = var("NEO4J_VERSION").ok().and_then(|version| skipped(&version));
    report.assert(expected.unwrap_or(&report.skipped));
}

/// One after the other: both create and drop the same constraint.
#[test]
fn real_server() {
    let tokio = tokio::runtime::Runtime::new().unwrap();
    tokio.block_on(async { scenarios(neobolt_tokio::runtime(), Pipelining::Fewest).await });
    tokio.block_on(async { scenarios(neobolt_tokio::runtime(), Pipelining::Official).await });
    async_std::task::block_on(scenarios(neobolt_async_std::runtime(), Pipelining::Fewest));
}
