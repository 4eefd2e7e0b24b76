//! What an episode came to: the events of one act, added up in the order of time.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{BlindedRecord, DeedKind, DeedSpan, Extent};
use crate::analytic::Analytic;
use crate::baseline::View;
use crate::event::{Action, Event};
use crate::identity::{ResolvedEvent, Resolver};
use crate::measure::{EventAmounts, KnownThings, hash_in, value_hash};
use crate::score::assumption::Assumptions;
use crate::score::blinded::blinded;
use crate::score::rows::{ROWS_MAX, Rows};
use crate::score::things::Things;
use crate::time::Time;
use crate::vocab::{Metric, Trait};

/// First events named in an alert.
const EVENT_IDS_MAX: usize = 20;
/// Distinct things of a kind that are counted exactly.
const EXACT_MAX: usize = 1 << 17;

/// What an episode came to.
pub(super) struct Act<'a> {
    resolver: &'a Resolver<'a>,
    analytics: &'a [Analytic],
    generation: View<'a>,
    pub rows: Rows,
    pub assumptions: Assumptions<'a>,
    pub blinded: BTreeSet<BlindedRecord>,
    pub events: u64,
    pub event_ids: Vec<String>,
    /// The first and the last instant.
    pub span: Option<(Time, Time)>,
    /// What the entity is known for.
    known: KnownThings<'a>,
    /// When what was done.
    spans: BTreeMap<DeedKind, (Time, Time)>,
    calls: u64,
    list_calls: u64,
    bytes_read: u64,
    bytes_out: u64,
    objects: Objects,
    read: Objects,
    copied: Objects,
    deleted: Objects,
    buckets: Things,
    buckets_listed: Things,
    buckets_read_new: Things,
    destinations: Things,
    addresses: Things,
}

impl<'a> Act<'a> {
    pub fn new(
        resolver: &'a Resolver<'a>,
        analytics: &'a [Analytic],
        generation: View<'a>,
        known: KnownThings<'a>,
    ) -> Self {
        Self {
            resolver,
            analytics,
            generation,
            known,
            rows: Rows::default(),
            assumptions: Assumptions::new(generation),
            blinded: BTreeSet::new(),
            events: 0,
            event_ids: Vec::new(),
            span: None,
            spans: BTreeMap::new(),
            calls: 0,
            list_calls: 0,
            bytes_read: 0,
            bytes_out: 0,
            objects: Objects::default(),
            read: Objects::default(),
            copied: Objects::default(),
            deleted: Objects::default(),
            buckets: Things::default(),
            buckets_listed: Things::default(),
            buckets_read_new: Things::default(),
            destinations: Things::default(),
            addresses: Things::default(),
        }
    }

    /// Lists an event that shows a reason, and is not of the act itself.
    pub fn list(&mut self, resolved: &ResolvedEvent) {
        let event = resolved.event;
        self.rows.add(self.resolver, resolved, self.generation);
        self.assumptions.add(event);
        if let Some(record) = blinded(event, self.analytics, self.generation) {
            self.note_blinded(record);
        }
        self.events += 1;
        if self.event_ids.len() < EVENT_IDS_MAX {
            self.event_ids.push(event.id.to_string());
        }
    }

    /// Notes what a call blinds. Where there is no room for all, one goes of the operation that has most, so that many calls of one kind do
    /// not hide another.
    fn note_blinded(&mut self, record: BlindedRecord) {
        self.blinded.insert(record);
        if self.blinded.len() <= ROWS_MAX {
            return;
        }
        let mut of_operation: BTreeMap<&str, usize> = BTreeMap::new();
        for record in &self.blinded {
            *of_operation.entry(&record.operation).or_default() += 1;
        }
        let most = |record: &&BlindedRecord| of_operation.get(&*record.operation).copied();
        let last = self.blinded.iter().max_by_key(most).cloned();
        last.map(|last| self.blinded.remove(&last));
    }

