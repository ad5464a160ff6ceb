//! Servers that are hostile to our client.

use std::time::Duration;

use neobolt_proto::message::{Count, Request, TransactionOptions};
use neobolt_proto::{ClientConnection, ClientLimits, CloseReason, Endpoint, Event, Parameters, Value, Version};

use super::{Outcome, bytes, cases, feed, tell};
use crate::talk::{Talk, ready};
use crate::wire::{chunked, epoch, payload};

/// What the client waits for.
#[derive(Clone, Copy)]
enum For {
    Nothing,
    /// RUN, and PULL of two records.
    Two,
    /// RUN, and PULL of all records.
    All,
    Reset,
    /// HELLO, LOGON and RESET.
    Hello,
}

fn client(waits: For) -> ClientConnection {
    if let For::Hello = waits {
        let mut client = Talk::new(Version::new(5, 2), usize::MAX);
        client.say("HELLO {\"user_agent\": \"test/1\"}\nLOGON {\"scheme\": \"none\"}\nRESET");
        return client.client;
    }
    let mut client = ready(Version::new(5, 8), usize::MAX).client;
    let (parameters, options) = (Parameters::new(), TransactionOptions::default());
    let run = Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options };
    let count = match waits {
        For::Two => Count::Records(2),
        For::All => Count::All,
        For::Reset => {
            client.send(&Request::Reset).unwrap();
            return client;
        }
        _ => return client,
    };
    let run = client.send(&run).unwrap();
    client.send(&Request::Pull { run, count }).unwrap();
    client
}

fn poll(client: &mut ClientConnection, told: &mut Vec<&'static str>, closed: &mut Option<CloseReason>) {
    while let Some(event) = client.poll_event() {
        match event {
            Event::Success { .. } => tell(told, "SUCCESS"),
            Event::Failure { .. } => tell(told, "FAILURE"),
            Event::Ignored { .. } => tell(told, "IGNORED"),
            Event::Records { batch, .. } => {
                client.recycle(batch);
                tell(told, "RECORD");
            }
            Event::Closed(reason) => *closed = Some(reason),
            _ => unreachable!("a new event"),
        }
    }
}

/// Sends `bytes` to a client, over and over, and closes in the end or not.
fn repeated(mut client: ClientConnection, bytes: &[u8], times: usize, is_over: bool) -> Outcome {
    let (mut told, mut closed, mut given) = (Vec::new(), None, 0);
    let now = epoch();
    let measured = allocation_counter::measure(|| {
        for _ in 0..times {
            given += feed(&mut client, bytes, now, |client| poll(client, &mut told, &mut closed));
        }
        if is_over {
            client.handle_eof();
        }
        poll(&mut client, &mut told, &mut closed);
    });
    assert_eq!(closed.is_some(), client.is_closed());
    Outcome::new(&told, closed.as_ref(), client.state(), given, measured.bytes_max)
}

fn hears(waits: For, bytes: &[u8]) -> Outcome {
    repeated(client(waits), bytes, 1, false)
}

/// Messages in text, one a line.
fn says(waits: For, transcript: &str) -> Outcome {
    hears(waits, &bytes(transcript))
}

/// The answer to a query of one column, and then `more`, a message.
fn then(more: &[u8]) -> Outcome {
    hears(For::Two, &[bytes("SUCCESS {\"fields\": [\"n\"]}"), chunked(more, 0xFFFF)].concat())
}

fn nulls(len: usize) -> Value {
    Value::List(vec![Value::Null; len].into())
}

