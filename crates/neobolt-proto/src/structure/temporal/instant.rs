//! [`LocalDateTime`], [`DateTime`] and [`DateTimeZoneId`].

use core::fmt;

use packstream::{Buffer, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder, Str};

use super::clock::Offset;
use super::{Date, LocalTime, NANOSECONDS_PER_SECOND, SECONDS_PER_DAY, out_of_range, structure_of_integers, zone};
use crate::structure::{header, tag};

/// A date and a time of day without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime {
    seconds: i64,
    nanoseconds: u32,
}

impl LocalDateTime {
    /// Creates it from a date and a time of day.
    #[must_use]
    pub const fn new(date: Date, time: LocalTime) -> Self {
        Self {
            seconds: date.days() * SECONDS_PER_DAY + time.nanoseconds() / NANOSECONDS_PER_SECOND,
            nanoseconds: time.nanosecond(),
        }
    }

    /// Returns the number of seconds since 1970-01-01T00:00:00 on the same clock.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanosecond of the second.
    #[must_use]
    pub const fn nanosecond(self) -> u32 {
        self.nanoseconds
    }

    /// Returns the date.
    #[must_use]
    pub fn date(self) -> Date {
        Date::from_days(self.seconds.div_euclid(SECONDS_PER_DAY))
            .expect("invariant: the seconds were checked to lie on a date")
    }

    /// Returns the time of day.
    #[must_use]
    pub fn time(self) -> LocalTime {
        let seconds = self.seconds.rem_euclid(SECONDS_PER_DAY);
        LocalTime::from_nanoseconds(seconds * NANOSECONDS_PER_SECOND + i64::from(self.nanoseconds))
            .expect("invariant: a remainder lies within the day")
    }

    /// Creates it from seconds and nanoseconds; `None` if the date or the nanoseconds are out of range.
    pub(super) fn from_wire(seconds: i64, nanoseconds: i64) -> Option<Self> {
        Date::from_days(seconds.div_euclid(SECONDS_PER_DAY))?;
        let nanoseconds = u32::try_from(nanoseconds).ok()?;
        (i64::from(nanoseconds) < NANOSECONDS_PER_SECOND).then_some(Self { seconds, nanoseconds })
    }

    fn to_wire(self) -> [i64; 2] {
        [self.seconds, self.nanoseconds.into()]
    }
}

structure_of_integers!(LocalDateTime, "LocalDateTime", tag::LOCAL_DATE_TIME, 2, seconds nanoseconds);

impl fmt::Display for LocalDateTime {
    /// Writes ISO 8601, as Cypher does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date(), self.time())
    }
}

/// An instant, with the offset from UTC at which it is to be shown.
///
/// Before Bolt 5.0 it goes over the wire in another structure, in seconds of local time; both are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    seconds: i64,
    nanoseconds: u32,
    offset: Offset,
}

impl DateTime {
    /// Creates it from seconds since 1970-01-01T00:00:00Z, the nanosecond of the second, and the offset in seconds, positive in
    /// the east; `None` if one of them is out of range.
    #[must_use]
    pub fn from_utc(seconds: i64, nanosecond: u32, offset_seconds: i32) -> Option<Self> {
        Self::from_wire(seconds, nanosecond.into(), offset_seconds.into())
    }

    /// Creates it from what a clock shows at the given offset, in seconds, positive in the east; `None` if that is a day or more.
    #[must_use]
    pub fn from_local(local: LocalDateTime, offset_seconds: i32) -> Option<Self> {
        Self::from_legacy_wire(local.seconds, local.nanoseconds.into(), offset_seconds.into())
    }

    /// Returns the number of seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanosecond of the second.
    #[must_use]
    pub const fn nanosecond(self) -> u32 {
        self.nanoseconds
    }

    /// Returns the offset from UTC in seconds, positive in the east.
    #[must_use]
    pub const fn offset_seconds(self) -> i32 {
        self.offset.0
    }

    /// Returns what a clock shows at the offset.
    #[must_use]
    pub const fn local(self) -> LocalDateTime {
        LocalDateTime { seconds: self.seconds + self.offset.0 as i64, nanoseconds: self.nanoseconds }
    }

    pub(super) fn from_wire(seconds: i64, nanoseconds: i64, offset: i64) -> Option<Self> {
        let offset = Offset::new(offset)?;
        let local = seconds.checked_add(offset.0.into())?;
        let LocalDateTime { nanoseconds, .. } = LocalDateTime::from_wire(local, nanoseconds)?;
        Some(Self { seconds, nanoseconds, offset })
    }

