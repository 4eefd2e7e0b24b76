//! What is remembered of an entity from day to day, and the baseline that follows from it.

use std::collections::{BTreeMap, VecDeque};

use crate::baseline::{
    Baseline, HOURS_OF_WEEK, KnownSet, LOOKBACK_DAYS, MetricState, NoveltyCount,
};
use crate::event::{IdentityKind, Provider};
use crate::learn::drift::EntityDrift;
use crate::learn::partial::DayPartial;
use crate::measure::{DayFacts, KnownThings, Minute, Namesake, Plan};
use crate::sketch::Moments;
use crate::stats::constants::{HALF_LIFE_DAYS, NIGHT_WINDOWS_MAX};
use crate::time::{Day, Window};
use crate::vocab::{Metric, Str, Trait};

/// What is known of one metric in windows of one length.
pub(super) type Cell = ((Metric, Window), MetricState);

/// Traits whose novelty is counted: those that describe a context rather than a thing.
pub(super) const NOVELTY_TRAITS: [Trait; 11] = [
    Trait::Region,
    Trait::Network,
    Trait::Country,
    Trait::UserAgent,
    Trait::Destination,
    Trait::Application,
    Trait::Scope,
    Trait::AuthMethod,
    Trait::Bucket,
    Trait::Blinding,
    Trait::WorkRegion,
];

/// What is remembered of one entity.
#[derive(Debug, Clone)]
pub(super) struct EntityState {
    pub(super) first_day: Day,
    pub(super) last_day: Day,
    pub(super) kind: IdentityKind,
    pub(super) provider: Option<Provider>,
    pub(super) role: Option<Str>,
    pub(super) account: Option<Str>,
    pub(super) aliases: Vec<Str>,
    pub(super) unique_id: Option<Str>,
    pub(super) namesake: Option<Namesake>,
    pub(super) partials: VecDeque<DayPartial>,
    pub(super) traits: Vec<(Trait, KnownSet)>,
    pub(super) last_timeline: Vec<(u16, Minute)>,
    /// The number of the peer cluster that it was put into last.
    pub(super) cluster: Option<u32>,
    pub(super) drift: EntityDrift,
}

impl EntityState {
    /// Returns the state of an entity that is seen for the first time.
    pub(super) fn first_seen(day: Day) -> Self {
        Self {
            first_day: day,
            last_day: day,
            kind: IdentityKind::Unknown,
            provider: None,
            role: None,
            account: None,
            aliases: Vec::new(),
            unique_id: None,
            namesake: None,
            partials: VecDeque::new(),
            traits: Vec::new(),
            last_timeline: Vec::new(),
            cluster: None,
            drift: EntityDrift::default(),
        }
    }

    /// Returns the weighted moments and activity of the selected cells, sorted.
    pub(super) fn cells(
        &self,
        as_of: Day,
        is_wanted: impl Fn(&(Metric, Window)) -> bool,
    ) -> Vec<Cell> {
        let mut cells: BTreeMap<(Metric, Window), (Moments, f64)> = BTreeMap::new();
        for partial in &self.partials {
            let weight = day_weight(as_of, partial.day);
            for (key, moments) in partial.moments.iter().filter(|(key, _)| is_wanted(key)) {
                let of_day = moments.night_capped(NIGHT_WINDOWS_MAX).weighted(weight);
                let (sum, active) = cells.entry(*key).or_default();
                *sum = sum.merge(&of_day);
                *active += weight * moments.n;
            }
        }
        cells
            .into_iter()
            .map(|(key, (Moments { n, mean, m2 }, active))| {
                let state = MetricState {
                    n,
                    mean,
                    m2,
                    active,
                };
                (key, state)
            })
            .collect()
    }

    /// Returns the weighted days since the first sighting, within the lookback.
    pub(super) fn exposure(&self, as_of: Day) -> f64 {
        let first_counted = self.first_day.max(as_of.plus(-LOOKBACK_DAYS));
        (0..as_of.since(first_counted).max(0))
            .map(|i| day_weight(as_of, first_counted.plus(i)))
            .sum()
    }

