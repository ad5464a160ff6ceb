//! Conversations between a client and a server machine, which read like the specification's own.

use super::*;
use crate::auth::Auth;
use crate::message::{Hello, NotificationFilter, ServerRequest, TransactionOptions};
use crate::server::{ServerConnection, ServerEvent, ServerLimits};

#[expect(clippy::disallowed_methods, reason = "only a clock makes an instant")]
fn epoch() -> Instant {
    Instant::now()
}

/// Both ends of a connection, without a network between them.
struct Pair {
    client: ClientConnection,
    server: ServerConnection,
    /// How many bytes travel at once.
    step: usize,
    said: Vec<String>,
}

fn carry(from: &mut dyn Endpoint, to: &mut dyn Endpoint, step: usize) {
    while !from.transmit().is_empty() && to.wants_input() {
        let space = to.receive_buffer();
        let len = from.transmit().len().min(space.len()).min(step);
        space[..len].copy_from_slice(&from.transmit()[..len]);
        from.transmitted(len);
        to.handle_input(epoch(), len);
    }
}

impl Pair {
    fn new(version: Version, step: usize) -> Self {
        let client = ClientConnection::new(version, ClientLimits::default(), Vec::new());
        let server = ServerConnection::new(version, true, ServerLimits::default());
        Self { client, server, step, said: Vec::new() }
    }

    /// A pair that is READY.
    fn ready(version: Version, step: usize) -> Self {
        let mut pair = Self::new(version, step);
        let auth = Auth::basic("neo4j", "secret");
        pair.send(&hello(&auth, &NotificationFilter::default()));
        if pair.client.capabilities().logon {
            pair.send(&Request::Logon(&auth));
        }
        pair.answer(|_, server| server.success(&Map::default()));
        pair.said.clear();
        pair
    }

    fn send(&mut self, request: &Request<'_>) -> RequestId {
        self.client.send(request).unwrap()
    }

    /// Lets the server answer every request with `answer`, and the client read it.
    fn answer(&mut self, mut answer: impl FnMut(&ServerRequest, &mut ServerConnection)) {
        carry(&mut self.client, &mut self.server, self.step);
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Request(request) => {
                    self.said.push(format!("C: {}", request.kind()));
                    answer(&request, &mut self.server);
                }
                ServerEvent::Interrupted => self.said.push("(interrupted)".into()),
                ServerEvent::Closed(reason) => self.said.push(format!("(server: {reason})")),
            }
        }
        carry(&mut self.server, &mut self.client, self.step);
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(event) = self.client.poll_event() {
            self.said.push(match event {
                Event::Success { metadata, .. } => match metadata.get("has_more") {
                    Some(_) => "S: SUCCESS has_more".into(),
                    None => "S: SUCCESS".into(),
                },
                Event::Failure { failure, .. } => format!("S: FAILURE {}", failure.code),
                Event::Ignored { .. } => "S: IGNORED".into(),
                Event::Records { batch, .. } => {
                    let values: Vec<i64> = batch.iter().map(|record| record.get(0).unwrap()).collect();
                    format!("S: RECORD {values:?}")
                }
                Event::Closed(reason) => format!("(client: {reason})"),
            });
        }
    }
}

fn hello<'a>(auth: &'a Auth, notifications: &'a NotificationFilter) -> Request<'a> {
    Request::Hello(Hello { user_agent: "test/1", product: "neobolt/0", routing: None, auth, notifications })
}

/// Answers like a server with results of one column and endless rows of 1, 2, 3.
fn endless(request: &ServerRequest, server: &mut ServerConnection) {
    let mut metadata = Map::default();
    match request {
        ServerRequest::Run { query, .. } if query == "FAIL" => {
            return server.failure(&Failure::new("Neo.ClientError.Statement.SyntaxError", "no"));
        }
        ServerRequest::Run { .. } => {
            metadata = Map::from_iter([("fields", Value::List(vec![Value::from("n")].into()))]);
        }
        ServerRequest::Pull { count, .. } => {
            let rows = if let Count::Records(n) = count { *n } else { 3 };
            for row in 1..=rows as i64 {
                server.record(1, |e| e.encode(&row)).unwrap();
            }
            if *count != Count::All {
                metadata = Map::from_iter([("has_more", Value::Boolean(true))]);
            }
        }
        _ => {}
    }
    server.success(&metadata);
}

