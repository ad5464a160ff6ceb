//! The frozen figures of the raw loops, and what each way may cost beside them.

use crate::codec::PARAMETERS;

/// The ways in the order of the table.
pub const WAYS: [&str; 16] = [
    "raw drain",
    "raw count",
    "raw walk",
    "raw owned",
    "raw encode",
    "tokens",
    "fields",
    "straight",
    "serde position",
    "serde number",
    "value",
    "graph",
    "encode",
    "packed keys",
    "serde out",
    "value out",
];

/// The raw loops over one shape, in instructions per record.
///
/// They are frozen, because the loops themselves move by some per cent with the compiler and with what is compiled beside them.
struct Raw {
    shape: &'static str,
    /// Splits into messages.
    drain: u64,
    /// Counts values.
    count: u64,
    /// Counts values, checks strings and decodes numbers.
    walk: u64,
    /// Builds owned values.
    owned: u64,
    /// Encodes.
    encode: u64,
}

/// Measured with Rust 1.95 on x86-64.
#[rustfmt::skip]
const FROZEN: [Raw; 9] = [
    Raw { shape: "int1",      drain: 24, count:  129, walk:   137, owned:   387, encode:   114 },
    Raw { shape: "ints10",    drain: 24, count:  378, walk:   391, owned:  1200, encode:   491 },
    Raw { shape: "str5",      drain: 24, count:  250, walk:   837, owned:  2395, encode:   441 },
    Raw { shape: "mixed",     drain: 24, count:  479, walk:  1010, owned:  3483, encode:   516 },
    Raw { shape: "node",      drain: 24, count:  572, walk:  1567, owned:  5882, encode:   690 },
    Raw { shape: "path",      drain: 24, count: 1995, walk:  5638, owned: 22235, encode:  2460 },
    Raw { shape: "bytes1k",   drain: 24, count:  132, walk:   140, owned:   686, encode:   376 },
    Raw { shape: "floats768", drain: 24, count: 8582, walk: 10894, owned: 58620, encode: 16185 },
    Raw { shape: "params5",   drain:  0, count:    0, walk:     0, owned:     0, encode:   283 },
];

/// Returns what `way` over `shape` is measured against: a raw loop's frozen figure. For a raw loop it is its own.
pub fn frozen(way: &str, shape: &str) -> Option<u64> {
    let raw = FROZEN.iter().find(|raw| raw.shape == shape)?;
    let figure = match way {
        "raw drain" => raw.drain,
        "raw count" => raw.count,
        "raw owned" | "value" | "graph" => raw.owned,
        "raw encode" | "encode" | "packed keys" | "serde out" | "value out" => raw.encode,
        _ => raw.walk,
    };
    (figure > 0).then_some(figure)
}

/// What a way may cost.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target {
    /// In instructions, as a multiple of the raw figure.
    pub ratio: f64,
    /// In allocations per record.
    pub allocations: f64,
}

/// How far inlining alone moves a figure: a target counts as missed when it is missed by more.
pub const SLACK: f64 = 1.10;

/// Returns what `way` over `shape` may cost; `None` where that is only shown.
pub fn target(way: &str, shape: &str) -> Option<Target> {
    // Lists of floats and byte arrays have loops of their own.
    let bulk = matches!(shape, "floats768" | "bytes1k");
    let floats = shape == "floats768";
    let ratio = match way {
        "tokens" => 1.0,
        "fields" if bulk => 1.0,
        "fields" => 1.2,
        "straight" if bulk => 1.0,
        "straight" => 0.8,
        "serde position" | "serde number" if floats => 1.75,
        "serde position" => 1.35,
        "serde number" => 1.9,
        "value" => 1.0,
        "graph" if matches!(shape, "node" | "path") => 0.75,
        "graph" => 1.0,
        "encode" => 0.9,
        "packed keys" if shape == PARAMETERS => 0.7,
        "serde out" => 1.0,
        _ => return None,
    };
    let allocations = match way {
        "value" | "graph" => owned_allocations(shape),
        "serde position" | "serde number" => own_vectors(shape),
        _ => 0.0,
    };
    Some(Target { ratio, allocations })
}

/// One for each container that is not empty, the row's included, for each byte array, and for each string of more than 24 bytes.
fn owned_allocations(shape: &str) -> f64 {
    match shape {
        "int1" | "ints10" => 1.0,
        // The longest string has 25 bytes.
        "str5" => 2.0,
        "mixed" => 3.0,
        // Row, structure, labels, properties, element id.
        "node" => 5.0,
        // Row, structure and its three lists; four for each of three nodes; structure, properties and element id for each of two
        // relationships.
        "path" => 23.0,
        _ => 2.0,
    }
}

/// The vectors that the program's own struct has.
fn own_vectors(shape: &str) -> f64 {
    match shape {
        "mixed" | "node" | "floats768" => 1.0,
        // Nodes with their labels, relationships, indices.
        "path" => 6.0,
        _ => 0.0,
    }
}
