//! The way in: many managed transactions at once.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use cargo_lock::{Dependency, Lockfile, Package};
use indicatif::{ProgressBar, ProgressStyle};
use neobolt_tokio::{Bookmarks, Driver, Error, ManagedTransaction, Parameters, Query};
use tokio::task::JoinSet;

/// How many crates one transaction creates: a statement with a list is faster than one for each of its items.
const BATCH: usize = 10;

const CREATE_CRATES: &str = "UNWIND $crates AS properties CREATE (c:Crate) SET c = properties";

const CREATE_DEPENDENCIES: &str = "MATCH (c:Crate {id: $id}) UNWIND $dependencies AS id \
    MATCH (dependency:Crate {id: id}) CREATE (c)-[:DEPENDS_ON]->(dependency)";

/// Checks that there are no crates in the database, or deletes them if `replace` is set.
pub(crate) async fn make_room(driver: &Driver, replace: bool) -> Result<(), Box<dyn StdError + Send + Sync>> {
    if replace {
        driver.execute_query("MATCH (c:Crate) DETACH DELETE c").await?;
        return Ok(());
    }
    let counted = driver.execute_query("MATCH (c:Crate) RETURN count(c) AS crates").read().await?;
    match counted.records[0].get("crates")? {
        0 => Ok(()),
        crates => Err(format!("the database already has {crates} `Crate` nodes; --replace deletes them").into()),
    }
}

/// Loads a lock file, with up to `tasks` transactions at once, and reports how fast.
pub(crate) async fn load(driver: &Driver, lock_file: &Lockfile, tasks: usize) -> Result<(), Error> {
    let crates: Vec<Query> = lock_file.packages.chunks(BATCH).map(create_crates).collect();
    let dependencies: Vec<Query> =
        lock_file.packages.iter().filter(|package| !package.dependencies.is_empty()).map(create_dependencies).collect();
    let transactions = crates.len() + dependencies.len();

    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} transactions, {per_sec}").expect("a valid template");
    let bar = ProgressBar::new(transactions as u64).with_style(style);
    let started = Instant::now();
    let (created, first) = write(driver, crates, tasks, &Bookmarks::new(), &bar).await?;
    let (bookmarks, second) = write(driver, dependencies, tasks, &created, &bar).await?;
    let elapsed = started.elapsed();
    bar.finish_and_clear();

    // What is asked from now on must have seen all of this.
    driver.bookmark_manager().update(&Bookmarks::new(), &bookmarks);
    eprintln!(
        "{transactions} transactions, {tasks} at once, in {elapsed:.2?}: {:.0} transactions/s, {} retries",
        transactions as f64 / elapsed.as_secs_f64(),
        first + second - transactions,
    );
    Ok(())
}

/// Runs each query in a managed transaction, `tasks` of them at once, all of which have seen `bookmarks`.
///
/// Returns the bookmarks of all, and how often a transaction was tried.
async fn write(
    driver: &Driver,
    queries: Vec<Query>,
    tasks: usize,
    bookmarks: &Bookmarks,
    bar: &ProgressBar,
) -> Result<(Bookmarks, usize), Error> {
    let queries = Arc::new(Mutex::new(queries.into_iter()));
    let attempts = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::<Result<Bookmarks, Error>>::new();
    for _ in 0..tasks.max(1) {
        let (queries, attempts, bar) = (Arc::clone(&queries), Arc::clone(&attempts), bar.clone());
        let mut session = driver.session().bookmarks(bookmarks.clone()).build();
        workers.spawn(async move {
            let next = || queries.lock().expect("nobody panics with it").next();
            while let Some(query) = next() {
                let work = async |mut tx: ManagedTransaction| {
                    attempts.fetch_add(1, Ordering::Relaxed);
                    tx.run(query.clone()).await?.consume().await
                };
                session.execute_write(work).await?;
                bar.inc(1);
            }
            Ok(session.last_bookmarks().await)
        });
    }
    let mut seen = Bookmarks::new();
    while let Some(worker) = workers.join_next().await {
        seen = seen.union(&worker.expect("a worker does not panic")?);
    }
    Ok((seen, attempts.load(Ordering::Relaxed)))
}

fn create_crates(packages: &[Package]) -> Query {
    let crates: Vec<Parameters> = packages
        .iter()
        .map(|package| {
            Parameters::new()
                .with("id", format!("{} {}", package.name, package.version))
                .with("name", package.name.as_str())
                .with("version", package.version.to_string())
                .with("member", package.source.is_none())
        })
        .collect();
    Query::new(CREATE_CRATES).param("crates", crates)
}

fn create_dependencies(package: &Package) -> Query {
    let id = |it: &Dependency| format!("{} {}", it.name, it.version);
    let dependencies: Vec<String> = package.dependencies.iter().map(id).collect();
    Query::new(CREATE_DEPENDENCIES)
        .param("id", format!("{} {}", package.name, package.version))
        .param("dependencies", dependencies)
}
