//! What is measured beside the standard: as analytics ask for it.

use crate::glob::Glob;
use crate::measure::BurstKey;
use crate::time::Window;
use crate::vocab::{Metric, Trait};

/// Which windows are measured beside the standard ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Metrics with a window of their own, as analytics declare them.
    pub windows: Vec<(Metric, Window)>,
    /// Which bursts are counted, sorted.
    pub bursts: Vec<BurstKey>,
    /// Values of traits that gates ask for, which are kept apart from others.
    pub watched: Vec<(Trait, Glob)>,
    /// Traits of which gates ask whether calls lacked them, each with a metric that those calls add to.
    pub beyond: Vec<(Trait, Metric)>,
}

impl Plan {
    /// Returns the windows of a metric that do not consist of slots of ten minutes, so that they need slots of their own.
    pub(super) fn odd_windows(&self, metric: Metric) -> impl Iterator<Item = Window> + '_ {
        self.windows
            .iter()
            .filter(move |&&(m, window)| m == metric && window.grain() == window)
            .map(|&(_, window)| window)
    }
}
