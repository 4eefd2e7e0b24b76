//! Days of facts to baselines: the nights, played one after the other.
//!
//! Days must be absorbed in order. What comes out is a function of the facts of the days inside the lookback, and of
//! nothing else: no clock, no store, no order of arrival.

mod unlearnt;

pub use unlearnt::{Omission, Unlearnt};

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use crate::baseline::{
    Baseline, Chain, Generation, Group, GroupState, HOURS_OF_WEEK, KnownSet, LOOKBACK_DAYS,
    MetricState, NoveltyCount, TRAIT_MEMORY_DAYS, chain_of_identity, chain_of_region,
    chain_of_role, support_key,
};
use crate::event::{IdentityKind, Provider};
use crate::measure::{DayBook, DayFacts, Links, Minute, OwnAccounts, Plan};
use crate::sketch::{FrozenRoleHistogram, Moments, RoleHistogram};
use crate::stats::GroupNovelty;
use crate::stats::constants::{HALF_LIFE_DAYS, NIGHT_WINDOWS_MAX, SUPPORT_BUCKETS};
use crate::stats::novelty::support_bucket;
use crate::stats::prior::Members;
use crate::time::{Day, Time, Window};
use crate::vocab::{Entity, EntityKind, Metric, Str, Trait};

/// The most provider ids that are kept of an entity.
const ALIASES_MAX: usize = 16;
/// As many hourly values of a group are kept one by one; in memory, about the size of one histogram.
const FEW_HOURLY_VALUES: usize = 2_048;
/// Days for which a creation is remembered.
const CREATION_MEMORY_DAYS: i32 = 7;
/// Metrics whose hourly values a group keeps for judging newcomers.
const ROLE_TAIL_METRICS: [Metric; 2] = [Metric::ReadCalls, Metric::BytesRead];
/// Traits whose novelty is counted: those that name a context rather than a thing.
const NOVELTY_TRAITS: [Trait; 9] = [
    Trait::Region,
    Trait::Network,
    Trait::Country,
    Trait::UserAgent,
    Trait::Destination,
    Trait::Application,
    Trait::Scope,
    Trait::AuthMethod,
    Trait::Bucket,
];

/// Says which configured peer group an identity belongs to.
pub type PeerGroupOf<'a> = dyn Fn(&str) -> Option<Str> + 'a;

/// One learnt day of one entity.
#[derive(Debug, Clone)]
struct DayPartial {
    day: Day,
    n_events: u64,
    moments: Vec<((Metric, Window), Moments)>,
    /// Traits with a new value, and the support bucket of each new value.
    novel: Vec<(Trait, Vec<u8>)>,
    /// One-hour values of the metrics that newcomers are judged by.
    hourly: Vec<(Metric, u64)>,
    hours: u32,
    is_first: bool,
}

#[derive(Debug, Clone)]
struct EntityState {
    first_day: Day,
    last_day: Day,
    kind: IdentityKind,
    provider: Option<Provider>,
    role: Option<Str>,
    account: Option<Str>,
    aliases: Vec<Str>,
    partials: VecDeque<DayPartial>,
    traits: Vec<(Trait, KnownSet)>,
    last_timeline: Vec<(u16, Minute)>,
}

/// What has been learnt so far.
pub struct Learner<'a> {
    plan: &'a Plan,
    peer_group_of: &'a PeerGroupOf<'a>,
    entities: BTreeMap<Entity, EntityState>,
    support: FxHashMap<u64, u32>,
    own_accounts: OwnAccounts,
    links: Links,
    created: BTreeMap<Str, Time>,
    first_day: Option<Day>,
    next_day: Option<Day>,
}

impl<'a> Learner<'a> {
    /// Makes a learner that knows nothing.
    pub fn new(plan: &'a Plan, peer_group_of: &'a PeerGroupOf<'a>) -> Self {
        Self {
            plan,
            peer_group_of,
            entities: BTreeMap::new(),
            support: FxHashMap::default(),
            own_accounts: OwnAccounts::new(),
            links: Links::new(),
            created: BTreeMap::new(),
            first_day: None,
            next_day: None,
        }
    }

