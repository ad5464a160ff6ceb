//! How the tasks of a server learn that it is to end, and how the server learns that they have.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How far the end of a server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// New connections are accepted.
    #[default]
    Accepting,
    /// No new ones; open connections live on.
    NotAccepting,
    /// Connections close as soon as they have no transaction.
    Finishing,
    /// Connections close at once.
    Closing,
}

/// The end of a server, shared by all its tasks.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    connections: usize,
    last_watch: u64,
    /// The tasks to wake when the phase or the number of connections changes.
    wakers: BTreeMap<u64, Waker>,
}

impl Shutdown {
    /// Moves on to `phase`; never back.
    pub(crate) fn advance(&self, phase: Phase) {
        let mut state = self.state();
        if state.phase < phase {
            state.phase = phase;
            wake_all(state);
        }
    }

    /// Returns how many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.state().connections
    }

    /// Counts a connection, as long as the returned value lives.
    pub(crate) fn enter(self: &Arc<Self>) -> Presence {
        self.state().connections += 1;
        Presence { watch: self.watch() }
    }

    /// Returns a way to wait for the next phase.
    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        let mut state = self.state();
        state.last_watch += 1;
        Watch { id: state.last_watch, shutdown: Arc::clone(self) }
    }

    /// Waits until no connection is open.
    pub(crate) async fn closed(self: &Arc<Self>) {
        let watch = self.watch();
        poll_fn(|cx| {
            watch.poll_phase(cx);
            if watch.shutdown.connections() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake_all(mut state: MutexGuard<'_, State>) {
    let wakers = std::mem::take(&mut state.wakers);
    drop(state);
    wakers.into_values().for_each(Waker::wake);
}

/// One task's view of the end.
#[derive(Debug)]
pub(crate) struct Watch {
    id: u64,
    shutdown: Arc<Shutdown>,
}

impl Watch {
    /// Returns the phase, and has the task woken when there is another.
    pub(crate) fn poll_phase(&self, cx: &mut Context<'_>) -> Phase {
        let mut state = self.shutdown.state();
        match state.wakers.get_mut(&self.id) {
            Some(waker) => waker.clone_from(cx.waker()),
            None => drop(state.wakers.insert(self.id, cx.waker().clone())),
        }
        state.phase
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shutdown.state().wakers.remove(&self.id);
    }
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct Presence {
    watch: Watch,
}

impl Presence {
    /// Returns the connection's number, which no other connection of its server has.
    pub(crate) fn id(&self) -> u64 {
        self.watch.id
    }

    /// Returns the phase, and has the task woken when there is another.
    pub(crate) fn poll_phase(&self, cx: &mut Context<'_>) -> Phase {
        self.watch.poll_phase(cx)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut state = self.watch.shutdown.state();
        state.connections -= 1;
        if state.phase > Phase::Accepting {
            wake_all(state);
        }
    }
}
