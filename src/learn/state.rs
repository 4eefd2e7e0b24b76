//! What is remembered of an entity from day to day, and the baseline that follows from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baseline::{
    Baseline, Chain, HOURS_OF_WEEK, KnownSet, LOOKBACK_DAYS, MetricState, NoveltyCount,
};
use crate::event::{IdentityKind, Provider};
use crate::learn::drift::EntityDrift;
use crate::learn::known_values::KnownValues;
use crate::learn::partial::{Key, Partials};
use crate::learn::texts::Texts;
use crate::measure::{DayFacts, KnownThings, Minute, Namesake, Plan};
use crate::sketch::Moments;
use crate::stats::constants::{HALF_LIFE_DAYS, NIGHT_WINDOWS_MAX};
use crate::time::{Day, Window};
use crate::vocab::{Metric, Str, Trait};

/// The most provider ids that are kept of an entity.
pub(super) const ALIASES_MAX: usize = 16;
/// What is known of one metric in windows of one length.
pub(super) type Cell = (Key, MetricState);

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

/// What is remembered of one entity. Estates have hundreds of thousands that are seen once, so it is kept small: what few have
/// lies in a box of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityState {
    pub(super) first_day: Day,
    pub(super) last_day: Day,
    pub(super) kind: IdentityKind,
    pub(super) provider: Option<Provider>,
    /// The number of the peer cluster that it was put into last.
    pub(super) cluster: Option<u32>,
    pub(super) role: Option<Str>,
    pub(super) account: Option<Str>,
    pub(super) unique_id: Option<Str>,
    pub(super) aliases: Box<[Str]>,
    pub(super) partials: Partials,
    pub(super) known: KnownValues,
    pub(super) namesake: Option<Box<Namesake>>,
    /// The minutes of its first day, while that is the last day learnt.
    pub(super) first_day_timeline: Option<Box<[(u16, Minute)]>>,
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
            cluster: None,
            role: None,
            account: None,
            unique_id: None,
            aliases: Box::default(),
            partials: Partials::default(),
            known: KnownValues::default(),
            namesake: None,
            first_day_timeline: None,
            drift: EntityDrift::default(),
        }
    }

    /// Takes in what is remembered of another entity that turned out to be this one.
    pub(super) fn join(&mut self, other: Self) {
        if other.first_day < self.first_day {
            self.first_day = other.first_day;
            self.first_day_timeline = other.first_day_timeline;
        }
        if other.last_day > self.last_day {
            self.last_day = other.last_day;
            self.kind = other.kind;
        }
        self.provider = self.provider.or(other.provider);
        self.cluster = self.cluster.or(other.cluster);
        self.role = self.role.take().or(other.role);
        self.account = self.account.take().or(other.account);
        self.unique_id = self.unique_id.take().or(other.unique_id);
        let mut aliases = [&*self.aliases, &*other.aliases].concat();
        aliases.sort();
        aliases.dedup();
        aliases.truncate(ALIASES_MAX);
        self.aliases = aliases.into();
        self.partials.join(&other.partials);
        self.known.join(other.known);
        self.namesake = self.namesake.take().or(other.namesake);
    }

    /// Keeps one copy of each text.
    pub(super) fn share(&mut self, texts: &mut Texts) {
        self.known
            .share(|which, hash, text| texts.shared_value(which, hash, text));
        for text in [&mut self.role, &mut self.account].into_iter().flatten() {
            *text = texts.shared(text);
        }
    }

    /// Returns the baseline on the morning of a day, from its cells and exposure on that morning.
    pub(super) fn baseline(
        &self,
        as_of: Day,
        cells: &[Cell],
        exposure: f64,
        chain: Chain,
    ) -> Baseline {
        let mut novelty: BTreeMap<Trait, NoveltyCount> = BTreeMap::new();
        let mut hours = vec![0u8; HOURS_OF_WEEK];
        let (mut n_events, mut active_days) = (0, 0);
        for partial in self.partials.iter() {
            n_events += partial.n_events;
            if !partial.is_first {
                active_days += 1;
                for (which, _) in partial.novel() {
                    novelty.entry(which).or_default().novel_days += 1;
                }
            }
            let weekday = usize::from(partial.day.weekday());
            for hour in 0..24 {
                if partial.hours >> hour & 1 == 1 {
                    hours[weekday * 24 + hour] += 1;
                }
            }
        }
        let timeline = self.first_day_timeline.as_deref();
        Baseline {
            first_day: self.first_day,
            last_day: self.last_day,
            n_events,
            exposure,
            active_days,
            kind: self.kind,
            provider: self.provider,
            role: self.role.clone(),
            account: self.account.clone(),
            aliases: self.aliases.to_vec(),
            unique_id: self.unique_id.clone(),
            namesake: self.namesake.as_deref().cloned(),
            metrics: cells.to_vec(),
            traits: self.known.sets(),
            novelty: novelty.into_iter().collect(),
            chain,
            hours,
            first_day_timeline: timeline
                .filter(|_| self.first_day.plus(1) == as_of)
                .map(<[_]>::to_vec)
                .unwrap_or_default(),
        }
    }
}

