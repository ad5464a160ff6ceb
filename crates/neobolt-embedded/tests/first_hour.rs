//! What drivers, tools and newcomers ask of a server, beyond what the engine knows.

#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

mod support;

use neobolt_proto::structure::{Point, Uuid, Vector};
use neobolt_proto::{Map, Value};
use support::*;

/// Returns a result as text, a row on each line.
async fn table(session: &mut Session, query: &str) -> String {
    let (fields, rows, _) = auto_with(session, query, Map::default()).await.unwrap();
    let mut lines = vec![fields.join(" ")];
    lines.extend(rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join(" ")));
    lines.join("\n")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(string) => string.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn the_server_says_what_it_is_and_has() {
    let mut session = session(&backend()).await;
    auto(&mut session, "CREATE (:Person {name: 'Ada'})-[:KNOWS {since: 1833}]->(:Person:Engineer)").await.unwrap();
    auto(&mut session, "CREATE INDEX person_name IF NOT EXISTS FOR (p:Person) ON (p.name)").await.unwrap();
    for (query, answer) in [
        (
            "CALL dbms.components() YIELD name, versions, edition \
             UNWIND versions AS version RETURN name, version, edition",
            "name version edition\nNeo4j Kernel 5.26.0 community",
        ),
        ("CALL db.labels()", "label\nEngineer\nPerson"),
        ("CALL db.labels() YIELD label WHERE label STARTS WITH 'P' RETURN count(label) AS n", "n\n1"),
        ("CALL db.relationshipTypes() YIELD relationshipType AS type", "type\nKNOWS"),
        ("CALL db.propertyKeys() YIELD propertyKey AS k RETURN k ORDER BY k", "k\nname\nsince"),
        ("SHOW DATABASES YIELD name, address, default", "name address default\nneo4j localhost:7687 true"),
        ("SHOW DEFAULT DATABASE YIELD name AS n RETURN n", "n\nneo4j"),
        ("SHOW DATABASE nothing YIELD name", "name"),
        ("SHOW INDEXES YIELD type, labelsOrTypes, properties", "type labelsOrTypes properties\nRANGE [Person] [name]"),
        ("SHOW CONSTRAINTS YIELD name", "name"),
    ] {
        assert_eq!(table(&mut session, query).await, answer, "{query}");
    }
    assert!(table(&mut session, "SHOW PROCEDURES YIELD name").await.contains("\ndb.labels\n"));
    // It is in the same transaction, and an empty graph has columns too.
    auto(&mut session, "MATCH (n) DETACH DELETE n").await.unwrap();
    assert_eq!(table(&mut session, "CALL db.labels()").await, "label");
}

#[tokio::test]
async fn an_index_that_is_there_is_made_again_only_if_that_is_well() {
    let mut session = session(&backend()).await;
    let stats = |answer: Result<Answer, Failure>| answer.map(|(_, _, it)| it.stats);
    let tolerant = "CREATE INDEX people IF NOT EXISTS FOR (p:Person) ON (p.name)";
    let added = stats(auto_with(&mut session, tolerant, Map::default()).await).unwrap();
    assert_eq!(added.get("indexes-added"), Some(&Value::from(1)));
    assert!(stats(auto_with(&mut session, tolerant, Map::default()).await).unwrap().is_empty());
    let failure = auto(&mut session, "CREATE INDEX people FOR (p:Person) ON (p.name)").await.unwrap_err();
    assert_eq!(&*failure.code, "Neo.ClientError.Schema.IndexAlreadyExists");
}

#[tokio::test]
async fn changes_are_counted() {
    let mut session = session(&backend()).await;
    for (query, counters) in [
        (
            "CREATE (:Person:Human {name: 'Ada', born: 1815})-[:KNOWS {since: 1833}]->(:Person)",
            "nodes-created 2 relationships-created 1 properties-set 3 labels-added 3",
        ),
        ("MATCH (n) RETURN n", ""),
        ("MERGE (p:Person {name: 'Ada'}) ON CREATE SET p.new = true RETURN p", ""),
        ("MATCH (p:Human) SET p.born = 1816, p:Countess REMOVE p.name", "properties-set 2 labels-added 1"),
        ("MATCH ()-[r]->() SET r.since = 1832, r.until = 1852", "properties-set 2"),
        ("MATCH (p:Countess) REMOVE p:Human", "labels-removed 1"),
        ("MATCH ()-[r]->() DELETE r", "relationships-deleted 1"),
        ("MATCH (n) DELETE n", "nodes-deleted 2"),
        ("MATCH (n) SET n.x = 1", ""),
    ] {
        let (_, _, summary) = auto_with(&mut session, query, Map::default()).await.unwrap();
        let counted =
            |(name, value): (&str, &Value)| (name != "contains-updates").then(|| format!("{name} {}", text(value)));
        assert_eq!(summary.stats.iter().filter_map(counted).collect::<Vec<_>>().join(" "), counters, "{query}");
        assert_eq!(summary.stats.get("contains-updates").is_some(), !counters.is_empty());
    }
    // What is too large to be compared is only said to have changed.
    let (_, _, summary) =
        auto_with(&mut session, "UNWIND range(1, 1500) AS i CREATE (:N)", Map::default()).await.unwrap();
    assert_eq!(summary.stats, Map::from_iter([("contains-updates", Value::from(true))]));
}

#[tokio::test]
async fn values_of_types_that_the_engine_lacks_are_returned() {
    let mut session = session(&backend()).await;
    let values = vec![
        Value::Bytes([0, 255].into()),
        Value::Point(Point::wgs_84(1.5, -2.0).into()),
        Value::Uuid(Uuid([7; 16])),
        Value::Vector(Vector::from(&[1.0_f32, 2.0][..]).into()),
    ];
    let parameters = Map::from_iter([("x", Value::from(values.clone())), ("n", Value::from(1))]);
    let (fields, rows, _) = auto_with(&mut session, "RETURN $x AS x, $n", parameters.clone()).await.unwrap();
    assert_eq!(
        (fields, rows),
        (vec!["x".to_owned(), "$n".to_owned()], vec![vec![Value::from(values), Value::from(1)]])
    );
    let failure = auto_with(&mut session, "CREATE (n {x: $x})", parameters).await.unwrap_err();
    assert_eq!((&*failure.code, &*failure.gql_status), ("Neo.ClientError.Statement.TypeError", "22G03"));
}

#[tokio::test]
async fn a_node_is_found_by_its_element_id() {
    let mut session = session(&backend()).await;
    let id = auto(&mut session, "CREATE (n:A) RETURN elementId(n) AS id").await.unwrap().0.remove(0);
    let parameters = Map::from_iter([("id", id[0].clone())]);
    let query = "MATCH (n) WHERE elementId(n) = $id RETURN labels(n)[0] AS label, elementId(n) = $id";
    let (_, rows, _) = auto_with(&mut session, query, parameters).await.unwrap();
    assert_eq!(rows, [[Value::from("A"), Value::from(true)]]);
}
