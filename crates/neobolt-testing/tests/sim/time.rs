//! What takes time: deadlines, retries and pauses, to the official constants.

use std::time::Duration;

use futures_channel::oneshot;
use neobolt::{AccessMode, ErrorKind, Failure};
use neobolt_server::ServerConfig;
use neobolt_testing::model::ModelBackend;
use neobolt_testing::queries::{CREATE_COUNTER, ONE, RANGE};
use neobolt_testing::sim::{Direction, Fault, Sim};

use super::World;

/// What servers promise by default: `connection.recv_timeout_seconds`.
const PROMISED: Duration = Duration::from_secs(120);

#[test]
fn a_user_who_pauses_twice_as_long_as_the_server_may_be_silent_gets_no_error() {
    for seed in 0..8 {
        let world = World::new(seed);
        world.sim.block_on(async {
            let driver = world.driver();
            let mut session = driver.session().build();
            let mut stream = session.run(RANGE).param("n", 3000).await.unwrap();
            for expected in 1..=3000 {
                let record = stream.next().await.unwrap().unwrap();
                assert_eq!(record.get::<i64>("i").unwrap(), expected);
                // At the beginning, within what is buffered, at its end, and in the next fetch.
                if [1, 500, 1000, 1001, 1999].contains(&expected) {
                    world.sleep(2 * PROMISED).await;
                }
            }
            assert!(stream.next().await.unwrap().is_none());

            let mut transaction = session.begin_transaction().await.unwrap();
            world.sleep(2 * PROMISED).await;
            transaction.run(ONE).await.unwrap().single().await.unwrap();
            world.sleep(2 * PROMISED).await;
            transaction.commit().await.unwrap();
        });
    }
}

#[test]
fn a_server_that_is_busy_for_long_gives_signs_of_life() {
    let world = World::with_latency(1, 10 * PROMISED);
    let driver = world.driver();
    let (elapsed, record) = world.timed(async { driver.session().build().run(ONE).await.unwrap().single().await });
    record.unwrap();
    assert!(elapsed >= 10 * PROMISED);
}

#[test]
fn a_server_that_falls_silent_is_given_up_when_it_breaks_its_promise() {
    let world = World::new(1);
    let driver = world.driver();
    world.sim.break_next(world.server.local_addr(), Direction::ToClient, 2000, Fault::Silence);
    let (elapsed, outcome) = world.timed(async {
        let mut session = driver.session().build();
        session.run(RANGE).param("n", 100_000).await?.collect().await
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::CommitUnknown); // an auto-commit query that may write
    assert!((PROMISED..PROMISED + Duration::from_secs(1)).contains(&elapsed), "it took {elapsed:?}");
    world.sim.block_on(async { driver.execute_query(ONE).read().await }).unwrap();
}

#[test]
fn a_place_in_the_pool_is_waited_for_no_longer_than_asked() {
    let world = World::new(1);
    let driver = world.builder().max_connection_pool_size(1).build().unwrap();
    let mut session = driver.session().build();
    let mut transaction = world.sim.block_on(async {
        let mut transaction = session.begin_transaction().await.unwrap();
        transaction.run(ONE).await.unwrap().consume().await.unwrap();
        transaction
    });
    let (elapsed, outcome) = world.timed(async { driver.execute_query(ONE).await });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::AcquisitionTimeout);
    assert_eq!(elapsed, Duration::from_secs(60));
    world.sim.block_on(async {
        transaction.run(ONE).await.unwrap().consume().await.unwrap();
        transaction.commit().await.unwrap();
        driver.execute_query(ONE).await.unwrap();
    });
}

#[test]
fn a_server_that_swallows_connections_is_given_up_when_connecting_takes_too_long() {
    let world = World::new(1);
    world.sim.set_unreachable(world.server.local_addr(), true);
    let driver = world.driver();
    let (elapsed, outcome) = world.timed(driver.verify_connectivity());
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ServiceUnavailable);
    assert!((30.0..30.1).contains(&elapsed.as_secs_f64()), "it took {elapsed:?}");
    world.sim.set_unreachable(world.server.local_addr(), false);
    world.sim.block_on(driver.verify_connectivity()).unwrap();
}

#[test]
fn closing_waits_for_work_but_not_for_ever() {
    let world = World::new(1);
    // Nobody knows what becomes of a write whose records were still coming; a read can be run again.
    for (access, kind) in [(AccessMode::Read, ErrorKind::Closed), (AccessMode::Write, ErrorKind::CommitUnknown)] {
        let driver = world.driver();
        let mut session = driver.session().default_access_mode(access).build();
        let mut stream = world.sim.block_on(async { session.run(RANGE).param("n", 100_000).await.unwrap() });
        let (elapsed, ()) = world.timed(driver.close(Duration::from_secs(5)));
        assert_eq!(elapsed, Duration::from_secs(5));
        assert_eq!(world.sim.block_on(stream.collect()).unwrap_err().kind(), kind);
    }

    let driver = world.driver();
    world.sim.block_on(async { driver.execute_query(ONE).await }).unwrap();
    let (elapsed, ()) = world.timed(driver.close(Duration::from_secs(5)));
    assert!(elapsed < Duration::from_secs(1), "it took {elapsed:?}");
}

fn deadlock() -> Failure {
    Failure::new("Neo.TransientError.Transaction.DeadlockDetected", "scripted")
}

