//! A leased connection and what is being said on it.
//!
//! Transactions and record streams are handles on one shared conversation. Whoever waits for something drives the connection
//! for everybody: it dispatches what arrives to whom it belongs and wakes the others. All state lives here, so any future
//! can be dropped at any await point.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use neobolt_core::{Database, User};
use neobolt_proto::message::{AccessMode, Count, Request, TelemetryApi, TransactionOptions};
use neobolt_proto::{Event, Map, Parameters, RequestId, SendError, Value};

use crate::driver::DriverInner;
use crate::error::{Error, ErrorKind};
use crate::pool::Pooled;
use crate::result::ResultState;
use crate::session::SessionBookmarks;
use crate::wire_log;

/// What all handles on one leased connection share.
#[derive(Debug)]
pub(crate) struct Conversation {
    state: Mutex<State>,
    waiters: Arc<Waiters>,
    /// Wakes everybody who waits: the one waker that the socket knows.
    waker: Waker,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) connection: Pooled,
    driver: Arc<DriverInner>,
    /// The database whose routing table led here.
    database: Database,
    /// The user whose home database it is, where none was named.
    home: Option<User>,
    bookmarks: Arc<SessionBookmarks>,
    expected: VecDeque<(RequestId, Reply)>,
    waiting: usize,
    /// Why nothing more can be asked: the first failure, or the loss of the connection.
    pub(crate) broken: Option<Error>,
    pub(crate) phase: Phase,
    /// The results of the open transaction that have not ended.
    results: Vec<Arc<ResultState>>,
    /// Whether the transaction has ended, and its results with it.
    ended: Arc<AtomicBool>,
    auto_commit: bool,
    access: AccessMode,
    number: u64,
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    Ending,
    Committed,
    RolledBack,
}

/// Reports one call of the API to a server that asks for it: until a server has taken note of it, not with every attempt.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    api: TelemetryApi,
    reported: Arc<AtomicBool>,
}

impl Telemetry {
    pub(crate) fn new(api: TelemetryApi) -> Self {
        Self { api, reported: Arc::default() }
    }
}

/// What an answer means.
#[derive(Debug)]
enum Reply {
    /// LOGOFF or LOGON.
    Login,
    Begin,
    Run(Arc<ResultState>),
    Stream(Arc<ResultState>),
    Commit,
    Rollback,
    Telemetry(Arc<AtomicBool>),
    Route(Arc<Mutex<Option<Map>>>),
}

#[derive(Debug, Default)]
struct Waiters(Mutex<Vec<Waker>>);

