//! One copy of each text that is remembered, however many entities and days it was read for.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::measure::value_hash;
use crate::vocab::{Str, Trait};

/// Texts in use below which nothing is cleaned.
const FEW: usize = 1_024;

/// The texts, by their hash. Of two with the same hash, one is kept.
#[derive(Default)]
pub(super) struct Texts {
    by_hash: FxHashMap<u64, Str>,
    /// How many there were after the last cleaning.
    in_use: usize,
}

impl Texts {
    /// Returns the copy of a text that all share.
    pub(super) fn shared(&mut self, text: &Str) -> Str {
        self.shared_as(value_hash(text), text)
    }

    /// Returns the copy of a value of a trait that all share. Of a credential there is no other.
    pub(super) fn shared_value(&mut self, which: Trait, hash: u64, value: &Str) -> Str {
        match which {
            Trait::Credential => value.clone(),
            _ => self.shared_as(hash, value),
        }
    }

    fn shared_as(&mut self, hash: u64, text: &Str) -> Str {
        let known = self.by_hash.entry(hash).or_insert_with(|| text.clone());
        match *known == *text {
            true => known.clone(),
            false => text.clone(),
        }
    }

    /// Forgets the texts that nothing else uses, once there may be many of them.
    pub(super) fn forget_unused(&mut self) {
        if self.by_hash.len() > 2 * self.in_use.max(FEW) {
            self.by_hash.retain(|_, text| Arc::strong_count(text) > 1);
            self.in_use = self.by_hash.len();
        }
    }
}