#[test]
fn retries_wait_one_two_four_eight_seconds_and_end_after_thirty() {
    for seed in 0..10 {
        let world = World::new(seed);
        let driver = world.driver();
        // The first failure comes at once; then 1 s, 2 s and 4 s, each 20 % more or less.
        world.model.fail_next(vec![deadlock(); 3]);
        let mut session = driver.session().build();
        let mut attempts = 0;
        let (elapsed, outcome) = world.timed(session.execute_write(|mut tx| {
            attempts += 1;
            async move { tx.run(ONE).await?.single().await }
        }));
        outcome.unwrap();
        assert_eq!(attempts, 4);
        assert!((5.6..8.5).contains(&elapsed.as_secs_f64()), "it took {elapsed:?}");

        world.model.fail_next(vec![deadlock(); 100]);
        let (elapsed, outcome) = world.timed(async { driver.execute_query(ONE).await });
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), Some("Neo.TransientError.Transaction.DeadlockDetected"));
        assert!(error.is_retryable());
        // 1 + 2 + 4 + 8 s, and 16 more would be too many.
        assert!((12.0..=30.0).contains(&elapsed.as_secs_f64()), "it took {elapsed:?}");
    }
}

#[test]
fn the_first_success_ends_the_pauses_of_all_who_could_not_connect() {
    let world = World::new(1);
    let driver = world.builder().connection_timeout(Duration::from_millis(10)).build().unwrap();
    world.sim.set_unreachable(world.server.local_addr(), true);
    // Each begins 300 ms after the one before it, and so pauses at other times.
    let mut ends = Vec::new();
    for n in 0..4_u32 {
        let (driver, runtime, (done, end)) = (driver.clone(), world.runtime(), oneshot::channel());
        world.runtime().spawn(Box::pin(async move {
            runtime.sleep_until(runtime.now() + Duration::from_millis(300) * n).await;
            driver.execute_query(ONE).await.unwrap();
            done.send(runtime.now()).unwrap();
        }));
        ends.push(end);
    }
    let ends: Vec<_> = world.sim.block_on(async {
        // By now they have failed three times at least and pause for 4 s or more.
        world.sleep(Duration::from_secs(5)).await;
        world.sim.set_unreachable(world.server.local_addr(), false);
        let mut at = Vec::new();
        for end in ends {
            at.push(end.await.unwrap());
        }
        at
    });
    let first = ends.iter().min().unwrap();
    let last = ends.iter().max().unwrap();
    assert!(*last - *first < Duration::from_millis(100), "the last comes {:?} behind the first", *last - *first);
}

#[test]
fn an_auto_commit_query_is_sent_once_more_where_the_server_allows_it() {
    let allowed = |allowed: bool| {
        let mut failure = Failure::new("Neo.TransientError.General.Busy", "scripted");
        failure.diagnostic_record = [("_idempotent", allowed)].into_iter().collect();
        failure
    };
    let world = World::new(1);
    let driver = world.driver();
    let run = |disabled| {
        world.sim.block_on(async {
            let mut session = driver.session().disable_auto_commit_retries(disabled).build();
            session.run(ONE).await?.consume().await.map(drop)
        })
    };
    world.model.fail_next([allowed(true)]);
    run(false).unwrap();
    world.model.fail_next([allowed(true), allowed(true)]);
    assert!(run(false).is_err(), "it is sent twice, not thrice");
    world.model.fail_next([allowed(false)]);
    assert!(run(false).is_err());
    world.model.fail_next([allowed(true)]);
    assert!(run(true).is_err());
}

#[test]
fn what_cannot_pass_is_not_retried() {
    let codes = [
        "Neo.ClientError.Statement.SyntaxError",
        "Neo.ClientError.Transaction.Terminated",
        "Neo.TransientError.Transaction.Terminated",
        "Neo.DatabaseError.General.UnknownError",
    ];
    for code in codes {
        let world = World::new(1);
        world.model.fail_next([Failure::new(code, "scripted")]);
        let driver = world.driver();
        let (elapsed, outcome) = world.timed(async { driver.execute_query(ONE).await });
        assert!(outcome.is_err(), "{code}");
        assert!(elapsed < Duration::from_millis(800), "{code} took {elapsed:?}");
    }
}

#[test]
fn sixteen_rounds_of_four() {
    let world = World::with_latency(1, Duration::from_secs(1));
    let driver = world.builder().max_connection_pool_size(4).build().unwrap();
    let (elapsed, ()) = world.timed(async {
        let mut answers = Vec::new();
        for _ in 0..64 {
            let (driver, (done, answer)) = (driver.clone(), oneshot::channel());
            world.runtime().spawn(Box::pin(async move {
                done.send(driver.execute_query(ONE).read().await.map(drop)).unwrap();
            }));
            answers.push(answer);
        }
        for answer in answers {
            answer.await.unwrap().unwrap();
        }
    });
    assert!((16.0..16.5).contains(&elapsed.as_secs_f64()), "it took {elapsed:?}");
}

#[test]
fn a_server_without_a_promise_is_waited_for() {
    let sim = Sim::new(1);
    let model = ModelBackend::new(sim.runtime(), Duration::from_secs(3600));
    let mut config = ServerConfig::default();
    config.keep_alive = None;
    let server = sim.block_on(model.serve(config)).unwrap();
    let driver = neobolt::Driver::builder(sim.runtime(), &server.uri(), ModelBackend::auth()).build().unwrap();
    sim.block_on(async { driver.execute_query(CREATE_COUNTER).param("key", "slow").await }).unwrap();
}
