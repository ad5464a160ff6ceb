//! A Neo4j driver for any async runtime.
//!
//! This crate is the driver without a runtime; take it through an adapter, `neobolt-tokio` or `neobolt-async-std`, which
//! re-exports all of it and adds `connect`.
//!
//! A [`Driver`] is made once. [`Driver::execute_query`] runs one query; a [`Session`] runs chains of transactions:
//! [`Session::execute_read`] and [`Session::execute_write`] with retries, [`Session::begin_transaction`] without, and
//! [`Session::run`] for queries that must not be in an explicit transaction. Every future can be dropped at any await
//! point: session and driver stay usable.

mod auth;
mod connection;
mod conversation;
mod driver;
mod error;
mod execute_query;
mod gate;
mod gql;
mod pool;
mod query;
mod result;
mod retry;
mod routing;
mod session;
mod summary;
mod transaction;
mod wire_log;

pub use neobolt_core::{
    Address, BookmarkManager, BookmarkManagerBuilder, Bookmarks, Counts as PoolCounts, Pipelining, RoutingTable,
};
pub use neobolt_io::BoxFuture;
pub use neobolt_proto::batch::{Column, FieldError, Keys, Record, RecordRef};
pub use neobolt_proto::message::{AccessMode, NotificationClassification, NotificationFilter, NotificationSeverity};
pub use neobolt_proto::{
    Auth, Failure, GqlErrorClassification, Map, Parameters, Str, Structure, Value, Version, structure as types,
};
pub use packstream::{ByteArray, Decode, Encode, ListRef, MapRef};

pub use auth::{AuthManager, BasicAuthManager, BearerAuthManager, BoxError, ExpiringAuth};
pub use driver::{Driver, DriverBuilder};
pub use error::{Error, ErrorKind, TransactionError};
pub use execute_query::{EagerResult, ExecuteQuery};
pub use gql::{GqlStatusObject, Notification, Position};
pub use query::{Query, TransactionConfig};
pub use result::{RecordStream, Records};
pub use session::{BeginTransaction, RunAutoCommit, Session, SessionBuilder};
pub use summary::{Counters, Plan, QueryType, ResultSummary, ServerInfo};
pub use transaction::{ManagedTransaction, RunInTransaction, Transaction};

/// Everything that users hold can be moved to another task and stored.
const _: () = {
    const fn movable<T: Send + 'static>() {}
    movable::<Driver>();
    movable::<Session>();
    movable::<Transaction>();
    movable::<ManagedTransaction>();
    movable::<RecordStream>();
    movable::<Record>();
    movable::<EagerResult>();
    movable::<Error>();
};
