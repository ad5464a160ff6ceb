//! Way out: [`Encode`] for the row's type.

use packstream::{Buffer, Encode, EncodeError, Encoder};

use crate::rows::kinds::*;

impl Encode for Int1 {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.encode(&(self.0,))
    }
}

impl Encode for Ints10 {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.encode(&self.0)
    }
}

impl Encode for Str5 {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.encode(&self.0)
    }
}

impl Encode for Mixed {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        let Self { number, score, text, flag, nothing, list, pair } = self;
        encoder.encode(&(number, score, text, flag, nothing, list, pair))
    }
}

impl Encode for Bytes1k {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.list_header(1)?;
        encoder.bytes(&self.0)
    }
}

impl Encode for Floats768 {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.encode(&(&self.0,))
    }
}

impl Encode for Node {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.list_header(1)?;
        node(self, encoder)
    }
}

#[inline]
fn node<P: Encode, B: Buffer>(node: &Node<P>, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
    encoder.structure_header(b'N', 4)?;
    encoder.integer(node.id);
    encoder.encode(&node.labels)?;
    encoder.encode(&node.properties)?;
    encoder.string(&node.element_id)
}

impl Encode for Path {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.list_header(1)?;
        encoder.structure_header(b'P', 3)?;
        encoder.list_header(self.nodes.len())?;
        for it in &self.nodes {
            node(it, encoder)?;
        }
        encoder.encode(&self.relationships)?;
        encoder.encode(&self.indices)
    }
}

impl Encode for Road {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.structure_header(b'r', 4)?;
        encoder.integer(self.id);
        encoder.string(&self.rel_type)?;
        encoder.encode(&self.properties)?;
        encoder.string(&self.element_id)
    }
}

/// Writes a struct as a map: what a derive would write.
macro_rules! map {
    ($($type:ident, $len:literal: $($field:ident),+;)*) => {$(
        impl Encode for $type {
            #[inline]
            fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
                encoder.map_header($len)?;
                $(
                    encoder.string(stringify!($field))?;
                    encoder.encode(&self.$field)?;
                )+
                Ok(())
            }
        }
    )*};
}

map! {
    Pair, 2: first, second;
    Person, 5: name, email, city, born, score;
    Place, 3: name, country, people;
    Way, 3: since, length, kind;
    Parameters, 5: id, name, born, score, active;
}
