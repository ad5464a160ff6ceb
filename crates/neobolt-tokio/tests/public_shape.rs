//! What users write must compile: closures that borrow, spawned tasks, handlers, errors of their own.

use std::error::Error as StdError;

use neobolt_tokio::{Auth, Driver, Error, ErrorKind, RecordStream, Session, Transaction, TransactionError, connect};

fn driver() -> Driver {
    // Nobody listens there, and nobody is asked: drivers connect when they are first used.
    connect("bolt://127.0.0.1:1", Auth::none()).expect("the URI is valid")
}

#[derive(Debug)]
enum BankError {
    Database(Error),
    NotEnoughMoney,
}

impl From<Error> for BankError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl TransactionError for BankError {
    fn driver_error(&self) -> Option<&Error> {
        match self {
            Self::Database(error) => Some(error),
            Self::NotEnoughMoney => None,
        }
    }
}

/// A handler in the manner of the web frameworks: its future must be `Send`, and it has its own error type.
async fn handler(driver: Driver, name: String) -> Result<Vec<String>, BankError> {
    let name: &str = &name;
    let local = format!("{name}'s");
    let mut session = driver.session().database("neo4j").build();
    session
        .execute_read(async |mut tx| {
            let mut people = tx.run("MATCH (p:Person {name: $name}) RETURN p.name AS name").param("name", name).await?;
            let names: Vec<String> = people.collect_column("name").await?;
            if names.is_empty() && local.is_empty() {
                return Err(BankError::NotEnoughMoney);
            }
            Ok(names)
        })
        .await
}

/// Takes what a web framework would: any handler whose future can be sent to another thread.
fn route<F, Fut>(_: F)
where
    F: Fn(Driver, String) -> Fut,
    Fut: Future<Output = Result<Vec<String>, BankError>> + Send + 'static,
{
}

#[tokio::test]
async fn managed_functions_borrow_inside_spawned_tasks() {
    route(handler);
    // A port that nobody listens on, and no patience.
    let driver = neobolt_tokio::builder("bolt://127.0.0.1:1", Auth::none())
        .max_transaction_retry_time(std::time::Duration::ZERO)
        .build()
        .unwrap();
    let task = tokio::spawn(handler(driver, "Ann".into()));
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.driver_error().map(Error::kind), Some(ErrorKind::ServiceUnavailable));
}

/// Streams and transactions are owned: they can be stored in a struct that outlives the call.
#[expect(dead_code, reason = "it must compile")]
struct Stored {
    session: Session,
    transaction: Transaction,
    streams: Vec<RecordStream>,
}

#[expect(dead_code, reason = "it must compile")]
async fn all_kinds_of_calls(driver: Driver) -> Result<Stored, Box<dyn StdError + Send + Sync>> {
    let result = driver.execute_query("RETURN $limit AS n").database("neo4j").param("limit", 10).await?;
    for record in &result.records {
        let _: i64 = record.get("n")?;
    }
    let mut session = driver.session().build();
    let total = session
        .execute_write(async |mut tx| {
            let row = tx.run("RETURN 1 AS one").await?.single().await?;
            Ok::<i64, Box<dyn StdError + Send + Sync>>(row.get("one")?)
        })
        .await?;
    let mut transaction = session.begin_transaction().await?;
    let streams = vec![transaction.run("RETURN 1").await?, transaction.run("RETURN $x").param("x", total).await?];
    Ok(Stored { session, transaction, streams })
}

/// Without a runtime a call is an error, not a panic.
#[test]
fn outside_a_runtime_is_a_clear_error() {
    let mut session = driver().session().build();
    let mut query = session.run("RETURN 1").into_future();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = query.as_mut().poll(&mut cx) else {
        panic!("there is nothing to wait for")
    };
    assert_eq!(error.kind(), ErrorKind::ServiceUnavailable);
    let reason = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(reason.contains("runtime"), "{reason}");
}
