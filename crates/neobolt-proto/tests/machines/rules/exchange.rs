//! "Message exchange", "Server states", and how a failure is healed.

use super::*;

/// "Pipelining": the client may send multiple requests eagerly without first waiting for responses.
#[test]
fn requests_are_pipelined() {
    for version in from(4, 2) {
        talk_ready(
            version,
            r#"
            C: BEGIN {}
            C: RUN "RETURN 1 AS n" {} {}
            C: PULL {"n": -1}
            C: COMMIT
            client READY
            server READY
            S: SUCCESS {}
            S: SUCCESS {"fields": ["n"], "qid": 0}
            S: RECORD [1]
            S: SUCCESS {}
            S: SUCCESS {"bookmark": "b:1"}
            client READY
            server READY
            "#,
        );
    }
}

/// "Transaction", the example with Bolt v4: a result is pulled in parts, and `has_more` keeps the state.
#[test]
fn a_result_is_pulled_in_parts() {
    for version in from(4, 2) {
        talk_ready(
            version,
            r#"
            C: RUN "Q" {} {}
            S: SUCCESS {"fields": ["n"]}
            C: PULL {"n": 2}
            S: RECORD [1] [2]
            S: SUCCESS {"has_more": true}
            client STREAMING
            server STREAMING
            C: PULL {"n": 2}
            S: RECORD [3]
            S: SUCCESS {"has_more": false, "bookmark": "b:1"}
            client READY
            server READY
            "#,
        );
    }
}

/// "Request message `DISCARD`": `n` is how many records to throw away.
#[test]
fn records_are_discarded_in_parts() {
    talk_ready(
        v(5, 8),
        r#"
        C: RUN "Q" {} {}
        S: SUCCESS {"fields": ["n"]}
        C: DISCARD {"n": 2}
        S: SUCCESS {"has_more": true}
        C: PULL {"n": 1}
        S: RECORD [3]
        S: SUCCESS {"has_more": true}
        C: DISCARD {"n": -1}
        S: SUCCESS {"bookmark": "b:1"}
        client READY
        server READY
        "#,
    );
}

/// "Request message `PULL`": what follows depends on how the last one ends, so the next waits for it.
#[test]
fn a_result_is_asked_for_one_thing_at_a_time() {
    talk_ready(
        v(5, 8),
        r#"
        C: RUN "Q" {} {}
        C: PULL {"n": 1}
        C! PULL {"n": 1}
        the result has an unanswered PULL or DISCARD
        C! DISCARD {"n": -1}
        the result has an unanswered PULL or DISCARD
        S: SUCCESS {"fields": ["n"]}
        S: SUCCESS {"has_more": false}
        C! PULL {"n": 1}
        PULL is not allowed in state READY
        "#,
    );
}

/// "Transaction", the example with two open results: `qid` says which, and the state stays until the last is consumed.
#[test]
fn results_of_a_transaction_are_told_apart() {
    for version in from(4, 2) {
        talk_ready(
            version,
            r#"
            C: BEGIN {}
            S: SUCCESS {}
            C: RUN "A" {} {}
            S: SUCCESS {"fields": ["a"], "qid": 123}
            C: RUN "B" {} {}
            S: SUCCESS {"fields": ["b", "c"], "qid": 456}
            server TX_STREAMING
            C: PULL {"n": 1, "qid": 123}
            C: PULL {"n": 1}
            S: RECORD [1]
            S: SUCCESS {"has_more": true}
            S: RECORD [2, 3]
            S: SUCCESS {"has_more": true}
            C! COMMIT
            COMMIT is not allowed in state TX_STREAMING
            C: PULL {"n": 1, "qid": 123}
            S: SUCCESS {"has_more": false}
            client TX_STREAMING
            server TX_STREAMING
            C: DISCARD {"n": -1}
            S: SUCCESS {}
            client TX_READY
            server TX_READY
            C: COMMIT
            S: SUCCESS {"bookmark": "b:1"}
            "#,
        );
    }
}

