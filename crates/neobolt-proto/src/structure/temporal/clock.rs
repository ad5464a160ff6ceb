//! [`LocalTime`] and [`Time`].

use core::fmt;

use super::{NANOSECONDS_PER_SECOND, SECONDS_PER_DAY, structure_of_integers};
use crate::structure::tag;

/// A time of day without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    nanoseconds: i64,
}

impl LocalTime {
    /// Creates a time from nanoseconds since midnight; `None` if that is not a time of a day.
    #[must_use]
    pub fn from_nanoseconds(nanoseconds: i64) -> Option<Self> {
        let day = 0..SECONDS_PER_DAY * NANOSECONDS_PER_SECOND;
        day.contains(&nanoseconds).then_some(Self { nanoseconds })
    }

    /// Creates a time from hour (0 to 23), minute, second (0 to 59) and nanosecond; `None` if one is out of range.
    #[must_use]
    pub fn new(hour: u8, minute: u8, second: u8, nanosecond: u32) -> Option<Self> {
        let nanosecond = i64::from(nanosecond);
        if hour > 23 || minute > 59 || second > 59 || nanosecond >= NANOSECONDS_PER_SECOND {
            return None;
        }
        let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
        Some(Self { nanoseconds: seconds * NANOSECONDS_PER_SECOND + nanosecond })
    }

    /// Returns the number of nanoseconds since midnight.
    #[must_use]
    pub const fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// Returns the hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        (self.seconds() / 3_600) as u8
    }

    /// Returns the minute of the hour, 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        (self.seconds() / 60 % 60) as u8
    }

    /// Returns the second of the minute, 0 to 59.
    #[must_use]
    pub const fn second(self) -> u8 {
        (self.seconds() % 60) as u8
    }

    /// Returns the nanosecond of the second.
    #[must_use]
    pub const fn nanosecond(self) -> u32 {
        (self.nanoseconds % NANOSECONDS_PER_SECOND) as u32
    }

    const fn seconds(self) -> i64 {
        self.nanoseconds / NANOSECONDS_PER_SECOND
    }

    pub(super) fn from_wire(nanoseconds: i64) -> Option<Self> {
        Self::from_nanoseconds(nanoseconds)
    }

    fn to_wire(self) -> [i64; 1] {
        [self.nanoseconds]
    }
}

structure_of_integers!(LocalTime, "LocalTime", tag::LOCAL_TIME, 1, nanoseconds);

impl fmt::Display for LocalTime {
    /// Writes ISO 8601, as Cypher does: seconds always, their fraction as long as it must be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second())?;
        write_fraction(f, self.nanosecond())
    }
}

/// Writes nanoseconds as the fraction of a second, without zeros at the end.
pub(super) fn write_fraction(f: &mut fmt::Formatter<'_>, nanoseconds: u32) -> fmt::Result {
    if nanoseconds == 0 {
        return Ok(());
    }
    let (mut fraction, mut width) = (nanoseconds, 9);
    while fraction % 10 == 0 {
        fraction /= 10;
        width -= 1;
    }
    write!(f, ".{fraction:0width$}")
}

/// A time of day with an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    local: LocalTime,
    offset: Offset,
}

impl Time {
    /// Creates a time from what a clock shows and its offset from UTC in seconds, positive in the east; `None` if that is a day or
    /// more.
    #[must_use]
    pub fn new(local: LocalTime, offset_seconds: i32) -> Option<Self> {
        Some(Self { local, offset: Offset::new(offset_seconds.into())? })
    }

    /// Returns what a clock shows there.
    #[must_use]
    pub const fn local(self) -> LocalTime {
        self.local
    }

    /// Returns the offset from UTC in seconds, positive in the east.
    #[must_use]
    pub const fn offset_seconds(self) -> i32 {
        self.offset.0
    }

    pub(super) fn from_wire(nanoseconds: i64, offset: i64) -> Option<Self> {
        Some(Self { local: LocalTime::from_wire(nanoseconds)?, offset: Offset::new(offset)? })
    }

    fn to_wire(self) -> [i64; 2] {
        [self.local.nanoseconds, self.offset.0.into()]
    }
}

structure_of_integers!(Time, "Time", tag::TIME, 2, nanoseconds offset);

impl fmt::Display for Time {
    /// Writes ISO 8601, as Cypher does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.local, self.offset)
    }
}

/// An offset from UTC in seconds, less than a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Offset(pub(super) i32);

impl Offset {
    pub(super) fn new(seconds: i64) -> Option<Self> {
        let seconds = i32::try_from(seconds).ok()?;
        (i64::from(seconds).abs() < SECONDS_PER_DAY).then_some(Self(seconds))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("Z");
        }
        let sign = if self.0 < 0 { '-' } else { '+' };
        let seconds = self.0.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)?;
        match seconds % 60 {
            0 => Ok(()),
            seconds => write!(f, ":{seconds:02}"),
        }
    }
}