    /// Learns one day: `book` as it was told, `facts` as it was brought together by entity.
    ///
    /// # Panics
    ///
    /// Panics if the day does not come after all days learnt before.
    pub fn absorb(&mut self, book: &DayBook, facts: &BTreeMap<Entity, DayFacts>) {
        let day = book.day;
        assert!(
            self.next_day.is_none_or(|next| day >= next),
            "days are learnt in order"
        );
        self.first_day.get_or_insert(day);
        self.next_day = Some(day.plus(1));
        for (entity, facts) in facts {
            self.absorb_entity(day, entity, facts);
        }
        self.own_accounts.extend(book.accounts.iter().cloned());
        self.links = book.links.clone();
        for (identity, &at) in &book.created {
            let mine = self.created.entry(identity.clone()).or_insert(at);
            *mine = (*mine).min(at);
        }
        let oldest = day.plus(-CREATION_MEMORY_DAYS).start();
        self.created.retain(|_, at| *at >= oldest);
        self.forget(day);
        self.recount_support();
    }

    fn absorb_entity(&mut self, day: Day, entity: &Entity, facts: &DayFacts) {
        let is_first = !self.entities.contains_key(entity);
        let state = self
            .entities
            .entry(entity.clone())
            .or_insert_with(|| EntityState {
                first_day: day,
                last_day: day,
                kind: IdentityKind::Unknown,
                provider: None,
                role: None,
                account: None,
                aliases: Vec::new(),
                partials: VecDeque::new(),
                traits: Vec::new(),
                last_timeline: Vec::new(),
            });
        state.last_day = day;
        state.kind = facts.profile.kind();
        state.provider = facts.profile.provider.or(state.provider);
        state.role = facts.profile.role.clone().or(state.role.take());
        state.account = facts.profile.account.clone().or(state.account.take());
        for (alias, _) in facts.profile.aliases.iter() {
            if let Err(at) = state.aliases.binary_search(alias)
                && state.aliases.len() < ALIASES_MAX
            {
                state.aliases.insert(at, alias.clone());
            }
        }
        state.last_timeline = if is_first {
            facts.timeline().to_vec()
        } else {
            Vec::new()
        };
        let known_buckets = known_buckets(is_first, &state.traits);
        let moments = moments_of(facts, self.plan, known_buckets);
        let mut novel = Vec::new();
        for (which, values) in facts.traits() {
            let at = match state.traits.binary_search_by_key(which, |&(t, _)| t) {
                Ok(at) => at,
                Err(at) => {
                    state.traits.insert(at, (*which, KnownSet::default()));
                    at
                }
            };
            let known = &mut state.traits[at].1;
            let mut buckets = Vec::new();
            for (hash, value) in values.hashed() {
                if !is_first && !known.contains(hash) && NOVELTY_TRAITS.contains(which) {
                    let support = self
                        .support
                        .get(&support_key(*which, hash))
                        .copied()
                        .unwrap_or(0);
                    buckets.push(support_bucket(u64::from(support)) as u8);
                }
                known.see(hash, value, day);
            }
            if values.saturated() {
                known.saturate();
            }
            known.trim(*which, day.plus(-TRAIT_MEMORY_DAYS));
            if !buckets.is_empty() {
                buckets.sort_unstable();
                novel.push((*which, buckets));
            }
        }
        let hourly = ROLE_TAIL_METRICS
            .iter()
            .flat_map(|&metric| {
                facts
                    .readings(metric, Window::HOUR, None)
                    .into_iter()
                    .map(move |(_, x)| (metric, x))
            })
            .collect();
        state.partials.push_back(DayPartial {
            day,
            n_events: facts.n_events,
            moments,
            novel,
            hourly,
            hours: facts.hours,
            is_first,
        });
    }

    fn forget(&mut self, day: Day) {
        let oldest_volume = day.plus(1 - LOOKBACK_DAYS);
        let oldest_trait = day.plus(1 - TRAIT_MEMORY_DAYS);
        self.entities.retain(|_, state| {
            while state
                .partials
                .front()
                .is_some_and(|p| p.day < oldest_volume)
            {
                state.partials.pop_front();
            }
            if state.last_day < day {
                state.last_timeline = Vec::new();
            }
            state.last_day >= oldest_trait
        });
    }