    pub(super) fn from_legacy_wire(local_seconds: i64, nanoseconds: i64, offset: i64) -> Option<Self> {
        Self::from_wire(local_seconds.checked_sub(offset)?, nanoseconds, offset)
    }
}

impl Encode for DateTime {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::DATE_TIME, 3)?;
        encoder.nested(3, |encoder| {
            encoder.integer(self.seconds);
            encoder.integer(self.nanoseconds.into());
            encoder.integer(self.offset.0.into());
            Ok(())
        })
    }
}

impl<'a> Decode<'a> for DateTime {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let start = decoder.clone();
        let (tag, _) = header(decoder, "DateTime", |tag, fields| {
            matches!((tag, fields), (tag::DATE_TIME | tag::LEGACY_DATE_TIME, 3))
        })?;
        let (seconds, nanoseconds, offset) = (decoder.integer()?, decoder.integer()?, decoder.integer()?);
        let from_wire = if tag == tag::DATE_TIME { Self::from_wire } else { Self::from_legacy_wire };
        from_wire(seconds, nanoseconds, offset).ok_or_else(|| out_of_range(&start))
    }
}

impl fmt::Display for DateTime {
    /// Writes ISO 8601, as Cypher does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.local(), self.offset)
    }
}

/// An instant, with the name of the time zone in which it is to be shown.
///
/// The name is the server's word: it may be one that this machine's time zone data does not know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateTimeZoneId {
    utc: LocalDateTime,
    zone_id: Str,
}

impl DateTimeZoneId {
    /// Creates it from seconds since 1970-01-01T00:00:00Z, the nanosecond of the second, and a zone of the tz database such as
    /// `Europe/Stockholm`; `None` if one of the numbers is out of range.
    #[must_use]
    pub fn from_utc(seconds: i64, nanosecond: u32, zone_id: &str) -> Option<Self> {
        Self::from_wire(seconds, nanosecond.into(), zone_id)
    }

    /// Returns the number of seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.utc.seconds
    }

    /// Returns the nanosecond of the second.
    #[must_use]
    pub const fn nanosecond(&self) -> u32 {
        self.utc.nanoseconds
    }

    /// Returns what clocks show in the zone; `None` where the zone is not known to the time zone data that comes with this crate.
    #[must_use]
    pub fn local(&self) -> Option<LocalDateTime> {
        let seconds = zone::local(self.utc.seconds, &self.zone_id)?;
        Some(LocalDateTime { seconds, nanoseconds: self.utc.nanoseconds })
    }

    /// Returns the name of the time zone.
    #[must_use]
    pub fn zone_id(&self) -> &str {
        &self.zone_id
    }

    pub(super) fn from_wire(seconds: i64, nanoseconds: i64, zone_id: &str) -> Option<Self> {
        Some(Self { utc: LocalDateTime::from_wire(seconds, nanoseconds)?, zone_id: zone_id.into() })
    }
}

impl Encode for DateTimeZoneId {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::DATE_TIME_ZONE_ID, 3)?;
        encoder.nested(3, |encoder| {
            encoder.integer(self.utc.seconds);
            encoder.integer(self.utc.nanoseconds.into());
            encoder.string(&self.zone_id)
        })
    }
}

impl<'a> Decode<'a> for DateTimeZoneId {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let start = decoder.clone();
        let (tag, _) = header(decoder, "DateTimeZoneId", |tag, fields| {
            matches!((tag, fields), (tag::DATE_TIME_ZONE_ID | tag::LEGACY_DATE_TIME_ZONE_ID, 3))
        })?;
        let (seconds, nanoseconds, zone_id) = (decoder.integer()?, decoder.integer()?, decoder.string()?);
        let utc = if tag == tag::DATE_TIME_ZONE_ID { Some(seconds) } else { zone::utc(seconds, zone_id) };
        let utc = utc.ok_or_else(|| start.error(DecodeErrorKind::custom(format!("unknown time zone {zone_id}"))))?;
        Self::from_wire(utc, nanoseconds, zone_id).ok_or_else(|| out_of_range(&start))
    }
}

impl fmt::Display for DateTimeZoneId {
    /// Writes ISO 8601 in UTC with the zone behind it: what clocks show in the zone takes time zone data to know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z[{}]", self.utc, self.zone_id)
    }
}
