//! All facts of one UTC day, by subject: the unit that is stored, merged and replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::event::{Action, Event, Provider};
use crate::identity::ResolvedEvent;
use crate::measure::admission::{Acquaintance, Admission, Beyond, Class, Room};
use crate::measure::bounds::{
    ASSIGNED_INSTANCES_MAX, Bound, CREATIONS_MAX, CREDENTIALS_MAX, PERSONS_PER_ROLE_MAX, Reached,
    UNNAMED_RECORDS_MAX,
};
use crate::measure::joint::Joint;
use crate::measure::links::Links;
use crate::measure::subject::{Changes, Subject, SubjectFacts, add_facts, person_in_role};
use crate::measure::{
    Coverage, Creation, Creations, DayFacts, DayTrails, Findings, FlowLogs, Issuance, Issuances,
    Plan, SignIn, SignIns, duplicates, keep_creations, note_creation, note_creation_of_day,
    value_hash,
};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, Str};

/// The accounts whose own trail is read.
pub type OwnAccounts = BTreeSet<Str>;

/// Returns the key of an event: its id with its provider, so that equal ids of two providers are two events.
///
/// The log does not matter, for one record may arrive through several.
fn fingerprint(event: &Event) -> u64 {
    // A detector tells of a finding again as it grows, and its id may be that of the event that raised it.
    if event.action == Action::Finding {
        let stated = event.detection.as_deref();
        let title = stated.map_or("", |of| of.title.raw());
        let level = stated.and_then(|of| of.severity);
        let version = format!("{}/{}/{}/{level:?}/{title}", event.time, event.op, event.id);
        return xxh3_64_with_seed(version.as_bytes(), value_hash(&event.service));
    }
    let giver = match event.provider {
        // Their logs record the same sign-in and the same request under one id.
        Provider::Azure | Provider::Entra | Provider::M365 => Provider::Entra,
        other => other,
    };
    xxh3_64_with_seed(event.id.as_bytes(), value_hash(giver.as_str()))
}

/// All facts of one UTC day.
#[derive(Debug)]
pub struct DayAggregate {
    /// The day.
    pub day: Day,
    /// What each subject did, but for what is gathered.
    subjects: SubjectFacts,
    /// What is not yet added to its subjects.
    gathered: Joint,
    /// Which entities are distinguished.
    admission: Admission,
    /// Which role sessions were on which instance.
    pub links: Links,
    /// Accounts whose trail was read.
    pub accounts: OwnAccounts,
    /// Identities created that day, and how.
    pub created: Creations,
    /// Credentials issued that day, and how they were obtained.
    pub issued: Issuances,
    /// The last sign-ins of that day.
    pub sign_ins: SignIns,
    /// What other detectors concluded of that day.
    pub findings: Findings,
    /// The actions on buckets that trails record, so that they do not count again where a server access log records them; and the
    /// interfaces of which a flow log states the instance.
    pub recorded_by_trail: FxHashSet<u64>,
    /// What each flow log told, so that it does not count again where another log repeats it.
    pub flow_logs: FlowLogs,
    /// Fingerprints of the events added so far; each is added once.
    pub fingerprints: FxHashSet<u64>,
    /// The records without a caller.
    pub unnamed: Unnamed,
    /// The coverage counts, without the records that have no caller.
    pub coverage: Coverage,
    /// When each trail had records. Those of records without a caller are left out: such a record may be replaced.
    pub trails: DayTrails,
    /// Last event of the day.
    pub last: Option<Time>,
}

/// Records that state what was done but not by whom, as far as they are kept apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unnamed {
    /// What each adds, by fingerprint. `None` once a record of the same id names a caller.
    pub records: BTreeMap<u64, Option<BTreeMap<Subject, DayFacts>>>,
    /// The coverage counts of each.
    pub coverage: BTreeMap<u64, Coverage>,
}

impl Unnamed {
    /// Takes out what a record added, because one of the same id names its caller.
    fn take(&mut self, fingerprint: u64) -> Option<BTreeMap<Subject, DayFacts>> {
        let replaced = self.records.get_mut(&fingerprint)?.take()?;
        self.coverage.remove(&fingerprint);
        Some(replaced)
    }
}

/// Where it is noted which events a day has, so that each is added once.
trait Register {
    /// Notes an event that names its caller. Returns whether it is new; and, if it replaces a record without a caller, what
    /// that added.
    fn note_named(&mut self, fingerprint: u64) -> (bool, Option<BTreeMap<Subject, DayFacts>>);

