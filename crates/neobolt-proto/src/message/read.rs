//! How requests are read, leniently where the specification leaves room: unknown keys are kept.

use packstream::{Decode, Decoder};

use super::schema::{Field, result, route, transaction};
use super::{AccessMode, Count, RequestKind, head};
use crate::error::PeerViolation;
use crate::value::{Map, Value};
use crate::version::Capabilities;

/// A request, as a server receives it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServerRequest {
    /// HELLO with its `extra`.
    Hello(Map),
    /// LOGON with the authentication map.
    Logon(Map),
    /// LOGOFF.
    Logoff,
    /// TELEMETRY with the number of the driver call.
    Telemetry(i64),
    /// BEGIN.
    Begin(TransactionRequest),
    /// RUN. In a transaction `transaction` is the default.
    Run {
        /// The Cypher text.
        query: String,
        /// Its parameters.
        parameters: Map,
        /// The transaction of an auto-commit query.
        transaction: TransactionRequest,
    },
    /// PULL of the given result, or of the most recent one.
    Pull {
        /// How many.
        count: Count,
        /// The result.
        qid: Option<i64>,
    },
    /// DISCARD of the given result, or of the most recent one.
    Discard {
        /// How many.
        count: Count,
        /// The result.
        qid: Option<i64>,
    },
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// ROUTE.
    Route {
        /// The routing context.
        context: Map,
        /// What the table must have seen.
        bookmarks: Vec<String>,
        /// The database, or the user's home database.
        database: Option<String>,
        /// In whose name.
        impersonated_user: Option<String>,
    },
    /// RESET.
    Reset,
    /// GOODBYE.
    Goodbye,
}

/// The `extra` of BEGIN and of an auto-commit RUN, as a server receives it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TransactionRequest {
    /// How the transaction accesses the database.
    pub mode: AccessMode,
    /// The database, or the user's home database.
    pub database: Option<String>,
    /// What the transaction must have seen.
    pub bookmarks: Vec<String>,
    /// How long the transaction may run, in milliseconds; zero is without limit.
    pub timeout_millis: Option<u64>,
    /// What logs show of it.
    pub metadata: Map,
    /// In whose name it runs.
    pub impersonated_user: Option<String>,
    /// What else there is: which notifications are wanted, and entries that Bolt does not know.
    pub other: Map,
}

impl ServerRequest {
    /// Returns the kind of this request.
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Hello(_) => RequestKind::Hello,
            Self::Logon(_) => RequestKind::Logon,
            Self::Logoff => RequestKind::Logoff,
            Self::Telemetry(_) => RequestKind::Telemetry,
            Self::Begin(_) => RequestKind::Begin,
            Self::Run { .. } => RequestKind::Run,
            Self::Pull { .. } => RequestKind::Pull,
            Self::Discard { .. } => RequestKind::Discard,
            Self::Commit => RequestKind::Commit,
            Self::Rollback => RequestKind::Rollback,
            Self::Route { .. } => RequestKind::Route,
            Self::Reset => RequestKind::Reset,
            Self::Goodbye => RequestKind::Goodbye,
        }
    }

    /// Reads a request in the form that the negotiated version gives it.
    ///
    /// # Errors
    ///
    /// The message is malformed, unknown, or a field of it is missing or of the wrong type.
    pub fn read(message: &[u8], it: &Capabilities) -> Result<Self, PeerViolation> {
        let Ok((fields, (tag, arity))) = head(message) else {
            return Err(PeerViolation::Metadata("structure"));
        };
        let Some(kind) = RequestKind::of_tag(tag).filter(|kind| it.has(*kind)) else {
            return Err(PeerViolation::UnknownMessage(tag));
        };
        if arity != kind.message().arity(it) {
            return Err(PeerViolation::Metadata("number of fields"));
        }
        let mut decoder = Decoder::new(fields);
        let request = match kind {
            RequestKind::Hello => Self::Hello(map(&mut decoder)?),
            RequestKind::Logon => Self::Logon(map(&mut decoder)?),
            RequestKind::Logoff => Self::Logoff,
            RequestKind::Telemetry => Self::Telemetry(i64::decode(&mut decoder)?),
            RequestKind::Begin => Self::Begin(TransactionRequest::from_extra(&map(&mut decoder)?, it)?),
            RequestKind::Run => Self::Run {
                query: String::decode(&mut decoder)?,
                parameters: map(&mut decoder)?,
                transaction: TransactionRequest::from_extra(&map(&mut decoder)?, it)?,
            },
            RequestKind::Pull => {
                let (count, qid) = stream(&mut decoder, it)?;
                Self::Pull { count, qid }
            }
            RequestKind::Discard => {
                let (count, qid) = stream(&mut decoder, it)?;
                Self::Discard { count, qid }
            }
            RequestKind::Commit => Self::Commit,
            RequestKind::Rollback => Self::Rollback,
            RequestKind::Route => {
                let context = map(&mut decoder)?;
                let bookmarks = Vec::<String>::decode(&mut decoder)?;
                let (database, impersonated_user) = if route::EXTRA.is_in(it) {
                    let extra = map(&mut decoder)?;
                    (text(&extra, &transaction::DB, it)?, text(&extra, &transaction::IMP_USER, it)?)
                } else {
                    (Option::decode(&mut decoder)?, None)
                };
                Self::Route { context, bookmarks, database, impersonated_user }
            }
            RequestKind::Reset => Self::Reset,
            RequestKind::Goodbye => Self::Goodbye,
        };
        decoder.finish()?;
        Ok(request)
    }
}

