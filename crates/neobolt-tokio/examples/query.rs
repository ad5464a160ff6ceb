//! Runs one Cypher query, and prints each record as a line of JSON as it arrives.
//!
//! ```console
//! cargo run -p neobolt-tokio --example query -- 'UNWIND $names AS name RETURN name' --param 'names=["Alice", "Bob"]'
//! ```
//!
//! It runs on the server at `NEO4J_URI` (with `NEO4J_USERNAME` and `NEO4J_PASSWORD`), or on an embedded one that is empty.
//! A record is an object with the columns in their order. Errors go to standard error with their code and GQL status, and
//! make the exit code 1. `RUST_LOG=neobolt=debug` shows what goes over the wire.
//!
//! Values that JSON does not have are written like this:
//!
//! | Cypher | JSON |
//! |---|---|
//! | node | `{"id": "4:…:1", "labels": ["Person"], "properties": {…}}` |
//! | relationship | `{"id": "5:…:1", "type": "KNOWS", "start": "4:…:1", "end": "4:…:2", "properties": {…}}` |
//! | path | the list of its nodes and relationships: `[node, relationship, node]` |
//! | date, time, duration | the string that Cypher writes: `"2026-01-31"`, `"P1M"`; a zoned date-time in UTC |
//! | point | `{"srid": 4326, "x": 18.07, "y": 59.33}`, in space with `"z"` |
//! | vector | the list of its numbers |
//! | byte array | a string of two hexadecimal digits for each byte |
//! | UUID | a string |
//! | NaN and the infinities | `"NaN"`, `"Infinity"`, `"-Infinity"` |

mod common;

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;
use common::{Neo4j, PATIENCE};
use neobolt_tokio::types::{Node, Point, Relationship, Vector};
use neobolt_tokio::{AccessMode, Auth, Driver, Parameters, RecordRef, Value, connect, runtime};
use serde_json::{Value as Json, json};
use tracing_subscriber::EnvFilter;

/// Runs one Cypher query, and prints each record as a line of JSON.
#[derive(Debug, Parser)]
struct Arguments {
    /// The query.
    cypher: String,
    /// A parameter of the query; may be given several times.
    #[arg(long = "param", value_name = "NAME=JSON", value_parser = parameter)]
    params: Vec<(String, Value)>,
    /// The database; the user's home database if it is not given.
    #[arg(long)]
    database: Option<String>,
    /// Only reads, so that any member of a cluster may answer.
    #[arg(long)]
    read: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).with_writer(io::stderr).init();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", describe(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    let neo4j = Neo4j::find(runtime()).await?;
    let driver = connect(&neo4j.uri, Auth::basic(&neo4j.username, &neo4j.password))?;
    let outcome = print(&driver, arguments).await;
    driver.close(PATIENCE).await;
    neo4j.close().await;
    outcome
}

async fn print(driver: &Driver, arguments: &Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    let access = if arguments.read { AccessMode::Read } else { AccessMode::Write };
    let mut session = driver.session().default_access_mode(access);
    if let Some(database) = &arguments.database {
        session = session.database(database.as_str());
    }
    let parameters: Parameters = arguments.params.iter().map(|(name, value)| (name, value)).collect();
    let mut session = session.build();
    let mut records = session.run(&arguments.cypher).params(parameters).await?;
    let mut out = BufWriter::new(io::stdout());
    while let Some(batch) = records.next_batch().await? {
        for record in batch {
            serde_json::to_writer(&mut out, &object(record)?)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
    }
    Ok(())
}

/// Reads `name=json`.
fn parameter(argument: &str) -> Result<(String, Value), Box<dyn Error + Send + Sync>> {
    let (name, json) = argument.split_once('=').ok_or("there is no `=` in it")?;
    Ok((name.to_owned(), from_json(&serde_json::from_str(json)?)?))
}

fn from_json(json: &Json) -> Result<Value, Box<dyn Error + Send + Sync>> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(boolean) => Value::Boolean(*boolean),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(float)) if number.is_f64() => Value::Float(float),
            _ => return Err(format!("{number} is beyond Cypher's integers").into()),
        },
        Json::String(string) => Value::from(string.as_str()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect::<Result<_, _>>()?),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.as_str(), from_json(value)?)));
            Value::Map(entries.collect::<Result<Vec<_>, Box<dyn Error + Send + Sync>>>()?.into_iter().collect())
        }
    })
}

