//! A JSON object with the positions of its members.

use crate::sources::json::scan::{Range, ScanError, next_member, skip_blanks};
use crate::sources::json::value::Value;

/// The positions of the members of one object. It is reused from record to record to avoid allocations.
#[derive(Debug, Default)]
pub struct Layout {
    members: Vec<(Range, Range)>,
}

impl Layout {
    /// The most members of one object; a real record has about 25.
    const MEMBERS_MAX: usize = 4_096;

    /// Reads the object that begins at the start of `text`; returns it and the position after its end.
    ///
    /// # Errors
    ///
    /// Fails if the text ends too early, is malformed, or is nested too deep.
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

/// An object with the positions of its members.
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
