//! Futures that are dropped wherever they can be.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use neobolt::{Driver, Error};

use super::calls::change_counter;
use super::{Outcome, Target};
use crate::queries;

/// Polls a future `polls` times and drops it if it is not ready then.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        left -= 1;
        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// A driver in which a place that is lost in the pool is soon missed.
fn small_pool(target: &Target, connections: usize) -> Result<Driver, Error> {
    let builder = target.builder().max_connection_pool_size(connections);
    builder.connection_acquisition_timeout(Duration::from_secs(20)).build()
}

async fn a_hundred_right_answers(target: &Target, driver: &Driver) -> Outcome {
    let tasks: Vec<_> = (0..4_i64)
        .map(|task| {
            let driver = driver.clone();
            target.spawn(async move {
                let mut answers = Vec::new();
                for i in 0..25_i64 {
                    let result = driver.execute_query(queries::ECHO).param("value", task * 25 + i).read().await?;
                    answers.push(result.records[0].get::<i64>("value")?);
                }
                Ok::<_, Error>(answers)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.extend(task.join().await??);
    }
    ensure!(answers.iter().copied().eq(0..100), "the answers are {answers:?}");
    Ok(())
}

pub(super) async fn a_query_is_dropped_at_each_await(target: &Target) -> Outcome {
    let driver = small_pool(target, 2)?;
    let mut session = driver.session().build();
    for polls in 1.. {
        let query = async { session.run(queries::ECHO).param("value", 42).await?.single().await };
        if let Some(record) = dropped_after(polls, query).await.transpose()? {
            ensure_eq!(record.get::<i64>("value")?, 42);
            break;
        }
    }
    a_hundred_right_answers(target, &driver).await
}

pub(super) async fn execute_query_is_dropped_at_each_await(target: &Target) -> Outcome {
    for reads in [true, false] {
        let driver = small_pool(target, 2)?;
        for polls in 1.. {
            let query = driver.execute_query(queries::ECHO).param("value", 42);
            let query = if reads { query.read() } else { query };
            if let Some(result) = dropped_after(polls, query.into_future()).await.transpose()? {
                ensure_eq!(result.records[0].get::<i64>("value")?, 42);
                break;
            }
        }
        a_hundred_right_answers(target, &driver).await?;
    }
    Ok(())
}

pub(super) async fn a_stream_is_dropped_at_each_await(target: &Target) -> Outcome {
    let driver = small_pool(target, 2)?;
    let mut session = driver.session().fetch_size(5).build();
    for polls in 1.. {
        // The stream is dropped with its future.
        let mut stream = session.run(queries::RANGE).param("n", 22).await?;
        let numbers = dropped_after(polls, async move { stream.collect_column::<i64>("i").await });
        if let Some(numbers) = numbers.await.transpose()? {
            ensure!(numbers.into_iter().eq(1..=22));
            break;
        }
    }
    a_hundred_right_answers(target, &driver).await?;

    for polls in 1.. {
        // Only the future is dropped: the stream goes on where it was.
        let mut stream = session.run(queries::RANGE).param("n", 22).await?;
        let mut drops = 0;
        let mut numbers = Vec::new();
        loop {
            match dropped_after(polls, stream.next()).await.transpose()? {
                Some(Some(record)) => numbers.push(record.get::<i64>("i")?),
                Some(None) => break,
                None => {
                    drops += 1;
                    // Who never waits for the network must give it time.
                    target.runtime.sleep_until(target.runtime.now() + Duration::from_millis(1)).await;
                }
            }
        }
        ensure!(numbers.into_iter().eq(1..=22));
        if drops == 0 {
            break;
        }
    }
    a_hundred_right_answers(target, &driver).await
}

pub(super) async fn a_begin_is_dropped_at_each_await(target: &Target) -> Outcome {
    let driver = small_pool(target, 2)?;
    let mut session = driver.session().build();
    for polls in 1.. {
        let begin = session.begin_transaction().into_future();
        if let Some(transaction) = dropped_after(polls, begin).await.transpose()? {
            transaction.commit().await?;
            break;
        }
    }
    for polls in 1.. {
        // With the first query, which sends BEGIN if it was not sent before.
        let work = async {
            let mut transaction = session.begin_transaction().await?;
            transaction.run(queries::ONE).await?.consume().await
        };
        if dropped_after(polls, work).await.transpose()?.is_some() {
            break;
        }
    }
    a_hundred_right_answers(target, &driver).await
}

pub(super) async fn a_commit_is_dropped_at_each_await(target: &Target) -> Outcome {
    // Whoever comes next gets the one connection, when the COMMIT that was left has been answered.
    let driver = small_pool(target, 1)?;
    let mut session = driver.session().build();
    for polls in 1.. {
        let key = target.key();
        let mut transaction = session.begin_transaction().await?;
        transaction.run(queries::CREATE_COUNTER).param("key", &*key).await?.consume().await?;
        let finished = dropped_after(polls, transaction.commit()).await.transpose()?.is_some();
        let values: Vec<i64> = session
            .execute_write(async |mut tx| {
                tx.run(queries::READ_COUNTER).param("key", &*key).await?.collect_column("value").await
            })
            .await?;
        // It happened or it did not; nothing in between.
        ensure!(values == [0] || (values.is_empty() && !finished), "the counter is {values:?}");
        change_counter(&mut session, queries::DELETE_COUNTER, &key).await?;
        if finished {
            break;
        }
    }
    a_hundred_right_answers(target, &driver).await
}
