//! What a client says of itself.

use std::fmt;

use neobolt_proto::{Map, Value};

/// The authentication that a client offers with LOGON, or with HELLO before Bolt 5.1.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Credentials {
    /// `none`, `basic`, `bearer`, `kerberos`, or a name of the server's own. `none` when it is left out.
    pub scheme: String,
    /// The user's name.
    pub principal: Option<String>,
    /// The password, token or ticket.
    pub credentials: Option<String>,
    /// Who is to check it.
    pub realm: Option<String>,
    /// What else the scheme needs.
    pub parameters: Map,
}

impl Credentials {
    /// Returns those of a user with a password.
    #[must_use]
    pub fn basic(name: &str, password: &str) -> Self {
        Self {
            scheme: "basic".to_owned(),
            principal: Some(name.to_owned()),
            credentials: Some(password.to_owned()),
            realm: None,
            parameters: Map::default(),
        }
    }

    /// Reads the map of LOGON, or the authentication entries in the map of HELLO. What has another type is left out.
    pub(crate) fn from_map(map: &Map) -> Self {
        let text = |key| map.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            scheme: text("scheme").unwrap_or_else(|| "none".to_owned()),
            principal: text("principal"),
            credentials: text("credentials"),
            realm: text("realm").filter(|realm| !realm.is_empty()),
            parameters: match map.get("parameters") {
                Some(Value::Map(parameters)) => parameters.clone(),
                _ => Map::default(),
            },
        }
    }

    /// Returns whether this is the user `name` with `password`, compared in constant time for its length.
    #[must_use]
    pub fn is_basic(&self, name: &str, password: &str) -> bool {
        let given = self.credentials.as_deref().unwrap_or_default();
        self.scheme == "basic" && self.principal.as_deref() == Some(name) && same(given.as_bytes(), password.as_bytes())
    }
}

/// Compares secrets without stopping at the first difference.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

impl fmt::Debug for Credentials {
    /// Never prints the secret, nor what only the scheme understands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("scheme", &self.scheme)
            .field("principal", &self.principal)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}
