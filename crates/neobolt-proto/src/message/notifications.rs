//! Which notifications a server sends.

use std::collections::BTreeSet;

/// Says which notifications the server sends with a result (Bolt 5.2 and later).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationFilter {
    /// The lowest severity that is sent. `None`: the server decides.
    pub minimum_severity: Option<NotificationSeverity>,
    /// The classifications that are not sent. `None`: the server decides; an empty set sends all.
    pub disabled_classifications: Option<BTreeSet<NotificationClassification>>,
}

impl NotificationFilter {
    pub(crate) fn is_default(&self) -> bool {
        self.minimum_severity.is_none() && self.disabled_classifications.is_none()
    }

    /// The names of what is not sent.
    pub(crate) fn disabled(&self) -> Option<Vec<&'static str>> {
        Some(self.disabled_classifications.as_ref()?.iter().map(|it| it.as_str()).collect())
    }
}

macro_rules! wire_names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Returns the name that Bolt gives it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Returns what has this name in Bolt, if anything has.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

wire_names! {
    /// Says how much a notification matters.
    NotificationSeverity {
        /// No notification at all.
        Off = "OFF",
        /// Something is probably wrong with the query.
        Warning = "WARNING",
        /// Something could be better.
        Information = "INFORMATION",
    }
}

wire_names! {
    /// Says what a notification is about.
    NotificationClassification {
        /// A hint in the query cannot be followed.
        Hint = "HINT",
        /// The query names something that does not exist.
        Unrecognized = "UNRECOGNIZED",
        /// The query asks for what is not supported.
        Unsupported = "UNSUPPORTED",
        /// The query may be slow.
        Performance = "PERFORMANCE",
        /// The query uses what will be removed.
        Deprecation = "DEPRECATION",
        /// None of the others.
        Generic = "GENERIC",
        /// The result is a risk for security.
        Security = "SECURITY",
        /// The servers of the cluster (server 5.13 and later).
        Topology = "TOPOLOGY",
        /// Indexes and constraints (server 5.17 and later).
        Schema = "SCHEMA",
    }
}
