//! Live logs: files that grow, folders into which files arrive, and standard input.
//!
//! After each look at the logs, new events are added, buffered on disk, judged and delivered; then a checkpoint records the
//! progress. A crash loses nothing: the next run starts from the checkpoint. An alert that was delivered but not recorded
//! is delivered again under the same id.

mod checkpoint;
mod earlier;
mod growing;
mod reports;
mod standard_input;
mod trails;
mod watch;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::alert::Alert;
use crate::baseline::Generation;
use crate::engine::follow::checkpoint::Checkpoint;
use crate::engine::follow::growing::{GrowingFile, Position};
use crate::engine::follow::reports::Reports;
use crate::engine::follow::standard_input::Piece;
use crate::engine::follow::trails::trail_of;
use crate::engine::follow::watch::Watch;
use crate::engine::intake::{FUTURE_SECS_MAX, IntakeSummary, KeepRejects};
use crate::engine::opening::{Next, Opening};
use crate::engine::own_files::OwnFiles;
use crate::engine::scorer::{Added, Scorer};
use crate::engine::scorer::{LateEvents, ScoreOptions, ScoreSummary};
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::event::{Action, Event};
use crate::objects::{Bucket, Location, Object};
use crate::sources::{self, FileReport, InputFile, ReadOptions};
use crate::store::{Archive, FOLLOWED_EVENTS, Lock, Received, ReceivedArchive, Role, Store};
use crate::time::{Day, Time};

/// Bytes of what clients handed over that are read at one look, at least one delivery: what is judged then is told before more is read.
const RECEIVED_BYTES_A_LOOK: u64 = 16 << 20;

/// How to follow.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// Files, folders, or `-`.
    pub paths: Vec<PathBuf>,
    /// What is left out of folders.
    pub own: OwnFiles,
    /// Thresholds and output options.
    pub score: ScoreOptions,
    /// A forced format.
    pub read: ReadOptions,
    /// Where objects are listed, and their buckets.
    pub locations: Vec<(Location, Arc<dyn Bucket>)>,
    /// What clients hand over; it is looked at as soon as there is more of it.
    pub received: Option<Arc<Received>>,
    /// The interval between looks at files.
    pub poll: Duration,
    /// The interval between listings of objects.
    pub poll_objects: Duration,
    /// Stops after this long without new input; `None` continues until stopped.
    pub until_idle: Option<Duration>,
    /// Stops, once it is set, when all is read that was there then. What is open stays open for the next run.
    pub ending: Arc<AtomicBool>,
    /// Stops, once it is set, before the next look, and leaves the rest to the next run. More may come without end, so that all is never read.
    pub leaving: Arc<AtomicBool>,
    /// Returns the time since a fixed instant, the same one at each call; never decreases.
    pub clock: fn() -> Duration,
    /// Returns the present. Without it, it is what the setup says, and the time since the start: of a clock that is put right, or stands
    /// still while the machine sleeps, that is wrong.
    pub now: Option<fn() -> Time>,
}

/// How far live logs were followed in a run.
pub struct Standing<'a> {
    /// The records that were read.
    pub read: FileReport,
    /// Their events: those that were added, were there before, or lie in the future.
    pub intake: &'a IntakeSummary,
    /// Events by day that arrived later than their log allows.
    pub late: &'a BTreeMap<Day, LateEvents>,
    /// The newest event of each recently active log, account and region, as it is named in `coverage`.
    pub newest: Vec<(&'a str, Time)>,
    /// Up to which byte a file was read.
    pub read_of: Box<dyn Fn(&Path) -> u64 + 'a>,
    /// The generation that judges.
    pub generation: u64,
    /// Days that go on, or to which late events may come.
    pub days: usize,
}

/// How far live logs were followed, as a follower noted it for its next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// When it was noted, as the file system says; `None` if it does not.
    pub noted: Option<Time>,
    /// The newest event of each recently active log, account and region, as it is named in `coverage`.
    pub newest: Vec<(String, Time)>,
}

/// Returns how far logs were followed; `None` if they never were. It takes no lock, and may be asked while a follower runs.
///
/// # Errors
///
/// Fails if it cannot be read.
pub fn followed(store: &Store) -> Result<Option<Followed>> {
    if !store.was_followed() {
        return Ok(None);
    }
    let checkpoint = Checkpoint::read(store.root())?;
    let newest = checkpoint.trails.newest();
    Ok(Some(Followed {
        noted: store.followed_at(),
        newest: newest.map(|(log, time)| (log.to_owned(), time)).collect(),
    }))
}

