//! What the README says of the format is what the code does.

use std::string::ToString;
use std::vec::Vec;

use crate::Type;
use crate::marker::type_of;

const README: &str = include_str!("../../README.md");

#[test]
fn the_table_names_every_marker() {
    let mut next = 0_u16;
    for row in README.lines().filter(|line| line.starts_with("| `") && line.split('`').nth(1).is_some_and(is_marker)) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (markers, name) = (cells[1], cells[2]);
        let mut ends = markers.split('–').map(|it| u16::from_str_radix(it.trim_matches('`'), 16).unwrap());
        let (first, last) = (ends.next().unwrap(), ends.next());
        assert_eq!(first, next, "{row}");
        next = last.unwrap_or(first) + 1;
        for marker in first..next {
            let expected = type_of(marker as u8).map_or("reserved".to_string(), |it: Type| it.to_string());
            let said = name.split([' ', ',']).next().unwrap();
            assert_eq!(said, expected, "{marker:02X}");
        }
    }
    assert_eq!(next, 256);
}

fn is_marker(text: &str) -> bool {
    text.len() == 2 && u8::from_str_radix(text, 16).is_ok()
}
