use packstream::{DecodeErrorKind, Decoder, Encoder};

use super::{both_ways, decoded, encoded, hex, kept, read_as};
use crate::structure::{Date, DateTime, DateTimeZoneId, Duration, LocalDateTime, LocalTime, Time, tag};
use crate::value::Value;

#[test]
fn dates() {
    both_ways("B1 44 00", Date::from_days(0).unwrap());
    both_ways("B1 44 C9 40 FD", Date::new(2015, 7, 21).unwrap());
    both_ways("B1 44 FF", Date::new(1969, 12, 31).unwrap());
    for (date, text) in [
        ((2015, 7, 21), "2015-07-21"),
        ((0, 2, 29), "0000-02-29"),
        ((-1, 1, 1), "-0001-01-01"),
        ((9_999, 12, 31), "9999-12-31"),
        ((10_000, 1, 1), "+10000-01-01"),
        ((999_999_999, 12, 31), "+999999999-12-31"),
        ((-999_999_999, 1, 1), "-999999999-01-01"),
    ] {
        let (year, month, day) = date;
        let date = Date::new(year, month, day).unwrap();
        assert_eq!((date.year(), date.month(), date.day()), (year, month, day));
        assert_eq!(date.to_string(), text);
    }
    for (year, month, day) in [
        (2015, 2, 29),
        (1900, 2, 29),
        (2015, 13, 1),
        (2015, 0, 1),
        (2015, 1, 0),
        (2015, 4, 31),
        (2015, 255, 255),
        (1_000_000_000, 1, 1),
        (i64::MIN, 1, 1),
    ] {
        assert_eq!(Date::new(year, month, day), None, "{year} {month} {day}");
    }
    assert!(Date::new(2000, 2, 29).is_some());
    let custom = |kind| matches!(kind, DecodeErrorKind::Custom(_));
    assert!(custom(kept::<Date>("B1 44 CB 7F FF FF FF FF FF FF FF")));
    assert!(custom(kept::<Date>("B1 44 CB 80 00 00 00 00 00 00 00")));
}

#[test]
fn every_day_of_eight_centuries_has_its_number() {
    let mut date = Date::new(1600, 1, 1).unwrap();
    while date.year() < 2400 {
        let next = Date::from_days(date.days() + 1).unwrap();
        let (year, month, day) = (date.year(), date.month(), date.day());
        assert_eq!(Date::new(year, month, day), Some(date));
        let expected = match Date::new(year, month, day + 1) {
            Some(tomorrow) => tomorrow,
            None if month == 12 => Date::new(year + 1, 1, 1).unwrap(),
            None => Date::new(year, month + 1, 1).unwrap(),
        };
        assert_eq!(next, expected);
        date = next;
    }
    assert_eq!(date.days(), 157_054);
}

#[test]
fn times() {
    let local = LocalTime::new(12, 34, 56, 789_000_000).unwrap();
    both_ways("B1 74 CB 00 00 29 32 7B 06 17 40", LocalTime::from_nanoseconds(45_296_789_100_352).unwrap());
    assert_eq!(local.nanoseconds(), 45_296_789_000_000);
    assert_eq!((local.hour(), local.minute(), local.second(), local.nanosecond()), (12, 34, 56, 789_000_000));
    assert_eq!(local.to_string(), "12:34:56.789");
    assert_eq!(LocalTime::new(0, 0, 0, 0).unwrap().to_string(), "00:00:00");
    assert_eq!(LocalTime::new(23, 59, 59, 1).unwrap().to_string(), "23:59:59.000000001");
    for time in [(24, 0, 0, 0), (0, 60, 0, 0), (0, 0, 60, 0), (0, 0, 0, 1_000_000_000)] {
        let (hour, minute, second, nanosecond) = time;
        assert_eq!(LocalTime::new(hour, minute, second, nanosecond), None);
    }
    assert_eq!(LocalTime::from_nanoseconds(-1), None);
    assert_eq!(LocalTime::from_nanoseconds(86_400_000_000_000), None);

    let time = Time::new(local, 3_600).unwrap();
    assert_eq!((time.local(), time.offset_seconds()), (local, 3_600));
    assert_eq!(time.to_string(), "12:34:56.789+01:00");
    both_ways("B2 54 00 C9 0E 10", Time::new(LocalTime::new(0, 0, 0, 0).unwrap(), 3_600).unwrap());
    assert_eq!(Time::new(local, 0).unwrap().to_string(), "12:34:56.789Z");
    assert_eq!(Time::new(local, -5_430).unwrap().to_string(), "12:34:56.789-01:30:30");
    assert_eq!(Time::new(local, 86_400), None);
    kept::<Time>("B2 54 FF 00");
    kept::<Time>("B2 54 00 CA 00 01 51 80");
    kept::<LocalTime>("B1 74 FF");
    kept::<LocalTime>("B2 74 00 00");
}

#[test]
fn local_date_times() {
    let date_time = LocalDateTime::new(Date::new(1969, 12, 31).unwrap(), LocalTime::new(23, 59, 58, 5).unwrap());
    both_ways("B2 64 FE 05", date_time);
    assert_eq!((date_time.seconds(), date_time.nanosecond()), (-2, 5));
    assert_eq!(date_time.date(), Date::new(1969, 12, 31).unwrap());
    assert_eq!(date_time.time(), LocalTime::new(23, 59, 58, 5).unwrap());
    assert_eq!(date_time.to_string(), "1969-12-31T23:59:58.000000005");
    kept::<LocalDateTime>("B2 64 00 FF");
    kept::<LocalDateTime>("B2 64 00 CA 3B 9A CA 00");
    kept::<LocalDateTime>("B2 64 CB 7F FF FF FF FF FF FF FF 00");
}

