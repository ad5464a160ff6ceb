//! Concurrent transactions, as on the page of that name in Neo4j's manuals: several queries at once, a managed function,
//! and bookmarks that carry what one session wrote into the next.
//!
//! ```console
//! cargo run -p neobolt-async-std --example people-async-std
//! ```
//!
//! It runs on an embedded server, or on the one at `NEO4J_URI` (with `NEO4J_USERNAME` and `NEO4J_PASSWORD`).

#[path = "../../neobolt-tokio/examples/common/mod.rs"]
mod common;

use std::error::Error;

use async_std::task::{block_on, spawn};
use common::{Neo4j, PATIENCE};
use neobolt_async_std::{Auth, Driver, ManagedTransaction, connect, runtime};

const PEOPLE: [(&str, i64, &[&str]); 4] =
    [("Alice", 42, &["Bob", "Peter", "Anna"]), ("Bob", 19, &[]), ("Peter", 50, &[]), ("Anna", 30, &["Peter"])];

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    block_on(async {
        let neo4j = Neo4j::find(runtime()).await?;
        let driver = connect(&neo4j.uri, Auth::basic(&neo4j.username, &neo4j.password))?;
        let outcome = people(&driver).await;
        driver.close(PATIENCE).await;
        neo4j.close().await;
        Ok(outcome?)
    })
}

async fn people(driver: &Driver) -> Result<(), neobolt_async_std::Error> {
    let server = driver.verify_connectivity().await?;
    println!("connected to {}", server.agent);

    // All people at once, each in a transaction of its own.
    let tasks = PEOPLE.map(|(name, age, _)| {
        let query = driver.execute_query("MERGE (p:Person {name: $name}) SET p.age = $age RETURN p.name AS name");
        spawn(query.param("name", name).param("age", age).into_future())
    });
    for task in tasks {
        println!("created {}", task.await?.records[0].get::<&str>("name")?);
    }

    // Several questions at once. They see what the queries before them wrote: the driver keeps its bookmarks.
    let people =
        spawn(driver.execute_query("MATCH (p:Person) RETURN p.name AS name ORDER BY name").read().into_future());
    let adults =
        driver.execute_query("MATCH (p:Person) WHERE p.age > $age RETURN count(p) AS n").param("age", 40).read();
    let (adults, people) = (adults.await?, people.await?);
    let names: Vec<&str> = people.records.iter().map(|person| person.get("name")).collect::<Result<_, _>>()?;
    println!("people: {}, of whom {} are over 40", names.join(", "), adults.records[0].get::<i64>("n")?);

    // A session is a chain of transactions. Its managed functions are run again when they fail in a way that passes.
    let mut session = driver.session().database("neo4j").bookmarks(driver.bookmark_manager().get()).build();
    for (name, _, friends) in PEOPLE {
        session.execute_write(async |tx| make_friends(tx, name, friends).await).await?;
    }

    // Another session sees the friends because it begins with the bookmarks of the first, whatever server it talks to.
    let bookmarks = session.last_bookmarks().await;
    let mut session = driver.session().database("neo4j").bookmarks(bookmarks).build();
    let friends = session.execute_read(friends_of_alice).await?;
    println!("friends of Alice: {}", friends.join(", "));
    Ok(())
}

async fn make_friends(
    mut tx: ManagedTransaction,
    name: &str,
    friends: &[&str],
) -> Result<(), neobolt_async_std::Error> {
    for friend in friends {
        tx.run("MATCH (p:Person {name: $name}), (friend:Person {name: $friend}) MERGE (p)-[:KNOWS]->(friend)")
            .param("name", name)
            .param("friend", friend)
            .await?
            .consume()
            .await?;
    }
    Ok(())
}

async fn friends_of_alice(mut tx: ManagedTransaction) -> Result<Vec<String>, neobolt_async_std::Error> {
    let query = "MATCH (:Person {name: 'Alice'})-[:KNOWS]->(friend) RETURN friend.name AS friend ORDER BY friend";
    tx.run(query).await?.collect_column("friend").await
}
