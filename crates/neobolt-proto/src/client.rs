//! The client's machine.

mod records;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use packstream::{Decoder, Limits};

use crate::batch::{Keys, RecordBatch};
use crate::chunk::{Inbox, Outbox, put_message};
use crate::endpoint::Endpoint;
use crate::error::{CloseReason, Failure, PeerViolation, SendError};
use crate::message::schema::{Field, hello, result};
use crate::message::write::{self, WireParameters};
use crate::message::{Count, Request, RequestKind, head, tag};
use crate::state::{self, Answer, Outcome, Progress, State, Streams};
use crate::value::{Map, Value};
use crate::version::{Capabilities, NotificationKeys, Version};

/// The number of a request on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

/// What the server answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// SUCCESS.
    Success {
        /// The request it answers.
        request: RequestId,
        /// The answer.
        metadata: Map,
    },
    /// FAILURE.
    Failure {
        /// The request it answers.
        request: RequestId,
        /// The answer.
        failure: Failure,
    },
    /// IGNORED, because an earlier request failed or RESET came behind it.
    Ignored {
        /// The request it answers.
        request: RequestId,
    },
    /// All RECORDs that lay complete in the receive buffer.
    Records {
        /// The RUN request whose result they belong to.
        run: RequestId,
        /// The records.
        batch: RecordBatch,
    },
    /// The connection is closed; no further event comes.
    Closed(CloseReason),
}

/// What a client lets a server do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The largest message, in bytes: 1 GiB. Offsets into a batch are 32 bits wide.
    pub message: usize,
    /// How values may nest.
    pub values: Limits,
    /// How much may lie received and not polled before reading stops, in bytes: 1 MiB.
    pub high_water: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { message: 1 << 30, values: Limits::default(), high_water: 1 << 20 }
    }
}

/// What the server said of itself in answer to HELLO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerHello {
    /// The server's name and version, such as `Neo4j/5.26.0`.
    pub agent: Box<str>,
    /// The server's name for this connection.
    pub connection_id: Box<str>,
    /// The longest silence that the server promises while it works (`connection.recv_timeout_seconds`).
    pub receive_timeout: Option<Duration>,
    /// Whether the server wants TELEMETRY (`telemetry.enabled`).
    pub telemetry: bool,
    /// Whether the server routes for its clients (`ssr.enabled`).
    pub server_side_routing: bool,
    /// Whether date-times count in UTC although the version is older than 5.0.
    utc_patch: bool,
}

/// The longest silence that is waited for, in seconds: a year is as good as for ever, and no clock runs over.
const MAX_PROMISE: u64 = 365 * 24 * 3600;

impl ServerHello {
    fn read(metadata: &Map, it: &Capabilities) -> Result<Self, PeerViolation> {
        let text = |field: &Field| field.of(metadata, it).and_then(Value::as_str);
        // Whoever changed the handshake on its way could not change this.
        if text(&hello::PROTOCOL_VERSION).is_some_and(|told| told != it.version.to_string()) {
            return Err(PeerViolation::Metadata(hello::PROTOCOL_VERSION.name));
        }
        let hints = hello::HINTS.of(metadata, it).and_then(Value::as_map);
        let hint = |field: &Field| field.of(hints?, it);
        let seconds = hint(&hello::RECEIVE_TIMEOUT).and_then(Value::as_i64).and_then(|it| u64::try_from(it).ok());
        let patches = hello::PATCH_BOLT.of(metadata, it).and_then(Value::as_list).unwrap_or_default();
        Ok(Self {
            agent: text(&hello::SERVER).unwrap_or_default().into(),
            connection_id: text(&hello::CONNECTION_ID).unwrap_or_default().into(),
            receive_timeout: seconds.filter(|it| *it > 0).map(|it| Duration::from_secs(it.min(MAX_PROMISE))),
            telemetry: hint(&hello::TELEMETRY_ENABLED) == Some(&Value::Boolean(true)),
            server_side_routing: hint(&hello::SSR_ENABLED) == Some(&Value::Boolean(true)),
            utc_patch: patches.iter().any(|it| it.as_str() == Some("utc")),
        })
    }
}

