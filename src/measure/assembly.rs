//! The facts of a day by entity, kept up to date while the day grows: flows join the identity that uses their instance,
//! duplicates of an action are dropped where the first copy is read, and a role's own sessions count for the role.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::event::Event;
use crate::identity::is_instance;
use crate::measure::bounds::PERSONS_PER_ROLE_MAX;
use crate::measure::links::{self, Links};
use crate::measure::subject::person_in_role;
use crate::measure::{
    Changes, DayAggregate, DayFacts, OwnAccounts, Subject, former_name, unique_id_of,
};
use crate::time::Time;
use crate::vocab::{Entity, EntityKind, Str};

/// Which entity each subject of a day counts for, and which subjects each entity has.
#[derive(Debug, Default)]
pub struct Assembly {
    owners: Owners,
    /// The owner of each subject; `None` for a duplicate, which does not count.
    placed: FxHashMap<Subject, Option<Entity>>,
    members: BTreeMap<Entity, Members>,
    /// The records without a caller that each subject has.
    unnamed: BTreeMap<Subject, BTreeSet<u64>>,
    /// Subjects that may be duplicates.
    copies: BTreeSet<Subject>,
    own_accounts: OwnAccounts,
    n_recorded_by_trail: usize,
    /// The spans of flow logs that others told, too.
    repeated: BTreeSet<u64>,
}

/// The subjects of an entity.
#[derive(Debug, Default)]
struct Members {
    /// In order.
    own: Vec<Subject>,
    /// Persons that are not distinguished. They count for their role already.
    crowd: Vec<Subject>,
}

/// Adds a subject to those in order.
fn insert(subjects: &mut Vec<Subject>, subject: Subject) {
    if let Err(at) = subjects.binary_search(&subject) {
        if subjects.is_empty() {
            // Most have one.
            subjects.reserve_exact(1);
        }
        subjects.insert(at, subject);
    }
}

/// Removes a subject from those in order.
fn remove(subjects: &mut Vec<Subject>, subject: &Subject) {
    if let Ok(at) = subjects.binary_search(subject) {
        subjects.remove(at);
    }
}

impl Assembly {
    /// Returns the identities of the instances that an identity works on, in order.
    pub fn instances_of<'a>(&'a self, identity: &'a str) -> impl Iterator<Item = &'a Str> {
        let behind = self.owners.behind.iter();
        let of_identity = behind.filter(move |(id, by)| ***by == *identity && is_instance(id));
        of_identity.map(|(id, _)| id)
    }

    /// Returns the identity that works on an instance, if it is known.
    pub fn behind_instance(&self, instance: &str) -> Option<&Str> {
        let by = self.owners.behind.get(instance);
        by.filter(|_| is_instance(instance))
    }
}

/// The unique ids that a name had on a day, mostly one, and when each was first seen.
type Bearers = SmallVec<[(Str, Time); 1]>;

/// The subjects of a day that belong to another identity.
#[derive(Debug, Default)]
struct Owners {
    /// The identity that uses an instance or an address.
    behind: BTreeMap<Str, Str>,
    /// By the prefix of the sessions' ARNs of a role: the persons in it, and the role.
    persons: BTreeMap<Str, (BTreeSet<Str>, Str)>,
    /// The first flow of each instance.
    first_flows: BTreeMap<Str, Time>,
    /// Of each name that has unique ids: when each was first seen.
    bearers: BTreeMap<Entity, Bearers>,
}

