//! A server: a listener, and a task for each connection.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use neobolt_io::{Listener, Runtime};
use tracing::{debug, warn};

use crate::connection::Connection;
use crate::shutdown::{Phase, Shutdown};
use crate::{Backend, ServerConfig};

/// How long accepting pauses after it has failed: nearly always for want of file descriptors, which come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A Bolt server that listens on an address.
///
/// Dropping it stops accepting; connections that are open live on until their clients leave.
pub struct Server {
    runtime: Arc<dyn Runtime>,
    shutdown: Arc<Shutdown>,
    address: SocketAddr,
}

impl Server {
    /// Starts to serve `backend` on `address`; port 0 lets the system choose a port.
    ///
    /// # Errors
    ///
    /// Fails when the address cannot be listened on.
    pub async fn bind(
        runtime: Arc<dyn Runtime>,
        address: SocketAddr,
        backend: Arc<dyn Backend>,
        config: ServerConfig,
    ) -> io::Result<Self> {
        let listener = runtime.listen(address).await?;
        let address = listener.local_addr()?;
        let shutdown = Arc::new(Shutdown::default());
        let accept = Accept {
            runtime: Arc::clone(&runtime),
            listener,
            backend,
            config: Arc::new(config.advertising(address)),
            shutdown: Arc::clone(&shutdown),
        };
        runtime.spawn(Box::pin(accept.run()));
        debug!(%address, "listening");
        Ok(Self { runtime, shutdown, address })
    }

    /// Returns the address it listens on, with the port that was chosen.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URI that a driver connects to, such as `bolt://127.0.0.1:7687`.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("bolt://{}", self.address)
    }

    /// Returns how many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shutdown.connections()
    }

    /// Stops accepting, closes the connections that are idle, lets the others finish their transactions until
    /// `deadline` on the runtime's clock, and closes them then. Returns when all are closed.
    pub async fn shutdown(self, deadline: Instant) {
        self.shutdown.advance(Phase::Finishing);
        if neobolt_io::timeout_at(&*self.runtime, deadline, self.shutdown.closed()).await.is_err() {
            self.shutdown.advance(Phase::Closing);
            self.shutdown.closed().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.advance(Phase::NotAccepting);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The task that accepts connections.
struct Accept {
    runtime: Arc<dyn Runtime>,
    listener: Box<dyn Listener>,
    backend: Arc<dyn Backend>,
    config: Arc<ServerConfig>,
    shutdown: Arc<Shutdown>,
}

impl Accept {
    async fn run(mut self) {
        let watch = self.shutdown.watch();
        loop {
            let accepted = poll_fn(|cx| match watch.poll_phase(cx) {
                Phase::Accepting => self.listener.poll_accept(cx).map(Some),
                Phase::NotAccepting | Phase::Finishing | Phase::Closing => Poll::Ready(None),
            });
            let (transport, peer) = match accepted.await {
                None => return,
                Some(Ok(accepted)) => accepted,
                Some(Err(error)) => {
                    warn!(%error, "accepting a connection failed");
                    let pause = self.runtime.sleep_until(self.runtime.now() + ACCEPT_PAUSE);
                    let mut pause = pin!(pause);
                    poll_fn(|cx| match watch.poll_phase(cx) {
                        Phase::Accepting => pause.as_mut().poll(cx),
                        Phase::NotAccepting | Phase::Finishing | Phase::Closing => Poll::Ready(()),
                    })
                    .await;
                    continue;
                }
            };
            if self.shutdown.connections() >= self.config.max_connections {
                warn!(%peer, limit = self.config.max_connections, "refusing a connection: too many are open");
                continue;
            }
            let connection = Connection::new(
                Arc::clone(&self.runtime),
                transport,
                peer,
                Arc::clone(&self.backend),
                Arc::clone(&self.config),
                self.shutdown.enter(),
            );
            self.runtime.spawn(Box::pin(connection.run()));
        }
    }
}
