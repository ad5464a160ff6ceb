//! What a graph database gives, so that Bolt clients can talk to it.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::future::BoxFuture;
use neobolt_proto::message::AccessMode;
use neobolt_proto::{Failure, Map, Value};

use crate::Credentials;

/// A graph database, as the connections of a [`Server`](crate::Server) see it.
///
/// One backend serves all connections. What a client has authenticated for is a [`BackendSession`] of its own.
pub trait Backend: Debug + Send + Sync + 'static {
    /// Returns the name and version that clients are told. Official drivers accept only names that begin with `Neo4j/`.
    fn agent(&self) -> &str {
        "Neo4j/5.26.0"
    }

    /// Returns the database of those who name none.
    fn home_database(&self) -> &str {
        "neo4j"
    }

    /// Answers whether the client at `peer` is who it says it is, with the session that its queries run in.
    ///
    /// Called for each LOGON, so a connection may have several sessions, one after the other.
    ///
    /// # Errors
    ///
    /// A failure closes the connection; its code is usually `Neo.ClientError.Security.Unauthorized`.
    fn authenticate(
        &self,
        peer: SocketAddr,
        credentials: Credentials,
    ) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>>;

    /// Answers where the members of the cluster are.
    ///
    /// Says by default that this server alone reads, writes and routes, for 300 s.
    ///
    /// # Errors
    ///
    /// A database that does not exist is `Neo.ClientError.Database.DatabaseNotFound`.
    fn route(&self, request: RouteRequest) -> BoxFuture<'_, Result<RoutingTable, Failure>> {
        let table =
            RoutingTable::single(request.address, request.database.unwrap_or_else(|| self.home_database().into()));
        Box::pin(std::future::ready(Ok(table)))
    }
}

/// One authenticated client: at most one transaction at a time.
///
/// The calls come one after the other. A call that is interrupted, by RESET, by a timeout or because the connection
/// is lost, is dropped before it has finished; [`reset`](Self::reset) is then the next call.
pub trait BackendSession: Send {
    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// The failure is sent to the client, and no transaction is open.
    fn begin(&mut self, options: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>>;

    /// Runs a query in the open transaction.
    ///
    /// Several results of one transaction may be open at once. Dropping a result ends it.
    ///
    /// # Errors
    ///
    /// The failure is sent to the client, and [`reset`](Self::reset) is called.
    fn run(&mut self, query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>>;

    /// Commits the open transaction and returns its bookmark. Results that were open have been dropped.
    ///
    /// # Errors
    ///
    /// The failure is sent to the client, and the transaction must be gone.
    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>>;

    /// Rolls the open transaction back.
    ///
    /// # Errors
    ///
    /// The failure is sent to the client, and the transaction must be gone.
    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>>;

    /// Abandons whatever is going on. No transaction is open afterwards.
    fn reset(&mut self) -> BoxFuture<'_, ()>;
}

/// What a transaction was begun with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TransactionOptions {
    /// Whether the client means to write. Defaults to writing.
    pub mode: AccessMode,
    /// The bookmarks of what this transaction must be able to see.
    pub bookmarks: Vec<String>,
    /// The time after which the transaction is abandoned. The connection's handler sees to it; the backend need not.
    pub timeout: Option<Duration>,
    /// What the client wants to find in the server's logs.
    pub metadata: Map,
    /// The database, or `None` for the user's home database.
    pub database: Option<String>,
    /// The user in whose name the transaction runs, if it is another.
    pub impersonated_user: Option<String>,
    /// Whether the transaction has exactly one query, and no BEGIN.
    pub auto_commit: bool,
}

/// A query and its parameters.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Query {
    /// The text.
    pub text: String,
    /// The parameters by name.
    pub parameters: Map,
}

impl Query {
    /// Returns a query with these parameters.
    pub fn new(text: impl Into<String>, parameters: Map) -> Self {
        Self { text: text.into(), parameters }
    }
}

