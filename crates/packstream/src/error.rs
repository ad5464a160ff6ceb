//! What can go wrong when reading and when writing.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

/// The types of PackStream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// The absence of a value.
    Null,
    /// True or false.
    Boolean,
    /// A signed integer of 64 bits.
    Integer,
    /// A floating point number of 64 bits.
    Float,
    /// A byte array.
    Bytes,
    /// A string in UTF-8.
    String,
    /// A list of values of any type.
    List,
    /// A map from strings to values of any type.
    Map,
    /// A tag and up to 15 fields.
    Structure,
    /// A UUID (Bolt 6.1).
    Uuid,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::Float => "Float",
            Self::Bytes => "Bytes",
            Self::String => "String",
            Self::List => "List",
            Self::Map => "Map",
            Self::Structure => "Structure",
            Self::Uuid => "UUID",
        })
    }
}

/// An error while reading PackStream: what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The offset, in bytes, of the value that could not be read, from the start of the decoder's input.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
}

impl DecodeError {
    /// Creates an error about the value at `offset`.
    #[must_use]
    pub const fn new(offset: usize, kind: DecodeErrorKind) -> Self {
        Self { offset, kind }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl Error for DecodeError {}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends inside the value, or the value declares more content than there is input.
    UnexpectedEnd,
    /// The value starts with a marker that PackStream has not given a meaning.
    ReservedMarker(u8),
    /// A string is not valid UTF-8.
    InvalidUtf8,
    /// The value is of another type than the one asked for.
    Expected {
        /// The type asked for.
        expected: Type,
        /// The type found.
        found: Type,
    },
    /// The value is a structure, but not the one asked for.
    ExpectedStructure {
        /// The name of the structure asked for.
        expected: &'static str,
        /// The tag found.
        tag: u8,
        /// The number of fields found.
        fields: u8,
    },
    /// The list has another length than the tuple or structure asked for.
    WrongLength {
        /// The length asked for.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// The integer does not fit into the type asked for.
    OutOfRange,
    /// Containers are nested deeper than [`Limits::depth`](crate::Limits::depth).
    TooDeep,
    /// The value declares a size above [`MAX_SIZE`](crate::MAX_SIZE).
    SizeTooLarge,
    /// The input goes on after the value that should be its last.
    TrailingBytes,
    /// What the type asked for says about a value that it cannot take.
    Custom(&'static str),
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd => f.write_str("unexpected end of input"),
            Self::ReservedMarker(marker) => write!(f, "reserved marker 0x{marker:02X}"),
            Self::InvalidUtf8 => f.write_str("string is not valid UTF-8"),
            Self::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::ExpectedStructure { expected, tag, fields } => {
                write!(f, "expected {expected}, found a structure with tag 0x{tag:02X} and {fields} fields")
            }
            Self::WrongLength { expected, found } => {
                write!(f, "expected {expected} values, found {found}")
            }
            Self::OutOfRange => f.write_str("integer is out of range for the type asked for"),
            Self::TooDeep => f.write_str("containers are nested too deeply"),
            Self::SizeTooLarge => f.write_str("declared size is above 2147483647"),
            Self::TrailingBytes => f.write_str("bytes left after the last value"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

/// An error while writing PackStream: a value that the format cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A string, byte array, list or map is longer than [`MAX_SIZE`](crate::MAX_SIZE).
    TooLong {
        /// The type of the value.
        of: Type,
        /// Its length.
        len: usize,
    },
    /// A structure has more than [`MAX_FIELDS`](crate::MAX_FIELDS) fields.
    TooManyFields {
        /// The structure's tag.
        tag: u8,
        /// Its number of fields.
        fields: usize,
    },
    /// An unsigned integer is above 2⁶³ − 1.
    OutOfRange(u64),
    /// Values are nested deeper than [`Limits::depth`](crate::Limits::depth) is by default.
    TooDeep,
    /// What the type itself says about a value that cannot be sent.
    Custom(Box<str>),
}

impl EncodeError {
    /// Creates an error with a message of the type's own: a lower-case fragment that names the offending thing.
    #[must_use]
    pub fn custom(message: impl Into<Box<str>>) -> Self {
        Self::Custom(message.into())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { of, len } => {
                write!(f, "{of} of length {len} is longer than 2147483647")
            }
            Self::TooManyFields { tag, fields } => {
                write!(f, "structure with tag 0x{tag:02X} has {fields} fields, more than 15")
            }
            Self::OutOfRange(value) => {
                write!(f, "integer {value} is above 9223372036854775807")
            }
            Self::TooDeep => f.write_str("values are nested too deeply"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl Error for EncodeError {}
