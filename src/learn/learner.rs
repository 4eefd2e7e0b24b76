//! The learner: days of facts in, baselines out.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::baseline::{
    Baseline, DriftReport, Generation, Group, LOOKBACK_DAYS, SignedIn, Support as Counts,
    TRAIT_MEMORY_DAYS, support_key,
};
use crate::learn::chains::Chains;
use crate::learn::drift_report::drift_report;
use crate::learn::group_priors::Groups;
use crate::learn::late::{LateExposures, late_logs};
use crate::learn::memory::Memory;
use crate::learn::partial::DayPartial;
use crate::learn::peers::{PeerClusters, PeerGroupOf, chain_of_newcomer};
use crate::learn::state::{ALIASES_MAX, EntityState, NOVELTY_TRAITS, moments_of};
use crate::learn::support::Support;
use crate::learn::texts::Texts;
use crate::measure::{
    Creation, Creations, DayAggregate, DayFacts, DayLogs, FINDING_DAYS, KnownThings, Links,
    Namesake, OwnAccounts, Plan, SIGN_IN_DAYS, SignIns, are_two, keep_creations,
    may_be_given_again, note_creation, of_former, value_hash,
};
use crate::stats::constants::DRIFT_REPORTS_PER_DAY;
use crate::stats::novelty::support_bucket;
use crate::time::{Day, Time, Window};
use crate::vocab::{Entity, EntityKind, Metric, Str, Trait};

/// How long after its end, in seconds, a day may still grow: the allowed lateness of the slowest of its sources.
pub const CLOSING_SECS: i64 = 20 * 60;

/// The most entities that are remembered. A store with more would not fit a common machine; those beyond are forgotten, the
/// ones that were seen on a single day first, and of these the ones longest unseen.
const ENTITIES_MAX: usize = 1 << 21;
/// Days for which a creation is remembered: an identity may be made, and left unused for weeks, before it is used.
const CREATION_MEMORY_DAYS: i32 = 30;
/// The most creations that are remembered.
const CREATIONS_REMEMBERED_MAX: usize = 1 << 18;
/// Metrics whose hourly values a group keeps for judging new identities.
const ROLE_TAIL_METRICS: [Metric; 2] = [Metric::ReadCalls, Metric::BytesRead];

/// The state of learning.
pub struct Learner<'a> {
    plan: &'a Plan,
    peer_group_of: &'a PeerGroupOf<'a>,
    clusters_peers: bool,
    memory: Memory,
    /// How many identities know each value: follows from the memory.
    support: Support,
    /// The texts of the memory, one copy of each.
    texts: Texts,
    /// Entities that were forgotten since there were too many.
    n_forgotten: u64,
}

/// What a day is judged by: the baselines of those who did something on it, and the groups that these are compared with.
pub struct Morning {
    /// The generation, with these baselines and groups only.
    pub generation: Generation,
    /// How many identities are known, without those of accounts whose days are not scored yet.
    pub n_identities: u64,
}

impl<'a> Learner<'a> {
    /// Creates a learner that remembers nothing.
    pub fn new(plan: &'a Plan, peer_group_of: &'a PeerGroupOf<'a>) -> Self {
        Self::resumed(plan, peer_group_of, Memory::default())
    }

    /// Creates a learner that goes on from what another remembered.
    pub fn resumed(plan: &'a Plan, peer_group_of: &'a PeerGroupOf<'a>, mut memory: Memory) -> Self {
        let mut texts = Texts::default();
        let mut support = Support::default();
        for (entity, state) in &mut memory.entities {
            state.share(&mut texts);
            if entity.kind == EntityKind::Identity {
                support.add_all(&state.known);
            }
        }
        Self {
            plan,
            peer_group_of,
            clusters_peers: true,
            memory,
            support,
            texts,
            n_forgotten: 0,
        }
    }

    /// Sets whether unlabelled identities are grouped by their behaviour.
    #[must_use]
    pub fn clustering_peers(mut self, clusters_peers: bool) -> Self {
        self.clusters_peers = clusters_peers;
        self
    }

    /// Returns what is remembered.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Learns what other detectors concluded of a day on which nobody is known to have done anything. That is no day of the store.
    pub fn learn_findings(&mut self, aggregate: &DayAggregate) {
        self.memory.findings.merge(&aggregate.findings);
    }

