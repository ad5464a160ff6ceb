//! The client's machine.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use packstream::{Decoder, Limits, scan};

use crate::batch::{Keys, RecordBatch};
use crate::chunk::{Inbox, Outbox, put_message};
use crate::endpoint::Endpoint;
use crate::error::{CloseReason, Failure, PeerViolation, SendError};
use crate::message::write::{self, WireParameters};
use crate::message::{Count, Request, RequestKind, head, tag};
use crate::parameters::Parameters;
use crate::state::{self, Outcome, State, Streams};
use crate::structure;
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
    fn read(metadata: &Map) -> Self {
        let text = |key| metadata.get(key).and_then(Value::as_str).unwrap_or_default().into();
        let hint = |key| match metadata.get("hints") {
            Some(Value::Map(hints)) => hints.get(key),
            _ => None,
        };
        let seconds = match hint("connection.recv_timeout_seconds") {
            Some(Value::Integer(seconds)) => u64::try_from(*seconds).ok().filter(|seconds| *seconds > 0),
            _ => None,
        };
        Self {
            agent: text("server"),
            connection_id: text("connection_id"),
            receive_timeout: seconds.map(|seconds| Duration::from_secs(seconds.min(MAX_PROMISE))),
            telemetry: hint("telemetry.enabled") == Some(&Value::Boolean(true)),
            server_side_routing: hint("ssr.enabled") == Some(&Value::Boolean(true)),
            utc_patch: matches!(metadata.get("patch_bolt"), Some(Value::List(list)) if list.iter().any(|it| it.as_str() == Some("utc"))),
        }
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
    /// What the server has answered so far, and what it will have answered when nothing fails.
    confirmed: State,
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
    /// Whether all its records were asked for.
    asked_for_all: bool,
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
            confirmed: State::Negotiation,
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
            && self.confirmed == State::Ready
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

    /// Returns whether no record of the result that `run` opened is asked for beyond those received.
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
                self.results.push(OpenResult { run: id, qid: None, keys: Arc::default(), asked_for_all: false });
            }
            RequestKind::Reset => {
                self.resets_pending += 1;
                self.results.clear();
            }
            _ => {}
        }
        if let (Some(run), Some(count)) = (run, count) {
            if let Some(result) = self.results.iter_mut().find(|it| it.run == run) {
                result.asked_for_all = count == Count::All;
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
            let ends_now = Some(it.run) == run && count == Some(Count::All);
            !it.asked_for_all && !ends_now
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
            Request::Pull { run, count } => {
                let qid = self.qid(*run)?;
                put_message(self.outbox.bytes_mut(), |e| write::stream(e, tag::PULL, *count, qid, it))?;
            }
            Request::Discard { run, count } => {
                let qid = self.qid(*run)?;
                put_message(self.outbox.bytes_mut(), |e| write::stream(e, tag::DISCARD, *count, qid, it))?;
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
        if self.latest_run == Some(run) {
            return Ok(None);
        }
        result.qid.map(Some).ok_or(SendError::NoSuchResult)
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
        self.confirmed = State::Defunct;
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
            return Err(PeerViolation::UnknownMessage(message.first().copied().unwrap_or(0)));
        };
        if tag == tag::RECORD && arity == 1 {
            return self.records(at).map(Some);
        }
        let metadata = match (tag, arity) {
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

    fn transition(&mut self, pending: &Pending, outcome: Outcome, response: &'static str) -> Result<(), PeerViolation> {
        let next = state::next(self.confirmed, pending.kind, outcome, self.capabilities);
        self.confirmed =
            next.ok_or(PeerViolation::UnexpectedResponse { request: pending.kind, response, state: self.confirmed })?;
        Ok(())
    }

    fn succeeded(&mut self, pending: &Pending, metadata: Map) -> Result<Event, PeerViolation> {
        match pending.kind {
            RequestKind::Hello => self.server = ServerHello::read(&metadata),
            RequestKind::Run => {
                let keys = keys(&metadata)?;
                let qid = match metadata.get("qid") {
                    None => None,
                    Some(Value::Integer(qid)) => Some(*qid),
                    Some(_) => return Err(PeerViolation::Metadata("qid")),
                };
                // A RESET behind it has closed the result already.
                if let Some(result) = self.results.iter_mut().find(|it| it.run == pending.id) {
                    result.keys = Arc::new(keys);
                    result.qid = qid;
                }
            }
            RequestKind::Pull | RequestKind::Discard => {
                let has_more = metadata.get("has_more") == Some(&Value::Boolean(true));
                if has_more {
                    if let Some(result) = self.results.iter_mut().find(|it| Some(it.run) == pending.run) {
                        result.asked_for_all = false;
                    }
                } else {
                    self.results.retain(|it| Some(it.run) != pending.run);
                }
                self.repredict();
            }
            RequestKind::Reset => self.resets_pending = self.resets_pending.saturating_sub(1),
            _ => {}
        }
        // Results whose RUN is not answered yet are not open for the server.
        let answered = |it: &OpenResult| !self.pending.iter().any(|p| p.kind == RequestKind::Run && p.id == it.run);
        let streams = if self.results.iter().any(answered) { Streams::Open } else { Streams::None };
        self.transition(pending, Outcome::Success(streams), "SUCCESS")?;
        Ok(Event::Success { request: pending.id, metadata })
    }

    /// A result ended earlier than predicted, or did not: with nothing else in flight the server's word counts.
    fn repredict(&mut self) {
        if !self.pending.is_empty() {
            return;
        }
        let open = !self.results.is_empty();
        self.predicted = match self.predicted {
            State::Streaming | State::Ready if !open => State::Ready,
            State::Ready => State::Streaming,
            State::TxStreaming | State::TxReady if !open => State::TxReady,
            State::TxReady => State::TxStreaming,
            other => other,
        };
    }

    fn failed(&mut self, pending: &Pending, metadata: &Map) -> Result<Event, PeerViolation> {
        self.transition(pending, Outcome::Failure, "FAILURE")?;
        if self.confirmed == State::Defunct {
            self.closed = Some(CloseReason::Refused);
        } else if self.resets_pending == 0 {
            self.predicted = State::Failed;
            self.results.clear();
        }
        Ok(Event::Failure { request: pending.id, failure: Failure::from_metadata(metadata) })
    }

    fn ignored(&mut self, pending: &Pending) -> Result<Event, PeerViolation> {
        // A RESET behind it makes the server ignore what it had not begun.
        if self.resets_pending > 0 && pending.kind != RequestKind::Reset && self.confirmed != State::Failed {
            self.confirmed = State::Interrupted;
        }
        self.transition(pending, Outcome::Ignored, "IGNORED")?;
        self.results.retain(|it| it.run != pending.id);
        Ok(Event::Ignored { request: pending.id })
    }

    /// The record at `first` and all complete ones behind it.
    fn records(&mut self, first: core::ops::Range<usize>) -> Result<Event, PeerViolation> {
        let unexpected = PeerViolation::UnsolicitedResponse(tag::RECORD);
        let Some(pending) = self.pending.front_mut() else {
            return Err(unexpected);
        };
        let (RequestKind::Pull, Some(run)) = (pending.kind, pending.run) else {
            return Err(PeerViolation::UnexpectedResponse {
                request: pending.kind,
                response: "RECORD",
                state: self.confirmed,
            });
        };
        if !matches!(self.confirmed, State::Streaming | State::TxStreaming) {
            return Err(unexpected);
        }
        // After a RESET the result is gone; its records are still read and then dropped by their receiver.
        let keys = self.results.iter().find(|it| it.run == run).map(|it| Arc::clone(&it.keys));
        let (spare, mut offsets) = self.spare.take().unwrap_or_default();
        offsets.clear();
        let mut rows = Rows {
            width: keys.as_ref().map(|keys| keys.len()),
            limits: self.limits.values,
            left: pending.records_left,
            offsets,
            count: 0,
        };
        // All in locals: the inbox is told once how far it was read.
        let bytes = self.inbox.bytes();
        let base = first.start;
        let mut at = first;
        let mut next = self.inbox.position();
        let is_good = loop {
            let message = bytes.get(base..at.end).unwrap_or_default();
            if !rows.read(message, at.start - base) {
                break false;
            }
            if at.end - base > MAX_BATCH {
                break true;
            }
            let Some(payload) = self.inbox.whole_message(next, tag::RECORD) else {
                break true;
            };
            next = payload.end + 2;
            at = payload;
        };
        self.inbox.advance(next);
        pending.records_left = rows.left;
        let end = at.end;
        if !is_good {
            let message = self.inbox.bytes().get(base..end).unwrap_or_default();
            let violation = rows.violation(message, at.start - base);
            if rows.count == 0 {
                return Err(violation);
            }
            // What came before it is good, and comes first.
            self.violation = Some(violation);
        }
        let Rows { offsets, count: rows, .. } = rows;
        let keys = keys.unwrap_or_default();
        let batch = if self.inbox.is_mostly(end - base) {
            RecordBatch::new(keys, self.inbox.take(spare), base, offsets, rows)
        } else {
            // A few records do not keep a whole buffer alive.
            let records = self.inbox.bytes().get(base..end).unwrap_or_default();
            if spare.capacity() > 2 * records.len() {
                let copy = records.to_vec();
                self.spare = Some((spare, Vec::new()));
                RecordBatch::new(keys, copy, 0, offsets, rows)
            } else {
                let mut copy = spare;
                copy.clear();
                copy.extend_from_slice(records);
                RecordBatch::new(keys, copy, 0, offsets, rows)
            }
        };
        Ok(Event::Records { run, batch })
    }

    /// Takes back the memory of a batch that is no longer used, for the next one.
    pub fn recycle(&mut self, batch: RecordBatch) {
        let (buffer, offsets) = batch.into_parts();
        let (kept_buffer, kept_offsets) = self.spare.take().unwrap_or_default();
        self.spare = Some((larger(buffer, kept_buffer), larger(offsets, kept_offsets)));
    }
}

/// The most memory that is kept for the next batch, in bytes. What one large message needed is not kept as long as its
/// connection; a stream in its stride needs up to twice the high-water mark.
const MAX_SPARE: usize = 2 << 20;

/// The larger of two vectors, unless it is too large to be kept.
fn larger<T>(given: Vec<T>, kept: Vec<T>) -> Vec<T> {
    let is_kept = given.capacity() <= kept.capacity() || given.capacity() * size_of::<T>() > MAX_SPARE;
    if is_kept { kept } else { given }
}

/// The records of a batch while they are scanned.
struct Rows {
    /// The number of columns, unless the records are dropped.
    width: Option<usize>,
    limits: Limits,
    /// How many may still come.
    left: u64,
    offsets: Vec<u32>,
    count: usize,
}

impl Rows {
    /// Scans the RECORD at `start`, up to the end of `bytes`. Whether it is good; if not, [`Self::violation`] says why.
    #[inline(always)]
    fn read(&mut self, bytes: &[u8], start: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        let Some(width) = self.width else {
            self.left -= 1;
            return true;
        };
        // Behind the two bytes of the message's head.
        let mut decoder = Decoder::at(bytes, start + 2);
        if decoder.list_header() != Ok(width) {
            return false;
        }
        let scanned = self.offsets.len();
        if scan(bytes, decoder.offset(), width, self.limits, &mut self.offsets) != Ok(bytes.len()) {
            self.offsets.truncate(scanned);
            return false;
        }
        self.left -= 1;
        self.count += 1;
        true
    }

    /// Says what is wrong with a RECORD that is not good.
    #[cold]
    fn violation(&self, bytes: &[u8], start: usize) -> PeerViolation {
        if self.left == 0 {
            return PeerViolation::TooManyRecords;
        }
        let mut decoder = Decoder::at(bytes, start + 2);
        let expected = self.width.unwrap_or_default();
        match decoder.list_header() {
            Err(error) => error.into(),
            Ok(found) if found != expected => PeerViolation::RecordWidth { expected, found },
            Ok(_) => match scan(bytes, decoder.offset(), expected, self.limits, &mut Vec::new()) {
                Err(error) => error.into(),
                Ok(_) => PeerViolation::Metadata("record: there are bytes behind its fields"),
            },
        }
    }
}

/// Where a batch ends although more records lie complete behind it: offsets are 32 bits wide, and a batch is freed as a whole.
const MAX_BATCH: usize = 16 << 20;

impl<'a> WireParameters<'a> {
    /// Checks that the negotiated version can carry `parameters`, and rewrites what has an older form there.
    fn new(parameters: &'a Parameters, it: &Capabilities, utc_patch: bool) -> Result<Self, SendError> {
        let version = it.version;
        let tags = parameters.tags();
        if tags.contains_uuid() && !it.uuids {
            return Err(SendError::NotInVersion { what: "a UUID", version });
        }
        if tags.contains(structure::tag::VECTOR) && !it.vectors {
            return Err(SendError::NotInVersion { what: "a vector", version });
        }
        if let Some(what) = structure::receive_only(tags) {
            return Err(SendError::NotInVersion { what, version });
        }
        let zoned = tags.contains(structure::tag::DATE_TIME) || tags.contains(structure::tag::DATE_TIME_ZONE_ID);
        if !zoned || it.element_ids || utc_patch {
            return Ok(Self::Native(parameters));
        }
        let mut native = Vec::new();
        parameters.encode_map(&mut packstream::Encoder::new(&mut native))?;
        let mut bytes = Vec::with_capacity(native.len());
        structure::legacy::legacy_utc(&native, &mut bytes)?;
        Ok(Self::Rewritten(bytes))
    }
}

fn keys(metadata: &Map) -> Result<Keys, PeerViolation> {
    let Some(Value::List(fields)) = metadata.get("fields") else {
        return Err(PeerViolation::Metadata("fields"));
    };
    fields.iter().map(|it| it.as_str().ok_or(PeerViolation::Metadata("fields"))).collect()
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

#[cfg(test)]
mod tests;
