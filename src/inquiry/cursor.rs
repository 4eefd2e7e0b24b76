//! Where a page of a list ends.

use std::fmt::{self, Write};
use std::str::FromStr;

use crate::time::Time;

/// What stands before everything in a cursor, so that another form can be told from it.
const FORM: &str = "a";
/// Hexadecimal digits of an instant.
const DIGITS: usize = 16;
/// The longest id that is taken, in bytes.
const ID_BYTES_MAX: usize = 256;
/// The bit that makes instants before 1970 come before the others as unsigned numbers.
const SIGN: u64 = 1 << 63;

/// The last of a page, in the order of the list, by which the next page begins.
///
/// It is a place in the order and not a number of things. So what is new comes before it, and neither moves anything to the next page
/// a second time nor over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The last instant that it tells of.
    pub(super) end: Time,
    /// The first one.
    pub(super) start: Time,
    /// Its id.
    pub(super) id: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)?;
        for time in [self.end, self.start] {
            write!(f, "{:016x}", time.nanos().cast_unsigned() ^ SIGN)?;
        }
        for byte in self.id.bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_char('z')
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || -> Option<Self> {
            let digits = text.strip_prefix(FORM)?.strip_suffix('z')?;
            let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
            if !digits.chars().all(is_hex) || digits.len() > 2 * (DIGITS + ID_BYTES_MAX) {
                return None;
            }
            let time = |digits: &str| {
                let nanos = u64::from_str_radix(digits, 16).ok()? ^ SIGN;
                Some(Time::from_nanos(nanos.cast_signed()))
            };
            let (end, rest) = digits.split_at_checked(DIGITS)?;
            let (start, id) = rest.split_at_checked(DIGITS)?;
            let id: Vec<u8> = id
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect::<Option<_>>()?;
            Some(Self {
                end: time(end)?,
                start: time(start)?,
                id: String::from_utf8(id).ok()?,
            })
        };
        parse().ok_or_else(|| {
            "expected a cursor that a page of this list gave; begin again without one".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_and_nothing_else_is_one() {
        for (end, start, id) in [
            (1_773_634_269_000_000_000, -5, "i5f0c"),
            (i64::MIN, i64::MAX, ""),
            (0, 0, "a\u{202e}\"é"),
        ] {
            let cursor = Cursor {
                end: Time::from_nanos(end),
                start: Time::from_nanos(start),
                id: id.to_owned(),
            };
            let text = cursor.to_string();
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
            assert_eq!(text.parse(), Ok(cursor), "{text}");
        }
        let long = format!("a{}z", "0".repeat(9_999));
        for text in [
            "",
            "az",
            "a0z",
            "1",
            "a+0000000000000000000000000000000z",
            &*long,
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
