//! Walking over every value without building anything.

use super::{Seen, messages, slice, take, unexpected};

/// Splits the stream into messages, and looks at none of them.
pub fn drain(stream: &[u8]) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        seen.records += 1;
        seen.sum += message.len() as u64;
    }
    seen
}

/// Walks over every value; strings are not checked and floats not decoded.
pub fn count(stream: &[u8]) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(values::<false>(message));
    }
    seen
}

/// Walks over every value, checks every string and decodes every number.
pub fn walk(stream: &[u8]) -> Seen {
    let mut seen = Seen::default();
    for message in messages(stream) {
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(values::<true>(message));
    }
    seen
}

/// Walks over one message. What lies in a container is only more to be counted, so there is no need to recurse.
#[inline(always)]
fn values<const CHECK: bool>(message: &[u8]) -> u64 {
    let mut rest = message;
    let mut sum = 0_u64;
    let mut left = 1;
    while left > 0 {
        left -= 1;
        let [marker] = take(&mut rest);
        let integer = match marker {
            0x00..=0x7F | 0xF0..=0xFF => i64::from(marker as i8),
            0xC8 => i64::from(i8::from_be_bytes(take(&mut rest))),
            0xC9 => i64::from(i16::from_be_bytes(take(&mut rest))),
            0xCA => i64::from(i32::from_be_bytes(take(&mut rest))),
            0xCB => i64::from_be_bytes(take(&mut rest)),
            0xC1 => {
                let bytes = take(&mut rest);
                if CHECK { f64::from_be_bytes(bytes).to_bits() as i64 } else { 0 }
            }
            0xC0 | 0xC2 => 0,
            0xC3 => 1,
            0x80..=0x8F => string::<CHECK>(&mut rest, usize::from(marker & 15)),
            0xD0 => {
                let [len] = take(&mut rest);
                string::<CHECK>(&mut rest, usize::from(len))
            }
            0xD1 => {
                let len = u16::from_be_bytes(take(&mut rest));
                string::<CHECK>(&mut rest, usize::from(len))
            }
            0xCC => {
                let [len] = take(&mut rest);
                slice(&mut rest, usize::from(len)).len() as i64
            }
            0xCD => {
                let len = u16::from_be_bytes(take(&mut rest));
                slice(&mut rest, usize::from(len)).len() as i64
            }
            0x90..=0x9F => list::<CHECK>(&mut rest, usize::from(marker & 15), &mut left),
            0xD4 => {
                let [len] = take(&mut rest);
                list::<CHECK>(&mut rest, usize::from(len), &mut left)
            }
            0xD5 => {
                let len = u16::from_be_bytes(take(&mut rest));
                list::<CHECK>(&mut rest, usize::from(len), &mut left)
            }
            0xA0..=0xAF => {
                left += 2 * usize::from(marker & 15);
                0
            }
            0xB0..=0xBF => {
                let [_tag] = take(&mut rest);
                left += usize::from(marker & 15);
                0
            }
            other => unexpected(other),
        };
        sum = sum.wrapping_add(integer as u64);
    }
    sum
}

#[inline(always)]
fn string<const CHECK: bool>(rest: &mut &[u8], len: usize) -> i64 {
    let bytes = slice(rest, len);
    if CHECK {
        std::str::from_utf8(bytes).expect("invariant: the bytes are our own").len() as i64
    } else {
        bytes.len() as i64
    }
}

/// Floats come in lists: those that a list begins with are read here, and the rest is left to be counted.
#[inline(always)]
fn list<const CHECK: bool>(rest: &mut &[u8], mut len: usize, left: &mut usize) -> i64 {
    let mut sum = 0_i64;
    while len > 0 && rest.first() == Some(&0xC1) {
        let [_, bytes @ ..] = take::<9>(rest);
        if CHECK {
            sum = sum.wrapping_add(f64::from_be_bytes(bytes).to_bits() as i64);
        }
        len -= 1;
    }
    *left += len;
    sum
}
