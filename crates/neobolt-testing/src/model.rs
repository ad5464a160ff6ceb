//! A server that answers as scripted: the least that the scenarios ask of a database, exactly, and counted.

mod answers;
mod rows;
mod session;
mod store;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use neobolt_io::{BoxFuture, Runtime};
use neobolt_proto::{Auth, Failure};
use neobolt_server::{Backend, BackendSession, Credentials, Server, ServerConfig};

use self::session::ModelSession;
use self::store::Store;

/// The user whom a [`ModelBackend`] lets in.
pub const USER: &str = "neo4j";

/// The password of that user.
pub const PASSWORD: &str = "the password of the model";

/// The only database of a [`ModelBackend`].
pub const DATABASE: &str = "neo4j";

/// A backend that knows the queries of [`queries`](crate::queries) and nothing else. Clones are the same backend.
///
/// It is as hard on its clients as a cluster may be: a transaction that only reads sees what its bookmarks vouch for and
/// nothing newer, and of those who wait for a lock each sixteenth is told of a deadlock.
#[derive(Clone, Debug)]
pub struct ModelBackend(Arc<Model>);

#[derive(Debug)]
struct Model {
    runtime: Arc<dyn Runtime>,
    latency: Duration,
    store: Arc<Store>,
    rows_made: Arc<AtomicU64>,
    script: Mutex<VecDeque<Failure>>,
}

impl ModelBackend {
    /// Creates a backend without data, on the clock of `runtime`, whose queries take `latency` before their first row.
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>, latency: Duration) -> Self {
        let script = Mutex::default();
        Self(Arc::new(Model { runtime, latency, store: Arc::default(), rows_made: Arc::default(), script }))
    }

    /// Returns how its clients authenticate.
    #[must_use]
    pub fn auth() -> Auth {
        Auth::basic(USER, PASSWORD)
    }

    /// Serves the backend on a free port of the loopback address.
    ///
    /// # Errors
    ///
    /// Fails when no port can be listened on.
    pub async fn serve(&self, config: ServerConfig) -> io::Result<Server> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Server::bind(Arc::clone(&self.0.runtime), address, Arc::new(self.clone()), config).await
    }

    /// Has the queries that come next fail, one with each of `failures`.
    pub fn fail_next(&self, failures: impl IntoIterator<Item = Failure>) {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner).extend(failures);
    }

    /// Returns how many rows it has made so far. A server makes one more than it was asked for, to know whether there is more.
    #[must_use]
    pub fn rows_made(&self) -> u64 {
        self.0.rows_made.load(Ordering::Relaxed)
    }
}

impl Model {
    /// Waits as long as a query takes, and returns what the script has for it.
    async fn work(&self) -> Result<(), Failure> {
        if !self.latency.is_zero() {
            self.runtime.sleep_until(self.runtime.now() + self.latency).await;
        }
        let scripted = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        scripted.map_or(Ok(()), Err)
    }
}

impl Backend for ModelBackend {
    fn agent(&self) -> &str {
        "Neo4j/5.26.0-model"
    }

    fn home_database(&self) -> &str {
        DATABASE
    }

    fn authenticate(
        &self,
        _peer: SocketAddr,
        credentials: Credentials,
    ) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>> {
        let answer = if credentials.is_basic(USER, PASSWORD) {
            Ok(Box::new(ModelSession::new(&self.0)) as Box<dyn BackendSession>)
        } else {
            let message = "The client is unauthorized due to authentication failure.";
            Err(Failure::new("Neo.ClientError.Security.Unauthorized", message))
        };
        Box::pin(std::future::ready(answer))
    }
}
