//! The pool: core's decisions, with wakers and IO around them.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use neobolt_core::{Acquire, Address, Counts, DialPermit, Disposition, Lease, PoolEvent, Ticket};
use neobolt_io::{BoxFuture, timeout_at};
use neobolt_proto::Auth;

use crate::connection::{Connection, Dialer, Login};
use crate::error::{Error, ErrorKind};

/// How long a connection that was left in the middle may take to come back to READY before it is closed: a server that
/// works answers RESET within milliseconds, and meanwhile the connection keeps its place in the pool.
const RECOVERY: Duration = Duration::from_secs(10);

/// The connections of one driver.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) dialer: Dialer,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    core: neobolt_core::Pool<Box<Connection>>,
    wakers: BTreeMap<Ticket, Waker>,
    /// Who waits for the pool to become empty.
    closing: Vec<Waker>,
    /// Nothing goes on in the background any more.
    cut_off: bool,
    /// What goes on in the background, and whoever opens a connection.
    working: Vec<Waker>,
}

impl Pool {
    pub(crate) fn new(dialer: Dialer) -> Self {
        let core = neobolt_core::Pool::new(&dialer.config);
        let state = State { core, wakers: BTreeMap::new(), closing: Vec::new(), cut_off: false, working: Vec::new() };
        let state = Mutex::new(state);
        Self { dialer, state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.dialer.runtime.now()
    }

    pub(crate) fn acquisition_deadline(&self) -> Instant {
        self.now() + self.dialer.config.connection_acquisition_timeout
    }

    /// Changes the pool and does what the change asks for.
    fn change<T>(&self, change: impl FnOnce(&mut neobolt_core::Pool<Box<Connection>>) -> T) -> T {
        let mut wake = Vec::new();
        let mut close = Vec::new();
        let mut state = self.lock();
        let result = change(&mut state.core);
        while let Some(event) = state.core.poll_event() {
            match event {
                PoolEvent::Wake(ticket) => wake.extend(state.wakers.remove(&ticket)),
                PoolEvent::Close(connection) => close.push(connection),
            }
        }
        if state.core.hosts().next().is_none() {
            wake.append(&mut state.closing);
        }
        drop(state);
        wake.into_iter().for_each(Waker::wake);
        close.into_iter().for_each(|mut connection| connection.close());
        result
    }

    /// Gives a connection to `address` that is ready for use as `wanted`, within `deadline`.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        address: &Address,
        wanted: Wanted<'_>,
        deadline: Instant,
    ) -> Result<Pooled, Error> {
        let runtime = Arc::clone(&self.dialer.runtime);
        timeout_at(&*runtime, deadline, self.acquire_unbounded(address, wanted, deadline)).await.unwrap_or_else(|_| {
            let counts = self.counts(address);
            let message = format!(
                "no connection to {address} within the acquisition timeout: {} in use, {} being opened, {} waiting",
                counts.in_use, counts.creating, counts.waiting
            );
            Err(Error::new(ErrorKind::AcquisitionTimeout, message))
        })
    }

    async fn acquire_unbounded(
        self: &Arc<Self>,
        address: &Address,
        wanted: Wanted<'_>,
        deadline: Instant,
    ) -> Result<Pooled, Error> {
        loop {
            let login = self.login(wanted).await?;
            let now = self.now();
            let mut answer = self.change(|core| core.acquire(now, address));
            if let Acquire::Wait(ticket) = answer {
                answer = Waiting { pool: self, ticket: Some(ticket) }.granted().await;
            }
            let mut pooled = match answer {
                Acquire::Dial(permit) => {
                    let pooled = Dialing::new(self, permit, login, deadline).await?;
                    pooled.check(wanted)?;
                    return Ok(pooled);
                }
                Acquire::Ready(lease) => Pooled::new(self, lease),
                Acquire::Deactivated => {
                    let message = format!("{address} became unavailable while a connection to it was waited for");
                    return Err(Error::deactivated(message));
                }
                Acquire::Closed => return Err(Error::closed()),
                Acquire::Wait(_) => unreachable!("invariant: a granted ticket is spent"),
            };
            let must_ping = pooled.lease().needs_liveness_check() || wanted.check_liveness;
            if !pooled.is_alive() || (must_ping && !pooled.ping().await) {
                continue;
            }
            if self.is_closed() {
                return Err(Error::closed());
            }
            pooled.idle();
            pooled.check(wanted)?;
            let must_log_in = wanted.log_in_again || pooled.lease().must_authenticate();
            if *pooled.login() == login && !must_log_in {
                return Ok(pooled);
            }
            if pooled.as_bolt().capabilities().logon {
                pooled.log_in(login)?;
                pooled.authenticated();
                return Ok(pooled);
            }
            // It can never be anybody else's: a new one takes its place.
            pooled.close();
        }
    }

