//! JSON in which no string steers the terminal or editor that shows it.
//!
//! JSON itself only forbids the first 32 control characters in strings. The others, and those that turn the direction of
//! writing, are written as `\u` escapes, which every reader turns back into the same text.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::event::steers;

/// Returns a document on one line, without the end of the line.
pub fn line(document: &impl Serialize) -> String {
    write(document, EscapingFormatter(CompactFormatter))
}

/// Returns a document as it may stand in an element of a page: no text in it can end that element, or begin a comment.
pub fn in_page(document: &impl Serialize) -> String {
    let written = line(document);
    written.replace('<', "\\u003c").replace('>', "\\u003e")
}

/// Returns a document over several lines, for people.
pub fn pretty(document: &impl Serialize) -> String {
    write(document, EscapingFormatter(PrettyFormatter::new()))
}

fn write(document: &impl Serialize, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    // Only a map whose keys are no strings can fail here, or a value that refuses to be written; no document has either.
    if document
        .serialize(&mut Serializer::with_formatter(&mut bytes, formatter))
        .is_err()
    {
        return "null".to_owned();
    }
    String::from_utf8(bytes).unwrap_or_default()
}

struct EscapingFormatter<F>(F);

impl<F: Formatter> Formatter for EscapingFormatter<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut from = 0;
        for (at, c) in fragment.char_indices().filter(|&(_, c)| steers(c)) {
            writer.write_all(&fragment.as_bytes()[from..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            from = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[from..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_harmless_and_come_back_unchanged() {
        let text = "a\u{1b}[2J\u{9b}m\u{7f}\u{202e}b\u{2028}\"c\"\u{e0041}é";
        let written = line(&text);
        assert!(written.chars().all(|c| !steers(c)), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        let markup = "</script><!--\u{2028}-->";
        let embedded = in_page(&markup);
        assert!(!embedded.contains(['<', '>', '\u{2028}']), "{embedded}");
        assert_eq!(serde_json::from_str::<String>(&embedded).unwrap(), markup);
        assert_eq!(line(&[("k", 1.5)]), r#"[["k",1.5]]"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&pretty(&serde_json::json!({"a": [1]})))
                .unwrap()["a"][0],
            1
        );
    }
}