#[test]
fn date_times() {
    // 2015-07-21T21:40:32.142+01:00
    let date = LocalDateTime::new(Date::new(2015, 7, 21).unwrap(), LocalTime::new(21, 40, 32, 142_000_000).unwrap());
    let date_time = DateTime::from_local(date, 3_600).unwrap();
    assert_eq!(date_time.seconds(), 1_437_511_232);
    assert_eq!(date_time.local(), date);
    assert_eq!(date_time.to_string(), "2015-07-21T21:40:32.142+01:00");
    both_ways("B3 49 CA 55 AE AE 40 CA 08 76 BF 80 C9 0E 10", date_time);
    read_as(&hex("B3 46 CA 55 AE BC 50 CA 08 76 BF 80 C9 0E 10"), date_time);
    assert_eq!(DateTime::from_utc(1_437_511_232, 142_000_000, 3_600), Some(date_time));
    kept::<DateTime>("B3 49 00 00 CA 00 01 51 80");
    kept::<DateTime>("B3 49 CB 7F FF FF FF FF FF FF FF 00 01");
    kept::<DateTime>("B3 46 CB 80 00 00 00 00 00 00 00 00 01");
    kept::<DateTime>("B3 46 00 00 CB 80 00 00 00 00 00 00 00");
}

#[test]
fn date_times_with_a_zone() {
    let date_time = DateTimeZoneId::from_utc(1, 500_000_000, "Europe/Atlantis").unwrap();
    assert_eq!(date_time.to_string(), "1970-01-01T00:00:01.5Z[Europe/Atlantis]");
    assert_eq!((date_time.seconds(), date_time.nanosecond(), date_time.zone_id()), (1, 500_000_000, "Europe/Atlantis"));
    both_ways("B3 69 01 CA 1D CD 65 00 8F 45 75 72 6F 70 65 2F 41 74 6C 61 6E 74 69 73", date_time);
    // In seconds of local time nobody knows which instant it is.
    kept::<DateTimeZoneId>("B3 66 01 00 8F 45 75 72 6F 70 65 2F 41 74 6C 61 6E 74 69 73");
    kept::<DateTimeZoneId>("B3 69 01 FF 80");
}

/// Before Bolt 5.0: seconds that clocks in the zone show.
#[test]
fn date_times_with_a_zone_in_local_time() {
    let shown = |local: i64| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes);
        encoder.structure_header(tag::LEGACY_DATE_TIME_ZONE_ID, 3).unwrap();
        encoder.encode(&local).unwrap();
        encoder.encode(&7).unwrap();
        encoder.encode("Europe/Stockholm").unwrap();
        Decoder::new(&bytes).decode::<DateTimeZoneId>().unwrap()
    };
    // 2022-06-14T15:21:18 in summer.
    let summer = shown(1_655_220_078);
    assert_eq!(summer, DateTimeZoneId::from_utc(1_655_212_878, 7, "Europe/Stockholm").unwrap());
    assert_eq!(summer.local().unwrap().seconds(), 1_655_220_078);
    // 2022-10-30T02:30 comes twice: it is the first. 2022-03-27T02:30 never comes: it is 03:30.
    assert_eq!(shown(1_667_097_000).seconds(), 1_667_089_800);
    assert_eq!(shown(1_648_348_200).local().unwrap().seconds(), 1_648_351_800);
    assert_eq!(DateTimeZoneId::from_utc(0, 0, "Europe/Atlantis").unwrap().local(), None);
    assert_eq!(DateTimeZoneId::from_utc(400_000_000_000, 0, "Europe/Stockholm").unwrap().local(), None);
}

#[test]
fn durations() {
    both_ways("B4 45 0E 03 C9 39 27 CA 29 B9 27 00", Duration::new(14, 3, 14_631, 700_000_000).unwrap());
    for (parts, text) in [
        ((14, 3, 14_706, 700_000_000), "P1Y2M3DT4H5M6.7S"),
        ((0, 0, 0, 0), "PT0S"),
        ((0, 1, 0, 0), "P1D"),
        ((-14, 0, 0, 0), "P-1Y-2M"),
        ((0, 0, -1, 500_000_000), "PT-0.5S"),
        ((0, 0, -3_662, 500_000_000), "PT-1H-1M-1.5S"),
        ((0, 0, 0, -1), "PT-0.000000001S"),
        ((0, 0, 3_600, 0), "PT1H"),
        ((i64::MIN, i64::MAX, i64::MIN, 0), "P-768614336404564650Y-8M9223372036854775807DT-2562047788015215H-30M-8S"),
    ] {
        let (months, days, seconds, nanoseconds) = parts;
        let duration = Duration::new(months, days, seconds, nanoseconds).unwrap();
        assert_eq!(duration.to_string(), text);
        assert_eq!(decoded::<Value>(&encoded(&duration)), Value::from(duration));
        let back = (duration.months(), duration.days(), duration.seconds(), duration.nanoseconds());
        assert_eq!(back, parts);
    }
    assert_eq!(Duration::new(0, 0, 0, 1_000_000_000), None);
    assert_eq!(Duration::new(0, 0, 0, i32::MIN), None);
    kept::<Duration>("B4 45 00 00 00 CA 3B 9A CA 00");
    kept::<Duration>("B4 45 00 00 00 CB 80 00 00 00 00 00 00 00");
}
