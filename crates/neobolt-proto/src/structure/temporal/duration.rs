//! [`Duration`].

use core::fmt;

use super::clock::write_fraction;
use super::{NANOSECONDS_PER_SECOND, structure_of_integers};
use crate::structure::tag;

/// An amount of time in four parts that have no fixed ratio to one another, except seconds and nanoseconds.
///
/// A month has no certain number of days, nor a day of seconds: nothing is carried from one part to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duration {
    months: i64,
    days: i64,
    seconds: i64,
    nanoseconds: i32,
}

impl Duration {
    /// Creates a duration; `None` if the nanoseconds make a second or more, in either direction.
    #[must_use]
    pub fn new(months: i64, days: i64, seconds: i64, nanoseconds: i32) -> Option<Self> {
        Self::from_wire(months, days, seconds, nanoseconds.into())
    }

    /// Returns the months.
    #[must_use]
    pub const fn months(self) -> i64 {
        self.months
    }

    /// Returns the days.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.days
    }

    /// Returns the seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds, to be added to the seconds whatever the sign of either.
    #[must_use]
    pub const fn nanoseconds(self) -> i32 {
        self.nanoseconds
    }

    pub(super) fn from_wire(months: i64, days: i64, seconds: i64, nanoseconds: i64) -> Option<Self> {
        if nanoseconds.checked_abs()? >= NANOSECONDS_PER_SECOND {
            return None;
        }
        Some(Self { months, days, seconds, nanoseconds: i32::try_from(nanoseconds).ok()? })
    }

    fn to_wire(self) -> [i64; 4] {
        [self.months, self.days, self.seconds, self.nanoseconds.into()]
    }
}

structure_of_integers!(Duration, "Duration", tag::DURATION, 4, months days seconds nanoseconds);

impl fmt::Display for Duration {
    /// Writes ISO 8601, as Cypher does: `P1Y2M3DT4H5M6.7S`, parts that are zero left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("PT0S");
        }
        f.write_str("P")?;
        write_part(f, self.months / 12, 'Y')?;
        write_part(f, self.months % 12, 'M')?;
        write_part(f, self.days, 'D')?;
        let total = i128::from(self.seconds) * i128::from(NANOSECONDS_PER_SECOND) + i128::from(self.nanoseconds);
        if total == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        let sign = if total < 0 { "-" } else { "" };
        let nanoseconds = (total.unsigned_abs() % NANOSECONDS_PER_SECOND as u128) as u32;
        let seconds = total.unsigned_abs() / NANOSECONDS_PER_SECOND as u128;
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        if hours != 0 {
            write!(f, "{sign}{hours}H")?;
        }
        if minutes != 0 {
            write!(f, "{sign}{minutes}M")?;
        }
        if seconds != 0 || nanoseconds != 0 {
            write!(f, "{sign}{seconds}")?;
            write_fraction(f, nanoseconds)?;
            f.write_str("S")?;
        }
        Ok(())
    }
}

fn write_part(f: &mut fmt::Formatter<'_>, amount: i64, unit: char) -> fmt::Result {
    if amount == 0 { Ok(()) } else { write!(f, "{amount}{unit}") }
}
