//! What Neo4j says about itself, in clauses that the engine understands.
//!
//! Drivers, tools and people ask a new server what it is and what it has: `CALL dbms.components()`, `SHOW DATABASES`.
//! Each of these is a table. The words that name it are replaced by clauses that make its rows, and the engine runs what
//! stands behind them: YIELD as WITH, and everything after it as it is written.

use std::borrow::Cow;

use neobolt_proto::Failure;

use crate::failure;
use crate::text::{Token, starts_clause, tokens, top_level_words};

/// What the tables tell of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'f> {
    /// The `host:port` that clients reach it at.
    pub(crate) address: &'f str,
    /// The database.
    pub(crate) database: &'f str,
}

/// A query for the engine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Translation<'q> {
    pub(crate) text: Cow<'q, str>,
    /// Whether it is well that the index that it makes is there already.
    pub(crate) tolerates_index: bool,
}

/// Returns the query for the engine: itself, unless the engine has another way to say it.
///
/// # Errors
///
/// What the engine has no way to say is refused by its name; the engine would only see broken syntax in it.
pub(crate) fn translate<'q>(query: &'q str, facts: Facts<'_>) -> Result<Translation<'q>, Failure> {
    let words = tokens(query);
    let (text, tolerates_index) = if let Some((table, at)) = table(&words, facts) {
        (Cow::Owned(table.read(query, &words, at)), false)
    } else if let Some((text, tolerates)) = index(&words) {
        (Cow::Owned(text), tolerates)
    } else {
        refuse(query, &words)?;
        (functions(query, &words), false)
    };
    Ok(Translation { text, tolerates_index })
}

/// Refuses what begins like a query of Neo4j that the engine does not have.
fn refuse(query: &str, words: &[Token<'_>]) -> Result<(), Failure> {
    let is = |at: usize, any: &[&str]| words.get(at).is_some_and(|token| any.iter().any(|word| token.is(word)));
    let administers = is(0, &["GRANT", "DENY", "REVOKE", "TERMINATE"])
        || is(0, &["SHOW"]) && is(1, ADMINISTERED)
        || is(0, &["CREATE", "DROP", "ALTER", "START", "STOP", "RENAME", "ENABLE"])
            && (is(1, ADMINISTERED) || is(1, &["OR"]) && is(2, &["REPLACE"]) && is(3, ADMINISTERED));
    if administers {
        return Err(failure::unsupported_command(query));
    }
    let clause = if is(0, &["CREATE", "DROP"]) && is(1, &["CONSTRAINT"]) {
        "constraints"
    } else if is(0, &["PROFILE"]) {
        "PROFILE"
    } else if is(0, &["FOREACH"]) {
        "FOREACH"
    } else if is(0, &["USE"]) {
        "USE"
    } else if is(0, &["LOAD"]) && is(1, &["CSV"]) {
        "LOAD CSV"
    } else if is(0, &["CALL"]) && is(1, &["{", "("]) {
        "subqueries"
    } else {
        return Ok(());
    };
    Err(failure::unsupported_clause(clause))
}

/// What administration commands are about.
const ADMINISTERED: &[&str] = &[
    "ALIAS",
    "ALIASES",
    "COMPOSITE",
    "DATABASE",
    "PRIVILEGE",
    "PRIVILEGES",
    "ROLE",
    "ROLES",
    "SERVER",
    "SERVERS",
    "SETTING",
    "SETTINGS",
    "SUPPORTED",
    "TRANSACTION",
    "TRANSACTIONS",
    "USER",
    "USERS",
];

/// Writes `CREATE INDEX name IF NOT EXISTS FOR (n:Label) ON (n.a, n.b)` as the engine wants it, and tells whether the
/// index may be there already.
fn index(words: &[Token<'_>]) -> Option<(String, bool)> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    let text = |at: usize, text: &str| words.get(at).is_some_and(|token| token.text == text);
    let mut at = 1 + usize::from(is(1, "RANGE"));
    if !is(0, "CREATE") || !is(at, "INDEX") {
        return None;
    }
    at += 1;
    at += usize::from(!is(at, "IF") && !is(at, "FOR"));
    let tolerates = is(at, "IF") && is(at + 1, "NOT") && is(at + 2, "EXISTS");
    at += if tolerates { 3 } else { 0 };
    // FOR ( n : Label ) ON ( n . a , n . b )
    if !(is(at, "FOR") && text(at + 1, "(") && text(at + 3, ":") && text(at + 5, ")") && is(at + 6, "ON")) {
        return None;
    }
    let (variable, label) = (words.get(at + 2)?, words.get(at + 4)?);
    let listed = words.get(at + 8..closing(words, at + 7)?)?;
    let mut properties = Vec::new();
    for item in listed.split(|token| token.text == ",") {
        let [of, dot, property] = item else { return None };
        if of.text != variable.text || dot.text != "." {
            return None;
        }
        properties.push(property.text);
    }
    Some((format!("CREATE INDEX ON :{}({})", label.bare(), properties.join(", ")), tolerates))
}

/// Rows with named columns.
struct Table {
    columns: &'static [&'static str],
    /// Clauses behind which each column is a variable.
    clauses: String,
}

impl Table {
    /// Returns a table of these rows, each of which is the text of a map.
    fn fixed(columns: &'static [&'static str], rows: &[String]) -> Self {
        let variables: Vec<_> = columns.iter().map(|column| format!("neobolt_row.{column} AS {column}")).collect();
        let clauses = format!("UNWIND [{}] AS neobolt_row WITH {}", rows.join(", "), variables.join(", "));
        Self { columns, clauses }
    }

    /// Returns a table made by clauses of the engine.
    fn made(columns: &'static [&'static str], clauses: &str) -> Self {
        Self { columns, clauses: clauses.to_owned() }
    }

    /// Returns the query that reads the table and goes on with the words behind `at`.
    fn read(&self, query: &str, words: &[Token<'_>], at: usize) -> String {
        let all = self.columns.join(", ");
        let (mut items, mut rest) = (all.as_str(), at);
        if words.get(at).is_some_and(|word| word.is("YIELD")) {
            rest = (at + 1..words.len()).find(|&at| starts_clause(words, at)).unwrap_or(words.len());
            if let (Some(first), Some(last)) = (words.get(at + 1), words.get(rest - 1))
                && !first.is("*")
            {
                items = &query[first.start..last.end()];
            }
        }
        let mut text = format!("{} WITH {items}", self.clauses);
        let end = words.iter().rposition(|word| word.text != ";").map_or(0, |last| last + 1);
        let behind = words.get(rest..end).unwrap_or_default();
        if let (Some(first), Some(last)) = (behind.first(), behind.last()) {
            text.push(' ');
            text.push_str(&query[first.start..last.end()]);
        }
        if !top_level_words(behind).iter().any(|&at| CONTINUING.iter().any(|word| behind[at].is(word))) {
            let names: Vec<_> =
                items.split(',').map(|item| item.split_whitespace().next_back().unwrap_or(item)).collect();
            text.push_str(" RETURN ");
            text.push_str(&names.join(", "));
        }
        text
    }
}