fn object(record: RecordRef<'_>) -> Result<Json, neobolt_tokio::Error> {
    let values = record.values()?;
    Ok(record.keys().iter().zip(&values).map(|(key, value)| (key.to_owned(), to_json(value))).collect())
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(boolean) => json!(boolean),
        Value::Integer(integer) => json!(integer),
        Value::Float(float) => number(*float),
        Value::Bytes(bytes) => json!(hexadecimal(bytes)),
        Value::String(string) => json!(string.as_str()),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => properties(entries),
        Value::Node(it) => node(it),
        Value::Relationship(it) => relationship(it),
        Value::Path(path) => {
            let steps = path.relationships().zip(path.nodes().skip(1));
            let steps = steps.flat_map(|(step, end)| [relationship(&step), node(end)]);
            std::iter::once(node(path.start())).chain(steps).collect()
        }
        Value::Date(date) => json!(date.to_string()),
        Value::Time(time) => json!(time.to_string()),
        Value::LocalTime(time) => json!(time.to_string()),
        Value::DateTime(instant) => json!(instant.to_string()),
        Value::DateTimeZoneId(instant) => json!(instant.to_string()),
        Value::LocalDateTime(instant) => json!(instant.to_string()),
        Value::Duration(duration) => json!(duration.to_string()),
        Value::Point(it) => point(it),
        Value::Vector(it) => vector(it),
        Value::Uuid(uuid) => json!(uuid.to_string()),
        // What is newer than this program, or than the server's version of the protocol.
        other => json!(format!("{other:?}")),
    }
}

fn properties(entries: &neobolt_tokio::Map) -> Json {
    entries.iter().map(|(key, value)| (key.to_owned(), to_json(value))).collect()
}

fn node(node: &Node) -> Json {
    let labels: Vec<&str> = node.labels.iter().map(|label| label.as_str()).collect();
    json!({"id": node.element_id.as_str(), "labels": labels, "properties": properties(&node.properties)})
}

fn relationship(it: &Relationship) -> Json {
    json!({
        "id": it.element_id.as_str(),
        "type": it.rel_type.as_str(),
        "start": it.start_node_element_id.as_str(),
        "end": it.end_node_element_id.as_str(),
        "properties": properties(&it.properties),
    })
}

fn point(point: &Point) -> Json {
    let mut json = json!({"srid": point.srid, "x": number(point.x), "y": number(point.y)});
    if let Some(z) = point.z {
        json["z"] = number(z);
    }
    json
}

fn vector(vector: &Vector) -> Json {
    fn floats(numbers: impl Iterator<Item = f64>) -> Json {
        numbers.map(number).collect()
    }
    fn integers<T: Into<i64>>(numbers: impl Iterator<Item = T>) -> Json {
        numbers.map(|number| json!(number.into())).collect()
    }
    None.or_else(|| vector.iter::<f64>().map(floats))
        .or_else(|| vector.iter::<f32>().map(|numbers| floats(numbers.map(f64::from))))
        .or_else(|| vector.iter::<i64>().map(integers))
        .or_else(|| vector.iter::<i32>().map(integers))
        .or_else(|| vector.iter::<i16>().map(integers))
        .or_else(|| vector.iter::<i8>().map(integers))
        .unwrap_or_default()
}

fn number(float: f64) -> Json {
    match float {
        _ if float.is_finite() => json!(float),
        _ if float.is_nan() => json!("NaN"),
        _ if float > 0.0 => json!("Infinity"),
        _ => json!("-Infinity"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a string takes everything
        text
    })
}

/// Whether whoever read our output has had enough.
fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let kind = match (error.downcast_ref::<io::Error>(), error.downcast_ref::<serde_json::Error>()) {
        (Some(error), _) => Some(error.kind()),
        (None, Some(error)) => error.io_error_kind(),
        (None, None) => None,
    };
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// Writes an error with its code and GQL status if the server sent it, and with its causes.
fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    if let Some(failure) = error.downcast_ref::<neobolt_tokio::Error>().and_then(neobolt_tokio::Error::failure) {
        text = format!("{} ({}): {}", failure.code, failure.gql_status, failure.message);
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, "\n  caused by: {error}");
        cause = error.source();
    }
    text
}
