//! Messages as bytes, without help of the machines.

use std::time::Instant;

use neobolt_proto::message::RequestKind;
use neobolt_proto::message::schema::Message;
use neobolt_proto::{Endpoint, Value};
use packstream::{Decoder, Encoder};

/// Where the virtual clock begins.
#[expect(clippy::disallowed_methods, reason = "only a clock makes an instant")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

/// Finds a request or a response by its name. The two that were renamed have both.
pub(crate) fn by_name(name: &str) -> &'static Message {
    let name = name.trim_end_matches("_ALL");
    let requests = RequestKind::ALL.map(RequestKind::message);
    let found = requests.into_iter().chain(Message::RESPONSES).find(|message| message.name == name);
    found.unwrap_or_else(|| panic!("there is no message {name}"))
}

fn by_tag(tag: u8) -> &'static str {
    let requests = RequestKind::ALL.map(RequestKind::message);
    let found = requests.into_iter().chain(Message::RESPONSES).find(|message| message.tag == tag);
    found.map_or("a message with an unknown tag", |message| message.name)
}

/// Writes a message, without chunks.
pub(crate) fn payload(name: &str, fields: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    encoder.structure_header(by_name(name).tag, fields.len()).unwrap();
    for field in fields {
        encoder.encode(field).unwrap();
    }
    bytes
}

/// Reads a message, without chunks.
pub(crate) fn read(payload: &[u8]) -> (&'static str, Vec<Value>) {
    let mut decoder = Decoder::new(payload);
    let (tag, fields) = decoder.structure_header().unwrap();
    let fields = (0..fields).map(|_| decoder.decode().unwrap()).collect();
    decoder.finish().unwrap();
    (by_tag(tag), fields)
}

/// Puts a message into chunks of at most `size` bytes.
pub(crate) fn chunked(payload: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in payload.chunks(size) {
        bytes.extend_from_slice(&(chunk.len() as u16).to_be_bytes());
        bytes.extend_from_slice(chunk);
    }
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

/// Writes a message in one chunk.
pub(crate) fn message(name: &str, fields: &[Value]) -> Vec<u8> {
    chunked(&payload(name, fields), 0xFFFF)
}

/// Takes whole messages, which are written without NOOPs, out of their chunks.
pub(crate) fn messages(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = vec![Vec::new()];
    while let Some((size, rest)) = bytes.split_first_chunk::<2>() {
        let (chunk, rest) = rest.split_at(usize::from(u16::from_be_bytes(*size)));
        match chunk {
            [] => messages.push(Vec::new()),
            chunk => messages.last_mut().unwrap().extend_from_slice(chunk),
        }
        bytes = rest;
    }
    assert_eq!(messages.pop(), Some(Vec::new()), "messages are whole");
    messages
}

/// Takes all that waits to be transmitted.
pub(crate) fn taken(from: &mut dyn Endpoint) -> Vec<u8> {
    let bytes = from.transmit().to_vec();
    from.transmitted(bytes.len());
    bytes
}

/// Gives bytes to a machine, at most `step` at once, as long as it wants them; returns how many it took.
pub(crate) fn give(to: &mut dyn Endpoint, bytes: &[u8], step: usize, now: Instant) -> usize {
    let mut given = 0;
    while given < bytes.len() && to.wants_input() {
        let space = to.receive_buffer();
        let len = (bytes.len() - given).min(step).min(space.len());
        space[..len].copy_from_slice(&bytes[given..given + len]);
        to.handle_input(now, len);
        given += len;
    }
    given
}
