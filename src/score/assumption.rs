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

/// The most credentials of an episode that are looked at: those that come first.
const CREDENTIALS_MAX: usize = 4_096;

/// The credentials of an episode.
pub(super) struct Assumptions<'a> {
    generation: View<'a>,
    /// Of each its events, and how it was issued if that is known.
    used: BTreeMap<Str, (u64, Option<&'a Issuance>)>,
}

impl<'a> Assumptions<'a> {
    pub fn new(generation: View<'a>) -> Self {
        Self {
            generation,
            used: BTreeMap::new(),
        }
    }

    /// Adds the next event.
    pub fn add(&mut self, event: &Event) {
        let Some(credential) = &event.credential else {
            return;
        };
        let issued = || self.generation.issuance_before(credential, event.time);
        if let Some((n, issuance)) = self.used.get_mut(credential) {
            *n += 1;
            *issuance = issuance.or_else(issued);
        } else if self.used.len() < CREDENTIALS_MAX {
            let issuance = issued();
            self.used.insert(credential.clone(), (1, issuance));
        }
    }

    /// Returns how the credentials were issued, those of most events first.
    pub fn records(&self) -> Vec<AssumptionRecord> {
        let used = self.used.iter();
        let mut issued: Vec<_> = used
            .filter_map(|(credential, (n, issuance))| Some((credential, *n, (*issuance)?)))
            .collect();
        issued.sort_by_key(|&(credential, n, issuance)| (Reverse(n), issuance.at, credential));
        issued
            .into_iter()
            .take(ASSUMED_MAX)
            .map(|(credential, _, issuance)| {
                record(credential, issuance, self.generation, STEPS_MAX)
            })
            .collect()
    }
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
