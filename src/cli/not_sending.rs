//! The sinks of a build that has none: the configuration warns that nothing is sent.

use crate::alert::Alert;
use crate::cli::Console;
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::store::Store;
use crate::time::Day;

/// No sinks.
pub struct Sending<'a>(std::marker::PhantomData<&'a ()>);

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It judges logs of the past.
    Batch,
    /// It follows logs.
    Following,
    /// It takes an analyst's verdict.
    Verdict,
}

impl Sending<'_> {
    /// Starts nothing.
    ///
    /// # Errors
    ///
    /// None.
    pub fn start(_: &Setup, _: &Store, _: Purpose, _: &Console) -> Result<Self> {
        Ok(Self(std::marker::PhantomData))
    }

    /// Notes nothing.
    pub fn about_to_tell(&self, _: &Alert) {}

    /// Sends nothing.
    pub fn told(&self, _: &Alert, _: bool) {}

    /// Sends nothing.
    pub fn judged(&self, _: Vec<(String, Day)>) {}

    /// Waits for nothing.
    pub fn finish(self, _: Purpose) {}
}

/// The progress of a following run.
pub struct Listening<'a>(&'a Console);

impl<'a> Listening<'a> {
    /// Listens to the progress of a run.
    pub fn new(console: &'a Console, _: &'a Sending<'a>) -> Self {
        Self(console)
    }
}

impl Progress for Listening<'_> {
    fn begin(&self, phase: &str, total: Option<u64>) {
        self.0.begin(phase, total);
    }

    fn advance(&self, done: u64) {
        self.0.advance(done);
    }

    fn end(&self) {
        self.0.end();
    }

    fn warn(&self, text: &str) {
        Progress::warn(self.0, text);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
