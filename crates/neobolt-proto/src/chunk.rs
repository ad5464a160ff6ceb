//! Framing: messages in chunks, NOOPs between them.
//!
//! Source: Bolt specification, "Message transfer encoding". A message of one chunk is used where it lies; only a longer one
//! is closed up in place, each byte of it moved once.

use core::ops::Range;

use packstream::{EncodeError, Encoder};

use crate::error::PeerViolation;

/// What a connection begins to read into.
const INITIAL: usize = 8 * 1024;
/// What a connection that is read in full buffers goes up to: larger reads gain nothing measurable.
const FULL: usize = 64 * 1024;
/// A buffer that grew beyond this for one large message is given up once it is empty.
const SHRINK_ABOVE: usize = 1024 * 1024;

/// The received bytes, as one growable buffer that is read into directly.
///
/// All of the buffer is initialised; `start..end` is what was received and not yet consumed.
#[derive(Debug)]
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// A message of several chunks that is being closed up, or whose end marker has not come yet.
    partial: Option<Partial>,
    max_message: usize,
}

#[derive(Debug, Clone, Copy)]
struct Partial {
    /// Where the payload that is closed up ends; it begins at `Inbox::start`.
    payload_end: usize,
    /// Where the next chunk's header is.
    next: usize,
}

impl Inbox {
    pub(crate) fn new(max_message: usize) -> Self {
        Self { buffer: vec![0; INITIAL], start: 0, end: 0, partial: None, max_message }
    }

    pub(crate) fn set_max_message(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    /// What was received and not yet consumed, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// The bytes received so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.end).unwrap_or_default()
    }

    /// Room to read into.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        if self.start == self.end && self.partial.is_none() {
            self.start = 0;
            self.end = 0;
            if self.buffer.len() > SHRINK_ABOVE {
                self.buffer = vec![0; FULL];
            }
        }
        if self.end == self.buffer.len() {
            if self.start > 0 && self.start >= self.len() {
                self.compact();
            } else {
                // Only a full buffer grows, so it is never larger than a small multiple of what was received.
                self.buffer.resize((self.buffer.len() * 2).max(FULL), 0);
            }
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    pub(crate) fn filled(&mut self, len: usize) {
        self.end = (self.end + len).min(self.buffer.len());
        if self.end == self.buffer.len() && self.buffer.len() < FULL {
            self.buffer.resize(FULL, 0);
        }
    }

    fn compact(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        if let Some(partial) = &mut self.partial {
            partial.payload_end -= self.start;
            partial.next -= self.start;
        }
        self.end -= self.start;
        self.start = 0;
    }

    fn header(&self, at: usize) -> Option<usize> {
        let bytes = self.buffer.get(at..self.end)?.first_chunk::<2>()?;
        Some(usize::from(u16::from_be_bytes(*bytes)))
    }

    /// Consumes the next message and returns where its payload lies in [`Self::bytes`], or `None` when it is incomplete.
    #[inline]
    pub(crate) fn next_message(&mut self) -> Result<Option<Range<usize>>, PeerViolation> {
        if self.partial.is_none() {
            while let Some(size) = self.header(self.start) {
                if size == 0 {
                    self.start += 2;
                    continue;
                }
                let end = self.start + 2 + size;
                if self.header(end) == Some(0) {
                    if size > self.max_message {
                        return Err(PeerViolation::MessageTooLarge(self.max_message));
                    }
                    let payload = self.start + 2..end;
                    self.start = end + 2;
                    return Ok(Some(payload));
                }
                return self.next_long();
            }
            return Ok(None);
        }
        self.next_long()
    }

    /// Where the next message begins.
    pub(crate) fn position(&self) -> usize {
        self.start
    }

    /// Consumes everything up to `position`, at which a message begins.
    pub(crate) fn advance(&mut self, position: usize) {
        self.start = position.min(self.end);
    }

    /// Returns the payload of the message at `position` if it begins with `head`, lies there whole and is one chunk.
    #[inline]
    pub(crate) fn whole_message(&self, position: usize, head: [u8; 2]) -> Option<Range<usize>> {
        if self.partial.is_some() {
            return None;
        }
        let rest = self.buffer.get(position..self.end)?;
        let [a, b, c, d, ..] = *rest else {
            return None;
        };
        let size = usize::from(u16::from_be_bytes([a, b]));
        let end_marker = rest.get(2 + size..)?.first_chunk::<2>();
        let is_whole = [c, d] == head && size >= 2 && size <= self.max_message && end_marker == Some(&[0, 0]);
        is_whole.then_some(position + 2..position + 2 + size)
    }

    /// Returns whether a message of nothing but `tag` was received. The first `searched` bytes have been searched before;
    /// it is told how far the search has come.
    pub(crate) fn finds_bare_message(&self, searched: &mut usize, tag: u8) -> bool {
        // What is being closed up is one message, and what lies behind it is not known to begin with a header.
        if self.partial.is_some() {
            return false;
        }
        let mut begins = self.start + *searched;
        let mut at = begins;
        while let Some(size) = self.header(at) {
            at += 2 + size;
            if size == 0 {
                if self.buffer.get(begins..at).is_some_and(|message| message == [0, 2, 0xB0, tag, 0, 0]) {
                    return true;
                }
                begins = at;
                *searched = begins - self.start;
            }
        }
        false
    }

    /// Whether `len` bytes are the larger part of the buffer.
    pub(crate) fn is_mostly(&self, len: usize) -> bool {
        len > self.buffer.len() / 2
    }

    /// Whether more should be read: a chunk is incomplete, or little waits to be consumed.
    pub(crate) fn wants_input(&self, high_water: usize) -> bool {
        let next = self.partial.map_or(self.start, |partial| partial.next);
        let chunk_is_whole = || {
            let size = self.header(next)?;
            self.header(next + 2 + size)
        };
        self.end - next < high_water || chunk_is_whole().is_none()
    }

    /// A message of several chunks, or one whose end has not come.
    #[cold]
    fn next_long(&mut self) -> Result<Option<Range<usize>>, PeerViolation> {
        let mut partial = self.partial.unwrap_or(Partial { payload_end: self.start, next: self.start });
        while let Some(size) = self.header(partial.next) {
            if size == 0 {
                let payload = self.start..partial.payload_end;
                self.start = partial.next + 2;
                self.partial = None;
                return Ok(Some(payload));
            }
            if partial.payload_end - self.start + size > self.max_message {
                return Err(PeerViolation::MessageTooLarge(self.max_message));
            }
            let chunk = partial.next + 2..partial.next + 2 + size;
            if chunk.end > self.end {
                break;
            }
            self.buffer.copy_within(chunk.clone(), partial.payload_end);
            partial.payload_end += size;
            partial.next = chunk.end;
        }
        self.partial = (partial.next > self.start).then_some(partial);
        Ok(None)
    }

    /// Gives the buffer away, with everything consumed up to here in it, and goes on with `fresh` and the rest.
    pub(crate) fn take(&mut self, mut fresh: Vec<u8>) -> Vec<u8> {
        let rest = self.len();
        let size = self.buffer.len().clamp(FULL, SHRINK_ABOVE).max(rest);
        if fresh.len() < size {
            fresh.resize(size, 0);
        }
        if let (Some(to), Some(from)) = (fresh.get_mut(..rest), self.buffer.get(self.start..self.end)) {
            to.copy_from_slice(from);
        }
        if let Some(partial) = &mut self.partial {
            partial.payload_end -= self.start;
            partial.next -= self.start;
        }
        self.start = 0;
        self.end = rest;
        core::mem::replace(&mut self.buffer, fresh)
    }
}

