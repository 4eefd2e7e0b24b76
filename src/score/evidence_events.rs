//! Which events are behind the reasons of an alert.

use std::collections::BTreeSet;

use crate::alert::EventRecord;
use crate::analytic::Analytic;
use crate::event::Event;
use crate::measure::EventAmounts;
use crate::score::components::start_of;
use crate::score::contribution::{ArmResult, Contribution};
use crate::time::{Time, Window};
use crate::vocab::{Metric, Str};

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

/// Returns whether an approval has to cover an event: it adds to what is judged, shows a reason, or gives something away.
pub(super) fn must_be_covered(
    event: &Event,
    amounts: &EventAmounts,
    metrics: &BTreeSet<Metric>,
    arm: &ArmResult,
) -> bool {
    let mut contributions = arm.contributions.iter();
    !amounts.grants().is_empty()
        || amounts.metrics().any(|m| metrics.contains(&m))
        || contributions.any(|of| of.is_about_events() && counts_for(event.time, amounts, of))
}

/// An amount that every second window reaches, in natural logarithms: one below it says nothing of who was unusual.
const AMOUNT_LEAST: f64 = std::f64::consts::LN_2;

/// Returns whether a contribution is only something new.
pub(super) const fn is_new(contribution: &Contribution) -> bool {
    matches!(
        contribution,
        Contribution::Novelty(_) | Contribution::Weight(_)
    )
}

/// Returns whether a contribution is a declared act, or an amount that adds something, and not only new.
pub(super) fn is_amount(contribution: &Contribution) -> bool {
    match contribution {
        Contribution::Volume(_) | Contribution::RoleTail(_) => {
            contribution.surprise() >= AMOUNT_LEAST
        }
        _ => !is_new(contribution),
    }
}

/// Returns whether an event is behind a contribution.
pub(super) fn counts_for(time: Time, amounts: &EventAmounts, contribution: &Contribution) -> bool {
    let adds_to = |metric: Metric| amounts.metrics().any(|m| m == metric.stored_as());
    let is_within = |start: u32, window: Window| {
        let second = time.second_of_day();
        second >= start && second - start < window.secs()
    };
    match contribution {
        Contribution::Volume(reading) => {
            adds_to(reading.metric) && is_within(reading.start, reading.window)
        }
        Contribution::RoleTail(reading) => {
            adds_to(reading.metric) && is_within(start_of(Window::HOUR, reading.slot), Window::HOUR)
        }
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
        Contribution::Weight(_) => false,
    }
}

/// Returns an event as a reason names it.
pub(super) fn record(event: &Event) -> EventRecord {
    EventRecord {
        time: event.time,
        event_id: event.id.to_string(),
        operation: format!("{}:{}", event.service, event.op),
        source_ip: event.peer.ip.map(|ip| ip.to_string()),
        destination_ip: event.destination.ip.map(|ip| ip.to_string()),
    }
}
