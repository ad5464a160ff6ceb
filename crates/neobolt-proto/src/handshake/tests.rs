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
