//! Struct, array and map texts, as Athena (Presto, Trino) and Hive print them: `{type=Role, tags=[a, b], arn=null}`.
//!
//! Texts in them are neither quoted nor escaped, so commas, equals signs and brackets in a value can be told from those of the
//! form only by what follows them. Where names are known, a comma ends a value only before one of them.

use crate::sources::json::{Value, parse_text};
use crate::sources::record_builder::push_quoted;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 16;

/// Reads the text of a cell that is an object or array, as JSON or else as a struct. JSON comes first: a list of objects reads as a list of
/// structs as well. `buffer` receives the text that is read; `names` are as [`to_json`] has them.
pub fn nested<'a>(text: &str, names: &[&str], buffer: &'a mut Vec<u8>) -> Option<Value<'a>> {
    let json = match parse_text(text, buffer) {
        Ok(_) => None,
        Err(_) => to_json(text, names),
    };
    let json = json.map(|json| String::from_utf8_lossy(&json).into_owned());
    parse_text(json.as_deref().unwrap_or(text), buffer)
        .ok()
        .filter(|inner| matches!(inner, Value::Object(_) | Value::Array(_)))
}

/// Converts a text to JSON; `None` if it is not of this form. `names` are those of all members, in any case; any name is taken for
/// one if there are none.
fn to_json(text: &str, names: &[&str]) -> Option<Vec<u8>> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut reader = Reader {
        text,
        at: 0,
        names,
        json: Vec::with_capacity(text.len() + text.len() / 4),
    };
    reader.value(b'\0', DEPTH_MAX)?;
    (reader.at == text.len()).then_some(reader.json)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    names: &'a [&'a str],
    json: Vec<u8>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is_there = self.rest().starts_with(wanted);
        self.at += if is_there { wanted.len() } else { 0 };
        is_there
    }

    /// Reads a value that lies in an object or array with this closing bracket.
    fn value(&mut self, close: u8, depth: usize) -> Option<()> {
        match self.rest().as_bytes().first() {
            Some(b'{') if self.is_struct() => self.members(depth.checked_sub(1)?),
            Some(b'[') => self.elements(depth.checked_sub(1)?),
            _ if close == 0 => None,
            _ => {
                let len = self.scalar_len(close);
                let scalar = &self.text[self.at..self.at + len];
                if scalar == "null" {
                    self.json.extend_from_slice(b"null");
                } else {
                    push_quoted(scalar.as_bytes(), &mut self.json);
                }
                self.at += len;
                Some(())
            }
        }
    }

    /// Returns whether an object begins here, and not a text with a brace.
    fn is_struct(&self) -> bool {
        let inner = &self.rest()[1..];
        inner.starts_with('}') || self.name_len(inner).is_some()
    }

    fn members(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        self.json.push(b'{');
        let mut is_first = true;
        while !self.takes("}") {
            if !is_first {
                self.takes(", ").then_some(())?;
                self.json.push(b',');
            }
            is_first = false;
            let len = self.name_len(self.rest())?;
            push_quoted(
                &self.text.as_bytes()[self.at..self.at + len],
                &mut self.json,
            );
            self.at += len + 1;
            self.json.push(b':');
            self.value(b'}', depth)?;
        }
        self.json.push(b'}');
        Some(())
    }

    fn elements(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        self.json.push(b'[');
        let mut is_first = true;
        while !self.takes("]") {
            if !is_first {
                self.takes(", ").then_some(())?;
                self.json.push(b',');
            }
            is_first = false;
            self.value(b']', depth)?;
        }
        self.json.push(b']');
        Some(())
    }

    /// Returns the length of the name before the equals sign with which a text begins.
    fn name_len(&self, text: &str) -> Option<usize> {
        let is_of_name =
            |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/');
        let len = text.bytes().take_while(|b| is_of_name(b)).count();
        let is_known = || {
            self.names.is_empty()
                || self
                    .names
                    .iter()
                    .any(|n| n.eq_ignore_ascii_case(&text[..len]))
        };
        (len > 0 && text.as_bytes().get(len) == Some(&b'=') && is_known()).then_some(len)
    }

    /// Returns the length of a scalar: up to a comma after which a member or element begins, or to the bracket that closes what it
    /// is in.
    fn scalar_len(&self, close: u8) -> usize {
        let rest = self.rest();
        for (at, byte) in rest.bytes().enumerate() {
            let after = || rest.get(at + 1..).unwrap_or_default();
            let is_end = match byte {
                b',' if close == b']' => after().starts_with(' '),
                b',' => after()
                    .strip_prefix(' ')
                    .is_some_and(|next| self.name_len(next).is_some()),
                _ if byte == close => {
                    let after = after();
                    after.is_empty() || after.starts_with(['}', ']']) || after.starts_with(", ")
                }
                _ => false,
            };
            if is_end {
                return at;
            }
        }
        rest.len()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str, names: &[&str]) -> serde_json::Value {
        serde_json::from_slice(&to_json(text, names).unwrap()).unwrap()
    }

    #[test]
    fn texts_are_read_as_far_as_they_can_be_told() {
        let none: &[&str] = &[];
        for (text, names, expected) in [
            ("{}", none, json!({})),
            ("[]", none, json!([])),
            (
                "{a=x, b=null, c=, d={e=1, f=[]}}",
                none,
                json!({"a": "x", "b": null, "c": "", "d": {"e": "1", "f": []}}),
            ),
            (
                "[{arn=arn:aws:s3:::b/k, type=AWS::S3::Object}, {arn=null}]",
                none,
                json!([{"arn": "arn:aws:s3:::b/k", "type": "AWS::S3::Object"}, {"arn": null}]),
            ),
            ("[a, b c, d]", none, json!(["a", "b c", "d"])),
            // Commas, equals signs, brackets and quotes in values.
            (
                "{name=Smith, Ana, role=a=b,c, note={x}y \"q\"\\}",
                none,
                json!({"name": "Smith, Ana", "role": "a=b,c", "note": "{x}y \"q\"\\"}),
            ),
            (
                "{name=a, other=b, arn=c}",
                &["name", "arn"],
                json!({"name": "a, other=b", "arn": "c"}),
            ),
            (
                "{NAME=é, Arn=ü}",
                &["name", "arn"],
                json!({"NAME": "é", "Arn": "ü"}),
            ),
        ] {
            assert_eq!(read(text, names), expected, "{text}");
        }
        let deep = format!("{}x{}", "{a=".repeat(40), "}".repeat(40));
        for none in [
            "",
            "x",
            "{",
            "{a",
            "{a=b",
            "{a=b} c",
            "{\"a\":1}",
            "[{a=b}",
            &deep,
        ] {
            assert_eq!(to_json(none, &[]), None, "{none}");
        }
    }
}
