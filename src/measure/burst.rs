//! Bursts: how many distinct things happened within a few seconds of each other, independent of the clock's windows.
//!
//! A tumbling window splits a burst across its border. Here the window slides: for each thing, its first and last instant
//! in every bin of the window's length is kept. A window covers the end of one bin and the beginning of the next, so this
//! is enough to count exactly. Memory is bounded by keeping the lowest hashes, so that the result does not depend on the
//! order of events. If there is too much, the fullest bins drop groups first, until each has room for as many things as are
//! distinguished in one group; only then are whole bins dropped. So noise in a few bins, however much, takes nothing from
//! the others. The weaknesses: bins end with the UTC day, and so do bursts; and on a day with hundreds of bins that full,
//! some are not seen at all.

use serde::{Deserialize, Serialize};

use crate::measure::value_hash;
use crate::time::{Time, Window};
use crate::vocab::BurstKind;

/// The most distinct things that are counted in one bin and group. A larger burst counts as one of this size.
const VALUES_MAX: usize = 128;
/// The most sightings that are kept of one subject, kind and day. A sighting is a thing of a group in a bin: about four in
/// every ten seconds of a day, in three quarters of a megabyte.
const SIGHTINGS_MAX: usize = 32_768;
/// The most sightings that are kept of one bin, so that a look-up in it is quick.
const ROOM_MAX: usize = 8_192;
/// How often the room of each bin may be halved: down to the room for one full group.
const HALVINGS_MAX: u8 = (ROOM_MAX / VALUES_MAX).ilog2() as u8;

/// The kinds of bursts to count, with their window lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BurstKey {
    /// The kind, which also defines the groups.
    pub kind: BurstKind,
    /// The length of the sliding window.
    pub window: Window,
}

/// What one event adds to bursts: a thing, and the group in which it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The kind.
    pub kind: BurstKind,
    /// The group, by its hash: things of different groups do not add up.
    pub group: u64,
    /// The thing, by its hash.
    pub value: u64,
}

/// A thing within a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sighting {
    /// Its group, by its hash.
    group: u64,
    /// The thing, by its hash.
    value: u64,
    /// The first and the last second of the day at which it was seen.
    span: (u32, u32),
}

/// The bursts of one kind of one subject and day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bursts {
    /// The bins in order, with the sightings in each, by group and value; never empty.
    bins: Vec<(u16, Vec<Sighting>)>,
    /// The number of these sightings.
    n_sightings: usize,
    /// How often the room of each bin was halved: as few times as all bins together allow.
    halvings: u8,
    /// The lowest hash of a bin without room: neither it nor any bin above it is kept.
    ///
    /// So what is kept is a function of what was seen. The bins below the limit were always kept; the limit is where they
    /// and one more bin have too many sightings, at whatever time that happened.
    limit: Option<u64>,
}

/// Returns the group of denied calls in a bucket from an address, each by its hash.
pub fn denied_group(bucket: Option<u64>, address: u64) -> u64 {
    bucket.unwrap_or(0) ^ address.rotate_left(1)
}

/// The largest burst of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstReading {
    /// The number of distinct things, up to the maximum that is counted.
    pub observed: u64,
    /// Its group, by its hash.
    pub group: u64,
    /// Its start.
    pub start: Time,
}

impl Bursts {
    /// Returns the sightings that are kept, each as the hashes of its group and of the thing.
    pub fn sightings(&self) -> impl Iterator<Item = (u64, u64)> {
        let all = self.bins.iter().flat_map(|(_, sightings)| sightings);
        all.map(|sighting| (sighting.group, sighting.value))
    }

    /// Returns whether sightings may have been dropped.
    pub fn is_cut(&self) -> bool {
        let room = ROOM_MAX >> self.halvings;
        let is_full = |(_, sightings): &(u16, Vec<Sighting>)| sightings.len() >= room;
        self.halvings > 0 || self.limit.is_some() || self.bins.iter().any(is_full)
    }

    /// Adds a thing of a group at an instant.
    pub fn add(&mut self, window: Window, at: Time, group: u64, value: u64) {
        let second = at.second_of_day();
        self.unite(window.slot(second), group, value, (second, second));
    }

    /// Adds the bursts of other facts of the same subject and day.
    pub fn merge(&mut self, other: &Self) {
        if other.halvings > self.halvings {
            self.halve(other.halvings);
        }
        if let Some(limit) = other.limit {
            self.keep_below(limit);
        }
        for (bin, sightings) in &other.bins {
            for sighting in sightings {
                self.unite(*bin, sighting.group, sighting.value, sighting.span);
            }
        }
    }

