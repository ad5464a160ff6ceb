//! Many at once.

use neobolt::{Address, Driver};

use super::calls::{change_counter, read_counter};
use super::{Outcome, Target};
use crate::queries;

const INCREMENTS: i64 = 200;

pub(super) async fn two_hundred_increments_make_two_hundred(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    change_counter(&mut session, queries::CREATE_COUNTER, &key).await?;
    let bookmarks = session.last_bookmarks().await;
    let tasks: Vec<_> = (0..INCREMENTS)
        .map(|_| {
            let (mut session, key) = (driver.session().bookmarks(bookmarks.clone()).build(), key.clone());
            target.spawn(async move {
                let value: i64 = session
                    .execute_write(async |mut tx| {
                        let record = tx.run(queries::INCREMENT).param("key", &*key).await?.single().await?;
                        Ok::<_, neobolt::Error>(record.get("value")?)
                    })
                    .await?;
                Ok::<_, neobolt::Error>((value, session.last_bookmarks().await))
            })
        })
        .collect();
    let mut values = Vec::new();
    let mut bookmarks = bookmarks;
    for task in tasks {
        let (value, written) = task.join().await??;
        values.push(value);
        bookmarks = bookmarks.union(&written);
    }
    values.sort_unstable();
    ensure!(values.iter().copied().eq(1..=INCREMENTS), "the values were {values:?}");
    let mut reader = driver.session().bookmarks(bookmarks).build();
    ensure_eq!(read_counter(&mut reader, &key).await?, Some(INCREMENTS));
    change_counter(&mut reader, queries::DELETE_COUNTER, &key).await
}

const CONNECTIONS: usize = 4;

pub(super) async fn sixty_four_tasks_share_four_connections(target: &Target) -> Outcome {
    let driver = target.builder().max_connection_pool_size(CONNECTIONS).fetch_size(100).build()?;
    let address = driver.verify_connectivity().await?.address.ok_or("the server has no address")?;
    let tasks: Vec<_> = (0..64_i64).map(|task| target.spawn(work(driver.clone(), address.clone(), task))).collect();
    for task in tasks {
        let most = task.join().await??;
        ensure!(most <= CONNECTIONS, "{most} connections were open");
    }
    let counts = driver.pool_counts(&address);
    ensure!(counts.in_use + counts.creating + counts.waiting == 0, "left over are {counts:?}");
    ensure!(counts.idle <= CONNECTIONS);
    Ok(())
}

/// Works in all ways, and returns how many connections it has seen open.
async fn work(driver: Driver, address: Address, task: i64) -> Outcome<usize> {
    let mut most = 0;
    for round in 0..3_i64 {
        let n = task * 10 + round;
        let result = driver.execute_query(queries::ECHO).param("value", n).read().await?;
        ensure_eq!(result.records[0].get::<i64>("value")?, n);
        let mut session = driver.session().build();
        let mut stream = session.run(queries::RANGE).param("n", 350).await?;
        let numbers: Vec<i64> = stream.collect_column("i").await?;
        ensure!(numbers.into_iter().eq(1..=350));
        let echoed: i64 = session
            .execute_write(async |mut tx| {
                let record = tx.run(queries::ECHO).param("value", n).await?.single().await?;
                Ok::<_, neobolt::Error>(record.get("value")?)
            })
            .await?;
        ensure_eq!(echoed, n);
        let counts = driver.pool_counts(&address);
        most = most.max(counts.in_use + counts.creating + counts.idle);
    }
    Ok(most)
}
