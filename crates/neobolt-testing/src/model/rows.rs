//! Rows made while they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use neobolt_proto::{Failure, Value};
use neobolt_server::{QueryResult, Rows, Step, Summary};

/// What a query answers with.
pub(super) struct Answer {
    fields: Vec<String>,
    rows: Box<dyn Iterator<Item = Result<Vec<Value>, Failure>> + Send>,
    pub(super) summary: Summary,
}

impl Answer {
    /// Returns an answer with the rows that `rows` makes.
    pub(super) fn lazy(
        fields: &[&str],
        rows: impl Iterator<Item = Result<Vec<Value>, Failure>> + Send + 'static,
        query_type: &'static str,
    ) -> Self {
        let mut summary = Summary::default();
        summary.query_type = Some(query_type);
        Self { fields: fields.iter().map(|field| (*field).to_owned()).collect(), rows: Box::new(rows), summary }
    }

    /// Returns an answer with these rows.
    pub(super) fn rows(
        fields: &[&str],
        rows: impl IntoIterator<Item = Vec<Value>, IntoIter: Send + 'static>,
        query_type: &'static str,
    ) -> Self {
        Self::lazy(fields, rows.into_iter().map(Ok), query_type)
    }

    /// Returns the answer as the server wants it, with its rows counted.
    pub(super) fn into_result(self, rows_made: &Arc<AtomicU64>) -> QueryResult {
        let Self { fields, rows, summary } = self;
        QueryResult::new(fields, LazyRows { rows, summary, made: Arc::clone(rows_made) })
    }
}

struct LazyRows {
    rows: Box<dyn Iterator<Item = Result<Vec<Value>, Failure>> + Send>,
    summary: Summary,
    made: Arc<AtomicU64>,
}

impl Rows for LazyRows {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        Poll::Ready(match self.rows.next() {
            Some(row) => {
                self.made.fetch_add(1, Ordering::Relaxed);
                row.map(Step::Row)
            }
            None => Ok(Step::End(std::mem::take(&mut self.summary))),
        })
    }

    fn discard(&mut self) -> Option<Summary> {
        Some(std::mem::take(&mut self.summary))
    }
}
