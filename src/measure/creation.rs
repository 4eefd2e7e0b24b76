//! Identities that were made in sight: when, by whom, and with which event.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::identity::ResolvedEvent;
use crate::time::Time;
use crate::vocab::Str;

/// How an identity came to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Creation {
    /// When.
    pub at: Time,
    /// The event that tells of it.
    pub event_id: Str,
    /// The operation, as in `iam:CreateUser`.
    pub operation: Str,
    /// Who did it, where the record says so.
    pub by: Option<Str>,
    /// From which address, where the record says so.
    pub from: Option<IpAddr>,
}

/// The earliest creation of each identity, by its canonical id.
pub type Creations = BTreeMap<Str, Creation>;

impl Creation {
    /// Returns what an event tells of the identity that it created.
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

    /// Returns whether this one is to be kept rather than another of the same identity: the earlier, and of two copies of one
    /// event that which names who did it.
    fn goes_before(&self, other: &Self) -> bool {
        let key = |c: &Self| (c.at, c.event_id.clone(), c.by.is_none());
        (key(self), self) < (key(other), other)
    }
}

/// Notes a creation, unless an earlier one of the same identity is known.
pub fn note_creation(creations: &mut Creations, identity: &Str, creation: &Creation) {
    match creations.get_mut(identity) {
        Some(known) if !creation.goes_before(known) => {}
        Some(known) => *known = creation.clone(),
        None => {
            creations.insert(identity.clone(), creation.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Day;

    #[test]
    fn the_earliest_is_kept_and_the_copy_that_names_who_it_was() {
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
        }
    }
}
