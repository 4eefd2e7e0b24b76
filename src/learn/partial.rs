//! What one day adds to one entity.

use crate::sketch::Moments;
use crate::time::{Day, Window};
use crate::vocab::{Metric, Trait};

/// One learnt day of one entity.
#[derive(Debug, Clone)]
pub(super) struct DayPartial {
    pub(super) day: Day,
    pub(super) n_events: u64,
    pub(super) moments: Vec<((Metric, Window), Moments)>,
    /// Traits with a new value, and the support bucket of each new value; on the first day every value is new.
    pub(super) novel: Vec<(Trait, Vec<u8>)>,
    /// One-hour values of the metrics that new identities are judged by.
    pub(super) hourly: Vec<(Metric, u64)>,
    pub(super) hours: u32,
    pub(super) is_first: bool,
}
