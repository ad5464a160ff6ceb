//! Cypher's values in TestKit's JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use neobolt::types::{Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Point, Time};
use neobolt::{Map, Parameters, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

pub(crate) type CypherMap = BTreeMap<String, CypherValue>;

/// A value as TestKit sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "name", content = "data")]
#[expect(clippy::enum_variant_names, reason = "TestKit's names")]
pub(crate) enum CypherValue {
    CypherNull(serde::de::IgnoredAny),
    CypherBool(Boxed<bool>),
    CypherInt(Boxed<i64>),
    CypherFloat(Boxed<Json>),
    CypherString(Boxed<String>),
    CypherBytes(Boxed<String>),
    CypherList(Boxed<Vec<Self>>),
    CypherMap(Boxed<CypherMap>),
    CypherPoint { system: String, x: f64, y: f64, z: Option<f64> },
    CypherDate { year: i64, month: u8, day: u8 },
    CypherTime { hour: u8, minute: u8, second: u8, nanosecond: u32, utc_offset_s: Option<i32> },
    CypherDateTime(Moment),
    CypherDuration { months: i64, days: i64, seconds: i64, nanoseconds: i32 },
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Boxed<T> {
    value: T,
}

/// What a clock shows on a day, and where it hangs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Moment {
    year: i64,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    utc_offset_s: Option<i32>,
    timezone_id: Option<String>,
}

/// Turns parameters or metadata into what the driver takes.
pub(crate) fn parameters(map: Option<CypherMap>) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    for (key, value) in map.unwrap_or_default() {
        parameters.insert(&key, value.into_value()?);
    }
    Ok(parameters)
}

impl CypherValue {
    fn into_value(self) -> Result<Value, String> {
        let wrong = |what: &str| format!("TestKit sent a {what} that does not exist");
        Ok(match self {
            Self::CypherNull(_) => Value::Null,
            Self::CypherBool(it) => it.value.into(),
            Self::CypherInt(it) => it.value.into(),
            Self::CypherFloat(it) => float(&it.value).ok_or_else(|| wrong("float"))?.into(),
            Self::CypherString(it) => it.value.into(),
            Self::CypherBytes(it) => {
                let bytes = it.value.split_whitespace().map(|byte| u8::from_str_radix(byte, 16));
                Value::Bytes(bytes.collect::<Result<_, _>>().map_err(|_| wrong("byte"))?)
            }
            Self::CypherList(it) => Value::List(it.value.into_iter().map(Self::into_value).collect::<Result<_, _>>()?),
            Self::CypherMap(it) => {
                let entries = it.value.into_iter().map(|(key, value)| Ok((key, value.into_value()?)));
                Value::Map(entries.collect::<Result<Vec<_>, String>>()?.into_iter().collect())
            }
            Self::CypherPoint { system, x, y, z } => match (&*system, z) {
                ("cartesian", None) => Point::cartesian(x, y).into(),
                ("cartesian", Some(z)) => Point::cartesian_3d(x, y, z).into(),
                (_, None) => Point::wgs_84(x, y).into(),
                (_, Some(z)) => Point::wgs_84_3d(x, y, z).into(),
            },
            Self::CypherDate { year, month, day } => Date::new(year, month, day).ok_or_else(|| wrong("date"))?.into(),
            Self::CypherTime { hour, minute, second, nanosecond, utc_offset_s } => {
                let time = LocalTime::new(hour, minute, second, nanosecond).ok_or_else(|| wrong("time"))?;
                match utc_offset_s {
                    None => time.into(),
                    Some(offset) => Time::new(time, offset).ok_or_else(|| wrong("time"))?.into(),
                }
            }
            Self::CypherDateTime(moment) => moment.into_value().ok_or_else(|| wrong("date-time"))?,
            Self::CypherDuration { months, days, seconds, nanoseconds } => {
                Duration::new(months, days, seconds, nanoseconds).ok_or_else(|| wrong("duration"))?.into()
            }
        })
    }
}

