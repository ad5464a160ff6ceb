//! Keys that occur again behind them in the same map: the last of equal keys wins.

use alloc::vec::Vec;

use crate::{DecodeError, Decoder, Type, marker};

/// The overwritten entries of maps that lie ahead.
///
/// Each byte of the input is looked at once at most, however deep maps lie in one another: what is found out about a map holds for
/// all it contains.
#[derive(Debug, Default)]
pub(super) struct Overwritten {
    /// The offsets of their keys, the next one last.
    keys: Vec<usize>,
    /// Everything before this offset was looked at.
    known: usize,
}

impl Overwritten {
    /// Finds those of a map whose header was read, at whose first key `entries` stands, and of all maps in it.
    ///
    /// Says nothing of broken bytes: who reads them will.
    pub(super) fn find(&mut self, entries: &Decoder<'_>, len: usize) {
        if entries.offset() < self.known {
            return;
        }
        let mut search = Search { decoder: entries.clone(), keys: Vec::new(), found: Vec::new() };
        search.run(len);
        search.found.sort_unstable_by(|a, b| b.cmp(a));
        self.keys = search.found;
        self.known = search.decoder.offset();
    }

    /// Steps over the entries before `decoder` that are overwritten. Each is two of the values owed.
    pub(super) fn skip(&mut self, decoder: &mut Decoder<'_>, owed: &mut usize) -> Result<(), DecodeError> {
        while let Some(&key) = self.keys.last() {
            let here = decoder.offset();
            if key > here {
                break;
            }
            // Those before lay in a value that was skipped.
            if key == here {
                decoder.skip(2)?;
                *owed = owed.saturating_sub(2);
            }
            self.keys.pop();
        }
        Ok(())
    }
}

struct Search<'de> {
    decoder: Decoder<'de>,
    /// The keys of the open maps with their offsets, those of the innermost last.
    keys: Vec<(&'de [u8], usize)>,
    found: Vec<usize>,
}

/// A container that is not read to its end.
struct Open {
    left: usize,
    /// Where its keys start among all, if it is a map.
    keys: Option<usize>,
}

impl Search<'_> {
    fn run(&mut self, entries: usize) {
        let mut around: Vec<Open> = Vec::new();
        let mut open = Open { left: entries, keys: Some(0) };
        loop {
            if open.left == 0 {
                if let Some(first) = open.keys {
                    self.close(first);
                }
                match around.pop() {
                    Some(outer) => open = outer,
                    None => return,
                }
                continue;
            }
            open.left -= 1;
            if open.keys.is_some() {
                let start = self.decoder.offset();
                match self.decoder.string_bytes() {
                    Ok(key) => self.keys.push((key, start)),
                    Err(_) => return,
                }
            }
            match self.value() {
                Some(Some(inner)) => around.push(core::mem::replace(&mut open, inner)),
                Some(None) => {}
                None => return,
            }
        }
    }

    /// Goes into a container or steps over another value; `None` where the input is broken.
    fn value(&mut self) -> Option<Option<Open>> {
        let rest = self.decoder.remaining();
        Some(match marker::type_of(*rest.first()?)? {
            Type::Map => Some(Open { left: self.decoder.map_header().ok()?, keys: Some(self.keys.len()) }),
            Type::List => Some(Open { left: self.decoder.list_header().ok()?, keys: None }),
            Type::Structure => Some(Open { left: self.decoder.structure_header().ok()?.1, keys: None }),
            Type::Null | Type::Boolean | Type::Integer | Type::Float | Type::Bytes | Type::String | Type::Uuid => {
                self.decoder.skip(1).ok()?;
                None
            }
        })
    }

    /// Compares the keys of a map that was read.
    fn close(&mut self, first: usize) {
        let (_, keys) = self.keys.split_at_mut_checked(first).unwrap_or_default();
        keys.sort_unstable();
        let pairs = keys.iter().zip(keys.iter().skip(1));
        self.found.extend(pairs.filter(|((a, _), (b, _))| a == b).map(|((_, start), _)| start));
        self.keys.truncate(first);
    }
}
