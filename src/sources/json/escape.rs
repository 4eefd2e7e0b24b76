//! The escapes of JSON strings.

use std::borrow::Cow;

use wide::u8x16;

/// Decodes the escapes of a string; invalid escapes stay as they are, and bytes that are not UTF-8 become `�`.
pub fn unescape(inner: &[u8]) -> Cow<'_, str> {
    // Checking first is faster than replacing, and there is rarely anything to replace.
    let text =
        std::str::from_utf8(inner).map_or_else(|_| String::from_utf8_lossy(inner), Cow::Borrowed);
    if !has_backslash(inner) {
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

/// Returns whether a text has a backslash. Most texts are short, so this is faster than a search with setup cost.
#[inline(always)]
fn has_backslash(text: &[u8]) -> bool {
    let (parts, rest) = text.as_chunks::<16>();
    let slashes = u8x16::splat(b'\\');
    let is_in = |part: &[u8; 16]| u8x16::new(*part).simd_eq(slashes).to_bitmask() != 0;
    parts.iter().any(is_in) || rest.contains(&b'\\')
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
