mod hostile;
mod known_answers;
mod properties;
mod reading;
mod readme;
mod typed;
mod values;
mod writing;

use std::vec::Vec;

use crate::{Encode, Encoder};

fn encoded<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).encode(value).unwrap();
    bytes
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}
