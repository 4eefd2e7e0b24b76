//! Live logs: files that grow, folders into which files arrive, and standard input.
//!
//! After each look at the logs, new events are added, buffered on disk, judged and delivered; then a checkpoint records the
//! progress. A crash loses nothing: the next run starts from the checkpoint. An alert that was delivered but not recorded
//! is delivered again under the same id.

mod checkpoint;
mod growing;
mod reports;
mod standard_input;
mod trails;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::alert::Alert;
use crate::baseline::Generation;
use crate::engine::coverage::{assess, days_of};
use crate::engine::event_buffer::EventBuffer;
use crate::engine::follow::checkpoint::Checkpoint;
use crate::engine::follow::growing::GrowingFile;
use crate::engine::follow::reports::Reports;
use crate::engine::follow::standard_input::Piece;
use crate::engine::follow::trails::trail_of;
use crate::engine::follow::watch::Watch;
use crate::engine::intake::DayAggregates;
use crate::engine::own_files::OwnFiles;
use crate::engine::score::{
    DayEvaluation, Deferral, ScoreOptions, ScoreSummary, add_and_buffer, evaluate_day,
};
use crate::engine::thresholds::in_force;
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::event::Event;
use crate::identity::Resolver;
use crate::sources::{self, FileReport, ReadOptions, Reject};
use crate::store::{FOLLOWED_EVENTS, Role, Store};
use crate::time::{Day, Time};

/// How far, in seconds, an event may be dated ahead of the present before it is left out.
const FUTURE_SECS_MAX: i64 = 5 * 60;

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
    /// The interval between looks.
    pub poll: Duration,
    /// Stops after this long without new input; `None` continues until stopped.
    pub until_idle: Option<Duration>,
    /// Returns the time since a fixed instant, the same one at each call; never decreases.
    pub clock: fn() -> Duration,
}

/// The handler of rejected records.
pub type KeepReject<'a> = &'a mut dyn FnMut(&Reject) -> Result<()>;

struct Follower<'a> {
    setup: &'a Setup,
    store: &'a Store,
    options: &'a FollowOptions,
    watch: Watch,
    generation: Generation,
    aggregates: DayAggregates,
    event_buffer: EventBuffer,
    late: DayAggregates,
    late_buffer: EventBuffer,
    touched: BTreeSet<Day>,
    /// Days with deferred identities.
    waiting: BTreeSet<Day>,
    /// Days that were closed since the last checkpoint.
    closing: Vec<Day>,
    checkpoint: Checkpoint,
    reports: Reports,
    keep_reject: Option<KeepReject<'a>>,
    /// What was read of standard input.
    stdin_report: Option<FileReport>,
    /// Whether reading stopped inside a file because the user stopped the run. Then everything since the last checkpoint is
    /// left to the next run.
    is_cut: bool,
    /// The clock at the start of following.
    started: Duration,
    summary: ScoreSummary,
}

/// Follows logs until the user stops it, the input ends, or nothing has arrived for long enough.
///
/// # Errors
///
/// Fails if another process follows with the same store, nothing was trained, the disk fails, or `deliver` or `keep_reject`
/// fails.
pub fn follow<'a>(
    setup: &'a Setup,
    store: &'a Store,
    options: &'a FollowOptions,
    progress: &dyn Progress,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
    keep_reject: Option<KeepReject<'a>>,
) -> Result<ScoreSummary> {
    store.published()?;
    let _lock = store.lock(Role::Follower)?;
    let has_stdin = options.paths.iter().any(|p| is_stdin(p));
    let has_files = !options.paths.iter().all(|p| is_stdin(p));
    let mut stdin =
        has_stdin.then(|| standard_input::read(options.read.clone(), keep_reject.is_some()));
    let mut follower = Follower::resume(setup, store, options, keep_reject)?;
    let mut last_news = (options.clock)();
    progress.begin("following", None);
    loop {
        let mut is_news = follower.look(progress)?;
        if follower.is_cut {
            break;
        }
        let waits_for_stdin = stdin.is_some();
        is_news |= follower.take_stdin(&mut stdin)?;
        if is_news {
            last_news = (options.clock)();
            follower.judge(false, deliver)?;
            follower.note()?;
            progress.advance(follower.summary.intake.events);
        }
        let is_idle = !is_news
            && options
                .until_idle
                .is_some_and(|idle| (options.clock)().saturating_sub(last_news) >= idle);
        let is_ended = stdin.is_none() && !has_files;
        if is_idle || is_ended {
            follower.judge(true, deliver)?;
            follower.note()?;
        }
        if progress.is_cancelled() || is_idle || is_ended {
            break;
        }
        if !is_news && !waits_for_stdin {
            std::thread::sleep(options.poll);
        }
    }
    progress.end();
    Ok(follower.finish())
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == FileReport::STDIN
}

