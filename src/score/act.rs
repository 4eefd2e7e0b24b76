//! What an episode came to: the events of one act, added up in the order of time.

use std::collections::BTreeSet;

use crate::alert::{BlindedRecord, Extent};
use crate::analytic::Analytic;
use crate::baseline::View;
use crate::event::Action;
use crate::identity::{ResolvedEvent, Resolver};
use crate::measure::{EventAmounts, hash_in, value_hash};
use crate::score::assumption::Assumptions;
use crate::score::blinded::blinded;
use crate::score::rows::{ROWS_MAX, Rows};
use crate::score::things::Things;
use crate::time::Time;
use crate::vocab::Metric;

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
    calls: u64,
    /// Objects of calls that name none.
    unnamed_objects: u64,
    bytes_read: u64,
    bytes_out: u64,
    objects: Things,
    buckets: Things,
    destinations: Things,
    addresses: Things,
}

impl<'a> Act<'a> {
    pub fn new(
        resolver: &'a Resolver<'a>,
        analytics: &'a [Analytic],
        generation: View<'a>,
    ) -> Self {
        Self {
            resolver,
            analytics,
            generation,
            rows: Rows::default(),
            assumptions: Assumptions::new(generation),
            blinded: BTreeSet::new(),
            events: 0,
            event_ids: Vec::new(),
            span: None,
            calls: 0,
            unnamed_objects: 0,
            bytes_read: 0,
            bytes_out: 0,
            objects: Things::default(),
            buckets: Things::default(),
            destinations: Things::default(),
            addresses: Things::default(),
        }
    }

    /// Lists an event that shows a reason, and is not of the act itself.
    pub fn list(&mut self, resolved: &ResolvedEvent) {
        let event = resolved.event;
        self.rows.add(self.resolver, resolved, self.generation);
        self.assumptions.add(event);
        if self.blinded.len() < ROWS_MAX {
            self.blinded
                .extend(blinded(event, self.analytics, self.generation));
        }
        self.events += 1;
        if self.event_ids.len() < EVENT_IDS_MAX {
            self.event_ids.push(event.id.to_string());
        }
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
        match event.action {
            Action::ReadObject | Action::CopyObject | Action::DeleteObject => {
                self.add_object(resolved)
            }
            _ => {}
        }
        let read = amounts.sum(Metric::BytesRead);
        self.bytes_read = self.bytes_read.saturating_add(read);
        let sent = amounts.sum(Metric::EgressBytes);
        self.bytes_out = self.bytes_out.saturating_add(sent);
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

    fn add_object(&mut self, resolved: &ResolvedEvent) {
        let event = resolved.event;
        match (&event.container, &event.object) {
            (Some(bucket), Some(object)) => {
                let pair = hash_in(value_hash(bucket.raw()), object.raw());
                self.objects.insert(pair, EXACT_MAX);
            }
            _ => self.unnamed_objects += event.items.unwrap_or(0),
        }
    }

    /// Returns how much it came to so far.
    pub fn extent(&self) -> Extent {
        Extent {
            calls: self.calls,
            objects: self.objects.count() + self.unnamed_objects,
            buckets: self.buckets.count(),
            bytes_read: self.bytes_read,
            bytes_out: self.bytes_out,
            destinations: self.destinations.count(),
            addresses: self.addresses.count(),
        }
    }
}
