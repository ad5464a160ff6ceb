//! Writers of lists, maps and structures that hold the caller to the sizes declared.

use super::keys::{Keys, Sign, Starts};
use super::{Buffer, Encode, Encoder};
use crate::{EncodeError, MapKey, Type};

type Written = Result<(), EncodeError>;

impl<'b, B: Buffer> Encoder<'b, B> {
    /// Writes a list of `len` items, each by a call of `write`'s argument.
    ///
    /// ```
    /// let mut message = Vec::new();
    /// packstream::Encoder::new(&mut message).list(2, |items| {
    ///     items.item("Ada")?;
    ///     items.list(1, |items| items.item(&1815))
    /// })?;
    /// assert_eq!(message, b"\x92\x83Ada\x91\xC9\x07\x17");
    /// # Ok::<(), packstream::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are more or fewer items than declared, too many at all, levels too deep, or what `write` returns. The buffer is then
    /// as it was before.
    #[inline(always)]
    pub fn list(&mut self, len: usize, write: impl FnOnce(&mut ListWriter<'_, 'b, B>) -> Written) -> Written {
        let mark = self.mark();
        let written = self.checked_list(len, write);
        self.settle(mark, written)
    }

    /// Writes a map of `len` entries, each by a call of `write`'s argument.
    ///
    /// ```
    /// use packstream::{EncodeError, Encoder, Key, key};
    ///
    /// const BORN: Key = key!("born");
    ///
    /// let mut message = Vec::new();
    /// let mut encoder = Encoder::new(&mut message);
    /// let twice = encoder.map(2, |entries| {
    ///     entries.entry("name", "Ada")?;
    ///     entries.entry("name", "Augusta")
    /// });
    /// assert_eq!(twice, Err(EncodeError::DuplicateKey("name".into())));
    /// encoder.map(2, |entries| {
    ///     entries.entry("name", "Ada")?;
    ///     entries.entry(BORN, &1815)
    /// })?;
    /// assert_eq!(message, b"\xA2\x84name\x83Ada\x84born\xC9\x07\x17");
    /// # Ok::<(), EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a key occurs twice, there are more or fewer entries than declared, too many at all, levels too deep, or what `write`
    /// returns. The buffer is then as it was before.
    #[inline(always)]
    pub fn map(&mut self, len: usize, write: impl FnOnce(&mut MapWriter<'_, 'b, B>) -> Written) -> Written {
        let mark = self.mark();
        let written = self.checked_map(len, write);
        self.settle(mark, written)
    }

    /// Writes a structure of `len` fields, each by a call of `write`'s argument.
    ///
    /// ```
    /// let mut message = Vec::new();
    /// packstream::Encoder::new(&mut message).structure(b'X', 3, |fields| {
    ///     fields.field(&4326)?;
    ///     fields.field(&12.5)?;
    ///     fields.field(&-0.5)
    /// })?;
    /// assert_eq!(message[..2], *b"\xB3X");
    /// # Ok::<(), packstream::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are more or fewer fields than declared, more than [`MAX_FIELDS`](crate::MAX_FIELDS), levels too deep, or what `write`
    /// returns. The buffer is then as it was before.
    #[inline(always)]
    pub fn structure(
        &mut self,
        tag: u8,
        len: usize,
        write: impl FnOnce(&mut StructureWriter<'_, 'b, B>) -> Written,
    ) -> Written {
        let mark = self.mark();
        let written = self.checked_structure(tag, len, write);
        self.settle(mark, written)
    }

    #[inline(always)]
    fn checked_list(&mut self, len: usize, write: impl FnOnce(&mut ListWriter<'_, 'b, B>) -> Written) -> Written {
        self.list_header(len)?;
        self.nested(len, |encoder| {
            let mut items = ListWriter { encoder, declared: len, written: 0 };
            write(&mut items)?;
            full(Type::List, len, items.written)
        })
    }

