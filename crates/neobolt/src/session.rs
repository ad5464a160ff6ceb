//! Sessions: chains of transactions, each of which sees what the one before it did.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use neobolt_core::{BookmarkManager, Bookmarks, Pipelining};
use neobolt_io::BoxFuture;
use neobolt_proto::Auth;
use neobolt_proto::message::{AccessMode, Count, NotificationFilter, TelemetryApi, TransactionOptions};

use crate::conversation::{Conversation, Run, Telemetry};
use crate::driver::{Driver, Target, fetch_size};
use crate::error::{Error, TransactionError};
use crate::query::{Query, TransactionConfig, query_setters};
use crate::result::{RecordStream, ResultState, buffer, discard};
use crate::retry::{Retries, undecided};
use crate::transaction::{Handle, ManagedTransaction, Transaction};

/// What the transactions of a session have seen, shared with the conversations that move it on.
#[derive(Debug)]
pub(crate) struct SessionBookmarks {
    state: Mutex<Seen>,
    manager: Option<BookmarkManager>,
}

#[derive(Debug, Default)]
struct Seen {
    bookmarks: Bookmarks,
    /// What was last sent, and so is superseded by what comes back.
    sent: Bookmarks,
    home_database: Option<Arc<str>>,
}

impl SessionBookmarks {
    pub(crate) fn new(bookmarks: Bookmarks, manager: Option<BookmarkManager>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(Seen { bookmarks, ..Seen::default() }), manager })
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bookmarks to begin the next transaction with.
    pub(crate) fn to_send(&self) -> Bookmarks {
        let mut seen = self.lock();
        let bookmarks = match &self.manager {
            Some(manager) => seen.bookmarks.union(&manager.get()),
            None => seen.bookmarks.clone(),
        };
        seen.sent = bookmarks.clone();
        bookmarks
    }

    /// A transaction was committed.
    pub(crate) fn advance(&self, bookmark: &str) {
        let mut seen = self.lock();
        seen.bookmarks = Bookmarks::from_iter([bookmark]);
        if let Some(manager) = &self.manager {
            manager.update(&seen.sent, &seen.bookmarks);
        }
    }

    /// The server said which database is the home database: the session stays with it.
    pub(crate) fn resolved(&self, name: &str) {
        self.lock().home_database.get_or_insert_with(|| name.into());
    }

    pub(crate) fn home_database(&self) -> Option<Arc<str>> {
        self.lock().home_database.clone()
    }
}

/// Configures a [`Session`].
#[derive(Debug)]
#[must_use = "a session is made by `build`"]
pub struct SessionBuilder {
    driver: Driver,
    config: SessionConfig,
    bookmarks: Bookmarks,
    manager: Option<BookmarkManager>,
}

#[derive(Clone, Debug)]
struct SessionConfig {
    database: Option<Arc<str>>,
    impersonated_user: Option<Arc<str>>,
    auth: Option<Auth>,
    access: AccessMode,
    fetch_size: Count,
    notifications: NotificationFilter,
    retries_auto_commit: bool,
}

impl SessionBuilder {
    pub(crate) fn new(driver: Driver) -> Self {
        let config = SessionConfig {
            database: None,
            impersonated_user: None,
            auth: None,
            access: AccessMode::Write,
            fetch_size: driver.inner().config().fetch_size,
            notifications: NotificationFilter::default(),
            retries_auto_commit: !driver.inner().config().disable_auto_commit_retries,
        };
        Self { driver, config, bookmarks: Bookmarks::new(), manager: None }
    }

    /// Sets the database: the user's home database by default. Naming it saves asking for it.
    pub fn database(mut self, database: impl Into<Arc<str>>) -> Self {
        self.config.database = Some(database.into());
        self
    }

    /// Sets how [`Session::run`] and [`Session::begin_transaction`] access the database: they write, by default.
    pub fn default_access_mode(mut self, access: AccessMode) -> Self {
        self.config.access = access;
        self
    }

    /// Sets what the first transaction must have seen: nothing by default.
    pub fn bookmarks(mut self, bookmarks: Bookmarks) -> Self {
        self.bookmarks = bookmarks;
        self
    }

    /// Sets a manager with which the session shares what it has seen: none by default.
    pub fn bookmark_manager(mut self, manager: &BookmarkManager) -> Self {
        self.manager = Some(manager.clone());
        self
    }

    /// Sets the user in whose name the session works.
    pub fn impersonated_user(mut self, user: impl Into<Arc<str>>) -> Self {
        self.config.impersonated_user = Some(user.into());
        self
    }

