//! Live logs: files that grow, folders into which files arrive, and standard input.
//!
//! After each look at the logs, what is new is told, set aside on disk, judged and delivered; then a checkpoint says how
//! far that went. A crash loses nothing: the next run goes back to the checkpoint and reads on, and an alert that was
//! delivered but not noted is delivered again under the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::baseline::Generation;
use crate::engine::intake::Books;
use crate::engine::score::{
    Acquaintance, Hearing, ScoreOptions, ScoreSummary, Told, judge_day, tell_and_keep,
};
use crate::engine::spool::Spool;
use crate::engine::thresholds::in_force;
use crate::engine::{Progress, Setup};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::identity::Resolver;
use crate::score::Alert;
use crate::sources::{self, ReadOptions};
use crate::store::{Role, Store, replace};
use crate::time::{Day, Time};

/// How far, in seconds, an event may be dated ahead of the present before it is set aside.
const FUTURE_SECS_MAX: i64 = 5 * 60;
/// How long, in seconds, a quiet trail may keep a day open after its end.
const OPEN_SECS_MAX: i64 = 86_400;
/// The most bytes taken from one growing file at a time.
const CHUNK_BYTES: u64 = 8 << 20;
/// The most bytes by which a file is told from another of the same name: enough to reach the id of a first record.
const HEAD_BYTES: u64 = 8 << 10;
/// Chunks of standard input under way.
const CHUNKS_UNDER_WAY: usize = 4;
/// Rejects that are kept; all are counted.
const REJECTS_MAX: usize = 10_000;
/// How long it is remembered what was told of a day.
const TOLD_DAYS: i32 = 7;
const CHECKPOINT: &str = "follow.checkpoint";
const SPOOL: &str = "follow-events";

/// How to follow.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// Files, folders, or `-`.
    pub paths: Vec<PathBuf>,
    /// Thresholds and what is shown.
    pub score: ScoreOptions,
    /// A forced format.
    pub read: ReadOptions,
    /// How often to look.
    pub poll: Duration,
    /// Ends when nothing has come for so long; `None` goes on until stopped.
    pub until_idle: Option<Duration>,
}

/// How far following went, as kept between runs.
#[derive(Default, Serialize, Deserialize)]
struct Checkpoint {
    files: BTreeMap<PathBuf, Position>,
    spooled: BTreeMap<Day, u64>,
    told: Told,
    acquaintance: Acquaintance,
    newest: BTreeMap<String, (Time, i64)>,
    /// The last day that was judged to its end.
    closed: Option<Day>,
}

/// How far a file was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Bytes that were taken.
    offset: u64,
    /// Hash of the first of them, by which a file is told from another of the same name.
    head: u64,
    /// Size when it was last looked at; a document is read once its size stands still.
    size: u64,
    /// The first line, if it names the columns of the rest.
    header: Option<String>,
}

/// How a file is to be read while it may grow.
enum Shape {
    /// Line by line, as they are finished; the header, if there is one.
    Lines(Option<String>),
    /// As a whole, once it stands still.
    Document,
    /// Too little to tell.
    Unknown,
}

struct Follower<'a> {
    setup: &'a Setup,
    store: &'a Store,
    options: &'a FollowOptions,
    generation: Generation,
    books: Books,
    spool: Spool,
    late: Books,
    late_spool: Spool,
    touched: BTreeSet<Day>,
    /// Days that were closed since the last checkpoint.
    closing: Vec<Day>,
    checkpoint: Checkpoint,
    stdin_header: Option<String>,
    started: Instant,
    summary: ScoreSummary,
}

