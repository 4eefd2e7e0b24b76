//! What other detectors concluded of identities, and on how many days, so that an alert can say what else was found of its
//! actor and how unusual that is for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::Action;
use crate::identity::{ResolvedEvent, lesser_ids};
use crate::measure::bounds::{FINDINGS_MAX, FOUND_MAX};
use crate::measure::value_hash;
use crate::time::{Day, Time};
use crate::vocab::{FindingSeverity, Str};

/// Days for which findings are remembered: as long as the values of traits.
pub const FINDING_DAYS: i32 = 90;
/// The most bytes of the texts that belong to one.
const TEXT_BYTES_MAX: usize = 2_048;

/// A finding of another detector: of several of a kind on one day the first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// When the act began that it is about, as far as the detector says; else when it was made.
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
        let finding = Self {
            at: event.time,
            event_id: event.id.clone(),
            detector: event.service.clone(),
            kind: event.op.clone(),
            title: stated.map_or_else(Str::default, |of| of.title.shared().clone()),
            severity: stated.and_then(|of| of.severity),
        };
        let texts = [
            &finding.event_id,
            &finding.detector,
            &finding.kind,
            &finding.title,
        ];
        if texts.iter().map(|text| text.len()).sum::<usize>() > TEXT_BYTES_MAX {
            return None;
        }
        let principal = event.principal.as_ref();
        let others = principal.into_iter().flat_map(|principal| {
            let others = [&principal.role, &principal.unique_id, &principal.instance];
            others.into_iter().flatten()
        });
        let named = resolved.identity.iter().chain(others).cloned();
        let lesser = principal.into_iter().flat_map(lesser_ids);
        let mut names: Vec<Str> = named.chain(lesser).collect();
        names.sort();
        names.dedup();
        (!names.is_empty()).then_some((finding, names))
    }

    fn key(&self) -> Key {
        (self.at.day(), self.detector.clone(), self.kind.clone())
    }
}

/// A day, a detector and a kind.
type Key = (Day, Str, Str);

/// The findings on each identity, by any of its names: of each day and kind the first, and the last so many of these. If there are
/// too many names, those with the lowest hashes are kept. So it is a function of the set of findings, whatever their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    by_name: BTreeMap<(u64, Str), BTreeMap<Key, Finding>>,
}

impl Findings {
    /// Adds one.
    pub fn note(&mut self, name: &Str, finding: Finding) {
        let key = (value_hash(name), name.clone());
        let of_name = self.by_name.entry(key).or_default();
        let known = of_name
            .entry(finding.key())
            .or_insert_with(|| finding.clone());
        if finding < *known {
            *known = finding;
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

    fn added<'s>(all: impl IntoIterator<Item = &'s (u8, u16, u8)>) -> Findings {
        let mut findings = Findings::default();
        for (name, hour, kind) in all {
            let finding = Finding {
                at: Day(20_000).start().plus_secs(i64::from(*hour) * 3_600),
                event_id: format!("f-{hour}").into(),
                detector: "guardduty".into(),
                kind: format!("kind-{kind}").into(),
                title: Str::default(),
                severity: None,
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
