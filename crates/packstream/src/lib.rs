#![doc = include_str!("../README.md")]
//!
//! # Tutorial
//!
//! ## Reading what you know
//!
//! A [`Decoder`] is a cursor over bytes. [`decode`](Decoder::decode) reads one value into whatever implements [`Decode`], and
//! [`finish`](Decoder::finish) makes sure that nothing is left. Types are strict: an integer is no float, and 256 is no `u8`.
//!
//! ```
//! use packstream::{DecodeErrorKind, Decoder};
//!
//! let bytes = b"\x93\x83Ada\xC9\x07\x17\xC0";
//! let mut decoder = Decoder::new(bytes);
//! let (name, born, died): (&str, u16, Option<i64>) = decoder.decode()?;
//! decoder.finish()?;
//! assert_eq!((name, born, died), ("Ada", 1815, None));
//!
//! let error = Decoder::new(bytes).decode::<(&str, u8, Option<i64>)>().unwrap_err();
//! assert_eq!(error.offset, 5);
//! assert!(matches!(error.kind, DecodeErrorKind::OutOfRange { .. }));
//! # Ok::<(), packstream::DecodeError>(())
//! ```
//!
//! Strings and bytes can be borrowed, as above. [`ListRef`], [`MapRef`] and [`StructureRef`] borrow too: they decode what is asked for,
//! when it is. [`StructureRef::message`] checks a whole message first, [`Fields`] finds the places of many values at once.
//!
//! ```
//! use packstream::{Limits, MapRef, StructureRef};
//!
//! let pull = StructureRef::message(b"\xB1\x3F\xA1\x81n\xC9\x03\xE8", Limits::default())?;
//! assert_eq!((pull.tag(), pull.len()), (0x3F, 1));
//! let extra: MapRef<'_> = pull.decoder().decode()?;
//! assert_eq!(extra.get("n")?, Some(1000));
//! # Ok::<(), packstream::DecodeError>(())
//! ```
//!
//! A type of your own reads its parts one after the other:
//!
//! ```
//! use packstream::{Decode, DecodeError, DecodeErrorKind, Decoder};
//!
//! #[derive(Debug, PartialEq)]
//! struct Point {
//!     x: f64,
//!     y: f64,
//! }
//!
//! impl<'a> Decode<'a> for Point {
//!     fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
//!         let start = decoder.clone();
//!         match decoder.structure_header()? {
//!             (b'P', 2) => Ok(Self { x: decoder.decode()?, y: decoder.decode()? }),
//!             _ => Err(start.error(DecodeErrorKind::custom("expected a point"))),
//!         }
//!     }
//! }
//!
//! let points: Vec<Point> = Decoder::new(b"\x91\xB2P\xC1\x3F\xF8\0\0\0\0\0\0\xC1\0\0\0\0\0\0\0\0").decode()?;
//! assert_eq!(points, [Point { x: 1.5, y: 0.0 }]);
//! # Ok::<(), DecodeError>(())
//! ```
//!
//! ## Reading what may be anything
//!
//! A [`Value`] holds any value, structures that nobody has heard of included, and writes the same bytes again. [`Tokens`] walks over any
//! value without memory, and over one that has not arrived in full: then it says [`Step::Incomplete`], which is no error. [`scan`] finds
//! where the values of a message lie, [`validate`] whether it is sound.
//!
//! ```
//! use packstream::{Decoder, Value};
//!
//! let bytes = b"\xB1\x4E\x92\x01\xC3";
//! let value: Value = Decoder::new(bytes).decode()?;
//! let Value::Structure(structure) = &value else { panic!("B1 begins a structure") };
//! assert_eq!(structure.tag(), 0x4E);
//!
//! let mut again = Vec::new();
//! packstream::encode(&value, &mut again)?;
//! assert_eq!(again, bytes);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! ## Writing
//!
//! [`encode()`] appends a value to a buffer. For your own types implement [`Encode`] with the writers that [`Encoder::list`],
//! [`map`](Encoder::map) and [`structure`](Encoder::structure) lend. They hold you to the size declared, refuse keys that occur twice,
//! and cost nothing where sizes and keys are known when compiled.
//!
//! ```
//! use packstream::{Buffer, Encode, EncodeError, Encoder, Key, key};
//!
//! struct Point {
//!     x: f64,
//!     y: f64,
//! }
//!
//! impl Encode for Point {
//!     fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
//!         encoder.structure(b'P', 2, |fields| {
//!             fields.field(&self.x)?;
//!             fields.field(&self.y)
//!         })
//!     }
//! }
//!
//! const HERE: Key = key!("here");
//!
//! let mut message = Vec::new();
//! let mut encoder = Encoder::new(&mut message);
//! encoder.map(1, |entries| entries.entry(HERE, &Point { x: 1.5, y: 0.0 }))?;
//! let error = encoder.map(2, |entries| entries.entry(HERE, &None::<Point>)).unwrap_err();
//! assert_eq!(error.to_string(), "Map was declared to hold 2, but was given 1");
//! // Of what failed nothing is left.
//! assert_eq!(message.len(), 1 + 5 + 2 + 2 * 9);
//! # Ok::<(), EncodeError>(())
//! ```
//!
//! ## serde
//!
//! With the feature `serde`, the module `serde` goes from bytes to your own types and back without a [`Value`] between: `from_slice`,
//! `to_vec` and `to_buffer`, with structures both ways, and columns by number instead of by name.
//!
//! ## Combining parsers
//!
//! The module [`parse`] has the same readers in the shape of [nom](https://docs.rs/nom)'s parsers.
#![no_std]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod build;
mod decode;
mod encode;
mod error;
mod fields;
mod floats;
mod key;
mod limits;
mod map;
mod marker;
pub mod parse;
mod scan;
#[cfg(feature = "serde")]
pub mod serde;
mod str;
mod structure;
mod tokens;
mod value;
mod view;

pub use self::str::Str;
pub use build::{Build, build, build_items, build_map};
pub use decode::{Decode, Decoder, Token};
pub use encode::{Buffer, ByteArray, Encode, Encoder, ListWriter, MapWriter, StructureWriter, TagSet, encode};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, Type};
pub use fields::Fields;
pub use floats::FloatRun;
pub use key::{Key, MapKey};
pub use limits::{Limits, MAX_DEPTH, MAX_FIELDS, MAX_SIZE};
pub use map::{Map, MapEntries};
pub use scan::{scan, validate};
pub use structure::Structure;
pub use tokens::{Nesting, Step, Tokens};
pub use value::Value;
pub use view::{ListIter, ListRef, MapIter, MapRef, StructureRef};

#[cfg(test)]
mod tests;