/// Follows logs until the user stops it, input ends, or nothing has come for long enough.
///
/// # Errors
///
/// Fails if another process follows with the same store, nothing was trained, the disk fails, or `deliver` does.
pub fn follow(
    setup: &Setup,
    store: &Store,
    options: &FollowOptions,
    progress: &dyn Progress,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    store.published()?;
    let _lock = store.lock(Role::Follower)?;
    let mut follower = Follower::resume(setup, store, options)?;
    let stdin = options
        .paths
        .iter()
        .any(|p| p.as_os_str() == "-")
        .then(read_stdin);
    let mut last_news = Instant::now();
    let mut is_ended = false;
    progress.begin("following", None);
    loop {
        let mut is_news = follower.look(progress)?;
        if let Some(stdin) = &stdin {
            is_news |= follower.take_stdin(stdin, options.poll, &mut is_ended)?;
        }
        if is_news {
            last_news = Instant::now();
            follower.judge(deliver)?;
            follower.note()?;
            progress.advance(follower.summary.intake.events);
        }
        let is_idle = !is_news
            && options
                .until_idle
                .is_some_and(|idle| last_news.elapsed() >= idle);
        let only_stdin = options.paths.iter().all(|p| p.as_os_str() == "-");
        if progress.is_cancelled() || is_idle || (is_ended && only_stdin) {
            break;
        }
        if !is_news && (stdin.is_none() || is_ended) {
            std::thread::sleep(options.poll);
        }
    }
    progress.end();
    Ok(follower.summary)
}

impl<'a> Follower<'a> {
    fn resume(setup: &'a Setup, store: &'a Store, options: &'a FollowOptions) -> Result<Self> {
        let generation = store.load_generation()?;
        let checkpoint = Checkpoint::read(store.root())?;
        let mut spool = Spool::open(store.root().join(SPOOL), &checkpoint.spooled)?;
        let resolver = setup.resolver();
        let mut books = Books::new();
        for &day in checkpoint.spooled.keys() {
            let book = books
                .entry(day)
                .or_insert_with(|| crate::measure::DayBook::new(day));
            spool.of_day(day, |mut event| {
                book.tell(&resolver.settle(&mut event), &setup.plan);
            })?;
        }
        let summary = ScoreSummary {
            generation: generation.number,
            provisional: generation.calibration.is_provisional(),
            thresholds: in_force(&setup.analytics, &generation, options.score.budget_per_day),
            ..ScoreSummary::default()
        };
        Ok(Self {
            setup,
            store,
            options,
            generation,
            books,
            spool,
            late: Books::new(),
            late_spool: Spool::new(),
            touched: BTreeSet::new(),
            closing: Vec::new(),
            checkpoint,
            stdin_header: None,
            started: Instant::now(),
            summary,
        })
    }

    /// Looks at all files; returns whether something was read.
    fn look(&mut self, progress: &dyn Progress) -> Result<bool> {
        let mut is_news = false;
        for path in files_under(&self.options.paths) {
            if progress.is_cancelled() {
                break;
            }
            is_news |= self.look_at(&path)?;
        }
        Ok(is_news)
    }

    fn look_at(&mut self, path: &Path) -> Result<bool> {
        // A file that is gone, or not yet readable, may come back.
        let Ok(size) = std::fs::metadata(path).map(|m| m.len()) else {
            return Ok(false);
        };
        let mut position = self.checkpoint.files.get(path).cloned().unwrap_or_default();
        if size == position.offset {
            return Ok(false);
        }
        let cannot_read = |e| Error::failed(format!("cannot read `{}`", path.display())).cause(e);
        let is_another = size < position.offset
            || (position.offset > 0
                && head_of(path, position.offset).map_err(cannot_read)? != position.head);
        if is_another {
            // It was cut off, or is another file by now.
            position = Position::default();
        }
        let stands_still = size == position.size;
        position.size = size;
        let name = path.display().to_string();
        let read = match shape(path, &position) {
            Ok(Shape::Lines(header)) => {
                position.header = header;
                self.read_lines(path, &name, &mut position, size)
            }
            Ok(Shape::Document) if stands_still => self.read_document(path, &name, &mut position),
            Ok(Shape::Document | Shape::Unknown) => Ok(false),
            Err(e) => Err(cannot_read(e)),
        }?;
        position.head = head_of(path, position.offset).map_err(cannot_read)?;
        self.checkpoint.files.insert(path.to_owned(), position);
        Ok(read)
    }

