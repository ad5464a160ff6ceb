//! The virtual clock and its timers.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

/// Names a timer: when it fires, and a number that tells it from others at the same instant.
pub(super) type TimerId = (Instant, u64);

#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
    now: Instant,
    next: u64,
    timers: BTreeMap<TimerId, Waker>,
}

impl Clock {
    pub(super) fn new() -> Self {
        let start = Instant::now(); // only differences to it ever matter
        Self { start, now: start, next: 0, timers: BTreeMap::new() }
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Wakes `waker` at `at`, in place of the timer that `slot` names.
    pub(super) fn set(&mut self, slot: &mut Option<TimerId>, at: Instant, waker: &Waker) {
        match *slot {
            Some(id) if id.0 == at => {
                self.timers.insert(id, waker.clone());
            }
            _ => {
                self.cancel(slot);
                self.next += 1;
                self.timers.insert((at, self.next), waker.clone());
                *slot = Some((at, self.next));
            }
        }
    }

    pub(super) fn cancel(&mut self, slot: &mut Option<TimerId>) {
        if let Some(id) = slot.take() {
            self.timers.remove(&id);
        }
    }

    /// Jumps to the next timer and wakes all that are due then; false when there is none.
    pub(super) fn advance(&mut self) -> bool {
        let Some((&(at, _), _)) = self.timers.first_key_value() else {
            return false;
        };
        self.now = self.now.max(at);
        while let Some(timer) = self.timers.first_entry() {
            if timer.key().0 > self.now {
                break;
            }
            timer.remove().wake();
        }
        true
    }
}
