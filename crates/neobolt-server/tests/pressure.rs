//! Clients that send more, or later, or read less than others.

#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

#[expect(dead_code, reason = "other clients need the rest")]
mod support;

use std::future::{pending, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use neobolt_io::BoxFuture;
use neobolt_proto::{Failure, Value};
use neobolt_server::{
    Backend, BackendSession, Credentials, Query, QueryResult, Rows, ServerConfig, Step, TransactionOptions,
};
use support::*;

/// A backend with a result without end, `FOREVER`, and queries that never begin one; its commits never end either.
#[derive(Debug)]
struct Endless;

impl Backend for Endless {
    fn authenticate(
        &self,
        _peer: SocketAddr,
        _credentials: Credentials,
    ) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>> {
        Box::pin(ready(Ok(Box::new(Self) as Box<dyn BackendSession>)))
    }
}

impl BackendSession for Endless {
    fn begin(&mut self, _options: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn run(&mut self, query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>> {
        match &*query.text {
            "FOREVER" => Box::pin(ready(Ok(QueryResult::new(vec!["n".to_owned()], Self)))),
            _ => Box::pin(pending()),
        }
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>> {
        Box::pin(pending())
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(ready(Ok(())))
    }

    fn reset(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

impl Rows for Endless {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        Poll::Ready(Ok(Step::Row(vec![Value::Integer(1)])))
    }
}

fn connected() -> Client {
    Client::authenticated(Arc::new(Endless), ServerConfig::default())
}

/// Longer than a message may take.
const LONG: Duration = Duration::from_secs(300);

#[test]
fn a_request_that_waits_its_turn_is_not_late() {
    let mut client = connected();
    client.run("HANG");
    client.turn();
    client.pull(-1);
    client.turn();
    client.runtime.advance(LONG);
    client.turn();
    client.runtime.advance(LONG);
    client.turn();
    assert!(!client.is_closed());
    client.send(RESET, []);
    let answers = client.receive();
    assert_eq!(answers[answers.len() - 3..], ["IGNORED", "IGNORED", "SUCCESS {}"]);
}

#[test]
fn a_client_that_only_gives_signs_of_life_may_stay() {
    let mut client = connected();
    for _ in 0..5 {
        client.send_bytes(&[0, 0]);
        client.turn();
        client.runtime.advance(Duration::from_secs(100));
        client.turn();
    }
    assert!(!client.is_closed());
}

#[test]
fn a_message_must_be_finished_while_another_is_answered_too() {
    let mut client = connected();
    client.run("HANG");
    // It comes in one piece with the request before it.
    client.send_bytes(&[0, 9, 0xB3, 0x10]);
    client.turn();
    client.runtime.advance(LONG);
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn a_client_that_writes_before_it_reads_is_heard_out() {
    let mut client = connected();
    client.send(BEGIN, [map([])]);
    client.run("FOREVER");
    client.pull(-1);
    client.turn();
    // Nothing more fits between server and client.
    client.send(RUN, ["HANG".into(), map([("text", "x".repeat(1 << 20).into())]), map([])]);
    client.turn();
    assert_eq!(client.unsent(), 0);
}

#[test]
fn a_client_that_left_behind_a_full_queue_is_missed() {
    let mut client = connected();
    client.run("HANG");
    for _ in 0..1_000 {
        client.pull(-1);
    }
    client.turn();
    assert!(!client.is_closed());
    client.leave();
    client.turn();
    client.runtime.advance(Duration::from_secs(2));
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn reset_is_seen_behind_a_full_queue() {
    let mut client = connected();
    client.run("HANG");
    client.turn();
    // A long message among them, and signs of life.
    for n in 0..1_000 {
        client.pull(-1);
        client.send_bytes(&[0, 0]);
        if n == 500 {
            client.send(RUN, ["HANG".into(), map([("text", "x".repeat(100_000).into())]), map([])]);
        }
    }
    client.turn();
    assert_eq!(client.receive(), Vec::<String>::new());
    client.send(RESET, []);
    let mut answers = client.receive();
    assert_eq!(answers.pop().as_deref(), Some("SUCCESS {}"));
    assert_eq!(answers, vec!["IGNORED"; 1_002]);
}

#[test]
fn more_is_ignored_after_a_failure_than_the_queue_has_room_for() {
    let mut client = connected();
    client.run("FOREVER");
    client.send(PULL, [map([("n", 0.into())])]);
    for _ in 0..1_000 {
        client.pull(-1);
    }
    client.send(RESET, []);
    let answers = client.receive();
    assert!(answers[1].starts_with("FAILURE"), "{}", answers[1]);
    assert_eq!(answers[2..].iter().filter(|answer| *answer == "IGNORED").count(), 1_000);
    assert_eq!(answers[1_002], "SUCCESS {}");
}

#[test]
fn requests_that_wait_are_together_no_larger_than_one() {
    let mut config = ServerConfig::default();
    config.max_message_size = 1 << 20;
    let mut client = Client::authenticated(Arc::new(Endless), config);
    client.run("HANG");
    for _ in 0..10 {
        client.send(RUN, ["HANG".into(), map([("text", "x".repeat(1_000_000).into())]), map([])]);
    }
    client.turn();
    // Two are taken, of which the second makes it too much, and some of the third has been read.
    assert!(client.unsent() > 6_500_000, "{}", client.unsent());
}

#[test]
fn a_commit_does_not_time_out() {
    let mut client = connected();
    client.send(BEGIN, [map([("tx_timeout", 500.into())])]);
    client.send(COMMIT, []);
    client.turn();
    client.runtime.advance(Duration::from_secs(1));
    assert_eq!(client.receive(), ["SUCCESS {db: neo4j}"]);
}

#[test]
fn who_has_logged_off_sends_small_messages_again() {
    let mut client = connected();
    client.send(LOGOFF, []);
    client.send(LOGON, [map([("scheme", "none".into())])]);
    client.send(LOGOFF, []);
    assert_eq!(client.receive(), ["SUCCESS {}"; 3]);
    client.send(LOGON, [map([("scheme", "x".repeat(10_000).into())])]);
    let answers = client.receive();
    assert!(answers[0].starts_with("FAILURE {neo4j_code: Neo.ClientError.Request.Invalid"), "{answers:?}");
}
