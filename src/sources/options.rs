//! How logs are read.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::event::Source;
use crate::time::Time;

/// How logs are read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The only format to look for; all are tried if it is `None`.
    pub format: Option<Source>,
    /// Whether a reject gets its excerpt. Making one costs more than reading the record, so it is for those who keep rejects.
    pub excerpts: bool,
    /// How many threads read files; as many as there are cores if it is `None`. The result does not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Members that hold whole records and are opened only because the configuration says so: by name, or by the names on the
    /// way to it with dots between them.
    pub unwrap: Arc<[Box<str>]>,
    /// Which events are wanted. The others are counted as skipped.
    pub period: Period,
}

/// A period of event time; what it does not bound is part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub since: Option<Time>,
    /// Its last instant.
    pub until: Option<Time>,
}

impl Period {
    /// Returns whether an instant lies in it.
    pub fn has(&self, time: Time) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
    }
}

/// The version of the readers. It is raised when one learns to read what it rejected, or reads otherwise what it read: files
/// that were not read without a reject are then read once more.
const READERS: u32 = 3;

impl ReadOptions {
    /// Returns what the result of reading a file depends on, beside the file: the version of the readers, a format that is
    /// forced, and members that are opened.
    pub fn reading(&self) -> String {
        let mut reading = READERS.to_string();
        if let Some(format) = self.format {
            reading += &format!(" as {format}");
        }
        for name in self.unwrap.iter().collect::<BTreeSet<_>>() {
            reading += &format!(" in {name}");
        }
        reading
    }

    /// Returns how many threads read files.
    pub fn n_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(cores, NonZeroUsize::get)
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            excerpts: true,
            threads: None,
            unwrap: Arc::default(),
            period: Period::default(),
        }
    }
}