    /// Sets the token that the session authenticates with: the driver's by default. Needs Bolt 5.1.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.config.auth = Some(auth);
        self
    }

    /// Sets which notifications the server sends: those that the driver asks for, by default. Needs Bolt 5.2.
    pub fn notifications(mut self, filter: NotificationFilter) -> Self {
        self.config.notifications = filter;
        self
    }

    /// Sets how many records are fetched at once: the driver's number by default. Zero is all of them.
    pub fn fetch_size(mut self, records: u32) -> Self {
        self.config.fetch_size = fetch_size(records);
        self
    }

    /// Sets whether an auto-commit query is never sent again: as the driver is configured, by default.
    pub fn disable_auto_commit_retries(mut self, disabled: bool) -> Self {
        self.config.retries_auto_commit = !disabled;
        self
    }

    /// Makes the session. No connection is opened.
    pub fn build(self) -> Session {
        let bookmarks = SessionBookmarks::new(self.bookmarks, self.manager);
        Session { driver: self.driver, config: self.config, bookmarks, previous: None }
    }
}

/// A chain of transactions: each sees what the one before it did, on whatever server it runs.
///
/// A session is cheap, borrows a connection only while it needs one, and does one thing at a time: for concurrency, make one
/// for each task.
#[derive(Debug)]
pub struct Session {
    driver: Driver,
    config: SessionConfig,
    bookmarks: Arc<SessionBookmarks>,
    /// The result of the last auto-commit query, if it may still be open.
    previous: Option<Arc<ResultState>>,
}

impl Session {
    /// Runs a query in a transaction of its own, which is committed when its result ends.
    ///
    /// It is sent once, and once again where the server says of its failure that nothing was done yet and that it may be
    /// ([`DriverBuilder::disable_auto_commit_retries`](crate::DriverBuilder::disable_auto_commit_retries)). A result that is still open when the session is used again is received to its end
    /// first, for its stream to be read later.
    pub fn run(&mut self, query: impl Into<Query>) -> RunAutoCommit<'_> {
        RunAutoCommit { session: self, query: query.into(), config: TransactionConfig::new() }
    }

    /// Begins an explicit transaction.
    ///
    /// With [`Pipelining::Fewest`] BEGIN is sent together with the first query, so the server's transaction begins there.
    pub fn begin_transaction(&mut self) -> BeginTransaction<'_> {
        BeginTransaction { session: self, config: TransactionConfig::new() }
    }

    /// Runs `work` in a transaction that only reads, commits it and returns what `work` returned; runs it again when it
    /// failed in a way that may pass, so it must do nothing but use its transaction that cannot be done twice.
    ///
    /// Retried are [retryable](Error::is_retryable) errors, after 1 s, 2 s, 4 s and so on, each ±20 %, for 30 s by
    /// default.
    ///
    /// # Errors
    ///
    /// The first error that is not retryable, or the last one when the time is over.
    pub async fn execute_read<F, Fut, T, E>(&mut self, work: F) -> Result<T, E>
    where
        F: FnMut(ManagedTransaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: TransactionError,
    {
        self.execute(AccessMode::Read, &TransactionConfig::new(), work).await
    }

    /// Runs `work` in a transaction that may write; otherwise as [`Session::execute_read`].
    ///
    /// # Errors
    ///
    /// As [`Session::execute_read`]. An error of kind [`CommitUnknown`](crate::ErrorKind::CommitUnknown) is never retried.
    pub async fn execute_write<F, Fut, T, E>(&mut self, work: F) -> Result<T, E>
    where
        F: FnMut(ManagedTransaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: TransactionError,
    {
        self.execute(AccessMode::Write, &TransactionConfig::new(), work).await
    }

    /// As [`Session::execute_read`] or [`Session::execute_write`], by `access`, with a timeout or metadata.
    ///
    /// # Errors
    ///
    /// As [`Session::execute_write`].
    pub async fn execute<F, Fut, T, E>(
        &mut self,
        access: AccessMode,
        config: &TransactionConfig,
        mut work: F,
    ) -> Result<T, E>
    where
        F: FnMut(ManagedTransaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: TransactionError,
    {
        let mut retries = Retries::new(&self.driver);
        let telemetry = Telemetry::new(TelemetryApi::ManagedTransaction);
        loop {
            let mut running = None;
            match retries.bound(self.attempt(access, config, &telemetry, &mut work, &mut running)).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => {
                    // The connection is not kept while nothing is done with it.
                    drop(running);
                    retries.again(error).await?;
                }
                Err(last) => return Err(undecided(running, last)),
            }
        }
    }

    async fn attempt<F, Fut, T, E>(
        &mut self,
        access: AccessMode,
        config: &TransactionConfig,
        telemetry: &Telemetry,
        work: &mut F,
        running: &mut Option<Arc<Conversation>>,
    ) -> Result<T, E>
    where
        F: FnMut(ManagedTransaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: TransactionError,
    {
        let handle = self.begin(access, config, telemetry).await?;
        *running = Some(handle.conversation());
        match work(ManagedTransaction::new(handle.clone())).await {
            Ok(value) => {
                handle.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The server's transaction must be gone before anything is retried; why `work` failed counts, not this.
                let _ = handle.rollback().await;
                Err(error)
            }
        }
    }

    /// Ends the session: what is left of an open result of [`Session::run`] is dropped, and its bookmark awaited.
    ///
    /// A session that is dropped leaves its results to their streams.
    pub async fn close(mut self) {
        if let Some(previous) = self.previous.take() {
            discard(&previous).await;
        }
    }

    /// Returns what the last transaction has made visible, for another session to begin with.
    ///
    /// Receives the rest of an open auto-commit result first: its bookmark comes at its end.
    pub async fn last_bookmarks(&mut self) -> Bookmarks {
        self.finish_previous().await;
        self.bookmarks.lock().bookmarks.clone()
    }

    fn target(&self, access: AccessMode) -> Target<'_> {
        Target {
            access,
            database: self.config.database.clone(),
            impersonated_user: self.config.impersonated_user.clone(),
            auth: self.config.auth.as_ref(),
            bookmarks: &self.bookmarks,
        }
    }

    async fn finish_previous(&mut self) {
        if let Some(previous) = &self.previous {
            buffer(previous).await;
            self.previous = None;
        }
    }

    async fn connect(&mut self, access: AccessMode) -> Result<(Arc<Conversation>, Option<Arc<str>>), Error> {
        self.finish_previous().await;
        self.driver.inner().converse(&self.target(access)).await
    }

    async fn begin(
        &mut self,
        access: AccessMode,
        config: &TransactionConfig,
        telemetry: &Telemetry,
    ) -> Result<Handle, Error> {
        let (conversation, database) = self.connect(access).await?;
        let bookmarks = self.bookmarks.to_send();
        let mut options = options(access, database.as_deref(), &self.config, &bookmarks);
        config.apply(&mut options);
        {
            let mut state = conversation.lock();
            state.telemetry(telemetry)?;
            state.begin(&options)?;
        }
        if self.driver.inner().config().pipelining == Pipelining::Official {
            conversation.until(|state| (state.is_quiet() && state.broken.is_none()).then_some(())).await?;
        }
        Ok(Handle::new(conversation, self.fetch()))
    }

    fn fetch(&self) -> Count {
        self.config.fetch_size
    }
}

fn options<'a>(
    access: AccessMode,
    database: Option<&'a str>,
    config: &'a SessionConfig,
    bookmarks: &'a Bookmarks,
) -> TransactionOptions<'a> {
    TransactionOptions {
        mode: access,
        database,
        bookmarks: bookmarks.iter().collect(),
        impersonated_user: config.impersonated_user.as_deref(),
        notifications: Some(&config.notifications),
        ..TransactionOptions::default()
    }
}

