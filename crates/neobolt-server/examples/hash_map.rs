//! A server that answers queries from a `HashMap`: `cargo run -p neobolt-server --example hash_map [PORT]`.

use std::collections::HashMap;
use std::error::Error;
use std::future::ready;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use neobolt_io::BoxFuture;
use neobolt_proto::{Failure, Value};
use neobolt_server::{
    Backend, BackendSession, Credentials, Query, QueryResult, Server, ServerConfig, Summary, TransactionOptions,
};

/// What there is to ask, and the one value that answers it.
#[derive(Clone, Debug)]
struct Answers(Arc<HashMap<&'static str, Value>>);

impl Backend for Answers {
    fn authenticate(&self, _: SocketAddr, _: Credentials) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>> {
        Box::pin(ready(Ok(Box::new(self.clone()) as Box<dyn BackendSession>)))
    }
}

impl BackendSession for Answers {
    fn begin(&mut self, _: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn run(&mut self, query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>> {
        let answer = match self.0.get(&*query.text) {
            Some(value) => {
                Ok(QueryResult::buffered(vec!["answer".to_owned()], [vec![value.clone()]], Summary::default()))
            }
            None => Err(Failure::new("Neo.ClientError.Statement.SyntaxError", "nobody knows the answer")),
        };
        Box::pin(ready(answer))
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>> {
        Box::pin(ready(Ok(None)))
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn reset(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(7687), |port| port.parse())?;
    let answers = HashMap::from([("RETURN 1", Value::from(1)), ("the question", Value::from(42))]);
    let backend = Arc::new(Answers(Arc::new(answers)));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = Server::bind(neobolt_tokio::runtime(), address, backend, ServerConfig::default()).await?;
    println!("{}", server.uri());
    tokio::signal::ctrl_c().await?;
    server.shutdown(Instant::now() + Duration::from_secs(5)).await;
    Ok(())
}
