//! How often each of a bounded number of values was seen.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};

/// Counts of at most `K` values: of all that were offered, the `K` with the lowest hashes.
///
/// Which values stay depends on their hashes alone. So the same values are kept in any order of input and any split over
/// shards, and the count of a kept value is complete. They are a fair sample of the values, not the most frequent ones.
/// Equal hashes are distinguished by the value.
///
/// ```
/// use plimsoll::sketch::Tally;
/// let mut tally = Tally::<&str, 2>::default();
/// tally.add(30, "c", 1);
/// tally.add(10, "a", 5);
/// tally.add(20, "b", 1);
/// assert_eq!(tally.iter().collect::<Vec<_>>(), [(&"a", 5), (&"b", 1)]);
/// assert!(tally.saturated());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored<V>", into = "Stored<V>")]
#[serde(bound(
    serialize = "V: Ord + Clone + Serialize",
    deserialize = "V: Ord + Clone + Deserialize<'de>"
))]
pub struct Tally<V: Ord + Clone, const K: usize> {
    /// Ascending by hash, then value; at most `K`.
    entries: Vec<Entry<V>>,
    saturated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry<V> {
    hash: u64,
    value: V,
    count: u64,
}

impl<V: Ord + Clone, const K: usize> Default for Tally<V, K> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            saturated: false,
        }
    }
}

impl<V: Ord + Clone, const K: usize> Tally<V, K> {
    /// Adds `count` sightings of a value. Its hash must always be the same; counts stop at `u64::MAX`.
    pub fn add(&mut self, hash: u64, value: V, count: u64) {
        if let Err(at) = self.count(hash, &value, count) {
            self.insert(at, hash, || value, count);
        }
    }

    /// Adds `count` sightings of a value; `owned` makes a copy of it if it is new. Returns whether it was there.
    pub fn add_borrowed<Q: Ord + ?Sized>(
        &mut self,
        hash: u64,
        value: &Q,
        owned: impl FnOnce() -> V,
        count: u64,
    ) -> bool
    where
        V: Borrow<Q>,
    {
        let found = self.count(hash, value, count);
        if let Err(at) = found {
            self.insert(at, hash, owned, count);
        }
        found.is_ok()
    }

    /// Counts a value that is there, or returns its place.
    fn count<Q: Ord + ?Sized>(&mut self, hash: u64, value: &Q, count: u64) -> Result<(), usize>
    where
        V: Borrow<Q>,
    {
        let at = self
            .entries
            .binary_search_by(|entry| (entry.hash, entry.value.borrow()).cmp(&(hash, value)))?;
        self.entries[at].count = self.entries[at].count.saturating_add(count);
        Ok(())
    }

    fn insert(&mut self, at: usize, hash: u64, value: impl FnOnce() -> V, count: u64) {
        if at < K {
            let value = value();
            if self.entries.is_empty() {
                // Most have one value.
                self.entries.reserve_exact(1);
            }
            self.entries.insert(at, Entry { hash, value, count });
        }
        self.saturated |= at >= K || self.entries.len() > K;
        self.entries.truncate(K);
    }

    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for entry in &other.entries {
            self.add(entry.hash, entry.value.clone(), entry.count);
        }
        self.saturated |= other.saturated;
    }

    /// Returns the values that were kept with their counts, by ascending hash.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&V, u64)> {
        self.entries.iter().map(|entry| (&entry.value, entry.count))
    }

    /// Returns the values that were kept with their hashes, by ascending hash.
    pub fn hashed(&self) -> impl ExactSizeIterator<Item = (u64, &V)> {
        self.entries.iter().map(|entry| (entry.hash, &entry.value))
    }

    /// Returns the count of a value; `None` if it was not seen, or not kept.
    pub fn get(&self, hash: u64, value: &V) -> Option<u64> {
        let at = self
            .entries
            .binary_search_by(|entry| (entry.hash, &entry.value).cmp(&(hash, value)))
            .ok()?;
        Some(self.entries[at].count)
    }

    /// Returns how many values are kept, at most `K`.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.saturated
    }

    /// Returns whether more than `K` different values were offered, so that some were not kept.
    pub fn saturated(&self) -> bool {
        self.saturated
    }
}

/// The stored form, checked when it is read.
#[derive(Serialize, Deserialize)]
struct Stored<V> {
    entries: Vec<Entry<V>>,
    saturated: bool,
}

impl<V: Ord + Clone, const K: usize> From<Tally<V, K>> for Stored<V> {
    fn from(tally: Tally<V, K>) -> Self {
        Self {
            entries: tally.entries,
            saturated: tally.saturated,
        }
    }
}

impl<V: Ord + Clone, const K: usize> TryFrom<Stored<V>> for Tally<V, K> {
    type Error = &'static str;

    fn try_from(stored: Stored<V>) -> Result<Self, Self::Error> {
        let ascending = stored
            .entries
            .is_sorted_by(|a, b| (a.hash, &a.value) < (b.hash, &b.value));
        if stored.entries.len() > K || !ascending {
            return Err("a tally is too long or not ascending");
        }
        Ok(Self {
            entries: stored.entries,
            saturated: stored.saturated,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Small = Tally<u8, 4>;

    fn of<'a>(values: impl IntoIterator<Item = &'a u8>) -> Small {
        let mut tally = Small::default();
        for &value in values {
            // Pairs of values have the same hash.
            tally.add(
                u64::from(value / 2).wrapping_mul(0x9E37_79B9_7F4A_7C15),
                value,
                1,
            );
        }
        tally
    }

    proptest! {
        #[test]
        fn merge_laws(x in prop::collection::vec(0..12u8, 0..30), y in prop::collection::vec(0..12u8, 0..30)) {
            let (a, b) = (of(&x), of(&y));
            let all = of(x.iter().rev().chain(&y));
            let (mut ab, mut ba) = (a.clone(), b.clone());
            ab.merge(&b);
            ba.merge(&a);
            prop_assert_eq!(&ab, &all);
            prop_assert_eq!(&ba, &all);
            let different = x.iter().chain(&y).collect::<std::collections::BTreeSet<_>>().len();
            prop_assert_eq!(all.saturated(), different > 4);
            for (value, count) in all.iter() {
                prop_assert_eq!(count as usize, x.iter().chain(&y).filter(|v| *v == value).count());
            }
            let bytes = postcard::to_stdvec(&all).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Small>(&bytes).unwrap(), all);
        }
    }
}
