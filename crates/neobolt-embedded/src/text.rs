//! What the text of a query says about its result, because the engine does not.
//!
//! The engine names the columns in its rows, so a result without rows has no names, and it does not say whether a query
//! reads or writes. Both stand in the query's clauses, which are found here word by word: text in strings, comments and
//! back-ticks is skipped, and so is whatever is nested in brackets.

/// What a query's clauses say about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The names of the columns; `None` where the text does not name them (`RETURN *`).
    pub(crate) columns: Option<Vec<String>>,
    /// `r`, `rw`, `w` or `s`, as in a Bolt summary.
    pub(crate) query_type: &'static str,
    /// Whether the query is not run, but its plan described.
    pub(crate) explains: bool,
    /// Whether the query looks at the graph.
    pub(crate) reads: bool,
    /// Whether the query makes an index (`true`) or drops one (`false`).
    pub(crate) makes_index: Option<bool>,
}

impl Outline {
    /// Reads the outline of `query`.
    pub(crate) fn of(query: &str) -> Self {
        let tokens = tokens(query);
        let clauses = top_level_words(&tokens);
        let is = |word: &str| clauses.iter().any(|&at| tokens[at].is(word));
        let explains = clauses.first().is_some_and(|&at| tokens[at].is("EXPLAIN"));
        let schema = clauses.iter().any(|&at| {
            (tokens[at].is("CREATE") || tokens[at].is("DROP"))
                && tokens.get(at + 1).is_some_and(|next| next.is("INDEX"))
        });
        let returned = clauses.iter().rposition(|&at| tokens[at].is("RETURN")).map(|nth| clauses[nth]);
        let query_type = if schema {
            "s"
        } else if explains || !UPDATES.iter().any(|word| is(word)) {
            "r"
        } else if returned.is_some() {
            "rw"
        } else {
            "w"
        };
        let columns = match returned {
            Some(at) => items(query, &tokens, at + 1),
            None => match clauses.iter().rposition(|&at| tokens[at].is("YIELD")) {
                Some(nth) => items(query, &tokens, clauses[nth] + 1),
                None if is("CALL") => None,
                None => Some(Vec::new()),
            },
        };
        Self { columns, query_type, explains, reads: reads(&tokens), makes_index: schema.then(|| is("CREATE")) }
    }

    /// Returns whether the query has clauses that change the graph.
    pub(crate) fn updates(&self) -> bool {
        matches!(self.query_type, "w" | "rw")
    }
}

/// Returns the names of the columns and of the parameters in them, if the query does nothing but return parameters.
pub(crate) fn returned_parameters(query: &str) -> Option<Vec<(String, String)>> {
    let tokens = tokens(query);
    let (first, items) = tokens.split_first()?;
    let end = items.iter().position(|token| token.text == ";").unwrap_or(items.len());
    if !first.is("RETURN") || end + 1 < items.len() {
        return None;
    }
    let item = |item: &[Token<'_>]| {
        let name = match item {
            [_] => item[0].text,
            [_, word, alias] if word.is("AS") => alias.bare(),
            _ => return None,
        };
        Some((name.to_owned(), item[0].text.strip_prefix('$')?.to_owned()))
    };
    items[..end].split(|token| token.text == ",").map(item).collect()
}

/// Returns whether a query looks at the graph: by a clause, or by a pattern among its expressions.
fn reads(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let next = tokens.get(at + 1).map(|next| next.text);
        READING.iter().any(|word| token.is(word)) || token.text == "-" && matches!(next, Some("-" | "["))
    })
}

/// The words without which, and without a pattern, a query does not look at the graph.
const READING: [&str; 4] = ["MATCH", "MERGE", "CALL", "EXISTS"];

/// The clauses that change the graph.
const UPDATES: [&str; 5] = ["CREATE", "MERGE", "SET", "DELETE", "REMOVE"];

/// The words that end the items of RETURN and YIELD.
const ENDS: [&str; 6] = ["ORDER", "SKIP", "LIMIT", "UNION", "WHERE", "OFFSET"];

/// The words that begin another clause.
const CLAUSES: [&str; 6] = ["RETURN", "WITH", "MATCH", "OPTIONAL", "UNWIND", "CALL"];

