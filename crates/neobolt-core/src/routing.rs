//! Which servers of a cluster take which work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Address;

mod table;

pub use table::{Rejected, Role, RoutingTable};

/// How long a table that has run out is kept, because its routers are still the best to ask: 30 s, as in the official drivers.
const PURGE_DELAY: Duration = Duration::from_secs(30);

/// How many home databases are remembered; each costs some hundred bytes, and a driver rarely serves more users at once.
const MAX_HOME_DATABASES: usize = 1000;

/// Says whose home database is meant: an impersonated user, a session's own login, or with `None` the driver's.
pub type User = Option<Arc<str>>;

/// Says which database a session works on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "named or not")]
pub enum Database {
    /// The one with this name.
    Named(Arc<str>),
    /// The home database of a user, whose name only the server knows.
    Home(User),
}

/// Keeps the routing tables of one driver.
///
/// How to use it, for the database and access mode of a session:
///
/// 1. [`Routing::table`]; if it is fresh for the access mode, choose one of its candidates with [`least_loaded`].
/// 2. Otherwise [`Routing::begin_refresh`]. With `Join`, wait until [`Routing::is_refreshing`] is false, then begin anew.
/// 3. With `Start`, ask [`Routing::routers_to_try`] one after the other and give the outcome to [`Routing::end_refresh`].
///    Then wake who joined.
///
/// Who needs only what a table still offers goes on using it while it is being refreshed.
#[derive(Debug, Default)]
pub struct Routing {
    tables: BTreeMap<Database, RoutingTable>,
    refreshing: BTreeSet<Database>,
    homes: BTreeMap<User, Home>,
    /// Counts uses of `homes`, to know the least recent one.
    uses: u64,
}

#[derive(Debug)]
struct Home {
    name: Arc<str>,
    used: u64,
}

impl Routing {
    /// Starts without a table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the table of a database, fresh or not.
    #[must_use]
    pub fn table(&self, database: &Database) -> Option<&RoutingTable> {
        self.tables.get(database)
    }

    /// Claims the right to refresh the table of a database. Only one refresh at a time goes on for each.
    pub fn begin_refresh(&mut self, database: &Database) -> Refresh {
        if self.refreshing.insert(database.clone()) {
            Refresh::Start(RefreshPermit { database: database.clone() })
        } else {
            Refresh::Join
        }
    }

    /// Returns whether somebody is refreshing the table of this database.
    #[must_use]
    pub fn is_refreshing(&self, database: &Database) -> bool {
        self.refreshing.contains(database)
    }

    /// Returns whom to ask for the table of a database, the most promising first.
    ///
    /// The initial routers come first when there is no table, or only one without a writer: it may stem from a server
    /// that has lost sight of the cluster. No server need be asked twice.
    #[must_use]
    pub fn routers_to_try(&self, database: &Database) -> Vec<Router> {
        let table = self.tables.get(database);
        let known = table.map(RoutingTable::routers).unwrap_or_default();
        let mut routers: Vec<_> = known.iter().cloned().map(Router::Known).collect();
        let first = table.is_none_or(RoutingTable::prefers_initial_router);
        routers.insert(if first { 0 } else { routers.len() }, Router::Initial);
        routers
    }

    /// Ends a refresh: with the new table, or with `None` when no router gave one. The old table then stays.
    ///
    /// A table that names its database is kept under that name, and the name is remembered as the home database of the
    /// user who did not name one. Returns the key of the new table. Tables that ran out long ago are dropped. Who joined
    /// the refresh must be woken.
    pub fn end_refresh(
        &mut self,
        now: Instant,
        permit: RefreshPermit,
        table: Option<RoutingTable>,
    ) -> Option<Database> {
        let RefreshPermit { database } = permit;
        self.refreshing.remove(&database);
        self.tables.retain(|_, table| now.saturating_duration_since(table.expires()) < PURGE_DELAY);
        let table = table?;
        let key = match (database, table.database()) {
            (Database::Home(user), Some(name)) => {
                self.set_home_database(user, name.clone());
                Database::Named(name.clone())
            }
            (database, _) => database,
        };
        self.tables.insert(key.clone(), table);
        Some(key)
    }

    /// Returns whether any table mentions this server. Idle connections to others can be closed after a refresh.
    #[must_use]
    pub fn contains(&self, address: &Address) -> bool {
        self.tables.values().any(|table| table.contains(address))
    }

    /// Removes a server from every table: it does not answer.
    pub fn forget(&mut self, address: &Address) {
        for table in self.tables.values_mut() {
            table.forget(address);
        }
    }

    /// Drops the table of a database that does not exist any more, and every home database of that name.
    pub fn forget_database(&mut self, database: &Database) {
        self.tables.remove(database);
        if let Database::Named(name) = database {
            self.homes.retain(|_, home| home.name != *name);
        }
    }

    /// Removes a server from the writers of one database: it refused to write.
    pub fn forget_writer(&mut self, database: &Database, address: &Address) {
        if let Some(table) = self.tables.get_mut(database) {
            table.forget_writer(address);
        }
    }

    /// Returns the name of a user's home database as last heard of.
    ///
    /// It may have changed since. Good as a guess where the server routes on and corrects it (hint `ssr.enabled`), and
    /// right after having joined a refresh that found it out.
    pub fn home_database(&mut self, user: &User) -> Option<Arc<str>> {
        let home = self.homes.get_mut(user)?;
        self.uses += 1;
        home.used = self.uses;
        Some(home.name.clone())
    }

    /// Remembers the home database of a user. Beyond 1000 users, the one not asked for longest is forgotten.
    pub fn set_home_database(&mut self, user: User, name: Arc<str>) {
        self.uses += 1;
        self.homes.insert(user, Home { name, used: self.uses });
        if self.homes.len() > MAX_HOME_DATABASES {
            let oldest = self.homes.iter().min_by_key(|(_, home)| home.used).map(|(user, _)| user.clone());
            if let Some(oldest) = oldest {
                self.homes.remove(&oldest);
            }
        }
    }
}

/// Says whom to ask for a routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nobody else to ask")]
pub enum Router {
    /// A server that the last table names.
    Known(Address),
    /// Whoever the connection URI stands for.
    Initial,
}

/// Says who refreshes a routing table.
#[derive(Debug)]
#[must_use = "a refresh that was started must be ended"]
#[expect(clippy::exhaustive_enums, reason = "somebody does it already or not")]
pub enum Refresh {
    /// The caller, who gives the permit to [`Routing::end_refresh`].
    Start(RefreshPermit),
    /// Somebody else, until [`Routing::is_refreshing`] is false.
    Join,
}

/// Is the right, and the duty, to refresh the table of one database.
///
/// One that is lost keeps everybody else from refreshing it: give it back when the refresh is abandoned.
#[derive(Debug)]
#[must_use = "give it to `Routing::end_refresh`"]
pub struct RefreshPermit {
    database: Database,
}

impl RefreshPermit {
    /// Returns the database whose table is to be refreshed.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }
}

/// Returns the candidate with the least load; `turn`, which counts choices, decides among equals, so that they take turns.
/// `None` when there is no candidate.
pub fn least_loaded(candidates: &[Address], load: impl Fn(&Address) -> usize, turn: u64) -> Option<&Address> {
    let start = usize::try_from(turn % u64::try_from(candidates.len()).ok()?.max(1)).ok()?;
    let (behind, first) = candidates.split_at_checked(start)?;
    // Of several least ones `min_by_key` returns the first.
    first.iter().chain(behind).min_by_key(|address| load(address))
}

#[cfg(test)]
mod tests;
