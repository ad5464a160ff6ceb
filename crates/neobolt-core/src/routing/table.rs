//! One routing table.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neobolt_proto::message::AccessMode;

use crate::Address;

/// The longest a table is believed, whatever the server says: a year is as good as for ever and does not overflow.
const MAX_TTL: Duration = Duration::from_secs(365 * 24 * 3600);

/// Says what a server in a routing table does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Bolt has these three roles")]
pub enum Role {
    /// It gives routing tables.
    Route,
    /// It takes transactions that read.
    Read,
    /// It takes transactions that write.
    Write,
}

impl Role {
    /// Returns the role that ROUTE's answer calls by this name; `None` for others, which a driver ignores.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ROUTE" => Some(Self::Route),
            "READ" => Some(Self::Read),
            "WRITE" => Some(Self::Write),
            _ => None,
        }
    }
}

/// Says which servers route, read and write one database, and until when that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingTable {
    database: Option<Arc<str>>,
    routers: Vec<Address>,
    readers: Vec<Address>,
    writers: Vec<Address>,
    ttl: Duration,
    expires: Instant,
    came_without_writers: bool,
}

impl RoutingTable {
    /// Makes a table from an answer to ROUTE that came at `now`: the database it names (Bolt 4.4 and later), its time to
    /// live and its servers. Servers that occur twice in a role count once.
    ///
    /// # Errors
    ///
    /// A table without routers or without readers is of no use. One without writers is: the cluster is electing a leader.
    pub fn new(
        now: Instant,
        database: Option<Arc<str>>,
        ttl: Duration,
        servers: impl IntoIterator<Item = (Role, Vec<Address>)>,
    ) -> Result<Self, Rejected> {
        let (mut routers, mut readers, mut writers) = (Servers::default(), Servers::default(), Servers::default());
        for (role, addresses) in servers {
            match role {
                Role::Route => &mut routers,
                Role::Read => &mut readers,
                Role::Write => &mut writers,
            }
            .extend(addresses);
        }
        if routers.order.is_empty() {
            return Err(Rejected::NoRouters);
        }
        if readers.order.is_empty() {
            return Err(Rejected::NoReaders);
        }
        Ok(Self {
            database,
            came_without_writers: writers.order.is_empty(),
            routers: routers.order,
            readers: readers.order,
            writers: writers.order,
            ttl,
            expires: now + ttl.min(MAX_TTL),
        })
    }

    /// Returns the name of the database, if the server told it.
    #[must_use]
    pub fn database(&self) -> Option<&Arc<str>> {
        self.database.as_ref()
    }

    /// Returns the servers that give routing tables.
    #[must_use]
    pub fn routers(&self) -> &[Address] {
        &self.routers
    }

    /// Returns the servers that take transactions of this kind.
    #[must_use]
    pub fn candidates(&self, access: AccessMode) -> &[Address] {
        match access {
            AccessMode::Read => &self.readers,
            AccessMode::Write => &self.writers,
        }
    }

    /// Returns how long the table was good for when it came.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Returns when the table runs out.
    #[must_use]
    pub fn expires(&self) -> Instant {
        self.expires
    }

    /// Returns whether the table can be used for transactions of this kind: it has not run out, and there is a server for
    /// them and a router for the next table.
    #[must_use]
    pub fn is_fresh(&self, now: Instant, access: AccessMode) -> bool {
        now < self.expires && !self.routers.is_empty() && !self.candidates(access).is_empty()
    }

    /// Returns whether the initial router is to be asked first for the next table, because this one came without a writer.
    #[must_use]
    pub fn prefers_initial_router(&self) -> bool {
        self.came_without_writers
    }

    /// Returns whether the table mentions this server.
    #[must_use]
    pub fn contains(&self, address: &Address) -> bool {
        [&self.routers, &self.readers, &self.writers].into_iter().any(|servers| servers.contains(address))
    }

    /// Removes a server from all roles.
    pub fn forget(&mut self, address: &Address) {
        for servers in [&mut self.routers, &mut self.readers, &mut self.writers] {
            servers.retain(|server| server != address);
        }
    }

    /// Removes a server from the writers.
    pub fn forget_writer(&mut self, address: &Address) {
        self.writers.retain(|server| server != address);
    }
}

/// Collects servers in the order told, each once.
#[derive(Default)]
struct Servers {
    order: Vec<Address>,
    seen: BTreeSet<Address>,
}

impl Servers {
    fn extend(&mut self, addresses: Vec<Address>) {
        for address in addresses {
            if self.seen.insert(address.clone()) {
                self.order.push(address);
            }
        }
    }
}

/// Says why a routing table is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejected {
    /// It names no server that gives routing tables.
    NoRouters,
    /// It names no server to read from.
    NoReaders,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRouters => "routing table without routers",
            Self::NoReaders => "routing table without readers",
        })
    }
}

impl std::error::Error for Rejected {}
