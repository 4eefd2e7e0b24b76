//! Values of OpenTelemetry's JSON form, in which every value is an object that names its type, as plain JSON.

use crate::sources::json::Value;
use crate::sources::record_builder::push_quoted;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 32;

/// Returns the list of keys and values that an object with these members is, as the JSON text of an object; `None` if it is none.
pub fn object_of<'a>(mut members: impl Iterator<Item = (&'a [u8], Value<'a>)>) -> Option<Vec<u8>> {
    let (name, list) = members.next()?;
    if name != b"kvlistValue" || members.next().is_some() {
        return None;
    }
    let mut json = Vec::new();
    object(list, &mut json, DEPTH_MAX)?;
    Some(json)
}

fn object(list: Value<'_>, json: &mut Vec<u8>, depth: usize) -> Option<()> {
    json.push(b'{');
    let entries = list.get("values").unwrap_or_default();
    for (n, entry) in entries.elements().enumerate() {
        if n > 0 {
            json.push(b',');
        }
        // A name keeps the escapes that it has.
        let Some(Value::Text(key)) = entry.get("key") else {
            return None;
        };
        json.push(b'"');
        json.extend_from_slice(key);
        json.extend_from_slice(b"\":");
        any(entry.get("value").unwrap_or_default(), json, depth)?;
    }
    json.push(b'}');
    Some(())
}

fn any(value: Value<'_>, json: &mut Vec<u8>, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let Some((name, inner)) = value.members().next() else {
        json.extend_from_slice(b"null");
        return Some(());
    };
    match (name, inner) {
        (b"kvlistValue", list) => return object(list, json, depth),
        (b"arrayValue", list) => {
            json.push(b'[');
            let elements = list.get("values").unwrap_or_default();
            for (n, element) in elements.elements().enumerate() {
                if n > 0 {
                    json.push(b',');
                }
                any(element, json, depth)?;
            }
            json.push(b']');
        }
        // Large integers are texts in JSON.
        (b"intValue" | b"doubleValue", Value::Text(digits) | Value::Number(digits)) => {
            let is_number = digits
                .iter()
                .all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
            if is_number && !digits.is_empty() {
                json.extend_from_slice(digits);
            } else {
                push_quoted(digits, json);
            }
        }
        (_, Value::True) => json.extend_from_slice(b"true"),
        (_, Value::False) => json.extend_from_slice(b"false"),
        (_, Value::Text(text)) => {
            json.push(b'"');
            json.extend_from_slice(text);
            json.push(b'"');
        }
        _ => json.extend_from_slice(b"null"),
    }
    Some(())
}
