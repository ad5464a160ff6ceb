//! The summary of a result in TestKit's JSON.

use neobolt::{GqlStatusObject, Notification, Plan, Position, QueryType, ResultSummary};
use serde_json::{Value as Json, json};

use crate::response::ServerInfo;
use crate::value::{map_to_json, to_plain};

pub(crate) fn server_info(server: &neobolt::ServerInfo) -> ServerInfo {
    ServerInfo {
        address: server.address.as_ref().map(ToString::to_string),
        agent: server.agent.to_string(),
        protocol_version: server.protocol_version.map(|version| version.to_string()),
    }
}

/// Writes a summary of the query `text`, whose parameters are in TestKit's words already.
pub(crate) fn summary(summary: &ResultSummary, text: &str, parameters: &Json) -> Json {
    let counters = summary.counters();
    let millis = |time: Option<std::time::Duration>| time.map(|time| time.as_millis() as u64);
    json!({
        "counters": {
            "constraintsAdded": counters.constraints_added(),
            "constraintsRemoved": counters.constraints_removed(),
            "containsSystemUpdates": counters.contains_system_updates(),
            "containsUpdates": counters.contains_updates(),
            "indexesAdded": counters.indexes_added(),
            "indexesRemoved": counters.indexes_removed(),
            "labelsAdded": counters.labels_added(),
            "labelsRemoved": counters.labels_removed(),
            "nodesCreated": counters.nodes_created(),
            "nodesDeleted": counters.nodes_deleted(),
            "propertiesSet": counters.properties_set(),
            "relationshipsCreated": counters.relationships_created(),
            "relationshipsDeleted": counters.relationships_deleted(),
            "systemUpdates": counters.system_updates(),
        },
        "database": summary.database(),
        "notifications": summary.notifications().map(|all| all.iter().map(notification).collect::<Vec<_>>()),
        "gqlStatusObjects": summary.gql_status_objects().iter().map(status).collect::<Vec<_>>(),
        "plan": summary.plan().filter(|_| summary.profile().is_none()).map(plan),
        "profile": summary.profile().map(plan),
        "query": { "text": text, "parameters": parameters },
        "queryType": summary.query_type().map(|query_type| match query_type {
            QueryType::ReadOnly => "r",
            QueryType::ReadWrite => "rw",
            QueryType::WriteOnly => "w",
            _ => "s",
        }),
        "resultAvailableAfter": millis(summary.result_available_after()),
        "resultConsumedAfter": millis(summary.result_consumed_after()),
        "serverInfo": server_info(summary.server()),
    })
}

fn position(position: Position) -> Json {
    json!({ "column": position.column, "line": position.line, "offset": position.offset })
}

fn notification(it: &Notification) -> Json {
    let mut data = json!({
        "code": it.code,
        "title": it.title,
        "description": it.description,
        "severity": it.raw_severity,
        "rawSeverityLevel": it.raw_severity,
        "severityLevel": it.severity().map_or("UNKNOWN", |severity| severity.as_str()),
        "rawCategory": it.raw_category,
        "category": it.category().map_or("UNKNOWN", |category| category.as_str()),
    });
    if let Some(at) = it.position {
        data["position"] = position(at);
    }
    data
}

fn status(it: &GqlStatusObject) -> Json {
    json!({
        "gqlStatus": it.gql_status,
        "statusDescription": it.status_description,
        "position": it.position().map(position),
        "classification": it.classification().map_or("UNKNOWN", |classification| classification.as_str()),
        "rawClassification": it.raw_classification(),
        "severity": it.severity().map_or("UNKNOWN", |severity| severity.as_str()),
        "rawSeverity": it.raw_severity(),
        "diagnosticRecord": map_to_json(&it.diagnostic_record).unwrap_or_default(),
        "isNotification": it.is_notification,
    })
}

fn plan(it: Plan<'_>) -> Json {
    let arguments = it.arguments().map(|all| all.iter().map(|(key, value)| (key.to_owned(), to_plain(value))));
    let mut data = json!({
        "operatorType": it.operator_type(),
        "args": Json::Object(arguments.into_iter().flatten().collect()),
        "identifiers": it.identifiers().collect::<Vec<_>>(),
        "children": it.children().map(plan).collect::<Vec<_>>(),
    });
    let measured = [
        ("dbHits", it.db_hits().map(Json::from)),
        ("rows", it.rows().map(Json::from)),
        ("pageCacheHits", it.page_cache_hits().map(Json::from)),
        ("pageCacheMisses", it.page_cache_misses().map(Json::from)),
        ("pageCacheHitRatio", it.page_cache_hit_ratio().map(Json::from)),
        ("time", it.time().map(Json::from)),
    ];
    for (key, value) in measured {
        if let Some(value) = value {
            data[key] = value;
        }
    }
    data
}