    /// Learns one day: `aggregate` as it was collected, `facts` merged by entity.
    ///
    /// # Panics
    ///
    /// Panics if the day does not come after all days learnt before.
    pub fn learn_day(&mut self, aggregate: &DayAggregate, facts: &BTreeMap<Entity, DayFacts>) {
        let day = aggregate.day;
        let head = &mut self.memory.head;
        assert!(
            head.next_day.is_none_or(|next| day >= next),
            "days are learnt in order"
        );
        let first_day = *head.first_day.get_or_insert(day);
        head.next_day = Some(day.plus(1));
        self.close_days(day, aggregate.last);
        self.forget_namesakes(day, &aggregate.created);
        self.learn_sign_ins(&aggregate.sign_ins);
        self.memory.findings.merge(&aggregate.findings);
        let beginnings = &mut self.memory.beginnings;
        beginnings.note_day(day, DayLogs::of(facts).breadths());
        self.join_linked(&aggregate.links, &aggregate.created);
        self.memory.trails.note_day(day, &aggregate.trails);
        for (entity, facts) in facts {
            self.learn_entity(day, entity, facts);
        }
        let head = &mut self.memory.head;
        head.own_accounts.extend(aggregate.accounts.iter().cloned());
        head.links = aggregate.links.clone().following(&head.links);
        for (identity, creation) in &aggregate.created {
            note_creation(&mut head.created, identity, creation);
        }
        head.issued.note(day, &aggregate.issued);
        let oldest = day.plus(-CREATION_MEMORY_DAYS).start();
        head.created.retain(|_, creation| creation.at >= oldest);
        keep_creations(&mut head.created, CREATIONS_REMEMBERED_MAX);
        head.namesakes
            .retain(|entity, _| head.created.contains_key(&entity.id));
        head.coverage.push((day, Arc::new(aggregate.covered())));
        self.forget(day);
        self.support.settle();
        self.texts.forget_unused();
        if self.clusters_peers {
            self.memory.head.cluster = PeerClusters::renewed(
                self.memory.head.cluster.take(),
                &mut self.memory.entities,
                (first_day, day.plus(1)),
                self.peer_group_of,
            );
        }
    }

    /// Remembers the sign-ins of a day, with what of each is new by the days before.
    fn learn_sign_ins(&mut self, of_day: &SignIns) {
        for (identity, sign_ins) in of_day.iter() {
            let state = self.memory.entities.get(&identity_of(identity));
            let is_new = |which, value: &str| {
                state.is_some_and(|state| state.known.lacks(which, value_hash(value)))
            };
            for sign_in in sign_ins {
                let learnt = sign_in.learnt(is_new);
                self.memory.sign_ins.note(identity.clone(), learnt);
            }
        }
    }

    /// Judges the drift of days that are over, as the first events of a later day show.
    fn close_days(&mut self, day: Day, last: Option<Time>) {
        let is_over = last.is_some_and(|last| last >= day.start().plus_secs(CLOSING_SECS));
        let closed = day.plus(if is_over { -1 } else { -2 });
        let before = self.memory.head.closed;
        if before.is_some_and(|before| before >= closed) {
            return;
        }
        for (entity, state) in &mut self.memory.entities {
            let is_judged = before.is_some_and(|before| state.last_day <= before);
            if entity.kind == EntityKind::Identity && !is_judged {
                state.drift.judge(&state.partials, before, closed);
            }
        }
        let first_day = self.memory.head.first_day;
        self.memory.head.closed =
            Some(closed).filter(|day| first_day.is_some_and(|first| *day >= first));
    }

