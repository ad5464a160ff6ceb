//! Drivers and their connections, from the first to the last.

use std::time::Duration;

use neobolt::{AccessMode, ErrorKind};

use super::{Outcome, Target};
use crate::queries;

pub(super) async fn connections_are_reused(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let server = driver.verify_connectivity().await?;
    let mut ids = vec![server.connection_id];
    let mut session = driver.session().build();
    for _ in 0..5 {
        let result = driver.execute_query(queries::ONE).read().await?;
        ids.push(result.summary.server().connection_id.clone());
        ids.push(session.run(queries::ONE).await?.consume().await?.server().connection_id.clone());
    }
    ids.dedup();
    ensure!(ids.len() == 1, "the connections were {ids:?}");
    let counts = driver.pool_counts(&server.address.ok_or("the server has no address")?);
    ensure_eq!((counts.in_use, counts.idle), (0, 1));
    Ok(())
}

pub(super) async fn a_closed_driver_says_so(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    session.run(queries::ONE).await?.consume().await?;
    driver.close(Duration::from_secs(60)).await;
    driver.close(Duration::from_secs(60)).await;
    let outcomes = [
        driver.execute_query(queries::ONE).await.map(drop),
        session.run(queries::ONE).await.map(drop),
        session.begin_transaction().await.map(drop),
        driver.verify_connectivity().await.map(drop),
    ];
    for outcome in outcomes {
        ensure_matches!(outcome, Err(error) if error.kind() == ErrorKind::Closed);
    }
    Ok(())
}

pub(super) async fn closing_ends_what_is_not_over_in_time(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let reader = driver.session().default_access_mode(AccessMode::Read);
    let mut sessions = [reader.build(), driver.session().build()];
    let [first, second] = &mut sessions;
    let mut stream = first.run(queries::RANGE).param("n", 100_000).await?;
    ensure!(stream.next().await?.is_some());
    let mut transaction = second.begin_transaction().await?;
    transaction.run(queries::ONE).await?.consume().await?;
    driver.close(Duration::ZERO).await;
    // What had arrived can still be read; what had not will not come.
    let error = loop {
        match stream.next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Err("the stream ends as if nothing had happened".into()),
            Err(error) => break error,
        }
    };
    ensure_eq!(error.kind(), ErrorKind::Closed);
    ensure_matches!(transaction.commit().await, Err(error) if error.kind() == ErrorKind::Closed);
    Ok(())
}
