//! Finds where JSON values end, and checks their grammar.
//!
//! Strings are checked for their end, not for their escapes: a wrong escape spoils one field, not the record.

/// The deepest nesting of arrays and objects in one record. Real records stay below 20.
pub const DEPTH_MAX: u32 = 64;

/// Why a value could not be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// The text ends inside the value.
    Incomplete,
    /// The text is not JSON.
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

/// Finds the end of the string that begins at `at`: the position after its closing quote.
fn scan_string(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let mut at = at + 1;
    loop {
        // Most strings are short, so eight bytes at a time are faster than a search with setup cost.
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

/// Sets the high bit of the first byte that is a quote, a backslash or a line's end; higher bits are undefined.
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let zeros = |x: u64| x.wrapping_sub(ONES) & !x;
    let equal = |byte: u8| zeros(word ^ (ONES * u64::from(byte)));
    (equal(b'"') | equal(b'\\') | equal(b'\n')) & (ONES << 7)
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

/// Where something begins and ends.
pub type Range = (usize, usize);

/// Reads the member at `at`, with or without a comma before it; `None` at the object's end.
pub fn next_member(text: &[u8], at: usize) -> Result<Option<(Range, Range, usize)>, ScanError> {
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
