//! What an alert lists: operations called, buckets touched, and places that data went to.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::alert::{DestinationRecord, OperationRecord, ResourceRecord};
use crate::baseline::View;
use crate::event::{Action, AddressClass, Event, Outcome};
use crate::identity::{ResolvedEvent, Resolver};
use crate::measure::{hash_in, value_hash};
use crate::vocab::Str;

/// Operations, buckets and destinations named in an alert.
pub const ROWS_MAX: usize = 20;
/// Names of each kind that are counted of an episode: those that come first.
const NAMES_MAX: usize = 1 << 16;

/// Operations, buckets and destinations of events.
#[derive(Default)]
pub(super) struct Rows {
    operations: BTreeMap<(Str, Str), OperationRecord>,
    resources: BTreeMap<Str, ResourceRecord>,
    /// Pairs of a bucket and an object, by hash.
    objects: FxHashSet<u64>,
    destinations: BTreeMap<String, DestinationRecord>,
    /// Whether there were more names than are counted.
    pub is_full: bool,
}

impl Rows {
    /// Adds an event.
    pub fn add(&mut self, resolver: &Resolver, resolved: &ResolvedEvent, generation: View<'_>) {
        let event = resolved.event;
        let name = (event.service.clone(), event.op.clone());
        if let Some(operation) = self.operation(name) {
            operation.calls += 1;
            operation.denied += u64::from(event.outcome == Outcome::Denied);
        }
        self.add_buckets(resolver, event);
        for (address, external, bytes) in destinations_of(resolver, event, generation) {
            self.add_destination(address, external, bytes);
        }
    }

    fn operation(&mut self, name: (Str, Str)) -> Option<&mut OperationRecord> {
        if self.operations.len() >= NAMES_MAX && !self.operations.contains_key(&name) {
            self.is_full = true;
            return None;
        }
        let operation = format!("{}:{}", name.0, name.1);
        Some(self.operations.entry(name).or_insert(OperationRecord {
            operation,
            calls: 0,
            denied: 0,
        }))
    }

    fn add_buckets(&mut self, resolver: &Resolver, event: &Event) {
        let source = event.copied_from.as_ref().filter(|&source| {
            // A copy within one bucket, or a replication of it, touches one bucket.
            event.container.as_ref() != Some(source)
        });
        for bucket in event.container.iter().chain(source) {
            let name = bucket.shared();
            if self.resources.len() >= NAMES_MAX && !self.resources.contains_key(name) {
                self.is_full = true;
                continue;
            }
            let record = self.resources.entry(name.clone());
            let record = record.or_insert_with(|| ResourceRecord {
                bucket: bucket.raw().to_owned(),
                sensitive: resolver.is_sensitive(event.provider, bucket.raw()),
                owner: resolver
                    .sensitive_owner(event.provider, bucket.raw())
                    .map(str::to_owned),
                calls: 0,
                denied: 0,
                objects: 0,
                bytes: 0,
            });
            record.calls += 1;
            record.denied += u64::from(event.outcome == Outcome::Denied);
            record.bytes = record.bytes.saturating_add(event.bytes_out.unwrap_or(0));
            if let Some(object) = &event.object {
                let pair = hash_in(value_hash(name), object.raw());
                if self.objects.len() < NAMES_MAX * 4 && self.objects.insert(pair) {
                    record.objects += 1;
                }
            }
        }
    }

    fn add_destination(&mut self, address: String, external: Option<bool>, bytes: u64) {
        if self.destinations.len() >= NAMES_MAX && !self.destinations.contains_key(&address) {
            self.is_full = true;
            return;
        }
        let record = self.destinations.entry(address.clone());
        let record = record.or_insert(DestinationRecord {
            address,
            external,
            bytes: 0,
        });
        record.bytes = record.bytes.saturating_add(bytes);
    }

    /// Returns what was called, most often first.
    pub fn operations(&self) -> Vec<OperationRecord> {
        let mut operations: Vec<_> = self.operations.values().cloned().collect();
        operations.sort_by(|a, b| {
            b.calls
                .cmp(&a.calls)
                .then_with(|| a.operation.cmp(&b.operation))
        });
        operations.truncate(ROWS_MAX);
        operations
    }

    /// Returns all buckets that were touched, most calls first.
    pub fn resources(&self) -> Vec<ResourceRecord> {
        let mut resources: Vec<_> = self.resources.values().cloned().collect();
        resources.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.bucket.cmp(&b.bucket)));
        resources
    }

    /// Returns all places that data went to, most bytes first.
    pub fn destinations(&self) -> Vec<DestinationRecord> {
        let mut destinations: Vec<_> = self.destinations.values().cloned().collect();
        destinations.sort_by(|a, b| {
            b.bytes
                .cmp(&a.bytes)
                .then_with(|| a.address.cmp(&b.address))
        });
        destinations
    }
}

/// Returns where an event sent data: an address, an account, or a bucket whose owner is not stated.
pub(super) fn destinations_of(
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