impl<'a> Follower<'a> {
    fn resume(
        setup: &'a Setup,
        store: &'a Store,
        options: &'a FollowOptions,
        keep_reject: Option<KeepReject<'a>>,
    ) -> Result<Self> {
        let generation = store.load_generation()?;
        let checkpoint = Checkpoint::read(store.root())?;
        let event_buffer =
            EventBuffer::open(store.root().join(FOLLOWED_EVENTS), &checkpoint.buffered)?;
        let resolver = setup.resolver();
        let mut aggregates = DayAggregates::new();
        for &day in checkpoint.buffered.keys() {
            let aggregate = aggregates
                .entry(day)
                .or_insert_with(|| crate::measure::DayAggregate::new(day));
            event_buffer.of_day(day, |mut event| {
                aggregate.add(&resolver.resolve(&mut event), &setup.plan);
            })?;
        }
        let summary = ScoreSummary {
            generation: generation.number,
            provisional: generation.calibration.is_provisional(),
            thresholds: in_force(&setup.analytics, &generation, options.score.budget_per_day),
            coverage: assess(setup, &days_of(&generation.coverage, &DayAggregates::new())),
            ..ScoreSummary::default()
        };
        Ok(Self {
            setup,
            store,
            options,
            watch: Watch::new(&options.paths, options.own.clone()),
            generation,
            aggregates,
            event_buffer,
            late: DayAggregates::new(),
            late_buffer: EventBuffer::new(),
            touched: BTreeSet::new(),
            // Identities that were deferred when the last run ended are still deferred.
            waiting: checkpoint.buffered.keys().copied().collect(),
            closing: Vec::new(),
            checkpoint,
            reports: Reports::new(),
            keep_reject,
            stdin_report: None,
            is_cut: false,
            started: (options.clock)(),
            summary,
        })
    }

    /// Returns the result.
    fn finish(mut self) -> ScoreSummary {
        for report in self.stdin_report.into_iter().chain(self.watch.unreadable()) {
            self.reports.add(report, true);
        }
        self.reports.sum_up(&mut self.summary.intake);
        self.summary
    }

    /// Looks at all files; returns whether anything was read.
    fn look(&mut self, progress: &dyn Progress) -> Result<bool> {
        let mut is_news = false;
        for path in self.watch.begin() {
            if progress.is_cancelled() {
                return Ok(is_news);
            }
            is_news |= self.look_at(&path, progress)?;
        }
        for warning in self.watch.end() {
            progress.warn(&warning);
        }
        Ok(is_news)
    }

