//! Finds where JSON values end, and checks their grammar.
//!
//! Strings are checked for their end, not for their escapes: a wrong escape spoils one field, not the record.

use wide::u8x16;

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

/// Finds where strings end. Positions may only grow from call to call.
pub trait Strings<'a> {
    /// Returns the text.
    fn text(&self) -> &'a [u8];

    /// Finds the first quote, backslash or line's end from `at` on.
    fn mark(&mut self, at: usize) -> Result<usize, ScanError>;

    /// Finds the end of the string whose content begins at `at`: the position after its closing quote.
    #[inline(always)]
    fn string_end(&mut self, at: usize) -> Result<usize, ScanError> {
        let mark = self.mark(at)?;
        if self.text()[mark] == b'"' {
            return Ok(mark + 1);
        }
        self.escaped_string_end(mark)
    }

    /// Finds the end of a string that goes on with a backslash or a line's end.
    #[cold]
    fn escaped_string_end(&mut self, mut mark: usize) -> Result<usize, ScanError> {
        loop {
            match self.text()[mark] {
                b'"' => return Ok(mark + 1),
                b'\\' => mark = self.mark(mark + 2)?,
                _ => return Err(ScanError::Malformed),
            }
        }
    }
}

/// Finds marks in a short text, string by string.
pub struct Short<'a>(pub &'a [u8]);

impl<'a> Strings<'a> for Short<'a> {
    #[inline(always)]
    fn text(&self) -> &'a [u8] {
        self.0
    }

    #[inline(always)]
    fn mark(&mut self, mut at: usize) -> Result<usize, ScanError> {
        while let Some(part) = self.0.get(at..).and_then(<[u8]>::first_chunk) {
            let found = marks_of_part(part);
            if found != 0 {
                return Ok(at + found.trailing_zeros() as usize);
            }
            at += size_of_val(part);
        }
        let rest = self.0.get(at..).unwrap_or_default();
        let found = rest.iter().position(|b| matches!(b, b'"' | b'\\' | b'\n'));
        Ok(at + found.ok_or(ScanError::Incomplete)?)
    }
}

/// Finds marks in a long text, a block of it at a time.
pub struct Marks<'a> {
    text: &'a [u8],
    /// Where the block begins.
    block: usize,
    /// A bit for each of its bytes that is a mark.
    found: u64,
}

impl<'a> Marks<'a> {
    const BLOCK: usize = u64::BITS as usize;

    #[inline(always)]
    pub fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            // No block has been looked at: every position is beyond this one.
            block: 0_usize.wrapping_sub(Self::BLOCK),
            found: 0,
        }
    }

    /// Finds the first mark from `at` on; none of them is in the block that was looked at.
    #[inline(never)]
    fn search(&mut self, at: usize) -> Result<usize, ScanError> {
        let passed = at.wrapping_sub(self.block);
        // A block that was begun goes on behind it, unless `at` is further on.
        self.block = if passed < Self::BLOCK {
            self.block + Self::BLOCK
        } else {
            at
        };
        loop {
            let rest = self.text.get(self.block..).unwrap_or_default();
            self.found = match rest.first_chunk() {
                Some(block) => marks(block),
                None if rest.is_empty() => return Err(ScanError::Incomplete),
                None => {
                    let mut block = [0; Self::BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    marks(&block)
                }
            };
            if self.found != 0 {
                return Ok(self.block + self.found.trailing_zeros() as usize);
            }
            self.block += Self::BLOCK;
        }
    }
}

impl<'a> Strings<'a> for Marks<'a> {
    #[inline(always)]
    fn text(&self) -> &'a [u8] {
        self.text
    }

    #[inline(always)]
    fn mark(&mut self, at: usize) -> Result<usize, ScanError> {
        let passed = at.wrapping_sub(self.block);
        if passed < Self::BLOCK {
            let left = self.found >> passed;
            if left != 0 {
                return Ok(at + left.trailing_zeros() as usize);
            }
        }
        self.search(at)
    }
}

/// Sets the bit of each byte that is a quote, a backslash or a line's end.
#[inline(always)]
fn marks(block: &[u8; 64]) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    let mut found = 0;
    for (number, part) in parts.iter().enumerate() {
        found |= u64::from(marks_of_part(part)) << (16 * number);
    }
    found
}

/// Does the same for fewer bytes.
#[inline(always)]
fn marks_of_part(part: &[u8; 16]) -> u32 {
    let part = u8x16::new(*part);
    let is = |byte| part.simd_eq(u8x16::splat(byte));
    (is(b'"') | is(b'\\') | is(b'\n')).to_bitmask()
}

