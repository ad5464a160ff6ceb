//! The server's machine.

use std::collections::VecDeque;
use std::time::Instant;

use packstream::{EncodeError, Encoder, TagSet};

use crate::chunk::{Inbox, Outbox, put_message};
use crate::endpoint::Endpoint;
use crate::error::{CloseReason, Failure, PeerViolation};
use crate::message::{RequestKind, ServerRequest, tag};
use crate::state::{self, Outcome, State, Streams};
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

/// The server's side of a Bolt connection, from HELLO on. See the crate's page for the order of calls.
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
    /// The requests that wait to be answered, with their sizes in bytes.
    queue: VecDeque<(ServerRequest, usize)>,
    queued_bytes: usize,
    resets_queued: usize,
    /// How many messages have been received.
    received: u64,
    serving: Option<RequestKind>,
    state: State,
    results: usize,
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
            received: 0,
            serving: None,
            state: State::Negotiation,
            results: 0,
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
        self.state
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
        (self.queue_has_room() && self.inbox.len() > 0).then_some(self.received)
    }

    fn queue_has_room(&self) -> bool {
        self.queue.len() < self.limits.pipelined && self.queued_bytes < self.limits.message
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
        self.state = State::Defunct;
        Some(ServerEvent::Closed(reason))
    }

    fn next_event(&mut self) -> Result<Option<ServerEvent>, PeerViolation> {
        while self.queue_has_room() {
            let Some(at) = self.inbox.next_message()? else { break };
            let size = at.len();
            let request = ServerRequest::read(self.inbox.bytes().get(at).unwrap_or_default(), self.capabilities)?;
            self.received += 1;
            self.resets_queued += usize::from(request == ServerRequest::Reset);
            self.queued_bytes += size;
            self.queue.push_back((request, size));
        }
        if let Some(serving) = self.serving {
            // RESET heals an authenticated connection only; before that it is a violation, found in its turn.
            let healing = self.resets_queued > 0 && serving != RequestKind::Reset && self.is_authenticated();
            if healing {
                self.state = State::Interrupted;
                self.serving = None;
                self.reply(|e| e.structure_header(tag::IGNORED, 0));
                return Ok(Some(ServerEvent::Interrupted));
            }
            if self.eof {
                self.closed = Some(CloseReason::PeerClosed);
            }
            return Ok(None);
        }
        while let Some((request, size)) = self.queue.pop_front() {
            self.queued_bytes -= size;
            let kind = request.kind();
            match kind {
                RequestKind::Goodbye => {
                    self.closed = Some(CloseReason::Goodbye);
                    return Ok(None);
                }
                RequestKind::Reset => self.resets_queued -= 1,
                _ if self.is_authenticated()
                    && (self.resets_queued > 0 || matches!(self.state, State::Failed | State::Interrupted)) =>
                {
                    self.reply(|e| e.structure_header(tag::IGNORED, 0));
                    continue;
                }
                _ => {}
            }
            let allowed = state::next(self.state, kind, Outcome::Success(Streams::None), self.capabilities);
            if allowed.is_none() {
                return Err(PeerViolation::UnexpectedRequest { request: kind, state: self.state });
            }
            if let ServerRequest::Hello(extra) = &request {
                let asked = matches!(extra.get("patch_bolt"), Some(Value::List(list)) if list.iter().any(|it| it.as_str() == Some("utc")));
                self.utc_patch = asked && self.capabilities.utc_patch;
            }
            self.serving = Some(kind);
            return Ok(Some(ServerEvent::Request(request)));
        }
        if self.eof {
            self.closed = Some(CloseReason::PeerClosed);
        }
        Ok(None)
    }

    fn is_authenticated(&self) -> bool {
        !matches!(self.state, State::Negotiation | State::Authentication | State::Defunct)
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
        match kind {
            RequestKind::Run => self.results += 1,
            RequestKind::Pull | RequestKind::Discard if metadata.get("has_more") != Some(&Value::Boolean(true)) => {
                self.results = self.results.saturating_sub(1);
            }
            RequestKind::Reset | RequestKind::Commit | RequestKind::Rollback => self.results = 0,
            _ => {}
        }
        let streams = if self.results == 0 { Streams::None } else { Streams::Open };
        self.state = state::next(self.state, kind, Outcome::Success(streams), self.capabilities)
            .expect("invariant: only allowed requests are served");
        let authenticated = self.is_authenticated();
        self.inbox.set_max_message(if authenticated {
            self.limits.message
        } else {
            self.limits.unauthenticated_message
        });
        let hello = kind == RequestKind::Hello;
        let version = (hello && self.manifest).then(|| self.capabilities.version.to_string());
        let patched = hello && self.utc_patch;
        self.reply(|e| {
            e.structure_header(tag::SUCCESS, 1)?;
            e.map_header(metadata.len() + usize::from(version.is_some()) + usize::from(patched))?;
            for (key, value) in metadata.iter() {
                e.string(key)?;
                e.encode(value)?;
            }
            if let Some(version) = &version {
                e.string("protocol_version")?;
                e.string(version)?;
            }
            if patched {
                e.string("patch_bolt")?;
                e.encode(&["utc"][..])?;
            }
            Ok(())
        });
    }

    /// Answers the request with FAILURE. Without a request to answer nothing happens: it was interrupted.
    pub fn failure(&mut self, failure: &Failure) {
        let Some(kind) = self.serving.take() else { return };
        self.results = 0;
        self.state = state::next(self.state, kind, Outcome::Failure, self.capabilities)
            .expect("invariant: only allowed requests are served");
        self.put_failure(failure);
        if self.state == State::Defunct {
            self.closed = Some(CloseReason::Refused);
        }
    }

    /// Sends a record of the result that is being pulled; `fields` writes each of its `width` values. Without a PULL to
    /// answer nothing happens: it was interrupted.
    ///
    /// # Errors
    ///
    /// A value could not be encoded; nothing was sent.
    pub fn record(
        &mut self,
        width: usize,
        fields: impl Fn(&mut Encoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if self.serving != Some(RequestKind::Pull) {
            return Ok(());
        }
        let it = self.capabilities;
        let carries = |tags: &TagSet| {
            it.element_ids
                && (it.vectors || !tags.contains(structure::tag::VECTOR))
                && (it.uuids || !tags.contains_uuid())
        };
        let mut native = true;
        let sent = put_message(self.outbox.bytes_mut(), |e| {
            e.structure_header(tag::RECORD, 1)?;
            e.list_header(width)?;
            fields(e)?;
            native = carries(e.tags());
            if native { Ok(()) } else { Err(EncodeError::custom("the version has an older form of it")) }
        });
        if native {
            return sent;
        }
        let mut bytes = Vec::new();
        fields(&mut Encoder::new(&mut bytes))?;
        let mut older = Vec::with_capacity(bytes.len());
        legacy::legacy_record(&bytes, &mut older, it, self.utc_patch)?;
        put_message(self.outbox.bytes_mut(), |e| {
            e.structure_header(tag::RECORD, 1)?;
            e.list_header(width)?;
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
            && !self.eof
            && (self.serving.is_some() || !self.is_congested())
            && if self.queue_has_room() { self.inbox.wants_input(high_water) } else { self.inbox.len() < high_water }
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
