//! neobolt, the Neo4j driver, on tokio.
//!
//! ```no_run
//! # async fn example() -> Result<(), neobolt_tokio::Error> {
//! use neobolt_tokio::{Auth, connect};
//!
//! let driver = connect("neo4j://localhost:7687", Auth::basic("neo4j", "secret"))?;
//! let result = driver.execute_query("MATCH (p:Person) RETURN p.name AS name").read().await?;
//! for record in &result.records {
//!     let name: &str = record.get("name")?;
//!     println!("{name}");
//! }
//! # Ok(())
//! # }
//! ```

mod runtime;

#[cfg(feature = "driver")]
pub use neobolt::*;

pub use self::runtime::{TokioRuntime, runtime};

/// Returns a driver for `uri` on tokio, with the official drivers' defaults. It connects when it is first used.
///
/// # Errors
///
/// The URI cannot work; the error says why.
#[cfg(feature = "driver")]
pub fn connect(uri: &str, auth: impl AuthManager) -> Result<Driver, Error> {
    builder(uri, auth).build()
}

/// Begins to configure a driver for `uri` on tokio.
#[cfg(feature = "driver")]
pub fn builder(uri: &str, auth: impl AuthManager) -> DriverBuilder {
    Driver::builder(runtime(), uri, auth)
}

#[cfg(all(doctest, feature = "driver"))]
#[doc = include_str!("../../../README.md")]
struct ReadmeDoctests;
