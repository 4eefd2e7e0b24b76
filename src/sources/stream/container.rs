//! Recognises objects that contain an array of records, from their first bytes.

use crate::sources::envelope;
use crate::sources::json::{self, ScanError};

/// What an object is, as far as its first bytes show.
pub enum ObjectStart {
    /// A container; the first element of its array is this many bytes away.
    Container(usize),
    /// Either that, or a record whose first member is an array of the same name.
    Ambiguous(usize),
    /// Anything else.
    Other,
    /// More text is needed.
    Incomplete,
}

/// Reads the name of a member and the first byte of its value. Returns the name, whether the value is an array of records,
/// and where the value begins.
pub fn member_start(text: &[u8]) -> Result<(&[u8], bool, usize), ScanError> {
    if text.first() != Some(&b'"') {
        return Err(if text.is_empty() {
            ScanError::Incomplete
        } else {
            ScanError::Malformed
        });
    }
    let key_end = json::scan(text, 0)?;
    let colon = json::skip_blanks(text, key_end);
    let at = json::skip_blanks(text, colon + 1);
    match (text.get(colon), text.get(at)) {
        (Some(b':'), Some(first)) => {
            let key = &text[1..key_end - 1];
            Ok((
                key,
                *first == b'[' && envelope::ARRAYS.iter().any(|name| name.as_bytes() == key),
                at,
            ))
        }
        (Some(b':') | None, _) => Err(ScanError::Incomplete),
        _ => Err(ScanError::Malformed),
    }
}

/// Returns what the object is that begins here.
pub fn object_start(text: &[u8]) -> ObjectStart {
    /// The first element of a container must begin within this many bytes.
    const LOOK_AHEAD_MAX: usize = 64;
    // Only this much is looked at, so that the result does not depend on how much has arrived.
    let text = &text[..text.len().min(LOOK_AHEAD_MAX)];
    let at = json::skip_blanks(text, 1);
    let (key, start) = match member_start(&text[at.min(text.len())..]) {
        Ok((key, true, len)) => (key, at + len + 1),
        Err(ScanError::Incomplete) if text.len() < LOOK_AHEAD_MAX => {
            return ObjectStart::Incomplete;
        }
        _ => return ObjectStart::Other,
    };
    match text.get(json::skip_blanks(text, start)) {
        // An empty container is read as a whole, because there is nothing to enter.
        Some(b']') => ObjectStart::Other,
        None if text.len() < LOOK_AHEAD_MAX => ObjectStart::Incomplete,
        _ if envelope::AMBIGUOUS
            .iter()
            .any(|name| name.as_bytes() == key) =>
        {
            ObjectStart::Ambiguous(start)
        }
        _ => ObjectStart::Container(start),
    }
}

/// Returns the position of the first element of an array of records that is not the object's first member.
pub fn late_container(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at = json::skip_blanks(text, at);
        if text.get(at) == Some(&b',') {
            at = json::skip_blanks(text, at + 1);
        }
        let (_, is_container, value) = member_start(text.get(at..)?).ok()?;
        at += value;
        if is_container {
            return Some(at + 1);
        }
        at = json::scan(text, at).ok()?;
    }
}
