//! Builds a record in its original format from a document of another format.
//!
//! OCSF, ECS and similar formats rewrite the records of providers. Only the parser of the provider's own format knows what such
//! a record means. So the document is converted back into that format, and parsed there.

use std::ops::Range;

use crate::event::Event;
use crate::sources::flat::Flat;
use crate::sources::json::{self, Layout, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::report::Parsed;

/// The most steps of a path; the rest is one name with dots.
const STEPS_MAX: usize = 16;

/// Paths in a record, each with the paths where the document may have the value, best first.
pub type FieldMap = &'static [(&'static str, &'static [&'static str])];

/// A JSON object that is being built.
#[derive(Default)]
pub struct RecordBuilder {
    /// Paths and values, one behind the other.
    bytes: Vec<u8>,
    /// In the order in which they were put.
    values: Vec<Put>,
}

/// A value that was put at a path.
#[derive(Clone)]
struct Put {
    /// Its steps, with [`BETWEEN`] between them.
    path: Range<usize>,
    /// The value, as JSON text.
    json: Range<usize>,
    /// How many were put before it.
    at: usize,
}

/// Stands between the steps of a path. It is less than all other bytes, so that what is in an object follows that object in the order of
/// paths. Names of JSON text should have no such byte; those that do are written with [`ESCAPED`] for it.
const BETWEEN: u8 = 0;

/// [`BETWEEN`] as JSON text. A name with zeros stays one step: the depth of a record is that of its paths.
const ESCAPED: &[u8] = b"\\u0000";

impl RecordBuilder {
    /// Puts a value at a dotted path. `null` is ignored, and an existing value stays.
    pub fn put(&mut self, path: &str, value: Value<'_>) {
        self.put_value(dotted(path), value);
    }

    /// Puts the values that a document has for the fields of a map.
    pub fn fill(&mut self, doc: &Flat<'_>, table: FieldMap) {
        for (path, places) in table {
            self.put(path, doc.first(places));
        }
    }

    /// Puts a text at a dotted path.
    pub fn put_text(&mut self, path: &str, text: &str) {
        self.insert(dotted(path), |out| push_quoted(text.as_bytes(), out));
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
            let steps = path.split('.').chain([&*key]);
            self.put_value(steps.map(str::as_bytes), value);
        }
    }

    /// Puts the members of an object that is given as JSON text; any other text is ignored.
    pub fn put_json_text(&mut self, path: &str, text: &str) {
        if let Ok(object @ Value::Object(_)) = json::parse_text(text, &mut Vec::new()) {
            self.put_members(path, object);
        }
    }

    /// Puts JSON text.
    pub fn put_json(&mut self, path: &str, json: &[u8]) {
        self.insert(dotted(path), |out| out.extend_from_slice(json));
    }

    fn put_value<'s>(&mut self, steps: impl Iterator<Item = &'s [u8]>, value: Value<'_>) {
        if !matches!(value, Value::Null) {
            self.insert(steps, |out| push_json(value, out));
        }
    }

    fn insert<'s>(
        &mut self,
        steps: impl Iterator<Item = &'s [u8]>,
        json: impl FnOnce(&mut Vec<u8>),
    ) {
        let from = self.bytes.len();
        for (n, step) in steps.enumerate() {
            if n > 0 {
                self.bytes.push(BETWEEN);
            }
            for (n, part) in step.split(|&b| b == BETWEEN).enumerate() {
                if n > 0 {
                    self.bytes.extend_from_slice(ESCAPED);
                }
                self.bytes.extend_from_slice(part);
            }
        }
        let path = from..self.bytes.len();
        json(&mut self.bytes);
        self.values.push(Put {
            json: path.end..self.bytes.len(),
            path,
            at: self.values.len(),
        });
    }

    /// Returns the object as JSON text.
    pub fn json(&self) -> Vec<u8> {
        let mut values = self.values.clone();
        values.sort_by(|a, b| self.bytes[a.path.clone()].cmp(&self.bytes[b.path.clone()]));
        let mut out = Vec::with_capacity(2 * self.bytes.len());
        self.write(&values, 0, &mut out);
        out
    }

    /// Writes an object with the values whose paths go on behind so many bytes, in the order of paths.
    fn write(&self, mut values: &[Put], from: usize, out: &mut Vec<u8>) {
        let rest = |put: &Put| &self.bytes[put.path.start + from..put.path.end];
        let mut before = b'{';
        while let Some(next) = values.first() {
            let name = rest(next).split(|&b| b == BETWEEN).next();
            let name = name.unwrap_or_default();
            let goes_on = |put: &Put| match rest(put).strip_prefix(name) {
                Some(behind) => behind.first().is_none_or(|&b| b == BETWEEN),
                None => false,
            };
            let (of_name, others) = values.split_at(values.partition_point(goes_on));
            let is_here = |put: &Put| rest(put).len() == name.len();
            let below = &of_name[of_name.partition_point(is_here)..];
            out.push(before);
            before = b',';
            out.push(b'"');
            // Names come from JSON text and are still escaped.
            out.extend_from_slice(name);
            out.extend_from_slice(b"\":");
            // Of a value and an object of one name, what was put first stays.
            let first = of_name.iter().min_by_key(|put| put.at);
            match first.filter(|first| is_here(first)) {
                Some(first) => out.extend_from_slice(&self.bytes[first.json.clone()]),
                None => self.write(below, from + name.len() + 1, out),
            }
            values = others;
        }
        if before == b'{' {
            out.push(b'{');
        }
        out.push(b'}');
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

/// Returns the steps of a dotted path.
fn dotted(path: &str) -> impl Iterator<Item = &[u8]> {
    path.splitn(STEPS_MAX, '.').map(str::as_bytes)
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

/// Writes a value as JSON text.
fn push_json(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::True => out.extend_from_slice(b"true"),
        Value::False => out.extend_from_slice(b"false"),
        Value::Text(inner) => {
            out.push(b'"');
            out.extend_from_slice(inner);
            out.push(b'"');
        }
        Value::Number(text) | Value::Array(text) | Value::Object(text) => {
            out.extend_from_slice(text);
        }
    }
}

/// Writes a text in quotes, with the escapes that it needs.
pub fn push_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    let needs_escape = |&byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    while let Some(at) = rest.iter().position(needs_escape) {
        let (plain, behind) = rest.split_at(at);
        out.extend_from_slice(plain);
        match behind[0] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            byte => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|n| b"0123456789abcdef"[usize::from(n)]));
            }
        }
        rest = &behind[1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
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

    /// A text within JSON may have zeros in its names: they neither nest, nor exhaust the stack.
    #[test]
    fn a_name_with_zeros_is_one_name() {
        let name = "a\0".repeat(100_000);
        let mut record = RecordBuilder::default();
        record.put_json_text("b", &format!("{{\"{name}\":1}}"));
        record.put("b.c\0d.e", Value::of(b"2"));
        let tree: serde_json::Value = serde_json::from_slice(&record.json()).unwrap();
        let expected = serde_json::json!({"b":{name:1,"c\0d":{"e":2}}});
        assert_eq!(tree, expected);
    }
}