fn versions() -> impl Iterator<Item = Version> {
    Version::supported()
}

#[test]
fn an_auto_commit_query_in_every_version_and_any_fragmentation() {
    for version in versions().filter(|version| version.major > 3) {
        for step in [1, 7, 4096] {
            let mut pair = Pair::ready(version, step);
            let options = TransactionOptions::default();
            let parameters = Parameters::default();
            let run = pair.send(&Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options });
            pair.send(&Request::Pull { run, count: Count::Records(2) });
            pair.answer(endless);
            assert_eq!(pair.client.state(), State::Streaming);
            assert!(!pair.client.is_reusable());
            pair.send(&Request::Discard { run, count: Count::All });
            pair.answer(endless);
            let said: Vec<&str> = pair.said.iter().map(String::as_str).filter(|it| !it.contains("RECORD")).collect();
            assert_eq!(
                said,
                ["C: RUN", "C: PULL", "S: SUCCESS", "S: SUCCESS has_more", "C: DISCARD", "S: SUCCESS"],
                "{version}"
            );
            assert!(pair.client.is_reusable());
        }
    }
}

/// Before Bolt 4.0 PULL_ALL and DISCARD_ALL have no fields, and a transaction has one open result at a time.
#[test]
fn bolt_3_pulls_everything() {
    for step in [1, 4096] {
        let version = Version::new(3, 0);
        let mut pair = Pair::ready(version, step);
        let parameters = Parameters::default();
        pair.send(&Request::Begin(&TransactionOptions::default()));
        let run = pair.send(&Request::Run { query: "Q", parameters: &parameters });
        let second = Request::Run { query: "Q", parameters: &parameters };
        let state = State::TxStreaming;
        assert_eq!(pair.client.send(&second), Err(SendError::NotAllowed { request: RequestKind::Run, state }));
        let what = "a number of records to pull";
        let some = Request::Pull { run, count: Count::Records(2) };
        assert_eq!(pair.client.send(&some), Err(SendError::NotInVersion { what, version }));
        let before = pair.client.transmit().len();
        pair.send(&Request::Pull { run, count: Count::All });
        assert_eq!(pair.client.transmit()[before..], [0, 2, 0xB0, 0x3F, 0, 0]);
        pair.answer(endless);
        pair.send(&second);
        pair.answer(endless);
        assert_eq!(
            pair.said[3..],
            ["S: SUCCESS", "S: SUCCESS", "S: RECORD [1, 2, 3]", "S: SUCCESS", "C: RUN", "S: SUCCESS"]
        );
    }
}

#[test]
fn what_a_version_lacks_is_refused_before_a_byte_is_written() {
    let named = TransactionOptions { database: Some("movies"), ..TransactionOptions::default() };
    let impersonated = TransactionOptions { impersonated_user: Some("ada"), ..TransactionOptions::default() };
    let mut filter = NotificationFilter::default();
    filter.disabled_classifications = Some(std::collections::BTreeSet::new());
    let filtered = TransactionOptions { notifications: Some(&filter), ..TransactionOptions::default() };
    let route = Request::Route { context: &[], bookmarks: Vec::new(), database: None, impersonated_user: None };
    for (request, what, newest_without) in [
        (Request::Begin(&named), "a named database", Version::new(3, 0)),
        (route, "ROUTE", Version::new(4, 2)),
        (Request::Begin(&impersonated), "impersonation", Version::new(4, 3)),
        (Request::Logoff, "LOGOFF", Version::new(5, 0)),
        (Request::Begin(&filtered), "a notification filter", Version::new(5, 1)),
        (Request::Telemetry(crate::message::TelemetryApi::AutoCommit), "TELEMETRY", Version::new(5, 3)),
    ] {
        for version in versions() {
            let mut pair = Pair::ready(version, 4096);
            let sent = pair.client.send(&request);
            if version <= newest_without {
                assert_eq!(sent, Err(SendError::NotInVersion { what, version }), "{version}");
                assert!(pair.client.is_reusable(), "{version}");
            } else {
                assert!(sent.is_ok(), "{what} in {version}: {sent:?}");
            }
        }
    }
}

