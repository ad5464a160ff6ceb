//! Decodes captured Bolt messages: hexadecimal digits in, what they say out.
//!
//! ```console
//! $ cargo run -p packstream --example decode_message
//! $ cargo run -p packstream --example decode_message -- 'B1 71 93 01 C0 81 61'
//! ```
//!
//! Without arguments it decodes a conversation that was captured between the Python driver 6.4 and Neo4j 5.26. Arguments are messages,
//! each as it is or in its chunks.

mod hex;

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use packstream::{Decode, DecodeError, DecodeErrorKind, Decoder, Limits, ListRef, MapRef, StructureRef, Value};

const CONVERSATION: [(&str, &str); 5] = [
    (
        "client",
        "00 81 B3 10 D0 3D 4D 41 54 43 48 20 28 70 3A 50 65 72 73 6F 6E 20 7B 6E 61 6D 65 3A 20 24 6E 61 6D 65 7D 29
         20 52 45 54 55 52 4E 20 70 2C 20 5B 31 2E 35 2C 20 6E 75 6C 6C 5D 20 41 53 20 65 78 74 72 61 A1 84 6E 61 6D
         65 83 41 64 61 A2 82 64 62 85 6E 65 6F 34 6A 89 62 6F 6F 6B 6D 61 72 6B 73 91 D0 1F 46 42 3A 6B 63 77 51 6B
         38 2F 77 2B 71 74 52 53 41 65 4C 59 7A 71 2F 57 6A 58 4B 2F 51 65 51 00 00",
    ),
    ("client", "00 08 B1 3F A1 81 6E C9 03 E8 00 00"),
    ("server", "00 1E B1 70 A2 87 74 5F 66 69 72 73 74 C9 00 B8 86 66 69 65 6C 64 73 92 81 70 85 65 78 74 72 61 00 00"),
    (
        "server",
        "00 55 B1 71 92 B4 4E 00 91 86 50 65 72 73 6F 6E A2 84 62 6F 72 6E C9 07 17 84 6E 61 6D 65 83 41 64 61 D0 28
         34 3A 39 33 63 66 66 30 66 61 2D 61 62 35 31 2D 34 38 30 37 2D 38 62 36 33 2D 33 61 62 66 35 61 33 35 63 61
         66 64 3A 30 92 C1 3F F8 00 00 00 00 00 00 C0 00 00",
    ),
    (
        "server",
        "00 92 B1 70 A5 88 62 6F 6F 6B 6D 61 72 6B D0 1F 46 42 3A 6B 63 77 51 6B 38 2F 77 2B 71 74 52 53 41 65 4C 59
         7A 71 2F 57 6A 58 4B 2F 51 65 51 88 73 74 61 74 75 73 65 73 91 A2 8A 67 71 6C 5F 73 74 61 74 75 73 85 30 30
         30 30 30 D0 12 73 74 61 74 75 73 5F 64 65 73 63 72 69 70 74 69 6F 6E D0 1B 6E 6F 74 65 3A 20 73 75 63 63 65
         73 73 66 75 6C 20 63 6F 6D 70 6C 65 74 69 6F 6E 84 74 79 70 65 81 72 86 74 5F 6C 61 73 74 25 82 64 62 85 6E
         65 6F 34 6A 00 00",
    ),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        for (from, text) in CONVERSATION {
            println!("{from}: {}", say(&hex::read(text)?)?);
        }
    }
    for text in arguments {
        println!("{}", say(&hex::read(&text)?)?);
    }
    Ok(())
}

/// Says in a line what a message is about.
fn say(captured: &[u8]) -> Result<String, Box<dyn Error>> {
    // A message is a structure of few fields, and begins with B0 to BF. A chunk begins with its length, and hardly ever is that long.
    let bytes = match captured.first() {
        Some(0xB0..=0xBF) => captured.to_vec(),
        _ => join(captured).ok_or("the last chunk is cut off")?,
    };
    // Whatever is borrowed in here lies in `bytes`.
    let message = Message::read(&bytes)?;
    Ok(message.to_string())
}

/// Puts the chunks of a message together: each has its length in front, and the last has none.
fn join(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let (len, rest) = chunks.split_first_chunk()?;
        let (chunk, rest) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
        if chunk.is_empty() {
            return Some(message);
        }
        message.extend_from_slice(chunk);
        chunks = rest;
    }
}

