//! What is done about each request, by family.

mod driver;
mod manager;
pub(crate) mod result;
mod session;
pub(crate) mod transaction;

use std::time::Duration;

use neobolt::{
    AccessMode, NotificationClassification, NotificationFilter, NotificationSeverity, Query, TransactionConfig,
};

use crate::error::Failure;
use crate::value::{CypherMap, parameters};

fn query(text: &str, params: Option<CypherMap>) -> Result<Query, Failure> {
    Ok(Query::new(text).params(parameters(params)?))
}

fn access(mode: Option<&str>) -> AccessMode {
    if mode == Some("r") { AccessMode::Read } else { AccessMode::Write }
}

fn config(metadata: Option<CypherMap>, timeout: Option<i64>) -> Result<TransactionConfig, Failure> {
    let mut config = TransactionConfig::new();
    config.metadata = parameters(metadata)?;
    if let Some(millis) = timeout {
        let negative = Failure::Misuse { error_type: "ConfigError", message: "the timeout is negative".into() };
        config.timeout = Some(Duration::from_millis(u64::try_from(millis).map_err(|_| negative)?));
    }
    Ok(config)
}

/// TestKit's -1 is all.
fn fetch_size(records: i64) -> u32 {
    u32::try_from(records).unwrap_or(0)
}

fn filter(severity: Option<&str>, disabled: Option<&[String]>) -> Result<NotificationFilter, Failure> {
    let unknown = |name: &str| Failure::Backend(format!("there is no notification filter {name}"));
    let mut filter = NotificationFilter::default();
    if let Some(name) = severity {
        filter.minimum_severity = Some(NotificationSeverity::from_name(name).ok_or_else(|| unknown(name))?);
    }
    if let Some(names) = disabled {
        let all = names.iter().map(|name| NotificationClassification::from_name(name).ok_or_else(|| unknown(name)));
        filter.disabled_classifications = Some(all.collect::<Result<_, _>>()?);
    }
    Ok(filter)
}
