//! How much an incident came to.
//!
//! Several analytics tell of the same acts, so of each entity and day the largest of what its alerts say counts once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, Extent, Origin, SourceRecord};
use crate::incident::document::OriginAddress;
use crate::incident::node::{crossed_at, key_of};
use crate::time::Day;

/// Sources of an incident.
const SOURCES_MAX: usize = 10;
/// Addresses from which its sessions and credentials came.
const ORIGINS_MAX: usize = 20;

/// Returns how much alerts came to together.
///
/// Calls, objects and bytes of different days and entities are added. The same buckets, destinations and addresses are likely to be
/// among those of another day, so of these the largest number of one day counts, or the number of different names that alerts list
/// where that is larger: there were at least so many. Addresses are those of the acts alone.
pub(super) fn extent_of(alerts: &[&Alert]) -> Extent {
    let mut of_days: BTreeMap<(String, Day), Extent> = BTreeMap::new();
    for alert in alerts {
        let key = (key_of(&alert.entity), crossed_at(alert).day());
        let most = of_days.entry(key).or_default();
        *most = most.with(&alert.extent, u64::max);
    }
    let sum = of_days.values().fold(Extent::default(), |sum, day| {
        sum.with(day, u64::saturating_add)
    });
    let most = of_days
        .values()
        .fold(Extent::default(), |most, day| most.with(day, u64::max));
    let named = |names: BTreeSet<&str>, most: u64| match most {
        // Where nothing was counted, as in older documents, a list that may be cut is no count.
        0 => 0,
        most => most.max(names.len() as u64),
    };
    let buckets = alerts.iter().flat_map(|alert| &alert.resources);
    let to = alerts.iter().flat_map(|alert| &alert.destinations);
    let from = alerts.iter().flat_map(|alert| alert.sources_of_act());
    Extent {
        buckets: named(buckets.map(|row| &*row.bucket).collect(), most.buckets),
        destinations: named(
            to.filter(|row| row.external != Some(false))
                .map(|row| &*row.address)
                .collect(),
            most.destinations,
        ),
        addresses: named(
            from.filter_map(|row| row.address.as_deref()).collect(),
            most.addresses,
        ),
        buckets_listed: most.buckets_listed,
        buckets_read: most.buckets_read,
        buckets_read_new: most.buckets_read_new,
        buckets_deleted_from: most.buckets_deleted_from,
        ..sum
    }
}

/// Returns through what alerts were done, and what else their entities came through: those of the acts first, and of these those that
/// did most of what was counted.
pub(super) fn sources_of(alerts: &[&Alert]) -> Vec<SourceRecord> {
    let mut of_days: BTreeMap<(String, Day, Name), SourceRecord> = BTreeMap::new();
    for alert in alerts {
        let (entity, day) = (key_of(&alert.entity), crossed_at(alert).day());
        let of_act = alert.sources_of_act();
        for source in &alert.sources {
            let mut source = source.clone();
            source.is_of_act = of_act.iter().any(|of| name_of(of) == name_of(&source));
            of_days
                .entry((entity.clone(), day, name_of(&source)))
                .and_modify(|known| add(known, &source, u64::max))
                .or_insert(source);
        }
    }
    let mut summed: BTreeMap<Name, SourceRecord> = BTreeMap::new();
    for ((_, _, name), source) in of_days {
        summed
            .entry(name)
            .and_modify(|known| add(known, &source, u64::saturating_add))
            .or_insert(source);
    }
    let mut sources: Vec<SourceRecord> = summed.into_values().collect();
    // Stable, so that equal amounts stay in the order of their names.
    sources.sort_by_key(|source| {
        Reverse((source.is_of_act, source.counted, source.calls, source.bytes))
    });
    sources.truncate(SOURCES_MAX);
    sources
}

/// Returns from where sessions, credentials and identities came, each address once: as what came last before the act.
pub(super) fn origins_of(alerts: &[&Alert]) -> Vec<OriginAddress> {
    let mut of_address: BTreeMap<&str, Origin> = BTreeMap::new();
    for (origin, address) in alerts.iter().flat_map(|alert| alert.origins()) {
        let known = of_address.entry(address).or_insert(origin);
        *known = origin.min(*known);
    }
    let mut origins: Vec<OriginAddress> = of_address
        .into_iter()
        .map(|(address, kind)| OriginAddress {
            kind,
            address: address.to_owned(),
        })
        .collect();
    origins.sort();
    origins.truncate(ORIGINS_MAX);
    origins
}

/// What tells one source from another.
type Name = [Option<String>; 6];

fn name_of(source: &SourceRecord) -> Name {
    [
        source.address.clone(),
        source.network.clone(),
        source.country.clone(),
        source.client.clone(),
        source.session.clone(),
        source.credential.clone(),
    ]
}

fn add(known: &mut SourceRecord, other: &SourceRecord, with: fn(u64, u64) -> u64) {
    known.calls = with(known.calls, other.calls);
    known.counted = with(known.counted, other.counted);
    known.objects = with(known.objects, other.objects);
    known.bytes = with(known.bytes, other.bytes);
    known.is_of_act |= other.is_of_act;
}
