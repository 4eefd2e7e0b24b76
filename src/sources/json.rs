//! JSON text walked in place: no tree, no copies, bounded depth.
//!
//! [`scan`] finds where a value ends and checks its grammar; [`Object`] holds the members of one object as ranges of
//! the text. What lies inside a member is looked at only when somebody asks. Strings are checked for their end, not for
//! their escapes: a wrong escape spoils one field, not the record.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

/// The deepest nesting of arrays and objects in one record. Real records stay below 20.
pub const DEPTH_MAX: u32 = 64;

/// Why a value could not be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// The text ends inside the value.
    Incomplete,
    /// The text is no JSON.
    Malformed,
    /// It is nested more than [`DEPTH_MAX`] deep.
    TooDeep,
}

/// Skips blanks from `at` on.
pub fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// Finds the end of the string that opens at `at`: the place after its closing quote.
fn scan_string(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let mut at = at + 1;
    loop {
        // Most strings are short, so eight bytes at a time beat a search that has to be set up.
        while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let marks = marks(u64::from_le_bytes(*word));
            if marks != 0 {
                at += marks.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match *text.get(at).ok_or(ScanError::Incomplete)? {
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            b'\n' => return Err(ScanError::Malformed),
            _ => at += 1,
        }
    }
}

/// Sets the high bit of the first byte that is a quote, a backslash or a line's end; bits above it mean nothing.
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let zeros = |x: u64| x.wrapping_sub(ONES) & !x;
    let equal = |byte: u8| zeros(word ^ (ONES * u64::from(byte)));
    (equal(b'"') | equal(b'\\') | equal(b'\n')) & (ONES << 7)
}