/// The client's side of a Bolt connection, from HELLO on. See the crate's page for the order of calls.
#[derive(Debug)]
pub struct ClientConnection {
    capabilities: &'static Capabilities,
    limits: ClientLimits,
    inbox: Inbox,
    outbox: Outbox,
    pending: VecDeque<Pending>,
    results: Vec<OpenResult>,
    /// The RUN that was sent last, whether or not its result is still open.
    latest_run: Option<RequestId>,
    /// Where the server's answers so far have led, and where they will have led when nothing in flight fails.
    confirmed: Progress,
    predicted: State,
    resets_pending: usize,
    next_request: u64,
    server: ServerHello,
    waiting_since: Option<Instant>,
    eof: bool,
    closed: Option<CloseReason>,
    closed_reported: bool,
    /// A violation behind records that were good.
    violation: Option<PeerViolation>,
    spare: Option<(Vec<u8>, Vec<u32>)>,
}

#[derive(Debug)]
struct Pending {
    id: RequestId,
    kind: RequestKind,
    /// For PULL and DISCARD, the result's RUN.
    run: Option<RequestId>,
    /// For PULL, how many records may still come.
    records_left: u64,
}

#[derive(Debug)]
struct OpenResult {
    run: RequestId,
    /// Known once RUN was answered in a transaction.
    qid: Option<i64>,
    keys: Arc<Keys>,
    /// What was asked of it and is not answered yet.
    asked: Option<Count>,
}

impl ClientConnection {
    /// Returns a connection on which `version` was agreed. HELLO comes first, behind what the handshake has `unsent`.
    ///
    /// # Panics
    ///
    /// `version` is not one that this crate speaks; a handshake never ends with such a one.
    pub fn new(version: Version, limits: ClientLimits, unsent: Vec<u8>) -> Self {
        Self {
            capabilities: version.capabilities().expect("invariant: a handshake ends with a version of the table"),
            limits,
            inbox: Inbox::new(limits.message),
            outbox: Outbox::new(unsent),
            pending: VecDeque::new(),
            results: Vec::new(),
            latest_run: None,
            confirmed: Progress::new(),
            predicted: State::Negotiation,
            resets_pending: 0,
            next_request: 0,
            server: ServerHello::default(),
            waiting_since: None,
            eof: false,
            closed: None,
            closed_reported: false,
            violation: None,
            spare: None,
        }
    }

    /// Returns the negotiated version.
    pub fn version(&self) -> Version {
        self.capabilities.version
    }

