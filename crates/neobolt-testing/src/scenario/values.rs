//! Every type of value, there and back.

use std::collections::BTreeMap;
use std::fmt::Debug;

use neobolt::types::{
    Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Node, Path, Point, Relationship, Time, Uuid,
    Vector,
};
use neobolt::{ByteArray, Decode, Encode, Map, Value};

use super::{Outcome, Target};
use crate::queries;

/// Sends values, each of which must come back as it was, as an owned [`Value`] and as `T`.
async fn echo<T>(target: &Target, values: impl IntoIterator<Item = T>) -> Outcome
where
    T: Encode + for<'a> Decode<'a> + Clone + PartialEq + Debug + Into<Value>,
{
    let driver = target.driver()?;
    let mut session = driver.session().build();
    for value in values {
        let record = session.run(queries::ECHO).param("value", &value).await?.single().await?;
        ensure_eq!(record.get::<T>("value")?, value);
        ensure_eq!(record.get::<Value>(0)?, value.clone().into());
        // As a value it goes the same way.
        let owned: Value = value.into();
        let record = session.run(queries::ECHO).param("value", vec![Some(&owned), None]).await?.single().await?;
        ensure_eq!(record.get::<Vec<Value>>("value")?, [owned, Value::Null]);
    }
    Ok(())
}

pub(super) async fn null_and_scalars(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let record = session.run(queries::ECHO).param("value", ()).await?.single().await?;
    ensure_eq!(record.get::<Option<i64>>("value")?, None);
    ensure_eq!(record.get::<Value>("value")?, Value::Null);

    echo(target, [true, false]).await?;
    let integers =
        [0, -16, -17, 127, 128, -128, -129, 32_767, 32_768, -32_769, 1 << 31, -(1 << 31) - 1, i64::MAX, i64::MIN];
    echo(target, integers).await?;
    echo(target, [0.0, -0.0, 1.5, f64::MIN_POSITIVE, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY]).await?;
    let texts =
        ["", "a", "Ünïcödé 🦀 \u{0} \"'\\", &"x".repeat(15), &"x".repeat(16), &"x".repeat(256), &"ß".repeat(70_000)];
    echo(target, texts.map(str::to_owned)).await?;
    let record = session.run(queries::ECHO).param("value", "borrowed").await?.single().await?;
    ensure_eq!(record.get::<&str>("value")?, "borrowed");
    let record = session.run(queries::ECHO).param("value", f64::NAN).await?.single().await?;
    ensure!(record.get::<f64>("value")?.is_nan());
    Ok(())
}

pub(super) async fn collections(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let nested = Value::from(vec![
        Value::List([].into()),
        Value::Map(Map::default()),
        Value::Map(Map::from_iter([
            ("list", Value::from(vec![Value::from(1), Value::Null, Value::from("three")])),
            ("a key with spaces and ä", Value::Map(Map::from_iter([("deep", 1.5)]))),
        ])),
    ]);
    let record = session.run(queries::ECHO).param("value", &nested).await?.single().await?;
    ensure_eq!(record.get::<Value>("value")?, nested);
    let numbers: Vec<i64> = (0..70_000).collect();
    let record = session.run(queries::ECHO).param("value", &numbers).await?.single().await?;
    ensure_eq!(record.get::<Vec<i64>>("value")?, numbers);
    let map: BTreeMap<String, i64> = (0..300).map(|i| (format!("k{i}"), i)).collect();
    let record = session.run(queries::ECHO).param("value", &map).await?.single().await?;
    ensure_eq!(record.get::<BTreeMap<String, i64>>("value")?, map);
    let record = session.run(queries::ECHO).param("value", (1, "two", [3.0])).await?.single().await?;
    ensure_eq!(record.get::<(i64, &str, Vec<f64>)>("value")?, (1, "two", vec![3.0]));
    Ok(())
}

