//! The scenario suite: what users do, written once for every runtime and every server.
//!
//! A [`Target`] is a server seen from a runtime. [`run_all`] runs each scenario that the server has the capabilities for;
//! the [`Report`] lists what was skipped, for a test to assert.

#[macro_use]
mod ensure;
mod bookmarks;
mod calls;
mod cancellation;
mod concurrency;
mod errors;
mod lifecycle;
mod streams;
mod summaries;
mod values;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;
use neobolt::{Auth, Driver, DriverBuilder, Pipelining, Version};
use neobolt_io::{BoxFuture, Runtime, timeout_at};

use crate::model::ModelBackend;

/// How long a scenario may take: the longest waits a minute for a connection that it does not get.
const PATIENCE: Duration = Duration::from_secs(180);

/// How a scenario ends; the error says what was not as it should be.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What a server has that not all have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Functions of APOC.
    Apoc,
    /// Byte arrays as values.
    ByteArrays,
    /// Uniqueness constraints.
    Constraints,
    /// Counters in summaries.
    Counters,
    /// Rows that are made while they are read, so that a result may be longer than memory and fail in the middle.
    LazyRows,
    /// Transactions that only read may lag behind those that write.
    Lag,
    /// Notifications or GQL statuses about a query.
    Notifications,
    /// EXPLAIN.
    Plans,
    /// Points as values.
    Points,
    /// PROFILE.
    Profiles,
    /// Both hours of the same name, when clocks are set back in the night (Neo4j 5.0).
    RepeatedHours,
    /// UUIDs as values (Bolt 6.1).
    Uuids,
    /// Vectors as values (Bolt 6.0).
    Vectors,
}

/// A server, as the scenarios reach it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// What the driver runs on.
    pub runtime: Arc<dyn Runtime>,
    /// Where the server is.
    pub uri: String,
    /// A user of it. The scenarios try that user's name with another password too.
    pub auth: Auth,
    /// What it has.
    pub capabilities: BTreeSet<Capability>,
    /// What its drivers send in one write.
    pub pipelining: Pipelining,
    /// The newest version of Bolt to speak with it.
    pub max_bolt_version: Version,
    /// What it counts, where it counts anything.
    pub model: Option<ModelBackend>,
}

impl Target {
    /// Returns a target with the driver's defaults.
    pub fn new(
        runtime: Arc<dyn Runtime>,
        uri: impl Into<String>,
        auth: Auth,
        capabilities: impl IntoIterator<Item = Capability>,
    ) -> Self {
        let capabilities = capabilities.into_iter().collect();
        Self {
            runtime,
            uri: uri.into(),
            auth,
            capabilities,
            pipelining: Pipelining::default(),
            max_bolt_version: Version::NEWEST,
            model: None,
        }
    }

    /// Returns the backend `model` at `uri`, which has everything but APOC.
    pub fn model(runtime: Arc<dyn Runtime>, uri: impl Into<String>, model: &ModelBackend) -> Self {
        use Capability::{
            ByteArrays, Constraints, Counters, Lag, LazyRows, Notifications, Plans, Points, Profiles, RepeatedHours,
            Uuids, Vectors,
        };
        let capabilities = [
            ByteArrays,
            Constraints,
            Counters,
            Lag,
            LazyRows,
            Notifications,
            Plans,
            Points,
            Profiles,
            RepeatedHours,
            Uuids,
            Vectors,
        ];
        let target = Self::new(runtime, uri, ModelBackend::auth(), capabilities);
        Self { model: Some(model.clone()), ..target }
    }

    fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Begins to configure a driver.
    fn builder(&self) -> DriverBuilder {
        self.builder_for(&self.uri, self.auth.clone())
    }

    fn builder_for(&self, uri: &str, auth: Auth) -> DriverBuilder {
        Driver::builder(Arc::clone(&self.runtime), uri, auth)
            .pipelining(self.pipelining)
            .max_bolt_version(self.max_bolt_version)
    }

    fn driver(&self) -> Result<Driver, neobolt::Error> {
        self.builder().build()
    }

    /// Returns a key that nothing else has, on a server that others may be using.
    fn key(&self) -> String {
        format!("{:016x}", self.runtime.random())
    }

    /// Runs a task beside this one.
    fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let (sender, receiver) = oneshot::channel();
        self.runtime.spawn(Box::pin(async move {
            // Nobody listens any more when the scenario has failed.
            let _ = sender.send(task.await);
        }));
        Task(receiver)
    }
}

/// A task that was spawned.
struct Task<T>(oneshot::Receiver<T>);

impl<T> Task<T> {
    async fn join(self) -> Outcome<T> {
        self.0.await.map_err(|_| "a task has panicked".into())
    }
}

/// One scenario.
struct Scenario {
    name: &'static str,
    needs: &'static [Capability],
    run: for<'t> fn(&'t Target) -> BoxFuture<'t, Outcome>,
}

