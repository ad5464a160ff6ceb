//! Every call once, the way the manual shows it.

use std::collections::BTreeMap;
use std::time::Duration;

use neobolt::{AccessMode, ByteArray, Parameters, Query, Session, TransactionConfig, Value};

use super::{Capability, Outcome, Target};
use crate::queries;

/// What counter `key` is, in the eyes of `session`.
pub(super) async fn read_counter(session: &mut Session, key: &str) -> Outcome<Option<i64>> {
    session
        .execute_read(async |mut tx| {
            let values = tx.run(queries::READ_COUNTER).param("key", key).await?.collect_column("value").await?;
            Ok(values.first().copied())
        })
        .await
}

/// Runs a query of counter `key` for what it does.
pub(super) async fn change_counter(session: &mut Session, query: &str, key: &str) -> Outcome {
    session
        .execute_write(async |mut tx| {
            tx.run(query).param("key", key).await?.consume().await?;
            Ok(())
        })
        .await
}

pub(super) async fn connectivity_is_verified(target: &Target) -> Outcome {
    let server = target.driver()?.verify_connectivity().await?;
    ensure!(server.agent.starts_with("Neo4j/"), "the server is {}", server.agent);
    ensure!(server.protocol_version.is_some());
    ensure!(server.address.is_some());
    Ok(())
}

pub(super) async fn execute_query_returns_everything(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let result = driver.execute_query(queries::RANGE).param("n", 3000).read().await?;
    ensure_eq!(result.keys.iter().collect::<Vec<_>>(), ["i"]);
    let numbers = result.records.iter().map(|record| record.get("i")).collect::<Result<Vec<i64>, _>>()?;
    ensure!(numbers.iter().copied().eq(1..=3000), "the numbers are {numbers:?}");
    ensure!(result.summary.server().agent.starts_with("Neo4j/"));

    let key = target.key();
    driver.execute_query(queries::CREATE_COUNTER).param("key", &*key).await?;
    let config = TransactionConfig::new().timeout(Duration::from_secs(60)).metadata("suite", "scenarios");
    let result = driver.execute_query(queries::INCREMENT).param("key", &*key).config(config).await?;
    ensure_eq!(result.records.len(), 1);
    ensure_eq!(result.records[0].get::<i64>("value")?, 1);
    let result = driver.execute_query(queries::DELETE_COUNTER).param("key", &*key).await?;
    ensure!(result.records.is_empty() && result.keys.is_empty());
    Ok(())
}

pub(super) async fn a_session_runs_auto_commit_queries(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    session.run(queries::CREATE_COUNTER).param("key", &*key).await?.consume().await?;
    for expected in 1..=3 {
        let config = TransactionConfig::new().metadata("suite", "scenarios");
        let record = session.run(queries::INCREMENT).param("key", &*key).config(config).await?.single().await?;
        ensure_eq!(record.get::<i64>("value")?, expected);
    }
    session.run(queries::DELETE_COUNTER).param("key", &*key).await?.consume().await?;
    let values: Vec<i64> =
        session.run(queries::READ_COUNTER).param("key", &*key).await?.collect_column("value").await?;
    ensure!(values.is_empty());

    let mut reader = driver.session().database("neo4j").default_access_mode(AccessMode::Read).build();
    let record = reader.run(queries::ONE).await?.single().await?;
    ensure_eq!(record.get::<i64>(0)?, 1);
    Ok(())
}

pub(super) async fn an_explicit_transaction_commits(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    let mut transaction = session.begin_transaction().await?;
    transaction.run(queries::CREATE_COUNTER).param("key", &*key).await?.consume().await?;
    let record = transaction.run(queries::INCREMENT).param("key", &*key).await?.single().await?;
    ensure_eq!(record.get::<i64>("value")?, 1);
    // Records that nobody reads do not stand in the way.
    let unread = transaction.run(queries::RANGE).param("n", 5000).await?;
    transaction.commit().await?;
    drop(unread);
    ensure_eq!(read_counter(&mut session, &key).await?, Some(1));

    let empty = session.begin_transaction().await?;
    empty.commit().await?;
    change_counter(&mut session, queries::DELETE_COUNTER, &key).await
}

