//! Where a server listens.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::sync::Arc;

/// Names a server: a host name or IP address, and a port.
///
/// Parses from `host`, `host:port`, `[v6]` and `[v6]:port`; the port defaults to [`Address::DEFAULT_PORT`]. Cheap to
/// clone. Two spellings of one host are two addresses: what a name resolves to is the runtime's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Arc<str>,
    port: u16,
}

impl Address {
    /// The port of Bolt: 7687.
    pub const DEFAULT_PORT: u16 = 7687;

    /// Makes an address of a host, without brackets if it is an IPv6 address, and a port.
    #[must_use]
    pub fn new(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Returns the host, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = |reason| AddressError { text: text.into(), reason };
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(|| error("missing closing bracket"))?;
            let ip = host.split_once('%').map_or(host, |(ip, _zone)| ip);
            ip.parse::<Ipv6Addr>().map_err(|_| error("no IPv6 address in the brackets"))?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(error("expected `:` and a port after the brackets")),
            }
        } else {
            match text.split_once(':') {
                Some((_, port)) if port.contains(':') => return Err(error("an IPv6 address needs brackets")),
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        if host.is_empty() {
            return Err(error("missing host"));
        }
        let port = match port {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| error("the port is not a number from 0 to 65535"))?
            }
            Some(_) => return Err(error("the port is not a number from 0 to 65535")),
            None => Self::DEFAULT_PORT,
        };
        Ok(Self::new(host, port))
    }
}

/// Says why a text is not an [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    text: Box<str>,
    reason: &'static str,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid address {:?}: {}", self.text, self.reason)
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<(String, u16), String> {
        text.parse::<Address>().map(|a| (a.host().to_owned(), a.port())).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_host_and_port() {
        assert_eq!(parse("db.example.org"), Ok(("db.example.org".into(), 7687)));
        assert_eq!(parse("10.0.0.1:9"), Ok(("10.0.0.1".into(), 9)));
        assert_eq!(parse("[::1]"), Ok(("::1".into(), 7687)));
        assert_eq!(parse("[fe80::1%eth0]:7688"), Ok(("fe80::1%eth0".into(), 7688)));
    }

    #[test]
    fn refusals_name_the_text_and_the_reason() {
        for (text, reason) in [
            ("", "missing host"),
            (":7687", "missing host"),
            ("::1", "an IPv6 address needs brackets"),
            ("[::1", "missing closing bracket"),
            ("[db]:1", "no IPv6 address in the brackets"),
            ("[::1]7687", "expected `:` and a port after the brackets"),
            ("db:", "the port is not a number from 0 to 65535"),
            ("db:+1", "the port is not a number from 0 to 65535"),
            ("db:65536", "the port is not a number from 0 to 65535"),
        ] {
            assert_eq!(parse(text), Err(format!("invalid address {text:?}: {reason}")));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }

        #[test]
        fn display_reads_back(ip: u128, port: u16) {
            let address = Address::new(Ipv6Addr::from(ip).to_string(), port);
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
}
