//! A proxy between Bolt clients and a server that prints what they say to each other, with secrets masked:
//! `cargo run -p neobolt-server --example proxy [LISTEN [SERVER]]`, by default `127.0.0.1:7688 127.0.0.1:7687`.
//!
//! It takes part in the handshake only. From then on bytes are passed on as they come; a tap in each direction puts the
//! messages together and prints them.

use std::io;

use neobolt_proto::handshake::{ClientStep, ServerStep};
use neobolt_proto::{ClientHandshake, ServerHandshake, Version};
use packstream::{Decoder, Value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:7688".to_owned());
    let server = arguments.next().unwrap_or_else(|| "127.0.0.1:7687".to_owned());
    let listener = TcpListener::bind(&listen).await?;
    println!("bolt://{} to {server}", listener.local_addr()?);
    for number in 1.. {
        let (client, _) = listener.accept().await?;
        let server = server.clone();
        tokio::spawn(async move {
            let ended = relay(number, client, &server).await;
            println!("{number} ended{}", ended.err().map(|error| format!(": {error}")).unwrap_or_default());
        });
    }
    Ok(())
}

/// Passes bytes on in both directions until both have ended.
async fn relay(number: usize, mut client: TcpStream, server: &str) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (version, first) = agree_with_client(&mut client).await?;
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    agree_with_server(&mut server, version).await?;
    println!("{number} Bolt {version}");
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let there = pump(&mut from_client, &mut to_server, Tap::new(number, 'C'), first);
    let back = pump(&mut from_server, &mut to_client, Tap::new(number, 'S'), Vec::new());
    tokio::try_join!(there, back).map(drop)
}

/// Returns the version, and what the client has said behind the handshake.
async fn agree_with_client(client: &mut TcpStream) -> io::Result<(Version, Vec<u8>)> {
    let mut handshake = ServerHandshake::new();
    loop {
        let received = receive(client).await?;
        let (mut input, mut out) = (&received[..], Vec::new());
        let step = handshake.handle_input(&mut input, &mut out);
        client.write_all(&out).await?;
        match step.map_err(io::Error::other)? {
            ServerStep::NeedsInput(more) => handshake = more,
            ServerStep::Done { version, .. } => return Ok((version, input.to_owned())),
        }
    }
}

/// Agrees on the version that the client speaks.
async fn agree_with_server(server: &mut TcpStream, wanted: Version) -> io::Result<()> {
    let mut out = Vec::new();
    let mut handshake = ClientHandshake::start(wanted, &mut out);
    loop {
        server.write_all(&std::mem::take(&mut out)).await?;
        let received = receive(server).await?;
        match handshake.handle_input(&mut &received[..], &mut out).map_err(io::Error::other)? {
            ClientStep::NeedsInput(more) => handshake = more,
            ClientStep::Done(version) if version == wanted => return server.write_all(&out).await,
            ClientStep::Done(version) => {
                return Err(io::Error::other(format!("the client speaks {wanted}, the server {version}")));
            }
        }
    }
}

async fn receive(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4096];
    let len = from.read(&mut bytes).await?;
    bytes.truncate(len);
    if len == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut tap: Tap,
    mut bytes: Vec<u8>,
) -> io::Result<()> {
    loop {
        for line in tap.lines(&bytes) {
            println!("{line}");
        }
        to.write_all(&bytes).await?;
        bytes.resize(64 << 10, 0);
        let len = from.read(&mut bytes).await?;
        bytes.truncate(len);
        if len == 0 {
            return to.shutdown().await;
        }
    }
}

/// The longest message that is printed; of longer ones only the beginning is kept.
const LONGEST: usize = 1 << 20;

/// The most characters of a message that are printed.
const WIDEST: usize = 300;

/// Puts messages together from chunks. Bolt specification, "Message transfer encoding".
struct Tap {
    /// Who speaks, in front of each line.
    speaker: String,
    /// The part of a chunk's header that has come.
    header: Vec<u8>,
    /// How much of the chunk is to come.
    left: usize,
    message: Vec<u8>,
}

impl Tap {
    fn new(number: usize, side: char) -> Self {
        Self { speaker: format!("{number} {side}:"), header: Vec::new(), left: 0, message: Vec::new() }
    }

