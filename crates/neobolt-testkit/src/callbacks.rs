//! The driver's callbacks: TestKit is asked, and the next message is its answer.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use neobolt::{Address, Auth, AuthManager, Bookmarks, BoxError, BoxFuture, Error, ExpiringAuth, Parameters};
use serde_json::{Value as Json, json};

use crate::request::{AuthorizationToken, Id, Request};
use crate::response::Response;
use crate::value::plain_parameters;
use crate::wire::Wire;

pub(crate) struct Callbacks {
    wire: Arc<Wire>,
    next: AtomicU64,
    /// The tokens that TestKit gave, to show them to it again: the driver does not tell what is in them.
    tokens: Mutex<Vec<(Auth, AuthorizationToken)>>,
}

impl Callbacks {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, next: AtomicU64::new(1), tokens: Mutex::default() }
    }

    fn ask<T>(&self, question: impl FnOnce(Id) -> Response, read: impl FnOnce(Request) -> Option<T>) -> io::Result<T> {
        let answer = self.wire.ask(&question(self.next.fetch_add(1, Ordering::Relaxed)))?;
        read(answer).ok_or_else(|| io::Error::other("TestKit answered another question"))
    }

    pub(crate) fn resolve(&self, address: &Address) -> Result<Vec<Address>, BoxError> {
        let address = address.to_string();
        let addresses = self.ask(
            |id| Response::ResolverResolutionRequired { id, address },
            |answer| if let Request::ResolverResolutionCompleted(it) = answer { Some(it.addresses) } else { None },
        )?;
        addresses.iter().map(|text| text.parse().map_err(BoxError::from)).collect()
    }

    pub(crate) fn resolve_name(&self, name: &str) -> io::Result<Vec<String>> {
        let name = name.to_owned();
        self.ask(
            |id| Response::DomainNameResolutionRequired { id, name },
            |answer| if let Request::DomainNameResolutionCompleted(it) = answer { Some(it.addresses) } else { None },
        )
    }

    pub(crate) fn supply_bookmarks(&self, bookmark_manager_id: Id) -> Bookmarks {
        let bookmarks = self.ask(
            |id| Response::BookmarksSupplierRequest { id, bookmark_manager_id },
            |answer| if let Request::BookmarksSupplierCompleted(it) = answer { Some(it.bookmarks) } else { None },
        );
        bookmarks.unwrap_or_default().into_iter().collect()
    }

    pub(crate) fn consume_bookmarks(&self, bookmark_manager_id: Id, bookmarks: &Bookmarks) {
        let bookmarks = bookmarks.iter().map(str::to_owned).collect();
        let _ = self.ask(
            |id| Response::BookmarksConsumerRequest { id, bookmark_manager_id, bookmarks },
            |answer| matches!(answer, Request::BookmarksConsumerCompleted {}).then_some(()),
        );
    }

    pub(crate) fn basic_auth(&self, basic_auth_token_manager_id: Id) -> Result<Auth, BoxError> {
        let token = self.ask(
            |id| Response::BasicAuthTokenProviderRequest { id, basic_auth_token_manager_id },
            |answer| if let Request::BasicAuthTokenProviderCompleted(it) = answer { Some(it.auth.data) } else { None },
        )?;
        Ok(auth(token)?)
    }

    pub(crate) fn bearer_auth(&self, bearer_auth_token_manager_id: Id) -> Result<ExpiringAuth, BoxError> {
        let token = self.ask(
            |id| Response::BearerAuthTokenProviderRequest { id, bearer_auth_token_manager_id },
            |answer| if let Request::BearerAuthTokenProviderCompleted(it) = answer { Some(it.auth.data) } else { None },
        )?;
        let auth = ExpiringAuth::new(auth(token.auth.data)?);
        Ok(match token.expires_in_ms {
            Some(millis) => auth.expires_in(std::time::Duration::from_millis(millis)),
            None => auth,
        })
    }

    fn custom_auth(&self, auth_token_manager_id: Id) -> Result<Auth, BoxError> {
        let token = self.ask(
            |id| Response::AuthTokenManagerGetAuthRequest { id, auth_token_manager_id },
            |answer| if let Request::AuthTokenManagerGetAuthCompleted(it) = answer { Some(it.auth.data) } else { None },
        )?;
        let auth = auth(token.clone())?;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).push((auth.clone(), token));
        Ok(auth)
    }

    fn handle_security_exception(&self, auth_token_manager_id: Id, refused: &Auth, error: &Error) -> bool {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let token = tokens.iter().find(|(auth, _)| auth == refused).map(|(_, token)| to_json(token));
        drop(tokens);
        let error_code = error.code().unwrap_or_default().to_owned();
        let auth = token.unwrap_or(Json::Null);
        let handled = self.ask(
            |id| Response::AuthTokenManagerHandleSecurityExceptionRequest {
                id,
                auth_token_manager_id,
                auth,
                error_code,
            },
            |answer| match answer {
                Request::AuthTokenManagerHandleSecurityExceptionCompleted(it) => Some(it.handled),
                _ => None,
            },
        );
        handled.unwrap_or(false)
    }
}

fn to_json(token: &AuthorizationToken) -> Json {
    let AuthorizationToken { scheme, principal, credentials, realm, parameters } = token;
    let mut data = json!({ "scheme": scheme });
    let texts = [("principal", principal), ("credentials", credentials), ("realm", realm)];
    for (key, text) in texts {
        if let Some(text) = text {
            data[key] = json!(text);
        }
    }
    if let Some(parameters) = parameters {
        data["parameters"] = json!(parameters);
    }
    json!({ "name": "AuthorizationToken", "data": data })
}

/// Makes the driver's token of TestKit's.
pub(crate) fn auth(token: AuthorizationToken) -> Result<Auth, String> {
    let AuthorizationToken { scheme, principal, credentials, realm, parameters } = token;
    let principal = principal.unwrap_or_default();
    let credentials = credentials.unwrap_or_default();
    let parameters = parameters.map_or_else(Parameters::new, |it| plain_parameters(&it));
    Ok(match (&*scheme, realm) {
        ("none", _) => Auth::none(),
        ("basic", None) => Auth::basic(principal, credentials),
        ("basic", Some(realm)) => Auth::basic_with_realm(principal, credentials, realm),
        ("bearer", _) => Auth::bearer(credentials),
        ("kerberos", _) => Auth::kerberos(credentials),
        (_, realm) => Auth::custom(principal, credentials, realm.unwrap_or_default(), scheme, parameters),
    })
}

/// An auth manager whose every decision is TestKit's.
pub(crate) struct TestkitAuthManager {
    pub(crate) id: Id,
    pub(crate) callbacks: Arc<Callbacks>,
}

impl std::fmt::Debug for TestkitAuthManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestkitAuthManager").field("id", &self.id).finish_non_exhaustive()
    }
}

impl AuthManager for TestkitAuthManager {
    fn get_auth(&self, _now: std::time::Instant) -> BoxFuture<'_, Result<Auth, BoxError>> {
        Box::pin(async { self.callbacks.custom_auth(self.id) })
    }

    fn handle_security_exception(&self, auth: &Auth, error: &Error) -> bool {
        self.callbacks.handle_security_exception(self.id, auth, error)
    }
}
