use super::{HandshakeError, MAGIC, MANIFEST_V1, Offer, offer, opening, put_varint, varint};
use crate::version::Version;

/// The server's side of the handshake.
#[derive(Debug)]
pub struct ServerHandshake {
    received: Vec<u8>,
    manifest_sent: bool,
}

/// How far a server's handshake is.
#[derive(Debug)]
#[must_use = "the handshake goes on, or is over"]
#[expect(clippy::exhaustive_enums, reason = "it goes on, or it is over")]
pub enum ServerStep {
    /// More bytes are needed.
    NeedsInput(ServerHandshake),
    /// The version is agreed.
    Done {
        /// The version.
        version: Version,
        /// Whether it was chosen from a manifest: HELLO's answer then names it again.
        manifest: bool,
    },
}

impl ServerHandshake {
    /// Returns a handshake that waits for a client's opening.
    #[expect(clippy::new_without_default, reason = "a handshake is begun, not defaulted")]
    pub const fn new() -> Self {
        Self { received: Vec::new(), manifest_sent: false }
    }

    /// Takes what belongs to the handshake off the front of `input`, and appends the answers to `out`.
    ///
    /// # Errors
    ///
    /// The client does not speak Bolt, no version that this crate speaks, or chose a version that was not offered. What
    /// was appended to `out` (four zeros where no version is common) should still be sent.
    pub fn handle_input(mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<ServerStep, HandshakeError> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            self.received.push(byte);
            if let Some((version, manifest)) = self.decide(out)? {
                return Ok(ServerStep::Done { version, manifest });
            }
        }
        Ok(ServerStep::NeedsInput(self))
    }

    fn decide(&mut self, out: &mut Vec<u8>) -> Result<Option<(Version, bool)>, HandshakeError> {
        if self.manifest_sent {
            return self.choice();
        }
        let Some(first) = self.received.first_chunk::<4>() else {
            return Ok(None);
        };
        if *first != MAGIC {
            return Err(HandshakeError::stranger(*first));
        }
        let Ok((_, slots)) = opening(&self.received) else {
            return Ok(None);
        };
        self.received.clear();
        for slot in slots {
            let bytes = slot.to_be_bytes();
            let Ok((_, wanted)) = offer(&bytes) else { continue };
            // A client may offer a range of manifests as well.
            if wanted.contains(Version::new(0xFF, MANIFEST_V1[2])) {
                self.manifest_sent = true;
                out.extend_from_slice(&MANIFEST_V1);
                let offers = offers();
                put_varint(offers.len() as u64, out);
                for one in offers {
                    out.extend_from_slice(&one.to_bytes());
                }
                out.push(0);
                return Ok(None);
            }
            // The first slot that holds a version we speak wins, in the client's order.
            if let Some(version) = Version::supported().find(|it| wanted.contains(*it)) {
                out.extend_from_slice(&[0, 0, version.minor, version.major]);
                return Ok(Some((version, false)));
            }
        }
        out.extend_from_slice(&[0; 4]);
        Err(HandshakeError::NoCommonVersion)
    }

    /// The client's choice from our manifest: a version without range, and no capability that we did not offer.
    fn choice(&self) -> Result<Option<(Version, bool)>, HandshakeError> {
        let Ok((rest, chosen)) = offer(&self.received) else {
            return Ok(None);
        };
        match varint(rest) {
            Ok((_, capabilities)) => {
                let version = chosen.newest;
                if version == Version::new(0, 0) {
                    return Err(HandshakeError::NoCommonVersion);
                }
                if chosen.range != 0 || capabilities != 0 || version.capabilities().is_none() {
                    return Err(HandshakeError::NotOffered(version));
                }
                Ok(Some((version, true)))
            }
            Err(nom::Err::Incomplete(_)) => Ok(None),
            Err(nom::Err::Error(_) | nom::Err::Failure(_)) => Err(HandshakeError::Manifest),
        }
    }
}

/// The versions this crate speaks as ranges of consecutive minor versions, newest first.
fn offers() -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for version in Version::supported() {
        match offers.last_mut() {
            Some(last) if last.is_followed_by(version) => last.range += 1,
            _ => offers.push(Offer { newest: version, range: 0 }),
        }
    }
    offers
}
