//! [`Columns`].

mod probe;
mod row;

use ::serde::Deserialize;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use self::row::Row;
use super::de::{all, twice};
use super::{Error, LIMITS};
use crate::{DecodeError, Decoder};

/// The columns of a result: reads its rows, which are lists, into structs by the columns' names.
///
/// The names are compared with the struct's fields once, not per row. Of columns with the same name the last wins; columns that are no
/// field are skipped; a field without a column is missing, which is an error or the field's default.
///
/// A type other than a derived struct is read in its own way: a tuple by position, a map by the columns' names.
///
/// ```
/// use packstream::serde::Columns;
/// use serde::Deserialize;
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// struct Person<'a> {
///     name: &'a str,
///     born: Option<i64>,
/// }
///
/// # fn main() -> Result<(), packstream::DecodeError> {
/// let columns = Columns::of::<Person<'_>>(["born", "name"]);
/// assert_eq!(columns.from_slice(b"\x92\xC9\x07\x17\x83Ada"), Ok(Person { name: "Ada", born: Some(1815) }));
/// assert_eq!(columns.from_slice(b"\x92\xC0\x87Charles"), Ok(Person { name: "Charles", born: None }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Columns {
    columns: Box<[Column]>,
    plan: Plan,
}

#[derive(Debug)]
struct Column {
    name: Box<str>,
    /// The number of the field of this name. [`NO_FIELD`] if there is none, or if a later column has the name.
    field: u64,
    /// A later column has this name.
    is_overwritten: bool,
}

const NO_FIELD: u64 = u64::MAX;

/// How a struct is read.
#[derive(Debug)]
enum Plan {
    /// The columns start with the fields in the struct's order.
    Position(Fields),
    /// Fields are named by their numbers.
    Numbers(Fields),
    /// Fields are named by the columns' names: the type is no struct, or numbers mean nothing to it.
    Names,
}

/// The fields of the struct for which a plan was made.
#[derive(Debug)]
struct Fields {
    names: &'static [&'static str],
    /// Where a list of these names was found last. The compiler may keep several, but a type that brings this one need not be asked
    /// for its names again.
    seen_at: AtomicUsize,
}

impl Columns {
    /// Works out which of the columns with these names is which field of `T`.
    #[must_use]
    pub fn of<'de, T: Deserialize<'de>>(names: impl IntoIterator<Item: Into<Box<str>>>) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        for name in names {
            columns.push(Column { name: name.into(), field: NO_FIELD, is_overwritten: false });
        }
        overwrite(&mut columns);
        let plan = match probe::fields::<T>() {
            Some(names) => {
                number(&mut columns, names);
                let fields = Fields { names, seen_at: AtomicUsize::new(names.as_ptr().addr()) };
                let expected = (0..names.len() as u64).chain(core::iter::repeat(NO_FIELD));
                let in_order = columns.len() >= names.len()
                    && columns.iter().zip(expected).all(|(column, field)| column.field == field);
                if in_order && probe::takes_sequence::<T>() { Plan::Position(fields) } else { Plan::Numbers(fields) }
            }
            None => Plan::Names,
        };
        Self { columns: columns.into(), plan }
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| &*column.name)
    }

    /// Reads a row that makes up the whole of `input`.
    ///
    /// `T` should be the type the columns were worked out for. For another, names are compared with each row.
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, nests deeper than [`DEPTH`](super::DEPTH), is no list with a value for each column, or is no `T`.
    #[inline]
    pub fn from_slice<'de, T: Deserialize<'de>>(&'de self, input: &'de [u8]) -> Result<T, DecodeError> {
        let mut decoder = Decoder::new(input);
        let row = self.row(&mut decoder);
        Ok(all(row, &decoder)?)
    }

    /// Reads the row that comes next in `decoder`.
    ///
    /// `T` should be the type the columns were worked out for. For another, names are compared with each row.
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, nests deeper than [`DEPTH`](super::DEPTH), is no list with a value for each column, or is no `T`. The
    /// decoder then stands where it stood.
    #[inline]
    pub fn from_decoder<'de, T: Deserialize<'de>>(&'de self, decoder: &mut Decoder<'de>) -> Result<T, DecodeError> {
        Ok(self.row(decoder)?)
    }

    #[inline(always)]
    fn row<'de, T: Deserialize<'de>>(&'de self, decoder: &mut Decoder<'de>) -> Result<T, Error> {
        twice(decoder, LIMITS, |de| T::deserialize(Row { de, columns: self }))
    }
}

/// Finds the columns whose name a later one has.
fn overwrite(columns: &mut [Column]) {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    let name = |index: usize| columns.get(index).map(|column| &column.name);
    order.sort_by(|&a, &b| name(a).cmp(&name(b)));
    let overwritten: Vec<usize> = order
        .windows(2)
        .filter_map(|pair| match *pair {
            [earlier, later] if name(earlier) == name(later) => Some(earlier),
            _ => None,
        })
        .collect();
    for index in overwritten {
        if let Some(column) = columns.get_mut(index) {
            column.is_overwritten = true;
        }
    }
}

fn number(columns: &mut [Column], fields: &[&str]) {
    for column in columns.iter_mut().filter(|column| !column.is_overwritten) {
        if let Some(field) = fields.iter().position(|&field| field == &*column.name) {
            column.field = field as u64;
        }
    }
}

impl Fields {
    /// Tells whether a struct has these fields.
    #[inline(always)]
    fn are(&self, names: &'static [&'static str]) -> bool {
        (self.seen_at.load(Ordering::Relaxed) == names.as_ptr().addr() && self.names.len() == names.len())
            || self.are_named(names)
    }

    #[cold]
    fn are_named(&self, names: &'static [&'static str]) -> bool {
        let same = self.names == names;
        if same {
            self.seen_at.store(names.as_ptr().addr(), Ordering::Relaxed);
        }
        same
    }
}
