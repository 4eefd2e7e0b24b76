//! What was told of an episode, and what is so much more that it is told again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::analytic::Analytic;
use crate::measure::{DayFacts, KnownThings};
use crate::stats::Severity;
use crate::time::Window;
use crate::vocab::Metric;

/// Updates of one episode: a day that keeps growing must not fill the list that it is told in. That the severity rises is told beyond.
pub const UPDATES_MAX: u32 = 8;
/// So much more score is told.
const SCORE_STEP: f64 = 5.0;
/// So many times more of any amount is told.
const AMOUNT_FACTOR: u64 = 10;
/// Bytes below which an amount of bytes counts as if it were that much.
const BYTES_UNIT: u64 = 1 << 20;

/// What was told of an episode last, before it was closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its severity by then.
    pub severity: Severity,
    /// Its score by then.
    pub score: f64,
    /// The day's amounts by then, of what the analytic judges; `None` if they are not known.
    pub amounts: Option<Vec<(Metric, u64)>>,
    /// How many updates were told.
    pub updates: u32,
    /// Whether an approval covered it, so that no person may have seen it.
    pub is_covered: bool,
}

impl Told {
    /// Returns whether an episode has come to so much more that a person should hear of it.
    pub fn is_outgrown(
        &self,
        (severity, score): (Severity, f64),
        analytic: &Analytic,
        facts: &DayFacts,
    ) -> bool {
        if severity > self.severity || self.updates >= UPDATES_MAX {
            return severity > self.severity;
        }
        let has_grown = || {
            let Some(known) = &self.amounts else {
                return false;
            };
            amounts_of(analytic, facts)
                .into_iter()
                .any(|(metric, now)| {
                    let unit = if metric.is_bytes() { BYTES_UNIT } else { 1 };
                    let before = known.iter().find(|(of, _)| *of == metric);
                    let before = before.map_or(0, |(_, before)| *before).max(unit);
                    now >= before.saturating_mul(AMOUNT_FACTOR)
                })
        };
        score >= self.score + SCORE_STEP || has_grown()
    }
}

/// Returns how much a day came to of what an analytic judges, by metric. What else was done that day is no more of the same.
pub(super) fn amounts_of(analytic: &Analytic, facts: &DayFacts) -> Vec<(Metric, u64)> {
    let judged: BTreeSet<Metric> = analytic
        .metrics()
        .into_iter()
        .map(Metric::stored_as)
        .collect();
    let metrics = facts.metrics().into_iter();
    let stored = metrics.filter(|metric| metric.is_learnt() && judged.contains(metric));
    let of_day = |metric: Metric| {
        let readings = facts.readings(metric, Window::DAY, &KnownThings::NOTHING);
        (metric, readings.first().map_or(0, |&(_, amount)| amount))
    };
    stored.map(of_day).collect()
}
