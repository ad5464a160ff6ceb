//! [`Fields`]: values that were scanned, each decoded when it is asked for.

use alloc::vec::Vec;

use crate::scan::{self, scan};
use crate::{Decode, DecodeError, DecodeErrorKind as Kind, Decoder, Limits};

/// Values that lie one behind the other, with their structure checked and their places known: the fields of a record.
///
/// A field is decoded when it is asked for, and may borrow from the input. Strings are checked to be UTF-8 when they are handed out.
///
/// ```
/// use packstream::{Decoder, Fields, Limits};
///
/// # fn main() -> Result<(), packstream::DecodeError> {
/// let record = b"\xB1\x71\x92\x2A\x83Ada";
/// let mut decoder = Decoder::new(record);
/// assert_eq!(decoder.structure_header()?, (0x71, 1));
/// let width = decoder.list_header()?;
///
/// let mut offsets = Vec::new();
/// let fields = Fields::scan(&mut decoder, width, Limits::default(), &mut offsets)?;
/// decoder.finish()?;
/// assert_eq!(fields.get::<&str>(1)?, "Ada");
/// assert_eq!(fields.get::<i64>(0)?, 42);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// From the first value on.
    input: &'a [u8],
    offsets: &'a [u32],
    /// The offset of the end of `input` that errors count from.
    end: usize,
}

impl<'a> Fields<'a> {
    /// Scans the next `values` values, and moves the decoder behind them.
    ///
    /// Their offsets go into `offsets` instead of what is there: use the same vector for every message.
    ///
    /// # Errors
    ///
    /// If the input is not PackStream, or exceeds the limits. The decoder then stays where it was.
    #[inline(always)]
    pub fn scan(
        decoder: &mut Decoder<'a>,
        values: usize,
        limits: Limits,
        offsets: &'a mut Vec<u32>,
    ) -> Result<Self, DecodeError> {
        let (input, start) = (decoder.remaining(), decoder.offset());
        offsets.clear();
        match scan(input, 0, values, limits, offsets) {
            Ok(len) => {
                decoder.advance_by(len);
                Ok(Self { input, offsets, end: start + input.len() })
            }
            Err(DecodeError { offset, kind }) => Err(DecodeError::new(start + offset, kind)),
        }
    }

    /// Views values of `input` that were scanned before, with their offsets as [`scan`](crate::scan) found them.
    #[inline]
    #[must_use]
    pub const fn new(input: &'a [u8], offsets: &'a [u32]) -> Self {
        Self { input, offsets, end: input.len() }
    }

    /// Returns the number of fields.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Tells whether there are no fields.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Decodes a field.
    ///
    /// # Errors
    ///
    /// If it is not a `T`, or if there are no more than `index` fields.
    #[inline(always)]
    pub fn get<T: Decode<'a>>(&self, index: usize) -> Result<T, DecodeError> {
        match self.decoder(index) {
            Some(mut decoder) => decoder.decode(),
            None => Err(self.no_field(index)),
        }
    }

    /// Returns a decoder that stands at a field; `None` if there are no more than `index`.
    #[inline(always)]
    #[must_use]
    pub fn decoder(&self, index: usize) -> Option<Decoder<'a>> {
        let &offset = self.offsets.get(index)?;
        Some(Decoder::ending_at(self.end, self.input.get(offset as usize..)?))
    }

    /// Checks that all strings in all fields are UTF-8, those inside of others and the keys of maps included.
    ///
    /// # Errors
    ///
    /// If one is not.
    pub fn validate(&self) -> Result<(), DecodeError> {
        (0..self.len()).filter_map(|index| self.decoder(index)).try_for_each(|field| {
            // Limits have been held before.
            match scan::check::<true>(field.remaining(), Limits::DEFAULT) {
                Ok(_) => Ok(()),
                Err(DecodeError { offset, kind }) => Err(DecodeError::new(field.offset() + offset, kind)),
            }
        })
    }

    #[cold]
    fn no_field(&self, index: usize) -> DecodeError {
        DecodeError::new(self.end, Kind::WrongLength { expected: index.saturating_add(1), found: self.len() })
    }
}
