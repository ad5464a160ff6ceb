//! From bytes to your own types and back through [serde](https://serde.rs), without a [`Value`](crate::Value) between.
//!
//! ```
//! use packstream::serde::{from_slice, to_vec};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Person<'a> {
//!     name: &'a str,
//!     born: i64,
//!     died: Option<i64>,
//! }
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let bytes = to_vec(&Person { name: "Ada", born: 1815, died: None })?;
//! assert_eq!(bytes, *b"\xA3\x84name\x83Ada\x84born\xC9\x07\x17\x84died\xC0");
//! assert_eq!(from_slice::<Person<'_>>(&bytes)?.name, "Ada");
//!
//! let error = from_slice::<Person<'_>>(b"\xA1\x84name\x07").unwrap_err();
//! assert_eq!(error.to_string(), "invalid type: integer `7`, expected a borrowed string at byte 6");
//! # Ok(())
//! # }
//! ```
//!
//! # What is what
//!
//! | in Rust | in PackStream |
//! |---|---|
//! | `()`, unit structs, `None` | Null |
//! | integers | Integer; what does not fit into 64 bits is refused |
//! | `f32`, `f64` | Float; an `f32` is read by rounding, and either from an Integer too |
//! | `char`, strings, unit variants | String |
//! | bytes (as with the crate `serde_bytes`) | Bytes; read from a UUID and from a List of integers too |
//! | sequences, tuples, tuple structs | List; a tuple reads a List of just its length, and a sequence of `u8` reads Bytes too |
//! | structs | Map; read from a List too, by position |
//! | maps | Map; keys have to be strings |
//! | newtypes | what is in them |
//! | variants with content | Map of one entry: variant and content |
//! | [`Structure`] and [`Tagged`], [`crate::Structure`] | Structure |
//! | [`Uuid`] and [the module `uuid`](uuid) | UUID |
//!
//! Enums tagged internally, adjacently and not at all, and flattened fields, work as everywhere: serde puts some of them into buffers
//! first, from which strings and byte arrays can still be borrowed. A buffer takes up to 90 bytes of memory for a byte of input.
//!
//! Nothing else allocates: what borrows from the input costs no memory.
//!
//! # Keys that occur twice
//!
//! The last of equal keys wins, also in derived structs, flattened fields and where serde buffers. A derived struct refuses such a
//! map; then all is read once more, without the entries that are overwritten, which are only stepped over. No other map pays for
//! that. What is written is refused if a key occurs twice in it, but for structs: their derive lets two fields have one name.
//!
//! # Rows
//!
//! The names of a result's columns come once, and then its rows as lists: [`Columns`] reads them into structs.
//!
//! # Limits
//!
//! Types read and write themselves by recursion, so [`DEPTH`] holds. Other [`Limits`] can be given to [`from_slice_with`]. What a type ignores
//! is stepped over like with [`Decoder::skip`](crate::Decoder::skip): strings in it are not checked to be UTF-8, nor is its depth.

mod columns;
mod de;
mod error;
mod ser;
mod structure;
pub mod uuid;
mod value;

pub use self::columns::Columns;
pub use self::de::{Deserializer, from_decoder, from_slice, from_slice_with};
pub use self::error::Error;
pub use self::ser::{EntriesSerializer, ItemsSerializer, Serializer, StructSerializer, to_buffer, to_vec};
pub use self::structure::{Structure, Tagged};
#[doc(inline)]
pub use self::uuid::Uuid;

use crate::Limits;

/// How deep containers may lie inside one another in what is written, and by default in what is read: 64.
///
/// That is half of what [`Limits`] have by default, because types read themselves by recursion. A level takes up to 3.5 KiB of stack
/// in debug builds, where serde buffers; so 64 fit into the smallest stacks in use. Those who have more, or derive types with large
/// frames, say so by [`from_slice_with`].
pub const DEPTH: usize = 64;

const LIMITS: Limits = Limits::DEFAULT.with_depth(DEPTH);
