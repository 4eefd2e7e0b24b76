//! Stored days, read again one at a time, and what a whole day shows of somebody to an approval.

use std::collections::BTreeMap;

use crate::baseline::Generation;
use crate::config::{Glimpse, Known, Values};
use crate::error::Result;
use crate::measure::{DayFacts, Links};
use crate::store::{DayEntry, Manifest, Store};
use crate::time::Day;
use crate::vocab::{Entity, Str, Trait};

/// Reads stored days.
pub(super) struct Days<'a> {
    store: &'a Store,
    manifest: &'a Manifest,
    generation: &'a Generation,
    /// The links of the last day that was read, by its place among the stored ones.
    links: Option<(usize, Links)>,
}

impl<'a> Days<'a> {
    pub(super) fn of(store: &'a Store, manifest: &'a Manifest, generation: &'a Generation) -> Self {
        Self {
            store,
            manifest,
            generation,
            links: None,
        }
    }

    /// Returns what happened on a day, by entity; `None` if it is not stored.
    pub(super) fn facts(&mut self, day: Day) -> Result<Option<BTreeMap<Entity, DayFacts>>> {
        let days: &[DayEntry] = &self.manifest.days;
        let Some(at) = days.iter().position(|entry| entry.day == day) else {
            return Ok(None);
        };
        let eve = match (at.checked_sub(1), self.links.take()) {
            (Some(before), Some((read, links))) if read == before => links,
            (Some(before), _) => self.store.load_day(&days[before])?.links,
            (None, _) => Links::new(),
        };
        let book = self.store.load_day(&days[at])?;
        let mut own = self.generation.own_accounts.clone();
        own.extend(book.accounts.iter().cloned());
        let facts = book.assemble(&[&eve], &own);
        self.links = Some((at, book.links));
        Ok(Some(facts))
    }
}

/// Returns what a whole day shows: an alert of that day shows some of it.
pub(super) fn glimpse(entity: &Entity, facts: &DayFacts, generation: &Generation) -> Glimpse {
    let values = |which: Trait| -> Values {
        let Some(values) = facts.trait_values(which) else {
            return (Vec::new(), Known::More);
        };
        let known = if values.saturated() {
            Known::Some
        } else {
            Known::More
        };
        (
            values.iter().map(|(value, _)| value.clone()).collect(),
            known,
        )
    };
    let (mut buckets, known) = values(Trait::Bucket);
    buckets.extend(facts.shares.iter().map(|(share, _)| share.bucket.clone()));
    buckets.sort_unstable();
    buckets.dedup();
    let mut destinations = values(Trait::Destination);
    destinations.0.retain(|name| !generation.is_ours(name));
    Glimpse {
        ids: ids(entity, facts, generation),
        role: facts.profile.role.clone(),
        destinations,
        buckets: (buckets, known),
        user_agents: values(Trait::UserAgent),
        applications: values(Trait::Application),
        networks: values(Trait::Network),
    }
}

fn ids(entity: &Entity, facts: &DayFacts, generation: &Generation) -> Vec<Str> {
    let mut ids = vec![entity.id.clone()];
    ids.extend(facts.profile.aliases.iter().map(|(alias, _)| alias.clone()));
    let baseline = generation.baselines.get(entity);
    ids.extend(baseline.iter().flat_map(|b| b.aliases.iter().cloned()));
    ids
}
