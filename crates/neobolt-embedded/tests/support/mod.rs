//! A session without a server.

use std::future::poll_fn;
use std::sync::Arc;

use neobolt_embedded::Embedded;
pub(crate) use neobolt_proto::Failure;
use neobolt_proto::{Map, Value};
pub(crate) use neobolt_server::Summary;
use neobolt_server::{AccessMode, Backend, BackendSession, Credentials, Query, Step, TransactionOptions};

/// The columns, the rows and what was said at their end.
pub(crate) type Answer = (Vec<String>, Vec<Vec<Value>>, Summary);
pub(crate) type Session = Box<dyn BackendSession>;

pub(crate) fn credentials(user: &str, password: &str) -> Credentials {
    Credentials::basic(user, password)
}

pub(crate) async fn session(backend: &Arc<dyn Backend>) -> Session {
    backend.authenticate("192.0.2.1:1".parse().unwrap(), credentials("neo4j", "any")).await.unwrap()
}

pub(crate) fn backend() -> Arc<dyn Backend> {
    Embedded::temporary().unwrap().backend(neobolt_tokio::runtime())
}

pub(crate) fn options(mode: AccessMode) -> TransactionOptions {
    let mut options = TransactionOptions::default();
    options.mode = mode;
    options
}

/// Runs a query in the open transaction.
pub(crate) async fn run(session: &mut Session, text: &str) -> Result<Answer, Failure> {
    run_with(session, text, Map::default()).await
}

pub(crate) async fn run_with(session: &mut Session, text: &str, parameters: Map) -> Result<Answer, Failure> {
    let mut result = session.run(Query::new(text, parameters)).await?;
    let mut rows = Vec::new();
    loop {
        match poll_fn(|cx| result.rows.poll_next(cx)).await? {
            Step::Row(row) => rows.push(row),
            Step::End(summary) => return Ok((result.fields, rows, summary)),
        }
    }
}

/// Runs a query in a transaction of its own, and returns the bookmark too.
pub(crate) async fn auto(session: &mut Session, text: &str) -> Result<(Vec<Vec<Value>>, String), Failure> {
    session.begin(options(AccessMode::Write)).await?;
    match run(session, text).await {
        Ok((_, rows, _)) => Ok((rows, session.commit().await?.unwrap())),
        Err(failure) => {
            session.reset().await;
            Err(failure)
        }
    }
}

/// Runs a query with parameters in a transaction of its own.
pub(crate) async fn auto_with(session: &mut Session, text: &str, parameters: Map) -> Result<Answer, Failure> {
    session.begin(options(AccessMode::Write)).await?;
    match run_with(session, text, parameters).await {
        Ok(answer) => {
            session.commit().await?;
            Ok(answer)
        }
        Err(failure) => {
            session.reset().await;
            Err(failure)
        }
    }
}