#[test]
fn a_transaction_with_a_read_is_one_write() {
    let mut pair = Pair::ready(Version::new(5, 8), 4096);
    let parameters = Parameters::default();
    pair.send(&Request::Begin(&TransactionOptions::default()));
    let run = pair.send(&Request::Run { query: "Q", parameters: &parameters });
    pair.send(&Request::Pull { run, count: Count::All });
    pair.send(&Request::Commit);
    pair.answer(endless);
    assert_eq!(
        pair.said,
        [
            "C: BEGIN",
            "C: RUN",
            "C: PULL",
            "C: COMMIT",
            "S: SUCCESS",
            "S: SUCCESS",
            "S: RECORD [1, 2, 3]",
            "S: SUCCESS",
            "S: SUCCESS"
        ]
    );
    assert!(pair.client.is_reusable());
}

#[test]
fn after_a_failure_everything_is_ignored_until_reset() {
    let mut pair = Pair::ready(Version::new(5, 8), 4096);
    let parameters = Parameters::default();
    pair.send(&Request::Begin(&TransactionOptions::default()));
    let run = pair.send(&Request::Run { query: "FAIL", parameters: &parameters });
    pair.send(&Request::Pull { run, count: Count::All });
    pair.send(&Request::Commit);
    pair.answer(endless);
    assert_eq!(
        pair.said,
        [
            "C: BEGIN",
            "C: RUN",
            "S: SUCCESS",
            "S: FAILURE Neo.ClientError.Statement.SyntaxError",
            "S: IGNORED",
            "S: IGNORED"
        ]
    );
    assert!(matches!(pair.client.send(&Request::Commit), Err(SendError::NotAllowed { state: State::Failed, .. })));
    pair.send(&Request::Reset);
    pair.answer(endless);
    assert!(pair.client.is_reusable());
}

/// RESET jumps the queue: what is being answered and what waits is ignored.
#[test]
fn reset_interrupts() {
    let mut pair = Pair::ready(Version::new(5, 8), 4096);
    let parameters = Parameters::default();
    let options = TransactionOptions::default();
    let run = pair.send(&Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options });
    pair.send(&Request::Pull { run, count: Count::All });
    pair.send(&Request::Reset);
    // The server does not answer RUN before it has seen RESET.
    carry(&mut pair.client, &mut pair.server, 4096);
    let mut events = Vec::new();
    while let Some(event) = pair.server.poll_event() {
        if let ServerEvent::Request(request) = &event {
            if *request == ServerRequest::Reset {
                pair.server.success(&Map::default());
            }
        }
        events.push(format!("{event:?}"));
    }
    assert_eq!(events, ["Request(Reset)"]);
    carry(&mut pair.server, &mut pair.client, 4096);
    pair.listen();
    assert_eq!(pair.said, ["S: IGNORED", "S: IGNORED", "S: SUCCESS"]);
    assert!(pair.client.is_reusable());
}

#[test]
fn a_result_that_is_not_of_the_latest_query_is_named_though_it_is_the_only_open_one() {
    let mut pair = Pair::ready(Version::new(5, 0), 4096);
    let parameters = Parameters::default();
    let mut discarded = None;
    let mut next = 0;
    let mut answer = |request: &ServerRequest, server: &mut ServerConnection| match request {
        ServerRequest::Run { .. } => {
            let fields = Value::List(vec![Value::from("n")].into());
            server.success(&Map::from_iter([("fields", fields), ("qid", Value::Integer(next))]));
            next += 1;
        }
        ServerRequest::Discard { qid, .. } => {
            discarded = *qid;
            server.success(&Map::default());
        }
        ServerRequest::Pull { .. } if next == 1 => {
            server.success(&Map::from_iter([("has_more", Value::Boolean(true))]));
        }
        _ => server.success(&Map::default()),
    };
    pair.send(&Request::Begin(&TransactionOptions::default()));
    let runs = [1, 2].map(|_| {
        let run = pair.send(&Request::Run { query: "Q", parameters: &parameters });
        pair.send(&Request::Pull { run, count: Count::Records(1) });
        pair.answer(&mut answer);
        run
    });
    pair.send(&Request::Discard { run: runs[0], count: Count::All });
    pair.answer(&mut answer);
    assert_eq!(discarded, Some(0));
}

