//! The servers that the scenarios run against on every runtime, and what each lacks.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use neobolt::{Auth, Pipelining};
use neobolt_embedded::Embedded;
use neobolt_io::Runtime;
use neobolt_server::{Server, ServerConfig};
use neobolt_testing::model::ModelBackend;
use neobolt_testing::scenario::{Capability, Target, run_all};

/// How the server is addressed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Bolt,
    Neo4j,
}

fn uri(server: &Server, scheme: Scheme) -> String {
    match scheme {
        Scheme::Bolt => server.uri(),
        Scheme::Neo4j => server.uri().replace("bolt:", "neo4j:"),
    }
}

/// Runs the scenarios against the model.
pub(crate) async fn model(runtime: Arc<dyn Runtime>, scheme: Scheme, pipelining: Pipelining) {
    let model = ModelBackend::new(Arc::clone(&runtime), Duration::ZERO);
    let server = model.serve(ServerConfig::default()).await.unwrap();
    let mut target = Target::model(runtime, uri(&server, scheme), &model);
    target.pipelining = pipelining;
    run_all(&target).await.assert(&["an_apoc_function_is_called"]);
}

/// Runs the scenarios against the embedded engine.
pub(crate) async fn embedded(runtime: Arc<dyn Runtime>, scheme: Scheme) {
    let embedded = Embedded::temporary().unwrap().with_credentials("neo4j", "embedded");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = neobolt_embedded::serve(Arc::clone(&runtime), embedded, address).await.unwrap();
    let capabilities = [Capability::Plans, Capability::RepeatedHours];
    let target = Target::new(runtime, uri(&server, scheme), Auth::basic("neo4j", "embedded"), capabilities);
    run_all(&target).await.assert(&[
        "an_apoc_function_is_called",
        "without_a_bookmark_a_reader_lags",
        "byte_arrays",
        "points",
        "vectors",
        "uuids",
        "counters",
        "a_profile",
        "notifications_or_statuses",
        "a_slow_consumer_of_a_million_records",
        "a_constraint_violation",
        "a_division_by_zero_in_mid_stream",
    ]);
}
