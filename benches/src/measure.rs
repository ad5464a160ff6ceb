//! What is measured, in one form for every counter: instructions, allocations and time.

use std::fmt;
use std::hint::black_box;

use crate::raw::Seen;

/// One way over one shape, ready to run any number of times.
#[non_exhaustive]
pub struct Measure {
    /// The way.
    pub way: &'static str,
    /// The shape.
    pub shape: &'static str,
    /// How many records a run reads or writes.
    pub records: u64,
    seen: Seen,
    run: Box<dyn FnMut() -> Seen>,
}

impl Measure {
    /// Creates a measure, and runs it once: what has to grow is then as large as it gets.
    pub fn new(way: &'static str, shape: &'static str, mut run: impl FnMut() -> Seen + 'static) -> Self {
        let seen = run();
        Self { way, shape, records: seen.records, seen, run: Box::new(run) }
    }

    /// Checks that the runs see what they should.
    ///
    /// # Panics
    ///
    /// They do not.
    #[must_use]
    pub fn sees(self, expected: Seen) -> Self {
        assert_eq!(self.seen, expected, "{self:?}");
        self
    }

    /// Runs once. It is not inlined, so that a profiler finds it by its name.
    #[inline(never)]
    pub fn measured(&mut self) -> Seen {
        black_box((self.run)())
    }
}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over {}", self.way, self.shape)
    }
}

/// Which ways and shapes are asked for: all of them, or those named by `--way` and `--shape`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    ways: Vec<String>,
    shapes: Vec<String>,
}

impl Selection {
    /// Reads the options of a command line.
    ///
    /// # Errors
    ///
    /// The option that is not known or has no value.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut selection = Self::default();
        for pair in arguments.chunks(2) {
            match pair {
                [option, way] if option == "--way" => selection.ways.push(way.clone()),
                [option, shape] if option == "--shape" => selection.shapes.push(shape.clone()),
                [option, ..] => return Err(format!("unexpected argument '{option}'")),
                [] => {}
            }
        }
        Ok(selection)
    }

    /// Tells whether this way over this shape is asked for.
    pub fn contains(&self, way: &str, shape: &str) -> bool {
        let named = |names: &[String], name| names.is_empty() || names.iter().any(|it| it == name);
        named(&self.ways, way) && named(&self.shapes, shape)
    }

    /// Tells whether everything is asked for.
    pub fn is_all(&self) -> bool {
        self.ways.is_empty() && self.shapes.is_empty()
    }
}
