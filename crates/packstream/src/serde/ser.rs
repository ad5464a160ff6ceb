//! [`Serializer`].

mod compound;
mod key;
mod refuse;
mod special;

use ::serde::Serialize;
use ::serde::ser;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

pub use self::compound::{EntriesSerializer, ItemsSerializer, StructSerializer};
use self::special::Special;
use super::{DEPTH, structure};
use crate::{Buffer, EncodeError, Encoder};

type Result<T> = core::result::Result<T, EncodeError>;

/// Returns `value` as PackStream.
///
/// # Errors
///
/// If PackStream cannot express the value, or it nests deeper than [`DEPTH`].
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    to_buffer(value, &mut buffer)?;
    Ok(buffer)
}

/// Appends `value` to `buffer`.
///
/// # Errors
///
/// If PackStream cannot express the value, or it nests deeper than [`DEPTH`]. The buffer is then as it was.
#[inline]
pub fn to_buffer<T: Serialize + ?Sized, B: Buffer>(value: &T, buffer: &mut B) -> Result<()> {
    let before = buffer.len();
    let written = value.serialize(Serializer::new(&mut Encoder::new(buffer)));
    if written.is_err() {
        buffer.truncate(before);
    }
    written
}

/// Writes types that implement serde's `Serialize`.
///
/// What was written of a value that turned out not to be expressible stays in the buffer; [`to_buffer`] cuts it off.
#[derive(Debug)]
pub struct Serializer<'e, 'b, B = Vec<u8>> {
    encoder: &'e mut Encoder<'b, B>,
    /// How many containers are open.
    depth: usize,
}

impl<'e, 'b, B: Buffer> Serializer<'e, 'b, B> {
    /// Creates a serializer that writes one value by way of `encoder`.
    #[inline]
    #[must_use]
    pub fn new(encoder: &'e mut Encoder<'b, B>) -> Self {
        let depth = encoder.depth();
        Self { encoder, depth }
    }

    /// Returns a serializer for another value beside this.
    #[inline(always)]
    fn again(&mut self) -> Serializer<'_, 'b, B> {
        Serializer { encoder: &mut *self.encoder, depth: self.depth }
    }

    /// Goes into a container. One that is empty is no level.
    #[inline(always)]
    fn nested(self, is_empty: bool) -> Result<Self> {
        if self.depth >= DEPTH && !is_empty {
            return Err(EncodeError::TooDeep { limit: DEPTH });
        }
        Ok(Self { encoder: self.encoder, depth: self.depth + 1 })
    }

    /// Starts a list of `len` items, or of as many as will come.
    #[inline(always)]
    fn items(self, len: Option<usize>) -> Result<ItemsSerializer<'e, 'b, B>> {
        let inner = self.nested(len == Some(0))?;
        if let Some(len) = len {
            inner.encoder.list_header(len)?;
        }
        Ok(ItemsSerializer::new(inner, len))
    }

    /// Starts a map of one entry, whose key is the name of a variant.
    #[inline(always)]
    fn variant(self, name: &'static str) -> Result<Self> {
        let inner = self.nested(false)?;
        inner.encoder.map_header(1)?;
        inner.encoder.string(name)?;
        Ok(inner)
    }
}

impl ser::Error for EncodeError {
    #[cold]
    fn custom<T: core::fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string().into())
    }
}

#[cold]
fn too_wide(value: impl core::fmt::Display) -> EncodeError {
    EncodeError::custom(format!("integer {value} does not fit into 64 bits"))
}

macro_rules! integers {
    ($($method:ident: $type:ty;)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<()> {
            self.encoder.integer(value.into());
            Ok(())
        }
    )*};
}

impl<'e, 'b, B: Buffer> ser::Serializer for Serializer<'e, 'b, B> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = ItemsSerializer<'e, 'b, B>;
    type SerializeTuple = ItemsSerializer<'e, 'b, B>;
    type SerializeTupleStruct = ItemsSerializer<'e, 'b, B>;
    type SerializeTupleVariant = ItemsSerializer<'e, 'b, B>;
    type SerializeMap = EntriesSerializer<'e, 'b, B>;
    type SerializeStruct = StructSerializer<'e, 'b, B>;
    type SerializeStructVariant = StructSerializer<'e, 'b, B>;

    integers! {
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<()> {
        self.encoder.encode(&value)
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        self.serialize_i64(i64::try_from(value).map_err(|_| too_wide(value))?)
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        self.serialize_i64(i64::try_from(value).map_err(|_| too_wide(value))?)
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.encoder.boolean(value);
        Ok(())
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<()> {
        self.serialize_f64(value.into())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<()> {
        self.encoder.float(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.encoder.string(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        self.encoder.string(value)
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.encoder.bytes(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.encoder.null();
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<()> {
        match name {
            structure::STRUCTURE | structure::UUID => value.serialize(Special(self)),
            _ => value.serialize(self),
        }
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self.variant(variant)?)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<ItemsSerializer<'e, 'b, B>> {
        self.items(len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<ItemsSerializer<'e, 'b, B>> {
        self.items(Some(len))
    }

    #[inline]
    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<ItemsSerializer<'e, 'b, B>> {
        self.items(Some(len))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ItemsSerializer<'e, 'b, B>> {
        self.variant(variant)?.items(Some(len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<EntriesSerializer<'e, 'b, B>> {
        let inner = self.nested(len == Some(0))?;
        if let Some(len) = len {
            inner.encoder.map_header(len)?;
        }
        Ok(EntriesSerializer::new(inner, len))
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<StructSerializer<'e, 'b, B>> {
        let inner = self.nested(len == 0)?;
        inner.encoder.map_header(len)?;
        Ok(StructSerializer::new(inner, len))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<StructSerializer<'e, 'b, B>> {
        self.variant(variant)?.serialize_struct(name, len)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