    /// Reads the new part of a file. An unreadable file does not stop the others, and may be readable again: its position
    /// is kept.
    fn look_at(&mut self, path: &Path, progress: &dyn Progress) -> Result<bool> {
        let name = path.display().to_string();
        let position = self.checkpoint.files.get(path).cloned().unwrap_or_default();
        let mut growing = match GrowingFile::since(path, position) {
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
        let setup = self.setup;
        let resolver = setup.resolver();
        let mut is_news = false;
        loop {
            match pieces.recv_timeout(until.saturating_sub(clock())) {
                Ok(piece) => {
                    is_news = true;
                    for event in piece.events {
                        self.add(&resolver, event)?;
                    }
                    if let Some(keep) = &mut self.keep_reject {
                        piece.rejects.iter().try_for_each(keep)?;
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
        let setup = self.setup;
        let resolver = setup.resolver();
        let options = &self.options.read;
        let mut keep_reject = self.keep_reject.take();
        let failed = RefCell::new(None);
        let report = sources::read_while(
            input,
            name,
            options,
            &mut |event| {
                if failed.borrow().is_none()
                    && let Err(error) = self.add(&resolver, event)
                {
                    failed.replace(Some(error));
                }
            },
            &mut |reject| {
                if let Some(keep) = &mut keep_reject
                    && failed.borrow().is_none()
                    && let Err(error) = keep(&reject)
                {
                    failed.replace(Some(error));
                }
            },
            &mut |_| !progress.is_cancelled() && failed.borrow().is_none(),
        );
        self.keep_reject = keep_reject;
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        self.is_cut |= progress.is_cancelled();
        Ok(report)
    }

    fn add(&mut self, resolver: &Resolver, event: Event) -> Result<()> {
        if event.time > self.now().plus_secs(FUTURE_SECS_MAX) {
            self.summary.intake.future += 1;
            return Ok(());
        }
        let day = event.time.day();
        let time = event.time;
        let lateness = self.setup.config.lateness_secs(event.source);
        let trail = trail_of(&event);
        let trails = &mut self.checkpoint.trails;
        self.summary.late += u64::from(trails.is_late(&trail, time, lateness));
        let is_new = if self.is_closed(day) {
            add_and_buffer(
                self.setup,
                resolver,
                &mut self.late,
                &mut self.late_buffer,
                event,
            )?
        } else {
            self.checkpoint.trails.observe(trail, time, lateness);
            add_and_buffer(
                self.setup,
                resolver,
                &mut self.aggregates,
                &mut self.event_buffer,
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
        let since_start = (self.options.clock)().saturating_sub(self.started);
        self.setup.now.plus_secs(since_start.as_secs() as i64)
    }

    /// Returns whether a day was judged completely.
    fn is_closed(&self, day: Day) -> bool {
        !self.aggregates.contains_key(&day)
            && self.checkpoint.closed.is_some_and(|closed| day <= closed)
    }

    /// Judges the days with new events, and delivers new alerts. Deferral ends if no more input comes.
    fn judge(
        &mut self,
        is_last: bool,
        deliver: &mut dyn FnMut(&Alert) -> Result<()>,
    ) -> Result<()> {
        self.refresh()?;
        let mut touched = std::mem::take(&mut self.touched);
        touched.append(&mut self.waiting);
        let days: Vec<Day> = self
            .aggregates
            .keys()
            .copied()
            .filter(|day| touched.contains(day))
            .collect();
        let mut alerts = Vec::new();
        for day in days {
            alerts.extend(self.evaluate_day(day, is_last)?);
        }
        for day in self.late.keys().copied().collect::<Vec<_>>() {
            alerts.extend(self.evaluate_late(day)?);
        }
        self.late = DayAggregates::new();
        self.late_buffer = EventBuffer::new();
        for alert in &alerts {
            deliver(alert)?;
        }
        let past: Vec<Day> = self
            .aggregates
            .keys()
            .copied()
            .filter(|&day| self.checkpoint.trails.are_past(day))
            .collect();
        for day in past {
            self.aggregates.remove(&day);
            self.checkpoint.closed = self.checkpoint.closed.max(Some(day));
            self.closing.push(day);
        }
        self.checkpoint
            .forget_before(self.aggregates.keys().next().copied());
        Ok(())
    }

    fn evaluate_day(&mut self, day: Day, is_last: bool) -> Result<Vec<Alert>> {
        let Some(aggregate) = self.aggregates.get(&day) else {
            return Ok(Vec::new());
        };
        let trails = &self.checkpoint.trails;
        let is_all_in = is_last || trails.are_past(day);
        let mut deferral = trails
            .sessions_known_until()
            .filter(|_| !is_all_in)
            .map(|until| Deferral {
                until,
                is_deferred: false,
            });
        let alerts = evaluate_day(DayEvaluation {
            setup: self.setup,
            generation: &mut self.generation,
            aggregate,
            event_buffer: &mut self.event_buffer,
            new_entities: &mut self.checkpoint.new_entities,
            is_late: false,
            deferral: deferral.as_mut(),
            states: &mut self.checkpoint.states,
            options: &self.options.score,
            summary: &mut self.summary,
        })?;
        if deferral.is_some_and(|deferral| deferral.is_deferred) {
            self.waiting.insert(day);
        }
        Ok(alerts)
    }

    /// Judges events that arrived after their day was closed.
    fn evaluate_late(&mut self, day: Day) -> Result<Vec<Alert>> {
        let Some(aggregate) = self.late.get(&day) else {
            return Ok(Vec::new());
        };
        evaluate_day(DayEvaluation {
            setup: self.setup,
            generation: &mut self.generation,
            aggregate,
            event_buffer: &mut self.late_buffer,
            new_entities: &mut self.checkpoint.new_entities,
            is_late: true,
            deferral: None,
            states: &mut self.checkpoint.states,
            options: &self.options.score,
            summary: &mut self.summary,
        })
    }

    /// Loads a generation that was published, and thresholds that were tuned, in the meantime.
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

    /// Records the progress, so that a run after a crash continues from here. Only then may events be removed: until then,
    /// such a run needs them.
    fn note(&mut self) -> Result<()> {
        let mut buffered = self.event_buffer.flush()?;
        buffered.retain(|day, _| !self.closing.contains(day));
        self.checkpoint.buffered = buffered;
        self.checkpoint.write(self.store.root())?;
        for day in self.closing.drain(..) {
            self.event_buffer.forget(day);
        }
        Ok(())
    }
}
