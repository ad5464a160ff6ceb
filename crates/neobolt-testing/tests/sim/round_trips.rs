//! How often each call crosses the network, measured in virtual time. `docs/ARCHITECTURE.md` has the table.

use std::time::Duration;

use neobolt::{Driver, Error, Pipelining};
use neobolt_testing::model::ModelBackend;
use neobolt_testing::queries::{CREATE_COUNTER, ECHO, ONE, RANGE};

use super::World;

/// How long everything travels, in one direction.
const TRAVEL: Duration = Duration::from_millis(10);

/// A world in which only travelling takes time, and each write arrives whole.
fn world() -> World {
    let world = World::new(1);
    world.sim.set_latency(TRAVEL..=TRAVEL);
    world.sim.set_fragmentation(false);
    world
}

/// Counts the round trips of a call on a warm connection.
fn warm(scheme: &str, pipelining: Pipelining, call: impl AsyncFn(&Driver) -> Result<(), Error>) -> f64 {
    let world = world();
    let uri = world.server.uri().replace("bolt", scheme);
    let builder = Driver::builder(world.runtime(), &uri, ModelBackend::auth());
    let driver = builder.pipelining(pipelining).build().unwrap();
    world.sim.block_on(async { driver.execute_query(ONE).read().await }).unwrap();
    let (elapsed, outcome) = world.timed(call(&driver));
    outcome.unwrap();
    elapsed.as_secs_f64() / (2.0 * TRAVEL.as_secs_f64())
}

async fn auto_commit(driver: &Driver) -> Result<(), Error> {
    driver.session().build().run(ONE).await?.single().await.map(drop)
}

async fn auto_commit_of_two_fetches(driver: &Driver) -> Result<(), Error> {
    driver.session().build().run(RANGE).param("n", 2000).await?.collect().await.map(drop)
}

async fn execute_query_read(driver: &Driver) -> Result<(), Error> {
    driver.execute_query(RANGE).param("n", 2000).read().await.map(drop)
}

async fn execute_query_write(driver: &Driver) -> Result<(), Error> {
    driver.execute_query(CREATE_COUNTER).param("key", "round trips").await.map(drop)
}

async fn explicit(driver: &Driver) -> Result<(), Error> {
    let mut session = driver.session().build();
    let mut transaction = session.begin_transaction().await?;
    transaction.run(ECHO).param("value", 1).await?.single().await?;
    transaction.commit().await
}

async fn managed(driver: &Driver) -> Result<(), Error> {
    let mut session = driver.session().build();
    session.execute_write(async |mut tx| tx.run(ONE).await?.single().await).await.map(drop)
}

#[test]
fn with_the_fewest() {
    for scheme in ["bolt", "neo4j"] {
        let fewest = Pipelining::Fewest;
        assert_eq!(warm(scheme, fewest, auto_commit), 1.0);
        assert_eq!(warm(scheme, fewest, auto_commit_of_two_fetches), 2.0);
        assert_eq!(warm(scheme, fewest, execute_query_read), 1.0);
        assert_eq!(warm(scheme, fewest, execute_query_write), 2.0);
        assert_eq!(warm(scheme, fewest, explicit), 2.0);
        assert_eq!(warm(scheme, fewest, managed), 2.0);
    }
}

#[test]
fn as_many_as_the_official_drivers() {
    let official = Pipelining::Official;
    assert_eq!(warm("bolt", official, auto_commit), 1.0);
    assert_eq!(warm("bolt", official, execute_query_write), 2.0);
    assert_eq!(warm("bolt", official, explicit), 3.0);
}

#[test]
fn opening_takes_two_behind_tcp() {
    let world = world();
    let driver = world.driver();
    let (elapsed, outcome) = world.timed(auto_commit(&driver));
    outcome.unwrap();
    // The name is resolved in one journey, TCP connects in two; the handshake, HELLO with LOGON, and the query are round trips.
    assert_eq!(elapsed, TRAVEL * (1 + 2 + 2 + 2 + 2));
}
