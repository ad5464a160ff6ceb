//! The handshake: how two peers agree on a version before the first message.
//!
//! Source: Bolt specification, "Handshake" and "Manifest v1". A client offers the manifest first and three of the four
//! legacy slots; a server that knows manifests (from Neo4j 5.26) answers with everything it speaks, an older one picks a
//! slot. The client's choice from a manifest has no answer, so it travels in one write with HELLO.

mod client;
mod server;

use core::fmt;

use nom::bytes::streaming::take;
use nom::combinator::map;
use nom::number::streaming::{be_u8, be_u32};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::version::Version;

pub use client::{ClientHandshake, ClientStep};
pub use server::{ServerHandshake, ServerStep};

/// The four bytes that open every Bolt connection.
pub const MAGIC: [u8; 4] = [0x60, 0x60, 0xB0, 0x17];

/// The reply, and the proposal, that stands for manifest v1.
pub const MANIFEST_V1: [u8; 4] = [0x00, 0x00, 0x01, 0xFF];

/// The most offers that a manifest may hold: real servers send four.
const MAX_OFFERS: u64 = 256;

/// A version and the number of consecutive minor versions below it: `00 RR mm MM` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    newest: Version,
    range: u8,
}

impl Offer {
    const fn new(major: u8, minor: u8, range: u8) -> Self {
        Self { newest: Version::new(major, minor), range }
    }

    fn contains(self, version: Version) -> bool {
        let oldest = self.newest.minor.saturating_sub(self.range);
        version.major == self.newest.major && (oldest..=self.newest.minor).contains(&version.minor)
    }

    /// Tells whether `version` is the next one below this range.
    fn is_followed_by(self, version: Version) -> bool {
        version.major == self.newest.major && version.minor + self.range + 1 == self.newest.minor
    }

    fn to_bytes(self) -> [u8; 4] {
        [0, self.range, self.newest.minor, self.newest.major]
    }
}

/// An offer, or a slot of the legacy handshake.
fn offer(input: &[u8]) -> IResult<&[u8], Offer> {
    map((be_u8, be_u8, be_u8, be_u8), |(_, range, minor, major)| Offer::new(major, minor, range)).parse(input)
}

/// A number in groups of seven bits, least significant group first, of at most ten bytes.
fn varint(input: &[u8]) -> IResult<&[u8], u64> {
    let mut rest = input;
    let mut value = 0;
    for group in 0..10 {
        let (next, byte) = be_u8(rest)?;
        rest = next;
        let bits = u64::from(byte & 0x7F);
        // The tenth group has one bit left in a u64.
        if group == 9 && bits > 1 {
            break;
        }
        value |= bits << (7 * group);
        if byte & 0x80 == 0 {
            return Ok((rest, value));
        }
    }
    Err(nom::Err::Failure(nom::error::Error::new(input, nom::error::ErrorKind::TooLarge)))
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(0x80 | (value & 0x7F) as u8);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The server's manifest behind its first four bytes: the offers and the capability bits.
fn manifest(input: &[u8]) -> IResult<&[u8], (Vec<Offer>, u64)> {
    let (mut rest, count) = varint(input)?;
    if count > MAX_OFFERS {
        return Err(nom::Err::Failure(nom::error::Error::new(input, nom::error::ErrorKind::TooLarge)));
    }
    let mut offers = Vec::new();
    for _ in 0..count {
        let (next, one) = offer(rest)?;
        offers.push(one);
        rest = next;
    }
    let (rest, capabilities) = varint(rest)?;
    Ok((rest, (offers, capabilities)))
}

/// The client's opening: the magic and four slots.
fn opening(input: &[u8]) -> IResult<&[u8], [u32; 4]> {
    preceded(take(MAGIC.len()), map((be_u32, be_u32, be_u32, be_u32), |(a, b, c, d)| [a, b, c, d])).parse(input)
}

/// A handshake that cannot succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer does not speak Bolt; it answered with these four bytes.
    NotBolt([u8; 4]),
    /// The peer speaks HTTP: the port is not the Bolt port.
    Http,
    /// The peer speaks TLS where plain bytes were expected.
    Tls,
    /// There is no version that both sides speak.
    NoCommonVersion,
    /// The peer chose a version that was not offered.
    NotOffered(Version),
    /// The peer's manifest is malformed, or of a version other than 1.
    Manifest,
}

impl HandshakeError {
    /// Names what the first four bytes of a peer that does not speak Bolt look like.
    fn stranger(bytes: [u8; 4]) -> Self {
        match &bytes {
            b"HTTP" | b"GET " | b"POST" | b"PUT " | b"HEAD" | b"OPTI" => Self::Http,
            [0x15 | 0x16, 0x03, _, _] => Self::Tls,
            _ => Self::NotBolt(bytes),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBolt([a, b, c, d]) => {
                write!(f, "the peer does not speak Bolt: it answered {a:02X} {b:02X} {c:02X} {d:02X}")
            }
            Self::Http => f.write_str("the peer speaks HTTP, not Bolt: is this the port of the HTTP interface?"),
            Self::Tls => f.write_str("the peer speaks TLS where plain Bolt was expected: use a scheme with +s or +ssc"),
            Self::NoCommonVersion => f.write_str("there is no Bolt version that both sides speak"),
            Self::NotOffered(version) => write!(f, "the peer chose Bolt {version}, which was not offered"),
            Self::Manifest => f.write_str("the peer's handshake manifest is malformed"),
        }
    }
}

impl core::error::Error for HandshakeError {}

#[cfg(test)]
mod tests;
