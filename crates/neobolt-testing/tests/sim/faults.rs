//! Connections that break after every possible byte.

use std::time::Duration;

use neobolt::{AccessMode, Driver, Error, ErrorKind, Session};
use neobolt_testing::queries::{CREATE_COUNTER, INCREMENT, ONE, RANGE, READ_COUNTER};
use neobolt_testing::sim::{Direction, Fault};

use super::World;

/// The ways to break that both ends notice.
const LOUD: [(Direction, Fault); 4] = [
    (Direction::ToServer, Fault::Close),
    (Direction::ToServer, Fault::Reset),
    (Direction::ToClient, Fault::Close),
    (Direction::ToClient, Fault::Reset),
];

/// The ways to break that nobody is told of.
const SILENT: [(Direction, Fault); 2] = [(Direction::ToServer, Fault::Silence), (Direction::ToClient, Fault::Silence)];

/// What the counter is, read on a connection that works, as one who writes sees it.
async fn value(session: &mut Session) -> Option<i64> {
    let values: Vec<i64> = session
        .execute_write(async |mut tx| tx.run(READ_COUNTER).param("key", "k").await?.collect_column("value").await)
        .await
        .unwrap();
    values.first().copied()
}

/// So many bytes behind the last that matters are tried as well.
const BEYOND: u32 = 8;

/// Runs `work` on connections that break after 1, 2, 3 bytes and so on, until one does not break before it ends.
///
/// `check` is given what came of it and what the counter is then.
fn at_each_byte<T>(
    ways: impl IntoIterator<Item = (Direction, Fault)>,
    work: impl AsyncFn(&Driver) -> Result<T, Error>,
    check: impl Fn(Result<T, Error>, Option<i64>, &str),
) {
    for (direction, fault) in ways {
        let mut unbroken = 0;
        for after in 1.. {
            let world = World::new(after);
            let what = format!("{fault:?} {direction:?} after {after} bytes");
            let healthy = world.driver();
            world.sim.block_on(async { healthy.execute_query(CREATE_COUNTER).param("key", "k").await }).unwrap();
            world.sim.break_next(world.server.local_addr(), direction, after, fault);
            let driver = world.driver();
            let (elapsed, outcome) = world.timed(work(&driver));
            // A pause before another attempt shows that the first was broken.
            let is_unbroken = outcome.is_ok() && elapsed < Duration::from_millis(500);
            unbroken = if is_unbroken { unbroken + 1 } else { 0 };
            let value = world.sim.block_on(async { value(&mut healthy.session().build()).await });
            check(outcome, value, &what);
            // Whatever has happened, the driver works again.
            let result = world.sim.block_on(async { driver.execute_query(ONE).read().await });
            assert!(result.is_ok(), "{what}: {result:?}");
            if unbroken == BEYOND {
                assert!(after > 200, "nothing ever broke");
                break;
            }
        }
    }
}

/// Whether nothing can have been committed.
fn nothing_happened(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ServiceUnavailable | ErrorKind::AcquisitionTimeout)
}

#[test]
fn an_explicit_transaction_is_committed_or_not_or_nobody_knows() {
    at_each_byte(
        LOUD.into_iter().chain(SILENT),
        async |driver| {
            let mut session = driver.session().build();
            let mut transaction = session.begin_transaction().await?;
            transaction.run(INCREMENT).param("key", "k").await?.single().await?;
            transaction.commit().await
        },
        |outcome, value, what| match outcome {
            Ok(()) => assert_eq!(value, Some(1), "{what}"),
            Err(error) if error.kind() == ErrorKind::CommitUnknown => assert!(matches!(value, Some(0 | 1)), "{what}"),
            Err(error) => {
                assert!(nothing_happened(&error), "{what}: {error:?}");
                assert_eq!(value, Some(0), "{what}");
            }
        },
    );
}

#[test]
fn a_managed_transaction_happens_once_or_nobody_knows() {
    // A server that is not told that its client is gone keeps the locks, and retries are in vain.
    at_each_byte(
        LOUD,
        async |driver| {
            let mut session = driver.session().build();
            session
                .execute_write(async |mut tx| tx.run(CREATE_COUNTER).param("key", "other").await?.consume().await)
                .await?;
            driver.execute_query(INCREMENT).param("key", "other").await
        },
        |outcome, _, what| match outcome {
            Ok(result) => assert_eq!(result.records[0].get::<i64>("value"), Ok(1), "{what}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{what}: {error:?}"),
        },
    );
}

#[test]
fn a_stream_ends_with_an_error_or_with_all_its_records() {
    at_each_byte(
        LOUD.into_iter().chain(SILENT),
        async |driver| {
            let mut session = driver.session().fetch_size(20).default_access_mode(AccessMode::Read).build();
            let mut stream = session.run(RANGE).param("n", 50).await?;
            let mut numbers = Vec::new();
            while let Some(record) = stream.next().await? {
                numbers.push(record.get::<i64>("i")?);
                assert_eq!(numbers.last(), Some(&(numbers.len() as i64)));
            }
            Ok(numbers.len())
        },
        |outcome, _, what| match outcome {
            Ok(len) => assert_eq!(len, 50, "{what}"),
            Err(error) => assert!(nothing_happened(&error), "{what}: {error:?}"),
        },
    );
}
