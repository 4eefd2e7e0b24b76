//! What other detectors concluded of identities, and on how many days, so that an alert can say what else was found of its
//! actor and how unusual that is for it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use crate::event::{Action, cut};
use crate::identity::{ResolvedEvent, lesser_ids};
use crate::measure::bounds::{FINDINGS_MAX, FOUND_MAX};
use crate::measure::{is_person_in_role, value_hash};
use crate::time::{Day, Time};
use crate::vocab::{FindingSeverity, Str};

/// Days for which findings are remembered: as long as the values of traits.
pub const FINDING_DAYS: i32 = 90;
/// The most bytes of each of its texts; the rest is cut off.
const TEXT_BYTES_MAX: usize = 256;

/// What another detector found of a kind on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// When the act was last seen that it is about, as far as the detector says; else when it was made. Of several the first.
    pub at: Time,
    /// The detector's id of it.
    pub event_id: Str,
    /// The detector, as in `guardduty`.
    pub detector: Str,
    /// Its kind, as in `Exfiltration:S3/AnomalousBehavior`.
    pub kind: Str,
    /// What it says.
    pub title: Str,
    /// How grave the detector takes it to be.
    pub severity: Option<FindingSeverity>,
}

impl Finding {
    /// Returns what an event says, if it is a finding, and the names of those whom it is about.
    pub fn of(resolved: &ResolvedEvent) -> Option<(Self, Vec<Str>)> {
        let event = resolved.event;
        if event.action != Action::Finding {
            return None;
        }
        let stated = event.detection.as_deref();
        let short = |text: &Str| match text.len() > TEXT_BYTES_MAX {
            true => Str::from(cut(text, TEXT_BYTES_MAX)),
            false => text.clone(),
        };
        let finding = Self {
            at: event.time,
            event_id: short(&event.id),
            detector: short(&event.service),
            kind: short(&event.op),
            title: stated.map_or_else(Str::default, |of| short(of.title.shared())),
            severity: stated.and_then(|of| of.severity),
        };
        let principal = event.principal.as_ref();
        let others = principal.into_iter().flat_map(|principal| {
            // All persons in a role share its id.
            let unique_id = principal.unique_id.as_ref();
            let unique_id = unique_id.filter(|_| !is_person_in_role(&principal.id));
            let others = [
                principal.role.as_ref(),
                unique_id,
                principal.instance.as_ref(),
            ];
            others.into_iter().flatten()
        });
        let named = resolved.identity.iter().chain(others).cloned();
        let lesser = principal.into_iter().flat_map(lesser_ids);
        let mut names: Vec<Str> = named.chain(lesser).collect();
        names.sort();
        names.dedup();
        (!names.is_empty()).then_some((finding, names))
    }

    /// Takes in another of the same day and kind, in any order: the first time, and of the gravest what it says.
    fn merge(&mut self, other: Self) {
        let at = self.at.min(other.at);
        let weight = |of: &Self| (of.severity, of.title.clone(), of.event_id.clone());
        if weight(&other) > weight(self) {
            *self = other;
        }
        self.at = at;
    }

    fn key(&self) -> Key {
        (self.at.day(), self.detector.clone(), self.kind.clone())
    }
}

/// A day, a detector and a kind.
type Key = (Day, Str, Str);

/// The findings on each identity, by any of its names: one of each day and kind, and the last so many of these. If there are
/// too many names, those with the lowest hashes are kept. So it is a function of the set of findings, whatever their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    by_name: BTreeMap<(u64, Str), BTreeMap<Key, Finding>>,
}

impl Findings {
    /// Adds what an event says, if it is a finding, under each name of those whom it is about; returns whether it is one.
    pub fn note_event(&mut self, resolved: &ResolvedEvent) -> bool {
        let Some((finding, names)) = Finding::of(resolved) else {
            return false;
        };
        for name in &names {
            self.note(name, finding.clone());
        }
        true
    }

