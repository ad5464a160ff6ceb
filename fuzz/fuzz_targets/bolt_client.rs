//! Any bytes, sent to a client with requests in flight. The first byte is the version, the second one of the ways to ask. Whatever comes:
//!
//! 1. Answers come in the order of the requests, each once, and records only for a PULL that is in flight.
//! 2. After the connection is closed nothing more is told.
//! 3. In which fragments the bytes come makes no difference.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use neobolt_proto::batch::FieldError;
use neobolt_proto::message::{Count, Hello, NotificationFilter, Request, TransactionOptions};
use neobolt_proto::{Auth, ClientConnection, ClientLimits, Endpoint, Event, Parameters, RequestId, Value, Version};

fuzz_target!(|bytes: &[u8]| {
    let [version, way, bytes @ ..] = bytes else { return };
    let whole = told(*version, *way, bytes, usize::MAX);
    assert_eq!(whole, told(*version, *way, bytes, 1 + usize::from(*way) % 7));
});

/// What a client is told of `bytes`, which come at most `step` at once.
fn told(version: u8, way: u8, mut bytes: &[u8], step: usize) -> Vec<String> {
    let versions: Vec<Version> = Version::supported().collect();
    let mut client =
        ClientConnection::new(versions[usize::from(version) % versions.len()], ClientLimits::default(), Vec::new());
    let mut asked = ask(&mut client, way);
    asked.reverse();
    let now = Instant::now();
    let mut told = Vec::new();
    loop {
        while let Some(event) = client.poll_event() {
            hear(event, &mut asked, &mut told);
        }
        if bytes.is_empty() || !client.wants_input() {
            break;
        }
        let space = client.receive_buffer();
        let len = bytes.len().min(step).min(space.len());
        space[..len].copy_from_slice(&bytes[..len]);
        client.handle_input(now, len);
        bytes = &bytes[len..];
    }
    client.handle_eof();
    while let Some(event) = client.poll_event() {
        hear(event, &mut asked, &mut told);
    }
    assert!(client.is_closed() && !client.is_reusable());
    assert!(told.last().is_some_and(|last| last.starts_with("Closed")));
    told
}

fn hear(event: Event, asked: &mut Vec<RequestId>, told: &mut Vec<String>) {
    assert!(told.last().is_none_or(|last| !last.starts_with("Closed")), "nothing comes after the end");
    match &event {
        Event::Success { request, .. } | Event::Failure { request, .. } | Event::Ignored { request } => {
            assert_eq!(asked.pop(), Some(*request));
        }
        Event::Records { run, batch } => {
            assert!(!asked.is_empty());
            for record in batch {
                let fields = (0..batch.keys().len()).map(|column| record.get::<Value>(column));
                told.push(format!("{run:?} {:?}", fields.collect::<Result<Vec<_>, FieldError>>()));
            }
            return;
        }
        _ => {}
    }
    told.push(format!("{event:?}"));
}

/// Asks a few things, and returns their numbers.
fn ask(client: &mut ClientConnection, way: u8) -> Vec<RequestId> {
    let (auth, notifications) = (Auth::none(), NotificationFilter::default());
    let (parameters, options) = (Parameters::new(), TransactionOptions::default());
    let hello = Hello { user_agent: "f/1", product: "f/1", routing: None, auth: &auth, notifications: &notifications };
    let count = if client.capabilities().paging && way & 1 == 1 { Count::Records(2) } else { Count::All };
    let mut asked = Vec::new();
    let mut send = |request: &Request<'_>| {
        let sent = client.send(request);
        asked.extend(&sent);
        sent.ok()
    };
    send(&Request::Hello(hello));
    send(&Request::Logon(&auth));
    if way & 2 == 0 {
        let run = send(&Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options });
        run.and_then(|run| send(&Request::Pull { run, count }));
    } else {
        send(&Request::Begin(&options));
        for _ in 0..2 {
            let run = send(&Request::Run { query: "Q", parameters: &parameters });
            run.and_then(|run| send(&Request::Pull { run, count }));
        }
        send(&Request::Commit);
    }
    if way & 4 == 4 {
        send(&Request::Reset);
        send(&Request::Begin(&options));
    }
    asked
}