    /// Takes the lines that were finished since the last look.
    fn read_lines(
        &mut self,
        path: &Path,
        name: &str,
        position: &mut Position,
        size: u64,
    ) -> Result<bool> {
        let mut is_news = false;
        while position.offset < size {
            let chunk = finished_lines(path, position.offset)
                .map_err(|e| Error::failed(format!("cannot read `{name}`")).cause(e))?;
            if chunk.is_empty() {
                break;
            }
            position.offset += chunk.len() as u64;
            match &position.header {
                Some(header) if !chunk.starts_with(header.as_bytes()) => {
                    self.take(name, header.as_bytes().chain(&chunk[..]))?;
                }
                _ => self.take(name, &chunk[..])?,
            }
            is_news = true;
        }
        Ok(is_news)
    }

    fn read_document(&mut self, path: &Path, name: &str, position: &mut Position) -> Result<bool> {
        let file = File::open(path)
            .map_err(|e| Error::failed(format!("cannot read `{name}`")).cause(e))?;
        self.take(name, file)?;
        position.offset = position.size;
        Ok(true)
    }

    fn take_stdin(
        &mut self,
        stdin: &Receiver<Vec<u8>>,
        wait: Duration,
        is_ended: &mut bool,
    ) -> Result<bool> {
        if *is_ended {
            return Ok(false);
        }
        match stdin.recv_timeout(wait) {
            Ok(chunk) => {
                if self.stdin_header.is_none() {
                    self.stdin_header = Some(header_of(&chunk).unwrap_or_default());
                }
                let header = self.stdin_header.clone().unwrap_or_default();
                if chunk.starts_with(header.as_bytes()) {
                    self.take("-", &chunk[..])?;
                } else {
                    self.take("-", header.as_bytes().chain(&chunk[..]))?;
                }
                Ok(true)
            }
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => Ok(false),
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                *is_ended = true;
                Ok(false)
            }
        }
    }

    /// Reads records and tells their events.
    fn take(&mut self, name: &str, input: impl Read) -> Result<()> {
        let mut events = Vec::new();
        let mut rejects = Vec::new();
        let report = sources::read(
            input,
            name,
            &self.options.read,
            &mut |event| events.push(event),
            &mut |reject| rejects.push(reject),
        );
        self.summary.intake.add_report(report);
        let room = REJECTS_MAX.saturating_sub(self.summary.intake.rejects.len());
        let kept = rejects.into_iter().take(room);
        self.summary.intake.rejects.extend(kept);
        let setup = self.setup;
        let resolver = setup.resolver();
        events
            .into_iter()
            .try_for_each(|event| self.tell(&resolver, event))
    }

    fn tell(&mut self, resolver: &Resolver, event: Event) -> Result<()> {
        if event.time > self.now().plus_secs(FUTURE_SECS_MAX) {
            self.summary.intake.future += 1;
            return Ok(());
        }
        let day = event.time.day();
        let time = event.time;
        let lateness = event.source.lateness_secs();
        let trail = format!(
            "{} {} {}",
            event.source,
            event.account.as_deref().unwrap_or("-"),
            event.region.as_deref().unwrap_or("-")
        );
        let newest = self
            .checkpoint
            .newest
            .get(&trail)
            .map(|&(newest, _)| newest);
        self.summary.late += u64::from(newest.is_some_and(|n| time < n.plus_secs(-lateness)));
        let is_new = if self.is_closed(day) {
            tell_and_keep(
                self.setup,
                resolver,
                &mut self.late,
                &mut self.late_spool,
                event,
            )?
        } else {
            self.checkpoint
                .newest
                .insert(trail, (newest.map_or(time, |n| n.max(time)), lateness));
            tell_and_keep(
                self.setup,
                resolver,
                &mut self.books,
                &mut self.spool,
                event,
            )?
        };
        if is_new {
            self.touched.insert(day);
            self.summary.intake.note(time);
        } else {
            self.summary.intake.repeated += 1;
        }
        Ok(())
    }

    fn now(&self) -> Time {
        self.setup
            .now
            .plus_secs(self.started.elapsed().as_secs() as i64)
    }

    /// Tells whether a day has been judged to its end.
    fn is_closed(&self, day: Day) -> bool {
        !self.books.contains_key(&day) && self.checkpoint.closed.is_some_and(|closed| day <= closed)
    }

    /// Tells whether a day may be judged to its end: every trail is past it, or the newest long past.
    fn is_past(&self, day: Day) -> bool {
        let end = day.end();
        let watermarks = self
            .checkpoint
            .newest
            .values()
            .map(|&(newest, lateness)| newest.plus_secs(-lateness));
        watermarks.clone().all(|w| w >= end)
            || watermarks
                .max()
                .is_some_and(|w| w >= end.plus_secs(OPEN_SECS_MAX))
    }

    /// Judges the days that something was told of, and delivers what is new.
    fn judge(&mut self, deliver: &mut dyn FnMut(&Alert) -> Result<()>) -> Result<()> {
        self.refresh()?;
        let touched = std::mem::take(&mut self.touched);
        let days: Vec<Day> = self
            .books
            .keys()
            .copied()
            .filter(|day| touched.contains(day))
            .collect();
        let mut alerts = Vec::new();
        for day in days {
            alerts.extend(self.hear(day, false)?);
        }
        for day in self.late.keys().copied().collect::<Vec<_>>() {
            alerts.extend(self.hear(day, true)?);
        }
        self.late = Books::new();
        self.late_spool = Spool::new();
        for alert in &alerts {
            deliver(alert)?;
        }
        let past: Vec<Day> = self
            .books
            .keys()
            .copied()
            .filter(|&day| self.is_past(day))
            .collect();
        for day in past {
            self.books.remove(&day);
            self.checkpoint.closed = self.checkpoint.closed.max(Some(day));
            self.closing.push(day);
        }
        self.checkpoint
            .forget_before(self.books.keys().next().copied());
        Ok(())
    }

    fn hear(&mut self, day: Day, is_late: bool) -> Result<Vec<Alert>> {
        let (books, spool) = if is_late {
            (&self.late, &mut self.late_spool)
        } else {
            (&self.books, &mut self.spool)
        };
        let Some(book) = books.get(&day) else {
            return Ok(Vec::new());
        };
        judge_day(Hearing {
            setup: self.setup,
            generation: &mut self.generation,
            book,
            spool,
            acquaintance: &mut self.checkpoint.acquaintance,
            is_late,
            told: &mut self.checkpoint.told,
            options: &self.options.score,
            summary: &mut self.summary,
        })
    }

    /// Takes a generation that was published, and thresholds that were tuned, in the meantime.
    fn refresh(&mut self) -> Result<()> {
        let tuning = self.store.tuning()?;
        if self.store.published()?.generation != self.generation.number {
            self.generation = self.store.load_generation()?;
            self.summary.generation = self.generation.number;
            self.summary.provisional = self.generation.calibration.is_provisional();
        } else if tuning != self.generation.tuning {
            self.generation.tuning = tuning;
        } else {
            return Ok(());
        }
        let asked = self.options.score.budget_per_day;
        self.summary.thresholds = in_force(&self.setup.analytics, &self.generation, asked);
        Ok(())
    }

    /// Notes how far this went, so that a run after a crash goes on from here. Only then may events be let go of: until
    /// then, a run after a crash wants them.
    fn note(&mut self) -> Result<()> {
        let mut spooled = self.spool.flush()?;
        spooled.retain(|day, _| !self.closing.contains(day));
        self.checkpoint.spooled = spooled;
        self.checkpoint.write(self.store.root())?;
        for day in self.closing.drain(..) {
            self.spool.forget(day);
        }
        Ok(())
    }
}