/// "Request message `PULL`": the default of `qid` is the last executed statement, whether or not its result is still open.
#[test]
fn an_older_result_is_named_though_it_is_the_only_open_one() {
    talk_ready(
        v(5, 0),
        r#"
        C: BEGIN {}
        S: SUCCESS {}
        C: RUN "A" {} {}
        S: SUCCESS {"fields": ["a"], "qid": 0}
        C: RUN "B" {} {}
        C: PULL {"n": -1}
        S: SUCCESS {"fields": ["b"], "qid": 1}
        S: SUCCESS {}
        C: DISCARD {"n": -1, "qid": 0}
        S: SUCCESS {}
        client TX_READY
        "#,
    );
}

/// "Request message `RUN`": official drivers take an answer without `qid`; the most recent result needs none.
#[test]
fn a_result_without_qid_is_the_most_recent_one_or_out_of_reach() {
    talk_ready(
        v(5, 0),
        r#"
        C: BEGIN {}
        S: SUCCESS {}
        C: RUN "A" {} {}
        S: SUCCESS {"fields": ["a"]}
        C: PULL {"n": 1}
        S: RECORD [1]
        S: SUCCESS {"has_more": true}
        C: PULL {"n": -1}
        S: SUCCESS {}
        client TX_READY
        "#,
    );
    let mut talk = ready(v(5, 0), usize::MAX);
    talk.hold(
        r#"
        C: BEGIN {}
        S: SUCCESS {}
        C: RUN "A" {} {}
        S: SUCCESS {"fields": ["a"]}
        "#,
    );
    let hidden = talk.latest_run().unwrap();
    talk.hold(
        r#"
        C: RUN "B" {} {}
        S: SUCCESS {"fields": ["b"]}
        "#,
    );
    let pull = neobolt_proto::message::Request::Pull { run: hidden, count: neobolt_proto::message::Count::All };
    assert_eq!(talk.client.send(&pull), Err(neobolt_proto::SendError::UnnamedResult));
}

