//! All facts of one UTC day, by subject: the unit that is stored, merged and replaced.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::event::{Event, Provider};
use crate::identity::ResolvedEvent;
use crate::measure::links::Links;
use crate::measure::{
    Coverage, Creation, Creations, DayFacts, EventAmounts, Issuance, Issuances, Plan, duplicates,
    note_creation, value_hash,
};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, Str};

/// The most records of a day without a caller that a record of the same id with a caller can replace. Each takes about a
/// kilobyte; of further ones, the first one added counts.
const UNNAMED_MAX: usize = 4_096;

/// The owner of facts: an entity, kept separate when the record is another account's copy of the same action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The entity.
    pub entity: Entity,
    /// The caller's account, on a copy that another account recorded: dropped if the caller's own trail is read too.
    pub duplicate_of_account: Option<Str>,
    /// The caller, action and bucket, on what a server access log records: dropped if a trail records it too.
    pub duplicate_of_trail: Option<u64>,
    /// The id that the provider never gives twice, where the entity is named by one that may be given again.
    pub unique_id: Option<Str>,
}

/// What was added to a day: the subjects, each with the records without a caller that it has.
pub type Changes = FxHashMap<Subject, Vec<u64>>;

/// The accounts whose own trail is read.
pub type OwnAccounts = BTreeSet<Str>;

/// Returns the key of an event: its id with its provider, so that equal ids of two providers are two events.
///
/// The log does not matter, for one record may arrive through several.
fn fingerprint(event: &Event) -> u64 {
    let giver = match event.provider {
        // Their logs record the same sign-in and the same request under one id.
        Provider::Azure | Provider::Entra | Provider::M365 => Provider::Entra,
        other => other,
    };
    xxh3_64_with_seed(event.id.as_bytes(), value_hash(giver.as_str()))
}

/// All facts of one UTC day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayAggregate {
    /// The day.
    pub day: Day,
    /// What each subject did.
    pub subjects: FxHashMap<Subject, DayFacts>,
    /// Which role sessions were on which instance.
    pub links: Links,
    /// Accounts whose trail was read.
    pub accounts: OwnAccounts,
    /// Identities created that day, and how.
    pub created: Creations,
    /// Credentials issued that day, and how they were obtained.
    pub issued: Issuances,
    /// The actions on buckets that trails record, so that they do not count again where a server access log records them.
    pub recorded_by_trail: FxHashSet<u64>,
    /// Fingerprints of the events added so far; each is added once.
    pub fingerprints: FxHashSet<u64>,
    /// What records without a caller add, by fingerprint. `None` once a record of the same id names a caller.
    pub unnamed: BTreeMap<u64, Option<BTreeMap<Subject, DayFacts>>>,
    /// The coverage counts, without the records in `unnamed`.
    pub coverage: Coverage,
    /// The coverage counts of the records in `unnamed`, by fingerprint.
    pub unnamed_coverage: BTreeMap<u64, Coverage>,
    /// Last event of the day.
    pub last: Option<Time>,
}

impl DayAggregate {
    /// Creates an empty aggregate.
    pub fn new(day: Day) -> Self {
        Self {
            day,
            subjects: FxHashMap::default(),
            links: Links::new(),
            accounts: OwnAccounts::new(),
            created: Creations::new(),
            issued: Issuances::new(),
            recorded_by_trail: FxHashSet::default(),
            fingerprints: FxHashSet::default(),
            unnamed: BTreeMap::new(),
            coverage: Coverage::default(),
            unnamed_coverage: BTreeMap::new(),
            last: None,
        }
    }

    /// Adds an event; returns false if it was added before.
    ///
    /// The event's day must be the aggregate's. An event that names its caller replaces one of the same id that does not:
    /// exports trim records, and which copy is read first is chance.
    pub fn add(&mut self, resolved: &ResolvedEvent, plan: &Plan) -> bool {
        self.add_noting(resolved, plan, None)
    }

    /// Adds an event as [`Self::add`] does, and notes the subjects that it adds to.
    pub fn add_noting(
        &mut self,
        resolved: &ResolvedEvent,
        plan: &Plan,
        mut changes: Option<&mut Changes>,
    ) -> bool {
        let event = resolved.event;
        debug_assert_eq!(event.time.day(), self.day);
        let fingerprint = fingerprint(event);
        let is_first = self.fingerprints.insert(fingerprint);
        let is_unnamed = is_unnamed(event);
        let unnamed = self.unnamed.get_mut(&fingerprint);
        let replaced = unnamed.filter(|_| !is_unnamed).and_then(Option::take);
        let takes_place = replaced.is_some();
        if !is_first && !takes_place {
            return false;
        }
        if takes_place {
            self.unnamed_coverage.remove(&fingerprint);
        }
        if let (Some(changes), Some(replaced)) = (&mut changes, replaced) {
            for subject in replaced.into_keys() {
                changes.entry(subject).or_default();
            }
        }
        self.last = self.last.max(Some(event.time));
        if let Some(account) = event.account.as_ref().filter(|_| event.principal.is_some())
            && !self.accounts.contains(account)
        {
            self.accounts.insert(account.clone());
        }
        if let Some(created) = &event.created {
            note_creation(&mut self.created, created, &Creation::of(resolved));
        }
        if let Some((credential, issuance)) = Issuance::of(resolved) {
            self.issued.note(credential, issuance);
        }
        if let Some(assignment) = &event.assigned {
            self.links.assign(event.provider, assignment, event.time);
        }
        if let Some(principal) = &event.principal {
            self.links.note(event.provider, principal, event.time);
        }
        self.recorded_by_trail.extend(duplicates::of_trail(event));
        let duplicate_of_trail = duplicates::of_access_log(event);
        let mut pending = (is_unnamed && self.unnamed.len() < UNNAMED_MAX)
            .then(BTreeMap::<Subject, DayFacts>::new);
        match &pending {
            Some(_) => self.unnamed_coverage.entry(fingerprint).or_default(),
            None => &mut self.coverage,
        }
        .note(event);
        let amounts = EventAmounts::of(resolved);
        for entity in resolved.entities() {
            let is_identity = entity.kind == EntityKind::Identity;
            let subject = Subject {
                unique_id: unique_id_of(event, &entity),
                entity,
                duplicate_of_account: event.duplicate_of_account.clone(),
                duplicate_of_trail,
            };
            let unique_id = subject.unique_id.clone();
            if let Some(changes) = &mut changes {
                let records = changes.entry(subject.clone()).or_default();
                records.extend(pending.is_some().then_some(fingerprint));
            }
            let empty = || DayFacts::starting(event.time);
            let facts = match &mut pending {
                Some(pending) => pending.entry(subject).or_insert_with(empty),
                None => self.subjects.entry(subject).or_insert_with(empty),
            };
            amounts.add_to(facts, plan);
            facts.note_provider(event.provider, event.account.as_ref());
            facts.note_unique_id(unique_id.as_ref());
            if let (true, Some(principal)) = (is_identity, &event.principal) {
                facts.note_principal(principal);
            }
        }
        if pending.is_some() {
            self.unnamed.insert(fingerprint, pending);
        }
        true
    }

