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
    /// The offset, in bytes, of the value that could not be read, from the start of the reader's input.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
}

impl DecodeError {
    /// Creates an error about the value at `offset`.
    #[cold]
    #[must_use]
    pub const fn new(offset: usize, kind: DecodeErrorKind) -> Self {
        Self { offset, kind }
    }

    /// Creates an error with a message of the type's own about the value at `offset`.
    #[cold]
    #[must_use]
    pub fn custom(offset: usize, message: impl Into<Box<str>>) -> Self {
        Self::new(offset, DecodeErrorKind::custom(message))
    }
}

/// "expected String, found reserved marker 0xC4 at byte 7".
impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl Error for DecodeError {}

/// What is wrong with a value: what was expected, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends inside the value, or the value declares more content than there is input.
    UnexpectedEnd {
        /// How many bytes the value takes at least, as far as what is there tells.
        needed: usize,
        /// How many bytes there are from its start on.
        left: usize,
    },
    /// The value starts with a marker that PackStream has not given a meaning.
    ReservedMarker {
        /// The type asked for, if it was one type.
        expected: Option<Type>,
        /// The marker found.
        marker: u8,
    },
    /// A string is not valid UTF-8.
    InvalidUtf8 {
        /// How many bytes of the string's content are.
        valid_up_to: usize,
    },
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
    OutOfRange {
        /// The name of the type asked for.
        expected: &'static str,
        /// The integer found.
        found: i64,
    },
    /// The value is a container inside as many others as [`Limits::depth`](crate::Limits::depth) allows.
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The value declares a size above [`Limits::size`](crate::Limits::size).
    SizeTooLarge {
        /// The type of the value.
        of: Type,
        /// The size declared.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The value ends behind what [`Limits::total`](crate::Limits::total) allows to read.
    InputTooLong {
        /// How long the input is, or would have to be at least.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// The input goes on after the value that should be its last.
    TrailingBytes {
        /// How many bytes follow.
        left: usize,
    },
    /// What the type asked for says about a value that it cannot take.
    Custom(Box<str>),
}

impl DecodeErrorKind {
    /// Creates an error with a message of the type's own: a lower-case fragment that names the offending thing.
    #[cold]
    #[must_use]
    pub fn custom(message: impl Into<Box<str>>) -> Self {
        Self::Custom(message.into())
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd { needed, left } => {
                write!(f, "expected at least {needed} bytes, found only {left}")
            }
            Self::ReservedMarker { expected: Some(expected), marker } => {
                write!(f, "expected {expected}, found reserved marker 0x{marker:02X}")
            }
            Self::ReservedMarker { expected: None, marker } => write!(f, "reserved marker 0x{marker:02X}"),
            Self::InvalidUtf8 { valid_up_to } => {
                write!(f, "expected UTF-8 in String, found other bytes behind its first {valid_up_to}")
            }
            Self::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::ExpectedStructure { expected, tag, fields } => {
                write!(f, "expected {expected}, found a structure with tag 0x{tag:02X} and {fields} fields")
            }
            Self::WrongLength { expected, found } => {
                write!(f, "expected {expected} values, found {found}")
            }
            Self::OutOfRange { expected, found } => write!(f, "expected {expected}, found integer {found}"),
            Self::TooDeep { limit } => write!(f, "containers are nested deeper than {limit}"),
            Self::SizeTooLarge { of, size, limit } => write!(f, "{of} of size {size} is larger than {limit}"),
            Self::InputTooLong { len, limit } => write!(f, "input of {len} bytes is longer than {limit}"),
            Self::TrailingBytes { left } => write!(f, "expected the end of input, found {left} bytes more"),
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
    /// A list, map or structure was given another number of items, entries or fields than was declared for it.
    WrongCount {
        /// The type of the container.
        of: Type,
        /// The number declared.
        declared: usize,
        /// The number written: for too many, the number with the first that is too much.
        written: usize,
    },
    /// A map was given a key that it has already. Servers refuse such maps.
    DuplicateKey(Box<str>),
    /// An unsigned integer is above 2⁶³ − 1.
    OutOfRange(u64),
    /// Containers are nested deeper than may be written.
    TooDeep {
        /// The limit: [`MAX_DEPTH`](crate::MAX_DEPTH), or less where a way out says so.
        limit: usize,
    },
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
            Self::WrongCount { of, declared, written } => {
                write!(f, "{of} was declared to hold {declared}, but was given {written}")
            }
            Self::DuplicateKey(key) => write!(f, "key `{key}` occurs twice in a map"),
            Self::OutOfRange(value) => {
                write!(f, "integer {value} is above 9223372036854775807")
            }
            Self::TooDeep { limit } => write!(f, "containers are nested more than {limit} deep"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl Error for EncodeError {}
