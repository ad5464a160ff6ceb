//! The handshake of an accepted connection, as an endpoint of the IO loop.

use std::time::Instant;

use neobolt_proto::handshake::ServerStep;
use neobolt_proto::{Endpoint, HandshakeError, ServerConnection, ServerHandshake, Version};

/// How much is read at once: a handshake, HELLO and LOGON arrive together.
const BUFFER: usize = 4 << 10;

/// The handshake, until the version is agreed.
#[derive(Debug)]
pub(crate) struct Opening {
    handshake: Option<ServerHandshake>,
    buffer: Vec<u8>,
    out: Vec<u8>,
    /// What came behind the handshake: the first messages.
    rest: Vec<u8>,
    outcome: Option<Result<(Version, bool), HandshakeError>>,
    eof: bool,
    deadline: Option<Instant>,
}

impl Opening {
    /// Returns a handshake that is over at `deadline`.
    pub(crate) fn new(deadline: Instant) -> Self {
        Self {
            handshake: Some(ServerHandshake::new()),
            buffer: vec![0; BUFFER],
            out: Vec::new(),
            rest: Vec::new(),
            outcome: None,
            eof: false,
            deadline: Some(deadline),
        }
    }

    /// Returns the version and whether it is from a manifest, once that is decided and all answers are written.
    pub(crate) fn outcome(&self) -> Option<Result<(Version, bool), HandshakeError>> {
        self.outcome.filter(|_| self.out.is_empty())
    }

    /// Returns whether the client left, or took too long.
    pub(crate) fn is_over(&self) -> bool {
        self.eof || self.deadline.is_none()
    }

    /// Hands the bytes behind the handshake to the machine.
    pub(crate) fn pass_on(&self, now: Instant, machine: &mut ServerConnection) {
        let mut rest = &self.rest[..];
        while !rest.is_empty() {
            let space = machine.receive_buffer();
            let len = space.len().min(rest.len());
            space[..len].copy_from_slice(&rest[..len]);
            machine.handle_input(now, len);
            rest = &rest[len..];
        }
        if self.eof {
            machine.handle_eof();
        }
    }
}

impl Endpoint for Opening {
    fn receive_buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn handle_input(&mut self, _now: Instant, len: usize) {
        let mut input = self.buffer.get(..len).unwrap_or(&self.buffer);
        if let Some(handshake) = self.handshake.take() {
            match handshake.handle_input(&mut input, &mut self.out) {
                Ok(ServerStep::NeedsInput(handshake)) => self.handshake = Some(handshake),
                Ok(ServerStep::Done { version, manifest }) => self.outcome = Some(Ok((version, manifest))),
                Err(error) => self.outcome = Some(Err(error)),
            }
        }
        self.rest.extend_from_slice(input);
    }

    fn handle_eof(&mut self) {
        self.eof = true;
    }

    fn wants_input(&self) -> bool {
        self.handshake.is_some() && !self.eof
    }

    fn transmit(&self) -> &[u8] {
        &self.out
    }

    fn transmitted(&mut self, len: usize) {
        self.out.drain(..len.min(self.out.len()));
    }

    fn handle_waiting(&mut self, _now: Instant) {}

    fn handle_idle(&mut self) {}

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.deadline = self.deadline.filter(|deadline| now < *deadline);
    }
}
