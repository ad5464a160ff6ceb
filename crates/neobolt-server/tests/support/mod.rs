//! A client that speaks raw Bolt to a connection handler, on a clock that stands still, without threads or sockets.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use neobolt_io::{BoxFuture, Listener, Runtime, Sleep, Transport};
use neobolt_server::{Backend, ServerConfig, serve_connection};
use packstream::{Decoder, Encoder, Map, Structure, Value};

pub(crate) const HELLO: u8 = 0x01;
pub(crate) const GOODBYE: u8 = 0x02;
pub(crate) const RESET: u8 = 0x0F;
pub(crate) const RUN: u8 = 0x10;
pub(crate) const BEGIN: u8 = 0x11;
pub(crate) const COMMIT: u8 = 0x12;
pub(crate) const ROLLBACK: u8 = 0x13;
pub(crate) const DISCARD: u8 = 0x2F;
pub(crate) const PULL: u8 = 0x3F;
pub(crate) const ROUTE: u8 = 0x66;
pub(crate) const LOGON: u8 = 0x6A;
pub(crate) const LOGOFF: u8 = 0x6B;

/// A map of values.
pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(Map::from_iter(entries))
}

/// A clock that is moved by hand.
#[derive(Clone, Debug)]
pub(crate) struct TestRuntime {
    now: Arc<Mutex<Instant>>,
}

impl TestRuntime {
    pub(crate) fn new() -> Self {
        Self { now: Arc::new(Mutex::new(Instant::now())) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
    }
}

impl Runtime for TestRuntime {
    fn connect(&self, _to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        Box::pin(ready(Err(io::ErrorKind::Unsupported.into())))
    }

    fn listen(&self, _on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(ready(Err(io::ErrorKind::Unsupported.into())))
    }

    fn resolve(&self, _host: &str, _port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(ready(Err(io::ErrorKind::Unsupported.into())))
    }

    fn now(&self) -> Instant {
        *self.now.lock().unwrap()
    }

    fn random(&self) -> u64 {
        4
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(TestSleep { runtime: self.clone(), at })
    }

    fn spawn(&self, _task: BoxFuture<'static, ()>) {}
}

struct TestSleep {
    runtime: TestRuntime,
    at: Instant,
}

impl Future for TestSleep {
    type Output = ();

    /// Wakes nobody: the test polls again when it has moved the clock.
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        if self.runtime.now() >= self.at { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for TestSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.at = at;
    }
}

/// Both directions of a connection.
#[derive(Debug)]
struct Pipe {
    to_server: VecDeque<u8>,
    client_left: bool,
    to_client: Vec<u8>,
    /// How much fits between server and client.
    capacity: usize,
    server_left: bool,
}

#[derive(Debug)]
struct ServerEnd(Arc<Mutex<Pipe>>);

impl Transport for ServerEnd {
    fn poll_read(&mut self, _cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.0.lock().unwrap();
        let len = buf.len().min(pipe.to_server.len());
        if len == 0 && !pipe.client_left {
            return Poll::Pending;
        }
        for (to, from) in buf.iter_mut().zip(pipe.to_server.drain(..len)) {
            *to = from;
        }
        Poll::Ready(Ok(len))
    }

