//! A future bounded by a deadline.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use crate::Runtime;
use crate::timer::Timer;

/// Says that the deadline of [`timeout_at`] came before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(io::ErrorKind::TimedOut, elapsed)
    }
}

/// Runs `future` until `deadline` on the clock of `runtime`, and drops it there.
///
/// The future is polled first, so one that is ready at once succeeds however late it is; a timer is
/// made only when it is not.
///
/// # Errors
///
/// Returns [`Elapsed`] when the deadline came first.
pub async fn timeout_at<F: Future>(runtime: &dyn Runtime, deadline: Instant, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut timer = Timer::default();
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        timer.poll(cx, runtime, runtime.now(), deadline).map(|_| Err(Elapsed))
    })
    .await
}
