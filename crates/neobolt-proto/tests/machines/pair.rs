//! A client and a server machine on a virtual clock, driven by any operations in any order, and what holds whatever these are:
//!
//! 1. Neither finds that the other breaks the protocol.
//! 2. Every request is answered once, and what the client is told of it is what the server said to it: each answer names its request,
//!    and each record the query and the row it belongs to.
//! 3. When everything has arrived, both are in the same state, and a RESET makes the connection reusable.
//! 4. Neither stores much more than its high-water mark, however long nobody polls.
//! 5. The client's deadline is where the clock and the bytes put it.
//!
//! The property tests and the fuzz target `bolt_pair` share this file.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use neobolt_proto::message::{
    Count, Hello, NotificationFilter, Request, RequestKind, ServerRequest, TelemetryApi, TransactionOptions,
};
use neobolt_proto::state::State;
use neobolt_proto::{
    Auth, ClientConnection, ClientLimits, CloseReason, Endpoint, Event, Failure, Map, Parameters, RequestId,
    ServerConnection, ServerEvent, ServerLimits, Value, Version,
};

/// How much may wait before a machine stops reading, small enough to be reached; and what it may take beyond: a message or two on the
/// client's side, the answers to all that was pipelined on the server's.
const HIGH_WATER: usize = 300;
const BEYOND: usize = 1000;

/// The silence that the server promises.
const SILENCE: Duration = Duration::from_secs(100);

/// Performs operations, each of two bytes, on a pair that speaks one of the versions, and settles.
pub(crate) fn run(version: u8, operations: &[[u8; 2]], epoch: Instant) {
    let versions: Vec<Version> = Version::supported().collect();
    let mut pair = Pair::new(versions[usize::from(version) % versions.len()], epoch);
    pair.log_in();
    for [operation, detail] in operations {
        pair.perform(*operation, *detail);
    }
    pair.settle();
}

/// What the client has asked.
struct Asked {
    id: RequestId,
    kind: RequestKind,
    /// For PULL and DISCARD, the number of the result's RUN.
    run: Option<usize>,
    /// For PULL, how many records may still come; `None` for all.
    left: Option<u64>,
    is_answered: bool,
}

/// A result on the server.
struct OpenResult {
    /// The number of its RUN.
    run: usize,
    next_row: i64,
}

struct Pair {
    client: ClientConnection,
    server: ServerConnection,
    now: Instant,
    asked: Vec<Asked>,
    /// The answers that the server gave itself, oldest first, as the client shall be told them.
    said: VecDeque<(&'static str, i64)>,
    answering: Option<ServerRequest>,
    /// What the server calls the request that it answers.
    stamp: i64,
    results: Vec<OpenResult>,
    latest: Option<usize>,
    is_in_transaction: bool,
    waiting_since: Option<Instant>,
    has_promise: bool,
    /// How many bytes the client has taken since it was polled.
    unpolled: usize,
}

impl Pair {
    fn new(version: Version, now: Instant) -> Self {
        let mut client_limits = ClientLimits::default();
        client_limits.high_water = HIGH_WATER;
        let mut server_limits = ServerLimits::default();
        server_limits.pipelined = 5;
        server_limits.high_water = HIGH_WATER;
        Self {
            client: ClientConnection::new(version, client_limits, Vec::new()),
            server: ServerConnection::new(version, version >= Version::new(5, 7), server_limits),
            now,
            asked: Vec::new(),
            said: VecDeque::new(),
            answering: None,
            stamp: 0,
            results: Vec::new(),
            latest: None,
            is_in_transaction: false,
            waiting_since: None,
            has_promise: false,
            unpolled: 0,
        }
    }

    fn log_in(&mut self) {
        let auth = Auth::none();
        let notifications = NotificationFilter::default();
        let hello =
            Hello { user_agent: "p/1", product: "p/1", routing: None, auth: &auth, notifications: &notifications };
        self.send(&Request::Hello(hello), None);
        if self.client.capabilities().logon {
            self.send(&Request::Logon(&auth), None);
        }
        self.settle_once();
    }

    fn perform(&mut self, operation: u8, detail: u8) {
        match operation % 16 {
            0..=4 => self.ask(detail),
            5 => self.reach_server(usize::from(detail)),
            6 => self.reach_server(usize::MAX),
            7 => self.reach_client(usize::from(detail)),
            8 => self.reach_client(usize::MAX),
            9 | 10 => drop(self.poll_server()),
            11 => drop(self.poll_client()),
            12..=13 => self.answer(detail),
            14 => self.keep_alive(detail),
            _ => self.tick(detail),
        }
        let deadline =
            self.waiting_since.filter(|_| self.has_promise && !self.client.is_closed()).map(|since| since + SILENCE);
        assert_eq!(self.client.poll_timeout(), deadline);
    }

