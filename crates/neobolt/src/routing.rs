//! Routing: core's tables, with the questions to servers around them.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use neobolt_core::failure::is_fatal_during_discovery;
use neobolt_core::{
    Address, ConnectionUri, Database, Refresh, RefreshPermit, Role, Routing, RoutingTable, least_loaded,
};
use neobolt_proto::message::{AccessMode, Count, Request, TransactionOptions};
use neobolt_proto::{Map, Parameters, Value};

use crate::conversation::{Conversation, Run};
use crate::driver::{Connected, DriverInner, Target};
use crate::error::{Error, ErrorKind};
use crate::result::{RecordStream, ResultState};

/// The routing tables of one driver.
#[derive(Debug)]
pub(crate) struct Router {
    routing: Mutex<Routing>,
    /// Who waits for a refresh that somebody else does.
    joined: Mutex<Vec<Waker>>,
}

impl Router {
    pub(crate) fn new(uri: &ConnectionUri) -> Self {
        Self { routing: Mutex::new(Routing::new(uri.address().clone())), joined: Mutex::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Routing> {
        self.routing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a connection to the least loaded server that can serve `target`.
    pub(crate) async fn connect(
        &self,
        driver: &Arc<DriverInner>,
        target: &Target<'_>,
        database: Option<Arc<str>>,
        guess_is_safe: bool,
        deadline: Instant,
    ) -> Result<Connected, Error> {
        // A guessed home database chooses the server; the server says whether the guess was right.
        let guess = || {
            if guess_is_safe { self.lock().home_database(&target.user) } else { None }
        };
        let (mut key, guessed) = match database.clone() {
            Some(name) => (Database::Named(name), false),
            None => guess().map_or((Database::Home(target.user.clone()), false), |name| (Database::Named(name), true)),
        };
        let mut refreshed = false;
        let mut last = None;
        loop {
            let Some(address) = self.candidate(driver, target, &key, refreshed) else {
                if refreshed {
                    let message = format!("no server takes {:?} access to {}", target.access, describe(&key));
                    return Err(last.map_or_else(
                        || Error::new(ErrorKind::SessionExpired, message.clone()),
                        |error: Error| Error::with_source(ErrorKind::SessionExpired, message.clone(), error),
                    ));
                }
                (key, refreshed) = self.refresh(driver, target, key, deadline).await?;
                continue;
            };
            match driver.pool.acquire(&address, deadline).await {
                Ok(connection) => {
                    let database = match (&key, guessed) {
                        (Database::Named(name), false) => Some(Arc::clone(name)),
                        _ => None,
                    };
                    if let (None, Some(name)) = (&target.database, &database) {
                        target.bookmarks.resolved(name);
                    }
                    return Ok(Connected { connection, key, database });
                }
                Err(error) if error.kind() == ErrorKind::ServiceUnavailable => {
                    driver.deactivate(&address);
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The server to ask, if the table is fresh, or was when this call had it `refreshed`: it may live for no time at all.
    fn candidate(&self, driver: &DriverInner, target: &Target<'_>, key: &Database, refreshed: bool) -> Option<Address> {
        let random = driver.pool.dialer.runtime.random();
        let routing = self.lock();
        let table = routing.table(key)?;
        if !refreshed && !table.is_fresh(driver.now(), target.access) {
            return None;
        }
        least_loaded(table.candidates(target.access), |it| driver.pool.counts(it).in_use, random).cloned()
    }

    /// Has the table of `key` refreshed, by this call or another one. Returns the table's key and whether this call did it.
    async fn refresh(
        &self,
        driver: &Arc<DriverInner>,
        target: &Target<'_>,
        key: Database,
        deadline: Instant,
    ) -> Result<(Database, bool), Error> {
        let start = self.lock().begin_refresh(&key);
        let Refresh::Start(permit) = start else {
            let joined = neobolt_io::timeout_at(&*driver.pool.dialer.runtime, deadline, self.joined(&key));
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
        let routers = self.lock().routers_to_try(&key);
        let mut last = None;
        for router in routers {
            match self.ask(driver, target, &key, &router, deadline).await {
                Ok(table) => return Ok((refreshing.end(table).unwrap_or(key), true)),
                Err(error) => {
                    let fatal = error.code().is_some_and(is_fatal_during_discovery)
                        || matches!(
                            error.kind(),
                            ErrorKind::AcquisitionTimeout | ErrorKind::Closed | ErrorKind::Configuration
                        );
                    if fatal {
                        return Err(error);
                    }
                    driver.deactivate(&router);
                    last = Some(error);
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
        deadline: Instant,
    ) -> Result<RoutingTable, Error> {
        let connection = driver.pool.acquire(router, deadline).await?;
        let has_route = connection.as_bolt().capabilities().route;
        let conversation = Conversation::new(driver, connection, key.clone(), None, target.bookmarks);
        let bookmarks = target.bookmarks.to_send();
        let question = Question {
            context: driver.pool.dialer.uri.routing_context().unwrap_or_default(),
            bookmarks: bookmarks.iter().collect(),
            database: if let Database::Named(name) = key { Some(&**name) } else { None },
            impersonated_user: target.user.as_deref(),
        };
        let answered = async {
            if has_route { question.by_route(&conversation).await } else { question.by_procedure(&conversation).await }
        };
        let table =
            neobolt_io::timeout_at(&*driver.pool.dialer.runtime, deadline, answered).await.unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::AcquisitionTimeout, format!("{router} did not answer in time")))
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
            bookmarks: self.bookmarks,
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
