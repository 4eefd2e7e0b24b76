//! What the calls of an alert blind: logs, and the analytics that rest on them.

use std::collections::BTreeSet;

use crate::alert::BlindedRecord;
use crate::analytic::Analytic;
use crate::baseline::View;
use crate::event::{Event, Source};
use crate::score::rows::ROWS_MAX;

/// Returns what events stop, delete or narrow, each once.
pub(super) fn blinded(
    evidence: &[&Event],
    analytics: &[Analytic],
    generation: View<'_>,
) -> Vec<BlindedRecord> {
    let mut records = BTreeSet::new();
    for event in evidence {
        let worked = event.outcome.has_worked();
        let Some(blinding) = event.blinding.as_ref().filter(|_| worked) else {
            continue;
        };
        let is_read = |log: &&Source| **log == event.source || generation.reads(**log);
        let read: Vec<Source> = blinding.logs.iter().filter(is_read).copied().collect();
        records.insert(BlindedRecord {
            operation: format!("{}:{}", event.service, event.op),
            target: blinding.target.as_ref().map(|t| t.raw().to_owned()),
            logs: blinding.logs.iter().map(ToString::to_string).collect(),
            analytics: analytics
                .iter()
                .filter(|analytic| analytic.enabled && rests_on(analytic, &read))
                .map(|analytic| analytic.id.to_string())
                .collect(),
        });
    }
    records.into_iter().take(ROWS_MAX).collect()
}

/// Returns whether an analytic requires records of one of these logs.
fn rests_on(analytic: &Analytic, logs: &[Source]) -> bool {
    let mut telemetry = analytic.docs.telemetry.iter();
    telemetry.any(|needed| {
        let mut given = needed.or.iter().chain([&needed.source]);
        given.any(|log| logs.contains(log))
    })
}
