//! What the messages consist of, as data: requests and answers are written and read by it, and `docs/protocol` is printed from it.
//!
//! Which version has what is [`Capabilities`]' to say; a [`Field`] knows only whom to ask.

use super::{RequestKind, tag};
use crate::value::{Map, Value};
use crate::version::{Capabilities, NotificationKeys};

/// A message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Message {
    /// Its name.
    pub name: &'static str,
    /// The tag of its structure.
    pub tag: u8,
    /// Its fields, in their order.
    pub fields: &'static [&'static Field],
    /// For a request, what the metadata of its SUCCESS may hold.
    pub answer: &'static [&'static Field],
    has: fn(&Capabilities) -> bool,
}

impl Message {
    /// All responses.
    pub const RESPONSES: [&'static Self; 4] = [&SUCCESS, &RECORD, &IGNORED, &FAILURE];

    /// Returns whether a version has this message.
    pub fn is_in(&self, it: &Capabilities) -> bool {
        (self.has)(it)
    }

    /// Returns how many fields it has in a version.
    pub fn arity(&self, it: &Capabilities) -> usize {
        self.fields.iter().filter(|field| field.is_in(it)).count()
    }
}

/// A field of a message, or an entry of a map in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// Its name, which in a map is its key.
    pub name: &'static str,
    /// Its type, in the specification's words.
    pub kind: &'static str,
    /// What it means when it is left out, or null. `None`: it must be there.
    pub default: Option<&'static str>,
    /// For a map whose keys are known, its entries.
    pub entries: &'static [&'static Self],
    has: fn(&Capabilities) -> bool,
}

impl Field {
    /// Returns whether a version has this field.
    pub fn is_in(&self, it: &Capabilities) -> bool {
        (self.has)(it)
    }

    /// Returns the value of this entry in `map`, unless it is left out, null, or nothing that the version has.
    pub fn of<'a>(&self, map: &'a Map, it: &Capabilities) -> Option<&'a Value> {
        if !self.is_in(it) {
            return None;
        }
        map.get(self.name).filter(|value| !value.is_null())
    }

    const fn required(name: &'static str, kind: &'static str) -> Self {
        Self { name, kind, default: None, entries: &[], has: always }
    }

    const fn optional(name: &'static str, kind: &'static str, default: &'static str) -> Self {
        Self { default: Some(default), ..Self::required(name, kind) }
    }

    const fn entries(self, entries: &'static [&'static Self]) -> Self {
        Self { entries, ..self }
    }

    const fn when(self, has: fn(&Capabilities) -> bool) -> Self {
        Self { has, ..self }
    }
}

fn always(_: &Capabilities) -> bool {
    true
}

