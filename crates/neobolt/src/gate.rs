//! A lock that is waited for without holding up the thread.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Lets one in at a time.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else is in. The turn ends when it is dropped.
    pub(crate) async fn enter(&self) -> Turn<'_> {
        poll_fn(|cx| {
            let mut state = self.lock();
            if !state.is_taken {
                state.is_taken = true;
                return Poll::Ready(Turn(self));
            }
            if !state.waiting.iter().any(|it| it.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Gate);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_taken = false;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // All of them: one that was dropped meanwhile would pass no wake-up on.
        waiting.into_iter().for_each(Waker::wake);
    }
}
