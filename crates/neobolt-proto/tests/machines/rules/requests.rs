//! "Messages": what each carries, in which version.

use super::*;

pub(super) const AGENT: &str = r#""bolt_agent": {"product": "neobolt/0", "platform": "<os>", "language": "Rust"}"#;

/// "Request message `HELLO`": which entries there are depends on the version, and defaults are left out.
#[test]
fn hello_of_every_version() {
    for version in from(3, 0) {
        let token = if version < v(5, 1) { r#", "scheme": "none""# } else { "" };
        let agent = if version >= v(5, 3) { format!(", {AGENT}") } else { String::new() };
        let patch =
            if matches!((version.major, version.minor), (4, 3 | 4)) { r#", "patch_bolt": ["utc"]"# } else { "" };
        let told = if version >= v(5, 7) { format!(r#", "protocol_version": "{version}""#) } else { String::new() };
        let next = if version < v(5, 1) { "READY" } else { "AUTHENTICATION" };
        talk(
            version,
            &format!(
                r#"
                C: HELLO {{"user_agent": "test/1"{token}{agent}{patch}}}
                S: SUCCESS {{"server": "Neo4j/5", "connection_id": "bolt-1"{told}{patch}}}
                client {next}
                server {next}
                "#
            ),
        );
    }
}

/// "Request message `HELLO`": `routing` (from 4.1) is there where the server shall route, though it be empty.
#[test]
fn hello_with_a_routing_context() {
    for routing in ["{}", r#"{"address": "x.example.com:9001", "region": "example"}"#] {
        talk(
            v(4, 2),
            &format!(
                r#"C: HELLO {{"user_agent": "test/1", "scheme": "none", "routing": {routing}}}
            S: SUCCESS {{"server": "Neo4j/4.2.0", "connection_id": "bolt-1"}}"#
            ),
        );
    }
}

/// "Version 5.2" and "Version 5.6": notifications are filtered, and the second entry changed its name.
#[test]
fn notifications_are_filtered() {
    for (version, key) in
        [(v(5, 2), "notifications_disabled_categories"), (v(5, 6), "notifications_disabled_classifications")]
    {
        let agent = if version >= v(5, 3) { format!(", {AGENT}") } else { String::new() };
        let filter = format!(r#""notifications_minimum_severity": "WARNING", "{key}": ["HINT", "GENERIC"]"#);
        talk(
            version,
            &format!(
                r#"
                C: HELLO {{"user_agent": "test/1", {filter}{agent}}}
                S: SUCCESS {{"server": "Neo4j/5", "connection_id": "bolt-1"}}
                C: LOGON {{"scheme": "none"}}
                S: SUCCESS {{}}
                C: BEGIN {{"{key}": []}}
                S: SUCCESS {{}}
                C: ROLLBACK
                S: SUCCESS {{}}
                C: RUN "RETURN 42" {{}} {{"notifications_minimum_severity": "OFF"}}
                S: SUCCESS {{"fields": ["42"]}}
                "#
            ),
        );
    }
    talk_ready(
        v(5, 1),
        r#"C! BEGIN {"notifications_minimum_severity": "OFF"}
        Bolt 5.1 cannot carry a notification filter"#,
    );
}

/// "Request message `LOGON`": authentication has a message of its own, and may be pipelined behind HELLO.
#[test]
fn logon_behind_hello() {
    for version in from(5, 1) {
        let agent = if version >= v(5, 3) { format!(", {AGENT}") } else { String::new() };
        let told = if version >= v(5, 7) { format!(r#", "protocol_version": "{version}""#) } else { String::new() };
        talk(
            version,
            &format!(
                r#"
                C: HELLO {{"user_agent": "test/1"{agent}}}
                C: LOGON {{"scheme": "basic", "principal": "user", "credentials": "password"}}
                client READY
                S: SUCCESS {{"server": "Neo4j/5", "connection_id": "bolt-1"{told}}}
                S: SUCCESS {{}}
                client READY
                server READY
                "#
            ),
        );
    }
}

/// "Request message `LOGON`": if authentication fails, the server answers FAILURE and closes.
#[test]
fn a_refused_logon_closes() {
    talk(
        v(5, 2),
        r#"
        C: HELLO {"user_agent": "test/1"}
        C: LOGON {"scheme": "bearer", "credentials": "stale"}
        C: BEGIN {}
        S: SUCCESS {"server": "Neo4j/5", "connection_id": "bolt-1"}
        S: FAILURE {"code": "Neo.ClientError.Security.Unauthorized", "message": "no"}
        server closed: the server refused the connection
        client closed: the server refused the connection
        "#,
    );
}

/// "Request message `HELLO`", before 5.1: the token stands in HELLO, whose failure closes as well.
#[test]
fn a_refused_hello_closes() {
    talk(
        v(4, 2),
        r#"
        C: HELLO {"user_agent": "test/1", "scheme": "basic", "principal": "user", "credentials": "wrong"}
        S: FAILURE {"code": "Neo.ClientError.Security.Unauthorized", "message": "no"}
        server closed: the server refused the connection
        client closed: the server refused the connection
        "#,
    );
}

/// "Server response `SUCCESS`" of LOGON: `credentials_expired`, and `advertised_address` from 5.8.
#[test]
fn logon_says_that_credentials_expired() {
    talk(
        v(5, 8),
        &format!(
            r#"
            C: HELLO {{"user_agent": "test/1", {AGENT}}}
            S: SUCCESS {{"server": "Neo4j/5", "connection_id": "bolt-1", "protocol_version": "5.8"}}
            C: LOGON {{"scheme": "basic", "principal": "user", "credentials": "old"}}
            S: SUCCESS {{"credentials_expired": true, "advertised_address": "graph.example.com:7687"}}
            client READY
            "#
        ),
    );
}

/// "Request message `LOGOFF`": the connection is then ready for another LOGON; both go in one write.
#[test]
fn the_user_changes_in_mid_life() {
    for version in from(5, 1) {
        talk_ready(
            version,
            r#"
            C: BEGIN {}
            S: SUCCESS {}
            C: COMMIT
            S: SUCCESS {}
            C: LOGOFF
            server READY
            client AUTHENTICATION
            C! BEGIN {}
            BEGIN is not allowed in state AUTHENTICATION
            C: LOGON {"scheme": "basic", "principal": "ada", "credentials": "secret"}
            C: BEGIN {}
            S: SUCCESS {}
            server AUTHENTICATION
            S: SUCCESS {}
            S: SUCCESS {}
            client TX_READY
            server TX_READY
            "#,
        );
    }
}

/// Appendix "version 5.1 +": a failed LOGOFF leads to FAILED, and LOGON behind it is ignored.
#[test]
fn a_failed_logoff_is_healed() {
    talk_ready(
        v(5, 1),
        r#"
        C: LOGOFF
        C: LOGON {"scheme": "none"}
        S: FAILURE {"code": "Neo.ClientError.Request.Invalid", "message": "no"}
        S: IGNORED
        server FAILED
        C: RESET
        S: SUCCESS {}
        client READY
        server READY
        "#,
    );
}

/// "Request message `TELEMETRY`" (from 5.4): in READY only, in front of what it reports; a failure leads to FAILED.
#[test]
fn telemetry_stands_in_front() {
    for version in from(5, 4) {
        talk_ready(
            version,
            r#"
            C: TELEMETRY 1
            C: BEGIN {}
            S: SUCCESS {}
            S: SUCCESS {}
            server TX_READY
            "#,
        );
    }
    talk_ready(
        v(5, 4),
        r#"
        C: TELEMETRY 3
        C: BEGIN {}
        S: FAILURE {"code": "Neo.DatabaseError.General.UnknownError", "message": "no"}
        S: IGNORED
        server FAILED"#,
    );
    talk_ready(v(5, 3), "C! TELEMETRY 2\nBolt 5.3 cannot carry TELEMETRY");
}

/// "Request message `ROUTE`": `db` stands alone in 4.3 and in `extra` from 4.4 on; before 4.3 there is none.
#[test]
fn route_has_two_forms() {
    let table = r#"{"rt": {"ttl": 1000, "servers": [{"addresses": ["localhost:9001"], "role": "ROUTE"}]}}"#;
    let context = r#"{"address": "x.example.com:7687"}"#;
    for db in ["null", r#""movies""#] {
        talk_ready(v(4, 3), &format!("C: ROUTE {context} [] {db}\nS: SUCCESS {table}\nserver READY"));
    }
    for version in from(4, 4) {
        for extra in ["{}", r#"{"db": "movies"}"#, r#"{"db": "movies", "imp_user": "bob"}"#] {
            talk_ready(
                version,
                &format!("C: ROUTE {context} [\"b:1\", \"b:2\"] {extra}\nS: SUCCESS {table}\nserver READY"),
            );
        }
    }
    talk_ready(v(4, 3), "C! ROUTE {} [] {\"imp_user\": \"bob\"}\nBolt 4.3 cannot carry impersonation");
    talk_ready(v(4, 2), "C! ROUTE {} [] null\nBolt 4.2 cannot carry ROUTE");
}

/// "Request message `BEGIN`" and "`RUN`": the options, and that defaults are left out.
#[test]
fn transactions_have_options() {
    let common = r#""bookmarks": ["b:1"], "tx_timeout": 123, "tx_metadata": {"log": "x"}, "mode": "r""#;
    for version in from(3, 0) {
        let db = if version >= v(4, 2) { r#", "db": "movies""# } else { "" };
        let user = if version >= v(4, 4) { r#", "imp_user": "bob""# } else { "" };
        let (pull, rest) = if version == v(3, 0) { ("PULL_ALL", "") } else { (r#"PULL {"n": -1}"#, r#", "qid": 0"#) };
        talk_ready(
            version,
            &format!(
                r#"
                C: BEGIN {{{common}{db}{user}}}
                C: RUN "RETURN $x AS x" {{"x": 1}} {{}}
                S: SUCCESS {{}}
                S: SUCCESS {{"fields": ["x"], "t_first": 1{rest}}}
                C: {pull}
                S: RECORD [1]
                S: SUCCESS {{"type": "r", "t_last": 2}}
                C: ROLLBACK
                S: SUCCESS {{}}
                C: RUN "RETURN $x AS x" {{"x": 1}} {{{common}{db}{user}}}
                S: SUCCESS {{"fields": ["x"]}}
                "#
            ),
        );
    }
    talk_ready(v(3, 0), "C! BEGIN {\"db\": \"movies\"}\nBolt 3.0 cannot carry a named database");
    talk_ready(v(4, 3), "C! BEGIN {\"imp_user\": \"bob\"}\nBolt 4.3 cannot carry impersonation");
}

/// "Version 4.0": before, PULL_ALL and DISCARD_ALL have no fields, and a transaction has one open result.
#[test]
fn bolt_3_pulls_everything() {
    talk_ready(
        v(3, 0),
        r#"
        C: BEGIN {}
        C: RUN "A" {} {}
        C! RUN "B" {} {}
        RUN is not allowed in state TX_STREAMING
        C! PULL {"n": 2}
        Bolt 3.0 cannot carry a number of records to pull
        C: PULL_ALL
        S: SUCCESS {}
        S: SUCCESS {"fields": ["a"]}
        S: RECORD [1] [2]
        S: SUCCESS {}
        C: RUN "B" {} {}
        C: DISCARD_ALL
        S: SUCCESS {"fields": ["b"]}
        S: SUCCESS {}
        C: COMMIT
        S: SUCCESS {"bookmark": "b:1"}
        server READY
        "#,
    );
}

/// "Version 5.8": BEGIN and RUN are answered with the database they run in where none was named.
#[test]
fn the_home_database_is_told() {
    for version in from(5, 8) {
        talk_ready(
            version,
            r#"
            C: BEGIN {}
            S: SUCCESS {"db": "home"}
            C: ROLLBACK
            S: SUCCESS {}
            C: RUN "Q" {} {}
            S: SUCCESS {"fields": [], "db": "home"}
            "#,
        );
    }
}

/// "Summary message `FAILURE`": GQL statuses and causes from 5.7 on, code and message before.
#[test]
fn failures_of_two_generations() {
    let cause = r#"{"message": "22N01: no", "gql_status": "22N01", "description": "invalid type"}"#;
    let record = r#"{"_classification": "CLIENT_ERROR", "OPERATION": "", "own": 1}"#;
    let failure = format!(
        r#"{{"neo4j_code": "Neo.ClientError.Request.Invalid", "message": "no", "gql_status": "22G03",
        "description": "invalid value type", "diagnostic_record": {record}, "cause": {cause}}}"#
    );
    let failure = failure.replace('\n', " ");
    for version in from(5, 7) {
        talk_ready(version, &format!("C: RUN \"Q\" {{}} {{}}\nS: FAILURE {failure}\nserver FAILED"));
    }
    let failure = r#"{"code": "Neo.ClientError.Request.Invalid", "message": "no"}"#;
    for version in from(3, 0).filter(|version| *version < v(5, 7)) {
        talk_ready(version, &format!("C: RUN \"Q\" {{}} {{}}\nS: FAILURE {failure}\nserver FAILED"));
    }
}
