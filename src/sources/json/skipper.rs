//! Finds the end of values that cannot be scanned.

use memchr::memchr3;

/// Finds the end of a value over several pieces of text, by brackets and quotes alone.
///
/// It is used to skip values that cannot be read, and to notice when the rest of a value has arrived.
#[derive(Debug, Clone, Default)]
pub struct Skipper {
    depth: u64,
    in_string: bool,
    escaped: bool,
    begun: bool,
    /// The last byte, and the last byte that was not a blank.
    last: u8,
    solid: u8,
}

impl Skipper {
    /// Makes a skipper inside this many open brackets.
    pub fn inside(depth: u64) -> Self {
        Self {
            depth,
            begun: true,
            ..Self::default()
        }
    }

    /// Takes the next piece; returns the position after the value's end if it is in the piece.
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
                // A string cannot contain a line break: a quote is missing.
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
                // The line begins with an object where none is allowed: the value was cut off on the line before.
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
