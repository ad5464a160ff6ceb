//! Way in: token by token.

use packstream::{DecodeError, Nesting, Step, Token, Tokens};

use super::{broken, messages};
use crate::raw::Seen;

/// Walks over every token of every record.
pub(super) fn read(stream: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut nesting = Nesting::new();
    for message in messages(stream) {
        let sum = tokens(message, &mut nesting).unwrap_or_else(|error| broken(&error));
        seen.records += 1;
        seen.sum = seen.sum.wrapping_add(sum);
    }
    seen
}

#[inline(always)]
fn tokens(message: &[u8], nesting: &mut Nesting) -> Result<u64, DecodeError> {
    let mut tokens = Tokens::new(message, nesting);
    let mut sum = 0_u64;
    loop {
        let seen = match tokens.token()? {
            Step::Token(token) => match token {
                Token::Boolean(value) => u64::from(value),
                Token::Integer(value) => value as u64,
                Token::Float(value) => value.to_bits(),
                Token::Bytes(value) => value.len() as u64,
                Token::String(value) => value.len() as u64,
                Token::List(_) => tokens.float_run().fold(0, |sum: u64, float| sum.wrapping_add(float.to_bits())),
                _ => 0,
            },
            Step::Incomplete => panic!("messages are whole"),
            Step::End => break,
        };
        sum = sum.wrapping_add(seen);
    }
    tokens.finish()?;
    Ok(sum)
}
