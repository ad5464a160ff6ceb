//! A hand-written loop that walks every value of every record and checks every string: what "raw" means in our figures.
//!
//! It knows nothing of limits and panics on broken bytes.

/// What a walk has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the bench reads every field")]
pub struct Seen {
    /// Records.
    pub records: u64,
    /// Values, nested ones included.
    pub values: u64,
    /// The sum of all integers, and of the lengths of all strings.
    pub sum: u64,
}

/// Walks chunked RECORD messages of one chunk each.
pub fn walk(mut stream: &[u8]) -> Seen {
    let mut seen = Seen::default();
    while let Some((header, rest)) = stream.split_first_chunk::<2>() {
        let len = usize::from(u16::from_be_bytes(*header));
        if len == 0 {
            stream = rest;
            continue;
        }
        seen.records += 1;
        let mut at = &rest[2..len];
        value(&mut at, &mut seen);
        stream = &rest[len + 2..];
    }
    seen
}

fn take<const N: usize>(at: &mut &[u8]) -> [u8; N] {
    let (taken, rest) = at.split_first_chunk::<N>().expect("invariant: the bytes are our own");
    *at = rest;
    *taken
}

fn value(at: &mut &[u8], seen: &mut Seen) {
    seen.values += 1;
    let [marker] = take(at);
    match marker {
        0x00..=0x7F | 0xF0..=0xFF => add(seen, i64::from(marker as i8)),
        0x80..=0x8F => string(at, usize::from(marker & 15), seen),
        0x90..=0x9F => (0..marker & 15).for_each(|_| value(at, seen)),
        0xA0..=0xAF => (0..2 * (marker & 15)).for_each(|_| value(at, seen)),
        0xB0..=0xBF => {
            take::<1>(at);
            (0..marker & 15).for_each(|_| value(at, seen));
        }
        0xC0 | 0xC2 | 0xC3 => {}
        0xC1 => {
            take::<8>(at);
        }
        0xC8 => add(seen, i64::from(i8::from_be_bytes(take(at)))),
        0xC9 => add(seen, i64::from(i16::from_be_bytes(take(at)))),
        0xCA => add(seen, i64::from(i32::from_be_bytes(take(at)))),
        0xCB => add(seen, i64::from_be_bytes(take(at))),
        0xD0 => {
            let [len] = take(at);
            string(at, usize::from(len), seen);
        }
        other => panic!("marker {other:02X} is in none of the shapes"),
    }
}

fn add(seen: &mut Seen, integer: i64) {
    seen.sum = seen.sum.wrapping_add(integer as u64);
}

fn string(at: &mut &[u8], len: usize, seen: &mut Seen) {
    let (bytes, rest) = at.split_at(len);
    *at = rest;
    let text = std::str::from_utf8(bytes).expect("invariant: the bytes are our own");
    seen.sum = seen.sum.wrapping_add(text.len() as u64);
}
