//! Who sees what.

use neobolt::{BookmarkManager, Bookmarks};

use super::calls::{change_counter, read_counter};
use super::{Outcome, Target};
use crate::queries;

pub(super) async fn a_session_is_a_chain(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut session = driver.session().build();
    ensure!(session.last_bookmarks().await.is_empty());
    change_counter(&mut session, queries::CREATE_COUNTER, &key).await?;
    let mut seen = vec![session.last_bookmarks().await];
    for expected in 1..=3 {
        change_counter(&mut session, queries::INCREMENT, &key).await?;
        seen.push(session.last_bookmarks().await);
        ensure_eq!(read_counter(&mut session, &key).await?, Some(expected));
    }
    for bookmarks in &seen {
        ensure_eq!(bookmarks.len(), 1);
    }
    seen.dedup();
    ensure_eq!(seen.len(), 4);

    // The bookmark of an auto-commit query comes at the end of its result, read or not.
    let before = session.last_bookmarks().await;
    let mut stream = session.run(queries::INCREMENT).param("key", &*key).await?;
    ensure!(session.last_bookmarks().await != before);
    ensure_eq!(stream.single().await?.get::<i64>("value")?, 4);
    change_counter(&mut session, queries::DELETE_COUNTER, &key).await
}

pub(super) async fn a_write_is_read_elsewhere_by_its_bookmark(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let keys = [target.key(), target.key()];
    let mut bookmarks = Bookmarks::new();
    for key in &keys {
        let mut writer = driver.session().build();
        change_counter(&mut writer, queries::CREATE_COUNTER, key).await?;
        bookmarks = bookmarks.union(&writer.last_bookmarks().await);
    }
    ensure_eq!(bookmarks.len(), 2);
    // Another driver shares nothing with the first but the bookmarks, which can be stored as text.
    let text: Vec<String> = bookmarks.iter().map(str::to_owned).collect();
    let mut reader = target.driver()?.session().bookmarks(text.iter().map(String::as_str).collect()).build();
    for key in &keys {
        ensure_eq!(read_counter(&mut reader, key).await?, Some(0));
    }

    let manager = BookmarkManager::new(Bookmarks::new());
    let mut writer = driver.session().bookmark_manager(&manager).build();
    change_counter(&mut writer, queries::INCREMENT, &keys[0]).await?;
    let mut reader = driver.session().bookmark_manager(&manager).build();
    ensure_eq!(read_counter(&mut reader, &keys[0]).await?, Some(1));
    for key in &keys {
        change_counter(&mut writer, queries::DELETE_COUNTER, key).await?;
    }
    Ok(())
}

pub(super) async fn execute_query_reads_its_own_writes(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    driver.execute_query(queries::CREATE_COUNTER).param("key", &*key).await?;
    for expected in 1..=3_i64 {
        driver.execute_query(queries::INCREMENT).param("key", &*key).await?;
        let result = driver.execute_query(queries::READ_COUNTER).param("key", &*key).read().await?;
        ensure_eq!(result.records.len(), 1);
        ensure_eq!(result.records[0].get::<i64>(0)?, expected);
    }
    // A session joins in through the driver's manager.
    let mut session = driver.session().bookmark_manager(driver.bookmark_manager()).build();
    ensure_eq!(read_counter(&mut session, &key).await?, Some(3));
    change_counter(&mut session, queries::DELETE_COUNTER, &key).await?;
    let result = driver.execute_query(queries::READ_COUNTER).param("key", &*key).read().await?;
    ensure!(result.records.is_empty());
    Ok(())
}

pub(super) async fn without_a_bookmark_a_reader_lags(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let key = target.key();
    let mut writer = driver.session().build();
    change_counter(&mut writer, queries::CREATE_COUNTER, &key).await?;
    let created = writer.last_bookmarks().await;
    change_counter(&mut writer, queries::INCREMENT, &key).await?;
    let incremented = writer.last_bookmarks().await;
    for (bookmarks, expected) in [(Bookmarks::new(), None), (created, Some(0)), (incremented, Some(1))] {
        let mut reader = driver.session().bookmarks(bookmarks.clone()).build();
        ensure_eq!(read_counter(&mut reader, &key).await?, expected);
        let result = driver.execute_query(queries::READ_COUNTER).param("key", &*key).read();
        let manager = BookmarkManager::new(bookmarks);
        let records = result.bookmark_manager(Some(&manager)).await?.records;
        let value = records.first().map(|record| record.get("value")).transpose()?;
        ensure_eq!(value, expected);
    }
    change_counter(&mut writer, queries::DELETE_COUNTER, &key).await
}