/// A query that [`Session::run`] will run when it is awaited.
#[derive(Debug)]
#[must_use = "a query runs when it is awaited"]
pub struct RunAutoCommit<'a> {
    session: &'a mut Session,
    query: Query,
    config: TransactionConfig,
}

impl RunAutoCommit<'_> {
    query_setters!();

    /// Sets timeout and metadata of the transaction.
    pub fn config(mut self, config: TransactionConfig) -> Self {
        self.config = config;
        self
    }
}

impl<'a> IntoFuture for RunAutoCommit<'a> {
    type Output = Result<RecordStream, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { session, query, config } = self;
        Box::pin(async move {
            let telemetry = Telemetry::new(TelemetryApi::AutoCommit);
            let ran = match session.auto_commit(&query, &config, Some(&telemetry)).await {
                Err(error) if session.config.retries_auto_commit && error.is_idempotent() => {
                    session.auto_commit(&query, &config, None).await
                }
                ran => ran,
            };
            ran.inspect(|stream| stream.ran(query))
        })
    }
}

impl Session {
    async fn auto_commit(
        &mut self,
        query: &Query,
        config: &TransactionConfig,
        telemetry: Option<&Telemetry>,
    ) -> Result<RecordStream, Error> {
        let access = self.config.access;
        let (conversation, database) = self.connect(access).await?;
        let bookmarks = self.bookmarks.to_send();
        let mut options = options(access, database.as_deref(), &self.config, &bookmarks);
        config.apply(&mut options);
        let fetch = self.fetch();
        let result = ResultState::new();
        {
            let mut state = conversation.lock();
            if let Some(telemetry) = telemetry {
                state.telemetry(telemetry)?;
            }
            let run = Run { query: &query.text, parameters: &query.parameters, first_pull: fetch };
            state.run(&run, Some(&options), &result)?;
        }
        let stream = RecordStream::open(Arc::clone(&result), &conversation, fetch).await?;
        self.previous = Some(result);
        Ok(stream)
    }
}

/// A transaction that [`Session::begin_transaction`] will begin when it is awaited.
#[derive(Debug)]
#[must_use = "a transaction begins when it is awaited"]
pub struct BeginTransaction<'a> {
    session: &'a mut Session,
    config: TransactionConfig,
}

impl BeginTransaction<'_> {
    /// Sets timeout and metadata of the transaction.
    pub fn config(mut self, config: TransactionConfig) -> Self {
        self.config = config;
        self
    }
}

impl<'a> IntoFuture for BeginTransaction<'a> {
    type Output = Result<Transaction, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { session, config } = self;
        Box::pin(async move {
            let access = session.config.access;
            let telemetry = Telemetry::new(TelemetryApi::ExplicitTransaction);
            let handle = session.begin(access, &config, &telemetry).await?;
            Ok(Transaction::new(handle))
        })
    }
}
