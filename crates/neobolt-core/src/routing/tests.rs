use super::*;
use crate::epoch;
use neobolt_proto::message::AccessMode;

const TTL: Duration = Duration::from_secs(300);

fn address(host: &str) -> Address {
    Address::new(host, 7687)
}

fn addresses(hosts: &str) -> Vec<Address> {
    hosts.split_whitespace().map(address).collect()
}

fn routers(names: &str) -> Vec<Router> {
    names
        .split_whitespace()
        .map(|name| if name == "initial" { Router::Initial } else { Router::Known(address(name)) })
        .collect()
}

fn table(now: Instant, name: Option<&str>, routers: &str, readers: &str, writers: &str) -> RoutingTable {
    try_table(now, name, routers, readers, writers).unwrap()
}

fn try_table(
    now: Instant,
    name: Option<&str>,
    routers: &str,
    readers: &str,
    writers: &str,
) -> Result<RoutingTable, Rejected> {
    let servers =
        [(Role::Write, addresses(writers)), (Role::Read, addresses(readers)), (Role::Route, addresses(routers))];
    RoutingTable::new(now, name.map(Arc::from), TTL, servers)
}

fn named(name: &str) -> Database {
    Database::Named(name.into())
}

fn refresh(routing: &mut Routing, now: Instant, database: &Database, table: Option<RoutingTable>) -> Option<Database> {
    let Refresh::Start(permit) = routing.begin_refresh(database) else { panic!("{database:?} is being refreshed") };
    assert_eq!(permit.database(), database);
    routing.end_refresh(now, permit, table)
}

#[test]
fn a_table_is_fresh_per_access_mode() {
    let now = epoch();
    let mut table = table(now, None, "a a", "b c b", "c");
    assert_eq!(table.routers(), addresses("a"));
    assert_eq!(table.candidates(AccessMode::Read), addresses("b c"));
    assert!(table.is_fresh(now, AccessMode::Write));
    assert!(table.is_fresh(now + TTL - Duration::from_nanos(1), AccessMode::Read));
    assert!(!table.is_fresh(now + TTL, AccessMode::Read));

    table.forget_writer(&address("c"));
    assert!(!table.is_fresh(now, AccessMode::Write));
    assert!(table.is_fresh(now, AccessMode::Read));
    assert!(!table.prefers_initial_router());

    table.forget(&address("a"));
    assert!(!table.is_fresh(now, AccessMode::Read));
    assert!(table.contains(&address("c")) && !table.contains(&address("a")));
}

#[test]
fn only_writers_may_be_missing() {
    let now = epoch();
    assert_eq!(try_table(now, None, "", "b", "c"), Err(Rejected::NoRouters));
    assert_eq!(try_table(now, None, "a", "", "c"), Err(Rejected::NoReaders));
    assert!(table(now, None, "a", "b", "").prefers_initial_router());
}

#[test]
fn a_peer_cannot_overflow_the_time_to_live() {
    let now = epoch();
    let servers = [(Role::Route, addresses("a")), (Role::Read, addresses("a"))];
    let table = RoutingTable::new(now, None, Duration::MAX, servers).unwrap();
    assert!(table.is_fresh(now + TTL, AccessMode::Read));
}

#[test]
fn routers_are_tried_in_the_order_of_hope() {
    let now = epoch();
    let mut routing = Routing::new();
    let movies = named("movies");
    assert_eq!(routing.routers_to_try(&movies), routers("initial"));

    refresh(&mut routing, now, &movies, Some(table(now, Some("movies"), "a b", "c", "d")));
    assert_eq!(routing.routers_to_try(&movies), routers("a b initial"));
    assert_eq!(routing.routers_to_try(&named("other")), routers("initial"));

    refresh(&mut routing, now, &movies, Some(table(now, Some("movies"), "a b", "c", "")));
    assert_eq!(routing.routers_to_try(&movies), routers("initial a b"));
}

