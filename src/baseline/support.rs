//! How many identities are known for each value of a trait.

/// The number of identities that are known for each trait value, by [`support_key`](crate::baseline::support_key): numbers
/// in two arrays, because a generation has hundreds of thousands of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Support {
    keys: Vec<u64>,
    counts: Vec<u32>,
}

impl Support {
    /// Makes these of keys in ascending order and their numbers; `None` if they are in no such order, or not equally many.
    pub fn of_sorted(keys: Vec<u64>, counts: Vec<u32>) -> Option<Self> {
        let is_sound = keys.len() == counts.len() && keys.is_sorted_by(|a, b| a < b);
        is_sound.then_some(Self { keys, counts })
    }

    /// Returns the number of a key, 0 of one that nobody is known for.
    pub fn of(&self, key: u64) -> u32 {
        self.keys
            .binary_search(&key)
            .map_or(0, |at| self.counts[at])
    }

    /// Returns the keys, in ascending order.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// Returns the numbers, in the order of their keys.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }
}

impl FromIterator<(u64, u32)> for Support {
    fn from_iter<I: IntoIterator<Item = (u64, u32)>>(values: I) -> Self {
        let mut all: Vec<(u64, u32)> = values.into_iter().collect();
        all.sort_unstable();
        let (keys, counts) = all.into_iter().unzip();
        Self { keys, counts }
    }
}
