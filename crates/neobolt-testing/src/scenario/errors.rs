//! What goes wrong: the right error, without a panic, and everything usable afterwards.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use neobolt::{AccessMode, Auth, Driver, Error, ErrorKind, Query, Session};

use super::{Outcome, Target};
use crate::queries;

/// Runs `query` in every way there is; each must fail with `code`, and the session go on.
async fn fails_with(target: &Target, query: Query, code: &str) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    for way in 0..4 {
        let outcome = match way {
            0 => driver.execute_query(query.clone()).await.map(drop),
            1 => async { session.run(query.clone()).await?.consume().await }.await.map(drop),
            2 => session.execute_write(async |mut tx| tx.run(query.clone()).await?.consume().await).await.map(drop),
            _ => in_transaction(&mut session, &query).await,
        };
        has_code(&outcome, code)?;
        still_works(&driver, &mut session).await?;
    }
    Ok(())
}

async fn in_transaction(session: &mut Session, query: &Query) -> Result<(), Error> {
    let mut transaction = session.begin_transaction().await?;
    transaction.run(query.clone()).await?.consume().await?;
    transaction.commit().await
}

fn has_code(outcome: &Result<(), Error>, code: &str) -> Outcome {
    let Err(error) = outcome else { return Err(format!("{code} was expected, but nothing failed").into()) };
    ensure!(error.code() == Some(code), "{code} was expected, not {error:?}");
    ensure_eq!(error.kind(), ErrorKind::Server);
    ensure!(!error.is_retryable());
    ensure!(error.failure().is_some_and(|failure| !failure.message.is_empty()));
    ensure!(error.gql_status().is_some_and(|status| status.len() == 5), "the status is {:?}", error.gql_status());
    Ok(())
}

async fn still_works(driver: &Driver, session: &mut Session) -> Outcome {
    ensure_eq!(session.run(queries::ONE).await?.single().await?.get::<i64>("one")?, 1);
    let result = driver.execute_query(queries::ECHO).param("value", 2).read().await?;
    ensure_eq!(result.records[0].get::<i64>("value")?, 2);
    Ok(())
}

pub(super) async fn a_syntax_error(target: &Target) -> Outcome {
    fails_with(target, Query::new(queries::SYNTAX_ERROR), "Neo.ClientError.Statement.SyntaxError").await
}

pub(super) async fn a_missing_parameter(target: &Target) -> Outcome {
    fails_with(target, Query::new(queries::ECHO), "Neo.ClientError.Statement.ParameterMissing").await
}

pub(super) async fn a_constraint_violation(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    driver.execute_query(queries::CREATE_CONSTRAINT).await?;
    driver.execute_query(queries::CREATE_UNIQUE).param("key", &*key).await?;
    let twice = Query::new(queries::CREATE_UNIQUE).param("key", &*key);
    let outcome = fails_with(target, twice, "Neo.ClientError.Schema.ConstraintValidationFailed").await;
    driver.execute_query(queries::DELETE_UNIQUE).param("key", &*key).await?;
    driver.execute_query(queries::DROP_CONSTRAINT).await?;
    outcome
}

pub(super) async fn a_constraint_violation_at_commit(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    driver.execute_query(queries::CREATE_PAIR).param("key", &*key).await?;
    let half = Query::new(queries::DELETE_ADA).param("key", &*key);
    fails_with(target, half, "Neo.ClientError.Schema.ConstraintValidationFailed").await?;
    let result = driver.execute_query(queries::MATCH_PATH).param("key", &*key).await?;
    ensure_eq!(result.records.len(), 1);
    driver.execute_query(queries::DELETE_PAIR).param("key", &*key).await?;
    Ok(())
}

const DIVISION: &str = "Neo.ClientError.Statement.ArithmeticError";

pub(super) async fn a_division_by_zero(target: &Target) -> Outcome {
    fails_with(target, Query::new(queries::DIVIDE).param("n", 3).param("k", 2), DIVISION).await
}

pub(super) async fn a_division_by_zero_in_mid_stream(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    for k in [1_i64, 2, 1500] {
        let query = Query::new(queries::DIVIDE).param("n", 5000).param("k", k);
        // RUN succeeds: it is a PULL that fails.
        let mut stream = session.run(query.clone()).await?;
        let mut rows = 0;
        let error = loop {
            match stream.next().await {
                Ok(Some(record)) => {
                    rows += 1;
                    ensure_eq!(record.get::<i64>("quotient")?, 5000 / (k - rows));
                }
                Ok(None) => return Err("the stream ends as if nothing had failed".into()),
                Err(error) => break error,
            }
        };
        ensure!(rows < k);
        ensure!(k < 1000 || rows >= 1000, "only {rows} rows came");
        ensure_eq!(error.code(), Some(DIVISION));
        // The error stays with its result.
        ensure_matches!(stream.next().await, Err(error) if error.code() == Some(DIVISION));
        ensure_matches!(stream.consume().await, Err(error) if error.code() == Some(DIVISION));
        still_works(&driver, &mut session).await?;

        // A failure of one result of a transaction ends the others.
        let mut transaction = session.begin_transaction().await?;
        let mut other = transaction.run(queries::RANGE).param("n", 100_000).await?;
        let outcome = async { transaction.run(query.clone()).await?.collect().await }.await;
        has_code(&outcome.map(drop), DIVISION)?;
        ensure!(other.collect().await.is_err());
        ensure_matches!(transaction.commit().await, Err(error) if error.kind() == ErrorKind::TransactionClosed);
        still_works(&driver, &mut session).await?;
    }
    Ok(())
}

