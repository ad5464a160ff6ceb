//! Conversations with the connection handler: what a client says, and what it is answered.

#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

#[expect(dead_code, reason = "other clients need the rest")]
mod support;

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use neobolt_io::BoxFuture;
use neobolt_proto::{Failure, Value};
use neobolt_server::{
    Backend, BackendSession, Credentials, Query, QueryResult, Rows, ServerConfig, Step, Summary, TransactionOptions,
};
use support::*;

/// A backend that answers by the query's first word, and notes what is asked of it.
#[derive(Debug, Default)]
struct TestBackend {
    log: Arc<Log>,
}

#[derive(Debug, Default)]
struct Log {
    calls: std::sync::Mutex<Vec<String>>,
    rows: AtomicU64,
    commits: AtomicUsize,
}

impl Log {
    fn call(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl Backend for TestBackend {
    fn authenticate(
        &self,
        _peer: SocketAddr,
        credentials: Credentials,
    ) -> BoxFuture<'_, Result<Box<dyn BackendSession>, Failure>> {
        let answer = match &*credentials.scheme {
            "none" => Ok(Box::new(TestSession { log: Arc::clone(&self.log) }) as Box<dyn BackendSession>),
            _ if credentials.is_basic("ada", "secret") => {
                Ok(Box::new(TestSession { log: Arc::clone(&self.log) }) as Box<dyn BackendSession>)
            }
            _ => Err(Failure::new("Neo.ClientError.Security.Unauthorized", "no")),
        };
        Box::pin(ready(answer))
    }
}

struct TestSession {
    log: Arc<Log>,
}

impl BackendSession for TestSession {
    fn begin(&mut self, options: TransactionOptions) -> BoxFuture<'_, Result<(), Failure>> {
        self.log.call(format!("begin {:?} {:?}", options.mode, options.database));
        Box::pin(ready(Ok(())))
    }

    fn run(&mut self, query: Query) -> BoxFuture<'_, Result<QueryResult, Failure>> {
        let mut words = query.text.split(' ');
        let word = words.next().unwrap_or_default();
        let number = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        self.log.call(word);
        let fields = vec!["n".to_owned()];
        let answer = match word {
            "COUNT" => {
                let rows: VecDeque<_> = (1..=number).map(|n: i64| vec![Value::Integer(n)]).collect();
                let mut summary = Summary::default();
                summary.query_type = Some("r");
                Ok(QueryResult::buffered(fields, rows, summary))
            }
            "FAIL" => Err(Failure::new("Neo.ClientError.Statement.SyntaxError", "what?")),
            "FAIL_AT" => Ok(QueryResult::new(fields, FailAt(number))),
            "FOREVER" => Ok(QueryResult::new(fields, Forever { log: Arc::clone(&self.log) })),
            "CROOKED" => Ok(QueryResult::buffered(fields, vec![vec![]], Summary::default())),
            _ => return Box::pin(pending()),
        };
        Box::pin(ready(answer))
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Option<String>, Failure>> {
        self.log.call("commit");
        let number = self.log.commits.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(ready(Ok(Some(format!("b:{number}")))))
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        self.log.call("rollback");
        Box::pin(ready(Ok(())))
    }

    fn reset(&mut self) -> BoxFuture<'_, ()> {
        self.log.call("reset");
        Box::pin(ready(()))
    }
}

struct FailAt(i64);

impl Rows for FailAt {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        self.0 -= 1;
        Poll::Ready(if self.0 < 0 {
            Err(Failure::new("Neo.ClientError.Statement.ArithmeticError", "/ by zero"))
        } else {
            Ok(Step::Row(vec![Value::Integer(self.0)]))
        })
    }
}

struct Forever {
    log: Arc<Log>,
}

impl Rows for Forever {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        let row = self.log.rows.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Ok(Step::Row(vec![Value::Integer(row as i64)])))
    }
}

fn connected() -> (Client, Arc<Log>) {
    let backend = TestBackend::default();
    let log = Arc::clone(&backend.log);
    (Client::authenticated(Arc::new(backend), ServerConfig::default()), log)
}

