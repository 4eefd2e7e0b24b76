//! Texts as logs write them: absent values, ids in varying case, and JSON inside a text.

use std::borrow::Cow;

use crate::sources::json::{self, Value};
use crate::sources::parts::identity;
use crate::sources::parts::placeholder::is_placeholder;

/// Returns a scalar's text without blanks around it; `None` if it means no value, placeholders included.
pub fn stated_text<'a>(value: impl Into<Option<Value<'a>>>) -> Option<Cow<'a, str>> {
    let text = match value.into()?.text()? {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!json::stands_for_nothing(&text) && !is_placeholder(&text)).then_some(text)
}

/// Returns whether a text is a GUID, in any case, and not the one of zeros.
pub fn is_guid(text: &str) -> bool {
    identity::is_guid(text) && text.bytes().any(|byte| !matches!(byte, b'0' | b'-'))
}

/// Returns the domain of an e-mail address, in lower case.
pub fn domain_of(address: &str) -> Option<String> {
    let (user, domain) = address.trim().rsplit_once('@')?;
    let is_domain = !domain.is_empty() && !domain.contains(|c: char| c.is_whitespace());
    (!user.is_empty() && is_domain).then(|| domain.to_lowercase())
}

/// Returns whether a text contains these words, ignoring case and separators. `words` is in lower case with blanks between.
pub fn has_words(text: &str, words: &str) -> bool {
    let (text, words) = (text.as_bytes(), words.as_bytes());
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let is_same = |(is, should): (&u8, &u8)| match should {
        b' ' => !is_letter(is),
        letter => is.eq_ignore_ascii_case(letter),
    };
    text.windows(words.len().max(1))
        .enumerate()
        .any(|(at, part)| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            let is_apart = |byte: Option<&u8>| !byte.is_some_and(is_letter);
            part.iter().zip(words).all(is_same)
                && is_apart(before)
                && is_apart(text.get(at + words.len()))
        })
}

/// A column that is an object or array, or a text that contains one, as in tables.
pub enum Column<'a> {
    /// It is in the record itself.
    Plain(Value<'a>),
    /// It was unpacked from a text.
    Unpacked(Vec<u8>),
}

impl<'a> Column<'a> {
    /// Reads a column; any other value is kept as it is.
    pub fn of(value: impl Into<Option<Value<'a>>>) -> Self {
        let value = value.into().unwrap_or(Value::Null);
        let mut buffer = Vec::new();
        let embedded = json::parse_embedded(value, &mut buffer);
        let is_unpacked = matches!(embedded, Ok(Value::Object(_) | Value::Array(_)));
        if is_unpacked && matches!(value, Value::Text(_)) {
            // The blank that the scanner needs.
            buffer.pop();
            return Self::Unpacked(buffer);
        }
        Self::Plain(value)
    }

    /// Returns its value.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Plain(value) => *value,
            Self::Unpacked(text) => Value::of(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_a_value_are_absent() {
        for text in ["\"\"", "\"-\"", "\" null \"", "\"Unknown\"", "null", "{}"] {
            assert_eq!(stated_text(Value::of(text.as_bytes())), None, "{text}");
        }
        assert_eq!(stated_text(Value::Text(b" a ")).as_deref(), Some("a"));
        assert!(is_guid("5D33Cd2e-8e55-4f21-9a2c-0b1c7f0a9b11"));
        assert!(!is_guid("00000000-0000-0000-0000-000000000000") && !is_guid("x"));
        assert_eq!(domain_of("a@Example.COM ").as_deref(), Some("example.com"));
        assert_eq!(domain_of("example.com"), None);
    }

    #[test]
    fn only_whole_words_match() {
        for text in ["AWS", "Amazon/aws", "the aws.", "AWS_Lambda"] {
            assert!(has_words(text, "aws"), "{text}");
        }
        for text in ["flaws", "laws", "AWSome", "aw", "", "éaws", "aw s"] {
            assert!(!has_words(text, "aws"), "{text}");
        }
        assert!(has_words("Google_Workspace Drive", "google workspace"));
        assert!(!has_words("Sophos Central", "entra"));
    }

    #[test]
    fn a_column_is_json_or_its_text() {
        for text in [
            &b"[{\"a\":\"b\"}]"[..],
            b"\"[{\\\"a\\\":\\\"b\\\"}]\"",
            b"\" [{\\\"a\\\": \\\"b\\\"}]\\r\\n\"",
        ] {
            let column = Column::of(Value::of(text));
            let found = column.value().get_any_case("a").and_then(Value::text);
            assert_eq!(found.as_deref(), Some("b"));
        }
        for text in [&b"\"[broken\""[..], b"\"plain\"", b"7"] {
            assert_eq!(Column::of(Value::of(text)).value(), Value::of(text));
        }
    }
}