struct Follower<'a> {
    setup: &'a Setup,
    store: &'a Store,
    options: &'a FollowOptions,
    watch: Watch,
    scorer: Scorer<'a>,
    archive: Archive,
    /// Days of which the archive was asked what was told.
    days_asked: BTreeSet<Day>,
    checkpoint: Checkpoint,
    /// What was read; the scorer knows what was judged.
    intake: IntakeSummary,
    late: BTreeMap<Day, LateEvents>,
    reports: Reports,
    rejects: Option<&'a dyn KeepRejects>,
    /// What was read of standard input.
    stdin_report: Option<FileReport>,
    /// Whether reading stopped inside a file because the user stopped the run. Then everything since the last checkpoint is
    /// left to the next run.
    is_cut: bool,
    /// The clock at the start of following, and at the last look at files.
    started: Duration,
    looked: Option<Duration>,
}

/// Follows logs until the user stops it, the input ends, or nothing has arrived for long enough.
///
/// # Errors
///
/// Fails if another process follows with the same store, nothing was trained, the disk fails, `deliver` fails, or a reject
/// cannot be kept.
pub fn follow<'a>(
    setup: &'a Setup,
    store: &'a Store,
    options: &'a FollowOptions,
    progress: &dyn Progress,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
    rejects: Option<&'a dyn KeepRejects>,
) -> Result<ScoreSummary> {
    store.published()?;
    let lock = store.lock(Role::Follower)?;
    let at = (store, &lock);
    follow_holding(setup, at, options, progress, deliver, rejects, &|_| {})
}

/// Follows logs as [`follow`] does, for the holder of the follower's lock. After each look `looked` is told how far they were followed.
///
/// # Errors
///
/// As [`follow`].
pub fn follow_holding<'a>(
    setup: &'a Setup,
    (store, _): (&'a Store, &Lock),
    options: &'a FollowOptions,
    progress: &dyn Progress,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
    rejects: Option<&'a dyn KeepRejects>,
    looked: &dyn Fn(&Standing<'_>),
) -> Result<ScoreSummary> {
    let received = options.received.as_deref();
    let has_stdin = options.paths.iter().any(|p| is_stdin(p));
    let has_files = !options.paths.iter().all(|p| is_stdin(p))
        || !options.locations.is_empty()
        || received.is_some();
    let mut stdin =
        has_stdin.then(|| standard_input::read(options.read.clone(), rejects.is_some()));
    let mut follower = Follower::resume(setup, store, options, rejects)?;
    let mut last_news = (options.clock)();
    // What was handed over when the end was asked for. More may come without end.
    let mut to_read: Option<Vec<ReceivedArchive>> = None;
    progress.begin("following", None);
    loop {
        let is_ending = options.ending.load(Ordering::Relaxed);
        if is_ending && to_read.is_none() {
            to_read = Some(received.map_or(Ok(Vec::new()), Received::archives)?);
        }
        if options.leaving.load(Ordering::Relaxed) {
            break;
        }
        let seen = received.map_or(0, Received::news);
        let mut is_news = follower.look_at_received(progress)?;
        if !follower.is_cut && follower.is_time_to_look() {
            is_news |= follower.look(progress)?;
        }
        if follower.is_cut {
            break;
        }
        let waits_for_stdin = stdin.is_some();
        is_news |= follower.take_stdin(&mut stdin)?;
        if is_news {
            last_news = (options.clock)();
            follower.judge(false, deliver)?;
            follower.note()?;
            progress.advance(follower.intake.events);
        }
        looked(&follower.standing());
        let is_idle = !is_news
            && options
                .until_idle
                .is_some_and(|idle| (options.clock)().saturating_sub(last_news) >= idle);
        let is_ended = stdin.is_none() && !has_files;
        if is_idle || is_ended {
            follower.judge(true, deliver)?;
            follower.note()?;
        }
        let is_that_read = || {
            let to_read = to_read.as_ref();
            stdin.is_none() && to_read.is_some_and(|archives| follower.has_read(archives))
        };
        let is_all_read = is_ending && (!is_news || is_that_read());
        if progress.is_cancelled() || is_idle || is_ended || is_all_read {
            break;
        }
        if !is_news && !waits_for_stdin {
            match received {
                Some(received) => received.wait(seen, options.poll),
                None => std::thread::sleep(options.poll),
            }
        }
    }
    progress.end();
    Ok(follower.finish())
}

/// A reader that keeps why its input could not be read, apart from what is wrong with what it holds.
struct Noting<'a, R> {
    inner: R,
    fault: &'a Cell<Option<io::Error>>,
}

