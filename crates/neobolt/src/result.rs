//! Records as they stream in.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use neobolt_proto::message::Count;
use neobolt_proto::{Keys, Map, Record, RecordBatch, RequestId, Value};
use packstream::Decode;

use crate::connection::Connection;
use crate::conversation::{Conversation, State};
use crate::error::{Error, ErrorKind};
use crate::gql::Outcome;
use crate::query::Query;
use crate::summary::{QueryType, ResultSummary, ServerInfo};

/// What a conversation and a stream share of one result.
#[derive(Debug)]
pub(crate) struct ResultState(Mutex<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    /// The RUN request, once it is sent.
    pub(crate) run: Option<RequestId>,
    pub(crate) keys: Option<Arc<Keys>>,
    /// Whether records were asked for that have not all come.
    pub(crate) requested: bool,
    batches: VecDeque<RecordBatch>,
    /// Whether any record has come.
    has_record: bool,
    /// Nobody will read the records any more.
    abandoned: bool,
    /// The transaction ends before all records were asked for.
    cut: bool,
    run_metadata: Map,
    server: Option<ServerInfo>,
    /// What was run, once it is known to have begun.
    query: Arc<Query>,
    outcome: Option<Result<ResultSummary, Error>>,
    /// Whether the explicit transaction that it belongs to has ended.
    scope: Option<Arc<AtomicBool>>,
    /// Keeps the connection until the result has ended. Never empty before that while a stream exists.
    lease: Option<Arc<Conversation>>,
}

impl ResultState {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            run: None,
            keys: None,
            requested: false,
            batches: VecDeque::new(),
            has_record: false,
            abandoned: false,
            cut: false,
            run_metadata: Map::default(),
            server: None,
            query: Arc::default(),
            outcome: None,
            scope: None,
            lease: None,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn started(&self, run: RequestId, connection: &Connection) {
        let mut inner = self.lock();
        inner.run = Some(run);
        inner.server = Some(ServerInfo::of(connection));
    }

    /// Keeps the query for the summary.
    pub(crate) fn ran(&self, query: Query) {
        self.lock().query = Arc::new(query);
    }

    /// The result is open as long as its transaction: until `ended`.
    pub(crate) fn belongs_to(&self, ended: &Arc<AtomicBool>) {
        self.lock().scope = Some(Arc::clone(ended));
    }

    fn is_out_of_scope(&self) -> bool {
        self.lock().scope.as_ref().is_some_and(|ended| ended.load(Ordering::Relaxed))
    }

    /// RUN was answered.
    pub(crate) fn opened(&self, metadata: &Map) {
        let mut inner = self.lock();
        let fields = match metadata.get("fields") {
            Some(Value::List(fields)) => fields.iter().filter_map(Value::as_str).collect(),
            _ => Keys::default(),
        };
        inner.keys = Some(Arc::new(fields));
        inner.run_metadata = metadata.clone();
    }

    pub(crate) fn received(&self, batch: RecordBatch) {
        let mut inner = self.lock();
        inner.has_record |= !batch.is_empty();
        if !inner.abandoned && !batch.is_empty() {
            inner.batches.push_back(batch);
        }
    }

    pub(crate) fn ended(&self, metadata: Map) {
        let mut inner = self.lock();
        inner.requested = false;
        let run = std::mem::take(&mut inner.run_metadata);
        let server = inner.server.take().unwrap_or_default();
        let outcome = match &inner.keys {
            _ if inner.has_record => Outcome::Records,
            Some(keys) if !keys.is_empty() => Outcome::NoRecord,
            _ => Outcome::NoColumns,
        };
        let query_type = metadata.get("type").map(|name| name.as_str().and_then(QueryType::from_name));
        inner.outcome = Some(if inner.cut {
            Err(Error::new(ErrorKind::ResultOutOfScope, "the transaction ended before the whole result was read"))
        } else if query_type == Some(None) {
            Err(Error::new(ErrorKind::Protocol, "the server named a type of query that does not exist"))
        } else {
            Ok(ResultSummary::new(server, run, metadata, outcome))
        });
        let lease = inner.lease.take();
        drop(inner);
        drop(lease);
    }

    pub(crate) fn failed(&self, error: &Error) {
        let mut inner = self.lock();
        inner.requested = false;
        inner.outcome.get_or_insert_with(|| Err(error.clone()));
        let lease = inner.lease.take();
        drop(inner);
        drop(lease);
    }

