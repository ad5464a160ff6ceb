//! Drivers.

use std::sync::Arc;
use std::time::Duration;

use neobolt::{AccessMode, Address, AuthManager, Bookmarks, Driver, RoutingTable};

use super::{access, config, fetch_size, filter, query};
use crate::backend::{Answer, Backend};
use crate::callbacks::auth;
use crate::clock::ClockRuntime;
use crate::error::Failure;
use crate::request::{
    ExecuteQuery, ForcedRoutingTableUpdate, GetConnectionPoolMetrics, GetRoutingTable, NewDriver, OfDriver,
    VerifyAuthentication,
};
use crate::response::Response;
use crate::summary::{server_info, summary};
use crate::value::written;

/// How long what is under way may take when a driver is closed.
const PATIENCE: Duration = Duration::from_millis(500);

impl Backend {
    pub(crate) fn new_driver(&self, it: NewDriver) -> Answer {
        let manager: Arc<dyn AuthManager> = match (it.auth_token_manager_id, it.authorization_token) {
            (Some(id), _) => self.auth_managers.get(id)?,
            (None, Some(token)) => Arc::new(auth(token.data)?),
            (None, None) => Arc::new(neobolt::Auth::none()),
        };
        let clock = if it.domain_name_resolver_registered {
            let callbacks = Arc::clone(&self.callbacks);
            Arc::new(self.clock.with_names(Box::new(move |name| callbacks.resolve_name(name))))
        } else {
            Arc::clone(&self.clock)
        };
        let mut builder = Driver::builder(Arc::new(ClockRuntime(clock)), &it.uri, manager).pipelining(self.pipelining);
        if it.encrypted == Some(true) {
            return Err(Failure::Backend("TLS is not available yet".into()));
        }
        if it.resolver_registered {
            let callbacks = Arc::clone(&self.callbacks);
            builder = builder.resolver(move |address| {
                let callbacks = Arc::clone(&callbacks);
                async move { callbacks.resolve(&address) }
            });
        }
        if let Some(user_agent) = it.user_agent {
            builder = builder.user_agent(user_agent);
        }
        if let Some(records) = it.fetch_size {
            builder = builder.fetch_size(fetch_size(records));
        }
        if let Some(size) = it.max_connection_pool_size {
            builder = builder.max_connection_pool_size(size);
        }
        let millis = |millis: Option<u64>| millis.map(Duration::from_millis);
        if let Some(timeout) = millis(it.connection_timeout_ms) {
            builder = builder.connection_timeout(timeout);
        }
        if let Some(time) = millis(it.max_tx_retry_time_ms) {
            builder = builder.max_transaction_retry_time(time);
        }
        if let Some(timeout) = millis(it.connection_acquisition_timeout_ms) {
            builder = builder.connection_acquisition_timeout(timeout);
        }
        if let Some(lifetime) = millis(it.max_connection_lifetime_ms) {
            builder = builder.max_connection_lifetime(Some(lifetime));
        }
        let filter = filter(it.notifications_min_severity.as_deref(), it.notifications_disabled_categories.as_deref())?;
        let driver = builder
            .liveness_check_timeout(millis(it.liveness_check_timeout_ms))
            .notifications(filter)
            .telemetry_disabled(it.telemetry_disabled.unwrap_or(false))
            .build();
        let driver = driver.map_err(|error| {
            // TestKit knows this one by another name.
            if it.uri.contains('?') {
                Failure::Misuse { error_type: "ConnectionConfigParseError", message: error.to_string() }
            } else {
                error.into()
            }
        })?;
        Ok(Response::Driver { id: self.drivers.keep(driver) })
    }

    pub(crate) async fn driver_close(&self, it: OfDriver) -> Answer {
        self.drivers.get(it.driver_id)?.close(PATIENCE).await;
        Ok(Response::Driver { id: it.driver_id })
    }

    pub(crate) async fn verify_connectivity(&self, it: OfDriver) -> Answer {
        self.drivers.get(it.driver_id)?.verify_connectivity().await?;
        Ok(Response::Driver { id: it.driver_id })
    }

