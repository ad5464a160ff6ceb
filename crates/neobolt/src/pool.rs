//! The pool: core's decisions, with wakers and IO around them.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use neobolt_core::{Acquire, Address, Counts, DialPermit, Disposition, Lease, PoolEvent, Ticket};
use neobolt_io::{BoxFuture, timeout_at};

use crate::connection::{Connection, Dialer};
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
}

impl Pool {
    pub(crate) fn new(dialer: Dialer) -> Self {
        let core = neobolt_core::Pool::new(&dialer.config);
        let state = Mutex::new(State { core, wakers: BTreeMap::new(), closing: Vec::new() });
        Self { dialer, state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.dialer.runtime.now()
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

    /// Gives a connection to `address` that is ready for use, within `deadline`.
    pub(crate) async fn acquire(self: &Arc<Self>, address: &Address, deadline: Instant) -> Result<Pooled, Error> {
        let runtime = Arc::clone(&self.dialer.runtime);
        timeout_at(&*runtime, deadline, self.acquire_unbounded(address, deadline)).await.unwrap_or_else(|_| {
            let counts = self.counts(address);
            let message = format!(
                "no connection to {address} within the acquisition timeout: {} in use, {} being opened, {} waiting",
                counts.in_use, counts.creating, counts.waiting
            );
            Err(Error::new(ErrorKind::AcquisitionTimeout, message))
        })
    }

    async fn acquire_unbounded(self: &Arc<Self>, address: &Address, deadline: Instant) -> Result<Pooled, Error> {
        loop {
            let now = self.now();
            let mut answer = self.change(|core| core.acquire(now, address));
            if let Acquire::Wait(ticket) = answer {
                answer = Waiting { pool: self, ticket: Some(ticket) }.granted().await;
            }
            let mut pooled = match answer {
                Acquire::Dial(permit) => return Dialing::new(self, permit, deadline).await,
                Acquire::Ready(lease) => Pooled::new(self, lease),
                Acquire::Deactivated => {
                    let message = format!("{address} became unavailable while a connection to it was waited for");
                    return Err(Error::new(ErrorKind::ServiceUnavailable, message));
                }
                Acquire::Closed => return Err(Error::new(ErrorKind::Closed, "the driver is closed")),
                Acquire::Wait(_) => unreachable!("invariant: a granted ticket is spent"),
            };
            let must_ping = pooled.lease().needs_liveness_check();
            if pooled.is_alive() && (!must_ping || pooled.ping().await) {
                if self.is_closed() {
                    return Err(Error::new(ErrorKind::Closed, "the driver is closed"));
                }
                pooled.idle();
                return Ok(pooled);
            }
        }
    }

    /// Opens a connection, within a bound of its own: it may go on after whoever asked for it has left.
    async fn dial(self: Arc<Self>, permit: DialPermit, deadline: Instant) -> Result<Pooled, Error> {
        let mut guard = PermitGuard { pool: &self, permit: Some(permit) };
        let address = guard.permit.as_ref().map(|permit| permit.address().clone());
        let address = address.expect("invariant: the permit is taken at the end");
        let dialed = timeout_at(&*self.dialer.runtime, deadline, self.dialer.dial(&address)).await;
        let connection = dialed.unwrap_or_else(|_| {
            let message = format!("no connection to {address} within the acquisition timeout");
            Err(Error::new(ErrorKind::AcquisitionTimeout, message))
        })?;
        let permit = guard.permit.take().expect("invariant: the permit is taken here");
        let now = self.now();
        let lease = self.change(|core| core.dialed(now, permit, Box::new(connection)));
        lease
            .map(|lease| Pooled::new(&self, lease))
            .ok_or_else(|| Error::new(ErrorKind::Closed, "the driver is closed"))
    }

    pub(crate) fn counts(&self, address: &Address) -> Counts {
        self.lock().core.counts(address)
    }

    pub(crate) fn deactivate(&self, address: &Address) {
        self.change(|core| core.deactivate(address));
    }

    pub(crate) fn retire(&self, address: &Address) {
        self.change(|core| core.retire(address));
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
    fn new(pool: &'a Arc<Pool>, permit: DialPermit, deadline: Instant) -> Self {
        Self { pool, dial: Some(Box::pin(Arc::clone(pool).dial(permit, deadline))) }
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
        let runtime = Arc::clone(&self.pool.dialer.runtime);
        let mut recovering = Recovering { pool: Arc::clone(&self.pool), lease: Some(lease) };
        self.pool.dialer.runtime.spawn(Box::pin(async move {
            let deadline = runtime.now() + RECOVERY;
            if let Some(lease) = &mut recovering.lease {
                let recovered = timeout_at(&*runtime, deadline, lease.recover()).await;
                lease.idle();
                if recovered == Ok(true) {
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