    /// Returns what the negotiated version can carry.
    pub fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
    }

    /// Returns what the server said in answer to HELLO.
    pub fn server(&self) -> &ServerHello {
        &self.server
    }

    /// Returns the state the server will be in when it has answered everything in flight successfully.
    pub fn state(&self) -> State {
        self.predicted
    }

    /// Returns whether another conversation can begin at once: READY, nothing in flight, nothing received or unsent.
    pub fn is_reusable(&self) -> bool {
        self.closed.is_none()
            && !self.eof
            && self.confirmed.state == State::Ready
            && self.pending.is_empty()
            && self.inbox.len() == 0
            && self.outbox.transmit().is_empty()
    }

    /// Returns whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Returns the number of requests that are not answered yet.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Returns whether a COMMIT is not answered yet.
    pub fn is_committing(&self) -> bool {
        self.pending.iter().any(|it| it.kind == RequestKind::Commit)
    }

    /// Returns whether the result that `run` opened is open: not read to its end, discarded, failed or reset.
    pub fn is_open(&self, run: RequestId) -> bool {
        self.results.iter().any(|it| it.run == run)
    }

    /// Appends `request` to the bytes to transmit.
    ///
    /// # Errors
    ///
    /// The request is not allowed now, or cannot be encoded. Nothing was appended, and the connection is untouched.
    pub fn send(&mut self, request: &Request<'_>) -> Result<RequestId, SendError> {
        if self.closed.is_some() || self.eof {
            return Err(SendError::Closed);
        }
        let kind = request.kind();
        self.check(request)?;
        let (run, count) = match request {
            Request::Pull { run, count } | Request::Discard { run, count } => (Some(*run), Some(*count)),
            _ => (None, None),
        };
        let next = if kind == RequestKind::Goodbye {
            State::Defunct
        } else {
            let streams = self.streams_after(kind, run, count);
            state::next(self.predicted, kind, Outcome::Success(streams), self.capabilities)
                .ok_or(SendError::NotAllowed { request: kind, state: self.predicted })?
        };
        self.write(request)?;
        self.predicted = next;
        let id = RequestId(self.next_request);
        self.next_request += 1;
        match kind {
            RequestKind::Goodbye => {
                self.closed = Some(CloseReason::Goodbye);
                return Ok(id);
            }
            RequestKind::Run => {
                self.latest_run = Some(id);
                self.results.push(OpenResult { run: id, qid: None, keys: Arc::default(), asked: None });
            }
            RequestKind::Reset => {
                self.resets_pending += 1;
                self.results.clear();
            }
            _ => {}
        }
        if let (Some(run), Some(count)) = (run, count) {
            if let Some(result) = self.results.iter_mut().find(|it| it.run == run) {
                result.asked = Some(count);
            }
        }
        let records_left = match (kind, count) {
            (RequestKind::Pull, Some(Count::Records(n))) => n,
            (RequestKind::Pull, _) => u64::MAX,
            _ => 0,
        };
        self.pending.push_back(Pending { id, kind, run, records_left });
        Ok(id)
    }

    /// Whether results will be open when `kind` was answered successfully.
    fn streams_after(&self, kind: RequestKind, run: Option<RequestId>, count: Option<Count>) -> Streams {
        let open = self.results.iter().any(|it| {
            let asked = if Some(it.run) == run { count } else { it.asked };
            asked != Some(Count::All)
        });
        if open || kind == RequestKind::Run { Streams::Open } else { Streams::None }
    }

    /// Checks that the negotiated version has what `request` asks for, parameters aside.
    fn check(&self, request: &Request<'_>) -> Result<(), SendError> {
        let it = self.capabilities;
        let can = |can: bool, what| {
            let version = it.version;
            if can { Ok(()) } else { Err(SendError::NotInVersion { what, version }) }
        };
        let can_filter = it.notifications != NotificationKeys::None;
        match request {
            Request::Hello(hello) => can(can_filter || hello.notifications.is_default(), "a notification filter"),
            Request::Logon(_) => can(it.logon, "LOGON"),
            Request::Logoff => can(it.logon, "LOGOFF"),
            Request::Telemetry(_) => can(it.telemetry, "TELEMETRY"),
            Request::Begin(options) | Request::RunAutoCommit { options, .. } => {
                can(it.databases || options.database.is_none(), "a named database")?;
                can(it.impersonation || options.impersonated_user.is_none(), "impersonation")?;
                can(can_filter || options.notifications.is_none_or(|it| it.is_default()), "a notification filter")
            }
            Request::Pull { count, .. } | Request::Discard { count, .. } => {
                can(it.paging || *count == Count::All, "a number of records to pull")
            }
            Request::Route { impersonated_user, .. } => {
                can(it.route, "ROUTE")?;
                can(it.impersonation || impersonated_user.is_none(), "impersonation")
            }
            Request::Run { .. } | Request::Commit | Request::Rollback | Request::Reset | Request::Goodbye => Ok(()),
        }
    }

    fn write(&mut self, request: &Request<'_>) -> Result<(), SendError> {
        let it = self.capabilities;
        let out = self.outbox.bytes_mut();
        match request {
            Request::Hello(hello) => put_message(out, |e| write::hello(e, hello, it))?,
            Request::Logon(auth) => put_message(out, |e| write::logon(e, auth))?,
            Request::Logoff => put_message(out, |e| write::bare(e, tag::LOGOFF))?,
            Request::Telemetry(api) => put_message(out, |e| write::telemetry(e, *api))?,
            Request::Begin(options) => put_message(out, |e| write::begin(e, options, it))?,
            Request::Run { query, parameters } => {
                let parameters = WireParameters::new(parameters, it, self.server.utc_patch)?;
                put_message(out, |e| write::run(e, query, &parameters, None, it))?;
            }
            Request::RunAutoCommit { query, parameters, options } => {
                let parameters = WireParameters::new(parameters, it, self.server.utc_patch)?;
                put_message(out, |e| write::run(e, query, &parameters, Some(options), it))?;
            }
            Request::Pull { run, count } | Request::Discard { run, count } => {
                let kind = request.kind();
                let qid = self.qid(*run)?;
                put_message(self.outbox.bytes_mut(), |e| write::stream(e, kind, *count, qid, it))?;
            }
            Request::Commit => put_message(out, |e| write::bare(e, tag::COMMIT))?,
            Request::Rollback => put_message(out, |e| write::bare(e, tag::ROLLBACK))?,
            Request::Route { context, bookmarks, database, impersonated_user } => {
                put_message(out, |e| write::route(e, context, bookmarks, *database, *impersonated_user, it))?;
            }
            Request::Reset => put_message(out, |e| write::bare(e, tag::RESET))?,
            Request::Goodbye => put_message(out, |e| write::bare(e, tag::GOODBYE))?,
        }
        Ok(())
    }

    /// The `qid` to send for the result that `run` opened: none for the most recent one, which is the default.
    fn qid(&self, run: RequestId) -> Result<Option<i64>, SendError> {
        let result = self.results.iter().find(|it| it.run == run).ok_or(SendError::NoSuchResult)?;
        if result.asked.is_some() {
            return Err(SendError::ResultBusy);
        }
        if self.latest_run == Some(run) {
            return Ok(None);
        }
        result.qid.map(Some).ok_or(SendError::UnnamedResult)
    }

    /// Decodes the next answer, or all records that lie complete in the buffer.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        if self.closed.is_none() {
            match self.next_event() {
                Ok(Some(event)) => return Some(event),
                Ok(None) if self.eof => self.closed = Some(CloseReason::PeerClosed),
                Ok(None) => {}
                Err(violation) => self.closed = Some(CloseReason::Violation(violation)),
            }
        }
        let reason = self.closed.clone()?;
        if core::mem::replace(&mut self.closed_reported, true) {
            return None;
        }
        self.confirmed.state = State::Defunct;
        self.predicted = State::Defunct;
        Some(Event::Closed(reason))
    }

    fn next_event(&mut self) -> Result<Option<Event>, PeerViolation> {
        if let Some(violation) = self.violation.take() {
            return Err(violation);
        }
        let Some(at) = self.inbox.next_message()? else {
            return Ok(None);
        };
        let message = self.inbox.bytes().get(at.clone()).unwrap_or_default();
        let Ok((fields, (tag, arity))) = head(message) else {
            return Err(PeerViolation::Metadata("structure"));
        };
        let metadata = match (tag, arity) {
            (tag::RECORD, 1) => return self.records(at).map(Some),
            (tag::SUCCESS | tag::FAILURE, 1) => {
                let mut decoder = Decoder::new(fields);
                let value: Value = packstream::build(&mut decoder, self.limits.values)?;
                decoder.finish()?;
                let Value::Map(metadata) = value else {
                    return Err(PeerViolation::Metadata("metadata"));
                };
                metadata
            }
            // Some servers send IGNORED with an empty map.
            (tag::IGNORED, _) => Map::default(),
            (tag::RECORD | tag::SUCCESS | tag::FAILURE, _) => return Err(PeerViolation::Metadata("number of fields")),
            _ => return Err(PeerViolation::UnknownMessage(tag)),
        };
        let Some(pending) = self.pending.pop_front() else {
            return Err(PeerViolation::UnsolicitedResponse(tag));
        };
        match tag {
            tag::SUCCESS => self.succeeded(&pending, metadata).map(Some),
            tag::FAILURE => self.failed(&pending, &metadata).map(Some),
            _ => self.ignored(&pending).map(Some),
        }
    }

    /// Goes on by one answer. With nothing else in flight the server's word counts, whatever was predicted.
    fn progress(&mut self, pending: &Pending, answer: Answer) -> Result<(), PeerViolation> {
        let response = match answer {
            Answer::Success { .. } => "SUCCESS",
            Answer::Failure => "FAILURE",
            Answer::Ignored => "IGNORED",
        };
        let state = self.confirmed.state;
        self.confirmed.answered(pending.kind, answer, self.capabilities).ok_or(PeerViolation::UnexpectedResponse {
            request: pending.kind,
            response,
            state,
        })?;
        if self.pending.is_empty() {
            self.predicted = self.confirmed.state;
        }
        Ok(())
    }

    fn succeeded(&mut self, pending: &Pending, metadata: Map) -> Result<Event, PeerViolation> {
        let it = self.capabilities;
        let mut has_more = false;
        match pending.kind {
            RequestKind::Hello => self.server = ServerHello::read(&metadata, it)?,
            RequestKind::Run => {
                let (keys, qid) = (keys(&metadata, it)?, qid(&metadata, it)?);
                // A RESET behind it has closed the result already.
                if let Some(result) = self.results.iter_mut().find(|it| it.run == pending.id) {
                    result.keys = Arc::new(keys);
                    result.qid = qid;
                }
            }
            RequestKind::Pull | RequestKind::Discard => {
                has_more = match result::HAS_MORE.of(&metadata, it) {
                    None => false,
                    Some(Value::Boolean(has_more)) => *has_more,
                    Some(_) => return Err(PeerViolation::Metadata(result::HAS_MORE.name)),
                };
                if !has_more {
                    self.results.retain(|it| Some(it.run) != pending.run);
                } else if let Some(result) = self.results.iter_mut().find(|it| Some(it.run) == pending.run) {
                    result.asked = None;
                }
            }
            RequestKind::Reset => self.resets_pending = self.resets_pending.saturating_sub(1),
            _ => {}
        }
        self.progress(pending, Answer::Success { has_more })?;
        Ok(Event::Success { request: pending.id, metadata })
    }

    fn failed(&mut self, pending: &Pending, metadata: &Map) -> Result<Event, PeerViolation> {
        self.progress(pending, Answer::Failure)?;
        if self.confirmed.state == State::Defunct {
            self.closed = Some(CloseReason::Refused);
        } else if self.resets_pending == 0 {
            self.predicted = State::Failed;
            self.results.clear();
        }
        Ok(Event::Failure { request: pending.id, failure: Failure::from_metadata(metadata) })
    }

    fn ignored(&mut self, pending: &Pending) -> Result<Event, PeerViolation> {
        // A RESET behind it makes the server ignore what it had not begun.
        if self.resets_pending > 0 && pending.kind != RequestKind::Reset && self.confirmed.state != State::Failed {
            self.confirmed.interrupted();
        }
        self.progress(pending, Answer::Ignored)?;
        self.results.retain(|it| it.run != pending.id);
        Ok(Event::Ignored { request: pending.id })
    }
}

