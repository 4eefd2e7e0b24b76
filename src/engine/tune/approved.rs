//! Entity-days that are known to be silent: those of identities whose whole activity an approval covers.
//!
//! A stored day records only the identity, not what it touched. So approvals that also require a bucket, a destination or a
//! client have no effect here, and what they cover counts like anything else.

use crate::baseline::{Calibration, CalibrationLog};
use crate::engine::Setup;
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// Returns whether everything that an analytic could report of an entity on a day is approved.
pub(super) fn is_approved(setup: &Setup, entity: &Entity, day: Day, analytic: &str) -> bool {
    entity.kind == EntityKind::Identity
        && setup.config.approvals.iter().any(|approval| {
            approval.is_for(analytic) && approval.covers_all_of(&entity.id, day.start())
        })
}

/// Returns the log without what no person sees at any threshold: approved entity-days, and those below the floor beneath every
/// alert.
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
    for (&day, of_day) in &mut seen.burnt_in {
        of_day.retain(|(entity, id, _)| !is_approved(setup, entity, day, id));
    }
    seen.leave_out_what_was_silent();
    seen
}

/// Returns the stored distributions as the scorer reads them, with the incidents that a person would have [`seen`].
/// `first_day` is the first day that was learnt.
pub(in crate::engine) fn calibrated(
    log: &CalibrationLog,
    seen: &CalibrationLog,
    first_day: Day,
) -> Calibration {
    let incidents = seen.incident_days(None, first_day);
    Calibration {
        incidents: incidents
            .map(|incidents| incidents.ranks().clone())
            .filter(|ranks| ranks.days() > 0),
        early: seen.freeze().early,
        ..log.freeze()
    }
}