    /// Notes a record without a caller; if it is new, passes on where it is to be kept, and returns true.
    fn note_unnamed(&mut self, fingerprint: u64, keep: impl FnOnce(&mut Unnamed)) -> bool;
}

/// The register of one aggregate.
struct OwnRegister {
    fingerprints: FxHashSet<u64>,
    unnamed: Unnamed,
}

impl Register for OwnRegister {
    fn note_named(&mut self, fingerprint: u64) -> (bool, Option<BTreeMap<Subject, DayFacts>>) {
        if self.fingerprints.insert(fingerprint) {
            return (true, None);
        }
        let replaced = self.unnamed.take(fingerprint);
        (replaced.is_some(), replaced)
    }

    fn note_unnamed(&mut self, fingerprint: u64, keep: impl FnOnce(&mut Unnamed)) -> bool {
        let is_new = self.fingerprints.insert(fingerprint);
        if is_new {
            keep(&mut self.unnamed);
        }
        is_new
    }
}

/// Fingerprints are distributed over this many sets, so that threads seldom wait for one another.
const STRIPES: usize = 64;

/// The register of a day that several threads read at once, each into an aggregate of its own.
#[derive(Debug)]
pub struct SharedRegister {
    stripes: Vec<Mutex<FxHashSet<u64>>>,
    unnamed: Mutex<Unnamed>,
}

impl SharedRegister {
    /// Begins with what the day has already.
    pub fn new(fingerprints: FxHashSet<u64>, unnamed: Unnamed) -> Self {
        let register = Self {
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            unnamed: Mutex::new(unnamed),
        };
        #[expect(clippy::iter_over_hash_type, reason = "a set has no order")]
        for fingerprint in fingerprints {
            register.insert(fingerprint);
        }
        register
    }

    fn insert(&self, fingerprint: u64) -> bool {
        // Low bits choose the place within a set.
        let stripe = &self.stripes[(fingerprint >> 58) as usize % STRIPES];
        lock(stripe).insert(fingerprint)
    }

