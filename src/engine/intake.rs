//! From logs to aggregates: files are read in parallel, and each event is added once.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::engine::opening::{Next, Opening};
use crate::engine::{Progress, Setup, cancelled};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::identity::Resolver;
use crate::measure::DayAggregate;
use crate::objects::Totals;
use crate::sources::{self, FileReport, InputFile, ReadOptions, Reject};
use crate::time::{Day, Time};

/// How far, in seconds, an event may be dated ahead of the present before it is left out.
pub const FUTURE_SECS_MAX: i64 = 5 * 60;
/// Events handed over at a time. The batch is small, so that the allocator reuses its memory: larger pieces go back to the
/// system each time, and clearing them again costs more than adding their events.
const BATCH: usize = 64;
/// Batches in transit between readers and the collector.
const BATCHES_UNDER_WAY: usize = 128;

/// Batches that wait for a thread without a file. Few, so that who reads works, too.
const SPARE_BATCHES: usize = 16;

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
    /// What was asked of object stores in this run, if logs lie in one.
    pub objects: Option<Totals>,
}

impl IntakeSummary {
    /// Records that an event was added.
    pub fn note(&mut self, time: Time) {
        self.events += 1;
        self.first = Some(self.first.map_or(time, |t| t.min(time)));
        self.last = self.last.max(Some(time));
    }

    /// Notes the report of a file, of whose events so many lie in the future.
    fn note_file(&mut self, report: &FileReport, future: u64) {
        if future > 0 {
            self.future += future;
            self.files_with_future.insert(report.file.clone());
        }
    }

    /// Puts the reports of all files in order.
    fn put_files(&mut self, mut files: Vec<ReadFile>) {
        files.sort_by_key(|(number, ..)| *number);
        self.files
            .extend(files.into_iter().map(|(_, report)| *report));
    }

    /// Adds what another thread took in.
    fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.repeated += other.repeated;
        self.future += other.future;
        self.files_with_future.extend(other.files_with_future);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
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
    /// Where rejects are kept; they are only counted if it is `None`.
    pub rejects: Option<&'a dyn KeepRejects>,
}

/// Keeps rejected records as they come, from several threads; those of a file in order.
pub trait KeepRejects: Sync {
    /// Keeps one.
    ///
    /// # Errors
    ///
    /// Fails if the disk does, which ends the run.
    fn keep(&self, reject: &Reject) -> Result<()>;

    /// Makes sure that all are kept, before what was read counts.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::keep`] does.
    fn complete(&self) -> Result<()>;
}

/// What is known of a file that was read: its place among all, and its report.
type ReadFile = (usize, Box<FileReport>);

enum Message {
    Events(Vec<Event>),
    /// A file that was read, and how many of its events lie in the future.
    Done(ReadFile, u64),
}

/// One of several threads that read, which takes in events itself.
pub trait Taker: Send {
    /// Takes in an event; returns whether it was new.
    ///
    /// # Errors
    ///
    /// Fails if it cannot go on. Then all reading ends.
    fn take(&mut self, event: Event) -> Result<bool>;

    /// Ends.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::take`] does.
    fn finish(self) -> Result<()>;
}

/// What threads that read share.
struct Shared<'a> {
    /// The files that are left to read.
    opening: Opening<'a>,
    read_bytes: AtomicU64,
    progress: &'a dyn Progress,
    /// Whether a thread failed.
    has_failed: AtomicBool,
    /// Why rejects cannot be kept.
    failure: OnceLock<Error>,
    /// Threads that have no file to read, and wait for events that others read.
    n_idle: AtomicUsize,
}

impl<'a> Shared<'a> {
    fn new(opening: Opening<'a>, progress: &'a dyn Progress) -> Self {
        Self {
            opening,
            read_bytes: AtomicU64::new(0),
            progress,
            has_failed: AtomicBool::new(false),
            failure: OnceLock::new(),
            n_idle: AtomicUsize::new(0),
        }
    }

