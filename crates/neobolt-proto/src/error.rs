//! Errors, by who is to blame.

use core::fmt;

use packstream::{DecodeError, EncodeError};

use crate::message::RequestKind;
use crate::message::schema::{Field, failure as schema};
use crate::state::State;
use crate::value::{Map, Value};
use crate::version::Version;

/// A request that was not sent: our misuse. The connection is untouched and stays usable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closed.
    Closed,
    /// A value could not be encoded.
    Encode(EncodeError),
    /// The request is not allowed in the state the peer will be in when it reads it.
    NotAllowed {
        /// The request.
        request: RequestKind,
        /// The state.
        state: State,
    },
    /// The negotiated version cannot carry this.
    NotInVersion {
        /// What was to be sent.
        what: &'static str,
        /// The negotiated version.
        version: Version,
    },
    /// The result that was to be pulled or discarded is not open.
    NoSuchResult,
    /// An earlier PULL or DISCARD of the result is not answered yet; it may turn out to be the last.
    ResultBusy,
    /// The result is not the most recent one, and the server has given it no name (`qid`) to ask for it by, or not yet.
    UnnamedResult,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed"),
            Self::Encode(error) => error.fmt(f),
            Self::NotAllowed { request, state } => write!(f, "{request} is not allowed in state {state}"),
            Self::NotInVersion { what, version } => write!(f, "Bolt {version} cannot carry {what}"),
            Self::NoSuchResult => f.write_str("the result is not open on this connection"),
            Self::ResultBusy => f.write_str("the result has an unanswered PULL or DISCARD"),
            Self::UnnamedResult => f.write_str("the result has no qid so far, and a later query hides it"),
        }
    }
}

impl core::error::Error for SendError {}

impl From<EncodeError> for SendError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

/// A rule of the protocol that the peer broke. Fatal: the connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerViolation {
    /// A message is not well-formed PackStream.
    Malformed(DecodeError),
    /// A message is larger than the limit, in bytes.
    MessageTooLarge(usize),
    /// A message has a tag that does not belong here.
    UnknownMessage(u8),
    /// A field or an entry of a message's metadata is missing or of the wrong type.
    Metadata(&'static str),
    /// A response came although no request was waiting for one.
    UnsolicitedResponse(u8),
    /// A response came that the request at the head does not have in this state.
    UnexpectedResponse {
        /// The request at the head.
        request: RequestKind,
        /// The response.
        response: &'static str,
        /// The state.
        state: State,
    },
    /// A record came with another number of fields than the result has keys.
    RecordWidth {
        /// The number of keys.
        expected: usize,
        /// The number of fields.
        found: usize,
    },
    /// More records came than were asked for.
    TooManyRecords,
    /// A request came that is not allowed in this state.
    UnexpectedRequest {
        /// The request.
        request: RequestKind,
        /// The state.
        state: State,
    },
}

impl fmt::Display for PeerViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(_) => f.write_str("malformed message"),
            Self::MessageTooLarge(limit) => write!(f, "message larger than the limit of {limit} bytes"),
            Self::UnknownMessage(tag) => write!(f, "message with unknown tag 0x{tag:02X}"),
            Self::Metadata(what) => write!(f, "missing or invalid {what}"),
            Self::UnsolicitedResponse(tag) => write!(f, "response 0x{tag:02X} to no request"),
            Self::UnexpectedResponse { request, response, state } => {
                write!(f, "{response} in answer to {request} in state {state}")
            }
            Self::RecordWidth { expected, found } => {
                write!(f, "record of {found} fields in a result of {expected} keys")
            }
            Self::TooManyRecords => f.write_str("more records than were asked for"),
            Self::UnexpectedRequest { request, state } => write!(f, "{request} in state {state}"),
        }
    }
}

impl core::error::Error for PeerViolation {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Malformed(error) = self { Some(error) } else { None }
    }
}

