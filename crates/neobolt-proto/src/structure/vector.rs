//! Vectors (from Bolt 6.0).

use core::fmt;

use packstream::{Buffer, Decode, DecodeError, DecodeErrorKind, Decoder, Encode, EncodeError, Encoder};

use super::{header, tag};

/// Numbers of one type, packed.
#[derive(Clone, PartialEq, Eq)]
pub struct Vector {
    element_type: ElementType,
    data: Box<[u8]>,
}

/// The type of a vector's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "Cypher's six; a seventh is a new protocol version")]
pub enum ElementType {
    /// `INTEGER8`, [`i8`].
    Integer8,
    /// `INTEGER16`, [`i16`].
    Integer16,
    /// `INTEGER32`, [`i32`].
    Integer32,
    /// `INTEGER`, [`i64`].
    Integer64,
    /// `FLOAT32`, [`f32`].
    Float32,
    /// `FLOAT`, [`f64`].
    Float64,
}

impl ElementType {
    /// Returns how many bytes an element takes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Integer8 => 1,
            Self::Integer16 => 2,
            Self::Integer32 | Self::Float32 => 4,
            Self::Integer64 | Self::Float64 => 8,
        }
    }

    /// Returns the marker that stands for this type in the structure's first field.
    const fn marker(self) -> u8 {
        match self {
            Self::Integer8 => 0xC8,
            Self::Integer16 => 0xC9,
            Self::Integer32 => 0xCA,
            Self::Integer64 => 0xCB,
            Self::Float32 => 0xC6,
            Self::Float64 => 0xC1,
        }
    }

    const fn from_marker(marker: u8) -> Option<Self> {
        Some(match marker {
            0xC8 => Self::Integer8,
            0xC9 => Self::Integer16,
            0xCA => Self::Integer32,
            0xCB => Self::Integer64,
            0xC6 => Self::Float32,
            0xC1 => Self::Float64,
            _ => return None,
        })
    }
}

impl fmt::Display for ElementType {
    /// Writes Cypher's name of the type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer8 => "INTEGER8",
            Self::Integer16 => "INTEGER16",
            Self::Integer32 => "INTEGER32",
            Self::Integer64 => "INTEGER",
            Self::Float32 => "FLOAT32",
            Self::Float64 => "FLOAT",
        })
    }
}

/// A type that can be an element of a vector: [`i8`], [`i16`], [`i32`], [`i64`], [`f32`] and [`f64`].
pub trait VectorElement: sealed::Sealed + Copy + 'static {
    /// The type as Cypher knows it.
    const TYPE: ElementType;
}

mod sealed {
    #[expect(unnameable_types, reason = "so that nobody else implements it")]
    pub trait Sealed: Sized {
        fn append(self, data: &mut Vec<u8>);
        fn read(bytes: &[u8]) -> Option<Self>;
    }
}

macro_rules! elements {
    ($($type:ty => $element_type:ident;)*) => {$(
        impl VectorElement for $type {
            const TYPE: ElementType = ElementType::$element_type;
        }

        impl sealed::Sealed for $type {
            fn append(self, data: &mut Vec<u8>) {
                data.extend_from_slice(&self.to_be_bytes());
            }

            fn read(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_be_bytes)
            }
        }

        impl From<&[$type]> for Vector {
            fn from(elements: &[$type]) -> Self {
                elements.iter().copied().collect()
            }
        }
    )*};
}

elements! {
    i8 => Integer8;
    i16 => Integer16;
    i32 => Integer32;
    i64 => Integer64;
    f32 => Float32;
    f64 => Float64;
}

impl Vector {
    /// Creates a vector from its elements' bytes, each big-endian.
    ///
    /// # Errors
    ///
    /// If the length of `data` is not a multiple of an element's size.
    pub fn from_be_bytes(element_type: ElementType, data: impl Into<Box<[u8]>>) -> Result<Self, VectorError> {
        let data = data.into();
        if data.len() % element_type.size() == 0 { Ok(Self { element_type, data }) } else { Err(VectorError) }
    }

    /// Returns the type of the elements.
    #[must_use]
    pub const fn element_type(&self) -> ElementType {
        self.element_type
    }

    /// Returns the number of elements. Neo4j takes 1 to 4096.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.data.len() / self.element_type.size()
    }

    /// Tells whether there are no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Returns the bytes of the elements, each big-endian.
    #[must_use]
    pub const fn as_be_bytes(&self) -> &[u8] {
        &self.data
    }

    /// Returns the elements if they are of type `T`.
    pub fn iter<T: VectorElement>(&self) -> Option<impl ExactSizeIterator<Item = T> + '_> {
        (T::TYPE == self.element_type).then(|| {
            self.data
                .chunks_exact(T::TYPE.size())
                .map(|bytes| sealed::Sealed::read(bytes).expect("invariant: a chunk has the size of an element"))
        })
    }

    /// Returns a copy of the elements if they are of type `T`.
    #[must_use]
    pub fn to_vec<T: VectorElement>(&self) -> Option<Vec<T>> {
        self.iter().map(Iterator::collect)
    }
}

impl<T: VectorElement> FromIterator<T> for Vector {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let elements = elements.into_iter();
        let mut data = Vec::with_capacity(elements.size_hint().0.saturating_mul(T::TYPE.size()));
        for element in elements {
            element.append(&mut data);
        }
        Self { element_type: T::TYPE, data: data.into() }
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: VectorElement + fmt::Debug>(vector: &Vector, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_list().entries(vector.iter::<T>().into_iter().flatten()).finish()
        }
        write!(f, "Vector<{}>", self.element_type)?;
        match self.element_type {
            ElementType::Integer8 => list::<i8>(self, f),
            ElementType::Integer16 => list::<i16>(self, f),
            ElementType::Integer32 => list::<i32>(self, f),
            ElementType::Integer64 => list::<i64>(self, f),
            ElementType::Float32 => list::<f32>(self, f),
            ElementType::Float64 => list::<f64>(self, f),
        }
    }
}

/// The bytes of a vector do not divide into elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorError;

const MESSAGE: &str = "vector has an unknown type of elements, or bytes that do not divide into them";

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MESSAGE)
    }
}

impl core::error::Error for VectorError {}

impl Encode for Vector {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(tag::VECTOR, 2)?;
        encoder.nested(2, |encoder| {
            encoder.bytes(&[self.element_type.marker()])?;
            encoder.bytes(&self.data)
        })
    }
}

impl<'a> Decode<'a> for Vector {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let start = decoder.clone();
        header(decoder, "Vector", |tag, fields| (tag, fields) == (tag::VECTOR, 2))?;
        let (marker, data) = (decoder.bytes()?, decoder.bytes()?);
        let vector = element_type_of(marker).map(|element_type| Self::from_be_bytes(element_type, data));
        match vector {
            Some(Ok(vector)) => Ok(vector),
            _ => Err(start.error(DecodeErrorKind::custom(MESSAGE))),
        }
    }
}

fn element_type_of(field: &[u8]) -> Option<ElementType> {
    match *field {
        [marker] => ElementType::from_marker(marker),
        _ => None,
    }
}
