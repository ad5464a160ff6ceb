//! Way out: serde's `Serialize`, derived for all but the rows, which are lists.

use packstream::serde::{Serializer as PackStream, Structure};
use packstream::{Buffer, EncodeError, Encoder};
use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};
use serde_bytes::Bytes;

use crate::rows::kinds::*;

/// A value that goes out by serde.
pub(super) struct Serde<R>(pub(super) R);

impl<R> packstream::Encode for Serde<R>
where
    Self: Serialize,
{
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        self.serialize(PackStream::new(encoder))
    }
}

macro_rules! rows {
    ($($kind:ty: |$row:ident| $list:expr;)*) => {$(
        impl Serialize for Serde<$kind> {
            #[inline]
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $row = &self.0;
                $list.serialize(serializer)
            }
        }
    )*};
}

rows! {
    Int1: |row| (row.0,);
    Ints10: |row| row.0;
    Str5: |row| row.0;
    Mixed: |row| (row.number, row.score, &row.text, row.flag, row.nothing, row.list, &row.pair);
    Node: |row| (Structure::<b'N', _>(row),);
    Path: |row| (Structure::<b'P', _>(PathFields(row)),);
    Bytes1k: |row| (Bytes::new(&row.0),);
    Floats768: |row| (&row.0,);
    Parameters: |row| row;
}

/// A path whose parts are structures.
struct PathFields<'a>(&'a Path);

impl Serialize for PathFields<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Path { nodes, relationships, indices } = self.0;
        let mut fields = serializer.serialize_tuple(3)?;
        fields.serialize_element(&nodes.each_ref().map(Structure::<b'N', _>))?;
        fields.serialize_element(&relationships.each_ref().map(Structure::<b'r', _>))?;
        fields.serialize_element(indices)?;
        fields.end()
    }
}