pub(super) async fn an_unknown_database(target: &Target) -> Outcome {
    let code = "Neo.ClientError.Database.DatabaseNotFound";
    let driver = target.driver()?;
    let outcome = driver.execute_query(queries::ONE).database("no-such-database").await;
    has_code(&outcome.map(drop), code)?;
    let mut session = driver.session().database("no-such-database").build();
    has_code(&in_transaction(&mut session, &Query::new(queries::ONE)).await, code)?;
    has_code(&session.run(queries::ONE).await.map(drop), code)?;
    still_works(&driver, &mut driver.session().build()).await
}

pub(super) async fn a_write_in_read_mode(target: &Target) -> Outcome {
    let code = "Neo.ClientError.Statement.AccessMode";
    let driver = target.driver()?;
    let key = target.key();
    let write = Query::new(queries::CREATE_COUNTER).param("key", &*key);
    has_code(&driver.execute_query(write.clone()).read().await.map(drop), code)?;
    let mut session = driver.session().default_access_mode(AccessMode::Read).build();
    let outcome = session.execute_read(async |mut tx| tx.run(write.clone()).await?.consume().await).await;
    has_code(&outcome.map(drop), code)?;
    has_code(&in_transaction(&mut session, &write).await, code)?;
    still_works(&driver, &mut session).await
}

pub(super) async fn a_failed_transaction_can_only_be_rolled_back(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    for commits in [false, true] {
        let key = target.key();
        let mut transaction = session.begin_transaction().await?;
        transaction.run(queries::CREATE_COUNTER).param("key", &*key).await?.consume().await?;
        let failed = async { transaction.run(queries::SYNTAX_ERROR).await?.consume().await }.await;
        has_code(&failed.map(drop), "Neo.ClientError.Statement.SyntaxError")?;
        let next = transaction.run(queries::ONE).await;
        ensure_matches!(next, Err(error) if error.kind() == ErrorKind::TransactionClosed);
        if commits {
            ensure_matches!(transaction.commit().await, Err(error) if error.kind() == ErrorKind::TransactionClosed);
        } else {
            transaction.rollback().await?;
        }
        ensure_eq!(super::calls::read_counter(&mut session, &key).await?, None);
    }
    still_works(&driver, &mut session).await
}

pub(super) async fn a_field_that_is_not_there_or_of_another_type(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let record = session.run(queries::ONE).await?.single().await?;
    for error in [
        record.get::<i64>("two").map(drop),
        record.get::<i64>(1).map(drop),
        record.get::<&str>("one").map(drop),
        record.get::<Vec<i64>>("one").map(drop),
    ] {
        let error = error.err().ok_or("a field is read as what it is not")?;
        ensure!(Error::from(error).kind() == ErrorKind::Field);
    }
    let values = session.run(queries::ONE).await?.collect_column::<bool>("one").await;
    ensure_matches!(values, Err(error) if error.kind() == ErrorKind::Field);
    ensure_eq!(record.get::<i64>("one")?, 1);
    still_works(&driver, &mut session).await
}

pub(super) async fn a_wrong_password(target: &Target) -> Outcome {
    let user = target.auth.principal().unwrap_or("neo4j");
    let driver = target.builder_for(&target.uri, Auth::basic(user, "not the password")).build()?;
    let code = "Neo.ClientError.Security.Unauthorized";
    for _ in 0..2 {
        has_code(&driver.verify_connectivity().await.map(drop), code)?;
    }
    let mut session = driver.session().build();
    has_code(&session.run(queries::ONE).await.map(drop), code)?;
    let driver = target.driver()?;
    still_works(&driver, &mut driver.session().build()).await
}

/// Tries everything against a server that is not there.
async fn is_unavailable(target: &Target, address: &str) -> Outcome {
    for scheme in ["bolt", "neo4j"] {
        let builder = target.builder_for(&format!("{scheme}://{address}"), target.auth.clone());
        let driver = builder.max_transaction_retry_time(Duration::ZERO).build()?;
        let mut session = driver.session().build();
        let outcomes = [
            driver.verify_connectivity().await.map(drop),
            driver.execute_query(queries::ONE).await.map(drop),
            session.run(queries::ONE).await.map(drop),
            in_transaction(&mut session, &Query::new(queries::ONE)).await,
        ];
        for outcome in outcomes {
            let Err(error) = outcome else { return Err("nothing failed".into()) };
            ensure!(error.kind() == ErrorKind::ServiceUnavailable, "{scheme}: {error:?}");
            ensure!(error.is_retryable() && error.code().is_none());
            ensure!(super::explain(&error).contains(address), "where? {}", super::explain(&error));
        }
    }
    Ok(())
}

pub(super) async fn nobody_listens(target: &Target) -> Outcome {
    let listener = target.runtime.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.local_addr()?;
    drop(listener);
    is_unavailable(target, &address.to_string()).await
}

pub(super) async fn an_unknown_host(target: &Target) -> Outcome {
    is_unavailable(target, "no-such-host.invalid:7687").await
}
