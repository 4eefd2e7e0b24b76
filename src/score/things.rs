//! Distinct things, counted exactly as long as there are not too many.

use rustc_hash::FxHashSet;

use crate::sketch::Distinct;

/// Distinct things by hash. Which they are decides what is counted, and not their order.
#[derive(Default)]
pub(super) struct Things {
    exact: FxHashSet<u64>,
    beyond: Distinct,
}

impl Things {
    /// Adds a thing. Beyond `exact_max` of them the count is an estimate.
    pub fn insert(&mut self, hash: u64, exact_max: usize) {
        if self.beyond.is_empty() {
            self.exact.insert(hash);
            if self.exact.len() > exact_max {
                self.blur();
            }
        } else {
            self.beyond.insert(hash);
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, mut other: Self) {
        if self.beyond.is_empty() && other.beyond.is_empty() {
            if self.exact.len() < other.exact.len() {
                std::mem::swap(self, &mut other);
            }
            self.exact.extend(other.exact);
            return;
        }
        self.blur();
        other.blur();
        self.beyond.merge(&other.beyond);
    }

    /// Keeps no thing by itself any more: the count is an estimate from now on.
    pub fn blur(&mut self) {
        let mut exact: Vec<u64> = self.exact.drain().collect();
        exact.sort_unstable();
        exact.into_iter().for_each(|hash| self.beyond.insert(hash));
        self.exact.shrink_to_fit();
    }

    /// Returns how many are kept by themselves.
    pub fn kept(&self) -> usize {
        self.exact.len()
    }

    /// Returns how many there are.
    pub fn count(&self) -> u64 {
        match self.beyond.is_empty() {
            true => self.exact.len() as u64,
            false => self.beyond.count(),
        }
    }
}
