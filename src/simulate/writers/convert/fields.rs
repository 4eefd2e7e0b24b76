//! Parts of records that several formats need.

use serde_json::{Map, Value};

/// Returns a value without members that are null or empty.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, without_nulls(value)))
                .filter(|(_, value)| {
                    !value.is_null() && !value.as_object().is_some_and(Map::is_empty)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Returns a text inside a record, or nothing.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

/// Returns the day of a record's time, as in `20260316`.
pub(crate) fn compact(told_time: &str) -> String {
    told_time[..10].replace('-', "")
}
