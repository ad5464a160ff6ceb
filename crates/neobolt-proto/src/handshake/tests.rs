use super::*;

/// Feeds a client one byte at a time, as a slow network would.
fn client(reply: &[u8]) -> Result<(Version, Vec<u8>, usize), HandshakeError> {
    let mut out = Vec::new();
    let mut handshake = ClientHandshake::start(Version::NEWEST, &mut out);
    out.clear();
    for (at, byte) in reply.iter().enumerate() {
        let mut input = core::slice::from_ref(byte);
        match handshake.handle_input(&mut input, &mut out)? {
            ClientStep::NeedsInput(next) => handshake = next,
            ClientStep::Done(version) => return Ok((version, out, reply.len() - at - 1)),
        }
    }
    panic!("the handshake is not over")
}

#[test]
fn the_opening_offers_the_manifest_first() {
    let mut out = Vec::new();
    let _ = ClientHandshake::start(Version::NEWEST, &mut out);
    assert_eq!(out, [0x60, 0x60, 0xB0, 0x17, 0, 0, 1, 0xFF, 0, 8, 8, 5, 0, 2, 4, 4, 0, 0, 0, 3]);
}

#[test]
fn a_client_goes_no_higher_than_it_is_told() {
    let opening = |newest| {
        let mut out = Vec::new();
        let handshake = ClientHandshake::start(newest, &mut out);
        (handshake, out.split_off(8))
    };
    assert_eq!(opening(Version::new(5, 4)).1, [0, 4, 4, 5, 0, 2, 4, 4, 0, 0, 0, 3]);
    assert_eq!(opening(Version::new(4, 3)).1, [0, 0, 0, 0, 0, 1, 3, 4, 0, 0, 0, 3]);
    let manifest = [0, 0, 1, 0xFF, 2, 0, 4, 4, 5, 0, 1, 1, 6, 0];
    let mut out = Vec::new();
    let step = opening(Version::new(5, 8)).0.handle_input(&mut &manifest[..], &mut out);
    assert!(matches!(step, Ok(ClientStep::Done(Version { major: 5, minor: 4 }))));
    let step = opening(Version::new(4, 4)).0.handle_input(&mut &[0, 0, 8, 5][..], &mut out);
    assert_eq!(step.err(), Some(HandshakeError::NotOffered(Version::new(5, 8))));
}

#[test]
fn a_server_offers_ranges() {
    let mut opening = MAGIC.to_vec();
    opening.extend(MANIFEST_V1);
    opening.extend([0; 12]);
    let mut out = Vec::new();
    let _ = ServerHandshake::new().handle_input(&mut &opening[..], &mut out).unwrap();
    assert_eq!(out, [0, 0, 1, 0xFF, 5, 0, 1, 1, 6, 0, 2, 8, 5, 0, 4, 4, 5, 0, 2, 4, 4, 0, 0, 0, 3, 0]);
}

/// The bytes that Neo4j 2026.08.1 and 5.26.19 sent.
#[test]
fn manifests_of_real_servers() {
    let newest = [0, 0, 1, 0xFF, 4, 0, 4, 4, 4, 0, 4, 4, 5, 0, 2, 8, 5, 0, 1, 1, 6, 0];
    assert_eq!(client(&newest).unwrap(), (Version::new(6, 1), vec![0, 0, 1, 6, 0], 0));
    let lts = [0, 0, 1, 0xFF, 3, 0, 4, 4, 4, 0, 4, 4, 5, 0, 2, 8, 5, 0, 0xB1];
    assert_eq!(client(&lts).unwrap(), (Version::new(5, 8), vec![0, 0, 8, 5, 0], 1));
}

#[test]
fn a_legacy_server_picks_a_slot() {
    assert_eq!(client(&[0, 0, 4, 4]).unwrap(), (Version::new(4, 4), vec![], 0));
    assert_eq!(client(&[0, 0, 0, 5]).unwrap().0, Version::new(5, 0));
    assert_eq!(client(&[0, 0, 0, 0]), Err(HandshakeError::NoCommonVersion));
    assert_eq!(client(&[0, 0, 5, 5]), Err(HandshakeError::NotOffered(Version::new(5, 5))));
    assert_eq!(client(&[0, 0, 9, 9]), Err(HandshakeError::NotOffered(Version::new(9, 9))));
}

