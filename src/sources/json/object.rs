//! A JSON object with the positions of its members.

use crate::sources::json::scan::{Marks, Range, ScanError, member, solid};
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
        let (mut at, mut byte) = solid(text, 1)?;
        let mut marks = Marks::new(text);
        let mut is_first = true;
        while byte != b'}' {
            if !is_first {
                // Between members there must be exactly one comma.
                if byte != b',' {
                    return Err(ScanError::Malformed);
                }
                (at, byte) = solid(text, at + 1)?;
            }
            is_first = false;
            if byte != b'"' {
                return Err(ScanError::Malformed);
            }
            let (key, value) = member(&mut marks, at)?;
            if self.members.len() < Self::MEMBERS_MAX {
                self.members.push((key, value));
            }
            (at, byte) = solid(text, value.1)?;
        }
        let end = at + 1;
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
        self.texts().map(|(key, text)| (key, Value::of(text)))
    }

    /// Returns the members in order, their values as JSON text.
    #[inline(always)]
    pub fn texts(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let Self { text, members } = self;
        members
            .iter()
            .map(|(key, value)| (&text[key.0..key.1], &text[value.0..value.1]))
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
