//! What other detectors concluded of the entity of an alert, and how unusual that is for it.

use std::cmp::Reverse;

use crate::alert::FindingRecord;
use crate::baseline::View;
use crate::event::{IdentityKind, Principal};
use crate::identity::lesser_ids;
use crate::measure::{FINDING_DAYS, Finding, is_person_in_role};
use crate::score::caller::aliases;
use crate::score::subject::Subject;
use crate::vocab::Str;

/// Findings named in an alert.
const FINDINGS_MAX: usize = 8;

/// A finding, and the instance that it is about, if it is not about the entity itself.
type Found<'a> = (Option<&'a Str>, Finding);

/// Returns the findings on an entity on its day and the day before it: by itself, by the id that is never given again, or on an instance
/// that it works on. The gravest come first.
pub(super) fn findings(
    subject: &Subject,
    (unique_id, instances): (Option<&Str>, &[Str]),
    view: View<'_>,
) -> Vec<FindingRecord> {
    let id = &subject.entity.id;
    let unique_id = unique_id.filter(|_| !is_person_in_role(id));
    // A detector may know somebody by an address alone.
    let aliases = aliases(subject);
    let named = Principal {
        aliases: aliases.iter().map(|alias| Str::from(&**alias)).collect(),
        ..Principal::new(id.clone(), IdentityKind::Unknown)
    };
    let names = [Some(id), unique_id].into_iter().flatten().cloned();
    let names: Vec<Str> = names.chain(lesser_ids(&named)).collect();
    let own = view.findings_of(&names).into_iter().map(|of| (None, of));
    let on_instances = instances.iter().flat_map(|instance| {
        let found = view.findings_of(std::slice::from_ref(instance));
        found.into_iter().map(move |of| (Some(instance), of))
    });
    // One that names both is told once.
    let mut all: Vec<Found> = own.collect();
    let n_own = all.len();
    for found in on_instances {
        let ids = all[..n_own].iter().map(|(_, of)| &of.event_id);
        if !ids.into_iter().any(|id| *id == found.1.event_id) {
            all.push(found);
        }
    }
    let is_near = |(_, of): &&Found| of.at.day() >= subject.day.plus(-1);
    let mut near: Vec<&Found> = all.iter().filter(is_near).collect();
    if near.is_empty() {
        return Vec::new();
    }
    let begun = view.first_finding().unwrap_or(subject.day);
    let record = |(instance, finding): &Found| {
        let day = finding.at.day();
        let is_same = |(on, of): &&Found| {
            on == instance
                && (&of.detector, &of.kind) == (&finding.detector, &finding.kind)
                && of.at.day() < day
        };
        let known_since = subject.first_day.max(begun);
        let of_days = day.since(known_since).clamp(0, FINDING_DAYS);
        FindingRecord {
            time: finding.at,
            detector: finding.detector.to_string(),
            kind: finding.kind.to_string(),
            title: finding.title.to_string(),
            severity: finding.severity.map(|level| level.as_str().to_owned()),
            event_id: finding.event_id.to_string(),
            instance: instance.map(ToString::to_string),
            seen_days: all.iter().filter(is_same).count() as u64,
            of_days: u64::try_from(of_days).unwrap_or(0),
        }
    };
    near.sort_by_key(|(_, of)| (Reverse(of.severity), of.at, &of.kind, &of.event_id));
    near.truncate(FINDINGS_MAX);
    near.into_iter().map(record).collect()
}
