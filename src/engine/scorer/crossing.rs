//! Episodes that crossed their threshold. Their alerts are built from events, of which a bounded number is in memory at once.

use std::collections::BTreeSet;

use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::summary::ScoreSummary;
use crate::engine::scorer::told::AlertStates;
use crate::stats::Severity;
use crate::vocab::{Entity, Str};

/// Events of alerting entities that are in memory at once, each of about two kilobytes, as long as no single episode needs
/// more.
pub(super) const EVENTS_AT_ONCE: u64 = 1 << 15;
/// If the first events of an episode do not explain it, so many times more are read.
pub(super) const MORE: usize = 8;

/// An episode that crossed its threshold, or that is shown on request.
pub(super) struct Crossing {
    pub analytic: usize,
    pub entity: Entity,
    /// The severity that it has come to.
    pub severity: Severity,
    /// The events of the entity's day.
    pub n_events: u64,
    /// The id that the provider never gives twice, if one of them states it.
    pub unique_id: Option<Str>,
}

/// What judging a day reads back and writes down.
pub(super) struct Telling<'t> {
    pub events: &'t EventBuffer,
    pub told: &'t mut AlertStates,
    pub archived: &'t BTreeSet<String>,
    pub summary: &'t mut ScoreSummary,
}

/// Splits episodes where they have too many events to be in memory at once.
pub(super) fn in_batches(crossings: &[Crossing]) -> impl Iterator<Item = &[Crossing]> {
    let mut rest = crossings;
    std::iter::from_fn(move || {
        let mut n_events = 0;
        let n = rest
            .iter()
            .take_while(|crossing| {
                n_events += crossing.n_events.min(EVENTS_AT_ONCE);
                n_events <= EVENTS_AT_ONCE
            })
            .count();
        let (some, others) = rest.split_at(n.max(1).min(rest.len()));
        rest = others;
        (!some.is_empty()).then_some(some)
    })
}
