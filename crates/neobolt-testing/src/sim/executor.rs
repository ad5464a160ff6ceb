//! The executor: one thread, and chance decides who runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use neobolt_io::BoxFuture;

use super::Core;

/// How often tasks may be polled without the clock moving: far above what any test does, and seconds
/// rather than for ever.
const LIVELOCK: u64 = 10_000_000;

/// The tasks, those that run at present excepted, and which of them are ready.
#[derive(Default)]
pub(super) struct Tasks {
    next: u64,
    waiting: BTreeMap<u64, BoxFuture<'static, ()>>,
    ready: Arc<Ready>,
}

/// The tasks that want to be polled, in the order of their numbers, so that it does not matter who
/// was woken first.
#[derive(Default)]
struct Ready(Mutex<BTreeSet<u64>>);

struct TaskWaker {
    id: u64,
    ready: Arc<Ready>,
}

impl Tasks {
    pub(super) fn spawn(&mut self, task: BoxFuture<'static, ()>) {
        let id = self.number();
        self.waiting.insert(id, task);
    }

    /// A number for a new task, which is ready at once.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.ready.with(|ready| ready.insert(self.next));
        self.next
    }
}

impl Ready {
    fn with<T>(&self, f: impl FnOnce(&mut BTreeSet<u64>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.with(|ready| ready.insert(self.id));
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("waiting", &self.waiting.len())
            .field("ready", &self.ready.with(|ready| ready.len()))
            .finish_non_exhaustive()
    }
}

pub(super) fn block_on<F: Future>(core: &Core, future: F) -> F::Output {
    let mut future = pin!(future);
    let (root, ready) = {
        let mut tasks = core.tasks();
        (tasks.number(), Arc::clone(&tasks.ready))
    };
    let mut polls = 0;
    loop {
        let Some(id) = pick(core, &ready) else {
            if !core.world().env.clock.advance() {
                let waiting = core.tasks().waiting.len();
                panic!(
                    "deadlock after {:?}: no task is ready and no timer is set; the main future and {waiting} \
                     background task(s) wait for ever",
                    core.world().env.clock.elapsed(),
                );
            }
            polls = 0;
            continue;
        };
        polls += 1;
        assert!(
            polls < LIVELOCK,
            "livelock after {:?}: tasks wake each other and the clock stands still",
            core.world().env.clock.elapsed(),
        );
        let waker = Waker::from(Arc::new(TaskWaker { id, ready: Arc::clone(&ready) }));
        let mut cx = Context::from_waker(&waker);
        if id == root {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
        } else {
            let task = core.tasks().waiting.remove(&id);
            if let Some(mut task) = task {
                if task.as_mut().poll(&mut cx).is_pending() {
                    core.tasks().waiting.insert(id, task);
                }
            }
        }
    }
}

/// Takes one of the ready tasks by chance.
fn pick(core: &Core, ready: &Ready) -> Option<u64> {
    let mut world = core.world();
    let id = ready.with(|ready| {
        let count = ready.len();
        let id = match count {
            0 => None,
            count => ready.iter().nth(world.env.chance.below(count)).copied(),
        }?;
        ready.remove(&id);
        Some(id)
    })?;
    let now = world.env.clock.elapsed().as_nanos() as u64;
    world.env.trace.record(b'T', id, now, &[]);
    Some(id)
}

/// Drops all tasks, and those that are spawned by dropping them.
pub(super) fn clear(core: &Core) {
    loop {
        let tasks = mem::take(&mut core.tasks().waiting);
        if tasks.is_empty() {
            return;
        }
    }
}
