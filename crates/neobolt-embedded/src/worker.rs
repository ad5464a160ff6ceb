//! The blocking side of a session: one thread, and the transaction that it has open.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use futures_channel::oneshot;
use graphdblite::{Database, GraphError, Record, Value};
use neobolt_proto::Failure;
use neobolt_server::AccessMode;

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
    Done(Vec<Record>),
    /// It writes, or there is no handle to read with: it must be tried again with the right to write.
    NeedsPermit,
}

/// A transaction of the engine: a reader, which is replaced by a writer at its first write.
pub(crate) struct Transaction {
    engine: Arc<Engine>,
    /// `None` only while it is dropped.
    handle: Option<Database>,
    permit: Option<WritePermit>,
    /// How many commits there were before this transaction began to see the graph.
    snapshot: u64,
    /// Whether a query has read that snapshot, so that the transaction cannot move on to a later one.
    has_read: bool,
}

impl Transaction {
    /// Runs a query in the transaction in `slot`, which begins with its first query.
    pub(crate) fn run(
        slot: &mut Option<Self>,
        engine: &Arc<Engine>,
        mode: AccessMode,
        query: &str,
        parameters: &HashMap<String, Value>,
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
        let attempt = transaction.attempt(mode, query, parameters);
        // A transaction whose query failed is of no more use: its locks are given up at once.
        if attempt.is_ok() {
            *slot = Some(transaction);
        }
        attempt
    }

    fn begin(engine: &Arc<Engine>, mut handle: Database) -> Result<Self, Failure> {
        // Counted before the snapshot is taken: at worst a commit in between is taken for a conflict.
        let snapshot = engine.commits();
        handle.begin_read().map_err(failure::from_engine)?;
        Ok(Self { engine: Arc::clone(engine), handle: Some(handle), permit: None, snapshot, has_read: false })
    }

    fn handle(&mut self) -> &mut Database {
        self.handle.as_mut().expect("invariant: the handle is there until the transaction is dropped")
    }

    /// Becomes a writer, unless somebody has written since this transaction has read.
    fn upgrade(&mut self, permit: WritePermit) -> Result<(), Failure> {
        if self.has_read && self.engine.commits() != self.snapshot {
            return Err(failure::outdated());
        }
        self.handle().rollback().map_err(failure::from_engine)?;
        self.handle().begin_write().map_err(failure::from_engine)?;
        self.permit = Some(permit);
        Ok(())
    }

    fn attempt(
        &mut self,
        mode: AccessMode,
        query: &str,
        parameters: &HashMap<String, Value>,
    ) -> Result<Attempt, Failure> {
        let writer = self.permit.is_some();
        match self.handle().execute_with_params(query, Some(parameters)) {
            Ok(records) => {
                self.has_read = true;
                Ok(Attempt::Done(records))
            }
            // The engine plans a query before it runs it, and refuses a plan that writes: nothing has happened yet.
            Err(GraphError::Transaction { .. }) if !writer => match mode {
                AccessMode::Write => Ok(Attempt::NeedsPermit),
                AccessMode::Read => Err(failure::write_in_read_mode()),
            },
            Err(error) => Err(failure::from_engine(error)),
        }
    }

    /// Commits, and returns how many commits there were when that happened.
    pub(crate) fn commit(mut self) -> Result<u64, Failure> {
        self.handle().commit().map_err(failure::from_engine)?;
        Ok(if self.permit.is_some() { self.engine.count_commit() } else { self.snapshot })
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
