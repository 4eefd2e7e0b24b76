//! A frozen histogram: how many values are at least so large, by binary search.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The occupied buckets of a histogram in ascending order. Cloning shares them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cumulative(Arc<[Step]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    /// The largest value that falls into the bucket.
    pub upper: u64,
    /// The typical value of the bucket.
    pub value: u64,
    /// How many values are in this bucket or a later one.
    pub at_least: u64,
}

impl Cumulative {
    /// Creates it from ascending buckets `(largest value, typical value, count)`.
    pub fn new(buckets: impl Iterator<Item = (u64, u64, u64)>) -> Self {
        let mut steps: Vec<Step> = buckets
            .map(|(upper, value, count)| Step {
                upper,
                value,
                at_least: count,
            })
            .collect();
        let mut sum = 0u64;
        for step in steps.iter_mut().rev() {
            sum = sum.saturating_add(step.at_least);
            step.at_least = sum;
        }
        Self(steps.into())
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns how many values there are.
    pub fn total(&self) -> u64 {
        self.0.first().map_or(0, |step| step.at_least)
    }

    /// Returns how many values lie in the bucket of `value` or above.
    pub fn at_least(&self, value: u64) -> u64 {
        let at = self.0.partition_point(|step| step.upper < value);
        self.0.get(at).map_or(0, |step| step.at_least)
    }

    /// Returns how many values lie in buckets after the `at`th.
    pub fn above(&self, at: usize) -> u64 {
        self.0.get(at + 1).map_or(0, |step| step.at_least)
    }
}
