//! [`FloatRun`].

use core::iter::FusedIterator;

use crate::decode::read;
use crate::marker;

/// Floats that lie in a row, out of [`Tokens::float_run`](crate::Tokens::float_run) or [`ListRef::floats`](crate::ListRef::floats).
#[derive(Clone, Debug)]
pub struct FloatRun<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) len: usize,
}

impl<'a> FloatRun<'a> {
    /// Takes the floats that `input` starts with, at most `len`, and returns what is behind them.
    #[inline(always)]
    pub(crate) fn split(input: &'a [u8], len: usize) -> (Self, &'a [u8]) {
        if input.first() != Some(&marker::FLOAT) {
            return (Self { rest: &[], len: 0 }, input);
        }
        let len = read::float_run(input, len);
        let (rest, behind) = input.split_at_checked(len * read::FLOAT_SIZE).unwrap_or_default();
        (Self { rest, len }, behind)
    }
}

impl Iterator for FloatRun<'_> {
    type Item = f64;

    #[inline(always)]
    fn next(&mut self) -> Option<f64> {
        let ([_, float @ ..], rest) = self.rest.split_first_chunk::<{ read::FLOAT_SIZE }>()?;
        self.rest = rest;
        self.len -= 1;
        Some(f64::from_be_bytes(*float))
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl ExactSizeIterator for FloatRun<'_> {}

impl FusedIterator for FloatRun<'_> {}