#[test]
fn two_results_of_a_transaction_are_told_apart_by_qid() {
    let mut pair = Pair::ready(Version::new(5, 0), 4096);
    let parameters = Parameters::default();
    let mut qids = Vec::new();
    let mut next = 0;
    let mut answer = |request: &ServerRequest, server: &mut ServerConnection| match request {
        ServerRequest::Run { .. } => {
            let fields = Value::List(vec![Value::from("n")].into());
            server.success(&Map::from_iter([("fields", fields), ("qid", Value::Integer(next))]));
            next += 1;
        }
        ServerRequest::Pull { qid, .. } => {
            qids.push(*qid);
            server.success(&Map::from_iter([("has_more", Value::Boolean(true))]));
        }
        _ => server.success(&Map::default()),
    };
    pair.send(&Request::Begin(&TransactionOptions::default()));
    let first = pair.send(&Request::Run { query: "Q", parameters: &parameters });
    pair.send(&Request::Pull { run: first, count: Count::Records(1) });
    pair.answer(&mut answer);
    let second = pair.send(&Request::Run { query: "Q", parameters: &parameters });
    pair.send(&Request::Pull { run: second, count: Count::Records(1) });
    pair.answer(&mut answer);
    pair.send(&Request::Pull { run: first, count: Count::Records(1) });
    pair.send(&Request::Pull { run: second, count: Count::Records(1) });
    pair.answer(&mut answer);
    assert_eq!(qids, [None, None, Some(0), None]);
    assert_eq!(
        pair.client.send(&Request::Commit),
        Err(SendError::NotAllowed { request: RequestKind::Commit, state: State::TxStreaming })
    );
}

#[test]
fn a_refused_logon_closes() {
    let mut pair = Pair::new(Version::new(5, 4), 4096);
    let auth = Auth::basic("neo4j", "wrong");
    pair.send(&hello(&auth, &NotificationFilter::default()));
    pair.send(&Request::Logon(&auth));
    pair.answer(|request, server| match request {
        ServerRequest::Logon(_) => server.failure(&Failure::new("Neo.ClientError.Security.Unauthorized", "no")),
        _ => server.success(&Map::default()),
    });
    assert_eq!(
        pair.said,
        [
            "C: HELLO",
            "C: LOGON",
            "(server: the server refused the connection)",
            "S: SUCCESS",
            "S: FAILURE Neo.ClientError.Security.Unauthorized",
            "(client: the server refused the connection)"
        ]
    );
}

#[test]
fn hello_is_answered_with_hints() {
    let mut pair = Pair::new(Version::new(5, 8), 4096);
    let auth = Auth::none();
    pair.send(&hello(&auth, &NotificationFilter::default()));
    let hints = Map::from_iter([("connection.recv_timeout_seconds", Value::Integer(5))]);
    pair.answer(|_, server| {
        server.success(&Map::from_iter([("server", Value::from("Neo4j/5")), ("hints", Value::Map(hints.clone()))]));
    });
    assert_eq!(&*pair.client.server().agent, "Neo4j/5");
    assert_eq!(pair.client.server().receive_timeout, Some(Duration::from_secs(5)));
}

/// The deadline counts only while somebody waits for an answer.
#[test]
fn a_pause_of_the_user_is_no_silence_of_the_server() {
    let mut pair = Pair::ready(Version::new(5, 8), 4096);
    pair.client.server.receive_timeout = Some(Duration::from_secs(5));
    let start = epoch();
    pair.client.handle_waiting(start);
    assert_eq!(pair.client.poll_timeout(), None, "nothing is asked");
    pair.send(&Request::Reset);
    pair.client.handle_waiting(start);
    let deadline = start + Duration::from_secs(5);
    assert_eq!(pair.client.poll_timeout(), Some(deadline));
    pair.client.handle_idle();
    assert_eq!(pair.client.poll_timeout(), None);
    let later = start + Duration::from_secs(60);
    pair.client.handle_waiting(later);
    pair.client.handle_timeout(deadline);
    assert!(!pair.client.is_closed());
    pair.client.handle_timeout(later + Duration::from_secs(5));
    assert!(matches!(pair.client.poll_event(), Some(Event::Closed(CloseReason::ReceiveTimeout))));
}

