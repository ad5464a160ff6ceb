//! The messages of Bolt.
//!
//! Source: Bolt specification, "Messages". Requests are written from borrowed parts ([`Request`]) and read into owned
//! ones ([`ServerRequest`]); responses carry a metadata [`Map`](crate::Map).

mod notifications;
mod read;
pub mod schema;
pub(crate) mod write;

use core::fmt;
use core::time::Duration;

use crate::auth::Auth;
use crate::client::RequestId;
use crate::parameters::Parameters;

pub use notifications::{NotificationClassification, NotificationFilter, NotificationSeverity};
pub use read::{ServerRequest, TransactionRequest};

/// Tags of messages.
pub(crate) mod tag {
    pub(crate) const HELLO: u8 = 0x01;
    pub(crate) const GOODBYE: u8 = 0x02;
    pub(crate) const RESET: u8 = 0x0F;
    pub(crate) const RUN: u8 = 0x10;
    pub(crate) const BEGIN: u8 = 0x11;
    pub(crate) const COMMIT: u8 = 0x12;
    pub(crate) const ROLLBACK: u8 = 0x13;
    pub(crate) const DISCARD: u8 = 0x2F;
    pub(crate) const PULL: u8 = 0x3F;
    pub(crate) const TELEMETRY: u8 = 0x54;
    pub(crate) const ROUTE: u8 = 0x66;
    pub(crate) const LOGON: u8 = 0x6A;
    pub(crate) const LOGOFF: u8 = 0x6B;
    pub(crate) const SUCCESS: u8 = 0x70;
    pub(crate) const RECORD: u8 = 0x71;
    pub(crate) const IGNORED: u8 = 0x7E;
    pub(crate) const FAILURE: u8 = 0x7F;
}

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages' own names")]
pub enum RequestKind {
    Hello,
    Logon,
    Logoff,
    Telemetry,
    Goodbye,
    Reset,
    Run,
    Pull,
    Discard,
    Begin,
    Commit,
    Rollback,
    Route,
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().name)
    }
}

/// How a transaction accesses the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a transaction reads, or it writes too")]
pub enum AccessMode {
    /// Reads only; in a cluster it may run on any member.
    Read,
    /// Reads and writes: the default.
    #[default]
    Write,
}

/// How many records to pull or to discard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "some, or all")]
pub enum Count {
    /// At most this many; at least 1.
    Records(u64),
    /// All that are left.
    All,
}

impl Count {
    pub(crate) fn to_wire(self) -> i64 {
        match self {
            Self::Records(n) => i64::try_from(n).unwrap_or(i64::MAX).max(1),
            Self::All => -1,
        }
    }
}

/// Which kind of driver call a TELEMETRY message reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the calls' own names")]
pub enum TelemetryApi {
    ManagedTransaction,
    ExplicitTransaction,
    AutoCommit,
    ExecuteQuery,
}

/// What HELLO says of the client.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "built by drivers, field by field")]
pub struct Hello<'a> {
    /// The application, `name/version`.
    pub user_agent: &'a str,
    /// The driver, `name/version`, the `product` of `bolt_agent` (from 5.3).
    pub product: &'a str,
    /// The routing context: `None` where server-side routing is not wanted (`bolt://`).
    pub routing: Option<&'a [(String, String)]>,
    /// How to authenticate; sent with HELLO before 5.1 and with [`Request::Logon`] from then on.
    pub auth: &'a Auth,
    /// Which notifications to send (from 5.2).
    pub notifications: &'a NotificationFilter,
}

