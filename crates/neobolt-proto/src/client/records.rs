//! From the bytes of RECORD messages to batches.

use std::sync::Arc;

use packstream::{Decoder, Limits, scan};

use super::{ClientConnection, Event};
use crate::batch::RecordBatch;
use crate::error::PeerViolation;
use crate::message::{RequestKind, tag};
use crate::state::State;

/// How a RECORD begins: a structure of one field, and the tag.
const HEAD: [u8; 2] = [0xB1, tag::RECORD];

impl ClientConnection {
    /// The record at `first` and all complete ones behind it.
    pub(super) fn records(&mut self, first: core::ops::Range<usize>) -> Result<Event, PeerViolation> {
        let Some(pending) = self.pending.front_mut() else {
            return Err(PeerViolation::UnsolicitedResponse(tag::RECORD));
        };
        let state = self.confirmed.state;
        let (RequestKind::Pull, Some(run), State::Streaming | State::TxStreaming) = (pending.kind, pending.run, state)
        else {
            return Err(PeerViolation::UnexpectedResponse { request: pending.kind, response: "RECORD", state });
        };
        // After a RESET the result is gone; its records are still read and then dropped by their receiver.
        let keys = self.results.iter().find(|it| it.run == run).map(|it| Arc::clone(&it.keys));
        let (spare, mut offsets) = self.spare.take().unwrap_or_default();
        offsets.clear();
        let mut rows = Rows {
            width: keys.as_ref().map(|keys| keys.len()),
            limits: self.limits.values,
            left: pending.records_left,
            offsets,
            count: 0,
        };
        // All in locals: the inbox is told once how far it was read.
        let bytes = self.inbox.bytes();
        let base = first.start;
        let mut at = first;
        let mut next = self.inbox.position();
        let is_good = loop {
            let message = bytes.get(base..at.end).unwrap_or_default();
            if !rows.read(message, at.start - base) {
                break false;
            }
            if at.end - base > MAX_BATCH {
                break true;
            }
            let Some(payload) = self.inbox.whole_message(next, HEAD) else {
                break true;
            };
            next = payload.end + 2;
            at = payload;
        };
        self.inbox.advance(next);
        pending.records_left = rows.left;
        let end = at.end;
        if !is_good {
            let violation = rows.violation(self.inbox.bytes().get(at).unwrap_or_default());
            if rows.count == 0 {
                return Err(violation);
            }
            // What came before it is good, and comes first.
            self.violation = Some(violation);
        }
        let Rows { offsets, count: rows, .. } = rows;
        let keys = keys.unwrap_or_default();
        let batch = if self.inbox.is_mostly(end - base) {
            RecordBatch::new(keys, self.inbox.take(spare), base, offsets, rows)
        } else {
            // A few records do not keep a whole buffer alive.
            let records = self.inbox.bytes().get(base..end).unwrap_or_default();
            if spare.capacity() > 2 * records.len() {
                let copy = records.to_vec();
                self.spare = Some((spare, Vec::new()));
                RecordBatch::new(keys, copy, 0, offsets, rows)
            } else {
                let mut copy = spare;
                copy.clear();
                copy.extend_from_slice(records);
                RecordBatch::new(keys, copy, 0, offsets, rows)
            }
        };
        Ok(Event::Records { run, batch })
    }

    /// Takes back the memory of a batch that is no longer used, for the next one.
    pub fn recycle(&mut self, batch: RecordBatch) {
        let (buffer, offsets) = batch.into_parts();
        let (kept_buffer, kept_offsets) = self.spare.take().unwrap_or_default();
        self.spare = Some((larger(buffer, kept_buffer), larger(offsets, kept_offsets)));
    }
}

/// The most memory that is kept for the next batch, in bytes. What one large message needed is not kept as long as its
/// connection; a stream in its stride needs up to twice the high-water mark.
const MAX_SPARE: usize = 2 << 20;

/// The larger of two vectors, unless it is too large to be kept.
fn larger<T>(given: Vec<T>, kept: Vec<T>) -> Vec<T> {
    let is_kept = given.capacity() <= kept.capacity() || given.capacity() * size_of::<T>() > MAX_SPARE;
    if is_kept { kept } else { given }
}

/// The records of a batch while they are scanned.
struct Rows {
    /// The number of columns, unless the records are dropped.
    width: Option<usize>,
    limits: Limits,
    /// How many may still come.
    left: u64,
    offsets: Vec<u32>,
    count: usize,
}

impl Rows {
    /// Scans the RECORD at `start`, up to the end of `bytes`. Whether it is good; if not, [`Self::violation`] says why.
    #[inline(always)]
    fn read(&mut self, bytes: &[u8], start: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        let Some(width) = self.width else {
            self.left -= 1;
            return true;
        };
        let mut decoder = Decoder::at(bytes, start + HEAD.len());
        if decoder.list_header() != Ok(width) {
            return false;
        }
        let scanned = self.offsets.len();
        if scan(bytes, decoder.offset(), width, self.limits, &mut self.offsets) != Ok(bytes.len()) {
            self.offsets.truncate(scanned);
            return false;
        }
        self.left -= 1;
        self.count += 1;
        true
    }

    /// Says what is wrong with a RECORD that is not good. Offsets are those in its message, not in the batch.
    #[cold]
    fn violation(&self, message: &[u8]) -> PeerViolation {
        if self.left == 0 {
            return PeerViolation::TooManyRecords;
        }
        let mut decoder = Decoder::at(message, HEAD.len());
        let expected = self.width.unwrap_or_default();
        match decoder.list_header() {
            Err(error) => error.into(),
            Ok(found) if found != expected => PeerViolation::RecordWidth { expected, found },
            Ok(_) => match scan(message, decoder.offset(), expected, self.limits, &mut Vec::new()) {
                Err(error) => error.into(),
                Ok(_) => PeerViolation::Metadata("record: bytes behind its fields"),
            },
        }
    }
}

/// Where a batch ends although more records lie complete behind it: offsets are 32 bits wide, and a batch is freed as a whole.
const MAX_BATCH: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientLimits, Version};

    #[test]
    fn the_memory_of_a_large_batch_is_not_kept_with_the_connection() {
        let mut client = ClientConnection::new(Version::NEWEST, ClientLimits::default(), Vec::new());
        for (len, is_kept) in [(1 << 20, true), (MAX_SPARE, true), (MAX_SPARE + 1, false)] {
            client.spare = None;
            client.recycle(RecordBatch::new(Arc::default(), Vec::with_capacity(len), 0, Vec::new(), 0));
            let kept = client.spare.as_ref().map_or(0, |(buffer, _)| buffer.capacity());
            assert_eq!(kept >= len, is_kept, "{len}");
        }
    }
}
