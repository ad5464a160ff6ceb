//! The server's machine.

use std::collections::VecDeque;
use std::time::Instant;

use packstream::{EncodeError, Encoder, ListWriter, TagSet};

use crate::chunk::{Inbox, Outbox, put_message};
use crate::endpoint::Endpoint;
use crate::error::{CloseReason, Failure, PeerViolation};
use crate::message::schema::{hello, result};
use crate::message::{RequestKind, ServerRequest, tag};
use crate::state::{self, Answer, Outcome, Progress, State, Streams};
use crate::structure::{self, legacy};
use crate::value::{Map, Value};
use crate::version::{Capabilities, Version};

/// What a client asks.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The next request. It is to be answered by [`ServerConnection::success`] or [`ServerConnection::failure`]
    /// before the next one comes; [`ServerRequest::Goodbye`] is not an event but a [`CloseReason`].
    Request(ServerRequest),
    /// A RESET jumped the queue: the request that was being answered has been answered with IGNORED, and what runs for it
    /// is to be stopped. The RESET itself follows as a request.
    Interrupted,
    /// The connection is closed; no further event comes. What is left to transmit should still be written.
    Closed(CloseReason),
}

/// What a server lets a client do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The largest message once authenticated, in bytes: 64 MiB, what Neo4j itself was seen to take in one message.
    ///
    /// Requests that wait to be answered may together be as large, before reading stops.
    pub message: usize,
    /// The largest message before that, in bytes: 8 KiB holds every HELLO and LOGON that drivers send.
    pub unauthenticated_message: usize,
    /// How many requests may wait to be answered before reading stops: 64 is far above what drivers pipeline.
    pub pipelined: usize,
    /// How much may wait to be transmitted before reading stops, in bytes: 256 KiB.
    pub high_water: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { message: 64 << 20, unauthenticated_message: 8 << 10, pipelined: 64, high_water: 256 << 10 }
    }
}

/// A request of which a field is missing or of the wrong type.
#[derive(Debug)]
struct Invalid {
    kind: RequestKind,
    violation: PeerViolation,
}

/// A request that waits to be answered, and its size in bytes. One whose fields are not valid fails in its turn.
type Queued = (Result<ServerRequest, Invalid>, usize);

/// The server's side of a Bolt connection, from HELLO on. See the crate's page for the order of calls.
///
/// A request with a field that is missing or not valid is answered with FAILURE, which RESET heals, and does not become an event.
/// Whatever else breaks the protocol, and anything that does before authentication, closes the connection. A client that has
/// ended its stream gets its answers first.
#[derive(Debug)]
pub struct ServerConnection {
    capabilities: &'static Capabilities,
    /// Whether the version was chosen from a manifest; HELLO's answer then names it.
    manifest: bool,
    /// Whether a client of 4.3 or 4.4 asked for date-times in UTC; it always gets them.
    utc_patch: bool,
    limits: ServerLimits,
    inbox: Inbox,
    outbox: Outbox,
    queue: VecDeque<Queued>,
    queued_bytes: usize,
    resets_queued: usize,
    /// What is wrong with the message behind the queue.
    violation: Option<PeerViolation>,
    /// How much of the inbox was searched for a RESET that the full queue has no room for.
    searched: usize,
    /// How many messages have been received.
    received: u64,
    serving: Option<RequestKind>,
    progress: Progress,
    eof: bool,
    closed: Option<CloseReason>,
    closed_reported: bool,
}

impl ServerConnection {
    /// Returns a connection on which `version` was agreed, from a `manifest` or a legacy slot.
    ///
    /// # Panics
    ///
    /// `version` is not one that this crate speaks; a handshake never ends with such a one.
    pub fn new(version: Version, manifest: bool, limits: ServerLimits) -> Self {
        Self {
            capabilities: version.capabilities().expect("invariant: a handshake ends with a version of the table"),
            manifest,
            utc_patch: false,
            limits,
            inbox: Inbox::new(limits.unauthenticated_message),
            outbox: Outbox::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            resets_queued: 0,
            violation: None,
            searched: 0,
            received: 0,
            serving: None,
            progress: Progress::new(),
            eof: false,
            closed: None,
            closed_reported: false,
        }
    }

