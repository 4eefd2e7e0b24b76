//! Measurements as a table.

use std::fmt::Write;

use crate::corpus::{Part, Shape};
use crate::job::{Job, Measured, Task};

/// Returns the median of some numbers.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the smallest of some numbers.
pub fn least(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(f64::INFINITY, f64::min)
}

/// Writes one line per job; `rounds` contains its measurements, job by job as in [`Job::ALL`].
///
/// The ratio is the time over that of the reference in the same round; the table shows the median of all rounds.
pub fn of_jobs(rounds: &[Vec<Measured>]) -> String {
    let mut out = format!(
        "{:<20} {:>9} {:>9} {:>12} {:>9} {:>9} {:>7}\n",
        "job", "min s", "median s", "events/s", "MB/s", "peak MiB", "x ref"
    );
    let mut reference: &[Measured] = &[];
    for (job, measured) in Job::ALL.iter().zip(rounds) {
        if job.task == Task::Reference {
            reference = measured;
        }
        let Some(first) = measured.first() else {
            continue;
        };
        let secs = median(measured.iter().map(|m| m.secs));
        let ratio = median(measured.iter().zip(reference).map(|(m, r)| m.secs / r.secs));
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:<20} {:>9.3} {:>9.3} {:>12.0} {:>9.0} {:>9.0} {:>7.2}",
            name(*job),
            least(measured.iter().map(|m| m.secs)),
            secs,
            first.events as f64 / secs,
            first.bytes as f64 / 1e6 / secs,
            measured.iter().map(|m| m.peak_kib).max().unwrap_or(0) as f64 / 1024.0,
            ratio,
        );
    }
    out
}

fn name(job: Job) -> String {
    let shape = match job.shape {
        Shape::Gzip => "gzip",
        Shape::Lines => "lines",
    };
    let what = match (job.task, job.part) {
        (Task::Reference, Part::Train) => "parse for train",
        (Task::Reference, Part::Score) => "parse for score",
        (Task::Work, Part::Train) => "train",
        (Task::Work, Part::Score) => "score",
    };
    format!("{shape} {what}")
}
