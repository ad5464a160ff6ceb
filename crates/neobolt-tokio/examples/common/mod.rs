//! Where the examples find a server.

use std::env;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use neobolt_embedded::{Embedded, serve};
use neobolt_io::Runtime;
use neobolt_server::Server;

/// How long what is still open may take to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The server at `NEO4J_URI`, or an embedded one, which is empty and gone with the program.
#[derive(Debug)]
pub(crate) struct Neo4j {
    pub(crate) uri: String,
    pub(crate) username: String,
    pub(crate) password: String,
    runtime: Arc<dyn Runtime>,
    embedded: Option<Server>,
}

impl Neo4j {
    /// Returns the server that `NEO4J_URI`, `NEO4J_USERNAME` and `NEO4J_PASSWORD` name; starts one if they do not.
    pub(crate) async fn find(runtime: Arc<dyn Runtime>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let username = env::var("NEO4J_USERNAME").unwrap_or_else(|_| "neo4j".to_owned());
        if let Ok(uri) = env::var("NEO4J_URI") {
            let password = env::var("NEO4J_PASSWORD").map_err(|_| "NEO4J_URI is set, but NEO4J_PASSWORD is not")?;
            return Ok(Self { uri, username, password, runtime, embedded: None });
        }
        let password = "neobolt";
        let database = Embedded::temporary()?.with_credentials(&username, password);
        let server = serve(Arc::clone(&runtime), database, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        Ok(Self { uri: server.uri(), username, password: password.to_owned(), runtime, embedded: Some(server) })
    }

    /// Stops the server if it was started here. Drivers are closed before.
    pub(crate) async fn close(self) {
        if let Some(server) = self.embedded {
            server.shutdown(self.runtime.now() + PATIENCE).await;
        }
    }
}