/// The weights of days on one morning.
pub(super) struct Weights {
    as_of: Day,
    /// By the age of a day in days.
    by_age: [f64; LOOKBACK_DAYS as usize + 1],
    /// Of so many days up to the morning together.
    exposure: [f64; LOOKBACK_DAYS as usize + 1],
}

impl Weights {
    pub(super) fn on(as_of: Day) -> Self {
        let of = |age: usize| day_weight(as_of, as_of.plus(-(age as i32)));
        let by_age = std::array::from_fn(of);
        let exposure = std::array::from_fn(|days| (0..days).map(|i| by_age[days - i]).sum::<f64>());
        Self {
            as_of,
            by_age,
            exposure,
        }
    }

    pub(super) fn of(&self, day: Day) -> f64 {
        let known = usize::try_from(self.as_of.since(day));
        let known = known.ok().and_then(|age| self.by_age.get(age));
        known
            .copied()
            .unwrap_or_else(|| day_weight(self.as_of, day))
    }

    /// Returns the weighted days since the first sighting, within the lookback.
    pub(super) fn exposure(&self, first_day: Day) -> f64 {
        let days = self.as_of.since(first_day).clamp(0, LOOKBACK_DAYS);
        self.exposure[days as usize]
    }

    /// Fills `cells` with the weighted moments and activity of the selected metrics and windows, sorted.
    pub(super) fn cells(
        &self,
        partials: &Partials,
        is_wanted: impl Fn(Day, &Key) -> bool,
        cells: &mut Vec<Cell>,
    ) {
        cells.clear();
        for partial in partials.iter() {
            let weight = self.of(partial.day);
            let mut at = 0;
            partial.each_moments(|key, moments| {
                if !is_wanted(partial.day, &key) {
                    return;
                }
                let of_day = moments.night_capped(NIGHT_WINDOWS_MAX).weighted(weight);
                // Both are sorted, and most days have the same keys.
                while cells.get(at).is_some_and(|(before, _)| *before < key) {
                    at += 1;
                }
                if cells.get(at).is_none_or(|(known, _)| *known != key) {
                    let nothing = MetricState {
                        n: 0.0,
                        mean: 0.0,
                        m2: 0.0,
                        active: 0.0,
                    };
                    cells.insert(at, (key, nothing));
                }
                let cell = &mut cells[at].1;
                let before = Moments {
                    n: cell.n,
                    mean: cell.mean,
                    m2: cell.m2,
                };
                let Moments { n, mean, m2 } = before.merge(&of_day);
                *cell = MetricState {
                    n,
                    mean,
                    m2,
                    active: cell.active + weight * moments.n,
                };
            });
        }
    }
}

/// Returns the weight of a day in the baseline of the morning of `as_of`.
fn day_weight(as_of: Day, day: Day) -> f64 {
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
