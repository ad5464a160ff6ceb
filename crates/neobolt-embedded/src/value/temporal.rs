//! Dates, times and durations.
//!
//! The engine's types have no names outside it. They are made by the deserialisation that they have instead, from their
//! components in order, and read through their public fields.

use chrono::{Datelike, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use graphdblite::Value as EngineValue;
use neobolt_proto::structure::{Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Time};
use neobolt_proto::{Failure, Value};
use serde::Deserialize;
use serde::de::value::{Error, SeqDeserializer};

use crate::failure;

/// Returns a temporal value in the engine's types; `None` if it is not temporal.
pub(super) fn to_engine(value: &Value) -> Option<Result<EngineValue, Failure>> {
    let converted = match value {
        Value::Date(date) => made(&date_parts(*date)).map(EngineValue::Date),
        Value::LocalTime(time) => made(&time_parts(*time)).map(EngineValue::LocalTime),
        Value::Time(time) => made(&with(&time_parts(time.local()), time.offset_seconds())).map(EngineValue::Time),
        Value::LocalDateTime(it) => made(&parts(*it)).map(EngineValue::LocalDateTime),
        Value::DateTime(it) => made(&with(&parts(it.local()), it.offset_seconds())).map(EngineValue::DateTime),
        Value::DateTimeZoneId(it) => return Some(zoned(it)),
        Value::Duration(it) => {
            made(&[it.months(), it.days(), it.seconds(), it.nanoseconds().into()]).map(EngineValue::Duration)
        }
        _ => return None,
    };
    Some(converted.ok_or_else(|| failure::argument("a temporal value is out of the range of the embedded engine")))
}

/// Returns a temporal value of the engine; `None` if it is out of range, or not temporal.
pub(super) fn from_engine(value: &EngineValue) -> Option<Value> {
    Some(match value {
        EngineValue::Date(it) => Value::Date(date(&it.0)?),
        EngineValue::LocalTime(it) => Value::LocalTime(time(it.0)?),
        EngineValue::Time(it) => Value::Time(Time::new(time(it.0)?, it.1.local_minus_utc())?),
        EngineValue::LocalDateTime(it) => Value::LocalDateTime(date_time(it.0)?),
        EngineValue::DateTime(it) => {
            let instant = DateTime::from_local(date_time(it.0)?, it.1.local_minus_utc())?;
            match &it.2 {
                None => Value::DateTime(instant),
                Some(zone) => Value::DateTimeZoneId(
                    DateTimeZoneId::from_utc(instant.seconds(), instant.nanosecond(), zone)?.into(),
                ),
            }
        }
        EngineValue::Duration(it) => {
            let seconds = it.seconds.checked_add(it.nanos.div_euclid(1_000_000_000))?;
            let nanoseconds = i32::try_from(it.nanos.rem_euclid(1_000_000_000)).ok()?;
            Value::Duration(Duration::new(it.months, it.days, seconds, nanoseconds)?.into())
        }
        _ => return None,
    })
}

/// Makes one of the engine's types from its components.
fn made<'de, T: Deserialize<'de>>(components: &[i64]) -> Option<T> {
    T::deserialize(SeqDeserializer::<_, Error>::new(components.iter().copied())).ok()
}

fn zoned(it: &DateTimeZoneId) -> Result<EngineValue, Failure> {
    let zone: chrono_tz::Tz =
        it.zone_id().parse().map_err(|_| failure::argument(format!("the time zone '{}' is unknown", it.zone_id())))?;
    let out_of_range = || failure::argument("a temporal value is out of the range of the embedded engine");
    let utc = chrono::DateTime::from_timestamp(it.seconds(), it.nanosecond()).ok_or_else(out_of_range)?;
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
    let local = DateTime::from_utc(it.seconds(), it.nanosecond(), offset).ok_or_else(out_of_range)?.local();
    let mut value = made(&with(&parts(local), offset)).map(EngineValue::DateTime).ok_or_else(out_of_range)?;
    if let EngineValue::DateTime(made) = &mut value {
        made.2 = Some(it.zone_id().to_owned());
    }
    Ok(value)
}

fn date_parts(date: Date) -> [i64; 3] {
    [date.year(), date.month().into(), date.day().into()]
}

fn time_parts(time: LocalTime) -> [i64; 4] {
    [time.hour().into(), time.minute().into(), time.second().into(), time.nanosecond().into()]
}

fn parts(it: LocalDateTime) -> Vec<i64> {
    [&date_parts(it.date())[..], &time_parts(it.time())].concat()
}

fn with(components: &[i64], offset_seconds: i32) -> Vec<i64> {
    [components, &[offset_seconds.into()]].concat()
}

fn date(date: &impl Datelike) -> Option<Date> {
    Date::new(date.year().into(), u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?)
}

fn time(time: NaiveTime) -> Option<LocalTime> {
    let component = |value: u32| u8::try_from(value).ok();
    // A leap second is counted as nanoseconds beyond the second before it, which Bolt does not know.
    let nanosecond = time.nanosecond().min(999_999_999);
    LocalTime::new(component(time.hour())?, component(time.minute())?, component(time.second())?, nanosecond)
}

fn date_time(it: NaiveDateTime) -> Option<LocalDateTime> {
    Some(LocalDateTime::new(date(&it.date())?, time(it.time())?))
}