impl Assembly {
    /// Takes in what was added to a day; returns the entities whose facts are others than before. `changes` is `None` for
    /// everything. `before` are the links of the days before.
    pub fn settle(
        &mut self,
        aggregate: &DayAggregate,
        changes: Option<Changes>,
        before: &Links,
        own: &OwnAccounts,
    ) -> BTreeSet<Entity> {
        let changes = changes.unwrap_or_else(|| everything(aggregate));
        for subject in changes.keys().filter(|s| is_instance(&s.entity.id)) {
            if let Some(facts) = aggregate.subjects().get(subject) {
                let first = self.owners.first_flows.entry(subject.entity.id.clone());
                let first = first.or_insert(facts.first);
                *first = facts.first.min(*first);
            }
        }
        let links = [&aggregate.links, before];
        let behind = links::behind(&links, aggregate.day, &self.owners.first_flows);
        let mut is_moved = Moved {
            ids: differences(&self.owners.behind, &behind),
            ..Moved::default()
        };
        // Whether a trail came to be known that records what was counted otherwise.
        let repeated = aggregate.flow_logs.repeated();
        let has_other_duplicates = self.own_accounts != *own
            || self.repeated != repeated
            || self.n_recorded_by_trail != aggregate.recorded_by_trail.len();
        self.owners.behind = behind;
        if self.own_accounts != *own {
            self.own_accounts.clone_from(own);
        }
        self.repeated = repeated;
        self.n_recorded_by_trail = aggregate.recorded_by_trail.len();
        self.owners.recount(aggregate, &changes, &mut is_moved);
        #[expect(
            clippy::iter_over_hash_type,
            reason = "sets and least values do not depend on order"
        )]
        for subject in changes.keys() {
            if let Some(facts) = aggregate.subjects().get(subject) {
                self.owners.note(subject, facts, &mut is_moved);
            }
        }
        let mut dirty = BTreeSet::new();
        let mut moved: Vec<Subject> = Vec::new();
        if has_other_duplicates {
            moved.extend(self.copies.iter().cloned());
        }
        if is_moved.any() {
            let placed = self.placed.keys();
            moved.extend(placed.filter(|subject| is_moved.has(subject)).cloned());
        }
        for subject in moved {
            if !changes.contains_key(&subject) {
                self.place(aggregate, subject, false, &mut dirty);
            }
        }
        #[expect(
            clippy::iter_over_hash_type,
            reason = "where a subject belongs does not depend on order"
        )]
        for (subject, records) in changes {
            if !records.is_empty() {
                self.unnamed
                    .entry(subject.clone())
                    .or_default()
                    .extend(records);
            }
            self.place(aggregate, subject, true, &mut dirty);
        }
        let roles: Vec<Entity> = dirty.iter().filter_map(|e| self.role_of(e)).collect();
        dirty.extend(roles);
        dirty
    }

    /// Puts a subject where it belongs now, and notes whose facts change by that.
    fn place(
        &mut self,
        aggregate: &DayAggregate,
        subject: Subject,
        is_changed: bool,
        dirty: &mut BTreeSet<Entity>,
    ) {
        let is_there = aggregate.subjects().contains_key(&subject)
            || self.unnamed_facts(aggregate, &subject).next().is_some();
        let counts = is_there
            && !aggregate.is_second(
                subject.duplicate_of_account.as_ref(),
                subject.duplicate_of_trail,
                &self.own_accounts,
            );
        let is_crowd = self.owners.is_crowded(&subject.entity);
        let owner = counts.then(|| {
            // A record without a caller is kept under the names that it has.
            match aggregate.subjects().contains_key(&subject) {
                true => self
                    .owners
                    .owner(&subject.entity, subject.unique_id.as_ref()),
                false => aggregate.distinguished(subject.entity.clone()),
            }
        });
        let is_copy =
            subject.duplicate_of_account.is_some() || subject.duplicate_of_trail.is_some();
        if is_copy && is_there {
            self.copies.insert(subject.clone());
        }
        let before = match is_there {
            true => self.placed.insert(subject.clone(), owner.clone()),
            false => self.placed.remove(&subject),
        };
        let before = before.flatten();
        if before == owner && !is_changed {
            return;
        }
        if let Some(before) = before.filter(|before| Some(before) != owner.as_ref()) {
            if let Some(members) = self.members.get_mut(&before) {
                remove(&mut members.own, &subject);
                remove(&mut members.crowd, &subject);
                if members.own.is_empty() && members.crowd.is_empty() {
                    self.members.remove(&before);
                }
            }
            dirty.insert(before);
        }
        if let Some(owner) = owner {
            let members = self.members.entry(owner.clone()).or_default();
            if is_crowd {
                insert(&mut members.crowd, subject);
            } else {
                insert(&mut members.own, subject);
            }
            dirty.insert(owner);
        }
    }

    /// Returns the role for which an identity's facts count, too.
    fn role_of(&self, entity: &Entity) -> Option<Entity> {
        let role = Entity {
            kind: EntityKind::Role,
            id: entity.id.clone(),
        };
        (entity.kind == EntityKind::Identity && self.members.contains_key(&role)).then_some(role)
    }

    /// Returns the entities of the day, in order.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.members.keys()
    }

    /// Returns the subjects whose facts are an entity's.
    pub fn subjects_of(&self, entity: &Entity) -> impl Iterator<Item = &Subject> + use<'_> {
        let members = self.members.get(entity).into_iter();
        members.flat_map(|members| members.own.iter().chain(&members.crowd))
    }

    /// Returns the facts of an entity, if it has any.
    pub fn facts<'a>(
        &'a self,
        aggregate: &'a DayAggregate,
        entity: &Entity,
    ) -> Option<Cow<'a, DayFacts>> {
        let members = self.members.get(entity)?;
        let mut sum = None;
        for subject in &members.own {
            self.add(aggregate, subject, &mut sum);
        }
        if entity.kind == EntityKind::Role {
            let own_sessions = Entity {
                kind: EntityKind::Identity,
                id: entity.id.clone(),
            };
            let mut of_sessions = None;
            for subject in self.members.get(&own_sessions).iter().flat_map(|m| &m.own) {
                self.add(aggregate, subject, &mut of_sessions);
            }
            if let Some(of_sessions) = of_sessions {
                add(&mut sum, of_sessions);
            }
        }
        // Only now, because the actions of persons were added to their role, too.
        for subject in &members.crowd {
            self.add(aggregate, subject, &mut sum);
        }
        sum
    }

    /// Returns the facts of all entities of the day.
    pub fn by_entity(&self, aggregate: &DayAggregate) -> BTreeMap<Entity, DayFacts> {
        let facts_of = |entity: &Entity| {
            let facts = self.facts(aggregate, entity)?.into_owned();
            Some((entity.clone(), facts))
        };
        self.members.keys().filter_map(facts_of).collect()
    }

    /// Returns the facts of all entities of the day, and takes them out of the aggregate where no other entity needs them.
    pub fn take_by_entity(&self, aggregate: &mut DayAggregate) -> BTreeMap<Entity, DayFacts> {
        let mut all = BTreeMap::new();
        // Roles first: the facts of their own sessions count for them, too.
        let (roles, others): (Vec<_>, Vec<_>) = self
            .members
            .iter()
            .partition(|(entity, _)| entity.kind == EntityKind::Role);
        for (entity, members) in roles.into_iter().chain(others) {
            let alone = match members.own.first() {
                Some(own) if members.own.len() == 1 && entity.kind != EntityKind::Role => Some(own),
                _ => None,
            };
            let alone = alone.filter(|_| members.crowd.is_empty());
            let alone = alone.filter(|own| !self.unnamed.contains_key(own));
            let facts = match alone.and_then(|own| aggregate.take(own)) {
                Some(facts) => Some(facts),
                None => self.facts(aggregate, entity).map(Cow::into_owned),
            };
            all.extend(facts.map(|facts| (entity.clone(), facts)));
        }
        all
    }

    fn add<'a>(
        &'a self,
        aggregate: &'a DayAggregate,
        subject: &Subject,
        sum: &mut Option<Cow<'a, DayFacts>>,
    ) {
        let named = aggregate.subjects().get(subject).map(|facts| &**facts);
        for facts in named
            .into_iter()
            .chain(self.unnamed_facts(aggregate, subject))
        {
            add(sum, Cow::Borrowed(facts));
        }
    }

    fn unnamed_facts<'a>(
        &'a self,
        aggregate: &'a DayAggregate,
        subject: &Subject,
    ) -> impl Iterator<Item = &'a DayFacts> + use<'a> {
        let subject = subject.clone();
        let records = self.unnamed.get(&subject).into_iter().flatten();
        records.filter_map(move |record| {
            aggregate
                .unnamed
                .records
                .get(record)?
                .as_ref()?
                .get(&subject)
        })
    }

    /// Returns the entities for which an event of the day counts: none if it is a duplicate, or was replaced by a record of
    /// the same id that names its caller.
    pub fn entities_of(
        &self,
        aggregate: &DayAggregate,
        event: &Event,
        entities: impl Iterator<Item = Entity>,
    ) -> Vec<Entity> {
        if aggregate.was_replaced(event) || aggregate.is_second_copy(event, &self.own_accounts) {
            return Vec::new();
        }
        entities
            .map(|entity| {
                let counted = aggregate.distinguished(entity.clone());
                let unique_id = unique_id_of(event, &entity).filter(|_| counted == entity);
                self.owners.owner(&counted, unique_id.as_ref())
            })
            .collect()
    }
}

