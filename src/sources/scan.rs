//! Where a JSON value ends, found without understanding it, a piece at a time.

/// The deepest nesting that is accepted.
pub const DEPTH_MAX: u32 = 64;

/// What a scan came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// The value ends before this byte.
    End(usize),
    /// It goes on after what was scanned.
    More,
    /// A line ended inside a text, which JSON does not allow: the value was cut off before this byte.
    Broken(usize),
}

/// The state of a scan over one object or array.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    depth: u32,
    is_text: bool,
    is_escaped: bool,
    scanned: usize,
    /// The deepest nesting seen.
    pub deepest: u32,
}

impl Scanner {
    /// Begins before an object or array, or inside `depth` of them.
    pub fn inside(depth: u32) -> Self {
        Self {
            depth,
            ..Self::default()
        }
    }

    /// Begins anew on the bytes that follow those scanned; used when they are thrown away.
    pub fn rebase(&mut self) {
        self.scanned = 0;
    }

    /// Scans on. `bytes` begins where it began before, and may have grown.
    pub fn scan(&mut self, bytes: &[u8]) -> Scan {
        let mut at = self.scanned;
        while at < bytes.len() {
            if self.is_text {
                if self.is_escaped {
                    self.is_escaped = false;
                    at += 1;
                    continue;
                }
                let Some(next) = memchr::memchr3(b'"', b'\\', b'\n', &bytes[at..]) else {
                    at = bytes.len();
                    break;
                };
                at += next + 1;
                match bytes[at - 1] {
                    b'"' => self.is_text = false,
                    b'\\' => self.is_escaped = true,
                    _ => return Scan::Broken(at),
                }
                continue;
            }
            match bytes[at] {
                b'"' => self.is_text = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    self.deepest = self.deepest.max(self.depth);
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Scan::End(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.scanned = at;
        Scan::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_brackets_close_however_it_is_cut() {
        let text = br#"{"a": "}\"", "b": [1, {"c": "\\"}]} {"next": 1}"#;
        for cut in 0..text.len() {
            let mut scanner = Scanner::default();
            let first = scanner.scan(&text[..cut]);
            let found = if first == Scan::More {
                scanner.scan(text)
            } else {
                first
            };
            assert_eq!(found, Scan::End(35), "cut at {cut}");
        }
        assert_eq!(Scanner::default().scan(b"{\"a\": \"b\n{}"), Scan::Broken(9));
    }
}
