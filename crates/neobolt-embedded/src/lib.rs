//! A Bolt server over an embedded Cypher engine, for examples and tests.
//!
//! The engine is graphdblite, which keeps a graph in a SQLite file. It understands a good part of Cypher; what it does
//! not understand is refused with the error that Neo4j would give. To know:
//!
//! * one transaction writes at a time, in the order in which they asked; the others read what was committed before.
//!   A transaction that has read what was overwritten since gets a transient error when it begins to write, and one
//!   that waits to write for more than 10 s gets one too;
//! * results are complete before their first row is sent, at most 1,000,000 rows, and a failure in mid-result is
//!   therefore the answer to RUN;
//! * a query that runs cannot be interrupted: RESET waits for it;
//! * there are no profiles, no constraints, no users, and one database (`neo4j`);
//! * byte arrays, points, vectors and UUIDs are parameters that can be returned (`RETURN $x AS x`), and no more;
//! * what a query has changed is counted by comparing the graph before and after it, while no label has more than
//!   1,000 nodes and no type more than 1,000 relationships; of larger graphs it is only said that they were changed;
//! * of the procedures and SHOW commands of Neo4j there are those that drivers, tools and newcomers begin with:
//!   `SHOW PROCEDURES` lists them;
//! * `RETURN *` and `CALL` without `YIELD` have no columns when they have no rows;
//! * bookmarks count the commits since the database was opened.

mod catalog;
mod counters;
mod engine;
mod failure;
mod plan;
mod session;
mod text;
mod value;
mod worker;
mod writer;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use neobolt_io::Runtime;
use neobolt_server::{Backend, Server, ServerConfig};

use crate::engine::Engine;
use crate::session::EmbeddedBackend;

/// A graph database in this process. Clones are the same database.
#[derive(Clone)]
pub struct Embedded {
    engine: Arc<Engine>,
    credentials: Option<(Box<str>, Box<str>)>,
}

impl Embedded {
    /// Creates an empty database in a temporary directory, which is removed with the last clone and server of it.
    ///
    /// # Errors
    ///
    /// Fails when the directory or the files in it cannot be made.
    pub fn temporary() -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("neobolt-").tempdir()?;
        let path = directory.path().to_owned();
        Self::new(Engine::open(&path, Some(directory)))
    }

    /// Opens the database in `directory`, which is created if it is not there. One process may have it open.
    ///
    /// # Errors
    ///
    /// Fails when the directory or the files in it cannot be made, or are not a database of the engine.
    pub fn open(directory: impl AsRef<Path>) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        Self::new(Engine::open(directory.as_ref(), None))
    }

    fn new(engine: Result<Engine, graphdblite::GraphError>) -> io::Result<Self> {
        Ok(Self { engine: Arc::new(engine.map_err(io::Error::other)?), credentials: None })
    }

    /// Lets in only who gives this user and password. Everybody is let in by default.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Returns the database as a backend whose waiting is timed by `runtime`.
    #[must_use]
    pub fn backend(&self, runtime: Arc<dyn Runtime>) -> Arc<dyn Backend> {
        Arc::new(self.embedded_backend(runtime))
    }

    fn embedded_backend(&self, runtime: Arc<dyn Runtime>) -> EmbeddedBackend {
        let (engine, credentials) = (Arc::clone(&self.engine), self.credentials.clone());
        EmbeddedBackend { engine, runtime, credentials, address: Arc::default() }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// Serves a database on `address`; port 0 lets the system choose. [`Server::uri`] is what drivers connect to.
///
/// # Errors
///
/// Fails when the address cannot be listened on.
pub async fn serve(runtime: Arc<dyn Runtime>, embedded: Embedded, address: SocketAddr) -> io::Result<Server> {
    let backend = embedded.embedded_backend(Arc::clone(&runtime));
    let known = Arc::clone(&backend.address);
    let server = Server::bind(runtime, address, Arc::new(backend), ServerConfig::default()).await?;
    known.get_or_init(|| server.local_addr().to_string());
    Ok(server)
}
