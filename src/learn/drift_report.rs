//! Which baselines of the estate have drifted.

use std::collections::BTreeMap;

use crate::baseline::DriftReport;
use crate::learn::state::EntityState;
use crate::stats::constants::{DRIFT_DAYS_MIN, DRIFT_SUM_MIN};
use crate::stats::drift::threshold;
use crate::time::Day;
use crate::vocab::{Entity, EntityKind};

/// Returns what is rising, and the threshold that lets through so many reports a day.
pub(super) fn drift_report(
    entities: &BTreeMap<Entity, Box<EntityState>>,
    judged: Option<(Day, Day)>,
    reports_per_day: f64,
) -> DriftReport {
    let Some((first_day, through)) = judged else {
        return DriftReport::default();
    };
    // With fewer days than this, no drift can be reported.
    let days = (through.since(first_day) + 1 - DRIFT_DAYS_MIN as i32).max(0) as u32;
    let drifts = || {
        entities
            .iter()
            .filter(|(entity, _)| entity.kind == EntityKind::Identity)
            .map(|(entity, state)| (entity, &state.drift))
    };
    let sums = drifts().map(|(_, drift)| drift.greatest_sum()).collect();
    let threshold = threshold(sums, reports_per_day, days)
        .unwrap_or(0.0)
        .max(DRIFT_SUM_MIN);
    let rising = drifts()
        .flat_map(|(entity, drift)| drift.drifted(entity, threshold))
        .collect();
    DriftReport {
        through: Some(through),
        threshold,
        rising,
    }
}
