//! One connection: its bytes, its machine, and how it is opened.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use neobolt_core::{Address, Config, ConnectionUri, Encryption, Link, LinkError};
use neobolt_io::{Io, Runtime, timeout_at};
use neobolt_proto::message::{Hello, Request};
use neobolt_proto::{Auth, ClientConnection, ClientLimits, CloseReason, Endpoint, Event};

use crate::error::{Error, ErrorKind};
use crate::wire_log;

/// A connection that is open and authenticated.
#[derive(Debug)]
pub(crate) struct Connection {
    io: Io,
    link: Link,
    pub(crate) address: Address,
    io_error: Option<io::Error>,
}

/// What a driver opens its connections with.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) uri: ConnectionUri,
    pub(crate) auth: Auth,
    pub(crate) config: Config,
}

impl Dialer {
    pub(crate) fn new(
        runtime: Arc<dyn Runtime>,
        uri: ConnectionUri,
        auth: Auth,
        config: Config,
    ) -> Result<Self, Error> {
        if uri.encryption() != Encryption::Plain {
            return Err(Error::new(
                ErrorKind::Configuration,
                "TLS is not available yet: the schemes with +s and +ssc are understood, but cannot be connected to",
            ));
        }
        Ok(Self { runtime, uri, auth, config })
    }

    /// Resolves, connects, shakes hands and authenticates: two round trips.
    pub(crate) async fn dial(&self, address: &Address) -> Result<Connection, Error> {
        let unreachable =
            |error| Error::with_source(ErrorKind::ServiceUnavailable, format!("cannot connect to {address}"), error);
        let addresses = self.runtime.resolve(address.host(), address.port()).await.map_err(unreachable)?;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for to in addresses {
            // A process that hangs still accepts connections: the deadline is for all that the server has to say first.
            let deadline = self.runtime.now() + self.config.connection_timeout;
            match timeout_at(&*self.runtime, deadline, self.connect(to, address)).await {
                Ok(Ok(connected)) => return connected,
                Ok(Err(error)) => last = error,
                Err(elapsed) => last = elapsed.into(),
            }
        }
        Err(unreachable(last))
    }

    /// Connects to one address: the outer error is that there is nobody.
    async fn connect(&self, to: SocketAddr, address: &Address) -> io::Result<Result<Connection, Error>> {
        let transport = self.runtime.connect(to).await?;
        let io = Io::new(Arc::clone(&self.runtime), transport);
        let link = Link::new(ClientLimits::default(), self.config.max_bolt_version);
        let mut connection = Connection { io, link, address: address.clone(), io_error: None };
        Ok(connection.open(self).await.map(|()| connection))
    }
}

