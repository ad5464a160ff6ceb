//! Dates, times and durations, with exactly the components that go over the wire.
//!
//! They know enough of the calendar to be made and printed; for arithmetic convert them to the types of a calendar library.

mod clock;
mod date;
mod duration;
mod instant;

use packstream::{DecodeErrorKind, Decoder};

use super::tag;
use crate::value::Value;

pub use clock::{LocalTime, Time};
pub use date::Date;
pub use duration::Duration;
pub use instant::{DateTime, DateTimeZoneId, LocalDateTime};

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Implements `Encode` and `Decode` for a structure of integers by the type's `to_wire` and `from_wire`.
macro_rules! structure_of_integers {
    ($type:ident, $name:literal, $tag:path, $len:literal, $($field:ident)+) => {
        impl packstream::Encode for $type {
            fn encode<B: packstream::Buffer>(
                &self,
                encoder: &mut packstream::Encoder<'_, B>,
            ) -> Result<(), packstream::EncodeError> {
                encoder.structure_header($tag, $len)?;
                for component in self.to_wire() {
                    encoder.integer(component);
                }
                Ok(())
            }
        }

        impl<'a> packstream::Decode<'a> for $type {
            fn decode(decoder: &mut packstream::Decoder<'a>) -> Result<Self, packstream::DecodeError> {
                let start = decoder.clone();
                $crate::structure::header(decoder, $name, |tag, fields| (tag, fields) == ($tag, $len))?;
                $(let $field = decoder.integer()?;)+
                Self::from_wire($($field),+).ok_or_else(|| super::out_of_range(&start))
            }
        }
    };
}
use structure_of_integers;

#[cold]
fn out_of_range(start: &Decoder<'_>) -> packstream::DecodeError {
    start.error(DecodeErrorKind::Custom("temporal value has a component out of range"))
}

pub(super) fn recognize(tag: u8, fields: &[Value]) -> Option<Value> {
    use Value::{Integer, String};
    Some(match (tag, fields) {
        (tag::DATE, &[Integer(days)]) => Value::Date(Date::from_wire(days)?),
        (tag::TIME, &[Integer(nanoseconds), Integer(offset)]) => Value::Time(Time::from_wire(nanoseconds, offset)?),
        (tag::LOCAL_TIME, &[Integer(nanoseconds)]) => Value::LocalTime(LocalTime::from_wire(nanoseconds)?),
        (tag::DATE_TIME, &[Integer(seconds), Integer(nanoseconds), Integer(offset)]) => {
            Value::DateTime(DateTime::from_wire(seconds, nanoseconds, offset)?)
        }
        (tag::LEGACY_DATE_TIME, &[Integer(seconds), Integer(nanoseconds), Integer(offset)]) => {
            Value::DateTime(DateTime::from_legacy_wire(seconds, nanoseconds, offset)?)
        }
        (tag::DATE_TIME_ZONE_ID, [Integer(seconds), Integer(nanoseconds), String(zone_id)]) => {
            Value::DateTimeZoneId(DateTimeZoneId::from_wire(*seconds, *nanoseconds, zone_id)?.into())
        }
        (tag::LOCAL_DATE_TIME, &[Integer(seconds), Integer(nanoseconds)]) => {
            Value::LocalDateTime(LocalDateTime::from_wire(seconds, nanoseconds)?)
        }
        (tag::DURATION, &[Integer(months), Integer(days), Integer(seconds), Integer(nanoseconds)]) => {
            Value::Duration(Duration::from_wire(months, days, seconds, nanoseconds)?.into())
        }
        _ => return None,
    })
}
