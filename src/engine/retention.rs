//! What the store keeps of alerts, and for how long.

use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::store::{Archive, Lock, Store};
use crate::time::Day;

/// What was removed because it is older than the configuration wants it kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// The first day of which alerts are kept.
    pub before: Day,
    /// Alerts that were removed; updates of an alert are not counted.
    pub alerts: usize,
    /// Alerts whose verdicts were removed.
    pub verdicts: usize,
}

/// Removes alerts that are older than `keep_alerts`, and the verdicts on them, and completes the index of those that stay.
/// Returns what was removed; `None` if there was nothing. What cannot be removed is a warning: the training is published.
///
/// Only a training does this: days are counted back from the newest stored day, which nothing else moves.
pub(super) fn remove_outdated(
    setup: &Setup,
    store: &Store,
    lock: &Lock,
    progress: &dyn Progress,
) -> Option<Removed> {
    let archive = Archive::alerts(store);
    let removed = remove(setup, store, &archive, lock).unwrap_or_else(|error| {
        progress.warn(&format!(
            "not all alerts older than `keep_alerts` could be removed: {}",
            error.with_hints()
        ));
        None
    });
    // An index only makes searches faster.
    let _ = archive.repair_index(lock);
    removed
}

/// A verdict on a stored day stays, whether its alert does or not: a training without it would learn what the alert is about.
/// Stored are the days of each generation that is kept, because a user may go back to it.
fn remove(setup: &Setup, store: &Store, archive: &Archive, lock: &Lock) -> Result<Option<Removed>> {
    let Some((oldest, newest)) = store.days_kept()? else {
        return Ok(None);
    };
    let before = newest.plus(1 - setup.config.keep_alerts_days);
    let removed = Removed {
        before,
        alerts: archive.remove_before(before, lock)?,
        verdicts: store.remove_verdicts_before(before.min(oldest), lock)?,
    };
    let is_any = removed.alerts > 0 || removed.verdicts > 0;
    Ok(is_any.then_some(removed))
}
