//! Way out: [`Encode`] with the keys of maps packed when they are compiled.

use packstream::{Buffer, Encode, EncodeError, Encoder, key};

use crate::rows::kinds::*;

/// A row, or a part of one, that is written with packed keys.
pub(super) struct Packed<R>(pub(super) R);

impl Encode for Packed<Mixed> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        let Mixed { number, score, text, flag, nothing, list, pair } = &self.0;
        encoder.encode(&(number, score, text, flag, nothing, list, Packed(pair)))
    }
}

impl Encode for Packed<Node> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.list_header(1)?;
        node(&self.0, encoder)
    }
}

#[inline]
fn node<'n, P, B: Buffer>(node: &'n Node<P>, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError>
where
    Packed<&'n P>: Encode,
{
    encoder.structure_header(b'N', 4)?;
    encoder.integer(node.id);
    encoder.encode(&node.labels)?;
    encoder.encode(&Packed(&node.properties))?;
    encoder.string(&node.element_id)
}

impl Encode for Packed<Path> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        let Path { nodes, relationships, indices } = &self.0;
        encoder.list_header(1)?;
        encoder.structure_header(b'P', 3)?;
        encoder.list_header(nodes.len())?;
        for it in nodes {
            node(it, encoder)?;
        }
        encoder.list_header(relationships.len())?;
        for it in relationships {
            encoder.structure_header(b'r', 4)?;
            encoder.integer(it.id);
            encoder.string(&it.rel_type)?;
            encoder.encode(&Packed(&it.properties))?;
            encoder.string(&it.element_id)?;
        }
        encoder.encode(indices)
    }
}

impl Encode for Packed<Parameters> {
    #[inline]
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        encoder.encode(&Packed(&self.0))
    }
}

/// Writes a struct as a map: what a derive would write.
macro_rules! map {
    ($($type:ident, $len:literal: $($field:ident),+;)*) => {$(
        impl Encode for Packed<&$type> {
            #[inline]
            fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
                encoder.map($len, |entries| {
                    $(entries.entry(key!(stringify!($field)), &self.0.$field)?;)+
                    Ok(())
                })
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
