//! Whom facts belong to.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::measure::DayFacts;
use crate::vocab::{Entity, EntityKind, Str};

/// The owner of facts: an entity, kept separate when the record is another account's copy of the same action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The entity.
    pub entity: Entity,
    /// The caller's account, on a copy that another account recorded: dropped if the caller's own trail is read too.
    pub duplicate_of_account: Option<Str>,
    /// The caller, action and bucket, on what a server access log records, or the interface and span of a flow log without detail: dropped
    /// if a greater log records it too.
    pub duplicate_of_trail: Option<u64>,
    /// The id that the provider never gives twice, where the entity is named by one that may be given again.
    pub unique_id: Option<Str>,
}

/// The facts of each subject of a day.
pub type SubjectFacts = FxHashMap<Subject, Box<DayFacts>>;

/// Adds facts to those of a subject.
pub(super) fn add_facts(subjects: &mut SubjectFacts, subject: Subject, facts: Box<DayFacts>) {
    match subjects.entry(subject) {
        Entry::Occupied(mut known) => known.get_mut().merge(&facts),
        Entry::Vacant(empty) => {
            empty.insert(facts);
        }
    }
}

/// What was added to a day: the subjects, each with the records without a caller that it has.
pub type Changes = FxHashMap<Subject, Vec<u64>>;

/// Splits the identity of a person in a role into the role's sessions and the person.
pub(super) fn person_in_role(entity: &Entity) -> Option<(&str, &str)> {
    let is_identity = entity.kind == EntityKind::Identity;
    is_identity.then(|| role_and_person(&entity.id))?
}

/// Splits the id of a person in a role into the role's sessions and the person. The person's name may contain a slash; the role's name
/// does not.
fn role_and_person(id: &str) -> Option<(&str, &str)> {
    const SESSIONS: &str = ":assumed-role/";
    let name = id.find(SESSIONS)? + SESSIONS.len();
    let (before, person) = id.split_at(name + id[name..].find('/')?);
    Some((before, &person[1..]))
}

/// Returns whether an identity is a person in a role, whose unique id is the role's.
pub fn is_person_in_role(identity: &str) -> bool {
    role_and_person(identity).is_some()
}
