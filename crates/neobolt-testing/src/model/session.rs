//! One client of the model.

use std::sync::Arc;

use neobolt_io::BoxFuture;
use neobolt_proto::Failure;
use neobolt_server::{AccessMode, BackendSession, Query, QueryResult, TransactionOptions};

use super::answers::answer;
use super::store::Transaction;
use super::{DATABASE, Model};

pub(super) struct ModelSession {
    model: Arc<Model>,
    transaction: Option<Transaction>,
}

impl ModelSession {
    pub(super) fn new(model: &Arc<Model>) -> Self {
        Self { model: Arc::clone(model), transaction: None }
    }

    fn take(&mut self) -> Result<Transaction, Failure> {
        self.transaction.take().ok_or_else(no_transaction)
    }
}

impl BackendSession for ModelSession {
    fn begin(&mut self, options: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(database) = options.database.filter(|database| database != DATABASE) {
                let message = format!("Graph not found: {database}");
                return Err(Failure::new("Neo.ClientError.Database.DatabaseNotFound", message));
            }
            let reads = options.mode == AccessMode::Read;
            self.transaction = Some(self.model.store.begin(&options.bookmarks, reads)?);
            Ok(())
        })
    }

    fn run(&mut self, query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>> {
        Box::pin(async move {
            self.model.work().await?;
            let transaction = self.transaction.as_mut().ok_or_else(no_transaction)?;
            let answer = answer(transaction, &query).await?;
            Ok(answer.into_result(&self.model.rows_made))
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>> {
        Box::pin(async move { self.take()?.commit().map(Some) })
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move { self.take().map(drop) })
    }

    fn reset(&mut self) -> BoxFuture<'_, ()> {
        self.transaction = None;
        Box::pin(std::future::ready(()))
    }
}

fn no_transaction() -> Failure {
    Failure::new("Neo.DatabaseError.General.UnknownError", "no transaction is open")
}
