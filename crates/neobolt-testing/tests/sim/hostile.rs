//! Servers that break rules, promise nonsense, or leave at the worst moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use neobolt::{Error, ErrorKind};

use super::scripted::{
    Answer, Scripted, failure, ignored, integer, list, map, record, serve, serve_on, success, tag, text, usual,
};

const TRUE: u8 = 0xC3;

/// Runs one query on a server that answers PULL, and the like, as `script` says.
fn run(script: impl FnMut(u8) -> Answer + Send + 'static) -> Result<Vec<i64>, Error> {
    let mut script = script;
    let server = Scripted::new((5, 4), move |_, tag| script(tag));
    let driver = server.driver();
    server.sim.block_on(async { driver.session().build().run("Q").await?.collect_column("i").await })
}

#[test]
fn whoever_breaks_a_rule_is_named_and_left() {
    let field = || integer(1);
    let cases: Vec<(&str, u8, Vec<u8>)> = vec![
        ("HELLO is ignored", tag::HELLO, ignored()),
        ("HELLO is answered with a record", tag::HELLO, record(&[field()])),
        ("HELLO is answered for all that follows, and behind the end", tag::HELLO, success(&[]).repeat(5)),
        ("fields is no list", tag::RUN, success(&[("fields", field())])),
        ("fields holds no texts", tag::RUN, success(&[("fields", list(&[field()]))])),
        ("qid is no number", tag::RUN, success(&[("fields", list(&[text("i")])), ("qid", text("x"))])),
        ("RUN is answered with a record", tag::RUN, record(&[field()])),
        ("RUN is ignored without a reason", tag::RUN, ignored()),
        ("a record is too wide", tag::PULL, record(&[field(), field()])),
        ("a record is too narrow", tag::PULL, record(&[])),
        ("there are more records than asked for", tag::PULL, record(&[field()]).repeat(1001)),
        ("a record comes behind the end", tag::PULL, [success(&[]), record(&[field()])].concat()),
        ("metadata is no map", tag::PULL, vec![0, 3, 0xB1, 0x70, 1, 0, 0]),
        ("a message is cut short", tag::PULL, vec![0, 3, 0xB1, 0x70, 0xA1, 0, 0]),
        ("a message has no such tag", tag::PULL, vec![0, 3, 0xB1, 0x55, 0xA0, 0, 0]),
        ("a message is no structure", tag::PULL, vec![0, 1, 0xA0, 0, 0]),
    ];
    for (what, when, bytes) in cases {
        let outcome = run(move |tag| if tag == when { Answer::Bytes(bytes.clone()) } else { usual(tag) });
        match outcome {
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::CommitUnknown), "{what}: {error:?}");
            }
            // It was over before the rule was broken.
            Ok(numbers) => assert!(what.contains("behind the end") && numbers.is_empty(), "{what}: {numbers:?}"),
        }
    }
}

#[test]
fn whoever_hangs_up_in_the_middle_is_no_longer_waited_for() {
    for when in [tag::HELLO, tag::RUN, tag::PULL] {
        for bytes in [vec![], vec![0], vec![0, 0], success(&[])[..3].to_vec(), vec![0; 100_000]] {
            let last = bytes.clone();
            let outcome = run(move |tag| if tag == when { Answer::Last(last.clone()) } else { usual(tag) });
            let kind = outcome.unwrap_err().kind();
            let expected = if when == tag::HELLO { ErrorKind::ServiceUnavailable } else { ErrorKind::CommitUnknown };
            assert_eq!(kind, expected, "{when:02X} {}", bytes.len());
        }
    }
}

#[test]
fn a_promise_beyond_all_time_is_none() {
    let hints = map(&[("connection.recv_timeout_seconds", integer(i64::MAX))]);
    let outcome = run(move |tag| match tag {
        tag::HELLO => Answer::Bytes(success(&[("hints", hints.clone())])),
        _ => usual(tag),
    });
    assert_eq!(outcome.unwrap(), [0; 0]);
}

