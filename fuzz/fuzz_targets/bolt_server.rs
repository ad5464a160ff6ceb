//! Any bytes, sent to a server that answers what it is asked. The first byte is the version, the second how it answers, the third in which
//! fragments the bytes come. Whatever they are:
//!
//! 1. What the server writes are whole messages that a client can read, as many answers as it was asked things at most.
//! 2. After the connection is closed nothing more is asked.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use neobolt_proto::message::ServerRequest;
use neobolt_proto::message::schema::Message;
use neobolt_proto::{Endpoint, Failure, Map, ServerConnection, ServerEvent, ServerLimits, Value, Version};
use packstream::{Limits, validate};

fuzz_target!(|bytes: &[u8]| {
    let [version, way, step, bytes @ ..] = bytes else { return };
    let mut bytes = bytes;
    let versions: Vec<Version> = Version::supported().collect();
    let version = versions[usize::from(*version) % versions.len()];
    let mut server = ServerConnection::new(version, way & 1 == 1, ServerLimits::default());
    let now = Instant::now();
    let (mut asked, mut is_over) = (0, false);
    let mut poll = |server: &mut ServerConnection, asked: &mut usize| {
        while let Some(event) = server.poll_event() {
            assert!(!is_over, "nothing comes after the end");
            match event {
                ServerEvent::Request(request) => {
                    *asked += 1;
                    // Now and then an answer has to wait for more bytes.
                    if *asked % 8 != usize::from(way / 32) {
                        answer(server, &request, way.wrapping_add(*asked as u8));
                    }
                }
                ServerEvent::Closed(_) => is_over = true,
                _ => {}
            }
        }
    };
    while !bytes.is_empty() && server.wants_input() {
        let space = server.receive_buffer();
        let len = bytes.len().min(1 + usize::from(*step)).min(space.len());
        space[..len].copy_from_slice(&bytes[..len]);
        server.handle_input(now, len);
        bytes = &bytes[len..];
        poll(&mut server, &mut asked);
        server.success(&Map::default());
        poll(&mut server, &mut asked);
    }
    server.handle_eof();
    poll(&mut server, &mut asked);
    // A backend may come too late.
    server.success(&Map::default());
    poll(&mut server, &mut asked);
    read(server.transmit());
});

fn answer(server: &mut ServerConnection, request: &ServerRequest, way: u8) {
    if way % 16 == 7 {
        return server.failure(&Failure::new("Neo.ClientError.General.Fuzzed", "no"));
    }
    let mut metadata = Map::default();
    match request {
        ServerRequest::Run { .. } => {
            metadata = Map::from_iter([("fields", Value::List([Value::from("n")].into())), ("qid", Value::Integer(0))]);
        }
        ServerRequest::Pull { .. } => {
            server.record(1, |fields| fields.item("row")).expect("a string");
            metadata = Map::from_iter([("has_more", Value::Boolean(way % 2 == 1))]);
        }
        _ => {}
    }
    server.success(&metadata);
}

/// Reads the messages that a server wrote.
fn read(mut bytes: &[u8]) {
    let mut message = Vec::new();
    while let Some((size, rest)) = bytes.split_first_chunk::<2>() {
        let (chunk, rest) = rest.split_at(usize::from(u16::from_be_bytes(*size)));
        bytes = rest;
        if !chunk.is_empty() {
            message.extend_from_slice(chunk);
            continue;
        }
        let tag = message[1];
        assert!(Message::RESPONSES.iter().any(|response| response.tag == tag), "{tag:02X} is no response");
        assert_eq!(validate(&message, Limits::default()), Ok(message.len()));
        message.clear();
    }
    assert!(bytes.is_empty() && message.is_empty(), "messages are whole");
}
