//! The Bolt server role on any async runtime.
//!
//! A graph database, a proxy or a test double implements [`Backend`] and hands it to [`Server::bind`], with the
//! [`Runtime`](neobolt_io::Runtime) it lives on. The server speaks Bolt to the clients: versions, authentication,
//! states, pipelining, RESET, and flow control in both directions. The backend answers in values and in Neo4j's error
//! codes ([`Failure`](neobolt_proto::Failure)), and makes rows only while somebody reads them.
//!
//! Nothing that a client sends makes the server panic, or keep more memory than its own
//! [limits](ServerConfig). A client that breaks the protocol is told so, and its connection ends.

mod backend;
mod config;
mod connection;
mod credentials;
mod listener;
mod opening;
mod requests;
mod results;
mod routing;
mod shutdown;
mod wire;

pub use neobolt_proto::message::AccessMode;

pub use self::backend::{
    Backend, BackendSession, Query, QueryResult, RouteRequest, RoutingTable, Rows, Step, Summary, TransactionOptions,
};
pub use self::config::ServerConfig;
pub use self::connection::serve_connection;
pub use self::credentials::Credentials;
pub use self::listener::Server;