impl<R: Read> Read for Noting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        if let Err(e) = &read
            && e.kind() != io::ErrorKind::Interrupted
        {
            self.fault
                .set(Some(io::Error::new(e.kind(), e.to_string())));
        }
        read
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == FileReport::STDIN
}

impl<'a> Follower<'a> {
    fn resume(
        setup: &'a Setup,
        store: &'a Store,
        options: &'a FollowOptions,
        rejects: Option<&'a dyn KeepRejects>,
    ) -> Result<Self> {
        let generation = Arc::new(store.load_generation()?);
        let mut checkpoint = Checkpoint::read(store.root())?;
        let read = checkpoint.files.keys().filter_map(|path| path.to_str());
        let watch = Watch::new(&options.paths, options.own.clone()).with_objects(
            &options.locations,
            (options.poll_objects, options.read.period),
            (read, setup.now.day()),
        );
        let saved = std::mem::take(&mut checkpoint.scorer);
        let at = (store.root().join(FOLLOWED_EVENTS), &checkpoint.buffered);
        let scorer = Scorer::resume_in(setup, generation, options.score.clone(), &saved, at)?;
        Ok(Self {
            store,
            options,
            setup,
            watch,
            scorer: scorer.telling_silences(),
            archive: Archive::alerts(store),
            days_asked: BTreeSet::new(),
            checkpoint,
            intake: IntakeSummary::default(),
            late: BTreeMap::new(),
            reports: Reports::new(),
            rejects,
            stdin_report: None,
            is_cut: false,
            started: (options.clock)(),
            looked: None,
        })
    }

    /// Returns the result.
    fn finish(mut self) -> ScoreSummary {
        for report in self.stdin_report.into_iter().chain(self.watch.unreadable()) {
            self.reports.add(report, true);
        }
        self.reports.sum_up(&mut self.intake);
        let mut buckets = self.options.locations.iter().map(|(_, bucket)| bucket);
        self.intake.objects = buckets.next().map(|bucket| bucket.usage().totals());
        ScoreSummary {
            intake: self.intake,
            late: self.late,
            ..self.scorer.finish()
        }
    }

    /// Returns whether files are to be looked at. What clients hand over comes more often, and does not wait for that.
    fn is_time_to_look(&self) -> bool {
        let now = (self.options.clock)();
        let is_ending = self.options.ending.load(Ordering::Relaxed);
        self.options.received.is_none()
            || is_ending
            || self
                .looked
                .is_none_or(|looked| now.saturating_sub(looked) >= self.options.poll)
    }

    /// Reads what clients handed over since the last look, or the first part of it; returns whether there was anything.
    fn look_at_received(&mut self, progress: &dyn Progress) -> Result<bool> {
        let Some(received) = self.options.received.clone() else {
            return Ok(false);
        };
        let mut left = RECEIVED_BYTES_A_LOOK;
        let mut is_news = false;
        for archive in received.archives()? {
            let begin = self.checkpoint.files.get(&archive.path);
            let begin = begin.map_or(0, Position::offset);
            if begin >= archive.bytes || left == 0 {
                continue;
            }
            let name = archive.path.display().to_string();
            let mut is_first = begin == 0;
            archive.since(begin, &mut |body| {
                is_news = true;
                let report = self.take(&name, &*body.bytes, progress)?;
                if self.is_cut {
                    return Ok(false);
                }
                self.reports.add(report, std::mem::take(&mut is_first));
                let position = Position::at(body.end);
                self.checkpoint.files.insert(archive.path.clone(), position);
                left = left.saturating_sub(body.bytes.len() as u64);
                Ok(left > 0)
            })?;
            if self.is_cut {
                break;
            }
        }
        Ok(is_news)
    }

    /// Returns whether archives are read as far as is said there.
    fn has_read(&self, archives: &[ReceivedArchive]) -> bool {
        let read = |path: &Path| self.checkpoint.files.get(path).map_or(0, Position::offset);
        archives.iter().all(|one| read(&one.path) >= one.bytes)
    }

