//! [`Auth`].

use core::fmt;
use core::hash::{Hash, Hasher};
use std::sync::Arc;

use packstream::{Buffer, EncodeError, MapWriter};

use crate::message::schema::token;
use crate::parameters::Parameters;

/// How a client proves who it is: the authentication map of LOGON (of HELLO before Bolt 5.1). Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Token>);

#[derive(Clone, PartialEq)]
struct Token {
    scheme: Box<str>,
    principal: Option<Box<str>>,
    credentials: Option<Box<str>>,
    realm: Option<Box<str>>,
    parameters: Parameters,
}

impl Auth {
    /// Creates the token for servers that authenticate nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::of(Token::of_scheme("none"))
    }

    /// Creates a token of user name and password.
    #[must_use]
    pub fn basic(user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        Self::of(Token {
            principal: Some(user.as_ref().into()),
            credentials: Some(password.as_ref().into()),
            ..Token::of_scheme("basic")
        })
    }

    /// Creates a token of user name and password in a realm, which names the provider that knows the user.
    #[must_use]
    pub fn basic_with_realm(user: impl AsRef<str>, password: impl AsRef<str>, realm: impl AsRef<str>) -> Self {
        let mut auth = Self::basic(user, password);
        Arc::make_mut(&mut auth.0).realm = Some(realm.as_ref().into());
        auth
    }

    /// Creates a token of single sign-on.
    #[must_use]
    pub fn bearer(token: impl AsRef<str>) -> Self {
        Self::of(Token { credentials: Some(token.as_ref().into()), ..Token::of_scheme("bearer") })
    }

    /// Creates a token of a Kerberos ticket in base 64.
    #[must_use]
    pub fn kerberos(ticket: impl AsRef<str>) -> Self {
        Self::of(Token {
            principal: Some(Box::default()),
            credentials: Some(ticket.as_ref().into()),
            ..Token::of_scheme("kerberos")
        })
    }

    /// Creates a token for a scheme of the server's own. Credentials, realm and parameters that are empty are not sent.
    #[must_use]
    pub fn custom(
        principal: impl AsRef<str>,
        credentials: impl AsRef<str>,
        realm: impl AsRef<str>,
        scheme: impl AsRef<str>,
        parameters: Parameters,
    ) -> Self {
        let filled = |text: Box<str>| (!text.is_empty()).then_some(text);
        Self::of(Token {
            scheme: scheme.as_ref().into(),
            principal: Some(principal.as_ref().into()),
            credentials: filled(credentials.as_ref().into()),
            realm: filled(realm.as_ref().into()),
            parameters,
        })
    }

    /// Returns the scheme, such as `basic`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.0.scheme
    }

    /// Returns who the client says it is; `None` where the scheme has no such thing.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.0.principal.as_deref()
    }

    fn of(token: Token) -> Self {
        Self(Arc::new(token))
    }

    /// Returns how many entries [`encode_entries`](Self::encode_entries) writes.
    pub(crate) fn len(&self) -> usize {
        1 + self.texts().iter().filter(|(_, text)| text.is_some()).count() + usize::from(!self.0.parameters.is_empty())
    }

    /// Writes the entries of the map without its header.
    ///
    /// # Errors
    ///
    /// If one of the parameters could not be encoded.
    pub(crate) fn put_entries<B: Buffer>(&self, entries: &mut MapWriter<'_, '_, B>) -> Result<(), EncodeError> {
        entries.entry(token::SCHEME.name, &self.0.scheme)?;
        for (key, text) in self.texts() {
            if let Some(text) = text {
                entries.entry(key, text)?;
            }
        }
        if self.0.parameters.is_empty() { Ok(()) } else { entries.entry(token::PARAMETERS.name, &self.0.parameters) }
    }

    fn texts(&self) -> [(&'static str, &Option<Box<str>>); 3] {
        [
            (token::PRINCIPAL.name, &self.0.principal),
            (token::CREDENTIALS.name, &self.0.credentials),
            (token::REALM.name, &self.0.realm),
        ]
    }
}

impl PartialEq for Auth {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for Auth {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Token { scheme, principal, credentials, realm, parameters: _ } = &*self.0;
        (scheme, principal, credentials, realm).hash(state);
    }
}

impl Token {
    fn of_scheme(scheme: &str) -> Self {
        Self { scheme: scheme.into(), principal: None, credentials: None, realm: None, parameters: Parameters::new() }
    }
}

impl fmt::Debug for Auth {
    /// Writes neither credentials nor parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("scheme", &self.0.scheme)
            .field("principal", &self.0.principal)
            .field("realm", &self.0.realm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use packstream::{Decoder, Encoder};

    use super::Auth;
    use crate::parameters::Parameters;
    use crate::value::{Map, Value};

    fn entries(auth: &Auth) -> Map {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes);
        encoder.map(auth.len(), |entries| auth.put_entries(entries)).unwrap();
        let mut decoder = Decoder::new(&bytes);
        let entries = decoder.decode().unwrap();
        decoder.finish().unwrap();
        entries
    }

    #[test]
    fn schemes() {
        assert_eq!(entries(&Auth::none()), Map::from_iter([("scheme", "none")]));
        let basic = [("scheme", "basic"), ("principal", "neo4j"), ("credentials", "secret")];
        assert_eq!(entries(&Auth::basic("neo4j", "secret")), Map::from_iter(basic));
        let realm = basic.into_iter().chain([("realm", "ldap")]);
        assert_eq!(entries(&Auth::basic_with_realm("neo4j", "secret", "ldap")), realm.collect());
        let bearer = [("scheme", "bearer"), ("credentials", "token")];
        assert_eq!(entries(&Auth::bearer("token")), Map::from_iter(bearer));
        let kerberos = [("scheme", "kerberos"), ("principal", ""), ("credentials", "ticket")];
        assert_eq!(entries(&Auth::kerberos("ticket")), Map::from_iter(kerberos));
    }

    #[test]
    fn custom_schemes_leave_out_what_is_empty() {
        let auth = Auth::custom("me", "", "", "own", Parameters::new());
        assert_eq!(entries(&auth), Map::from_iter([("scheme", "own"), ("principal", "me")]));
        let auth = Auth::custom("me", "c", "r", "own", Parameters::new().with("n", 1));
        let parameters = Value::Map(Map::from_iter([("n", 1)]));
        assert_eq!(entries(&auth).get("parameters"), Some(&parameters));
        assert_eq!(auth.len(), 5);
    }

    #[test]
    fn secrets_are_not_printed() {
        let auth = Auth::custom("me", "geheim", "r", "own", Parameters::new().with("pin", "geheim"));
        let printed = format!("{auth:?} {auth:#?}");
        assert!(printed.contains("me") && !printed.contains("geheim"), "{printed}");
    }
}
