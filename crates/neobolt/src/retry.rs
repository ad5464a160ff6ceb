//! What every managed call has around it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use neobolt_core::Retry;
use neobolt_io::timeout_at;
use tracing::debug;

use crate::conversation::Conversation;
use crate::driver::Driver;
use crate::error::TransactionError;

/// The error of an attempt that was given up: `last`, the one of the attempt before it, unless COMMIT was sent.
pub(crate) fn undecided<E: TransactionError>(running: Option<std::sync::Arc<Conversation>>, last: E) -> E {
    running.and_then(|conversation| conversation.undecided()).map_or(last, E::from)
}

/// Tells whoever pauses because no server could be reached that one can be reached again.
#[derive(Debug, Default)]
pub(crate) struct Comeback(Mutex<Pausing>);

#[derive(Debug, Default)]
struct Pausing {
    comebacks: u64,
    waiting: Vec<Waker>,
}

impl Comeback {
    fn lock(&self) -> MutexGuard<'_, Pausing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn came(&self) {
        let mut pausing = self.lock();
        pausing.comebacks += 1;
        let waiting = std::mem::take(&mut pausing.waiting);
        drop(pausing);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits for `pause`, or for the next comeback.
    async fn pause(&self, pause: impl Future<Output = ()>) {
        let seen = self.lock().comebacks;
        let mut pause = pin!(pause);
        poll_fn(|cx| {
            let mut pausing = self.lock();
            if pausing.comebacks != seen {
                return Poll::Ready(());
            }
            if !pausing.waiting.iter().any(|it| it.will_wake(cx.waker())) {
                pausing.waiting.push(cx.waker().clone());
            }
            drop(pausing);
            pause.as_mut().poll(cx)
        })
        .await;
    }
}

/// The retries of one managed call.
pub(crate) struct Retries<E> {
    driver: Driver,
    retry: Retry,
    last: Option<E>,
    /// Whether no server could be reached in the last attempt.
    unreachable: bool,
}

impl<E: TransactionError> Retries<E> {
    pub(crate) fn new(driver: &Driver) -> Self {
        let retry = Retry::new(driver.inner().config().retry_policy());
        Self { driver: driver.clone(), retry, last: None, unreachable: false }
    }

    /// Runs an attempt: the first for as long as it takes, a later one until the time for retries is over. Then the error
    /// of the attempt before it comes back.
    pub(crate) async fn bound<T>(&mut self, attempt: impl Future<Output = Result<T, E>>) -> Result<Result<T, E>, E> {
        let (Some(deadline), Some(last)) = (self.retry.deadline(), self.last.take()) else {
            return Ok(attempt.await);
        };
        let runtime = std::sync::Arc::clone(self.driver.runtime());
        let outcome = timeout_at(&*runtime, deadline, attempt).await.map_err(|_| last)?;
        if outcome.is_ok() && self.unreachable {
            self.driver.inner().comeback.came();
        }
        Ok(outcome)
    }

    /// Waits until the next attempt is due, or gives the error back when there is none.
    pub(crate) async fn again(&mut self, error: E) -> Result<(), E> {
        let retryable = error.driver_error().is_some_and(|error| error.is_retryable());
        if !retryable || self.driver.inner().pool.is_closed() {
            return Err(error);
        }
        let runtime = self.driver.runtime();
        let Some(at) = self.retry.failed(runtime.now(), runtime.random()) else {
            return Err(error);
        };
        debug!(target: "neobolt::retry", error = error.driver_error().map(tracing::field::display), "the transaction is retried");
        self.unreachable = error.driver_error().is_some_and(|error| error.failure().is_none());
        let pause = runtime.sleep_until(at);
        if self.unreachable {
            self.driver.inner().comeback.pause(pause).await;
        } else {
            pause.await;
        }
        if self.driver.inner().pool.is_closed() {
            return Err(error);
        }
        self.last = Some(error);
        Ok(())
    }
}