    /// Ends the run.
    fn fail(&self, error: Error) {
        self.failure.get_or_init(|| error);
        self.has_failed.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed) || self.progress.is_cancelled()
    }
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
        self.begin(progress);
        let (sender, receiver) = bounded(BATCHES_UNDER_WAY);
        let order = (0..self.files.len()).collect();
        let mut shared = Shared::new(Opening::new(&self.files, order), progress);
        let (intake, reading) = (&self, &shared);
        let summary = std::thread::scope(|scope| {
            for _ in 0..intake.n_threads() {
                let sender = sender.clone();
                scope.spawn(move || intake.send_all(reading, &sender));
            }
            drop(sender);
            intake.collect(receiver, reading, &mut add)
        });
        progress.end();
        if let Some(failure) = shared.failure.take() {
            return Err(failure);
        }
        self.rejects.map_or(Ok(()), KeepRejects::complete)?;
        Ok(IntakeSummary {
            objects: totals_of(&self.files),
            ..summary?
        })
    }

    /// Reads everything on all cores. Each thread has a taker of its own and takes in what it reads; a thread without a
    /// file takes in what others read. The order of events does not matter to takers, nor which one takes which.
    ///
    /// # Errors
    ///
    /// Fails if the user stops it, or if a taker fails. An unreadable file is reported and does not stop the others.
    pub fn run_on_all_cores<T: Taker>(
        self,
        progress: &dyn Progress,
        taker: impl Fn() -> T + Sync,
    ) -> Result<IntakeSummary> {
        self.begin(progress);
        let n_threads = self.options.n_threads();
        let (sender, receiver) = bounded(SPARE_BATCHES);
        let opening = Opening::new(&self.files, in_order_of_days(&self.files));
        let mut shared = Shared::new(opening, progress);
        let (intake, taker, reading) = (&self, &taker, &shared);
        let ended: Vec<Result<Taken>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_threads)
                .map(|_| {
                    let (sender, receiver) = (sender.clone(), receiver.clone());
                    scope.spawn(move || intake.take_all(reading, taker(), sender, &receiver))
                })
                .collect();
            drop((sender, receiver));
            let died = || Err(Error::failed("a thread that reads died"));
            let ends = threads
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|_| died()));
            ends.collect()
        });
        progress.end();
        if let Some(failure) = shared.failure.take() {
            return Err(failure);
        }
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        let mut summary = IntakeSummary::default();
        let mut files = Vec::new();
        for taken in ended {
            let taken = taken?;
            summary.merge(taken.summary);
            files.extend(taken.files);
        }
        summary.put_files(files);
        summary.objects = totals_of(&self.files);
        self.rejects.map_or(Ok(()), KeepRejects::complete)?;
        Ok(summary)
    }

    fn begin(&self, progress: &dyn Progress) {
        let total = self.files.iter().map(InputFile::bytes).sum::<Option<u64>>();
        progress.begin("reading", total);
    }

    fn n_threads(&self) -> usize {
        self.options.n_threads().min(self.files.len().max(1))
    }

    /// Adds what readers send. It owns the receiver, so that its failure also ends the readers: otherwise they would wait
    /// for room for ever.
    fn collect(
        &self,
        receiver: Receiver<Message>,
        shared: &Shared<'_>,
        add: &mut impl FnMut(&Resolver, Event) -> Result<bool>,
    ) -> Result<IntakeSummary> {
        let resolver = self.setup.resolver();
        let mut summary = IntakeSummary::default();
        let mut files = Vec::new();
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
                    let read = shared.read_bytes.load(Ordering::Relaxed);
                    shared.progress.advance(read);
                }
                Message::Done(file, future) => {
                    summary.note_file(&file.1, future);
                    files.push(file);
                }
            }
            if shared.progress.is_cancelled() {
                return Err(cancelled());
            }
        }
        summary.put_files(files);
        Ok(summary)
    }

    /// Reads files, and sends their events on.
    fn send_all(&self, shared: &Shared<'_>, sender: &Sender<Message>) {
        while let Some(next) = shared.opening.next() {
            let mut batch = Vec::with_capacity(BATCH);
            let is_wanted = Cell::new(true);
            let (file, future) = self.read(next, shared, &is_wanted, &mut |event| {
                batch.push(event);
                if batch.len() == BATCH {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    is_wanted.set(sender.send(Message::Events(full)).is_ok());
                }
            });
            let sent = sender.send(Message::Events(batch)).is_ok()
                && sender.send(Message::Done(file, future)).is_ok();
            if !sent {
                return;
            }
        }
    }

    /// Reads files and takes in their events, and then those of other threads.
    fn take_all<T: Taker>(
        &self,
        shared: &Shared<'_>,
        taker: T,
        sender: Sender<Vec<Event>>,
        receiver: &Receiver<Vec<Event>>,
    ) -> Result<Taken> {
        let mut taking = Taking {
            taker,
            taken: Taken::default(),
            failure: None,
        };
        while let Some(next) = shared.opening.next() {
            let mut batch = Vec::new();
            let is_wanted = Cell::new(true);
            let (file, future) = self.read(next, shared, &is_wanted, &mut |event| {
                if batch.is_empty() && shared.n_idle.load(Ordering::Relaxed) == 0 {
                    taking.take(event);
                } else {
                    batch.push(event);
                    if batch.len() == BATCH {
                        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                        if let Err(unsent) = sender.try_send(full) {
                            batch = unsent.into_inner();
                            batch.drain(..).for_each(|event| taking.take(event));
                        }
                    }
                }
                is_wanted.set(taking.failure.is_none());
            });
            batch.drain(..).for_each(|event| taking.take(event));
            if taking.failure.is_some() {
                break;
            }
            taking.taken.summary.note_file(&file.1, future);
            taking.taken.files.push(file);
            let read = shared.read_bytes.load(Ordering::Relaxed);
            shared.progress.advance(read);
        }
        drop(sender);
        if taking.failure.is_some() {
            shared.has_failed.store(true, Ordering::Relaxed);
        }
        shared.n_idle.fetch_add(1, Ordering::Relaxed);
        for batch in receiver {
            if taking.failure.is_some() || shared.is_stopped() {
                break;
            }
            batch.into_iter().for_each(|event| taking.take(event));
            let read = shared.read_bytes.load(Ordering::Relaxed);
            shared.progress.advance(read);
        }
        if let Some(failure) = taking.failure {
            shared.has_failed.store(true, Ordering::Relaxed);
            return Err(failure);
        }
        if !shared.is_stopped() {
            taking.taker.finish()?;
        }
        Ok(taking.taken)
    }

    /// Reads a file and passes its events on, except those of the future, which it counts.
    fn read(
        &self,
        mut next: Next<'_>,
        shared: &Shared<'_>,
        is_wanted: &Cell<bool>,
        sink: &mut dyn FnMut(Event),
    ) -> (ReadFile, u64) {
        let latest = self.setup.now.plus_secs(FUTURE_SECS_MAX);
        let options = ReadOptions {
            excerpts: self.rejects.is_some(),
            ..self.options.clone()
        };
        let mut future = 0;
        let counted = |reader| Counted {
            reader,
            shared,
            is_wanted,
        };
        let name = next.file.name();
        let mut report = match next.open() {
            Ok(reader) => sources::read(
                counted(reader),
                name,
                &options,
                &mut |event| {
                    if event.time > latest {
                        future += 1;
                    } else {
                        sink(event);
                    }
                },
                &mut |reject| {
                    if let Some(Err(e)) = self.rejects.map(|rejects| rejects.keep(&reject)) {
                        shared.fail(e);
                    }
                },
            ),
            Err(e) => FileReport::unreadable(name, &e),
        };
        if let Some(object) = next.file.object() {
            report.content_hash = object.identity();
        }
        ((next.number, Box::new(report)), future)
    }
}

