//! How the record path reads each shape: every field, typed and borrowed.

use neobolt::{Driver, Error, ListRef, MapRef, RecordRef};
use neobolt_proto::structure::NodeRef;

use crate::raw::Seen;

type Fields = fn(&RecordRef<'_>) -> Result<u64, Error>;

/// Returns what reads every field of a record of the shape called `name`, and sums as [`crate::raw::walk`] does.
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
    let _: f64 = record.get(1)?;
    let _: bool = record.get(3)?;
    let _: Option<i64> = record.get(4)?;
    let mut sum = (record.get::<i64>(0)? as u64).wrapping_add(text.len() as u64);
    for item in record.get::<ListRef<'_>>(5)?.iter::<i64>() {
        sum = sum.wrapping_add(item.map_err(decode)? as u64);
    }
    let map: MapRef<'_> = record.get(6)?;
    let first: Option<i64> = map.get("first").map_err(decode)?;
    let second: Option<&str> = map.get("second").map_err(decode)?;
    Ok(sum.wrapping_add(first.unwrap_or(0) as u64).wrapping_add(second.unwrap_or("").len() as u64))
}

fn node(record: &RecordRef<'_>) -> Result<u64, Error> {
    let node: NodeRef<'_> = record.get(0)?;
    let mut sum = node.id() as u64;
    for label in node.labels() {
        sum = sum.wrapping_add(label.map_err(decode)?.len() as u64);
    }
    let properties = node.properties();
    let name: Option<&str> = properties.get("name").map_err(decode)?;
    let born: Option<i64> = properties.get("born").map_err(decode)?;
    let id: Option<i64> = properties.get("id").map_err(decode)?;
    sum = sum.wrapping_add(name.unwrap_or("").len() as u64);
    Ok(sum.wrapping_add((born.unwrap_or(0) + id.unwrap_or(0)) as u64))
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