    /// Returns the fingerprints of all events, and the records without a caller.
    pub fn into_parts(self) -> (FxHashSet<u64>, Unnamed) {
        let stripes = self.stripes.into_iter();
        let stripes = stripes.map(|s| s.into_inner().unwrap_or_else(PoisonError::into_inner));
        let unnamed = self.unnamed.into_inner();
        (
            stripes.flatten().collect(),
            unnamed.unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// Each change is complete when its lock is let go, so another thread's panic has left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Register for &SharedRegister {
    fn note_named(&mut self, fingerprint: u64) -> (bool, Option<BTreeMap<Subject, DayFacts>>) {
        if self.insert(fingerprint) {
            return (true, None);
        }
        let replaced = lock(&self.unnamed).take(fingerprint);
        (replaced.is_some(), replaced)
    }

    fn note_unnamed(&mut self, fingerprint: u64, keep: impl FnOnce(&mut Unnamed)) -> bool {
        // Held until the record is kept: who finds its fingerprint must find it, too.
        let mut unnamed = lock(&self.unnamed);
        let is_new = self.insert(fingerprint);
        if is_new {
            keep(&mut unnamed);
        }
        is_new
    }
}

impl DayAggregate {
    /// Creates an empty aggregate that distinguishes whom `room` has room for.
    pub fn within(day: Day, room: Room) -> Self {
        Self {
            admission: Admission::within(room),
            ..Self::new(day)
        }
    }

    /// Creates an empty aggregate that distinguishes everybody.
    pub fn new(day: Day) -> Self {
        Self {
            day,
            subjects: SubjectFacts::default(),
            gathered: Joint::default(),
            admission: Admission::default(),
            links: Links::new(),
            accounts: OwnAccounts::new(),
            created: Creations::new(),
            issued: Issuances::new(),
            sign_ins: SignIns::new(),
            findings: Findings::default(),
            recorded_by_trail: FxHashSet::default(),
            flow_logs: FlowLogs::default(),
            fingerprints: FxHashSet::default(),
            unnamed: Unnamed::default(),
            coverage: Coverage::default(),
            trails: DayTrails::default(),
            last: None,
        }
    }

    /// Returns the same aggregate with these facts by subject.
    #[must_use]
    pub fn with_subjects(mut self, subjects: SubjectFacts) -> Self {
        self.subjects = subjects;
        self
    }

    /// Returns what each subject did.
    ///
    /// # Panics
    ///
    /// Panics if events were added since [`Self::settle`].
    pub fn subjects(&self) -> &SubjectFacts {
        assert!(
            self.is_settled(),
            "events are not yet added to their subjects"
        );
        &self.subjects
    }

    /// Takes out the facts of a subject.
    pub(super) fn take(&mut self, subject: &Subject) -> Option<DayFacts> {
        self.subjects.remove(subject).map(|facts| *facts)
    }

    /// Goes on with others who are known. Returns whether that may change who is distinguished among those who are there.
    pub fn make_known(&mut self, acquaintance: Arc<dyn Acquaintance>) -> bool {
        self.admission.make_known(acquaintance)
    }

    /// Returns the same with so much room, if it distinguishes everybody who is there.
    #[must_use]
    pub fn given(mut self, room: Room) -> Self {
        self.admission.give(room);
        self
    }

    /// Returns who found no room, by class: what is stored of it.
    pub fn beyond(&self) -> &BTreeMap<Class, Beyond> {
        self.admission.beyond()
    }

    /// Goes on with those who found no room when the day was stored.
    pub fn set_beyond(&mut self, beyond: BTreeMap<Class, Beyond>) {
        self.admission.set_beyond(beyond);
    }

    /// Returns the bounds that the day reached.
    pub fn reached(&self) -> Reached {
        let beyond = |kind| self.admission.n_beyond(kind);
        let when_full = |is_full: bool, n: usize| if is_full { n as u64 } else { 0 };
        let n_unnamed = self.unnamed.records.len();
        let mut persons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut crowded: BTreeSet<&Entity> = BTreeSet::new();
        #[expect(clippy::iter_over_hash_type, reason = "sets have no order")]
        for (subject, facts) in &self.subjects {
            if let Some((role, person)) = person_in_role(&subject.entity) {
                persons.entry(role).or_default().insert(person);
            }
            if facts.traits().is_any_saturated() {
                crowded.insert(&subject.entity);
            }
        }
        let n_persons = persons.values();
        let n_crowded = n_persons.filter(|persons| persons.len() > PERSONS_PER_ROLE_MAX);
        let all = [
            (Bound::Identities, beyond(EntityKind::Identity)),
            (Bound::Roles, beyond(EntityKind::Role)),
            (Bound::Regions, beyond(EntityKind::Region)),
            (Bound::PersonsPerRole, n_crowded.count() as u64),
            (Bound::TraitValues, crowded.len() as u64),
            (Bound::NamedInstances, self.links.n_crowded()),
            (
                Bound::AssignedInstances,
                when_full(self.links.is_full(), ASSIGNED_INSTANCES_MAX),
            ),
            (
                Bound::Creations,
                when_full(self.created.len() >= CREATIONS_MAX, CREATIONS_MAX),
            ),
            (
                Bound::Credentials,
                when_full(self.issued.is_full(), CREDENTIALS_MAX),
            ),
            (
                Bound::UnnamedRecords,
                when_full(n_unnamed >= UNNAMED_RECORDS_MAX, n_unnamed),
            ),
        ];
        all.into_iter().filter(|&(_, n)| n > 0).collect()
    }

    /// Returns whether there is more of it than what other detectors concluded.
    pub fn has_records(&self) -> bool {
        self.last.is_some() || self.findings.is_empty()
    }

    /// Returns the entities to which the provider gave one of these ids, which it never gives twice.
    pub fn entities_with<'a>(&'a self, ids: &'a [Str]) -> impl Iterator<Item = &'a Entity> {
        let subjects = self.subjects.keys();
        let is_one = |subject: &&Subject| {
            let id = subject.unique_id.as_ref();
            id.is_some_and(|id| ids.contains(id))
        };
        subjects.filter(is_one).map(|subject| &subject.entity)
    }

    /// Returns the entity for which one counts: itself, or the others that it is one of.
    pub fn distinguished(&self, entity: Entity) -> Entity {
        self.admission.place(entity)
    }

    /// Returns whether every event is added to its subjects.
    pub fn is_settled(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Adds the events since the last call to the facts of their subjects, and notes which ones these are.
    pub fn settle(&mut self, mut changes: Option<&mut Changes>) {
        let Self {
            subjects,
            gathered,
            admission,
            ..
        } = self;
        gathered.move_to(subjects, admission, changes.as_deref_mut());
        admission.enforce(subjects, changes);
        keep_creations(&mut self.created, CREATIONS_MAX);
    }

    /// Adds an event; returns false if it was added before.
    ///
    /// The event's day must be the aggregate's. An event that names its caller replaces one of the same id that does not:
    /// exports trim records, and which copy is read first is chance.
    pub fn add(&mut self, resolved: &ResolvedEvent, plan: &Plan) -> bool {
        self.add_noting(resolved, plan, None)
    }

    /// Adds an event as [`Self::add`] does, and notes the subjects whose records without a caller it adds or replaces.
    pub fn add_noting(
        &mut self,
        resolved: &ResolvedEvent,
        plan: &Plan,
        changes: Option<&mut Changes>,
    ) -> bool {
        let mut register = OwnRegister {
            fingerprints: std::mem::take(&mut self.fingerprints),
            unnamed: std::mem::take(&mut self.unnamed),
        };
        let is_new = self.add_to(&mut register, resolved, plan, changes);
        self.fingerprints = register.fingerprints;
        self.unnamed = register.unnamed;
        is_new
    }

    /// Adds an event as [`Self::add`] does, unless a register that is shared with other threads has it.
    pub fn add_once(
        &mut self,
        mut register: &SharedRegister,
        resolved: &ResolvedEvent,
        plan: &Plan,
    ) -> bool {
        self.add_to(&mut register, resolved, plan, None)
    }

    fn add_to(
        &mut self,
        register: &mut impl Register,
        resolved: &ResolvedEvent,
        plan: &Plan,
        mut changes: Option<&mut Changes>,
    ) -> bool {
        let event = resolved.event;
        debug_assert_eq!(event.time.day(), self.day);
        let fingerprint = fingerprint(event);
        if event.action == Action::Finding {
            let (is_new, _) = register.note_named(fingerprint);
            if is_new {
                self.note_finding(resolved);
            }
            return is_new;
        }
        if is_unnamed(event) {
            return register.note_unnamed(fingerprint, |unnamed| {
                self.note(resolved);
                if unnamed.records.len() < UNNAMED_RECORDS_MAX {
                    let facts = facts_by_subject(resolved, plan);
                    if let Some(changes) = changes {
                        for subject in facts.keys() {
                            let records = changes.entry(subject.clone()).or_default();
                            records.push(fingerprint);
                        }
                    }
                    let coverage = unnamed.coverage.entry(fingerprint).or_default();
                    coverage.note(event);
                    unnamed.records.insert(fingerprint, Some(facts));
                } else {
                    self.coverage.note(event);
                    self.gather(resolved, plan, changes);
                }
            });
        }
        let (is_new, replaced) = register.note_named(fingerprint);
        if !is_new {
            return false;
        }
        if let (Some(changes), Some(replaced)) = (&mut changes, replaced) {
            for subject in replaced.into_keys() {
                changes.entry(subject).or_default();
            }
        }
        self.note(resolved);
        self.coverage.note(event);
        self.trails.note(event);
        self.gather(resolved, plan, changes);
        true
    }

    /// Notes what another detector concluded. That is nothing that anybody did, so no subject has it.
    fn note_finding(&mut self, resolved: &ResolvedEvent) {
        self.findings.note_event(resolved);
        // What a revision adds must not matter, whichever comes first.
        let event = resolved.event;
        let (id, provider) = (event.id.clone(), event.provider);
        self.coverage.note(&Event {
            action: event.action,
            op: event.op.clone(),
            ..Event::new(event.time, id, provider, event.source)
        });
    }

    /// Notes what does not depend on the subjects.
    fn note(&mut self, resolved: &ResolvedEvent) {
        let event = resolved.event;
        if let Some(created) = &event.created {
            note_creation_of_day(&mut self.created, created, &Creation::of(resolved));
        }
        if let Some((credential, issuance)) = Issuance::of(resolved) {
            self.issued.note(credential, issuance);
        }
        if let Some((identity, sign_in)) = SignIn::of(resolved) {
            self.sign_ins.note(identity, sign_in);
        }
        self.last = self.last.max(Some(event.time));
        if let Some(account) = event.account.as_ref().filter(|_| event.principal.is_some())
            && !self.accounts.contains(account)
        {
            self.accounts.insert(account.clone());
        }
        if let Some(assignment) = &event.assigned {
            self.links.assign(event.provider, assignment, event.time);
        }
        if let Some(principal) = &event.principal {
            self.links.note(event.provider, principal, event.time);
        }
        // Most flows say the same of their interface.
        if let Some(key) = duplicates::of_attachment(event)
            && self.recorded_by_trail.insert(key)
        {
            self.links.note_flow(event, self.day);
        }
        self.recorded_by_trail.extend(duplicates::of_trail(event));
        self.flow_logs.note(event);
    }

    fn gather(&mut self, resolved: &ResolvedEvent, plan: &Plan, changes: Option<&mut Changes>) {
        let duplicate_of_trail = duplicates::of_lesser_log(resolved.event);
        self.gathered.add(resolved, duplicate_of_trail, plan);
        if self.gathered.is_full() {
            self.settle(changes);
        }
    }

    /// Returns about how many bytes of memory it takes, without the register of its events.
    pub fn bytes(&self) -> usize {
        let subject = size_of::<(Subject, Box<DayFacts>)>() * 8 / 7 + size_of::<DayFacts>();
        let facts: usize = self.subjects.values().map(|facts| facts.heap_bytes()).sum();
        facts + self.subjects.len() * subject
    }

    /// Returns whether an added event was replaced by one of the same id that names its caller.
    pub fn was_replaced(&self, event: &Event) -> bool {
        is_unnamed(event) && matches!(self.unnamed.records.get(&fingerprint(event)), Some(None))
    }

    /// Returns the contents of the day's logs.
    pub fn covered(&self) -> Coverage {
        let mut coverage = self.coverage.clone();
        for unnamed in self.unnamed.coverage.values() {
            coverage.merge(unnamed);
        }
        coverage
    }

    /// Merges two aggregates of the same day that contain different events.
    ///
    /// Aggregates that have events in common must not be merged: sums would count them twice. Add the events instead.
    pub fn merge(&mut self, mut other: DayAggregate) {
        debug_assert_eq!(self.day, other.day);
        self.settle(None);
        other.settle(None);
        self.admission.merge(other.admission);
        if other.subjects.len() > self.subjects.len() {
            std::mem::swap(&mut self.subjects, &mut other.subjects);
        }
        #[expect(
            clippy::iter_over_hash_type,
            reason = "facts of different subjects do not meet"
        )]
        for (subject, facts) in other.subjects {
            add_facts(&mut self.subjects, subject, facts);
        }
        self.admission.enforce(&mut self.subjects, None);
        self.links.merge(other.links);
        self.accounts.extend(other.accounts);
        for (identity, creation) in &other.created {
            note_creation(&mut self.created, identity, creation);
        }
        keep_creations(&mut self.created, CREATIONS_MAX);
        self.issued.merge(&other.issued);
        self.sign_ins.merge(&other.sign_ins);
        self.findings.merge(&other.findings);
        self.recorded_by_trail.extend(other.recorded_by_trail);
        self.flow_logs.merge(other.flow_logs);
        self.fingerprints.extend(other.fingerprints);
        self.unnamed.records.extend(other.unnamed.records);
        self.unnamed.coverage.extend(other.unnamed.coverage);
        self.coverage.merge(&other.coverage);
        self.trails.merge(other.trails);
        self.last = self.last.max(other.last);
    }

    /// Returns whether an event of the day is a duplicate of one that counts: another account's copy, where the caller's
    /// own trail is read, or a lesser log's copy of what another records.
    pub fn is_second_copy(&self, event: &Event, own: &OwnAccounts) -> bool {
        let duplicate_of_trail = duplicates::of_lesser_log(event);
        self.is_second(event.duplicate_of_account.as_ref(), duplicate_of_trail, own)
    }

    pub(super) fn is_second(
        &self,
        duplicate_of_account: Option<&Str>,
        duplicate_of_trail: Option<u64>,
        own: &OwnAccounts,
    ) -> bool {
        duplicate_of_account.is_some_and(|account| own.contains(account))
            || duplicate_of_trail.is_some_and(|key| {
                self.recorded_by_trail.contains(&key) || self.flow_logs.repeats(key)
            })
    }
}

/// Returns what an event adds to each of its subjects.
fn facts_by_subject(resolved: &ResolvedEvent, plan: &Plan) -> BTreeMap<Subject, DayFacts> {
    let mut alone = DayAggregate::new(resolved.event.time.day());
    alone.gather(resolved, plan, None);
    alone.settle(None);
    alone
        .subjects
        .into_iter()
        .map(|(subject, facts)| (subject, *facts))
        .collect()
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
