//! The values of all traits of one subject and day, in one piece of memory: most subjects show a value or two of each.

use std::ops::Range;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::measure::bounds::TRAIT_VALUES_MAX;
use crate::sketch::Tally;
use crate::vocab::{Str, Trait};

/// Room for the values of an ordinary event.
const FIRST_ROOM: usize = 12;

/// How often each value of each trait was seen: of each trait, the [`TRAIT_VALUES_MAX`] values with the lowest hashes.
///
/// This is a [`Tally`] a trait, and is stored as that.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayTraits {
    /// Ascending by trait, hash and value.
    entries: Vec<Entry>,
    /// The traits of which values were dropped, as bits.
    saturated: u32,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    which: Trait,
    count: u32,
    hash: u64,
    value: Str,
}

impl Entry {
    fn key(&self) -> (Trait, u64, &str) {
        (self.which, self.hash, &self.value)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_struct("Entry", 3)?;
        entry.serialize_field("hash", &self.hash)?;
        entry.serialize_field("value", &self.value)?;
        entry.serialize_field("count", &u64::from(self.count))?;
        entry.end()
    }
}

/// The values of one trait of one subject and day.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TraitValues<'a> {
    entries: &'a [Entry],
    saturated: bool,
}

impl<'a> TraitValues<'a> {
    /// Returns the values that were kept with their counts, by ascending hash.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'a Str, u64)> {
        let entries = self.entries.iter();
        entries.map(|entry| (&entry.value, u64::from(entry.count)))
    }

    /// Returns the values that were kept with their hashes, by ascending hash.
    pub fn hashed(self) -> impl ExactSizeIterator<Item = (u64, &'a Str)> {
        self.entries.iter().map(|entry| (entry.hash, &entry.value))
    }

    /// Returns the count of a value; `None` if it was not seen, or not kept.
    pub fn get(self, hash: u64, value: &str) -> Option<u64> {
        let found = self
            .entries
            .binary_search_by(|entry| (entry.hash, &*entry.value).cmp(&(hash, value)));
        found.ok().map(|at| u64::from(self.entries[at].count))
    }

    /// Returns how many values are kept.
    pub fn len(self) -> usize {
        self.entries.len()
    }

    /// Returns whether none is kept.
    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    /// Returns whether more different values were seen than are kept.
    pub fn saturated(self) -> bool {
        self.saturated
    }
}

impl DayTraits {
    /// Adds sightings of a value; `owned` makes the copy that is kept if it is new. Returns whether it was there. Counts stop at
    /// `u32::MAX`.
    pub fn add(
        &mut self,
        (which, hash, value): (Trait, u64, &str),
        count: u32,
        owned: impl FnOnce() -> Str,
    ) -> bool {
        let key = (which, hash, value);
        let at = match self.entries.binary_search_by(|entry| entry.key().cmp(&key)) {
            Ok(at) => {
                let known = &mut self.entries[at].count;
                *known = known.saturating_add(count);
                return true;
            }
            Err(at) => at,
        };
        let Range { start, end } = self.range(which);
        if at - start < TRAIT_VALUES_MAX {
            if end - start == TRAIT_VALUES_MAX {
                self.entries.remove(end - 1);
                self.saturate(which);
            }
            if self.entries.is_empty() {
                self.entries.reserve_exact(FIRST_ROOM);
            }
            let value = owned();
            self.entries.insert(
                at,
                Entry {
                    which,
                    count,
                    hash,
                    value,
                },
            );
        } else {
            self.saturate(which);
        }
        false
    }

    /// Adds the values of other events.
    pub fn merge(&mut self, other: &Self) {
        if self.entries.is_empty() {
            self.entries.clone_from(&other.entries);
        } else {
            for entry in &other.entries {
                self.add(entry.key(), entry.count, || entry.value.clone());
            }
        }
        self.saturated |= other.saturated;
    }

    /// Keeps some of the values, as if there had been no others.
    pub fn retain(&mut self, is_kept: impl Fn(Trait, u64) -> bool) {
        self.entries
            .retain(|entry| is_kept(entry.which, entry.hash));
        self.saturated = 0;
    }

