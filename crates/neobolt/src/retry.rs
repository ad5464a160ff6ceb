//! What every managed call has around it.

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

/// The retries of one managed call.
pub(crate) struct Retries<E> {
    driver: Driver,
    retry: Retry,
    last: Option<E>,
}

impl<E: TransactionError> Retries<E> {
    pub(crate) fn new(driver: &Driver) -> Self {
        let retry = Retry::new(driver.inner().config().retry_policy());
        Self { driver: driver.clone(), retry, last: None }
    }

    /// Runs an attempt: the first for as long as it takes, a later one until the time for retries is over. Then the error
    /// of the attempt before it comes back.
    pub(crate) async fn bound<T>(&mut self, attempt: impl Future<Output = Result<T, E>>) -> Result<Result<T, E>, E> {
        let (Some(deadline), Some(last)) = (self.retry.deadline(), self.last.take()) else {
            return Ok(attempt.await);
        };
        let runtime = std::sync::Arc::clone(self.driver.runtime());
        timeout_at(&*runtime, deadline, attempt).await.map_err(|_| last)
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
        runtime.sleep_until(at).await;
        if self.driver.inner().pool.is_closed() {
            return Err(error);
        }
        self.last = Some(error);
        Ok(())
    }
}
