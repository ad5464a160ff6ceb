//! What the rows of each shape hold, and how the tenth or the thousandth looks.

/// A kind of row.
#[expect(clippy::exhaustive_structs, reason = "the bench names every field")]
pub mod kinds {
    use serde::Serialize;

    /// One integer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Int1(pub i64);

    /// Ten integers of mixed widths.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Ints10(pub [i64; 10]);

    /// Five strings of 21 to 25 ASCII bytes.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Str5(pub [String; 5]);

    /// One of each of the usual types.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mixed {
        /// Column 0.
        pub number: i64,
        /// Column 1.
        pub score: f64,
        /// Column 2.
        pub text: String,
        /// Column 3.
        pub flag: bool,
        /// Column 4: always null.
        pub nothing: Option<i64>,
        /// Column 5.
        pub list: [i64; 3],
        /// Column 6: a map.
        pub pair: Pair,
    }

    /// A map of two strings.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Pair {
        /// Under `first`.
        pub first: String,
        /// Under `second`.
        pub second: String,
    }

    /// A node with an element id, as Bolt 5 sends it.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Node<P = Person> {
        /// The internal number.
        pub id: i64,
        /// Two labels.
        pub labels: [String; 2],
        /// A map.
        pub properties: P,
        /// `4:`, a UUID, `:` and the number.
        pub element_id: String,
    }

    /// The properties of a node that stands alone.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Person {
        /// Under `name`.
        pub name: String,
        /// Under `email`.
        pub email: String,
        /// Under `city`.
        pub city: String,
        /// Under `born`.
        pub born: i64,
        /// Under `score`.
        pub score: f64,
    }

    /// Three nodes and the two relationships between them.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Path {
        /// The nodes.
        pub nodes: [Node<Place>; 3],
        /// The relationships.
        pub relationships: [Road; 2],
        /// Which way the path goes.
        pub indices: [i64; 4],
    }

    /// The properties of a node in a path.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Place {
        /// Under `name`.
        pub name: String,
        /// Under `country`.
        pub country: String,
        /// Under `people`.
        pub people: i64,
    }

    /// A relationship in a path.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Road {
        /// The internal number.
        pub id: i64,
        /// The type.
        pub rel_type: String,
        /// A map.
        pub properties: Way,
        /// `5:`, a UUID, `:` and the number.
        pub element_id: String,
    }

    /// The properties of a relationship.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Way {
        /// Under `since`.
        pub since: i64,
        /// Under `length`.
        pub length: f64,
        /// Under `kind`.
        pub kind: String,
    }

    /// A kibibyte.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Bytes1k(pub Vec<u8>);

    /// A list of 768 floats.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Floats768(pub Vec<f64>);

    /// One of the rows that a parameter of a query holds: a map of five entries, 68 bytes or so.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Parameters {
        /// Under `id`.
        pub id: i64,
        /// Under `name`.
        pub name: String,
        /// Under `born`.
        pub born: i64,
        /// Under `score`.
        pub score: f64,
        /// Under `active`.
        pub active: bool,
    }
}

use kinds::*;

/// A kind of row that can be made up.
pub trait Row {
    /// Makes up a row.
    fn row(row: i64) -> Self;
}

const UUID: &str = "0b5c2f2e-6d3f-4a53-9f6e-3a3d1c9f7b21";

impl Row for Int1 {
    fn row(row: i64) -> Self {
        Self(row)
    }
}

impl Row for Ints10 {
    fn row(row: i64) -> Self {
        Self([0, 7, 14, 21, 28, 35, 42, 49, 56, 3].map(|shift| (row % 100) << shift))
    }
}

impl Row for Str5 {
    fn row(row: i64) -> Self {
        Self([21, 22, 23, 24, 25].map(|len| format!("text of {len} bytes {row:0>width$}", width = len - 17)))
    }
}

impl Row for Mixed {
    fn row(row: i64) -> Self {
        Self {
            number: row,
            score: row as f64 * 0.5,
            text: "a string of some length".into(),
            flag: row % 2 == 0,
            nothing: None,
            list: [row, row + 1, row + 2],
            pair: Pair { first: format!("first of {row}"), second: "second".into() },
        }
    }
}

impl Row for Node {
    fn row(row: i64) -> Self {
        let properties = Person {
            name: "Ada Lovelace".into(),
            email: format!("ada.{row}@example.org"),
            city: "London".into(),
            born: 1815,
            score: row as f64 * 0.25,
        };
        Self { id: row, labels: ["Person".into(), "Author".into()], properties, element_id: format!("4:{UUID}:{row}") }
    }
}

impl Row for Path {
    fn row(row: i64) -> Self {
        let node = |id: i64| Node {
            id,
            labels: ["Place".into(), "City".into()],
            properties: Place { name: format!("Place {id}"), country: "Utopia".into(), people: 1000 * id },
            element_id: format!("4:{UUID}:{id}"),
        };
        let road = |id: i64| Road {
            id,
            rel_type: "LEADS_TO".into(),
            properties: Way { since: 1900 + id % 100, length: id as f64 * 0.5, kind: "gravel".into() },
            element_id: format!("5:{UUID}:{id}"),
        };
        Self {
            nodes: [0, 1, 2].map(|n| node(row + n)),
            relationships: [0, 1].map(|n| road(row + n)),
            indices: [1, 1, -2, 2],
        }
    }
}

impl Row for Bytes1k {
    fn row(row: i64) -> Self {
        Self((0..1024).map(|at| (row + at) as u8).collect())
    }
}

impl Row for Floats768 {
    fn row(row: i64) -> Self {
        Self((0..768).map(|at| (row + at) as f64 * 0.125).collect())
    }
}

impl Row for Parameters {
    fn row(row: i64) -> Self {
        Self {
            id: 1_000_000 + row,
            name: format!("Ada Lovelace {row:0>8}"),
            born: 1815 + row % 100,
            score: row as f64 * 0.5,
            active: row % 2 == 0,
        }
    }
}
