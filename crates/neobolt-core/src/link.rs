//! A client's whole stack over one stream of bytes: handshake, then Bolt.

use std::time::Instant;

use neobolt_proto::handshake::ClientStep;
use neobolt_proto::{ClientConnection, ClientHandshake, ClientLimits, Endpoint, HandshakeError, Version};

/// Carries one connection from its first byte to its last.
///
/// It begins with the handshake; [`Link::poll_open`] tells when that is over, and [`Link::bolt`] then gives the connection.
/// All state is here, half-written bytes included: a future that drives a link can be dropped at any await point.
#[derive(Debug)]
pub struct Link {
    limits: ClientLimits,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Handshake(Box<Opening>),
    Open(Box<ClientConnection>),
    Failed(LinkError),
}

#[derive(Debug)]
struct Opening {
    handshake: Option<ClientHandshake>,
    /// A manifest of a real server has some twenty bytes.
    received: [u8; 64],
    outbox: Vec<u8>,
    transmitted: usize,
}

/// A connection that did not come to its first message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    /// The peer closed the stream during the handshake.
    Closed,
    /// The handshake failed.
    Handshake(HandshakeError),
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("the peer closed the connection during the handshake"),
            Self::Handshake(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LinkError {}

impl Link {
    /// Begins the handshake, in which no version above `newest` is agreed on.
    #[must_use]
    pub fn new(limits: ClientLimits, newest: Version) -> Self {
        let mut outbox = Vec::new();
        let handshake = Some(ClientHandshake::start(newest, &mut outbox));
        let opening = Opening { handshake, received: [0; 64], outbox, transmitted: 0 };
        Self { limits, stage: Stage::Handshake(Box::new(opening)) }
    }

    /// Returns `None` while the handshake goes on, then whether it succeeded.
    ///
    /// # Errors
    ///
    /// The peer does not speak Bolt, no common version, or it closed the stream.
    pub fn poll_open(&self) -> Option<Result<(), LinkError>> {
        match &self.stage {
            Stage::Handshake(_) => None,
            Stage::Open(_) => Some(Ok(())),
            Stage::Failed(error) => Some(Err(error.clone())),
        }
    }

    /// Returns the connection, once the handshake has succeeded.
    pub fn bolt(&mut self) -> Option<&mut ClientConnection> {
        if let Stage::Open(connection) = &mut self.stage { Some(connection) } else { None }
    }

    /// Returns the connection, once the handshake has succeeded.
    #[must_use]
    pub fn as_bolt(&self) -> Option<&ClientConnection> {
        if let Stage::Open(connection) = &self.stage { Some(connection) } else { None }
    }
}

impl Opening {
    fn advance(
        &mut self,
        now: Instant,
        len: usize,
        limits: ClientLimits,
    ) -> Result<Option<ClientConnection>, LinkError> {
        let mut input = self.received.get(..len).unwrap_or_default();
        let Some(handshake) = self.handshake.take() else {
            return Ok(None);
        };
        match handshake.handle_input(&mut input, &mut self.outbox).map_err(LinkError::Handshake)? {
            ClientStep::NeedsInput(handshake) => {
                self.handshake = Some(handshake);
                Ok(None)
            }
            ClientStep::Done(version) => {
                let unsent = self.outbox.get(self.transmitted..).unwrap_or_default().to_vec();
                let mut connection = ClientConnection::new(version, limits, unsent);
                let space = connection.receive_buffer().get_mut(..input.len());
                if let Some(space) = space {
                    space.copy_from_slice(input);
                    connection.handle_input(now, input.len());
                }
                Ok(Some(connection))
            }
        }
    }
}

impl Endpoint for Link {
    fn receive_buffer(&mut self) -> &mut [u8] {
        match &mut self.stage {
            Stage::Handshake(opening) => &mut opening.received,
            Stage::Open(connection) => connection.receive_buffer(),
            Stage::Failed(_) => &mut [],
        }
    }

    fn handle_input(&mut self, now: Instant, len: usize) {
        match &mut self.stage {
            Stage::Handshake(opening) => match opening.advance(now, len, self.limits) {
                Ok(None) => {}
                Ok(Some(connection)) => self.stage = Stage::Open(Box::new(connection)),
                Err(error) => self.stage = Stage::Failed(error),
            },
            Stage::Open(connection) => connection.handle_input(now, len),
            Stage::Failed(_) => {}
        }
    }

    fn handle_eof(&mut self) {
        match &mut self.stage {
            Stage::Handshake(_) => self.stage = Stage::Failed(LinkError::Closed),
            Stage::Open(connection) => connection.handle_eof(),
            Stage::Failed(_) => {}
        }
    }

    fn wants_input(&self) -> bool {
        match &self.stage {
            Stage::Handshake(_) => true,
            Stage::Open(connection) => connection.wants_input(),
            Stage::Failed(_) => false,
        }
    }

    fn transmit(&self) -> &[u8] {
        match &self.stage {
            Stage::Handshake(opening) => opening.outbox.get(opening.transmitted..).unwrap_or_default(),
            Stage::Open(connection) => connection.transmit(),
            Stage::Failed(_) => &[],
        }
    }

    fn transmitted(&mut self, len: usize) {
        match &mut self.stage {
            Stage::Handshake(opening) => opening.transmitted = (opening.transmitted + len).min(opening.outbox.len()),
            Stage::Open(connection) => connection.transmitted(len),
            Stage::Failed(_) => {}
        }
    }

    fn handle_waiting(&mut self, now: Instant) {
        if let Stage::Open(connection) = &mut self.stage {
            connection.handle_waiting(now);
        }
    }

    fn handle_idle(&mut self) {
        if let Stage::Open(connection) = &mut self.stage {
            connection.handle_idle();
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.as_bolt().and_then(Endpoint::poll_timeout)
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Stage::Open(connection) = &mut self.stage {
            connection.handle_timeout(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use neobolt_proto::Version;

    use super::*;

    fn feed(link: &mut Link, bytes: &[u8]) {
        for byte in bytes {
            link.receive_buffer()[0] = *byte;
            link.handle_input(crate::epoch(), 1);
        }
    }

    #[test]
    fn the_choice_from_a_manifest_travels_with_hello() {
        let mut link = Link::new(ClientLimits::default(), Version::NEWEST);
        let opening = link.transmit().len();
        assert_eq!(opening, 20);
        link.transmitted(opening);
        feed(&mut link, &[0, 0, 1, 0xFF, 1, 0, 0, 8, 5, 0]);
        assert_eq!(link.poll_open(), Some(Ok(())));
        assert_eq!(link.bolt().unwrap().version(), Version::new(5, 8));
        assert_eq!(link.transmit(), [0, 0, 8, 5, 0]);
    }

    #[test]
    fn a_stranger_or_an_early_end_is_an_error() {
        let mut link = Link::new(ClientLimits::default(), Version::NEWEST);
        feed(&mut link, b"HTTP");
        assert_eq!(link.poll_open(), Some(Err(LinkError::Handshake(HandshakeError::Http))));
        let mut link = Link::new(ClientLimits::default(), Version::NEWEST);
        link.handle_eof();
        assert_eq!(link.poll_open(), Some(Err(LinkError::Closed)));
        assert!(!link.wants_input());
    }
}
