//! Bytes as people write them down.

/// Reads pairs of hexadecimal digits, with or without white space between them.
///
/// # Errors
///
/// A sentence about what is in the way.
pub(crate) fn read(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut high = None;
    for (place, symbol) in text.chars().enumerate().filter(|(_, symbol)| !symbol.is_whitespace()) {
        let digit =
            symbol.to_digit(16).ok_or_else(|| format!("{symbol:?}, character {place}, is no hexadecimal digit"))?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push((16 * high + digit) as u8),
        }
    }
    if high.is_some() { Err("the last byte has only one digit".into()) } else { Ok(bytes) }
}