impl Connection {
    async fn open(&mut self, dialer: &Dialer) -> Result<(), Error> {
        std::future::poll_fn(|cx| self.poll_open(cx)).await?;
        let hello = Request::Hello(Hello {
            user_agent: &dialer.config.user_agent,
            product: concat!("neobolt/", env!("CARGO_PKG_VERSION")),
            routing: dialer.uri.routing_context(),
            auth: &dialer.auth,
            notifications: &dialer.config.notifications,
        });
        let bolt = self.bolt();
        let mut answers = 1;
        bolt.send(&hello)?;
        if bolt.capabilities().logon {
            bolt.send(&Request::Logon(&dialer.auth))?;
            answers = 2;
        }
        wire_log::opened(self);
        while answers > 0 {
            match std::future::poll_fn(|cx| self.poll_event(cx)).await {
                Event::Success { .. } => answers -= 1,
                Event::Failure { failure, .. } => {
                    wire_log::failed(self, &failure);
                    return Err(Error::server(failure));
                }
                Event::Closed(reason) => return Err(self.lost(reason)),
                other => unreachable!("invariant: HELLO and LOGON are not answered by {other:?}"),
            }
        }
        Ok(())
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match self.link.poll_open() {
                Some(Ok(())) => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(self.handshake_failed(error))),
                None => {}
            }
            if let Err(error) = ready!(self.io.poll_drive(cx, &mut self.link)) {
                self.io_error = Some(error);
                self.link.handle_eof();
            }
        }
    }

    fn handshake_failed(&mut self, error: LinkError) -> Error {
        match (&error, self.io_error.take()) {
            (LinkError::Closed, Some(io)) => {
                let message = format!("lost the connection to {} during the handshake", self.address);
                Error::with_source(ErrorKind::ServiceUnavailable, message, io)
            }
            (LinkError::Closed, None) => Error::new(
                ErrorKind::ServiceUnavailable,
                format!("{} closed the connection during the handshake", self.address),
            ),
            _ => Error::with_source(ErrorKind::Protocol, format!("cannot speak Bolt with {}", self.address), error),
        }
    }

    /// Waits for what the server says next, moving bytes in both directions meanwhile.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            if let Some(event) = self.bolt().poll_event() {
                return Poll::Ready(event);
            }
            if self.bolt().is_closed() {
                return Poll::Ready(Event::Closed(CloseReason::PeerClosed));
            }
            if let Err(error) = ready!(self.io.poll_drive(cx, &mut self.link)) {
                self.io_error = Some(error);
                self.link.handle_eof();
            }
        }
    }

    /// Returns the machine. The link is open: only [`Dialer::dial`] sees it before.
    pub(crate) fn bolt(&mut self) -> &mut ClientConnection {
        self.link.bolt().expect("invariant: a connection that is handed out is open")
    }

    pub(crate) fn as_bolt(&self) -> &ClientConnection {
        self.link.as_bolt().expect("invariant: a connection that is handed out is open")
    }

    /// Nobody waits any more.
    pub(crate) fn idle(&mut self) {
        self.link.handle_idle();
    }

    /// Looks, without waiting, whether the server has closed an idle connection.
    pub(crate) fn is_alive(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let alive = self.poll_event(&mut cx).is_pending();
        self.idle();
        alive && self.as_bolt().is_reusable()
    }

    /// Says GOODBYE as far as the socket takes it at once, and closes.
    pub(crate) fn close(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        if self.bolt().send(&Request::Goodbye).is_ok() {
            let _ = self.io.poll_flush(&mut cx, &mut self.link);
        }
        let _ = self.io.poll_close(&mut cx);
    }

    /// Tells why the connection is lost.
    pub(crate) fn lost(&mut self, reason: CloseReason) -> Error {
        let address = &self.address;
        match (reason, self.io_error.take()) {
            (CloseReason::Violation(violation), _) => {
                let message = format!("{address} broke the Bolt protocol");
                Error::with_source(ErrorKind::Protocol, message, violation)
            }
            (CloseReason::PeerClosed, Some(io)) => {
                Error::with_source(ErrorKind::ServiceUnavailable, format!("lost the connection to {address}"), io)
            }
            (reason, _) => {
                let message = format!("lost the connection to {address}");
                Error::with_source(ErrorKind::ServiceUnavailable, message, reason)
            }
        }
    }

    /// Brings a connection that was left in the middle back to READY, or finds that it cannot be.
    ///
    /// A COMMIT that is under way is answered first: RESET would make its outcome unknown.
    pub(crate) async fn recover(&mut self) -> bool {
        while self.as_bolt().is_committing() {
            if let Event::Closed(_) = std::future::poll_fn(|cx| self.poll_event(cx)).await {
                return false;
            }
        }
        self.reset().await
    }

    /// Sends RESET, unless the connection is clean, and drops everything that was still to come.
    pub(crate) async fn reset(&mut self) -> bool {
        if self.as_bolt().is_reusable() {
            return true;
        }
        self.ping().await
    }

    /// Sends RESET and waits for its answer.
    pub(crate) async fn ping(&mut self) -> bool {
        let Ok(reset) = self.bolt().send(&Request::Reset) else {
            return false;
        };
        loop {
            match std::future::poll_fn(|cx| self.poll_event(cx)).await {
                Event::Success { request, .. } if request == reset => return self.as_bolt().is_reusable(),
                Event::Closed(_) => return false,
                _ => {}
            }
        }
    }
}
