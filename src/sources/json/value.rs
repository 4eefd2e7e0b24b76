//! A JSON value in its text, and what is inside it.

use std::borrow::Cow;

use crate::sources::json::escape::unescape;
use crate::sources::json::scan::{ScanError, next_member, scan, skip_blanks};

/// A JSON value, as a range of the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number's digits.
    Number(&'a [u8]),
    /// The content of a string between its quotes, with its escapes.
    Text(&'a [u8]),
    /// An array with its brackets.
    Array(&'a [u8]),
    /// An object with its braces.
    Object(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Reads the text of one scanned value.
    #[inline(always)]
    pub fn of(text: &'a [u8]) -> Self {
        match text {
            [b'"', inner @ .., b'"'] => Self::Text(inner),
            [b'{', ..] => Self::Object(text),
            [b'[', ..] => Self::Array(text),
            b"true" => Self::True,
            b"false" => Self::False,
            b"null" => Self::Null,
            _ => Self::Number(text),
        }
    }

    /// Reads the text of a scanned value, or none if it is empty.
    #[inline(always)]
    pub fn of_member(text: &'a [u8]) -> Self {
        if text.is_empty() {
            Self::Null
        } else {
            Self::of(text)
        }
    }

    /// Returns a scalar as text, unescaped, empty if it is; `None` for `null`, arrays and objects.
    ///
    /// An array of one element, as in old records, is read as its element.
    pub fn raw_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(inner) => Some(unescape(inner)),
            Self::Number(digits) => Some(String::from_utf8_lossy(digits)),
            Self::True => Some(Cow::Borrowed("true")),
            Self::False => Some(Cow::Borrowed("false")),
            Self::Array(_) => {
                let mut elements = self.elements();
                let first = elements.next()?;
                if elements.next().is_some() || matches!(first, Self::Array(_)) {
                    None
                } else {
                    first.raw_text()
                }
            }
            Self::Null | Self::Object(_) => None,
        }
    }

    /// Returns a scalar as text; `None` also for texts that mean no value: an empty text, `-`, `null`, `NaN`.
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.raw_text().filter(|text| !stands_for_nothing(text))
    }

    /// Returns the amount, written as a number, a float or a text.
    pub fn amount(self) -> Option<u64> {
        /// Numbers of this many digits cannot overflow.
        const DIGITS_MAX: usize = 19;
        if let Self::Number(digits @ [_, ..]) = self
            && digits.len() <= DIGITS_MAX
            && digits.iter().all(u8::is_ascii_digit)
        {
            let add = |sum, digit: &u8| sum * 10 + u64::from(digit - b'0');
            return Some(digits.iter().fold(0, add));
        }
        let text = self.text()?;
        let text = text.trim();
        text.parse().ok().or_else(|| {
            let float: f64 = text.parse().ok()?;
            // Above 2^53 a float is not an exact count of bytes, and real counts are smaller.
            (0.0..9_007_199_254_740_992.0)
                .contains(&float)
                .then_some(float as u64)
        })
    }

    /// Returns the boolean, written as a bool or a text.
    pub fn truth(self) -> Option<bool> {
        match self {
            Self::True => Some(true),
            Self::False => Some(false),
            _ => match &*self.text()?.to_ascii_lowercase() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
        }
    }

    /// Returns whether there is a value: not `null`, `{}`, `[]` or an empty text.
    pub fn is_present(self) -> bool {
        match self {
            Self::Null => false,
            Self::Text(inner) => !inner.is_empty(),
            Self::Object(_) => self.members().next().is_some(),
            Self::Array(_) => self.elements().next().is_some(),
            Self::True | Self::False | Self::Number(_) => true,
        }
    }

    /// Returns the members of an object; none for anything else.
    pub fn members(self) -> Members<'a> {
        match self {
            Self::Object(text) => Members { text, at: 1 },
            _ => Members { text: b"", at: 0 },
        }
    }

    /// Returns the elements of an array; any other value but `null` is the only element.
    pub fn elements(self) -> Elements<'a> {
        match self {
            Self::Array(text) => Elements {
                text,
                at: 1,
                single: None,
            },
            Self::Null => Elements {
                text: b"",
                at: 0,
                single: None,
            },
            other => Elements {
                text: b"",
                at: 0,
                single: Some(other),
            },
        }
    }

    /// Returns the members of an object to look at more than once; none for anything else.
    pub fn fields(self) -> Fields<'a> {
        Fields(self.members().collect())
    }

    /// Returns the member of that name.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.members()
            .find(|(key, _)| *key == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// Returns the members of these names in one pass; `null` where there is none.
    pub fn pick<const N: usize>(self, names: [&str; N]) -> [Value<'a>; N] {
        let mut picked = [Value::Null; N];
        for (key, value) in self.members() {
            if let Some(at) = names.iter().position(|name| name.as_bytes() == key) {
                picked[at] = value;
            }
        }
        picked
    }

    /// Returns the member of that name, ignoring case, of this object or of the first object of this array.
    pub fn get_any_case(self, name: &str) -> Option<Value<'a>> {
        let object = match self {
            Self::Array(_) => self.elements().next()?,
            _ => self,
        };
        object
            .members()
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Follows names downwards, ignoring case.
    pub fn path(self, names: &[&str]) -> Option<Value<'a>> {
        names
            .iter()
            .try_fold(self, |value, name| value.get_any_case(name))
    }

    /// Returns the JSON text of an array or object.
    pub fn json(self) -> &'a [u8] {
        match self {
            Self::Array(text) | Self::Object(text) | Self::Number(text) | Self::Text(text) => text,
            Self::True | Self::False | Self::Null => b"",
        }
    }
}