/// Finds the end of a number, `true`, `false` or `null`.
///
/// A scalar at the very end of the text is incomplete: more of it might follow.
fn scan_scalar(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let rest = &text[at..];
    if let Some((b"null", [b',' | b'}', ..])) = rest.split_first_chunk::<4>() {
        return Ok(at + 4);
    }
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

/// Finds the end of the value that begins at `at`, which is not a blank.
///
/// # Errors
///
/// Fails if the text ends too early, is malformed, or is nested too deep.
#[inline]
pub fn scan(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match *text.get(at).ok_or(ScanError::Incomplete)? {
        b'"' => Short(text).string_end(at + 1),
        b'{' | b'[' => nested_end(&mut Marks::new(text), at),
        _ => scan_scalar(text, at),
    }
}

/// Finds the end of the array or object that begins at `at`.
fn nested_end<'a>(strings: &mut impl Strings<'a>, mut at: usize) -> Result<usize, ScanError> {
    let text = strings.text();
    // A bit of `kinds` is set if the open bracket of that level is an object's.
    let (mut depth, mut kinds) = (0, 0_u64);
    'open: loop {
        if depth == DEPTH_MAX {
            return Err(ScanError::TooDeep);
        }
        depth += 1;
        kinds = kinds << 1 | u64::from(text[at] == b'{');
        let mut byte;
        (at, byte) = solid(text, at + 1)?;
        let mut is_closed = byte == closing(kinds);
        'member: loop {
            if !is_closed {
                if kinds & 1 == 1 {
                    if byte != b'"' {
                        return Err(ScanError::Malformed);
                    }
                    (at, byte) = after_key(text, strings.string_end(at + 1)?)?;
                }
                match byte {
                    b'"' => at = strings.string_end(at + 1)?,
                    b'{' | b'[' => continue 'open,
                    _ => at = scan_scalar(text, at)?,
                }
                (at, byte) = solid(text, at)?;
            }
            loop {
                if !is_closed && byte == b',' {
                    (at, byte) = solid(text, at + 1)?;
                    continue 'member;
                }
                if byte != closing(kinds) {
                    return Err(ScanError::Malformed);
                }
                is_closed = false;
                at += 1;
                depth -= 1;
                kinds >>= 1;
                if depth == 0 {
                    return Ok(at);
                }
                (at, byte) = solid(text, at)?;
            }
        }
    }
}

/// Returns the bracket that closes the innermost level.
#[inline(always)]
fn closing(kinds: u64) -> u8 {
    if kinds & 1 == 1 { b'}' } else { b']' }
}

/// Returns the next byte from `at` on that is not a blank, and its position.
#[inline(always)]
pub fn solid(text: &[u8], at: usize) -> Result<(usize, u8), ScanError> {
    match text.get(at) {
        Some(&byte) if byte > b' ' => Ok((at, byte)),
        _ => {
            let at = skip_blanks(text, at);
            let byte = text.get(at).ok_or(ScanError::Incomplete)?;
            Ok((at, *byte))
        }
    }
}

/// Passes the colon after the key that ends at `at`; returns where its value begins, and the first byte of it.
#[inline(always)]
fn after_key(text: &[u8], at: usize) -> Result<(usize, u8), ScanError> {
    let (at, byte) = solid(text, at)?;
    if byte != b':' {
        return Err(ScanError::Malformed);
    }
    solid(text, at + 1)
}

/// Where something begins and ends.
pub type Range = (usize, usize);

/// Reads the member whose key's quote is at `at`: the key and the value.
#[inline(always)]
pub fn member<'a>(strings: &mut impl Strings<'a>, at: usize) -> Result<(Range, Range), ScanError> {
    let text = strings.text();
    let key_end = strings.string_end(at + 1)?;
    let (value, byte) = after_key(text, key_end)?;
    let end = match byte {
        b'"' => strings.string_end(value + 1)?,
        b'{' | b'[' => nested_end(strings, value)?,
        _ => scan_scalar(text, value)?,
    };
    Ok(((at + 1, key_end - 1), (value, end)))
}

/// Reads the member at `at`, with or without a comma before it; `None` at the object's end.
#[inline(always)]
pub fn next_member(text: &[u8], at: usize) -> Result<Option<(Range, Range)>, ScanError> {
    let (mut at, mut byte) = solid(text, at)?;
    if byte == b',' {
        (at, byte) = solid(text, at + 1)?;
    }
    match byte {
        b'"' => member(&mut Short(text), at).map(Some),
        b'}' => Ok(None),
        _ => Err(ScanError::Malformed),
    }
}
