//! Rows of query results over Security Lake, whose objects are texts: JSON, or structs as Athena prints them.

use crate::sources::json::{Object, Value};
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
        let text = value.raw_text();
        let mut buffer = Vec::new();
        let inner = text.and_then(|text| structs::nested(&text, &[], &mut buffer));
        record.put(&key, inner.unwrap_or(value));
    }
    record.json()
}
