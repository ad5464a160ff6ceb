//! The transition table of Bolt, for both roles.
//!
//! Source: Bolt specification, "Server state specification", appendix version 5. The states are the server's; a client
//! follows them twice, once for what the server has answered and once for what it will have answered. The tables and diagrams in
//! `docs/protocol` are made by trying every state, request and outcome.

use core::fmt;

use crate::message::RequestKind;
use crate::version::Capabilities;

/// A state of a Bolt server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum State {
    /// The version is agreed; HELLO is expected.
    Negotiation,
    /// HELLO was answered; LOGON is expected (from 5.1).
    Authentication,
    /// Nothing is running.
    Ready,
    /// An auto-commit query has a result with records to pull.
    Streaming,
    /// A transaction is open and has no open result.
    TxReady,
    /// A transaction is open and has at least one open result.
    TxStreaming,
    /// A request failed; all others are ignored until RESET.
    Failed,
    /// A RESET was received and is not answered yet; everything before it is ignored.
    Interrupted,
    /// The connection is of no more use.
    Defunct,
}

impl State {
    /// All states, in the order in which a connection first sees them.
    pub const ALL: [Self; 9] = [
        Self::Negotiation,
        Self::Authentication,
        Self::Ready,
        Self::Streaming,
        Self::TxReady,
        Self::TxStreaming,
        Self::Failed,
        Self::Interrupted,
        Self::Defunct,
    ];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negotiation => "NEGOTIATION",
            Self::Authentication => "AUTHENTICATION",
            Self::Ready => "READY",
            Self::Streaming => "STREAMING",
            Self::TxReady => "TX_READY",
            Self::TxStreaming => "TX_STREAMING",
            Self::Failed => "FAILED",
            Self::Interrupted => "INTERRUPTED",
            Self::Defunct => "DEFUNCT",
        })
    }
}

/// Whether results are open after a successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are none, or there are some")]
pub enum Streams {
    /// No result is open.
    None,
    /// At least one result is open.
    Open,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the three answers of Bolt")]
pub enum Outcome {
    /// FAILURE.
    Failure,
    /// IGNORED.
    Ignored,
    /// SUCCESS.
    Success(Streams),
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 4] =
        [Self::Success(Streams::None), Self::Success(Streams::Open), Self::Failure, Self::Ignored];
}

/// Returns the state after `request` was answered with `outcome` in `state`, or `None` where this cannot be.
///
/// `it` tells what the negotiated version has: its requests, whether authentication has messages of its own, and whether several results
/// can be open at once. GOODBYE has no answer, and so no row here: it ends every state in [`State::Defunct`].
pub fn next(state: State, request: RequestKind, outcome: Outcome, it: &Capabilities) -> Option<State> {
    use RequestKind as R;
    use State as S;
    match outcome {
        _ if request == R::Goodbye => None,
        Outcome::Success(streams) => succeeded(state, request, streams, it),
        Outcome::Ignored => {
            let can_be = matches!(state, S::Failed | S::Interrupted) && !matches!(request, R::Hello | R::Reset);
            (can_be && it.has(request)).then_some(state)
        }
        Outcome::Failure => match (state, request) {
            (S::Defunct, _) => None,
            (S::Failed | S::Interrupted, R::Reset) => Some(S::Defunct),
            (S::Failed | S::Interrupted, _) => None,
            // Authentication is refused once, and RESET is the last resort.
            (S::Negotiation | S::Authentication, _) | (_, R::Reset) => Some(S::Defunct),
            // A request out of turn breaks the protocol ("Protocol errors").
            _ if succeeded(state, request, Streams::None, it).is_none() => Some(S::Defunct),
            _ => Some(S::Failed),
        },
    }
}

fn succeeded(state: State, request: RequestKind, streams: Streams, it: &Capabilities) -> Option<State> {
    use RequestKind as R;
    use State as S;
    if !it.has(request) {
        return None;
    }
    let results = |none: State, open: State| if streams == Streams::None { none } else { open };
    Some(match (state, request) {
        (S::Negotiation, R::Hello) => {
            if it.logon {
                S::Authentication
            } else {
                S::Ready
            }
        }
        (S::Authentication, R::Logon) => S::Ready,
        (S::Ready, R::Logoff) => S::Authentication,
        (S::Ready, R::Telemetry | R::Route) => S::Ready,
        (S::Ready, R::Begin) => S::TxReady,
        (S::Ready, R::Run) => S::Streaming,
        (S::Streaming, R::Pull | R::Discard) => results(S::Ready, S::Streaming),
        (S::TxReady, R::Run) => S::TxStreaming,
        (S::TxStreaming, R::Run) if it.paging => S::TxStreaming,
        (S::TxStreaming, R::Pull | R::Discard) => results(S::TxReady, S::TxStreaming),
        (S::TxReady, R::Commit | R::Rollback) => S::Ready,
        // RESET is answered in every state behind authentication.
        (S::Ready | S::Streaming | S::TxReady | S::TxStreaming | S::Failed | S::Interrupted, R::Reset) => S::Ready,
        _ => return None,
    })
}

