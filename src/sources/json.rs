//! Fields of JSON records, read tolerantly: a number may be a text, a flag may be a text, one may stand for many.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A field as it was written, absent if it is missing or null.
pub type Field<'a> = Option<&'a RawValue>;

/// Returns a text, or a number or flag as it was written; empty texts and stand-ins for nothing are absent.
pub fn text(field: Field<'_>) -> Option<Cow<'_, str>> {
    let raw = field?.get();
    let text = match raw.as_bytes().first()? {
        b'"' => decode(raw)?,
        b'{' | b'[' => return text(first_of(field)),
        _ if raw == "null" => return None,
        _ => Cow::Borrowed(raw),
    };
    (!text.is_empty() && text != "-" && text != "null").then_some(text)
}

/// Returns a text even if it is empty.
pub fn text_or_empty(field: Field<'_>) -> Option<Cow<'_, str>> {
    let raw = field?.get();
    match raw.as_bytes().first()? {
        b'"' => decode(raw),
        b'[' => text_or_empty(first_of(field)),
        _ => None,
    }
}

fn decode(raw: &str) -> Option<Cow<'_, str>> {
    let inner = &raw[1..raw.len().checked_sub(1)?];
    if !inner.as_bytes().contains(&b'\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
}

/// Returns the first of an array's elements.
fn first_of(field: Field<'_>) -> Field<'_> {
    let raw = field?.get();
    if !raw.starts_with('[') {
        return None;
    }
    serde_json::from_str::<Vec<&RawValue>>(raw)
        .ok()?
        .first()
        .copied()
}

/// Returns a count, from a number, a float or a text.
pub fn count(field: Field<'_>) -> Option<u64> {
    let text = text(field)?;
    text.parse::<u64>().ok().or_else(|| {
        let float = text
            .parse::<f64>()
            .ok()
            .filter(|f| f.is_finite() && *f >= 0.0)?;
        Some(float as u64)
    })
}

/// Returns a flag, from a flag or a text.
pub fn flag(field: Field<'_>) -> Option<bool> {
    match &*text(field)?.to_ascii_lowercase() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// Returns an object read as a type, absent if it is none.
pub fn object<'a, T: Deserialize<'a>>(field: Field<'a>) -> Option<T> {
    let raw = field?.get();
    if !raw.starts_with('{') {
        return None;
    }
    serde_json::from_str(raw).ok()
}

/// Returns the elements of an array; anything else counts as the one element.
pub fn many(field: Field<'_>) -> Vec<&RawValue> {
    match field {
        Some(raw) if raw.get().starts_with('[') => {
            serde_json::from_str(raw.get()).unwrap_or_default()
        }
        Some(raw) => vec![raw],
        None => Vec::new(),
    }
}