/// What one thread took in.
#[derive(Default)]
struct Taken {
    summary: IntakeSummary,
    files: Vec<ReadFile>,
}

/// A taker at work.
struct Taking<T> {
    taker: T,
    taken: Taken,
    /// Why it cannot go on.
    failure: Option<Error>,
}

impl<T: Taker> Taking<T> {
    fn take(&mut self, event: Event) {
        if self.failure.is_some() {
            return;
        }
        let time = event.time;
        match self.taker.take(event) {
            Ok(true) => self.taken.summary.note(time),
            Ok(false) => self.taken.summary.repeated += 1,
            Err(e) => self.failure = Some(e),
        }
    }
}

/// Returns the numbers of the files, those of a day together where their paths state the day, so that few days are open at
/// once. Which comes first does not matter otherwise.
fn in_order_of_days(files: &[InputFile]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    let days: Vec<Option<Day>> = files.iter().map(|file| day_in(file.name())).collect();
    order.sort_by_key(|&at| (days[at], at));
    order
}

/// Returns the last day that a path states: `2026/03/16`, `2026-03-16` or `20260316`, or with names, as in
/// `y=2026/m=03/d=16`.
fn day_in(path: &str) -> Option<Day> {
    let mut digits = String::with_capacity(8);
    let mut found = None;
    for part in path.split(|c: char| !c.is_ascii_digit()) {
        match (digits.len(), part.len()) {
            (_, 0) => continue,
            (_, 8..) => {
                digits.clear();
                digits.push_str(&part[..8]);
            }
            (_, 4) => {
                digits.clear();
                digits.push_str(part);
            }
            (4 | 6, 2) => digits.push_str(part),
            _ => digits.clear(),
        }
        if digits.len() == 8 {
            let day = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
            found = Day::parse(&day).or(found);
            digits.clear();
        }
    }
    found
}

