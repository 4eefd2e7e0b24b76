//! How many identities know each value of each trait, as of the end of the last day learnt.

use rustc_hash::FxHashMap;

use crate::baseline::support_key;
use crate::learn::known_values::KnownValues;

/// The counts, and what the day that is being learnt changes in them.
#[derive(Default)]
pub(super) struct Support {
    counts: FxHashMap<u64, u32>,
    added: Vec<u64>,
    removed: Vec<u64>,
}

impl Support {
    /// Returns how many identities knew a value on the morning of the day that is being learnt.
    pub(super) fn of(&self, key: u64) -> u32 {
        self.counts.get(&key).copied().unwrap_or(0)
    }

    /// Returns the counts, all above zero. They are those of a day's end once it has been settled.
    pub(super) fn counts(&self) -> &FxHashMap<u64, u32> {
        &self.counts
    }

    /// Counts a value that an identity came to know.
    pub(super) fn add(&mut self, key: u64) {
        self.added.push(key);
    }

    /// Counts a value that an identity knows no longer.
    pub(super) fn remove(&mut self, key: u64) {
        self.removed.push(key);
    }

    /// Counts all values of an identity that is forgotten.
    pub(super) fn remove_all(&mut self, known: &KnownValues) {
        let keys = known.all().map(|(which, hash)| support_key(which, hash));
        self.removed.extend(keys);
    }

    /// Counts all values of an identity, at once.
    pub(super) fn add_all(&mut self, known: &KnownValues) {
        for (which, hash) in known.all() {
            *self.counts.entry(support_key(which, hash)).or_insert(0) += 1;
        }
    }

    /// Ends a day: what it changed counts from now on.
    pub(super) fn settle(&mut self) {
        for key in self.added.drain(..) {
            *self.counts.entry(key).or_insert(0) += 1;
        }
        for key in self.removed.drain(..) {
            if let Some(count) = self.counts.get_mut(&key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.counts.remove(&key);
                }
            }
        }
    }
}
