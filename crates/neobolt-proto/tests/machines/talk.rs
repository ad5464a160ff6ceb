//! Conversations in the specification's notation, held by a client and a server machine.
//!
//! ```text
//! C: RUN "RETURN 1 AS n" {} {}       the client sends it, and the server is asked it
//! S: SUCCESS {"fields": ["n"]}       the server answers it, and the client is told
//! S: RECORD [1]
//! S: NOOP                            nothing that a machine does
//! C> RESET                           the client sends it, but it is still on its way
//! >                                  what is on its way arrives
//! C! COMMIT                          the client refuses to send it, because:
//!    COMMIT is not allowed in state FAILED
//! client READY                       the state that the client predicts
//! server FAILED                      the state of the server
//! client closed: text                the reason
//! server closed: text
//! ```
//!
//! Every line is held against the bytes that the machines write and the events that they tell, to the last entry of metadata.
//! Each conversation is held several times, in other fragments.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use neobolt_proto::message::{
    AccessMode, Count, Hello, NotificationClassification, NotificationFilter, NotificationSeverity, Request,
    ServerRequest, TelemetryApi, TransactionOptions,
};
use neobolt_proto::state::State;
use neobolt_proto::{
    Auth, ClientConnection, ClientLimits, Endpoint, Event, Failure, Map, Parameters, RequestId, SendError,
    ServerConnection, ServerEvent, ServerLimits, Value, Version,
};

use crate::wire::{self, epoch};

/// Holds a conversation that begins behind the handshake.
#[track_caller]
pub(crate) fn talk(version: Version, transcript: &str) {
    for step in [usize::MAX, 1, 7] {
        Talk::new(version, step).hold(transcript);
    }
}

/// Holds a conversation that begins in READY.
#[track_caller]
pub(crate) fn talk_ready(version: Version, transcript: &str) {
    for step in [usize::MAX, 1, 7] {
        ready(version, step).hold(transcript);
    }
}

/// Returns a conversation that has come to READY.
pub(crate) fn ready(version: Version, step: usize) -> Talk {
    let mut talk = Talk::new(version, step);
    let auth = Auth::none();
    let hello = Hello {
        user_agent: "test/1",
        product: "test/1",
        routing: None,
        auth: &auth,
        notifications: &NotificationFilter::default(),
    };
    talk.client.send(&Request::Hello(hello)).unwrap();
    if version.capabilities().unwrap().logon {
        talk.client.send(&Request::Logon(&auth)).unwrap();
    }
    wire::give(&mut talk.server, &wire::taken(&mut talk.client), usize::MAX, talk.now);
    while talk.server.poll_event().is_some() {
        talk.server.success(&Map::default());
    }
    wire::give(&mut talk.client, &wire::taken(&mut talk.server), usize::MAX, talk.now);
    while talk.client.poll_event().is_some() {}
    assert_eq!((talk.client.state(), talk.server.state()), (State::Ready, State::Ready));
    talk
}

/// Both ends of a connection, and what has been said.
pub(crate) struct Talk {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
    pub(crate) now: Instant,
    step: usize,
    /// Sent by the client and not arrived.
    underway: Vec<u8>,
    /// Written by the server and not yet read in the transcript.
    written: VecDeque<Vec<u8>>,
    /// Requests that are not answered, oldest first.
    unanswered: VecDeque<RequestId>,
    /// What the server was asked and has not answered.
    asked: Option<ServerRequest>,
    runs: HashMap<i64, RequestId>,
    latest_run: Option<RequestId>,
    client_closed: Option<String>,
    server_closed: Option<String>,
}

impl Talk {
    pub(crate) fn new(version: Version, step: usize) -> Self {
        Self {
            client: ClientConnection::new(version, ClientLimits::default(), Vec::new()),
            server: ServerConnection::new(version, version >= Version::new(5, 7), ServerLimits::default()),
            now: epoch(),
            step,
            underway: Vec::new(),
            written: VecDeque::new(),
            unanswered: VecDeque::new(),
            asked: None,
            runs: HashMap::new(),
            latest_run: None,
            client_closed: None,
            server_closed: None,
        }
    }

    /// Returns the query that was sent last.
    pub(crate) fn latest_run(&self) -> Option<RequestId> {
        self.latest_run
    }

