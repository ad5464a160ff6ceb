//! How each request is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use neobolt_proto::message::{ServerRequest, TransactionRequest};
use neobolt_proto::version::Capabilities;
use neobolt_proto::{Failure, Map, Value};
use tracing::debug;

use crate::results::{OpenResult, Transaction, millis};
use crate::wire::{Happening, Wire};
use crate::{
    Backend, BackendSession, Credentials, Query, RouteRequest, RoutingTable, ServerConfig, TransactionOptions, routing,
};

/// Answers the requests of one connection.
pub(crate) struct Handler {
    pub(crate) wire: Wire,
    id: u64,
    peer: SocketAddr,
    pub(crate) backend: Arc<dyn Backend>,
    config: Arc<ServerConfig>,
    session: Option<Box<dyn BackendSession>>,
    pub(crate) transaction: Option<Transaction>,
    /// Whether it is the server's limit that the transaction has to keep, not the client's.
    limited_by_us: bool,
}

/// Why a request has no SUCCESS.
pub(crate) enum Refusal {
    /// It is answered with a failure.
    Failure(Failure),
    /// Something happened that ends it.
    Happening(Happening),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Happening> for Refusal {
    fn from(happening: Happening) -> Self {
        Self::Happening(happening)
    }
}

pub(crate) type Answer = Result<Map, Refusal>;

impl Handler {
    pub(crate) fn new(
        wire: Wire,
        id: u64,
        peer: SocketAddr,
        backend: Arc<dyn Backend>,
        config: Arc<ServerConfig>,
    ) -> Self {
        Self { wire, id, peer, backend, config, session: None, transaction: None, limited_by_us: false }
    }

    /// Returns the wire; the session and its transaction are dropped.
    pub(crate) fn into_wire(self) -> Wire {
        self.wire
    }

    /// Answers requests until the connection is at its end.
    pub(crate) async fn run(&mut self) {
        loop {
            let request = match self.wire.next(self.transaction.is_none()).await {
                Happening::Request(request) => request,
                Happening::Interrupted => continue,
                Happening::TimedOut => {
                    self.time_out().await;
                    continue;
                }
                Happening::Ended => return,
            };
            match self.answer(request).await {
                Ok(metadata) => self.wire.machine().success(&metadata),
                Err(Refusal::Failure(failure)) => self.fail(&failure).await,
                Err(Refusal::Happening(Happening::TimedOut)) => self.fail(&timed_out(self.limited_by_us)).await,
                Err(Refusal::Happening(Happening::Ended)) => return,
                // RESET comes next. A request cannot come before this one is answered.
                Err(Refusal::Happening(Happening::Interrupted | Happening::Request(_))) => {}
            }
        }
    }

    async fn answer(&mut self, request: ServerRequest) -> Answer {
        match request {
            ServerRequest::Hello(extra) => self.hello(&extra).await,
            ServerRequest::Logon(extra) => self.logon(&extra).await,
            ServerRequest::Logoff => {
                self.session = None;
                let deadline = self.wire.now() + self.config.authentication_timeout;
                self.wire.end_at(Some(deadline));
                Ok(Map::default())
            }
            ServerRequest::Telemetry(0..=3) => Ok(Map::default()),
            ServerRequest::Telemetry(_) => Err(invalid("TELEMETRY with an unknown number").into()),
            ServerRequest::Begin(request) => self.begin(request, false).await,
            ServerRequest::Run { query, parameters, transaction } => {
                self.query(Query { text: query, parameters }, transaction).await
            }
            ServerRequest::Pull { count, qid } => self.stream(count, qid, true).await,
            ServerRequest::Discard { count, qid } => self.stream(count, qid, false).await,
            ServerRequest::Commit => {
                self.check_time()?;
                transaction(&mut self.transaction)?.results.clear();
                self.commit().await
            }
            ServerRequest::Rollback => {
                // One that has taken too long is rolled back already.
                if self.check_time().is_ok() {
                    transaction(&mut self.transaction)?.results.clear();
                    self.wire.during(session(&mut self.session)?.rollback()).await??;
                }
                self.end_transaction();
                Ok(Map::default())
            }
            ServerRequest::Route { context, bookmarks, database, impersonated_user } => {
                let table = self.route(context, bookmarks, database, impersonated_user).await?;
                let mut entries = routing::entries(&table);
                entries.push(("db", Value::from(&*table.database)));
                Ok(Map::from_iter([("rt", Value::Map(Map::from_iter(entries)))]))
            }
            ServerRequest::Reset => {
                self.abandon().await;
                Ok(Map::default())
            }
            _ => Err(invalid("a request that this server does not know").into()),
        }
    }

