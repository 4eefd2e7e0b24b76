//! The priors that a group supplies to members without history: fitted over its members, with their novelty and busy hours.

use std::collections::BTreeMap;

use crate::baseline::{Baseline, GroupState};
use crate::learn::state::{EntityState, NOVELTY_TRAITS};
use crate::sketch::{FrozenRoleHistogram, RoleHistogram};
use crate::stats::GroupNovelty;
use crate::stats::constants::{SETTLED_DAYS, SUPPORT_BUCKETS};
use crate::stats::prior::Members;
use crate::time::{Day, Window};
use crate::vocab::{Metric, Trait};

/// Up to this many hourly values of a group are kept one by one; in memory, about the size of one histogram.
const FEW_HOURLY_VALUES: usize = 2_048;

/// What a group supplies beside its members' moments: novelty and hourly values.
#[derive(Default)]
pub(super) struct GroupPriors {
    active_days: u64,
    novel_days: BTreeMap<Trait, u64>,
    support: BTreeMap<Trait, [f64; SUPPORT_BUCKETS]>,
    first_days: u64,
    first_support: BTreeMap<Trait, [f64; SUPPORT_BUCKETS]>,
    hourly: BTreeMap<Metric, HourlyValues>,
}

/// Most groups are small, so values go into a histogram only when they are many.
#[derive(Default)]
struct HourlyValues {
    few: Vec<(Day, u64)>,
    many: Option<RoleHistogram>,
}

impl HourlyValues {
    fn record(&mut self, day: Day, x: u64) {
        self.few.push((day, x));
        if self.few.len() >= FEW_HOURLY_VALUES {
            let many = self.many.get_or_insert_default();
            self.few
                .drain(..)
                .for_each(|(day, x)| many.record(day.0, x));
        }
    }

    fn freeze(self) -> FrozenRoleHistogram {
        match self.many {
            Some(mut many) => {
                self.few.iter().for_each(|&(day, x)| many.record(day.0, x));
                many.freeze()
            }
            // The lookback covers no more weeks than a histogram keeps.
            None => FrozenRoleHistogram::of(self.few.into_iter().map(|(_, x)| x).collect()),
        }
    }
}

impl GroupPriors {
    /// Adds what an entity showed from the first day of the store to the eve of a morning.
    pub(super) fn add(&mut self, state: &EntityState, (first_day, as_of): (Day, Day)) {
        for partial in state.partials.iter().filter(|p| p.day < as_of) {
            for &(metric, x) in &partial.hourly {
                self.hourly
                    .entry(metric)
                    .or_default()
                    .record(partial.day, x);
            }
            if partial.is_first {
                if partial.day.since(first_day) >= SETTLED_DAYS {
                    self.first_days += 1;
                    for (which, buckets) in &partial.novel {
                        if let Some(&rarest) = buckets.iter().min() {
                            let support = self.first_support.entry(*which).or_default();
                            support[usize::from(rarest)] += 1.0;
                        }
                    }
                }
                continue;
            }
            self.active_days += 1;
            for (which, buckets) in &partial.novel {
                *self.novel_days.entry(*which).or_default() += 1;
                let support = self.support.entry(*which).or_default();
                for &bucket in buckets {
                    support[usize::from(bucket)] += 1.0;
                }
            }
        }
    }

    pub(super) fn fill(self, state: &mut GroupState) {
        state.novelty = NOVELTY_TRAITS
            .iter()
            .map(|&which| {
                let novelty = GroupNovelty {
                    novel_days: self.novel_days.get(&which).copied().unwrap_or(0) as f64,
                    active_days: self.active_days as f64,
                    support: self.support.get(&which).copied().unwrap_or_default(),
                };
                (which, novelty)
            })
            .collect();
        state.novelty.sort_by_key(|&(which, _)| which);
        state.newcomers = NOVELTY_TRAITS
            .iter()
            .map(|&which| {
                let mut rarest = self.first_support.get(&which).copied().unwrap_or_default();
                // A newcomer without any value of it shows nothing rare.
                rarest[SUPPORT_BUCKETS - 1] += self.first_days as f64 - rarest.iter().sum::<f64>();
                (which, rarest)
            })
            .collect();
        state.newcomers.sort_by_key(|&(which, _)| which);
        state.role_tails = self
            .hourly
            .into_iter()
            .map(|(metric, hours)| (metric, hours.freeze()))
            .collect();
    }
}

/// Fits a group's priors of volumes and rates.
pub(super) fn group_state(members: &[&Baseline]) -> GroupState {
    let mut keys: Vec<(Metric, Window)> = members
        .iter()
        .flat_map(|b| b.metrics.iter().map(|&(key, _)| key))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let mut state = GroupState {
        members: members.len() as u32,
        exposure: members.iter().map(|b| b.exposure).sum(),
        ..GroupState::default()
    };
    let mut matrix = Members::new(members.len(), keys.len());
    for (row, baseline) in members.iter().enumerate() {
        matrix.set_exposure(row, baseline.exposure);
        for &(key, cell) in &baseline.metrics {
            if let Ok(column) = keys.binary_search(&key) {
                matrix.set(row, column, &baseline.evidence_of(&cell));
            }
        }
    }
    state.priors = keys.into_iter().zip(matrix.fit()).collect();
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::partial::DayPartial;

    #[test]
    fn newcomers_are_compared_with_newcomers_once_the_store_is_settled() {
        let start = Day(20_000);
        let newcomer = |first: i32, novel: Vec<(Trait, Vec<u8>)>| {
            let mut state = EntityState::first_seen(start.plus(first));
            let day = |day: Day, is_first| DayPartial {
                day,
                n_events: 1,
                moments: Vec::new(),
                novel: novel.clone(),
                hourly: Vec::new(),
                hours: 1,
                is_first,
            };
            state.partials.push_back(day(start.plus(first), true));
            state.partials.push_back(day(start.plus(first + 1), false));
            state
        };
        let mut group = GroupPriors::default();
        for state in [
            newcomer(SETTLED_DAYS - 1, vec![(Trait::Network, vec![0])]),
            newcomer(SETTLED_DAYS, vec![(Trait::Network, vec![2, 5])]),
            newcomer(SETTLED_DAYS + 1, vec![(Trait::Network, vec![5])]),
            newcomer(SETTLED_DAYS + 2, Vec::new()),
        ] {
            group.add(&state, (start, start.plus(20)));
        }
        let mut filled = GroupState::default();
        group.fill(&mut filled);
        let support_of = |which: Trait| {
            let at = filled.newcomers.binary_search_by_key(&which, |&(t, _)| t);
            at.map(|at| filled.newcomers[at].1)
        };
        let mut networks = [0.0; SUPPORT_BUCKETS];
        (networks[2], networks[5], networks[SUPPORT_BUCKETS - 1]) = (1.0, 1.0, 1.0);
        assert_eq!(support_of(Trait::Network), Ok(networks));
        let mut nothing = [0.0; SUPPORT_BUCKETS];
        nothing[SUPPORT_BUCKETS - 1] = 3.0;
        assert_eq!(support_of(Trait::Destination), Ok(nothing));
        let at = filled
            .novelty
            .binary_search_by_key(&Trait::Network, |&(t, _)| t);
        let later = at.map(|at| filled.novelty[at].1);
        assert_eq!(later.map(|n| (n.novel_days, n.active_days)), Ok((3.0, 4.0)));
    }
}