    /// Returns the values of one trait; `None` if it has none.
    pub fn of(&self, which: Trait) -> Option<TraitValues<'_>> {
        let entries = &self.entries[self.range(which)];
        (!entries.is_empty()).then_some(TraitValues {
            entries,
            saturated: self.is_saturated(which),
        })
    }

    /// Returns the traits that have values, in order, with these.
    pub fn iter(&self) -> impl Iterator<Item = (Trait, TraitValues<'_>)> {
        let groups = self.entries.chunk_by(|a, b| a.which == b.which);
        groups.map(|entries| {
            let which = entries[0].which;
            let saturated = self.is_saturated(which);
            (which, TraitValues { entries, saturated })
        })
    }

    /// Returns whether there are more values of some trait than are kept.
    pub fn is_any_saturated(&self) -> bool {
        self.saturated != 0
    }

    /// Returns about how many bytes it takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    fn range(&self, which: Trait) -> Range<usize> {
        let start = self.entries.partition_point(|entry| entry.which < which);
        let behind = &self.entries[start..];
        start..start + behind.partition_point(|entry| entry.which == which)
    }

    fn saturate(&mut self, which: Trait) {
        self.saturated |= 1 << which as u32;
    }

    fn is_saturated(&self, which: Trait) -> bool {
        self.saturated & (1 << which as u32) != 0
    }
}

impl Serialize for DayTraits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let n = self.iter().count();
        let mut groups = serializer.serialize_seq(Some(n))?;
        for group in self.iter() {
            serde::ser::SerializeSeq::serialize_element(&mut groups, &group)?;
        }
        serde::ser::SerializeSeq::end(groups)
    }
}

impl<'de> Deserialize<'de> for DayTraits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let groups = Vec::<(Trait, Tally<Str, TRAIT_VALUES_MAX>)>::deserialize(deserializer)?;
        if !groups.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(serde::de::Error::custom("traits are not in order"));
        }
        let mut traits = Self::default();
        let n_values = groups.iter().map(|(_, values)| values.len()).sum();
        traits.entries.reserve_exact(n_values);
        for (which, values) in groups {
            if values.saturated() {
                traits.saturate(which);
            }
            let counted = values.hashed().zip(values.iter());
            traits
                .entries
                .extend(counted.map(|((hash, value), (_, count))| Entry {
                    which,
                    count: u32::try_from(count).unwrap_or(u32::MAX),
                    hash,
                    value: value.clone(),
                }));
        }
        Ok(traits)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::measure::value_hash;

    const TRAITS: [Trait; 3] = [Trait::Region, Trait::Bucket, Trait::Action];

    fn of<'a>(seen: impl IntoIterator<Item = &'a (usize, u16)>) -> DayTraits {
        let mut traits = DayTraits::default();
        for (which, n) in seen {
            let value = format!("v{n}");
            traits.add((TRAITS[*which], value_hash(&value), &value), 1, || {
                value.as_str().into()
            });
        }
        traits
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_tally_for_each_trait(
            x in prop::collection::vec((0..3usize, 0..400u16), 0..900),
            y in prop::collection::vec((0..3usize, 0..400u16), 0..300),
        ) {
            let mut tallies = BTreeMap::<Trait, Tally<Str, TRAIT_VALUES_MAX>>::new();
            for (which, n) in x.iter().chain(&y) {
                let value = Str::from(format!("v{n}"));
                tallies.entry(TRAITS[*which]).or_default().add(value_hash(&value), value, 1);
            }
            let mut merged = of(&x);
            merged.merge(&of(&y));
            prop_assert_eq!(&merged, &of(y.iter().rev().chain(&x)));
            prop_assert_eq!(merged.iter().count(), tallies.len());
            for (which, tally) in &tallies {
                let values = merged.of(*which).unwrap();
                prop_assert_eq!(values.saturated(), tally.saturated());
                prop_assert!(values.iter().eq(tally.iter()));
                prop_assert!(values.hashed().eq(tally.hashed()));
                for (hash, value) in tally.hashed() {
                    prop_assert_eq!(values.get(hash, value), tally.get(hash, value));
                }
            }
            let stored = postcard::to_stdvec(&merged).unwrap();
            let as_tallies: Vec<_> = tallies.into_iter().collect();
            prop_assert_eq!(&stored, &postcard::to_stdvec(&as_tallies).unwrap());
            prop_assert_eq!(postcard::from_bytes::<DayTraits>(&stored).unwrap(), merged);
        }
    }
}
