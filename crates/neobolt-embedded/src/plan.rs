//! The engine's description of a plan as the plan of a Bolt summary.

use neobolt_proto::{Map, Value};

/// Reads the lines that the engine answers EXPLAIN with: an operator on each, two spaces deeper than the one it feeds.
pub(crate) fn plan(text: &str) -> Map {
    let mut branch: Vec<Operator<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let operator = line.trim_start();
        let depth = (line.len() - operator.len()) / 2;
        // The first line is the root, even if others claim to be.
        while branch.len() > depth.max(1) {
            fold(&mut branch);
        }
        branch.push(Operator { text: operator, children: Vec::new() });
    }
    while branch.len() > 1 {
        fold(&mut branch);
    }
    branch.pop().map(Operator::into_map).unwrap_or_default()
}

/// An operator whose children are still coming.
struct Operator<'t> {
    text: &'t str,
    children: Vec<Value>,
}

impl Operator<'_> {
    fn into_map(self) -> Map {
        let (text, rows) = match self.text.rsplit_once(" (est. ") {
            Some((text, rows)) => (text, rows.split(' ').next().and_then(|rows| rows.parse::<f64>().ok())),
            None => (self.text, None),
        };
        let (name, details) = text.split_once(' ').unwrap_or((text, ""));
        let mut args = Vec::new();
        if !details.is_empty() {
            args.push(("Details", Value::from(details)));
        }
        args.extend(rows.map(|rows| ("EstimatedRows", Value::from(rows))));
        let mut entries = vec![
            ("operatorType", Value::from(name)),
            ("identifiers", Value::List(Box::default())),
            ("args", Value::Map(Map::from_iter(args))),
        ];
        if !self.children.is_empty() {
            entries.push(("children", Value::List(self.children.into())));
        }
        Map::from_iter(entries)
    }
}

/// Hands the last operator to the one above it.
fn fold(branch: &mut Vec<Operator<'_>>) {
    if let Some(last) = branch.pop()
        && let Some(above) = branch.last_mut()
    {
        above.children.push(Value::Map(last.into_map()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(map: &Map) -> (&str, usize) {
        let children = match map.get("children") {
            Some(Value::List(children)) => children.len(),
            _ => 0,
        };
        (map.get("operatorType").and_then(Value::as_str).unwrap(), children)
    }

    #[test]
    fn operators_hang_below_those_they_feed() {
        let plan = plan(
            "Join (est. 4 rows)\n  Filter (est. 2 rows)\n    Scan :A AS a (est. 1000 rows)\n  Scan :B AS b (est. 9 rows)",
        );
        assert_eq!(operator(&plan), ("Join", 2));
        let Some(Value::List(children)) = plan.get("children") else { panic!("{plan:?}") };
        let Value::Map(filter) = &children[0] else { panic!("{plan:?}") };
        assert_eq!(operator(filter), ("Filter", 1));
        let Value::Map(scan) = &children[1] else { panic!("{plan:?}") };
        assert_eq!(operator(scan), ("Scan", 0));
        let args = Map::from_iter([("Details", Value::from(":B AS b")), ("EstimatedRows", Value::from(9.0))]);
        assert_eq!(scan.get("args"), Some(&Value::Map(args)));
    }
}
