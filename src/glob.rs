//! Globs: `*` matches any text, `?` one character, everything else itself. The whole text must match, and case counts.
//!
//! Matching only goes back to the last `*`, so a pattern of m bytes takes at most m steps per byte of text.

use std::fmt;

use crate::vocab::Str;

/// The most bytes of a pattern.
pub const PATTERN_BYTES_MAX: usize = 1_024;

/// A compiled glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: Str,
    shape: Shape,
}

/// The common forms of patterns, with fast ways to match them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Literal,
    Prefix,
    General,
}

impl Glob {
    /// Compiles a pattern; `None` if it is longer than [`PATTERN_BYTES_MAX`].
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > PATTERN_BYTES_MAX {
            return None;
        }
        let shape = match text.find(['*', '?']) {
            None => Shape::Literal,
            Some(at) if at + 1 == text.len() && text.ends_with('*') => Shape::Prefix,
            Some(_) => Shape::General,
        };
        Some(Self {
            text: text.into(),
            shape,
        })
    }

    /// Returns whether the whole text matches.
    ///
    /// ```
    /// let glob = plimsoll::glob::Glob::new("arn:aws:iam::*:role/etl-?").unwrap();
    /// assert!(glob.matches("arn:aws:iam::111122223333:role/etl-7"));
    /// assert!(!glob.matches("arn:aws:iam::111122223333:role/etl-77"));
    /// ```
    pub fn matches(&self, text: &str) -> bool {
        match self.shape {
            Shape::Literal => *self.text == *text,
            Shape::Prefix => text.starts_with(&self.text[..self.text.len() - 1]),
            Shape::General => matches(self.text.as_bytes(), text.as_bytes()),
        }
    }

    /// Returns whether it leaves nothing out but, at most, texts of a few characters.
    pub fn is_everything(&self) -> bool {
        self.text.contains('*') && self.text.chars().all(|c| matches!(c, '*' | '?'))
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Both are UTF-8, in which no character is a part of another. So bytes may be compared, and `?` takes the bytes of one
/// character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                last_star = Some((p, t));
            }
            Some(b'?') => {
                p += 1;
                t = after_character(text, t);
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, taken)) = last_star else {
                    return false;
                };
                t = after_character(text, taken);
                p = after;
                last_star = Some((after, t));
            }
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// Returns where the character after the one at `at` starts.
fn after_character(text: &[u8], at: usize) -> usize {
    let is_continuation = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    at + 1 + text[at + 1..].iter().take_while(is_continuation).count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, yes, no) in [
            ("", &[""][..], &["a"][..]),
            ("*", &["", "a", "a/b", "é"], &[]),
            ("abc", &["abc"], &["ab", "abcd", "ABC"]),
            ("abc*", &["abc", "abcd"], &["ab", "xabc"]),
            ("*.csv", &[".csv", "a.csv.csv"], &["a.csv.gz"]),
            ("a?c", &["abc", "aéc", "a日c"], &["ac", "abbc"]),
            ("*a*b*", &["ab", "xaxxbx"], &["ba"]),
            ("a**b", &["ab", "axb"], &["a"]),
            ("?*?", &["ab", "日本"], &["a", "日"]),
            ("*é?", &["éx", "ééx"], &["é"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            yes.iter()
                .for_each(|text| assert!(glob.matches(text), "{pattern} should match {text}"));
            no.iter()
                .for_each(|text| assert!(!glob.matches(text), "{pattern} should not match {text}"));
        }
        assert!(Glob::new(&"a".repeat(PATTERN_BYTES_MAX + 1)).is_none());
    }

    #[test]
    fn many_stars_stay_fast() {
        let glob = Glob::new(&"*a".repeat(500)).unwrap();
        assert!(!glob.matches(&format!("{}b", "a".repeat(100_000))));
    }
}
