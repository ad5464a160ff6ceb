//! The driver: a pool, routing tables and bookmarks that all sessions share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use neobolt_core::failure::Effect;
use neobolt_core::{Address, BookmarkManager, Bookmarks, Config, ConnectionUri, Database, Pipelining, Scheme};
use neobolt_io::{Runtime, timeout_at};
use neobolt_proto::message::{AccessMode, Count, NotificationFilter};
use neobolt_proto::{Auth, Version};

use crate::connection::Dialer;
use crate::conversation::Conversation;
use crate::error::{Error, ErrorKind};
use crate::execute_query::ExecuteQuery;
use crate::pool::Pool;
use crate::query::Query;
use crate::routing::Router;
use crate::session::{SessionBookmarks, SessionBuilder};
use crate::summary::ServerInfo;

/// A driver for one Neo4j server or cluster: cheap to clone, and made once for a program.
///
/// It keeps a pool of connections; every session, transaction and query borrows one. It connects when it is first used.
#[derive(Clone, Debug)]
pub struct Driver(Arc<DriverInner>);

#[derive(Debug)]
pub(crate) struct DriverInner {
    pub(crate) pool: Arc<Pool>,
    pub(crate) router: Router,
    bookmarks: BookmarkManager,
    conversations: Mutex<BTreeMap<u64, Weak<Conversation>>>,
    next_conversation: AtomicU64,
    /// Whether a server was met that does not route for its clients: a guessed home database may then be wrong.
    without_server_side_routing: AtomicBool,
}

/// Configures a [`Driver`]. Every option has the official drivers' default.
#[derive(Debug)]
#[must_use = "a driver is made by `build`"]
pub struct DriverBuilder {
    runtime: Arc<dyn Runtime>,
    uri: Box<str>,
    auth: Auth,
    config: Config,
}

