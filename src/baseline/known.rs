//! The known values of one trait of an entity. Their number is bounded, and values unseen for long are forgotten.

use serde::{Deserialize, Serialize};

use crate::baseline::SharedTexts;
use crate::stats::constants::{KNOWN_BUCKETS_MAX, TRAIT_VALUES_MAX};
use crate::time::Day;
use crate::vocab::{Str, Trait};

/// One known value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownValue {
    /// The value as seen.
    pub value: Str,
    /// Last day on which it was seen.
    pub last_day: Day,
    /// Days on which it was seen, up to 255: one day adds at most one.
    pub n_days: u8,
}

/// The known values of one trait, sorted by hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSet {
    hashes: Vec<u64>,
    values: Vec<KnownValue>,
    saturated: bool,
}

impl KnownSet {
    /// Makes a set of values in the order of their hashes.
    pub fn of(hashes: Vec<u64>, values: Vec<KnownValue>, saturated: bool) -> Self {
        debug_assert!(hashes.is_sorted() && hashes.len() == values.len());
        Self {
            hashes,
            values,
            saturated,
        }
    }

    /// Returns how many values of a trait are remembered.
    pub const fn room(which: Trait) -> usize {
        match which {
            Trait::Bucket | Trait::Prefix | Trait::WorkRegion | Trait::Blinding => {
                KNOWN_BUCKETS_MAX
            }
            _ => TRAIT_VALUES_MAX,
        }
    }

    /// Returns whether a value is known.
    pub fn contains(&self, hash: u64) -> bool {
        self.hashes.binary_search(&hash).is_ok()
    }

    /// Returns the hashes of the known values, sorted.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Returns the known values in the order of their hashes.
    pub fn values(&self) -> &[KnownValue] {
        &self.values
    }

    /// Returns whether values were dropped because the set was full. "Not known" then means little.
    pub fn is_saturated(&self) -> bool {
        self.saturated
    }

    /// Shares the values as texts that other sets may have.
    pub fn share(&mut self, texts: &mut SharedTexts) {
        for known in &mut self.values {
            texts.share(&mut known.value);
        }
    }

    /// Marks the set as one that has lost values.
    pub fn saturate(&mut self) {
        self.saturated = true;
    }

    /// Records that a value was seen on a day. Days must come in order.
    pub fn see(&mut self, hash: u64, value: &Str, day: Day) {
        match self.hashes.binary_search(&hash) {
            Ok(at) => {
                let known = &mut self.values[at];
                if known.last_day != day {
                    known.last_day = day;
                    known.n_days = known.n_days.saturating_add(1);
                }
            }
            Err(at) => {
                self.hashes.insert(at, hash);
                self.values.insert(
                    at,
                    KnownValue {
                        value: value.clone(),
                        last_day: day,
                        n_days: 1,
                    },
                );
            }
        }
    }

    /// Forgets values last seen before a day, then values beyond the limit for the trait: the longest unseen first, ties by
    /// the lower hash.
    pub fn trim(&mut self, which: Trait, oldest: Day) {
        self.retain(|known, _| known.last_day >= oldest);
        let room = Self::room(which);
        if self.values.len() <= room {
            return;
        }
        self.saturated = true;
        let mut by_age: Vec<(Day, u64)> = self
            .values
            .iter()
            .map(|v| v.last_day)
            .zip(self.hashes.iter().copied())
            .collect();
        by_age.sort_unstable();
        let keep_from = by_age[by_age.len() - room];
        self.retain(|known, hash| (known.last_day, hash) >= keep_from);
    }

    fn retain(&mut self, keep: impl Fn(&KnownValue, u64) -> bool) {
        let mut at = 0;
        let hashes = std::mem::take(&mut self.hashes);
        let kept = &mut self.hashes;
        self.values.retain(|known| {
            let hash = hashes[at];
            at += 1;
            let stays = keep(known, hash);
            if stays {
                kept.push(hash);
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unseen_value_goes_first() {
        let mut set = KnownSet::default();
        for i in 0..20u64 {
            set.see(1_000 - i, &format!("v{i}").into(), Day(i as i32));
        }
        set.see(1_000, &"v0".into(), Day(30));
        set.trim(Trait::Region, Day(2));
        assert_eq!(set.values().len(), 16);
        assert!(set.is_saturated());
        assert!(set.contains(1_000), "seen again, so it stays");
        assert!(!set.contains(999), "last seen before the memory begins");
        assert!(!set.contains(997), "the oldest of what is left");
        assert!(set.contains(981));
    }
}