/// A piece of a query, with its place in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'q> {
    pub(crate) text: &'q str,
    pub(crate) start: usize,
}

impl<'q> Token<'q> {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// Returns where the text goes on behind this token.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Returns whether this is a word or a name.
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '`'))
    }

    /// Returns the name that stands in back-ticks, or the text as it is.
    pub(crate) fn bare(&self) -> &'q str {
        let bare = self.text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        bare.filter(|bare| !bare.contains('`')).unwrap_or(self.text)
    }

    /// How much deeper the nesting is behind this token.
    pub(crate) fn nesting(&self) -> isize {
        match self.text {
            "(" | "[" | "{" => 1,
            ")" | "]" | "}" => -1,
            _ => 0,
        }
    }
}

/// Splits a query into its pieces.
pub(crate) fn tokens(query: &str) -> Vec<Token<'_>> {
    Tokens { text: query, at: 0 }.collect()
}

/// Splits a query into words, strings, names in back-ticks, and single signs.
struct Tokens<'q> {
    text: &'q str,
    at: usize,
}

impl<'q> Iterator for Tokens<'q> {
    type Item = Token<'q>;

    fn next(&mut self) -> Option<Token<'q>> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..)?;
            let first = rest.chars().next()?;
            let len = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else if matches!(first, '\'' | '"') {
                quoted(rest, first, true)
            } else if first == '`' {
                quoted(rest, first, false)
            } else if first.is_alphanumeric() || matches!(first, '_' | '$') {
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            self.at = start + len;
            if !first.is_whitespace() && !rest.starts_with("//") && !rest.starts_with("/*") {
                return Some(Token { text: &rest[..len], start });
            }
        }
    }
}

/// Returns the length of what is quoted at the front of `text`, to the end when it is never closed.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if escapes && c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Returns where the words outside all brackets stand, without the names of labels, properties and parameters.
pub(crate) fn top_level_words(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut depth = 0;
    let mut words = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        depth += token.nesting();
        if depth == 0 && !is_name(tokens, at) && token.text.starts_with(|c: char| c.is_alphabetic()) {
            words.push(at);
        }
    }
    words
}