    /// Returns whether an added event was replaced by one of the same id that names its caller.
    pub fn was_replaced(&self, event: &Event) -> bool {
        is_unnamed(event) && matches!(self.unnamed.get(&fingerprint(event)), Some(None))
    }

    /// Returns the contents of the day's logs.
    pub fn covered(&self) -> Coverage {
        let mut coverage = self.coverage.clone();
        for unnamed in self.unnamed_coverage.values() {
            coverage.merge(unnamed);
        }
        coverage
    }

    /// Merges two aggregates of the same day that contain different events.
    ///
    /// Aggregates that have events in common must not be merged: sums would count them twice. Add the events instead.
    pub fn merge(&mut self, other: DayAggregate) {
        debug_assert_eq!(self.day, other.day);
        let mut subjects: Vec<_> = other.subjects.into_iter().collect();
        subjects.sort_by(|a, b| a.0.cmp(&b.0));
        for (subject, facts) in subjects {
            match self.subjects.entry(subject) {
                std::collections::hash_map::Entry::Occupied(mut mine) => {
                    mine.get_mut().merge(&facts)
                }
                std::collections::hash_map::Entry::Vacant(empty) => {
                    empty.insert(facts);
                }
            }
        }
        self.links.merge(other.links);
        self.accounts.extend(other.accounts);
        for (identity, creation) in &other.created {
            note_creation(&mut self.created, identity, creation);
        }
        self.issued.merge(&other.issued);
        self.recorded_by_trail.extend(other.recorded_by_trail);
        self.fingerprints.extend(other.fingerprints);
        self.unnamed.extend(other.unnamed);
        self.coverage.merge(&other.coverage);
        self.unnamed_coverage.extend(other.unnamed_coverage);
        self.last = self.last.max(other.last);
    }

    /// Returns whether an event of the day is a duplicate of one that counts: another account's copy, where the caller's
    /// own trail is read, or a server access log's copy of what a trail records.
    pub fn is_second_copy(&self, event: &Event, own: &OwnAccounts) -> bool {
        let duplicate_of_trail = duplicates::of_access_log(event);
        self.is_second(event.duplicate_of_account.as_ref(), duplicate_of_trail, own)
    }

    pub(super) fn is_second(
        &self,
        duplicate_of_account: Option<&Str>,
        duplicate_of_trail: Option<u64>,
        own: &OwnAccounts,
    ) -> bool {
        duplicate_of_account.is_some_and(|account| own.contains(account))
            || duplicate_of_trail.is_some_and(|action| self.recorded_by_trail.contains(&action))
    }
}

/// Returns the id of an entity that the provider never gives twice, if the event states it.
pub fn unique_id_of(event: &Event, entity: &Entity) -> Option<Str> {
    let principal = event.principal.as_ref()?;
    let is_it = match entity.kind {
        EntityKind::Identity => principal.id == entity.id,
        EntityKind::Role => principal.role.as_ref() == Some(&entity.id),
        _ => false,
    };
    principal.unique_id.clone().filter(|_| is_it)
}

/// Returns whether a record states what was done but not by whom. A flow has no caller, and its id is its content.
fn is_unnamed(event: &Event) -> bool {
    event.principal.is_none() && !event.source.is_flow()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AddressClass, Source};

    #[test]
    fn an_event_counts_once_in_any_log_and_equal_ids_of_two_providers_are_two() {
        let mut aggregate = DayAggregate::new(Day(20_000));
        let mut adds = |provider, source| {
            let event = Event::new(Day(20_000).start(), "1".into(), provider, source);
            let resolved = ResolvedEvent {
                event: &event,
                identity: None,
                region: None,
                peer_class: AddressClass::Unknown,
                sensitive: false,
                source_sensitive: false,
            };
            aggregate.add(&resolved, &Plan::default())
        };
        for (provider, source, is_new) in [
            (Provider::Slack, Source::SlackAudit, true),
            (Provider::Aws, Source::AwsCloudTrail, true),
            (Provider::Aws, Source::Ocsf, false),
            (Provider::Aws, Source::Ecs, false),
            (Provider::M365, Source::M365Ual, true),
            (Provider::Entra, Source::EntraSignIn, false),
        ] {
            assert_eq!(adds(provider, source), is_new, "{source} of {provider}");
        }
    }
}
