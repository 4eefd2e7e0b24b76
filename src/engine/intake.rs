//! From logs to aggregates: files are read in parallel, and each event is added once.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::engine::{Progress, Setup, cancelled};
use crate::error::Result;
use crate::event::Event;
use crate::identity::Resolver;
use crate::measure::DayAggregate;
use crate::sources::{self, FileReport, InputFile, ReadOptions, Reject};
use crate::time::{Day, Time};

/// How far, in seconds, an event may be dated ahead of the present before it is left out.
pub(super) const FUTURE_SECS_MAX: i64 = 5 * 60;
/// Events handed over at a time. The batch is small, so that the allocator reuses its memory: larger pieces go back to the
/// system each time, and clearing them again costs more than adding their events.
const BATCH: usize = 64;
/// Batches in transit between readers and the collector.
const BATCHES_UNDER_WAY: usize = 128;

/// The result of reading.
#[derive(Debug, Default)]
pub struct IntakeSummary {
    /// One report per file, in the order of names.
    pub files: Vec<FileReport>,
    /// Files that are not named one by one. While following, their number is unbounded.
    pub unnamed_files: u64,
    /// The totals of those files.
    pub unnamed: Option<FileReport>,
    /// Files that an earlier training already learnt.
    pub known_files: u64,
    /// Events added.
    pub events: u64,
    /// Events that were delivered more than once.
    pub repeated: u64,
    /// Events dated more than five minutes ahead, which were left out.
    pub future: u64,
    /// The files that had such events.
    pub files_with_future: BTreeSet<Arc<str>>,
    /// Events of days too old to matter.
    pub too_old: u64,
    /// First event.
    pub first: Option<Time>,
    /// Last event.
    pub last: Option<Time>,
    /// Rejected records with their positions, in the order of files and positions.
    pub rejects: Vec<Reject>,
}

impl IntakeSummary {
    /// Records that an event was added.
    pub fn note(&mut self, time: Time) {
        self.events += 1;
        self.first = Some(self.first.map_or(time, |t| t.min(time)));
        self.last = self.last.max(Some(time));
    }

    /// Returns how many files there were.
    pub fn n_files(&self) -> u64 {
        self.files.len() as u64 + self.unnamed_files
    }

    /// Returns all reports: one per file, and one for the files that are not named.
    pub fn reports(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().chain(&self.unnamed)
    }

    /// Returns the records read.
    pub fn records(&self) -> u64 {
        self.reports().map(|f| f.records).sum()
    }

    /// Returns the records skipped on purpose, by reason.
    pub fn skipped(&self) -> BTreeMap<&'static str, u64> {
        sum_by_reason(self.reports().map(|f| &f.skipped))
    }

    /// Returns the records rejected, by reason.
    pub fn rejected(&self) -> BTreeMap<&'static str, u64> {
        sum_by_reason(self.reports().map(|f| &f.rejected))
    }

    /// Returns the files that could not be read completely, with the reason.
    pub fn broken_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|f| Some((&*f.file, f.error.as_deref()?)))
    }
}

fn sum_by_reason<'a>(
    all: impl Iterator<Item = &'a BTreeMap<&'static str, u64>>,
) -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    for reasons in all {
        for (reason, n) in reasons {
            *sums.entry(*reason).or_insert(0) += n;
        }
    }
    sums
}

/// What to read, and with which setup.
pub struct Intake<'a> {
    /// The setup of the run.
    pub setup: &'a Setup,
    /// Files, in reading order.
    pub files: Vec<InputFile>,
    /// A forced format, where the user gave one.
    pub options: ReadOptions,
    /// Whether rejects are kept, or only counted.
    pub keep_rejects: bool,
}

enum Message {
    Events(Vec<Event>),
    /// The index of a file, its report, its rejects, and how many of its events lie in the future.
    Done(usize, Box<FileReport>, Vec<Reject>, u64),
}

