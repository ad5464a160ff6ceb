//! GQL statuses and notifications, whichever of the two a server sends.
//!
//! From Bolt 5.6 on it sends statuses, before that notifications; each is made from the other.

use neobolt_proto::message::{NotificationClassification, NotificationSeverity};
use neobolt_proto::{Map, Value, complete_diagnostic_record};

use crate::summary::{as_map, text};

/// Where in the query something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// The column, counted from 1.
    pub column: i64,
    /// The line, counted from 1.
    pub line: i64,
    /// The number of characters in front of it.
    pub offset: i64,
}

impl Position {
    fn read(value: Option<&Value>) -> Option<Self> {
        let map = as_map(value?)?;
        let number = |key| map.get(key).and_then(Value::as_i64);
        Some(Self { column: number("column")?, line: number("line")?, offset: number("offset")? })
    }
}

/// A notification: advice or a warning about a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// The Neo4j code.
    pub code: Box<str>,
    /// The title.
    pub title: Box<str>,
    /// What it says.
    pub description: Box<str>,
    /// How much it matters, in the server's words.
    pub raw_severity: Box<str>,
    /// What it is about, in the server's words; empty before Bolt 5.2.
    pub raw_category: Box<str>,
    /// Where in the query it belongs.
    pub position: Option<Position>,
}

impl Notification {
    fn from_notification(map: &Map) -> Self {
        Self {
            code: text(map, "code").into(),
            title: text(map, "title").into(),
            description: text(map, "description").into(),
            raw_severity: text(map, "severity").into(),
            raw_category: text(map, "category").into(),
            position: Position::read(map.get("position")),
        }
    }

    fn from_status(map: &Map) -> Option<Self> {
        let code = text(map, "neo4j_code");
        let status = GqlStatusObject::read(map);
        (!code.is_empty()).then(|| Self {
            code: code.into(),
            title: text(map, "title").into(),
            description: text(map, "description").into(),
            raw_severity: status.raw_severity().unwrap_or_default().into(),
            raw_category: status.raw_classification().unwrap_or_default().into(),
            position: status.position(),
        })
    }

    /// Returns how much it matters, unless the server's word is none that this driver knows.
    pub fn severity(&self) -> Option<NotificationSeverity> {
        NotificationSeverity::from_name(&self.raw_severity)
    }

    /// Returns what it is about, unless the server's word is none that this driver knows.
    pub fn category(&self) -> Option<NotificationClassification> {
        NotificationClassification::from_name(&self.raw_category)
    }
}

/// A GQL status: how a query ended, or a notification about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GqlStatusObject {
    /// The status, such as `00000`.
    pub gql_status: Box<str>,
    /// What it says.
    pub status_description: Box<str>,
    /// The diagnostic record, complete.
    pub diagnostic_record: Map,
    /// Whether it is a notification.
    pub is_notification: bool,
}

impl GqlStatusObject {
    fn read(map: &Map) -> Self {
        let record = map.get("diagnostic_record").and_then(as_map);
        Self {
            gql_status: text(map, "gql_status").into(),
            status_description: text(map, "status_description").into(),
            diagnostic_record: complete_diagnostic_record(record),
            is_notification: !text(map, "neo4j_code").is_empty(),
        }
    }

    fn of_outcome(outcome: Outcome) -> Self {
        let (gql_status, status_description) = match outcome {
            Outcome::Records => ("00000", "note: successful completion"),
            Outcome::NoRecord => ("02000", "note: no data"),
            Outcome::NoColumns => ("00001", "note: successful completion - omitted result"),
        };
        Self {
            gql_status: gql_status.into(),
            status_description: status_description.into(),
            diagnostic_record: complete_diagnostic_record(None),
            is_notification: false,
        }
    }

    fn of_notification(map: &Map) -> Self {
        let notification = Notification::from_notification(map);
        let (gql_status, unknown) = match notification.severity() {
            Some(NotificationSeverity::Warning) => ("01N42", "warn: unknown warning"),
            _ => ("03N42", "info: unknown notification"),
        };
        let description = &notification.description;
        let own = [("_classification", map.get("category")), ("_severity", map.get("severity"))];
        let own = own.into_iter().chain([("_position", map.get("position"))]);
        let record = own.filter_map(|(key, value)| Some((key, value?.clone()))).collect();
        Self {
            gql_status: gql_status.into(),
            status_description: if description.is_empty() { unknown.into() } else { description.clone() },
            diagnostic_record: complete_diagnostic_record(Some(&record)),
            is_notification: true,
        }
    }

    /// Returns where in the query it belongs.
    pub fn position(&self) -> Option<Position> {
        Position::read(self.diagnostic_record.get("_position"))
    }

    /// Returns what it is about, unless the server's word is none that this driver knows.
    pub fn classification(&self) -> Option<NotificationClassification> {
        NotificationClassification::from_name(self.raw_classification()?)
    }