    /// Returns who a connection is to be used as.
    async fn login(&self, wanted: Wanted<'_>) -> Result<Login, Error> {
        let Some(auth) = wanted.session_auth else {
            let auth = self.dialer.auth.get_auth(self.now()).await;
            let auth = auth.map_err(|error| Error::callback("the auth manager gave no token", error))?;
            return Ok(Login { auth, is_sessions: false });
        };
        Ok(Login { auth: auth.clone(), is_sessions: true })
    }

    /// Tells the auth manager that a server refused its token. The error it returns is retryable if that helps.
    pub(crate) fn refused(&self, login: &Login, error: Error) -> Error {
        let is_security = error.code().is_some_and(neobolt_core::failure::is_security);
        if is_security && !login.is_sessions && self.dialer.auth.handle_security_exception(&login.auth, &error) {
            return error.into_retryable();
        }
        error
    }

    /// Opens a connection, within a bound of its own: it may go on after whoever asked for it has left.
    async fn dial(self: Arc<Self>, permit: DialPermit, login: Login, deadline: Instant) -> Result<Pooled, Error> {
        let mut guard = PermitGuard { pool: &self, permit: Some(permit) };
        let address = guard.permit.as_ref().map(|permit| permit.address().clone());
        let address = address.expect("invariant: the permit is taken at the end");
        let dialing = timeout_at(&*self.dialer.runtime, deadline, self.dialer.dial(&address, login.clone()));
        let connection = self
            .work(dialing)
            .await
            .ok_or_else(Error::closed)?
            .unwrap_or_else(|_| {
                let message = format!("no connection to {address} within the acquisition timeout");
                Err(Error::new(ErrorKind::AcquisitionTimeout, message))
            })
            .map_err(|error| self.refused(&login, error))?;
        let permit = guard.permit.take().expect("invariant: the permit is taken here");
        let now = self.now();
        let lease = self.change(|core| core.dialed(now, permit, Box::new(connection)));
        lease.map(|lease| Pooled::new(&self, lease)).ok_or_else(Error::closed)
    }

    pub(crate) fn counts(&self, address: &Address) -> Counts {
        self.lock().core.counts(address)
    }

    pub(crate) fn deactivate(&self, address: &Address) {
        self.change(|core| core.deactivate(address));
    }

    pub(crate) fn expire_authentication(&self, address: &Address) {
        self.change(|core| core.expire_authentication(address));
    }

    pub(crate) fn retain(&self, keep: impl Fn(&Address) -> bool) {
        self.change(|core| core.retain(keep));
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().core.is_closed()
    }

    pub(crate) fn close(&self) {
        self.change(neobolt_core::Pool::close);
    }

    /// Ends what goes on in the background of a closed pool.
    pub(crate) fn cut_off(&self) {
        let mut state = self.lock();
        state.cut_off = true;
        let working = std::mem::take(&mut state.working);
        drop(state);
        working.into_iter().for_each(Waker::wake);
    }

    /// Works until [`Self::cut_off`]; `None` if that came first.
    async fn work<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            let mut state = self.lock();
            if state.cut_off {
                return Poll::Ready(None);
            }
            if !state.working.iter().any(|it| it.will_wake(cx.waker())) {
                state.working.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until no connection is left.
    pub(crate) async fn emptied(&self) {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.core.hosts().next().is_none() {
                return Poll::Ready(());
            }
            if !state.closing.iter().any(|it| it.will_wake(cx.waker())) {
                state.closing.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

/// What a connection must be good for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The session's own token; the driver's, if there is none.
    pub(crate) session_auth: Option<&'a Auth>,
    /// Whether a connection from the pool authenticates again although it is the same user's.
    pub(crate) log_in_again: bool,
    /// Whether a connection from the pool must have shown that its server answers.
    pub(crate) check_liveness: bool,
}

/// A place in the queue, given up when dropped.
struct Waiting<'a> {
    pool: &'a Pool,
    ticket: Option<Ticket>,
}

impl Waiting<'_> {
    async fn granted(mut self) -> Acquire<Box<Connection>> {
        poll_fn(|cx| {
            let Some(ticket) = self.ticket else {
                return Poll::Ready(Acquire::Closed);
            };
            // The waker stands before the question, so no answer comes in between.
            self.pool.lock().wakers.insert(ticket, cx.waker().clone());
            match self.pool.change(|core| core.granted(ticket)) {
                Acquire::Wait(_) => Poll::Pending,
                answer => {
                    self.ticket = None;
                    self.pool.lock().wakers.remove(&ticket);
                    Poll::Ready(answer)
                }
            }
        })
        .await
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.pool.lock().wakers.remove(&ticket);
            let now = self.pool.now();
            self.pool.change(|core| core.cancel(now, ticket));
        }
    }
}

