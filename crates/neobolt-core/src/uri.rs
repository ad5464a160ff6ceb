//! The connection URI: which server, whether to route, whether to encrypt.

use std::fmt;
use std::str::FromStr;

use url::{ParseError, Url};

use crate::Address;

/// Says what a connection URI says: `bolt` or `neo4j`, with or without TLS, an address, a routing context.
///
/// `{bolt,neo4j}{,+s,+ssc}://host[:port][?key=value&…]`; the query is the routing context and belongs to `neo4j` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionUri {
    scheme: Scheme,
    encryption: Encryption,
    address: Address,
    routing_context: Option<Vec<(String, String)>>,
}

impl ConnectionUri {
    /// Returns whether the driver talks to one server or routes.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns how connections are protected.
    #[must_use]
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// Returns the server named, which is the initial router of a routing driver.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the routing context that HELLO and ROUTE send: `address` first, then what the query of the URI said, in its
    /// order. `None` for a driver that does not route.
    #[must_use]
    pub fn routing_context(&self) -> Option<&[(String, String)]> {
        self.routing_context.as_deref()
    }
}

/// Tells a driver of one server from a routing driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver routes or it does not")]
pub enum Scheme {
    /// `bolt`: every connection goes to the server named.
    Bolt,
    /// `neo4j`: the server named is asked for a routing table.
    Neo4j,
}

/// Says how connections are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new protection must be handled wherever connections are opened")]
pub enum Encryption {
    /// No suffix: no TLS.
    Plain,
    /// `+s`: TLS; the certificate must be valid for the host by the system's authorities.
    SystemCas,
    /// `+ssc`: TLS with whatever certificate the server shows. Protects from reading along, not from an impostor.
    TrustAll,
}

impl FromStr for ConnectionUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(ParseError::RelativeUrlWithoutBase) => return Err(UriError::MissingScheme),
            Err(ParseError::EmptyHost) => return Err(UriError::MissingHost),
            Err(error) => return Err(UriError::Malformed(error.to_string())),
        };
        let (scheme, encryption) = match url.scheme() {
            "bolt" => (Scheme::Bolt, Encryption::Plain),
            "bolt+s" => (Scheme::Bolt, Encryption::SystemCas),
            "bolt+ssc" => (Scheme::Bolt, Encryption::TrustAll),
            "neo4j" => (Scheme::Neo4j, Encryption::Plain),
            "neo4j+s" => (Scheme::Neo4j, Encryption::SystemCas),
            "neo4j+ssc" => (Scheme::Neo4j, Encryption::TrustAll),
            "bolt+routing" => return Err(UriError::BoltRouting),
            http @ ("http" | "https") => return Err(UriError::Http(http.to_owned())),
            unknown => return Err(UriError::UnknownScheme(unknown.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UriError::UserInfo);
        }
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() {
            return Err(UriError::MissingHost);
        }
        if !matches!(url.path(), "" | "/") {
            return Err(UriError::Path(url.path().to_owned()));
        }
        if let Some(fragment) = url.fragment() {
            return Err(UriError::Fragment(fragment.to_owned()));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = Address::new(host, url.port().unwrap_or(Address::DEFAULT_PORT));
        let routing_context = match scheme {
            Scheme::Bolt if url.query().is_some() => return Err(UriError::RoutingContextOnBolt),
            Scheme::Bolt => None,
            Scheme::Neo4j => Some(routing_context(&address, &url)?),
        };
        Ok(Self { scheme, encryption, address, routing_context })
    }
}

/// The key that the driver itself puts into the routing context.
const ADDRESS: &str = "address";

fn routing_context(address: &Address, url: &Url) -> Result<Vec<(String, String)>, UriError> {
    let mut context = vec![(ADDRESS.to_owned(), address.to_string())];
    for (key, value) in url.query_pairs() {
        if key.is_empty() {
            return Err(UriError::EmptyKey(value.into_owned()));
        }
        if value.is_empty() {
            return Err(UriError::EmptyValue(key.into_owned()));
        }
        if key == ADDRESS {
            return Err(UriError::ReservedKey);
        }
        if context.iter().any(|(known, _)| *known == key) {
            return Err(UriError::DuplicateKey(key.into_owned()));
        }
        context.push((key.into_owned(), value.into_owned()));
    }
    Ok(context)
}

