//! Routing: core's tables, with the questions to servers around them.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use neobolt_core::failure::is_fatal_during_discovery;
use neobolt_core::{Address, Bookmarks, Database, Refresh, RefreshPermit, Role, Routing, RoutingTable, least_loaded};
use neobolt_io::timeout_at;
use neobolt_proto::message::{AccessMode, Count, Request, TransactionOptions};
use neobolt_proto::{Map, Parameters, Value};

use crate::conversation::{Conversation, Run};
use crate::driver::{Connected, DriverInner, Target};
use crate::error::{Error, ErrorKind};
use crate::pool::Wanted;
use crate::result::{RecordStream, ResultState};
use crate::session::SessionBookmarks;

/// How long a router may take to answer before the next one is asked. Those that work take milliseconds, and a minute when
/// their cluster is being elected.
const ROUTER_PATIENCE: Duration = Duration::from_secs(60);

/// The routing tables of one driver.
#[derive(Debug, Default)]
pub(crate) struct Router {
    routing: Mutex<Routing>,
    /// Who waits for a refresh that somebody else does.
    joined: Mutex<Vec<Waker>>,
    /// Counts choices among readers and among writers: equals take turns.
    chosen: [AtomicU64; 2],
}

impl Router {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Routing> {
        self.routing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a connection to the least loaded server that can serve `target`.
    pub(crate) async fn connect(
        &self,
        driver: &Arc<DriverInner>,
        target: &Target<'_>,
        database: Option<Arc<str>>,
        wanted: Wanted<'_>,
    ) -> Result<Connected, Error> {
        let home = || Database::Home(driver.user(target));
        let mut key = database.map_or_else(home, Database::Named);
        let mut guessed = false;
        if let Some(name) = self.guess(driver, &key) {
            (key, guessed) = (Database::Named(name), true);
        }
        let mut patience = driver.config().connection_acquisition_timeout;
        let mut refreshed = false;
        let mut last = None;
        loop {
            let Some(address) = self.candidate(driver, target, &key, refreshed) else {
                if guessed {
                    // Where a table must be asked for, it is the one of the home database as it is now.
                    (key, guessed) = (home(), false);
                }
                if refreshed {
                    let message = format!("no server takes {:?} access to {}", target.access, describe(&key));
                    return Err(match last {
                        Some(error) => Error::with_source::<Error>(ErrorKind::SessionExpired, message, error),
                        None => Error::new(ErrorKind::SessionExpired, message),
                    });
                }
                (key, refreshed) = self.refresh(driver, target, key).await?;
                continue;
            };
            let begun = driver.now();
            let acquired = driver.pool.acquire(&address, wanted, begun + patience).await;
            // All servers together have the time of one; what is spent on routers does not count.
            patience = patience.saturating_sub(driver.now().saturating_duration_since(begun));
            match acquired {
                Ok(connection) if guessed && !connection.as_bolt().server().server_side_routing => {
                    // Its server would not send on what belongs to another one: the guess must be right, so ask.
                    drop(connection);
                    (key, guessed, refreshed) = (home(), false, false);
                }
                Ok(connection) => {
                    let database = match &key {
                        Database::Named(name) if !guessed => Some(Arc::clone(name)),
                        _ => None,
                    };
                    if let (None, Some(name)) = (&target.database, &database) {
                        target.bookmarks.resolved(name);
                    }
                    return Ok(Connected { connection, key, database });
                }
                Err(error) if error.kind() == ErrorKind::ServiceUnavailable => {
                    // Where somebody else has given the server up, it may be back by now.
                    if !error.is_deactivated() {
                        driver.deactivate(&address);
                    }
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The name that a home database had last. Good enough to choose a server, where every server sends on what is not its
    /// own and says which database it really was.
    fn guess(&self, driver: &DriverInner, key: &Database) -> Option<Arc<str>> {
        match key {
            Database::Home(user) if driver.pool.dialer.server_side_routing.is_everywhere() => {
                self.lock().home_database(user)
            }
            _ => None,
        }
    }

    /// The table of a database, or of the driver's home database as last heard of.
    pub(crate) fn known_table(&self, database: Option<&str>) -> Option<RoutingTable> {
        let mut routing = self.lock();
        let named = database.map(Arc::from).or_else(|| routing.home_database(&None));
        let key = named.map_or(Database::Home(None), Database::Named);
        routing.table(&key).cloned()
    }

    /// Has the table of a target refreshed, whether or not it is fresh.
    pub(crate) async fn update(&self, driver: &Arc<DriverInner>, target: &Target<'_>) -> Result<(), Error> {
        let mut key = target.database.clone().map_or(Database::Home(None), Database::Named);
        let mut is_done = false;
        while !is_done {
            (key, is_done) = self.refresh(driver, target, key).await?;
        }
        Ok(())
    }

    /// The server to ask, if the table is fresh, or was when this call had it `refreshed`: it may live for no time at all.
    fn candidate(&self, driver: &DriverInner, target: &Target<'_>, key: &Database, refreshed: bool) -> Option<Address> {
        let [reads, writes] = &self.chosen;
        let turn = match target.access {
            AccessMode::Read => reads,
            AccessMode::Write => writes,
        };
        let routing = self.lock();
        let table = routing.table(key)?;
        if !refreshed && !table.is_fresh(driver.now(), target.access) {
            return None;
        }
        let candidates = table.candidates(target.access);
        let turn = if candidates.is_empty() { 0 } else { turn.fetch_add(1, Ordering::Relaxed) };
        least_loaded(candidates, |it| driver.pool.counts(it).in_use, turn).cloned()
    }

    /// Has the table of `key` refreshed, by this call or another one. Returns the table's key and whether this call did it.
    async fn refresh(
        &self,
        driver: &Arc<DriverInner>,
        target: &Target<'_>,
        key: Database,
    ) -> Result<(Database, bool), Error> {
        let start = self.lock().begin_refresh(&key);
        let Refresh::Start(permit) = start else {
            let joined =
                timeout_at(&*driver.pool.dialer.runtime, driver.pool.acquisition_deadline(), self.joined(&key));
            joined.await.map_err(|_| {
                let message = format!("no routing table for {} within the acquisition timeout", describe(&key));
                Error::new(ErrorKind::AcquisitionTimeout, message)
            })?;
            let key = match key {
                Database::Home(user) => {
                    let home = self.lock().home_database(&user);
                    home.map_or(Database::Home(user), Database::Named)
                }
                named => named,
            };
            return Ok((key, false));
        };
        let mut refreshing = Refreshing { router: self, driver, permit: Some(permit) };
        let mut tried = BTreeSet::new();
        let mut last = None;
        let routers = self.lock().routers_to_try(&key);
        for router in routers {
            let routers = match router {
                neobolt_core::Router::Known(router) => vec![router],
                neobolt_core::Router::Initial => driver.initial_routers().await?,
            };
            for router in routers {
                if !tried.insert(router.clone()) {
                    continue;
                }
                match self.ask(driver, target, &key, &router).await {
                    Ok(table) => return Ok((refreshing.end(table).unwrap_or(key), true)),
                    Err(error) if is_fatal(&error) => {
                        if error.code() == Some(DATABASE_NOT_FOUND) {
                            self.lock().forget_database(&key);
                        }
                        return Err(error);
                    }
                    Err(error) => {
                        if !error.is_deactivated() {
                            driver.deactivate(&router);
                        }
                        last = Some(error);
                    }
                }
            }
        }
        let message = format!("no router gave a routing table for {}", describe(&key));
        Err(match last {
            Some(error) => Error::with_source(ErrorKind::ServiceUnavailable, message, error),
            None => Error::new(ErrorKind::ServiceUnavailable, message),
        })
    }

    async fn ask(
        &self,
        driver: &Arc<DriverInner>,
        target: &Target<'_>,
        key: &Database,
        router: &Address,
    ) -> Result<RoutingTable, Error> {
        let wanted = Wanted { session_auth: target.auth, ..Wanted::default() };
        let connection = driver.pool.acquire(router, wanted, driver.pool.acquisition_deadline()).await?;
        let has_route = connection.as_bolt().capabilities().route;
        // What the session has seen is none of this conversation's business, though the question depends on it.
        let unseen = SessionBookmarks::new(Bookmarks::new(), None);
        let conversation = Conversation::new(driver, connection, key.clone(), None, &unseen);
        let bookmarks = target.bookmarks.to_send();
        let question = Question {
            context: driver.pool.dialer.uri.routing_context().unwrap_or_default(),
            bookmarks: bookmarks.iter().collect(),
            database: if let Database::Named(name) = key { Some(&**name) } else { None },
            impersonated_user: target.impersonated_user.as_deref(),
        };
        let answered = async {
            if has_route { question.by_route(&conversation).await } else { question.by_procedure(&conversation).await }
        };
        let deadline = driver.now() + ROUTER_PATIENCE;
        let table = timeout_at(&*driver.pool.dialer.runtime, deadline, answered).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::ServiceUnavailable, format!("{router} did not answer in time")))
        })?;
        read_table(table, driver.now(), router)
    }