const fn request(name: &'static str, tag: u8, fields: &'static [&'static Field]) -> Message {
    Message { name, tag, fields, answer: &[], has: always }
}

const TEXT: &str = "String";
const TEXTS: &str = "List<String>";
const INTEGER: &str = "Integer";
const BOOLEAN: &str = "Boolean";
const MAP: &str = "Dictionary";

/// The entries of HELLO, and of the token that HELLO or LOGON carries.
pub mod hello {
    use super::*;

    /// Names the application.
    pub static USER_AGENT: Field = Field::required("user_agent", TEXT);
    /// The entries of [`AUTH`], before authentication had messages of its own.
    pub static TOKEN: Field = Field::required("scheme, …", "as in LOGON").when(|it| !it.logon);
    /// Where the client thinks it is connected, if the server shall route.
    pub static ROUTING: Field =
        Field::optional("routing", "Dictionary<String>", "no server-side routing").when(|it| it.routing_context);
    /// Asks for, and in the answer grants, changes of the protocol.
    pub static PATCH_BOLT: Field = Field::optional("patch_bolt", TEXTS, "`[]`").when(|it| it.utc_patch);
    /// Names the driver.
    pub static BOLT_AGENT: Field = Field::required("bolt_agent", MAP)
        .entries(&[&PRODUCT, &PLATFORM, &LANGUAGE, &LANGUAGE_DETAILS])
        .when(|it| it.bolt_agent);
    /// The driver and its version.
    pub static PRODUCT: Field = Field::required("product", TEXT);
    /// The operating system.
    pub static PLATFORM: Field = Field::optional("platform", TEXT, "unknown");
    /// The programming language.
    pub static LANGUAGE: Field = Field::optional("language", TEXT, "unknown");
    /// More about the language; never sent.
    pub static LANGUAGE_DETAILS: Field = Field::optional("language_details", TEXT, "unknown");

    /// Names the server and its version.
    pub static SERVER: Field = Field::required("server", TEXT);
    /// The server's name for the connection.
    pub static CONNECTION_ID: Field = Field::required("connection_id", TEXT);
    /// The version, once more, where it was chosen from a manifest.
    pub static PROTOCOL_VERSION: Field = Field::optional("protocol_version", TEXT, "no manifest was used");
    /// What the client may know of the server.
    pub static HINTS: Field = Field::optional("hints", MAP, "`{}`")
        .entries(&[&RECEIVE_TIMEOUT, &TELEMETRY_ENABLED, &SSR_ENABLED])
        .when(|it| it.hints);
    /// The longest silence that the server promises, in seconds.
    pub static RECEIVE_TIMEOUT: Field = Field::optional("connection.recv_timeout_seconds", INTEGER, "no promise");
    /// Whether the server wants TELEMETRY.
    pub static TELEMETRY_ENABLED: Field =
        Field::optional("telemetry.enabled", BOOLEAN, "`false`").when(|it| it.telemetry);
    /// Whether the server routes for its clients.
    pub static SSR_ENABLED: Field = Field::optional("ssr.enabled", BOOLEAN, "`false`").when(|it| it.home_database);
}

/// The entries of an authentication token.
pub mod token {
    use super::*;

    /// How to authenticate.
    pub static SCHEME: Field = Field::required("scheme", TEXT);
    /// Who.
    pub static PRINCIPAL: Field = Field::optional("principal", TEXT, "the scheme has none");
    /// The secret.
    pub static CREDENTIALS: Field = Field::optional("credentials", TEXT, "the scheme has none");
    /// Which provider knows the principal.
    pub static REALM: Field = Field::optional("realm", TEXT, "the server's own");
    /// What else a scheme needs.
    pub static PARAMETERS: Field = Field::optional("parameters", MAP, "`{}`");

    /// The server's address as it advertises it.
    pub static ADVERTISED_ADDRESS: Field =
        Field::optional("advertised_address", TEXT, "none").when(|it| it.home_database);
    /// Whether only a change of the password is allowed.
    pub static CREDENTIALS_EXPIRED: Field = Field::optional("credentials_expired", BOOLEAN, "`false`");
}

/// The entries of the filter of notifications.
pub mod notifications {
    use super::*;

    /// The lowest severity that is sent.
    pub static MINIMUM_SEVERITY: Field =
        Field::optional("notifications_minimum_severity", TEXT, "HELLO's, else the server's")
            .when(|it| it.notifications != NotificationKeys::None);
    /// What is not sent, under its first name.
    pub static DISABLED_CATEGORIES: Field =
        Field::optional("notifications_disabled_categories", TEXTS, "HELLO's, else the server's")
            .when(|it| it.notifications == NotificationKeys::Categories);
    /// What is not sent.
    pub static DISABLED_CLASSIFICATIONS: Field =
        Field::optional("notifications_disabled_classifications", TEXTS, "HELLO's, else the server's")
            .when(|it| it.notifications == NotificationKeys::Classifications);
}

/// The entries of the `extra` of BEGIN and RUN, and of their answers.
pub mod transaction {
    use super::*;

    /// What the transaction must have seen.
    pub static BOOKMARKS: Field = Field::optional("bookmarks", TEXTS, "`[]`");
    /// How long it may run, in milliseconds; zero is without limit.
    pub static TX_TIMEOUT: Field = Field::optional("tx_timeout", INTEGER, "the server's");
    /// What logs show of it.
    pub static TX_METADATA: Field = Field::optional("tx_metadata", MAP, "`{}`");
    /// How it accesses the database: `"r"` or `"w"`.
    pub static MODE: Field = Field::optional("mode", TEXT, "`\"w\"`");
    /// The database.
    pub static DB: Field = Field::optional("db", TEXT, "the home database").when(|it| it.databases);
    /// In whose name it runs.
    pub static IMP_USER: Field = Field::optional("imp_user", TEXT, "the current user").when(|it| it.impersonation);
    /// In answers: the home database, where none was named.
    pub static HOME_DB: Field = Field::optional("db", TEXT, "the one that was named").when(|it| it.home_database);
    /// The bookmark of what was committed.
    pub static BOOKMARK: Field = Field::optional("bookmark", TEXT, "nothing was committed");
}

/// The entries of RUN, PULL and DISCARD, and of their answers.
pub mod result {
    use super::*;

    /// The names of the columns.
    pub static FIELDS: Field = Field::required("fields", TEXTS);
    /// The name of the result, in a transaction.
    pub static QID: Field = Field::optional("qid", INTEGER, "the most recent result").when(|it| it.paging);
    /// After how many milliseconds the first record was there.
    pub static T_FIRST: Field = Field::optional("t_first", INTEGER, "unknown");
    /// How many records; minus one for all.
    pub static N: Field = Field::required("n", INTEGER);
    /// Whether the result stays open. The entries below come where it does not.
    pub static HAS_MORE: Field = Field::optional("has_more", BOOLEAN, "`false`").when(|it| it.paging);
    /// The database in which the query ran.
    pub static DB: Field = Field::optional("db", TEXT, "unknown").when(|it| it.databases);
    /// What the query did: `r`, `w`, `rw` or `s`.
    pub static TYPE: Field = Field::optional("type", TEXT, "unknown");
    /// Counters, those that are not zero.
    pub static STATS: Field = Field::optional("stats", MAP, "nothing changed");
    /// The plan.
    pub static PLAN: Field = Field::optional("plan", MAP, "not asked for");
    /// The plan, with what each step took.
    pub static PROFILE: Field = Field::optional("profile", MAP, "not asked for");
    /// Notifications.
    pub static NOTIFICATIONS: Field =
        Field::optional("notifications", "List<Dictionary>", "`[]`").when(|it| !it.statuses);
    /// GQL statuses, notifications among them.
    pub static STATUSES: Field = Field::optional("statuses", "List<Dictionary>", "`[]`").when(|it| it.statuses);
    /// After how many milliseconds the last record was there.
    pub static T_LAST: Field = Field::optional("t_last", INTEGER, "unknown");
}

/// The entries of ROUTE and of its answer.
pub mod route {
    use super::*;

    /// The database, before `extra` came.
    pub static DB: Field = Field::required("db", "String or null").when(|it| it.route && !it.impersonation);
    /// More about whose routing table.
    pub static EXTRA: Field =
        Field::required("extra", MAP).entries(&[&transaction::DB, &transaction::IMP_USER]).when(|it| it.impersonation);
    /// The routing table.
    pub static RT: Field = Field::required("rt", MAP).entries(&[&TTL, &TABLE_DB, &SERVERS]);
    /// For how many seconds it is good.
    pub static TTL: Field = Field::required("ttl", INTEGER);
    /// The database whose table it is.
    pub static TABLE_DB: Field = Field::optional("db", TEXT, "unknown").when(|it| it.impersonation);
    /// Who does what: each has `addresses` and a `role`, which is `ROUTE`, `READ` or `WRITE`.
    pub static SERVERS: Field = Field::required("servers", "List<Dictionary>");
}

/// The entries of a failure.
pub mod failure {
    use super::*;

    /// The Neo4j code.
    pub static CODE: Field = Field::required("code", TEXT).when(|it| !it.gql_errors);
    /// The Neo4j code. A cause has none.
    pub static NEO4J_CODE: Field = Field::required("neo4j_code", TEXT).when(|it| it.gql_errors);
    /// What went wrong, for a person.
    pub static MESSAGE: Field = Field::required("message", TEXT);
    /// The GQL status.
    pub static GQL_STATUS: Field = Field::required("gql_status", TEXT).when(|it| it.gql_errors);
    /// The GQL status' description.
    pub static DESCRIPTION: Field = Field::required("description", TEXT).when(|it| it.gql_errors);
    /// More about it.
    pub static DIAGNOSTIC_RECORD: Field =
        Field::optional("diagnostic_record", MAP, "GQL's defaults").when(|it| it.gql_errors);
    /// What caused it: a failure without `neo4j_code`.
    pub static CAUSE: Field = Field::optional("cause", MAP, "none").when(|it| it.gql_errors);
}

static EXTRA_OF_HELLO: Field = Field::required("extra", MAP).entries(&[
    &hello::USER_AGENT,
    &hello::TOKEN,
    &hello::ROUTING,
    &hello::PATCH_BOLT,
    &notifications::MINIMUM_SEVERITY,
    &notifications::DISABLED_CATEGORIES,
    &notifications::DISABLED_CLASSIFICATIONS,
    &hello::BOLT_AGENT,
]);
static EXTRA_OF_TRANSACTION: Field = Field::required("extra", MAP).entries(&[
    &transaction::BOOKMARKS,
    &transaction::TX_TIMEOUT,
    &transaction::TX_METADATA,
    &transaction::MODE,
    &transaction::DB,
    &transaction::IMP_USER,
    &notifications::MINIMUM_SEVERITY,
    &notifications::DISABLED_CATEGORIES,
    &notifications::DISABLED_CLASSIFICATIONS,
]);
static EXTRA_OF_STREAM: Field = Field::required("extra", MAP).entries(&[&result::N, &result::QID]).when(|it| it.paging);
static QUERY: Field = Field::required("query", TEXT);
static PARAMETERS: Field = Field::required("parameters", MAP);
static API: Field = Field::required("api", INTEGER);
static CONTEXT: Field = Field::required("routing", "Dictionary<String>");
static BOOKMARKS: Field = Field::required("bookmarks", TEXTS);
static METADATA: Field = Field::required("metadata", MAP);
static METADATA_OF_FAILURE: Field = Field::required("metadata", MAP).entries(&[
    &failure::CODE,
    &failure::NEO4J_CODE,
    &failure::MESSAGE,
    &failure::GQL_STATUS,
    &failure::DESCRIPTION,
    &failure::DIAGNOSTIC_RECORD,
    &failure::CAUSE,
]);
static DATA: Field = Field::required("data", "List");

/// The authentication token of LOGON.
pub static AUTH: Field = Field::required("auth", MAP).entries(&[
    &token::SCHEME,
    &token::PRINCIPAL,
    &token::CREDENTIALS,
    &token::REALM,
    &token::PARAMETERS,
]);

static SUMMARY: &[&Field] = &[
    &result::HAS_MORE,
    &transaction::BOOKMARK,
    &result::DB,
    &result::TYPE,
    &result::STATS,
    &result::PLAN,
    &result::PROFILE,
    &result::NOTIFICATIONS,
    &result::STATUSES,
    &result::T_LAST,
];

static HELLO: Message = Message {
    answer: &[&hello::SERVER, &hello::CONNECTION_ID, &hello::PATCH_BOLT, &hello::HINTS, &hello::PROTOCOL_VERSION],
    ..request("HELLO", tag::HELLO, &[&EXTRA_OF_HELLO])
};
static LOGON: Message = Message {
    answer: &[&token::ADVERTISED_ADDRESS, &token::CREDENTIALS_EXPIRED],
    has: |it| it.logon,
    ..request("LOGON", tag::LOGON, &[&AUTH])
};
static LOGOFF: Message = Message { has: |it| it.logon, ..request("LOGOFF", tag::LOGOFF, &[]) };
static TELEMETRY: Message = Message { has: |it| it.telemetry, ..request("TELEMETRY", tag::TELEMETRY, &[&API]) };
static GOODBYE: Message = request("GOODBYE", tag::GOODBYE, &[]);
static RESET: Message = request("RESET", tag::RESET, &[]);
static RUN: Message = Message {
    answer: &[&result::FIELDS, &result::T_FIRST, &result::QID, &transaction::HOME_DB],
    ..request("RUN", tag::RUN, &[&QUERY, &PARAMETERS, &EXTRA_OF_TRANSACTION])
};
static PULL: Message = Message { answer: SUMMARY, ..request("PULL", tag::PULL, &[&EXTRA_OF_STREAM]) };
static DISCARD: Message = Message { answer: SUMMARY, ..request("DISCARD", tag::DISCARD, &[&EXTRA_OF_STREAM]) };
static BEGIN: Message =
    Message { answer: &[&transaction::HOME_DB], ..request("BEGIN", tag::BEGIN, &[&EXTRA_OF_TRANSACTION]) };
static COMMIT: Message = Message { answer: &[&transaction::BOOKMARK], ..request("COMMIT", tag::COMMIT, &[]) };
static ROLLBACK: Message = request("ROLLBACK", tag::ROLLBACK, &[]);
static ROUTE: Message = Message {
    answer: &[&route::RT],
    has: |it| it.route,
    ..request("ROUTE", tag::ROUTE, &[&CONTEXT, &BOOKMARKS, &route::DB, &route::EXTRA])
};

static SUCCESS: Message = request("SUCCESS", tag::SUCCESS, &[&METADATA]);
static RECORD: Message = request("RECORD", tag::RECORD, &[&DATA]);
static IGNORED: Message = request("IGNORED", tag::IGNORED, &[]);
static FAILURE: Message = request("FAILURE", tag::FAILURE, &[&METADATA_OF_FAILURE]);

impl RequestKind {
    /// All kinds of requests, in the order in which a connection first uses them.
    pub const ALL: [Self; 13] = [
        Self::Hello,
        Self::Logon,
        Self::Logoff,
        Self::Telemetry,
        Self::Route,
        Self::Begin,
        Self::Run,
        Self::Pull,
        Self::Discard,
        Self::Commit,
        Self::Rollback,
        Self::Reset,
        Self::Goodbye,
    ];

    /// Returns what requests of this kind consist of.
    pub fn message(self) -> &'static Message {
        match self {
            Self::Hello => &HELLO,
            Self::Logon => &LOGON,
            Self::Logoff => &LOGOFF,
            Self::Telemetry => &TELEMETRY,
            Self::Goodbye => &GOODBYE,
            Self::Reset => &RESET,
            Self::Run => &RUN,
            Self::Pull => &PULL,
            Self::Discard => &DISCARD,
            Self::Begin => &BEGIN,
            Self::Commit => &COMMIT,
            Self::Rollback => &ROLLBACK,
            Self::Route => &ROUTE,
        }
    }

    /// Returns the request whose tag this is.
    pub fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.message().tag == tag)
    }
}
