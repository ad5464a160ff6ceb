use proptest::prelude::*;

use super::*;

fn feed(inbox: &mut Inbox, mut bytes: &[u8], step: usize, out: &mut Vec<Vec<u8>>) {
    while !bytes.is_empty() {
        let spare = inbox.spare();
        let len = bytes.len().min(step).min(spare.len());
        let (now, rest) = bytes.split_at(len);
        spare[..len].copy_from_slice(now);
        inbox.filled(len);
        bytes = rest;
        while let Some(at) = inbox.next_message().unwrap() {
            out.push(inbox.bytes()[at].to_vec());
        }
    }
}

fn chunked(message: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = message;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let len = (*sizes.next().unwrap()).min(rest.len());
        out.extend_from_slice(&(len as u16).to_be_bytes());
        out.extend_from_slice(&rest[..len]);
        rest = &rest[len..];
    }
    out.extend_from_slice(&[0, 0]);
    out
}

proptest! {
    /// Any chunking and any fragmentation give the same messages; NOOPs between them are nothing.
    #[test]
    fn any_split_gives_the_same_messages(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3000), 1..12),
        sizes in prop::collection::vec(1usize..700, 1..5),
        step in 1usize..5000,
        noops in 0usize..3,
        take in any::<bool>(),
    ) {
        let mut inbox = Inbox::new(1 << 20);
        let mut out = Vec::new();
        for message in &messages {
            let mut wire = vec![0; 2 * noops];
            wire.extend(chunked(message, &sizes));
            feed(&mut inbox, &wire, step, &mut out);
            if take {
                inbox.take(Vec::new());
            }
        }
        prop_assert_eq!(out, messages);
    }

    #[test]
    fn what_is_put_is_read(size in 0usize..200_000) {
        let message: Vec<u8> = (0..size).map(|i| i as u8).chain([1]).collect();
        let mut wire = vec![7];
        put_message(&mut wire, |encoder| { encoder.raw(&message); Ok(()) }).unwrap();
        prop_assert_eq!(wire[0], 7);
        let mut out = Vec::new();
        feed(&mut Inbox::new(1 << 20), &wire[1..], 4096, &mut out);
        prop_assert_eq!(out, vec![message]);
    }
}

#[test]
fn a_message_of_65536_bytes_has_two_chunks() {
    let mut wire = Vec::new();
    put_message(&mut wire, |encoder| {
        encoder.raw(&[5; 65536]);
        Ok(())
    })
    .unwrap();
    assert_eq!(wire.len(), 2 + 65535 + 2 + 1 + 2);
    assert_eq!(wire[..2], [0xFF, 0xFF]);
    assert_eq!(wire[2 + 65535..], [0, 1, 5, 0, 0]);
}

#[test]
fn a_message_above_the_limit_is_refused_before_it_is_stored() {
    let mut inbox = Inbox::new(100);
    let wire = [&[0, 90][..], &[1; 90], &[0, 90]].concat();
    inbox.spare()[..wire.len()].copy_from_slice(&wire);
    inbox.filled(wire.len());
    assert_eq!(inbox.next_message(), Err(PeerViolation::MessageTooLarge(100)));
}

#[test]
fn a_failed_message_leaves_nothing() {
    let mut wire = vec![9];
    let error = put_message(&mut wire, |encoder| encoder.structure_header(1, 99));
    assert!(error.is_err());
    assert_eq!(wire, [9]);
}

/// Who reads slowly and never all of it keeps no more than twice what waits.
#[test]
fn an_outbox_that_is_never_empty_does_not_grow() {
    let mut outbox = Outbox::default();
    let mut sent = 0_u64;
    for round in 0..1000_u64 {
        let message = vec![round as u8; 10_000];
        put_message(outbox.bytes_mut(), |encoder| {
            encoder.raw(&message);
            Ok(())
        })
        .unwrap();
        // 10,004 bytes come, as many go, and 50,000 stay.
        while outbox.transmit().len() > 50_000 {
            let at = sent % 10_004;
            let expected = if (2..10_002).contains(&at) { Some((sent / 10_004) as u8) } else { None };
            assert!(expected.is_none_or(|expected| outbox.transmit()[0] == expected));
            outbox.transmitted(2501);
            sent += 2501;
        }
    }
    assert!(sent > 9_000_000);
    assert!(outbox.bytes.capacity() < 512 * 1024, "{}", outbox.bytes.capacity());
}

/// A limit that is smaller than a chunk stops nobody in the middle of one.
#[test]
fn a_chunk_above_the_high_water_mark_is_read_to_its_end() {
    let mut inbox = Inbox::new(1 << 20);
    let wire = chunked(&[1; 5000], &[1000]);
    let mut given = 0;
    while given < wire.len() {
        assert!(inbox.wants_input(10), "{given}");
        inbox.spare()[..1].copy_from_slice(&wire[given..=given]);
        inbox.filled(1);
        given += 1;
        if given < wire.len() {
            assert_eq!(inbox.next_message(), Ok(None));
        }
    }
    assert_eq!(inbox.next_message().map(|at| at.map(|at| at.len())), Ok(Some(5000)));
    // And nobody goes on reading behind whole chunks that wait.
    let wire = [chunked(&[1; 50], &[50]), chunked(&[2; 50], &[50])].concat();
    inbox.spare()[..wire.len()].copy_from_slice(&wire);
    inbox.filled(wire.len());
    assert!(!inbox.wants_input(10));
}
