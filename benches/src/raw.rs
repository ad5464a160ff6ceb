//! The hand-written loops: what "raw" means in our figures. They are what one writes for a peer one trusts: no limit on anything, and a
//! panic on broken bytes.

pub mod encode;
mod owned;
mod walk;

pub use owned::owned;
pub use walk::{count, drain, walk};

/// What a reader has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the bench reads every field")]
pub struct Seen {
    /// Records.
    pub records: u64,
    /// The sum of all integers, the bits of all floats, all booleans, and the lengths of all strings and byte arrays.
    pub sum: u64,
}

/// Splits a stream into its messages, each of one chunk.
pub fn messages(stream: &[u8]) -> Messages<'_> {
    Messages(stream)
}

/// An iterator over the messages of a stream.
#[derive(Clone, Debug)]
pub struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let (header, rest) = self.0.split_first_chunk::<2>()?;
            let (chunk, rest) = rest.split_at(usize::from(u16::from_be_bytes(*header)));
            // A chunk without content between messages keeps the connection alive.
            if chunk.is_empty() {
                self.0 = rest;
                continue;
            }
            let Some((&[0, 0], rest)) = rest.split_first_chunk::<2>() else {
                several_chunks();
            };
            self.0 = rest;
            return Some(chunk);
        }
    }
}

#[cold]
fn several_chunks() -> ! {
    panic!("the shapes have messages of one chunk")
}

/// Takes the next `N` bytes.
#[inline(always)]
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (taken, behind) = rest.split_first_chunk::<N>().expect("invariant: the bytes are our own");
    *rest = behind;
    *taken
}

/// Takes the next `len` bytes.
#[inline(always)]
fn slice<'a>(rest: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, behind) = rest.split_at(len);
    *rest = behind;
    taken
}

#[cold]
fn unexpected(marker: u8) -> ! {
    panic!("marker {marker:02X} is in none of the shapes")
}