cases! {
    unasked_success: "answers SUCCESS to nothing", || says(For::Nothing, "SUCCESS {}")
        => "closed: the peer broke the protocol: response 0x70 to no request";
    unasked_failure: "answers FAILURE to nothing", || says(For::Nothing, "FAILURE {}")
        => "closed: the peer broke the protocol: response 0x7F to no request";
    unasked_record: "sends a record to nothing", || says(For::Nothing, "RECORD [1]")
        => "closed: the peer broke the protocol: response 0x71 to no request";
    record_before_its_result: "sends records before RUN is answered", || says(For::Two, "RECORD [1]")
        => "closed: the peer broke the protocol: RECORD in answer to RUN in state READY";
    ignored_without_reason: "ignores though nothing failed", || says(For::Two, "IGNORED")
        => "closed: the peer broke the protocol: IGNORED in answer to RUN in state READY";
    success_after_failure: "goes on after a FAILURE", || says(For::Two, "FAILURE {}\nSUCCESS {}")
        => "FAILURE; closed: the peer broke the protocol: SUCCESS in answer to PULL in state FAILED";
    failure_of_a_failure: "fails what it should ignore", || says(For::Two, "FAILURE {}\nFAILURE {}")
        => "FAILURE; closed: the peer broke the protocol: FAILURE in answer to PULL in state FAILED";
    record_after_failure: "sends records after a FAILURE", || says(For::Two, "FAILURE {}\nRECORD [1]")
        => "FAILURE; closed: the peer broke the protocol: RECORD in answer to PULL in state FAILED";
    ignored_reset: "ignores RESET", || says(For::Reset, "IGNORED")
        => "closed: the peer broke the protocol: IGNORED in answer to RESET in state READY";
    failed_reset: "fails RESET", || says(For::Reset, "FAILURE {}")
        => "FAILURE; closed: the server refused the connection";
    ignored_hello: "ignores HELLO, so that RESET would lead past authentication",
        || says(For::Hello, "IGNORED\nIGNORED\nSUCCESS {}")
        => "closed: the peer broke the protocol: IGNORED in answer to HELLO in state NEGOTIATION";
    too_many_records: "sends more records than were asked for",
        || says(For::Two, "SUCCESS {\"fields\": [\"n\"]}\nRECORD [1]\nRECORD [2]\nRECORD [3]")
        => "SUCCESS; RECORD; closed: the peer broke the protocol: more records than were asked for";
    record_between_pulls: "sends a record between `has_more` and the next PULL",
        || says(For::Two, "SUCCESS {\"fields\": [\"n\"]}\nRECORD [1]\nSUCCESS {\"has_more\": true}\nRECORD [2]")
        => "SUCCESS; RECORD; SUCCESS; closed: the peer broke the protocol: response 0x71 to no request";
    wide_record: "sends a record of too many fields", || says(For::Two, "SUCCESS {\"fields\": [\"n\"]}\nRECORD [1, 2]")
        => "SUCCESS; closed: the peer broke the protocol: record of 2 fields in a result of 1 keys";
    no_fields: "answers RUN without `fields`, and sends a record", || says(For::Two, "SUCCESS {\"t_first\": 1}\nRECORD [1]")
        => "SUCCESS; closed: the peer broke the protocol: record of 1 fields in a result of 0 keys";
    fields_of_numbers: "names columns by numbers", || says(For::Two, "SUCCESS {\"fields\": [1]}")
        => "closed: the peer broke the protocol: missing or invalid fields";
    qid_of_text: "gives a `qid` that is no integer", || says(For::Two, "SUCCESS {\"fields\": [], \"qid\": \"0\"}")
        => "closed: the peer broke the protocol: missing or invalid qid";
    has_more_of_text: "gives a `has_more` that is no boolean",
        || says(For::Two, "SUCCESS {\"fields\": []}\nSUCCESS {\"has_more\": \"yes\"}")
        => "SUCCESS; closed: the peer broke the protocol: missing or invalid has_more";
    nonsense_elsewhere: "gives giant numbers and wrong types where nobody needs them",
        || says(For::Two, "SUCCESS {\"fields\": [], \"t_first\": -9223372036854775808, \"qid\": -9223372036854775808}
            SUCCESS {\"t_last\": {}, \"type\": 5, \"stats\": [], \"bookmark\": 1e300}")
        => "SUCCESS";
    another_version: "says in HELLO's answer that another version was agreed on",
        || says(For::Hello, "SUCCESS {\"server\": \"x\", \"protocol_version\": \"5.8\"}")
        => "closed: the peer broke the protocol: missing or invalid protocol_version";
    metadata_of_text: "answers with text for metadata", || says(For::Two, "SUCCESS \"fields\"")
        => "closed: the peer broke the protocol: missing or invalid metadata";
    two_metadata: "answers with two fields for one", || says(For::Two, "SUCCESS {} {}")
        => "closed: the peer broke the protocol: missing or invalid number of fields";
    record_of_nothing: "sends a record without its list", || then(&[0xB0, 0x71])
        => "SUCCESS; closed: the peer broke the protocol: missing or invalid number of fields";
    unknown_tag: "sends an unknown message", || then(&[0xB1, 0x55, 0xA0])
        => "SUCCESS; closed: the peer broke the protocol: message with unknown tag 0x55";
    a_request: "sends a request", || says(For::Two, "RESET")
        => "closed: the peer broke the protocol: message with unknown tag 0x0F";
    no_structure: "sends a number for a message", || then(&[5])
        => "SUCCESS; closed: the peer broke the protocol: missing or invalid structure";
    bytes_behind: "sends bytes behind a record's fields", || then(&[0xB1, 0x71, 0x91, 1, 2])
        => "SUCCESS; closed: the peer broke the protocol: missing or invalid record: bytes behind its fields";
    reserved_marker: "sends a reserved marker", || then(&[0xB1, 0x71, 0x91, 0xC7])
        => "SUCCESS; closed: the peer broke the protocol: malformed message";
    large_string: "declares a string of 2 GiB in a record", || then(&[0xB1, 0x71, 0x91, 0xD2, 0x7F, 0xFF, 0xFF, 0xFF, b'x'])
        => "SUCCESS; closed: the peer broke the protocol: malformed message";
    large_list: "declares 2 Gi items in metadata",
        || hears(For::Two, &chunked(&[0xB1, 0x70, 0xA1, 0x81, b'x', 0xD6, 0x7F, 0xFF, 0xFF, 0xFF, 1], 99))
        => "closed: the peer broke the protocol: malformed message";
    deep: "nests 100,000 lists in a record", || then(&[&[0xB1, 0x71][..], &[0x91; 100_000], &[1]].concat())
        => "SUCCESS; closed: the peer broke the protocol: malformed message";
    deep_failure: "sends a failure with 100,000 causes", || {
            let cause = [&[0xA1, 0x85][..], b"cause"].concat().repeat(100_000);
            hears(For::Two, &chunked(&[&[0xB1, 0x7F][..], &cause, &[0xA0]].concat(), 0xFFFF))
        } => "closed: the peer broke the protocol: malformed message";
    broken_text: "sends metadata that is not UTF-8", || hears(For::Two, &chunked(&[0xB1, 0x70, 0xA1, 0x81, 0xFF, 1], 99))
        => "closed: the peer broke the protocol: malformed message";
    broken_text_in_a_record: "sends a record with text that is not UTF-8, which fails when the field is read",
        || then(&[0xB1, 0x71, 0x91, 0x81, 0xFF])
        => "SUCCESS; RECORD";
    million_columns: "answers RUN with 1,000,000 columns, and sends a record of them", || {
            let names = Value::List(vec![Value::from(""); 1_000_000].into());
            let run = payload("SUCCESS", &[Value::Map([("fields", names)].into_iter().collect())]);
            let record = payload("RECORD", &[nulls(1_000_000)]);
            hears(For::Two, &[chunked(&run, 0xFFFF), chunked(&record, 0xFFFF)].concat())
        } => "SUCCESS; RECORD", memory 80;
    million_fields: "sends a record of 1,000,000 fields for one column", || then(&payload("RECORD", &[nulls(1_000_000)]))
        => "SUCCESS; closed: the peer broke the protocol: record of 1000000 fields in a result of 1 keys";
    chunks_of_one_byte: "sends a record of 100,000 bytes in chunks of one", || {
            let record = payload("RECORD", &[Value::List([Value::from("x".repeat(100_000).as_str())].into())]);
            hears(For::Two, &[bytes("SUCCESS {\"fields\": [\"n\"]}"), chunked(&record, 1)].concat())
        } => "SUCCESS; RECORD";
    endless_message: "sends a message without end, where the limit is 1 MiB", || {
            let mut limits = ClientLimits::default();
            limits.message = 1 << 20;
            let client = ClientConnection::new(Version::new(5, 8), limits, Vec::new());
            repeated(client, &[&[0xFF, 0xFF][..], &[0xB1; 0xFFFF]].concat(), 64, false)
        } => "closed: the peer broke the protocol: message larger than the limit of 1048576 bytes";
    endless_noops: "sends 16 MiB of NOOPs", || repeated(client(For::Two), &[0; 1 << 20], 16, false).flat()
        => "nothing", memory 0;
    endless_records: "sends 500,000 records that were asked for", || {
            let mut client = client(For::All);
            feed(&mut client, &bytes("SUCCESS {\"fields\": [\"n\"]}"), epoch(), |client| drop(client.poll_event()));
            repeated(client, &bytes("RECORD [1]").repeat(5_000), 100, false).flat()
        } => "RECORD", memory 0;
    unread_records: "sends records without end to somebody who does not read them: reading stops", || {
            let mut client = client(For::All);
            let records = [bytes("SUCCESS {\"fields\": [\"n\"]}"), bytes("RECORD [1]").repeat(1_000_000)].concat();
            let mut given = 0;
            let measured = allocation_counter::measure(|| given = feed(&mut client, &records, epoch(), |_| {}));
            assert!(given < 2 << 20, "{given} bytes were taken");
            Outcome::new(&[], None, client.state(), given, measured.bytes_max)
        } => "nothing";
    silence: "says nothing for longer than it promised", || {
            let mut talk = Talk::new(Version::new(5, 2), usize::MAX);
            talk.hold("C: HELLO {\"user_agent\": \"test/1\"}
                S: SUCCESS {\"server\": \"x\", \"hints\": {\"connection.recv_timeout_seconds\": 5}}
                C: LOGON {\"scheme\": \"none\"}");
            talk.client.handle_waiting(talk.now);
            talk.client.handle_timeout(talk.now + Duration::from_millis(4999));
            assert!(!talk.client.is_closed());
            talk.client.handle_timeout(talk.now + Duration::from_secs(5));
            repeated(talk.client, &[], 1, false)
        } => "closed: the peer was silent for longer than it had promised";
    death_in_mid_record: "dies in the middle of a record", || {
            let bytes = bytes("SUCCESS {\"fields\": [\"n\"]}\nRECORD [1]\nRECORD [2]");
            repeated(client(For::Two), &bytes[..bytes.len() - 3], 1, true)
        } => "SUCCESS; RECORD; closed: the peer closed the connection";
    half_close: "closes its side while nothing is asked", || repeated(client(For::Nothing), &[], 1, true)
        => "closed: the peer closed the connection";
}

/// Where a record is broken does not depend on what came together with it.
#[test]
fn a_broken_record_is_described_by_itself() {
    let broken = chunked(&[0xB1, 0x71, 0x91, 0xC7], 99);
    let error = |bytes: &[u8]| {
        let mut client = client(For::Two);
        feed(&mut client, bytes, epoch(), |_| {});
        let events = std::iter::from_fn(|| client.poll_event());
        events.filter_map(|event| if let Event::Closed(reason) = event { Some(reason) } else { None }).next()
    };
    let run = bytes("SUCCESS {\"fields\": [\"n\"]}");
    let alone = error(&[&run[..], &broken].concat());
    assert!(alone.is_some());
    assert_eq!(error(&[run, bytes("RECORD [1]"), broken].concat()), alone);
}
