//! What servers say of a query.

use neobolt::{AccessMode, NotificationSeverity, QueryType, ResultSummary};

use super::calls::change_counter;
use super::{Outcome, Target};
use crate::queries;

async fn summary(target: &Target, query: &str, key: &str) -> Outcome<ResultSummary> {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    Ok(session.run(query).param("key", key).await?.consume().await?)
}

pub(super) async fn counters(target: &Target) -> Outcome {
    let key = target.key();
    let created = summary(target, queries::CREATE_COUNTER, &key).await?;
    let counters = created.counters();
    ensure_eq!((counters.nodes_created(), counters.labels_added(), counters.properties_set()), (1, 1, 2));
    ensure!(counters.contains_updates() && !counters.contains_system_updates());
    ensure_eq!(created.query_type(), Some(QueryType::WriteOnly));
    let incremented = summary(target, queries::INCREMENT, &key).await?;
    ensure_eq!(incremented.counters().properties_set(), 1);
    ensure_eq!(incremented.query_type(), Some(QueryType::ReadWrite));
    let deleted = summary(target, queries::DELETE_COUNTER, &key).await?;
    ensure_eq!(deleted.counters().nodes_deleted(), 1);

    let pair = summary(target, queries::CREATE_PAIR, &key).await?;
    let counters = pair.counters();
    ensure_eq!((counters.nodes_created(), counters.relationships_created(), counters.properties_set()), (2, 1, 5));
    summary(target, queries::DELETE_PAIR, &key).await?;
    let read = summary(target, queries::READ_COUNTER, &key).await?;
    ensure!(!read.counters().contains_updates());
    ensure_eq!(read.query_type(), Some(QueryType::ReadOnly));
    Ok(())
}

pub(super) async fn a_plan(target: &Target) -> Outcome {
    let summary = summary(target, queries::EXPLAIN, "none").await?;
    let plan = summary.plan().ok_or("EXPLAIN has no plan")?;
    ensure!(!plan.operator_type().is_empty());
    ensure!(plan.children().next().is_some_and(|child| !child.operator_type().is_empty()));
    ensure_eq!((plan.db_hits(), plan.rows()), (None, None));
    Ok(())
}

pub(super) async fn a_profile(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().build();
    let key = target.key();
    change_counter(&mut session, queries::CREATE_COUNTER, &key).await?;
    let mut stream = session.run(queries::PROFILE).param("key", &*key).await?;
    ensure_eq!(stream.collect().await?.len(), 1);
    let summary = stream.consume().await?;
    let plan = summary.plan().ok_or("PROFILE has no plan")?;
    ensure!(plan.operator_type().starts_with("ProduceResults"), "the root is {}", plan.operator_type());
    ensure!(plan.identifiers().any(|identifier| identifier == "value"));
    ensure!(plan.arguments().is_some_and(|arguments| arguments.contains_key("EstimatedRows")));
    ensure_eq!(plan.rows(), Some(1));
    ensure!(plan.db_hits().is_some());
    change_counter(&mut session, queries::DELETE_COUNTER, &key).await
}

pub(super) async fn notifications_or_statuses(target: &Target) -> Outcome {
    let summary = summary(target, queries::UNKNOWN_LABEL, "none").await?;
    let notifications = summary.notifications().unwrap_or_default();
    let notification = notifications.first().ok_or("there is no notification")?;
    ensure_eq!(&*notification.code, "Neo.ClientNotification.Statement.UnknownLabelWarning");
    ensure_eq!(notification.severity(), Some(NotificationSeverity::Warning));
    ensure!(!notification.title.is_empty() && !notification.description.is_empty());
    let statuses = summary.gql_status_objects();
    let warning = statuses.iter().find(|status| status.is_notification).ok_or("there is no status for it")?;
    ensure!(["01N50", "01N42"].contains(&&*warning.gql_status), "its status is {}", warning.gql_status);
    ensure_eq!(warning.severity(), Some(NotificationSeverity::Warning));
    ensure!(statuses.iter().any(|status| !status.is_notification));
    Ok(())
}

pub(super) async fn times_and_server(target: &Target) -> Outcome {
    let driver = target.driver()?;
    let mut session = driver.session().default_access_mode(AccessMode::Read).build();
    let mut stream = session.run(queries::ONE).await?;
    ensure_eq!(stream.keys().iter().collect::<Vec<_>>(), ["one"]);
    ensure_eq!(stream.collect_column::<i64>("one").await?, [1]);
    let summary = stream.consume().await?;
    ensure_eq!(summary.query().text(), queries::ONE);
    ensure_eq!(summary.query_type(), Some(QueryType::ReadOnly));
    ensure_eq!(summary.database(), Some("neo4j"));
    ensure!(summary.result_available_after().is_some() && summary.result_consumed_after().is_some());
    ensure!(!summary.server().connection_id.is_empty());
    Ok(())
}
