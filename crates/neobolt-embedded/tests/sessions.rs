//! Sessions of the embedded engine, as a server uses them.

#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

#[expect(dead_code, reason = "other tests need the rest")]
mod support;

use std::sync::Arc;
use std::time::Duration;

use neobolt_embedded::Embedded;
use neobolt_proto::{Map, Value};
use neobolt_server::AccessMode;
use support::*;

#[tokio::test]
async fn what_is_committed_is_seen_and_what_is_rolled_back_is_not() {
    let backend = backend();
    let (mut a, mut b) = (session(&backend).await, session(&backend).await);
    a.begin(options(AccessMode::Write)).await.unwrap();
    let (fields, rows, summary) =
        run(&mut a, "CREATE (p:Person {name: 'Ada'}) RETURN p.name AS name, p").await.unwrap();
    assert_eq!(fields, ["name", "p"]);
    assert_eq!(rows[0][0], Value::from("Ada"));
    let Value::Node(node) = &rows[0][1] else { panic!("{rows:?}") };
    assert_eq!((&*node.labels[0], &*node.element_id), ("Person", &*node.id.to_string()));
    assert_eq!(summary.query_type, Some("rw"));
    let count = "MATCH (p:Person) RETURN count(p) AS n";
    assert_eq!(auto(&mut b, count).await.unwrap().0, [[Value::from(0)]]);
    assert_eq!(a.commit().await.unwrap().as_deref(), Some("neobolt:1"));
    assert_eq!(auto(&mut b, count).await.unwrap(), (vec![vec![Value::from(1)]], "neobolt:1".to_owned()));
    b.begin(options(AccessMode::Write)).await.unwrap();
    run(&mut b, "CREATE (:Person)").await.unwrap();
    b.rollback().await.unwrap();
    assert_eq!(auto(&mut a, count).await.unwrap().0, [[Value::from(1)]]);
}

#[tokio::test]
async fn empty_results_have_columns_and_explained_queries_a_plan() {
    let mut session = session(&backend()).await;
    session.begin(options(AccessMode::Read)).await.unwrap();
    let (fields, rows, summary) = run(&mut session, "MATCH (n:Nothing) RETURN n.x AS x, n.y").await.unwrap();
    assert_eq!((fields, rows.len(), summary.query_type), (vec!["x".to_owned(), "n.y".to_owned()], 0, Some("r")));
    assert_eq!(run(&mut session, "RETURN 1+1").await.unwrap().0, ["1+1"]);
    let (fields, rows, summary) = run(&mut session, "EXPLAIN MATCH (n) RETURN n").await.unwrap();
    assert_eq!((fields, rows.len()), (vec!["n".to_owned()], 0));
    assert_eq!(summary.plan.unwrap().get("operatorType"), Some(&Value::from("Project")));
}

#[tokio::test]
async fn paths_and_relationships_keep_their_identity() {
    let mut session = session(&backend()).await;
    auto(&mut session, "CREATE (:A)-[:R {w: 1}]->(:B)").await.unwrap();
    let rows = auto(&mut session, "MATCH p = (b:B)<-[r:R]-(a:A) RETURN r, p").await.unwrap().0;
    let [Value::Relationship(relationship), Value::Path(path)] = &rows[0][..] else { panic!("{rows:?}") };
    let segment = path.segments().next().unwrap();
    assert!(segment.reversed);
    assert_eq!(&segment.bound(), &**relationship);
    assert_eq!(&*path.start().labels[0], "B");
    assert_eq!(relationship.properties.get("w"), Some(&Value::from(1)));
}

#[tokio::test]
async fn parameters_go_in_as_values() {
    let mut session = session(&backend()).await;
    session.begin(options(AccessMode::Write)).await.unwrap();
    let props = Map::from_iter([("name", Value::from("Ada")), ("tags", Value::from(vec![Value::from("x")]))]);
    let parameters = Map::from_iter([("props", Value::Map(props.clone())), ("n", Value::from(2.5))]);
    let (_, rows, _) = run_with(&mut session, "CREATE (p) SET p = $props RETURN p, $n AS n", parameters).await.unwrap();
    let [Value::Node(node), Value::Float(2.5)] = &rows[0][..] else { panic!("{rows:?}") };
    assert_eq!(node.properties, props);
}