    pub(crate) fn capabilities(&mut self) -> &'static Capabilities {
        self.wire.machine().version().capabilities().expect("invariant: the handshake chose a version we speak")
    }

    async fn hello(&mut self, extra: &Map) -> Answer {
        if !self.capabilities().logon {
            self.logon(extra).await?;
        }
        let mut hints = Vec::new();
        if let Some(silence) = self.config.keep_alive {
            let seconds = i64::try_from(silence.as_secs()).unwrap_or(i64::MAX);
            hints.push(("connection.recv_timeout_seconds", Value::from(seconds)));
        }
        if self.capabilities().home_database {
            // We say which database is the home database, so clients may guess it without asking for it first.
            hints.push(("ssr.enabled", Value::Boolean(true)));
        }
        Ok(Map::from_iter([
            ("server", Value::from(self.backend.agent())),
            ("connection_id", Value::from(format!("bolt-{}", self.id))),
            ("hints", Value::Map(hints.into_iter().collect())),
        ]))
    }

    async fn logon(&mut self, extra: &Map) -> Answer {
        let credentials = Credentials::from_map(extra);
        debug!(?credentials, "authenticating");
        self.session = Some(self.wire.during(self.backend.authenticate(self.peer, credentials)).await??);
        self.wire.end_at(None);
        Ok(Map::default())
    }

    async fn begin(&mut self, request: TransactionRequest, auto_commit: bool) -> Answer {
        let wanted = request.timeout_millis.filter(|millis| *millis > 0).map(Duration::from_millis);
        let timeout = wanted.into_iter().chain(self.config.transaction_timeout).min();
        self.limited_by_us = timeout.is_some() && timeout != wanted;
        let database = request.database.clone();
        let options = TransactionOptions {
            mode: request.mode,
            bookmarks: request.bookmarks,
            timeout,
            metadata: request.metadata,
            database: request.database,
            impersonated_user: request.impersonated_user,
            auto_commit,
        };
        let deadline = timeout.and_then(|timeout| self.wire.now().checked_add(timeout));
        self.wire.time_out_at(deadline);
        self.wire.during(session(&mut self.session)?.begin(options)).await??;
        let named = database.is_some();
        self.transaction = Some(Transaction::new(auto_commit, database, true));
        let resolved = self.capabilities().home_database && !named;
        Ok(resolved.then(|| ("db", Value::from(self.backend.home_database()))).into_iter().collect())
    }

    async fn route(
        &mut self,
        context: Map,
        bookmarks: Vec<String>,
        database: Option<String>,
        impersonated_user: Option<String>,
    ) -> Result<RoutingTable, Refusal> {
        let advertised = self.config.advertised_address.clone().unwrap_or_default();
        let address = context.get("address").and_then(Value::as_str).map_or(advertised, str::to_owned);
        let request = RouteRequest { address, context, bookmarks, database, impersonated_user };
        Ok(self.wire.during(self.backend.route(request)).await??)
    }

