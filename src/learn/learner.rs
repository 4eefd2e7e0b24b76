//! The learner: days of facts in, baselines out.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::baseline::{
    Baseline, Chain, DriftReport, Generation, Group, KnownSet, LOOKBACK_DAYS, TRAIT_MEMORY_DAYS,
    chain_of_identity, chain_of_region, chain_of_role, support_key,
};
use crate::event::{IdentityKind, Provider};
use crate::learn::drift_report::drift_report;
use crate::learn::group_priors::{GroupPriors, group_state};
use crate::learn::partial::DayPartial;
use crate::learn::peers::{self, PeerClusters, PeerGroupOf, shared_role};
use crate::learn::state::{EntityState, NOVELTY_TRAITS, home_region, known, moments_of};
use crate::measure::{
    Coverage, Creations, DayAggregate, DayFacts, Issued, KnownThings, Links, Namesake, OwnAccounts,
    Plan, are_two, may_be_given_again, note_creation, of_former,
};
use crate::stats::constants::DRIFT_REPORTS_PER_DAY;
use crate::stats::novelty::support_bucket;
use crate::time::{Day, Time, Window};
use crate::vocab::{Entity, EntityKind, Metric, Str, Trait};

/// How long after its end, in seconds, a day may still grow: the allowed lateness of the slowest of its sources.
pub const CLOSING_SECS: i64 = 20 * 60;

/// The most provider ids that are kept of an entity.
const ALIASES_MAX: usize = 16;
/// Days for which a creation is remembered: an identity may be made, and left unused for weeks, before it is used.
const CREATION_MEMORY_DAYS: i32 = 30;
/// Metrics whose hourly values a group keeps for judging new identities.
const ROLE_TAIL_METRICS: [Metric; 2] = [Metric::ReadCalls, Metric::BytesRead];

/// The state of learning.
pub struct Learner<'a> {
    plan: &'a Plan,
    peer_group_of: &'a PeerGroupOf<'a>,
    entities: BTreeMap<Entity, EntityState>,
    support: FxHashMap<u64, u32>,
    own_accounts: OwnAccounts,
    links: Links,
    created: Creations,
    /// Of names that were given again and not yet seen since: who had them before.
    namesakes: BTreeMap<Entity, Namesake>,
    issued: Issued,
    /// The contents of the logs on each day of the lookback.
    coverage: Vec<(Day, Arc<Coverage>)>,
    first_day: Option<Day>,
    next_day: Option<Day>,
    clusters_peers: bool,
    cluster: Option<PeerClusters>,
    /// The last day that is known to be complete.
    closed: Option<Day>,
}

impl<'a> Learner<'a> {
    /// Creates a learner without any state.
    pub fn new(plan: &'a Plan, peer_group_of: &'a PeerGroupOf<'a>) -> Self {
        Self {
            plan,
            peer_group_of,
            entities: BTreeMap::new(),
            support: FxHashMap::default(),
            own_accounts: OwnAccounts::new(),
            links: Links::new(),
            created: Creations::new(),
            namesakes: BTreeMap::new(),
            issued: Issued::new(),
            coverage: Vec::new(),
            first_day: None,
            next_day: None,
            clusters_peers: true,
            cluster: None,
            closed: None,
        }
    }

    /// Sets whether unlabelled identities are grouped by their behaviour.
    #[must_use]
    pub fn clustering_peers(mut self, clusters_peers: bool) -> Self {
        self.clusters_peers = clusters_peers;
        self
    }

    /// Learns one day: `aggregate` as it was collected, `facts` merged by entity.
    ///
    /// # Panics
    ///
    /// Panics if the day does not come after all days learnt before.
    pub fn learn_day(&mut self, aggregate: &DayAggregate, facts: &BTreeMap<Entity, DayFacts>) {
        let day = aggregate.day;
        assert!(
            self.next_day.is_none_or(|next| day >= next),
            "days are learnt in order"
        );
        self.first_day.get_or_insert(day);
        self.next_day = Some(day.plus(1));
        self.close_days(day, aggregate.last);
        self.forget_namesakes(day, &aggregate.created);
        for (entity, facts) in facts {
            self.learn_entity(day, entity, facts);
        }
        self.own_accounts.extend(aggregate.accounts.iter().cloned());
        self.links = aggregate.links.clone().following(&self.links);
        for (identity, creation) in &aggregate.created {
            note_creation(&mut self.created, identity, creation);
        }
        self.issued.note(day, &aggregate.issued);
        let oldest = day.plus(-CREATION_MEMORY_DAYS).start();
        self.created.retain(|_, creation| creation.at >= oldest);
        self.namesakes
            .retain(|entity, _| self.created.contains_key(&entity.id));
        self.coverage.push((day, Arc::new(aggregate.covered())));
        self.forget(day);
        self.recount_support();
        if self.clusters_peers {
            self.cluster = PeerClusters::renewed(
                self.cluster.take(),
                &mut self.entities,
                (self.first_day.unwrap_or(day), day.plus(1)),
                self.peer_group_of,
            );
        }
    }

    /// Judges the drift of days that are over, as the first events of a later day show.
    fn close_days(&mut self, day: Day, last: Option<Time>) {
        let is_over = last.is_some_and(|last| last >= day.start().plus_secs(CLOSING_SECS));
        let closed = day.plus(if is_over { -1 } else { -2 });
        if self.closed.is_some_and(|before| before >= closed) {
            return;
        }
        for (entity, state) in &mut self.entities {
            if entity.kind == EntityKind::Identity {
                state.drift.judge(&state.partials, closed);
            }
        }
        self.closed = Some(closed).filter(|day| self.first_day.is_some_and(|first| *day >= first));
    }

