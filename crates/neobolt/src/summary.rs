//! What a server says of a query when it is over.

use std::sync::Arc;
use std::time::Duration;

use neobolt_core::Address;
use neobolt_proto::{Map, Value, Version};

use crate::connection::Connection;

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

/// What the server said of a query when it was over. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ResultSummary(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: ServerInfo,
    run: Map,
    end: Map,
}

impl ResultSummary {
    pub(crate) fn new(server: ServerInfo, run: Map, end: Map) -> Self {
        Self(Arc::new(Inner { server, run, end }))
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
        match self.0.end.get("type").and_then(Value::as_str)? {
            "r" => Some(QueryType::ReadOnly),
            "rw" => Some(QueryType::ReadWrite),
            "w" => Some(QueryType::WriteOnly),
            "s" => Some(QueryType::SchemaWrite),
            _ => None,
        }
    }

    /// Returns what the query changed.
    pub fn counters(&self) -> Counters<'_> {
        Counters(self.map("stats"))
    }

    /// Returns the plan of an EXPLAINed or PROFILEd query.
    pub fn plan(&self) -> Option<Plan<'_>> {
        self.map("profile").or_else(|| self.map("plan")).map(Plan)
    }

    /// Returns the notifications (from servers that speak Bolt 5.4 or older).
    pub fn notifications(&self) -> impl Iterator<Item = Notification<'_>> {
        self.list("notifications").map(Notification)
    }

    /// Returns the GQL statuses, most important first (from servers that speak Bolt 5.6 or newer).
    pub fn gql_statuses(&self) -> impl Iterator<Item = GqlStatus<'_>> {
        self.list("statuses").map(GqlStatus)
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

    fn list(&self, key: &str) -> impl Iterator<Item = &Map> {
        let list = match self.0.end.get(key) {
            Some(Value::List(list)) => &**list,
            _ => &[],
        };
        list.iter().filter_map(as_map)
    }
}

fn as_map(value: &Value) -> Option<&Map> {
    if let Value::Map(map) = value { Some(map) } else { None }
}

fn millis(value: Option<&Value>) -> Option<Duration> {
    u64::try_from(value?.as_i64()?).ok().map(Duration::from_millis)
}

fn text<'a>(map: &'a Map, key: &str) -> &'a str {
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
        self.0.get("dbHits")?.as_i64()
    }

    /// Returns how many rows the operator made, where the query was PROFILEd.
    pub fn rows(&self) -> Option<i64> {
        self.0.get("rows")?.as_i64()
    }
}

fn list<'a>(map: &'a Map, key: &str) -> &'a [Value] {
    if let Some(Value::List(list)) = map.get(key) { list } else { &[] }
}

/// A notification: advice or a warning about a query.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a>(&'a Map);

impl<'a> Notification<'a> {
    /// Returns the Neo4j code.
    pub fn code(&self) -> &'a str {
        text(self.0, "code")
    }

    /// Returns the title.
    pub fn title(&self) -> &'a str {
        text(self.0, "title")
    }

    /// Returns what it says.
    pub fn description(&self) -> &'a str {
        text(self.0, "description")
    }

    /// Returns the severity, such as `WARNING`.
    pub fn severity(&self) -> &'a str {
        text(self.0, "severity")
    }
}

/// A GQL status: how a query ended, or a notification about it.
#[derive(Clone, Copy, Debug)]
pub struct GqlStatus<'a>(&'a Map);

impl<'a> GqlStatus<'a> {
    /// Returns the status, such as `00000`.
    pub fn gql_status(&self) -> &'a str {
        text(self.0, "gql_status")
    }

    /// Returns what it says.
    pub fn description(&self) -> &'a str {
        text(self.0, "status_description")
    }

    /// Returns the diagnostic record, without the entries that have their defaults.
    pub fn diagnostic_record(&self) -> Option<&'a Map> {
        as_map(self.0.get("diagnostic_record")?)
    }

    /// Returns whether it is a notification.
    pub fn is_notification(&self) -> bool {
        self.0.get("neo4j_code").is_some()
    }
}
