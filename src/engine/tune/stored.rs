//! The stored distributions and verdicts from which thresholds are chosen.

use crate::baseline::{Calibration, CalibrationLog};
use crate::engine::Setup;
use crate::store::Verdicts;

/// What thresholds are chosen from.
pub(super) struct Stored<'a> {
    pub(super) setup: &'a Setup,
    pub(super) log: &'a CalibrationLog,
    /// The log without what is approved, or below the floor beneath every alert.
    pub(super) seen: &'a CalibrationLog,
    pub(super) calibration: &'a Calibration,
    pub(super) verdicts: &'a Verdicts,
    /// How many alerts that would have been raised are listed.
    pub(super) listed_max: usize,
}
