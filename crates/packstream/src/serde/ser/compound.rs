//! Lists, structs, maps and structures that are being written.

use ::serde::Serialize;
use ::serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};
use alloc::format;

use super::key::KeySerializer;
use super::{Result, Serializer};
use crate::encode::keys::{Keys, Sign, Starts};
use crate::{Buffer, EncodeError, Encoder, Type};

/// A list.
#[derive(Debug)]
pub struct ItemsSerializer<'e, 'b, B> {
    serializer: Serializer<'e, 'b, B>,
    written: usize,
    size: Size,
}

/// A map whose keys are known only now.
#[derive(Debug)]
pub struct EntriesSerializer<'e, 'b, B> {
    serializer: Serializer<'e, 'b, B>,
    size: Size,
    keys: Keys,
    starts: Starts,
}

/// A struct, which is a map whose keys were known when it was compiled: nobody looks whether they differ.
#[derive(Debug)]
pub struct StructSerializer<'e, 'b, B> {
    serializer: Serializer<'e, 'b, B>,
    declared: usize,
    written: usize,
}

/// The fields of a structure.
#[derive(Debug)]
pub(super) struct FieldsSerializer<'e, 'b, B> {
    serializer: Serializer<'e, 'b, B>,
    declared: usize,
    written: usize,
}

impl<'e, 'b, B: Buffer> ItemsSerializer<'e, 'b, B> {
    #[inline(always)]
    pub(super) fn new(serializer: Serializer<'e, 'b, B>, len: Option<usize>) -> Self {
        let size = Size::new(serializer.encoder, len);
        Self { serializer, written: 0, size }
    }
}

impl<'e, 'b, B: Buffer> EntriesSerializer<'e, 'b, B> {
    #[inline(always)]
    pub(super) fn new(serializer: Serializer<'e, 'b, B>, len: Option<usize>) -> Self {
        let size = Size::new(serializer.encoder, len);
        Self { serializer, size, keys: Keys::new(), starts: Starts::new() }
    }
}

impl<'e, 'b, B: Buffer> StructSerializer<'e, 'b, B> {
    #[inline(always)]
    pub(super) fn new(serializer: Serializer<'e, 'b, B>, declared: usize) -> Self {
        Self { serializer, declared, written: 0 }
    }
}

impl<'e, 'b, B: Buffer> FieldsSerializer<'e, 'b, B> {
    #[inline(always)]
    pub(super) fn new(serializer: Serializer<'e, 'b, B>, declared: usize) -> Self {
        Self { serializer, declared, written: 0 }
    }
}

/// How many items or entries a header declares.
#[derive(Debug)]
enum Size {
    Declared(usize),
    /// What is written from this offset on gets its header when all is written.
    From(usize),
}

impl Size {
    #[inline(always)]
    fn new<B: Buffer>(encoder: &Encoder<'_, B>, len: Option<usize>) -> Self {
        len.map_or_else(|| Self::From(encoder.written().len()), Self::Declared)
    }

    #[inline(always)]
    fn finish<B: Buffer>(&self, of: Type, written: usize, encoder: &mut Encoder<'_, B>) -> Result<()> {
        match *self {
            Self::Declared(declared) => counted(of, declared, written),
            Self::From(start) => put_header(of, written, start, encoder),
        }
    }
}

#[inline(always)]
fn counted(of: Type, declared: usize, written: usize) -> Result<()> {
    if declared == written { Ok(()) } else { Err(EncodeError::WrongCount { of, declared, written }) }
}

#[cold]
fn put_header<B: Buffer>(of: Type, len: usize, start: usize, encoder: &mut Encoder<'_, B>) -> Result<()> {
    encoder.put_in_front(start, |encoder| match of {
        Type::Map => encoder.map_header(len),
        _ => encoder.list_header(len),
    })
}

macro_rules! items {
    ($type:ident: $($trait:ident: $method:ident;)*) => {$(
        impl<B: Buffer> $trait for $type<'_, '_, B> {
            type Ok = ();
            type Error = EncodeError;

            #[inline(always)]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.written += 1;
                value.serialize(self.serializer.again())
            }

            #[inline(always)]
            fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

items! {
    ItemsSerializer:
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

items! {
    FieldsSerializer:
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
}

impl<B: Buffer> ItemsSerializer<'_, '_, B> {
    #[inline(always)]
    fn finish(self) -> Result<()> {
        self.size.finish(Type::List, self.written, self.serializer.encoder)
    }
}

impl<B: Buffer> FieldsSerializer<'_, '_, B> {
    #[inline(always)]
    fn finish(self) -> Result<()> {
        counted(Type::Structure, self.declared, self.written)
    }
}

impl<B: Buffer> SerializeStruct for FieldsSerializer<'_, '_, B> {
    type Ok = ();
    type Error = EncodeError;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, _key: &'static str, value: &T) -> Result<()> {
        SerializeSeq::serialize_element(self, value)
    }

    #[cold]
    fn skip_field(&mut self, key: &'static str) -> Result<()> {
        Err(EncodeError::custom(format!(
            "field `{key}` of a structure cannot be skipped: its place gives the others their meaning"
        )))
    }

    #[inline(always)]
    fn end(self) -> Result<()> {
        self.finish()
    }
}

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl<B: Buffer> $trait for StructSerializer<'_, '_, B> {
            type Ok = ();
            type Error = EncodeError;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
                self.written += 1;
                self.serializer.encoder.string(key)?;
                value.serialize(self.serializer.again())
            }

            #[inline(always)]
            fn end(self) -> Result<()> {
                counted(Type::Map, self.declared, self.written)
            }
        }
    )*};
}

structs! { SerializeStruct SerializeStructVariant }

impl<B: Buffer> SerializeMap for EntriesSerializer<'_, '_, B> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let encoder = &mut *self.serializer.encoder;
        let start = encoder.written().len();
        let sign: Sign = key.serialize(KeySerializer(encoder))?;
        self.keys.insert(&mut self.starts, sign, encoder.written(), start)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(self.serializer.again())
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.keys.finish(&self.starts, self.serializer.encoder.written())?;
        self.size.finish(Type::Map, self.keys.len(), self.serializer.encoder)
    }
}
