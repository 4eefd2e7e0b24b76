//! How a command ended.

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything was done.
    Complete,
    /// Some input could not be read, or some check did not pass, as was reported; the rest was done.
    Incomplete,
}