    /// Sends a request, if it is allowed; otherwise nothing happens.
    fn send(&mut self, request: &Request<'_>, run: Option<usize>) {
        let before = self.client.transmit().len();
        match self.client.send(request) {
            Ok(id) => {
                let left = match request {
                    Request::Pull { count: Count::Records(n), .. } => Some(*n),
                    _ => None,
                };
                self.asked.push(Asked { id, kind: request.kind(), run, left, is_answered: false });
            }
            Err(_) => assert_eq!(self.client.transmit().len(), before, "a refused request leaves nothing"),
        }
    }

    fn ask(&mut self, detail: u8) {
        let number = self.asked.len().to_string();
        let parameters = Parameters::new();
        let options = TransactionOptions { bookmarks: vec![&number], ..TransactionOptions::default() };
        let runs: Vec<usize> = (0..self.asked.len()).filter(|at| self.asked[*at].kind == RequestKind::Run).collect();
        let some = Count::Records(1 + u64::from(detail / 64));
        let run = runs.iter().rev().nth(usize::from(detail / 16 % 4)).copied();
        let of = run.map(|run| self.asked[run].id);
        match (detail % 16, of) {
            (0..=2, _) => {
                let is_in_transaction = matches!(self.client.state(), State::TxReady | State::TxStreaming);
                let query = &number;
                self.send(
                    &if is_in_transaction {
                        Request::Run { query, parameters: &parameters }
                    } else {
                        Request::RunAutoCommit { query, parameters: &parameters, options: &options }
                    },
                    None,
                );
            }
            (3 | 4, Some(id)) => self.send(&Request::Pull { run: id, count: some }, run),
            (5, Some(id)) => self.send(&Request::Pull { run: id, count: Count::All }, run),
            (6, Some(id)) => self.send(&Request::Discard { run: id, count: some }, run),
            (7, Some(id)) => self.send(&Request::Discard { run: id, count: Count::All }, run),
            (3..=7, None) | (8, _) => self.send(&Request::Begin(&options), None),
            (9, _) => self.send(&Request::Commit, None),
            (10, _) => self.send(&Request::Rollback, None),
            (11, _) => self.send(&Request::Reset, None),
            (12, _) => self.send(&Request::Logoff, None),
            (13, _) => self.send(&Request::Logon(&Auth::basic(&number, "secret")), None),
            (14, _) => self.send(&Request::Telemetry(TelemetryApi::AutoCommit), None),
            _ => {
                let route =
                    Request::Route { context: &[], bookmarks: vec![&number], database: None, impersonated_user: None };
                self.send(&route, None);
            }
        }
    }

    fn reach_server(&mut self, len: usize) {
        carry(&mut self.client, &mut self.server, len, self.now);
    }

    fn reach_client(&mut self, len: usize) {
        assert!(self.server.transmit().len() < HIGH_WATER + BEYOND);
        let carried = carry(&mut self.server, &mut self.client, len, self.now);
        if carried > 0 {
            self.waiting_since = None;
        }
        self.unpolled += carried;
        assert!(self.unpolled < HIGH_WATER + BEYOND);
    }

    /// A NOOP, where no message has begun.
    fn keep_alive(&mut self, detail: u8) {
        let (from, to): (&dyn Endpoint, &mut dyn Endpoint) =
            if detail % 2 == 0 { (&self.client, &mut self.server) } else { (&self.server, &mut self.client) };
        if from.transmit().is_empty() && to.wants_input() && to.receive_buffer().len() >= 2 {
            to.receive_buffer()[..2].copy_from_slice(&[0, 0]);
            to.handle_input(self.now, 2);
            if detail % 2 == 1 {
                self.waiting_since = None;
            }
        }
    }

    fn tick(&mut self, detail: u8) {
        self.now += Duration::from_secs(u64::from(detail % 8));
        match detail / 64 {
            0 => {
                self.client.handle_idle();
                self.waiting_since = None;
            }
            1 | 2 => {
                self.client.handle_waiting(self.now);
                if self.client.in_flight() > 0 {
                    self.waiting_since.get_or_insert(self.now);
                }
            }
            _ => {
                let is_due = self.client.poll_timeout().is_some_and(|deadline| deadline <= self.now);
                self.client.handle_timeout(self.now);
                if is_due {
                    assert!(self.client.is_closed());
                    self.waiting_since = None;
                }
            }
        }
    }

