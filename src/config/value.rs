//! What is made of the text of a value.

use crate::document::{Faults, Place, Value};

/// Returns what was made of a value, or tells what is wrong with it.
pub(super) fn checked<T>(
    place: &Place,
    text: &str,
    made: std::result::Result<T, String>,
    faults: &mut Faults,
) -> Option<T> {
    made.map_err(|wrong| faults.add(place, format!("`{text}` {wrong}")))
        .ok()
}

/// Returns what was made of the text of a value, or tells what is wrong with it.
pub(super) fn read_with<T>(
    value: Option<&Value>,
    faults: &mut Faults,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Option<T> {
    let value = value?;
    let text = value.text(faults)?;
    checked(&value.place, text, parse(text), faults)
}

/// Returns the second of the day that a text names, as in `09:00`.
pub(super) fn second_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, below: u32| {
        let is_number = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        let number: u32 = is_number.then(|| digits.parse().ok()).flatten()?;
        (number < below).then_some(number)
    };
    Some(number(hour, 24)? * 3_600 + number(minute, 60)? * 60)
}
