//! When each trail of a day had records. A trail is what one log records of one account in one region: these are switched on and off, and
//! break, one by one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Action, Event, Provider, Source, cut};
use crate::measure::value_hash;
use crate::time::Time;
use crate::vocab::Str;

/// The most trails of a day that are kept: those with the lowest hashes, so that order does not matter. An estate of 200 accounts with two
/// logs in 40 regions has fewer.
pub const TRAILS_MAX: usize = 1 << 14;
/// The most bytes that are kept of the name of an account or region. No provider has longer ones.
const NAME_BYTES_MAX: usize = 128;

/// The name of a trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrailKey {
    /// The provider.
    pub provider: Provider,
    /// The log.
    pub source: Source,
    /// The account (subscription, project, tenant); empty where records state none.
    pub account: Str,
    /// The region; empty where records state none.
    pub region: Str,
}

/// When a trail had records on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailTimes {
    /// The first record.
    pub first: Time,
    /// The last.
    pub last: Time,
}

impl TrailTimes {
    /// Puts two together.
    pub fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// The trails of a day, by the hashes of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTrails(BTreeMap<u64, (TrailKey, TrailTimes)>);

fn hash_of(provider: Provider, source: Source, account: &str, region: &str) -> u64 {
    let account = value_hash(account).rotate_left(1 + provider as u32);
    let region = value_hash(region).rotate_left(31);
    (account ^ region).wrapping_add((source as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

impl DayTrails {
    /// Notes a record. What another detector found is no record of the provider.
    pub fn note(&mut self, event: &Event) {
        if event.action == Action::Finding {
            return;
        }
        let account = cut(event.account.as_deref().unwrap_or_default(), NAME_BYTES_MAX);
        let region = cut(event.region.as_deref().unwrap_or_default(), NAME_BYTES_MAX);
        let hash = hash_of(event.provider, event.source, account, region);
        let times = TrailTimes {
            first: event.time,
            last: event.time,
        };
        let key = || TrailKey {
            provider: event.provider,
            source: event.source,
            account: account.into(),
            region: region.into(),
        };
        self.add(hash, key, times);
    }

    fn add(&mut self, hash: u64, key: impl FnOnce() -> TrailKey, times: TrailTimes) {
        if let Some((_, known)) = self.0.get_mut(&hash) {
            known.merge(times);
            return;
        }
        let is_full = self.0.len() >= TRAILS_MAX;
        if is_full
            && self
                .0
                .last_key_value()
                .is_some_and(|(last, _)| hash > *last)
        {
            return;
        }
        if is_full {
            self.0.pop_last();
        }
        self.0.insert(hash, (key(), times));
    }

    /// Adds the trails of other records.
    pub fn merge(&mut self, other: Self) {
        self.extend(other.0.into_values());
    }

    /// Returns the first record of a log in an account and a region, or in any.
    pub fn first_of(
        &self,
        provider: Provider,
        source: Source,
        (account, region): (&Option<Str>, &Option<Str>),
    ) -> Option<Time> {
        let is_of_it = |key: &TrailKey| {
            (key.provider, key.source) == (provider, source)
                && account
                    .as_ref()
                    .is_none_or(|account| key.account == *account)
                && region.as_ref().is_none_or(|region| key.region == *region)
        };
        let of_it = self.iter().filter(|(key, _)| is_of_it(key));
        of_it.map(|(_, times)| times.first).min()
    }

    /// Returns whether no record was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the trails, in the order of their hashes.
    pub fn iter(&self) -> impl Iterator<Item = (&TrailKey, TrailTimes)> {
        self.0.values().map(|(key, times)| (key, *times))
    }
}

impl Extend<(TrailKey, TrailTimes)> for DayTrails {
    fn extend<I: IntoIterator<Item = (TrailKey, TrailTimes)>>(&mut self, trails: I) {
        for (key, times) in trails {
            let hash = hash_of(key.provider, key.source, &key.account, &key.region);
            self.add(hash, || key, times);
        }
    }
}

impl FromIterator<(TrailKey, TrailTimes)> for DayTrails {
    fn from_iter<I: IntoIterator<Item = (TrailKey, TrailTimes)>>(trails: I) -> Self {
        let mut all = Self::default();
        all.extend(trails);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Day;

    #[test]
    fn trails_are_bounded_and_do_not_depend_on_order() {
        let event = |n: u32| {
            let time = Day(20_000).start().plus_secs(i64::from(n % 86_400));
            let id = n.to_string().into();
            let mut event = Event::new(time, id, Provider::Aws, Source::AwsCloudTrail);
            event.account = Some(format!("{}", n % 20_000).into());
            event.region = Some("x".repeat(4_000).into());
            event
        };
        let mut of = [DayTrails::default(), DayTrails::default()];
        (0..40_000).for_each(|n| of[0].note(&event(n)));
        (0..40_000).rev().for_each(|n| of[1].note(&event(n)));
        let [one, other] = of;
        assert!(one == other && one.iter().count() == TRAILS_MAX);
        let trails = || one.iter().map(|(key, times)| (key.clone(), times));
        assert!(trails().all(|(key, times)| key.region.len() == 128 && times.first < times.last));
        let mut merged: DayTrails = trails().skip(9).collect();
        merged.merge(trails().take(10).collect());
        assert_eq!(merged, one);
    }
}