impl RequestKind {
    /// Returns the kind of a request by its head.
    pub(crate) fn of(message: &[u8]) -> Option<Self> {
        let (_, (tag, _)) = head(message).ok()?;
        Self::of_tag(tag)
    }
}

impl TransactionRequest {
    fn from_extra(extra: &Map, it: &Capabilities) -> Result<Self, PeerViolation> {
        let mode = match extra_value(extra, &transaction::MODE, it, Value::as_str)? {
            None | Some("w") => AccessMode::Write,
            Some("r") => AccessMode::Read,
            Some(_) => return Err(PeerViolation::Metadata(transaction::MODE.name)),
        };
        let bookmarks = extra_value(extra, &transaction::BOOKMARKS, it, |value| {
            value.as_list()?.iter().map(|one| one.as_str().map(String::from)).collect()
        })?;
        let millis = |value: &Value| value.as_i64().and_then(|millis| u64::try_from(millis).ok());
        Ok(Self {
            mode,
            database: text(extra, &transaction::DB, it)?,
            bookmarks: bookmarks.unwrap_or_default(),
            timeout_millis: extra_value(extra, &transaction::TX_TIMEOUT, it, millis)?,
            metadata: extra_value(extra, &transaction::TX_METADATA, it, |it| it.as_map().cloned())?.unwrap_or_default(),
            impersonated_user: text(extra, &transaction::IMP_USER, it)?,
            other: extra.iter().filter(|(key, _)| !is_read(key)).map(|(key, value)| (key, value.clone())).collect(),
        })
    }
}

/// Whether a transaction's entry has a field of its own.
fn is_read(key: &str) -> bool {
    [
        &transaction::MODE,
        &transaction::DB,
        &transaction::BOOKMARKS,
        &transaction::TX_TIMEOUT,
        &transaction::TX_METADATA,
        &transaction::IMP_USER,
    ]
    .iter()
    .any(|field| field.name == key)
}

fn map(decoder: &mut Decoder<'_>) -> Result<Map, PeerViolation> {
    match Value::decode(decoder)? {
        Value::Map(map) => Ok(map),
        _ => Err(PeerViolation::Metadata("map")),
    }
}

/// The entry of `map` as `read` sees it, which is to be there and of its type, or neither.
fn extra_value<'a, T>(
    map: &'a Map,
    field: &Field,
    it: &Capabilities,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, PeerViolation> {
    field.of(map, it).map(|value| read(value).ok_or(PeerViolation::Metadata(field.name))).transpose()
}

fn text(map: &Map, field: &Field, it: &Capabilities) -> Result<Option<String>, PeerViolation> {
    extra_value(map, field, it, |value| value.as_str().map(String::from))
}

fn stream(decoder: &mut Decoder<'_>, it: &Capabilities) -> Result<(Count, Option<i64>), PeerViolation> {
    if !it.paging {
        return Ok((Count::All, None));
    }
    let extra = map(decoder)?;
    let count = match result::N.of(&extra, it) {
        Some(Value::Integer(-1)) => Count::All,
        Some(Value::Integer(n)) if *n > 0 => Count::Records(n.unsigned_abs()),
        _ => return Err(PeerViolation::Metadata(result::N.name)),
    };
    let qid = extra_value(&extra, &result::QID, it, Value::as_i64)?;
    Ok((count, qid.filter(|qid| *qid != -1)))
}

#[cfg(test)]
mod tests {
    use packstream::Encoder;

    use super::*;

    #[test]
    fn entries_that_nobody_knows_are_kept() {
        let mut message = Vec::new();
        let mut encoder = Encoder::new(&mut message);
        encoder
            .structure(0x11, 1, |fields| {
                fields.map(3, |entries| {
                    entries.entry("mode", "r")?;
                    entries.entry("notifications_minimum_severity", "OFF")?;
                    entries.entry("of_tomorrow", &1)
                })
            })
            .unwrap();
        let newest = crate::Version::NEWEST.capabilities().unwrap();
        let ServerRequest::Begin(begin) = ServerRequest::read(&message, newest).unwrap() else { panic!("a BEGIN") };
        assert_eq!(begin.mode, AccessMode::Read);
        let other = [("notifications_minimum_severity", Value::from("OFF")), ("of_tomorrow", Value::from(1))];
        assert_eq!(begin.other, Map::from_iter(other));
    }
}
