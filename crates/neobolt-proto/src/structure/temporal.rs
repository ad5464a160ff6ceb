//! Dates, times and durations, with exactly the components that go over the wire.
//!
//! They know enough of the calendar to be made and printed; for arithmetic convert them to the types of a calendar library.

mod clock;
mod date;
mod duration;
mod instant;
mod zone;

use packstream::{DecodeErrorKind, Decoder};

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
                encoder.nested($len, |encoder| {
                    for component in self.to_wire() {
                        encoder.integer(component);
                    }
                    Ok(())
                })
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
    start.error(DecodeErrorKind::custom("temporal value has a component out of range"))
}
