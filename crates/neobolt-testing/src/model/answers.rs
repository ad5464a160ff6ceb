//! What each query is answered with.

use neobolt_proto::structure::{Node, Path, Relationship, UnboundRelationship};
use neobolt_proto::{Failure, Map, Value};
use neobolt_server::Query;

use super::rows::Answer;
use super::store::Transaction;
use crate::queries;

/// Runs `query` in `transaction`.
pub(super) async fn answer(transaction: &mut Transaction, query: &Query) -> Result<Answer, Failure> {
    let answer = match &*query.text {
        queries::ONE => Answer::rows(&["one"], [vec![Value::from(1)]], "r"),
        queries::ECHO => Answer::rows(&["value"], [vec![parameter(query, "value")?.clone()]], "r"),
        queries::SIZE => {
            let size = parameter(query, "value")?.as_str().map(|text| text.chars().count());
            let size = size.and_then(|size| i64::try_from(size).ok()).map_or(Value::Null, Value::from);
            Answer::rows(&["size"], [vec![size]], "r")
        }
        queries::RANGE => {
            let rows = (1..=integer(query, "n")?).map(|i| Ok(vec![Value::from(i)]));
            Answer::lazy(&["i"], rows, "r")
        }
        queries::DIVIDE => {
            let (n, k) = (integer(query, "n")?, integer(query, "k")?);
            let quotient = move |i| n.checked_div(k - i).map(|it| vec![Value::from(it)]).ok_or_else(division_by_zero);
            Answer::lazy(&["quotient"], (1..=n).map(quotient), "r")
        }
        queries::UNKNOWN_LABEL => unknown_label(),
        queries::CREATE_PAIR | queries::MATCH_PATH | queries::DELETE_ADA | queries::DELETE_PAIR => {
            pair(transaction, query).await?
        }
        queries::CREATE_CONSTRAINT | queries::DROP_CONSTRAINT => Answer::rows(&[], [], "s"),
        queries::CREATE_UNIQUE | queries::DELETE_UNIQUE => unique(transaction, query).await?,
        text => counter(transaction, query, text).await?,
    };
    Ok(answer)
}

async fn counter(transaction: &mut Transaction, query: &Query, text: &str) -> Result<Answer, Failure> {
    if !text.contains("ScenarioCounter") {
        let message = "Invalid input: the model does not know this query.";
        let failure = Failure::new("Neo.ClientError.Statement.SyntaxError", message);
        return Err(failure.with_gql("42001", "error: syntax error or access rule violation - invalid syntax"));
    }
    let name = format!("counter {}", key(query)?);
    let row = |value: Option<i64>| value.map(|value| vec![Value::from(value)]);
    Ok(match text {
        queries::CREATE_COUNTER => {
            transaction.lock(&name).await?;
            transaction.set(&name, Some(0));
            let stats = [("nodes-created", 1), ("properties-set", 2), ("labels-added", 1)];
            changed(Answer::rows(&[], [], "w"), &stats)
        }
        queries::DELETE_COUNTER => {
            transaction.lock(&name).await?;
            let existed = transaction.get(&name).is_some();
            transaction.set(&name, None);
            changed(Answer::rows(&[], [], "w"), &[("nodes-deleted", i64::from(existed))])
        }
        queries::INCREMENT => {
            transaction.lock(&name).await?;
            let value = transaction.get(&name).map(|value| value + 1);
            transaction.set(&name, value);
            changed(Answer::rows(&["value"], row(value), "rw"), &[("properties-set", 1)])
        }
        queries::EXPLAIN | queries::PROFILE => {
            let profiled = text == queries::PROFILE;
            let rows = row(transaction.get(&name)).filter(|_| profiled);
            let mut answer = Answer::rows(&["value"], rows, "r");
            let slot = if profiled { &mut answer.summary.profile } else { &mut answer.summary.plan };
            *slot = Some(plan(profiled));
            answer
        }
        _ => Answer::rows(&["value"], row(transaction.get(&name)), "r"),
    })
}

async fn unique(transaction: &mut Transaction, query: &Query) -> Result<Answer, Failure> {
    let name = format!("unique {}", key(query)?);
    transaction.lock(&name).await?;
    let creates = query.text == queries::CREATE_UNIQUE;
    if creates && transaction.get(&name).is_some() {
        let message = "Node already exists with this label and this property `key`.";
        return Err(Failure::new("Neo.ClientError.Schema.ConstraintValidationFailed", message));
    }
    transaction.set(&name, creates.then_some(1));
    Ok(Answer::rows(&[], [], "w"))
}

