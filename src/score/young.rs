//! Whether what an arm found rests on a log that is still learnt.

use crate::alert::LearningRecord;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::subject::Subject;
use crate::time::Day;

/// Returns the day since which what an arm found is recorded, if it rests on a log that is still learnt.
pub(super) fn young_since(subject: &Subject, arm: &ArmResult) -> Option<Day> {
    let late = &subject.late;
    let since = |contribution: &Contribution| match contribution {
        Contribution::Volume(reading) => late.young_since(reading.metric),
        Contribution::RoleTail(reading) => late.young_since(reading.metric),
        Contribution::Burst { asked, .. } => late.young_burst_since(asked.kind),
        Contribution::Novelty(_) | Contribution::Grant { .. } | Contribution::Weight(_) => None,
    };
    let of_parts = arm.contributions.iter().filter_map(since).max();
    of_parts.or(late.account())
}

/// Tells on which log something rests that is recorded only since a day.
pub(super) fn record(subject: &Subject, since: Day) -> LearningRecord {
    LearningRecord {
        log: subject.late.class_since(since).as_str().to_owned(),
        since: since.to_string(),
    }
}
