//! Several results of one transaction that are read at once.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use neobolt::{ErrorKind, RecordStream};
use neobolt_testing::queries::{ONE, RANGE};

use super::World;

/// Runs two futures in one task, as `join!` does.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut from_a, mut from_b) = (None, None);
    poll_fn(|cx| {
        poll_into(a.as_mut(), &mut from_a, cx);
        poll_into(b.as_mut(), &mut from_b, cx);
        if from_a.is_some() && from_b.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (from_a.unwrap(), from_b.unwrap())
}

fn poll_into<F: Future>(future: Pin<&mut F>, output: &mut Option<F::Output>, cx: &mut std::task::Context<'_>) {
    if output.is_none() {
        if let Poll::Ready(ready) = future.poll(cx) {
            *output = Some(ready);
        }
    }
}

async fn count(stream: &mut RecordStream) -> usize {
    stream.collect().await.unwrap().len()
}

#[test]
fn two_streams_are_read_in_one_task() {
    for seed in 0..20 {
        let world = World::new(seed);
        let driver = world.driver();
        world.sim.block_on(async {
            let mut session = driver.session().fetch_size(7).build();
            let mut transaction = session.begin_transaction().await.unwrap();
            let mut long = transaction.run(RANGE).param("n", 100).await.unwrap();
            let mut short = transaction.run(RANGE).param("n", 10).await.unwrap();
            assert_eq!(both(count(&mut long), count(&mut short)).await, (100, 10));
            let mut long = transaction.run(RANGE).param("n", 100).await.unwrap();
            let mut short = transaction.run(RANGE).param("n", 10).await.unwrap();
            assert_eq!(both(count(&mut short), count(&mut long)).await, (10, 100));
            transaction.commit().await.unwrap();
            session.run(ONE).await.unwrap().single().await.unwrap();
        });
    }
}

/// What the end of a transaction cuts off must not look complete.
#[test]
fn a_result_that_is_read_beyond_its_transaction_is_out_of_scope() {
    let world = World::new(1);
    let driver = world.driver();
    world.sim.block_on(async {
        let mut session = driver.session().fetch_size(7).build();
        let mut transaction = session.begin_transaction().await.unwrap();
        let mut cut = transaction.run(RANGE).param("n", 100).await.unwrap();
        let mut whole = transaction.run(RANGE).param("n", 5).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(cut.collect().await.unwrap_err().kind(), ErrorKind::ResultOutOfScope);
        assert_eq!(whole.collect().await.unwrap_err().kind(), ErrorKind::ResultOutOfScope);
    });
}

/// A `run` that is dropped leaves nobody to read its records, and the transaction goes on.
#[test]
fn a_dropped_run_leaves_its_transaction_usable() {
    for seed in 0..20 {
        let world = World::new(seed);
        let driver = world.driver();
        world.sim.block_on(async {
            let mut session = driver.session().fetch_size(7).build();
            let mut transaction = session.begin_transaction().await.unwrap();
            {
                let mut run = pin!(transaction.run(RANGE).param("n", 100).into_future());
                poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_pending())).await;
            }
            let mut next = transaction.run(RANGE).param("n", 10).await.unwrap();
            assert_eq!(count(&mut next).await, 10);
            transaction.commit().await.unwrap();
            session.run(ONE).await.unwrap().single().await.unwrap();
        });
    }
}

#[test]
fn a_stream_of_owned_records_gives_all_of_them_and_ends_behind_an_error() {
    use futures_core::Stream;

    let world = World::new(1);
    let driver = world.driver();
    world.sim.block_on(async {
        let mut session = driver.session().fetch_size(7).build();
        let mut stream = session.run(RANGE).param("n", 50).await.unwrap().into_stream();
        for expected in 1..=50_i64 {
            let record = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await.unwrap().unwrap();
            assert_eq!(record.get::<i64>("i").unwrap(), expected);
        }
        assert!(poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await.is_none());

        let mut transaction = session.begin_transaction().await.unwrap();
        let result = transaction.run(RANGE).param("n", 50).await.unwrap();
        transaction.commit().await.unwrap();
        let mut stream = result.into_stream();
        let error = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResultOutOfScope);
        assert!(poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await.is_none());
    });
}
