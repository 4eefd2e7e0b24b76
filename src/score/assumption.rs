//! How the credentials of a session were issued: to which identity, and with which credential of its own.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::alert::AssumptionRecord;
use crate::baseline::View;
use crate::event::Event;
use crate::measure::Issuance;
use crate::vocab::Str;

/// The most credentials that an alert describes.
const ASSUMED_MAX: usize = 5;
/// The most steps back from a credential. Chains of more than two assumed roles are rare.
const STEPS_MAX: usize = 4;

/// Returns how the credentials of events were issued, those of most events first.
pub fn assumptions(events: &[&Event], generation: View<'_>) -> Vec<AssumptionRecord> {
    let mut used: BTreeMap<&Str, (usize, &Issuance)> = BTreeMap::new();
    for event in events {
        if let Some(credential) = &event.credential {
            if let Some((n, _)) = used.get_mut(credential) {
                *n += 1;
            } else if let Some(issuance) = generation.issuance_before(credential, event.time) {
                used.insert(credential, (1, issuance));
            }
        }
    }
    let mut used: Vec<_> = used.into_iter().collect();
    used.sort_by_key(|&(credential, (n, issuance))| (Reverse(n), issuance.at, credential));
    used.into_iter()
        .take(ASSUMED_MAX)
        .map(|(credential, (_, issuance))| record(credential, issuance, generation, STEPS_MAX))
        .collect()
}

fn record(
    credential: &Str,
    issuance: &Issuance,
    generation: View<'_>,
    steps_left: usize,
) -> AssumptionRecord {
    let before = issuance.with.as_ref().filter(|_| steps_left > 1);
    let before =
        before.and_then(|shown| Some((shown, generation.issuance_before(shown, issuance.at)?)));
    AssumptionRecord {
        credential: credential.to_string(),
        time: issuance.at,
        operation: issuance.operation.to_string(),
        event_id: issuance.event_id.to_string(),
        by: issuance.by.as_ref().map(|by| by.to_string()),
        source_ip: issuance.from.map(|ip| ip.to_string()),
        with: before
            .map(|(shown, earlier)| Box::new(record(shown, earlier, generation, steps_left - 1))),
    }
}
