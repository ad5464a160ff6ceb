//! Records as they stream in.

use std::time::Duration;

use neobolt::{ErrorKind, Query, RecordStream};

use super::{Capability, Outcome, Target};
use crate::queries;

fn range(n: i64) -> Query {
    Query::new(queries::RANGE).param("n", n)
}

async fn numbers(stream: &mut RecordStream) -> Outcome<Vec<i64>> {
    Ok(stream.collect_column("i").await?)
}

pub(super) async fn records_are_collected_counted_and_consumed(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let mut stream = session.run(range(2500)).await?;
    let first = stream.next().await?.ok_or("there is no first record")?;
    ensure_eq!(first.get::<i64>("i")?, 1);
    let rest = stream.collect().await?;
    ensure_eq!(rest.len(), 2499);
    ensure_eq!(rest[2498].get::<i64>(0)?, 2500);
    ensure!(stream.next().await?.is_none());
    ensure!(stream.next().await?.is_none());
    stream.consume().await?;
    // Records are owned: the stream may be gone.
    drop(stream);
    ensure_eq!(first.get::<i64>("i")?, 1);

    ensure_eq!(session.run(range(1)).await?.single().await?.get::<i64>("i")?, 1);
    for n in [0, 2, 3000] {
        let single = session.run(range(n)).await?.single().await;
        ensure_matches!(single, Err(error) if error.kind() == ErrorKind::ResultNotSingle);
    }
    let mut stream = session.run(range(100_000)).await?;
    stream.next().await?;
    stream.consume().await?;
    stream.consume().await?;
    ensure_matches!(stream.next().await, Err(error) if error.kind() == ErrorKind::ResultConsumed);
    Ok(())
}

pub(super) async fn any_fetch_size_gives_all_records(target: &Target) -> Outcome {
    let driver = target.builder().fetch_size(7).build()?;
    for session in [driver.session(), driver.session().fetch_size(1), driver.session().fetch_size(0)] {
        let mut session = session.build();
        for n in [0, 1, 6, 7, 8, 14, 50] {
            let mut stream = session.run(range(n)).await?;
            ensure!(numbers(&mut stream).await?.into_iter().eq(1..=n));
        }
        let n = 50;
        let in_transaction: Vec<i64> =
            session.execute_read(async |mut tx| tx.run(range(n)).await?.collect_column("i").await).await?;
        ensure!(in_transaction.into_iter().eq(1..=n));
    }
    let result = driver.execute_query(range(50)).await?;
    ensure_eq!(result.records.len(), 50);
    Ok(())
}

pub(super) async fn batches_are_lent(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let mut stream = session.run(range(10_000)).await?;
    let mut next = 1;
    while let Some(records) = stream.next_batch().await? {
        for record in records {
            ensure_eq!(record.get::<i64>(0)?, next);
            next += 1;
        }
    }
    ensure_eq!(next, 10_001);
    Ok(())
}

pub(super) async fn a_result_outlives_the_next_query(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let mut first = session.run(range(3000)).await?;
    ensure!(first.next().await?.is_some());
    let mut second = session.run(range(10)).await?;
    ensure_eq!(numbers(&mut second).await?.len(), 10);
    let mut transaction = session.begin_transaction().await?;
    let mut third = transaction.run(range(10)).await?;
    ensure_eq!(numbers(&mut first).await?.len(), 2999);
    ensure_eq!(numbers(&mut third).await?.len(), 10);
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn two_results_of_a_transaction_are_read_in_turns(target: &Target) -> Outcome {
    let driver = target.builder().fetch_size(10).build()?;
    let mut session = driver.session().build();
    let mut transaction = session.begin_transaction().await?;
    let mut streams = [transaction.run(range(95)).await?, transaction.run(range(95)).await?];
    for expected in 1..=95 {
        for stream in &mut streams {
            let record = stream.next().await?.ok_or("a result ends too early")?;
            ensure_eq!(record.get::<i64>("i")?, expected);
        }
    }
    // A third is run while both are open, and left open itself.
    let mut third = transaction.run(range(50)).await?;
    for stream in &mut streams {
        ensure!(stream.next().await?.is_none());
    }
    ensure!(third.next().await?.is_some());
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn a_stream_is_left_in_the_middle(target: &Target) -> Outcome {
    // Where rows are made while they are read, there need be no end of them.
    let n = if target.model.is_some() { i64::MAX } else { 50_000 };
    let driver = target.builder().max_connection_pool_size(1).build()?;
    for _ in 0..3 {
        let mut session = driver.session().build();
        let mut stream = session.run(range(n)).await?;
        for _ in 0..1500 {
            ensure!(stream.next().await?.is_some());
        }
        drop(stream);
        drop(session);
        let mut session = driver.session().build();
        let mut transaction = session.begin_transaction().await?;
        let mut stream = transaction.run(range(n)).await?;
        ensure!(stream.next().await?.is_some());
        drop(stream);
        ensure_eq!(transaction.run(queries::ONE).await?.single().await?.get::<i64>("one")?, 1);
        transaction.rollback().await?;
        if target.has(Capability::LazyRows) {
            // DISCARD costs nothing: the rows are never made.
            let mut stream = session.run(range(n)).await?;
            ensure!(stream.next().await?.is_some());
            if target.model.is_some() {
                stream.consume().await?;
            }
        }
    }
    Ok(())
}

/// The driver's fetch size, unless told otherwise.
const FETCH_SIZE: u64 = 1000;

pub(super) async fn a_slow_consumer_of_a_million_records(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let made = || target.model.as_ref().map_or(0, crate::model::ModelBackend::rows_made);
    let made_before = made();
    let mut stream = session.run(range(1_000_000)).await?;
    let mut read = 0_u64;
    let mut most_ahead = 0;
    loop {
        // While nobody reads, the server may do as much as it was asked to: once in a while it gets the time for it.
        if read % 20_000 < FETCH_SIZE {
            target.runtime.sleep_until(target.runtime.now() + Duration::from_millis(2)).await;
        }
        most_ahead = most_ahead.max(made().saturating_sub(made_before + read));
        let Some(records) = stream.next_batch().await? else { break };
        for record in records {
            read += 1;
            ensure!(record.get::<u64>("i")? == read, "record {read} is wrong");
        }
    }
    ensure_eq!(read, 1_000_000);
    // The server makes one row more than it was asked for, to know whether there is one.
    ensure!(most_ahead <= FETCH_SIZE + 1, "{most_ahead} records were buffered or requested");
    ensure!(target.model.is_none() || most_ahead > FETCH_SIZE / 2, "only {most_ahead} records were seen ahead");
    Ok(())
}

pub(super) async fn first_queries_are_large(target: &Target) -> Outcome {
    for length in [10 << 10, 1 << 20] {
        let value = "x".repeat(length);
        for read in [true, false] {
            let driver = target.driver()?;
            let query = driver.execute_query(queries::SIZE).param("value", &*value);
            let result = if read { query.read() } else { query }.await?;
            ensure_eq!(result.records[0].get::<usize>("size")?, length);
        }
        let driver = target.driver()?;
        let mut session = driver.session().build();
        let record = session.run(queries::SIZE).param("value", &*value).await?.single().await?;
        ensure_eq!(record.get::<usize>("size")?, length);
        // And back again.
        let record = session.run(queries::ECHO).param("value", &*value).await?.single().await?;
        ensure!(record.get::<&str>("value")? == value);
    }
    Ok(())
}