async fn pair(transaction: &mut Transaction, query: &Query) -> Result<Answer, Failure> {
    let key = key(query)?;
    let name = format!("pair {key}");
    let person = |id: i64, name: &str| Node {
        id,
        element_id: format!("4:model:{id}").into(),
        labels: Box::new(["ScenarioPerson".into()]),
        properties: Map::from_iter([("key", key), ("name", name)]),
    };
    let (ada, charles) = (person(1, "Ada"), person(2, "Charles"));
    let since = Map::from_iter([("since", 1833_i64)]);
    Ok(match &*query.text {
        queries::CREATE_PAIR => {
            transaction.lock(&name).await?;
            transaction.set(&name, Some(1));
            let knows = Relationship {
                id: 3,
                element_id: "5:model:3".into(),
                start_node_id: ada.id,
                start_node_element_id: ada.element_id.clone(),
                end_node_id: charles.id,
                end_node_element_id: charles.element_id.clone(),
                rel_type: "KNOWS".into(),
                properties: since,
            };
            let row =
                vec![Value::Node(Box::new(ada)), Value::Relationship(Box::new(knows)), Value::Node(Box::new(charles))];
            let stats =
                [("nodes-created", 2), ("relationships-created", 1), ("properties-set", 5), ("labels-added", 2)];
            changed(Answer::rows(&["a", "k", "b"], [row], "rw"), &stats)
        }
        queries::DELETE_ADA => {
            let message = "Cannot delete node<1>, because it still has relationships.";
            transaction.doom(Failure::new("Neo.ClientError.Schema.ConstraintValidationFailed", message));
            Answer::rows(&[], [], "w")
        }
        queries::DELETE_PAIR => {
            transaction.lock(&name).await?;
            transaction.set(&name, None);
            Answer::rows(&[], [], "w")
        }
        _ => {
            let knows = UnboundRelationship {
                id: 3,
                element_id: "5:model:3".into(),
                rel_type: "KNOWS".into(),
                properties: since,
            };
            let path = Path::new([ada, charles], [knows], [1, 1]).expect("invariant: the indices name what is there");
            let row = transaction.get(&name).map(|_| vec![Value::Path(Box::new(path))]);
            Answer::rows(&["p"], row, "r")
        }
    })
}

/// Neo4j's warning, in the form of Bolt 5.6 and in that of older versions.
fn unknown_label() -> Answer {
    let mut answer = Answer::rows(&["n"], [], "r");
    let status =
        |entries: &[(&str, &str)]| entries.iter().map(|(key, value)| (*key, Value::from(*value))).collect::<Map>();
    let warning = [
        ("gql_status", "01N50"),
        ("status_description", "warn: label does not exist. The label `ScenarioNoSuchLabel` does not exist."),
        ("neo4j_code", "Neo.ClientNotification.Statement.UnknownLabelWarning"),
        ("title", "The provided label is not in the database."),
        ("description", "One of the labels in your query is not available in the database."),
    ];
    let omitted = [("gql_status", "00001"), ("status_description", "note: successful completion - omitted result")];
    let record = [("_severity", "WARNING"), ("_classification", "UNRECOGNIZED")];
    let warned = warning.iter().map(|(key, value)| (*key, Value::from(*value)));
    let warned = warned.chain([("diagnostic_record", Value::Map(status(&record)))]).collect();
    answer.summary.statuses = vec![warned, status(&omitted)];
    let [_, _, (_, code), title, description] = warning;
    answer.summary.notifications = vec![status(&[("code", code), title, description, ("severity", "WARNING")])];
    answer
}

fn plan(profiled: bool) -> Map {
    let leaf = Map::from_iter([
        ("operatorType", Value::from("NodeByLabelScan@neo4j")),
        ("identifiers", Value::from(vec![Value::from("c")])),
        ("args", Value::Map(Map::from_iter([("EstimatedRows", 1.0_f64)]))),
    ]);
    let mut root = vec![
        ("operatorType", Value::from("ProduceResults@neo4j")),
        ("identifiers", Value::from(vec![Value::from("value")])),
        ("args", Value::Map(Map::from_iter([("EstimatedRows", 1.0_f64)]))),
        ("children", Value::from(vec![Value::Map(leaf)])),
    ];
    if profiled {
        root.extend([("dbHits", Value::from(2)), ("rows", Value::from(1))]);
    }
    root.into_iter().collect()
}

fn changed(mut answer: Answer, stats: &[(&str, i64)]) -> Answer {
    let counted = stats.iter().filter(|(_, count)| *count > 0);
    let counted = counted.map(|(name, count)| (*name, Value::from(*count)));
    answer.summary.stats = counted.chain([("contains-updates", Value::Boolean(true))]).collect();
    answer
}

fn parameter<'q>(query: &'q Query, name: &str) -> Result<&'q Value, Failure> {
    query.parameters.get(name).ok_or_else(|| {
        Failure::new("Neo.ClientError.Statement.ParameterMissing", format!("Expected parameter(s): {name}"))
    })
}

fn integer(query: &Query, name: &str) -> Result<i64, Failure> {
    parameter(query, name)?.as_i64().ok_or_else(|| wrong_type(name))
}

fn key(query: &Query) -> Result<&str, Failure> {
    parameter(query, "key")?.as_str().ok_or_else(|| wrong_type("key"))
}

fn wrong_type(name: &str) -> Failure {
    Failure::new("Neo.ClientError.Statement.TypeError", format!("Type mismatch for parameter '{name}'"))
}

fn division_by_zero() -> Failure {
    Failure::new("Neo.ClientError.Statement.ArithmeticError", "/ by zero")
}
