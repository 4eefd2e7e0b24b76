//! Shares texts that many records repeat.

use rustc_hash::FxHashSet;

use crate::event::Untrusted;
use crate::vocab::Str;

/// Shares equal texts. Bounded: it is emptied when it is full.
#[derive(Debug, Default)]
pub struct Interner {
    known: FxHashSet<Str>,
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

    /// Returns the shared copy of a text whose content the log's writer chose.
    pub fn untrusted(&mut self, text: &str) -> Untrusted {
        Untrusted::from_shared(self.share(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
