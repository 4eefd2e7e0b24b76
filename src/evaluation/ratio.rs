//! How many of how many.

use serde::Serialize;

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ratio {
    /// So many …
    pub found: u64,
    /// … of so many.
    pub of: u64,
}

impl Ratio {
    pub(super) fn note(&mut self, is_found: bool) {
        self.of += 1;
        self.found += u64::from(is_found);
    }

    /// Returns the ratio, 0 to 1; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.found as f64 / self.of as f64)
    }
}
