//! What events of the same subjects add, gathered once before it is added to the facts of each subject.
//!
//! An event counts for its identity, its role and its region. Most events of a day share these with many others. So what
//! they add is summed up once for all three, and the sum is added to each. Facts merge in any order, so the result is that
//! of adding every event to every subject.

use hashbrown::HashTable;

use crate::event::Event;
use crate::identity::ResolvedEvent;
use crate::measure::admission::{Admission, is_others};
use crate::measure::subject::{Changes, Subject, SubjectFacts};
use crate::measure::{DayFacts, EventAmounts, Plan, value_hash};
use crate::vocab::{Entity, EntityKind, Str};

/// The subjects of an event, as it names them.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    identity: Option<Name<'a>>,
    role: Option<Name<'a>>,
    region: Option<&'a Str>,
    duplicate_of_account: Option<&'a Str>,
    duplicate_of_trail: Option<u64>,
}

/// A name, and the id that the provider never gives twice.
type Name<'a> = (&'a Str, Option<&'a Str>);

impl<'a> Named<'a> {
    fn of(resolved: &'a ResolvedEvent<'a>, duplicate_of_trail: Option<u64>) -> Self {
        let event: &'a Event = resolved.event;
        let principal = event.principal.as_ref();
        let unique_id = principal.and_then(|p| p.unique_id.as_ref());
        let identity = resolved.identity.as_ref();
        let role = principal.and_then(|p| p.role.as_ref());
        Self {
            identity: identity.map(|id| {
                let is_it = principal.is_some_and(|p| same(&p.id, id));
                (id, unique_id.filter(|_| is_it))
            }),
            role: role
                .filter(|role| identity.is_none_or(|id| !same(id, role)))
                .map(|role| (role, unique_id)),
            region: resolved.region.as_ref(),
            duplicate_of_account: event.duplicate_of_account.as_ref(),
            duplicate_of_trail,
        }
    }

    fn hash(&self) -> u64 {
        /// The multiplier of FxHash, as in rustc-hash 2.
        const MULTIPLIER: u64 = 0xf135_7aea_2e62_a9c5;
        let mut hash = self.duplicate_of_trail.unwrap_or(0);
        let mut put = |text: Option<&Str>| {
            let text = text.map_or(0, |text| value_hash(text));
            hash = (hash.rotate_left(23) ^ text).wrapping_mul(MULTIPLIER);
        };
        put(self.identity.map(|name| name.0));
        put(self.identity.and_then(|name| name.1));
        put(self.role.map(|name| name.0));
        put(self.role.and_then(|name| name.1));
        put(self.region);
        put(self.duplicate_of_account);
        hash
    }

    fn is(&self, key: &Key) -> bool {
        let name = |one: Option<Name>, other: &Option<(Str, Option<Str>)>| match (one, other) {
            (None, None) => true,
            (Some((a, a_id)), Some((b, b_id))) => same(a, b) && same_text(a_id, b_id.as_ref()),
            _ => false,
        };
        name(self.identity, &key.identity)
            && name(self.role, &key.role)
            && same_text(self.region, key.region.as_ref())
            && same_text(self.duplicate_of_account, key.duplicate_of_account.as_ref())
            && self.duplicate_of_trail == key.duplicate_of_trail
    }

    fn to_key(self) -> Key {
        let owned = |(name, id): Name| (name.clone(), id.cloned());
        Key {
            identity: self.identity.map(owned),
            role: self.role.map(owned),
            region: self.region.cloned(),
            duplicate_of_account: self.duplicate_of_account.cloned(),
            duplicate_of_trail: self.duplicate_of_trail,
        }
    }
}

/// Most often both are one text that is shared.
fn same(one: &Str, other: &Str) -> bool {
    Str::ptr_eq(one, other) || one == other
}

fn same_text(one: Option<&Str>, other: Option<&Str>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => same(one, other),
        _ => false,
    }
}

/// [`Named`], as it is kept.
#[derive(Debug)]
struct Key {
    identity: Option<(Str, Option<Str>)>,
    role: Option<(Str, Option<Str>)>,
    region: Option<Str>,
    duplicate_of_account: Option<Str>,
    duplicate_of_trail: Option<u64>,
}

