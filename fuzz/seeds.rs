//! Writes seeds: values of every kind; and, for versions of Bolt whose requests differ, what a client and a server say to each other in a
//! short conversation, in front of it the bytes that
//! choose the version and the way.

use std::path::Path;
use std::time::Instant;

use neobolt_proto::message::{Count, Hello, NotificationFilter, Request, ServerRequest, TransactionOptions};
use neobolt_proto::{
    Auth, ClientConnection, ClientLimits, Endpoint, Map, Parameters, RequestId, SendError, ServerConnection,
    ServerEvent, ServerLimits, Value, Version,
};

/// Values of every type and width, as hexadecimal digits.
const VALUES: [(&str, &str); 10] = [
    ("bolt6", "93B256CC01C9CC040001FFFEE0550E8400E29B41D4A716446655440000B43F84555549440601A0"),
    ("deep", "91A1816191A1816191B1019190"),
    ("node", "B44E0392874578616D706C65844E6F6465A1846E616D65876578616D706C6586616263313233"),
    ("path", "B35092B34E0A90A0B34E0B90A091B3721482544FA092FF01"),
    ("relationship", "B8520B0203854B4E4F5753A1846E616D6501816181628163"),
    ("scalars", "99C0C32AC880C904D2CA00010000CB8000000000000000C1401921FB54442D1882C3A9"),
    ("sized", "94D00141CC020102D401C0D801816101"),
    (
        "spatial",
        "92B358C91C23C13FF0000000000000C1C000000000000000B459C91373C13FF0000000000000C14000000000000000C14008000000000000",
    ),
    ("temporal", "98B144C940FDB25400C90E10B17400B349010203B3690102815AB346010203B264FE05B4450E030405"),
    ("wide", "93D1000141D50001C0DA000000018161CE0000000107"),
];

fn main() -> std::io::Result<()> {
    for (name, digits) in VALUES {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
        write("packstream", name, (0..digits.len()).step_by(2).map(byte).collect())?;
    }
    // A list long enough for the loop over floats.
    write("packstream", "floats", [&[0xD4, 17][..], &b"\xC1\x3F\xF0\0\0\0\0\0\0".repeat(17)].concat())?;
    let chosen = [(6, 1), (5, 0), (4, 3), (3, 0)].map(|(major, minor)| Version::new(major, minor));
    for (number, version) in Version::supported().enumerate().filter(|(_, version)| chosen.contains(version)) {
        for way in [0, 3, 6] {
            let (asked, answered) = conversation(version, way);
            let name = format!("{}.{}-{way}", version.major, version.minor);
            write("bolt_client", &name, [&[number as u8, way][..], &answered].concat())?;
            write("bolt_server", &name, [&[number as u8, 0xE0, 63][..], &asked].concat())?;
        }
    }
    // Ask, carry, answer: queries in and out of a transaction, with a RESET in between.
    let operations: [&[u8]; 2] = [
        b"\0\0\x00\x03\x06\x00\x09\0\x0C\0\x09\0\x0C\0\x08\0\x0B\0\x0B\0",
        b"\x01\x08\0\0\0\x05\0\0\x13\x06\0\x09\0\x0C\0\0\x0B\x06\0",
    ];
    for (number, operations) in operations.into_iter().enumerate() {
        write("bolt_pair", &number.to_string(), operations.to_vec())?;
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: Vec<u8>) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), bytes)
}

/// What the client and the server write.
fn conversation(version: Version, way: u8) -> (Vec<u8>, Vec<u8>) {
    let mut client = ClientConnection::new(version, ClientLimits::default(), Vec::new());
    ask(&mut client, way).expect("the requests are allowed");
    let asked = client.transmit().to_vec();
    let mut server = ServerConnection::new(version, version >= Version::new(5, 7), ServerLimits::default());
    let mut rest = &asked[..];
    let mut qid = 0;
    while !rest.is_empty() {
        let space = server.receive_buffer();
        let len = rest.len().min(16).min(space.len());
        space[..len].copy_from_slice(&rest[..len]);
        server.handle_input(Instant::now(), len);
        rest = &rest[len..];
        while let Some(event) = server.poll_event() {
            let ServerEvent::Request(request) = event else { continue };
            let mut metadata = Map::default();
            match request {
                ServerRequest::Run { .. } => {
                    let fields = Value::List([Value::from("n")].into());
                    metadata = Map::from_iter([("fields", fields), ("qid", Value::Integer(qid))]);
                    qid += 1;
                }
                ServerRequest::Pull { count, .. } => {
                    for row in 0..2 {
                        server.record(1, |fields| fields.item(&row)).expect("integers can be encoded");
                    }
                    metadata = Map::from_iter([("has_more", Value::Boolean(count != Count::All))]);
                }
                _ => {}
            }
            server.success(&metadata);
        }
    }
    (asked, server.transmit().to_vec())
}

/// The requests of `bolt_client` in the same way.
fn ask(client: &mut ClientConnection, way: u8) -> Result<(), SendError> {
    let (auth, notifications) = (Auth::none(), NotificationFilter::default());
    let (parameters, options) = (Parameters::new(), TransactionOptions::default());
    let hello = Hello { user_agent: "f/1", product: "f/1", routing: None, auth: &auth, notifications: &notifications };
    let count = if client.capabilities().paging && way & 1 == 1 { Count::Records(2) } else { Count::All };
    let pull = |client: &mut ClientConnection, run: RequestId| client.send(&Request::Pull { run, count });
    client.send(&Request::Hello(hello))?;
    if client.capabilities().logon {
        client.send(&Request::Logon(&auth))?;
    }
    if way & 2 == 0 {
        let run = client.send(&Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options })?;
        pull(client, run)?;
    } else {
        client.send(&Request::Begin(&options))?;
        for _ in 0..2 {
            let run = client.send(&Request::Run { query: "Q", parameters: &parameters })?;
            pull(client, run)?;
        }
        if count == Count::All {
            client.send(&Request::Commit)?;
        }
    }
    if way & 4 == 4 {
        client.send(&Request::Reset)?;
        client.send(&Request::Begin(&options))?;
    }
    Ok(())
}
