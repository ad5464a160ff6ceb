//! What a client knows of its server, and for how long it waits.

use std::collections::BTreeSet;
use std::time::Duration;

use neobolt_proto::message::{NotificationFilter, Request, TelemetryApi, TransactionOptions};
use neobolt_proto::structure::DateTime;
use neobolt_proto::{Endpoint, Parameters, SendError};

use super::*;
use crate::talk::{Talk, parse};
use crate::wire::{give, message, taken};

/// "Connection hints": they may be interpreted or ignored; what makes no sense is ignored.
#[test]
fn hints_are_taken_where_they_make_sense() {
    let server = |version, hints: &str| {
        let mut talk = Talk::new(version, usize::MAX);
        let agent = if version >= v(5, 3) { requests::AGENT } else { r#""scheme": "none""# };
        let told = if version >= v(5, 7) { r#", "protocol_version": "5.8""# } else { "" };
        talk.hold(&format!(
            "C: HELLO {{\"user_agent\": \"test/1\", {agent}}}
            S: SUCCESS {{\"server\": \"Neo4j/5.26.0\", \"connection_id\": \"bolt-1\", \"hints\": {hints}{told}}}"
        ));
        talk.client.server().clone()
    };
    let all = r#"{"connection.recv_timeout_seconds": 120, "telemetry.enabled": true, "ssr.enabled": true, "new": 1}"#;
    let told = server(v(5, 8), all);
    assert_eq!((&*told.agent, &*told.connection_id), ("Neo4j/5.26.0", "bolt-1"));
    assert_eq!(told.receive_timeout, Some(Duration::from_secs(120)));
    assert!(told.telemetry && told.server_side_routing);
    let older = server(v(4, 2), all);
    assert!(older.receive_timeout.is_none() && !older.telemetry && !older.server_side_routing);
    for nonsense in ["0", "-1", "1.5", "\"120\"", "null", "[]"] {
        let hints = format!(
            r#"{{"connection.recv_timeout_seconds": {nonsense}, "telemetry.enabled": {nonsense}, "ssr.enabled": 1}}"#
        );
        let told = server(v(5, 8), &hints);
        assert!(told.receive_timeout.is_none() && !told.telemetry && !told.server_side_routing, "{nonsense}");
    }
    assert!(server(v(5, 8), r#"{"connection.recv_timeout_seconds": 9223372036854775807}"#).receive_timeout.is_some());
}

/// "connection.recv_timeout_seconds": the silence counts following a request, and only while somebody waits.
#[test]
fn a_pause_of_the_user_is_no_silence_of_the_server() {
    let mut talk = Talk::new(v(4, 4), usize::MAX);
    talk.hold(
        r#"
        C: HELLO {"user_agent": "test/1", "scheme": "none", "patch_bolt": ["utc"]}
        S: SUCCESS {"server": "x", "hints": {"connection.recv_timeout_seconds": 5}, "patch_bolt": ["utc"]}
        "#,
    );
    let (start, silence) = (talk.now, Duration::from_secs(5));
    talk.client.handle_waiting(start);
    assert_eq!(talk.client.poll_timeout(), None, "nothing is asked");
    talk.hold("C: RUN \"Q\" {} {}");
    talk.client.handle_waiting(start);
    assert_eq!(talk.client.poll_timeout(), Some(start + silence));
    talk.client.handle_idle();
    assert_eq!(talk.client.poll_timeout(), None);
    let later = start + Duration::from_secs(60);
    talk.client.handle_waiting(later);
    talk.client.handle_timeout(start + silence);
    talk.hold("S: NOOP");
    assert_eq!(talk.client.poll_timeout(), None, "a NOOP ends the silence");
    talk.client.handle_waiting(later);
    talk.client.handle_timeout(later + silence);
    talk.hold("client closed: the peer was silent for longer than it had promised");
}

/// "Message exchange": what a version lacks is not sent; it is our error, and the connection stays as it is.
#[test]
fn what_a_version_lacks_is_refused_before_a_byte_is_written() {
    let named = TransactionOptions { database: Some("movies"), ..TransactionOptions::default() };
    let impersonated = TransactionOptions { impersonated_user: Some("ada"), ..TransactionOptions::default() };
    let mut filter = NotificationFilter::default();
    filter.disabled_classifications = Some(BTreeSet::new());
    let filtered = TransactionOptions { notifications: Some(&filter), ..TransactionOptions::default() };
    let route = Request::Route { context: &[], bookmarks: Vec::new(), database: None, impersonated_user: None };
    for (request, what, newest_without) in [
        (Request::Begin(&named), "a named database", v(3, 0)),
        (route, "ROUTE", v(4, 2)),
        (Request::Begin(&impersonated), "impersonation", v(4, 3)),
        (Request::Logoff, "LOGOFF", v(5, 0)),
        (Request::Begin(&filtered), "a notification filter", v(5, 1)),
        (Request::Telemetry(TelemetryApi::AutoCommit), "TELEMETRY", v(5, 3)),
    ] {
        for version in Version::supported() {
            let mut client = ready(version, usize::MAX).client;
            let sent = client.send(&request);
            if version <= newest_without {
                assert_eq!(sent, Err(SendError::NotInVersion { what, version }), "{version}");
                assert!(client.is_reusable(), "{version}");
            } else {
                assert!(sent.is_ok(), "{what} in {version}: {sent:?}");
            }
        }
    }
}

/// "Request message `HELLO`": `patch_bolt` must not be applied until the server acknowledges it; before and without it, date-times
/// count local seconds.
#[test]
fn date_times_count_in_utc_once_the_patch_is_granted() {
    let noon = DateTime::from_utc(43_200, 0, 3600).unwrap();
    let parameters = Parameters::new().with("t", noon);
    for (version, granted, tag) in [
        (v(4, 4), r#", "patch_bolt": ["utc"]"#, b'I'),
        (v(4, 4), r#", "patch_bolt": ["other"]"#, b'F'),
        (v(4, 4), "", b'F'),
        (v(4, 2), r#", "patch_bolt": ["utc"]"#, b'F'),
        (v(5, 0), "", b'I'),
    ] {
        let mut talk = Talk::new(version, usize::MAX);
        let patch = if version == v(4, 4) { r#", "patch_bolt": ["utc"]"# } else { "" };
        talk.hold(&format!("C: HELLO {{\"user_agent\": \"test/1\", \"scheme\": \"none\"{patch}}}"));
        let answer = format!("SUCCESS {{\"server\": \"x\"{granted}}}");
        let (name, fields) = parse(&answer);
        give(&mut talk.client, &message(name, &fields), usize::MAX, talk.now);
        assert!(talk.client.poll_event().is_some());
        let options = TransactionOptions::default();
        talk.client.send(&Request::RunAutoCommit { query: "Q", parameters: &parameters, options: &options }).unwrap();
        let sent = taken(&mut talk.client);
        assert!(sent.windows(2).any(|pair| pair == [0xB3, tag]), "{version} {granted}");
    }
}
