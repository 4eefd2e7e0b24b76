//! Ids for records that have none: a hash of their content.

use xxhash_rust::xxh3::Xxh3;

use crate::event::cut;
use crate::time::Time;
use crate::vocab::Str;

/// The longest part of a record's own id that is kept readable, in bytes.
const OWN_BYTES_MAX: usize = 256;

/// A hash over the parts that identify a record.
pub struct Hash(Xxh3);

impl Default for Hash {
    fn default() -> Self {
        Self(Xxh3::new())
    }
}

impl Hash {
    /// Adds a part; an absent part differs from an empty one.
    pub fn put(&mut self, part: Option<&str>) -> &mut Self {
        self.0.update(part.unwrap_or("\u{0}").as_bytes());
        self.0.update(&[0xff]);
        self
    }

    /// Returns the id: a prefix and 32 hexadecimal digits.
    pub fn id(&self, prefix: &str) -> Str {
        format!("{prefix}{:032x}", self.0.digest128()).into()
    }
}

/// Returns the id of a record that these parts identify.
pub fn of_parts(prefix: &str, parts: &[Option<&str>]) -> Str {
    let mut hash = Hash::default();
    for part in parts {
        hash.put(*part);
    }
    hash.id(prefix)
}

/// Returns the id of a record whose own id, if it has one, is unique only among records with the same parts: the own id or a
/// prefix, followed by the hash of the parts.
pub fn scoped(own: Option<&str>, prefix: &str, parts: &[Option<&str>]) -> Str {
    match own {
        Some(own) => {
            let mut whole = Hash::default();
            parts.iter().fold(&mut whole, |hash, part| hash.put(*part));
            // Only the beginning of a long id stays readable.
            whole.put(Some(own));
            whole.id(&format!("{}/", cut(own, OWN_BYTES_MAX)))
        }
        None => of_parts(prefix, parts),
    }
}

/// Returns an instant in milliseconds, the precision that all copies of a record have: pipelines cut the rest.
pub fn instant(time: Time) -> String {
    const NANOS_PER_MILLI: i64 = 1_000_000;
    let nanos = time.nanos();
    Time::from_nanos(nanos - nanos.rem_euclid(NANOS_PER_MILLI)).to_string()
}

/// Returns JSON text without blanks between values.
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