#[test]
fn telemetry_is_not_sent_where_the_version_has_none() {
    let hints = map(&[("telemetry.enabled", vec![TRUE])]);
    let server = Scripted::new((5, 2), move |_, tag| match tag {
        tag::HELLO => Answer::Bytes(success(&[("hints", hints.clone())])),
        _ => usual(tag),
    });
    let driver = server.driver();
    server.sim.block_on(async { driver.execute_query("Q").await }).unwrap();
}

#[test]
fn a_failed_reset_closes_the_connection_and_leaks_no_place() {
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&connections);
    let server = Scripted::new((5, 4), move |number, tag| {
        seen.fetch_max(number + 1, Ordering::Relaxed);
        match tag {
            tag::RUN if number == 0 => Answer::Bytes(failure("Neo.ClientError.Statement.SyntaxError")),
            tag::PULL if number == 0 => Answer::Bytes(ignored()),
            tag::RESET => Answer::Bytes(failure("Neo.DatabaseError.General.UnknownError")),
            _ => usual(tag),
        }
    });
    let driver = server.builder("bolt").max_connection_pool_size(1).build().unwrap();
    server.sim.block_on(async {
        assert_eq!(driver.execute_query("Q").await.unwrap_err().kind(), ErrorKind::Server);
        driver.execute_query("Q").await.unwrap();
    });
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[test]
fn a_commit_under_way_when_the_time_for_retries_is_over_may_have_happened() {
    let server = || {
        Scripted::new((5, 4), |number, tag| match (number, tag) {
            (0, tag::RUN) => Answer::Last(vec![]),
            (1.., tag::COMMIT) => Answer::Silence,
            _ => usual(tag),
        })
    };
    let one = server();
    let error = one.sim.block_on(async { one.driver().execute_query("Q").await }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{error:?}");
    let other = server();
    let error = other.sim.block_on(async {
        let mut session = other.driver().session().build();
        session.execute_write(async |mut tx| tx.run("Q").await?.consume().await).await.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{error:?}");
}

#[test]
fn a_commit_under_way_when_the_driver_is_closed_may_have_happened() {
    let server = Scripted::new((5, 4), |_, tag| if tag == tag::COMMIT { Answer::Silence } else { usual(tag) });
    let driver = server.driver();
    let closing = driver.clone();
    let runtime = server.sim.runtime();
    let later = runtime.now() + Duration::from_secs(1);
    server.sim.runtime().spawn(Box::pin(async move {
        runtime.sleep_until(later).await;
        closing.close(Duration::from_secs(1)).await;
    }));
    let error = server.sim.block_on(async { driver.execute_query("Q").await }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{error:?}");
}

/// The answer to ROUTE with one server of all roles.
fn table(ttl: i64, address: &str) -> Vec<u8> {
    let servers =
        ["ROUTE", "READ", "WRITE"].map(|role| map(&[("addresses", list(&[text(address)])), ("role", text(role))]));
    success(&[("rt", map(&[("ttl", integer(ttl)), ("db", text("neo4j")), ("servers", list(&servers))]))])
}

#[test]
fn a_routing_table_is_used_at_least_once() {
    for ttl in [0, i64::MAX] {
        let member = Scripted::new((5, 4), |_, tag| usual(tag));
        let address = member.address.to_string();
        let router = serve(&member.sim, vec![0, 0, 4, 5], move |_, tag| match tag {
            tag::ROUTE => Answer::Bytes(table(ttl, &address)),
            _ => usual(tag),
        });
        let uri = format!("neo4j://{router}");
        let driver = neobolt::Driver::builder(member.sim.runtime(), &uri, neobolt::Auth::none()).build().unwrap();
        member.sim.block_on(async { driver.execute_query("Q").await }).unwrap();
    }
}

#[test]
fn a_routing_table_of_nonsense_is_refused() {
    let servers = |addresses: Vec<u8>, role: &str| {
        let servers = list(&[map(&[("addresses", addresses), ("role", text(role))])]);
        success(&[("rt", map(&[("ttl", integer(1)), ("servers", servers)]))])
    };
    for answer in [
        success(&[]),
        success(&[("rt", list(&[]))]),
        table(-1, "localhost:1"),
        table(300, "localhost:port"),
        table(300, ""),
        table(300, "[::1"),
        servers(list(&[]), "ROUTE"),
        servers(integer(1), "READ"),
        servers(list(&[integer(1)]), "WRITE"),
        servers(list(&[text("localhost:1")]), "KING"),
        table(300, "nobody.knows.it:7687"),
    ] {
        let server = Scripted::new((5, 4), move |_, tag| match tag {
            tag::ROUTE => Answer::Bytes(answer.clone()),
            _ => usual(tag),
        });
        let driver = server.builder("neo4j").max_transaction_retry_time(Duration::ZERO).build().unwrap();
        let error = server.sim.block_on(async { driver.execute_query("Q").await }).unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
    }
}

#[test]
fn nobody_waits_for_a_silent_router_but_in_turn_and_in_person() {
    let server = Scripted::new((5, 4), |_, tag| if tag == tag::ROUTE { Answer::Silence } else { usual(tag) });
    let driver = server.builder("neo4j").max_transaction_retry_time(Duration::ZERO).build().unwrap();
    let runtime = server.sim.runtime();
    let start = runtime.now();
    for n in 0..20_u32 {
        let (driver, runtime) = (driver.clone(), server.sim.runtime());
        server.sim.runtime().spawn(Box::pin(async move {
            runtime.sleep_until(start + Duration::from_secs(10) * n).await;
            let began = runtime.now();
            let error = driver.execute_query("Q").await.unwrap_err();
            // Whoever asks gives the router up, whoever waits for that gives itself up.
            assert!(matches!(error.kind(), ErrorKind::ServiceUnavailable | ErrorKind::AcquisitionTimeout), "{error:?}");
            let took = runtime.now() - began;
            // A minute for the refresh of another, and one for the own.
            assert!(took < Duration::from_secs(121), "call {n} took {took:?}");
        }));
    }
    server.sim.block_on(runtime.sleep_until(start + Duration::from_secs(600)));
}

#[test]
fn a_server_that_falls_silent_in_the_handshake_is_left_for_another() {
    let member = Scripted::new((5, 4), |_, tag| usual(tag));
    let silent = serve(&member.sim, vec![], |_, tag| usual(tag));
    let both = list(&[text(&silent.to_string()), text(&member.address.to_string())]);
    let router = serve(&member.sim, vec![0, 0, 4, 5], move |_, tag| {
        let servers = ["ROUTE", "READ", "WRITE"].map(|role| map(&[("addresses", both.clone()), ("role", text(role))]));
        match tag {
            tag::ROUTE => Answer::Bytes(success(&[("rt", map(&[("ttl", integer(300)), ("servers", list(&servers))]))])),
            _ => usual(tag),
        }
    });
    let uri = format!("neo4j://{router}");
    let driver = neobolt::Driver::builder(member.sim.runtime(), &uri, neobolt::Auth::none()).build().unwrap();
    for _ in 0..10 {
        member.sim.block_on(async { driver.execute_query("Q").await }).unwrap();
    }
}

/// On real threads, for what this is about is the order of locks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_that_never_last_are_refreshed_by_many_threads() {
    let runtime = neobolt_tokio::runtime();
    let told = Arc::new(OnceLock::<String>::new());
    let own = Arc::clone(&told);
    let router = serve_on(Arc::clone(&runtime), vec![0, 0, 4, 5], move |_, tag| match tag {
        tag::ROUTE => Answer::Bytes(table(0, own.get().unwrap())),
        _ => usual(tag),
    });
    let router = router.await.to_string();
    told.set(router.clone()).unwrap();
    let driver = neobolt::Driver::builder(runtime, &format!("neo4j://{router}"), neobolt::Auth::none());
    let driver = driver.build().unwrap();
    let tasks: Vec<_> = (0..16_u32)
        .map(|task| {
            let driver = driver.clone();
            tokio::spawn(async move {
                for _ in 0..100 {
                    driver.execute_query("Q").database(format!("db{task}")).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