    /// Returns the negotiated version.
    pub fn version(&self) -> Version {
        self.capabilities.version
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        self.progress.state
    }

    /// Returns whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Returns whether so much waits to be transmitted that no further record should be made.
    pub fn is_congested(&self) -> bool {
        self.outbox.transmit().len() >= self.limits.high_water
    }

    /// Returns the number of the message whose beginning has been received and whose end has not, if there is one.
    /// It is known when [`poll_event`](Self::poll_event) has nothing more.
    pub fn unfinished_message(&self) -> Option<u64> {
        (self.queue_has_room() && self.violation.is_none() && self.inbox.len() > 0).then_some(self.received)
    }

    /// Before authentication requests are read one by one: the answer to one decides how large the next may be, and none interrupts another.
    fn queue_has_room(&self) -> bool {
        let most = if self.is_authenticated() { self.limits.pipelined } else { usize::from(self.serving.is_none()) };
        self.queue.len() < most && self.queued_bytes < self.limits.message
    }

    /// Returns what the client wants next.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        if self.closed.is_none() {
            match self.next_event() {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(violation) => self.violated(violation),
            }
        }
        let reason = self.closed.clone()?;
        if core::mem::replace(&mut self.closed_reported, true) {
            return None;
        }
        self.progress.state = State::Defunct;
        self.serving = None;
        Some(ServerEvent::Closed(reason))
    }

    fn next_event(&mut self) -> Result<Option<ServerEvent>, PeerViolation> {
        loop {
            self.read_ahead();
            if let Some(serving) = self.serving {
                // RESET heals an authenticated connection only; before that it is a violation, found in its turn.
                let healing = self.is_authenticated() && serving != RequestKind::Reset && self.reset_waits();
                if healing {
                    self.progress.interrupted();
                    self.serving = None;
                    self.reply(|e| e.structure_header(tag::IGNORED, 0));
                    return Ok(Some(ServerEvent::Interrupted));
                }
                // A client that has ended its stream is answered all the same.
                return Ok(None);
            }
            let Some((request, size)) = self.queue.pop_front() else {
                if let Some(violation) = self.violation.take() {
                    return Err(violation);
                }
                if self.eof {
                    self.closed = Some(CloseReason::PeerClosed);
                }
                return Ok(None);
            };
            self.queued_bytes -= size;
            let kind = request.as_ref().map_or_else(|invalid| invalid.kind, ServerRequest::kind);
            match kind {
                RequestKind::Goodbye => {
                    self.closed = Some(CloseReason::Goodbye);
                    return Ok(None);
                }
                RequestKind::Reset => self.resets_queued -= 1,
                _ => {
                    if self.resets_queued > 0 {
                        self.progress.interrupted();
                    }
                    if self.progress.answered(kind, Answer::Ignored, self.capabilities).is_some() {
                        self.reply(|e| e.structure_header(tag::IGNORED, 0));
                        continue;
                    }
                    // The specification has the client discard its results first, and servers do not insist.
                    if matches!(kind, RequestKind::Commit | RequestKind::Rollback) {
                        self.progress.drop_results();
                    }
                }
            }
            let allowed = state::next(self.progress.state, kind, Outcome::Success(Streams::None), self.capabilities);
            if allowed.is_none() {
                return Err(PeerViolation::UnexpectedRequest { request: kind, state: self.progress.state });
            }
            let request = match request {
                Ok(request) => request,
                Err(invalid) if !self.is_authenticated() => return Err(invalid.violation),
                Err(invalid) => {
                    self.serving = Some(kind);
                    self.failure(&Failure::new("Neo.ClientError.Request.Invalid", invalid.violation.to_string()));
                    continue;
                }
            };
            if let ServerRequest::Hello(extra) = &request {
                let patches = hello::PATCH_BOLT.of(extra, self.capabilities).and_then(Value::as_list);
                self.utc_patch = patches.unwrap_or_default().iter().any(|it| it.as_str() == Some("utc"));
            }
            self.serving = Some(kind);
            return Ok(Some(ServerEvent::Request(request)));
        }
    }

    /// Fills the queue. A violation waits behind it for its turn: the client would take its FAILURE for the answer to a request before it.
    fn read_ahead(&mut self) {
        while self.violation.is_none() && self.queue_has_room() {
            match self.read() {
                Ok(Some((request, size))) => {
                    self.received += 1;
                    self.resets_queued += usize::from(matches!(request, Ok(ServerRequest::Reset)));
                    self.queued_bytes += size;
                    self.queue.push_back((request, size));
                    self.searched = 0;
                }
                Ok(None) => break,
                Err(violation) => self.violation = Some(violation),
            }
        }
    }

    fn read(&mut self) -> Result<Option<Queued>, PeerViolation> {
        let Some(at) = self.inbox.next_message()? else {
            return Ok(None);
        };
        let message = self.inbox.bytes().get(at).unwrap_or_default();
        let request = match ServerRequest::read(message, self.capabilities) {
            Err(violation @ PeerViolation::Metadata(_)) => {
                let kind = RequestKind::of(message);
                // These two have no fields, so none that could be put right.
                match kind.filter(|kind| !matches!(kind, RequestKind::Reset | RequestKind::Goodbye)) {
                    Some(kind) => Err(Invalid { kind, violation }),
                    None => return Err(violation),
                }
            }
            read => Ok(read?),
        };
        Ok(Some((request, message.len())))
    }

    /// Returns whether a RESET has been received that is not being answered: in the queue, or behind it if it is full.
    fn reset_waits(&mut self) -> bool {
        if self.resets_queued == 0 && !self.queue_has_room() {
            return self.inbox.finds_bare_message(&mut self.searched, tag::RESET);
        }
        self.resets_queued > 0
    }

    fn is_authenticated(&self) -> bool {
        !matches!(self.progress.state, State::Negotiation | State::Authentication | State::Defunct)
    }

    /// Answers a violation with FAILURE and closes.
    fn violated(&mut self, violation: PeerViolation) {
        let failure = Failure::new("Neo.ClientError.Request.Invalid", violation.to_string());
        self.put_failure(&failure);
        self.serving = None;
        self.closed = Some(CloseReason::Violation(violation));
    }

    /// Answers the request with SUCCESS.
    ///
    /// `has_more` in `metadata` keeps a pulled or discarded result open. HELLO's answer gets the `protocol_version` that
    /// belongs to a manifest, and `patch_bolt` where UTC date-times were asked for. Without a request to answer nothing happens: it was interrupted.
    pub fn success(&mut self, metadata: &Map) {
        let Some(kind) = self.serving.take() else { return };
        let has_more = metadata.get(result::HAS_MORE.name) == Some(&Value::Boolean(true));
        self.progress
            .answered(kind, Answer::Success { has_more }, self.capabilities)
            .expect("invariant: only allowed requests are served");
        let authenticated = self.is_authenticated();
        self.inbox.set_max_message(if authenticated {
            self.limits.message
        } else {
            self.limits.unauthenticated_message
        });
        let is_hello = kind == RequestKind::Hello;
        let version = (is_hello && self.manifest).then(|| self.capabilities.version.to_string());
        let patched = is_hello && self.utc_patch;
        self.reply(|e| {
            e.structure_header(tag::SUCCESS, 1)?;
            e.map(metadata.len() + usize::from(version.is_some()) + usize::from(patched), |entries| {
                metadata.iter().try_for_each(|(key, value)| entries.entry(key, value))?;
                if let Some(version) = &version {
                    entries.entry(hello::PROTOCOL_VERSION.name, version)?;
                }
                if patched { entries.entry(hello::PATCH_BOLT.name, &["utc"]) } else { Ok(()) }
            })
        });
    }

    /// Answers the request with FAILURE. Without a request to answer nothing happens: it was interrupted.
    pub fn failure(&mut self, failure: &Failure) {
        let Some(kind) = self.serving.take() else { return };
        self.progress
            .answered(kind, Answer::Failure, self.capabilities)
            .expect("invariant: only allowed requests are served");
        self.put_failure(failure);
        if self.progress.state == State::Defunct {
            self.closed = Some(CloseReason::Refused);
        }
    }

    /// Sends a record of the result that is being pulled; `fields` writes its `width` values. Without a PULL to
    /// answer nothing happens: it was interrupted.
    ///
    /// # Errors
    ///
    /// A value could not be encoded, or there were not `width` of them; nothing was sent.
    pub fn record(
        &mut self,
        width: usize,
        fields: impl Fn(&mut ListWriter<'_, '_, Vec<u8>>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if self.serving != Some(RequestKind::Pull) {
            return Ok(());
        }
        let it = self.capabilities;
        let carries = |tags: &TagSet| it.element_ids && structure::unknown(tags, it).is_none();
        let mut native = true;
        let sent = put_message(self.outbox.bytes_mut(), |e| {
            e.structure_header(tag::RECORD, 1)?;
            e.list(width, &fields)?;
            native = carries(e.tags());
            if native { Ok(()) } else { Err(EncodeError::custom("the version has an older form of it")) }
        });
        if native {
            return sent;
        }
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes).list(width, &fields)?;
        let mut older = Vec::with_capacity(bytes.len());
        legacy::legacy_record(&bytes, &mut older, it, self.utc_patch)?;
        put_message(self.outbox.bytes_mut(), |e| {
            e.structure_header(tag::RECORD, 1)?;
            e.raw(&older);
            Ok(())
        })
    }

    fn put_failure(&mut self, failure: &Failure) {
        let metadata = failure.to_metadata(self.capabilities.version);
        self.reply(|e| {
            e.structure_header(tag::FAILURE, 1)?;
            e.encode(&Value::Map(metadata))
        });
    }

    fn reply(&mut self, write: impl FnOnce(&mut Encoder<'_>) -> Result<(), EncodeError>) {
        // What a server says of itself is small; what is too large to be said is the server's mistake, and told.
        if let Err(error) = put_message(self.outbox.bytes_mut(), write) {
            let failure = Failure::new("Neo.DatabaseError.General.UnknownError", error.to_string());
            let metadata = failure.to_metadata(self.capabilities.version);
            let told = put_message(self.outbox.bytes_mut(), |e| {
                e.structure_header(tag::FAILURE, 1)?;
                e.encode(&Value::Map(metadata))
            });
            debug_assert!(told.is_ok(), "a failure of two short texts can be encoded");
            self.closed = Some(CloseReason::Refused);
        }
    }
}

impl Endpoint for ServerConnection {
    fn receive_buffer(&mut self) -> &mut [u8] {
        self.inbox.spare()
    }

    fn handle_input(&mut self, _now: Instant, len: usize) {
        self.inbox.filled(len);
    }

    fn handle_eof(&mut self) {
        self.eof = true;
    }

    fn wants_input(&self) -> bool {
        // While a request is being answered, what comes makes no answers: a client that first writes and then reads is
        // heard out, and so is one that leaves. What does not fit into the queue waits in the inbox.
        let high_water = self.limits.high_water;
        self.closed.is_none()
            && self.violation.is_none()
            && !self.eof
            && (self.serving.is_some() || !self.is_congested())
            && if self.queue_has_room() { self.inbox.wants_input(high_water) } else { self.inbox.len() < high_water }
    }

    fn outlives_peer(&self) -> bool {
        self.closed.is_none() && (self.serving.is_some() || !self.queue.is_empty())
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.transmit()
    }

    fn transmitted(&mut self, len: usize) {
        self.outbox.transmitted(len);
    }

    fn handle_waiting(&mut self, _now: Instant) {}

    fn handle_idle(&mut self) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn handle_timeout(&mut self, _now: Instant) {}
}
