//! Results.

use neobolt::RecordStream;
use serde_json::Value as Json;

use crate::backend::{Answer, Backend};
use crate::error::Failure;
use crate::request::OfResult;
use crate::response::{Record, Response};
use crate::summary::summary;
use crate::value::to_json;

pub(crate) struct OpenResult {
    stream: RecordStream,
    text: String,
    parameters: Json,
}

impl OpenResult {
    pub(crate) fn new(stream: RecordStream, text: String, parameters: Json) -> Self {
        Self { stream, text, parameters }
    }
}

pub(crate) fn record(record: &neobolt::Record) -> Result<Record, Failure> {
    let values = record.values()?;
    // A field that nobody can tell the meaning of spoils only the call that wants it.
    let broken = |message| Failure::Misuse { error_type: "FieldError", message };
    Ok(Record { values: values.iter().map(|value| to_json(value).map_err(broken)).collect::<Result<_, _>>()? })
}

macro_rules! with_stream {
    ($backend:expr, $id:expr, |$open:ident| $call:expr) => {{
        let mut $open = $backend.results.take($id)?;
        let outcome = $call.await;
        $backend.results.put($id, $open);
        outcome?
    }};
}

impl Backend {
    pub(crate) fn keep_result(&self, open: OpenResult) -> Response {
        let keys = open.stream.keys().iter().map(str::to_owned).collect();
        Response::Result { id: self.results.keep(open), keys }
    }

    pub(crate) async fn result_next(&self, it: OfResult) -> Answer {
        let next = with_stream!(self, it.result_id, |open| open.stream.next());
        next.as_ref().map_or(Ok(Response::NullRecord {}), |it| record(it).map(Response::Record))
    }

    pub(crate) async fn result_peek(&self, it: OfResult) -> Answer {
        let next = with_stream!(self, it.result_id, |open| open.stream.peek());
        next.as_ref().map_or(Ok(Response::NullRecord {}), |it| record(it).map(Response::Record))
    }

    pub(crate) async fn result_single(&self, it: OfResult) -> Answer {
        let single = with_stream!(self, it.result_id, |open| open.stream.single());
        record(&single).map(Response::Record)
    }

    pub(crate) async fn result_single_optional(&self, it: OfResult) -> Answer {
        let (single, has_more) = with_stream!(self, it.result_id, |open| open.stream.single_optional());
        let record = single.as_ref().map(record).transpose()?;
        let warnings = has_more.then(|| "there are more records than one".to_owned());
        Ok(Response::RecordOptional { record, warnings: warnings.into_iter().collect() })
    }

    pub(crate) async fn result_list(&self, it: OfResult) -> Answer {
        let records = with_stream!(self, it.result_id, |open| open.stream.collect());
        Ok(Response::RecordList { records: records.iter().map(record).collect::<Result<_, _>>()? })
    }

    pub(crate) async fn result_consume(&self, it: OfResult) -> Answer {
        let mut open = self.results.take(it.result_id)?;
        let consumed = open.stream.consume().await;
        let response = consumed.map(|it| Response::Summary(summary(&it, &open.text, &open.parameters)));
        self.results.put(it.result_id, open);
        Ok(response?)
    }
}