/// Returns the state after a RESET arrived that is not answered yet: the specification's signal `<INTERRUPT>`. `None` where the signal
/// changes nothing, because nobody is authenticated.
pub const fn interrupted(state: State) -> Option<State> {
    match state {
        State::Ready | State::Streaming | State::TxReady | State::TxStreaming | State::Failed | State::Interrupted => {
            Some(State::Interrupted)
        }
        State::Negotiation | State::Authentication | State::Defunct => None,
    }
}

/// How a request was answered, with what decides whether its result stays open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Failure,
    Ignored,
    Success { has_more: bool },
}

/// A state, and how many results are open in it: all that the answers so far tell of a conversation.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) state: State,
    results: usize,
}

impl Progress {
    pub(crate) const fn new() -> Self {
        Self { state: State::Negotiation, results: 0 }
    }

    /// Goes on by the arrival of a RESET.
    pub(crate) fn interrupted(&mut self) {
        self.state = interrupted(self.state).unwrap_or(self.state);
    }

    /// Goes on as if the results of the transaction had been discarded.
    pub(crate) fn drop_results(&mut self) {
        if self.state == State::TxStreaming {
            self.state = State::TxReady;
            self.results = 0;
        }
    }

    /// Goes on by one answer; `None`, with nothing changed, where it cannot be.
    pub(crate) fn answered(&mut self, request: RequestKind, answer: Answer, it: &Capabilities) -> Option<()> {
        use RequestKind as R;
        let results = match (answer, request) {
            (Answer::Success { .. }, R::Run) => self.results + 1,
            (Answer::Success { has_more: false }, R::Pull | R::Discard) => self.results.saturating_sub(1),
            (Answer::Success { .. }, R::Reset | R::Commit | R::Rollback) | (Answer::Failure, _) => 0,
            (Answer::Success { .. } | Answer::Ignored, _) => self.results,
        };
        let outcome = match answer {
            Answer::Failure => Outcome::Failure,
            Answer::Ignored => Outcome::Ignored,
            Answer::Success { .. } if results == 0 => Outcome::Success(Streams::None),
            Answer::Success { .. } => Outcome::Success(Streams::Open),
        };
        self.state = next(self.state, request, outcome, it)?;
        self.results = results;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest() -> &'static Capabilities {
        crate::Version::supported().next().and_then(crate::Version::capabilities).unwrap()
    }

    const OK: Outcome = Outcome::Success(Streams::None);
    const OPEN: Outcome = Outcome::Success(Streams::Open);

    /// The walks that the specification's appendix draws.
    #[test]
    fn walks_of_the_specification() {
        use RequestKind as R;
        use State as S;
        let walks: &[(&[(RequestKind, Outcome)], State)] = &[
            (&[(R::Hello, OK), (R::Logon, OK)], S::Ready),
            (&[(R::Hello, OK), (R::Logon, Outcome::Failure)], S::Defunct),
            (&[(R::Hello, OK), (R::Logon, OK), (R::Run, OK), (R::Pull, OPEN), (R::Discard, OK)], S::Ready),
            (
                &[(R::Hello, OK), (R::Logon, OK), (R::Begin, OK), (R::Run, OK), (R::Run, OK), (R::Pull, OPEN)],
                S::TxStreaming,
            ),
            (&[(R::Hello, OK), (R::Logon, OK), (R::Begin, OK), (R::Run, OK), (R::Pull, OK), (R::Commit, OK)], S::Ready),
            (
                &[
                    (R::Hello, OK),
                    (R::Logon, OK),
                    (R::Run, Outcome::Failure),
                    (R::Pull, Outcome::Ignored),
                    (R::Reset, OK),
                    (R::Logoff, OK),
                ],
                S::Authentication,
            ),
        ];
        for (walk, end) in walks {
            let mut state = S::Negotiation;
            for (request, outcome) in *walk {
                state = next(state, *request, *outcome, newest()).unwrap();
            }
            assert_eq!(state, *end, "{walk:?}");
        }
    }

    #[test]
    fn what_the_specification_forbids() {
        use RequestKind as R;
        use State as S;
        for (state, request) in [
            (S::Streaming, R::Begin),
            (S::TxStreaming, R::Commit),
            (S::Ready, R::Pull),
            (S::TxReady, R::Route),
            (S::Negotiation, R::Run),
            (S::Failed, R::Run),
            (S::Authentication, R::Reset),
        ] {
            assert_eq!(next(state, request, OK, newest()), None, "{request} in {state}");
            let failed = (state != S::Failed).then_some(S::Defunct);
            assert_eq!(next(state, request, Outcome::Failure, newest()), failed, "{request} in {state}");
        }
        assert_eq!(next(S::Ready, R::Run, Outcome::Ignored, newest()), None);
    }
}
