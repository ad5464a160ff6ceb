//! What clocks show in a time zone. Only peers before Bolt 5.0 speak of it; from then on instants are in UTC.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZoneDatabase};

/// The data that comes with the crate: the machine's own may be another on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Returns the seconds of UTC at which clocks in the zone show `local` seconds; `None` where the zone is not known.
///
/// Of two instants it is the first one. What clocks never show is taken as far behind the gap as it stands behind the gap's beginning. Both
/// are what Java, and so Neo4j, makes of it.
pub(super) fn utc(local: i64, zone_id: &str) -> Option<i64> {
    let shown = Offset::UTC.to_datetime(Timestamp::from_second(local).ok()?);
    let instant = ZONES.get(zone_id).ok()?.to_timestamp(shown).ok()?;
    Some(instant.as_second())
}

/// Returns the seconds that clocks in the zone show at `utc` seconds; `None` where the zone is not known.
pub(super) fn local(utc: i64, zone_id: &str) -> Option<i64> {
    let offset = ZONES.get(zone_id).ok()?.to_offset(Timestamp::from_second(utc).ok()?);
    utc.checked_add(offset.seconds().into())
}