impl DayAggregate {
    /// Merges the day's facts by entity: flows join the identity that uses their instance, duplicates of an action are
    /// dropped where the first copy is read, and a role's own sessions count for the role.
    ///
    /// `before` are the links of the days before.
    pub fn assemble(&self, before: &Links, own: &OwnAccounts) -> BTreeMap<Entity, DayFacts> {
        let mut assembly = Assembly::default();
        assembly.settle(self, None, before, own);
        assembly.by_entity(self)
    }

    /// Merges the day's facts by entity as [`Self::assemble`] does, and takes them out.
    pub fn take_facts(&mut self, before: &Links, own: &OwnAccounts) -> BTreeMap<Entity, DayFacts> {
        let mut assembly = Assembly::default();
        assembly.settle(self, None, before, own);
        assembly.take_by_entity(self)
    }
}

fn everything(aggregate: &DayAggregate) -> Changes {
    let mut all: Changes = aggregate
        .subjects()
        .keys()
        .map(|subject| (subject.clone(), Vec::new()))
        .collect();
    for (&record, held) in &aggregate.unnamed.records {
        for subject in held.iter().flat_map(BTreeMap::keys) {
            all.entry(subject.clone()).or_default().push(record);
        }
    }
    all
}

fn add<'a>(sum: &mut Option<Cow<'a, DayFacts>>, facts: Cow<'a, DayFacts>) {
    match sum {
        Some(sum) => sum.to_mut().merge(&facts),
        None => *sum = Some(facts),
    }
}