    async fn joined(&self, key: &Database) {
        poll_fn(|cx| {
            // The waker stands before the question, so no answer comes in between.
            let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
            if !joined.iter().any(|it| it.will_wake(cx.waker())) {
                joined.push(cx.waker().clone());
            }
            drop(joined);
            if self.lock().is_refreshing(key) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}

const DATABASE_NOT_FOUND: &str = "Neo.ClientError.Database.DatabaseNotFound";

/// Whether every other router would say the same.
fn is_fatal(error: &Error) -> bool {
    use ErrorKind as K;
    error.code().is_some_and(is_fatal_during_discovery)
        || matches!(error.kind(), K::AcquisitionTimeout | K::Closed | K::Configuration | K::Callback)
}

/// What a router is asked.
struct Question<'a> {
    context: &'a [(String, String)],
    bookmarks: Vec<&'a str>,
    database: Option<&'a str>,
    impersonated_user: Option<&'a str>,
}

impl Question<'_> {
    /// Returns the `rt` of ROUTE's answer.
    async fn by_route(self, conversation: &Arc<Conversation>) -> Result<Option<Map>, Error> {
        let Self { context, bookmarks, database, impersonated_user } = self;
        let slot = Arc::new(Mutex::new(None));
        conversation.lock().route(&Request::Route { context, bookmarks, database, impersonated_user }, &slot)?;
        let answered = conversation.until(|_| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        let metadata: Map = answered.await?;
        Ok(if let Some(Value::Map(table)) = metadata.get("rt") { Some(table.clone()) } else { None })
    }

    /// Returns the same from the procedure that was there before ROUTE, on Bolt 4.2 and older.
    async fn by_procedure(self, conversation: &Arc<Conversation>) -> Result<Option<Map>, Error> {
        let context: Map = self.context.iter().map(|(key, value)| (&**key, &**value)).collect();
        let has_databases = conversation.lock().connection.as_bolt().capabilities().databases;
        let mut parameters = Parameters::new().with("context", context);
        let query = match self.database {
            _ if !has_databases => "CALL dbms.cluster.routing.getRoutingTable($context)",
            None => "CALL dbms.routing.getRoutingTable($context)",
            Some(database) => {
                parameters.insert("database", database);
                "CALL dbms.routing.getRoutingTable($context, $database)"
            }
        };
        let options = TransactionOptions {
            mode: AccessMode::Read,
            database: has_databases.then_some("system"),
            // Bolt 3 knows one database, and bookmarks of others do not concern it.
            bookmarks: if has_databases { self.bookmarks } else { Vec::new() },
            impersonated_user: self.impersonated_user,
            ..TransactionOptions::default()
        };
        let result = ResultState::new();
        let run = Run { query, parameters: &parameters, first_pull: Count::All };
        conversation.lock().run(&run, Some(&options), &result)?;
        let mut answer = RecordStream::open(result, conversation, Count::All).await?;
        let Some(record) = answer.next().await? else { return Ok(None) };
        let table = ["ttl", "servers"].map(|key| Ok((key, record.get::<Value>(key)?)));
        answer.consume().await?;
        table.into_iter().collect::<Result<Map, Error>>().map(Some)
    }
}

fn describe(key: &Database) -> String {
    match key {
        Database::Named(name) => format!("database {name}"),
        Database::Home(Some(user)) => format!("the home database of {user}"),
        Database::Home(None) => "the home database".into(),
    }
}

/// A refresh, ended without a table when dropped.
struct Refreshing<'a> {
    router: &'a Router,
    driver: &'a DriverInner,
    permit: Option<RefreshPermit>,
}

impl Refreshing<'_> {
    fn end(&mut self, table: RoutingTable) -> Option<Database> {
        let permit = self.permit.take()?;
        let mut routing = self.router.lock();
        let key = routing.end_refresh(self.driver.now(), permit, Some(table));
        // Locked in this order, as wherever both are: first the tables, then the pool.
        self.driver.pool.retain(|address| routing.contains(address));
        drop(routing);
        self.wake();
        key
    }

