//! What can go wrong, by who is to blame and what can be done about it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use neobolt_core::failure;
use neobolt_proto::batch::FieldError;
use neobolt_proto::{Failure, Value};

/// An error of the driver or of the server. Cheap to clone.
///
/// [`Display`](fmt::Display) prints one level; [`source`](StdError::source) carries the rest.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Box<str>,
    failure: Option<Failure>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// Whether the auth manager has dealt with it, or nobody is to blame for what it says.
    note: Note,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Note {
    #[default]
    None,
    /// The auth manager has dealt with it.
    Handled,
    /// It is about a server that somebody else has found unavailable, and has said so.
    Deactivated,
}

/// The kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server refused a request; [`Error::code`] says why.
    Server,
    /// A server cannot be reached, or the connection to it was lost. Nothing was committed.
    ServiceUnavailable,
    /// A server of a cluster is lost or has changed its role. Nothing was committed.
    SessionExpired,
    /// The connection was lost after COMMIT was sent, or while an auto-commit query ran: nobody knows whether it happened.
    CommitUnknown,
    /// No connection could be had within the acquisition timeout.
    AcquisitionTimeout,
    /// The driver, a session or a query is configured in a way that cannot work, or asks for what the server lacks.
    Configuration,
    /// The transaction is closed, or has failed.
    TransactionClosed,
    /// There is not the one record that the call expects.
    ResultNotSingle,
    /// The result was consumed: its records are gone.
    ResultConsumed,
    /// The transaction of the result has ended, and the result with it.
    ResultOutOfScope,
    /// A field is missing, broken, or of another type.
    Field,
    /// The server broke the protocol, or does not speak Bolt.
    Protocol,
    /// The driver was closed.
    Closed,
    /// A function that the application gave the driver failed: an auth manager, a resolver.
    Callback,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), failure: None, source: None, note: Note::None }))
    }

    pub(crate) fn with_source<E>(kind: ErrorKind, message: impl Into<Box<str>>, source: E) -> Self
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            failure: None,
            source: Some(source.into()),
            note: Note::None,
        }))
    }

    /// Says that `what` came in between COMMIT and its answer.
    pub(crate) fn commit_unknown(what: &str, source: Self) -> Self {
        let message = format!("{what} while the transaction was being committed: nobody knows whether it was");
        Self::with_source(ErrorKind::CommitUnknown, message, source)
    }

    pub(crate) fn server(failure: Failure) -> Self {
        Self(Arc::new(Inner {
            kind: ErrorKind::Server,
            message: failure.to_string().into(),
            failure: Some(failure),
            source: None,
            note: Note::None,
        }))
    }

    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the driver is closed")
    }

    /// A function of the application's failed.
    pub(crate) fn callback(what: &str, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self::with_source(ErrorKind::Callback, what, source)
    }

    /// A server was given up by somebody else.
    pub(crate) fn deactivated(message: String) -> Self {
        let mut error = Self::new(ErrorKind::ServiceUnavailable, message);
        error.set_note(Note::Deactivated);
        error
    }

    /// Whether it is about a server that was given up already.
    pub(crate) fn is_deactivated(&self) -> bool {
        self.0.note == Note::Deactivated
    }

    /// Makes this error of a server's retryable: the auth manager has dealt with it.
    pub(crate) fn into_retryable(mut self) -> Self {
        self.set_note(Note::Handled);
        self
    }

    /// Whether the server says that it has done nothing yet, and may be asked again.
    pub(crate) fn is_idempotent(&self) -> bool {
        let idempotent = |failure: &Failure| failure.diagnostic_record.get("_idempotent").and_then(Value::as_bool);
        self.failure().and_then(idempotent) == Some(true)
    }

    fn set_note(&mut self, note: Note) {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.note = note;
        }
    }

    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the server's failure, with GQL status, diagnostic record and cause, if the server sent one.
    pub fn failure(&self) -> Option<&Failure> {
        self.0.failure.as_ref()
    }

    /// Returns the Neo4j code, such as `Neo.ClientError.Statement.SyntaxError`, if the server sent one.
    pub fn code(&self) -> Option<&str> {
        self.failure().map(|failure| failure::canonical_code(&failure.code))
    }

    /// Returns the GQL status, such as `42001`, if the server sent a failure.
    pub fn gql_status(&self) -> Option<&str> {
        self.failure().map(|failure| &*failure.gql_status)
    }

    /// Returns whether the same work may succeed when it is run again, as managed transactions do.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Server => self.0.note == Note::Handled || self.code().is_some_and(failure::is_retryable),
            ErrorKind::ServiceUnavailable | ErrorKind::SessionExpired => true,
            ErrorKind::CommitUnknown
            | ErrorKind::AcquisitionTimeout
            | ErrorKind::Configuration
            | ErrorKind::TransactionClosed
            | ErrorKind::ResultNotSingle
            | ErrorKind::ResultConsumed
            | ErrorKind::ResultOutOfScope
            | ErrorKind::Field
            | ErrorKind::Protocol
            | ErrorKind::Closed
            | ErrorKind::Callback => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if let Some(failure) = &self.0.failure {
            return failure.source();
        }
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::new(ErrorKind::Field, error.to_string())
    }
}

impl From<neobolt_core::ConfigError> for Error {
    fn from(error: neobolt_core::ConfigError) -> Self {
        Self::new(ErrorKind::Configuration, error.to_string())
    }
}

impl From<neobolt_core::UriError> for Error {
    fn from(error: neobolt_core::UriError) -> Self {
        Self::new(ErrorKind::Configuration, error.to_string())
    }
}

impl From<neobolt_proto::SendError> for Error {
    fn from(error: neobolt_proto::SendError) -> Self {
        Self::new(ErrorKind::Configuration, error.to_string())
    }
}

/// An error that a managed transaction function may return.
///
/// The driver looks for its own error in it, to decide whether the function is run again; an error in which it finds none
/// is never retried. A type of your own needs `From<Error>` and this trait:
///
/// ```
/// # use neobolt::{Error, TransactionError};
/// enum MyError {
///     Database(Error),
///     NotEnoughMoney,
/// }
///
/// impl From<Error> for MyError {
///     fn from(error: Error) -> Self {
///         Self::Database(error)
///     }
/// }
///
/// impl TransactionError for MyError {
///     fn driver_error(&self) -> Option<&Error> {
///         if let Self::Database(error) = self { Some(error) } else { None }
///     }
/// }
/// ```
pub trait TransactionError: From<Error> {
    /// Returns the driver's error in this one, if there is one.
    fn driver_error(&self) -> Option<&Error>;
}

impl TransactionError for Error {
    fn driver_error(&self) -> Option<&Error> {
        Some(self)
    }
}

impl TransactionError for Box<dyn StdError + Send + Sync> {
    fn driver_error(&self) -> Option<&Error> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(&**self);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}