    pub(crate) async fn get_server_info(&self, it: OfDriver) -> Answer {
        let server = self.drivers.get(it.driver_id)?.verify_connectivity().await?;
        Ok(Response::ServerInfo(server_info(&server)))
    }

    pub(crate) async fn check_multi_db_support(&self, it: OfDriver) -> Answer {
        let available = self.drivers.get(it.driver_id)?.supports_multi_db().await?;
        Ok(Response::MultiDBSupport { id: it.driver_id, available })
    }

    pub(crate) async fn check_session_auth_support(&self, it: OfDriver) -> Answer {
        let available = self.drivers.get(it.driver_id)?.supports_session_auth().await?;
        Ok(Response::SessionAuthSupport { id: it.driver_id, available })
    }

    pub(crate) fn check_driver_is_encrypted(&self, it: OfDriver) -> Answer {
        Ok(Response::DriverIsEncrypted { encrypted: self.drivers.get(it.driver_id)?.is_encrypted() })
    }

    pub(crate) async fn verify_authentication(&self, it: VerifyAuthentication) -> Answer {
        let token = auth(it.authorization_token.data)?;
        let authenticated = self.drivers.get(it.driver_id)?.verify_authentication(&token).await?;
        Ok(Response::DriverIsAuthenticated { id: it.driver_id, authenticated })
    }

    pub(crate) async fn execute_query(&self, it: ExecuteQuery) -> Answer {
        let driver = self.drivers.get(it.driver_id)?;
        let parameters = written(it.params.as_ref())?;
        let mut call = driver.execute_query(query(&it.cypher, it.params)?);
        let options = it.config;
        if access(options.routing.as_deref()) == AccessMode::Read {
            call = call.read();
        }
        if let Some(database) = options.database {
            call = call.database(database);
        }
        if let Some(user) = options.impersonated_user {
            call = call.impersonated_user(user);
        }
        if let Some(token) = options.authorization_token {
            call = call.auth(auth(token.data)?);
        }
        match options.bookmark_manager_id.map(u64::try_from) {
            None => {}
            Some(Err(_)) => call = call.bookmark_manager(None),
            Some(Ok(id)) => call = call.bookmark_manager(Some(&self.bookmark_managers.get(id)?)),
        }
        let result = call.config(config(options.tx_meta, options.timeout)?).await?;
        Ok(Response::EagerResult {
            keys: result.keys.iter().map(str::to_owned).collect(),
            records: result.records.iter().map(super::result::record).collect::<Result<_, _>>()?,
            summary: summary(&result.summary, &it.cypher, &parameters),
        })
    }

    pub(crate) async fn forced_routing_table_update(&self, it: ForcedRoutingTableUpdate) -> Answer {
        let driver = self.drivers.get(it.driver_id)?;
        let bookmarks: Bookmarks = it.bookmarks.unwrap_or_default().into_iter().collect();
        driver.update_routing_table(it.database.as_deref(), bookmarks).await?;
        Ok(Response::Driver { id: it.driver_id })
    }

    pub(crate) fn get_routing_table(&self, it: GetRoutingTable) -> Answer {
        let table = self.drivers.get(it.driver_id)?.routing_table(it.database.as_deref());
        let servers =
            |of: fn(&RoutingTable) -> &[Address]| table.iter().flat_map(of).map(ToString::to_string).collect();
        Ok(Response::RoutingTable {
            ttl: table.as_ref().map_or(0, |table| table.ttl().as_secs()),
            routers: servers(RoutingTable::routers),
            readers: servers(|table| table.candidates(AccessMode::Read)),
            writers: servers(|table| table.candidates(AccessMode::Write)),
            database: table.as_ref().and_then(|table| table.database()).map(ToString::to_string).or(it.database),
        })
    }

    pub(crate) fn get_connection_pool_metrics(&self, it: GetConnectionPoolMetrics) -> Answer {
        let address: Address = it.address.parse().map_err(|error| Failure::Backend(format!("{error}")))?;
        let counts = self.drivers.get(it.driver_id)?.pool_counts(&address);
        Ok(Response::ConnectionPoolMetrics { in_use: counts.in_use, idle: counts.idle })
    }
}