/// Feeds a client that waits for a PULL of two records.
fn hostile(bytes: &[u8]) -> String {
    let mut pair = Pair::ready(Version::new(5, 8), 4096);
    let parameters = Parameters::default();
    let options = TransactionOptions::default();
    let run = pair.send(&Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options });
    pair.send(&Request::Pull { run, count: Count::Records(2) });
    let mut wire = Vec::new();
    put_message(&mut wire, |e| {
        e.raw(&[0xB1, 0x70, 0xA1, 0x86]);
        e.raw(b"fields");
        e.raw(&[0x91, 0x81, b'n']);
        Ok(())
    })
    .unwrap();
    wire.extend_from_slice(bytes);
    let space = pair.client.receive_buffer();
    space[..wire.len()].copy_from_slice(&wire);
    pair.client.handle_input(epoch(), wire.len());
    while let Some(event) = pair.client.poll_event() {
        if let Event::Closed(CloseReason::Violation(violation)) = event {
            assert!(!pair.client.is_reusable());
            return violation.to_string();
        }
    }
    "nothing".into()
}

#[test]
fn violations_are_named_and_close() {
    let record = [0, 4, 0xB1, 0x71, 0x91, 1, 0, 0];
    assert_eq!(hostile(&[record, record].concat()), "nothing");
    assert_eq!(hostile(&[record, record, record].concat()), "more records than were asked for");
    assert_eq!(hostile(&[0, 5, 0xB1, 0x71, 0x92, 1, 2, 0, 0]), "record of 2 fields in a result of 1 keys");
    assert_eq!(
        hostile(&[0, 5, 0xB1, 0x71, 0x91, 1, 2, 0, 0]),
        "message without a valid record: there are bytes behind its fields"
    );
    assert_eq!(hostile(&[0, 4, 0xB1, 0x71, 0x91, 0xC7, 0, 0]), "malformed message");
    assert_eq!(hostile(&[0, 2, 0xB0, 0x7E, 0, 0]), "IGNORED in answer to PULL in state STREAMING");
    assert_eq!(hostile(&[0, 3, 0xB1, 0x55, 0xA0, 0, 0]), "message with unknown tag 0x55");
    let success = [0, 3, 0xB1, 0x70, 0xA0, 0, 0];
    assert_eq!(hostile(&[&success[..], &success].concat()), "response 0x70 to no request");
}

/// A server that is spoken to out of turn says so and closes.
#[test]
fn a_client_out_of_turn_is_told() {
    let mut server = ServerConnection::new(Version::new(5, 8), true, ServerLimits::default());
    let wire = [0, 2, 0xB0, 0x12, 0, 0];
    server.receive_buffer()[..wire.len()].copy_from_slice(&wire);
    server.handle_input(epoch(), wire.len());
    let Some(ServerEvent::Closed(CloseReason::Violation(violation))) = server.poll_event() else {
        panic!("no violation")
    };
    assert_eq!(violation.to_string(), "COMMIT in state NEGOTIATION");
    assert_eq!(server.transmit()[2..4], [0xB1, 0x7F]);
}

#[test]
fn the_memory_of_a_large_batch_is_not_kept_with_the_connection() {
    let mut pair = Pair::ready(Version::new(5, 8), 1 << 20);
    for (len, is_kept) in [(1 << 20, true), (MAX_SPARE, true), (MAX_SPARE + 1, false)] {
        pair.client.spare = None;
        pair.client.recycle(RecordBatch::new(Arc::default(), Vec::with_capacity(len), 0, Vec::new(), 0));
        let kept = pair.client.spare.as_ref().map_or(0, |(buffer, _)| buffer.capacity());
        assert_eq!(kept >= len, is_kept, "{len}");
    }
}