/// A table of scenarios: the function of each, and what it needs.
macro_rules! scenarios {
    ($( $module:ident :: $name:ident $([$($need:ident),+])?; )*) => {
        static SCENARIOS: &[Scenario] = &[$(
            Scenario {
                name: stringify!($name),
                needs: &[$($(Capability::$need),+)?],
                run: |target| Box::pin($module::$name(target)),
            },
        )*];
    };
}

scenarios! {
    calls::connectivity_is_verified;
    calls::execute_query_returns_everything;
    calls::a_session_runs_auto_commit_queries;
    calls::an_explicit_transaction_commits;
    calls::an_explicit_transaction_rolls_back;
    calls::a_managed_function_reads_and_writes;
    calls::a_managed_function_that_fails_is_rolled_back;
    calls::parameters_are_of_rust_types;
    calls::an_apoc_function_is_called [Apoc];
    bookmarks::a_session_is_a_chain;
    bookmarks::a_write_is_read_elsewhere_by_its_bookmark;
    bookmarks::execute_query_reads_its_own_writes;
    bookmarks::without_a_bookmark_a_reader_lags [Lag];
    values::null_and_scalars;
    values::collections;
    values::temporal_types;
    values::the_hour_that_an_autumn_night_has_twice [RepeatedHours];
    values::byte_arrays [ByteArrays];
    values::points [Points];
    values::vectors [Vectors];
    values::uuids [Uuids];
    values::nodes_relationships_and_paths;
    summaries::counters [Counters];
    summaries::a_plan [Plans];
    summaries::a_profile [Profiles];
    summaries::notifications_or_statuses [Notifications];
    summaries::times_and_server;
    streams::records_are_collected_counted_and_consumed;
    streams::any_fetch_size_gives_all_records;
    streams::batches_are_lent;
    streams::a_result_outlives_the_next_query;
    streams::two_results_of_a_transaction_are_read_in_turns;
    streams::a_stream_is_left_in_the_middle;
    streams::a_slow_consumer_of_a_million_records [LazyRows];
    streams::first_queries_are_large;
    errors::a_syntax_error;
    errors::a_missing_parameter;
    errors::a_constraint_violation [Constraints];
    errors::a_constraint_violation_at_commit;
    errors::a_division_by_zero;
    errors::a_division_by_zero_in_mid_stream [LazyRows];
    errors::an_unknown_database;
    errors::a_write_in_read_mode;
    errors::a_failed_transaction_can_only_be_rolled_back;
    errors::a_field_that_is_not_there_or_of_another_type;
    errors::a_wrong_password;
    errors::nobody_listens;
    errors::an_unknown_host;
    concurrency::two_hundred_increments_make_two_hundred;
    concurrency::sixty_four_tasks_share_four_connections;
    cancellation::a_query_is_dropped_at_each_await;
    cancellation::execute_query_is_dropped_at_each_await;
    cancellation::a_stream_is_dropped_at_each_await;
    cancellation::a_begin_is_dropped_at_each_await;
    cancellation::a_commit_is_dropped_at_each_await;
    lifecycle::connections_are_reused;
    lifecycle::a_closed_driver_says_so;
    lifecycle::closing_ends_what_is_not_over_in_time;
}

/// What became of the scenarios.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What went well.
    pub passed: Vec<&'static str>,
    /// What the server lacks a capability for.
    pub skipped: Vec<&'static str>,
    /// What did not go well, and why.
    pub failed: Vec<(&'static str, String)>,
}

impl Report {
    /// Prints the list of what was skipped.
    ///
    /// # Panics
    ///
    /// Panics when a scenario has failed, or when others were skipped than `skipped`.
    pub fn assert(&self, skipped: &[&str]) {
        println!("{self}");
        assert!(self.failed.is_empty(), "{self}");
        assert_eq!(self.skipped, skipped, "skipped");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} scenarios passed, {} skipped: {:?}", self.passed.len(), self.skipped.len(), self.skipped)?;
        self.failed.iter().try_for_each(|(name, why)| write!(f, "\nFAILED {name}: {why}"))
    }
}

/// Runs all scenarios, one after the other.
pub async fn run_all(target: &Target) -> Report {
    let mut report = Report::default();
    for Scenario { name, needs, run } in SCENARIOS {
        if !needs.iter().all(|need| target.has(*need)) {
            report.skipped.push(name);
            continue;
        }
        let deadline = target.runtime.now() + PATIENCE;
        match timeout_at(&*target.runtime, deadline, run(target)).await {
            Ok(Ok(())) => report.passed.push(name),
            Ok(Err(error)) => report.failed.push((name, explain(&*error))),
            Err(_) => report.failed.push((name, format!("did not end within {PATIENCE:?}"))),
        }
    }
    report
}

/// The error with its causes.
fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}
