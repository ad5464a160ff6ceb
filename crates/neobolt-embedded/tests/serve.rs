//! The program that serves a database.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test what fails may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running program, which does not outlive the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// Starts it, and returns it with the address that it printed.
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neobolt-embedded"));
        let mut program = Self(command.args(["--port", "0"]).args(arguments).stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(program.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (program, line.trim_end().strip_prefix("bolt://").unwrap().to_owned())
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

/// Connects with Bolt 4.4, says HELLO as `user`, and returns the tag of the answer.
fn hello(address: &str, user: &str, password: &str) -> (TcpStream, u8) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(&[&[0x60, 0x60, 0xB0, 0x17, 0, 0, 4, 4][..], &[0; 12]].concat()).unwrap();
    let mut message = vec![0xB1, 0x01, 0xA3];
    for (key, value) in [("scheme", "basic"), ("principal", user), ("credentials", password)] {
        for text in [key, value] {
            message.push(0x80 | text.len() as u8);
            message.extend_from_slice(text.as_bytes());
        }
    }
    stream.write_all(&[&[0, message.len() as u8][..], &message, &[0, 0]].concat()).unwrap();
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[..4], [0, 0, 4, 4]);
    (stream, answer[7])
}

const SUCCESS: u8 = 0x70;
const FAILURE: u8 = 0x7F;

#[test]
fn it_serves_a_directory_until_it_is_told_to_end() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("graph");
    for signal in ["TERM", "INT"] {
        let arguments = ["--data", data.to_str().unwrap(), "--user", "ada", "--password", "secret"];
        let (mut program, address) = Program::start(&arguments);
        let (mut stream, tag) = hello(&address, "ada", "secret");
        assert_eq!(tag, SUCCESS);
        assert_eq!(hello(&address, "ada", "guess").1, FAILURE);
        program.signal(signal);
        assert!(program.0.wait().unwrap().success());
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(TcpStream::connect(&address).is_err());
    }
    assert!(data.join("graph.db").exists());
}

#[test]
fn without_a_password_everybody_is_let_in_and_a_taken_port_is_an_error() {
    let (_program, address) = Program::start(&[]);
    assert_eq!(hello(&address, "anybody", "").1, SUCCESS);
    let port = address.rsplit(':').next().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_neobolt-embedded")).args(["--port", port]).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}
