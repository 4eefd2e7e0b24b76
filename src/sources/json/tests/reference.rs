//! Finds where values end, one byte after the other, with one rule for each state: what the scanner is compared with.

use crate::sources::json::scan::{DEPTH_MAX, ScanError, skip_blanks};

/// Finds the end of the string that begins at `at`.
fn scan_string(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let mut at = at + 1;
    loop {
        match *text.get(at).ok_or(ScanError::Incomplete)? {
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            b'\n' => return Err(ScanError::Malformed),
            _ => at += 1,
        }
    }
}

/// Finds the end of a number, `true`, `false` or `null`.
///
/// A scalar at the very end of the text is incomplete: more of it might follow.
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
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

/// Finds the end of the value that begins at `at`, which is not a blank.
///
/// # Errors
///
/// Fails if the text ends too early, is malformed, or is nested too deep.
pub fn scan(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at).ok_or(ScanError::Incomplete)? {
        b'"' => scan_string(text, at),
        b'{' => scan_nested(text, at + 1, 1, Expected::KeyOrEnd),
        b'[' => scan_nested(text, at + 1, 0, Expected::ValueOrEnd),
        _ => scan_scalar(text, at),
    }
}

/// Scans from inside one open bracket. A bit of `kinds` is set if the open bracket of that level is an object's.
fn scan_nested(
    text: &[u8],
    mut at: usize,
    mut kinds: u64,
    mut expected: Expected,
) -> Result<usize, ScanError> {
    let mut depth = 1;
    loop {
        at = skip_blanks(text, at);
        let byte = *text.get(at).ok_or(ScanError::Incomplete)?;
        match (byte, expected) {
            (b'"', Expected::Key | Expected::KeyOrEnd) => {
                at = skip_blanks(text, scan_string(text, at)?);
                match text.get(at) {
                    Some(b':') => at += 1,
                    Some(_) => return Err(ScanError::Malformed),
                    None => return Err(ScanError::Incomplete),
                }
                expected = Expected::Value;
            }
            (b'"', Expected::Value | Expected::ValueOrEnd) => {
                at = scan_string(text, at)?;
                expected = Expected::CommaOrEnd;
            }
            (b',', Expected::CommaOrEnd) => {
                at += 1;
                expected = if kinds & 1 == 1 {
                    Expected::Key
                } else {
                    Expected::Value
                };
            }
            (b'{' | b'[', Expected::Value | Expected::ValueOrEnd) => {
                if depth == DEPTH_MAX {
                    return Err(ScanError::TooDeep);
                }
                depth += 1;
                at += 1;
                let is_object = byte == b'{';
                kinds = kinds << 1 | u64::from(is_object);
                expected = if is_object {
                    Expected::KeyOrEnd
                } else {
                    Expected::ValueOrEnd
                };
            }
            (b'}', Expected::CommaOrEnd | Expected::KeyOrEnd) if kinds & 1 == 1 => {
                at += 1;
                depth -= 1;
                kinds >>= 1;
                expected = Expected::CommaOrEnd;
            }
            (b']', Expected::CommaOrEnd | Expected::ValueOrEnd) if kinds & 1 == 0 => {
                at += 1;
                depth -= 1;
                kinds >>= 1;
                expected = Expected::CommaOrEnd;
            }
            (_, Expected::Value | Expected::ValueOrEnd)
                if !matches!(byte, b'}' | b']' | b',' | b':') =>
            {
                at = scan_scalar(text, at)?;
                expected = Expected::CommaOrEnd;
            }
            _ => return Err(ScanError::Malformed),
        }
        if depth == 0 {
            return Ok(at);
        }
    }
}