pub(super) async fn temporal_types(target: &Target) -> Outcome {
    let some = |what| move || format!("{what} is valid");
    let date = |year, month, day| Date::new(year, month, day).ok_or_else(some("the date"));
    let time = LocalTime::new(23, 59, 59, 999_999_999).ok_or_else(some("the time"))?;
    let midnight = LocalTime::new(0, 0, 0, 0).ok_or_else(some("midnight"))?;
    let dates = [date(1970, 1, 1)?, date(2024, 2, 29)?, date(1815, 12, 10)?, date(9999, 12, 31)?, date(1, 1, 1)?];
    echo(target, dates).await?;
    echo(target, [midnight, time]).await?;
    let offset = |seconds| Time::new(time, seconds).ok_or_else(some("the offset"));
    echo(target, [offset(0)?, offset(3600)?, offset(-18_000)?, offset(20_700)?]).await?;
    let local = dates.map(|date| LocalDateTime::new(date, time));
    echo(target, local).await?;
    let zoned = |seconds| DateTime::from_local(local[1], seconds).ok_or_else(some("the date-time"));
    echo(target, [zoned(0)?, zoned(7200)?, zoned(-12_600)?]).await?;
    for (seconds, zone) in [(1_709_251_199, "Europe/Berlin"), (0, "America/New_York")] {
        echo(target, DateTimeZoneId::from_utc(seconds, 5, zone)).await?;
    }
    let durations = [(0, 0, 0, 0), (14, 3, 14_706, 1), (-1, -2, -3, 999_999_999), (1_200, 0, 0, 0)];
    for (months, days, seconds, nanoseconds) in durations {
        echo(target, Duration::new(months, days, seconds, nanoseconds)).await?;
    }
    Ok(())
}

pub(super) async fn the_hour_that_an_autumn_night_has_twice(target: &Target) -> Outcome {
    let hours = [1_698_537_600, 1_698_541_200].map(|seconds| DateTimeZoneId::from_utc(seconds, 0, "Europe/Berlin"));
    echo(target, hours.into_iter().flatten()).await
}

pub(super) async fn byte_arrays(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    for length in [0_usize, 1, 255, 256, 70_000] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let record = session.run(queries::ECHO).param("value", ByteArray(&bytes)).await?.single().await?;
        ensure_eq!(record.get::<&[u8]>("value")?, &*bytes);
        ensure_eq!(record.get::<Value>("value")?, Value::Bytes(bytes.into()));
    }
    Ok(())
}

pub(super) async fn points(target: &Target) -> Outcome {
    let points = [
        Point::cartesian(1.5, -2.5),
        Point::cartesian_3d(0.0, -0.5, 1e9),
        Point::wgs_84(13.4, 52.5),
        Point::wgs_84_3d(-0.1, 51.5, 35.0),
    ];
    echo(target, points).await
}

pub(super) async fn vectors(target: &Target) -> Outcome {
    let vectors = [
        Vector::from_iter([1_i8, -2, 127]),
        Vector::from_iter([1_i16, -2, i16::MIN]),
        Vector::from_iter([1_i32, -2, i32::MAX]),
        Vector::from_iter([1_i64, -2, i64::MIN]),
        Vector::from_iter([1.0_f32, -2.5]),
        Vector::from_iter((0..768).map(f64::from)),
    ];
    echo(target, vectors).await
}

pub(super) async fn uuids(target: &Target) -> Outcome {
    echo(target, [Uuid([0; 16]), Uuid([0xff; 16]), Uuid(*b"sixteen bytes ok")]).await
}

pub(super) async fn nodes_relationships_and_paths(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    let record = session.run(queries::CREATE_PAIR).param("key", &*key).await?.single().await?;
    let (ada, charles) = (record.get::<Node>("a")?, record.get::<Node>("b")?);
    let knows = record.get::<Relationship>("k")?;
    ensure_eq!(&*ada.labels, ["ScenarioPerson"]);
    ensure_eq!(ada.properties.get("name"), Some(&Value::from("Ada")));
    ensure_eq!(charles.properties.get("name"), Some(&Value::from("Charles")));
    ensure_eq!(charles.properties.get("key"), Some(&Value::from(&*key)));
    ensure!(ada.element_id != charles.element_id);
    ensure_eq!(&*knows.rel_type, "KNOWS");
    ensure_eq!(knows.properties.get("since"), Some(&Value::from(1833)));
    ensure_eq!(knows.start_node_element_id, ada.element_id);
    ensure_eq!(knows.end_node_element_id, charles.element_id);
    ensure_eq!(record.values()?, [Value::from(ada.clone()), Value::from(knows.clone()), Value::from(charles.clone())]);

    let record = session.run(queries::MATCH_PATH).param("key", &*key).await?.single().await?;
    let path = record.get::<Path>("p")?;
    ensure_eq!(path.len(), 1);
    ensure_eq!(path.start(), &ada);
    ensure_eq!(path.end(), &charles);
    ensure_eq!(record.get::<Value>("p")?, Value::from(path));
    session.run(queries::DELETE_PAIR).param("key", &*key).await?.consume().await?;
    Ok(())
}