    /// Returns which baselines have drifted by the last closed day, at so many reports a day.
    pub fn drift_report(&self, reports_per_day: f64) -> DriftReport {
        drift_report(
            &self.entities,
            self.first_day.zip(self.closed),
            reports_per_day,
        )
    }

    /// Forgets what is known of names that are given again: who has them now is somebody else.
    fn forget_namesakes(&mut self, day: Day, created: &Creations) {
        for id in created.keys().filter(|id| may_be_given_again(id)) {
            for kind in [EntityKind::Identity, EntityKind::Role] {
                let entity = Entity {
                    kind,
                    id: id.clone(),
                };
                self.part_with(&entity, |state| state.first_day < day);
            }
        }
    }

    /// Forgets an entity about whose state something is true, except that its name had another bearer.
    fn part_with(&mut self, entity: &Entity, is_another: impl Fn(&EntityState) -> bool) {
        if self.entities.get(entity).is_some_and(is_another)
            && let Some(state) = self.entities.remove(entity)
        {
            let namesake = Namesake {
                unique_id: state.unique_id,
                last_day: state.last_day,
            };
            self.namesakes.insert(entity.clone(), namesake);
        }
    }

    fn learn_entity(&mut self, day: Day, entity: &Entity, facts: &DayFacts) {
        // The last day of a principal whose name somebody else has by now.
        if of_former(&entity.id).is_some() {
            return;
        }
        let stated = facts.profile.unique_id.as_ref();
        self.part_with(entity, |state| are_two(state.unique_id.as_ref(), stated));
        let is_first = !self.entities.contains_key(entity);
        let state = self
            .entities
            .entry(entity.clone())
            .or_insert_with(|| EntityState {
                namesake: self.namesakes.remove(entity),
                ..EntityState::first_seen(day)
            });
        state.unique_id = facts.profile.unique_id.clone().or(state.unique_id.take());
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
        let moments = moments_of(facts, self.plan, &known(is_first, &state.traits));
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
                if !known.contains(hash) && NOVELTY_TRAITS.contains(which) {
                    let support = self
                        .support
                        .get(&support_key(*which, hash))
                        .copied()
                        .unwrap_or(0);
                    buckets.push(support_bucket(u64::from(support)) as u8);
                }
                known.see(hash, value, day);
            }
            // Values that analytics require are learnt from a crowded day as well, so that they do not stay new for ever.
            for (hash, value) in facts.watched(*which) {
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
                    .readings(metric, Window::HOUR, &KnownThings::NOTHING)
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
        self.coverage.retain(|(day, _)| *day >= oldest_volume);
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

    /// Returns whether a value of a trait is known of an entity.
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

    /// Returns the baselines on the morning of a day, without calibration.
    pub fn generation(&self, as_of: Day) -> Generation {
        let mut generation = Generation::empty(as_of);
        generation.first_day = self.first_day.unwrap_or(as_of);
        generation.own_accounts = self.own_accounts.clone();
        generation.links = self.links.clone();
        generation.created = self.created.clone();
        generation.namesakes = self.namesakes.clone();
        generation.issued = self.issued.clone();
        generation.coverage = self.coverage.clone();
        for (_, coverage) in &self.coverage {
            generation.seen.merge(&coverage.seen());
        }
        generation.support = self.support.iter().map(|(&key, &n)| (key, n)).collect();
        generation.drift_report = self.drift_report(DRIFT_REPORTS_PER_DAY);
        let mut members: BTreeMap<Group, Vec<Entity>> = BTreeMap::new();
        let mut group_priors: BTreeMap<Group, GroupPriors> = BTreeMap::new();
        for (entity, state) in &self.entities {
            let mut baseline = state.baseline(as_of);
            baseline.chain = self.chain(entity, state, &baseline);
            for group in &baseline.chain {
                members
                    .entry(group.clone())
                    .or_default()
                    .push(entity.clone());
                group_priors
                    .entry(group.clone())
                    .or_default()
                    .add(state, (self.first_day.unwrap_or(as_of), as_of));
            }
            generation.baselines.insert(entity.clone(), baseline);
        }
        for (group, entities) in members {
            let baselines: Vec<&Baseline> =
                entities.iter().map(|e| &generation.baselines[e]).collect();
            let mut state = group_state(&baselines);
            if let Some(priors) = group_priors.remove(&group) {
                priors.fill(&mut state);
            }
            generation.groups.insert(group, state);
        }
        generation
    }

    fn chain(&self, entity: &Entity, state: &EntityState, baseline: &Baseline) -> Chain {
        let provider = state.provider.unwrap_or(Provider::Other);
        match entity.kind {
            EntityKind::Role => chain_of_role(),
            EntityKind::Region => chain_of_region(provider),
            EntityKind::Identity | EntityKind::PeerGroup | EntityKind::Estate => {
                let mut chain = chain_for_identity(
                    &entity.id,
                    (provider, state.kind),
                    state.role.as_ref(),
                    state.account.as_ref(),
                    home_region(&state.traits).as_ref(),
                    self.peer_group_of,
                );
                let is_labelled = peers::is_labelled(&entity.id, state, self.peer_group_of);
                if let Some(cluster) = self.cluster.as_ref().filter(|_| !is_labelled) {
                    let group =
                        cluster.group_of(state.cluster, baseline.exposure, &baseline.metrics);
                    chain.splice(0..0, group);
                }
                chain
            }
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
    chain_of_identity(
        configured.as_deref(),
        shared_role(id, role),
        account.zip(home),
        provider,
        kind,
    )
}
