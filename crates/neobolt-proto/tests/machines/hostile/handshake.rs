//! Peers that are hostile before there is a connection.

use neobolt_proto::handshake::{ClientStep, MAGIC, MANIFEST_V1, ServerStep};
use neobolt_proto::{ClientHandshake, HandshakeError, ServerHandshake, Version};

use super::{Outcome, cases};

fn outcome(error: Option<HandshakeError>, given: usize, memory: u64) -> Outcome {
    let (shows, fault, state) = match error {
        Some(HandshakeError::NoCommonVersion) => ("refused: ", "nobody's", "no connection"),
        Some(_) => ("refused: ", "the peer's", "no connection"),
        None => ("nothing", "nobody's", "handshake"),
    };
    let shows = format!("{shows}{}", error.map(|error| error.to_string()).unwrap_or_default());
    Outcome { shows, fault, state: state.into(), given, memory: memory as usize }
}

fn client_hears(bytes: &[u8]) -> Outcome {
    let (mut error, mut rest, mut out) = (None, bytes, Vec::new());
    let handshake = ClientHandshake::start(Version::NEWEST, &mut out);
    let measured = allocation_counter::measure(|| match handshake.handle_input(&mut rest, &mut out) {
        Ok(ClientStep::NeedsInput(_)) => {}
        Ok(ClientStep::Done(version)) => panic!("agreed on {version}"),
        Err(refused) => error = Some(refused),
    });
    outcome(error, bytes.len(), measured.bytes_max)
}

fn server_hears(bytes: &[u8]) -> Outcome {
    let (mut error, mut rest, mut out) = (None, bytes, Vec::new());
    let measured = allocation_counter::measure(|| match ServerHandshake::new().handle_input(&mut rest, &mut out) {
        Ok(ServerStep::NeedsInput(_)) => {}
        Ok(ServerStep::Done { version, .. }) => panic!("agreed on {version}"),
        Err(refused) => error = Some(refused),
    });
    outcome(error, bytes.len(), measured.bytes_max)
}

/// A server's manifest.
fn manifest(rest: &[u8]) -> Outcome {
    client_hears(&[&MANIFEST_V1, rest].concat())
}

/// A client's choice from our manifest.
fn choice(choice: &[u8]) -> Outcome {
    server_hears(&[&MAGIC[..], &MANIFEST_V1, &[0; 12], choice].concat())
}

cases! {
    never_offered: "chooses 5.5, which was not offered", || client_hears(&[0, 0, 5, 5])
        => "refused: the peer chose Bolt 5.5, which was not offered";
    far_future: "chooses 254.254", || client_hears(&[0, 0, 0xFE, 0xFE])
        => "refused: the peer chose Bolt 254.254, which was not offered";
    nothing: "knows no version of ours", || client_hears(&[0; 4])
        => "refused: there is no Bolt version that both sides speak";
    nothing_in_a_manifest: "offers no version of ours in its manifest", || manifest(&[1, 0, 0, 5, 5, 0])
        => "refused: there is no Bolt version that both sides speak";
    http: "answers HTTP", || client_hears(b"HTTP/1.1 400 Bad Request\r\n")
        => "refused: the peer speaks HTTP, not Bolt: is this the port of the HTTP interface?";
    tls: "answers TLS", || client_hears(&[0x15, 3, 3, 0, 2, 2, 80])
        => "refused: the peer speaks TLS where plain Bolt was expected: use a scheme with +s or +ssc";
    stranger: "answers something else", || client_hears(b"SSH-2.0-x\r\n")
        => "refused: the peer does not speak Bolt: it answered 53 53 48 2D";
    another_manifest: "answers with manifest 2", || client_hears(&[0, 0, 2, 0xFF])
        => "refused: the peer's handshake manifest is malformed";
    endless_manifest: "offers 2^63 versions", || manifest(&[&[0x80; 9][..], &[1]].concat())
        => "refused: the peer's handshake manifest is malformed";
    endless_number: "sends a number without end", || manifest(&[0x80; 100_000])
        => "refused: the peer's handshake manifest is malformed";
    unfinished_manifest: "offers 256 versions, and sends one", || manifest(&[0x80, 2, 0, 0, 8, 5])
        => "nothing";
    http_request: "asks for a page", || server_hears(b"GET / HTTP/1.1\r\n")
        => "refused: the peer speaks HTTP, not Bolt: is this the port of the HTTP interface?";
    tls_request: "speaks TLS to a server without", || server_hears(&[0x16, 3, 1, 2, 0, 1])
        => "refused: the peer speaks TLS where plain Bolt was expected: use a scheme with +s or +ssc";
    choice_never_offered: "chooses from the manifest what is not in it", || choice(&[0, 0, 5, 5, 0])
        => "refused: the peer chose Bolt 5.5, which was not offered";
    endless_capabilities: "chooses capabilities without end", || choice(&[&[0, 0, 8, 5][..], &[0xFF; 100_000]].concat())
        => "refused: the peer's handshake manifest is malformed";
    no_opening: "sends half an opening", || server_hears(&[0x60, 0x60, 0xB0, 0x17, 0, 0])
        => "nothing";
}
