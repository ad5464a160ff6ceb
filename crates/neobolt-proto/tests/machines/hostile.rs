//! Peers that break the protocol, or try to: which error, whose fault, what state, how much memory. The list in `docs/TESTING.md` is
//! printed from here.

mod client;
mod handshake;
mod server;

use std::error::Error;
use std::time::Instant;

use neobolt_proto::state::State;
use neobolt_proto::{CloseReason, Endpoint};

use crate::talk::parse;
use crate::wire::{give, message};

/// What became of the machine.
pub(crate) struct Outcome {
    /// What shows, in the order in which it shows; the error last.
    shows: String,
    fault: &'static str,
    state: String,
    /// How many bytes the peer sent.
    given: usize,
    /// The most memory that was taken for them.
    memory: usize,
}

impl Outcome {
    fn new(told: &[&str], reason: Option<&CloseReason>, state: State, given: usize, memory: u64) -> Self {
        // What makes a message malformed is the codec's to say.
        let violation =
            |reason: &CloseReason| reason.source().map(|violation| format!(": {violation}")).unwrap_or_default();
        let closed = reason.map(|reason| format!("closed: {reason}{}", violation(reason)));
        let shows: Vec<&str> = told.iter().copied().chain(closed.as_deref()).collect();
        let fault = match reason {
            None => "nobody's",
            Some(CloseReason::Violation(_)) => "the peer's",
            Some(CloseReason::PeerClosed | CloseReason::ReceiveTimeout) => "the peer's, or the network's",
            Some(_) => "the peer's word",
        };
        let shows = if shows.is_empty() { "nothing".into() } else { shows.join("; ") };
        Self { shows, fault, state: state.to_string(), given, memory: memory as usize }
    }

    /// Nothing of what was sent may be kept.
    fn flat(self) -> Self {
        Self { given: 0, ..self }
    }
}

/// Takes note of what shows, but for repetitions.
fn tell(told: &mut Vec<&'static str>, what: &'static str) {
    if told.last() != Some(&what) {
        told.push(what);
    }
}

/// Messages in text, one a line, as bytes.
fn bytes(transcript: &str) -> Vec<u8> {
    let lines = transcript.lines().map(|line| parse(line.trim()));
    lines.flat_map(|(name, fields)| message(name, &fields)).collect()
}

/// One way to be hostile.
pub(crate) struct Case {
    does: &'static str,
    run: fn() -> Outcome,
    shows: &'static str,
    /// How much memory may be taken for every byte that the peer sent, beside [`CONSTANT`].
    per_byte: usize,
}

/// What a machine may take for its buffers, whatever comes, in bytes: two receive buffers and what a few events take.
const CONSTANT: usize = 256 << 10;

impl Case {
    #[track_caller]
    fn check(&self) -> Outcome {
        let outcome = (self.run)();
        assert_eq!(outcome.shows, self.shows, "a peer that {}", self.does);
        let limit = CONSTANT + self.per_byte * outcome.given;
        assert!(outcome.memory <= limit, "{} bytes for {} received", outcome.memory, outcome.given);
        outcome
    }
}

/// Makes a test of every case, and the list of them.
macro_rules! cases {
    ($( $name:ident: $does:literal, $run:expr => $shows:literal $(, memory $per_byte:literal)?; )*) => {
        pub(crate) const CASES: &[super::Case] = &[ $( super::Case {
            does: $does,
            run: $run,
            shows: $shows,
            per_byte: [8 $(, $per_byte)?][[8 $(, $per_byte)?].len() - 1],
        } ),* ];

        mod tests {
            $( #[test] fn $name() {
                super::CASES.iter().find(|case| case.does == $does).expect("it is one of the cases").check();
            } )*
        }
    };
}
use cases;

/// The table for `docs/TESTING.md`.
pub(crate) fn table() -> String {
    let mut text = String::new();
    for (title, cases) in [
        ("A server against our client", client::CASES),
        ("A client against our server", server::CASES),
        ("A stranger in the handshake", handshake::CASES),
    ] {
        text += &format!(
            "### {title}\n\n| the peer | what shows | whose fault | state | bytes per byte |\n|---|---|---|---|--:|\n"
        );
        for case in cases {
            let Outcome { shows, fault, state, .. } = case.check();
            text += &format!("| {} | {shows} | {fault} | {state} | {} |\n", case.does, case.per_byte);
        }
        text += "\n";
    }
    text
}

/// Gives `bytes` to a machine, and lets `poll` look at it whenever it has taken some; returns how many it took.
fn feed<M: Endpoint>(machine: &mut M, bytes: &[u8], now: Instant, mut poll: impl FnMut(&mut M)) -> usize {
    let mut given = 0;
    loop {
        let took = give(machine, &bytes[given..bytes.len().min(given + 16_384)], usize::MAX, now);
        given += took;
        poll(machine);
        if took == 0 {
            return given;
        }
    }
}