/// Some of Bolt's messages. Nothing in them is copied.
enum Message<'a> {
    Run {
        query: &'a str,
        parameters: MapRef<'a>,
        extra: MapRef<'a>,
    },
    Pull {
        extra: MapRef<'a>,
    },
    Success {
        metadata: MapRef<'a>,
    },
    Record {
        fields: ListRef<'a>,
    },
    /// Of the others only the tag is known.
    Other {
        tag: u8,
        fields: Vec<Value>,
    },
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let message = StructureRef::message(bytes, Limits::default())?;
        let mut fields = message.decoder();
        Ok(match (message.tag(), message.len()) {
            (0x10, 3) => Self::Run { query: fields.decode()?, parameters: fields.decode()?, extra: fields.decode()? },
            (0x3F, 1) => Self::Pull { extra: fields.decode()? },
            (0x70, 1) => Self::Success { metadata: fields.decode()? },
            (0x71, 1) => Self::Record { fields: fields.decode()? },
            (tag, _) => Self::Other { tag, fields: message.iter().collect::<Result<_, _>>()? },
        })
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { query, parameters, extra } => {
                write!(f, "RUN {query:?} {} {}", Entries(parameters), Entries(extra))
            }
            Self::Pull { extra } => match extra.get::<i64>("n") {
                Ok(Some(-1)) => f.write_str("PULL all records"),
                Ok(Some(n)) => write!(f, "PULL up to {n} records"),
                other => write!(f, "PULL {other:?}"),
            },
            Self::Success { metadata } => write!(f, "SUCCESS {}", Entries(metadata)),
            Self::Record { fields } => {
                f.write_str("RECORD")?;
                // A field that is a person is read as one; what else there may be is read as a value of any type.
                for field in fields.iter::<Decoder<'_>>() {
                    let field = field.map_err(|_| fmt::Error)?;
                    match field.clone().decode::<Person<'_>>() {
                        Ok(Person { name, born, element_id }) => write!(f, " {name}, born {born} ({element_id});")?,
                        Err(_) => write!(f, " {};", Shown(&field.clone().decode().map_err(|_| fmt::Error)?))?,
                    }
                }
                Ok(())
            }
            Self::Other { tag, fields } => {
                write!(f, "message 0x{tag:02X}")?;
                fields.iter().try_for_each(|field| write!(f, " {}", Shown(field)))
            }
        }
    }
}

/// A node with the properties of a person.
struct Person<'a> {
    name: &'a str,
    born: i64,
    element_id: &'a str,
}

impl<'a> Decode<'a> for Person<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let start = decoder.clone();
        let lacks = |what| start.error(DecodeErrorKind::custom(format!("the person has no {what}")));
        let (b'N', 4) = decoder.structure_header()? else {
            return Err(start.error(DecodeErrorKind::custom("a person is a node")));
        };
        let (_id, _labels): (i64, ListRef<'_>) = (decoder.decode()?, decoder.decode()?);
        let properties: MapRef<'_> = decoder.decode()?;
        let element_id = decoder.decode()?;
        Ok(Self {
            name: properties.get("name")?.ok_or_else(|| lacks("name"))?,
            born: properties.get("born")?.ok_or_else(|| lacks("birth"))?,
            element_id,
        })
    }
}

/// The entries of a map that stays where it lies.
struct Entries<'m, 'a>(&'m MapRef<'a>);

impl fmt::Display for Entries<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Result<Vec<(&str, Value)>, _> = self.0.iter().collect();
        let entries = entries.map_err(|_| fmt::Error)?;
        list(f, "{", entries.iter(), "}", |f, (key, value)| write!(f, "{key}: {}", Shown(value)))
    }
}

/// A value as Cypher would write it.
struct Shown<'v>(&'v Value);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value:?}"),
            Value::String(value) => write!(f, "{value:?}"),
            Value::List(items) => list(f, "[", items.iter(), "]", |f, item| Shown(item).fmt(f)),
            Value::Map(entries) => {
                list(f, "{", entries.iter(), "}", |f, (key, value)| write!(f, "{key}: {}", Shown(value)))
            }
            Value::Structure(it) => {
                write!(f, "structure 0x{:02X}", it.tag())?;
                list(f, "(", it.fields().iter(), ")", |f, field| Shown(field).fmt(f))
            }
            other => write!(f, "{other:?}"),
        }
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: impl Iterator<Item = T>,
    close: &str,
    show: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        show(f, item)?;
    }
    f.write_str(close)
}
