//! Identities whose creation was logged: when, by whom, and with which event.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::identity::ResolvedEvent;
use crate::measure::bounds::CREATIONS_MAX;
use crate::measure::value_hash;
use crate::time::Time;
use crate::vocab::Str;

/// The creation of an identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Creation {
    /// The time.
    pub at: Time,
    /// The event that records it.
    pub event_id: Str,
    /// The operation, as in `iam:CreateUser`.
    pub operation: Str,
    /// The creator, where the record states it.
    pub by: Option<Str>,
    /// The creator's address, where the record states it.
    pub from: Option<IpAddr>,
}

/// The creation of each identity, by its canonical id: the earliest of the last day on which it was created.
pub type Creations = BTreeMap<Str, Creation>;

impl Creation {
    /// Returns the identity that an event created, with its creation.
    pub fn of(resolved: &ResolvedEvent) -> Self {
        let event = resolved.event;
        let caller = || event.principal.as_ref().map(|p| p.id.clone());
        Self {
            at: event.time,
            event_id: event.id.clone(),
            operation: format!("{}:{}", event.service, event.op).into(),
            by: resolved.identity.clone().or_else(caller),
            from: event.peer.ip,
        }
    }

    /// Returns whether this creation replaces another of the same identity: on a later day it begins another principal under
    /// the same name; on one day the earlier one wins, and of two copies of one event the one that names the creator.
    pub fn goes_before(&self, other: &Self) -> bool {
        let key = |c: &Self| {
            (
                Reverse(c.at.day()),
                c.at,
                c.event_id.clone(),
                c.by.is_none(),
            )
        };
        (key(self), self) < (key(other), other)
    }
}

/// Records a creation, unless one of the same identity is known that goes before it.
pub fn note_creation(creations: &mut Creations, identity: &Str, creation: &Creation) {
    match creations.get_mut(identity) {
        Some(known) if !creation.goes_before(known) => {}
        Some(known) => *known = creation.clone(),
        None => {
            creations.insert(identity.clone(), creation.clone());
        }
    }
}

/// Drops creations beyond a number: those of the names with the highest hashes, which are the same in any order of arrival.
pub fn keep_creations(creations: &mut Creations, at_most: usize) {
    if creations.len() > at_most {
        let mut hashes: Vec<u64> = creations.keys().map(|name| value_hash(name)).collect();
        let (_, &mut first, _) = hashes.select_nth_unstable(at_most);
        creations.retain(|name, _| value_hash(name) < first);
    }
}

/// Records a creation of a day as [`note_creation`] does, and drops those beyond the bound once they are as many again, so
/// that this is done seldom.
pub fn note_creation_of_day(creations: &mut Creations, identity: &Str, creation: &Creation) {
    note_creation(creations, identity, creation);
    if creations.len() > 2 * CREATIONS_MAX {
        keep_creations(creations, CREATIONS_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Day;

    #[test]
    fn the_earliest_is_kept_and_the_copy_that_names_the_creator() {
        let creation = |secs, by: Option<&str>| Creation {
            at: Day(20_000).start().plus_secs(secs),
            event_id: format!("e{secs}").into(),
            operation: "iam:CreateUser".into(),
            by: by.map(Into::into),
            from: None,
        };
        let all = [
            creation(60, Some("b")),
            creation(5, None),
            creation(5, Some("a")),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let mut known = Creations::new();
            for at in order {
                note_creation(&mut known, &"new".into(), &all[at]);
            }
            assert_eq!(known.values().collect::<Vec<_>>(), [&all[2]], "{order:?}");
            let again = creation(86_400, Some("c"));
            note_creation(&mut known, &"new".into(), &again);
            note_creation(&mut known, &"new".into(), &all[2]);
            assert_eq!(known.values().collect::<Vec<_>>(), [&again], "made again");
        }
    }
}
