//! Routing tables on the wire: as the answer to ROUTE, and as the procedure that clients before Bolt 4.3 call instead.

use neobolt_proto::{Map, Value};

use crate::{Query, QueryResult, RoutingTable, Summary};

/// The procedure's names: since Neo4j 4.0, and before.
const PROCEDURES: [&str; 2] = ["dbms.routing.getRoutingTable", "dbms.cluster.routing.getRoutingTable"];

/// Returns the routing context and the database of a query that asks for a routing table.
///
/// It is recognised in the forms that drivers have for it, where each argument is a parameter.
pub(crate) fn asked(query: &Query) -> Option<(Map, Option<String>)> {
    let call = query.text.trim().strip_suffix(')')?;
    let (keyword, call) = call.split_at_checked("CALL ".len())?;
    let (name, arguments) = call.trim_start().split_once('(')?;
    if !keyword.eq_ignore_ascii_case("CALL ") || !PROCEDURES.iter().any(|it| it.eq_ignore_ascii_case(name)) {
        return None;
    }
    let mut arguments = arguments.split(',').map(|argument| query.parameters.get(argument.trim().strip_prefix('$')?));
    let context = match arguments.next()?? {
        Value::Map(context) => context.clone(),
        _ => return None,
    };
    let database = match arguments.next() {
        None => None,
        Some(database) => database?.as_str().map(str::to_owned),
    };
    arguments.next().is_none().then_some((context, database))
}

/// Returns the table as the procedure's result.
pub(crate) fn result(table: &RoutingTable) -> QueryResult {
    let (fields, row) = entries(table).into_iter().map(|(name, value)| (name.to_owned(), value)).unzip();
    let summary = Summary { query_type: Some("r"), ..Summary::default() };
    QueryResult::buffered(fields, vec![row], summary)
}

/// Returns what both forms tell.
pub(crate) fn entries(table: &RoutingTable) -> Vec<(&'static str, Value)> {
    let servers =
        [("WRITE", &table.writers), ("READ", &table.readers), ("ROUTE", &table.routers)].map(|(role, addresses)| {
            let addresses = addresses.iter().map(|address| Value::from(&**address)).collect::<Vec<_>>();
            Value::Map(Map::from_iter([("addresses", Value::from(addresses)), ("role", Value::from(role))]))
        });
    vec![
        ("ttl", Value::from(i64::try_from(table.ttl.as_secs()).unwrap_or(i64::MAX))),
        ("servers", Value::from(Vec::from(servers))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_questions_are_recognised() {
        let context = Map::from_iter([("address", Value::from("db.example:7687"))]);
        let parameters = Map::from_iter([
            ("context", Value::Map(context.clone())),
            ("database", "music".into()),
            ("none", Value::Null),
        ]);
        let asked = |text: &str| asked(&Query::new(text, parameters.clone()));
        for (text, database) in [
            ("CALL dbms.cluster.routing.getRoutingTable($context)", None),
            ("CALL dbms.routing.getRoutingTable($context, $database)", Some("music")),
            ("call dbms.routing.getRoutingTable( $context , $none )", None),
        ] {
            assert_eq!(asked(text), Some((context.clone(), database.map(str::to_owned))), "{text}");
        }
        for text in [
            "CALL dbms.routing.getRoutingTable()",
            "CALL dbms.routing.getRoutingTable($context, $missing)",
            "CALL dbms.routing.getRoutingTable($database)",
            "CALL dbms.routing.getRoutingTable($context, $none, $none)",
            "CALL dbms.components()",
            "CALÖ (",
            "",
        ] {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