/// "Message exchange": when a failure occurs, servers must ignore all subsequent requests until it is acknowledged.
#[test]
fn after_a_failure_everything_is_ignored_until_reset() {
    for version in from(3, 0).filter(|version| *version < v(5, 7)) {
        let (pull, qid) = if version == v(3, 0) { ("PULL_ALL", "") } else { (r#"PULL {"n": -1}"#, r#", "qid": 0"#) };
        talk_ready(
            version,
            &format!(
                r#"
                C: BEGIN {{}}
                C: RUN "A" {{}} {{}}
                C: {pull}
                C: RUN "FAIL" {{}} {{}}
                C: {pull}
                C: COMMIT
                S: SUCCESS {{}}
                S: SUCCESS {{"fields": ["n"]{qid}}}
                S: SUCCESS {{}}
                S: FAILURE {{"code": "Neo.ClientError.Statement.SyntaxError", "message": "no"}}
                server FAILED
                S: IGNORED
                S: IGNORED
                client FAILED
                server FAILED
                C! COMMIT
                COMMIT is not allowed in state FAILED
                C: RESET
                S: SUCCESS {{}}
                client READY
                server READY
                "#
            ),
        );
    }
}

/// "Message exchange": all subsequent requests are ignored, though they be more than a server reads ahead.
#[test]
fn a_long_pipeline_is_ignored() {
    let ask = "C> RUN \"Q\" {} {}\n".repeat(100);
    let failure = r#"S: FAILURE {"code": "Neo.TransientError.General.OutOfMemoryError", "message": "no"}"#;
    let ignored = "S: IGNORED\n".repeat(101);
    talk_ready(
        v(5, 0),
        &format!(
            "C> BEGIN {{}}\n{ask}C> DISCARD {{\"n\": -1}}\n>\n{failure}\n{ignored}C: RESET\nS: SUCCESS {{}}\nserver READY"
        ),
    );
}

/// "Request message `LOGON`": what is pipelined behind it is held against the limits of those who are authenticated.
#[test]
fn a_large_query_behind_logon() {
    let query = "x".repeat(20_000);
    talk(
        v(5, 2),
        &format!(
            r#"
            C> HELLO {{"user_agent": "test/1"}}
            C> LOGON {{"scheme": "none"}}
            C> RUN "{query}" {{}} {{}}
            >
            S: SUCCESS {{"server": "Neo4j/5", "connection_id": "bolt-1"}}
            S: SUCCESS {{}}
            S: SUCCESS {{"fields": []}}
            server STREAMING
            "#
        ),
    );
}

/// "Request message `RESET`": it jumps ahead; what was queued in front of it is ignored.
#[test]
fn reset_jumps_the_queue() {
    talk_ready(
        v(5, 8),
        r#"
        C> RUN "Q" {} {}
        C> PULL {"n": -1}
        C> RESET
        client READY
        >
        S: IGNORED
        S: IGNORED
        S: SUCCESS {}
        client READY
        server READY
        "#,
    );
}

/// "Request message `RESET`": it stops any unit of work that happens to be executing.
#[test]
fn reset_interrupts_what_is_being_answered() {
    talk_ready(
        v(5, 8),
        r#"
        C: RUN "Q" {} {}
        S: SUCCESS {"fields": ["n"]}
        C: PULL {"n": -1}
        S: RECORD [1]
        C: RESET
        S: IGNORED
        server INTERRUPTED
        S: SUCCESS {}
        client READY
        server READY
        "#,
    );
}

/// "Server state `INTERRUPTED`": RESET leads back to READY out of every state behind authentication.
#[test]
fn reset_heals_every_state() {
    let no = r#"S: FAILURE {"code": "Neo.TransientError.General.OutOfMemoryError", "message": "no"}"#;
    let begin = "C: BEGIN {}\nS: SUCCESS {}";
    let run = "C: RUN \"Q\" {} {}\nS: SUCCESS {\"fields\": []}";
    for (way, state) in [
        (String::new(), "READY"),
        (run.into(), "STREAMING"),
        (begin.into(), "TX_READY"),
        (format!("{begin}\n{run}"), "TX_STREAMING"),
        (format!("C: BEGIN {{}}\n{no}"), "FAILED"),
    ] {
        let reset = format!("{way}\nserver {state}\nC: RESET\nS: SUCCESS {{}}\nclient READY\nserver READY\n{begin}");
        talk_ready(v(5, 6), &reset);
    }
}

/// "Server response `FAILURE`" of RESET: before the server enters a READY state, RESET breaks the protocol.
#[test]
fn reset_heals_nothing_before_authentication() {
    talk(v(5, 8), "C! RESET\nRESET is not allowed in state NEGOTIATION");
    talk_ready(
        v(5, 8),
        r#"
        C: LOGOFF
        S: SUCCESS {}
        C! RESET
        RESET is not allowed in state AUTHENTICATION
        "#,
    );
}

/// "Server response `FAILURE`" of RESET: the connection is of no more use.
#[test]
fn a_failed_reset_closes() {
    talk_ready(
        v(5, 0),
        r#"
        C: RESET
        S: FAILURE {"code": "Neo.DatabaseError.General.UnknownError", "message": "no"}
        server closed: the server refused the connection
        client closed: the server refused the connection
        "#,
    );
}

/// A FAILURE that was on its way when RESET was sent is the answer to its own request, and RESET heals it.
#[test]
fn a_failure_crosses_a_reset() {
    talk_ready(
        v(5, 0),
        r#"
        C: RUN "FAIL" {} {}
        C: PULL {"n": -1}
        C> RESET
        S: FAILURE {"code": "Neo.ClientError.Statement.SyntaxError", "message": "no"}
        S: IGNORED
        client READY
        server FAILED
        >
        S: SUCCESS {}
        client READY
        server READY
        "#,
    );
}

/// Answers that were on their way when RESET was sent are told, and lead nowhere.
#[test]
fn answers_cross_a_reset() {
    talk_ready(
        v(5, 8),
        r#"
        C: BEGIN {}
        S: SUCCESS {}
        C: RUN "A" {} {}
        C: PULL {"n": 1}
        C: RUN "B" {} {}
        C: PULL {"n": -1}
        C> RESET
        C> BEGIN {}
        S: SUCCESS {"fields": ["a"], "qid": 0}
        S: SUCCESS {"has_more": true}
        S: SUCCESS {"fields": ["b"], "qid": 1}
        S: SUCCESS {}
        client TX_READY
        server TX_STREAMING
        >
        S: SUCCESS {}
        S: SUCCESS {}
        client TX_READY
        server TX_READY
        "#,
    );
}

/// With two results asked for and RESET on its way, the end of the first does not end the second.
#[test]
fn two_results_end_while_a_reset_is_on_its_way() {
    let mut talk = ready(v(5, 8), usize::MAX);
    talk.hold(
        r#"
        C: BEGIN {}
        S: SUCCESS {}
        C: RUN "A" {} {}
        S: SUCCESS {"fields": ["a"], "qid": 0}
        C: RUN "B" {} {}
        S: SUCCESS {"fields": ["b"], "qid": 1}
        C: PULL {"n": -1, "qid": 0}
        C: PULL {"n": -1}
        C> RESET
        S: SUCCESS {}
        S: SUCCESS {}
        >
        S: SUCCESS {}
        client READY
        server READY
        "#,
    );
}

/// Requests behind a RESET belong to the next conversation, and a second RESET interrupts that.
#[test]
fn resets_are_pipelined() {
    talk_ready(
        v(5, 8),
        r#"
        C> RUN "A" {} {}
        C> RESET
        C> RUN "B" {} {}
        C> RESET
        C> BEGIN {}
        >
        S: IGNORED
        S: SUCCESS {}
        S: IGNORED
        S: SUCCESS {}
        S: SUCCESS {}
        client TX_READY
        server TX_READY
        "#,
    );
}

/// LOGOFF that a RESET overtook did not happen; the client finds out where it is.
#[test]
fn reset_overtakes_a_change_of_user() {
    talk_ready(
        v(5, 8),
        r#"
        C> LOGOFF
        C> LOGON {"scheme": "basic", "principal": "ada", "credentials": "secret"}
        C> RESET
        >
        S: IGNORED
        S: IGNORED
        S: SUCCESS {}
        client READY
        server READY
        "#,
    );
}

/// "Chunking": NOOPs (from 4.1, in all states from 4.3) are nothing, between messages in both directions.
#[test]
fn noops_are_nothing() {
    for version in from(4, 2) {
        talk_ready(
            version,
            r#"
            S: NOOP
            C: NOOP
            C: RUN "Q" {} {}
            S: NOOP
            S: NOOP
            S: SUCCESS {"fields": ["n"]}
            C: NOOP
            C: PULL {"n": -1}
            S: NOOP
            S: RECORD [1]
            S: NOOP
            S: RECORD [2]
            C: NOOP
            S: SUCCESS {}
            S: NOOP
            client READY
            server READY
            "#,
        );
    }
}

/// "Protocol errors": a message that is unexpected is fatal.
#[test]
fn a_client_does_not_send_what_is_out_of_turn() {
    talk(v(5, 8), "C! BEGIN {}\nBEGIN is not allowed in state NEGOTIATION");
    talk_ready(
        v(5, 8),
        r#"
        C! LOGON {"scheme": "none"}
        LOGON is not allowed in state READY
        C! COMMIT
        COMMIT is not allowed in state READY
        C: BEGIN {}
        S: SUCCESS {}
        C! BEGIN {}
        BEGIN is not allowed in state TX_READY
        C! ROUTE {} [] {}
        ROUTE is not allowed in state TX_READY
        C! LOGOFF
        LOGOFF is not allowed in state TX_READY
        C! TELEMETRY 2
        TELEMETRY is not allowed in state TX_READY
        C: RUN "Q" {} {}
        S: SUCCESS {"fields": [], "qid": 0}
        C! ROLLBACK
        ROLLBACK is not allowed in state TX_STREAMING
        "#,
    );
}

/// "Request message `GOODBYE`": it has no answer.
#[test]
fn goodbye_has_no_answer() {
    talk_ready(
        v(5, 8),
        r#"
        C: BEGIN {}
        S: SUCCESS {}
        C: GOODBYE
        server closed: the connection was closed with GOODBYE
        client closed: the connection was closed with GOODBYE
        "#,
    );
}
