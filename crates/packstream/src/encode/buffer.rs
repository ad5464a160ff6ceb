//! [`Buffer`].

use alloc::vec::Vec;

use bytes::BytesMut;

/// Memory to which an [`Encoder`](crate::Encoder) appends.
pub trait Buffer {
    /// Appends bytes.
    fn extend_from_slice(&mut self, bytes: &[u8]);

    /// Returns all bytes.
    fn as_slice(&self) -> &[u8];

    /// Cuts off everything behind the first `len` bytes.
    fn truncate(&mut self, len: usize);

    /// Returns how many bytes there are.
    #[inline(always)]
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Tells whether there are no bytes.
    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Buffer for Vec<u8> {
    #[inline(always)]
    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline(always)]
    fn as_slice(&self) -> &[u8] {
        self
    }

    #[inline(always)]
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

impl Buffer for BytesMut {
    #[inline(always)]
    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline(always)]
    fn as_slice(&self) -> &[u8] {
        self
    }

    #[inline(always)]
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}