impl Checkpoint {
    fn read(root: &Path) -> Result<Self> {
        let path = root.join(CHECKPOINT);
        match std::fs::read(&path) {
            Ok(text) => postcard::from_bytes(&text).map_err(|e| {
                Error::failed(format!("`{}` is damaged", path.display()))
                    .cause(e)
                    .hint("remove it, and following begins anew; alerts may be told again")
            }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Error::failed(format!("cannot read `{}`", path.display())).cause(e)),
        }
    }

    fn write(&self, root: &Path) -> Result<()> {
        let text = postcard::to_stdvec(self)
            .map_err(|e| Error::failed("cannot write the checkpoint").cause(e))?;
        replace(root, CHECKPOINT, &text).map_err(|e| {
            Error::failed(format!(
                "cannot write `{}`",
                root.join(CHECKPOINT).display()
            ))
            .cause(e)
        })
    }

    /// Forgets files that are gone, and what was told of days long past.
    fn forget_before(&mut self, oldest_open: Option<Day>) {
        self.files.retain(|path, _| path.exists());
        if let Some(oldest) = oldest_open {
            self.told
                .retain(|_, (_, day)| oldest.since(*day) <= TOLD_DAYS);
        }
    }
}

/// Returns the files under some paths, in order.
fn files_under(paths: &[PathBuf]) -> Vec<PathBuf> {
    let named: Vec<PathBuf> = paths
        .iter()
        .filter(|p| p.as_os_str() != "-" && p.exists())
        .cloned()
        .collect();
    let found = sources::discover(&named).unwrap_or_default();
    found
        .iter()
        .filter_map(|file| file.path().map(Path::to_owned))
        .collect()
}

