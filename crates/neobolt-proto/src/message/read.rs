//! How requests are read, leniently where the specification leaves room: unknown keys are kept.

use packstream::{Decode, Decoder};

use super::{AccessMode, Count, RequestKind, head, tag};
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
        let mut decoder = Decoder::new(fields);
        let expect = |wanted: usize| {
            if arity == wanted { Ok(()) } else { Err(PeerViolation::Metadata("number of fields")) }
        };
        let bare = |request: Self| expect(0).map(|()| request);
        let request = match tag {
            tag::HELLO => Self::Hello(expect(1).and_then(|()| map(&mut decoder))?),
            tag::LOGON => Self::Logon(expect(1).and_then(|()| map(&mut decoder))?),
            tag::LOGOFF => bare(Self::Logoff)?,
            tag::TELEMETRY => {
                expect(1)?;
                Self::Telemetry(i64::decode(&mut decoder)?)
            }
            tag::BEGIN => {
                expect(1)?;
                Self::Begin(TransactionRequest::from_extra(map(&mut decoder)?)?)
            }
            tag::RUN => {
                expect(3)?;
                Self::Run {
                    query: String::decode(&mut decoder)?,
                    parameters: map(&mut decoder)?,
                    transaction: TransactionRequest::from_extra(map(&mut decoder)?)?,
                }
            }
            tag::PULL | tag::DISCARD => {
                let (count, qid) = if it.paging {
                    expect(1)?;
                    stream(&map(&mut decoder)?)?
                } else {
                    expect(0)?;
                    (Count::All, None)
                };
                if tag == tag::PULL { Self::Pull { count, qid } } else { Self::Discard { count, qid } }
            }
            tag::COMMIT => bare(Self::Commit)?,
            tag::ROLLBACK => bare(Self::Rollback)?,
            tag::ROUTE => {
                expect(3)?;
                let context = map(&mut decoder)?;
                let bookmarks = Vec::<String>::decode(&mut decoder)?;
                let (database, impersonated_user) = if it.impersonation {
                    let extra = map(&mut decoder)?;
                    (text(&extra, "db")?, text(&extra, "imp_user")?)
                } else {
                    (Option::decode(&mut decoder)?, None)
                };
                Self::Route { context, bookmarks, database, impersonated_user }
            }
            tag::RESET => bare(Self::Reset)?,
            tag::GOODBYE => bare(Self::Goodbye)?,
            unknown => return Err(PeerViolation::UnknownMessage(unknown)),
        };
        decoder.finish()?;
        Ok(request)
    }
}

impl TransactionRequest {
    fn from_extra(extra: Map) -> Result<Self, PeerViolation> {
        let mode = match extra.get("mode") {
            None | Some(Value::Null) => AccessMode::Write,
            Some(Value::String(mode)) if &**mode == "w" => AccessMode::Write,
            Some(Value::String(mode)) if &**mode == "r" => AccessMode::Read,
            Some(_) => return Err(PeerViolation::Metadata("mode")),
        };
        let bookmarks = match extra.get("bookmarks") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(list)) => list
                .iter()
                .map(|one| one.as_str().map(String::from))
                .collect::<Option<_>>()
                .ok_or(PeerViolation::Metadata("bookmarks"))?,
            Some(_) => return Err(PeerViolation::Metadata("bookmarks")),
        };
        let timeout_millis = match extra.get("tx_timeout") {
            None | Some(Value::Null) => None,
            Some(Value::Integer(millis)) => {
                Some(u64::try_from(*millis).map_err(|_| PeerViolation::Metadata("tx_timeout"))?)
            }
            Some(_) => return Err(PeerViolation::Metadata("tx_timeout")),
        };
        let metadata = match extra.get("tx_metadata") {
            None | Some(Value::Null) => Map::default(),
            Some(Value::Map(metadata)) => metadata.clone(),
            Some(_) => return Err(PeerViolation::Metadata("tx_metadata")),
        };
        Ok(Self {
            mode,
            database: text(&extra, "db")?,
            bookmarks,
            timeout_millis,
            metadata,
            impersonated_user: text(&extra, "imp_user")?,
        })
    }
}

fn map(decoder: &mut Decoder<'_>) -> Result<Map, PeerViolation> {
    match Value::decode(decoder)? {
        Value::Map(map) => Ok(map),
        _ => Err(PeerViolation::Metadata("map")),
    }
}

fn text(map: &Map, key: &'static str) -> Result<Option<String>, PeerViolation> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(String::from(&**text))),
        Some(_) => Err(PeerViolation::Metadata(key)),
    }
}

fn stream(extra: &Map) -> Result<(Count, Option<i64>), PeerViolation> {
    let count = match extra.get("n") {
        Some(Value::Integer(-1)) => Count::All,
        Some(Value::Integer(n)) if *n > 0 => Count::Records(n.unsigned_abs()),
        _ => return Err(PeerViolation::Metadata("n")),
    };
    let qid = match extra.get("qid") {
        None | Some(Value::Null | Value::Integer(-1)) => None,
        Some(Value::Integer(qid)) => Some(*qid),
        Some(_) => return Err(PeerViolation::Metadata("qid")),
    };
    Ok((count, qid))
}
