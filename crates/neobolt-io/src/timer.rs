//! The one timer of a connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::{Runtime, Sleep};

/// A timer that is made when it is first needed, and set again only when it would fire too late.
///
/// A deadline that moves on with every byte therefore costs no timer operation: the timer stands at
/// an earlier instant, wakes once too often, and the clock decides.
#[derive(Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<dyn Sleep>>>,
    /// When `sleep` will fire; `None` when it has fired, or is not there.
    armed: Option<Instant>,
}

impl Timer {
    /// Waits until the clock says `at`; `now` is what it says at present.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        runtime: &dyn Runtime,
        mut now: Instant,
        at: Instant,
    ) -> Poll<Instant> {
        loop {
            if now >= at {
                return Poll::Ready(now);
            }
            let set_now = self.armed.is_none_or(|armed| at < armed);
            let sleep = match &mut self.sleep {
                Some(sleep) => {
                    if set_now {
                        sleep.as_mut().reset(at);
                    }
                    sleep
                }
                none => none.insert(runtime.sleep_until(at)),
            };
            if set_now {
                self.armed = Some(at);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.armed = None;
            now = runtime.now();
            if set_now && now < at {
                // A timer coarser than the clock fired early: come back rather than spin here.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("armed", &self.armed).finish_non_exhaustive()
    }
}
