//! What is measured in addition to the standard, because analytics require it.

use crate::glob::Glob;
use crate::measure::BurstKey;
use crate::time::Window;
use crate::vocab::{Metric, Trait};

/// What is measured in addition to the standard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Metrics with a window of their own, as analytics declare them.
    pub windows: Vec<(Metric, Window)>,
    /// The bursts that are counted, sorted.
    pub bursts: Vec<BurstKey>,
    /// Trait values that gates require, which are kept separately.
    pub watched: Vec<(Trait, Glob)>,
    /// Traits whose absence gates check, each with a metric that the calls add to.
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
