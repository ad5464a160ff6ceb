//! The one handler of connections: from the handshake to the last request.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use neobolt_io::{Io, Runtime, Transport};
use neobolt_proto::{ServerConnection, ServerLimits};
use tracing::{Instrument, debug, debug_span};

use crate::opening::Opening;
use crate::requests::Handler;
use crate::shutdown::{Phase, Presence, Shutdown};
use crate::wire::{Wire, hang_up};
use crate::{Backend, ServerConfig};

/// Serves one connection, from its handshake until it is closed.
///
/// [`Server`](crate::Server) does this for all the connections it accepts; this is for transports of other origin.
pub async fn serve_connection(
    runtime: Arc<dyn Runtime>,
    transport: Box<dyn Transport>,
    peer: SocketAddr,
    backend: Arc<dyn Backend>,
    config: Arc<ServerConfig>,
) {
    let presence = Arc::new(Shutdown::default()).enter();
    Connection::new(runtime, transport, peer, backend, config, presence).run().await;
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) struct Connection {
    io: Io,
    peer: SocketAddr,
    backend: Arc<dyn Backend>,
    config: Arc<ServerConfig>,
    presence: Presence,
}

impl Connection {
    pub(crate) fn new(
        runtime: Arc<dyn Runtime>,
        transport: Box<dyn Transport>,
        peer: SocketAddr,
        backend: Arc<dyn Backend>,
        config: Arc<ServerConfig>,
        presence: Presence,
    ) -> Self {
        Self { io: Io::new(runtime, transport), peer, backend, config, presence }
    }

    /// Serves the connection until it is closed.
    pub(crate) async fn run(self) {
        let id = self.presence.id();
        let span = debug_span!("bolt", id, peer = %self.peer);
        self.serve(id).instrument(span).await;
    }

    async fn serve(mut self, id: u64) {
        let accepted = self.io.runtime().now();
        let deadline = accepted + self.config.authentication_timeout;
        let mut opening = Opening::new(deadline);
        let outcome = poll_fn(|cx| {
            loop {
                if self.presence.poll_phase(cx) >= Phase::Finishing || opening.is_over() {
                    return Poll::Ready(None);
                }
                if let Some(outcome) = opening.outcome() {
                    return Poll::Ready(Some(outcome));
                }
                match self.io.poll_drive(cx, &mut opening) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(None),
                    Poll::Pending if opening.outcome().is_some() => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        let (version, manifest) = match outcome.await {
            Some(Ok(agreed)) => agreed,
            Some(Err(error)) => {
                debug!(%error, "the handshake failed");
                hang_up(&mut self.io, &mut opening, true, self.config.linger).await;
                return;
            }
            None => return debug!("the handshake was not finished"),
        };
        let mut limits = ServerLimits::default();
        limits.message = self.config.max_message_size;
        limits.unauthenticated_message = self.config.max_unauthenticated_message_size;
        limits.high_water = self.config.max_unwritten;
        let mut machine = ServerConnection::new(version, manifest, limits);
        opening.pass_on(self.io.runtime().now(), &mut machine);
        debug!(%version, "connected");

        let mut wire = Wire::new(self.io, machine, self.presence, Arc::clone(&self.config));
        wire.end_at(Some(deadline));
        let mut handler = Handler::new(wire, id, self.peer, self.backend, self.config);
        handler.run().await;
        handler.into_wire().close().await;
    }
}