/// Returns what was asked so far of the object stores in which some of the files lie.
pub(super) fn totals_of(files: &[InputFile]) -> Option<Totals> {
    let object = files.iter().find_map(InputFile::object)?;
    Some(object.usage().totals())
}

/// A reader that counts bytes, and ends early when the user stops the run or nobody wants more.
struct Counted<'a, R> {
    reader: R,
    shared: &'a Shared<'a>,
    is_wanted: &'a Cell<bool>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.shared.is_stopped() || !self.is_wanted.get() {
            return Err(io::Error::other("stopped"));
        }
        let n = self.reader.read(buffer)?;
        let read_bytes = &self.shared.read_bytes;
        read_bytes.fetch_add(n as u64, Ordering::Relaxed);
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

    #[test]
    fn files_of_a_day_are_read_together() {
        let path = |p: &str| day_in(p).map(|day| day.to_string());
        for (stated, day) in [
            (
                "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/16/x.json.gz",
                "2026-03-16",
            ),
            (
                "AWSLogs/2026/03/15/111122223333_CloudTrail_20260316T0005Z_a.json.gz",
                "2026-03-16",
            ),
            ("okta/2026-03-16T09.jsonl", "2026-03-16"),
            (
                "insights/y=2026/m=03/d=16/h=09/m=00/PT1H.json",
                "2026-03-16",
            ),
        ] {
            assert_eq!(path(stated).as_deref(), Some(day), "{stated}");
        }
        for none in ["app.log", "111122223333/2026", "9999/99/99"] {
            assert_eq!(path(none), None, "{none}");
        }
        let file = |name: &str| InputFile::File {
            path: name.into(),
            name: name.to_owned(),
            bytes: 0,
        };
        let files = [
            "a/2026/03/17/1",
            "b/2026/03/16/2",
            "other.log",
            "a/2026/03/16/3",
        ]
        .map(file);
        assert_eq!(in_order_of_days(&files), [2, 1, 3, 0]);
    }

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
                rejects: None,
            };
            let ending = intake.run(&NoProgress, |_, _| Err(Error::failed("the disk is full")));
            sender.send(ending.unwrap_err()).unwrap();
        });
        let error = ended.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(error.message(), "the disk is full");
    }
}