    /// What is left of the result is dropped because its transaction ends: whoever reads on must not take it for complete.
    pub(crate) fn cut(&self) {
        self.lock().cut = true;
    }

    fn lease(&self) -> Option<Arc<Conversation>> {
        self.lock().lease.clone()
    }

    fn keep(&self, conversation: &Arc<Conversation>) {
        let mut inner = self.lock();
        if inner.outcome.is_none() {
            inner.lease = Some(Arc::clone(conversation));
        }
    }

    /// Whether RUN was answered, and how.
    pub(crate) fn opening(&self) -> Option<Result<Arc<Keys>, Error>> {
        let inner = self.lock();
        match (&inner.keys, &inner.outcome) {
            (Some(keys), _) => Some(Ok(Arc::clone(keys))),
            (None, Some(Err(error))) => Some(Err(error.clone())),
            (None, _) => None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.lock().outcome.is_some()
    }

    /// Whether all that was asked for has come, and there is more.
    pub(crate) fn needs_pull(&self) -> bool {
        let inner = self.lock();
        inner.keys.is_some() && !inner.requested && inner.outcome.is_none()
    }

    /// Returns all records that have arrived.
    pub(crate) fn into_records(self: Arc<Self>) -> Vec<Record> {
        let batches = std::mem::take(&mut self.lock().batches);
        let mut records = Vec::with_capacity(batches.iter().map(RecordBatch::len).sum());
        for batch in batches.into_iter().map(Arc::new) {
            records.extend((0..batch.len()).filter_map(|row| Record::new(&batch, row)));
        }
        records
    }

    fn pop(&self) -> Option<Step> {
        let mut inner = self.lock();
        if let Some(batch) = inner.batches.pop_front() {
            return Some(Step::Batch(batch));
        }
        inner.outcome.as_ref().map(|outcome| Step::End(outcome.clone().err()))
    }
}

enum Step {
    Batch(RecordBatch),
    End(Option<Error>),
}

/// Streams the records of one query.
///
/// Records are pulled from the server in fetches (1000 records unless chosen otherwise) and no further: the next fetch
/// is asked for when the last one is read. A stream can be stored and moved; dropping it, or any future of it, leaves
/// session and driver usable.
#[derive(Debug)]
pub struct RecordStream {
    state: Arc<ResultState>,
    keys: Arc<Keys>,
    fetch: Count,
    batch: Option<Arc<RecordBatch>>,
    row: usize,
    is_consumed: bool,
}

impl RecordStream {
    /// Returns a stream that keeps the conversation's connection until its result has ended, once RUN is answered.
    ///
    /// The stream is there before the answer, so that nobody keeps records for a future that was dropped.
    pub(crate) async fn open(
        state: Arc<ResultState>,
        conversation: &Arc<Conversation>,
        fetch: Count,
    ) -> Result<Self, Error> {
        state.keep(conversation);
        let mut stream = Self { state, keys: Arc::default(), fetch, batch: None, row: 0, is_consumed: false };
        stream.keys = conversation.until(|_| stream.state.opening()).await??;
        Ok(stream)
    }

    pub(crate) fn ran(&self, query: Query) {
        self.state.ran(query);
    }

    /// Returns the names of the columns.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Returns the next record, or `None` behind the last one.
    ///
    /// # Errors
    ///
    /// The query failed while it was running, or the connection was lost, or the result was consumed, or its transaction
    /// has ended.
    pub async fn next(&mut self) -> Result<Option<Record>, Error> {
        let record = self.peek().await?;
        self.row += usize::from(record.is_some());
        Ok(record)
    }

    /// Returns the next record without going on to it, or `None` behind the last one.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub async fn peek(&mut self) -> Result<Option<Record>, Error> {
        self.ensure_open()?;
        loop {
            if let Some(record) = self.buffered() {
                return Ok(Some(record));
            }
            if !self.fetch_batch().await? {
                return Ok(None);
            }
        }
    }

    fn buffered(&self) -> Option<Record> {
        self.batch.as_ref().and_then(|batch| Record::new(batch, self.row))
    }

    fn ensure_open(&self) -> Result<(), Error> {
        if self.state.is_out_of_scope() {
            let message = "the transaction of the result has ended, and the result with it";
            return Err(Error::new(ErrorKind::ResultOutOfScope, message));
        }
        if self.is_consumed {
            return Err(Error::new(ErrorKind::ResultConsumed, "the result was consumed: its records are gone"));
        }
        Ok(())
    }

