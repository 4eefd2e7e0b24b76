//! Escaping of text from logs, for terminals and for HTML.

use std::fmt::{self, Write};

use crate::event;

/// Characters beside letters and digits that no shell reads as anything else.
const BARE: &str = "_./:-@%+=,";

/// Displays text without characters that control a terminal or change the direction of writing.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        event::escape(self.0, f)
    }
}

/// Returns a text, such as a path, as a shell takes it as one word.
pub fn in_shell(path: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || BARE.contains(c);
    match !path.is_empty() && path.chars().all(is_bare) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

/// Displays text so that it stays text in an HTML element or a quoted attribute; what [`Plain`] escapes is escaped, too.
#[derive(Debug, Clone, Copy)]
pub struct Html<T>(pub T);

impl<T: fmt::Display> fmt::Display for Html<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Entities(f), "{}", self.0)
    }
}

struct Entities<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Entities<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        event::escape(text, &mut Named(self.0))
    }
}

/// Writes the five characters of markup as entities.
struct Named<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Named<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                c => self.0.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_controls_a_terminal() {
        for (raw, shown) in [
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\r\nb\tc", "a\\u{d}\\u{a}b\\u{9}c"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            (
                "\u{2066}x\u{61c}y\u{e0041}",
                "\\u{2066}x\\u{61c}y\\u{e0041}",
            ),
            (
                "pay\u{ad}roll\u{3164}\u{fe0f}\u{e0101}\u{2800}",
                "pay\\u{ad}roll\\u{3164}\\u{fe0f}\\u{e0101}\\u{2800}",
            ),
            ("Zürich/日本", "Zürich/日本"),
        ] {
            assert_eq!(Plain(raw).to_string(), shown);
        }
    }

    #[test]
    fn nothing_is_markup_on_a_page() {
        for (raw, shown) in [
            (
                "<script>alert(1)</script>",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            (r#"" onload="x"#, "&quot; onload=&quot;x"),
            ("' & \u{202e}", "&#39; &amp; \\u{202e}"),
        ] {
            assert_eq!(Html(raw).to_string(), shown);
        }
        assert_eq!(Html(1280).to_string(), "1280");
    }
}
