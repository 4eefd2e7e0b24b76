//! How logs are read.

use std::num::NonZeroUsize;

use crate::event::Source;

/// How logs are read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The only format to look for; all are tried if it is `None`.
    pub format: Option<Source>,
    /// Whether a reject gets its excerpt. Making one costs more than reading the record, so it is for those who keep rejects.
    pub excerpts: bool,
    /// How many threads read files; as many as there are cores if it is `None`. The result does not depend on it.
    pub threads: Option<NonZeroUsize>,
}

/// The version of the readers. It is raised when one learns to read what it rejected, or reads otherwise what it read: files
/// that were not read without a reject are then read once more.
const READERS: u32 = 1;

impl ReadOptions {
    /// Returns what the result of reading a file depends on, beside the file: the version of the readers, and a format that
    /// is forced.
    pub fn reading(&self) -> String {
        match self.format {
            Some(format) => format!("{READERS} as {format}"),
            None => READERS.to_string(),
        }
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
        }
    }
}
