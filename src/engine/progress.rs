//! Progress of long work, and its end when the user stops it.

use crate::error::Error;

/// Receives the progress of long work. The engine never prints.
pub trait Progress: Sync {
    /// A phase of work begins; `total` is its number of bytes or days, where that is known.
    fn begin(&self, phase: &str, total: Option<u64>);
    /// The amount done so far, in all.
    fn advance(&self, done: u64);
    /// The phase has ended.
    fn end(&self);
    /// A problem that the user should know of before the end.
    fn warn(&self, _: &str) {}
    /// A new event was read to be judged, so many seconds after its time. While logs are followed.
    fn note_delay(&self, _secs: i64) {}
    /// Returns whether the user asked to stop.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Progress that is ignored.
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// The error for work that the user stopped.
pub(crate) fn cancelled() -> Error {
    Error::failed("stopped")
        .hint("nothing was published")
        .hint_by_command("run the command again")
}
