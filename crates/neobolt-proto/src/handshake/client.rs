use super::{HandshakeError, MAGIC, MANIFEST_V1, Offer, manifest};
use crate::version::Version;

/// The legacy slots behind the manifest, newest first: one for each major version that is older than manifests are. A server that speaks
/// 6.0 or later knows the manifest.
fn slots(newest: Version) -> [Offer; 3] {
    [5, 4, 3].map(|major| {
        let mut minors = Version::supported().filter(|it| it.major == major && *it <= newest).map(|it| it.minor);
        match (minors.next(), minors.last()) {
            (Some(newest), oldest) => Offer::new(major, newest, newest - oldest.unwrap_or(newest)),
            (None, _) => Offer::new(0, 0, 0),
        }
    })
}

/// The client's side of the handshake.
///
/// Feed it what the server sends until it is [`ClientStep::Done`]; bytes behind the handshake are left alone.
#[derive(Debug)]
pub struct ClientHandshake {
    newest: Version,
    received: Vec<u8>,
}

/// How far a client's handshake is.
#[derive(Debug)]
#[must_use = "the handshake goes on, or is over"]
#[expect(clippy::exhaustive_enums, reason = "it goes on, or it is over")]
pub enum ClientStep {
    /// More bytes are needed.
    NeedsInput(ClientHandshake),
    /// The version is agreed; a connection may begin with HELLO behind what was appended.
    Done(Version),
}

impl ClientHandshake {
    /// Appends the opening to `out`. No version above `newest` is agreed on.
    pub fn start(newest: Version, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&MANIFEST_V1);
        for slot in slots(newest) {
            out.extend_from_slice(&slot.to_bytes());
        }
        Self { newest, received: Vec::new() }
    }

    /// Takes what belongs to the handshake off the front of `input`, and appends the client's choice to `out` where
    /// the server sent a manifest.
    ///
    /// # Errors
    ///
    /// The server does not speak Bolt, or no version that this crate speaks.
    pub fn handle_input(mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<ClientStep, HandshakeError> {
        // Byte by byte: at most a manifest's length, and never a byte that belongs to the first message.
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            self.received.push(byte);
            if let Some(version) = self.decide(out)? {
                return Ok(ClientStep::Done(version));
            }
        }
        Ok(ClientStep::NeedsInput(self))
    }

    fn decide(&self, out: &mut Vec<u8>) -> Result<Option<Version>, HandshakeError> {
        let Some((reply, rest)) = self.received.split_first_chunk::<4>() else {
            return Ok(None);
        };
        match *reply {
            MANIFEST_V1 => match manifest(rest) {
                Ok((_, (offers, _))) => {
                    let version = Version::supported()
                        .find(|version| *version <= self.newest && offers.iter().any(|offer| offer.contains(*version)))
                        .ok_or(HandshakeError::NoCommonVersion)?;
                    // No capability bit is known, so none is chosen.
                    out.extend_from_slice(&[0, 0, version.minor, version.major, 0]);
                    Ok(Some(version))
                }
                Err(nom::Err::Incomplete(_)) => Ok(None),
                Err(nom::Err::Error(_) | nom::Err::Failure(_)) => Err(HandshakeError::Manifest),
            },
            [0, 0, 0, 0] => Err(HandshakeError::NoCommonVersion),
            [0, 0, _, 0xFF] => Err(HandshakeError::Manifest),
            [0, 0, minor, major] => {
                let version = Version::new(major, minor);
                let offered =
                    slots(self.newest).iter().any(|slot| slot.contains(version)) && version.capabilities().is_some();
                if offered { Ok(Some(version)) } else { Err(HandshakeError::NotOffered(version)) }
            }
            stranger => Err(HandshakeError::stranger(stranger)),
        }
    }
}
