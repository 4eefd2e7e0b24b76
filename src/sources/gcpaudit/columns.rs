//! Rows of tables whose columns hold parts of an entry: JSON texts, or single fields with the way to them as their name.

use crate::sources::json::{Object, Value, parse_text};
use crate::sources::record_builder::RecordBuilder;

/// The columns of a payload, as BigQuery and as the entry name it.
const PAYLOADS: [&str; 2] = ["protopayload_auditlog", "protoPayload"];
/// The other members of an entry that are objects.
const OBJECTS: [&str; 4] = ["resource", "operation", "labels", "httpRequest"];
/// The member of a resource whose names have underscores.
const LABELS: &str = "labels";

/// Returns the rest of a name that begins with another and a dot or an underscore; empty if they are the same.
fn below<'a>(name: &'a str, outer: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(outer)?;
    rest.is_empty()
        .then_some(rest)
        .or_else(|| rest.strip_prefix(['.', '_']))
}

/// Returns whether a name is that of a column with a payload or a part of it.
fn is_of_payload(name: &str) -> bool {
    PAYLOADS
        .iter()
        .any(|payload| below(name, payload).is_some())
}

/// Returns whether names are the header of such a table.
pub fn is_header(names: &[&str]) -> bool {
    names.iter().any(|name| is_of_payload(name))
}

/// Returns whether an object is such a row.
pub fn is_row(object: Object<'_>) -> bool {
    let is_column = |(key, value): (&[u8], Value<'_>)| {
        key.starts_with(b"proto")
            && !matches!(value, Value::Object(_))
            && is_of_payload(&String::from_utf8_lossy(key))
    };
    object.members().any(is_column)
}

/// Converts a row into an entry.
pub fn entry(object: Object<'_>) -> Vec<u8> {
    let mut record = RecordBuilder::default();
    for (key, value) in object.members() {
        let key = String::from_utf8_lossy(key);
        let payload = PAYLOADS.iter().find_map(|outer| below(&key, outer));
        let of_object = || {
            let mut objects = OBJECTS.iter();
            objects.find_map(|outer| Some((*outer, below(&key, outer)?)))
        };
        let (outer, rest) = match payload {
            Some(rest) => ("protoPayload", rest),
            None => of_object().unwrap_or((&key, "")),
        };
        let mut path = outer.to_owned();
        if !rest.is_empty() {
            path.push('.');
            path.push_str(&steps(outer, rest));
        }
        let mut buffer = Vec::new();
        let text = value.raw_text().unwrap_or_default();
        match parse_text(&text, &mut buffer) {
            Ok(inner @ (Value::Object(_) | Value::Array(_)))
                if !matches!(value, Value::Array(_)) =>
            {
                record.put(&path, inner);
            }
            _ => record.put(&path, value),
        }
    }
    record.json()
}

/// Returns a way with dots. The names of an entry have no underscores, but for its labels.
fn steps(outer: &str, rest: &str) -> String {
    if outer == LABELS {
        return rest.to_owned();
    }
    match below(rest, LABELS).filter(|name| !name.is_empty()) {
        Some(name) => format!("{LABELS}.{name}"),
        None => rest.replace('_', "."),
    }
}
