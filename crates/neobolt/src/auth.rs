//! Who the driver is to its servers, and how that changes while it runs.

use std::error::Error as StdError;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use neobolt_io::BoxFuture;
use neobolt_proto::Auth;

use crate::error::Error;
use crate::gate::Gate;

/// What a function of the application's may fail with.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Gives the driver the token with which its connections authenticate, whenever one is about to be used.
///
/// An [`Auth`] is the manager that always gives itself. [`BasicAuthManager`] is for passwords that change,
/// [`BearerAuthManager`] for tokens that expire. Whatever it gives must stand for the same user: for another one, set the
/// session's own token. It must not call the driver.
pub trait AuthManager: Debug + Send + Sync + 'static {
    /// Returns the token to authenticate with; `now` is the time on the driver's clock. Called often: keep the token.
    ///
    /// # Errors
    ///
    /// There is none; the call that needed it fails with what is returned.
    fn get_auth(&self, now: Instant) -> BoxFuture<'_, Result<Auth, BoxError>>;

    /// Takes note that a server refused `auth` with an error whose code begins with `Neo.ClientError.Security.`; must not
    /// wait. Returns whether it was dealt with, so that the same work may succeed with the next token: `error` is retryable
    /// then.
    fn handle_security_exception(&self, auth: &Auth, error: &Error) -> bool {
        let _ = (auth, error);
        false
    }
}

impl AuthManager for Auth {
    fn get_auth(&self, _now: Instant) -> BoxFuture<'_, Result<Auth, BoxError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

impl<M: AuthManager + ?Sized> AuthManager for Arc<M> {
    fn get_auth(&self, now: Instant) -> BoxFuture<'_, Result<Auth, BoxError>> {
        (**self).get_auth(now)
    }

    fn handle_security_exception(&self, auth: &Auth, error: &Error) -> bool {
        (**self).handle_security_exception(auth, error)
    }
}

const UNAUTHORIZED: &str = "Neo.ClientError.Security.Unauthorized";
const TOKEN_EXPIRED: &str = "Neo.ClientError.Security.TokenExpired";

type Provider = Box<dyn Fn() -> BoxFuture<'static, Result<ExpiringAuth, BoxError>> + Send + Sync>;

/// A token and how long it is good for.
#[derive(Clone, Debug)]
pub struct ExpiringAuth {
    auth: Auth,
    lifetime: Option<Duration>,
}

impl ExpiringAuth {
    /// Creates a token that does not expire.
    #[must_use]
    pub fn new(auth: Auth) -> Self {
        Self { auth, lifetime: None }
    }

    /// Sets for how long the token is good, from now on.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

impl From<Auth> for ExpiringAuth {
    fn from(auth: Auth) -> Self {
        Self::new(auth)
    }
}

/// Keeps a token of a provider's until it expires or a server refuses it, and then asks for the next one.
struct Renewing {
    provider: Provider,
    /// The codes of refusals that a new token may help against.
    handled: &'static [&'static str],
    current: Mutex<Option<(Auth, Option<Instant>)>>,
    gate: Gate,
}

impl Renewing {
    fn lock(&self) -> MutexGuard<'_, Option<(Auth, Option<Instant>)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self, now: Instant) -> Option<Auth> {
        let current = self.lock();
        let (auth, expires) = current.as_ref()?;
        expires.is_none_or(|expires| now < expires).then(|| auth.clone())
    }

    async fn get(&self, now: Instant) -> Result<Auth, BoxError> {
        if let Some(auth) = self.current(now) {
            return Ok(auth);
        }
        // The provider is asked once, however many wait for its answer.
        let _turn = self.gate.enter().await;
        if let Some(auth) = self.current(now) {
            return Ok(auth);
        }
        let ExpiringAuth { auth, lifetime } = (self.provider)().await?;
        let expires = lifetime.and_then(|lifetime| now.checked_add(lifetime));
        *self.lock() = Some((auth.clone(), expires));
        Ok(auth)
    }

    fn refused(&self, auth: &Auth, error: &Error) -> bool {
        if !error.code().is_some_and(|code| self.handled.contains(&code)) {
            return false;
        }
        let mut current = self.lock();
        // Whoever comes late with an older token does not throw a newer one away.
        if current.as_ref().is_some_and(|(current, _)| current == auth) {
            *current = None;
        }
        true
    }
}

macro_rules! manager {
    ($(#[$doc:meta])* $name:ident, $of:ty, $handled:expr) => {
        $(#[$doc])*
        pub struct $name(Renewing);

        impl $name {
            /// Creates a manager that asks `provider` for a token when it needs one. The provider must not call the driver.
            pub fn new<F, Fut, E>(provider: F) -> Self
            where
                F: Fn() -> Fut + Send + Sync + 'static,
                Fut: Future<Output = Result<$of, E>> + Send + 'static,
                E: Into<BoxError>,
            {
                let provider: Provider = Box::new(move || {
                    let provided = provider();
                    Box::pin(async move { provided.await.map(ExpiringAuth::from).map_err(Into::into) })
                });
                Self(Renewing { provider, handled: $handled, current: Mutex::default(), gate: Gate::default() })
            }
        }

        impl Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl AuthManager for $name {
            fn get_auth(&self, now: Instant) -> BoxFuture<'_, Result<Auth, BoxError>> {
                Box::pin(self.0.get(now))
            }

            fn handle_security_exception(&self, auth: &Auth, error: &Error) -> bool {
                self.0.refused(auth, error)
            }
        }
    };
}

manager! {
    /// Keeps a password until a server refuses it as [`Unauthorized`](Error::code), and then asks for the next one.
    BasicAuthManager, Auth, &[UNAUTHORIZED]
}

manager! {
    /// Keeps a token of single sign-on until it expires or a server refuses it, and then asks for the next one.
    BearerAuthManager, ExpiringAuth, &[TOKEN_EXPIRED, UNAUTHORIZED]
}
