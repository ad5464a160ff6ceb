//! The data: numbers by name, each with its history, and locks on names.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use neobolt_proto::Failure;

/// Of those who must wait for a lock, each one whose turn this divides is told of a deadlock instead.
const DEADLOCKS: u64 = 16;

const BOOKMARK: &str = "model:";

/// What all transactions share.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of the last commit that changed something.
    version: u64,
    /// What each name has been from which version on; `None` is not there.
    entries: BTreeMap<String, Vec<(u64, Option<i64>)>>,
    /// Who is writing what.
    locks: BTreeMap<String, u64>,
    waiting: Vec<Waker>,
    /// How often somebody had to wait.
    contended: u64,
    transactions: u64,
}

/// An open transaction. Dropping it undoes it.
#[derive(Debug)]
pub(super) struct Transaction {
    store: Arc<Store>,
    number: u64,
    /// The version that is seen; none for those who write, who see the latest.
    sees: Option<u64>,
    changes: BTreeMap<String, Option<i64>>,
    locked: BTreeSet<String>,
    /// Why it cannot be committed.
    doomed: Option<Failure>,
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a transaction that reads what `bookmarks` vouch for, or one that may write.
    pub(super) fn begin(self: &Arc<Self>, bookmarks: &[String], reads: bool) -> Result<Transaction, Failure> {
        let mut state = self.lock();
        let mut newest = 0;
        for bookmark in bookmarks {
            let version = bookmark.strip_prefix(BOOKMARK).and_then(|version| version.parse().ok());
            let Some(version) = version.filter(|version| *version <= state.version) else {
                let message = format!("Supplied bookmark [{bookmark}] does not conform to pattern {BOOKMARK}");
                return Err(Failure::new("Neo.ClientError.Transaction.InvalidBookmark", message));
            };
            newest = newest.max(version);
        }
        state.transactions += 1;
        Ok(Transaction {
            store: Arc::clone(self),
            number: state.transactions,
            sees: reads.then_some(newest),
            changes: BTreeMap::new(),
            locked: BTreeSet::new(),
            doomed: None,
        })
    }
}

impl Transaction {
    /// Returns what `name` is.
    pub(super) fn get(&self, name: &str) -> Option<i64> {
        if let Some(change) = self.changes.get(name) {
            return *change;
        }
        let state = self.store.lock();
        let sees = self.sees.unwrap_or(state.version);
        let history = state.entries.get(name)?;
        history.iter().rev().find(|(version, _)| *version <= sees).and_then(|(_, value)| *value)
    }

    /// Makes this transaction the only one that may change `name`, as soon as no other may.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), Failure> {
        if self.sees.is_some() {
            let message = "Writing in read access mode not allowed.";
            return Err(Failure::new("Neo.ClientError.Statement.AccessMode", message));
        }
        let mut waited = false;
        poll_fn(|cx| {
            let mut state = self.store.lock();
            match state.locks.get(name) {
                Some(owner) if *owner != self.number => {
                    if !waited {
                        waited = true;
                        state.contended += 1;
                        // Who waits and holds a lock may be waited for in turn.
                        if state.contended % DEADLOCKS == 0 || !self.locked.is_empty() {
                            return Poll::Ready(Err(deadlock()));
                        }
                    }
                    state.waiting.push(cx.waker().clone());
                    Poll::Pending
                }
                _ => {
                    state.locks.insert(name.to_owned(), self.number);
                    self.locked.insert(name.to_owned());
                    Poll::Ready(Ok(()))
                }
            }
        })
        .await
    }

    /// Changes what `name` is; the transaction must have locked it.
    pub(super) fn set(&mut self, name: &str, value: Option<i64>) {
        self.changes.insert(name.to_owned(), value);
    }

    /// Has the transaction fail when it is committed.
    pub(super) fn doom(&mut self, failure: Failure) {
        self.doomed = Some(failure);
    }

    /// Makes the changes visible, and returns the bookmark that vouches for them.
    pub(super) fn commit(mut self) -> Result<String, Failure> {
        if let Some(failure) = self.doomed.take() {
            return Err(failure);
        }
        let mut state = self.store.lock();
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            state.version += 1;
        }
        let version = state.version;
        for (name, value) in changes {
            state.entries.entry(name).or_default().push((version, value));
        }
        drop(state);
        Ok(format!("{BOOKMARK}{}", self.sees.unwrap_or(version)))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.locked.is_empty() {
            return;
        }
        let mut state = self.store.lock();
        for name in &self.locked {
            state.locks.remove(name);
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

fn deadlock() -> Failure {
    let message = "Another transaction holds what this one waits for.";
    Failure::new("Neo.TransientError.Transaction.DeadlockDetected", message)
}