/// The columns of a result. A server need not name them where there are none.
fn keys(metadata: &Map, it: &Capabilities) -> Result<Keys, PeerViolation> {
    let Some(keys) = result::FIELDS.of(metadata, it) else {
        return Ok(Keys::default());
    };
    let keys = keys.as_list().and_then(|keys| keys.iter().map(Value::as_str).collect());
    keys.ok_or(PeerViolation::Metadata(result::FIELDS.name))
}

/// The name of a result, as the server gives it in a transaction. Official drivers take an answer without one, and so do we: the most
/// recent result needs none.
fn qid(metadata: &Map, it: &Capabilities) -> Result<Option<i64>, PeerViolation> {
    match result::QID.of(metadata, it) {
        // Minus one stands for the most recent result, whichever that is.
        None | Some(Value::Integer(-1)) => Ok(None),
        Some(Value::Integer(qid)) => Ok(Some(*qid)),
        Some(_) => Err(PeerViolation::Metadata(result::QID.name)),
    }
}

impl Endpoint for ClientConnection {
    fn receive_buffer(&mut self) -> &mut [u8] {
        self.inbox.spare()
    }

    fn handle_input(&mut self, _now: Instant, len: usize) {
        self.inbox.filled(len);
        self.waiting_since = None;
    }

    fn handle_eof(&mut self) {
        self.eof = true;
    }

    fn wants_input(&self) -> bool {
        self.closed.is_none() && !self.eof && self.inbox.wants_input(self.limits.high_water)
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.transmit()
    }

    fn transmitted(&mut self, len: usize) {
        self.outbox.transmitted(len);
    }

    fn handle_waiting(&mut self, now: Instant) {
        if !self.pending.is_empty() {
            self.waiting_since.get_or_insert(now);
        }
    }

    fn handle_idle(&mut self) {
        self.waiting_since = None;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if self.closed.is_some() {
            return None;
        }
        Some(self.waiting_since? + self.server.receive_timeout?)
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.closed = Some(CloseReason::ReceiveTimeout);
            self.waiting_since = None;
        }
    }
}