#[test]
fn strangers_are_named() {
    assert_eq!(client(b"HTTP/1.1 200 OK"), Err(HandshakeError::Http));
    assert_eq!(client(&[0x15, 3, 3, 0, 2]), Err(HandshakeError::Tls));
    assert_eq!(client(b"SSH-2.0"), Err(HandshakeError::NotBolt(*b"SSH-")));
    assert_eq!(client(&[0, 0, 2, 0xFF]), Err(HandshakeError::Manifest));
}

#[test]
fn hostile_manifests_end_early() {
    let endless = [0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    assert_eq!(client(&endless), Err(HandshakeError::Manifest));
    assert_eq!(client(&[0, 0, 1, 0xFF, 0xFF, 0xFF, 0x03]), Err(HandshakeError::Manifest));
}

#[test]
fn varints_are_least_significant_first() {
    assert_eq!(varint(&[0xFF, 0x82, 0x71]).unwrap().1, 1_851_775);
    for value in [0, 1, 127, 128, 300, u64::MAX] {
        let mut bytes = Vec::new();
        put_varint(value, &mut bytes);
        assert_eq!(varint(&bytes).unwrap().1, value);
    }
}

#[test]
fn both_roles_agree() {
    let (mut c, mut s) = (Vec::new(), Vec::new());
    let client = ClientHandshake::start(Version::NEWEST, &mut c);
    let ServerStep::NeedsInput(server) = ServerHandshake::new().handle_input(&mut &c[..], &mut s).unwrap() else {
        panic!("a manifest is answered by a choice")
    };
    c.clear();
    let ClientStep::Done(chosen) = client.handle_input(&mut &s[..], &mut c).unwrap() else { panic!("more needed") };
    let ServerStep::Done { version, manifest } = server.handle_input(&mut &c[..], &mut s).unwrap() else {
        panic!("more needed")
    };
    assert_eq!((version, manifest), (chosen, true));
}

#[test]
fn a_server_answers_legacy_clients_in_their_order() {
    let open = |slots: [[u8; 4]; 4]| {
        let mut input = MAGIC.to_vec();
        input.extend(slots.iter().flatten());
        let mut out = Vec::new();
        let step = ServerHandshake::new().handle_input(&mut &input[..], &mut out);
        (step.map(|it| matches!(it, ServerStep::Done { .. })), out)
    };
    let none = [0; 4];
    assert_eq!(open([[0, 0, 4, 4], [0, 8, 8, 5], none, none]), (Ok(true), vec![0, 0, 4, 4]));
    assert_eq!(open([[0, 8, 8, 5], [0, 0, 4, 4], none, none]), (Ok(true), vec![0, 0, 8, 5]));
    assert_eq!(open([[0, 0, 1, 4], [0, 0, 0, 2], none, none]), (Err(HandshakeError::NoCommonVersion), vec![0; 4]));
    assert_eq!(
        ServerHandshake::new().handle_input(&mut &b"GET / HTTP/1.1"[..], &mut Vec::new()).err(),
        Some(HandshakeError::Http)
    );
}

/// Answers a server's manifest, written in hexadecimal.
fn choose(manifest: &str) -> Result<Version, HandshakeError> {
    client(&hex(manifest)).map(|(version, choice, _)| {
        assert_eq!(choice, [0, 0, version.minor, version.major, 0], "a version without a range, and no capability");
        version
    })
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// "Handshake Manifest v1": offers come in any order, with ranges; capabilities are offered, and need not be chosen.
#[test]
fn the_best_of_a_manifest_is_chosen() {
    assert_eq!(
        choose("00 00 01 FF 02 00 02 08 05 00 04 04 04 09"),
        Ok(Version::new(5, 8)),
        "the specification's example"
    );
    assert_eq!(choose("00 00 01 FF 02 00 04 04 04 00 00 00 06 00"), Ok(Version::new(6, 0)));
    assert_eq!(
        choose("00 00 01 FF 01 00 09 09 05 00"),
        Ok(Version::new(5, 8)),
        "5.9 is not known, 5.8 is in its range"
    );
    assert_eq!(choose("00 00 01 FF 01 00 FF 04 04 00"), Ok(Version::new(4, 4)), "a range below zero ends at zero");
    assert_eq!(choose("00 00 01 FF 01 00 00 08 05 FF FF FF FF FF FF FF FF FF 01"), Ok(Version::new(5, 8)));
}

#[test]
fn a_manifest_of_nothing_we_know() {
    for nothing in ["00 00 01 FF 00 00", "00 00 01 FF 01 00 00 05 05 00", "00 00 01 FF 02 00 00 00 07 00 01 01 04 00"] {
        assert_eq!(choose(nothing), Err(HandshakeError::NoCommonVersion), "{nothing}");
    }
}

/// "VarInt": at most an unsigned 64-bit integer.
#[test]
fn varints_are_bounded() {
    assert_eq!(choose("00 00 01 FF 01 00 00 08 05 FF FF FF FF FF FF FF FF FF 02"), Err(HandshakeError::Manifest));
    assert!(varint(&[0x80; 9]).is_err_and(|error| error.is_incomplete()));
    assert!(varint(&[0x80; 10]).is_err_and(|error| !error.is_incomplete()));
}

/// "Bolt version 4.3": a slot's answer has no range.
#[test]
fn a_slot_is_answered_without_a_range() {
    assert_eq!(client(&hex("00 02 04 04")), Err(HandshakeError::NotBolt([0, 2, 4, 4])));
    assert_eq!(client(&hex("00 00 02 05")).unwrap().0, Version::new(5, 2), "inside the range that was offered");
}

/// A version and whether it came from a manifest; none while more is needed.
type Chosen = Result<Option<(Version, bool)>, HandshakeError>;

/// Lets a client open with four slots and go on with what it chose from the manifest, one byte at a time.
fn server(slots: &str, choice: &str) -> (Chosen, Vec<u8>) {
    let mut out = Vec::new();
    let mut handshake = ServerHandshake::new();
    for byte in [&MAGIC[..], &hex(slots), &hex(choice)].concat() {
        match handshake.handle_input(&mut &[byte][..], &mut out) {
            Ok(ServerStep::NeedsInput(next)) => handshake = next,
            Ok(ServerStep::Done { version, manifest }) => return (Ok(Some((version, manifest))), out),
            Err(error) => return (Err(error), out),
        }
    }
    (Ok(None), out)
}

const WITH_MANIFEST: &str = "00 00 01 FF 00 00 04 04 00 00 00 03 00 00 00 02";

/// "Handshake Manifest v1": the client's choice may not contain a range, nor a capability that was not offered.
#[test]
fn a_choice_is_one_of_what_was_offered() {
    let chosen = |choice| server(WITH_MANIFEST, choice).0;
    assert_eq!(chosen("00 00 08 05 00"), Ok(Some((Version::new(5, 8), true))));
    assert_eq!(chosen("00 00 08 05 80 00"), Ok(Some((Version::new(5, 8), true))), "a longer zero");
    assert_eq!(chosen("00 00 08 05"), Ok(None));
    assert_eq!(chosen("00 00 00 00 00"), Err(HandshakeError::NoCommonVersion));
    for (choice, version) in [("00 00 05 05 00", (5, 5)), ("00 01 08 05 00", (5, 8)), ("00 00 08 05 01", (5, 8))] {
        assert_eq!(chosen(choice), Err(HandshakeError::NotOffered(Version::new(version.0, version.1))), "{choice}");
    }
    assert_eq!(chosen("00 00 08 05 FF FF FF FF FF FF FF FF FF FF"), Err(HandshakeError::Manifest));
}

/// "Version negotiation": the first match of the client's preferences, a manifest and ranges among them.
#[test]
fn slots_are_tried_in_order() {
    let legacy = |slots| server(slots, "").0;
    assert_eq!(legacy("00 00 04 04 00 00 01 FF 00 00 00 00 00 00 00 00"), Ok(Some((Version::new(4, 4), false))));
    assert_eq!(legacy("00 00 09 09 00 02 06 05 00 00 00 03 00 00 00 00"), Ok(Some((Version::new(5, 6), false))));
    assert_eq!(legacy("00 00 05 05 00 01 05 05 00 00 00 00 00 00 00 00"), Ok(Some((Version::new(5, 4), false))));
    assert_eq!(legacy("00 00 01 06 00 00 00 00 00 00 00 00 00 00 00 00"), Ok(Some((Version::new(6, 1), false))));
    let (step, out) = server("00 02 02 FF 00 00 00 00 00 00 00 00 00 00 00 00", "");
    assert_eq!((step, &out[..4]), (Ok(None), &MANIFEST_V1[..]), "a range of manifests");
    let (step, out) = server("00 00 02 FF 00 00 01 04 00 00 00 02 00 00 00 01", "");
    assert_eq!((step, out), (Err(HandshakeError::NoCommonVersion), vec![0; 4]));
}