/// Returns whether a clause, or a part of one that cannot stand in an item, begins with this token.
pub(crate) fn starts_clause(tokens: &[Token<'_>], at: usize) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| tokens[at].is(word));
    !is_name(tokens, at) && (begins(&ENDS) || begins(&CLAUSES) || tokens[at].text == ";")
}

/// Returns whether a token is a name, or part of one: behind a colon or `AS`, or on either side of a dot.
fn is_name(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && (matches!(tokens[at - 1].text, ":" | ".") || tokens[at - 1].is("AS"))
        || tokens.get(at + 1).is_some_and(|next| next.text == ".")
}

/// Returns the names of the comma-separated items that begin at the token `from`.
fn items(query: &str, tokens: &[Token<'_>], from: usize) -> Option<Vec<String>> {
    let from = from + usize::from(tokens.get(from).is_some_and(|token| token.is("DISTINCT")));
    let mut depth = 0;
    let mut names = Vec::new();
    let mut first = from;
    for at in from..=tokens.len() {
        let token = tokens.get(at);
        depth += token.map_or(0, Token::nesting);
        // A variable may be called `offset`, but no clause begins where an item should.
        let ends = |token: &Token<'_>| at > first && !is_name(tokens, at) && ENDS.iter().any(|word| token.is(word));
        let end = token.is_none_or(|token| depth <= 0 && (token.text == ";" || ends(token)));
        if end || depth <= 0 && token.is_some_and(|token| token.text == ",") {
            names.push(name(query, tokens.get(first..at)?)?);
            first = at + 1;
        }
        if end {
            break;
        }
    }
    Some(names)
}

/// Returns the name of one item: its alias, else its text.
fn name(query: &str, item: &[Token<'_>]) -> Option<String> {
    let (first, last) = (item.first()?, item.last()?);
    if first.text == "*" {
        return None;
    }
    let aliased = item.len() >= 3 && item[item.len() - 2].is("AS");
    let text = if aliased || item.len() == 1 { last.bare() } else { &query[first.start..last.end()] };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(query: &str) -> Vec<String> {
        Outline::of(query).columns.unwrap()
    }

    #[test]
    fn columns_are_those_of_the_last_return() {
        assert_eq!(columns("MATCH (n) RETURN n.name AS name, n.age ORDER BY name"), ["name", "n.age"]);
        assert_eq!(
            columns("UNWIND $rows AS row RETURN DISTINCT row.id AS `the id`, count( * ) LIMIT 3;"),
            ["the id", "count( * )"]
        );
        assert_eq!(
            columns("RETURN [x IN [1, 2] | x + 1] AS a, {k: 'a, b', `c,`: (1)}, \"q\\\", r\""),
            ["a", "{k: 'a, b', `c,`: (1)}", "\"q\\\", r\""]
        );
        assert_eq!(columns("RETURN 1 AS a UNION ALL RETURN 2 AS a"), ["a"]);
        assert_eq!(
            columns("MATCH (n) WHERE EXISTS { MATCH (n)-->(m) RETURN m } RETURN n /* RETURN x */ // RETURN y"),
            ["n"]
        );
        assert_eq!(columns("match (n) return n.`return` as r, n.limit"), ["r", "n.limit"]);
        assert_eq!(columns("CALL db.counts() YIELD kind, name AS n WHERE kind = 'label'"), ["kind", "n"]);
        assert_eq!(
            columns("MATCH (n) RETURN 1 AS limit, n.x AS return, 2 AS order ORDER BY order"),
            ["limit", "return", "order"]
        );
        assert_eq!(columns("UNWIND [] AS offset RETURN DISTINCT offset, offset + 1 SKIP 1"), ["offset", "offset + 1"]);
        assert_eq!(columns("CREATE (n:RETURN)"), Vec::<String>::new());
        assert_eq!(Outline::of("MATCH (n) RETURN *").columns, None);
        assert_eq!(Outline::of("CALL db.indexes()").columns, None);
    }

    #[test]
    fn parameters_that_are_only_returned_are_found() {
        let columns = |pairs: &[(&str, &str)]| Some(pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect());
        assert_eq!(returned_parameters("RETURN $x AS `an x`, $y;"), columns(&[("an x", "x"), ("$y", "y")]));
        for query in [
            "RETURN $x + 1",
            "RETURN x",
            "RETURN $x LIMIT 1",
            "UNWIND $x AS x RETURN x",
            "RETURN",
            "RETURN $x; RETURN $y",
            "",
        ] {
            assert_eq!(returned_parameters(query), None, "{query}");
        }
    }

    #[test]
    fn broken_text_has_an_outline_too() {
        for query in ["", "RETURN", "RETURN '", "RETURN `x", "RETURN a,", ")))] RETURN (", "/* RETURN", "RETURN ä AS ö"]
        {
            Outline::of(query);
        }
        assert_eq!(columns("RETURN 'ü' AS ö"), ["ö"]);
    }

    #[test]
    fn a_query_that_computes_does_not_read() {
        for (query, reads) in [
            ("RETURN $x - 1, 'MATCH'", false),
            ("UNWIND range(1, 3) AS n WITH n WHERE n > 1 RETURN n", false),
            ("CREATE (:A)", false),
            ("MATCH (n) RETURN n", true),
            ("RETURN [(a)-->(b) | a]", true),
            ("RETURN EXISTS { (a:A) }", true),
            ("CALL db.counts()", true),
        ] {
            assert_eq!(Outline::of(query).reads, reads, "{query}");
        }
    }

    #[test]
    fn the_type_follows_from_the_clauses() {
        for (query, query_type) in [
            ("MATCH (n:SET) WHERE n.create = 'MERGE' RETURN n.set", "r"),
            ("CREATE (n) RETURN n", "rw"),
            ("match (n) set n.x = 1", "w"),
            ("MATCH (n) DETACH DELETE n", "w"),
            ("CREATE INDEX ON :A(b)", "s"),
            ("MATCH (n) RETURN n.at AS set", "r"),
            ("EXPLAIN MATCH (n) SET n.x = 1 RETURN n", "r"),
        ] {
            assert_eq!(Outline::of(query).query_type, query_type, "{query}");
        }
    }
}