pub(super) async fn an_explicit_transaction_rolls_back(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    for dropped in [false, true] {
        let key = target.key();
        let mut transaction = session.begin_transaction().await?;
        transaction.run(queries::CREATE_COUNTER).param("key", &*key).await?.consume().await?;
        if dropped {
            drop(transaction);
        } else {
            transaction.rollback().await?;
        }
        ensure_eq!(read_counter(&mut session, &key).await?, None);
    }
    let empty = session.begin_transaction().await?;
    empty.rollback().await?;
    Ok(())
}

pub(super) async fn a_managed_function_reads_and_writes(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    change_counter(&mut session, queries::CREATE_COUNTER, &key).await?;
    let values: Vec<i64> = session
        .execute_write(async |mut tx| {
            let mut values = Vec::new();
            for _ in 0..2 {
                let record = tx.run(queries::INCREMENT).param("key", &*key).await?.single().await?;
                values.push(record.get("value")?);
            }
            Ok::<_, neobolt::Error>(values)
        })
        .await?;
    ensure_eq!(values, [1, 2]);
    ensure_eq!(read_counter(&mut session, &key).await?, Some(2));
    change_counter(&mut session, queries::DELETE_COUNTER, &key).await
}

pub(super) async fn a_managed_function_that_fails_is_rolled_back(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    let mut attempts = 0;
    let outcome: Outcome = session
        .execute_write(|mut tx| {
            attempts += 1;
            let key = &key;
            async move {
                tx.run(queries::CREATE_COUNTER).param("key", &**key).await?.consume().await?;
                Err("not enough money".into())
            }
        })
        .await;
    ensure_matches!(outcome, Err(error) if error.to_string() == "not enough money");
    ensure_eq!(attempts, 1);
    ensure_eq!(read_counter(&mut session, &key).await?, None);
    Ok(())
}

pub(super) async fn parameters_are_of_rust_types(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let name = String::from("Ada");
    let mut values = vec![
        (Query::new(queries::ECHO).param("value", &*name), Value::from("Ada")),
        (Query::new(queries::ECHO).param("value", name), Value::from("Ada")),
        (Query::new(queries::ECHO).param("value", 7_u8), Value::from(7)),
        (Query::new(queries::ECHO).param("value", Some(1.5_f64)), Value::from(1.5)),
        (Query::new(queries::ECHO).param("value", None::<i64>), Value::Null),
        (
            Query::new(queries::ECHO).param("value", vec![true, false]),
            Value::from(vec![Value::from(true), Value::from(false)]),
        ),
        (Query::new(queries::ECHO).param("value", (1, "two")), Value::from(vec![Value::from(1), Value::from("two")])),
        (
            Query::new(queries::ECHO).param("value", BTreeMap::from([("born", 1815)])),
            Value::Map([("born", 1815_i64)].into_iter().collect()),
        ),
        (
            Query::new(queries::ECHO).params(Parameters::new().with("value", [1, 2])),
            Value::from(vec![Value::from(1), Value::from(2)]),
        ),
        // What is not used does no harm.
        (Query::new(queries::ECHO).param("value", 1).param("other", 2), Value::from(1)),
        (Query::new(queries::ECHO).param("value", 1).param("value", 2), Value::from(2)),
    ];
    if target.has(Capability::ByteArrays) {
        let bytes = Query::new(queries::ECHO).param("value", ByteArray(&[0, 255]));
        values.push((bytes, Value::Bytes([0, 255].into())));
    }
    for (query, expected) in values {
        let record = session.run(query).await?.single().await?;
        ensure_eq!(record.get::<Value>("value")?, expected);
    }
    Ok(())
}

pub(super) async fn an_apoc_function_is_called(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let result = driver.execute_query(queries::APOC).read().await?;
    ensure_eq!(result.records.len(), 1);
    ensure_eq!(result.records[0].get::<&str>("joined")?, "neobolt");
    Ok(())
}
