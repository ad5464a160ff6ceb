//! PackStream, the binary format of Neo4j's Bolt protocol, as a codec without IO.
//!
//! Write with an [`Encoder`], which appends to any [`Buffer`]; read with a [`Decoder`], token by token or straight into a
//! type that implements [`Decode`]. What is read need not be stored: strings, byte arrays, [`ListRef`] and [`MapRef`] borrow from the
//! input. [`scan`] finds out where the values of a message lie without decoding them. [`Value`] is an owned tree for programs that
//! do not know what they will meet.
//!
//! ```
//! use packstream::{Decoder, Encoder, MapRef};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let mut message = Vec::new();
//! let mut encoder = Encoder::new(&mut message);
//! encoder.map_header(2)?;
//! encoder.string("name")?;
//! encoder.encode("Ada")?;
//! encoder.string("born")?;
//! encoder.integer(1815);
//! assert_eq!(message, *b"\xA2\x84name\x83Ada\x84born\xC9\x07\x17");
//!
//! let mut decoder = Decoder::new(&message);
//! let person: MapRef<'_> = decoder.decode()?;
//! decoder.finish()?;
//! assert_eq!(person.get::<&str>("name")?, Some("Ada"));
//! assert_eq!(person.get::<i64>("born")?, Some(1815));
//! assert_eq!(person.get::<i64>("died")?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Trust
//!
//! Input comes from a peer: whatever its bytes are, nothing here panics, recurses, or allocates more than a small constant times
//! the input's length.
#![no_std]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod build;
mod decode;
mod encode;
mod error;
mod limits;
mod map;
mod marker;
pub mod parse;
mod scan;
mod value;
mod view;

pub use build::{Build, build};
pub use decode::{Decode, Decoder, Token};
pub use encode::{Buffer, ByteArray, Encode, Encoder, TagSet};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, Type};
pub use limits::{Limits, MAX_FIELDS, MAX_SIZE};
pub use map::{Map, MapEntries};
pub use scan::{scan, validate};
pub use value::{Structure, Value};
pub use view::{ListIter, ListRef, MapIter, MapRef};

#[cfg(test)]
mod tests;
