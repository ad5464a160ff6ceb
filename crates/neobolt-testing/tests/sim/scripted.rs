//! A server that says whatever a test wants, byte for byte.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use neobolt::{Auth, Driver, DriverBuilder};
use neobolt_io::{Runtime, Transport};
use neobolt_testing::sim::Sim;

/// The tags of the requests that scripts answer.
pub(crate) mod tag {
    pub(crate) const HELLO: u8 = 0x01;
    pub(crate) const RESET: u8 = 0x0F;
    pub(crate) const RUN: u8 = 0x10;
    pub(crate) const COMMIT: u8 = 0x12;
    pub(crate) const PULL: u8 = 0x3F;
    pub(crate) const ROUTE: u8 = 0x66;
}

/// What a script does about a request.
pub(crate) enum Answer {
    /// Sends these bytes.
    Bytes(Vec<u8>),
    /// Says nothing.
    Silence,
    /// Sends these bytes and ends its direction of the stream.
    Last(Vec<u8>),
}

/// The answers of a well-behaved server whose queries have one column and no records.
pub(crate) fn usual(tag: u8) -> Answer {
    Answer::Bytes(match tag {
        tag::RUN => success(&[("fields", list(&[text("i")])), ("qid", vec![0])]),
        _ => success(&[]),
    })
}

/// A server that shakes hands with a version and then does what its script says of the `n`th connection's requests.
pub(crate) struct Scripted {
    pub(crate) sim: Sim,
    pub(crate) address: SocketAddr,
}

impl Scripted {
    pub(crate) fn new((major, minor): (u8, u8), script: impl FnMut(usize, u8) -> Answer + Send + 'static) -> Self {
        Self::shaking(vec![0, 0, minor, major], script)
    }

    /// A server that answers the client's opening with `reply`.
    pub(crate) fn shaking(reply: Vec<u8>, script: impl FnMut(usize, u8) -> Answer + Send + 'static) -> Self {
        let sim = Sim::new(1);
        let address = serve(&sim, reply, script);
        Self { sim, address }
    }

    pub(crate) fn builder(&self, scheme: &str) -> DriverBuilder {
        Driver::builder(self.sim.runtime(), &format!("{scheme}://{}", self.address), Auth::none())
    }

    pub(crate) fn driver(&self) -> Driver {
        self.builder("bolt").build().unwrap()
    }
}

/// Serves one more script in `sim`.
pub(crate) fn serve(sim: &Sim, reply: Vec<u8>, script: impl FnMut(usize, u8) -> Answer + Send + 'static) -> SocketAddr {
    sim.block_on(serve_on(sim.runtime(), reply, script))
}

/// Serves a script on any runtime.
pub(crate) async fn serve_on(
    runtime: Arc<dyn Runtime>,
    reply: Vec<u8>,
    script: impl FnMut(usize, u8) -> Answer + Send + 'static,
) -> SocketAddr {
    let script = Arc::new(Mutex::new(script));
    let mut listener = runtime.listen((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = Arc::clone(&runtime);
    runtime.spawn(Box::pin(async move {
        for number in 0.. {
            let Ok((transport, _)) = poll_fn(|cx| listener.poll_accept(cx)).await else { return };
            let (reply, script) = (reply.clone(), Arc::clone(&script));
            accepting.spawn(Box::pin(async move {
                converse(transport, &reply, |tag| (script.lock().unwrap())(number, tag)).await;
            }));
        }
    }));
    address
}

/// Answers one client until it leaves.
async fn converse(mut transport: Box<dyn Transport>, reply: &[u8], mut script: impl FnMut(u8) -> Answer) {
    let mut received = Vec::new();
    if !receive(&mut *transport, &mut received, 20).await {
        return;
    }
    received.drain(..20);
    send(&mut *transport, reply).await;
    let mut tag = None;
    while receive(&mut *transport, &mut received, 2).await {
        let size = usize::from(u16::from_be_bytes([received[0], received[1]]));
        if !receive(&mut *transport, &mut received, 2 + size).await {
            return;
        }
        let chunk: Vec<u8> = received.drain(..2 + size).skip(2).collect();
        tag = tag.or(chunk.get(1).copied());
        if size > 0 {
            continue;
        }
        match tag.take().map_or(Answer::Silence, &mut script) {
            Answer::Bytes(bytes) => send(&mut *transport, &bytes).await,
            Answer::Silence => {}
            Answer::Last(bytes) => {
                send(&mut *transport, &bytes).await;
                let _ = poll_fn(|cx| transport.poll_close(cx)).await;
            }
        }
    }
}

async fn receive(transport: &mut dyn Transport, received: &mut Vec<u8>, len: usize) -> bool {
    let mut buffer = [0; 1024];
    while received.len() < len {
        match poll_fn(|cx| transport.poll_read(cx, &mut buffer)).await {
            Ok(read) if read > 0 => received.extend_from_slice(&buffer[..read]),
            _ => return false,
        }
    }
    true
}

async fn send(transport: &mut dyn Transport, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match poll_fn(|cx| transport.poll_write(cx, bytes)).await {
            Ok(written) => bytes = &bytes[written..],
            Err(_) => return,
        }
    }
}

/// A message in one chunk.
fn message(tag: u8, field: &[u8]) -> Vec<u8> {
    let mut bytes = ((field.len() + 2) as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(&[0xB1, tag]);
    bytes.extend_from_slice(field);
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

pub(crate) fn success(metadata: &[(&str, Vec<u8>)]) -> Vec<u8> {
    message(0x70, &map(metadata))
}

pub(crate) fn failure(code: &str) -> Vec<u8> {
    message(0x7F, &map(&[("code", text(code)), ("message", text("scripted"))]))
}

pub(crate) fn ignored() -> Vec<u8> {
    vec![0, 2, 0xB0, 0x7E, 0, 0]
}

pub(crate) fn record(fields: &[Vec<u8>]) -> Vec<u8> {
    message(0x71, &list(fields))
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xD0, u8::try_from(text.len()).unwrap()];
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

pub(crate) fn integer(number: i64) -> Vec<u8> {
    let mut bytes = vec![0xCB];
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes
}

/// A list of at most fifteen items.
pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0x90 | items.len() as u8];
    bytes.extend(items.concat());
    bytes
}

/// A map of at most fifteen entries.
pub(crate) fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xA0 | entries.len() as u8];
    for (key, value) in entries {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}