fn float(json: &Json) -> Option<f64> {
    match json.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("+Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        _ => json.as_f64(),
    }
}

impl Moment {
    fn into_value(self) -> Option<Value> {
        let date = Date::new(self.year, self.month, self.day)?;
        let local = LocalDateTime::new(date, LocalTime::new(self.hour, self.minute, self.second, self.nanosecond)?);
        Some(match (self.timezone_id, self.utc_offset_s) {
            (Some(zone), offset) => {
                let seconds = local.seconds() - i64::from(offset?);
                DateTimeZoneId::from_utc(seconds, self.nanosecond, &zone)?.into()
            }
            (None, Some(offset)) => DateTime::from_local(local, offset)?.into(),
            (None, None) => local.into(),
        })
    }
}

/// Writes a value for TestKit.
///
/// # Errors
///
/// The value is one that the driver hands on as it came, and that nobody can tell the meaning of.
pub(crate) fn to_json(value: &Value) -> Result<Json, String> {
    let tagged = |name: &str, value: Json| json!({ "name": name, "data": { "value": value } });
    Ok(match value {
        Value::Null => tagged("CypherNull", Json::Null),
        Value::Boolean(it) => tagged("CypherBool", json!(it)),
        Value::Integer(it) => tagged("CypherInt", json!(it)),
        Value::Float(it) if it.is_nan() => tagged("CypherFloat", json!("NaN")),
        Value::Float(it) if it.is_infinite() => {
            tagged("CypherFloat", json!(if *it > 0.0 { "+Infinity" } else { "-Infinity" }))
        }
        Value::Float(it) => tagged("CypherFloat", json!(it)),
        Value::Bytes(it) => tagged("CypherBytes", json!(hex(it))),
        Value::String(it) => tagged("CypherString", json!(&**it)),
        Value::List(it) => tagged("CypherList", it.iter().map(to_json).collect::<Result<_, _>>()?),
        Value::Map(it) => tagged("CypherMap", map_to_json(it)?),
        Value::Node(it) => json!({ "name": "Node", "data": {
            "id": to_json(&it.id.into())?,
            "labels": to_json(&it.labels.iter().map(|label| Value::from(&**label)).collect())?,
            "props": tagged("CypherMap", map_to_json(&it.properties)?),
            "elementId": to_json(&Value::from(&*it.element_id))?,
        }}),
        Value::Relationship(it) => relationship(it)?,
        Value::Path(it) => json!({ "name": "Path", "data": {
            "nodes": tagged("CypherList", it.nodes().map(|node| to_json(&node.clone().into())).collect::<Result<_, _>>()?),
            "relationships": tagged("CypherList", it.relationships().map(|it| relationship(&it)).collect::<Result<_, _>>()?),
        }}),
        Value::Date(it) => json!({ "name": "CypherDate", "data": date(*it) }),
        Value::LocalTime(it) => json!({ "name": "CypherTime", "data": time(*it) }),
        Value::Time(it) => {
            let mut data = time(it.local());
            data["utc_offset_s"] = json!(it.offset_seconds());
            json!({ "name": "CypherTime", "data": data })
        }
        Value::LocalDateTime(it) => moment(*it, None, None),
        Value::DateTime(it) => moment(it.local(), Some(it.offset_seconds()), None),
        Value::DateTimeZoneId(it) => {
            let local = it.local().ok_or_else(|| format!("unknown time zone {}", it.zone_id()))?;
            let offset = i32::try_from(local.seconds() - it.seconds()).map_err(|_| "an offset out of range")?;
            moment(local, Some(offset), Some(it.zone_id()))
        }
        Value::Duration(it) => json!({ "name": "CypherDuration", "data": {
            "months": it.months(), "days": it.days(), "seconds": it.seconds(), "nanoseconds": it.nanoseconds(),
        }}),
        Value::Point(it) => {
            let system = if matches!(it.srid, Point::WGS_84 | Point::WGS_84_3D) { "wgs84" } else { "cartesian" };
            json!({ "name": "CypherPoint", "data": { "system": system, "x": it.x, "y": it.y, "z": it.z } })
        }
        Value::Structure(it) => {
            return Err(match it.fields() {
                [_, _, Value::String(zone_id)] if matches!(it.tag(), b'i' | b'f') => {
                    format!("unknown time zone {zone_id}")
                }
                _ => format!("unknown structure {:#04x}", it.tag()),
            });
        }
        other => return Err(format!("a value that TestKit does not know: {other:?}")),
    })
}