impl From<DecodeError> for PeerViolation {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

/// Why a connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// A side said GOODBYE.
    Goodbye,
    /// The peer closed the stream, or it was lost.
    PeerClosed,
    /// The peer was silent for longer than it had promised.
    ReceiveTimeout,
    /// The server refused HELLO, LOGON or RESET.
    Refused,
    /// The peer broke the protocol.
    Violation(PeerViolation),
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goodbye => f.write_str("the connection was closed with GOODBYE"),
            Self::PeerClosed => f.write_str("the peer closed the connection"),
            Self::ReceiveTimeout => f.write_str("the peer was silent for longer than it had promised"),
            Self::Refused => f.write_str("the server refused the connection"),
            Self::Violation(_) => f.write_str("the peer broke the protocol"),
        }
    }
}

impl core::error::Error for CloseReason {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Violation(violation) = self { Some(violation) } else { None }
    }
}

/// The server's word that a request failed: the metadata of a FAILURE message.
///
/// The GQL members are filled with defaults where the server does not send them (before Bolt 5.7).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure {
    /// The Neo4j code, such as `Neo.ClientError.Statement.SyntaxError`. Empty in a cause.
    pub code: Box<str>,
    /// What went wrong, for a person.
    pub message: Box<str>,
    /// The GQL status code, `50N42` where the server sends none.
    pub gql_status: Box<str>,
    /// The GQL status' description.
    pub description: Box<str>,
    /// The entries that the server sent of the diagnostic record; the defaults are left out, as on the wire.
    pub diagnostic_record: Map,
    /// What caused this failure.
    pub cause: Option<Box<Self>>,
}

/// Deeper chains of causes are cut: the longest that a server was seen to send has three links.
const MAX_CAUSES: usize = 32;

impl Failure {
    /// Returns a failure with the given Neo4j code and message, and the GQL status for an unexpected error.
    pub fn new(code: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        let message = message.into();
        Self {
            code: code.into(),
            description: format!("error: general processing exception - unexpected error. {message}").into(),
            message,
            gql_status: "50N42".into(),
            diagnostic_record: Map::default(),
            cause: None,
        }
    }

    /// Replaces the GQL status and its description.
    #[must_use]
    pub fn with_gql(mut self, status: impl Into<Box<str>>, description: impl Into<Box<str>>) -> Self {
        self.gql_status = status.into();
        self.description = description.into();
        self
    }

    /// Reads the metadata of a FAILURE message of any version, leniently: what is missing gets its default.
    pub fn from_metadata(metadata: &Map) -> Self {
        Self::link(metadata, 0)
    }

    fn link(metadata: &Map, depth: usize) -> Self {
        let text = |field: &Field| metadata.get(field.name).and_then(Value::as_str);
        let default_code = if depth == 0 { "Neo.DatabaseError.General.UnknownError" } else { "" };
        let code = text(&schema::NEO4J_CODE).or_else(|| text(&schema::CODE)).unwrap_or(default_code);
        let mut failure = Self::new(code, text(&schema::MESSAGE).unwrap_or("an unknown error occurred"));
        if let Some(status) = text(&schema::GQL_STATUS) {
            failure.gql_status = status.into();
        }
        if let Some(description) = text(&schema::DESCRIPTION) {
            failure.description = description.into();
        }
        if let Some(Value::Map(record)) = metadata.get(schema::DIAGNOSTIC_RECORD.name) {
            failure.diagnostic_record = record.clone();
        }
        if let (Some(Value::Map(cause)), true) = (metadata.get(schema::CAUSE.name), depth < MAX_CAUSES) {
            failure.cause = Some(Box::new(Self::link(cause, depth + 1)));
        }
        failure
    }