    /// Adds one.
    pub fn note(&mut self, name: &Str, finding: Finding) {
        let key = (value_hash(name), name.clone());
        let of_name = self.by_name.entry(key).or_default();
        match of_name.entry(finding.key()) {
            Entry::Vacant(place) => {
                place.insert(finding);
            }
            Entry::Occupied(mut known) => known.get_mut().merge(finding),
        }
        if of_name.len() > FINDINGS_MAX {
            of_name.pop_first();
        }
        if self.by_name.len() > FOUND_MAX {
            self.by_name.pop_last();
        }
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        for (name, of_name) in other.iter() {
            for finding in of_name {
                self.note(name, finding.clone());
            }
        }
    }

    /// Forgets those before a day.
    pub fn forget_before(&mut self, oldest: Day) {
        self.by_name.retain(|_, of_name| {
            of_name.retain(|(day, ..), _| *day >= oldest);
            !of_name.is_empty()
        });
    }

    /// Returns those under a name, in the order of days.
    pub fn of(&self, name: &Str) -> impl Iterator<Item = &Finding> {
        let of_name = self.by_name.get(&(value_hash(name), name.clone()));
        of_name.into_iter().flat_map(BTreeMap::values)
    }

    /// Returns all of them by name, in an order of their own.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, Vec<&Finding>)> {
        let all = self.by_name.iter();
        all.map(|((_, name), of_name)| (name, of_name.values().collect()))
    }

    /// Returns the day of the first.
    pub fn first_day(&self) -> Option<Day> {
        let firsts = self.by_name.values().filter_map(BTreeMap::first_key_value);
        firsts.map(|((day, ..), _)| *day).min()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

impl Extend<(Str, Vec<Finding>)> for Findings {
    fn extend<T: IntoIterator<Item = (Str, Vec<Finding>)>>(&mut self, all: T) {
        for (name, of_name) in all {
            for finding in of_name {
                self.note(&name, finding);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{AddressClass, Event, IdentityKind, Principal, Provider, Source};

    #[test]
    fn a_person_in_a_role_is_not_found_by_the_id_of_the_role() {
        let found = |id: &str| {
            let mut event = Event {
                action: Action::Finding,
                ..Event::new(
                    Day(20_000).start(),
                    "f".into(),
                    Provider::Aws,
                    Source::Findings,
                )
            };
            event.principal = Some(Principal {
                unique_id: Some("AROAEXAMPLE".into()),
                ..Principal::new(id.into(), IdentityKind::Human)
            });
            let resolved = ResolvedEvent {
                event: &event,
                identity: Some(id.into()),
                region: None,
                peer_class: AddressClass::Unknown,
                sensitive: false,
                source_sensitive: false,
            };
            Finding::of(&resolved).map_or(0, |(_, names)| names.len())
        };
        assert_eq!(found("arn:aws:iam::111122223333:role/etl"), 2);
        let person = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_1/ana@example.com";
        assert_eq!(found(person), 1);
    }

    fn added<'s>(all: impl IntoIterator<Item = &'s (u8, u16, u8)>) -> Findings {
        let mut findings = Findings::default();
        for (name, hour, kind) in all {
            let finding = Finding {
                at: Day(20_000).start().plus_secs(i64::from(*hour) * 3_600),
                event_id: format!("f-{hour}").into(),
                detector: "guardduty".into(),
                kind: format!("kind-{kind}").into(),
                title: format!("title {}", hour % 7).into(),
                severity: [None, Some(FindingSeverity::High)][usize::from(hour % 2)],
            };
            findings.note(&format!("user-{name}").into(), finding);
        }
        findings
    }

    proptest! {
        #[test]
        fn law_1_findings_are_the_same_in_any_order_split_and_repeated(
            all in prop::collection::vec((0u8..3, 0u16..2_400, 0u8..3), 0..300),
            at in 0usize..300,
        ) {
            let whole = added(&all);
            prop_assert_eq!(&whole, &added(all.iter().rev()));
            let (one, other) = all.split_at(at.min(all.len()));
            let mut merged = added(other);
            merged.merge(&added(one.iter().chain(&other[other.len() / 2..])));
            prop_assert_eq!(&whole, &merged);
            for (_, of_name) in whole.iter() {
                prop_assert!(of_name.len() <= FINDINGS_MAX);
            }
        }
    }
}