/// Finds the end of a number, `true`, `false` or `null`.
///
/// A scalar that touches the end of the text is incomplete: more of it might come.
fn scan_scalar(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let rest = &text[at..];
    let len = rest
        .iter()
        .position(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'))
        .ok_or(ScanError::Incomplete)?;
    let scalar = &rest[..len];
    let fine = match scalar {
        b"true" | b"false" | b"null" => true,
        [b'0'..=b'9' | b'-', tail @ ..] => {
            tail.iter()
                .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
                && (scalar[0] != b'-' || !tail.is_empty())
        }
        _ => false,
    };
    if fine {
        Ok(at + len)
    } else {
        Err(ScanError::Malformed)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Want {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

/// Finds the end of the value that begins at `at`, which is no blank.
///
/// # Errors
///
/// Tells whether the text ends too early, is malformed, or is nested too deep.
pub fn scan(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at).ok_or(ScanError::Incomplete)? {
        b'"' => scan_string(text, at),
        b'{' => scan_nested(text, at + 1, 1, Want::KeyOrEnd),
        b'[' => scan_nested(text, at + 1, 0, Want::ValueOrEnd),
        _ => scan_scalar(text, at),
    }
}

/// Scans on inside one open bracket; a bit of `kinds` is set where an open bracket is an object's.
fn scan_nested(
    text: &[u8],
    mut at: usize,
    mut kinds: u64,
    mut want: Want,
) -> Result<usize, ScanError> {
    let mut depth = 1;
    loop {
        at = skip_blanks(text, at);
        let byte = *text.get(at).ok_or(ScanError::Incomplete)?;
        match (byte, want) {
            (b'"', Want::Key | Want::KeyOrEnd) => {
                at = skip_blanks(text, scan_string(text, at)?);
                match text.get(at) {
                    Some(b':') => at += 1,
                    Some(_) => return Err(ScanError::Malformed),
                    None => return Err(ScanError::Incomplete),
                }
                want = Want::Value;
            }
            (b'"', Want::Value | Want::ValueOrEnd) => {
                at = scan_string(text, at)?;
                want = Want::CommaOrEnd;
            }
            (b',', Want::CommaOrEnd) => {
                at += 1;
                want = if kinds & 1 == 1 {
                    Want::Key
                } else {
                    Want::Value
                };
            }
            (b'{' | b'[', Want::Value | Want::ValueOrEnd) => {
                if depth == DEPTH_MAX {
                    return Err(ScanError::TooDeep);
                }
                depth += 1;
                at += 1;
                let is_object = byte == b'{';
                kinds = kinds << 1 | u64::from(is_object);
                want = if is_object {
                    Want::KeyOrEnd
                } else {
                    Want::ValueOrEnd
                };
            }
            (b'}', Want::CommaOrEnd | Want::KeyOrEnd) if kinds & 1 == 1 => {
                at += 1;
                depth -= 1;
                kinds >>= 1;
                want = Want::CommaOrEnd;
            }
            (b']', Want::CommaOrEnd | Want::ValueOrEnd) if kinds & 1 == 0 => {
                at += 1;
                depth -= 1;
                kinds >>= 1;
                want = Want::CommaOrEnd;
            }
            (_, Want::Value | Want::ValueOrEnd) if !matches!(byte, b'}' | b']' | b',' | b':') => {
                at = scan_scalar(text, at)?;
                want = Want::CommaOrEnd;
            }
            _ => return Err(ScanError::Malformed),
        }
        if depth == 0 {
            return Ok(at);
        }
    }
}

/// Finds the end of a value over several pieces of text, by brackets and quotes alone.
///
/// It serves to get past what cannot be read, and to learn when the rest of a value has come.
#[derive(Debug, Clone, Default)]
pub struct Skipper {
    depth: u64,
    in_string: bool,
    escaped: bool,
    begun: bool,
    /// The last byte, and the last that was no blank.
    last: u8,
    solid: u8,
}

impl Skipper {
    /// Makes a skipper that stands inside so many open brackets.
    pub fn inside(depth: u64) -> Self {
        Self {
            depth,
            begun: true,
            ..Self::default()
        }
    }

    /// Takes the next piece; returns the place after the value's end if it lies in the piece.
    pub fn feed(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < piece.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let found = at + memchr3(b'"', b'\\', b'\n', &piece[at..])?;
                self.escaped = piece[found] == b'\\';
                // No string goes over a line's end: a quote is missing there.
                self.in_string = self.escaped;
                (self.last, self.solid) = (piece[found], b'"');
                at = found + 1;
                if !self.in_string && self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            let byte = piece[at];
            match byte {
                b'"' => self.in_string = true,
                // A line that begins with an object where none can stand: the value broke off on the line before.
                b'{' if self.last == b'\n'
                    && self.begun
                    && !matches!(self.solid, b',' | b':' | b'[' | b'{') =>
                {
                    return Some(at);
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    if self.depth == 0 {
                        return Some(at);
                    }
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 && self.begun => {
                    return Some(at);
                }
                _ => {}
            }
            self.begun = true;
            self.last = byte;
            if !byte.is_ascii_whitespace() {
                self.solid = byte;
            }
            at += 1;
        }
        None
    }
}

/// A JSON value as it stands in the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number's digits.
    Number(&'a [u8]),
    /// What stands between a string's quotes, escapes and all.
    Text(&'a [u8]),
    /// An array with its brackets.
    Array(&'a [u8]),
    /// An object with its braces.
    Object(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Reads the text of one scanned value.
    pub fn of(text: &'a [u8]) -> Self {
        match text {
            [b'"', inner @ .., b'"'] => Self::Text(inner),
            [b'{', ..] => Self::Object(text),
            [b'[', ..] => Self::Array(text),
            b"true" => Self::Bool(true),
            b"false" => Self::Bool(false),
            b"null" => Self::Null,
            _ => Self::Number(text),
        }
    }

    /// Returns a scalar as text, unescaped, empty if it is; `None` for `null`, arrays and objects.
    ///
    /// An array of one element, as old records have it, stands for its element.
    pub fn raw_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(inner) => Some(unescape(inner)),
            Self::Number(digits) => Some(String::from_utf8_lossy(digits)),
            Self::Bool(yes) => Some(Cow::Borrowed(if yes { "true" } else { "false" })),
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

    /// Returns a scalar as text; `None` also for what stands for nothing: an empty text, `-`, `null`, `NaN`.
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.raw_text().filter(|text| !stands_for_nothing(text))
    }

    /// Returns the amount, written as a number, a float or a text.
    pub fn amount(self) -> Option<u64> {
        let text = self.text()?;
        let text = text.trim();
        text.parse().ok().or_else(|| {
            let float: f64 = text.parse().ok()?;
            // Above 2^53 a float is no exact count of bytes, and no real one is that large.
            (0.0..9_007_199_254_740_992.0)
                .contains(&float)
                .then_some(float as u64)
        })
    }

    /// Returns the truth, written as a bool or a text.
    pub fn truth(self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(yes),
            _ => match &*self.text()?.to_ascii_lowercase() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
        }
    }

    /// Returns whether there is anything: neither `null` nor `{}`, `[]` or an empty text.
    pub fn is_present(self) -> bool {
        match self {
            Self::Null => false,
            Self::Text(inner) => !inner.is_empty(),
            Self::Object(_) => self.members().next().is_some(),
            Self::Array(_) => self.elements().next().is_some(),
            Self::Bool(_) | Self::Number(_) => true,
        }
    }

    /// Returns the members of an object; none for anything else.
    pub fn members(self) -> Members<'a> {
        match self {
            Self::Object(text) => Members { text, at: 1 },
            _ => Members { text: b"", at: 0 },
        }
    }

    /// Returns the elements of an array; anything else but `null` is its own only element.
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

    /// Returns the member of that name, whatever its case, of this object or of the first object of this array.
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

    /// Follows names downwards, whatever their case.
    pub fn path(self, names: &[&str]) -> Option<Value<'a>> {
        names
            .iter()
            .try_fold(self, |value, name| value.get_any_case(name))
    }

    /// Returns the JSON text of an array or object.
    pub fn json(self) -> &'a [u8] {
        match self {
            Self::Array(text) | Self::Object(text) | Self::Number(text) | Self::Text(text) => text,
            Self::Bool(_) | Self::Null => b"",
        }
    }
}

/// Tells whether a text stands for nothing.
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

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value, at) = next_member(self.text, self.at).ok()??;
        self.at = at;
        Some((
            &self.text[key.0..key.1],
            Value::of(&self.text[value.0..value.1]),
        ))
    }
}