macro_rules! options {
    ($( $(#[$doc:meta])* $name:ident : $type:ty; )*) => {
        impl DriverBuilder { $(
            $(#[$doc])*
            pub fn $name(mut self, $name: $type) -> Self {
                self.config.$name = $name;
                self
            }
        )* }
    };
}

options! {
    /// Sets how many connections there may be to one server: 100 by default, at least 1.
    max_connection_pool_size: usize;
    /// Sets how long a call may wait for a connection that is ready for use, everything on the way included: 60 s by default.
    connection_acquisition_timeout: Duration;
    /// Sets how long connecting to one address may take, handshake and authentication included: 30 s by default.
    connection_timeout: Duration;
    /// Sets the age after which a connection is not lent again: one hour by default, `None` for no limit.
    max_connection_lifetime: Option<Duration>;
    /// Sets how long a connection may lie idle before the server is asked whether it still works: never by default.
    liveness_check_timeout: Option<Duration>;
    /// Sets for how long managed transactions are retried, from the first failure on: 30 s by default.
    max_transaction_retry_time: Duration;
    /// Sets which notifications the server sends: what it sends by itself, by default.
    notifications: NotificationFilter;
    /// Sets whether the driver may tell a server that asks for it which kinds of calls are used: it may, by default.
    telemetry_disabled: bool;
    /// Sets how much is sent in one write: [`Pipelining::Fewest`] round trips by default.
    pipelining: Pipelining;
}

impl DriverBuilder {
    /// Sets what names the application to the server: `neobolt/<version>` by default.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.config.user_agent = user_agent.into();
        self
    }

    /// Sets how many records are fetched at once: 1000 by default. Zero is all of them.
    pub fn fetch_size(mut self, records: u32) -> Self {
        self.config.fetch_size = fetch_size(records);
        self
    }

    /// Sets the newest version of Bolt to speak: the newest that the driver knows by default. For tests against servers that speak newer ones.
    pub fn max_bolt_version(mut self, version: Version) -> Self {
        self.config.max_bolt_version = version;
        self
    }

    /// Makes the driver. No connection is opened.
    ///
    /// # Errors
    ///
    /// The URI or an option cannot work; the error names it.
    pub fn build(self) -> Result<Driver, Error> {
        self.config.validate()?;
        let uri: ConnectionUri = self.uri.parse()?;
        let router = Router::new(&uri);
        let dialer = Dialer::new(self.runtime, uri, self.auth, self.config)?;
        Ok(Driver(Arc::new(DriverInner {
            pool: Arc::new(Pool::new(dialer)),
            router,
            bookmarks: BookmarkManager::new(Bookmarks::new()),
            conversations: Mutex::default(),
            next_conversation: AtomicU64::new(0),
            without_server_side_routing: AtomicBool::new(false),
        })))
    }
}

pub(crate) fn fetch_size(records: u32) -> Count {
    if records == 0 { Count::All } else { Count::Records(records.into()) }
}

impl Driver {
    /// Begins to configure a driver on `runtime`.
    ///
    /// `uri` is `bolt://host:port` for one server, or `neo4j://host:port` for a cluster or a server that may become one.
    pub fn builder(runtime: Arc<dyn Runtime>, uri: &str, auth: Auth) -> DriverBuilder {
        DriverBuilder { runtime, uri: uri.into(), auth, config: Config::default() }
    }

    /// Runs one query in a managed transaction and returns all of its result: the shortest way to a result.
    ///
    /// The transaction is retried like those of [`Session::execute_write`](crate::Session::execute_write), and sees what
    /// earlier calls on this driver have written.
    pub fn execute_query(&self, query: impl Into<Query>) -> ExecuteQuery {
        ExecuteQuery::new(self.clone(), query.into())
    }

    /// Begins to configure a session.
    pub fn session(&self) -> SessionBuilder {
        SessionBuilder::new(self.clone())
    }

    /// Returns the bookmarks that [`Driver::execute_query`] keeps, to hand to sessions that must see what it wrote.
    pub fn bookmark_manager(&self) -> &BookmarkManager {
        &self.0.bookmarks
    }

    /// Checks that a server can be reached and answers, and that the driver may use it.
    ///
    /// # Errors
    ///
    /// It cannot be reached, does not answer, or refuses the credentials.
    pub async fn verify_connectivity(&self) -> Result<ServerInfo, Error> {
        let bookmarks = SessionBookmarks::new(Bookmarks::new(), None);
        let target = Target { access: AccessMode::Read, database: None, user: None, bookmarks: &bookmarks };
        let deadline = self.0.acquisition_deadline();
        let mut connection = self.0.connect(&target, deadline).await?.connection;
        let alive = timeout_at(&**self.runtime(), deadline, connection.ping()).await;
        if alive != Ok(true) {
            let message = format!("{} does not answer", connection.address);
            return Err(Error::new(ErrorKind::ServiceUnavailable, message));
        }
        Ok(ServerInfo::of(&connection))
    }

    /// Closes the driver: nothing is begun or retried any more, idle connections are closed at once, and those in use when
    /// their work is done, or when `patience` is over. Returns when no connection is left.
    pub async fn close(&self, patience: Duration) {
        let inner = &self.0;
        inner.pool.close();
        let deadline = inner.now() + patience;
        if timeout_at(&**self.runtime(), deadline, inner.pool.emptied()).await.is_err() {
            let conversations = std::mem::take(&mut *inner.lock_conversations());
            for conversation in conversations.into_values().filter_map(|it| it.upgrade()) {
                conversation.abort();
            }
        }
    }

    pub(crate) fn inner(&self) -> &Arc<DriverInner> {
        &self.0
    }

    pub(crate) fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.0.pool.dialer.runtime
    }

    /// Returns how many connections to `address` are in use, idle, being opened, and waited for.
    pub fn pool_counts(&self, address: &Address) -> neobolt_core::Counts {
        self.0.pool.counts(address)
    }
}

/// What a connection is needed for.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) access: AccessMode,
    pub(crate) database: Option<Arc<str>>,
    pub(crate) user: Option<Arc<str>>,
    pub(crate) bookmarks: &'a Arc<SessionBookmarks>,
}