/// Returns the keys of which the values differ.
fn differences(before: &BTreeMap<Str, Str>, now: &BTreeMap<Str, Str>) -> BTreeSet<Str> {
    let other =
        |(key, value): &(&Str, &Str), map: &BTreeMap<Str, Str>| map.get(*key) != Some(value);
    let gone = before.iter().filter(|entry| other(entry, now));
    let come = now.iter().filter(|entry| other(entry, before));
    gone.chain(come).map(|(key, _)| key.clone()).collect()
}

/// Which subjects may have another owner than before.
#[derive(Default)]
struct Moved {
    /// Instances and addresses that another identity uses.
    ids: BTreeSet<Str>,
    /// Names that several principals had.
    names: BTreeSet<Entity>,
    /// Roles, by the prefix of their sessions' ARNs, whose persons are not distinguished any more.
    crowded: BTreeSet<Str>,
}

impl Moved {
    fn any(&self) -> bool {
        !(self.ids.is_empty() && self.names.is_empty() && self.crowded.is_empty())
    }

    fn has(&self, subject: &Subject) -> bool {
        self.ids.contains(&subject.entity.id)
            || self.names.contains(&subject.entity)
            || person_in_role(&subject.entity).is_some_and(|(role, _)| self.crowded.contains(role))
    }
}

