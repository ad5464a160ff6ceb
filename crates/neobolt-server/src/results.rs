//! The results of the open transaction: rows made as the client asks for them, and what is said at their end.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use neobolt_proto::message::Count;
use neobolt_proto::{Failure, Map, Value};

use crate::requests::{Answer, Handler, Refusal, invalid, transaction, unexpected};
use crate::wire::Wire;
use crate::{QueryResult, Step, Summary};

/// The open transaction.
pub(crate) struct Transaction {
    pub(crate) auto_commit: bool,
    /// The database that the client has named.
    pub(crate) database: Option<String>,
    /// Whether the backend knows of it. What the server answers itself needs no backend.
    pub(crate) begun: bool,
    pub(crate) timed_out: bool,
    pub(crate) results: Vec<OpenResult>,
    /// How many queries have run, which numbers their results.
    pub(crate) queries: i64,
}

/// A result whose end the client has not seen.
pub(crate) struct OpenResult {
    pub(crate) qid: i64,
    pub(crate) result: QueryResult,
    /// The row behind those that were asked for, made to know whether there is one.
    pub(crate) next: Option<Vec<Value>>,
    /// Whether no row has been asked for yet.
    pub(crate) is_empty: bool,
    pub(crate) ran_at: Instant,
}

impl Handler {
    /// Answers PULL, and DISCARD, which is a PULL that sends nothing.
    pub(crate) async fn stream(&mut self, count: Count, qid: Option<i64>, sends: bool) -> Answer {
        self.check_time()?;
        let mut open = transaction(&mut self.transaction)?.take_result(qid)?;
        let mut left = match count {
            Count::Records(records) => Some(records),
            Count::All => None,
        };
        let mut unsent = 0;
        let given_up = if sends || left.is_some() { None } else { open.result.rows.discard() };
        let summary = match given_up {
            Some(summary) => summary,
            None => loop {
                let Some(step) = open.step(&mut self.wire, left == Some(0)).await? else {
                    return Ok(self.keep(open));
                };
                let row = match step {
                    Step::Row(row) => row,
                    Step::End(summary) => break summary,
                };
                if left == Some(0) {
                    open.next = Some(row);
                    return Ok(self.keep(open));
                }
                left = left.map(|left| left - 1);
                open.is_empty = false;
                if sends {
                    let sent = self
                        .wire
                        .machine()
                        .record(row.len(), |fields| row.iter().try_for_each(|value| fields.item(value)));
                    sent.map_err(|error| unexpected(error.to_string()))?;
                } else {
                    unsent += 1;
                }
                if self.wire.machine().is_congested() || unsent == UNSENT {
                    unsent = 0;
                    self.wire.turn().await?;
                }
            },
        };
        self.end_result(open, summary).await
    }

    /// Puts a result back that has more rows.
    fn keep(&mut self, open: OpenResult) -> Map {
        if let Some(transaction) = &mut self.transaction {
            transaction.results.push(open);
        }
        Map::from_iter([("has_more", Value::Boolean(true))])
    }

    /// Says how a result has ended, and commits the transaction if it was its only one.
    async fn end_result(&mut self, open: OpenResult, summary: Summary) -> Answer {
        let it = self.capabilities();
        let transaction = transaction(&mut self.transaction)?;
        let database = transaction.database.clone().unwrap_or_else(|| self.backend.home_database().to_owned());
        let mut metadata: Vec<(Box<str>, Value)> = Vec::with_capacity(8);
        let mut put = |key: &str, value: Value| metadata.push((key.into(), value));
        if it.statuses {
            let statuses = if summary.statuses.is_empty() { vec![open.status()] } else { summary.statuses };
            put("statuses", Value::List(statuses.into_iter().map(Value::Map).collect()));
        } else if !summary.notifications.is_empty() {
            put("notifications", Value::List(summary.notifications.into_iter().map(Value::Map).collect()));
        }
        if let Some(query_type) = summary.query_type {
            put("type", Value::from(query_type));
        }
        if !summary.stats.is_empty() {
            put("stats", Value::Map(summary.stats));
        }
        for (key, plan) in [("plan", summary.plan), ("profile", summary.profile)] {
            if let Some(plan) = plan {
                put(key, Value::Map(plan));
            }
        }
        put("t_last", millis(self.wire.now().saturating_duration_since(open.ran_at)));
        put("db", Value::from(database));
        let auto_commit = transaction.auto_commit;
        drop(open);
        if auto_commit {
            metadata.extend(self.commit().await?.iter().map(|(key, value)| (Box::from(key), value.clone())));
        }
        Ok(metadata.into_iter().collect())
    }
}

impl Transaction {
    pub(crate) fn new(auto_commit: bool, database: Option<String>, begun: bool) -> Self {
        Self { auto_commit, database, begun, timed_out: false, results: Vec::new(), queries: 0 }
    }

    /// Takes the result with this number, or the latest one.
    fn take_result(&mut self, qid: Option<i64>) -> Result<OpenResult, Failure> {
        let qid = qid.unwrap_or(self.queries - 1);
        let index = self.results.iter().position(|open| open.qid == qid);
        index.map(|index| self.results.swap_remove(index)).ok_or_else(|| invalid(format!("result {qid} is not open")))
    }
}

impl OpenResult {
    /// Returns the next row or the end; `None` when it would have to be waited for and `only_if_ready`.
    async fn step(&mut self, wire: &mut Wire, only_if_ready: bool) -> Result<Option<Step>, Refusal> {
        if let Some(row) = self.next.take() {
            return Ok(Some(Step::Row(row)));
        }
        let rows = &mut self.result.rows;
        let step = poll_fn(|cx| match rows.poll_next(cx) {
            Poll::Ready(step) => Poll::Ready(step.map(Some)),
            Poll::Pending if only_if_ready => Poll::Ready(Ok(None)),
            Poll::Pending => Poll::Pending,
        });
        let step = wire.during(step).await??;
        let columns = self.result.fields.len();
        match &step {
            Some(Step::Row(row)) if row.len() != columns => {
                Err(unexpected(format!("a row of {} values was made for {columns} columns", row.len())).into())
            }
            _ => Ok(step),
        }
    }

    /// Returns the status of a result that went well.
    fn status(&self) -> Map {
        let (status, description) = match (self.result.fields.is_empty(), self.is_empty) {
            (true, _) => ("00001", "note: successful completion - omitted result"),
            (false, true) => ("02000", "note: no data"),
            (false, false) => ("00000", "note: successful completion"),
        };
        Map::from_iter([("gql_status", Value::from(status)), ("status_description", Value::from(description))])
    }
}

/// How many rows are made and thrown away before others may run: a fraction of a millisecond's work.
const UNSENT: u32 = 1_000;

pub(crate) fn millis(duration: Duration) -> Value {
    Value::from(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}
