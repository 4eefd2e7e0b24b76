//! What is known beforehand to be silent: entity-days of identities of whom an approval covers all that they do.
//!
//! Of a stored day only the identity is known, and not what it touched. So approvals that ask for a bucket, a destination or
//! a client as well are not seen here, and what they cover counts like anything else.

use crate::baseline::CalibrationLog;
use crate::engine::Setup;
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// Returns whether what an analytic says of an entity on a day is approved, whatever it was.
pub(super) fn is_approved(setup: &Setup, entity: &Entity, day: Day, analytic: &str) -> bool {
    entity.kind == EntityKind::Identity
        && setup.config.approvals.iter().any(|approval| {
            approval.is_for(analytic) && approval.covers_all_of(&entity.id, day.start())
        })
}

/// Returns the log without what is approved: what thresholds let through to somebody who looks at it.
pub(in crate::engine) fn seen(setup: &Setup, log: &CalibrationLog) -> CalibrationLog {
    let mut seen = log.clone();
    let mut approved: Vec<(Day, Entity, Str)> = Vec::new();
    for (&day, of_day) in &log.extremes {
        for extreme in of_day {
            let said = extreme.analytics.iter().map(|said| &said.by);
            approved.extend(
                said.filter(|id| is_approved(setup, &extreme.entity, day, id))
                    .map(|id| (day, extreme.entity.clone(), id.clone())),
            );
        }
    }
    for (day, entity, analytic) in approved {
        seen.forget(&entity, day, &analytic);
    }
    seen
}
