//! The blocking side of a session: one thread, and the transaction that it has open.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use futures_channel::oneshot;
use graphdblite::{Database, GraphError, Record, Value};
use neobolt_proto::{Failure, Map};
use neobolt_server::AccessMode;

use crate::counters::{self, Snapshot};
use crate::engine::Engine;
use crate::failure;
use crate::writer::WritePermit;

type Job = Box<dyn FnOnce(&mut Option<Transaction>) + Send>;

/// A thread that runs one session's jobs, one after the other, until it is dropped.
///
/// A transaction that is open then is rolled back by the thread when it has finished its last job.
#[derive(Debug)]
pub(crate) struct Worker {
    jobs: mpsc::Sender<Job>,
}

impl Worker {
    /// Starts a thread.
    pub(crate) fn start() -> Result<Self, Failure> {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name("neobolt-embedded".into())
            .spawn(move || {
                let mut transaction = None;
                while let Ok(job) = jobs.recv() {
                    job(&mut transaction);
                }
            })
            .map_err(|error| failure::unexpected(format!("no thread for the session: {error}")))?;
        Ok(Self { jobs: sender })
    }

    /// Runs `job` on the thread. A job that was handed over is finished even if the future is dropped.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Option<Transaction>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, answer) = oneshot::channel();
        let job = move |transaction: &mut Option<Transaction>| {
            // Nobody may be waiting any more.
            let _ = sender.send(job(transaction));
        };
        // Both fail only when the thread is gone: a job has panicked.
        let gone = || failure::unexpected("the engine has panicked; the session is lost");
        self.jobs.send(Box::new(job)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// What became of a query.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It has run.
    Done {
        /// Its rows.
        records: Vec<Record>,
        /// What it has changed, as the counters of a summary.
        changes: Map,
    },
    /// It writes, or there is no handle to read with: it must be tried again with the right to write.
    NeedsPermit,
}

/// A query in the engine's terms.
#[derive(Debug)]
pub(crate) struct EngineQuery {
    pub(crate) text: String,
    pub(crate) parameters: HashMap<String, Value>,
    /// Whether it looks at the graph.
    pub(crate) reads: bool,
    /// Whether it has clauses that change the graph.
    pub(crate) updates: bool,
    /// Whether it makes an index (`true`) or drops one (`false`).
    pub(crate) makes_index: Option<bool>,
    /// Whether it is well that the index that it makes is there already.
    pub(crate) tolerates_index: bool,
}

/// A transaction of the engine: a reader, which is replaced by a writer at its first write.
pub(crate) struct Transaction {
    engine: Arc<Engine>,
    /// `None` only while it is dropped.
    handle: Option<Database>,
    permit: Option<WritePermit>,
    /// How many commits there were before this transaction began to see the graph.
    seen: u64,
    /// Whether a query has read that snapshot, so that the transaction cannot move on to a later one.
    has_read: bool,
}

impl Transaction {
    /// Runs a query in the transaction in `slot`, which begins with its first query.
    pub(crate) fn run(
        slot: &mut Option<Self>,
        engine: &Arc<Engine>,
        mode: AccessMode,
        query: &EngineQuery,
        permit: Option<WritePermit>,
    ) -> Result<Attempt, Failure> {
        let mut transaction = match slot.take() {
            Some(mut transaction) => {
                if let Some(permit) = permit {
                    transaction.upgrade(permit)?;
                }
                transaction
            }
            None => {
                let handle = match engine.idle_handle() {
                    Some(handle) => handle,
                    None if permit.is_some() => engine.open_handle().map_err(failure::from_engine)?,
                    None => return Ok(Attempt::NeedsPermit),
                };
                // It was for opening the handle. Whether the query writes is not known yet.
                drop(permit);
                Self::begin(engine, handle)?
            }
        };
        let attempt = transaction.attempt(mode, query);
        // A transaction whose query failed is of no more use: its locks are given up at once.
        if attempt.is_ok() {
            *slot = Some(transaction);
        }
        attempt
    }

    fn begin(engine: &Arc<Engine>, mut handle: Database) -> Result<Self, Failure> {
        // Counted before the snapshot is taken: at worst a commit in between is taken for a conflict.
        let seen = engine.commits();
        handle.begin_read().map_err(failure::from_engine)?;
        Ok(Self { engine: Arc::clone(engine), handle: Some(handle), permit: None, seen, has_read: false })
    }

    fn handle(&mut self) -> &mut Database {
        self.handle.as_mut().expect("invariant: the handle is there until the transaction is dropped")
    }

    /// Becomes a writer, unless somebody has written since this transaction has read.
    fn upgrade(&mut self, permit: WritePermit) -> Result<(), Failure> {
        if self.has_read && self.engine.commits() != self.seen {
            return Err(failure::outdated());
        }
        self.handle().rollback().map_err(failure::from_engine)?;
        self.handle().begin_write().map_err(failure::from_engine)?;
        self.permit = Some(permit);
        Ok(())
    }

    fn attempt(&mut self, mode: AccessMode, query: &EngineQuery) -> Result<Attempt, Failure> {
        let writer = self.permit.is_some();
        let counts = writer && query.updates;
        let before = if counts { self.snapshot()? } else { None };
        match self.handle().execute_with_params(&query.text, Some(&query.parameters)) {
            Ok(records) => {
                self.has_read |= query.reads || query.updates;
                let after = if before.is_some() { self.snapshot()? } else { None };
                let changes = match before.zip(after) {
                    Some((before, after)) => before.changes_to(&after),
                    None if counts => counters::uncounted(),
                    None => query.makes_index.map(counters::schema).unwrap_or_default(),
                };
                Ok(Attempt::Done { records, changes })
            }
            Err(GraphError::IndexAlreadyExists { .. }) if query.tolerates_index => {
                Ok(Attempt::Done { records: Vec::new(), changes: Map::default() })
            }
            // The engine plans a query before it runs it, and refuses a plan that writes: nothing has happened yet.
            Err(GraphError::Transaction { .. }) if !writer => match mode {
                AccessMode::Write => Ok(Attempt::NeedsPermit),
                AccessMode::Read => Err(failure::write_in_read_mode()),
            },
            Err(error) => Err(failure::from_engine(error)),
        }
    }

    fn snapshot(&mut self) -> Result<Option<Snapshot>, Failure> {
        Snapshot::of(self.handle()).map_err(failure::from_engine)
    }

    /// Commits, and returns how many commits there were when that happened.
    pub(crate) fn commit(mut self) -> Result<u64, Failure> {
        self.handle().commit().map_err(failure::from_engine)?;
        Ok(if self.permit.is_some() { self.engine.count_commit() } else { self.seen })
    }
}

impl Drop for Transaction {
    /// Rolls back what was not committed, gives the handle back, and only then the right to write.
    fn drop(&mut self) {
        if let Some(mut handle) = self.handle.take()
            && (!handle.in_transaction() || handle.rollback().is_ok())
        {
            self.engine.give_back(handle);
        }
    }
}
