//! Values of the engine as values of Bolt, and back.
//!
//! Both directions recurse into lists and maps; how deep a client's values nest was bounded when they were decoded, and
//! the engine's come from those or from query text whose depth it bounds itself.

mod graph;
mod temporal;

use std::collections::{BTreeMap, HashMap};

use graphdblite::Value as EngineValue;
use neobolt_proto::{Failure, Map, Str, Value};

use crate::failure;

/// Returns a query's parameters in the engine's types.
pub(crate) fn parameters(parameters: &Map) -> Result<HashMap<String, EngineValue>, Failure> {
    parameters.iter().map(|(name, value)| Ok((name.to_owned(), to_engine(value)?))).collect()
}

/// Returns a value in the engine's types.
fn to_engine(value: &Value) -> Result<EngineValue, Failure> {
    Ok(match value {
        Value::Null => EngineValue::Null,
        Value::Boolean(boolean) => EngineValue::Bool(*boolean),
        Value::Integer(integer) => EngineValue::I64(*integer),
        Value::Float(float) => EngineValue::F64(*float),
        Value::String(string) => EngineValue::String(string.to_string()),
        Value::List(list) => EngineValue::List(list.iter().map(to_engine).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let entries: Result<BTreeMap<_, _>, Failure> =
                map.iter().map(|(key, value)| Ok((key.to_owned(), to_engine(value)?))).collect();
            EngineValue::Map(entries?)
        }
        _ => match temporal::to_engine(value) {
            Some(value) => value?,
            None => return Err(failure::unsupported_value(type_name(value))),
        },
    })
}

/// Returns a value of the engine in Bolt's types.
pub(crate) fn from_engine(value: &EngineValue) -> Result<Value, Failure> {
    Ok(match value {
        EngineValue::Null => Value::Null,
        EngineValue::Bool(boolean) => Value::Boolean(*boolean),
        EngineValue::I64(integer) => Value::Integer(*integer),
        EngineValue::F64(float) => Value::Float(*float),
        EngineValue::String(string) => Value::String(string.as_str().into()),
        EngineValue::List(list) => Value::List(list.iter().map(from_engine).collect::<Result<_, _>>()?),
        EngineValue::Map(map) => Value::Map(entries(map.iter())?),
        EngineValue::Node(node) => Value::Node(Box::new(graph::node(node)?)),
        EngineValue::Edge(edge) => Value::Relationship(Box::new(graph::relationship(edge)?)),
        EngineValue::Path(path) => Value::Path(Box::new(graph::path(path)?)),
        EngineValue::Date(_)
        | EngineValue::LocalTime(_)
        | EngineValue::Time(_)
        | EngineValue::LocalDateTime(_)
        | EngineValue::DateTime(_)
        | EngineValue::Duration(_) => {
            temporal::from_engine(value).ok_or_else(|| failure::unexpected(format!("{value} is out of range")))?
        }
    })
}

/// Returns a map with these entries.
fn entries<'v>(entries: impl Iterator<Item = (&'v String, &'v EngineValue)>) -> Result<Map, Failure> {
    let entries: Result<Vec<(Str, Value)>, Failure> =
        entries.map(|(key, value)| Ok((key.as_str().into(), from_engine(value)?))).collect();
    Ok(Map::from(entries?))
}

/// Names the type of a value that the engine does not have.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Bytes(_) => "BYTES",
        Value::Node(_) => "NODE",
        Value::Relationship(_) => "RELATIONSHIP",
        Value::Path(_) => "PATH",
        Value::Point(_) => "POINT",
        Value::Vector(_) => "VECTOR",
        Value::Uuid(_) => "UUID",
        _ => "this kind",
    }
}

#[cfg(test)]
mod tests;
