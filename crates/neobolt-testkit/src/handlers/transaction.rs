//! Transactions.

use neobolt::{Error, ManagedTransaction};

use super::query;
use super::result::OpenResult;
use crate::backend::{Answer, Backend};
use crate::error::Failure;
use crate::request::{Id, OfTransaction, TransactionRun};
use crate::response::Response;
use crate::value::written;

pub(crate) struct OpenTransaction {
    pub(crate) session: Id,
    pub(crate) transaction: Transaction,
}

pub(crate) enum Transaction {
    Explicit(neobolt::Transaction),
    Managed(ManagedTransaction),
    /// The driver's own is consumed by its end.
    Closed,
}

impl Transaction {
    /// Rolls back what is open.
    pub(crate) async fn close(self) -> Result<(), Error> {
        match self {
            Self::Explicit(transaction) => transaction.rollback().await,
            Self::Managed(_) | Self::Closed => Ok(()),
        }
    }
}

impl Backend {
    pub(crate) async fn transaction_run(&self, it: TransactionRun) -> Answer {
        let parameters = written(it.params.as_ref())?;
        let run = query(&it.cypher, it.params)?;
        let mut open = self.transactions.take(it.tx_id)?;
        let ran = match &mut open.transaction {
            Transaction::Explicit(transaction) => transaction.run(run).await.map_err(Failure::from),
            Transaction::Managed(transaction) => transaction.run(run).await.map_err(Failure::from),
            Transaction::Closed => Err(Failure::transaction_closed()),
        };
        self.transactions.put(it.tx_id, open);
        Ok(self.keep_result(OpenResult::new(ran?, it.cypher, parameters)))
    }

    pub(crate) async fn transaction_commit(&self, it: OfTransaction) -> Answer {
        match self.end_transaction(it.tx_id)? {
            Transaction::Explicit(transaction) => transaction.commit().await?,
            Transaction::Managed(_) | Transaction::Closed => return Err(Failure::transaction_closed()),
        }
        Ok(Response::Transaction { id: it.tx_id })
    }

    pub(crate) async fn transaction_rollback(&self, it: OfTransaction) -> Answer {
        match self.end_transaction(it.tx_id)? {
            Transaction::Explicit(transaction) => transaction.rollback().await?,
            Transaction::Managed(_) | Transaction::Closed => return Err(Failure::transaction_closed()),
        }
        Ok(Response::Transaction { id: it.tx_id })
    }

    pub(crate) async fn transaction_close(&self, it: OfTransaction) -> Answer {
        self.end_transaction(it.tx_id)?.close().await?;
        Ok(Response::Transaction { id: it.tx_id })
    }

    /// Takes the driver's transaction out and leaves in its place that it is closed.
    fn end_transaction(&self, id: Id) -> Result<Transaction, Failure> {
        let OpenTransaction { session, transaction } = self.transactions.take(id)?;
        self.transactions.put(id, OpenTransaction { session, transaction: Transaction::Closed });
        Ok(transaction)
    }
}