/// Returns the hash of a file's beginning, of what was taken of it.
fn head_of(path: &Path, taken: u64) -> io::Result<u64> {
    let mut head = Vec::new();
    File::open(path)?
        .take(taken.min(HEAD_BYTES))
        .read_to_end(&mut head)?;
    Ok(xxh3_64(&head))
}

/// Tells how a file is to be read, from its first line.
fn shape(path: &Path, position: &Position) -> io::Result<Shape> {
    if position.header.is_some() {
        return Ok(Shape::Lines(position.header.clone()));
    }
    let mut first = Vec::new();
    io::BufReader::new(File::open(path)?)
        .take(CHUNK_BYTES)
        .read_until(b'\n', &mut first)?;
    let text = first.trim_ascii_start();
    let is_compressed =
        text.starts_with(&[0x1f, 0x8b]) || text.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    if is_compressed {
        return Ok(Shape::Document);
    }
    let is_finished = first.ends_with(b"\n");
    let is_json = matches!(text.first(), Some(b'{' | b'['));
    if is_json {
        let is_whole = serde_json::from_slice::<serde::de::IgnoredAny>(&first).is_ok();
        return Ok(if is_finished && is_whole {
            Shape::Lines(None)
        } else {
            Shape::Document
        });
    }
    if !is_finished {
        return Ok(Shape::Unknown);
    }
    Ok(Shape::Lines(header_of(&first)))
}

/// Returns the first line, if it names the columns of the rest.
fn header_of(text: &[u8]) -> Option<String> {
    let line = text.split_inclusive(|&b| b == b'\n').next()?;
    let names_columns = line
        .trim_ascii_start()
        .first()
        .is_some_and(u8::is_ascii_alphabetic);
    names_columns.then(|| String::from_utf8_lossy(line).into_owned())
}

/// Returns what follows an offset up to the last finished line, at most a chunk unless one line is longer.
fn finished_lines(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut chunk = Vec::new();
    let mut reader = io::BufReader::new(file);
    (&mut reader).take(CHUNK_BYTES).read_to_end(&mut chunk)?;
    match memchr::memrchr(b'\n', &chunk) {
        Some(at) => chunk.truncate(at + 1),
        None if (chunk.len() as u64) < CHUNK_BYTES => chunk.clear(),
        None => {
            reader.read_until(b'\n', &mut chunk)?;
            if !chunk.ends_with(b"\n") {
                chunk.clear();
            }
        }
    }
    Ok(chunk)
}

/// Reads standard input in the background, whole lines at a time.
fn read_stdin() -> Receiver<Vec<u8>> {
    let (sender, receiver) = bounded(CHUNKS_UNDER_WAY);
    std::thread::spawn(move || {
        let mut stdin = io::BufReader::with_capacity(CHUNK_BYTES as usize, io::stdin());
        loop {
            let mut chunk = Vec::new();
            let read = stdin.read_until(b'\n', &mut chunk);
            // What else has already arrived comes along.
            let more = memchr::memrchr(b'\n', stdin.buffer()).map_or(0, |at| at + 1);
            chunk.extend_from_slice(&stdin.buffer()[..more]);
            stdin.consume(more);
            if !matches!(read, Ok(n) if n > 0) || sender.send(chunk).is_err() {
                return;
            }
        }
    });
    receiver
}
