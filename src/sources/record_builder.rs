//! Builds a record in its original format from a document of another format.
//!
//! OCSF, ECS and similar formats rewrite the records of providers. Only the parser of the provider's own format knows what such
//! a record means. So the document is converted back into that format, and parsed there.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::sources::flat::Flat;
use crate::sources::json::{self, Layout, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::report::Parsed;

/// The most steps of a path; the rest is one name with dots.
const STEPS_MAX: usize = 16;

type Members = BTreeMap<Box<str>, Node>;

enum Node {
    /// A value as JSON text.
    Json(Box<[u8]>),
    Object(Members),
}

/// Paths in a record, each with the paths where the document may have the value, best first.
pub type FieldMap = &'static [(&'static str, &'static [&'static str])];

/// A JSON object that is being built.
#[derive(Default)]
pub struct RecordBuilder {
    members: Members,
}

impl RecordBuilder {
    /// Puts a value at a dotted path. `null` is ignored, and an existing value stays.
    pub fn put(&mut self, path: &str, value: Value<'_>) {
        if let Some(json) = json_of(value) {
            self.insert(path, json);
        }
    }

    /// Puts the values that a document has for the fields of a map.
    pub fn fill(&mut self, doc: &Flat<'_>, table: FieldMap) {
        for (path, places) in table {
            self.put(path, doc.first(places));
        }
    }

    /// Puts a text at a dotted path.
    pub fn put_text(&mut self, path: &str, text: &str) {
        self.insert(path, quoted(text));
    }

    /// Puts a text if there is one.
    pub fn put_optional(&mut self, path: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.put_text(path, text.as_ref());
        }
    }

    /// Puts the members of an object under a path.
    pub fn put_members(&mut self, path: &str, object: Value<'_>) {
        for (key, value) in object.members() {
            let key = String::from_utf8_lossy(key);
            if let Some(json) = json_of(value) {
                let steps = path.split('.').chain([&*key]);
                insert(&mut self.members, steps, json);
            }
        }
    }

    /// Puts the members of an object that is given as JSON text; any other text is ignored.
    pub fn put_json_text(&mut self, path: &str, text: &str) {
        if let Ok(object @ Value::Object(_)) = json::parse_text(text, &mut Vec::new()) {
            self.put_members(path, object);
        }
    }

    /// Puts JSON text.
    pub fn put_json(&mut self, path: &str, json: Vec<u8>) {
        self.insert(path, json.into());
    }

    fn insert(&mut self, path: &str, json: Box<[u8]>) {
        insert(&mut self.members, path.splitn(STEPS_MAX, '.'), json);
    }

    /// Returns the object as JSON text.
    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write(&self.members, &mut out);
        out
    }

    /// Parses the record; `None` if the parser does not recognise it, or rejects it.
    pub fn parse(&self, parser: &RecordParser, state: &mut ParserState) -> Option<Parsed> {
        let text = self.json();
        let mut layout = Layout::default();
        let (object, _) = layout.object(&text).ok()?;
        let parsed = (parser.recognises)(object).then(|| (parser.parse)(object, state))?;
        (!matches!(parsed, Parsed::Rejected(_))).then_some(parsed)
    }
}

/// Changes the event of a parsed record.
pub fn map_event(parsed: Parsed, amend: impl FnOnce(&mut Event)) -> Parsed {
    match parsed {
        Parsed::Event(mut event) => {
            amend(&mut event);
            Parsed::Event(event)
        }
        other => other,
    }
}

fn insert<'a>(members: &mut Members, steps: impl Iterator<Item = &'a str>, json: Box<[u8]>) {
    let mut steps = steps.peekable();
    let mut members = members;
    while let Some(step) = steps.next() {
        if steps.peek().is_none() {
            members.entry(step.into()).or_insert(Node::Json(json));
            return;
        }
        let inner = members
            .entry(step.into())
            .or_insert_with(|| Node::Object(Members::new()));
        match inner {
            Node::Object(inner) => members = inner,
            Node::Json(_) => return,
        }
    }
}

fn json_of(value: Value<'_>) -> Option<Box<[u8]>> {
    Some(match value {
        Value::Null => return None,
        Value::True => b"true".as_slice().into(),
        Value::False => b"false".as_slice().into(),
        Value::Text(inner) => [b"\"", inner, b"\""].concat().into(),
        Value::Number(text) | Value::Array(text) | Value::Object(text) => text.into(),
    })
}

/// Returns a text in quotes, with the escapes that it needs.
pub fn quoted(text: &str) -> Box<[u8]> {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_quoted(text.as_bytes(), &mut out);
    out.into()
}

/// Writes a text in quotes, with the escapes that it needs.
pub fn push_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|n| b"0123456789abcdef"[usize::from(n)]));
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn write(members: &Members, out: &mut Vec<u8>) {
    out.push(b'{');
    for (n, (name, node)) in members.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        out.push(b'"');
        // Names come from JSON text and are still escaped.
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match node {
            Node::Json(json) => out.extend_from_slice(json),
            Node::Object(inner) => write(inner, out),
        }
    }
    out.push(b'}');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_merged_and_the_first_stays() {
        let mut record = RecordBuilder::default();
        record.put("a.b", Value::of(b"\"x\\\"\""));
        record.put("a.b", Value::of(b"2"));
        record.put("a.b.c", Value::of(b"3"));
        record.put("a.d", Value::Null);
        record.put_text("a.e", "\"\\\n\u{1}é");
        record.put_members("a", Value::of(b"{\"b\":4,\"f.g\":[5]}"));
        record.put_json_text("h", " {\"i\":true} ");
        record.put_json_text("j", "{k=l}");
        let json = record.json();
        let tree: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let expected =
            serde_json::json!({"a":{"b":"x\"","e":"\"\\\n\u{1}é","f.g":[5]},"h":{"i":true}});
        assert_eq!(tree, expected);
    }
}