    #[track_caller]
    pub(crate) fn hold(&mut self, transcript: &str) {
        let version = self.client.version();
        let lines: Vec<&str> = transcript.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            let context = format!("Bolt {version}, {} bytes at once: {line}", self.step);
            at += 1;
            match line.split_at(line.len().min(2)) {
                ("C:", "NOOP") | ("C:", " NOOP") => {
                    self.underway.extend([0, 0]);
                    self.arrive();
                }
                ("C:", said) => {
                    self.ask(said, &context);
                    self.arrive();
                }
                ("C>", said) => self.ask(said, &context),
                ("C!", said) => {
                    let refused = self.send(said).expect_err(&context);
                    assert_eq!(
                        refused.to_string(),
                        *lines.get(at).expect("the reason stands in the next line"),
                        "{context}"
                    );
                    assert!(self.client.transmit().is_empty(), "{context}");
                    at += 1;
                }
                ("S:", said) => self.answer(said.trim(), &context),
                _ if line == ">" => self.arrive(),
                _ => self.check(line, &context),
            }
        }
        let version = format!("Bolt {version}");
        assert!(self.written.is_empty(), "{version}: the server said more: {:?}", wire::read(&self.written[0]));
        assert!(self.underway.is_empty(), "{version}: something is still on its way");
    }

    /// A fact.
    fn check(&mut self, line: &str, context: &str) {
        let (who, what) = line.split_once(' ').expect(context);
        let is_client = match who {
            "client" => true,
            "server" => false,
            _ => panic!("{context}: not a line of a transcript"),
        };
        if let Some(reason) = what.strip_prefix("closed: ") {
            self.listen_both();
            let closed = if is_client { &self.client_closed } else { &self.server_closed };
            assert_eq!(closed.as_deref(), Some(reason), "{context}");
        } else {
            let state = if is_client { self.client.state() } else { self.server.state() };
            assert_eq!(state.to_string(), what, "{context}");
        }
    }

    fn listen_both(&mut self) {
        self.listen();
        if let Some(event) = self.client.poll_event() {
            let Event::Closed(reason) = event else { panic!("the client was told {event:?}") };
            self.client_closed = Some(with_sources(&reason));
        }
    }

    /// Lets the client send messages, one a line, that go nowhere.
    pub(crate) fn say(&mut self, transcript: &str) {
        for said in transcript.lines() {
            self.send(said).expect(said);
        }
        wire::taken(&mut self.client);
    }

    /// Lets the client say something, and holds the bytes against it.
    fn ask(&mut self, said: &str, context: &str) {
        let id = self.send(said).expect(context);
        let (name, fields) = parse(said);
        let bytes = wire::taken(&mut self.client);
        let written = wire::messages(&bytes);
        assert_eq!(written.len(), 1, "{context}");
        assert_eq!(wire::read(&written[0]), (wire::by_name(name).name, fields), "{context}");
        self.underway.extend(bytes);
        if name != "GOODBYE" {
            self.unanswered.push_back(id);
        }
        if name == "RUN" {
            self.latest_run = Some(id);
        }
    }

    /// Lets what the client sent arrive.
    fn arrive(&mut self) {
        let bytes = std::mem::take(&mut self.underway);
        wire::give(&mut self.server, &bytes, self.step, self.now);
        self.listen();
    }

    /// Lets the server hear what it is asked, and what it answers by itself.
    fn listen(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Request(request) => {
                    assert!(self.asked.is_none(), "a second request before the first was answered");
                    self.asked = Some(request);
                }
                ServerEvent::Interrupted => self.asked = None,
                ServerEvent::Closed(reason) => self.server_closed = Some(with_sources(&reason)),
                other => panic!("unknown event {other:?}"),
            }
        }
        let said = self.server.transmit().len();
        assert!(self.server.poll_event().is_none() && self.server.transmit().len() == said, "nothing is left to do");
        self.written.extend(wire::messages(&wire::taken(&mut self.server)));
    }

    /// Lets the server say something, unless it has said it already, and holds what the client is told against it.
    fn answer(&mut self, said: &str, context: &str) {
        if said == "NOOP" {
            wire::give(&mut self.client, &[0, 0], self.step, self.now);
            assert!(self.client.poll_event().is_none(), "{context}");
            return;
        }
        let (name, fields) = parse(said);
        if self.written.is_empty() {
            self.make(name, &fields, context);
        }
        self.listen();
        let mut bytes = Vec::new();
        let expected =
            if name == "RECORD" { fields.iter().map(|row| vec![row.clone()]).collect() } else { vec![fields.clone()] };
        for fields in expected {
            let written = self.written.pop_front().unwrap_or_else(|| panic!("{context}: the server said nothing"));
            assert_eq!(wire::read(&written), (name, fields), "{context}");
            bytes.extend(wire::chunked(&written, 0xFFFF));
        }
        wire::give(&mut self.client, &bytes, self.step, self.now);
        self.hear(name, &fields, context);
    }

    fn make(&mut self, name: &str, fields: &[Value], context: &str) {
        let asked = self.asked.as_ref().unwrap_or_else(|| panic!("{context}: the server was asked nothing"));
        match (name, fields) {
            ("RECORD", rows) => {
                for row in rows {
                    let row = row.as_list().expect(context);
                    self.server
                        .record(row.len(), |fields| row.iter().try_for_each(|value| fields.item(value)))
                        .unwrap();
                }
                return;
            }
            ("SUCCESS", [Value::Map(metadata)]) => {
                // What the machine enters by itself.
                let own =
                    |key: &str| matches!((asked, key), (ServerRequest::Hello(_), "protocol_version" | "patch_bolt"));
                let metadata = metadata.iter().filter(|(key, _)| !own(key)).map(|(key, value)| (key, value.clone()));
                self.server.success(&metadata.collect());
            }
            ("FAILURE", [Value::Map(metadata)]) => self.server.failure(&Failure::from_metadata(metadata)),
            _ => panic!("{context}: the server does not say that by itself"),
        }
        self.asked = None;
    }

    fn hear(&mut self, name: &str, fields: &[Value], context: &str) {
        let mut rows = Vec::new();
        let mut told = None;
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Records { batch, .. } => rows.extend(batch.iter().map(|record| {
                    Value::List((0..batch.keys().len()).map(|column| record.get(column).unwrap()).collect())
                })),
                Event::Closed(reason) => self.client_closed = Some(with_sources(&reason)),
                event => assert!(told.replace(event).is_none(), "{context}"),
            }
        }
        if name == "RECORD" {
            assert_eq!(rows, fields, "{context}");
            assert!(told.is_none(), "{context}");
            return;
        }
        let head = self.unanswered.pop_front().expect(context);
        let metadata = |fields: &[Value]| fields.first().and_then(Value::as_map).cloned().unwrap_or_default();
        match (name, told.unwrap_or_else(|| panic!("{context}: the client was told nothing"))) {
            ("SUCCESS", Event::Success { request, metadata: told }) => {
                assert_eq!((request, &told), (head, &metadata(fields)), "{context}");
                if let Some(Value::Integer(qid)) = told.get("qid") {
                    self.runs.insert(*qid, request);
                }
            }
            ("FAILURE", Event::Failure { request, failure }) => {
                assert_eq!(
                    (request, failure.to_metadata(self.client.version())),
                    (head, metadata(fields)),
                    "{context}"
                );
            }
            ("IGNORED", Event::Ignored { request }) => assert_eq!(request, head, "{context}"),
            (_, event) => panic!("{context}: the client was told {event:?}"),
        }
    }

    /// Makes a request of text.
    fn send(&mut self, said: &str) -> Result<RequestId, SendError> {
        let (name, fields) = parse(said);
        let empty = Map::default();
        let map = |at: usize| fields.get(at).and_then(Value::as_map).unwrap_or(&empty);
        let text = |map: &Map, key: &str| map.get(key).and_then(Value::as_str).map(String::from);
        let pairs = |map: &Map| -> Vec<(String, String)> {
            map.iter().map(|(key, value)| (key.into(), value.as_str().unwrap().into())).collect()
        };
        let is_in_transaction = matches!(self.client.state(), State::TxReady | State::TxStreaming);
        match name {
            "HELLO" => {
                let extra = map(0);
                let (auth, filter) = (auth(extra), filter(extra));
                let routing = extra.get("routing").and_then(Value::as_map).map(pairs);
                let product = extra.get("bolt_agent").and_then(Value::as_map).and_then(|agent| text(agent, "product"));
                self.client.send(&Request::Hello(Hello {
                    user_agent: &text(extra, "user_agent").unwrap(),
                    product: &product.unwrap_or_default(),
                    routing: routing.as_deref(),
                    auth: &auth,
                    notifications: &filter,
                }))
            }
            "LOGON" => self.client.send(&Request::Logon(&auth(map(0)))),
            "LOGOFF" => self.client.send(&Request::Logoff),
            "TELEMETRY" => self.client.send(&Request::Telemetry(match fields[0].as_i64() {
                Some(0) => TelemetryApi::ManagedTransaction,
                Some(1) => TelemetryApi::ExplicitTransaction,
                Some(2) => TelemetryApi::AutoCommit,
                _ => TelemetryApi::ExecuteQuery,
            })),
            "BEGIN" => with_options(map(0), |options| self.client.send(&Request::Begin(options))),
            "RUN" => {
                let query = fields[0].as_str().unwrap();
                let parameters = &map(1).iter().collect::<Parameters>();
                if is_in_transaction {
                    return self.client.send(&Request::Run { query, parameters });
                }
                with_options(map(2), |options| self.client.send(&Request::RunAutoCommit { query, parameters, options }))
            }
            "PULL" | "DISCARD" | "PULL_ALL" | "DISCARD_ALL" => {
                let run = match map(0).get("qid").and_then(Value::as_i64) {
                    Some(qid) => self.runs[&qid],
                    None => self.latest_run.expect("a query ran"),
                };
                let count = match map(0).get("n").and_then(Value::as_i64) {
                    None | Some(-1) => Count::All,
                    Some(n) => Count::Records(n.unsigned_abs()),
                };
                let is_pull = name.starts_with("PULL");
                self.client.send(&if is_pull { Request::Pull { run, count } } else { Request::Discard { run, count } })
            }
            "COMMIT" => self.client.send(&Request::Commit),
            "ROLLBACK" => self.client.send(&Request::Rollback),
            "ROUTE" => {
                let (database, impersonated_user) = match fields.get(2) {
                    Some(Value::Map(extra)) => (text(extra, "db"), text(extra, "imp_user")),
                    other => (other.and_then(Value::as_str).map(String::from), None),
                };
                self.client.send(&Request::Route {
                    context: &pairs(map(0)),
                    bookmarks: fields[1].as_list().unwrap().iter().map(|it| it.as_str().unwrap()).collect(),
                    database: database.as_deref(),
                    impersonated_user: impersonated_user.as_deref(),
                })
            }
            "RESET" => self.client.send(&Request::Reset),
            "GOODBYE" => self.client.send(&Request::Goodbye),
            _ => panic!("{name} is no request"),
        }
    }
}