    /// Returns a line for each message that ends in `bytes`.
    fn lines(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.left > 0 {
                let (chunk, behind) = bytes.split_at(self.left.min(bytes.len()));
                let room = LONGEST.saturating_sub(self.message.len());
                self.message.extend_from_slice(&chunk[..room.min(chunk.len())]);
                self.left -= chunk.len();
                bytes = behind;
                continue;
            }
            self.header.push(byte);
            bytes = rest;
            if let [high, low] = self.header[..] {
                self.header.clear();
                self.left = usize::from(u16::from_be_bytes([high, low]));
                if self.left == 0 {
                    lines.push(format!("{} {}", self.speaker, describe(&self.message)));
                    self.message.clear();
                }
            }
        }
        lines
    }
}

/// Returns a message in words.
fn describe(message: &[u8]) -> String {
    if message.is_empty() {
        return "NOOP".to_owned();
    }
    let Ok(Value::Structure(structure)) = Decoder::new(message).decode::<Value>() else {
        return format!("{} bytes that cannot be read", message.len());
    };
    let name = match structure.tag() {
        0x01 => "HELLO",
        0x02 => "GOODBYE",
        0x0F => "RESET",
        0x10 => "RUN",
        0x11 => "BEGIN",
        0x12 => "COMMIT",
        0x13 => "ROLLBACK",
        0x2F => "DISCARD",
        0x3F => "PULL",
        0x54 => "TELEMETRY",
        0x66 => "ROUTE",
        0x6A => "LOGON",
        0x6B => "LOGOFF",
        0x70 => "SUCCESS",
        0x71 => "RECORD",
        0x7E => "IGNORED",
        0x7F => "FAILURE",
        _ => "unknown message",
    };
    let mut text = name.to_owned();
    for field in structure.fields() {
        text.push(' ');
        write(field, &mut text);
        if text.len() > WIDEST {
            let end = (0..=WIDEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}

/// The entries whose values are nobody's business, in messages and in parameters.
const SECRETS: [&str; 5] = ["credentials", "parameters", "password", "secret", "token"];

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Map(map) => {
            text.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(key);
                text.push_str(": ");
                if SECRETS.iter().any(|secret| key.to_lowercase().contains(secret)) {
                    text.push_str("***");
                } else {
                    write(value, text);
                }
            }
            text.push('}');
        }
        Value::List(list) => {
            text.push('[');
            for (index, item) in list.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write(item, text);
            }
            text.push(']');
        }
        Value::Integer(integer) => text.push_str(&integer.to_string()),
        Value::Float(float) => text.push_str(&float.to_string()),
        Value::Boolean(boolean) => text.push_str(&boolean.to_string()),
        Value::Null => text.push_str("null"),
        Value::String(string) => text.push_str(&format!("{string:?}")),
        other => text.push_str(&format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use packstream::{Encoder, Map, Structure};

    fn framed(tag: u8, field: Value) -> Vec<u8> {
        let mut message = Vec::new();
        Encoder::new(&mut message).encode(&Structure::new(tag, [field])).expect("it is small");
        let mut bytes = vec![0, message.len() as u8];
        bytes.extend_from_slice(&message);
        bytes.extend_from_slice(&[0, 0]);
        bytes
    }

    #[test]
    fn secrets_are_masked_wherever_a_message_is_cut() {
        let logon = Map::from_iter([("principal", Value::from("ada")), ("credentials", Value::from("opensesame"))]);
        let deep = Map::from_iter([("user", Value::Map(Map::from_iter([("newPassword", Value::from("opensesame"))])))]);
        let bytes = [framed(0x6A, Value::Map(logon)), vec![0, 0], framed(0x71, Value::List([Value::Map(deep)].into()))];
        let bytes = bytes.concat();
        for size in 1..bytes.len() {
            let mut tap = Tap::new(7, 'C');
            let lines: Vec<_> = bytes.chunks(size).flat_map(|bytes| tap.lines(bytes)).collect();
            assert_eq!(
                lines,
                [
                    "7 C: LOGON {principal: \"ada\", credentials: ***}",
                    "7 C: NOOP",
                    "7 C: RECORD [{user: {newPassword: ***}}]",
                ]
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        assert_eq!(describe(&[0xFF]), "1 bytes that cannot be read");
        assert!(describe(&[0xB1, 0x70, 0xD1, 0x04, 0x00]).contains("cannot be read"));
    }
}