    /// Returns all records that have arrived and were not read yet, at least one, or `None` behind the last one.
    ///
    /// This is the fastest way to read: records are lent from the batch, without a count of who holds it.
    ///
    /// # Errors
    ///
    /// The query failed while it was running, or the connection was lost.
    pub async fn next_batch(&mut self) -> Result<Option<Records<'_>>, Error> {
        self.ensure_open()?;
        if self.batch.as_ref().is_none_or(|batch| self.row >= batch.len()) && !self.fetch_batch().await? {
            return Ok(None);
        }
        let first = self.row;
        let Some(batch) = self.batch.as_deref() else {
            return Ok(None);
        };
        self.row = batch.len();
        Ok(Some(Records { batch, first }))
    }

    /// Makes the next batch the current one; false behind the last.
    async fn fetch_batch(&mut self) -> Result<bool, Error> {
        // A batch that nobody else holds is given back for the next one to be received into.
        let mut read = self.batch.take().and_then(Arc::into_inner);
        let step = loop {
            if let Some(step) = self.state.pop() {
                break step;
            }
            let Some(conversation) = self.state.lease() else {
                continue;
            };
            let (state, fetch) = (&self.state, self.fetch);
            let pulled = conversation.until(|conversation| {
                if let Some(batch) = read.take() {
                    conversation.recycle(batch);
                }
                next_step(conversation, state, fetch)
            });
            match pulled.await {
                Ok(Ok(step)) => break step,
                Ok(Err(error)) | Err(error) => return Err(error),
            }
        };
        match step {
            Step::Batch(batch) => {
                self.batch = Some(Arc::new(batch));
                self.row = 0;
                Ok(true)
            }
            Step::End(error) => error.map_or(Ok(false), Err),
        }
    }

    /// Returns all remaining records, which are asked for at once.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub async fn collect(&mut self) -> Result<Vec<Record>, Error> {
        self.fetch = Count::All;
        let mut records = Vec::new();
        while let Some(record) = self.next().await? {
            records.push(record);
        }
        Ok(records)
    }

    /// Returns one column of all remaining records.
    ///
    /// # Errors
    ///
    /// As [`Self::collect`], or there is no such column, or a field of it is not a `T`.
    pub async fn collect_column<T: for<'a> Decode<'a>>(&mut self, column: &str) -> Result<Vec<T>, Error> {
        let mut values = Vec::new();
        while let Some(records) = self.next_batch().await? {
            for record in records {
                values.push(record.get(column)?);
            }
        }
        Ok(values)
    }

    /// Returns the only record.
    ///
    /// # Errors
    ///
    /// As [`Self::next`], or there is not exactly one record; the rest is dropped then.
    pub async fn single(&mut self) -> Result<Record, Error> {
        match self.single_optional().await? {
            (Some(record), false) => Ok(record),
            (None, _) => Err(Error::new(ErrorKind::ResultNotSingle, "one record was expected, but there is none")),
            (Some(_), true) => {
                Err(Error::new(ErrorKind::ResultNotSingle, "one record was expected, but there are more"))
            }
        }
    }

    /// Returns the next record, if there is one, and whether there were more of them, which are dropped.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub async fn single_optional(&mut self) -> Result<(Option<Record>, bool), Error> {
        let record = self.next().await?;
        let has_more = record.is_some() && self.next().await?.is_some();
        if has_more {
            self.discard().await?;
        }
        Ok((record, has_more))
    }

    /// Drops the remaining records and returns the summary. Records can be read no more.
    ///
    /// # Errors
    ///
    /// The query failed, or the connection was lost, or the transaction has ended before the result did.
    pub async fn consume(&mut self) -> Result<ResultSummary, Error> {
        if !self.is_consumed {
            self.ensure_open()?;
            self.is_consumed = true;
        }
        self.discard().await?;
        self.state.summary()
    }

    async fn discard(&mut self) -> Result<(), Error> {
        self.batch = None;
        if let Some(conversation) = self.state.lease() {
            self.state.abandon();
            let state = &self.state;
            conversation.until(|conversation| discarded(conversation, state)).await??;
        }
        Ok(())
    }
}

impl ResultState {
    /// Drops what has arrived and what will.
    fn abandon(&self) {
        let mut inner = self.lock();
        inner.abandoned = true;
        inner.batches.clear();
    }

