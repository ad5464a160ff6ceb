//! Reads and writes structs of one's own: a map, a structure, and the rows of a result.

use std::collections::BTreeMap;

use packstream::serde::{Columns, Structure, from_slice, to_vec};
use serde::{Deserialize, Serialize};

/// What a server sends for a point in the plane: a structure with the tag `X`, whose fields have no names.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point2D {
    srid: i64,
    x: f64,
    y: f64,
}

/// A map. What it borrows stays where it lies in the input.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct City<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mayor: Option<&'a str>,
    location: Structure<b'X', Point2D>,
    #[serde(borrow, flatten)]
    other: BTreeMap<&'a str, i64>,
}

/// A row of `MATCH (c:City) RETURN c.location AS location, c.name AS name, count(*) AS visits`.
#[derive(Debug, PartialEq, Deserialize)]
struct Row<'a> {
    name: &'a str,
    location: Structure<b'X', Point2D>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let location = || Structure(Point2D { srid: 7203, x: 2.35, y: 48.85 });
    let city =
        City { name: "Paris", mayor: None, location: location(), other: BTreeMap::from([("people", 2_102_650)]) };
    let bytes = to_vec(&city)?;
    println!("{bytes:02X?}");
    let read: City<'_> = from_slice(&bytes)?;
    println!("{read:?}");
    assert_eq!(read, city);

    // Columns may come in any order, and there may be more of them.
    let columns = Columns::of::<Row<'_>>(["location", "name", "visits"]);
    for (name, visits) in [("Paris", 3), ("Lutetia", 1)] {
        let row = to_vec(&(location(), name, visits))?;
        let row: Row<'_> = columns.from_slice(&row)?;
        println!("{row:?}");
        assert_eq!(row, Row { name, location: location() });
    }

    // Errors say where.
    let row = to_vec(&(location(), 7, 1))?;
    if let Err(error) = columns.from_slice::<Row<'_>>(&row) {
        println!("{error}");
        assert_eq!(error.to_string(), "invalid type: integer `7`, expected a borrowed string at byte 24");
    }
    Ok(())
}
