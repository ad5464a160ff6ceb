//! Explains bytes of PackStream: one line for each token, with its offset and its bytes.
//!
//! ```console
//! $ cargo run -p packstream --example explain -- 'B1 71 91 2A'
//!      0  B1 71                    structure 0x71 'q', 1 field
//!      2  91                         list, 1 item
//!      3  2A                           integer 42
//! ```
//!
//! Takes hexadecimal digits with or without white space, from the arguments or else from standard input. Several values may lie one
//! behind the other. What is wrong is said where it is found, and ends the program with exit code 1.

mod hex;

use std::fmt;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use packstream::{Decoder, Limits, Nesting, Step, Token, Tokens};

fn main() -> ExitCode {
    let mut text: String = std::env::args().skip(1).collect();
    let read =
        if text.is_empty() { io::stdin().read_to_string(&mut text).map_err(|error| error.to_string()) } else { Ok(0) };
    let explained = match read.and_then(|_| hex::read(&text)) {
        Ok(bytes) => explain(&bytes, &mut io::stdout().lock()),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match explained {
        Ok(true) => ExitCode::SUCCESS,
        // Whoever reads what is printed may have seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

/// Writes a line for each token. Returns whether there was nothing wrong.
fn explain(bytes: &[u8], out: &mut impl Write) -> io::Result<bool> {
    let mut nesting = Nesting::new();
    let mut tokens = Tokens::with_limits(bytes, Limits::default(), &mut nesting).values(u32::MAX);
    loop {
        let (offset, depth, is_key) = (tokens.offset(), tokens.depth(), tokens.is_key());
        let mut line = |end: usize, what: fmt::Arguments<'_>| write_line(out, offset, &bytes[offset..end], depth, what);
        match tokens.token() {
            Ok(Step::Token(Token::String(key))) if is_key => line(tokens.offset(), format_args!("key {key:?}"))?,
            Ok(Step::Token(token)) => line(tokens.offset(), format_args!("{}", Shown(token)))?,
            Ok(Step::Incomplete) if depth == 0 && offset == bytes.len() => return Ok(true),
            Ok(Step::End) => return Ok(true),
            Ok(Step::Incomplete) => {
                // To this reader it is an error, which it can describe.
                match Decoder::at(bytes, offset).token() {
                    Ok(_) => line(bytes.len(), format_args!("error: the input ends here"))?,
                    Err(error) => line(bytes.len(), format_args!("error: {error}"))?,
                }
                return Ok(false);
            }
            Err(error) => {
                line(bytes.len(), format_args!("error: {error}"))?;
                return Ok(false);
            }
        }
    }
}

fn write_line(
    out: &mut impl Write,
    offset: usize,
    bytes: &[u8],
    depth: usize,
    what: fmt::Arguments<'_>,
) -> io::Result<()> {
    /// How many bytes are shown at most.
    const WIDTH: usize = 8;
    let mut shown: Vec<String> = bytes.iter().take(WIDTH).map(|byte| format!("{byte:02X}")).collect();
    if bytes.len() > WIDTH {
        shown[WIDTH - 1] = "…".into();
    }
    writeln!(out, "{offset:>6}  {:<23}  {:indent$}{what}", shown.join(" "), "", indent = 2 * depth)
}

/// A token in words.
struct Shown<'a>(Token<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize, one: &'static str, many: &'static str| if count == 1 { one } else { many };
        match self.0 {
            Token::Null => f.write_str("null"),
            Token::Boolean(value) => write!(f, "boolean {value}"),
            Token::Integer(value) => write!(f, "integer {value}"),
            Token::Float(value) => write!(f, "float {value:?}"),
            Token::Bytes(value) => write!(f, "{} {}", value.len(), plural(value.len(), "byte", "bytes")),
            Token::String(value) => write!(f, "string {value:?}"),
            Token::List(len) => write!(f, "list, {len} {}", plural(len, "item", "items")),
            Token::Map(len) => write!(f, "map, {len} {}", plural(len, "entry", "entries")),
            Token::Structure { tag, fields } => {
                write!(f, "structure 0x{tag:02X}")?;
                if tag.is_ascii_graphic() {
                    write!(f, " '{}'", tag as char)?;
                }
                write!(f, ", {fields} {}", plural(fields, "field", "fields"))
            }
            Token::Uuid(value) => {
                let value = u128::from_be_bytes(*value);
                let part = |shift: u32, bits: u32| value >> shift & ((1 << bits) - 1);
                let [a, b, c, d, e] = [part(96, 32), part(80, 16), part(64, 16), part(48, 16), part(0, 48)];
                write!(f, "uuid {a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
            }
            _ => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{explain, hex};

    fn lines(text: &str) -> (bool, Vec<String>) {
        let mut out = Vec::new();
        let ok = explain(&hex::read(text).unwrap(), &mut out).unwrap();
        (ok, String::from_utf8(out).unwrap().lines().map(String::from).collect())
    }

    #[test]
    fn tokens_are_indented_by_depth() {
        let (ok, lines) = lines("B1 71 92 2A A1 81 61 C3 C0");
        assert!(ok);
        assert_eq!(
            lines,
            [
                "     0  B1 71                    structure 0x71 'q', 1 field",
                "     2  92                         list, 2 items",
                "     3  2A                           integer 42",
                "     4  A1                           map, 1 entry",
                "     5  81 61                          key \"a\"",
                "     7  C3                             boolean true",
                "     8  C0                       null",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let (ok, reserved) = lines("92 01 C4");
        assert!(!ok && reserved.len() == 3);
        assert!(reserved[2].starts_with("     2  C4") && reserved[2].ends_with("at byte 2"), "{}", reserved[2]);
        let (ok, cut) = lines("92 01");
        assert!(!ok && cut.len() == 3);
        assert!(cut[2].starts_with("     2  ") && cut[2].contains("error: "), "{}", cut[2]);
        assert_eq!(lines(""), (true, Vec::new()));
        assert!(hex::read("1").is_err() && hex::read("0x").is_err());
    }
}