    fn recount_support(&mut self) {
        self.support.clear();
        for (entity, state) in &self.entities {
            if entity.kind != EntityKind::Identity {
                continue;
            }
            for (which, known) in &state.traits {
                for &hash in known.hashes() {
                    *self.support.entry(support_key(*which, hash)).or_insert(0) += 1;
                }
            }
        }
    }

    /// Tells whether an entity is known for a value of a trait.
    pub fn knows(&self, entity: &Entity, which: Trait, hash: u64) -> bool {
        self.entities.get(entity).is_some_and(|state| {
            let mut traits = state.traits.iter();
            traits.any(|(t, known)| *t == which && known.contains(hash))
        })
    }

    /// Returns the first day learnt.
    pub fn first_day(&self) -> Option<Day> {
        self.first_day
    }

    /// Returns the baselines as they stand on the morning of a day, without calibration.
    pub fn generation(&self, as_of: Day) -> Generation {
        let mut generation = Generation::empty(as_of);
        generation.first_day = self.first_day.unwrap_or(as_of);
        generation.own_accounts = self.own_accounts.clone();
        generation.links = self.links.clone();
        generation.created = self.created.clone();
        generation.support = self.support.clone();
        let mut members: BTreeMap<Group, Vec<Entity>> = BTreeMap::new();
        let mut lenders: BTreeMap<Group, GroupLoan> = BTreeMap::new();
        for (entity, state) in &self.entities {
            let baseline = self.baseline(entity, state, as_of);
            for group in &baseline.chain {
                members
                    .entry(group.clone())
                    .or_default()
                    .push(entity.clone());
                lenders.entry(group.clone()).or_default().add(state, as_of);
            }
            generation.baselines.insert(entity.clone(), baseline);
        }
        for (group, entities) in members {
            let baselines: Vec<&Baseline> =
                entities.iter().map(|e| &generation.baselines[e]).collect();
            let mut state = group_state(&baselines);
            if let Some(loan) = lenders.remove(&group) {
                loan.fill(&mut state);
            }
            generation.groups.insert(group, state);
        }
        generation
    }

    fn baseline(&self, entity: &Entity, state: &EntityState, as_of: Day) -> Baseline {
        let mut metrics: BTreeMap<(Metric, Window), (Moments, f64)> = BTreeMap::new();
        let mut novelty: BTreeMap<Trait, NoveltyCount> = BTreeMap::new();
        let mut hours = vec![0u8; HOURS_OF_WEEK];
        let (mut n_events, mut active_days) = (0, 0);
        for partial in &state.partials {
            let weight = day_weight(as_of, partial.day);
            n_events += partial.n_events;
            active_days += u32::from(!partial.is_first);
            for (key, moments) in &partial.moments {
                let of_day = moments.night_capped(NIGHT_WINDOWS_MAX).weighted(weight);
                let (sum, active) = metrics.entry(*key).or_default();
                *sum = sum.merge(&of_day);
                *active += weight * moments.n;
            }
            for (which, _) in &partial.novel {
                novelty.entry(*which).or_default().novel_days += 1;
            }
            let weekday = (partial.day.0 + 3).rem_euclid(7) as usize;
            for hour in 0..24 {
                if partial.hours >> hour & 1 == 1 {
                    hours[weekday * 24 + hour] += 1;
                }
            }
        }
        let first_counted = state.first_day.max(as_of.plus(-LOOKBACK_DAYS));
        let exposure = (0..as_of.since(first_counted).max(0))
            .map(|i| day_weight(as_of, first_counted.plus(i)))
            .sum();
        let provider = state.provider.unwrap_or(Provider::Other);
        let chain = match entity.kind {
            EntityKind::Role => chain_of_role(),
            EntityKind::Region => chain_of_region(provider),
            EntityKind::Identity | EntityKind::PeerGroup | EntityKind::Estate => {
                chain_for_identity(
                    &entity.id,
                    (provider, state.kind),
                    state.role.as_ref(),
                    state.account.as_ref(),
                    home_region(&state.traits).as_ref(),
                    self.peer_group_of,
                )
            }
        };
        Baseline {
            first_day: state.first_day,
            last_day: state.last_day,
            n_events,
            exposure,
            active_days,
            kind: state.kind,
            provider: state.provider,
            role: state.role.clone(),
            account: state.account.clone(),
            aliases: state.aliases.clone(),
            metrics: metrics
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
                .collect(),
            traits: state.traits.clone(),
            novelty: novelty.into_iter().collect(),
            chain,
            hours,
            first_day_timeline: if state.first_day.plus(1) == as_of {
                state.last_timeline.clone()
            } else {
                Vec::new()
            },
        }
    }
}