/// Clauses with which a query goes on behind a table. Without one of them its columns are the result.
const CONTINUING: [&str; 4] = ["RETURN", "MATCH", "UNWIND", "CALL"];

/// Finds the table that a query begins with, and where it goes on behind its name.
fn table(words: &[Token<'_>], facts: Facts<'_>) -> Option<(Table, usize)> {
    let (first, names) = words.split_first()?;
    let is = |at: usize, word: &str| names.get(at).is_some_and(|name| name.is(word));
    if first.is("CALL") {
        let end = names.iter().position(|name| !name.is_word() && name.text != ".").unwrap_or(names.len());
        let name: String = names[..end].iter().map(|name| name.text).collect();
        let behind = match names.get(end) {
            // Those that are known take no arguments.
            Some(open) if open.text == "(" && is(end + 1, ")") => end + 2,
            Some(open) if open.text == "(" => return None,
            _ => end,
        };
        return Some((procedure(&name, facts)?, behind + 1));
    }
    if !first.is("SHOW") {
        return None;
    }
    let (table, len) = if is(0, "DATABASES") {
        (databases(facts), 1)
    } else if (is(0, "DEFAULT") || is(0, "HOME")) && is(1, "DATABASE") {
        (databases(facts), 2)
    } else if is(0, "DATABASE") && names.get(1).is_some_and(Token::is_word) {
        let is_there = names[1].bare().eq_ignore_ascii_case(facts.database);
        (if is_there { databases(facts) } else { Table::fixed(DATABASE, &[]) }, 2)
    } else if is(0, "CURRENT") && is(1, "USER") {
        (Table::fixed(&["user", "roles", "passwordChangeRequired", "suspended", "home"], &[CURRENT_USER.to_owned()]), 2)
    } else if is(0, "INDEX") || is(0, "INDEXES") {
        (Table::made(INDEX, INDEXES), 1)
    } else if is(0, "CONSTRAINT") || is(0, "CONSTRAINTS") {
        (Table::fixed(CONSTRAINT, &[]), 1)
    } else if is(0, "PROCEDURE") || is(0, "PROCEDURES") {
        let rows: Vec<_> = PROCEDURES.iter().map(|(name, about)| procedure_row(name, about)).collect();
        (Table::fixed(&["name", "description", "mode", "worksOnSystem"], &rows), 1)
    } else {
        return None;
    };
    Some((table, len + 1))
}

/// The procedures that are tables, and those of the engine.
const PROCEDURES: &[(&str, &str)] = &[
    ("db.counts", "How many nodes each label has, and how many relationships each type."),
    ("db.indexes", "The indexes."),
    ("db.info", "The database."),
    ("db.labels", "The labels in use."),
    ("db.ping", "Whether the database answers."),
    ("db.propertyKeys", "The names of the properties in use."),
    ("db.relationshipTypes", "The relationship types in use."),
    ("dbms.components", "The server, its version and edition."),
    ("dbms.showCurrentUser", "The user."),
    ("fts.search", "The nodes that a full-text index finds."),
];

fn procedure(name: &str, facts: Facts<'_>) -> Option<Table> {
    Some(match name.to_ascii_lowercase().as_str() {
        "dbms.components" => Table::fixed(
            &["name", "versions", "edition"],
            &["{name: 'Neo4j Kernel', versions: ['5.26.0'], edition: 'community'}".to_owned()],
        ),
        "db.labels" => Table::made(&["label"], LABELS),
        "db.relationshiptypes" => Table::made(&["relationshipType"], RELATIONSHIP_TYPES),
        "db.propertykeys" => Table::made(&["propertyKey"], PROPERTY_KEYS),
        "db.ping" => Table::fixed(&["success"], &["{success: true}".to_owned()]),
        "db.info" => {
            let row = format!("{{id: {0}, name: {0}}}", literal(facts.database));
            Table::fixed(&["id", "name"], &[row])
        }
        "dbms.showcurrentuser" => {
            Table::fixed(&["username", "roles", "flags"], &["{username: '', roles: [], flags: []}".to_owned()])
        }
        _ => return None,
    })
}

const LABELS: &str = "CALL db.counts() YIELD kind, name, count \
    WITH kind, name AS label, count WHERE kind = 'label' AND count > 0";
const RELATIONSHIP_TYPES: &str = "CALL db.counts() YIELD kind, name, count \
    WITH kind, name AS relationshipType, count WHERE kind = 'edge_type' AND count > 0";
const PROPERTY_KEYS: &str = "MATCH (neobolt_n) OPTIONAL MATCH (neobolt_n)-[neobolt_r]->() \
    WITH keys(neobolt_n) + coalesce(keys(neobolt_r), []) AS neobolt_keys \
    UNWIND neobolt_keys AS propertyKey WITH DISTINCT propertyKey";

const INDEX: &[&str] = &["name", "state", "type", "entityType", "labelsOrTypes", "properties"];
const INDEXES: &str = "CALL db.indexes() YIELD label, property, kind \
    WITH 'index_' + label + '_' + property AS name, 'ONLINE' AS state, \
    CASE kind WHEN 'btree' THEN 'RANGE' ELSE 'FULLTEXT' END AS type, 'NODE' AS entityType, \
    [label] AS labelsOrTypes, [property] AS properties";
const CONSTRAINT: &[&str] = &["name", "type", "entityType", "labelsOrTypes", "properties", "ownedIndex"];
const CURRENT_USER: &str = "{user: '', roles: null, passwordChangeRequired: false, suspended: false, home: null}";

const DATABASE: &[&str] = &[
    "name",
    "type",
    "aliases",
    "access",
    "address",
    "role",
    "writer",
    "requestedStatus",
    "currentStatus",
    "statusMessage",
    "default",
    "home",
    "constituents",
];

fn databases(facts: Facts<'_>) -> Table {
    let row = format!(
        "{{name: {}, type: 'standard', aliases: [], access: 'read-write', address: {}, role: 'primary', writer: true, \
         requestedStatus: 'online', currentStatus: 'online', statusMessage: '', default: true, home: true, \
         constituents: []}}",
        literal(facts.database),
        literal(facts.address)
    );
    Table::fixed(DATABASE, &[row])
}

fn procedure_row(name: &str, about: &str) -> String {
    format!("{{name: {}, description: {}, mode: 'READ', worksOnSystem: false}}", literal(name), literal(about))
}

/// Returns a text as Cypher writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Writes `elementId(x)` as the text of the number that it is here. Of relationships the engine does not tell.
fn functions<'q>(query: &'q str, words: &[Token<'_>]) -> Cow<'q, str> {
    let mut text = String::new();
    let mut copied = 0;
    for (at, word) in words.iter().enumerate() {
        let called = word.is("elementId") && words.get(at + 1).is_some_and(|next| next.text == "(");
        if let (true, Some(close)) = (called, closing(words, at + 1)) {
            text.push_str(&query[copied..word.start]);
            let argument = &query[words[at + 1].end()..words[close].start];
            text.push_str(&format!("toString(id({argument}))"));
            copied = words[close].end();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(query);
    }
    text.push_str(&query[copied..]);
    Cow::Owned(text)
}

/// Returns where the bracket that opens at `open` is closed.
fn closing(words: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0;
    (open..words.len()).find(|&at| {
        depth += words[at].nesting();
        depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(query: &str) -> Cow<'_, str> {
        translate(query, Facts { address: "localhost:7687", database: "neo4j" }).unwrap().text
    }

    #[test]
    fn what_stands_behind_a_table_stays() {
        let clauses = "UNWIND [{success: true}] AS neobolt_row WITH neobolt_row.success AS success";
        for (query, tail) in [
            ("CALL db.ping()", "WITH success RETURN success"),
            ("call db.ping;", "WITH success RETURN success"),
            ("CALL db.ping() YIELD *", "WITH success RETURN success"),
            ("CALL db.ping() YIELD success AS ok", "WITH success AS ok RETURN ok"),
            ("CALL db.ping() YIELD success WHERE success", "WITH success WHERE success RETURN success"),
            (
                "CALL db.ping() YIELD success AS ok UNWIND [1, 2] AS x RETURN x, ok;",
                "WITH success AS ok UNWIND [1, 2] AS x RETURN x, ok",
            ),
        ] {
            assert_eq!(translated(query), format!("{clauses} {tail}"), "{query}");
        }
        for query in ["CALL db.counts()", "CALL db.ping(1)", "SHOW", "MATCH (n) RETURN n", "", "CALL"] {
            assert_eq!(translated(query), query);
        }
    }

    #[test]
    fn an_index_is_made_in_the_way_of_neo4j_5() {
        for (query, tolerates) in [
            ("CREATE INDEX FOR (n:Person) ON (n.name, n.`first name`)", false),
            ("create range index people if not exists for (p:Person) on (p.name, p.`first name`);", true),
        ] {
            let translation = translate(query, Facts { address: "", database: "" }).unwrap();
            assert_eq!(translation.text, "CREATE INDEX ON :Person(name, `first name`)");
            assert_eq!(translation.tolerates_index, tolerates);
        }
        for query in ["CREATE INDEX ON :Person(name)", "CREATE INDEX FOR ()-[r:R]-() ON (r.x)", "CREATE INDEX"] {
            assert_eq!(translated(query), query);
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused_by_name() {
        let refused = |query| translate(query, Facts { address: "", database: "" }).unwrap_err();
        for query in
            ["SHOW USERS", "CREATE OR REPLACE DATABASE x", "ALTER USER u SET PASSWORD 'x'", "GRANT ROLE a TO b"]
        {
            assert_eq!(&*refused(query).code, "Neo.ClientError.Statement.UnsupportedAdministrationCommand", "{query}");
        }
        for (query, name) in [
            ("CREATE CONSTRAINT FOR (n:A) REQUIRE n.x IS UNIQUE", "constraints"),
            ("PROFILE MATCH (n) RETURN n", "PROFILE"),
            ("CALL { RETURN 1 AS x } RETURN x", "subqueries"),
        ] {
            assert!(refused(query).message.contains(name), "{query}");
        }
    }

    #[test]
    fn element_ids_are_numbers() {
        assert_eq!(
            translated("MATCH (n) WHERE elementId(n) = $id RETURN elementId( (n) ) AS id, 'elementId(n)'"),
            "MATCH (n) WHERE toString(id(n)) = $id RETURN toString(id( (n) )) AS id, 'elementId(n)'"
        );
        assert_eq!(translated("RETURN elementId(n"), "RETURN elementId(n");
    }
}
