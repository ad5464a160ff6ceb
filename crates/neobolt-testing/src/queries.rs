//! The queries that scenarios run: Cypher that Neo4j understands, and by whose text [`ModelBackend`](crate::model::ModelBackend)
//! knows what is wanted.

/// One row with the number one.
pub const ONE: &str = "RETURN 1 AS one";

/// Gives `$value` back.
pub const ECHO: &str = "RETURN $value AS value";

/// The length of `$value`, for texts that are long on their way in and short on their way out.
pub const SIZE: &str = "RETURN size($value) AS size";

/// The numbers from 1 to `$n`, made while they are read.
pub const RANGE: &str = "UNWIND range(1, $n) AS i RETURN i AS i";

/// `$n` rows at most, the `$k`th of which cannot be made.
pub const DIVIDE: &str = "UNWIND range(1, $n) AS i RETURN $n / ($k - i) AS quotient";

/// Is no Cypher.
pub const SYNTAX_ERROR: &str = "RETRUN 1 AS one";

/// Creates the counter called `$key`.
pub const CREATE_COUNTER: &str = "CREATE (c:ScenarioCounter {key: $key, value: 0})";

/// Adds one to the counter `$key`, which must exist, and returns what it is then.
pub const INCREMENT: &str = "MATCH (c:ScenarioCounter {key: $key}) SET c.value = c.value + 1 RETURN c.value AS value";

/// The counter `$key`, if there is one.
pub const READ_COUNTER: &str = "MATCH (c:ScenarioCounter {key: $key}) RETURN c.value AS value";

/// Deletes the counter `$key`.
pub const DELETE_COUNTER: &str = "MATCH (c:ScenarioCounter {key: $key}) DELETE c";

/// The plan of [`READ_COUNTER`].
pub const EXPLAIN: &str = "EXPLAIN MATCH (c:ScenarioCounter {key: $key}) RETURN c.value AS value";

/// [`READ_COUNTER`] with what it took.
pub const PROFILE: &str = "PROFILE MATCH (c:ScenarioCounter {key: $key}) RETURN c.value AS value";

/// Names a label that nothing has, which servers warn of; Neo4j 4.4 only when it explains the query.
pub const UNKNOWN_LABEL: &str = "EXPLAIN MATCH (n:ScenarioNoSuchLabel) RETURN n AS n";

/// Lets no two nodes have one key.
pub const CREATE_CONSTRAINT: &str =
    "CREATE CONSTRAINT scenario_unique IF NOT EXISTS FOR (u:ScenarioUnique) REQUIRE u.key IS UNIQUE";

/// Ends what [`CREATE_CONSTRAINT`] began.
pub const DROP_CONSTRAINT: &str = "DROP CONSTRAINT scenario_unique IF EXISTS";

/// Creates the node whose key only one may have.
pub const CREATE_UNIQUE: &str = "CREATE (u:ScenarioUnique {key: $key})";

/// Deletes it.
pub const DELETE_UNIQUE: &str = "MATCH (u:ScenarioUnique {key: $key}) DELETE u";

/// Creates two people, one of whom knows the other, and returns the three parts.
pub const CREATE_PAIR: &str = "CREATE (a:ScenarioPerson {key: $key, name: 'Ada'})-[k:KNOWS {since: 1833}]->\
                               (b:ScenarioPerson {key: $key, name: 'Charles'}) RETURN a AS a, k AS k, b AS b";

/// The way from one to the other.
pub const MATCH_PATH: &str =
    "MATCH p = (a:ScenarioPerson {key: $key, name: 'Ada'})-[k:KNOWS]->(b:ScenarioPerson) RETURN p AS p";

/// Deletes one of them alone, which the relationship forbids. Neo4j finds that out when the transaction is committed.
pub const DELETE_ADA: &str = "MATCH (a:ScenarioPerson {key: $key, name: 'Ada'}) DELETE a";

/// Deletes both.
pub const DELETE_PAIR: &str = "MATCH (p:ScenarioPerson {key: $key}) DETACH DELETE p";

/// Calls a function of APOC.
pub const APOC: &str = "RETURN apoc.text.join(['neo', 'bolt'], '') AS joined";