/// Returns the chain of an identity from what is known of it, with or without a baseline.
pub fn chain_for_identity(
    id: &str,
    (provider, kind): (Provider, IdentityKind),
    role: Option<&Str>,
    account: Option<&Str>,
    home: Option<&Str>,
    peer_group_of: &PeerGroupOf,
) -> Chain {
    let configured = peer_group_of(id);
    // A role session that is its role's only identity has no peers in its role.
    let role = role.filter(|role| ***role != *id);
    chain_of_identity(
        configured.as_deref(),
        role,
        account.zip(home),
        provider,
        kind,
    )
}

/// Returns the region in which an entity was seen on most days; the first in text order where several tie.
fn home_region(traits: &[(Trait, KnownSet)]) -> Option<Str> {
    let (_, known) = traits.iter().find(|(which, _)| *which == Trait::Region)?;
    known
        .values()
        .iter()
        .max_by(|a, b| a.n_days.cmp(&b.n_days).then_with(|| b.value.cmp(&a.value)))
        .map(|known| known.value.clone())
}

/// Returns the weight of a day in the baseline of the morning of `as_of`.
fn day_weight(as_of: Day, day: Day) -> f64 {
    (-f64::from(as_of.since(day) - 1) / HALF_LIFE_DAYS).exp2()
}

/// Returns the known buckets by hash, unless nothing can be called new: on the first day, or after values were lost.
pub fn known_buckets(is_first_day: bool, traits: &[(Trait, KnownSet)]) -> Option<&[u64]> {
    if is_first_day {
        return None;
    }
    match traits.iter().find(|(which, _)| *which == Trait::Bucket) {
        Some((_, known)) if known.is_saturated() => None,
        Some((_, known)) => Some(known.hashes()),
        None => Some(&[]),
    }
}

fn moments_of(
    facts: &DayFacts,
    plan: &Plan,
    known: Option<&[u64]>,
) -> Vec<((Metric, Window), Moments)> {
    let mut all = Vec::new();
    for metric in facts.metrics() {
        let short = plan
            .short
            .iter()
            .filter(|&&(m, _)| m == metric)
            .map(|&(_, window)| window);
        for window in Window::STANDARD.into_iter().chain(short) {
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

/// What a group's members lend beside their moments: novelty and hourly values.
#[derive(Default)]
struct GroupLoan {
    active_days: u64,
    novel_days: BTreeMap<Trait, u64>,
    support: BTreeMap<Trait, [f64; SUPPORT_BUCKETS]>,
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
            // The lookback reaches over no more weeks than a histogram keeps.
            None => FrozenRoleHistogram::of(self.few.into_iter().map(|(_, x)| x).collect()),
        }
    }
}

impl GroupLoan {
    fn add(&mut self, state: &EntityState, as_of: Day) {
        for partial in state.partials.iter().filter(|p| p.day < as_of) {
            for &(metric, x) in &partial.hourly {
                self.hourly
                    .entry(metric)
                    .or_default()
                    .record(partial.day, x);
            }
            if partial.is_first {
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

    fn fill(self, state: &mut GroupState) {
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
        state.role_tails = self
            .hourly
            .into_iter()
            .map(|(metric, hours)| (metric, hours.freeze()))
            .collect();
    }
}

/// Fits what a group lends of volumes and rates.
fn group_state(members: &[&Baseline]) -> GroupState {
    let mut keys: Vec<(Metric, Window)> = members
        .iter()
        .flat_map(|b| b.metrics.iter().map(|&(key, _)| key))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let mut state = GroupState {
        members: members.len() as u32,
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