fn with_options<T>(extra: &Map, send: impl FnOnce(&TransactionOptions<'_>) -> T) -> T {
    let filter = filter(extra);
    let metadata = extra.get("tx_metadata").and_then(Value::as_map).map(|map| map.iter().collect::<Parameters>());
    let bookmarks = extra.get("bookmarks").and_then(Value::as_list).unwrap_or_default();
    let text = |key| extra.get(key).and_then(Value::as_str);
    send(&TransactionOptions {
        mode: if text("mode") == Some("r") { AccessMode::Read } else { AccessMode::Write },
        database: text("db"),
        bookmarks: bookmarks.iter().map(|it| it.as_str().unwrap()).collect(),
        timeout: extra.get("tx_timeout").and_then(Value::as_i64).map(|it| Duration::from_millis(it.unsigned_abs())),
        metadata: metadata.as_ref(),
        impersonated_user: text("imp_user"),
        notifications: Some(&filter),
    })
}

fn auth(map: &Map) -> Auth {
    let text = |key| map.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("scheme") {
        "basic" => Auth::basic(text("principal"), text("credentials")),
        "bearer" => Auth::bearer(text("credentials")),
        _ => Auth::none(),
    }
}

fn filter(map: &Map) -> NotificationFilter {
    let mut filter = NotificationFilter::default();
    let severities = [NotificationSeverity::Off, NotificationSeverity::Warning, NotificationSeverity::Information];
    let named = map.get("notifications_minimum_severity").and_then(Value::as_str);
    filter.minimum_severity = severities.into_iter().find(|it| Some(it.as_str()) == named);
    let classifications = [NotificationClassification::Hint, NotificationClassification::Generic];
    let keys = ["notifications_disabled_categories", "notifications_disabled_classifications"];
    filter.disabled_classifications = keys.iter().find_map(|key| map.get(key)).and_then(Value::as_list).map(|list| {
        let find = |name: &Value| classifications.into_iter().find(|it| Some(it.as_str()) == name.as_str());
        list.iter().map(|name| find(name).unwrap()).collect()
    });
    filter
}

/// Reads `NAME value value`, the values as JSON.
pub(crate) fn parse(said: &str) -> (&str, Vec<Value>) {
    let (name, rest) = said.trim().split_once(' ').unwrap_or((said.trim(), ""));
    let rest = rest.replace("<os>", std::env::consts::OS);
    let values = serde_json::Deserializer::from_str(&rest).into_iter::<serde_json::Value>();
    (name, values.map(|value| of_json(value.unwrap_or_else(|error| panic!("{said}: {error}")))).collect())
}

fn of_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Boolean(value),
        serde_json::Value::Number(value) => {
            value.as_i64().map_or_else(|| Value::Float(value.as_f64().unwrap()), Value::Integer)
        }
        serde_json::Value::String(value) => Value::from(&*value),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(of_json).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, of_json(value))).collect())
        }
    }
}

/// An error with what caused it.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
