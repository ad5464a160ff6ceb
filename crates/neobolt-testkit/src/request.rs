//! What TestKit asks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::value::CypherMap;

/// The number of something that the backend keeps.
pub(crate) type Id = u64;

/// A request, or the answer to a callback.
#[derive(Debug, Deserialize)]
#[serde(tag = "name", content = "data")]
pub(crate) enum Request {
    GetFeatures {},
    StartTest(StartTest),
    StartSubTest {},

    NewDriver(Box<NewDriver>),
    DriverClose(OfDriver),
    VerifyConnectivity(OfDriver),
    GetServerInfo(OfDriver),
    CheckMultiDBSupport(OfDriver),
    CheckSessionAuthSupport(OfDriver),
    CheckDriverIsEncrypted(OfDriver),
    VerifyAuthentication(VerifyAuthentication),
    ExecuteQuery(Box<ExecuteQuery>),
    ForcedRoutingTableUpdate(ForcedRoutingTableUpdate),
    GetRoutingTable(GetRoutingTable),
    GetConnectionPoolMetrics(GetConnectionPoolMetrics),

    NewSession(Box<NewSession>),
    SessionClose(OfSession),
    SessionRun(SessionRun),
    SessionBeginTransaction(SessionTransaction),
    SessionReadTransaction(SessionTransaction),
    SessionWriteTransaction(SessionTransaction),
    SessionLastBookmarks(OfSession),
    RetryablePositive {},
    RetryableNegative(RetryableNegative),

    TransactionRun(TransactionRun),
    TransactionCommit(OfTransaction),
    TransactionRollback(OfTransaction),
    TransactionClose(OfTransaction),

    ResultNext(OfResult),
    ResultPeek(OfResult),
    ResultSingle(OfResult),
    ResultSingleOptional(OfResult),
    ResultList(OfResult),
    ResultConsume(OfResult),

    NewBookmarkManager(NewBookmarkManager),
    BookmarkManagerClose(Closed),
    NewAuthTokenManager {},
    NewBasicAuthTokenManager {},
    NewBearerAuthTokenManager {},
    AuthTokenManagerClose(Closed),

    FakeTimeInstall {},
    FakeTimeTick(FakeTimeTick),
    FakeTimeUninstall {},

    ResolverResolutionCompleted(Addresses),
    DomainNameResolutionCompleted(Addresses),
    BookmarksSupplierCompleted(Bookmarks),
    BookmarksConsumerCompleted {},
    AuthTokenManagerGetAuthCompleted(AuthCompleted<AuthorizationToken>),
    AuthTokenManagerHandleSecurityExceptionCompleted(Handled),
    BasicAuthTokenProviderCompleted(AuthCompleted<AuthorizationToken>),
    BearerAuthTokenProviderCompleted(AuthCompleted<AuthTokenAndExpiration>),
}

macro_rules! requests {
    ($( $name:ident { $( $(#[$attribute:meta])* $field:ident: $type:ty, )* } )*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name { $( $(#[$attribute])* pub(crate) $field: $type, )* }
    )*};
}

requests! {
    StartTest { test_name: String, }
    OfDriver { driver_id: Id, }
    OfSession { session_id: Id, }
    OfTransaction { tx_id: Id, }
    OfResult { result_id: Id, }
    Closed { id: Id, }

    NewDriver {
        uri: String,
        authorization_token: Option<Tagged<AuthorizationToken>>,
        auth_token_manager_id: Option<Id>,
        user_agent: Option<String>,
        #[serde(default)]
        resolver_registered: bool,
        #[serde(default)]
        domain_name_resolver_registered: bool,
        connection_timeout_ms: Option<u64>,
        fetch_size: Option<i64>,
        max_tx_retry_time_ms: Option<u64>,
        liveness_check_timeout_ms: Option<u64>,
        max_connection_lifetime_ms: Option<u64>,
        max_connection_pool_size: Option<usize>,
        connection_acquisition_timeout_ms: Option<u64>,
        notifications_min_severity: Option<String>,
        notifications_disabled_categories: Option<Vec<String>>,
        telemetry_disabled: Option<bool>,
        encrypted: Option<bool>,
    }
    VerifyAuthentication { driver_id: Id, authorization_token: Tagged<AuthorizationToken>, }
    ExecuteQuery { driver_id: Id, cypher: String, params: Option<CypherMap>, config: ExecuteQueryConfig, }
    ExecuteQueryConfig {
        database: Option<String>,
        routing: Option<String>,
        impersonated_user: Option<String>,
        /// The driver's own when absent, none when -1.
        bookmark_manager_id: Option<i64>,
        tx_meta: Option<CypherMap>,
        timeout: Option<i64>,
        authorization_token: Option<Tagged<AuthorizationToken>>,
    }
    ForcedRoutingTableUpdate { driver_id: Id, database: Option<String>, bookmarks: Option<Vec<String>>, }
    GetRoutingTable { driver_id: Id, database: Option<String>, }
    GetConnectionPoolMetrics { driver_id: Id, address: String, }

    NewSession {
        driver_id: Id,
        access_mode: Option<String>,
        bookmarks: Option<Vec<String>>,
        database: Option<String>,
        fetch_size: Option<i64>,
        impersonated_user: Option<String>,
        bookmark_manager_id: Option<Id>,
        authorization_token: Option<Tagged<AuthorizationToken>>,
        notifications_min_severity: Option<String>,
        notifications_disabled_categories: Option<Vec<String>>,
    }
    SessionRun {
        session_id: Id,
        cypher: String,
        params: Option<CypherMap>,
        tx_meta: Option<CypherMap>,
        timeout: Option<i64>,
    }
    SessionTransaction { session_id: Id, tx_meta: Option<CypherMap>, timeout: Option<i64>, }
    RetryableNegative { error_id: String, }
    TransactionRun { tx_id: Id, cypher: String, params: Option<CypherMap>, }

    NewBookmarkManager {
        initial_bookmarks: Option<Vec<String>>,
        #[serde(default)]
        bookmarks_supplier_registered: bool,
        #[serde(default)]
        bookmarks_consumer_registered: bool,
    }
    FakeTimeTick { increment_ms: u64, }

    Addresses { addresses: Vec<String>, }
    Bookmarks { bookmarks: Vec<String>, }
    Handled { handled: bool, }
    AuthTokenAndExpiration { auth: Tagged<AuthorizationToken>, expires_in_ms: Option<u64>, }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AuthCompleted<T> {
    pub(crate) auth: Tagged<T>,
}

/// An object with its name around it, which says nothing here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tagged<T> {
    pub(crate) data: T,
}

#[derive(Clone, Deserialize)]
pub(crate) struct AuthorizationToken {
    pub(crate) scheme: String,
    pub(crate) principal: Option<String>,
    pub(crate) credentials: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) parameters: Option<BTreeMap<String, Json>>,
}

impl std::fmt::Debug for AuthorizationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationToken").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}