impl Owners {
    /// Notes what a subject shows of who had a name and who was in a role.
    fn note(&mut self, subject: &Subject, facts: &DayFacts, moved: &mut Moved) {
        if let Some(unique_id) = &subject.unique_id {
            let bearers = self.bearers.entry(subject.entity.clone()).or_default();
            let before = last_bearer(bearers).cloned();
            match bearers.iter_mut().find(|(id, _)| id == unique_id) {
                Some((_, first)) => *first = facts.first.min(*first),
                None => bearers.push((unique_id.clone(), facts.first)),
            }
            if before.is_some() && before.as_ref() != last_bearer(bearers) || bearers.len() == 2 {
                moved.names.insert(subject.entity.clone());
            }
        }
        if let (Some((role_session, person)), Some(role)) =
            (person_in_role(&subject.entity), &facts.profile.role)
        {
            let (persons, least) = self
                .persons
                .entry(role_session.into())
                .or_insert_with(|| (BTreeSet::new(), role.clone()));
            let was_crowded = persons.len() > PERSONS_PER_ROLE_MAX;
            let is_other_role = role < least;
            if is_other_role {
                least.clone_from(role);
            }
            if !was_crowded {
                persons.insert(person.into());
            }
            let is_crowded = persons.len() > PERSONS_PER_ROLE_MAX;
            if is_crowded && (!was_crowded || is_other_role) {
                moved.crowded.insert(role_session.into());
            }
        }
    }

    /// Counts the persons anew of roles of which some are no longer distinguished, as if they had never been there.
    fn recount(&mut self, aggregate: &DayAggregate, changes: &Changes, moved: &mut Moved) {
        let subjects = aggregate.subjects();
        let gone = changes.keys().filter(|s| !subjects.contains_key(s));
        let roles: BTreeSet<&str> = gone
            .filter_map(|subject| person_in_role(&subject.entity))
            .map(|(role, _)| role)
            .filter(|role| self.persons.contains_key(*role))
            .collect();
        if roles.is_empty() {
            return;
        }
        let were_crowded: BTreeMap<&str, bool> = roles
            .iter()
            .map(|role| (*role, self.crowded(role).is_some()))
            .collect();
        for role in &roles {
            self.persons.remove(*role);
        }
        #[expect(clippy::iter_over_hash_type, reason = "sets have no order")]
        for (subject, facts) in subjects {
            if person_in_role(&subject.entity).is_some_and(|(role, _)| roles.contains(role)) {
                self.note(subject, facts, moved);
            }
        }
        for (role, was_crowded) in were_crowded {
            if was_crowded != self.crowded(role).is_some() {
                moved.crowded.insert(role.into());
            }
        }
    }

    /// Returns whether an entity is a person in a role with more persons than are distinguished.
    fn is_crowded(&self, entity: &Entity) -> bool {
        person_in_role(entity).is_some_and(|(role, _)| self.crowded(role).is_some())
    }

    fn crowded(&self, role_session: &str) -> Option<&Str> {
        let (persons, role) = self.persons.get(role_session)?;
        (persons.len() > PERSONS_PER_ROLE_MAX).then_some(role)
    }

    /// Returns the entity to which a subject's facts belong: the identity behind it, or else itself; of a name that was
    /// given again that day, the former principal under a name of its own.
    fn owner(&self, entity: &Entity, unique_id: Option<&Str>) -> Entity {
        if let Some(id) = self.behind(entity) {
            let kind = EntityKind::Identity;
            return Entity { kind, id };
        }
        let last = self.bearers.get(entity).filter(|b| b.len() > 1);
        match (last.and_then(last_bearer), unique_id) {
            (Some(last), Some(unique_id)) if last != unique_id => Entity {
                kind: entity.kind,
                id: former_name(&entity.id, unique_id),
            },
            _ => entity.clone(),
        }
    }