/// A connection for a target.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) connection: crate::pool::Pooled,
    /// Whose routing table led here.
    pub(crate) key: Database,
    /// The database to name to the server; none leaves it to the server.
    pub(crate) database: Option<Arc<str>>,
}

impl DriverInner {
    pub(crate) fn config(&self) -> &Config {
        &self.pool.dialer.config
    }

    pub(crate) fn now(&self) -> Instant {
        self.pool.dialer.runtime.now()
    }

    pub(crate) fn acquisition_deadline(&self) -> Instant {
        self.now() + self.config().connection_acquisition_timeout
    }

    fn is_routing(&self) -> bool {
        self.pool.dialer.uri.scheme() == Scheme::Neo4j
    }

    /// Gives a connection to a server that can serve `target`, within `deadline`.
    pub(crate) async fn connect(self: &Arc<Self>, target: &Target<'_>, deadline: Instant) -> Result<Connected, Error> {
        let database = target.database.clone().or_else(|| target.bookmarks.home_database());
        let connected = if self.is_routing() {
            let guess_is_safe = !self.without_server_side_routing.load(Ordering::Relaxed);
            self.router.connect(self, target, database, guess_is_safe, deadline).await?
        } else {
            let key = database.clone().map_or(Database::Home(target.user.clone()), Database::Named);
            let connection = self.pool.acquire(self.pool.dialer.uri.address(), deadline).await?;
            Connected { connection, key, database }
        };
        if !connected.connection.as_bolt().server().server_side_routing {
            self.without_server_side_routing.store(true, Ordering::Relaxed);
        }
        Ok(connected)
    }

    /// As [`Self::connect`], as a conversation, with the database to name to the server.
    pub(crate) async fn converse(
        self: &Arc<Self>,
        target: &Target<'_>,
    ) -> Result<(Arc<Conversation>, Option<Arc<str>>), Error> {
        let Connected { connection, key, database } = self.connect(target, self.acquisition_deadline()).await?;
        let home = target.database.is_none();
        let user = target.user.clone();
        let conversation = Conversation::new(self, connection, key, home.then_some(user), target.bookmarks);
        Ok((conversation, database))
    }

    fn lock_conversations(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Weak<Conversation>>> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a conversation, so that closing the driver can end it. Returns its number.
    pub(crate) fn register(&self, conversation: &Arc<Conversation>) -> u64 {
        let number = self.next_conversation.fetch_add(1, Ordering::Relaxed);
        self.lock_conversations().insert(number, Arc::downgrade(conversation));
        number
    }

    pub(crate) fn unregister(&self, number: u64) {
        self.lock_conversations().remove(&number);
    }

    /// A server answered with a failure that says something about itself.
    pub(crate) fn suffered(&self, effect: Effect, address: &Address, database: &Database) {
        match effect {
            Effect::None => {}
            Effect::ForgetWriter => self.router.lock().forget_writer(database, address),
            Effect::Deactivate => self.deactivate(address),
            Effect::Reauthenticate => self.pool.retire(address),
        }
    }

    /// A server that does not answer is not asked again until a routing table names it again.
    pub(crate) fn deactivate(&self, address: &Address) {
        if self.is_routing() {
            self.router.lock().forget(address);
            self.pool.deactivate(address);
        }
    }

    /// A connection was lost; `unknown` tells whether something may or may not have been committed.
    pub(crate) fn lost(&self, address: &Address, error: Error, unknown: bool) -> Error {
        self.deactivate(address);
        if unknown {
            return Error::commit_unknown("the connection was lost", error);
        }
        if self.is_routing() && error.kind() == ErrorKind::ServiceUnavailable {
            let message = error.to_string();
            return Error::with_source(ErrorKind::SessionExpired, message, error);
        }
        error
    }

    pub(crate) fn learned_home_database(&self, user: &Option<Arc<str>>, name: &str) {
        self.router.lock().set_home_database(user.clone(), name.into());
    }
}