    /// Returns the metadata of a FAILURE message with this failure, in the form of `version`.
    pub fn to_metadata(&self, version: Version) -> Map {
        let it = version.capabilities();
        let code = (!self.code.is_empty()).then(|| Value::from(&*self.code));
        let record = (!self.diagnostic_record.is_empty()).then(|| Value::Map(self.diagnostic_record.clone()));
        let cause = || Some(Value::Map(self.cause.as_ref()?.to_metadata(version)));
        [
            (&schema::CODE, code.clone()),
            (&schema::NEO4J_CODE, code),
            (&schema::MESSAGE, Some(Value::from(&*self.message))),
            (&schema::GQL_STATUS, Some(Value::from(&*self.gql_status))),
            (&schema::DESCRIPTION, Some(Value::from(&*self.description))),
            (&schema::DIAGNOSTIC_RECORD, record),
            (&schema::CAUSE, cause()),
        ]
        .into_iter()
        .filter(|(field, _)| it.is_some_and(|it| field.is_in(it)))
        .filter_map(|(field, value)| Some((field.name, value?)))
        .collect()
    }
}

/// Whose fault an error is, by its GQL diagnostic record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GqlErrorClassification {
    /// The request was wrong.
    ClientError,
    /// The server could not do it.
    DatabaseError,
    /// The same request may succeed later.
    TransientError,
}

impl Failure {
    /// Returns the diagnostic record with the defaults that are not sent.
    pub fn complete_diagnostic_record(&self) -> Map {
        complete_diagnostic_record(Some(&self.diagnostic_record))
    }

    /// Returns whose fault it is, unless the server's word is none that this crate knows (Bolt 5.7 and later).
    pub fn classification(&self) -> Option<GqlErrorClassification> {
        match self.raw_classification()? {
            "CLIENT_ERROR" => Some(GqlErrorClassification::ClientError),
            "DATABASE_ERROR" => Some(GqlErrorClassification::DatabaseError),
            "TRANSIENT_ERROR" => Some(GqlErrorClassification::TransientError),
            _ => None,
        }
    }

    /// Returns whose fault it is, in the server's words (Bolt 5.7 and later).
    pub fn raw_classification(&self) -> Option<&str> {
        self.diagnostic_record.get("_classification")?.as_str()
    }
}

/// Returns a GQL diagnostic record with the defaults that are not sent.
pub fn complete_diagnostic_record(sent: Option<&Map>) -> Map {
    let defaults = [("OPERATION", ""), ("OPERATION_CODE", "0"), ("CURRENT_SCHEMA", "/")];
    let missing = defaults.into_iter().filter(|(key, _)| sent.is_none_or(|sent| !sent.contains_key(key)));
    let sent = sent.into_iter().flatten().map(|(key, value)| (key, value.clone()));
    missing.map(|(key, value)| (key, Value::from(value))).chain(sent).collect()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A cause has no code but its status, with which Neo4j begins the message as well.
        let name = if self.code.is_empty() { &self.gql_status } else { &self.code };
        if self.message.starts_with(&**name) {
            return f.write_str(&self.message);
        }
        write!(f, "{name}: {}", self.message)
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_5_7_keeps_everything_and_one_of_5_6_code_and_message() {
        let mut failure = Failure::new("Neo.ClientError.Statement.SyntaxError", "no").with_gql("42001", "syntax error");
        failure.cause = Some(Box::new(Failure::new("", "22N28: too large").with_gql("22N28", "overflow")));
        assert_eq!(Failure::from_metadata(&failure.to_metadata(Version::new(5, 7))), failure);
        let old = Failure::from_metadata(&failure.to_metadata(Version::new(5, 6)));
        assert_eq!((&old.code, &*old.gql_status, &old.cause), (&failure.code, "50N42", &None));
        assert_eq!(failure.to_string(), "Neo.ClientError.Statement.SyntaxError: no");
        assert_eq!(failure.cause.unwrap().to_string(), "22N28: too large");
    }

    #[test]
    fn missing_metadata_gets_its_defaults() {
        let failure = Failure::from_metadata(&Map::default());
        assert_eq!(&*failure.code, "Neo.DatabaseError.General.UnknownError");
        assert_eq!(&*failure.gql_status, "50N42");
    }
}