/// A permit, given back when dropped.
struct PermitGuard<'a> {
    pool: &'a Pool,
    permit: Option<DialPermit>,
}

impl Drop for PermitGuard<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.pool.change(|core| core.dial_failed(permit));
        }
    }
}

/// A connection being opened. When dropped, it is opened in the background and goes to the next who asks: a storm of short
/// timeouts would otherwise never get a connection.
struct Dialing<'a> {
    pool: &'a Arc<Pool>,
    dial: Option<BoxFuture<'static, Result<Pooled, Error>>>,
}

impl<'a> Dialing<'a> {
    fn new(pool: &'a Arc<Pool>, permit: DialPermit, login: Login, deadline: Instant) -> Self {
        Self { pool, dial: Some(Box::pin(Arc::clone(pool).dial(permit, login, deadline))) }
    }
}

impl Future for Dialing<'_> {
    type Output = Result<Pooled, Error>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        let dial = self.dial.as_mut().expect("invariant: not polled after completion");
        let answer = std::task::ready!(dial.as_mut().poll(cx));
        self.dial = None;
        Poll::Ready(answer)
    }
}

impl Drop for Dialing<'_> {
    fn drop(&mut self) {
        if let Some(dial) = self.dial.take() {
            self.pool.dialer.runtime.spawn(Box::pin(async move {
                drop(dial.await);
            }));
        }
    }
}

/// A connection that goes back to its pool when dropped: at once if it is clean, after a RESET in the background if it is
/// not, and not at all if it is lost.
#[derive(Debug)]
pub(crate) struct Pooled {
    pool: Arc<Pool>,
    lease: Option<Lease<Box<Connection>>>,
}

impl Pooled {
    fn new(pool: &Arc<Pool>, lease: Lease<Box<Connection>>) -> Self {
        Self { pool: Arc::clone(pool), lease: Some(lease) }
    }

    /// Refuses a token of the session's own where connections are bound to one user.
    fn check(&self, wanted: Wanted<'_>) -> Result<(), Error> {
        if wanted.session_auth.is_none() || self.as_bolt().capabilities().logon {
            return Ok(());
        }
        let message =
            format!("session auth is not supported by Bolt {}: it needs 5.1 or later", self.as_bolt().version());
        Err(Error::new(ErrorKind::Configuration, message))
    }

    fn authenticated(&mut self) {
        if let Some(lease) = &mut self.lease {
            self.pool.change(|core| core.authenticated(lease));
        }
    }

    fn lease(&self) -> &Lease<Box<Connection>> {
        self.lease.as_ref().expect("invariant: the lease is taken when dropped")
    }
}

impl Deref for Pooled {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.lease()
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Connection {
        self.lease.as_mut().expect("invariant: the lease is taken when dropped")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        lease.idle();
        let bolt = lease.as_bolt();
        if bolt.is_reusable() {
            return give_back(&self.pool, lease, Disposition::Reuse);
        }
        if bolt.is_closed() || self.pool.is_closed() {
            return give_back(&self.pool, lease, Disposition::Discard);
        }
        self.pool.change(|core| core.begin_recovery(&mut lease));
        let runtime = Arc::clone(&self.pool.dialer.runtime);
        let mut recovering = Recovering { pool: Arc::clone(&self.pool), lease: Some(lease) };
        self.pool.dialer.runtime.spawn(Box::pin(async move {
            let deadline = runtime.now() + RECOVERY;
            if let Some(lease) = &mut recovering.lease {
                let recovered = recovering.pool.work(timeout_at(&*runtime, deadline, lease.recover())).await;
                lease.idle();
                if recovered == Some(Ok(true)) {
                    if let Some(lease) = recovering.lease.take() {
                        give_back(&recovering.pool, lease, Disposition::Reuse);
                    }
                }
            }
        }));
    }
}

fn give_back(pool: &Pool, lease: Lease<Box<Connection>>, disposition: Disposition) {
    let now = pool.now();
    pool.change(|core| core.release(now, lease, disposition));
}

/// A connection being recovered, closed when the recovery fails or its task is dropped.
struct Recovering {
    pool: Arc<Pool>,
    lease: Option<Lease<Box<Connection>>>,
}

impl Drop for Recovering {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            give_back(&self.pool, lease, Disposition::Discard);
        }
    }
}
