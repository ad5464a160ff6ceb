//! What the backend answers.

use serde::Serialize;
use serde_json::Value as Json;

use crate::request::Id;

/// A response, or a callback's question.
#[derive(Debug, Serialize)]
#[serde(tag = "name", content = "data", rename_all_fields = "camelCase")]
pub(crate) enum Response {
    FeatureList {
        features: &'static [&'static str],
    },
    RunTest {},
    SkipTest {
        reason: &'static str,
    },

    Driver {
        id: Id,
    },
    ServerInfo(ServerInfo),
    MultiDBSupport {
        id: Id,
        available: bool,
    },
    SessionAuthSupport {
        id: Id,
        available: bool,
    },
    DriverIsAuthenticated {
        id: Id,
        authenticated: bool,
    },
    DriverIsEncrypted {
        encrypted: bool,
    },
    EagerResult {
        keys: Vec<String>,
        records: Vec<Record>,
        summary: Json,
    },
    RoutingTable {
        database: Option<String>,
        ttl: u64,
        routers: Vec<String>,
        readers: Vec<String>,
        writers: Vec<String>,
    },
    ConnectionPoolMetrics {
        in_use: usize,
        idle: usize,
    },

    Session {
        id: Id,
    },
    Transaction {
        id: Id,
    },
    RetryableTry {
        id: Id,
    },
    RetryableDone {},
    Bookmarks {
        bookmarks: Vec<String>,
    },

    Result {
        id: Id,
        keys: Vec<String>,
    },
    Record(Record),
    NullRecord {},
    RecordList {
        records: Vec<Record>,
    },
    RecordOptional {
        record: Option<Record>,
        warnings: Vec<String>,
    },
    Summary(Json),

    BookmarkManager {
        id: Id,
    },
    AuthTokenManager {
        id: Id,
    },
    BasicAuthTokenManager {
        id: Id,
    },
    BearerAuthTokenManager {
        id: Id,
    },
    FakeTimeAck {},

    DriverError(Json),
    FrontendError {
        msg: String,
    },
    BackendError {
        msg: String,
    },

    ResolverResolutionRequired {
        id: Id,
        address: String,
    },
    DomainNameResolutionRequired {
        id: Id,
        name: String,
    },
    BookmarksSupplierRequest {
        id: Id,
        bookmark_manager_id: Id,
    },
    BookmarksConsumerRequest {
        id: Id,
        bookmark_manager_id: Id,
        bookmarks: Vec<String>,
    },
    AuthTokenManagerGetAuthRequest {
        id: Id,
        auth_token_manager_id: Id,
    },
    AuthTokenManagerHandleSecurityExceptionRequest {
        id: Id,
        auth_token_manager_id: Id,
        auth: Json,
        error_code: String,
    },
    BasicAuthTokenProviderRequest {
        id: Id,
        basic_auth_token_manager_id: Id,
    },
    BearerAuthTokenProviderRequest {
        id: Id,
        bearer_auth_token_manager_id: Id,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) values: Vec<Json>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerInfo {
    pub(crate) address: Option<String>,
    pub(crate) agent: String,
    pub(crate) protocol_version: Option<String>,
}