/// The bytes to transmit, half-written ones included.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    written: usize,
}

impl Outbox {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, written: 0 }
    }

    /// Where messages are appended.
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn transmit(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    pub(crate) fn transmitted(&mut self, len: usize) {
        self.written = (self.written + len).min(self.bytes.len());
        let left = self.bytes.len() - self.written;
        if left > 0 && self.written > FULL.max(left) {
            // Who always leaves a little would make it grow for ever. No byte is moved more than once for one that has gone.
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        if self.written == self.bytes.len() {
            self.written = 0;
            self.bytes.clear();
            if self.bytes.capacity() > SHRINK_ABOVE {
                self.bytes = Vec::new();
            }
        }
    }
}

/// The largest payload of a chunk.
const MAX_CHUNK: usize = 0xFFFF;

/// Appends a message to `out`: a header is reserved, the message written behind it, and the chunks are moved apart only if
/// there are several. On an error `out` is as it was.
pub(crate) fn put_message(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Encoder<'_>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    out.extend_from_slice(&[0, 0]);
    let written = write(&mut Encoder::new(out));
    if let Err(error) = written {
        out.truncate(start);
        return Err(error);
    }
    let size = out.len() - start - 2;
    let chunks = size.div_ceil(MAX_CHUNK).max(1);
    // The first header stands already; the others push the chunks behind them to the right, from the back.
    out.resize(out.len() + 2 * (chunks - 1), 0);
    for index in (1..chunks).rev() {
        let from = start + 2 + index * MAX_CHUNK;
        let len = (size - index * MAX_CHUNK).min(MAX_CHUNK);
        out.copy_within(from..from + len, from + 2 * index);
        put_header(out, from + 2 * index - 2, len);
    }
    put_header(out, start, size.min(MAX_CHUNK));
    out.extend_from_slice(&[0, 0]);
    Ok(())
}

fn put_header(out: &mut [u8], at: usize, len: usize) {
    if let Some(header) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<2>) {
        *header = (len as u16).to_be_bytes();
    }
}

#[cfg(test)]
mod tests;
