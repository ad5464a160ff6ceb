//! [`Error`].

use ::serde::de;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

use crate::DecodeError;

/// What a [`Deserializer`](super::Deserializer) fails with: a [`DecodeError`] in one word.
///
/// Every value that is read comes with the possibility of an error, so a large one makes all of them slower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<DecodeError>);

/// Where an error lies that its creator did not know the place of.
const NOWHERE: usize = usize::MAX;

impl Error {
    /// Says where the error lies, if nobody has.
    #[cold]
    pub(super) fn place(&mut self, start: usize) {
        if self.0.offset == NOWHERE {
            self.0.offset = start;
        }
    }

    /// Tells whether a type refused what was read, rather than the deserializer.
    #[cold]
    pub(super) fn is_custom(&self) -> bool {
        matches!(self.0.kind, crate::DecodeErrorKind::Custom(_))
    }
}

impl From<DecodeError> for Error {
    #[cold]
    fn from(error: DecodeError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Error> for DecodeError {
    #[cold]
    fn from(error: Error) -> Self {
        *error.0
    }
}

/// What visitors say. The deserializer adds where.
impl de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        DecodeError::custom(NOWHERE, message.to_string()).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Error {}
