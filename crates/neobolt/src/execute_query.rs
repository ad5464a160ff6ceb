//! `execute_query`: one query, one transaction, all of its result.

use std::future::IntoFuture;
use std::sync::Arc;

use neobolt_core::{BookmarkManager, Bookmarks, Pipelining};
use neobolt_io::BoxFuture;
use neobolt_proto::message::{AccessMode, Count, TelemetryApi, TransactionOptions};
use neobolt_proto::{Auth, Keys, Record};

use crate::conversation::{Conversation, Phase, Run, Telemetry};
use crate::driver::{Driver, Target};
use crate::error::Error;
use crate::query::{Query, TransactionConfig, query_setters};
use crate::result::ResultState;
use crate::retry::{Retries, undecided};
use crate::session::SessionBookmarks;
use crate::summary::ResultSummary;

/// All of a result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EagerResult {
    /// The names of the columns.
    pub keys: Arc<Keys>,
    /// The records.
    pub records: Vec<Record>,
    /// What the server said of the query.
    pub summary: ResultSummary,
}

/// A query that [`Driver::execute_query`] will run when it is awaited.
#[derive(Debug)]
#[must_use = "a query runs when it is awaited"]
pub struct ExecuteQuery {
    driver: Driver,
    query: Query,
    config: TransactionConfig,
    access: AccessMode,
    database: Option<Arc<str>>,
    impersonated_user: Option<Arc<str>>,
    auth: Option<Auth>,
    manager: Option<BookmarkManager>,
}

impl ExecuteQuery {
    pub(crate) fn new(driver: Driver, query: Query) -> Self {
        let manager = Some(driver.bookmark_manager().clone());
        Self {
            driver,
            query,
            config: TransactionConfig::new(),
            access: AccessMode::Write,
            database: None,
            impersonated_user: None,
            auth: None,
            manager,
        }
    }

    query_setters!();

    /// Sets the database: the user's home database by default. Naming it saves asking for it.
    pub fn database(mut self, database: impl Into<Arc<str>>) -> Self {
        self.database = Some(database.into());
        self
    }

    /// Says that the query only reads: it may run on any member of a cluster, and takes one round trip instead of two.
    pub fn read(mut self) -> Self {
        self.access = AccessMode::Read;
        self
    }

    /// Sets the user in whose name the query runs.
    pub fn impersonated_user(mut self, user: impl Into<Arc<str>>) -> Self {
        self.impersonated_user = Some(user.into());
        self
    }

    /// Sets the token that the query authenticates with: the driver's by default. Needs Bolt 5.1.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Sets the manager of what the query must have seen: the driver's by default, so that each query sees what those
    /// before it wrote. `None` leaves the query to see what it happens to.
    pub fn bookmark_manager(mut self, manager: Option<&BookmarkManager>) -> Self {
        self.manager = manager.cloned();
        self
    }

    /// Sets timeout and metadata of the transaction.
    pub fn config(mut self, config: TransactionConfig) -> Self {
        self.config = config;
        self
    }

    async fn attempt(
        &self,
        bookmarks: &Arc<SessionBookmarks>,
        telemetry: &Telemetry,
        running: &mut Option<Arc<Conversation>>,
    ) -> Result<EagerResult, Error> {
        let target = Target {
            access: self.access,
            database: self.database.clone(),
            impersonated_user: self.impersonated_user.clone(),
            auth: self.auth.as_ref(),
            bookmarks,
        };
        let (conversation, database) = self.driver.inner().converse(&target).await?;
        *running = Some(Arc::clone(&conversation));
        let sent = bookmarks.to_send();
        let mut options = TransactionOptions {
            mode: self.access,
            database: database.as_deref(),
            bookmarks: sent.iter().collect(),
            impersonated_user: self.impersonated_user.as_deref(),
            ..TransactionOptions::default()
        };
        self.config.apply(&mut options);
        let config = self.driver.inner().config();
        let fewest = config.pipelining == Pipelining::Fewest;
        let fetch = if fewest { Count::All } else { config.fetch_size };
        let result = ResultState::new();
        // A read has nothing to lose when its COMMIT was already on the way; a write must stay retriable until then.
        let mut committing = fewest && self.access == AccessMode::Read;
        {
            let mut state = conversation.lock();
            state.telemetry(telemetry)?;
            state.begin(&options)?;
            let run = Run { query: &self.query.text, parameters: &self.query.parameters, first_pull: fetch };
            state.run(&run, None, &result)?;
            if committing {
                state.commit()?;
            }
        }
        conversation
            .until(|state| {
                if state.broken.is_none() && !committing {
                    let next = if result.is_over() {
                        committing = true;
                        state.commit()
                    } else if result.needs_pull() {
                        state.pull(&result, fetch)
                    } else {
                        Ok(())
                    };
                    if let Err(error) = next {
                        return Some(Err(error));
                    }
                }
                (state.phase == Phase::Committed).then_some(Ok(()))
            })
            .await??;
        let summary = result.summary()?;
        let keys = result.opening().transpose()?.unwrap_or_default();
        Ok(EagerResult { keys, records: result.into_records(), summary })
    }
}

impl IntoFuture for ExecuteQuery {
    type Output = Result<EagerResult, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let bookmarks = SessionBookmarks::new(Bookmarks::new(), self.manager.clone());
            let mut retries = Retries::new(&self.driver);
            let telemetry = Telemetry::new(TelemetryApi::ExecuteQuery);
            loop {
                let mut running = None;
                match retries.bound(self.attempt(&bookmarks, &telemetry, &mut running)).await {
                    Ok(Ok(mut result)) => {
                        result.summary = result.summary.of(&Arc::new(self.query));
                        return Ok(result);
                    }
                    Ok(Err(error)) => {
                        // The connection is not kept while nothing is done with it.
                        drop(running);
                        retries.again(error).await?;
                    }
                    Err(last) => return Err(undecided(running, last)),
                }
            }
        })
    }
}
