//! Clients that are hostile to our server.

use neobolt_proto::message::ServerRequest;
use neobolt_proto::{CloseReason, Endpoint, Map, ServerConnection, ServerEvent, ServerLimits, Value, Version};

use super::{Outcome, bytes, cases, feed, tell};
use crate::talk::ready;
use crate::wire::{chunked, epoch, messages, payload, read};

#[derive(Clone, Copy)]
enum In {
    Negotiation,
    Ready,
}

fn server(state: In) -> ServerConnection {
    match state {
        In::Negotiation => ServerConnection::new(Version::new(5, 8), true, ServerLimits::default()),
        In::Ready => ready(Version::new(5, 8), usize::MAX).server,
    }
}

/// Answers everything with SUCCESS to a client that reads.
fn poll(server: &mut ServerConnection, told: &mut Vec<&'static str>, closed: &mut Option<CloseReason>) {
    while let Some(event) = server.poll_event() {
        match event {
            ServerEvent::Request(request) => {
                let fields = ("fields", Value::List([Value::from("n")].into()));
                let is_run = matches!(request, ServerRequest::Run { .. });
                server.success(&if is_run { Map::from_iter([fields]) } else { Map::default() });
            }
            ServerEvent::Closed(reason) => *closed = Some(reason),
            _ => {}
        }
    }
    for message in messages(server.transmit()) {
        tell(told, read(&message).0);
    }
    server.transmitted(server.transmit().len());
}

/// Sends `bytes` to a server, over and over, and closes in the end or not.
fn repeated(mut server: ServerConnection, bytes: &[u8], times: usize, is_over: bool) -> Outcome {
    let (mut told, mut closed, mut given) = (Vec::new(), None, 0);
    let now = epoch();
    let measured = allocation_counter::measure(|| {
        for _ in 0..times {
            given += feed(&mut server, bytes, now, |server| poll(server, &mut told, &mut closed));
        }
        if is_over {
            server.handle_eof();
        }
        poll(&mut server, &mut told, &mut closed);
    });
    assert_eq!(closed.is_some(), server.is_closed());
    Outcome::new(&told, closed.as_ref(), server.state(), given, measured.bytes_max)
}

fn hears(state: In, bytes: &[u8]) -> Outcome {
    repeated(server(state), bytes, 1, false)
}

/// Messages in text, one a line.
fn says(state: In, transcript: &str) -> Outcome {
    hears(state, &bytes(transcript))
}

/// A RUN whose only parameter is `value` in bytes, which may be broken.
fn parameter(value: &[u8]) -> Outcome {
    let head = [0xB3, 0x10, 0x81, b'Q', 0xA1, 0x81, b'p'];
    hears(In::Ready, &chunked(&[&head[..], value, &[0xA0]].concat(), 0xFFFF))
}

