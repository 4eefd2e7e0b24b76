//! Rows of query results over Security Lake, whose objects are texts: JSON, or structs as Athena prints them.

use crate::sources::json::{Object, Value, parse_text};
use crate::sources::record_builder::RecordBuilder;
use crate::sources::structs;

/// Returns whether names are the header of such a table.
pub fn is_header(names: &[&str]) -> bool {
    ["class_uid", "metadata"]
        .iter()
        .all(|name| names.contains(name))
}

/// Returns whether an object is such a row.
pub fn is_row(object: Object<'_>) -> bool {
    let is_text = |value: &Value<'_>| matches!(value, Value::Text(text) if text.trim_ascii_start().starts_with(b"{"));
    object.get("class_uid").is_some() && object.get("metadata").is_some_and(|v| is_text(&v))
}

/// Converts a row into an event as the schema has it.
pub fn event(object: Object<'_>) -> Vec<u8> {
    let mut record = RecordBuilder::default();
    for (key, value) in object.members() {
        let key = String::from_utf8_lossy(key);
        let text = value.raw_text().unwrap_or_default();
        // JSON first: a list of objects reads as a list of structs as well.
        let json = match parse_text(&text, &mut Vec::new()).is_ok() {
            true => None,
            false => structs::to_json(&text, &[]),
        };
        let json = json.map(|json| String::from_utf8_lossy(&json).into_owned());
        let mut buffer = Vec::new();
        match parse_text(json.as_deref().unwrap_or(&text), &mut buffer) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) if matches!(value, Value::Text(_)) => {
                record.put(&key, inner);
            }
            _ => record.put(&key, value),
        }
    }
    record.json()
}