    /// Asks the server what it is asked; returns whether there was something.
    fn poll_server(&mut self) -> bool {
        let Some(event) = self.server.poll_event() else {
            let said = self.server.transmit().len();
            assert!(
                self.server.poll_event().is_none() && self.server.transmit().len() == said,
                "nothing is left to do"
            );
            return false;
        };
        match event {
            ServerEvent::Request(request) => {
                assert!(self.answering.is_none(), "one request at a time");
                self.stamp = stamp(&request);
                self.answering = Some(request);
            }
            ServerEvent::Interrupted => {
                assert!(self.answering.take().is_some(), "what was being answered is interrupted");
                self.over();
            }
            ServerEvent::Closed(reason) => assert!(
                matches!(reason, CloseReason::Refused | CloseReason::PeerClosed),
                "the server: {reason} {:?}",
                std::error::Error::source(&reason)
            ),
            other => panic!("unknown event {other:?}"),
        }
        true
    }

    /// The transaction is over, and its results are.
    fn over(&mut self) {
        self.results.clear();
        self.is_in_transaction = false;
    }

    fn answer(&mut self, detail: u8) {
        let Some(request) = self.answering.take() else { return };
        let kind = request.kind();
        if detail >= 240 && kind != RequestKind::Reset || detail == 255 {
            self.over();
            self.said.push_back(("failure", self.stamp));
            return self.server.failure(&Failure::new("Neo.ClientError.Statement.SyntaxError", self.stamp.to_string()));
        }
        let mut metadata = vec![("stamp", Value::Integer(self.stamp))];
        match &request {
            ServerRequest::Hello(_) => {
                let hints = Map::from_iter([("connection.recv_timeout_seconds", SILENCE.as_secs() as i64)]);
                metadata.push(("hints", Value::Map(hints)));
            }
            ServerRequest::Begin(_) => self.is_in_transaction = true,
            ServerRequest::Run { .. } => {
                let run = self.stamp as usize;
                self.results.push(OpenResult { run, next_row: 0 });
                self.latest = Some(run);
                metadata.push(("fields", Value::List([Value::from("run"), Value::from("row")].into())));
                if self.is_in_transaction && self.client.capabilities().paging {
                    metadata.push(("qid", Value::Integer(run as i64)));
                }
            }
            ServerRequest::Pull { count, qid } | ServerRequest::Discard { count, qid } => {
                let is_pull = kind == RequestKind::Pull;
                let wanted = qid.map(|qid| qid as usize).or(self.latest);
                let at = self.results.iter().position(|result| Some(result.run) == wanted);
                let at = at.expect("only open results are asked for");
                let result = &mut self.results[at];
                let most = if let Count::Records(n) = count { *n } else { u64::MAX };
                // Either all that were asked for, with more behind them, or the end.
                let is_end = *count == Count::All || detail % 2 == 0;
                let rows = if is_end { most.min(u64::from(detail / 2 % 4)) } else { most };
                if is_pull && self.server.is_congested() {
                    self.answering = Some(request);
                    return;
                }
                for _ in 0..rows {
                    if is_pull {
                        let row = [result.run as i64, result.next_row];
                        self.server
                            .record(2, |fields| row.iter().try_for_each(|value| fields.item(value)))
                            .expect("integers");
                    }
                    result.next_row += 1;
                }
                if is_end {
                    self.results.remove(at);
                } else {
                    metadata.push(("has_more", Value::Boolean(true)));
                }
            }
            ServerRequest::Reset | ServerRequest::Commit | ServerRequest::Rollback => self.over(),
            _ => {}
        }
        self.said.push_back(("success", self.stamp));
        self.server.success(&metadata.into_iter().collect());
    }