    async fn query(&mut self, query: Query, request: TransactionRequest) -> Answer {
        let ran_at = self.wire.now();
        let mut metadata = Vec::with_capacity(4);
        let begins = self.transaction.is_none();
        let result = if let (true, Some((context, database))) = (begins, routing::asked(&query)) {
            let table = self.route(context, request.bookmarks, database, request.impersonated_user).await?;
            self.transaction = Some(Transaction::new(true, request.database, false));
            routing::result(&table)
        } else {
            if begins {
                let begun = self.begin(request, true).await?;
                metadata.extend(begun.iter().map(|(key, value)| (Box::from(key), value.clone())));
            }
            self.check_time()?;
            self.wire.during(session(&mut self.session)?.run(query)).await??
        };
        let elapsed = millis(self.wire.now() - ran_at);
        let transaction = transaction(&mut self.transaction)?;
        let qid = transaction.queries;
        transaction.queries += 1;
        let fields = result.fields.iter().map(|field| Value::from(&**field)).collect::<Vec<_>>();
        metadata.push(("fields".into(), Value::from(fields)));
        metadata.push(("t_first".into(), elapsed));
        if !transaction.auto_commit {
            metadata.push(("qid".into(), Value::from(qid)));
        }
        transaction.results.push(OpenResult { qid, result, next: None, is_empty: true, ran_at });
        Ok(Map::from_iter(metadata))
    }

    pub(crate) async fn commit(&mut self) -> Answer {
        // Once it commits it is too late to say that it took too long: it may have been committed.
        self.wire.time_out_at(None);
        let begun = self.transaction.as_ref().is_none_or(|transaction| transaction.begun);
        let bookmark = if begun { self.wire.during(session(&mut self.session)?.commit()).await?? } else { None };
        self.end_transaction();
        Ok(bookmark.map(|bookmark| ("bookmark", Value::from(bookmark))).into_iter().collect())
    }

    fn end_transaction(&mut self) {
        self.transaction = None;
        self.wire.time_out_at(None);
    }

    /// Answers with a failure, behind which no transaction is open.
    async fn fail(&mut self, failure: &Failure) {
        debug!(%failure, "request failed");
        self.wire.machine().failure(failure);
        self.abandon().await;
    }

    async fn abandon(&mut self) {
        self.end_transaction();
        if let Some(session) = &mut self.session {
            self.wire.settle(session.reset()).await;
        }
    }

    /// Ends a transaction that has taken too long while the client wanted nothing: it is told when it does.
    async fn time_out(&mut self) {
        let transaction = self.transaction.take();
        self.abandon().await;
        self.transaction =
            transaction.map(|transaction| Transaction { timed_out: true, results: Vec::new(), ..transaction });
    }

    pub(crate) fn check_time(&self) -> Result<(), Failure> {
        match &self.transaction {
            Some(transaction) if transaction.timed_out => Err(timed_out(self.limited_by_us)),
            _ => Ok(()),
        }
    }
}

fn session(session: &mut Option<Box<dyn BackendSession>>) -> Result<&mut Box<dyn BackendSession>, Failure> {
    session.as_mut().ok_or_else(|| unexpected("nobody is authenticated"))
}

pub(crate) fn transaction(transaction: &mut Option<Transaction>) -> Result<&mut Transaction, Failure> {
    transaction.as_mut().ok_or_else(|| unexpected("no transaction is open"))
}

pub(crate) fn invalid(message: impl Into<Box<str>>) -> Failure {
    Failure::new("Neo.ClientError.Request.Invalid", message)
}

pub(crate) fn unexpected(message: impl Into<Box<str>>) -> Failure {
    Failure::new("Neo.DatabaseError.General.UnknownError", message)
}

fn timed_out(by_us: bool) -> Failure {
    let (code, whose) = if by_us {
        ("Neo.ClientError.Transaction.TransactionTimedOut", "that this server allows")
    } else {
        ("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", "that the client has set for it")
    };
    Failure::new(code, format!("The transaction has not completed within the timeout {whose}."))
}
