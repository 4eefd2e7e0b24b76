//! Rewrites parts of a document as parts of the provider's record.
//!
//! Pipelines write the provider's names with underscores, move what the schema has a field for to that field, and leave the
//! rest under the integration's own name.

use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::record_builder::{FieldMap, RecordBuilder};

/// How the names below a path are rewritten.
#[derive(Clone, Copy, PartialEq)]
pub enum NameStyle {
    /// `user_agent` becomes `userAgent`.
    Camel,
    /// Names stay as they are.
    Unchanged,
}

/// Fills a record from single fields, and then from whole subtrees: path in the document, path in the record (`""` is the
/// top), style of names.
pub fn fill(
    mut record: RecordBuilder,
    doc: &Flat<'_>,
    fields: FieldMap,
    subtrees: &[(&str, &str, NameStyle)],
) -> RecordBuilder {
    record.fill(doc, fields);
    for (from, to, style) in subtrees {
        copy_subtree(doc, from, to, *style, &mut record);
    }
    record
}

/// Copies everything below a path of the document to below a path of the record; `""` is the top.
pub fn copy_subtree(
    doc: &Flat<'_>,
    from: &str,
    to: &str,
    style: NameStyle,
    record: &mut RecordBuilder,
) {
    for (rest, value) in doc.under(from) {
        let rest = match style {
            NameStyle::Camel => camel(rest),
            NameStyle::Unchanged => rest.to_owned(),
        };
        let path = if to.is_empty() {
            rest
        } else {
            format!("{to}.{rest}")
        };
        match value {
            Value::Array(_) if style == NameStyle::Camel => {
                let mut json = Vec::new();
                write_camel(value, &mut json);
                record.put_json(&path, &json);
            }
            _ => record.put(&path, value),
        }
    }
}

/// Rewrites a name with underscores in camel case.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut is_upper = false;
    for c in name.chars() {
        match c {
            '_' if !out.is_empty() && !out.ends_with('.') => is_upper = true,
            c if is_upper => {
                out.extend(c.to_uppercase());
                is_upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// Writes a value with the names of its members in camel case.
pub fn write_camel(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Array(_) => {
            out.push(b'[');
            for (n, element) in value.elements().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_camel(element, out);
            }
            out.push(b']');
        }
        Value::Object(_) => {
            out.push(b'{');
            for (n, (key, inner)) in value.members().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                out.push(b'"');
                out.extend_from_slice(camel(&String::from_utf8_lossy(key)).as_bytes());
                out.extend_from_slice(b"\":");
                write_camel(inner, out);
            }
            out.push(b'}');
        }
        Value::Text(inner) => {
            out.push(b'"');
            out.extend_from_slice(inner);
            out.push(b'"');
        }
        Value::True => out.extend_from_slice(b"true"),
        Value::False => out.extend_from_slice(b"false"),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Number(digits) => out.extend_from_slice(digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rewritten_in_camel_case() {
        for (name, expected) in [
            ("user_agent.raw_user_agent", "userAgent.rawUserAgent"),
            ("id", "id"),
            ("_id.as_number_", "_id.asNumber"),
        ] {
            assert_eq!(camel(name), expected);
        }
        let mut out = Vec::new();
        write_camel(
            Value::of(br#"[{"alternate_id":"a_b","x":[1,null,true]}]"#),
            &mut out,
        );
        assert_eq!(out, br#"[{"alternateId":"a_b","x":[1,null,true]}]"#);
    }
}