    /// Returns what it is about, in the server's words.
    pub fn raw_classification(&self) -> Option<&str> {
        self.diagnostic_record.get("_classification")?.as_str()
    }

    /// Returns how much it matters, unless the server's word is none that this driver knows.
    pub fn severity(&self) -> Option<NotificationSeverity> {
        NotificationSeverity::from_name(self.raw_severity()?)
    }

    /// Returns how much it matters, in the server's words.
    pub fn raw_severity(&self) -> Option<&str> {
        self.diagnostic_record.get("_severity")?.as_str()
    }

    /// 02 (no data) comes first, then 01 (warning), 00 (success) and 03 (information).
    fn rank(&self) -> u8 {
        match self.gql_status.get(..2) {
            Some("02") => 0,
            Some("01") => 1,
            Some("00") => 2,
            Some("03") => 3,
            _ => 4,
        }
    }
}

/// How a query ended, for a server that does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Records,
    NoRecord,
    NoColumns,
}

/// Returns the notifications in a summary; `None` where the server says nothing of any.
pub(crate) fn notifications(summary: &Map) -> Option<Vec<Notification>> {
    if let Some(statuses) = summary.get("statuses").and_then(Value::as_list) {
        return Some(statuses.iter().filter_map(as_map).filter_map(Notification::from_status).collect());
    }
    let notifications = summary.get("notifications").and_then(Value::as_list)?;
    Some(notifications.iter().filter_map(as_map).map(Notification::from_notification).collect())
}

/// Returns the statuses in a summary, the most important first.
pub(crate) fn statuses(summary: &Map, outcome: Outcome) -> Vec<GqlStatusObject> {
    if let Some(statuses) = summary.get("statuses").and_then(Value::as_list) {
        return statuses.iter().filter_map(as_map).map(GqlStatusObject::read).collect();
    }
    let notifications = summary.get("notifications").and_then(Value::as_list).unwrap_or_default();
    let mut statuses: Vec<_> = notifications.iter().filter_map(as_map).map(GqlStatusObject::of_notification).collect();
    statuses.push(GqlStatusObject::of_outcome(outcome));
    statuses.sort_by_key(GqlStatusObject::rank);
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> Value {
        Value::Map(entries.iter().map(|(key, value)| (*key, *value)).collect())
    }

    fn summary(key: &str, entries: Vec<Value>) -> Map {
        [(key, Value::List(entries.into()))].into_iter().collect()
    }

    #[test]
    fn statuses_are_made_of_notifications_and_ordered_by_weight() {
        let summary = summary(
            "notifications",
            vec![
                map(&[("severity", "INFORMATION"), ("code", "c1"), ("description", "d1"), ("category", "HINT")]),
                map(&[("severity", "WARNING"), ("code", "c2")]),
            ],
        );
        let statuses = statuses(&summary, Outcome::NoRecord);
        let texts: Vec<_> = statuses.iter().map(|it| (&*it.gql_status, &*it.status_description)).collect();
        assert_eq!(texts, [("02000", "note: no data"), ("01N42", "warn: unknown warning"), ("03N42", "d1")]);
        assert_eq!(statuses[2].classification(), Some(NotificationClassification::Hint));
        assert_eq!(statuses[2].diagnostic_record.get("CURRENT_SCHEMA"), Some(&Value::from("/")));
        assert!(!statuses[0].is_notification && statuses[1].is_notification);
    }

    #[test]
    fn notifications_are_made_of_the_statuses_that_have_a_code() {
        let record = [("_severity", "WARNING"), ("_classification", "NEW"), ("OPERATION", "x")];
        let status: Map = [("gql_status", "01N50"), ("neo4j_code", "c"), ("title", "t"), ("description", "d")]
            .into_iter()
            .map(|(key, value)| (key, Value::from(value)))
            .chain([("diagnostic_record", map(&record))])
            .collect();
        let summary = summary("statuses", vec![map(&[("gql_status", "00000")]), Value::Map(status)]);
        let [notification] = &notifications(&summary).unwrap()[..] else { panic!("one has a code") };
        assert_eq!((&*notification.code, &*notification.title, &*notification.description), ("c", "t", "d"));
        assert_eq!(notification.severity(), Some(NotificationSeverity::Warning));
        assert_eq!((notification.category(), &*notification.raw_category), (None, "NEW"));
        let statuses = statuses(&summary, Outcome::NoColumns);
        assert_eq!(statuses[1].diagnostic_record.get("OPERATION"), Some(&Value::from("x")));
    }

    #[test]
    fn a_server_that_says_nothing_of_notifications_is_not_said_to_have_none() {
        assert_eq!(notifications(&Map::new()), None);
        assert_eq!(notifications(&summary("notifications", vec![])), Some(vec![]));
    }
}