type Range = (usize, usize);

/// Reads the member at `at`, a comma before it or not; `None` at the object's end.
fn next_member(text: &[u8], at: usize) -> Result<Option<(Range, Range, usize)>, ScanError> {
    let mut at = skip_blanks(text, at);
    if text.get(at) == Some(&b',') {
        at = skip_blanks(text, at + 1);
    }
    match text.get(at) {
        Some(b'"') => {}
        Some(b'}') => return Ok(None),
        Some(_) => return Err(ScanError::Malformed),
        None => return Err(ScanError::Incomplete),
    }
    let key_end = scan_string(text, at)?;
    let key = (at + 1, key_end - 1);
    at = skip_blanks(text, key_end);
    match text.get(at) {
        Some(b':') => at = skip_blanks(text, at + 1),
        Some(_) => return Err(ScanError::Malformed),
        None => return Err(ScanError::Incomplete),
    }
    let end = scan(text, at)?;
    Ok(Some((key, (at, end), end)))
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

/// Where the members of one object lie; kept from record to record so that none is allocated.
#[derive(Debug, Default)]
pub struct Layout {
    members: Vec<(Range, Range)>,
}

impl Layout {
    /// The most members of one object; a real record has about 25.
    const MEMBERS_MAX: usize = 4_096;

    /// Lays out the object that opens at the beginning of `text`; returns it and the place after its end.
    ///
    /// # Errors
    ///
    /// Tells whether the text ends too early, is malformed, or is nested too deep.
    pub fn object<'a>(&'a mut self, text: &'a [u8]) -> Result<(Object<'a>, usize), ScanError> {
        self.members.clear();
        let mut at = 1;
        loop {
            if at > 1 {
                // Between members there must be exactly one comma.
                at = skip_blanks(text, at);
                match text.get(at) {
                    Some(b'}') => break,
                    Some(b',') => at += 1,
                    Some(_) => return Err(ScanError::Malformed),
                    None => return Err(ScanError::Incomplete),
                }
                at = skip_blanks(text, at);
                match text.get(at) {
                    Some(b'"') => {}
                    Some(_) => return Err(ScanError::Malformed),
                    None => return Err(ScanError::Incomplete),
                }
            } else if matches!(text.get(skip_blanks(text, at)), Some(b',')) {
                return Err(ScanError::Malformed);
            }
            let Some((key, value, end)) = next_member(text, at)? else {
                break;
            };
            if self.members.len() < Self::MEMBERS_MAX {
                self.members.push((key, value));
            }
            at = end;
        }
        let end = skip_blanks(text, at) + 1;
        Ok((
            Object {
                text: &text[..end],
                members: &self.members,
            },
            end,
        ))
    }
}

