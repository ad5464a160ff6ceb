//! A runtime whose clock can be stopped and set forward.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use neobolt_io::{BoxFuture, Listener, Runtime, Sleep, Transport};

/// Looks up a name before the system does. What it returns may be names again.
pub(crate) type NameResolver = Box<dyn Fn(&str) -> io::Result<Vec<String>> + Send + Sync>;

/// A runtime with a clock of its own.
pub(crate) struct Clock {
    runtime: Arc<dyn Runtime>,
    time: Arc<Mutex<Time>>,
    names: Option<NameResolver>,
}

#[derive(Default)]
struct Time {
    /// How far the clock is ahead of the real one while it runs.
    ahead: Duration,
    /// What it shows while it stands.
    frozen: Option<Instant>,
    /// Whose timers may have to fire when the clock is set.
    sleepers: Vec<Waker>,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

impl Clock {
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self { runtime, time: Arc::default(), names: None }
    }

    /// Returns a runtime on the same clock that looks names up by `names` first.
    pub(crate) fn with_names(&self, names: NameResolver) -> Self {
        Self { runtime: Arc::clone(&self.runtime), time: Arc::clone(&self.time), names: Some(names) }
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, set: impl FnOnce(&mut Time, Instant)) {
        let mut time = self.time();
        set(&mut time, self.runtime.now());
        let sleepers = std::mem::take(&mut time.sleepers);
        drop(time);
        sleepers.into_iter().for_each(Waker::wake);
    }

    /// Stops the clock.
    pub(crate) fn freeze(&self) {
        self.set(|time, now| time.frozen = Some(now + time.ahead));
    }

    /// Sets the clock forward.
    pub(crate) fn tick(&self, by: Duration) {
        self.set(|time, _| match &mut time.frozen {
            Some(frozen) => *frozen += by,
            None => time.ahead += by,
        });
    }

    /// Lets the clock run again, from what it shows.
    pub(crate) fn unfreeze(&self) {
        self.set(|time, now| {
            if let Some(frozen) = time.frozen.take() {
                // It never goes back.
                time.ahead = frozen.saturating_duration_since(now).max(time.ahead);
            }
        });
    }
}

/// What the runtime of a driver shares with its timers.
#[derive(Clone, Debug)]
pub(crate) struct ClockRuntime(pub(crate) Arc<Clock>);

impl Runtime for ClockRuntime {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        self.0.runtime.connect(to)
    }

    fn listen(&self, on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        self.0.runtime.listen(on)
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let Some(names) = &self.0.names else {
            return self.0.runtime.resolve(host, port);
        };
        let names = names(host);
        let runtime = Arc::clone(&self.0.runtime);
        Box::pin(async move {
            let mut found = Vec::new();
            for name in names? {
                found.extend(runtime.resolve(&name, port).await?);
            }
            Ok(found)
        })
    }

    fn now(&self) -> Instant {
        let time = self.0.time();
        time.frozen.unwrap_or_else(|| self.0.runtime.now() + time.ahead)
    }

    fn random(&self) -> u64 {
        self.0.runtime.random()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(ClockSleep { clock: self.clone(), at, timer: self.0.runtime.sleep_until(at), set_for: at })
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.runtime.spawn(task);
    }
}

/// A timer that fires by a clock that may stand or have been set.
struct ClockSleep {
    clock: ClockRuntime,
    at: Instant,
    timer: Pin<Box<dyn Sleep>>,
    /// When `timer` fires, on the real clock.
    set_for: Instant,
}

impl Future for ClockSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut time = this.clock.0.time();
        if !time.sleepers.iter().any(|it| it.will_wake(cx.waker())) {
            time.sleepers.push(cx.waker().clone());
        }
        if let Some(frozen) = time.frozen {
            return if frozen >= this.at { Poll::Ready(()) } else { Poll::Pending };
        }
        let real = this.at.checked_sub(time.ahead).unwrap_or(this.at);
        drop(time);
        if real != this.set_for {
            this.set_for = real;
            this.timer.as_mut().reset(real);
        }
        this.timer.as_mut().poll(cx)
    }
}

impl Sleep for ClockSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.at = at;
        let real = at.checked_sub(self.clock.0.time().ahead).unwrap_or(at);
        self.set_for = real;
        self.timer.as_mut().reset(real);
    }
}
