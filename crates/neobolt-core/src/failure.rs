//! What a driver does about the code of a FAILURE.
//!
//! Codes are Neo4j codes, `Neo.<classification>.<category>.<title>`. They decide rather than the GQL status: Neo4j 5.26
//! answers status `50N42` for nearly every error.

const AUTHORIZATION_EXPIRED: &str = "Neo.ClientError.Security.AuthorizationExpired";
const NOT_A_LEADER: &str = "Neo.ClientError.Cluster.NotALeader";
const FORBIDDEN_ON_READ_ONLY_DATABASE: &str = "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase";
const DATABASE_UNAVAILABLE: &str = "Neo.TransientError.General.DatabaseUnavailable";
const SECURITY: &str = "Neo.ClientError.Security.";

/// The codes, besides those of [`is_security`], that every router would answer alike.
const FATAL_DURING_DISCOVERY: [&str; 6] = [
    "Neo.ClientError.Database.DatabaseNotFound",
    "Neo.ClientError.Transaction.InvalidBookmark",
    "Neo.ClientError.Transaction.InvalidBookmarkMixture",
    "Neo.ClientError.Statement.TypeError",
    "Neo.ClientError.Statement.ArgumentError",
    "Neo.ClientError.Request.Invalid",
];

/// Returns the code that servers of today use for a code that older ones classified wrongly.
///
/// A terminated transaction was once called transient, although somebody wanted it gone.
#[must_use]
pub fn canonical_code(code: &str) -> &str {
    match code {
        "Neo.TransientError.Transaction.Terminated" => "Neo.ClientError.Transaction.Terminated",
        "Neo.TransientError.Transaction.LockClientStopped" => "Neo.ClientError.Transaction.LockClientStopped",
        _ => code,
    }
}

/// Says whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Classification {
    /// The request was wrong; the same request fails again.
    Client,
    /// The server could not do it.
    Database,
    /// The same request may succeed later.
    Transient,
    /// The code does not say.
    Unknown,
}

impl Classification {
    /// Returns the classification of a code, the canonical one and with an expired authorization counted as transient.
    #[must_use]
    pub fn of(code: &str) -> Self {
        if code == AUTHORIZATION_EXPIRED {
            return Self::Transient;
        }
        let mut parts = canonical_code(code).split('.');
        match (parts.next(), parts.next()) {
            (Some("Neo"), Some("ClientError")) => Self::Client,
            (Some("Neo"), Some("DatabaseError")) => Self::Database,
            (Some("Neo"), Some("TransientError")) => Self::Transient,
            _ => Self::Unknown,
        }
    }
}

/// Returns whether a managed transaction is run again after this failure.
#[must_use]
pub fn is_retryable(code: &str) -> bool {
    Classification::of(code) == Classification::Transient
        || matches!(code, NOT_A_LEADER | FORBIDDEN_ON_READ_ONLY_DATABASE)
}

/// Returns whether the failure is about who the user is or what they may do.
#[must_use]
pub fn is_security(code: &str) -> bool {
    code.starts_with(SECURITY)
}

/// Returns whether the failure says that a token is not accepted.
#[must_use]
pub fn is_unauthenticated(code: &str) -> bool {
    let title = code.strip_prefix(SECURITY).unwrap_or_default();
    matches!(title, "CredentialsExpired" | "Forbidden" | "TokenExpired" | "Unauthorized")
}

/// Returns whether asking another router for the routing table would be in vain.
#[must_use]
pub fn is_fatal_during_discovery(code: &str) -> bool {
    FATAL_DURING_DISCOVERY.contains(&code) || (is_security(code) && code != AUTHORIZATION_EXPIRED)
}

/// Says what a failure tells about the server that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new effect must be handled wherever effects are")]
pub enum Effect {
    /// Nothing.
    None,
    /// It does not take writes of this database: see [`Routing::forget_writer`](crate::Routing::forget_writer).
    ForgetWriter,
    /// It is of no use now: see [`Routing::forget`](crate::Routing::forget) and [`Pool::deactivate`](crate::Pool::deactivate).
    Deactivate,
    /// It has forgotten who its connections belong to: see
    /// [`Pool::expire_authentication`](crate::Pool::expire_authentication).
    Reauthenticate,
}

impl Effect {
    /// Returns the effect of a failure with this code.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            NOT_A_LEADER | FORBIDDEN_ON_READ_ONLY_DATABASE => Self::ForgetWriter,
            DATABASE_UNAVAILABLE => Self::Deactivate,
            AUTHORIZATION_EXPIRED => Self::Reauthenticate,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_classified_by_their_second_part() {
        for (code, classification, retryable) in [
            ("Neo.ClientError.Statement.SyntaxError", Classification::Client, false),
            ("Neo.DatabaseError.General.UnknownError", Classification::Database, false),
            ("Neo.TransientError.Transaction.DeadlockDetected", Classification::Transient, true),
            (DATABASE_UNAVAILABLE, Classification::Transient, true),
            ("Neo.TransientError.Transaction.Terminated", Classification::Client, false),
            ("Neo.TransientError.Transaction.LockClientStopped", Classification::Client, false),
            (AUTHORIZATION_EXPIRED, Classification::Transient, true),
            (NOT_A_LEADER, Classification::Client, true),
            (FORBIDDEN_ON_READ_ONLY_DATABASE, Classification::Client, true),
            ("Neo.ClientError.Statement.AccessMode", Classification::Client, false),
            ("Memgraph.TransientError.X.Y", Classification::Unknown, false),
            ("", Classification::Unknown, false),
        ] {
            assert_eq!(Classification::of(code), classification, "{code}");
            assert_eq!(is_retryable(code), retryable, "{code}");
        }
    }

    #[test]
    fn discovery_stops_where_every_router_says_the_same() {
        assert!(is_fatal_during_discovery("Neo.ClientError.Database.DatabaseNotFound"));
        assert!(is_fatal_during_discovery("Neo.ClientError.Security.Unauthorized"));
        assert!(!is_fatal_during_discovery(AUTHORIZATION_EXPIRED));
        assert!(!is_fatal_during_discovery(DATABASE_UNAVAILABLE));
    }

    #[test]
    fn effects_follow_the_code() {
        assert_eq!(Effect::of(NOT_A_LEADER), Effect::ForgetWriter);
        assert_eq!(Effect::of(DATABASE_UNAVAILABLE), Effect::Deactivate);
        assert_eq!(Effect::of(AUTHORIZATION_EXPIRED), Effect::Reauthenticate);
        assert_eq!(Effect::of("Neo.ClientError.Security.Unauthorized"), Effect::None);
    }
}