    /// Asks the client what it is told, and holds it against what the server said; returns whether there was something.
    fn poll_client(&mut self) -> bool {
        self.unpolled = 0;
        let Some(event) = self.client.poll_event() else {
            assert!(self.client.poll_event().is_none(), "nothing is left to do");
            return false;
        };
        let head = self.asked.iter().position(|asked| !asked.is_answered);
        let (request, answer) = match event {
            Event::Records { run, batch } => {
                let head = &mut self.asked[head.expect("records belong to a request")];
                assert_eq!(head.kind, RequestKind::Pull);
                let of = head.run.expect("a PULL is of a result");
                for record in &batch {
                    let row: i64 = record.get("run").expect("a column");
                    assert_eq!(row as usize, of, "a record of another query");
                    if let Some(left) = &mut head.left {
                        *left = left.checked_sub(1).expect("no more records than were asked for");
                    }
                }
                assert_eq!(run, self.asked[of].id);
                self.client.recycle(batch);
                return true;
            }
            Event::Success { request, metadata } => {
                let stamp = metadata.get("stamp").and_then(Value::as_i64).expect("the server stamps its answers");
                self.has_promise |= metadata.get("hints").is_some() && self.client.capabilities().hints;
                (request, Some(("success", stamp)))
            }
            Event::Failure { request, failure } => {
                (request, Some(("failure", failure.message.parse().expect("the server stamps its failures"))))
            }
            Event::Ignored { request } => (request, None),
            Event::Closed(reason) => {
                assert!(
                    matches!(reason, CloseReason::Refused | CloseReason::ReceiveTimeout | CloseReason::PeerClosed),
                    "the client: {reason} {:?}",
                    std::error::Error::source(&reason)
                );
                return true;
            }
            other => panic!("unknown event {other:?}"),
        };
        let head = head.expect("an answer has a request");
        let asked = &mut self.asked[head];
        asked.is_answered = true;
        assert_eq!(request, asked.id, "answers come in order");
        if let Some(answer) = answer {
            assert_eq!(Some(answer), self.said.pop_front(), "what is told is what was said");
            // The stamps of requests that name themselves are their numbers.
            assert!(answer.1 < 0 || answer.1 as usize == head, "an answer to another request");
            assert!(answer.1 >= 0 || answer.1 == -1 - i64::from(asked.kind.message().tag), "an answer of another kind");
        }
        true
    }

    /// Lets everything arrive and be answered.
    fn settle_once(&mut self) {
        loop {
            let mut is_still = carry(&mut self.client, &mut self.server, usize::MAX, self.now) == 0;
            while !self.client.is_closed() && (self.poll_server() || self.answering.is_some()) {
                is_still = false;
                // Congestion ends when the client reads.
                self.reach_client(usize::MAX);
                while self.poll_client() {}
                self.answer(0);
            }
            is_still &= self.server.transmit().is_empty();
            self.reach_client(usize::MAX);
            while self.poll_client() {
                is_still = false;
            }
            // What made no event, such as NOOPs, made room.
            is_still &= self.client.transmit().is_empty() || !self.server.wants_input();
            if is_still || self.client.is_closed() {
                break;
            }
            self.waiting_since = None;
        }
        self.waiting_since = None;
    }

    fn settle(&mut self) {
        self.settle_once();
        if self.client.is_closed() || self.server.is_closed() {
            return;
        }
        self.agree();
        if self.client.state() == State::Authentication {
            self.send(&Request::Logon(&Auth::none()), None);
        } else {
            self.send(&Request::Reset, None);
        }
        self.settle_once();
        self.agree();
        assert!(self.client.is_reusable());
    }

    fn agree(&self) {
        assert_eq!(self.client.in_flight(), 0);
        assert!(self.asked.iter().all(|asked| asked.is_answered), "every request is answered");
        assert!(self.said.is_empty(), "every answer is told");
        assert_eq!(self.client.state(), self.server.state());
    }
}

/// The number of a request that names itself, or a negative number that names its kind.
fn stamp(request: &ServerRequest) -> i64 {
    let number = match request {
        ServerRequest::Run { query, .. } => Some(query.as_str()),
        ServerRequest::Begin(transaction) => transaction.bookmarks.first().map(String::as_str),
        ServerRequest::Route { bookmarks, .. } => bookmarks.first().map(String::as_str),
        ServerRequest::Logon(token) => token.get("principal").and_then(Value::as_str),
        _ => None,
    };
    let kind = -1 - i64::from(request.kind().message().tag);
    number.map_or(kind, |number| number.parse().expect("a number"))
}

/// Carries at most `len` bytes; returns how many.
fn carry(from: &mut dyn Endpoint, to: &mut dyn Endpoint, len: usize, now: Instant) -> usize {
    let mut carried = 0;
    while carried < len && !from.transmit().is_empty() && to.wants_input() {
        let space = to.receive_buffer();
        assert!(!space.is_empty(), "there is room while input is wanted");
        let step = (len - carried).min(space.len()).min(from.transmit().len());
        space[..step].copy_from_slice(&from.transmit()[..step]);
        from.transmitted(step);
        to.handle_input(now, step);
        carried += step;
    }
    carried
}