    /// Returns the identity that uses an instance or an address, or the role of a person if that role has more persons than
    /// are distinguished.
    fn behind(&self, entity: &Entity) -> Option<Str> {
        if entity.kind != EntityKind::Identity {
            return None;
        }
        if let Some((role_session, _)) = person_in_role(entity) {
            return self.crowded(role_session).cloned();
        }
        self.behind.get(&entity.id).cloned()
    }
}

/// Returns the unique id that was first seen last.
fn last_bearer(bearers: &Bearers) -> Option<&Str> {
    let last = bearers.iter().max_by_key(|(id, first)| (first, id))?;
    Some(&last.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{KnownThings, SubjectFacts};
    use crate::time::{Day, Window};
    use crate::vocab::Metric;

    #[test]
    fn a_crowded_role_counts_each_of_its_persons_once() {
        let role: Str = "arn:aws:iam::111122223333:role/analyst".into();
        let totals = |n_persons: usize| {
            let mut subjects = SubjectFacts::default();
            let mut add = |kind, id: &str, calls| {
                let entity = Entity {
                    kind,
                    id: id.into(),
                };
                let subject = Subject {
                    entity,
                    duplicate_of_account: None,
                    duplicate_of_trail: None,
                    unique_id: None,
                };
                let start = Day(20_000).start();
                let facts = subjects
                    .entry(subject)
                    .or_insert_with(|| Box::new(DayFacts::starting(start)));
                facts.profile.role = Some(role.clone());
                facts.add_sum(Metric::ListCalls, Window::TEN_MINUTES, start, calls);
            };
            add(EntityKind::Identity, &role, 100);
            for i in 0..n_persons {
                let id = format!("arn:aws:sts::111122223333:assumed-role/analyst/p{i}@example.com");
                add(EntityKind::Identity, &id, 1);
                add(EntityKind::Role, &role, 1);
            }
            let aggregate = DayAggregate::new(Day(20_000)).with_subjects(subjects);
            let facts = aggregate.assemble(&Links::new(), &OwnAccounts::new());
            let total = |kind| {
                let entity = Entity {
                    kind,
                    id: role.clone(),
                };
                facts[&entity].readings(Metric::ListCalls, Window::DAY, &KnownThings::NOTHING)[0].1
            };
            (total(EntityKind::Identity), total(EntityKind::Role))
        };
        let n = PERSONS_PER_ROLE_MAX;
        let all = n as u64 + 100;
        assert_eq!(totals(n), (100, all));
        assert_eq!(totals(n + 1), (all + 1, all + 1));
    }

    #[test]
    fn more_persons_than_are_distinguished_count_for_their_role() {
        let role: Str = "arn:aws:iam::111122223333:role/team/analyst".into();
        let with_persons = |n: usize| {
            let day = Day(20_000);
            let mut subjects = SubjectFacts::default();
            for i in 0..n {
                // Session names are free, and these contain slashes.
                let slash = if i % 2 == 0 { "" } else { "/" };
                let id = format!(
                    "arn:aws:sts::111122223333:assumed-role/analyst/p{i}{slash}@example.com"
                );
                let entity = Entity {
                    kind: EntityKind::Identity,
                    id: id.as_str().into(),
                };
                let mut facts = DayFacts::starting(day.start());
                facts.profile.role = Some(role.clone());
                subjects.insert(
                    Subject {
                        entity,
                        duplicate_of_account: None,
                        duplicate_of_trail: None,
                        unique_id: None,
                    },
                    Box::new(facts),
                );
            }
            let aggregate = DayAggregate::new(day).with_subjects(subjects);
            aggregate.assemble(&Links::new(), &OwnAccounts::new())
        };
        assert_eq!(
            with_persons(PERSONS_PER_ROLE_MAX).len(),
            PERSONS_PER_ROLE_MAX
        );
        let crowded = with_persons(PERSONS_PER_ROLE_MAX + 1);
        let ids: Vec<&str> = crowded.keys().map(|e| &*e.id).collect();
        assert_eq!(ids, [&*role]);
    }
}
