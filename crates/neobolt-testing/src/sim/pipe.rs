//! One direction of a connection.

use std::collections::VecDeque;
use std::io;
use std::task::{Poll, Waker};
use std::time::Instant;

use super::clock::TimerId;
use super::{Chance, Env};

/// How many bytes are on their way or unread before a writer has to wait: small, so that tests meet
/// back-pressure.
const CAPACITY: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Pipe {
    /// Bytes written and not yet read, of which the first `arrived` can be read.
    data: VecDeque<u8>,
    arrived: usize,
    /// When, and how many at a time, the others arrive.
    travelling: VecDeque<(Instant, usize)>,
    /// How many bytes were ever written.
    pub(super) written: u64,
    /// What the reader finds behind the last byte, and when.
    end: Option<(Instant, End)>,
    /// When the writer learns that nobody reads any more.
    gone: Option<Instant>,
    /// Nothing arrives any more, and nobody is told.
    pub(super) silent: bool,
    reader: Option<Waker>,
    reader_timer: Option<TimerId>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Eof,
    Reset,
}

impl Pipe {
    pub(super) fn read(&mut self, env: &mut Env, buf: &mut [u8], waker: &Waker) -> Poll<io::Result<usize>> {
        if hesitates(env, waker) {
            return Poll::Pending;
        }
        let now = env.clock.now();
        self.settle(now);
        if self.arrived > 0 {
            let len = portion(env, buf.len().min(self.arrived));
            for (to, from) in buf.iter_mut().zip(self.data.drain(..len)) {
                *to = from;
            }
            self.arrived -= len;
            wake(&mut self.writer);
            return Poll::Ready(Ok(len));
        }
        match self.end {
            Some((at, End::Eof)) if at <= now => return Poll::Ready(Ok(0)),
            Some((at, End::Reset)) if at <= now => {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            _ => {}
        }
        let next = self.travelling.front().map(|(at, _)| *at);
        if let Some(at) = next.or(self.end.map(|(at, _)| at)) {
            env.clock.set(&mut self.reader_timer, at, waker);
        }
        self.reader = Some(waker.clone());
        Poll::Pending
    }

    /// Takes at most `limit` bytes.
    pub(super) fn write(&mut self, env: &mut Env, buf: &[u8], limit: u64, waker: &Waker) -> Poll<io::Result<usize>> {
        if hesitates(env, waker) {
            return Poll::Pending;
        }
        if self.end.is_some() || self.gone.is_some_and(|at| at <= env.clock.now()) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.gone.is_some() {
            return Poll::Ready(Ok(buf.len())); // sent in good faith, read by nobody
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let most = buf.len().min(CAPACITY - self.data.len()).min(limit);
        if most == 0 && !buf.is_empty() {
            self.writer = Some(waker.clone());
            return Poll::Pending;
        }
        let len = portion(env, most);
        self.data.extend(buf.iter().take(len));
        self.written += len as u64;
        if !self.silent {
            let at = self.after_all(env.arrival());
            self.travelling.push_back((at, len));
            wake(&mut self.reader);
        }
        Poll::Ready(Ok(len))
    }

    /// Ends the stream behind what was written; of what is on its way, a reset loses some of it.
    pub(super) fn finish(&mut self, env: &mut Env, end: End) {
        if self.silent || self.end.is_some() {
            return;
        }
        if matches!(end, End::Reset) {
            self.settle(env.clock.now());
            let kept = env.chance.below(self.travelling.len() + 1);
            self.travelling.truncate(kept);
            let travelling: usize = self.travelling.iter().map(|(_, len)| len).sum();
            self.data.truncate(self.arrived + travelling);
        }
        let at = self.after_all(env.arrival());
        self.end = Some((at, end));
        wake(&mut self.reader);
        wake(&mut self.writer);
    }

    /// Takes note that nobody reads any more; returns whether there was something left to read.
    pub(super) fn abandon(&mut self, env: &mut Env) -> bool {
        env.clock.cancel(&mut self.reader_timer);
        self.reader = None;
        let unread = !self.data.is_empty();
        if !self.silent {
            self.gone = Some(env.arrival());
            self.data.clear();
            self.travelling.clear();
            self.arrived = 0;
            wake(&mut self.writer);
        }
        unread
    }

    /// Moves what has arrived by now to what can be read.
    fn settle(&mut self, now: Instant) {
        while self.travelling.front().is_some_and(|(at, _)| *at <= now) {
            self.arrived += self.travelling.pop_front().map_or(0, |(_, len)| len);
        }
    }

    /// Bytes do not overtake each other, and the end does not overtake the bytes.
    fn after_all(&self, at: Instant) -> Instant {
        self.travelling.back().map_or(at, |(last, _)| at.max(*last))
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// A socket may always claim not to be ready, as long as it wakes its task.
fn hesitates(env: &mut Env, waker: &Waker) -> bool {
    let hesitates = env.fragment && env.chance.one_in(16);
    if hesitates {
        waker.wake_by_ref();
    }
    hesitates
}

/// How many of at most `most` bytes are moved at once: often all, sometimes very few.
fn portion(env: &mut Env, most: usize) -> usize {
    let few = |chance: &mut Chance, bound: usize| 1 + chance.below(bound);
    match most {
        0 | 1 => most,
        _ if !env.fragment || env.chance.one_in(2) => most,
        _ if env.chance.one_in(2) => few(&mut env.chance, most.min(16)),
        _ => few(&mut env.chance, most),
    }
}