    /// Returns which baselines have drifted by the last closed day, at so many reports a day.
    pub fn drift_report(&self, reports_per_day: f64) -> DriftReport {
        let head = &self.memory.head;
        drift_report(
            &self.memory.entities,
            head.first_day.zip(head.closed),
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

    /// Joins what was learnt under lesser ids to the identities that a day links them to: nothing had shown before that they are one.
    /// One who was created since the other was seen last is another, and so is one of another unique id: then a name was given again, and
    /// what was learnt under it is forgotten.
    fn join_linked(&mut self, links: &Links, created: &Creations) {
        let identity = |id: &Str| Entity {
            kind: EntityKind::Identity,
            id: id.clone(),
        };
        for (lesser, greater) in links.linked() {
            let (lesser, greater) = (identity(lesser), identity(greater));
            let Some(state) = self.memory.entities.remove(&lesser) else {
                continue;
            };
            let known = self.memory.entities.get(&greater);
            let unique_id = known.and_then(|known| known.unique_id.as_ref());
            let of_id = [created, &self.memory.head.created].map(|all| all.get(&greater.id));
            let is_younger = |creation: &Creation| creation.at.day() > state.last_day;
            if of_id.into_iter().flatten().any(is_younger)
                || are_two(state.unique_id.as_ref(), unique_id)
            {
                self.memory.peaks.forget_entity(&lesser);
                self.support.remove_all(&state.known);
                continue;
            }
            self.memory.peaks.join(&lesser, &greater);
            match self.memory.entities.entry(greater) {
                Entry::Vacant(empty) => {
                    empty.insert(state);
                }
                Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    self.support.remove_all(&known.known);
                    self.support.remove_all(&state.known);
                    known.join(*state);
                    self.support.add_all(&known.known);
                }
            }
        }
    }

    /// Forgets an entity about whose state something is true, except that its name had another bearer.
    fn part_with(&mut self, entity: &Entity, is_another: impl Fn(&EntityState) -> bool) {
        let states = &mut self.memory.entities;
        if states.get(entity).is_some_and(|state| is_another(state))
            && let Some(state) = states.remove(entity)
        {
            if entity.kind == EntityKind::Identity {
                self.support.remove_all(&state.known);
            }
            let namesake = Namesake {
                unique_id: state.unique_id,
                last_day: state.last_day,
            };
            let namesakes = &mut self.memory.head.namesakes;
            namesakes.insert(entity.clone(), namesake);
        }
    }

    fn learn_entity(&mut self, day: Day, entity: &Entity, facts: &DayFacts) {
        // The last day of a principal whose name somebody else has by now.
        if of_former(&entity.id).is_some() {
            return;
        }
        let stated = facts.profile.unique_id.as_ref();
        self.part_with(entity, |state| are_two(state.unique_id.as_ref(), stated));
        let is_first = !self.memory.entities.contains_key(entity);
        if is_first {
            let mut state = EntityState::first_seen(day);
            state.namesake = self.memory.head.namesakes.remove(entity).map(Box::new);
            self.memory.peaks.forget_entity(entity);
            self.memory.entities.insert(entity.clone(), Box::new(state));
        }
        let first_day = self.memory.head.first_day.unwrap_or(day);
        let Some(state) = self.memory.entities.get_mut(entity) else {
            return;
        };
        let late = late_logs((&self.memory.beginnings, first_day), (day, facts), state);
        let texts = &mut self.texts;
        let mut latest = |stated: &Option<Str>, known: &mut Option<Str>| {
            if let Some(stated) = stated
                && known.as_ref() != Some(stated)
            {
                *known = Some(texts.shared(stated));
            }
        };
        latest(&facts.profile.unique_id, &mut state.unique_id);
        latest(&facts.profile.role, &mut state.role);
        latest(&facts.profile.account, &mut state.account);
        state.last_day = day;
        state.kind = facts.profile.kind();
        state.provider = facts.profile.provider.or(state.provider);
        for (alias, _) in facts.profile.aliases.iter() {
            if let Err(at) = state.aliases.binary_search(alias)
                && state.aliases.len() < ALIASES_MAX
            {
                let mut aliases = state.aliases.to_vec();
                aliases.insert(at, alias.clone());
                state.aliases = aliases.into();
            }
        }
        let timeline = facts.timeline();
        state.first_day_timeline =
            (is_first && !timeline.is_empty()).then(|| timeline.to_vec().into());
        let known = Known::of(is_first, state);
        let moments = moments_of(facts, self.plan, &known.things());
        let counts = entity.kind == EntityKind::Identity;
        let mut novel = Vec::new();
        for (which, values) in facts.traits().iter() {
            state.known.show(which);
            let is_context = NOVELTY_TRAITS.contains(&which);
            let mut buckets = Vec::new();
            let mut see = |hash: u64, value: &Str, is_told: bool| {
                let is_new = state
                    .known
                    .see(which, hash, day, || texts.shared_value(which, hash, value));
                if !is_new {
                    return;
                }
                let key = support_key(which, hash);
                if is_told && is_context {
                    let support = self.support.of(key);
                    buckets.push(support_bucket(u64::from(support)) as u8);
                }
                if counts {
                    self.support.add(key);
                }
            };
            for (hash, value) in values.hashed() {
                see(hash, value, !late.explain(facts, which, (hash, value)));
            }
            // Values that analytics require are learnt from a crowded day as well, so that they do not stay new for ever.
            for (hash, value) in facts.watched(which) {
                see(hash, value, false);
            }
            if values.saturated() {
                state.known.saturate(which);
            }
            let oldest = day.plus(-TRAIT_MEMORY_DAYS);
            state.known.trim(which, oldest, |hash| {
                if counts {
                    self.support.remove(support_key(which, hash));
                }
            });
            if !buckets.is_empty() {
                buckets.sort_unstable();
                novel.push((which, buckets));
            }
        }
        state.known.shrink();
        let hourly = ROLE_TAIL_METRICS
            .iter()
            .flat_map(|&metric| {
                facts
                    .readings(metric, Window::HOUR, &KnownThings::NOTHING)
                    .into_iter()
                    .map(move |(_, x)| (metric, x))
            })
            .collect();
        if !is_first {
            let peaks = &mut self.memory.peaks;
            peaks.note(entity, day, facts, &state.partials);
        }
        state.partials.push(&DayPartial {
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
        let Memory {
            head,
            sign_ins,
            findings,
            peaks,
            entities,
            ..
        } = &mut self.memory;
        sign_ins.forget_before(day.plus(1 - SIGN_IN_DAYS).start());
        findings.forget_before(day.plus(1 - FINDING_DAYS));
        head.coverage.retain(|(day, _)| *day >= oldest_volume);
        entities.retain(|entity, state| {
            state.partials.forget_before(oldest_volume);
            if state.last_day < day {
                state.first_day_timeline = None;
            }
            let stays = state.last_day >= oldest_trait;
            if !stays && entity.kind == EntityKind::Identity {
                self.support.remove_all(&state.known);
            }
            stays
        });
        peaks.forget(day, |entity| entities.contains_key(entity));
        if entities.len() > ENTITIES_MAX {
            self.forget_beyond(ENTITIES_MAX);
        }
    }

    /// Forgets entities beyond a number.
    fn forget_beyond(&mut self, room: usize) {
        let entities = &mut self.memory.entities;
        let mut by_worth: Vec<_> = entities
            .iter()
            .map(|(entity, state)| {
                let returned = state.last_day > state.first_day;
                (
                    returned,
                    state.last_day,
                    Reverse(value_hash(&entity.id)),
                    entity,
                )
            })
            .collect();
        let n_beyond = by_worth.len().saturating_sub(room);
        by_worth.select_nth_unstable(n_beyond);
        let leaving = by_worth.into_iter().take(n_beyond);
        let leaving: Vec<Entity> = leaving.map(|(.., entity)| entity.clone()).collect();
        self.n_forgotten += n_beyond as u64;
        for entity in leaving {
            self.memory.peaks.forget_entity(&entity);
            if let Some(state) = entities.remove(&entity)
                && entity.kind == EntityKind::Identity
            {
                self.support.remove_all(&state.known);
            }
        }
    }

    /// Returns how many entities were forgotten since there were too many.
    pub fn n_forgotten(&self) -> u64 {
        self.n_forgotten
    }

    /// Returns whether a value of a trait is known of an entity.
    pub fn knows(&self, entity: &Entity, which: Trait, hash: u64) -> bool {
        let state = self.memory.entities.get(entity);
        state.is_some_and(|state| state.known.contains(which, hash))
    }

    /// Returns the first day learnt.
    pub fn first_day(&self) -> Option<Day> {
        self.memory.head.first_day
    }

    /// Returns the day after the last one learnt.
    pub fn next_day(&self) -> Option<Day> {
        self.memory.head.next_day
    }

    /// Returns the links that the last day learnt passes on.
    pub fn links(&self) -> &Links {
        &self.memory.head.links
    }

    /// Returns the accounts whose own trail was read.
    pub fn own_accounts(&self) -> &OwnAccounts {
        &self.memory.head.own_accounts
    }

    /// Returns the baselines on the morning of a day, without calibration.
    pub fn generation(&self, as_of: Day) -> Generation {
        let mut generation = self.generation_without_baselines(as_of);
        for (entity, baseline) in self.baselines(as_of) {
            generation.baselines.insert(entity.clone(), baseline);
        }
        generation
    }

    /// Returns everything of a generation except its baselines and its calibration.
    pub fn generation_without_baselines(&self, as_of: Day) -> Generation {
        let support = self.support.counts().iter().map(|(&k, &n)| (k, n));
        self.fitted_to(as_of, support.collect(), |_| true)
    }

    /// Returns what judges some identities by all others alone, without calibration: as if those had never been seen, and roles and regions,
    /// of which they are a part, had not either.
    pub fn generation_of_others(&self, as_of: Day, apart: &BTreeSet<Entity>) -> Generation {
        let is_other =
            |entity: &Entity| entity.kind == EntityKind::Identity && !apart.contains(entity);
        let mut counts = self.support.counts().clone();
        for state in apart.iter().filter_map(|of| self.memory.entities.get(of)) {
            for (which, hash) in state.known.all() {
                if let Some(count) = counts.get_mut(&support_key(which, hash)) {
                    *count = count.saturating_sub(1);
                }
            }
        }
        counts.retain(|_, count| *count > 0);
        let mut generation = self.fitted_to(as_of, counts.into_iter().collect(), is_other);
        for (entity, baseline) in self.baselines(as_of).filter(|(entity, _)| is_other(entity)) {
            generation.baselines.insert(entity.clone(), baseline);
        }
        generation
    }

    fn fitted_to(
        &self,
        as_of: Day,
        support: Counts,
        is_member: impl Fn(&Entity) -> bool,
    ) -> Generation {
        let mut generation = self.judged_by(as_of);
        generation.support = support;
        generation.links = self.memory.head.links.clone();
        generation.signed_in = self.signed_in();
        generation.findings = self.memory.findings.clone();
        let peaks = self.memory.peaks.iter();
        generation.peaks = peaks.map(|(of, all)| (of.clone(), all.clone())).collect();
        generation.drift_report = self.drift_report(DRIFT_REPORTS_PER_DAY);
        let late = self.late(as_of);
        let mut groups = Groups::on(as_of, generation.first_day);
        let mut chains = self.chains();
        let mut cells = Vec::new();
        let all = self.memory.entities.iter();
        for (entity, state) in all.filter(|(entity, _)| is_member(entity)) {
            late.cells(state, &mut cells);
            let exposure = late.weights.exposure(state.first_day);
            let numbers = chains.numbers(entity, state, (exposure, &cells), &mut groups, |_| true);
            groups.add(numbers, &state.partials, &cells, (exposure, late.of(state)));
        }
        let fitted = groups.fit();
        generation.groups = fitted.groups.into_iter().collect();
        generation.sweeps = fitted.sweeps;
        generation.few = Some(fitted.few);
        generation
    }

    /// Returns the baselines on the morning of a day, in the order of entities, each made when it is asked for.
    pub fn baselines(&self, as_of: Day) -> impl Iterator<Item = (&Entity, Baseline)> {
        let late = self.late(as_of);
        let mut chains = self.chains();
        let mut cells = Vec::new();
        self.memory.entities.iter().map(move |(entity, state)| {
            late.cells(state, &mut cells);
            let exposure = late.weights.exposure(state.first_day);
            let chain = chains.chain(entity, state, exposure, &cells);
            (entity, state.baseline(as_of, &cells, exposure, chain))
        })
    }

    /// Returns what the facts of a day are judged by on its morning, without calibration.
    pub fn morning(&self, as_of: Day, facts: &BTreeMap<Entity, DayFacts>) -> Morning {
        let mut generation = self.judged_by(as_of);
        let judged = || {
            let identities = facts.iter();
            identities.filter(|(entity, _)| entity.kind == EntityKind::Identity)
        };
        // A former bearer of a name is known by that name still.
        let former = |id: &str| of_former(id).map(|(name, _)| Str::from(name));
        let mut names: BTreeSet<Str> = judged().map(|(entity, _)| entity.id.clone()).collect();
        names.extend(judged().filter_map(|(entity, _)| former(&entity.id)));
        let mut wanted: BTreeSet<Group> = BTreeSet::new();
        for (entity, facts) in judged() {
            wanted.extend(chain_of_newcomer(entity, facts, self.peer_group_of));
        }
        let late = self.late(as_of);
        let mut chains = self.chains();
        let mut cells = Vec::new();
        for id in &names {
            let entity = Entity {
                kind: EntityKind::Identity,
                id: id.clone(),
            };
            if let Some(state) = self.memory.entities.get(&entity) {
                late.cells(state, &mut cells);
                let exposure = late.weights.exposure(state.first_day);
                let chain = chains.chain(&entity, state, exposure, &cells);
                wanted.extend(chain.iter().cloned());
                let baseline = state.baseline(as_of, &cells, exposure, chain);
                let peaks = self.memory.peaks.of(&entity);
                if !peaks.is_empty() {
                    generation.peaks.insert(entity.clone(), peaks.to_vec());
                }
                generation.baselines.insert(entity, baseline);
            }
        }
        // Of the values that identities know, only those are looked up that the day shows.
        let shown = judged().flat_map(|(_, facts)| facts.shown());
        let shown: BTreeSet<u64> = shown
            .map(|(which, hash)| support_key(which, hash))
            .collect();
        let counted = shown.into_iter().map(|key| (key, self.support.of(key)));
        generation.support = counted.filter(|&(_, n)| n > 0).collect();
        let mut groups = Groups::on(as_of, generation.first_day);
        let mut n_identities = 0;
        let is_identity = |entity: &&Entity| entity.kind == EntityKind::Identity;
        for (entity, state) in &self.memory.entities {
            if !is_identity(&entity) {
                continue;
            }
            n_identities += u64::from(!late.is_unscored(state));
            late.cells(state, &mut cells);
            let exposure = late.weights.exposure(state.first_day);
            let is_wanted = |group: &Group| wanted.contains(group);
            let numbers = chains.numbers(entity, state, (exposure, &cells), &mut groups, is_wanted);
            groups.add(numbers, &state.partials, &cells, (exposure, late.of(state)));
        }
        let fitted = groups.fit();
        generation.groups = fitted.groups.into_iter().collect();
        generation.sweeps = fitted.sweeps;
        generation.few = None;
        Morning {
            generation,
            n_identities,
        }
    }

    /// Returns what any day is judged by beside baselines and groups.
    fn judged_by(&self, as_of: Day) -> Generation {
        let head = &self.memory.head;
        let mut generation = Generation::empty(as_of);
        generation.first_day = head.first_day.unwrap_or(as_of);
        generation.own_accounts = head.own_accounts.clone();
        generation.created = head.created.clone();
        generation.namesakes = head.namesakes.clone();
        generation.issued = head.issued.clone();
        generation.beginnings = self.memory.beginnings.clone();
        generation.trails = self.memory.trails.clone();
        generation.coverage = head.coverage.clone();
        for (_, coverage) in &head.coverage {
            generation.seen.merge(&coverage.seen());
        }
        generation
    }

    fn signed_in(&self) -> SignedIn {
        let all = self.memory.sign_ins.iter();
        all.map(|(identity, of_identity)| (identity_of(identity), of_identity.clone()))
            .collect()
    }

    fn late(&self, as_of: Day) -> LateExposures<'_> {
        let store_begins = self.memory.head.first_day.unwrap_or(as_of);
        LateExposures::on((&self.memory.beginnings, store_begins), as_of)
    }

    fn chains(&self) -> Chains<'_> {
        Chains::new(self.peer_group_of, self.memory.head.cluster.as_ref())
    }
}

fn identity_of(id: &Str) -> Entity {
    Entity {
        kind: EntityKind::Identity,
        id: id.clone(),
    }
}

/// What an entity is known for, as the measures of new things ask.
struct Known {
    is_first_day: bool,
    of: [(bool, Vec<u64>); 3],
}

impl Known {
    fn of(is_first_day: bool, state: &EntityState) -> Self {
        let of = [Trait::Bucket, Trait::Prefix, Trait::WorkRegion].map(|which| {
            let hashes = match is_first_day {
                true => Vec::new(),
                false => state.known.hashes(which).collect(),
            };
            (state.known.is_saturated(which), hashes)
        });
        Self { is_first_day, of }
    }

    fn things(&self) -> KnownThings<'_> {
        let [buckets, prefixes, regions] = self.of.each_ref().map(|(is_saturated, hashes)| {
            (!self.is_first_day && !is_saturated).then_some(&hashes[..])
        });
        KnownThings {
            buckets,
            prefixes,
            regions,
        }
    }
}