    fn standing(&self) -> Standing<'_> {
        Standing {
            read: self.reports.total(),
            intake: &self.intake,
            late: &self.late,
            read_of: Box::new(|path| self.checkpoint.files.get(path).map_or(0, Position::offset)),
            newest: self.checkpoint.trails.newest().collect(),
            generation: self.scorer.generation().number,
            days: self.scorer.days().len(),
        }
    }

    /// Looks at all files; returns whether anything was read.
    fn look(&mut self, progress: &dyn Progress) -> Result<bool> {
        let mut is_news = false;
        self.looked = Some((self.options.clock)());
        let mut files = self.watch.begin((self.options.clock)(), self.now().day());
        files.retain(|file| !file.object().is_some_and(|object| self.was_read(object)));
        let opening = Opening::new(&files, (0..files.len()).collect());
        while let Some(next) = opening.next() {
            if progress.is_cancelled() {
                return Ok(is_news);
            }
            is_news |= match next.file {
                InputFile::Stdin => false,
                InputFile::File { path, bytes, .. } => self.look_at(path, *bytes, progress)?,
                InputFile::Object(object) => self.look_at_object(next, object, progress)?,
            };
        }
        for warning in self.watch.end() {
            progress.warn(&warning);
        }
        Ok(is_news)
    }

    fn was_read(&self, object: &Object) -> bool {
        let position = self.checkpoint.files.get(Path::new(object.url()));
        position == Some(&Position::behind(object))
    }

    /// Reads an object. One that could not be read to its end is read again at the next look, and what was read of it is
    /// recognised.
    fn look_at_object(
        &mut self,
        mut next: Next<'_>,
        object: &Object,
        progress: &dyn Progress,
    ) -> Result<bool> {
        let path = PathBuf::from(object.url());
        let fault = Cell::new(None);
        let input = match next.open() {
            Ok(inner) => Noting {
                inner,
                fault: &fault,
            },
            Err(e) => {
                self.watch.lose(&path, e);
                return Ok(false);
            }
        };
        let report = self.take(object.url(), input, progress)?;
        match fault.take() {
            Some(e) => self.watch.lose(&path, e),
            None if self.is_cut => {}
            None => {
                self.reports.add(report, true);
                self.checkpoint.files.insert(path, Position::behind(object));
            }
        }
        Ok(true)
    }

    /// Reads the new part of a file, up to the size that it had when the look began. An unreadable file does not stop the
    /// others, and may be readable again: its position is kept.
    fn look_at(&mut self, path: &Path, until: u64, progress: &dyn Progress) -> Result<bool> {
        let name = path.display().to_string();
        let position = self.checkpoint.files.get(path).cloned().unwrap_or_default();
        let mut growing = match GrowingFile::since(path, position, until) {
            Ok(Some(growing)) => growing,
            Ok(None) => return Ok(false),
            Err(e) => {
                self.watch.lose(path, e);
                return Ok(false);
            }
        };
        let mut is_news = false;
        loop {
            let is_first = growing.is_first();
            match growing.next() {
                Ok(Some(text)) => {
                    let report = self.take(&name, text, progress)?;
                    self.reports.add(report, is_first);
                }
                Ok(None) => break,
                Err(e) => {
                    self.watch.lose(path, e);
                    break;
                }
            }
            is_news = true;
        }
        match growing.position() {
            Ok(position) => {
                self.checkpoint.files.insert(path.to_owned(), position);
            }
            Err(e) => self.watch.lose(path, e),
        }
        Ok(is_news)
    }

    /// Reads standard input until it is time to look at the files again; returns whether anything arrived.
    fn take_stdin(&mut self, stdin: &mut Option<Receiver<Piece>>) -> Result<bool> {
        let Some(pieces) = stdin else {
            return Ok(false);
        };
        let clock = self.options.clock;
        let until = clock() + self.options.poll;
        let mut is_news = false;
        loop {
            match pieces.recv_timeout(until.saturating_sub(clock())) {
                Ok(piece) => {
                    is_news = true;
                    for event in piece.events {
                        self.add(event)?;
                    }
                    if let Some(rejects) = self.rejects {
                        piece.rejects.iter().try_for_each(|one| rejects.keep(one))?;
                    }
                    self.stdin_report = Some(piece.report);
                }
                Err(RecvTimeoutError::Timeout) => return Ok(is_news),
                Err(RecvTimeoutError::Disconnected) => {
                    *stdin = None;
                    return Ok(is_news);
                }
            }
            if clock() >= until {
                return Ok(is_news);
            }
        }
    }

    /// Reads records and adds their events as they arrive, so that memory does not grow with the input.
    fn take(
        &mut self,
        name: &str,
        input: impl Read,
        progress: &dyn Progress,
    ) -> Result<FileReport> {
        let rejects = self.rejects;
        let options = &ReadOptions {
            excerpts: rejects.is_some(),
            ..self.options.read.clone()
        };
        let failed = RefCell::new(None);
        let report = sources::read_while(
            input,
            name,
            options,
            &mut |event| {
                if failed.borrow().is_some() {
                    return;
                }
                let (time, before) = (event.time, self.intake.events);
                if let Err(error) = self.add(event) {
                    failed.replace(Some(error));
                } else if self.intake.events > before {
                    progress.note_delay(self.now().secs_since(time));
                }
            },
            &mut |reject| {
                if let Some(rejects) = rejects
                    && failed.borrow().is_none()
                    && let Err(error) = rejects.keep(&reject)
                {
                    failed.replace(Some(error));
                }
            },
            &mut |_| !progress.is_cancelled() && failed.borrow().is_none(),
        );
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        self.is_cut |= progress.is_cancelled();
        Ok(report)
    }

    fn add(&mut self, event: Event) -> Result<()> {
        if event.time > self.now().plus_secs(FUTURE_SECS_MAX) {
            self.intake.future += 1;
            return Ok(());
        }
        let time = event.time;
        let lateness = self.setup.config.lateness_secs(event.source);
        let trail = trail_of(&event);
        let trails = &mut self.checkpoint.trails;
        let is_late = trails.is_late(&trail, time, lateness);
        // What another detector concludes says nothing of how far the logs have come.
        let is_finding = event.action == Action::Finding;
        let added = self.scorer.add(event)?;
        match added {
            Added::New => {
                if !is_finding {
                    trails.observe(trail, time, lateness);
                }
                self.intake.note(time);
            }
            Added::Repeated => self.intake.repeated += 1,
            Added::TooLate => self.intake.note(time),
        }
        if is_late && added == Added::New || added == Added::TooLate {
            let late = self.late.entry(time.day()).or_default();
            late.events += 1;
            late.not_judged += u64::from(added == Added::TooLate);
        }
        Ok(())
    }

    fn now(&self) -> Time {
        if let Some(now) = self.options.now {
            return now();
        }
        let since_start = (self.options.clock)().saturating_sub(self.started);
        self.setup.now.plus_secs(since_start.as_secs() as i64)
    }

    /// Judges what is new, and delivers new alerts. If no more input comes, nothing waits any longer.
    fn judge(
        &mut self,
        is_last: bool,
        deliver: &mut dyn FnMut(&Alert) -> Result<()>,
    ) -> Result<()> {
        self.refresh()?;
        let known_until = self.checkpoint.trails.sessions_known_until();
        for day in self.scorer.days() {
            let is_all_in = is_last || self.checkpoint.trails.are_past(day);
            let until = known_until.filter(|_| !is_all_in);
            // What is followed may have been scored before.
            if self.days_asked.insert(day) {
                self.scorer.remember_told(&self.archive, day)?;
            }
            // What is late changes what a day came to.
            if !self.scorer.is_complete(day) {
                for alert in self.scorer.advance_day(day, until)? {
                    deliver(&alert)?;
                }
            }
            if is_all_in {
                for alert in self.scorer.conclude_day(day)? {
                    deliver(&alert)?;
                }
            }
        }
        for day in self.scorer.days() {
            if self.checkpoint.trails.are_past(day) {
                self.scorer.complete(day);
            }
        }
        let watch = &self.watch;
        self.checkpoint
            .forget(|path| watch.has_object(path) || path.exists());
        Ok(())
    }

    /// Loads a generation that was published, and thresholds that were tuned, in the meantime.
    fn refresh(&mut self) -> Result<()> {
        let in_force = self.scorer.generation();
        let tuning = self.store.tuning()?;
        let generation = if self.store.published()?.generation != in_force.number {
            self.store.load_generation()?
        } else if tuning != in_force.tuning {
            Generation {
                tuning,
                ..Generation::clone(in_force)
            }
        } else {
            return Ok(());
        };
        self.scorer.replace_generation(Arc::new(generation));
        Ok(())
    }

    /// Records the progress, so that a run after a crash continues from here. Only then are the files of events removed that
    /// nobody needs: until then, such a run needs them.
    fn note(&mut self) -> Result<()> {
        (self.checkpoint.scorer, self.checkpoint.buffered) = self.scorer.save()?;
        self.checkpoint.write(self.store.root())?;
        self.scorer.sweep();
        Ok(())
    }
}