cases! {
    run_before_hello: "sends RUN before HELLO", || says(In::Negotiation, "RUN \"Q\" {} {}")
        => "FAILURE; closed: the peer broke the protocol: RUN in state NEGOTIATION";
    logon_before_hello: "sends LOGON before HELLO", || says(In::Negotiation, "LOGON {}")
        => "FAILURE; closed: the peer broke the protocol: LOGON in state NEGOTIATION";
    run_before_logon: "sends RUN before LOGON", || says(In::Negotiation, "HELLO {}\nRUN \"Q\" {} {}")
        => "SUCCESS; FAILURE; closed: the peer broke the protocol: RUN in state AUTHENTICATION";
    reset_before_logon: "sends RESET before LOGON", || says(In::Negotiation, "HELLO {}\nRESET")
        => "SUCCESS; FAILURE; closed: the peer broke the protocol: RESET in state AUTHENTICATION";
    hello_twice: "sends HELLO twice", || says(In::Negotiation, "HELLO {}\nHELLO {}")
        => "SUCCESS; FAILURE; closed: the peer broke the protocol: HELLO in state AUTHENTICATION";
    hello_before_reset: "sends HELLO once more, with RESET behind it", || says(In::Ready, "HELLO {}\nRESET")
        => "FAILURE; closed: the peer broke the protocol: HELLO in state INTERRUPTED";
    commit_of_nothing: "sends COMMIT without BEGIN", || says(In::Ready, "COMMIT")
        => "FAILURE; closed: the peer broke the protocol: COMMIT in state READY";
    pull_of_nothing: "sends PULL without RUN", || says(In::Ready, "PULL {\"n\": 1}")
        => "FAILURE; closed: the peer broke the protocol: PULL in state READY";
    two_queries: "runs a second query while the first streams", || says(In::Ready, "RUN \"Q\" {} {}\nRUN \"Q\" {} {}")
        => "SUCCESS; FAILURE; closed: the peer broke the protocol: RUN in state STREAMING";
    a_response: "sends a response", || says(In::Ready, "SUCCESS {}")
        => "FAILURE; closed: the peer broke the protocol: message with unknown tag 0x70";
    unknown_tag: "sends an unknown message", || hears(In::Ready, &chunked(&[0xB1, 0x55, 0xA0], 99))
        => "FAILURE; closed: the peer broke the protocol: message with unknown tag 0x55";
    no_structure: "sends a number for a message", || hears(In::Ready, &chunked(&[5], 99))
        => "FAILURE; closed: the peer broke the protocol: missing or invalid structure";
    few_fields: "sends RUN of one field", || says(In::Ready, "RUN \"Q\"")
        => "FAILURE";
    violation_behind_good_requests: "breaks the protocol behind requests that wait, which are answered first",
        || says(In::Ready, "BEGIN {}\nRUN \"Q\" {} {}\nSUCCESS {}")
        => "SUCCESS; FAILURE; closed: the peer broke the protocol: message with unknown tag 0x70";
    negative_count: "pulls -2 records", || says(In::Ready, "RUN \"Q\" {} {}\nPULL {\"n\": -2}")
        => "SUCCESS; FAILURE";
    no_count: "pulls no number of records", || says(In::Ready, "RUN \"Q\" {} {}\nPULL {}")
        => "SUCCESS; FAILURE";
    giant_count: "pulls 9,223,372,036,854,775,807 records",
        || says(In::Ready, "RUN \"Q\" {} {}\nPULL {\"n\": 9223372036854775807}")
        => "SUCCESS";
    negative_timeout: "asks for a negative timeout", || says(In::Ready, "BEGIN {\"tx_timeout\": -1}")
        => "FAILURE";
    unknown_mode: "asks for an unknown mode", || says(In::Ready, "BEGIN {\"mode\": \"x\"}")
        => "FAILURE";
    bookmarks_of_numbers: "sends bookmarks that are numbers", || says(In::Ready, "BEGIN {\"bookmarks\": [1]}")
        => "FAILURE";
    database_of_numbers: "names a database by a number", || says(In::Ready, "RUN \"Q\" {} {\"db\": 1}")
        => "FAILURE";
    unknown_entries: "sends entries nobody knows",
        || says(In::Ready, "BEGIN {\"x\": 1, \"tx_type\": \"IMPLICIT\", \"db\": null}")
        => "SUCCESS";
    large_hello: "sends 9 KiB before it is authenticated",
        || says(In::Negotiation, &format!("HELLO {{\"user_agent\": \"{}\"}}", "x".repeat(9 << 10)))
        => "FAILURE; closed: the peer broke the protocol: message larger than the limit of 8192 bytes";
    http: "speaks HTTP where a message was expected", || hears(In::Negotiation, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        => "FAILURE; closed: the peer broke the protocol: message larger than the limit of 8192 bytes";
    endless_message: "sends a message without end, where the limit is 1 MiB", || {
            let mut limits = ServerLimits::default();
            limits.unauthenticated_message = 1 << 20;
            let server = ServerConnection::new(Version::new(5, 8), true, limits);
            repeated(server, &[&[0xFF, 0xFF][..], &[0xB1; 0xFFFF]].concat(), 64, false)
        } => "FAILURE; closed: the peer broke the protocol: message larger than the limit of 1048576 bytes";
    large_string: "declares a parameter of 2 GiB", || parameter(&[0xD2, 0x7F, 0xFF, 0xFF, 0xFF, b'x'])
        => "FAILURE; closed: the peer broke the protocol: malformed message";
    large_list: "declares 2 Gi items in a parameter", || parameter(&[0xD6, 0x7F, 0xFF, 0xFF, 0xFF, 1])
        => "FAILURE; closed: the peer broke the protocol: malformed message";
    deep: "nests 100,000 lists in a parameter", || parameter(&[&[0x91; 100_000][..], &[1]].concat())
        => "FAILURE; closed: the peer broke the protocol: malformed message";
    million_items: "sends a parameter of 1,000,000 items",
        || parameter(&[&[0xD6, 0x00, 0x0F, 0x42, 0x40][..], &[0xC0; 1_000_000]].concat())
        => "SUCCESS", memory 80;
    chunks_of_one_byte: "sends a query of 100,000 bytes in chunks of one", || {
            let empty = Value::Map(Map::default());
            let run = payload("RUN", &[Value::from("Q".repeat(100_000).as_str()), empty.clone(), empty]);
            hears(In::Ready, &chunked(&run, 1))
        } => "SUCCESS";
    endless_noops: "sends 16 MiB of NOOPs", || repeated(server(In::Negotiation), &[0; 1 << 20], 16, false).flat()
        => "nothing", memory 0;
    reset_flood: "sends 100,000 RESETs", || repeated(server(In::Ready), &bytes("RESET").repeat(1000), 100, false).flat()
        => "SUCCESS", memory 0;
    endless_requests: "pipelines without end while its first request is being answered: reading stops", || {
            let mut server = server(In::Ready);
            let requests = bytes("BEGIN {}\nROLLBACK").repeat(500_000);
            let mut given = 0;
            let measured = allocation_counter::measure(|| {
                given = feed(&mut server, &requests, epoch(), |server| drop(server.poll_event()));
            });
            assert!(given < 512 << 10, "{given} bytes were taken");
            Outcome::new(&[], None, server.state(), given, measured.bytes_max)
        } => "nothing";
    unread_answers: "asks without end, and reads no answer: reading stops", || {
            let mut server = server(In::Ready);
            let requests = bytes("BEGIN {}\nROLLBACK").repeat(500_000);
            let mut given = 0;
            let measured = allocation_counter::measure(|| {
                given = feed(&mut server, &requests, epoch(), |server| {
                    while !server.is_congested() && server.poll_event().is_some() {
                        server.success(&Map::default());
                    }
                });
            });
            assert!(given < 1 << 20, "{given} bytes were taken");
            Outcome::new(&["SUCCESS"], None, server.state(), given, measured.bytes_max)
        } => "SUCCESS";
    death_in_mid_message: "dies in the middle of a message", || repeated(server(In::Ready), &bytes("BEGIN {}")[..3], 1, true)
        => "closed: the peer closed the connection";
    end_while_busy: "ends its stream while its request is being answered, which goes on", || {
            let mut server = server(In::Ready);
            feed(&mut server, &bytes("BEGIN {}"), epoch(), |server| drop(server.poll_event()));
            repeated(server, &[], 1, true)
        } => "nothing";
    late_backend: "breaks the protocol while its request is being answered, and the answer comes too late", || {
            let mut server = server(In::Ready);
            feed(&mut server, &bytes("BEGIN {}\nCOMMIT\nHELLO {}"), epoch(), |server| drop(server.poll_event()));
            server.success(&Map::default());
            let outcome = |server: &mut ServerConnection| std::iter::from_fn(|| server.poll_event()).last();
            assert!(matches!(outcome(&mut server), Some(ServerEvent::Request(ServerRequest::Commit))));
            server.success(&Map::default());
            let Some(ServerEvent::Closed(reason)) = outcome(&mut server) else { panic!("nothing is wrong") };
            server.success(&Map::default());
            server.record(1, |fields| fields.item("x")).unwrap();
            Outcome::new(&["SUCCESS", "FAILURE"], Some(&reason), server.state(), 0, 0)
        } => "SUCCESS; FAILURE; closed: the peer broke the protocol: HELLO in state READY";
    goodbye_behind_requests: "says GOODBYE behind a request, and goes on", || says(In::Ready, "BEGIN {}\nGOODBYE\nCOMMIT")
        => "SUCCESS; closed: the connection was closed with GOODBYE";
}