    fn unite(&mut self, bin: u16, group: u64, value: u64, (first, last): (u32, u32)) {
        if self.limit.is_some_and(|limit| bin_hash(bin) >= limit) {
            return;
        }
        let room = ROOM_MAX >> self.halvings;
        let place = match self.bins.binary_search_by_key(&bin, |&(bin, _)| bin) {
            Ok(place) => place,
            Err(place) => {
                self.bins.insert(place, (bin, Vec::new()));
                place
            }
        };
        let sightings = &mut self.bins[place].1;
        match sightings.binary_search_by_key(&(group, value), |s| (s.group, s.value)) {
            Ok(at) => {
                let span = &mut sightings[at].span;
                *span = (span.0.min(first), span.1.max(last));
            }
            Err(at) => {
                let n_before = sightings.len();
                let span = (first, last);
                sightings.insert(at, Sighting { group, value, span });
                let begin = sightings.partition_point(|s| s.group < group);
                let end = sightings.partition_point(|s| s.group <= group);
                if end - begin > VALUES_MAX {
                    sightings.remove(end - 1);
                }
                sightings.truncate(room);
                self.n_sightings += sightings.len();
                self.n_sightings -= n_before;
            }
        }
        while self.n_sightings > SIGHTINGS_MAX {
            if self.halvings < HALVINGS_MAX {
                self.halve(self.halvings + 1);
            } else {
                let last = self.bins.iter().map(|&(bin, _)| bin_hash(bin)).max();
                last.into_iter().for_each(|limit| self.keep_below(limit));
            }
        }
    }

    /// Reduces each bin to its room after so many halvings.
    fn halve(&mut self, halvings: u8) {
        self.halvings = halvings.min(HALVINGS_MAX);
        let room = ROOM_MAX >> self.halvings;
        let bins = self.bins.iter_mut().map(|(_, sightings)| sightings);
        for sightings in bins.filter(|s| s.len() > room) {
            sightings.truncate(room);
            sightings.shrink_to_fit();
        }
        self.n_sightings = self.n_kept();
    }

    fn keep_below(&mut self, limit: u64) {
        let limit = self.limit.map_or(limit, |own| own.min(limit));
        self.limit = Some(limit);
        self.bins.retain(|&(bin, _)| bin_hash(bin) < limit);
        self.n_sightings = self.n_kept();
    }

    fn n_kept(&self) -> usize {
        self.bins.iter().map(|(_, sightings)| sightings.len()).sum()
    }

    /// Returns the largest burst of the day that begins at `midnight`; the earliest of several. `None` if there is none.
    ///
    /// The window slides, unless only `fixed` bins count, as in many other tools.
    pub fn largest(&self, window: Window, midnight: Time, fixed: bool) -> Option<BurstReading> {
        let mut largest: Option<BurstReading> = None;
        let mut consider = |observed: usize, group: u64, second: u32| {
            let observed = observed as u64;
            if largest.is_none_or(|l| observed > l.observed) {
                largest = Some(BurstReading {
                    observed,
                    group,
                    start: midnight.plus_secs(i64::from(second)),
                });
            }
        };
        for (at, (bin, sightings)) in self.bins.iter().enumerate() {
            let next_bin = self.bins.get(at + 1).filter(|_| !fixed);
            let next_bin = next_bin.filter(|(next, _)| next - bin == 1);
            for here in sightings.chunk_by(|a, b| a.group == b.group) {
                let group = here[0].group;
                let begin = here.iter().map(|s| s.span.0).min().unwrap_or_default();
                consider(here.len(), group, begin);
                let next = next_bin.map_or(&[][..], |(_, next)| of_group(next, group));
                if next.is_empty() {
                    continue;
                }
                // Every window that matters begins with the last sighting of something.
                let mut begins: Vec<u32> = here.iter().map(|s| s.span.1).collect();
                begins.sort_unstable();
                begins.dedup();
                for begin in begins {
                    let end = begin + window.secs();
                    let is_here = |value| {
                        let at = here.binary_search_by_key(&value, |s| s.value);
                        at.is_ok_and(|at| here[at].span.1 >= begin)
                    };
                    let n_here = here.iter().filter(|s| s.span.1 >= begin).count();
                    let n_there = next
                        .iter()
                        .filter(|s| s.span.0 < end && !is_here(s.value))
                        .count();
                    consider(n_here + n_there, group, begin);
                }
            }
        }
        largest
    }
}

/// Returns the sightings of one group.
fn of_group(sightings: &[Sighting], group: u64) -> &[Sighting] {
    let begin = sightings.partition_point(|s| s.group < group);
    let end = sightings.partition_point(|s| s.group <= group);
    &sightings[begin..end]
}

