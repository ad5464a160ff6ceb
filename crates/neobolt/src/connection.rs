//! One connection: its bytes, its machine, and how it is opened.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use neobolt_core::{Address, Config, ConnectionUri, Encryption, Link, LinkError};
use neobolt_io::{BoxFuture, Io, Runtime, Transport, timeout_at};
use neobolt_proto::message::{Hello, Request};
use neobolt_proto::{Auth, ClientConnection, ClientLimits, CloseReason, Endpoint, Event, RequestId};

use crate::auth::{AuthManager, BoxError};
use crate::error::{Error, ErrorKind};
use crate::wire_log;

/// A connection that is open and authenticated.
#[derive(Debug)]
pub(crate) struct Connection {
    io: Io,
    link: Link,
    pub(crate) address: Address,
    io_error: Option<io::Error>,
    /// Who it is authenticated as, once all that was sent is answered.
    login: Login,
    /// LOGOFF and LOGON that were queued when it was lent, for whoever borrowed it to hear their answers.
    logins: Option<[RequestId; 2]>,
    routes: Option<Routes>,
}

/// Who a connection is used as.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Login {
    pub(crate) auth: Auth,
    /// It is the session's own, and the driver's [`AuthManager`] has nothing to do with it.
    pub(crate) is_sessions: bool,
}

/// Finds the servers that a name in the connection URI stands for.
pub(crate) type Resolver = Box<dyn Fn(Address) -> BoxFuture<'static, Result<Vec<Address>, BoxError>> + Send + Sync>;

/// How long a server may take for handshake and authentication before it is left for another one. Those that work take
/// milliseconds, or some seconds where somebody else knows the users.
const FIRST_WORDS: Duration = Duration::from_secs(30);

/// What a driver opens its connections with.
pub(crate) struct Dialer {
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) uri: ConnectionUri,
    pub(crate) auth: Arc<dyn AuthManager>,
    pub(crate) resolver: Option<Resolver>,
    pub(crate) config: Config,
    pub(crate) server_side_routing: Arc<ServerSideRouting>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("uri", &self.uri).field("config", &self.config).finish_non_exhaustive()
    }
}

/// Counts the open connections whose servers route for their clients, and those whose servers do not.
#[derive(Debug, Default)]
pub(crate) struct ServerSideRouting {
    with: AtomicUsize,
    without: AtomicUsize,
}

impl ServerSideRouting {
    /// Whether every server that the driver is connected to sends on what another member must do.
    pub(crate) fn is_everywhere(&self) -> bool {
        self.with.load(Ordering::Relaxed) > 0 && self.without.load(Ordering::Relaxed) == 0
    }
}

/// One connection's share in [`ServerSideRouting`].
#[derive(Debug)]
struct Routes {
    counts: Arc<ServerSideRouting>,
    routes: bool,
}

impl Routes {
    fn new(counts: &Arc<ServerSideRouting>, routes: bool) -> Self {
        let this = Self { counts: Arc::clone(counts), routes };
        this.counter().fetch_add(1, Ordering::Relaxed);
        this
    }

    fn counter(&self) -> &AtomicUsize {
        if self.routes { &self.counts.with } else { &self.counts.without }
    }
}

impl Drop for Routes {
    fn drop(&mut self) {
        self.counter().fetch_sub(1, Ordering::Relaxed);
    }
}

impl Dialer {
    /// Fails where an option asks for what this driver cannot do.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.uri.encryption() != Encryption::Plain {
            return Err(Error::new(
                ErrorKind::Configuration,
                "TLS is not available yet: the schemes with +s and +ssc are understood, but cannot be connected to",
            ));
        }
        Ok(())
    }

    /// Resolves, connects, shakes hands and authenticates: two round trips.
    pub(crate) async fn dial(&self, address: &Address, login: Login) -> Result<Connection, Error> {
        let unreachable =
            |error| Error::with_source(ErrorKind::ServiceUnavailable, format!("cannot connect to {address}"), error);
        let addresses = self.runtime.resolve(address.host(), address.port()).await.map_err(unreachable)?;
        let mut tried = BTreeSet::new();
        let mut last = unreachable(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        for to in addresses {
            if !tried.insert(to) {
                continue;
            }
            let deadline = self.runtime.now() + self.config.connection_timeout;
            let transport = timeout_at(&*self.runtime, deadline, self.runtime.connect(to)).await;
            let transport = match transport.unwrap_or_else(|elapsed| Err(elapsed.into())) {
                Ok(transport) => transport,
                Err(error) => {
                    last = unreachable(error);
                    continue;
                }
            };
            // A process that hangs still accepts connections.
            let deadline = self.runtime.now() + self.config.connection_timeout.max(FIRST_WORDS);
            last = match timeout_at(&*self.runtime, deadline, self.open(transport, address, &login)).await {
                Ok(Ok(connection)) => return Ok(connection),
                // A server's word counts for all its addresses. Whoever speaks no Bolt may not be the server.
                Ok(Err(error)) if error.failure().is_some() || error.kind() == ErrorKind::Configuration => {
                    return Err(error);
                }
                Ok(Err(error)) => error,
                Err(elapsed) => unreachable(elapsed.into()),
            };
        }
        Err(last)
    }

    async fn open(&self, transport: Box<dyn Transport>, address: &Address, login: &Login) -> Result<Connection, Error> {
        let io = Io::new(Arc::clone(&self.runtime), transport);
        let link = Link::new(ClientLimits::default(), self.config.max_bolt_version);
        let mut connection = Connection {
            io,
            link,
            address: address.clone(),
            io_error: None,
            login: login.clone(),
            logins: None,
            routes: None,
        };
        connection.open(self).await?;
        Ok(connection)
    }
}

impl Connection {
    async fn open(&mut self, dialer: &Dialer) -> Result<(), Error> {
        std::future::poll_fn(|cx| self.poll_open(cx)).await?;
        let auth = self.login.auth.clone();
        let hello = Request::Hello(Hello {
            user_agent: &dialer.config.user_agent,
            product: concat!("neobolt/", env!("CARGO_PKG_VERSION")),
            routing: dialer.uri.routing_context(),
            auth: &auth,
            notifications: &dialer.config.notifications,
        });
        let bolt = self.bolt();
        let mut answers = 1;
        bolt.send(&hello)?;
        if bolt.capabilities().logon {
            bolt.send(&Request::Logon(&auth))?;
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
        let routes = self.as_bolt().server().server_side_routing;
        self.routes = Some(Routes::new(&dialer.server_side_routing, routes));
        Ok(())
    }

    pub(crate) fn login(&self) -> &Login {
        &self.login
    }

    /// Queues LOGOFF and LOGON, which go out with whatever is asked next. Their answers are whoever's who asks it:
    /// see [`Self::take_logins`].
    pub(crate) fn log_in(&mut self, login: Login) -> Result<(), Error> {
        let bolt = self.bolt();
        let logoff = bolt.send(&Request::Logoff)?;
        let logon = bolt.send(&Request::Logon(&login.auth))?;
        self.logins = Some([logoff, logon]);
        self.login = login;
        Ok(())
    }

    /// Returns the LOGOFF and the LOGON that are not answered yet, once.
    pub(crate) fn take_logins(&mut self) -> Option<[RequestId; 2]> {
        self.logins.take()
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
