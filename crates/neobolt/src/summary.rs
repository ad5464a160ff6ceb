//! What a server says of a query when it is over.

use std::sync::Arc;
use std::time::Duration;

use neobolt_core::Address;
use neobolt_proto::{Map, Value, Version};

use crate::connection::Connection;
use crate::gql::{self, GqlStatusObject, Notification, Outcome};
use crate::query::Query;

/// The server that ran a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Its address, as the driver reached it.
    pub address: Option<Address>,
    /// Its name and version, such as `Neo4j/5.26.0`.
    pub agent: Box<str>,
    /// Its name for the connection.
    pub connection_id: Box<str>,
    /// The version of Bolt that was negotiated.
    pub protocol_version: Option<Version>,
}

impl ServerInfo {
    pub(crate) fn of(connection: &Connection) -> Self {
        let bolt = connection.as_bolt();
        Self {
            address: Some(connection.address.clone()),
            agent: bolt.server().agent.clone(),
            connection_id: bolt.server().connection_id.clone(),
            protocol_version: Some(bolt.version()),
        }
    }
}

/// What a query was, by what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryType {
    /// `r`
    ReadOnly,
    /// `rw`
    ReadWrite,
    /// `w`
    WriteOnly,
    /// `s`
    SchemaWrite,
}

impl QueryType {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "r" => Some(Self::ReadOnly),
            "rw" => Some(Self::ReadWrite),
            "w" => Some(Self::WriteOnly),
            "s" => Some(Self::SchemaWrite),
            _ => None,
        }
    }
}

/// What the server said of a query when it was over. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ResultSummary(Arc<Inner>, Arc<Query>);

#[derive(Debug)]
struct Inner {
    server: ServerInfo,
    run: Map,
    end: Map,
    outcome: Outcome,
}

impl ResultSummary {
    pub(crate) fn new(server: ServerInfo, run: Map, end: Map, outcome: Outcome) -> Self {
        Self(Arc::new(Inner { server, run, end, outcome }), Arc::default())
    }

    pub(crate) fn of(mut self, query: &Arc<Query>) -> Self {
        self.1 = Arc::clone(query);
        self
    }

    /// Returns the query, with its parameters.
    pub fn query(&self) -> &Query {
        &self.1
    }

    /// Returns the server that ran the query.
    pub fn server(&self) -> &ServerInfo {
        &self.0.server
    }

    /// Returns the database that the query ran in.
    pub fn database(&self) -> Option<&str> {
        self.0.end.get("db").or_else(|| self.0.run.get("db")).and_then(Value::as_str)
    }

    /// Returns what kind of query it was.
    pub fn query_type(&self) -> Option<QueryType> {
        QueryType::from_name(self.0.end.get("type").and_then(Value::as_str)?)
    }

    /// Returns what the query changed.
    pub fn counters(&self) -> Counters<'_> {
        Counters(self.map("stats"))
    }

    /// Returns the plan of an EXPLAINed or PROFILEd query.
    pub fn plan(&self) -> Option<Plan<'_>> {
        self.map("plan").map(Plan).or_else(|| self.profile())
    }

    /// Returns the plan of a PROFILEd query, with what it took.
    pub fn profile(&self) -> Option<Plan<'_>> {
        self.map("profile").map(Plan)
    }

    /// Returns the notifications about the query; `None` where the server says nothing of any.
    ///
    /// Made from the GQL statuses where the server sends those (Bolt 5.6 and later).
    pub fn notifications(&self) -> Option<Vec<Notification>> {
        gql::notifications(&self.0.end)
    }

    /// Returns the GQL statuses, most important first.
    ///
    /// Made from notifications and records where the server sends none (before Bolt 5.6).
    pub fn gql_status_objects(&self) -> Vec<GqlStatusObject> {
        gql::statuses(&self.0.end, self.0.outcome)
    }

    /// Returns how long it took until the result was available.
    pub fn result_available_after(&self) -> Option<Duration> {
        millis(self.0.run.get("t_first"))
    }

    /// Returns how long it took until the result was consumed.
    pub fn result_consumed_after(&self) -> Option<Duration> {
        millis(self.0.end.get("t_last"))
    }

    fn map(&self, key: &str) -> Option<&Map> {
        as_map(self.0.end.get(key)?)
    }
}

pub(crate) fn as_map(value: &Value) -> Option<&Map> {
    if let Value::Map(map) = value { Some(map) } else { None }
}

fn millis(value: Option<&Value>) -> Option<Duration> {
    u64::try_from(value?.as_i64()?).ok().map(Duration::from_millis)
}