#[test]
fn one_refresh_at_a_time_per_database() {
    let now = epoch();
    let mut routing = Routing::new();
    let Refresh::Start(permit) = routing.begin_refresh(&named("movies")) else { panic!() };
    assert!(matches!(routing.begin_refresh(&named("movies")), Refresh::Join));
    assert!(matches!(routing.begin_refresh(&named("other")), Refresh::Start(_)));
    assert!(routing.is_refreshing(&named("movies")));
    assert_eq!(routing.end_refresh(now, permit, None), None);
    assert!(!routing.is_refreshing(&named("movies")));
    assert!(matches!(routing.begin_refresh(&named("movies")), Refresh::Start(_)));
}

#[test]
fn the_home_database_gets_its_name_from_the_answer() {
    let now = epoch();
    let mut routing = Routing::new();
    let ann = Some(Arc::from("ann"));
    let home = Database::Home(ann.clone());
    let key = refresh(&mut routing, now, &home, Some(table(now, Some("movies"), "a", "a", "a")));
    assert_eq!(key, Some(named("movies")));
    assert!(routing.table(&named("movies")).is_some() && routing.table(&home).is_none());
    assert_eq!(routing.home_database(&ann).as_deref(), Some("movies"));
    assert_eq!(routing.home_database(&None), None);

    // A server before 4.4 does not tell the name.
    let home = Database::Home(None);
    assert_eq!(refresh(&mut routing, now, &home, Some(table(now, None, "a", "a", "a"))), Some(home.clone()));
    assert!(routing.table(&home).is_some());
}

#[test]
fn the_least_recently_used_home_database_is_forgotten() {
    let mut routing = Routing::new();
    let user = |number: usize| Some(Arc::from(number.to_string()));
    for number in 0..MAX_HOME_DATABASES {
        routing.set_home_database(user(number), "movies".into());
    }
    assert!(routing.home_database(&user(0)).is_some());
    routing.set_home_database(None, "movies".into());
    assert!(routing.home_database(&user(0)).is_some());
    assert!(routing.home_database(&user(1)).is_none());
}

#[test]
fn tables_are_dropped_some_time_after_they_ran_out() {
    let now = epoch();
    let mut routing = Routing::new();
    refresh(&mut routing, now, &named("movies"), Some(table(now, None, "a", "a", "a")));
    let almost = now + TTL + PURGE_DELAY - Duration::from_nanos(1);
    refresh(&mut routing, almost, &named("other"), None);
    assert!(routing.contains(&address("a")));
    refresh(&mut routing, now + TTL + PURGE_DELAY, &named("other"), None);
    assert!(!routing.contains(&address("a")));
}

#[test]
fn servers_are_forgotten_in_all_tables_writers_in_one() {
    let now = epoch();
    let mut routing = Routing::new();
    for name in ["one", "two"] {
        refresh(&mut routing, now, &named(name), Some(table(now, None, "a b", "a b", "a b")));
    }
    let writers = |routing: &Routing, name| routing.table(&named(name)).unwrap().candidates(AccessMode::Write).to_vec();
    routing.forget_writer(&named("one"), &address("a"));
    assert_eq!(writers(&routing, "one"), addresses("b"));
    assert_eq!(writers(&routing, "two"), addresses("a b"));
    routing.forget(&address("b"));
    assert_eq!(writers(&routing, "one"), []);
    assert_eq!(writers(&routing, "two"), addresses("a"));
}

#[test]
fn the_least_loaded_server_wins_and_equals_take_turns() {
    let servers = addresses("a b c");
    let load = |address: &Address| if address.host() == "b" { 2 } else { 1 };
    let chosen: Vec<_> = (0..5).map(|turn| least_loaded(&servers, load, turn).unwrap().host().to_owned()).collect();
    assert_eq!(chosen, ["a", "c", "c", "a", "c"]);
    assert_eq!(least_loaded(&[], load, 0), None);
}