    /// Returns the baseline on the morning of a day. Its chain is added later, by the code that knows the groups.
    pub(super) fn baseline(&self, as_of: Day) -> Baseline {
        let mut novelty: BTreeMap<Trait, NoveltyCount> = BTreeMap::new();
        let mut hours = vec![0u8; HOURS_OF_WEEK];
        let (mut n_events, mut active_days) = (0, 0);
        for partial in &self.partials {
            n_events += partial.n_events;
            active_days += u32::from(!partial.is_first);
            for (which, _) in partial.novel.iter().filter(|_| !partial.is_first) {
                novelty.entry(*which).or_default().novel_days += 1;
            }
            let weekday = usize::from(partial.day.weekday());
            for hour in 0..24 {
                if partial.hours >> hour & 1 == 1 {
                    hours[weekday * 24 + hour] += 1;
                }
            }
        }
        Baseline {
            first_day: self.first_day,
            last_day: self.last_day,
            n_events,
            exposure: self.exposure(as_of),
            active_days,
            kind: self.kind,
            provider: self.provider,
            role: self.role.clone(),
            account: self.account.clone(),
            aliases: self.aliases.clone(),
            unique_id: self.unique_id.clone(),
            namesake: self.namesake.clone(),
            metrics: self.cells(as_of, |_| true),
            traits: self.traits.clone(),
            novelty: novelty.into_iter().collect(),
            chain: Vec::new(),
            hours,
            first_day_timeline: if self.first_day.plus(1) == as_of {
                self.last_timeline.clone()
            } else {
                Vec::new()
            },
        }
    }
}

/// Returns the region in which an entity was seen on most days; the first in text order where several tie.
pub(super) fn home_region(traits: &[(Trait, KnownSet)]) -> Option<Str> {
    let (_, known) = traits.iter().find(|(which, _)| *which == Trait::Region)?;
    known
        .values()
        .iter()
        .max_by(|a, b| a.n_days.cmp(&b.n_days).then_with(|| b.value.cmp(&a.value)))
        .map(|known| known.value.clone())
}

/// Returns the weight of a day in the baseline of the morning of `as_of`.
pub(super) fn day_weight(as_of: Day, day: Day) -> f64 {
    (-f64::from(as_of.since(day) - 1) / HALF_LIFE_DAYS).exp2()
}

/// Returns what an entity is known for, unless nothing can count as new: on the first day, or after values were dropped.
pub fn known(is_first_day: bool, traits: &[(Trait, KnownSet)]) -> KnownThings<'_> {
    let of = |wanted| match traits.iter().find(|(which, _)| *which == wanted) {
        _ if is_first_day => None,
        Some((_, known)) if known.is_saturated() => None,
        Some((_, known)) => Some(known.hashes()),
        None => Some(&[][..]),
    };
    KnownThings {
        buckets: of(Trait::Bucket),
        prefixes: of(Trait::Prefix),
        regions: of(Trait::WorkRegion),
    }
}

/// Returns the moments of ln(1 + x) of every metric in every window that is measured, sorted.
pub(super) fn moments_of(
    facts: &DayFacts,
    plan: &Plan,
    known: &KnownThings,
) -> Vec<((Metric, Window), Moments)> {
    let mut all = Vec::new();
    for metric in facts.metrics().into_iter().filter(|m| m.is_learnt()) {
        let own = plan
            .windows
            .iter()
            .filter(|&&(m, _)| m == metric)
            .map(|&(_, window)| window);
        for window in Window::STANDARD.into_iter().chain(own) {
            let readings = facts.readings(metric, window, known);
            if !readings.is_empty() {
                all.push((
                    (metric, window),
                    Moments::of(readings.iter().map(|&(_, x)| (x as f64).ln_1p())),
                ));
            }
        }
    }
    all.sort_by_key(|&(key, _)| key);
    all
}