    #[inline(always)]
    fn checked_map(&mut self, len: usize, write: impl FnOnce(&mut MapWriter<'_, 'b, B>) -> Written) -> Written {
        self.map_header(len)?;
        self.nested(len, |encoder| {
            let mut starts = Starts::new();
            let mut entries = MapWriter { encoder, declared: len, keys: Keys::new(), starts: &mut starts };
            write(&mut entries)?;
            full(Type::Map, len, entries.keys.len())?;
            entries.keys.finish(entries.starts, entries.encoder.written())
        })
    }

    #[inline(always)]
    fn checked_structure(
        &mut self,
        tag: u8,
        len: usize,
        write: impl FnOnce(&mut StructureWriter<'_, 'b, B>) -> Written,
    ) -> Written {
        self.structure_header(tag, len)?;
        self.nested(len, |encoder| {
            let mut fields = StructureWriter { encoder, declared: len, written: 0 };
            write(&mut fields)?;
            full(Type::Structure, len, fields.written)
        })
    }
}

/// Makes sure that a container that holds `written` values has room for one more.
#[inline(always)]
fn room(of: Type, declared: usize, written: usize) -> Written {
    if written < declared { Ok(()) } else { Err(wrong(of, declared, written + 1)) }
}

/// Makes sure that a container holds what was declared.
#[inline(always)]
fn full(of: Type, declared: usize, written: usize) -> Written {
    if written == declared { Ok(()) } else { Err(wrong(of, declared, written)) }
}

#[cold]
const fn wrong(of: Type, declared: usize, written: usize) -> EncodeError {
    EncodeError::WrongCount { of, declared, written }
}

macro_rules! sequence {
    ($writer:ident, $of:expr, $value:ident, $doc_type:literal, $doc_value:literal) => {
        #[doc = concat!("Writes the ", $doc_value, "s of a ", $doc_type, ": what [`Encoder::", $doc_type, "`] lends.")]
        #[derive(Debug)]
        pub struct $writer<'e, 'b, B> {
            encoder: &'e mut Encoder<'b, B>,
            declared: usize,
            written: usize,
        }

        impl<'b, B: Buffer> $writer<'_, 'b, B> {
            #[doc = concat!("Writes the next ", $doc_value, ".")]
            ///
            /// # Errors
            ///
            #[doc = concat!("If PackStream cannot express it, or the ", $doc_type, " is full. Nothing is written then.")]
            #[inline(always)]
            pub fn $value<T: Encode + ?Sized>(&mut self, value: &T) -> Written {
                let start = self.begin()?;
                let written = value.encode(self.encoder);
                self.end(start, written)
            }

            #[doc = concat!("Writes a list as the next ", $doc_value, ", like [`Encoder::list`].")]
            ///
            /// # Errors
            ///
            #[doc = concat!("Those of [`Encoder::list`], and if the ", $doc_type, " is full. Nothing is written then.")]
            #[inline(always)]
            pub fn list(&mut self, len: usize, write: impl FnOnce(&mut ListWriter<'_, 'b, B>) -> Written) -> Written {
                let start = self.begin()?;
                let written = self.encoder.list(len, write);
                self.end(start, written)
            }

            #[doc = concat!("Writes a map as the next ", $doc_value, ", like [`Encoder::map`].")]
            ///
            /// # Errors
            ///
            #[doc = concat!("Those of [`Encoder::map`], and if the ", $doc_type, " is full. Nothing is written then.")]
            #[inline(always)]
            pub fn map(&mut self, len: usize, write: impl FnOnce(&mut MapWriter<'_, 'b, B>) -> Written) -> Written {
                let start = self.begin()?;
                let written = self.encoder.map(len, write);
                self.end(start, written)
            }

            #[doc = concat!("Writes a structure as the next ", $doc_value, ", like [`Encoder::structure`].")]
            ///
            /// # Errors
            ///
            #[doc = concat!("Those of [`Encoder::structure`], and if the ", $doc_type, " is full. Nothing is written then.")]
            #[inline(always)]
            pub fn structure(
                &mut self,
                tag: u8,
                len: usize,
                write: impl FnOnce(&mut StructureWriter<'_, 'b, B>) -> Written,
            ) -> Written {
                let start = self.begin()?;
                let written = self.encoder.structure(tag, len, write);
                self.end(start, written)
            }

            /// Makes sure that there is room for one more, and returns where it will start.
            #[inline(always)]
            fn begin(&mut self) -> Result<usize, EncodeError> {
                room($of, self.declared, self.written)?;
                Ok(self.encoder.buffer.len())
            }

            #[inline(always)]
            fn end(&mut self, start: usize, written: Written) -> Written {
                match written {
                    Ok(()) => self.written += 1,
                    Err(_) => self.encoder.buffer.truncate(start),
                }
                written
            }
        }
    };
}

