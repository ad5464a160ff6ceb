//! Who may write: one transaction at a time, in the order in which they asked.
//!
//! SQLite has one writer and lets the others try again and again, in no order. A queue wastes no time on that, starves
//! nobody, and a place in it is given up by dropping a future.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;

/// The queue for the one right to write.
#[derive(Debug, Default)]
pub(crate) struct WriterQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: bool,
    waiting: VecDeque<oneshot::Sender<WritePermit>>,
}

/// The right to write, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct WritePermit {
    queue: Arc<WriterQueue>,
}

impl WriterQueue {
    /// Waits for the right to write. Dropping the future gives up the place in the queue.
    pub(crate) async fn acquire(self: &Arc<Self>) -> WritePermit {
        let place = {
            let mut state = self.state();
            if !state.taken {
                state.taken = true;
                return WritePermit { queue: Arc::clone(self) };
            }
            let (sender, place) = oneshot::channel();
            state.waiting.push_back(sender);
            place
        };
        place.await.expect("invariant: a place in the queue is dropped only together with its waiter")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WritePermit {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        while let Some(next) = state.waiting.pop_front() {
            if next.is_canceled() {
                continue;
            }
            drop(state);
            // If the waiter gives up at this very moment, the permit is dropped with its channel, and goes on to the next.
            drop(next.send(Self { queue: Arc::clone(&self.queue) }));
            return;
        }
        state.taken = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn the_right_goes_to_whoever_asked_first_and_still_waits() {
        let queue = Arc::new(WriterQueue::default());
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(first) = pin!(queue.acquire()).poll(&mut cx) else { panic!("the queue is empty") };
        let mut gave_up = Box::pin(queue.acquire());
        assert!(gave_up.as_mut().poll(&mut cx).is_pending());
        let mut second = Box::pin(queue.acquire());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        let mut third = Box::pin(queue.acquire());
        assert!(third.as_mut().poll(&mut cx).is_pending());
        drop(gave_up);
        drop(first);
        assert!(third.as_mut().poll(&mut cx).is_pending());
        let Poll::Ready(permit) = second.as_mut().poll(&mut cx) else { panic!("it is the second's turn") };
        drop(permit);
        // Given, but never taken up.
        drop(third);
        assert!(pin!(queue.acquire()).poll(&mut cx).is_ready());
    }
}