    fn poll_write(&mut self, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.0.lock().unwrap();
        let len = buf.len().min(pipe.capacity - pipe.to_client.len());
        if len == 0 {
            return Poll::Pending;
        }
        pipe.to_client.extend_from_slice(&buf[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().unwrap().server_left = true;
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A client, and the handler that it talks to.
pub(crate) struct Client {
    pub(crate) runtime: TestRuntime,
    pipe: Arc<Mutex<Pipe>>,
    handler: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// The beginning of a message.
    unfinished: Vec<u8>,
}

impl Client {
    /// Connects, and agrees on `version` by a legacy slot.
    pub(crate) fn connect(backend: Arc<dyn Backend>, version: (u8, u8), config: ServerConfig) -> Self {
        let runtime = TestRuntime::new();
        let pipe = Arc::new(Mutex::new(Pipe {
            to_server: VecDeque::new(),
            client_left: false,
            to_client: Vec::new(),
            capacity: 64 << 10,
            server_left: false,
        }));
        let handler = serve_connection(
            Arc::new(runtime.clone()),
            Box::new(ServerEnd(Arc::clone(&pipe))),
            "192.0.2.1:50000".parse().unwrap(),
            backend,
            Arc::new(config),
        );
        let mut client = Self { runtime, pipe, handler: Some(Box::pin(handler)), unfinished: Vec::new() };
        let slot = [0, 0, version.1, version.0];
        client.send_bytes(&[&[0x60, 0x60, 0xB0, 0x17][..], &slot, &[0; 12]].concat());
        client.turn();
        assert_eq!(client.pipe().to_client.drain(..4).collect::<Vec<_>>(), slot);
        client
    }

    /// Connects with Bolt 5.8 and authenticates.
    pub(crate) fn authenticated(backend: Arc<dyn Backend>, config: ServerConfig) -> Self {
        let mut client = Self::connect(backend, (5, 8), config);
        client.send(HELLO, [map([("user_agent", "test/1.0".into())])]);
        client.send(LOGON, [map([("scheme", "none".into())])]);
        let answers = client.receive();
        assert!(answers.len() == 2 && answers.iter().all(|answer| answer.starts_with("SUCCESS")), "{answers:?}");
        client
    }

    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        self.pipe.lock().unwrap()
    }

    /// Sends a message; it is read with the next turn.
    pub(crate) fn send<const N: usize>(&mut self, tag: u8, fields: [Value; N]) {
        let mut message = Vec::new();
        Encoder::new(&mut message).encode(&Structure::new(tag, fields)).unwrap();
        let mut framed = Vec::new();
        for chunk in message.chunks(0xFFFF) {
            framed.extend_from_slice(&(chunk.len() as u16).to_be_bytes());
            framed.extend_from_slice(chunk);
        }
        framed.extend_from_slice(&[0, 0]);
        self.send_bytes(&framed);
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.pipe().to_server.extend(bytes);
    }

    pub(crate) fn run(&mut self, query: &str) {
        self.send(RUN, [query.into(), map([]), map([])]);
    }

    pub(crate) fn pull(&mut self, n: i64) {
        self.send(PULL, [map([("n", n.into())])]);
    }

    /// Ends the client's direction.
    pub(crate) fn leave(&mut self) {
        self.pipe().client_left = true;
    }

    /// Lets the handler work until it waits.
    pub(crate) fn turn(&mut self) {
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        // The transport and the timer wake nobody, so a quiet handler is one that woke nobody either, twice in a row.
        for _ in 0..2 {
            loop {
                let Some(handler) = &mut self.handler else { return };
                if handler.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                    self.handler = None;
                    self.pipe().server_left = true;
                }
                if !flag.0.swap(false, Ordering::SeqCst) {
                    break;
                }
            }
        }
    }

    /// Returns whether the handler is done, and the server has closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.handler.is_none() && self.pipe().server_left
    }

    /// Returns how many bytes lie between server and client.
    pub(crate) fn unread(&self) -> usize {
        self.pipe().to_client.len()
    }

    /// Returns how many bytes the server has not read yet.
    pub(crate) fn unsent(&self) -> usize {
        self.pipe().to_server.len()
    }

    /// Lets the handler work, and returns the bytes that it sent.
    pub(crate) fn receive_bytes(&mut self) -> Vec<u8> {
        self.turn();
        std::mem::take(&mut self.pipe().to_client)
    }

    /// Lets the handler work, and returns the complete messages that it sent, printed.
    pub(crate) fn receive(&mut self) -> Vec<String> {
        let mut bytes = std::mem::take(&mut self.unfinished);
        bytes.extend(self.receive_bytes());
        let mut messages = Vec::new();
        let (mut message, mut rest, mut finished) = (Vec::new(), &bytes[..], 0);
        while let Some((header, behind)) = rest.split_first_chunk::<2>() {
            let Some((chunk, behind)) = behind.split_at_checked(u16::from_be_bytes(*header).into()) else {
                break;
            };
            rest = behind;
            if !chunk.is_empty() {
                message.extend_from_slice(chunk);
                continue;
            }
            messages.push(if message.is_empty() { "NOOP".to_owned() } else { print(&message) });
            message.clear();
            finished = bytes.len() - rest.len();
        }
        self.unfinished = bytes.split_off(finished);
        messages
    }
}

fn print(message: &[u8]) -> String {
    let value: Value = Decoder::new(message).decode().unwrap();
    let Value::Structure(structure) = value else { panic!("{value:?}") };
    let name = match structure.tag() {
        0x70 => "SUCCESS",
        0x71 => "RECORD",
        0x7E => "IGNORED",
        0x7F => "FAILURE",
        tag => panic!("a server does not send 0x{tag:02X}"),
    };
    let mut text = name.to_owned();
    for field in structure.fields() {
        text.push(' ');
        print_value(field, &mut text);
    }
    text
}

/// Prints a value; times are left out, for they are not what is tested.
fn print_value(value: &Value, text: &mut String) {
    match value {
        Value::Integer(integer) => write!(text, "{integer}").unwrap(),
        Value::String(string) => write!(text, "{string}").unwrap(),
        Value::Boolean(boolean) => write!(text, "{boolean}").unwrap(),
        Value::List(list) => {
            text.push('[');
            for (index, item) in list.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                print_value(item, text);
            }
            text.push(']');
        }
        Value::Map(map) => {
            text.push('{');
            for (index, (key, value)) in map.iter().filter(|(key, _)| !key.starts_with("t_")).enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write!(text, "{key}: ").unwrap();
                print_value(value, text);
            }
            text.push('}');
        }
        other => write!(text, "{other:?}").unwrap(),
    }
}