impl Key {
    /// Returns the subjects, the identity last.
    fn into_subjects(self) -> impl Iterator<Item = Subject> {
        let (account, trail) = (self.duplicate_of_account, self.duplicate_of_trail);
        let region = self.region.map(|id| (EntityKind::Region, id, None));
        let role = self.role.map(|(id, unique)| (EntityKind::Role, id, unique));
        let identity = self.identity;
        let identity = identity.map(|(id, unique)| (EntityKind::Identity, id, unique));
        let all = region.into_iter().chain(role).chain(identity);
        all.map(move |(kind, id, unique_id)| Subject {
            entity: Entity { kind, id },
            duplicate_of_account: account.clone(),
            duplicate_of_trail: trail,
            unique_id,
        })
    }
}

#[derive(Debug)]
struct Sum {
    hash: u64,
    key: Key,
    facts: Box<DayFacts>,
}

/// The most sums before they are added to their subjects. A day has seldom so many that are different.
const SUMS_MAX: usize = 8_192;

/// The sums of a day that are not yet added to the facts of their subjects.
#[derive(Debug, Default)]
pub(super) struct Joint {
    sums: Vec<Sum>,
    places: HashTable<u32>,
}

impl Joint {
    /// Returns whether all is added to its subjects.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Returns whether it is time to add all to its subjects.
    pub fn is_full(&self) -> bool {
        self.sums.len() >= SUMS_MAX
    }

    /// Adds an event.
    pub fn add(&mut self, resolved: &ResolvedEvent, duplicate_of_trail: Option<u64>, plan: &Plan) {
        let event = resolved.event;
        let named = Named::of(resolved, duplicate_of_trail);
        if named.identity.is_none() && named.role.is_none() && named.region.is_none() {
            return;
        }
        let hash = named.hash();
        let Self { sums, places } = self;
        let is_it = |&at: &u32| {
            let sum = &sums[at as usize];
            sum.hash == hash && named.is(&sum.key)
        };
        let at = match places.find(hash, is_it) {
            Some(&at) => at as usize,
            None => {
                let at = sums.len();
                sums.push(Sum {
                    hash,
                    key: named.to_key(),
                    facts: Box::new(DayFacts::starting(event.time)),
                });
                places.insert_unique(hash, at as u32, |&at| sums[at as usize].hash);
                at
            }
        };
        let facts = &mut sums[at].facts;
        EventAmounts::of(resolved).add_to(facts, plan);
        facts.note_provider(event.provider, event.account.as_ref());
        if let (true, Some(principal)) = (named.identity.is_some(), &event.principal) {
            facts.note_principal(principal);
        }
    }

    /// Adds everything to the subjects, those that are distinguished, and notes which ones these are.
    pub fn move_to(
        &mut self,
        subjects: &mut SubjectFacts,
        admission: &mut Admission,
        mut changes: Option<&mut Changes>,
    ) {
        self.places.clear();
        for Sum { key, facts, .. } in self.sums.drain(..) {
            let mut facts = Some(facts);
            for subject in key.into_subjects() {
                let subject = match admission.asks() && !subjects.contains_key(&subject) {
                    true => admission.admit(subject),
                    false => subject,
                };
                if let Some(changes) = &mut changes {
                    changes.entry(subject.clone()).or_default();
                }
                // The identity comes last, so that it takes the facts themselves.
                let is_identity = subject.entity.kind == EntityKind::Identity;
                if is_identity
                    && is_others(&subject.entity)
                    && let Some(facts) = &mut facts
                {
                    facts.forget_names();
                }
                let unique_id = subject.unique_id.clone();
                let known = subjects.get_mut(&subject);
                let of_subject = match (known, is_identity) {
                    (Some(known), _) => {
                        if let Some(facts) = &facts {
                            known.merge_as(facts, is_identity);
                        }
                        known
                    }
                    (None, true) => {
                        let Some(facts) = facts.take() else { continue };
                        subjects.entry(subject).or_insert(facts)
                    }
                    (None, false) => {
                        let Some(facts) = &facts else { continue };
                        let mut own = Box::new(DayFacts::starting(facts.first));
                        own.merge_as(facts, false);
                        subjects.entry(subject).or_insert(own)
                    }
                };
                of_subject.note_unique_id(unique_id.as_ref());
            }
        }
    }
}
