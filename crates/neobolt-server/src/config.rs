//! What a server allows its clients, with the reason for each number.

use std::net::SocketAddr;
use std::time::Duration;

/// Limits and names of a server. The defaults suit a server on an open network.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The `host:port` that routing tables name where the client does not say what it dialled.
    ///
    /// Defaults to the address that is listened on.
    pub advertised_address: Option<String>,
    /// The most connections that may be open; what is beyond is closed at once.
    ///
    /// Defaults to 1,000: more than a driver's pool of 100 for each of several programs, less than the 1,024 files that
    /// a process may usually open.
    pub max_connections: usize,
    /// How long a client may take from connecting to being authenticated.
    ///
    /// Defaults to 10 s: two round trips and a password hash take less anywhere, and connections that never say who
    /// they are must not be able to stay.
    pub authentication_timeout: Duration,
    /// How long a client may take to finish a message that it has begun.
    ///
    /// Defaults to 120 s: the largest message at half a megabyte a second. Without a limit, what a client has begun and
    /// never finishes is kept as long as it likes.
    pub message_timeout: Duration,
    /// How long a client may want nothing, with or without an open transaction, before its connection is closed.
    ///
    /// Defaults to 1 h: the official drivers use no connection that is older, so none misses what is closed then.
    pub idle_timeout: Option<Duration>,
    /// How long a transaction may take for which the client sets no limit, or a longer one.
    ///
    /// Defaults to `None`, as in Neo4j: a long load is no mistake.
    pub transaction_timeout: Option<Duration>,
    /// How long a client that has ended its stream is still answered what it asked before.
    ///
    /// Defaults to 2 s: enough for small queries. A client that has gone altogether looks the same, and what it was
    /// doing must not hold on to its locks.
    pub half_closed_timeout: Duration,
    /// The largest message, in bytes.
    ///
    /// Defaults to 64 MiB: a batch of parameters of a hundred thousand rows. Values take several times as much memory
    /// once they are decoded.
    pub max_message_size: usize,
    /// The largest message before authentication, in bytes.
    ///
    /// Defaults to 8 KiB, as in Neo4j: user agent, routing context and a token fit.
    pub max_unauthenticated_message_size: usize,
    /// How many bytes may wait to be written before no more rows are made.
    ///
    /// Defaults to 256 KiB: a few writes' worth, so that the network never waits for rows.
    pub max_unwritten: usize,
    /// How long a client that is refused is still listened to, so that it can read why.
    ///
    /// Defaults to 1 s: the answer and its acknowledgement, on a slow line.
    pub linger: Duration,
    /// The longest silence that clients are promised while they wait for an answer; the server sends an empty chunk
    /// when half of it has passed. It is told in whole seconds.
    ///
    /// Defaults to 120 s, as in Neo4j. Without it, clients do not notice that the network is gone.
    pub keep_alive: Option<Duration>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            advertised_address: None,
            max_connections: 1_000,
            authentication_timeout: Duration::from_secs(10),
            message_timeout: Duration::from_secs(120),
            idle_timeout: Some(Duration::from_secs(3_600)),
            transaction_timeout: None,
            half_closed_timeout: Duration::from_secs(2),
            max_message_size: 64 << 20,
            max_unauthenticated_message_size: 8 << 10,
            max_unwritten: 256 << 10,
            linger: Duration::from_secs(1),
            keep_alive: Some(Duration::from_secs(120)),
        }
    }
}

impl ServerConfig {
    /// Fills in the address that is listened on where no other is advertised.
    pub(crate) fn advertising(mut self, address: SocketAddr) -> Self {
        self.advertised_address.get_or_insert_with(|| address.to_string());
        self
    }
}