/// What a transaction is begun with: the `extra` of BEGIN and of an auto-commit RUN.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "built by drivers, field by field")]
pub struct TransactionOptions<'a> {
    /// How the transaction accesses the database.
    pub mode: AccessMode,
    /// The database, or the user's home database.
    pub database: Option<&'a str>,
    /// What the transaction must have seen.
    pub bookmarks: Vec<&'a str>,
    /// How long the server lets it run: its own default, or without limit when zero. Sent in whole milliseconds, and
    /// never rounded down to zero.
    pub timeout: Option<Duration>,
    /// What the server's query log and `SHOW TRANSACTIONS` show of it.
    pub metadata: Option<&'a Parameters>,
    /// In whose name it runs.
    pub impersonated_user: Option<&'a str>,
    /// Which notifications to send (from 5.2).
    pub notifications: Option<&'a NotificationFilter>,
}

/// A request, as a client sends it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Opens the conversation.
    Hello(Hello<'a>),
    /// Authenticates (from 5.1).
    Logon(&'a Auth),
    /// Ends the authentication, so that another may follow (from 5.1).
    Logoff,
    /// Reports which kind of driver call comes next (from 5.4).
    Telemetry(TelemetryApi),
    /// Begins an explicit transaction.
    Begin(&'a TransactionOptions<'a>),
    /// Runs a query in the open transaction.
    Run {
        /// The Cypher text.
        query: &'a str,
        /// Its parameters.
        parameters: &'a Parameters,
    },
    /// Runs a query in a transaction of its own.
    RunAutoCommit {
        /// The Cypher text.
        query: &'a str,
        /// Its parameters.
        parameters: &'a Parameters,
        /// The transaction.
        options: &'a TransactionOptions<'a>,
    },
    /// Asks for records of the result that `run` opened.
    Pull {
        /// The RUN request.
        run: RequestId,
        /// How many.
        count: Count,
    },
    /// Drops records of the result that `run` opened.
    Discard {
        /// The RUN request.
        run: RequestId,
        /// How many.
        count: Count,
    },
    /// Commits the open transaction.
    Commit,
    /// Rolls the open transaction back.
    Rollback,
    /// Asks for a routing table (from 4.3).
    Route {
        /// The routing context.
        context: &'a [(String, String)],
        /// What the table must have seen.
        bookmarks: Vec<&'a str>,
        /// The database, or the user's home database.
        database: Option<&'a str>,
        /// In whose name.
        impersonated_user: Option<&'a str>,
    },
    /// Brings the connection back to READY, whatever runs.
    Reset,
    /// Ends the conversation; it has no answer.
    Goodbye,
}

impl Request<'_> {
    /// Returns the kind of this request.
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Hello(_) => RequestKind::Hello,
            Self::Logon(_) => RequestKind::Logon,
            Self::Logoff => RequestKind::Logoff,
            Self::Telemetry(_) => RequestKind::Telemetry,
            Self::Begin(_) => RequestKind::Begin,
            Self::Run { .. } | Self::RunAutoCommit { .. } => RequestKind::Run,
            Self::Pull { .. } => RequestKind::Pull,
            Self::Discard { .. } => RequestKind::Discard,
            Self::Commit => RequestKind::Commit,
            Self::Rollback => RequestKind::Rollback,
            Self::Route { .. } => RequestKind::Route,
            Self::Reset => RequestKind::Reset,
            Self::Goodbye => RequestKind::Goodbye,
        }
    }
}

/// The head of a message, by nom: a structure of at most fifteen fields and its tag.
pub(crate) fn head(input: &[u8]) -> nom::IResult<&[u8], (u8, usize)> {
    use nom::Parser;
    use nom::combinator::{map, verify};
    use nom::number::complete::be_u8;
    let fields = map(verify(be_u8, |marker| marker & 0xF0 == 0xB0), |marker| usize::from(marker & 0x0F));
    map((fields, be_u8), |(fields, tag)| (tag, fields)).parse(input)
}

/// Returns the milliseconds that are sent for a timeout: never zero for one that is not.
fn timeout_millis(timeout: Duration) -> i64 {
    let millis = timeout.as_nanos().div_ceil(1_000_000);
    i64::try_from(millis).unwrap_or(i64::MAX)
}