/// Writes the entries of a map for TestKit.
pub(crate) fn map_to_json(map: &Map) -> Result<Json, String> {
    let entries = map.iter().map(|(key, value)| Ok((key.to_owned(), to_json(value)?)));
    Ok(Json::Object(entries.collect::<Result<_, String>>()?))
}

/// Writes a value as plain JSON, for what is no result of a query.
pub(crate) fn to_plain(value: &Value) -> Json {
    match value {
        Value::Boolean(it) => json!(it),
        Value::Integer(it) => json!(it),
        Value::Float(it) => json!(it),
        Value::String(it) => json!(&**it),
        Value::List(it) => it.iter().map(to_plain).collect(),
        Value::Map(it) => it.iter().map(|(key, value)| (key.to_owned(), to_plain(value))).collect(),
        _ => Json::Null,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let separator = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{separator}{byte:02x}");
        text
    })
}

fn relationship(it: &neobolt::types::Relationship) -> Result<Json, String> {
    let text = |text: &str| to_json(&Value::from(text));
    Ok(json!({ "name": "Relationship", "data": {
        "id": to_json(&it.id.into())?,
        "startNodeId": to_json(&it.start_node_id.into())?,
        "endNodeId": to_json(&it.end_node_id.into())?,
        "type": text(&it.rel_type)?,
        "props": json!({ "name": "CypherMap", "data": { "value": map_to_json(&it.properties)? } }),
        "elementId": text(&it.element_id)?,
        "startNodeElementId": text(&it.start_node_element_id)?,
        "endNodeElementId": text(&it.end_node_element_id)?,
    }}))
}

fn date(it: Date) -> Json {
    json!({ "year": it.year(), "month": it.month(), "day": it.day() })
}

fn time(it: LocalTime) -> Json {
    json!({ "hour": it.hour(), "minute": it.minute(), "second": it.second(), "nanosecond": it.nanosecond() })
}

fn moment(local: LocalDateTime, offset: Option<i32>, zone_id: Option<&str>) -> Json {
    let (date, time) = (local.date(), local.time());
    json!({ "name": "CypherDateTime", "data": {
        "year": date.year(), "month": date.month(), "day": date.day(),
        "hour": time.hour(), "minute": time.minute(), "second": time.second(), "nanosecond": time.nanosecond(),
        "utc_offset_s": offset, "timezone_id": zone_id,
    }})
}

/// Writes parameters as TestKit sent them: what the summary's query shows.
pub(crate) fn written(params: Option<&CypherMap>) -> Result<Json, String> {
    let entries =
        params.into_iter().flatten().map(|(key, value)| Ok((key.clone(), to_json(&value.clone().into_value()?)?)));
    Ok(Json::Object(entries.collect::<Result<_, String>>()?))
}

/// Reads plain JSON as parameters, for what is no parameter of a query.
pub(crate) fn plain_parameters(map: &BTreeMap<String, Json>) -> Parameters {
    fn plain(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(it) => (*it).into(),
            Json::Number(it) => it.as_i64().map_or_else(|| it.as_f64().unwrap_or_default().into(), Value::from),
            Json::String(it) => it.as_str().into(),
            Json::Array(it) => it.iter().map(plain).collect(),
            Json::Object(it) => Value::Map(it.iter().map(|(key, value)| (key.as_str(), plain(value))).collect()),
        }
    }
    map.iter().fold(Parameters::new(), |parameters, (key, value)| parameters.with(key, plain(value)))
}
