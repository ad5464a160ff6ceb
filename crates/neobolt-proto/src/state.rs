//! The transition table of Bolt, for both roles.
//!
//! Source: Bolt specification, "Server state specification", appendix version 5. The states are the server's; a client
//! follows them twice, once for what the server has answered and once for what it will have answered.

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

/// Returns the state after `request` was answered with `outcome` in `state`, or `None` where this cannot be.
///
/// `it` tells what the negotiated version has: its requests, whether authentication has messages of its own, and whether several results
/// can be open at once.
pub fn next(state: State, request: RequestKind, outcome: Outcome, it: &Capabilities) -> Option<State> {
    use RequestKind as R;
    use State as S;
    // RESET is answered in every state after HELLO, and heals or kills.
    if request == R::Reset {
        return match (state, outcome) {
            (S::Negotiation | S::Defunct, _) | (_, Outcome::Ignored) => None,
            (S::Authentication, Outcome::Success(_)) => Some(S::Authentication),
            (_, Outcome::Success(_)) => Some(S::Ready),
            (_, Outcome::Failure) => Some(S::Defunct),
        };
    }
    let streams = match outcome {
        Outcome::Ignored => return matches!(state, S::Failed | S::Interrupted).then_some(state),
        Outcome::Failure => {
            return match (state, request) {
                (S::Failed | S::Interrupted | S::Defunct, _) => None,
                (S::Negotiation | S::Authentication, _) | (_, R::Logon) => Some(S::Defunct),
                _ => Some(S::Failed),
            };
        }
        Outcome::Success(streams) => streams,
    };
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
        _ => return None,
    })
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
        ] {
            assert_eq!(next(state, request, OK, newest()), None, "{request} in {state}");
        }
        assert_eq!(next(S::Ready, R::Run, Outcome::Ignored, newest()), None);
    }
}