fn bin_hash(bin: u16) -> u64 {
    value_hash(&format!("bin {bin}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Day;

    fn window() -> Window {
        Window::from_secs(10).unwrap()
    }

    fn bursts_of<'a>(marks: impl IntoIterator<Item = &'a (u32, u64, u64)>) -> Bursts {
        let mut bursts = Bursts::default();
        for &(second, group, value) in marks {
            let at = Day(20_000).start().plus_secs(i64::from(second));
            bursts.add(window(), at, group, value);
        }
        bursts
    }

    /// Counts by looking at every second of the day.
    fn by_hand(marks: &[(u32, u64, u64)]) -> u64 {
        let mut largest = 0;
        for &(begin, group, _) in marks {
            let mut values: Vec<u64> = marks
                .iter()
                .filter(|m| m.1 == group && (begin..begin + 10).contains(&m.0))
                .map(|m| m.2)
                .collect();
            values.sort_unstable();
            values.dedup();
            largest = largest.max(values.len() as u64);
        }
        largest
    }

    #[test]
    fn a_burst_across_a_border_is_one_burst() {
        let marks: Vec<_> = (0..16u64).map(|n| (1_006 + n as u32 / 2, 1, n)).collect();
        let bursts = bursts_of(&marks);
        let midnight = Day(20_000).start();
        let sliding = bursts.largest(window(), midnight, false).unwrap();
        assert_eq!(sliding.observed, 16);
        assert_eq!(sliding.start, midnight.plus_secs(1_006));
        assert_eq!(
            bursts.largest(window(), midnight, true).unwrap().observed,
            8
        );
    }

    #[test]
    fn memory_is_bounded_for_any_events_in_any_order() {
        // Hours of guesses from many addresses, most of them in a few bins, and single ones all day.
        let marks: Vec<(u32, u64, u64)> = (0..120_000u64)
            .map(|n| {
                let (group, value) = (value_hash(&format!("g{n}")), value_hash(&format!("v{n}")));
                match n % 3 {
                    0 => ((n % 60) as u32, group % 700, value),
                    1 => ((n % 86_400) as u32, group % 3, value),
                    _ => (43_200 + (n % 900) as u32, 1, value % 400),
                }
            })
            .collect();
        let whole = bursts_of(&marks);
        let kept = whole.n_kept();
        assert_eq!(kept, whole.n_sightings);
        assert!((SIGHTINGS_MAX / 2..=SIGHTINGS_MAX).contains(&whole.n_sightings));
        assert!(whole.halvings > 0);
        assert!(size_of::<Sighting>() * SIGHTINGS_MAX < 1 << 20);
        assert_eq!(bursts_of(marks.iter().rev()), whole);
        for n_shards in [2, 7] {
            let mut merged = Bursts::default();
            for shard in (0..n_shards).rev() {
                merged.merge(&bursts_of(marks.iter().skip(shard).step_by(n_shards)));
            }
            assert_eq!(merged, whole, "{n_shards} shards");
        }
    }

    #[test]
    fn many_addresses_at_once_do_not_hide_a_burst() {
        let noise = (0..3_000u64).map(|n| (n as u32 % 600, n % 97, n));
        let burst = (0..16u64).map(|n| (300, 1_000, n));
        let bursts = bursts_of(&noise.chain(burst).collect::<Vec<_>>());
        let largest = bursts.largest(window(), Day(20_000).start(), false);
        assert_eq!(largest.map(|l| (l.observed, l.group)), Some((16, 1_000)));
    }

    #[test]
    fn any_amount_of_noise_in_other_bins_takes_nothing_from_a_burst() {
        // Independent of the bin of the burst: a thousand guesses a bin, each at other buckets, for a quarter of an hour.
        let noise = |n: u64| {
            let (group, value) = (value_hash(&format!("g{n}")), value_hash(&format!("v{n}")));
            ((n % 900) as u32, group, value)
        };
        for begin in (1_000..86_000).step_by(24_000) {
            let burst = (0..40u64).map(|n| (begin + n as u32 / 5, u64::MAX, n));
            let marks: Vec<_> = (0..90_000).map(noise).chain(burst).collect();
            let largest = bursts_of(&marks).largest(window(), Day(20_000).start(), false);
            assert_eq!(
                largest.map(|l| (l.observed, l.group)),
                Some((40, u64::MAX)),
                "{begin}"
            );
        }
    }

    #[test]
    fn a_completely_full_day_keeps_some_bins_in_any_order() {
        let marks: Vec<(u32, u64, u64)> = (0..80_000u64)
            .map(|n| ((n % 500) as u32 * 10, 1, value_hash(&format!("v{n}"))))
            .collect();
        let whole = bursts_of(&marks);
        assert!(whole.limit.is_some() && whole.n_sightings <= SIGHTINGS_MAX);
        assert_eq!(bursts_of(marks.iter().rev()), whole);
        let mut merged = bursts_of(marks.iter().skip(1).step_by(2));
        merged.merge(&bursts_of(marks.iter().step_by(2)));
        assert_eq!(merged, whole);
    }

    proptest! {
        #[test]
        fn it_counts_as_by_hand_in_any_order_and_split(
            marks in prop::collection::vec((0u32..60, 0u64..2, 0u64..20), 1..60),
            seed in any::<u64>(),
        ) {
            let whole = bursts_of(&marks);
            let midnight = Day(20_000).start();
            let largest = whole.largest(window(), midnight, false).unwrap();
            prop_assert_eq!(largest.observed, by_hand(&marks));
            let cut = seed as usize % (marks.len() + 1);
            let mut split = bursts_of(marks[cut..].iter().rev());
            split.merge(&bursts_of(&marks[..cut]));
            prop_assert_eq!(&split, &whole);
            // The first event with which a burst is large enough is found by bisection.
            let so_far = bursts_of(&marks[..cut]).largest(window(), midnight, seed % 2 == 0);
            let in_all = whole.largest(window(), midnight, seed % 2 == 0);
            prop_assert!(so_far.map_or(0, |b| b.observed) <= in_all.map_or(0, |b| b.observed));
        }
    }
}
