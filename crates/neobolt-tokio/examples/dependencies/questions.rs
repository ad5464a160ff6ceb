//! The way out: many questions at once.

use std::fmt::Display;

use comfy_table::{Table, presets};
use neobolt_tokio::{Driver, Error, ManagedTransaction};

/// Asks all questions at once, and prints the answers in order.
pub(crate) async fn ask(driver: &Driver, who: &str) -> Result<(), Error> {
    let (size, most_used, greediest, several, chain, pulled_in) = tokio::try_join!(
        size(driver),
        most_depended_upon(driver),
        most_dependencies(driver),
        several_versions(driver),
        longest_chain(driver),
        who_pulls_in(driver, who),
    )?;
    println!("{size}");
    println!("\nMost depended upon\n{most_used}");
    println!("\nMost dependencies of their own\n{greediest}");
    println!("\nIn several versions\n{several}");
    println!(
        "\nLongest chain, from a member of the workspace down: {} steps\n{}",
        chain.len().max(1) - 1,
        list(&chain)
    );
    println!("\nWho pulls in {who}, nearest first\n{pulled_in}");
    Ok(())
}

async fn size(driver: &Driver) -> Result<String, Error> {
    let query = "MATCH (c:Crate) OPTIONAL MATCH (c)-[d:DEPENDS_ON]->() \
        RETURN count(DISTINCT c) AS crates, count(d) AS dependencies";
    let result = driver.execute_query(query).read().await?;
    let (crates, dependencies): (i64, i64) = (result.records[0].get("crates")?, result.records[0].get("dependencies")?);
    Ok(format!("{crates} crates, {dependencies} dependencies"))
}

async fn most_depended_upon(driver: &Driver) -> Result<Table, Error> {
    let query = "MATCH (c:Crate)<-[:DEPENDS_ON]-(other:Crate) WITH c.id AS crate, count(other) AS dependents \
        RETURN crate, dependents ORDER BY dependents DESC, crate LIMIT 10";
    count_table(driver, query, ["crate", "dependents"]).await
}

async fn most_dependencies(driver: &Driver) -> Result<Table, Error> {
    let query = "MATCH (c:Crate)-[:DEPENDS_ON]->(other:Crate) WITH c.id AS crate, count(other) AS dependencies \
        RETURN crate, dependencies ORDER BY dependencies DESC, crate LIMIT 5";
    count_table(driver, query, ["crate", "dependencies"]).await
}

/// Runs a query whose columns are a text and a number.
async fn count_table(driver: &Driver, query: &str, columns: [&'static str; 2]) -> Result<Table, Error> {
    let result = driver.execute_query(query).read().await?;
    let mut table = table(columns);
    for record in &result.records {
        table.add_row([record.get::<String>(0)?, record.get::<i64>(1)?.to_string()]);
    }
    Ok(table)
}

async fn several_versions(driver: &Driver) -> Result<Table, Error> {
    let query = "MATCH (c:Crate) WITH c.name AS name, c.version AS version ORDER BY name, version \
        WITH name, collect(version) AS versions WHERE size(versions) > 1 RETURN name, versions ORDER BY name";
    let result = driver.execute_query(query).read().await?;
    let mut table = table(["crate", "versions"]);
    for record in &result.records {
        table.add_row([record.get::<&str>("name")?, &record.get::<Vec<&str>>("versions")?.join(", ")]);
    }
    Ok(table)
}

/// Answers with a managed function of many queries, for each step follows from the one before: the crates that are the
/// end of a chain of one step, of two, and so on, until there are none; and from there the way back.
async fn longest_chain(driver: &Driver) -> Result<Vec<String>, Error> {
    let mut session = driver.session().bookmarks(driver.bookmark_manager().get()).build();
    session
        .execute_read(async |mut tx| {
            // Members of a workspace may depend on each other in circles, for their tests; what they depend on may not.
            let all = "MATCH (c:Crate) WHERE NOT c.member RETURN c.id AS id";
            let mut levels: Vec<Vec<String>> = vec![tx.run(all).await?.collect_column("id").await?];
            let count = levels[0].len();
            while let Some(level) = levels.last().filter(|level| !level.is_empty() && levels.len() <= count) {
                levels.push(dependents(&mut tx, level, false).await?);
            }
            levels.pop();
            let Some(top) = levels.pop().and_then(|level| level.into_iter().min()) else { return Ok(Vec::new()) };
            let members = dependents(&mut tx, std::slice::from_ref(&top), true).await?;
            let mut chain: Vec<String> = members.into_iter().take(1).chain([top]).collect();
            for level in levels.into_iter().rev() {
                let below = "MATCH (:Crate {id: $id})-[:DEPENDS_ON]->(d:Crate) WHERE d.id IN $level \
                    RETURN d.id AS id ORDER BY id LIMIT 1";
                let mut below = tx.run(below).param("id", chain.last()).param("level", level).await?;
                chain.push(below.single().await?.get("id")?);
            }
            Ok(chain)
        })
        .await
}

/// Walks up from a crate, one step of all its dependents at a time.
async fn who_pulls_in(driver: &Driver, name: &str) -> Result<Table, Error> {
    let mut session = driver.session().bookmarks(driver.bookmark_manager().get()).build();
    session
        .execute_read(async |mut tx| {
            let mut table = table(["steps", "crates"]);
            let start = "MATCH (c:Crate {name: $name}) RETURN c.id AS id";
            let mut level: Vec<String> = tx.run(start).param("name", name).await?.collect_column("id").await?;
            let mut seen = level.clone();
            for steps in 1.. {
                let mut next = dependents(&mut tx, &level, false).await?;
                next.extend(dependents(&mut tx, &level, true).await?);
                next.retain(|id| !seen.contains(id));
                if next.is_empty() {
                    break;
                }
                next.sort();
                seen.extend_from_slice(&next);
                table.add_row([steps.to_string(), next.join(", ")]);
                level = next;
            }
            Ok(table)
        })
        .await
}

/// Returns those who depend on one of `crates`, in order: the members of the workspace, or the others.
async fn dependents(tx: &mut ManagedTransaction, crates: &[String], members: bool) -> Result<Vec<String>, Error> {
    let query = "MATCH (c:Crate)-[:DEPENDS_ON]->(d:Crate) WHERE d.id IN $crates AND c.member = $members \
        RETURN DISTINCT c.id AS id ORDER BY id";
    tx.run(query).param("crates", crates).param("members", members).await?.collect_column("id").await
}

fn table(columns: [&'static str; 2]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_width(100).set_header(columns);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    table
}

fn list(chain: &[impl Display]) -> String {
    chain.iter().enumerate().map(|(step, it)| format!("{:step$}{it}\n", "")).collect()
}
