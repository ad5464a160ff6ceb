//! How the record path, which is the whole driver, reads each shape: every field, typed and borrowed.

use neobolt::{Driver, Error, ListRef, MapRef, RecordRef};
use neobolt_proto::structure::NodeRef;

use crate::measure::{Measure, Selection};
use crate::raw::{self, Seen};
use crate::{replay, shapes};

/// Records in a run: enough that what a query costs once does not show.
const RECORDS: u64 = 20_000;

/// Hands out the measures that are selected.
///
/// # Panics
///
/// A record is not read as it should be.
pub fn measures(selection: &Selection, run: &mut dyn FnMut(Measure)) {
    for shape in shapes::record_path() {
        let name = shape.name;
        let fetch = shape.records(FETCH);
        let seen = raw_loop(&fetch, &mut Vec::new());
        let without_keys = seen.sum.wrapping_sub(seen.records * shape.keys as u64);
        if selection.contains("raw walk", name) {
            let mut buffer = Vec::new();
            run(Measure::new("raw walk", name, move || raw_loop(&fetch, &mut buffer)));
        }
        for way in ["lent", "owned"] {
            if !selection.contains(way, name) {
                continue;
            }
            let driver = replay::driver(shape, RECORDS).expect("invariant: the replay's URI is valid");
            let measure = Measure::new(way, name, move || {
                let read = match way {
                    "lent" => replay::run(lent(&driver, name)),
                    _ => replay::run(owned(&driver, name)),
                };
                read.unwrap_or_else(|error| panic!("the replay is well-formed: {error}"))
            });
            run(measure.sees(Seen { records: RECORDS, sum: without_keys }));
        }
    }
}

const FETCH: usize = 1000;

/// The raw loop over the same bytes, copied once as a read from a socket copies them.
fn raw_loop(fetch: &[u8], buffer: &mut Vec<u8>) -> Seen {
    let mut seen = Seen::default();
    while seen.records < RECORDS {
        buffer.clear();
        buffer.extend_from_slice(fetch);
        let walked = raw::walk(buffer);
        seen.records += walked.records;
        seen.sum = seen.sum.wrapping_add(walked.sum);
    }
    seen
}

type Fields = fn(&RecordRef<'_>) -> Result<u64, Error>;

/// Returns what reads every field of a record of the shape called `name`, and sums them up.
fn fields(name: &str) -> Fields {
    match name {
        "mixed" => mixed,
        "node" => node,
        _ => integers,
    }
}

fn integers(record: &RecordRef<'_>) -> Result<u64, Error> {
    let mut sum = 0_u64;
    for column in 0..record.keys().len() {
        sum = sum.wrapping_add(record.get::<i64>(column)? as u64);
    }
    Ok(sum)
}

fn mixed(record: &RecordRef<'_>) -> Result<u64, Error> {
    let text: &str = record.get(2)?;
    let nothing: Option<i64> = record.get(4)?;
    let mut sum = (record.get::<i64>(0)? as u64).wrapping_add(text.len() as u64);
    sum = sum.wrapping_add(record.get::<f64>(1)?.to_bits()).wrapping_add(u64::from(record.get::<bool>(3)?));
    sum = sum.wrapping_add(nothing.unwrap_or_default() as u64);
    for item in record.get::<ListRef<'_>>(5)?.iter::<i64>() {
        sum = sum.wrapping_add(item.map_err(decode)? as u64);
    }
    let map: MapRef<'_> = record.get(6)?;
    let first: Option<&str> = map.get("first").map_err(decode)?;
    let second: Option<&str> = map.get("second").map_err(decode)?;
    Ok(sum.wrapping_add((first.unwrap_or("").len() + second.unwrap_or("").len()) as u64))
}

fn node(record: &RecordRef<'_>) -> Result<u64, Error> {
    let node: NodeRef<'_> = record.get(0)?;
    let mut sum = (node.id() as u64).wrapping_add(node.element_id().len() as u64);
    for label in node.labels() {
        sum = sum.wrapping_add(label.map_err(decode)?.len() as u64);
    }
    let properties = node.properties();
    for key in ["name", "email", "city"] {
        let text: Option<&str> = properties.get(key).map_err(decode)?;
        sum = sum.wrapping_add(text.unwrap_or("").len() as u64);
    }
    let born: Option<i64> = properties.get("born").map_err(decode)?;
    let score: Option<f64> = properties.get("score").map_err(decode)?;
    Ok(sum.wrapping_add(born.unwrap_or(0) as u64).wrapping_add(score.unwrap_or(0.0).to_bits()))
}

fn decode(error: packstream::DecodeError) -> Error {
    panic!("invariant: the shapes are well-formed: {error}")
}

/// Reads a whole result through the driver, records lent batch by batch.
///
/// # Errors
///
/// A field is not what the shape says.
pub async fn lent(driver: &Driver, name: &str) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let fields = fields(name);
    let mut session = driver.session().build();
    let mut stream = session.run("RETURN").await?;
    while let Some(records) = stream.next_batch().await? {
        for it in records {
            seen.sum = seen.sum.wrapping_add(fields(&it)?);
            seen.records += 1;
        }
    }
    Ok(seen)
}

/// Reads a whole result through the driver, record by record.
///
/// # Errors
///
/// A field is not what the shape says.
pub async fn owned(driver: &Driver, name: &str) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let fields = fields(name);
    let mut session = driver.session().build();
    let mut stream = session.run("RETURN").await?;
    while let Some(it) = stream.next().await? {
        seen.sum = seen.sum.wrapping_add(fields(&it.as_ref())?);
        seen.records += 1;
    }
    Ok(seen)
}
