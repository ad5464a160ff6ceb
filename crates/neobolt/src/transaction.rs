//! Transactions, explicit and managed.

use std::future::IntoFuture;
use std::sync::Arc;

use neobolt_io::BoxFuture;
use neobolt_proto::message::Count;

use crate::conversation::{Conversation, Phase, Run};
use crate::error::Error;
use crate::query::{Query, query_setters};
use crate::result::{RecordStream, ResultState, buffer};

/// What both kinds of transactions can do.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    conversation: Arc<Conversation>,
    fetch: Count,
}

impl Handle {
    pub(crate) fn new(conversation: Arc<Conversation>, fetch: Count) -> Self {
        Self { conversation, fetch }
    }

    pub(crate) fn conversation(&self) -> Arc<Conversation> {
        Arc::clone(&self.conversation)
    }

    async fn run(&self, query: Query) -> Result<RecordStream, Error> {
        let result = ResultState::new();
        let in_the_way = self.conversation.lock().results_in_the_way();
        for earlier in &in_the_way {
            buffer(earlier).await;
        }
        {
            let mut state = self.conversation.lock();
            state.ensure_open()?;
            let run = Run { query: &query.text, parameters: &query.parameters, first_pull: self.fetch };
            state.run(&run, None, &result)?;
        }
        let stream = RecordStream::open(Arc::clone(&result), &self.conversation, self.fetch).await?;
        result.ran(query);
        Ok(stream)
    }

    /// Drops what is left of every result and commits: one round trip, unless records are still under way.
    pub(crate) async fn commit(&self) -> Result<(), Error> {
        self.conversation.lock().ensure_open()?;
        let mut sent = false;
        self.conversation
            .until(|state| {
                if !sent && state.broken.is_none() && state.is_settled() {
                    if let Err(error) = state.discard_all().and_then(|()| state.commit()) {
                        return Some(Err(error));
                    }
                    sent = true;
                }
                (state.phase == Phase::Committed).then_some(Ok(()))
            })
            .await?
    }

    /// Rolls back, which is done already where something has failed.
    pub(crate) async fn rollback(&self) -> Result<(), Error> {
        {
            let mut state = self.conversation.lock();
            if state.broken.is_some() {
                state.end(Phase::RolledBack);
                return Ok(());
            }
            state.ensure_open()?;
        }
        let mut sent = false;
        self.conversation
            .until(|state| {
                if !sent && state.broken.is_none() && state.is_settled() {
                    if let Err(error) = state.discard_all().and_then(|()| state.rollback()) {
                        return Some(Err(error));
                    }
                    sent = true;
                }
                (state.phase == Phase::RolledBack).then_some(Ok(()))
            })
            .await?
    }
}

/// An explicit transaction. Dropping it without [`commit`](Self::commit) rolls it back.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction {
    handle: Handle,
}

impl Transaction {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Runs a query. Several results of a transaction can be open at once, and read in turns.
    pub fn run(&mut self, query: impl Into<Query>) -> RunInTransaction<'_> {
        RunInTransaction { handle: &self.handle, query: query.into() }
    }

    /// Commits the transaction.
    ///
    /// What is left of its results is dropped: a stream that is read on ends in an error of kind
    /// [`ResultOutOfScope`](crate::ErrorKind::ResultOutOfScope), so that it is not taken for complete.
    ///
    /// When the future is dropped, the outcome is unknown: the COMMIT may have been sent.
    ///
    /// # Errors
    ///
    /// The transaction has failed, or the server refused, or the connection was lost. An error of kind
    /// [`CommitUnknown`](crate::ErrorKind::CommitUnknown) says that nobody knows whether it was committed.
    pub async fn commit(self) -> Result<(), Error> {
        self.handle.commit().await
    }

    /// Rolls the transaction back.
    ///
    /// # Errors
    ///
    /// The connection was lost; the server then rolls back by itself.
    pub async fn rollback(self) -> Result<(), Error> {
        self.handle.rollback().await
    }
}

/// The transaction of a managed function, which is committed when the function returns `Ok`, and otherwise rolled back.
#[derive(Debug)]
pub struct ManagedTransaction {
    handle: Handle,
}

impl ManagedTransaction {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Runs a query. Several results of a transaction can be open at once, and read in turns.
    pub fn run(&mut self, query: impl Into<Query>) -> RunInTransaction<'_> {
        RunInTransaction { handle: &self.handle, query: query.into() }
    }
}

/// A query that a transaction will run when it is awaited.
#[derive(Debug)]
#[must_use = "a query runs when it is awaited"]
pub struct RunInTransaction<'a> {
    handle: &'a Handle,
    query: Query,
}

impl RunInTransaction<'_> {
    query_setters!();
}

impl<'a> IntoFuture for RunInTransaction<'a> {
    type Output = Result<RecordStream, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.handle.run(self.query).await })
    }
}
