//! What hides in the newtypes named [`STRUCTURE`](structure::STRUCTURE) and [`UUID`](structure::UUID).

use ::serde::{Serialize, ser};
use alloc::format;

use super::compound::FieldsSerializer;
use super::refuse::refuse;
use super::{Result, Serializer};
use crate::{Buffer, EncodeError};

/// Writes [`Parts`](super::super::structure::Parts) as a structure, and 16 bytes as a UUID.
pub(super) struct Special<'e, 'b, B>(pub(super) Serializer<'e, 'b, B>);

#[cold]
fn foreign(found: &str) -> EncodeError {
    EncodeError::custom(format!("expected the content of a structure or UUID of packstream's, found {found}"))
}

impl<'e, 'b, B: Buffer> ser::Serializer for Special<'e, 'b, B> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeStruct = SpecialParts<'e, 'b, B>;

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        let uuid = value.try_into().map_err(|_| foreign("bytes of another length"))?;
        self.0.encoder.uuid(uuid);
        Ok(())
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeStruct> {
        Ok(SpecialParts { serializer: self.0, tag: None })
    }

    refuse! { foreign:
        bool integers u8 floats char str unit unit_struct none some unit_variant newtype_struct newtype_variant
        seq tuple tuple_struct tuple_variant map struct_variant
    }
}

/// A structure of which the tag is known, or nothing.
#[derive(Debug)]
pub(super) struct SpecialParts<'e, 'b, B> {
    serializer: Serializer<'e, 'b, B>,
    tag: Option<u8>,
}

impl<B: Buffer> ser::SerializeStruct for SpecialParts<'_, '_, B> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, _key: &'static str, value: &T) -> Result<()> {
        match self.tag {
            None => self.tag = Some(value.serialize(TagSerializer)?),
            Some(tag) => {
                let serializer = Serializer { encoder: &mut *self.serializer.encoder, depth: self.serializer.depth };
                value.serialize(ContentSerializer { serializer, tag })?;
            }
        }
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<()> {
        Ok(())
    }
}

/// Takes a tag.
struct TagSerializer;

impl ser::Serializer for TagSerializer {
    type Ok = u8;
    type Error = EncodeError;

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<u8> {
        Ok(value)
    }

    refuse! { foreign:
        bool integers floats char str bytes unit unit_struct none some unit_variant newtype_struct newtype_variant
        seq tuple tuple_struct tuple_variant map struct struct_variant
    }
}

/// Writes whatever has parts in an order as the fields of a structure.
struct ContentSerializer<'e, 'b, B> {
    serializer: Serializer<'e, 'b, B>,
    tag: u8,
}

#[cold]
fn no_fields(found: &str) -> EncodeError {
    EncodeError::custom(format!("expected a struct, tuple or list as the fields of a structure, found {found}"))
}

impl<'e, 'b, B: Buffer> ContentSerializer<'e, 'b, B> {
    #[inline(always)]
    fn fields(self, len: usize) -> Result<FieldsSerializer<'e, 'b, B>> {
        let inner = self.serializer.nested(len == 0)?;
        inner.encoder.structure_header(self.tag, len)?;
        Ok(FieldsSerializer::new(inner, len))
    }
}

impl<'e, 'b, B: Buffer> ser::Serializer for ContentSerializer<'e, 'b, B> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = FieldsSerializer<'e, 'b, B>;
    type SerializeTuple = FieldsSerializer<'e, 'b, B>;
    type SerializeTupleStruct = FieldsSerializer<'e, 'b, B>;
    type SerializeStruct = FieldsSerializer<'e, 'b, B>;

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.serializer.encoder.structure_header(self.tag, 0)
    }

    #[inline]
    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<()> {
        let inner = self.serializer.nested(false)?;
        inner.encoder.structure_header(self.tag, 1)?;
        value.serialize(inner)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq> {
        self.fields(len.ok_or_else(|| no_fields("a list of unknown length"))?)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple> {
        self.fields(len)
    }

    #[inline]
    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Self::SerializeTupleStruct> {
        self.fields(len)
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Self::SerializeStruct> {
        self.fields(len)
    }

    refuse! { no_fields:
        bool integers u8 floats char str bytes none some unit_variant newtype_variant
        tuple_variant map struct_variant
    }
}
