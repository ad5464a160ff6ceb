//! What is run: a text, its parameters, and how its transaction is configured.

use std::time::Duration;

use neobolt_proto::Parameters;
use neobolt_proto::message::TransactionOptions;
use packstream::Encode;

/// A Cypher query with its parameters.
///
/// Values are encoded when they are set, straight from the user's own types; what cannot be encoded is reported when the
/// query is run.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub(crate) text: Box<str>,
    pub(crate) parameters: Parameters,
}

impl Query {
    /// Returns a query without parameters.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), parameters: Parameters::default() }
    }

    /// Sets the parameter `$name`.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl Encode) -> Self {
        self.parameters.insert(name, value);
        self
    }

    /// Sets all parameters.
    #[must_use]
    pub fn params(mut self, parameters: Parameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

impl From<&str> for Query {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Query {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Query {
    fn from(text: &String) -> Self {
        Self::new(text.as_str())
    }
}

/// How a transaction is configured, besides what its session says.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TransactionConfig {
    /// How long the server lets it run: the server's own default when `None`, without limit when zero.
    pub timeout: Option<Duration>,
    /// What the server's query log and `SHOW TRANSACTIONS` show of it.
    pub metadata: Parameters,
}

impl TransactionConfig {
    /// Returns a configuration that leaves everything to the server.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the server lets the transaction run; zero is without limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Adds an entry to what the server's logs show of the transaction.
    #[must_use]
    pub fn metadata(mut self, name: &str, value: impl Encode) -> Self {
        self.metadata.insert(name, value);
        self
    }

    pub(crate) fn apply<'a>(&'a self, options: &mut TransactionOptions<'a>) {
        options.timeout = self.timeout;
        options.metadata = Some(&self.metadata);
    }
}

/// Gives a builder around a [`Query`] the query's own setters.
macro_rules! query_setters {
    () => {
        /// Sets the parameter `$name`.
        pub fn param(mut self, name: &str, value: impl packstream::Encode) -> Self {
            self.query = self.query.param(name, value);
            self
        }

        /// Sets all parameters.
        pub fn params(mut self, parameters: neobolt_proto::Parameters) -> Self {
            self.query = self.query.params(parameters);
            self
        }
    };
}
pub(crate) use query_setters;
