//! The driver: a pool, routing tables and bookmarks that all sessions share.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use neobolt_core::failure::{Effect, is_unauthenticated};
use neobolt_core::{
    Address, BookmarkManager, Bookmarks, Config, ConnectionUri, Database, Encryption, Pipelining, RoutingTable, Scheme,
    User,
};
use neobolt_io::{BoxFuture, Runtime, timeout_at};
use neobolt_proto::message::{AccessMode, Count, NotificationFilter};
use neobolt_proto::{Auth, Version};

use crate::auth::{AuthManager, BoxError};
use crate::connection::{Dialer, Resolver};
use crate::conversation::Conversation;
use crate::error::{Error, ErrorKind};
use crate::execute_query::ExecuteQuery;
use crate::pool::{Pool, Wanted};
use crate::query::Query;
use crate::retry::Comeback;
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
    conversations: Mutex<Conversations>,
    pub(crate) comeback: Comeback,
    /// Makes names of tokens that have no user's name.
    hasher: RandomState,
}

/// What is being said on leased connections, for closing the driver to end it.
#[derive(Debug, Default)]
struct Conversations {
    open: BTreeMap<u64, Weak<Conversation>>,
    next: u64,
    /// The driver is closed, and its patience is over.
    cut_off: bool,
}

/// Configures a [`Driver`]. Every option has the official drivers' default.
#[must_use = "a driver is made by `build`"]
pub struct DriverBuilder {
    runtime: Arc<dyn Runtime>,
    uri: Box<str>,
    auth: Arc<dyn AuthManager>,
    resolver: Option<Resolver>,
    config: Config,
}

