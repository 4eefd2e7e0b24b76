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