pub(crate) fn text<'a>(map: &'a Map, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What a query changed.
#[derive(Clone, Copy, Debug)]
pub struct Counters<'a>(Option<&'a Map>);

macro_rules! counters {
    ($( $(#[$doc:meta])* $name:ident = $key:literal; )*) => {
        impl Counters<'_> {
            $( $(#[$doc])*
            pub fn $name(&self) -> u64 {
                self.count($key)
            } )*
        }
    };
}

counters! {
    /// Returns the number of nodes created.
    nodes_created = "nodes-created";
    /// Returns the number of nodes deleted.
    nodes_deleted = "nodes-deleted";
    /// Returns the number of relationships created.
    relationships_created = "relationships-created";
    /// Returns the number of relationships deleted.
    relationships_deleted = "relationships-deleted";
    /// Returns the number of properties set.
    properties_set = "properties-set";
    /// Returns the number of labels added to nodes.
    labels_added = "labels-added";
    /// Returns the number of labels removed from nodes.
    labels_removed = "labels-removed";
    /// Returns the number of indexes added.
    indexes_added = "indexes-added";
    /// Returns the number of indexes removed.
    indexes_removed = "indexes-removed";
    /// Returns the number of constraints added.
    constraints_added = "constraints-added";
    /// Returns the number of constraints removed.
    constraints_removed = "constraints-removed";
    /// Returns the number of changes to the system database.
    system_updates = "system-updates";
}

impl Counters<'_> {
    fn count(&self, key: &str) -> u64 {
        let count = self.0.and_then(|stats| stats.get(key)).and_then(Value::as_i64);
        count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    }

    /// Returns whether the query changed the graph or its schema.
    pub fn contains_updates(&self) -> bool {
        let Some(stats) = self.0 else { return false };
        match stats.get("contains-updates") {
            Some(Value::Boolean(updates)) => *updates,
            _ => stats.iter().any(|(key, count)| key != "system-updates" && count.as_i64().is_some_and(|n| n > 0)),
        }
    }

    /// Returns whether the query changed the system database.
    pub fn contains_system_updates(&self) -> bool {
        match self.0.and_then(|stats| stats.get("contains-system-updates")) {
            Some(Value::Boolean(updates)) => *updates,
            _ => self.system_updates() > 0,
        }
    }
}

/// An operator of a query's plan, with what it took to run it where the query was PROFILEd.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a>(&'a Map);

impl<'a> Plan<'a> {
    /// Returns the operator, such as `AllNodesScan@neo4j`.
    pub fn operator_type(&self) -> &'a str {
        text(self.0, "operatorType")
    }

    /// Returns the operator's arguments.
    pub fn arguments(&self) -> Option<&'a Map> {
        as_map(self.0.get("args")?)
    }

    /// Returns the variables that the operator uses.
    pub fn identifiers(&self) -> impl Iterator<Item = &'a str> {
        list(self.0, "identifiers").iter().filter_map(Value::as_str)
    }

    /// Returns the operators that this one takes its rows from.
    pub fn children(&self) -> impl Iterator<Item = Plan<'a>> {
        list(self.0, "children").iter().filter_map(as_map).map(Plan)
    }

    /// Returns how often the storage engine was asked, where the query was PROFILEd.
    pub fn db_hits(&self) -> Option<i64> {
        self.number("dbHits")
    }

    /// Returns how many rows the operator made, where the query was PROFILEd.
    pub fn rows(&self) -> Option<i64> {
        self.number("rows")
    }

    /// Returns how often a page was found in the cache, where the query was PROFILEd and the server counts it.
    pub fn page_cache_hits(&self) -> Option<i64> {
        self.number("pageCacheHits")
    }

    /// Returns how often a page was not found in the cache, where the query was PROFILEd and the server counts it.
    pub fn page_cache_misses(&self) -> Option<i64> {
        self.number("pageCacheMisses")
    }

    /// Returns the part of pages found in the cache, where the query was PROFILEd and the server counts it.
    pub fn page_cache_hit_ratio(&self) -> Option<f64> {
        self.0.get("pageCacheHitRatio")?.as_f64()
    }

    /// Returns how long the operator took, in nanoseconds, where the query was PROFILEd and the server measures it.
    pub fn time(&self) -> Option<i64> {
        self.number("time")
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.0.get(key)?.as_i64()
    }
}

fn list<'a>(map: &'a Map, key: &str) -> &'a [Value] {
    if let Some(Value::List(list)) = map.get(key) { list } else { &[] }
}
