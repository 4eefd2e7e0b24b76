//! What an alert lists: operations called, buckets touched, and places that data went to.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{DestinationRecord, OperationRecord, ResourceRecord};
use crate::baseline::View;
use crate::event::{Action, AddressClass, Event, Outcome};
use crate::identity::Resolver;

/// Operations, buckets and destinations named in an alert.
pub(super) const ROWS_MAX: usize = 20;

/// Returns what was called, most often first.
pub(super) fn operations(evidence: &[&Event]) -> Vec<OperationRecord> {
    let mut by_name: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for event in evidence {
        let (calls, denied) = by_name.entry((&event.service, &event.op)).or_default();
        *calls += 1;
        *denied += u64::from(event.outcome == Outcome::Denied);
    }
    let mut operations: Vec<OperationRecord> = by_name
        .into_iter()
        .map(|((service, op), (calls, denied))| OperationRecord {
            operation: format!("{service}:{op}"),
            calls,
            denied,
        })
        .collect();
    operations.sort_by(|a, b| {
        b.calls
            .cmp(&a.calls)
            .then_with(|| a.operation.cmp(&b.operation))
    });
    operations.truncate(ROWS_MAX);
    operations
}

/// Returns all buckets that were touched, and all places that data went to, largest first.
pub(super) fn tables(
    resolver: &Resolver,
    evidence: &[&Event],
    generation: View<'_>,
) -> (Vec<ResourceRecord>, Vec<DestinationRecord>) {
    let mut buckets: BTreeMap<&str, (ResourceRecord, BTreeSet<&str>)> = BTreeMap::new();
    let mut destinations: BTreeMap<String, DestinationRecord> = BTreeMap::new();
    for event in evidence {
        let source = event.copied_from.as_ref().filter(|&source| {
            // A copy within one bucket, or a replication of it, touches one bucket.
            event.container.as_ref() != Some(source)
        });
        for bucket in event.container.iter().chain(source) {
            let (record, objects) = buckets.entry(bucket.raw()).or_insert_with(|| {
                let sensitive = resolver.is_sensitive(event.provider, bucket.raw());
                (
                    ResourceRecord {
                        bucket: bucket.raw().to_owned(),
                        sensitive,
                        calls: 0,
                        objects: 0,
                        bytes: 0,
                    },
                    BTreeSet::new(),
                )
            });
            record.calls += 1;
            record.bytes = record.bytes.saturating_add(event.bytes_out.unwrap_or(0));
            objects.extend(event.object.as_ref().map(|o| o.raw()));
        }
        for (address, external, bytes) in destinations_of(resolver, event, generation) {
            let record = destinations
                .entry(address.clone())
                .or_insert(DestinationRecord {
                    address,
                    external,
                    bytes: 0,
                });
            record.bytes = record.bytes.saturating_add(bytes);
        }
    }
    let mut resources: Vec<ResourceRecord> = buckets
        .into_values()
        .map(|(mut record, objects)| {
            record.objects = objects.len() as u64;
            record
        })
        .collect();
    resources.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.bucket.cmp(&b.bucket)));
    let mut destinations: Vec<DestinationRecord> = destinations.into_values().collect();
    destinations.sort_by(|a, b| {
        b.bytes
            .cmp(&a.bytes)
            .then_with(|| a.address.cmp(&b.address))
    });
    (resources, destinations)
}

/// Returns where an event sent data: an address, an account, or a bucket whose owner is not stated.
fn destinations_of(
    resolver: &Resolver,
    event: &Event,
    generation: View<'_>,
) -> Vec<(String, Option<bool>, u64)> {
    let mut found = Vec::new();
    let bytes = event.bytes_out.unwrap_or(0);
    match event.action {
        Action::ReadObject => {
            if let Some(ip) = event.peer.ip {
                let is_external = resolver.classify(ip) == AddressClass::External;
                found.push((ip.to_string(), Some(is_external), bytes));
            }
        }
        Action::EgressFlow => {
            if let Some(ip) = event.destination.ip {
                found.push((
                    ip.to_string(),
                    Some(resolver.classify(ip) == AddressClass::External),
                    bytes,
                ));
            }
        }
        _ => {
            if let Some(account) = &event.destination.account {
                found.push((account.to_string(), Some(!generation.is_ours(account)), 0));
            } else if let (Action::CopyObject, Some(bucket)) =
                (event.action, &event.destination.container)
            {
                found.push((bucket.raw().to_owned(), None, 0));
            }
        }
    }
    found
}
