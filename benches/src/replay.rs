//! A runtime whose only server replays a recorded stream from memory: the whole driver, without a network under it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use neobolt::{Auth, Driver, Error};
use neobolt_io::{BoxFuture, Listener, Runtime, Sleep, Transport};
use neobolt_proto::{Map, Value};
use packstream::Encoder;

use crate::shapes::Shape;

/// What the server says, recorded beforehand, so that it costs next to nothing to say it.
#[derive(Debug)]
struct Recording {
    /// SUCCESS with the names of the columns.
    opened: Vec<u8>,
    /// One fetch of records.
    fetch: Vec<u8>,
    total: u64,
}

const FETCH_SIZE: u64 = 1000;

#[derive(Debug)]
struct Replay(Arc<Recording>);

/// Returns a driver whose server answers every query with `total` records of `shape`, a thousand at a time.
///
/// # Errors
///
/// None that is expected.
pub fn driver(shape: Shape, total: u64) -> Result<Driver, Error> {
    let names = (0..shape.width).map(|column| Value::from(format!("c{column}"))).collect();
    let opened = success(&Map::from_iter([("fields", Value::List(names))]));
    let recording = Recording { opened, fetch: shape.records(FETCH_SIZE as usize), total };
    Driver::builder(Arc::new(Replay(Arc::new(recording))), "bolt://replay", Auth::none()).build()
}

/// SUCCESS in one chunk.
fn success(metadata: &Map) -> Vec<u8> {
    let mut out = vec![0, 0, 0xB1, 0x70];
    Encoder::new(&mut out).encode(&Value::Map(metadata.clone())).expect("invariant: short metadata");
    let len = u16::try_from(out.len() - 2).expect("invariant: short metadata");
    out[..2].copy_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// `SUCCESS {}` and `SUCCESS {has_more: true}` in one chunk.
const DONE: [u8; 7] = [0, 3, 0xB1, 0x70, 0xA0, 0, 0];
const MORE: [u8; 17] = *b"\0\x0D\xB1\x70\xA1\x88has_more\xC3\0\0";

/// Drives a future of a replayed driver, which never has to wait.
///
/// # Panics
///
/// The future waits for something.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    // The IO loop yields now and then, so that a flood starves nobody.
    for _ in 0..10_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
            return output;
        }
    }
    panic!("a replayed conversation never waits")
}

impl Runtime for Replay {
    fn connect(&self, _to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        let transport = Replayed { recording: Arc::clone(&self.0), greeted: false, out: Vec::new(), read: 0, sent: 0 };
        Box::pin(async move { Ok(Box::new(transport) as Box<dyn Transport>) })
    }

    fn listen(&self, _on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    fn resolve(&self, _host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![(Ipv4Addr::LOCALHOST, port).into()]) })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn random(&self) -> u64 {
        0
    }

    fn sleep_until(&self, _at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Never)
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        run(task);
    }
}

/// A timer that nobody waits for.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Sleep for Never {
    fn reset(self: Pin<&mut Self>, _at: Instant) {}
}

#[derive(Debug)]
struct Replayed {
    recording: Arc<Recording>,
    greeted: bool,
    out: Vec<u8>,
    read: usize,
    sent: u64,
}

impl Replayed {
    /// Answers requests of one chunk each.
    fn answer(&mut self, mut input: &[u8]) {
        if !self.greeted {
            self.greeted = true;
            // Bolt 5.8, by a legacy slot.
            return self.out.extend_from_slice(&[0, 0, 8, 5]);
        }
        while let Some((header, rest)) = input.split_first_chunk::<2>() {
            let (message, rest) = rest.split_at(usize::from(u16::from_be_bytes(*header)));
            input = &rest[2..];
            match message[1] {
                0x10 => {
                    self.sent = 0;
                    self.out.extend_from_slice(&self.recording.opened);
                }
                0x3F => {
                    self.out.extend_from_slice(&self.recording.fetch);
                    self.sent += FETCH_SIZE;
                    let more = self.sent < self.recording.total;
                    self.out.extend_from_slice(if more { &MORE } else { &DONE });
                }
                _ => self.out.extend_from_slice(&DONE),
            }
        }
    }
}

impl Transport for Replayed {
    fn poll_read(&mut self, _cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let len = buf.len().min(self.out.len() - self.read);
        if len == 0 {
            return Poll::Pending;
        }
        buf[..len].copy_from_slice(&self.out[self.read..self.read + len]);
        self.read += len;
        if self.read == self.out.len() {
            self.out.clear();
            self.read = 0;
        }
        Poll::Ready(Ok(len))
    }

    fn poll_write(&mut self, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.answer(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
