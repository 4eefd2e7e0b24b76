//! The values of all traits that an entity is known for, in one list: most entities have one or two of each trait, and a list
//! for each trait takes more room than what is in it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::baseline::{KnownSet, KnownValue};
use crate::time::Day;
use crate::vocab::{Str, Trait};

/// The known values of an entity. It is told of each trait in the words of [`KnownSet`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownValues {
    /// Sorted by trait and hash.
    rows: Vec<Row>,
    /// Traits that were ever shown, as bits.
    shown: u32,
    /// Traits of which values were dropped because they were too many.
    saturated: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    hash: u64,
    value: Str,
    last_day: Day,
    which: Trait,
    n_days: u8,
}

const fn bit(which: Trait) -> u32 {
    1 << which as u32
}

impl KnownValues {
    /// Takes in the values of another entity that turned out to be this one.
    pub(super) fn join(&mut self, other: Self) {
        for row in other.rows {
            match self.place(row.which, row.hash) {
                Ok(at) => {
                    let known = &mut self.rows[at];
                    known.last_day = known.last_day.max(row.last_day);
                    known.n_days = known.n_days.saturating_add(row.n_days);
                }
                Err(at) => self.rows.insert(at, row),
            }
        }
        self.shown |= other.shown;
        self.saturated |= other.saturated;
    }

    /// Returns whether a value is known.
    pub(super) fn contains(&self, which: Trait, hash: u64) -> bool {
        self.place(which, hash).is_ok()
    }

    /// Returns whether a value would be new among the known ones, as far as these are all and there are any.
    pub(super) fn lacks(&self, which: Trait, hash: u64) -> bool {
        let is_shown = !self.range(which).is_empty() && !self.is_saturated(which);
        is_shown && !self.contains(which, hash)
    }

    /// Returns whether values of a trait were dropped.
    pub(super) fn is_saturated(&self, which: Trait) -> bool {
        self.saturated & bit(which) != 0
    }