#[test]
fn hello_and_logon() {
    let mut config = ServerConfig::default();
    config.keep_alive = None;
    let mut client = Client::connect(Arc::new(TestBackend::default()), (5, 8), config);
    client.send(HELLO, [map([("user_agent", "test/1.0".into())])]);
    let answers = client.receive();
    assert!(answers[0].starts_with("SUCCESS {server: Neo4j/5.26.0, connection_id: bolt-"), "{answers:?}");
    assert!(answers[0].ends_with("hints: {ssr.enabled: true}}"), "{answers:?}");
    let basic = |password: &str| {
        map([("scheme", "basic".into()), ("principal", "ada".into()), ("credentials", password.into())])
    };
    client.send(LOGON, [basic("secret")]);
    assert_eq!(client.receive(), ["SUCCESS {}"]);
    client.send(LOGOFF, []);
    client.send(LOGON, [basic("guess")]);
    client.run("COUNT 1");
    let answers = client.receive();
    assert_eq!(answers[0], "SUCCESS {}");
    assert!(answers[1].starts_with("FAILURE {neo4j_code: Neo.ClientError.Security.Unauthorized"), "{answers:?}");
    assert_eq!(answers.len(), 2);
    client.leave();
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn before_logon_existed_hello_authenticates() {
    let mut client = Client::connect(Arc::new(TestBackend::default()), (4, 4), ServerConfig::default());
    client.send(HELLO, [map([("user_agent", "test/1.0".into()), ("scheme", "none".into())])]);
    client.run("FAIL");
    let answers = client.receive();
    assert!(answers[0].ends_with("hints: {connection.recv_timeout_seconds: 120}}"), "{answers:?}");
    assert_eq!(answers[1], "FAILURE {code: Neo.ClientError.Statement.SyntaxError, message: what?}");
}

#[test]
fn a_query_of_its_own_is_pulled_in_pieces() {
    let (mut client, log) = connected();
    client.run("COUNT 5");
    client.pull(2);
    client.pull(2);
    client.pull(-1);
    assert_eq!(
        client.receive(),
        [
            "SUCCESS {db: neo4j, fields: [n]}",
            "RECORD [1]",
            "RECORD [2]",
            "SUCCESS {has_more: true}",
            "RECORD [3]",
            "RECORD [4]",
            "SUCCESS {has_more: true}",
            "RECORD [5]",
            "SUCCESS {statuses: [{gql_status: 00000, status_description: note: successful completion}], type: r, db: neo4j, bookmark: b:1}",
        ]
    );
    assert_eq!(log.take(), ["begin Write None", "COUNT", "commit"]);
    // Exactly as many as there are: the end is known without another PULL.
    client.run("COUNT 2");
    client.pull(2);
    assert!(client.receive()[3].contains("bookmark: b:2"));
}

#[test]
fn results_of_a_transaction_are_read_in_turns() {
    let (mut client, log) = connected();
    client.send(BEGIN, [map([("mode", "r".into()), ("db", "db".into())])]);
    client.run("COUNT 2");
    client.run("COUNT 3");
    let pull = |n: i64, qid: i64| map([("n", n.into()), ("qid", qid.into())]);
    client.send(PULL, [pull(1, 0)]);
    client.send(PULL, [pull(1, 1)]);
    client.send(DISCARD, [pull(-1, 0)]);
    client.send(PULL, [pull(-1, -1)]);
    client.send(COMMIT, []);
    let end = "statuses: [{gql_status: 00000, status_description: note: successful completion}], type: r, db: db";
    assert_eq!(
        client.receive(),
        [
            "SUCCESS {}",
            "SUCCESS {fields: [n], qid: 0}",
            "SUCCESS {fields: [n], qid: 1}",
            "RECORD [1]",
            "SUCCESS {has_more: true}",
            "RECORD [1]",
            "SUCCESS {has_more: true}",
            &format!("SUCCESS {{{end}}}"),
            "RECORD [2]",
            "RECORD [3]",
            &format!("SUCCESS {{{end}}}"),
            "SUCCESS {bookmark: b:1}",
        ]
    );
    assert_eq!(log.take(), ["begin Read Some(\"db\")", "COUNT", "COUNT", "commit"]);
    client.send(BEGIN, [map([])]);
    client.send(ROLLBACK, []);
    assert_eq!(client.receive(), ["SUCCESS {db: neo4j}", "SUCCESS {}"]);
}

#[test]
fn a_failure_ignores_the_rest_until_reset() {
    let (mut client, log) = connected();
    client.send(BEGIN, [map([])]);
    client.run("FAIL_AT 1");
    client.pull(-1);
    client.run("COUNT 1");
    client.send(COMMIT, []);
    let answers = client.receive();
    assert_eq!(answers[2], "RECORD [0]");
    assert!(answers[3].starts_with("FAILURE {neo4j_code: Neo.ClientError.Statement.ArithmeticError"), "{answers:?}");
    assert_eq!(answers[4..], ["IGNORED", "IGNORED"]);
    // The transaction is given up at once, not only with RESET.
    assert_eq!(log.take(), ["begin Write None", "FAIL_AT", "reset"]);
    client.send(RESET, []);
    client.run("COUNT 1");
    client.pull(-1);
    let answers = client.receive();
    assert_eq!(answers[..3], ["SUCCESS {}", "SUCCESS {db: neo4j, fields: [n]}", "RECORD [1]"]);
    client.send(BEGIN, [map([])]);
    client.run("COUNT 1");
    client.send(PULL, [map([("n", 1.into()), ("qid", 7.into())])]);
    let answers = client.receive();
    assert!(answers[2].starts_with("FAILURE {neo4j_code: Neo.ClientError.Request.Invalid"), "{answers:?}");
    client.send(RESET, []);
    client.run("CROOKED");
    client.pull(-1);
    let answers = client.receive();
    assert!(answers[2].starts_with("FAILURE {neo4j_code: Neo.DatabaseError.General.UnknownError"), "{answers:?}");
}

#[test]
fn reset_interrupts_what_runs() {
    let (mut client, log) = connected();
    client.run("HANG");
    client.pull(-1);
    assert_eq!(client.receive(), Vec::<String>::new());
    client.send(RESET, []);
    client.run("COUNT 1");
    client.pull(-1);
    let answers = client.receive();
    assert_eq!(answers[..3], ["IGNORED", "IGNORED", "SUCCESS {}"]);
    assert_eq!(answers[4], "RECORD [1]");
    assert_eq!(log.take()[..4], ["begin Write None", "HANG", "reset", "begin Write None"]);
    // In the middle of rows without end, too.
    client.run("FOREVER");
    client.pull(-1);
    client.turn();
    client.send(RESET, []);
    let mut answers = Vec::new();
    while answers.last().is_none_or(|answer: &String| answer.starts_with("RECORD")) {
        answers = client.receive();
        assert!(!answers.is_empty());
    }
    assert_eq!(answers[answers.len() - 2..], ["IGNORED", "SUCCESS {}"]);
}

#[test]
fn rows_are_not_made_faster_than_they_are_read() {
    let (mut client, log) = connected();
    client.run("FOREVER");
    client.pull(-1);
    client.turn();
    let made = log.rows.load(Ordering::SeqCst);
    // 64 KiB lie in the pipe and 256 KiB in the server; a record takes at least 7 bytes.
    assert!(made < (64 + 256) * 1024 / 7 + 1, "{made}");
    client.turn();
    client.turn();
    assert_eq!(log.rows.load(Ordering::SeqCst), made);
    assert!(client.unread() > 0);
    client.receive_bytes();
    client.turn();
    assert!(log.rows.load(Ordering::SeqCst) > made);
}

#[test]
fn rows_without_end_are_discarded_until_the_client_leaves() {
    let mut config = ServerConfig::default();
    config.half_closed_timeout = Duration::ZERO;
    let mut client = Client::authenticated(Arc::new(TestBackend::default()), config);
    client.run("FOREVER");
    client.send(DISCARD, [map([("n", 1_000_000.into())])]);
    assert_eq!(client.receive()[1..], ["SUCCESS {has_more: true}"]);
    client.send(DISCARD, [map([("n", (-1).into())])]);
    client.leave();
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn misbehaviour_is_answered_and_ends_the_connection() {
    let backend = || Arc::new(TestBackend::default());
    // A query before HELLO.
    let mut client = Client::connect(backend(), (5, 4), ServerConfig::default());
    client.run("COUNT 1");
    client.send(HELLO, [map([])]);
    let answers = client.receive();
    assert!(answers[0].starts_with("FAILURE {code: Neo.ClientError.Request.Invalid"), "{answers:?}");
    assert_eq!(answers.len(), 1);
    // It is still listened to, so that it can read that; but not for long.
    assert!(!client.is_closed());
    client.runtime.advance(Duration::from_secs(1));
    client.turn();
    assert!(client.is_closed());

    // Too long before authentication; not well-formed; unknown.
    for bytes in [&[0xFF, 0xFF][..], &[0, 2, 0xB1, 0xCC, 0, 0], &[0, 2, 0xB0, 0x55, 0, 0]] {
        let mut client = Client::connect(backend(), (5, 4), ServerConfig::default());
        client.send_bytes(bytes);
        client.send_bytes(&[0; 9_000]);
        client.leave();
        let answers = client.receive();
        assert!(answers.len() == 1 && answers[0].starts_with("FAILURE"), "{answers:?}");
        assert!(client.is_closed());
    }

    // COMMIT without a transaction.
    let (mut client, _) = connected();
    client.send(COMMIT, []);
    client.run("COUNT 1");
    client.leave();
    let answers = client.receive();
    assert!(answers.len() == 1 && answers[0].contains("Neo.ClientError.Request.Invalid"), "{answers:?}");
    assert!(client.is_closed());
}

#[test]
fn who_takes_too_long_is_disconnected() {
    let mut client = Client::connect(Arc::new(TestBackend::default()), (5, 8), ServerConfig::default());
    client.send(HELLO, [map([])]);
    client.turn();
    client.runtime.advance(Duration::from_secs(10));
    client.turn();
    assert!(client.is_closed());

    let (mut client, _) = connected();
    client.runtime.advance(Duration::from_secs(1_000));
    client.run("COUNT 0");
    client.pull(-1);
    assert_eq!(client.receive().len(), 2);
    client.send_bytes(&[0, 9, 0xB3, 0x10]);
    client.turn();
    client.runtime.advance(Duration::from_secs(119));
    client.turn();
    assert!(!client.is_closed());
    client.runtime.advance(Duration::from_secs(1));
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn a_transaction_times_out_while_it_runs_and_while_it_rests() {
    let (mut client, log) = connected();
    let timeout = || map([("tx_timeout", 500.into())]);
    let code = "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration";
    client.send(BEGIN, [timeout()]);
    client.run("HANG");
    client.turn();
    client.runtime.advance(Duration::from_millis(500));
    let answers = client.receive();
    assert!(answers[1].contains(code), "{answers:?}");
    client.send(RESET, []);
    client.send(BEGIN, [timeout()]);
    assert_eq!(client.receive(), ["SUCCESS {}", "SUCCESS {db: neo4j}"]);
    log.take();
    client.runtime.advance(Duration::from_millis(500));
    client.turn();
    assert_eq!(log.take(), ["reset"]);
    client.run("COUNT 1");
    let answers = client.receive();
    assert!(answers[0].contains(code), "{answers:?}");
    // The next one has no limit.
    client.send(RESET, []);
    client.send(BEGIN, [map([])]);
    client.turn();
    client.runtime.advance(Duration::from_secs(3_600));
    client.run("COUNT 1");
    assert_eq!(client.receive().len(), 3);
}

#[test]
fn a_client_that_waits_gets_signs_of_life() {
    let (mut client, _) = connected();
    client.run("HANG");
    assert_eq!(client.receive(), Vec::<String>::new());
    for _ in 0..3 {
        client.runtime.advance(Duration::from_secs(60));
        assert_eq!(client.receive(), ["NOOP"]);
    }
    client.send(RESET, []);
    assert_eq!(client.receive(), ["IGNORED", "SUCCESS {}"]);
    client.runtime.advance(Duration::from_secs(600));
    assert_eq!(client.receive(), Vec::<String>::new());
}

#[test]
fn one_server_routes_to_itself() {
    let mut config = ServerConfig::default();
    config.advertised_address = Some("db.example:7687".into());
    let mut client = Client::authenticated(Arc::new(TestBackend::default()), config);
    for (context, address) in [(map([]), "db.example:7687"), (map([("address", "me:1".into())]), "me:1")] {
        client.send(ROUTE, [context, Vec::<i64>::new().into(), map([])]);
        let servers = ["WRITE", "READ", "ROUTE"].map(|role| format!("{{addresses: [{address}], role: {role}}}"));
        assert_eq!(
            client.receive(),
            [format!("SUCCESS {{rt: {{ttl: 300, servers: [{}], db: neo4j}}}}", servers.join(", "))]
        );
    }
}

#[test]
fn routing_tables_come_from_a_procedure_where_there_is_no_message() {
    let backend = TestBackend::default();
    let log = Arc::clone(&backend.log);
    let mut client = Client::connect(Arc::new(backend), (4, 2), ServerConfig::default());
    client.send(HELLO, [map([("user_agent", "test/1.0".into()), ("scheme", "none".into())])]);
    let context = map([("context", map([("address", "me:1".into())]))]);
    let call = || "CALL dbms.routing.getRoutingTable($context)".into();
    client.send(RUN, [call(), context, map([("db", "system".into()), ("mode", "r".into())])]);
    client.pull(-1);
    let servers = ["WRITE", "READ", "ROUTE"].map(|role| format!("{{addresses: [me:1], role: {role}}}")).join(", ");
    assert_eq!(
        client.receive()[1..],
        ["SUCCESS {fields: [ttl, servers]}", &format!("RECORD [300, [{servers}]]"), "SUCCESS {type: r, db: system}",]
    );
    // The backend was not asked for a transaction, and the next one is its own again.
    assert_eq!(log.take(), Vec::<String>::new());
    client.run("COUNT 0");
    client.pull(-1);
    client.receive();
    assert_eq!(log.take(), ["begin Write None", "COUNT", "commit"]);
}

#[test]
fn results_may_be_open_when_a_transaction_ends() {
    for (end, answer, call) in [(COMMIT, "SUCCESS {bookmark: b:1}", "commit"), (ROLLBACK, "SUCCESS {}", "rollback")] {
        let (mut client, log) = connected();
        client.send(BEGIN, [map([])]);
        client.run("COUNT 5");
        client.pull(2);
        client.run("FOREVER");
        client.send(end, []);
        client.run("COUNT 1");
        client.pull(-1);
        let answers = client.receive();
        assert_eq!(answers[4..7], ["SUCCESS {has_more: true}", "SUCCESS {fields: [n], qid: 1}", answer]);
        assert_eq!(answers[8], "RECORD [1]");
        assert_eq!(log.take()[3], call);
    }
}

#[test]
fn a_number_of_rows_that_cannot_be_is_a_failure_that_reset_heals() {
    for pull in [map([("n", 0.into())]), map([("n", (-2).into())]), map([]), map([("n", "all".into())])] {
        let (mut client, _) = connected();
        client.run("COUNT 5");
        client.send(PULL, [pull]);
        client.pull(-1);
        let answers = client.receive();
        assert!(answers[1].starts_with("FAILURE {neo4j_code: Neo.ClientError.Request.Invalid"), "{answers:?}");
        assert_eq!(answers[2], "IGNORED");
        client.send(RESET, []);
        client.run("COUNT 1");
        client.pull(-1);
        assert_eq!(client.receive()[2], "RECORD [1]");
    }
    // Before authentication there is nothing to heal.
    let mut client = Client::connect(Arc::new(TestBackend::default()), (5, 8), ServerConfig::default());
    client.send(HELLO, []);
    client.leave();
    assert!(client.receive()[0].starts_with("FAILURE"));
    assert!(client.is_closed());
}

#[test]
fn who_wants_nothing_for_too_long_is_disconnected() {
    let (mut client, _) = connected();
    for _ in 0..3 {
        client.runtime.advance(Duration::from_secs(3_599));
        client.run("COUNT 0");
        client.pull(-1);
        assert_eq!(client.receive().len(), 2);
    }
    // Not while the server is at work.
    client.run("HANG");
    client.turn();
    client.runtime.advance(Duration::from_secs(7_200));
    client.turn();
    client.send(RESET, []);
    client.turn();
    assert!(!client.is_closed());
    client.runtime.advance(Duration::from_secs(3_600));
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn a_server_limits_transactions_too() {
    let mut config = ServerConfig::default();
    config.transaction_timeout = Some(Duration::from_secs(1));
    for (asked, code) in [
        (map([]), "TransactionTimedOut,"),
        (map([("tx_timeout", 5_000.into())]), "TransactionTimedOut,"),
        (map([("tx_timeout", 1_000.into())]), "TransactionTimedOutClientConfiguration,"),
    ] {
        let mut client = Client::authenticated(Arc::new(TestBackend::default()), config.clone());
        client.send(BEGIN, [asked]);
        client.run("HANG");
        client.turn();
        client.runtime.advance(Duration::from_secs(1));
        let answers = client.receive();
        assert!(answers[1].contains(&format!("Neo.ClientError.Transaction.{code}")), "{answers:?}");
    }
}

#[test]
fn a_client_that_ended_its_stream_gets_its_answers() {
    let (mut client, log) = connected();
    client.run("COUNT 3");
    client.pull(-1);
    client.leave();
    let answers = client.receive();
    assert_eq!(answers.len(), 5);
    assert!(client.is_closed());
    assert_eq!(log.take(), ["begin Write None", "COUNT", "commit"]);
    // But what takes longer is given up.
    let (mut client, _) = connected();
    client.run("HANG");
    client.leave();
    client.turn();
    assert!(!client.is_closed());
    client.runtime.advance(Duration::from_secs(2));
    client.turn();
    assert!(client.is_closed());
}

#[test]
fn goodbye_closes() {
    let (mut client, log) = connected();
    client.send(BEGIN, [map([])]);
    client.send(GOODBYE, []);
    assert_eq!(client.receive(), ["SUCCESS {db: neo4j}"]);
    assert!(client.is_closed());
    assert_eq!(log.take(), ["begin Write None"]);
}