    pub(crate) fn summary(&self) -> Result<ResultSummary, Error> {
        let inner = self.lock();
        let outcome = inner.outcome.clone().map(|outcome| outcome.map(|summary| summary.of(&inner.query)));
        outcome.unwrap_or_else(|| Err(Error::new(ErrorKind::ResultOutOfScope, "the result has not ended")))
    }
}

fn next_step(conversation: &mut State, state: &Arc<ResultState>, fetch: Count) -> Option<Result<Step, Error>> {
    if let Some(step) = state.pop() {
        return Some(Ok(step));
    }
    if !state.lock().requested && conversation.broken.is_none() {
        if let Err(error) = conversation.pull(state, fetch) {
            return Some(Err(error));
        }
    }
    None
}

fn discarded(conversation: &mut State, state: &Arc<ResultState>) -> Option<Result<(), Error>> {
    if state.is_over() {
        return Some(Ok(()));
    }
    if conversation.broken.is_some() {
        return None;
    }
    conversation.discard(state).err().map(Err)
}

/// Receives everything that is left of a result, for it to be read later: its connection is needed for something else.
pub(crate) async fn buffer(state: &Arc<ResultState>) {
    let Some(conversation) = state.lease() else { return };
    // Whatever goes wrong is found by whoever reads the result.
    let _ = conversation
        .until(|conversation| {
            if state.is_over() {
                return Some(());
            }
            let must_pull = !state.lock().requested && conversation.broken.is_none();
            if must_pull && conversation.pull(state, Count::All).is_err() {
                return Some(());
            }
            None
        })
        .await;
}

/// Drops what is left of a result: its session ends.
pub(crate) async fn discard(state: &Arc<ResultState>) {
    let Some(conversation) = state.lease() else { return };
    state.cut();
    // Whatever goes wrong is found by whoever reads the result.
    let _ = conversation.until(|conversation| discarded(conversation, state)).await;
}

impl Drop for RecordStream {
    fn drop(&mut self) {
        self.state.abandon();
        let lease = self.state.lock().lease.take();
        drop(lease);
    }
}

#[cfg(feature = "futures-core")]
mod stream {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures_core::Stream;
    use neobolt_io::BoxFuture;

    use super::{Error, Record, RecordStream};

    impl RecordStream {
        /// Turns into a [`Stream`] of the remaining records, which ends behind the first error.
        pub fn into_stream(self) -> impl Stream<Item = Result<Record, Error>> + Send + Unpin {
            Owned::Here(Box::new(self))
        }
    }

    type Fetched = (Box<RecordStream>, Result<bool, Error>);

    /// A future is made for each batch, not for each record.
    enum Owned {
        Here(Box<RecordStream>),
        Fetching(BoxFuture<'static, Fetched>),
        Over,
    }

    impl Stream for Owned {
        type Item = Result<Record, Error>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            loop {
                match std::mem::replace(&mut *self, Self::Over) {
                    Self::Over => return Poll::Ready(None),
                    Self::Here(mut stream) => {
                        if let Err(error) = stream.ensure_open() {
                            return Poll::Ready(Some(Err(error)));
                        }
                        if let Some(record) = stream.buffered() {
                            stream.row += 1;
                            *self = Self::Here(stream);
                            return Poll::Ready(Some(Ok(record)));
                        }
                        *self = Self::Fetching(Box::pin(async move {
                            let fetched = stream.fetch_batch().await;
                            (stream, fetched)
                        }));
                    }
                    Self::Fetching(mut fetching) => {
                        let Poll::Ready((stream, fetched)) = fetching.as_mut().poll(cx) else {
                            *self = Self::Fetching(fetching);
                            return Poll::Pending;
                        };
                        match fetched {
                            Ok(true) => *self = Self::Here(stream),
                            Ok(false) => return Poll::Ready(None),
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        }
                    }
                }
            }
        }
    }
}

/// Records lent from a stream: an iterator over [`RecordRef`](neobolt_proto::RecordRef)s.
#[derive(Debug)]
pub struct Records<'a> {
    batch: &'a RecordBatch,
    first: usize,
}

impl<'a> IntoIterator for Records<'a> {
    type Item = neobolt_proto::RecordRef<'a>;
    type IntoIter = std::iter::Skip<neobolt_proto::batch::Rows<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.batch.iter().skip(self.first)
    }
}
