//! What a call of an alert blinds: logs, and the analytics that rest on it.

use crate::alert::BlindedRecord;
use crate::analytic::Analytic;
use crate::baseline::View;
use crate::event::{Event, Source};

/// Returns what an event stops, deletes or narrows.
pub(super) fn blinded(
    event: &Event,
    analytics: &[Analytic],
    generation: View<'_>,
) -> Option<BlindedRecord> {
    let blinding = event.blinding.as_ref()?;
    let is_read = |log: &&Source| **log == event.source || generation.reads(**log);
    let read: Vec<Source> = blinding.logs.iter().filter(is_read).copied().collect();
    event.outcome.has_worked().then(|| BlindedRecord {
        operation: format!("{}:{}", event.service, event.op),
        target: blinding.target.as_ref().map(|t| t.raw().to_owned()),
        logs: blinding.logs.iter().map(ToString::to_string).collect(),
        analytics: analytics
            .iter()
            .filter(|analytic| analytic.enabled && rests_on(analytic, &read))
            .map(|analytic| analytic.id.to_string())
            .collect(),
    })
}

/// Returns whether an analytic requires records of one of these logs.
pub(super) fn rests_on(analytic: &Analytic, logs: &[Source]) -> bool {
    let mut telemetry = analytic.docs.telemetry.iter();
    telemetry.any(|needed| {
        let mut given = needed.or.iter().chain([&needed.source]);
        given.any(|log| logs.contains(log))
    })
}