sequence!(ListWriter, Type::List, item, "list", "item");
sequence!(StructureWriter, Type::Structure, field, "structure", "field");

/// Writes the entries of a map: what [`Encoder::map`] lends.
#[derive(Debug)]
pub struct MapWriter<'e, 'b, B> {
    encoder: &'e mut Encoder<'b, B>,
    declared: usize,
    keys: Keys,
    starts: &'e mut Starts,
}

impl<'b, B: Buffer> MapWriter<'_, 'b, B> {
    /// Writes the next entry.
    ///
    /// # Errors
    ///
    /// If PackStream cannot express it, the map is full, or the key is there already. Nothing is written then. Of more than 16 keys
    /// those that occur twice are found when the map ends.
    #[inline(always)]
    pub fn entry<V: Encode + ?Sized>(&mut self, key: impl MapKey, value: &V) -> Written {
        let start = self.begin(key)?;
        let written = value.encode(self.encoder);
        self.end(start, written)
    }

    /// Writes an entry whose value is a list, like [`Encoder::list`].
    ///
    /// # Errors
    ///
    /// Those of [`Encoder::list`] and of [`entry`](Self::entry). Nothing is written then.
    #[inline(always)]
    pub fn list(
        &mut self,
        key: impl MapKey,
        len: usize,
        write: impl FnOnce(&mut ListWriter<'_, 'b, B>) -> Written,
    ) -> Written {
        let start = self.begin(key)?;
        let written = self.encoder.list(len, write);
        self.end(start, written)
    }

    /// Writes an entry whose value is a map, like [`Encoder::map`].
    ///
    /// # Errors
    ///
    /// Those of [`Encoder::map`] and of [`entry`](Self::entry). Nothing is written then.
    #[inline(always)]
    pub fn map(
        &mut self,
        key: impl MapKey,
        len: usize,
        write: impl FnOnce(&mut MapWriter<'_, 'b, B>) -> Written,
    ) -> Written {
        let start = self.begin(key)?;
        let written = self.encoder.map(len, write);
        self.end(start, written)
    }

    /// Writes an entry whose value is a structure, like [`Encoder::structure`].
    ///
    /// # Errors
    ///
    /// Those of [`Encoder::structure`] and of [`entry`](Self::entry). Nothing is written then.
    #[inline(always)]
    pub fn structure(
        &mut self,
        key: impl MapKey,
        tag: u8,
        len: usize,
        write: impl FnOnce(&mut StructureWriter<'_, 'b, B>) -> Written,
    ) -> Written {
        let start = self.begin(key)?;
        let written = self.encoder.structure(tag, len, write);
        self.end(start, written)
    }

    /// Makes sure that there is room for one more, writes its key, and returns where that starts.
    #[inline(always)]
    fn begin(&mut self, key: impl MapKey) -> Result<usize, EncodeError> {
        room(Type::Map, self.declared, self.keys.len())?;
        let start = self.encoder.buffer.len();
        let sign = match key.packed() {
            Some(key) => {
                self.encoder.key(key);
                key.sign()
            }
            None => {
                let key = key.as_str();
                self.encoder.string(key)?;
                Sign::of(key.as_bytes())
            }
        };
        match self.keys.insert(self.starts, sign, self.encoder.written(), start) {
            Ok(()) => Ok(start),
            Err(error) => {
                self.encoder.buffer.truncate(start);
                Err(error)
            }
        }
    }

    #[inline(always)]
    fn end(&mut self, start: usize, written: Written) -> Written {
        if written.is_err() {
            self.encoder.buffer.truncate(start);
            self.keys.undo(self.starts);
        }
        written
    }
}
