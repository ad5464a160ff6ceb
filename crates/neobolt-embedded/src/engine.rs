//! The files of the engine, and the handles on them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use graphdblite::{Config, Database, GraphError};
use tempfile::TempDir;

use crate::writer::WriterQueue;

/// The database file inside its directory.
const FILE: &str = "graph.db";

/// How many handles are opened at once with the database, and kept. Opening one writes to the file, so it has to wait for the
/// writer of the moment; this many transactions at once never do.
const HANDLES: usize = 32;

/// One database: its handles, its writers' queue, its count of commits.
pub(crate) struct Engine {
    path: PathBuf,
    idle: Mutex<Vec<Database>>,
    writers: Arc<WriterQueue>,
    commits: AtomicU64,
    /// Removes the directory when the engine is gone; behind the handles, which are dropped first.
    _directory: Option<TempDir>,
}

impl Engine {
    /// Opens the database in `directory`, which is kept as long as the engine if it is temporary.
    pub(crate) fn open(directory: &Path, temporary: Option<TempDir>) -> Result<Self, GraphError> {
        let path = directory.join(FILE);
        let idle = (0..HANDLES).map(|_| open(&path)).collect::<Result<_, _>>()?;
        Ok(Self {
            path,
            idle: Mutex::new(idle),
            writers: Arc::default(),
            commits: AtomicU64::new(0),
            _directory: temporary,
        })
    }

    /// Returns the queue of those who want to write.
    pub(crate) fn writers(&self) -> &Arc<WriterQueue> {
        &self.writers
    }

    /// Takes a handle that nobody uses.
    pub(crate) fn idle_handle(&self) -> Option<Database> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Opens one more handle. The caller holds the right to write.
    pub(crate) fn open_handle(&self) -> Result<Database, GraphError> {
        open(&self.path)
    }

    /// Takes back a handle that has no transaction. The last one used is the next one taken: it knows the queries.
    ///
    /// What a crowd has opened beyond [`HANDLES`] is closed again: each has files of its own.
    pub(crate) fn give_back(&self, handle: Database) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < HANDLES {
            idle.push(handle);
        }
    }

    /// Returns how many transactions that wrote have been committed.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// Counts a commit that has just happened, and returns its number. The caller still holds the right to write.
    pub(crate) fn count_commit(&self) -> u64 {
        self.commits.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("path", &self.path).field("commits", &self.commits()).finish_non_exhaustive()
    }
}

fn open(path: &Path) -> Result<Database, GraphError> {
    Database::open_with_config(
        path,
        Config {
            // Of one row at least a few hundred bytes are kept, and all of them at once.
            max_result_rows: 1_000_000,
            // 4 MiB (the unit is -1 KiB) and 64 MiB of address space: there are many handles, and small graphs.
            cache_size: -4_096,
            mmap_size: 64 << 20,
            ..Config::default()
        },
    )
}