impl fmt::Debug for DriverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverBuilder").field("config", &self.config).finish_non_exhaustive()
    }
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
    /// Sets how long a call may wait for a connection, of however many servers, until it is ready for use: 60 s by default.
    /// Asking a router for its table takes another connection, and as long again.
    connection_acquisition_timeout: Duration;
    /// Sets how long the operating system may take to connect to one address: 30 s by default.
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
    /// Sets whether an auto-commit query is never sent again. By default it is, once, where the server says of a failure that
    /// nothing was done yet and that it may be.
    disable_auto_commit_retries: bool;
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

    /// Sets what finds the servers that the URI stands for, such as those of a cluster whose members are known by other
    /// means: by default the one that the URI names. Names among what it returns are looked up. It must not call the driver.
    pub fn resolver<F, Fut, E>(mut self, resolver: F) -> Self
    where
        F: Fn(Address) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Address>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.resolver = Some(Box::new(move |address| {
            let resolved = resolver(address);
            Box::pin(async move { resolved.await.map_err(Into::into) }) as BoxFuture<'static, _>
        }));
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
        let dialer = Dialer {
            runtime: self.runtime,
            uri,
            auth: self.auth,
            resolver: self.resolver,
            config: self.config,
            server_side_routing: Arc::default(),
        };
        dialer.validate()?;
        Ok(Driver(Arc::new(DriverInner {
            pool: Arc::new(Pool::new(dialer)),
            router: Router::default(),
            bookmarks: BookmarkManager::new(Bookmarks::new()),
            conversations: Mutex::default(),
            comeback: Comeback::default(),
            hasher: RandomState::new(),
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
    ///
    /// `auth` is an [`Auth`], or a manager of tokens that change.
    pub fn builder(runtime: Arc<dyn Runtime>, uri: &str, auth: impl AuthManager) -> DriverBuilder {
        DriverBuilder { runtime, uri: uri.into(), auth: Arc::new(auth), resolver: None, config: Config::default() }
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

    /// Checks that a server can be reached and answers, and that the driver may use it. Returns which server answered.
    ///
    /// # Errors
    ///
    /// It cannot be reached, does not answer, or refuses the credentials.
    pub async fn verify_connectivity(&self) -> Result<ServerInfo, Error> {
        let conversation = self.probe(Probe { check_liveness: true, ..Probe::default() }).await?;
        let state = conversation.lock();
        Ok(ServerInfo::of(&state.connection))
    }

    /// Returns whether the server has more than one database.
    ///
    /// # Errors
    ///
    /// No server can be reached, or it refuses the credentials.
    pub async fn supports_multi_db(&self) -> Result<bool, Error> {
        let conversation = self.probe(Probe::default()).await?;
        let state = conversation.lock();
        Ok(state.connection.as_bolt().capabilities().databases)
    }

    /// Returns whether sessions can have a token of their own.
    ///
    /// # Errors
    ///
    /// No server can be reached, or it refuses the credentials.
    pub async fn supports_session_auth(&self) -> Result<bool, Error> {
        let conversation = self.probe(Probe::default()).await?;
        let state = conversation.lock();
        Ok(state.connection.as_bolt().capabilities().logon)
    }

    /// Returns whether a server accepts this token. Needs Bolt 5.1.
    ///
    /// # Errors
    ///
    /// No server can be reached, or it cannot tell.
    pub async fn verify_authentication(&self, auth: &Auth) -> Result<bool, Error> {
        let probe = Probe { database: Some("system".into()), auth: Some(auth), log_in_again: true, ..Probe::default() };
        match self.probe(probe).await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some_and(is_unauthenticated) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.pool.dialer.uri.encryption() != Encryption::Plain
    }

    /// Returns the routing table of a database, or of the home database, if there is one: for people who want to know.
    pub fn routing_table(&self, database: Option<&str>) -> Option<RoutingTable> {
        self.0.router.known_table(database)
    }

    /// Asks for the routing table of a database, or of the home database, whether or not there is one: for tests.
    ///
    /// # Errors
    ///
    /// There is nothing to route with scheme `bolt`, or no server gives a table.
    pub async fn update_routing_table(&self, database: Option<&str>, bookmarks: Bookmarks) -> Result<(), Error> {
        if !self.0.is_routing() {
            return Err(Error::new(ErrorKind::Configuration, "scheme `bolt` has no routing table: it needs `neo4j`"));
        }
        let bookmarks = SessionBookmarks::new(bookmarks, None);
        let target = Target {
            access: AccessMode::Read,
            database: database.map(Arc::from),
            impersonated_user: None,
            auth: None,
            bookmarks: &bookmarks,
        };
        self.0.router.update(&self.0, &target).await
    }

    /// Borrows a connection to a reader, and hears all that it has to say of its login.
    async fn probe(&self, probe: Probe<'_>) -> Result<Arc<Conversation>, Error> {
        let Probe { database, auth, check_liveness, log_in_again } = probe;
        let bookmarks = SessionBookmarks::new(Bookmarks::new(), None);
        let target =
            Target { access: AccessMode::Read, database, impersonated_user: None, auth, bookmarks: &bookmarks };
        let wanted = Wanted { session_auth: auth, log_in_again, check_liveness };
        let Connected { connection, key, .. } = self.0.connect(&target, wanted).await?;
        let conversation = Conversation::new(&self.0, connection, key, None, &bookmarks);
        let answered = conversation.until(|state| (state.is_quiet() && state.broken.is_none()).then_some(()));
        timeout_at(&**self.runtime(), self.0.pool.acquisition_deadline(), answered).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::AcquisitionTimeout, "the server did not answer within the acquisition timeout"))
        })?;
        Ok(conversation)
    }

    /// Closes the driver: nothing is begun or retried any more, idle connections are closed at once, and those in use when
    /// their work is done, or when `patience` is over. Returns when no connection is left.
    pub async fn close(&self, patience: Duration) {
        let inner = &self.0;
        inner.pool.close();
        let deadline = inner.now() + patience;
        if timeout_at(&**self.runtime(), deadline, inner.pool.emptied()).await.is_err() {
            inner.pool.cut_off();
            let mut conversations = inner.lock_conversations();
            conversations.cut_off = true;
            let open = std::mem::take(&mut conversations.open);
            drop(conversations);
            for conversation in open.into_values().filter_map(|it| it.upgrade()) {
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
    pub(crate) impersonated_user: Option<Arc<str>>,
    /// The session's own token.
    pub(crate) auth: Option<&'a Auth>,
    pub(crate) bookmarks: &'a Arc<SessionBookmarks>,
}

/// What a connection is borrowed for that nothing is run on.
#[derive(Debug, Default)]
struct Probe<'a> {
    database: Option<Arc<str>>,
    auth: Option<&'a Auth>,
    check_liveness: bool,
    log_in_again: bool,
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

    fn is_routing(&self) -> bool {
        self.pool.dialer.uri.scheme() == Scheme::Neo4j
    }

    /// Says whose home database is meant where none is named.
    pub(crate) fn user(&self, target: &Target<'_>) -> User {
        if let Some(user) = &target.impersonated_user {
            return Some(Arc::clone(user));
        }
        let auth = target.auth?;
        Some(match auth.principal() {
            Some(principal) if auth.scheme() == "basic" => principal.into(),
            // A name that tells nothing: the hash is keyed with a secret of this driver's.
            _ => format!("\0login {:016x}", self.hasher.hash_one(auth)).into(),
        })
    }

    /// Gives a connection to a server that can serve `target`.
    pub(crate) async fn connect(self: &Arc<Self>, target: &Target<'_>, wanted: Wanted<'_>) -> Result<Connected, Error> {
        let database = target.database.clone();
        if self.is_routing() {
            // A session stays with the home database that its first transaction was given.
            let database = database.or_else(|| target.bookmarks.home_database());
            return self.router.connect(self, target, database, wanted).await;
        }
        let key = database.clone().map_or_else(|| Database::Home(self.user(target)), Database::Named);
        let connection =
            self.pool.acquire(self.pool.dialer.uri.address(), wanted, self.pool.acquisition_deadline()).await?;
        Ok(Connected { connection, key, database })
    }

    /// As [`Self::connect`], as a conversation, with the database to name to the server.
    pub(crate) async fn converse(
        self: &Arc<Self>,
        target: &Target<'_>,
    ) -> Result<(Arc<Conversation>, Option<Arc<str>>), Error> {
        let wanted = Wanted { session_auth: target.auth, ..Wanted::default() };
        let Connected { connection, key, database } = self.connect(target, wanted).await?;
        let home = target.database.is_none().then(|| self.user(target));
        let conversation = Conversation::new(self, connection, key, home, target.bookmarks);
        // The driver may have been closed, and have lost its patience, in between.
        conversation.lock().ensure_open()?;
        Ok((conversation, database))
    }

    /// The servers that the connection URI stands for.
    pub(crate) async fn initial_routers(&self) -> Result<Vec<Address>, Error> {
        let Dialer { uri, resolver, .. } = &self.pool.dialer;
        match resolver {
            Some(resolve) => {
                let resolved = resolve(uri.address().clone()).await;
                resolved.map_err(|error| Error::callback("the resolver failed", error))
            }
            None => Ok(vec![uri.address().clone()]),
        }
    }

    fn lock_conversations(&self) -> std::sync::MutexGuard<'_, Conversations> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a conversation, so that closing the driver can end it; at once if that is over. Returns its number.
    pub(crate) fn register(&self, conversation: &Arc<Conversation>) -> u64 {
        let mut conversations = self.lock_conversations();
        if conversations.cut_off {
            drop(conversations);
            conversation.abort();
            return u64::MAX;
        }
        conversations.next += 1;
        let number = conversations.next;
        conversations.open.insert(number, Arc::downgrade(conversation));
        number
    }

    pub(crate) fn unregister(&self, number: u64) {
        self.lock_conversations().open.remove(&number);
    }

    /// A server answered with a failure that may say something about itself.
    pub(crate) fn suffered(&self, code: &str, address: &Address, database: &Database) {
        match Effect::of(code) {
            Effect::None => {}
            Effect::ForgetWriter => self.router.lock().forget_writer(database, address),
            Effect::Deactivate => self.deactivate(address),
            Effect::Reauthenticate => self.pool.expire_authentication(address),
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
