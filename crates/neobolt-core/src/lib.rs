//! What a Neo4j driver decides, as values without IO: pool, routing, retry, bookmarks, authentication.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or starts a thread: `now` and `random` are arguments,
//! and what must be done comes back as a value. Whoever owns these values wraps them in a lock and does the IO.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod address;
mod bookmarks;
mod config;
pub mod failure;
mod link;
mod pool;
mod retry;
mod routing;
mod uri;

pub use address::{Address, AddressError};
pub use bookmarks::{BookmarkManager, BookmarkManagerBuilder, Bookmarks};
pub use config::{Config, ConfigError, Pipelining};
pub use link::{Link, LinkError};
pub use pool::{Acquire, Counts, DialPermit, Disposition, Lease, Pool, PoolEvent, Ticket};
pub use retry::{Retry, RetryPolicy};
pub use routing::{
    Database, Refresh, RefreshPermit, Rejected, Role, Router, Routing, RoutingTable, User, least_loaded,
};
pub use uri::{ConnectionUri, Encryption, Scheme, UriError};

/// Returns some instant for tests to count from.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "only a clock makes an instant")]
fn epoch() -> std::time::Instant {
    std::time::Instant::now()
}
