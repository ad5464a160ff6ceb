//! [`Date`].

use core::fmt;

use super::structure_of_integers;
use crate::structure::tag;

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i64,
}

impl Date {
    /// The first and the last year there are dates of; those of Neo4j.
    const YEARS: core::ops::RangeInclusive<i64> = -999_999_999..=999_999_999;
    /// The first and the last day of these years, counted from 1970-01-01.
    const DAYS: core::ops::RangeInclusive<i64> = -365_243_219_162..=365_241_780_471;

    /// Creates a date from a count of days since 1970-01-01; `None` beyond the years −999,999,999 to 999,999,999.
    #[must_use]
    pub fn from_days(days: i64) -> Option<Self> {
        Self::DAYS.contains(&days).then_some(Self { days })
    }

    /// Creates a date from year, month (1 to 12) and day (1 to 31); `None` if there is no such day.
    #[must_use]
    pub fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        if !Self::YEARS.contains(&year) {
            return None;
        }
        let date = Self { days: days_from_civil(year, month, day) };
        (date.civil() == (year, month, day)).then_some(date)
    }

    /// Returns the number of days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.days
    }

    /// Returns the year; the year before year 1 is 0.
    #[must_use]
    pub const fn year(self) -> i64 {
        self.civil().0
    }

    /// Returns the month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.civil().1
    }

    /// Returns the day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.civil().2
    }

    /// Returns year, month and day.
    ///
    /// The days of 400 years repeat. Years are counted from March on, so that the leap day comes last.
    const fn civil(self) -> (i64, u8, u8) {
        let shifted = self.days + DAYS_TO_MARCH_OF_0;
        let era = shifted.div_euclid(DAYS_PER_ERA);
        let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + (month <= 2) as i64;
        (year, month as u8, day as u8)
    }

    pub(super) fn from_wire(days: i64) -> Option<Self> {
        Self::from_days(days)
    }

    fn to_wire(self) -> [i64; 1] {
        [self.days]
    }
}

const DAYS_PER_ERA: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_MARCH_OF_0: i64 = 719_468;

/// The reverse of [`Date::civil`]; a day that does not exist becomes another one.
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9).rem_euclid(12);
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * DAYS_PER_ERA + day_of_era - DAYS_TO_MARCH_OF_0
}

structure_of_integers!(Date, "Date", tag::DATE, 1, days);

impl fmt::Display for Date {
    /// Writes ISO 8601, as Cypher does: four digits of the year at least, with a sign beyond them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        match year {
            0..=9_999 => write!(f, "{year:04}")?,
            10_000.. => write!(f, "+{year}")?,
            _ => write!(f, "-{:04}", year.unsigned_abs())?,
        }
        write!(f, "-{month:02}-{day:02}")
    }
}