#[tokio::test]
async fn errors_have_the_codes_of_neo4j() {
    let mut session = session(&backend()).await;
    auto(&mut session, "CREATE (:A)-[:R]->(:B)").await.unwrap();
    for (query, code) in [
        ("RETRUN 1", "Statement.SyntaxError"),
        ("RETURN nothing", "Statement.SyntaxError"),
        ("RETURN $missing", "Statement.ParameterMissing"),
        ("UNWIND [1, 0] AS x RETURN 1 / x", "Statement.ArithmeticError"),
        ("RETURN 'a' + {b: 1}", "Statement.TypeError"),
        ("MATCH (a:A) DELETE a", "Schema.ConstraintValidationFailed"),
        ("CALL no.such()", "Procedure.ProcedureNotFound"),
    ] {
        let failure = auto(&mut session, query).await.unwrap_err();
        assert_eq!(*failure.code, format!("Neo.ClientError.{code}"), "{query}: {failure}");
    }
    session.begin(options(AccessMode::Read)).await.unwrap();
    let failure = run(&mut session, "CREATE (:A)").await.unwrap_err();
    assert_eq!(&*failure.code, "Neo.ClientError.Statement.AccessMode");
    session.reset().await;
    let mut elsewhere = options(AccessMode::Write);
    elsewhere.database = Some("elsewhere".into());
    let failure = session.begin(elsewhere).await.unwrap_err();
    assert_eq!(&*failure.code, "Neo.ClientError.Database.DatabaseNotFound");
    for bookmark in ["neobolt:2", "FB:abc", "neobolt:"] {
        let mut later = options(AccessMode::Write);
        later.bookmarks = vec!["neobolt:1".into(), bookmark.into()];
        let failure = session.begin(later).await.unwrap_err();
        assert_eq!(&*failure.code, "Neo.ClientError.Transaction.InvalidBookmark");
    }
    assert_eq!(auto(&mut session, "RETURN 1").await.unwrap().1, "neobolt:1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_writers_at_once_lose_nothing() {
    let backend = backend();
    auto(&mut session(&backend).await, "CREATE (:Counter {n: 0})").await.unwrap();
    let writers: Vec<_> = (0..200)
        .map(|_| {
            let backend = Arc::clone(&backend);
            tokio::spawn(async move {
                let mut session = session(&backend).await;
                auto(&mut session, "MATCH (c:Counter) SET c.n = c.n + 1").await.unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let rows = auto(&mut session(&backend).await, "MATCH (c:Counter) RETURN c.n").await.unwrap().0;
    assert_eq!(rows, [[Value::from(200)]]);
}

#[tokio::test]
async fn any_number_may_read_beside_a_writer() {
    let backend = backend();
    let mut readers = Vec::new();
    for _ in 0..40 {
        let mut reader = session(&backend).await;
        reader.begin(options(AccessMode::Write)).await.unwrap();
        run(&mut reader, "MATCH (n) RETURN n").await.unwrap();
        readers.push(reader);
    }
    auto(&mut session(&backend).await, "CREATE ()").await.unwrap();
    assert_eq!(run(&mut readers[39], "MATCH (n) RETURN n").await.unwrap().1.len(), 0);
}

#[tokio::test]
async fn who_has_read_what_was_overwritten_cannot_write() {
    let backend = backend();
    let (mut a, mut b) = (session(&backend).await, session(&backend).await);
    auto(&mut a, "CREATE (:Counter {n: 0})").await.unwrap();
    let read = "MATCH (c:Counter) RETURN c.n";
    a.begin(options(AccessMode::Write)).await.unwrap();
    run(&mut a, read).await.unwrap();
    auto(&mut b, "MATCH (c:Counter) SET c.n = 7").await.unwrap();
    assert_eq!(run(&mut a, read).await.unwrap().1, [[Value::from(0)]]);
    let failure = run(&mut a, "MATCH (c:Counter) SET c.n = 1").await.unwrap_err();
    assert_eq!(&*failure.code, "Neo.TransientError.Transaction.Outdated");
    a.reset().await;
    // What was computed without the graph cannot be outdated.
    a.begin(options(AccessMode::Write)).await.unwrap();
    run(&mut a, "UNWIND [1, 2] AS n RETURN n").await.unwrap();
    auto(&mut b, "CREATE (:Other)").await.unwrap();
    run(&mut a, "CREATE (:Other)").await.unwrap();
    a.rollback().await.unwrap();
    // Nobody wrote in between: a reader becomes a writer.
    a.begin(options(AccessMode::Write)).await.unwrap();
    assert_eq!(run(&mut a, read).await.unwrap().1, [[Value::from(7)]]);
    run(&mut a, "MATCH (c:Counter) SET c.n = c.n + 1").await.unwrap();
    a.commit().await.unwrap();
    assert_eq!(auto(&mut b, read).await.unwrap().0, [[Value::from(8)]]);
}

#[tokio::test]
async fn waiting_to_write_can_be_given_up() {
    let backend = backend();
    let (mut a, mut b) = (session(&backend).await, session(&backend).await);
    a.begin(options(AccessMode::Write)).await.unwrap();
    run(&mut a, "CREATE (:A)").await.unwrap();
    b.begin(options(AccessMode::Write)).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(50), run(&mut b, "CREATE (:B)"));
    assert!(waiting.await.is_err());
    b.reset().await;
    // Readers need not wait; nor need the next writer, once the first is gone with its session.
    assert_eq!(auto(&mut b, "MATCH (n) RETURN count(n)").await.unwrap().0, [[Value::from(0)]]);
    drop(a);
    auto(&mut b, "CREATE (:B)").await.unwrap();
    assert_eq!(auto(&mut b, "MATCH (n) RETURN count(n)").await.unwrap().0, [[Value::from(1)]]);
}

#[tokio::test(start_paused = true)]
async fn waiting_to_write_has_an_end() {
    let backend = backend();
    let (mut a, mut b) = (session(&backend).await, session(&backend).await);
    a.begin(options(AccessMode::Write)).await.unwrap();
    run(&mut a, "CREATE (:A)").await.unwrap();
    let failure = auto(&mut b, "CREATE (:B)").await.unwrap_err();
    assert_eq!(&*failure.code, "Neo.TransientError.Transaction.LockAcquisitionTimeout");
    a.commit().await.unwrap();
    auto(&mut b, "CREATE (:B)").await.unwrap();
}

#[tokio::test]
async fn more_transactions_are_open_at_once_than_there_were_handles() {
    let backend = backend();
    let mut sessions = Vec::new();
    for _ in 0..40 {
        let mut session = session(&backend).await;
        session.begin(options(AccessMode::Read)).await.unwrap();
        assert_eq!(run(&mut session, "RETURN 1").await.unwrap().1, [[Value::from(1)]]);
        sessions.push(session);
    }
}

#[tokio::test]
async fn a_directory_keeps_its_database() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Embedded::open(directory.path().join("graph")).unwrap();
    auto(&mut session(&open().backend(neobolt_tokio::runtime())).await, "CREATE (:A)").await.unwrap();
    let rows = auto(&mut session(&open().backend(neobolt_tokio::runtime())).await, "MATCH (a:A) RETURN count(a)").await;
    assert_eq!(rows.unwrap().0, [[Value::from(1)]]);
}

#[tokio::test]
async fn only_the_right_password_opens() {
    let backend = Embedded::temporary().unwrap().with_credentials("neo4j", "secret").backend(neobolt_tokio::runtime());
    let peer = "192.0.2.1:1".parse().unwrap();
    assert!(backend.authenticate(peer, credentials("neo4j", "secret")).await.is_ok());
    let refused = backend.authenticate(peer, credentials("neo4j", "guess")).await.err().unwrap();
    assert_eq!(&*refused.code, "Neo.ClientError.Security.Unauthorized");
}