/// Says why a text is not a [`ConnectionUri`].
///
/// No variant carries what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// It is no URI at all.
    Malformed(String),
    /// It has no scheme.
    MissingScheme,
    /// It has a scheme that is none of ours.
    UnknownScheme(String),
    /// It has the scheme that `neo4j` replaced.
    BoltRouting,
    /// It has the scheme of the HTTP API.
    Http(String),
    /// It names no host.
    MissingHost,
    /// It carries a user name or a password.
    UserInfo,
    /// It has a path.
    Path(String),
    /// It has a fragment.
    Fragment(String),
    /// It has a query, but does not route.
    RoutingContextOnBolt,
    /// Its routing context has a value without a key.
    EmptyKey(String),
    /// Its routing context has a key without a value.
    EmptyValue(String),
    /// Its routing context has the key that the driver sets.
    ReservedKey,
    /// Its routing context has a key twice.
    DuplicateKey(String),
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SCHEMES: &str = "use bolt, bolt+s, bolt+ssc, neo4j, neo4j+s or neo4j+ssc";
        f.write_str("invalid connection URI: ")?;
        match self {
            Self::Malformed(reason) => f.write_str(reason),
            Self::MissingScheme => write!(f, "missing scheme, {SCHEMES}"),
            Self::UnknownScheme(scheme) => write!(f, "unknown scheme {scheme:?}, {SCHEMES}"),
            Self::BoltRouting => f.write_str("scheme \"bolt+routing\" is now called \"neo4j\""),
            Self::Http(scheme) => write!(f, "scheme {scheme:?} is not Bolt, {SCHEMES} (the Bolt port is usually 7687)"),
            Self::MissingHost => f.write_str("missing host"),
            Self::UserInfo => f.write_str("user name or password given, credentials belong into `Auth`"),
            Self::Path(path) => write!(f, "unexpected path {path:?}, the database is chosen per session or query"),
            Self::Fragment(fragment) => write!(f, "unexpected fragment {fragment:?}"),
            Self::RoutingContextOnBolt => {
                f.write_str("a query is a routing context, which needs scheme \"neo4j\" instead of \"bolt\"")
            }
            Self::EmptyKey(value) => write!(f, "value {value:?} in the routing context has no key"),
            Self::EmptyValue(key) => write!(f, "key {key:?} in the routing context has no value"),
            Self::ReservedKey => write!(f, "key {ADDRESS:?} in the routing context is set by the driver"),
            Self::DuplicateKey(key) => write!(f, "key {key:?} occurs twice in the routing context"),
        }
    }
}

impl std::error::Error for UriError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schemes_choose_routing_and_encryption() {
        for (text, scheme, encryption) in [
            ("bolt://h", Scheme::Bolt, Encryption::Plain),
            ("bolt+s://h", Scheme::Bolt, Encryption::SystemCas),
            ("bolt+ssc://h", Scheme::Bolt, Encryption::TrustAll),
            ("neo4j://h", Scheme::Neo4j, Encryption::Plain),
            ("neo4j+s://h", Scheme::Neo4j, Encryption::SystemCas),
            ("NEO4J+SSC://h/", Scheme::Neo4j, Encryption::TrustAll),
        ] {
            let uri: ConnectionUri = text.parse().unwrap();
            assert_eq!((uri.scheme(), uri.encryption()), (scheme, encryption), "{text}");
            assert_eq!(uri.address().to_string(), "h:7687");
        }
    }

    #[test]
    fn routing_context_begins_with_the_address() {
        let uri: ConnectionUri = "neo4j://[::1]:7688?policy=eu%20west&region=a+b".parse().unwrap();
        let context: Vec<_> = uri.routing_context().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(context, [("address", "[::1]:7688"), ("policy", "eu west"), ("region", "a b")]);
        assert_eq!("bolt://h".parse::<ConnectionUri>().unwrap().routing_context(), None);
    }

    #[test]
    fn every_refusal_names_its_cause() {
        for (text, cause) in [
            ("", "missing scheme"),
            ("127.0.0.1:7687", "missing scheme"),
            ("localhost:7687", "unknown scheme \"localhost\""),
            ("bolt+unix://h", "unknown scheme \"bolt+unix\""),
            ("bolt+routing://h", "is now called \"neo4j\""),
            ("http://h:7474", "scheme \"http\" is not Bolt"),
            ("https://h", "scheme \"https\" is not Bolt"),
            ("bolt://", "missing host"),
            ("bolt:h", "missing host"),
            ("bolt://:7687", "missing host"),
            ("bolt://h:99999", "invalid port number"),
            ("bolt://h:port", "invalid port number"),
            ("neo4j://neo4j:secret@h", "credentials belong into `Auth`"),
            ("neo4j://neo4j@h", "credentials belong into `Auth`"),
            ("neo4j://h/movies", "unexpected path \"/movies\""),
            ("neo4j://h#top", "unexpected fragment \"top\""),
            ("bolt://h?policy=eu", "needs scheme \"neo4j\""),
            ("neo4j://h?=eu", "value \"eu\" in the routing context has no key"),
            ("neo4j://h?policy=", "key \"policy\" in the routing context has no value"),
            ("neo4j://h?policy", "key \"policy\" in the routing context has no value"),
            ("neo4j://h?address=x:1", "key \"address\" in the routing context is set by the driver"),
            ("neo4j://h?a=1&a=2", "key \"a\" occurs twice"),
        ] {
            let error = text.parse::<ConnectionUri>().unwrap_err().to_string();
            assert!(error.contains(cause), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(neo4j|bolt)?(://)?\\PC*") {
            let _ = text.parse::<ConnectionUri>();
        }
    }
}
