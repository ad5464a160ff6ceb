//! Loads the crates of a `Cargo.lock` and what they depend on with many transactions at once, and then asks many
//! questions about them at once.
//!
//! ```console
//! cargo run --release -p neobolt-tokio --example dependencies
//! cargo run --release -p neobolt-tokio --example dependencies -- path/to/Cargo.lock --who libc
//! ```
//!
//! It runs on an embedded server, or on the one at `NEO4J_URI` (with `NEO4J_USERNAME` and `NEO4J_PASSWORD`). Answers go to
//! standard output, and are the same from every server; progress and figures go to standard error.

#[path = "../common/mod.rs"]
mod common;
mod load;
mod questions;

use std::error::Error;
use std::path::{Path, PathBuf};

use cargo_lock::Lockfile;
use clap::Parser;
use common::{Neo4j, PATIENCE};
use neobolt_tokio::{Auth, Driver, connect, runtime};

/// Loads a Cargo.lock into a graph, and asks questions about it.
#[derive(Debug, Parser)]
struct Arguments {
    /// The lock file [default: this workspace's].
    lock_file: Option<PathBuf>,
    /// The crate to explain: who pulls it in, and by which steps?
    #[arg(long, value_name = "CRATE", default_value = "libc")]
    who: String,
    /// How many transactions run at once.
    #[arg(long, default_value_t = 32)]
    tasks: usize,
    /// Deletes the `Crate` nodes that the database already has.
    #[arg(long)]
    replace: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let lock_file = Lockfile::load(arguments.lock_file.as_ref().unwrap_or(&workspace))?;
    let neo4j = Neo4j::find(runtime()).await?;
    let driver = connect(&neo4j.uri, Auth::basic(&neo4j.username, &neo4j.password))?;
    let outcome = dependencies(&driver, &lock_file, &arguments).await;
    driver.close(PATIENCE).await;
    neo4j.close().await;
    outcome
}

async fn dependencies(
    driver: &Driver,
    lock_file: &Lockfile,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = driver.verify_connectivity().await?;
    eprintln!("connected to {}", server.agent);
    load::make_room(driver, arguments.replace).await?;
    load::load(driver, lock_file, arguments.tasks).await?;
    questions::ask(driver, &arguments.who).await?;
    Ok(())
}
