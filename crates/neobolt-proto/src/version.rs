//! Protocol versions, and what each of them can carry, as data.
//!
//! [`Capabilities`] is the only place that knows in which version a thing appeared; everything else asks it.

use core::fmt;

use crate::message::RequestKind;

/// A version of the Bolt protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a version has a major and a minor number for good")]
pub struct Version {
    /// The major number.
    pub major: u8,
    /// The minor number.
    pub minor: u8,
}

impl Version {
    /// The newest version this crate speaks.
    pub const NEWEST: Self = Self::new(6, 1);

    /// The oldest version this crate speaks.
    pub const OLDEST: Self = Self::new(3, 0);

    /// Returns the version `major.minor`.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// Returns what this version can carry, or `None` for a version that this crate does not speak.
    pub fn capabilities(self) -> Option<&'static Capabilities> {
        CAPABILITIES.iter().find(|row| row.version == self)
    }

    /// Returns the versions this crate speaks, best first.
    pub fn supported() -> impl Iterator<Item = Self> {
        CAPABILITIES.iter().map(|row| row.version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// How notifications are filtered on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotificationKeys {
    /// Not at all (before 5.2).
    None,
    /// `notifications_disabled_categories` (5.2 to 5.4).
    Categories,
    /// `notifications_disabled_classifications` (from 5.6).
    Classifications,
}

/// What a version of the protocol can carry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The version.
    pub version: Version,
    /// Whether PULL and DISCARD say how many records and of which result, so that a transaction can have several results open (from
    /// 4.0). Before that they carry no fields, and take all records of the only result.
    pub paging: bool,
    /// Whether a transaction can name its database (from 4.0).
    pub databases: bool,
    /// Whether HELLO carries a routing context (from 4.1).
    pub routing_context: bool,
    /// Whether ROUTE exists (from 4.3). Before that, routing tables come from a procedure.
    pub route: bool,
    /// Whether HELLO is answered with hints (from 4.3).
    pub hints: bool,
    /// Whether a transaction can run in another user's name (from 4.4). From then on, too, ROUTE's last field is a map.
    pub impersonation: bool,
    /// Whether nodes, relationships and paths carry element ids, and date-times count in UTC (from 5.0).
    pub element_ids: bool,
    /// Whether the peer may be asked for UTC date-times by `patch_bolt` (4.3 and 4.4).
    pub utc_patch: bool,
    /// Whether authentication has messages of its own, LOGON and LOGOFF (from 5.1).
    pub logon: bool,
    /// How notifications are filtered.
    pub notifications: NotificationKeys,
    /// Whether HELLO must carry `bolt_agent` (from 5.3).
    pub bolt_agent: bool,
    /// Whether TELEMETRY exists (from 5.4).
    pub telemetry: bool,
    /// Whether summaries carry GQL `statuses` instead of `notifications` (from 5.6).
    pub statuses: bool,
    /// Whether FAILURE carries GQL status, description, diagnostic record and cause (from 5.7).
    pub gql_errors: bool,
    /// Whether RUN and BEGIN are answered with the database they run in when none was named (from 5.8).
    pub home_database: bool,
    /// Whether vectors and unsupported types can be carried (from 6.0).
    pub vectors: bool,
    /// Whether UUIDs can be carried (from 6.1).
    pub uuids: bool,
}

impl Capabilities {
    /// Returns whether the version has this request.
    pub fn has(&self, request: RequestKind) -> bool {
        request.message().is_in(self)
    }
}

impl Version {
    /// Returns whether this version is `major.minor` or a later one.
    const fn since(self, major: u8, minor: u8) -> bool {
        self.major > major || (self.major == major && self.minor >= minor)
    }
}

const fn row(major: u8, minor: u8) -> Capabilities {
    let version = Version::new(major, minor);
    Capabilities {
        version,
        paging: version.since(4, 0),
        databases: version.since(4, 0),
        routing_context: version.since(4, 1),
        route: version.since(4, 3),
        hints: version.since(4, 3),
        impersonation: version.since(4, 4),
        element_ids: version.since(5, 0),
        utc_patch: major == 4 && minor >= 3,
        logon: version.since(5, 1),
        notifications: if version.since(5, 6) {
            NotificationKeys::Classifications
        } else if version.since(5, 2) {
            NotificationKeys::Categories
        } else {
            NotificationKeys::None
        },
        bolt_agent: version.since(5, 3),
        telemetry: version.since(5, 4),
        statuses: version.since(5, 6),
        gql_errors: version.since(5, 7),
        home_database: version.since(5, 8),
        vectors: version.since(6, 0),
        uuids: version.since(6, 1),
    }
}

/// One row for each version, best first. 5.5 was never released with a server.
static CAPABILITIES: [Capabilities; 14] = [
    row(6, 1),
    row(6, 0),
    row(5, 8),
    row(5, 7),
    row(5, 6),
    row(5, 4),
    row(5, 3),
    row(5, 2),
    row(5, 1),
    row(5, 0),
    row(4, 4),
    row(4, 3),
    row(4, 2),
    row(3, 0),
];