    fn wake(&self) {
        let wakers = std::mem::take(&mut *self.router.joined.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Refreshing<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.router.lock().end_refresh(self.driver.now(), permit, None);
            self.wake();
        }
    }
}

/// Reads the answer to ROUTE.
fn read_table(table: Option<Map>, now: Instant, router: &Address) -> Result<RoutingTable, Error> {
    let broken = |what: &str| {
        Error::new(ErrorKind::Protocol, format!("{router} answered with a routing table without a valid {what}"))
    };
    let table = table.ok_or_else(|| broken("rt"))?;
    let ttl = table.get("ttl").and_then(Value::as_i64).and_then(|ttl| u64::try_from(ttl).ok());
    // Neo4j's own is 300 s; a server that says for ever is asked again after a year.
    let ttl = Duration::from_secs(ttl.ok_or_else(|| broken("ttl"))?.min(365 * 24 * 3600));
    let Some(Value::List(entries)) = table.get("servers") else {
        return Err(broken("servers"));
    };
    let mut servers = Vec::new();
    for entry in entries.iter() {
        let Value::Map(entry) = entry else {
            return Err(broken("servers"));
        };
        let role = entry.get("role").and_then(Value::as_str).ok_or_else(|| broken("role"))?;
        let Some(Value::List(addresses)) = entry.get("addresses") else {
            return Err(broken("addresses"));
        };
        let addresses = addresses
            .iter()
            .map(|it| it.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| broken("address")))
            .collect::<Result<Vec<Address>, _>>()?;
        // A role of a later server is no reason to refuse the others.
        if let Some(role) = Role::from_name(role) {
            servers.push((role, addresses));
        }
    }
    let database = table.get("db").and_then(Value::as_str).map(Arc::from);
    RoutingTable::new(now, database, ttl, servers).map_err(|rejected| {
        Error::with_source(
            ErrorKind::ServiceUnavailable,
            format!("the routing table of {router} is of no use"),
            rejected,
        )
    })
}
