//! Shares texts that many records repeat.

use rustc_hash::FxHashSet;

use crate::event::Untrusted;
use crate::sources::json::Value;
use crate::sources::recent::{self, Recent};
use crate::vocab::Str;

/// Shares equal texts. Bounded: it is emptied when it is full.
#[derive(Debug, Default)]
pub struct Interner {
    known: FxHashSet<Str>,
    /// The texts of values that are written as they are read: without escapes.
    recent: Recent<Str>,
}

impl Interner {
    /// The most texts that are kept.
    pub const TEXTS_MAX: usize = 65_536;
    /// The longest text, in bytes, that is kept.
    pub const BYTES_MAX: usize = 512;

    /// Returns the shared copy of a text, cut to the bound of untrusted text.
    pub fn share(&mut self, text: &str) -> Str {
        if text.len() > Self::BYTES_MAX {
            return crate::event::cut(text, Untrusted::BYTES_MAX).into();
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if self.known.len() >= Self::TEXTS_MAX {
            self.known.clear();
        }
        let shared: Str = text.into();
        self.known.insert(shared.clone());
        shared
    }

    /// Returns the shared copy of a value's text; `None` if it has none.
    pub fn text(&mut self, value: Value<'_>) -> Option<Str> {
        let Value::Text(inner) = value else {
            return value.text().map(|text| self.share(&text));
        };
        let hash = recent::hash(inner);
        if let Some(known) = self.recent.get(hash).filter(|k| k.as_bytes() == inner) {
            return Some(known.clone());
        }
        let shared = self.share(&value.text()?);
        if shared.as_bytes() == inner && inner.len() <= Self::BYTES_MAX {
            self.recent.put(hash, shared.clone());
        }
        Some(shared)
    }

    /// Returns the shared copy of a value's text whose content the log's writer chose; `None` if it has none.
    pub fn untrusted_text(&mut self, value: Value<'_>) -> Option<Untrusted> {
        self.text(value).map(Untrusted::from_shared)
    }

    /// Returns the shared copy of a text whose content the log's writer chose.
    pub fn untrusted(&mut self, text: &str) -> Untrusted {
        Untrusted::from_shared(self.share(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shared_as_its_text_is() {
        let mut interner = Interner::default();
        for (json, text) in [
            ("\"eu-west-1\"", Some("eu-west-1")),
            ("\"a\\\\q\"", Some("a\\q")),
            ("\"a\\q\"", Some("a\\q")),
            ("\"\\u00e9\"", Some("é")),
            ("\"-\"", None),
            ("12", Some("12")),
            ("null", None),
        ] {
            for _ in 0..2 {
                let shared = interner.text(Value::of(json.as_bytes()));
                assert_eq!(shared.as_deref(), text, "{json}");
            }
        }
    }

    #[test]
    fn equal_texts_are_shared_and_memory_is_bounded() {
        let mut interner = Interner::default();
        let first = interner.share("eu-west-1");
        assert!(Str::ptr_eq(&first, &interner.share("eu-west-1")));
        for n in 0..=Interner::TEXTS_MAX {
            interner.share(&n.to_string());
        }
        assert!(interner.known.len() <= Interner::TEXTS_MAX);
        assert_eq!(
            interner.share(&"x".repeat(9_000)).len(),
            Untrusted::BYTES_MAX
        );
    }
}