impl Intake<'_> {
    /// Reads everything and passes each event, in no particular order, to `add`, which returns whether it was new.
    ///
    /// # Errors
    ///
    /// Fails if the user stops it, or if `add` fails. An unreadable file is reported and does not stop the others.
    pub fn run(
        self,
        progress: &dyn Progress,
        mut add: impl FnMut(&Resolver, Event) -> Result<bool>,
    ) -> Result<IntakeSummary> {
        let total = self.files.iter().map(InputFile::bytes).sum::<Option<u64>>();
        progress.begin("reading", total);
        let (next, read_bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        let workers = std::thread::available_parallelism()
            .map_or(1, |n| n.get())
            .min(self.files.len().max(1));
        let (sender, receiver) = bounded(BATCHES_UNDER_WAY);
        let (intake, next, read_bytes) = (&self, &next, &read_bytes);
        let summary = std::thread::scope(|scope| {
            for _ in 0..workers {
                let sender = sender.clone();
                scope.spawn(move || intake.work(next, read_bytes, progress, &sender));
            }
            drop(sender);
            intake.collect(receiver, read_bytes, progress, &mut add)
        });
        progress.end();
        summary
    }

    /// Adds what readers send. It owns the receiver, so that its failure also ends the readers: otherwise they would wait
    /// for room for ever.
    fn collect(
        &self,
        receiver: Receiver<Message>,
        read_bytes: &AtomicU64,
        progress: &dyn Progress,
        add: &mut impl FnMut(&Resolver, Event) -> Result<bool>,
    ) -> Result<IntakeSummary> {
        let resolver = self.setup.resolver();
        let mut summary = IntakeSummary::default();
        let mut reports: BTreeMap<usize, (FileReport, Vec<Reject>)> = BTreeMap::new();
        for message in receiver {
            match message {
                Message::Events(events) => {
                    for event in events {
                        let time = event.time;
                        if add(&resolver, event)? {
                            summary.note(time);
                        } else {
                            summary.repeated += 1;
                        }
                    }
                    progress.advance(read_bytes.load(Ordering::Relaxed));
                }
                Message::Done(number, report, rejects, future) => {
                    if future > 0 {
                        summary.future += future;
                        summary.files_with_future.insert(report.file.clone());
                    }
                    reports.insert(number, (*report, rejects));
                }
            }
            if progress.is_cancelled() {
                return Err(cancelled());
            }
        }
        for (_, (report, rejects)) in reports {
            summary.files.push(report);
            summary.rejects.extend(rejects);
        }
        Ok(summary)
    }

    fn work(
        &self,
        next: &AtomicUsize,
        read_bytes: &AtomicU64,
        progress: &dyn Progress,
        sender: &Sender<Message>,
    ) {
        let latest = self.setup.now.plus_secs(FUTURE_SECS_MAX);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = self.files.get(number) else {
                return;
            };
            let mut batch = Vec::with_capacity(BATCH);
            let mut rejects = Vec::new();
            let mut future = 0;
            let is_wanted = Cell::new(true);
            let counted = |reader| Counted {
                reader,
                read_bytes,
                progress,
                is_wanted: &is_wanted,
            };
            let report = match open(input) {
                Ok(reader) => sources::read(
                    counted(reader),
                    input.name(),
                    &self.options,
                    &mut |event| {
                        if event.time > latest {
                            future += 1;
                            return;
                        }
                        batch.push(event);
                        if batch.len() == BATCH {
                            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                            if sender.send(Message::Events(full)).is_err() {
                                is_wanted.set(false);
                            }
                        }
                    },
                    &mut |reject| {
                        if self.keep_rejects {
                            rejects.push(reject);
                        }
                    },
                ),
                Err(e) => FileReport::unreadable(input.name(), &e),
            };
            let sent = sender.send(Message::Events(batch)).is_ok()
                && sender
                    .send(Message::Done(number, Box::new(report), rejects, future))
                    .is_ok();
            if !sent {
                return;
            }
        }
    }
}

/// Opens a file, or standard input.
pub(super) fn open(input: &InputFile) -> io::Result<Box<dyn Read>> {
    match input {
        InputFile::Stdin => Ok(Box::new(io::stdin().lock())),
        InputFile::File { path, .. } => Ok(Box::new(File::open(PathBuf::from(path))?)),
    }
}

/// A reader that counts bytes, and ends early when the user stops the run or the receiver is gone.
struct Counted<'a, R> {
    reader: R,
    read_bytes: &'a AtomicU64,
    progress: &'a dyn Progress,
    is_wanted: &'a Cell<bool>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.is_cancelled() || !self.is_wanted.get() {
            return Err(io::Error::other("stopped"));
        }
        let n = self.reader.read(buffer)?;
        self.read_bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Aggregates by day.
pub type DayAggregates = BTreeMap<Day, DayAggregate>;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Duration;

    use super::*;
    use crate::config::Config;
    use crate::engine::NoProgress;
    use crate::error::Error;

    #[test]
    fn a_failure_to_add_ends_the_reading() {
        let folder = tempfile::tempdir().unwrap();
        // More events than are ever in transit.
        let mut flows = String::new();
        for n in 0..2 * BATCH * BATCHES_UNDER_WAY {
            let start = 1_770_000_000 + n;
            let end = start + 59;
            writeln!(
                flows,
                "2 111122223333 eni-1 10.0.0.5 203.0.113.7 40000 443 6 1 100 {start} {end} ACCEPT OK"
            )
            .unwrap();
        }
        for name in ["a.log", "b.log"] {
            std::fs::write(folder.path().join(name), &flows).unwrap();
        }
        let files = sources::discover(&[folder.path().to_owned()]).unwrap();
        let (sender, ended) = bounded(1);
        std::thread::spawn(move || {
            let now = Time::parse("2027-01-01T00:00:00Z").unwrap();
            let intake = Intake {
                setup: &Setup::new(Config::default(), Vec::new(), now),
                files,
                options: ReadOptions::default(),
                keep_rejects: false,
            };
            let ending = intake.run(&NoProgress, |_, _| Err(Error::failed("the disk is full")));
            sender.send(ending.unwrap_err()).unwrap();
        });
        let error = ended.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(error.message(), "the disk is full");
    }
}