/// One object with its members laid out.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    text: &'a [u8],
    members: &'a [(Range, Range)],
}

impl<'a> Object<'a> {
    /// Returns the members in order.
    pub fn members(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        self.members.iter().map(move |(key, value)| {
            (
                &self.text[key.0..key.1],
                Value::of(&self.text[value.0..value.1]),
            )
        })
    }

    /// Returns the member of that name.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        let name = name.as_bytes();
        self.members
            .iter()
            .find(|(key, _)| key.1 - key.0 == name.len() && &self.text[key.0..key.1] == name)
            .map(|(_, value)| Value::of(&self.text[value.0..value.1]))
    }
}

/// Undoes the escapes of a string; what is no valid escape stays as it is, and bytes that are no UTF-8 become `�`.
pub fn unescape(inner: &[u8]) -> Cow<'_, str> {
    // Checking first is faster than replacing at once, and there is hardly ever anything to replace.
    let text =
        std::str::from_utf8(inner).map_or_else(|_| String::from_utf8_lossy(inner), Cow::Borrowed);
    if memchr(b'\\', inner).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(slash) = rest.find('\\') {
        out.push_str(&rest[..slash]);
        rest = &rest[slash..];
        let (c, len) = escape(rest).unwrap_or(('\\', 1));
        out.push(c);
        rest = &rest[len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Reads one escape at the beginning of the text, and its length in bytes.
fn escape(text: &str) -> Option<(char, usize)> {
    let c = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = |from: usize| u32::from_str_radix(text.get(from..from + 4)?, 16).ok();
            let high = unit(2)?;
            if !(0xd800..0xdc00).contains(&high) {
                return Some((
                    char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
                    6,
                ));
            }
            let low = (text.get(6..8) == Some("\\u")).then(|| unit(8)).flatten();
            return Some(match low {
                Some(low @ 0xdc00..0xe000) => (
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?,
                    12,
                ),
                _ => (char::REPLACEMENT_CHARACTER, 6),
            });
        }
        _ => return None,
    };
    Some((c, 2))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Documents as a reference writer writes them, with texts that need escapes.
    fn document() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<i16>().prop_map(|n| serde_json::json!(f64::from(n) / 4.0)),
            "[a-z\"\\\\\n\u{e9}\u{1f600}]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::vec(("[a-z]{1,5}", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Turns what was walked back into a tree.
    fn tree(value: Value<'_>) -> serde_json::Value {
        match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(yes) => yes.into(),
            Value::Number(digits) => serde_json::from_slice(digits).unwrap(),
            Value::Text(inner) => unescape(inner).into(),
            Value::Array(_) => value.elements().map(tree).collect::<Vec<_>>().into(),
            Value::Object(_) => serde_json::Value::Object(
                value
                    .members()
                    .map(|(k, v)| (unescape(k).into_owned(), tree(v)))
                    .collect(),
            ),
        }
    }

    proptest! {
        #[test]
        fn a_walked_document_is_the_document(doc in document(), pretty in any::<bool>(), tail in "[,} ]") {
            let text = if pretty { serde_json::to_vec_pretty(&doc) } else { serde_json::to_vec(&doc) }.unwrap();
            let mut longer = text.clone();
            longer.extend_from_slice(tail.as_bytes());
            let end = scan(&longer, 0).unwrap();
            prop_assert_eq!(end, text.len());
            prop_assert_eq!(tree(Value::of(&longer[..end])), doc.clone());
            let mut layout = Layout::default();
            if doc.is_object() {
                let (object, end) = layout.object(&longer).unwrap();
                prop_assert_eq!(end, text.len());
                prop_assert_eq!(object.members().count(), doc.as_object().unwrap().len());
            }
            for cut in 1..text.len() {
                if doc.is_object() || doc.is_array() || doc.is_string() {
                    prop_assert_eq!(scan(&text[..cut], 0), Err(ScanError::Incomplete));
                }
                if doc.is_object() {
                    prop_assert_eq!(layout.object(&text[..cut]).err(), Some(ScanError::Incomplete));
                }
            }
        }

        #[test]
        fn a_skipper_finds_the_same_end_in_pieces(doc in document(), size in 1usize..7) {
            let mut text = serde_json::to_vec(&doc).unwrap();
            let len = text.len();
            text.extend_from_slice(b",{}");
            let (mut skipper, mut done) = (Skipper::default(), None);
            for (number, piece) in text.chunks(size).enumerate() {
                if let Some(end) = skipper.feed(piece) {
                    done = Some(number * size + end);
                    break;
                }
            }
            prop_assert_eq!(done, Some(len));
        }

        #[test]
        fn what_a_strict_reader_accepts_is_accepted_and_nothing_panics(bytes in "[\\[\\]{}:,\"0-9a\\\\ tfn-]{0,24}") {
            let mut text = bytes.clone().into_bytes();
            text.push(b' ');
            let from = skip_blanks(&text, 0);
            let strict = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
            let walked = scan(&text, from).is_ok_and(|end| skip_blanks(&text, end) == text.len());
            prop_assert!(!strict || walked, "{bytes}");
            if text.get(from) == Some(&b'{') {
                let laid = Layout::default().object(&text[from..]).map(|(_, end)| from + end);
                prop_assert_eq!(laid, scan(&text, from));
            }
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert_eq!(
            scan(&deep(DEPTH_MAX as usize), 0),
            Ok(2 * DEPTH_MAX as usize)
        );
        assert_eq!(
            scan(&deep(DEPTH_MAX as usize + 1), 0),
            Err(ScanError::TooDeep)
        );
        assert_eq!(scan(b"{\"a\":\"b\n\"}", 0), Err(ScanError::Malformed));
        assert_eq!(
            scan(b"{\"a\":{\"b\":1\n{\"c\":2}", 0),
            Err(ScanError::Malformed)
        );
    }

    #[test]
    fn types_may_drift() {
        let value = |text: &'static str| Value::of(text.as_bytes());
        assert_eq!(value("\"331\"").amount(), Some(331));
        assert_eq!(value("6322.0").amount(), Some(6322));
        assert_eq!(value("-1").amount(), None);
        assert_eq!(value("\"Yes\"").truth(), Some(true));
        assert_eq!(value("[\"a\"]").text().as_deref(), Some("a"));
        assert_eq!(value("12").text().as_deref(), Some("12"));
        assert_eq!(value("\"-\"").text(), None);
        assert_eq!(
            value("\"\\ud83d\\ude00\\ud800x\\q\"").text().as_deref(),
            Some("😀\u{fffd}x\\q")
        );
        assert!(!value("{}").is_present() && value("[0]").is_present());
    }
}
