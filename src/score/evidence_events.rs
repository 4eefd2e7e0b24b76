//! The events behind the reasons of an alert: the first to show each, and the one that represents the alert.

use std::collections::BTreeSet;

use crate::alert::EventRecord;
use crate::analytic::Analytic;
use crate::event::Event;
use crate::identity::Resolver;
use crate::measure::EventAmounts;
use crate::score::contribution::{ArmResult, Contribution};
use crate::time::Time;
use crate::vocab::{Metric, Str, Trait};

/// The events that show those reasons of an alert that are about single events and not about amounts.
#[derive(Default)]
pub(super) struct EvidenceEvents<'e> {
    /// The first of each contribution, in the order of the arm's; `None` of an amount.
    firsts: Vec<Option<&'e Event>>,
    /// The event that shows the most of them.
    pub representative: Option<&'e Event>,
}

impl<'e> EvidenceEvents<'e> {
    /// Looks through the events of a day up to the crossing, which are in order.
    pub fn of(arm: &ArmResult, events: &'e [Event], resolver: &Resolver) -> Self {
        let mut evidence_events = Self {
            firsts: vec![None; arm.contributions.len()],
            representative: None,
        };
        if !arm.contributions.iter().any(is_about_events) {
            return evidence_events;
        }
        let mut largest = 0.0;
        for event in events {
            let mut resolved = event.clone();
            let resolved = resolver.resolve(&mut resolved);
            let amounts = EventAmounts::of(&resolved);
            let mut weight = 0.0;
            for (first, contribution) in evidence_events.firsts.iter_mut().zip(&arm.contributions) {
                if shows_reason(event.time, &amounts, contribution) {
                    first.get_or_insert(event);
                    if is_of_caller(contribution) {
                        weight += contribution.surprise();
                    }
                }
            }
            // Of several that show as much, the latest is taken.
            if weight > 0.0 && weight >= largest {
                (largest, evidence_events.representative) = (weight, Some(event));
            }
        }
        evidence_events
    }

    /// Returns the first event of a contribution, by its place in the arm.
    pub fn first(&self, at: usize) -> Option<EventRecord> {
        self.firsts.get(at).copied().flatten().map(record)
    }

    /// Returns the events that were first, each once, in order.
    pub fn events(&self) -> Vec<&'e Event> {
        let mut events: Vec<&Event> = self.firsts.iter().copied().flatten().collect();
        events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        events.dedup_by(|a, b| a.id == b.id);
        events
    }
}

/// Returns the metrics by which events are evidence for an analytic.
pub(super) fn metrics_of(analytic: &Analytic) -> BTreeSet<Metric> {
    analytic
        .metrics()
        .into_iter()
        .map(|metric| {
            if metric == Metric::BucketsNew {
                Metric::BucketsListed
            } else {
                metric
            }
        })
        .collect()
}

/// Returns whether an event adds to any of some metrics.
pub(super) fn adds_to_any(resolver: &Resolver, event: &Event, metrics: &BTreeSet<Metric>) -> bool {
    let mut event = event.clone();
    let resolved = resolver.resolve(&mut event);
    let amounts = EventAmounts::of(&resolved);
    amounts.metrics().any(|m| metrics.contains(&m))
}

/// Returns whether an approval has to cover an event: it adds to what is judged, shows a reason, or gives something away.
pub(super) fn must_be_covered(
    resolver: &Resolver,
    event: &Event,
    metrics: &BTreeSet<Metric>,
    arm: &ArmResult,
) -> bool {
    let mut event = event.clone();
    let resolved = resolver.resolve(&mut event);
    let amounts = EventAmounts::of(&resolved);
    let mut contributions = arm.contributions.iter();
    !amounts.grants().is_empty()
        || amounts.metrics().any(|m| metrics.contains(&m))
        || contributions.any(|of| shows_reason(resolved.event.time, &amounts, of))
}

fn is_about_events(contribution: &Contribution) -> bool {
    matches!(
        contribution,
        Contribution::Novelty(_) | Contribution::Grant { .. } | Contribution::Burst { .. }
    )
}

fn shows_reason(time: Time, amounts: &EventAmounts, contribution: &Contribution) -> bool {
    match contribution {
        Contribution::Novelty(reading) => amounts.shows(reading.which, &reading.value),
        Contribution::Grant {
            accounts, buckets, ..
        } => {
            let is_one = |words: &[Str], word: &Str| words.binary_search(word).is_ok();
            amounts
                .grants()
                .iter()
                .any(|grant| is_one(accounts, &grant.account) && is_one(buckets, &grant.bucket))
        }
        Contribution::Burst { asked, reading, .. } => {
            time >= reading.start
                && amounts
                    .marks()
                    .iter()
                    .any(|mark| mark.kind == asked.kind && mark.group == reading.group)
        }
        _ => false,
    }
}

/// Returns whether it is about the caller and not about what was reached.
fn is_of_caller(contribution: &Contribution) -> bool {
    match contribution {
        Contribution::Novelty(reading) => {
            !matches!(reading.which, Trait::Destination | Trait::Bucket)
        }
        _ => true,
    }
}

fn record(event: &Event) -> EventRecord {
    EventRecord {
        time: event.time,
        event_id: event.id.to_string(),
        operation: format!("{}:{}", event.service, event.op),
        source_ip: event.peer.ip.map(|ip| ip.to_string()),
        destination_ip: event.destination.ip.map(|ip| ip.to_string()),
    }
}
