//! Sessions.

use neobolt::{AccessMode, ManagedTransaction, TransactionConfig};

use super::transaction::{OpenTransaction, Transaction};
use super::{access, config, fetch_size, filter, query};
use crate::backend::{Answer, Backend};
use crate::callbacks::auth;
use crate::error::Failure;
use crate::handlers::result::OpenResult;
use crate::request::{Id, NewSession, OfSession, Request, SessionRun, SessionTransaction};
use crate::response::Response;
use crate::value::written;

impl Backend {
    pub(crate) fn new_session(&self, it: NewSession) -> Answer {
        let filter = filter(it.notifications_min_severity.as_deref(), it.notifications_disabled_categories.as_deref())?;
        let mut builder = self
            .drivers
            .get(it.driver_id)?
            .session()
            .default_access_mode(access(it.access_mode.as_deref()))
            .notifications(filter)
            .bookmarks(it.bookmarks.unwrap_or_default().into_iter().collect());
        if let Some(database) = it.database {
            builder = builder.database(database);
        }
        if let Some(records) = it.fetch_size {
            builder = builder.fetch_size(fetch_size(records));
        }
        if let Some(user) = it.impersonated_user {
            builder = builder.impersonated_user(user);
        }
        if let Some(token) = it.authorization_token {
            builder = builder.auth(auth(token.data)?);
        }
        if let Some(id) = it.bookmark_manager_id {
            builder = builder.bookmark_manager(&self.bookmark_managers.get(id)?);
        }
        Ok(Response::Session { id: self.sessions.keep(builder.build()) })
    }

    pub(crate) async fn session_close(&self, it: OfSession) -> Answer {
        for transaction in self.transactions.take_where(|open| open.session == it.session_id) {
            transaction.transaction.close().await?;
        }
        // What goes wrong with results that nobody reads any more is not told.
        self.sessions.take(it.session_id)?.close().await;
        Ok(Response::Session { id: it.session_id })
    }

    pub(crate) async fn session_run(&self, it: SessionRun) -> Answer {
        let parameters = written(it.params.as_ref())?;
        let run = query(&it.cypher, it.params)?;
        let config = config(it.tx_meta, it.timeout)?;
        let mut session = self.sessions.take(it.session_id)?;
        let ran = session.run(run).config(config).await;
        self.sessions.put(it.session_id, session);
        Ok(self.keep_result(OpenResult::new(ran?, it.cypher, parameters)))
    }

    pub(crate) async fn session_begin_transaction(&self, it: SessionTransaction) -> Answer {
        let config = config(it.tx_meta, it.timeout)?;
        let mut session = self.sessions.take(it.session_id)?;
        let begun = session.begin_transaction().config(config).await;
        self.sessions.put(it.session_id, session);
        let transaction = Transaction::Explicit(begun?);
        Ok(Response::Transaction {
            id: self.transactions.keep(OpenTransaction { session: it.session_id, transaction }),
        })
    }

    pub(crate) async fn session_managed(&self, access: AccessMode, it: SessionTransaction) -> Answer {
        let config: TransactionConfig = config(it.tx_meta, it.timeout)?;
        let mut session = self.sessions.take(it.session_id)?;
        let work = |transaction| self.managed_work(it.session_id, transaction);
        let done: Result<(), Failure> = session.execute(access, &config, work).await;
        self.sessions.put(it.session_id, session);
        done.map(|()| Response::RetryableDone {})
    }

    /// TestKit's function: its requests are worked on until it says how it ended.
    async fn managed_work(&self, session: Id, transaction: ManagedTransaction) -> Result<(), Failure> {
        let gone = |error: std::io::Error| Failure::Backend(error.to_string());
        let transaction = Transaction::Managed(transaction);
        let id = self.transactions.keep(OpenTransaction { session, transaction });
        let mut response = Response::RetryableTry { id };
        let outcome = loop {
            self.wire.write(&response).map_err(gone)?;
            let request = self.wire.read().map_err(gone)?;
            match request {
                None => break Err(Failure::Backend("TestKit has gone".into())),
                Some(Request::RetryablePositive {}) => break Ok(()),
                Some(Request::RetryableNegative(it)) => break Err(self.client_error(&it.error_id)),
                Some(request) => response = Box::pin(self.answer(request)).await,
            }
        };
        self.transactions.take(id)?;
        outcome
    }

    fn client_error(&self, error_id: &str) -> Failure {
        let errors = self.errors.borrow();
        match error_id.parse().ok().and_then(|number: usize| errors.get(number)) {
            Some(failure) => failure.clone(),
            None => Failure::Frontend("the function failed".into()),
        }
    }

    pub(crate) async fn session_last_bookmarks(&self, it: OfSession) -> Answer {
        let mut session = self.sessions.take(it.session_id)?;
        let bookmarks = session.last_bookmarks().await;
        self.sessions.put(it.session_id, session);
        Ok(Response::Bookmarks { bookmarks: bookmarks.iter().map(str::to_owned).collect() })
    }
}
