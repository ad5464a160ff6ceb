//! The engine as a backend of a Bolt server.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use futures_core::future::BoxFuture;
use graphdblite::Record;
use neobolt_io::{Runtime, timeout_at};
use neobolt_proto::Failure;
use neobolt_server::{
    AccessMode, Backend, BackendSession, Credentials, Query, QueryResult, RouteRequest, RoutingTable, Rows, Step,
    Summary, TransactionOptions,
};

use crate::catalog::Facts;
use crate::engine::Engine;
use crate::plan::plan;
use crate::text::{Outline, returned_parameters};
use crate::worker::{Attempt, EngineQuery, Transaction, Worker};
use crate::{catalog, failure, value};

/// The one database, as Neo4j's community edition names it.
const DATABASE: &str = "neo4j";

/// Where Neo4j keeps what concerns all databases, and where SHOW commands are often sent. Here it is the same database.
const SYSTEM: &str = "system";

/// What stands before the number in a bookmark.
const BOOKMARK: &str = "neobolt:";

/// How long a transaction waits for the one that is writing: longer than any transaction of a test or an example takes,
/// short enough for a program that waits for itself to find out.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The engine on a runtime, with what clients must know to be let in.
#[derive(Debug)]
pub(crate) struct EmbeddedBackend {
    pub(crate) engine: Arc<Engine>,
    pub(crate) runtime: Arc<dyn Runtime>,
    /// The user and password that are accepted; `None` accepts all.
    pub(crate) credentials: Option<(Box<str>, Box<str>)>,
    /// Where clients reach the server, once it listens.
    pub(crate) address: Arc<OnceLock<String>>,
}

impl Backend for EmbeddedBackend {
    fn authenticate(
        &self,
        _peer: SocketAddr,
        credentials: Credentials,
    ) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>> {
        let accepted = self.credentials.as_ref().is_none_or(|(user, password)| credentials.is_basic(user, password));
        let answer = if accepted {
            let session = EmbeddedSession {
                engine: Arc::clone(&self.engine),
                runtime: Arc::clone(&self.runtime),
                address: Arc::clone(&self.address),
                worker: None,
                mode: None,
            };
            Ok(Box::new(session) as Box<dyn BackendSession>)
        } else {
            Err(failure::unauthorized())
        };
        Box::pin(std::future::ready(answer))
    }

    fn route(&self, request: RouteRequest) -> BoxFuture<'_, Result<RoutingTable, Failure>> {
        let answer = check_database(request.database.as_deref(), request.impersonated_user.as_deref())
            .map(|()| RoutingTable::single(request.address, DATABASE.into()));
        Box::pin(std::future::ready(answer))
    }
}

/// A client's session: a thread, started with the first query, and the mode of the open transaction.
struct EmbeddedSession {
    engine: Arc<Engine>,
    runtime: Arc<dyn Runtime>,
    address: Arc<OnceLock<String>>,
    worker: Option<Worker>,
    /// `None` when no transaction is open.
    mode: Option<AccessMode>,
}

impl EmbeddedSession {
    fn open_mode(&self) -> Result<AccessMode, Failure> {
        self.mode.ok_or_else(|| failure::unexpected("no transaction is open"))
    }

    async fn run(&mut self, query: Query) -> Result<QueryResult, Failure> {
        let mode = self.open_mode()?;
        let parameters = match value::parameters(&query.parameters) {
            Ok(parameters) => parameters,
            Err(failure) => return returned(&query).ok_or(failure),
        };
        let address = self.address.get().map_or("localhost:7687", String::as_str);
        let translation = catalog::translate(&query.text, Facts { address, database: DATABASE })?;
        let text = translation.text.into_owned();
        let outline = Outline::of(&text);
        let query = Arc::new(EngineQuery {
            text,
            parameters,
            reads: outline.reads,
            updates: outline.updates(),
            makes_index: outline.makes_index,
            tolerates_index: translation.tolerates_index,
        });
        if self.worker.is_none() {
            self.worker = Some(Worker::start()?);
        }
        let worker = self.worker.as_ref().expect("invariant: it was just started");
        let mut permit = None;
        let (records, changes) = loop {
            let (engine, query) = (Arc::clone(&self.engine), Arc::clone(&query));
            let attempt = worker.call(move |slot| Transaction::run(slot, &engine, mode, &query, permit)).await?;
            match attempt {
                Attempt::Done { records, changes } => break (records, changes),
                Attempt::NeedsPermit => {
                    let deadline = self.runtime.now() + LOCK_TIMEOUT;
                    let waiting = self.engine.writers().acquire();
                    permit =
                        Some(timeout_at(&*self.runtime, deadline, waiting).await.map_err(|_| failure::lock_timeout())?);
                }
            }
        };
        let mut summary = Summary::default();
        summary.query_type = Some(outline.query_type);
        summary.stats = changes;
        if outline.explains {
            let text = records.first().and_then(|record| record.value_at(0));
            summary.plan = match text {
                Some(graphdblite::Value::String(text)) => Some(plan(text)),
                _ => None,
            };
            return Ok(QueryResult::buffered(outline.columns.unwrap_or_default(), Vec::new(), summary));
        }
        let fields = columns(outline.columns, records.first());
        Ok(QueryResult::new(fields, EngineRows { records: records.into_iter(), summary }))
    }