/// The members of an object, found once.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(&'a [u8], Value<'a>)>);

impl<'a> Fields<'a> {
    /// Returns the member of that name.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut members = self.0.iter();
        let found = members.find(|(key, _)| *key == name.as_bytes());
        found.map(|(_, value)| *value)
    }
}

/// Returns whether a text means that there is no value.
pub fn stands_for_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "null" | "NaN")
}

/// The members of an object that was scanned before.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = next_member(self.text, self.at).ok()??;
        self.at = value.1;
        Some((
            &self.text[key.0..key.1],
            Value::of(&self.text[value.0..value.1]),
        ))
    }
}

/// The elements of an array that was scanned before.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    text: &'a [u8],
    at: usize,
    single: Option<Value<'a>>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if let Some(single) = self.single.take() {
            return Some(single);
        }
        let mut at = skip_blanks(self.text, self.at);
        if self.text.get(at) == Some(&b',') {
            at = skip_blanks(self.text, at + 1);
        }
        if matches!(self.text.get(at), None | Some(b']')) {
            return None;
        }
        let end = scan(self.text, at).ok()?;
        self.at = end;
        Some(Value::of(&self.text[at..end]))
    }
}

/// Reads a text that is one whole value; `buffer` receives a copy of it.
///
/// # Errors
///
/// Fails if the text ends too early, is malformed, is nested too deep, or has anything after the value.
pub fn parse_text<'a>(text: &str, buffer: &'a mut Vec<u8>) -> Result<Value<'a>, ScanError> {
    let text = text.trim();
    buffer.clear();
    buffer.extend_from_slice(text.as_bytes());
    // The scanner has to see that the value ends.
    buffer.push(b' ');
    if scan(buffer, 0)? != text.len() {
        return Err(ScanError::Malformed);
    }
    Ok(Value::of(&buffer[..text.len()]))
}

/// Reads a value that may be a text with an object or array in it; `buffer` receives the unescaped text.
///
/// Returns any other value as it is.
///
/// # Errors
///
/// Fails if the text begins like an object or array and is not one.
pub fn parse_embedded<'a>(
    value: Value<'a>,
    buffer: &'a mut Vec<u8>,
) -> Result<Value<'a>, ScanError> {
    match value {
        Value::Text(inner) if matches!(inner.trim_ascii_start().first(), Some(b'{' | b'[')) => {
            parse_text(&unescape(inner), buffer)
        }
        _ => Ok(value),
    }
}
