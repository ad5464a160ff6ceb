use neobolt_proto::structure::{Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Time};

use super::*;

fn there_and_back(value: Value) {
    let engine = to_engine(&value).unwrap();
    assert_eq!(from_engine(&engine).unwrap(), value, "{engine:?}");
}

#[test]
fn values_come_back_as_they_were() {
    let date = Date::new(-44, 3, 15).unwrap();
    let time = LocalTime::new(23, 59, 59, 999_999_999).unwrap();
    for value in [
        Value::Null,
        Value::Boolean(true),
        Value::Integer(i64::MIN),
        Value::Float(-0.0),
        Value::String("ö\u{1F980}".into()),
        Value::List([Value::Null, Value::List(Box::default())].into()),
        Value::Map(Map::from_iter([("a", Value::Integer(1)), ("b", Value::Map(Map::default()))])),
        Value::Date(date),
        Value::LocalTime(time),
        Value::Time(Time::new(time, -3_600).unwrap()),
        Value::LocalDateTime(LocalDateTime::new(date, time)),
        Value::DateTime(DateTime::from_utc(1_700_000_000, 1, 19_800).unwrap()),
        // One hour apart, and the same on a clock in Stockholm.
        Value::DateTimeZoneId(DateTimeZoneId::from_utc(1_698_537_600, 0, "Europe/Stockholm").unwrap().into()),
        Value::DateTimeZoneId(DateTimeZoneId::from_utc(1_698_541_200, 0, "Europe/Stockholm").unwrap().into()),
        Value::Duration(Duration::new(1, -2, 3, 4).unwrap().into()),
    ] {
        there_and_back(value);
    }
}

#[test]
fn what_the_engine_lacks_is_named() {
    let failure = to_engine(&Value::List([Value::Bytes([1].into())].into())).unwrap_err();
    assert_eq!(&*failure.code, "Neo.ClientError.Statement.TypeError");
    assert!(failure.message.contains("BYTES"), "{failure}");
    let nowhere = DateTimeZoneId::from_utc(0, 0, "Mars/Phobos").unwrap();
    let failure = to_engine(&Value::DateTimeZoneId(nowhere.into())).unwrap_err();
    assert!(failure.message.contains("Mars/Phobos"), "{failure}");
}