    /// Adds the next event of the act.
    pub fn add(&mut self, resolved: &ResolvedEvent, amounts: &EventAmounts) {
        self.list(resolved);
        let event = resolved.event;
        self.calls += 1;
        let first = self.span.map_or(event.time, |(first, _)| first);
        self.span = Some((first, event.time));
        if let Some(ip) = event.peer.ip {
            self.addresses
                .insert(value_hash(&ip.to_string()), EXACT_MAX);
        }
        if !event.outcome.has_worked() {
            return;
        }
        for bucket in event.container.iter().chain(&event.copied_from) {
            self.buckets.insert(value_hash(bucket.raw()), EXACT_MAX);
        }
        let bucket = event.container.as_ref().map(|b| value_hash(b.raw()));
        match event.action {
            Action::ListObjects | Action::ListBuckets => {
                self.list_calls += 1;
                self.note(DeedKind::Listed, event.time);
                if let (Some(bucket), Action::ListObjects) = (bucket, event.action) {
                    self.buckets_listed.insert(bucket, EXACT_MAX);
                }
            }
            Action::ReadObject => {
                self.read.add(event, bucket);
                self.note(DeedKind::Read, event.time);
                // Of who was not there before, nothing is called new.
                let is_new = |hash: &u64| {
                    let is_known = self.known.buckets.is_some();
                    is_known && self.known.has_new(Trait::Bucket, [*hash].into_iter())
                };
                if let Some(bucket) = bucket.filter(is_new) {
                    self.buckets_read_new.insert(bucket, EXACT_MAX);
                }
            }
            Action::CopyObject => self.copied.add(event, bucket),
            Action::DeleteObject => {
                self.deleted.add(event, bucket);
                self.note(DeedKind::Deleted, event.time);
            }
            _ => {}
        }
        if matches!(
            event.action,
            Action::ReadObject | Action::CopyObject | Action::DeleteObject
        ) {
            self.objects.add(event, bucket);
        }
        let read = amounts.sum(Metric::BytesRead);
        self.bytes_read = self.bytes_read.saturating_add(read);
        let sent = amounts.sum(Metric::EgressBytes);
        self.bytes_out = self.bytes_out.saturating_add(sent);
        if sent > 0 {
            self.note(DeedKind::Sent, event.time);
        }
        for hash in amounts.distinct(Metric::EgressDestinations) {
            self.destinations.insert(hash, EXACT_MAX);
        }
        for grant in amounts.grants() {
            if !self.generation.is_ours(&grant.account) {
                self.destinations
                    .insert(value_hash(&grant.account), EXACT_MAX);
            }
        }
    }

    /// Notes when something was done. Events come in order.
    fn note(&mut self, deed: DeedKind, time: Time) {
        self.spans.entry(deed).or_insert((time, time)).1 = time;
    }

    /// Returns when what the extent counts was done.
    pub fn spans(&self) -> Vec<DeedSpan> {
        let spans = self.spans.iter();
        spans
            .map(|(&deed, &(first, last))| DeedSpan { deed, first, last })
            .collect()
    }

    /// Returns how much it came to so far.
    pub fn extent(&self) -> Extent {
        Extent {
            calls: self.calls,
            objects: self.objects.count(),
            buckets: self.buckets.count(),
            bytes_read: self.bytes_read,
            bytes_out: self.bytes_out,
            destinations: self.destinations.count(),
            addresses: self.addresses.count(),
            list_calls: self.list_calls,
            buckets_listed: self.buckets_listed.count(),
            objects_read: self.read.count(),
            buckets_read: self.read.buckets.count(),
            buckets_read_new: self.buckets_read_new.count(),
            objects_copied: self.copied.count(),
            objects_deleted: self.deleted.count(),
            buckets_deleted_from: self.deleted.buckets.count(),
        }
    }
}

/// Distinct objects to which the same was done, and their buckets.
#[derive(Default)]
struct Objects {
    named: Things,
    /// Objects of calls that name none.
    unnamed: u64,
    buckets: Things,
}

impl Objects {
    fn add(&mut self, event: &Event, bucket: Option<u64>) {
        if let Some(bucket) = bucket {
            self.buckets.insert(bucket, EXACT_MAX);
        }
        match (bucket, &event.object) {
            (Some(bucket), Some(object)) => {
                self.named.insert(hash_in(bucket, object.raw()), EXACT_MAX)
            }
            _ => self.unnamed += event.items.unwrap_or(0),
        }
    }

    fn count(&self) -> u64 {
        self.named.count() + self.unnamed
    }
}
