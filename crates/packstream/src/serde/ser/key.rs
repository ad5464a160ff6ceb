//! Keys of maps, which are strings.

use ::serde::{Serialize, ser};
use alloc::format;

use super::refuse::refuse;
use crate::encode::keys::Sign;
use crate::{Buffer, EncodeError, Encoder};

/// Writes a string and refuses everything else.
pub(super) struct KeySerializer<'e, 'b, B>(pub(super) &'e mut Encoder<'b, B>);

#[cold]
fn refused(found: &str) -> EncodeError {
    EncodeError::custom(format!("expected a string as key of a map, found {found}"))
}

impl<B: Buffer> ser::Serializer for KeySerializer<'_, '_, B> {
    type Ok = Sign;
    type Error = EncodeError;

    #[inline]
    fn serialize_str(self, value: &str) -> Result<Sign, EncodeError> {
        self.0.string(value)?;
        Ok(Sign::of(value.as_bytes()))
    }

    fn serialize_char(self, value: char) -> Result<Sign, EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Sign, EncodeError> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Sign, EncodeError> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Sign, EncodeError> {
        value.serialize(self)
    }

    refuse! { refused:
        bool integers u8 floats bytes unit unit_struct none newtype_variant
        seq tuple tuple_struct tuple_variant map struct struct_variant
    }
}