    async fn commit(&mut self) -> Result<Option<String>, Failure> {
        self.open_mode()?;
        self.mode = None;
        let seen = match &self.worker {
            Some(worker) => worker.call(|slot| slot.take().map(Transaction::commit).transpose()).await?,
            None => None,
        };
        let number = seen.unwrap_or_else(|| self.engine.commits());
        Ok(Some(format!("{BOOKMARK}{number}")))
    }

    async fn abandon(&mut self) {
        self.mode = None;
        if let Some(worker) = &self.worker {
            let rolled_back = worker.call(|slot| {
                *slot = None;
                Ok(())
            });
            if rolled_back.await.is_err() {
                self.worker = None;
            }
        }
    }
}

impl BackendSession for EmbeddedSession {
    fn begin(&mut self, options: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>> {
        // The engine's transaction begins with its first query: what stands here needs no engine.
        let answer = check_database(options.database.as_deref(), options.impersonated_user.as_deref())
            .and_then(|()| check_bookmarks(&options.bookmarks, self.engine.commits()));
        if answer.is_ok() {
            self.mode = Some(options.mode);
        }
        Box::pin(std::future::ready(answer))
    }

    fn run(&mut self, query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>> {
        Box::pin(self.run(query))
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>> {
        Box::pin(self.commit())
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            self.abandon().await;
            Ok(())
        })
    }

    fn reset(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.abandon())
    }
}

fn check_database(database: Option<&str>, impersonated_user: Option<&str>) -> Result<(), Failure> {
    match (database, impersonated_user) {
        (_, Some(_)) => Err(failure::impersonation()),
        (Some(name), None) if ![DATABASE, SYSTEM].iter().any(|it| name.eq_ignore_ascii_case(it)) => {
            Err(failure::no_such_database(name))
        }
        _ => Ok(()),
    }
}

/// Returns the result of a query that only returns parameters: the engine is not needed, and need not know their types.
fn returned(query: &Query) -> Option<QueryResult> {
    let (fields, parameters): (Vec<_>, Vec<_>) = returned_parameters(&query.text)?.into_iter().unzip();
    let row: Option<Vec<_>> = parameters.iter().map(|name| query.parameters.get(name).cloned()).collect();
    let mut summary = Summary::default();
    summary.query_type = Some("r");
    Some(QueryResult::buffered(fields, vec![row?], summary))
}

/// Checks that everything the bookmarks stand for has been committed. What has been committed is seen.
fn check_bookmarks(bookmarks: &[String], commits: u64) -> Result<(), Failure> {
    let seen = |bookmark: &String| {
        let number = bookmark.strip_prefix(BOOKMARK).and_then(|number| number.parse::<u64>().ok());
        number.is_some_and(|number| number <= commits)
    };
    bookmarks
        .iter()
        .find(|bookmark| !seen(bookmark))
        .map_or(Ok(()), |bookmark| Err(failure::invalid_bookmark(bookmark)))
}

/// Returns the names of the columns: as the query writes them, where that fits what the engine returned.
fn columns(written: Option<Vec<String>>, first: Option<&Record>) -> Vec<String> {
    match (written, first) {
        (Some(written), None) => written,
        (Some(written), Some(first)) if written.len() == first.len() => written,
        (_, Some(first)) => first.keys().cloned().collect(),
        (None, None) => Vec::new(),
    }
}

/// The engine's rows, all of them there, and translated when they are asked for.
struct EngineRows {
    records: vec::IntoIter<Record>,
    summary: Summary,
}

impl Rows for EngineRows {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        Poll::Ready(match self.records.next() {
            Some(record) => record.values().map(value::from_engine).collect::<Result<_, _>>().map(Step::Row),
            None => Ok(Step::End(std::mem::take(&mut self.summary))),
        })
    }

    fn discard(&mut self) -> Option<Summary> {
        self.records = Vec::new().into_iter();
        Some(std::mem::take(&mut self.summary))
    }
}
