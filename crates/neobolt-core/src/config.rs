//! The options of a driver and their defaults.

use std::fmt;
use std::time::Duration;

use neobolt_proto::Version;
use neobolt_proto::message::{Count, NotificationFilter};

use crate::RetryPolicy;

/// Holds every option of a driver. The defaults are those of the official drivers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How many connections to one server there may be at once, idle ones and such being opened included. At least 1,
    /// default 100.
    pub max_connection_pool_size: usize,
    /// How long a connection is waited for at most, of however many servers: for its turn, for connecting, for the handshake,
    /// for the liveness check and for logging on together. The connection to a router has as long again. Above zero,
    /// default 60 s.
    pub connection_acquisition_timeout: Duration,
    /// How long the operating system may take to connect to one address. Above zero, default 30 s.
    pub connection_timeout: Duration,
    /// The age at which a connection is closed instead of used again. `None`: at no age. Default 3600 s.
    pub max_connection_lifetime: Option<Duration>,
    /// How long a connection may lie idle and still be used without asking the server whether it is alive. `None`: for
    /// any time, the default. Zero: always ask.
    pub liveness_check_timeout: Option<Duration>,
    /// How long a managed transaction is retried, counted from its first failure. Zero: not at all. Default 30 s.
    pub max_transaction_retry_time: Duration,
    /// How many records are requested at once. Default 1000.
    pub fetch_size: Count,
    /// The name by which the application introduces itself to the server. Not empty, default `neobolt/<version>`.
    pub user_agent: String,
    /// Whether the server is kept from learning which parts of the API are used. Default `false`; it is only ever told
    /// when it asks.
    pub telemetry_disabled: bool,
    /// Whether an auto-commit query is never sent again, even where the server allows it. Default `false`.
    pub disable_auto_commit_retries: bool,
    /// How many round trips may be saved. Default [`Pipelining::Fewest`].
    pub pipelining: Pipelining,
    /// Which notifications the server sends. Default: the server decides.
    pub notifications: NotificationFilter,
    /// The newest version of Bolt that is spoken, for tests against servers that speak newer ones. Default: the newest that the driver knows.
    pub max_bolt_version: Version,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_connection_pool_size: 100,
            connection_acquisition_timeout: Duration::from_secs(60),
            connection_timeout: Duration::from_secs(30),
            max_connection_lifetime: Some(Duration::from_secs(3600)),
            liveness_check_timeout: None,
            max_transaction_retry_time: Duration::from_secs(30),
            fetch_size: Count::Records(1000),
            user_agent: concat!("neobolt/", env!("CARGO_PKG_VERSION")).to_owned(),
            telemetry_disabled: false,
            disable_auto_commit_retries: false,
            pipelining: Pipelining::default(),
            notifications: NotificationFilter::default(),
            max_bolt_version: Version::NEWEST,
        }
    }
}

impl Config {
    /// Checks what the types of the options leave open.
    ///
    /// # Errors
    ///
    /// Fails on the first option that no driver could work with, and names it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let refused = |option, requirement| Err(ConfigError { option, requirement });
        if self.max_connection_pool_size == 0 {
            return refused("max_connection_pool_size", "is 0 but must be at least 1");
        }
        if self.connection_acquisition_timeout.is_zero() {
            return refused("connection_acquisition_timeout", "is 0 but must be longer");
        }
        if self.connection_timeout.is_zero() {
            return refused("connection_timeout", "is 0 but must be longer");
        }
        if self.fetch_size == Count::Records(0) {
            return refused("fetch_size", "is 0 but must be at least 1 record, or all");
        }
        if self.max_bolt_version < Version::OLDEST {
            return refused("max_bolt_version", "is older than any version that is spoken");
        }
        if self.user_agent.is_empty() {
            return refused("user_agent", "is empty but must name the application");
        }
        Ok(())
    }

    /// Returns the policy by which managed transactions are retried.
    #[must_use]
    pub fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy { max_time: self.max_transaction_retry_time, ..RetryPolicy::default() }
    }
}

/// Says how many messages go out before an answer is awaited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pipelining {
    /// As many as lose nothing: the fewest round trips.
    #[default]
    Fewest,
    /// As many as the official drivers send.
    Official,
}

/// Says which option has a value that no driver could work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    option: &'static str,
    requirement: &'static str,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {} {}", self.option, self.requirement)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid() {
        let config = Config::default();
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.fetch_size, Count::Records(1000));
        assert_eq!(config.retry_policy(), RetryPolicy::default());
        assert_eq!(config.user_agent, format!("neobolt/{}", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn bad_values_are_named() {
        let with = Config::default; // so that each line shows one change
        for (config, text) in [
            (Config { max_connection_pool_size: 0, ..with() }, "max_connection_pool_size is 0 but must be at least 1"),
            (
                Config { connection_acquisition_timeout: Duration::ZERO, ..with() },
                "connection_acquisition_timeout is 0 but must be longer",
            ),
            (Config { connection_timeout: Duration::ZERO, ..with() }, "connection_timeout is 0 but must be longer"),
            (Config { user_agent: String::new(), ..with() }, "user_agent is empty but must name the application"),
        ] {
            assert_eq!(config.validate().unwrap_err().to_string(), format!("invalid configuration: {text}"));
        }
    }
}
