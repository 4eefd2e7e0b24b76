//! Ids for records that have none: a hash of what they say.

use xxhash_rust::xxh3::Xxh3;

use crate::event::cut;
use crate::time::Time;
use crate::vocab::Str;

/// As much of a record's own id is shown.
const OWN_BYTES_MAX: usize = 256;

/// What tells one record from another, hashed part by part.
pub struct Hash(Xxh3);

impl Default for Hash {
    fn default() -> Self {
        Self(Xxh3::new())
    }
}

impl Hash {
    /// Adds a part; that there is none is something else than that it is empty.
    pub fn put(&mut self, part: Option<&str>) -> &mut Self {
        self.0.update(part.unwrap_or("\u{0}").as_bytes());
        self.0.update(&[0xff]);
        self
    }

    /// Returns the id, 32 hexadecimal digits behind a prefix.
    pub fn id(&self, prefix: &str) -> Str {
        format!("{prefix}{:032x}", self.0.digest128()).into()
    }
}

/// Returns the id of a record that is told from others by these parts.
pub fn of_parts(prefix: &str, parts: &[Option<&str>]) -> Str {
    let mut hash = Hash::default();
    for part in parts {
        hash.put(*part);
    }
    hash.id(prefix)
}

/// Returns the id of a record whose own id, if it has one, is unique only among those that are alike in these parts: the
/// hash of the parts behind that id, or behind a prefix.
pub fn scoped(own: Option<&str>, prefix: &str, parts: &[Option<&str>]) -> Str {
    match own {
        Some(own) => {
            let mut whole = Hash::default();
            parts.iter().fold(&mut whole, |hash, part| hash.put(*part));
            // Of a long one the beginning is shown.
            whole.put(Some(own));
            whole.id(&format!("{}/", cut(own, OWN_BYTES_MAX)))
        }
        None => of_parts(prefix, parts),
    }
}

/// Returns an instant as far as all copies of a record have it: pipelines cut it to milliseconds.
pub fn instant(time: Time) -> String {
    const NANOS_PER_MILLI: i64 = 1_000_000;
    let nanos = time.nanos();
    Time::from_nanos(nanos - nanos.rem_euclid(NANOS_PER_MILLI)).to_string()
}

/// Returns JSON text without the blanks that a printer puts between values.
pub fn without_blanks(json: &[u8]) -> Vec<u8> {
    let (mut out, mut in_string, mut escaped) = (Vec::with_capacity(json.len()), false, false);
    for &byte in json {
        if in_string || !byte.is_ascii_whitespace() {
            out.push(byte);
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    out
}