impl Waiters {
    fn list(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        let wakers = std::mem::take(&mut *self.list());
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Wakes everybody, and keeps `own` in the list all the time: the socket may want it at any moment.
    fn wake_and_keep(&self, own: &Waker) {
        let mut list = self.list();
        let wakers = std::mem::take(&mut *list);
        list.push(own.clone());
        drop(list);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

impl Conversation {
    pub(crate) fn new(
        driver: &Arc<DriverInner>,
        mut connection: Pooled,
        database: Database,
        home: Option<User>,
        bookmarks: &Arc<SessionBookmarks>,
    ) -> Arc<Self> {
        let waiters = Arc::new(Waiters::default());
        let waker = Waker::from(Arc::clone(&waiters));
        let logins = connection.take_logins();
        let state = State {
            connection,
            driver: Arc::clone(driver),
            database,
            home,
            bookmarks: Arc::clone(bookmarks),
            expected: logins.into_iter().flatten().map(|id| (id, Reply::Login)).collect(),
            waiting: 0,
            broken: None,
            phase: Phase::Open,
            results: Vec::new(),
            ended: Arc::default(),
            auto_commit: false,
            access: AccessMode::Write,
            number: 0,
        };
        let conversation = Arc::new(Self { state: Mutex::new(state), waiters, waker });
        conversation.lock().number = driver.register(&conversation);
        conversation
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the conversation from outside: the driver is closed.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        let closed = Error::closed();
        let is_unknown = state.is_undecided();
        let error = if is_unknown { Error::commit_unknown("the driver was closed", closed) } else { closed };
        state.break_off(error);
        state.connection.close();
        drop(state);
        self.waiters.wake_all();
    }

    /// Returns the error of whoever gives up waiting now, if something may or may not have been committed.
    pub(crate) fn undecided(&self) -> Option<Error> {
        let late = || Error::new(ErrorKind::ServiceUnavailable, "there was no answer in time");
        self.lock().is_undecided().then(|| Error::commit_unknown("the time for retries was over", late()))
    }

    /// Drives the connection until `goal` is reached or the conversation is broken.
    pub(crate) async fn until<T>(self: &Arc<Self>, mut goal: impl FnMut(&mut State) -> Option<T>) -> Result<T, Error> {
        let _waiting = Waits::new(self);
        std::future::poll_fn(|cx| self.poll_until(cx, &mut goal)).await
    }

    fn poll_until<T>(
        &self,
        cx: &mut Context<'_>,
        goal: &mut impl FnMut(&mut State) -> Option<T>,
    ) -> Poll<Result<T, Error>> {
        let mut state = self.lock();
        let mut dispatched = false;
        let answer = loop {
            if let Some(reached) = goal(&mut state) {
                break Poll::Ready(Ok(reached));
            }
            if let Some(error) = &state.broken {
                if state.expected.is_empty() {
                    break Poll::Ready(Err(error.clone()));
                }
            }
            // The waker stands before the socket is asked, so no wake-up comes in between.
            self.remember(cx.waker());
            match state.connection.poll_event(&mut Context::from_waker(&self.waker)) {
                Poll::Ready(event) => {
                    state.dispatch(event);
                    dispatched = true;
                }
                Poll::Pending => break Poll::Pending,
            }
        };
        let is_alone = state.waiting == 1;
        drop(state);
        match (&answer, is_alone) {
            (Poll::Ready(_), true) => self.forget(cx.waker()),
            // Whoever else waits must drive the connection from now on. It may do so in this very task, by the same waker.
            (Poll::Ready(_), false) => self.waiters.wake_all(),
            // What was dispatched may be theirs.
            (Poll::Pending, false) if dispatched => self.waiters.wake_and_keep(cx.waker()),
            (Poll::Pending, _) => {}
        }
        answer
    }

    fn remember(&self, waker: &Waker) {
        let mut wakers = self.waiters.list();
        if !wakers.iter().any(|it| it.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }

    fn forget(&self, waker: &Waker) {
        self.waiters.list().retain(|it| !it.will_wake(waker));
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.driver.unregister(self.number);
    }
}

/// Somebody waits; when the last one leaves, the receive deadline is disarmed.
struct Waits<'a>(&'a Arc<Conversation>);

impl<'a> Waits<'a> {
    fn new(conversation: &'a Arc<Conversation>) -> Self {
        conversation.lock().waiting += 1;
        Self(conversation)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waiting -= 1;
        if state.waiting == 0 {
            state.connection.idle();
        }
        drop(state);
        // Whoever was dropped may have been the one that the socket would have woken.
        self.0.waiters.wake_all();
    }
}

/// What a query is run with.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) query: &'a str,
    pub(crate) parameters: &'a Parameters,
    pub(crate) first_pull: Count,
}

impl State {
    /// Refuses what comes after a failure or the end of the transaction.
    pub(crate) fn ensure_open(&self) -> Result<(), Error> {
        if let Some(error) = &self.broken {
            if error.kind() == ErrorKind::Closed {
                return Err(error.clone());
            }
            let message = "the transaction has failed and can only be rolled back";
            return Err(Error::with_source(ErrorKind::TransactionClosed, message, error.clone()));
        }
        let message = match self.phase {
            Phase::Open => return Ok(()),
            Phase::Ending => "the transaction is being ended by a call that was dropped",
            Phase::Committed => "the transaction is committed",
            Phase::RolledBack => "the transaction is rolled back",
        };
        Err(Error::new(ErrorKind::TransactionClosed, message))
    }

    fn send(&mut self, request: &Request<'_>, reply: Reply) -> Result<(), SendError> {
        let id = self.connection.bolt().send(request)?;
        wire_log::sent(&self.connection, request);
        self.expected.push_back((id, reply));
        Ok(())
    }

    /// Reports the kind of call where the server asks for it.
    pub(crate) fn telemetry(&mut self, telemetry: &Telemetry) -> Result<(), Error> {
        let bolt = self.connection.as_bolt();
        let is_wanted = bolt.server().telemetry && bolt.capabilities().telemetry;
        let is_due = is_wanted && !telemetry.reported.load(Ordering::Relaxed);
        if is_due && !self.driver.config().telemetry_disabled {
            self.send(&Request::Telemetry(telemetry.api), Reply::Telemetry(Arc::clone(&telemetry.reported)))?;
        }
        Ok(())
    }

    pub(crate) fn begin(&mut self, options: &TransactionOptions<'_>) -> Result<(), Error> {
        self.send(&Request::Begin(options), Reply::Begin)?;
        self.access = options.mode;
        Ok(())
    }

    /// Runs a query and asks for its first records, in one write.
    pub(crate) fn run(
        &mut self,
        run: &Run<'_>,
        options: Option<&TransactionOptions<'_>>,
        result: &Arc<ResultState>,
    ) -> Result<(), Error> {
        let Run { query, parameters, first_pull } = *run;
        let request = match options {
            Some(options) => Request::RunAutoCommit { query, parameters, options },
            None => {
                result.belongs_to(&self.ended);
                Request::Run { query, parameters }
            }
        };
        let id = self.connection.bolt().send(&request)?;
        wire_log::sent(&self.connection, &request);
        if let Some(options) = options {
            self.auto_commit = true;
            self.access = options.mode;
        }
        self.expected.push_back((id, Reply::Run(Arc::clone(result))));
        result.started(id, &self.connection);
        self.results.push(Arc::clone(result));
        self.pull(result, first_pull)
    }

    /// Asks for more records of a result.
    pub(crate) fn pull(&mut self, result: &Arc<ResultState>, count: Count) -> Result<(), Error> {
        let Some(run) = result.lock().run else { return Ok(()) };
        let count = if self.connection.as_bolt().capabilities().paging { count } else { Count::All };
        self.send(&Request::Pull { run, count }, Reply::Stream(Arc::clone(result)))?;
        result.lock().requested = true;
        Ok(())
    }

    /// Drops what is left of a result.
    pub(crate) fn discard(&mut self, result: &Arc<ResultState>) -> Result<(), Error> {
        let Some(run) = result.lock().run else { return Ok(()) };
        if self.connection.as_bolt().is_open(run) && !result.lock().requested {
            self.send(&Request::Discard { run, count: Count::All }, Reply::Stream(Arc::clone(result)))?;
            result.lock().requested = true;
        }
        Ok(())
    }

    /// Whether a result waits for the answer to a PULL or DISCARD.
    pub(crate) fn is_settled(&self) -> bool {
        self.results.iter().all(|result| !result.lock().requested)
    }

    /// Drops what is left of every result, so that the transaction may end.
    pub(crate) fn discard_all(&mut self) -> Result<(), Error> {
        for result in self.results.clone() {
            result.cut();
            self.discard(&result)?;
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        self.send(&Request::Commit, Reply::Commit)?;
        self.phase = Phase::Ending;
        Ok(())
    }

    pub(crate) fn rollback(&mut self) -> Result<(), Error> {
        self.send(&Request::Rollback, Reply::Rollback)?;
        self.phase = Phase::Ending;
        Ok(())
    }

    /// The transaction has ended, one way or the other.
    pub(crate) fn end(&mut self, phase: Phase) {
        self.phase = phase;
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The results that must be received before another query is run: before Bolt 4.0 there is one at a time.
    pub(crate) fn results_in_the_way(&self) -> Vec<Arc<ResultState>> {
        if self.connection.as_bolt().capabilities().paging { Vec::new() } else { self.results.clone() }
    }

    /// Asks for a routing table; the answer is put into `slot`.
    pub(crate) fn route(&mut self, request: &Request<'_>, slot: &Arc<Mutex<Option<Map>>>) -> Result<(), Error> {
        self.send(request, Reply::Route(Arc::clone(slot)))?;
        Ok(())
    }

    /// Whether everything sent so far is answered.
    pub(crate) fn is_quiet(&self) -> bool {
        self.expected.is_empty()
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Records { run, batch } => {
                wire_log::records(&self.connection, batch.len());
                let result = self.results.iter().find(|result| result.lock().run == Some(run));
                match result {
                    Some(result) => result.received(batch),
                    None => self.connection.bolt().recycle(batch),
                }
            }
            Event::Success { metadata, .. } => {
                wire_log::succeeded(&self.connection);
                if let Some((_, reply)) = self.expected.pop_front() {
                    self.succeeded(reply, metadata);
                }
            }
            Event::Failure { failure, .. } => {
                wire_log::failed(&self.connection, &failure);
                self.driver.suffered(&failure.code, &self.connection.address, &self.database);
                let reply = self.expected.pop_front();
                let error = self.driver.pool.refused(self.connection.login(), Error::server(failure));
                // TELEMETRY and the like fail as the call that they belong to.
                if let Some((_, Reply::Run(result) | Reply::Stream(result))) = reply {
                    result.failed(&error);
                }
                self.break_off(error);
            }
            Event::Ignored { .. } => {
                wire_log::ignored(&self.connection);
                let reply = self.expected.pop_front();
                if let (Some((_, Reply::Run(result) | Reply::Stream(result))), Some(error)) = (reply, &self.broken) {
                    result.failed(error);
                }
            }
            Event::Closed(reason) => {
                let error = self.connection.lost(reason);
                // Whoever holds the transaction may hold it for long: the server is to know at once.
                self.connection.close();
                wire_log::lost(&self.connection, &error);
                let error = self.driver.lost(&self.connection.address, error, self.is_undecided());
                self.expected.clear();
                self.break_off(error);
            }
            other => debug_assert!(false, "an event that this driver does not know: {other:?}"),
        }
    }

    /// Whether something may or may not have been committed, which only an answer would tell.
    fn is_undecided(&self) -> bool {
        let committing = self.expected.iter().any(|(_, reply)| matches!(reply, Reply::Commit))
            || (self.auto_commit && !self.expected.is_empty());
        // What only reads can be run again; what has failed was not committed.
        committing && self.access == AccessMode::Write && self.broken.is_none()
    }

    /// Nothing more can be asked; everything open fails.
    fn break_off(&mut self, error: Error) {
        for result in self.results.drain(..) {
            result.failed(&error);
        }
        self.broken.get_or_insert(error);
    }

    fn succeeded(&mut self, reply: Reply, metadata: Map) {
        match reply {
            Reply::Begin => self.learn_database(&metadata),
            Reply::Run(result) => {
                self.learn_database(&metadata);
                result.opened(&metadata);
            }
            Reply::Stream(result) => {
                self.learn_bookmark(&metadata);
                if metadata.get("has_more") == Some(&Value::Boolean(true)) {
                    result.lock().requested = false;
                } else {
                    self.results.retain(|it| !Arc::ptr_eq(it, &result));
                    result.ended(metadata);
                }
            }
            Reply::Commit => {
                self.learn_bookmark(&metadata);
                self.end(Phase::Committed);
            }
            Reply::Rollback => self.end(Phase::RolledBack),
            Reply::Telemetry(reported) => reported.store(true, Ordering::Relaxed),
            Reply::Login => {}
            Reply::Route(slot) => *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(metadata),
        }
    }

    fn learn_bookmark(&self, metadata: &Map) {
        if let Some(bookmark) = metadata.get("bookmark").and_then(Value::as_str) {
            self.bookmarks.advance(bookmark);
        }
    }

    /// From Bolt 5.8 on the server says which database it is when none was named.
    fn learn_database(&self, metadata: &Map) {
        if let (Some(user), Some(name)) = (&self.home, metadata.get("db").and_then(Value::as_str)) {
            self.bookmarks.resolved(name);
            self.driver.learned_home_database(user, name);
        }
    }

    /// Takes back the memory of a batch that was read.
    pub(crate) fn recycle(&mut self, batch: neobolt_proto::RecordBatch) {
        self.connection.bolt().recycle(batch);
    }
}
