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

const APOC_CALL: &str = "an_apoc_function_is_called";
const LAG: &str = "without_a_bookmark_a_reader_lags";
const AUTUMN: &str = "the_hour_that_an_autumn_night_has_twice";

/// What the servers of `scripts/neo4j` skip in the newest version of Bolt they speak.
fn skipped(version: &str) -> Option<&'static [&'static str]> {
    match version {
        "5.26" => Some(&[LAG, "vectors", "uuids"]),
        "2026.08" => Some(&[APOC_CALL, LAG]),
        "4.4" => Some(&[APOC_CALL, LAG, AUTUMN, "vectors", "uuids"]),
        _ => None,
    }
}

/// What may be skipped in an older version of Bolt.
const SKIPPED_IN_OLDER: [&str; 5] = [APOC_CALL, LAG, AUTUMN, "vectors", "uuids"];

/// Runs all scenarios. Returns the version of Bolt they ran on, or `None` when the server speaks no version so old.
async fn scenarios(runtime: Arc<dyn Runtime>, pipelining: Pipelining, max_bolt_version: Version) -> Option<Version> {
    let Ok(uri) = var("NEO4J_URI") else {
        println!("NEO4J_URI is not set: the scenarios were not asked to run against a real server");
        return None;
    };
    let user = var("NEO4J_USERNAME").unwrap_or_else(|_| "neo4j".into());
    let auth = var("NEO4J_PASSWORD").map_or_else(|_| Auth::none(), |password| Auth::basic(user, password));
    let builder = Driver::builder(Arc::clone(&runtime), &uri, auth.clone()).max_bolt_version(max_bolt_version);
    let driver = builder.build().unwrap();
    let server = match driver.verify_connectivity().await {
        Err(error) if max_bolt_version < Version::NEWEST && error.to_string().contains("no Bolt version") => {
            return None;
        }
        verified => verified.unwrap(),
    };
    let version = server.protocol_version.unwrap();
    println!("{} speaks Bolt {version}", server.agent);

    let mut capabilities = Vec::from(CAPABILITIES);
    if version >= Version::new(5, 0) {
        capabilities.push(Capability::RepeatedHours);
    }
    if version >= Version::new(6, 0) {
        capabilities.push(Capability::Vectors);
    }
    if version >= Version::new(6, 1) {
        capabilities.push(Capability::Uuids);
    }
    if driver.execute_query(APOC).read().await.is_ok() {
        capabilities.push(Capability::Apoc);
    }
    let mut target = Target::new(runtime, uri, auth, capabilities);
    target.pipelining = pipelining;
    target.max_bolt_version = max_bolt_version;
    let report = run_all(&target).await;
    if max_bolt_version == Version::NEWEST {
        let expected = var("NEO4J_VERSION").ok().and_then(|version| skipped(&version));
        report.assert(expected.unwrap_or(&report.skipped));
    } else {
        report.assert(&report.skipped);
        assert!(report.skipped.iter().all(|it| SKIPPED_IN_OLDER.contains(it)), "{:?}", report.skipped);
    }
    Some(version)
}

/// One after the other: they create and drop the same constraint.
#[test]
fn real_server() {
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let run = |pipelining, version| tokio.block_on(scenarios(neobolt_tokio::runtime(), pipelining, version));
    let Some(newest) = run(Pipelining::Fewest, Version::NEWEST) else { return };
    run(Pipelining::Official, Version::NEWEST);
    async_std::task::block_on(scenarios(neobolt_async_std::runtime(), Pipelining::Fewest, Version::NEWEST));
    // Over Bolt 3, Neo4j 4.4 refuses the bookmarks that it gives over Bolt 3: no chain of transactions can be made there.
    for older in Version::supported().filter(|it| *it < newest && it.major > 3) {
        match run(Pipelining::Fewest, older) {
            Some(spoken) => assert!(spoken <= older, "{spoken} was agreed on, above {older}"),
            None => println!("the server speaks no Bolt {older}"),
        }
    }
}