/// The result of a query that has begun to run.
#[non_exhaustive]
pub struct QueryResult {
    /// The names of the columns.
    pub fields: Vec<String>,
    /// The rows, made when they are asked for.
    pub rows: Box<dyn Rows>,
}

impl QueryResult {
    /// Returns a result with these columns and rows.
    pub fn new(fields: Vec<String>, rows: impl Rows + 'static) -> Self {
        Self { fields, rows: Box::new(rows) }
    }

    /// Returns a result whose rows are all there.
    pub fn buffered(fields: Vec<String>, rows: impl Into<VecDeque<Vec<Value>>>, summary: Summary) -> Self {
        Self::new(fields, BufferedRows { rows: rows.into(), summary })
    }
}

impl Debug for QueryResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryResult").field("fields", &self.fields).finish_non_exhaustive()
    }
}

/// The rows of a result, made when they are asked for.
pub trait Rows: Send {
    /// Returns the next row, or the summary after the last one. Not called again after that, nor after an error.
    ///
    /// # Errors
    ///
    /// The failure is sent to the client after the rows before it, and the transaction is abandoned.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, Failure>>;

    /// Gives up the remaining rows and returns the summary: the client does not want them.
    ///
    /// Returns `None` by default: the rows are then made and thrown away.
    fn discard(&mut self) -> Option<Summary> {
        None
    }
}

/// What a result yields next.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a result is rows, then a summary")]
pub enum Step {
    /// A row, with one value for each column.
    Row(Vec<Value>),
    /// There are no more rows.
    End(Summary),
}

/// What is known when a result has ended. What is empty is not sent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// `r`, `rw`, `w` or `s`: read only, read and write, write only, schema.
    pub query_type: Option<&'static str>,
    /// Counters by their names on the wire, such as `nodes-created`.
    pub stats: Map,
    /// The plan, as maps of `operatorType`, `args`, `identifiers` and `children`.
    pub plan: Option<Map>,
    /// The plan with what it took to run it.
    pub profile: Option<Map>,
    /// GQL statuses, for clients of Bolt 5.6 and later.
    pub statuses: Vec<Map>,
    /// Notifications, for older clients.
    pub notifications: Vec<Map>,
}

/// A client's question for a routing table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteRequest {
    /// The address of this server: as the client knows it, else as the server is configured, `host:port`.
    pub address: String,
    /// The routing context of the client's URI, with the `address` that it dialled.
    pub context: Map,
    /// The bookmarks of what the routers must have seen.
    pub bookmarks: Vec<String>,
    /// The database, or `None` for the user's home database.
    pub database: Option<String>,
    /// The user in whose name is asked, if it is another.
    pub impersonated_user: Option<String>,
}

/// Where the members of a cluster are. Addresses are `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoutingTable {
    /// The database.
    pub database: String,
    /// How long the table is good for.
    pub ttl: Duration,
    /// Who can be asked for routing tables.
    pub routers: Vec<String>,
    /// Who can read.
    pub readers: Vec<String>,
    /// Who can write.
    pub writers: Vec<String>,
}

impl RoutingTable {
    /// Returns the table of a database that one server has, good for 300 s as Neo4j's own.
    pub fn single(address: String, database: String) -> Self {
        Self {
            database,
            ttl: Duration::from_secs(300),
            routers: vec![address.clone()],
            readers: vec![address.clone()],
            writers: vec![address],
        }
    }
}

/// Rows that are all there.
struct BufferedRows {
    rows: VecDeque<Vec<Value>>,
    summary: Summary,
}

impl Rows for BufferedRows {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        Poll::Ready(Ok(match self.rows.pop_front() {
            Some(row) => Step::Row(row),
            None => Step::End(std::mem::take(&mut self.summary)),
        }))
    }

    fn discard(&mut self) -> Option<Summary> {
        self.rows.clear();
        Some(std::mem::take(&mut self.summary))
    }
}
