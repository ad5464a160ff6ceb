//! Which structures there are, and in which versions, as data: what may be sent is decided by it, and `docs/protocol` is printed from it.

use packstream::TagSet;

use super::tag;
use crate::version::Capabilities;

/// A structure in one of its forms.
#[derive(Debug)]
#[non_exhaustive]
pub struct Form {
    /// The structure's name.
    pub name: &'static str,
    /// Its tag; `None` for what has a marker of its own.
    pub tag: Option<u8>,
    /// The names of its fields, in their order.
    pub fields: &'static [&'static str],
    /// Whether clients send it, too.
    pub both_ways: bool,
    has: fn(&Capabilities) -> bool,
    /// Whether the UTC patch has it where the version alone has not, or the other way round.
    patched: bool,
}

impl Form {
    /// Returns whether a version has this form, with or without the UTC patch.
    pub fn is_in(&self, it: &Capabilities, utc_patch: bool) -> bool {
        (self.has)(it) != (self.patched && utc_patch && it.utc_patch)
    }

    fn is_among(&self, tags: &TagSet) -> bool {
        self.tag.map_or(tags.contains_uuid(), |tag| tags.contains(tag))
    }

    const fn new(name: &'static str, tag: u8, fields: &'static [&'static str]) -> Self {
        Self { name, tag: Some(tag), fields, both_ways: true, has: |_| true, patched: false }
    }

    const fn when(self, has: fn(&Capabilities) -> bool) -> Self {
        Self { has, ..self }
    }

    const fn one_way(self) -> Self {
        Self { both_ways: false, ..self }
    }

    const fn patched(self) -> Self {
        Self { patched: true, ..self }
    }
}

/// All structures in all their forms.
pub static FORMS: [Form; 21] = [
    Form::new("Node", tag::NODE, &["id", "labels", "properties"]).one_way().when(|it| !it.element_ids),
    Form::new("Node", tag::NODE, &["id", "labels", "properties", "element_id"]).one_way().when(|it| it.element_ids),
    Form::new("Relationship", tag::RELATIONSHIP, &["id", "start_id", "end_id", "type", "properties"])
        .one_way()
        .when(|it| !it.element_ids),
    Form::new(
        "Relationship",
        tag::RELATIONSHIP,
        &["id", "start_id", "end_id", "type", "properties", "element_id", "start_element_id", "end_element_id"],
    )
    .one_way()
    .when(|it| it.element_ids),
    Form::new("UnboundRelationship", tag::UNBOUND_RELATIONSHIP, &["id", "type", "properties"])
        .one_way()
        .when(|it| !it.element_ids),
    Form::new("UnboundRelationship", tag::UNBOUND_RELATIONSHIP, &["id", "type", "properties", "element_id"])
        .one_way()
        .when(|it| it.element_ids),
    Form::new("Path", tag::PATH, &["nodes", "relationships", "indices"]).one_way(),
    Form::new("Date", tag::DATE, &["days"]),
    Form::new("Time", tag::TIME, &["nanoseconds", "offset"]),
    Form::new("LocalTime", tag::LOCAL_TIME, &["nanoseconds"]),
    Form::new("DateTime", tag::DATE_TIME, &["UTC seconds", "nanoseconds", "offset"])
        .when(|it| it.element_ids)
        .patched(),
    Form::new("DateTimeZoneId", tag::DATE_TIME_ZONE_ID, &["UTC seconds", "nanoseconds", "zone"])
        .when(|it| it.element_ids)
        .patched(),
    Form::new("DateTime", tag::LEGACY_DATE_TIME, &["local seconds", "nanoseconds", "offset"])
        .when(|it| !it.element_ids)
        .patched(),
    Form::new("DateTimeZoneId", tag::LEGACY_DATE_TIME_ZONE_ID, &["local seconds", "nanoseconds", "zone"])
        .when(|it| !it.element_ids)
        .patched(),
    Form::new("LocalDateTime", tag::LOCAL_DATE_TIME, &["seconds", "nanoseconds"]),
    Form::new("Duration", tag::DURATION, &["months", "days", "seconds", "nanoseconds"]),
    Form::new("Point2D", tag::POINT_2D, &["srid", "x", "y"]),
    Form::new("Point3D", tag::POINT_3D, &["srid", "x", "y", "z"]),
    Form::new("Vector", tag::VECTOR, &["element type", "elements"]).when(|it| it.vectors),
    Form::new("UnsupportedType", tag::UNSUPPORTED_TYPE, &["name", "minimum major", "minimum minor", "extra"])
        .one_way()
        .when(|it| it.vectors),
    Form { tag: None, ..Form::new("UUID", 0, &["16 bytes"]).when(|it| it.uuids) },
];

/// Names a type in `tags` that clients cannot send, if there is one.
pub(crate) fn refused(tags: &TagSet, it: &Capabilities) -> Option<&'static str> {
    let receive_only = || FORMS.iter().find(|form| !form.both_ways && form.is_among(tags)).map(|form| form.name);
    if tags.is_empty() { None } else { receive_only().or_else(|| unknown(tags, it)) }
}

/// Names a type in `tags` that a version has in no form, if there is one. What has another form there is rewritten.
pub(crate) fn unknown(tags: &TagSet, it: &Capabilities) -> Option<&'static str> {
    if tags.is_empty() {
        return None;
    }
    let has = |name| FORMS.iter().any(|form| form.name == name && (form.has)(it));
    FORMS.iter().find(|form| form.is_among(tags) && !has(form.name)).map(|form| form.name)
}