    /// Returns the hashes of the known values of a trait, sorted.
    pub(super) fn hashes(&self, which: Trait) -> impl Iterator<Item = u64> + '_ {
        self.rows[self.range(which)].iter().map(|row| row.hash)
    }

    /// Returns all known values as trait and hash.
    pub(super) fn all(&self) -> impl Iterator<Item = (Trait, u64)> + '_ {
        self.rows.iter().map(|row| (row.which, row.hash))
    }

    /// Returns the region in which the entity was seen on most days; the first in text order where several tie.
    pub(super) fn home_region(&self) -> Option<&Str> {
        self.rows[self.range(Trait::Region)]
            .iter()
            .max_by(|a, b| a.n_days.cmp(&b.n_days).then_with(|| b.value.cmp(&a.value)))
            .map(|row| &row.value)
    }

    /// Notes that a trait was shown, be it with values that are not kept.
    pub(super) fn show(&mut self, which: Trait) {
        self.shown |= bit(which);
    }

    /// Marks a trait as one of which values were lost.
    pub(super) fn saturate(&mut self, which: Trait) {
        self.saturated |= bit(which);
    }

    /// Records that a value was seen on a day. Days must come in order. Returns whether it is new; `shared` makes the copy
    /// that is kept.
    pub(super) fn see(
        &mut self,
        which: Trait,
        hash: u64,
        day: Day,
        shared: impl FnOnce() -> Str,
    ) -> bool {
        match self.place(which, hash) {
            Ok(at) => {
                let known = &mut self.rows[at];
                if known.last_day != day {
                    known.last_day = day;
                    known.n_days = known.n_days.saturating_add(1);
                }
                false
            }
            Err(at) => {
                let row = Row {
                    hash,
                    value: shared(),
                    last_day: day,
                    which,
                    n_days: 1,
                };
                self.rows.insert(at, row);
                true
            }
        }
    }

    /// Forgets of a trait what [`KnownSet::trim`] forgets; hands out the hashes.
    pub(super) fn trim(&mut self, which: Trait, oldest: Day, mut forgotten: impl FnMut(u64)) {
        let range = self.range(which);
        let of_trait = &self.rows[range.clone()];
        let n_fresh = of_trait.iter().filter(|row| row.last_day >= oldest).count();
        let room = KnownSet::room(which);
        if n_fresh == of_trait.len() && n_fresh <= room {
            return;
        }
        let mut keep_from = (oldest, 0);
        if n_fresh > room {
            self.saturate(which);
            let fresh = self.rows[range].iter().filter(|row| row.last_day >= oldest);
            let mut by_age: Vec<(Day, u64)> = fresh.map(|row| (row.last_day, row.hash)).collect();
            by_age.sort_unstable();
            keep_from = by_age[by_age.len() - room];
        }
        self.rows.retain(|row| {
            let stays = row.which != which || (row.last_day, row.hash) >= keep_from;
            if !stays {
                forgotten(row.hash);
            }
            stays
        });
    }

    /// Gives back room that is not needed.
    pub(super) fn shrink(&mut self) {
        if self.rows.capacity() > self.rows.len() + self.rows.len() / 4 {
            self.rows.shrink_to_fit();
        }
    }

    /// Keeps one copy of each text that others may have, too.
    pub(super) fn share(&mut self, mut shared: impl FnMut(Trait, u64, &Str) -> Str) {
        for row in &mut self.rows {
            row.value = shared(row.which, row.hash, &row.value);
        }
    }

    /// Returns the known values by trait, as a baseline has them.
    pub(super) fn sets(&self) -> Vec<(Trait, KnownSet)> {
        let shown = Trait::ALL.iter().filter(|t| self.shown & bit(**t) != 0);
        let set = |&which: &Trait| {
            let rows = &self.rows[self.range(which)];
            let values = rows.iter().map(|row| KnownValue {
                value: row.value.clone(),
                last_day: row.last_day,
                n_days: row.n_days,
            });
            let hashes = rows.iter().map(|row| row.hash).collect();
            let set = KnownSet::of(hashes, values.collect(), self.is_saturated(which));
            (which, set)
        };
        shown.map(set).collect()
    }

    fn place(&self, which: Trait, hash: u64) -> Result<usize, usize> {
        self.rows
            .binary_search_by(|row| (row.which, row.hash).cmp(&(which, hash)))
    }

    fn range(&self, which: Trait) -> Range<usize> {
        let from = self.rows.partition_point(|row| row.which < which);
        let n = self.rows[from..].partition_point(|row| row.which == which);
        from..from + n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn one_list_of_all_traits_is_a_set_for_each(
            seen in proptest::collection::vec((0..3usize, 0..90u64, 0..8i32), 0..400),
        ) {
            let mut list = KnownValues::default();
            let mut sets: Vec<(Trait, KnownSet)> = Vec::new();
            let mut day = Day(20_000);
            for (which, n, later) in seen {
                day = day.plus(later / 6);
                let which = [Trait::Region, Trait::Bucket, Trait::Network][which];
                let hash = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let value: Str = n.to_string().into();
                let at = match sets.binary_search_by_key(&which, |&(t, _)| t) {
                    Ok(at) => at,
                    Err(at) => {
                        sets.insert(at, (which, KnownSet::default()));
                        at
                    }
                };
                let set = &mut sets[at].1;
                prop_assert_eq!(list.contains(which, hash), set.contains(hash));
                let before: Vec<u64> = set.hashes().to_vec();
                set.see(hash, &value, day);
                set.trim(which, day.plus(-10));
                list.show(which);
                let is_new = list.see(which, hash, day, || value.clone());
                prop_assert_eq!(is_new, !before.contains(&hash));
                let mut forgotten = Vec::new();
                list.trim(which, day.plus(-10), |hash| forgotten.push(hash));
                prop_assert!(forgotten.iter().all(|hash| !set.contains(*hash)));
                let left = before.len() + usize::from(is_new) - forgotten.len();
                prop_assert_eq!(left, set.hashes().len());
            }
            prop_assert_eq!(list.sets(), sets);
        }
    }
}
