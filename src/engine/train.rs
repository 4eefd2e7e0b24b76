//! The learner: it adds new days to the store, and publishes a generation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crossbeam_channel::bounded;

use crate::baseline::{
    CalibrationLog, DriftReport, OPEN_DAYS, SilentTrail, TRAIT_MEMORY_DAYS, Tuning, YoungLog,
};
use crate::config::Approval;
use crate::engine::coverage::{AnalyticCoverage, CoveredLogs, assess};
use crate::engine::gathering::{Gathering, StagedDay};
use crate::engine::intake::{Intake, IntakeSummary, KeepRejects, totals_of};
use crate::engine::learning::{Learnt, Lesson, learn, memory_begins};
use crate::engine::retention::{Removed, remove_outdated};
use crate::engine::thresholds::{InForce, in_force};
use crate::engine::tune::{OutgrownThreshold, outgrown, seen};
use crate::engine::{Progress, Setup, cancelled};
use crate::error::{Error, Result};
use crate::identity::machine_of;
use crate::learn::Exclusions;
use crate::measure::{DayAggregate, Reached, Room, is_others};
use crate::objects::Series;
use crate::sources::{self, FileReport, InputFile, ReadOptions};
use crate::store::{DayEntry, Learner, Ledger, LedgerEntry, Lock, Manifest, Role, Store, Verdicts};
use crate::time::Day;
use crate::vocab::EntityKind;

/// If a scored day grew by more than this fraction, it and all days after it are scored again.
const RESCORE_GROWTH: f64 = 0.01;

/// Days that are made ready while one is learnt.
const DAYS_AHEAD: usize = 1;

/// The result of a training.
#[derive(Debug)]
pub struct TrainSummary {
    /// What was read.
    pub intake: IntakeSummary,
    /// The generation in force afterwards; 0 if there is none.
    pub generation: u64,
    /// Whether it is a new one.
    pub published: bool,
    /// Days that changed.
    pub days_changed: usize,
    /// Days in the store.
    pub days: usize,
    /// Days that were learnt for it: those that changed, and those since the newest state of learning that still counted.
    pub days_replayed: usize,
    /// Entities with a baseline, by kind.
    pub entities: BTreeMap<&'static str, usize>,
    /// The logs that began later than the store and are still learnt.
    pub learning: Vec<YoungLog>,
    /// Whole days in the stored distributions.
    pub calibration_days: u32,
    /// The bounds that days reached which changed.
    pub reached: BTreeMap<Day, Reached>,
    /// Entities that were forgotten since the store had too many.
    pub n_forgotten: u64,
    /// Baselines that drift.
    pub drift_report: DriftReport,
    /// The drift before this training.
    pub movement_before: Option<DriftReport>,
    /// Alerts that were confirmed since the last training, so that their activity was left out.
    pub exclusions: usize,
    /// Alerts that no longer count as true, so that their activity was learnt again.
    pub learnt_again: usize,
    /// The thresholds in force, if something was published.
    pub thresholds: Vec<InForce>,
    /// What the enabled analytics see and do not see, if something was published.
    pub coverage: Vec<AnalyticCoverage>,
    /// The trails that fell silent, while others of their provider go on.
    pub silent: Vec<SilentTrail>,
    /// Tuned thresholds that no longer fit.
    pub outgrown: Vec<OutgrownThreshold>,
    /// Machines first seen on a day that was learnt, whose flows belong to no identity: the key under which a configuration
    /// binds each, and its name.
    pub unbound: Vec<(&'static str, String)>,
    /// Alerts and verdicts that were removed because of their age.
    pub removed: Option<Removed>,
}

/// Learns new days from the logs, publishes a generation, and removes alerts that are older than is configured.
///
/// # Errors
///
/// Fails if another process is training, the disk fails, or the user stops it. What was in force before then still is.
pub fn train(
    setup: &Setup,
    store: &Store,
    files: Vec<InputFile>,
    options: ReadOptions,
    rejects: Option<&dyn KeepRejects>,
    progress: &dyn Progress,
) -> Result<TrainSummary> {
    let lock = store.lock(Role::Learner)?;
    let reading = (options, rejects);
    train_and_remove(setup, store, &lock, files, reading, progress)
}

/// Learns as [`train`] does, for the holder of the lock.
pub(super) fn train_and_remove(
    setup: &Setup,
    store: &Store,
    lock: &Lock,
    files: Vec<InputFile>,
    reading: (ReadOptions, Option<&dyn KeepRejects>),
    progress: &dyn Progress,
) -> Result<TrainSummary> {
    let trained = train_holding(setup, store, lock, files, reading, progress)?;
    Ok(TrainSummary {
        removed: remove_outdated(setup, store, lock, progress),
        ..trained
    })
}

/// Returns the first day that is learnt: of a store with these days, older ones are forgotten.
pub(super) fn oldest_learnt(stored: impl Iterator<Item = Day>) -> Option<Day> {
    Some(memory_begins(stored.max()?))
}

/// Learns as [`train`] does, for the holder of the lock, and removes nothing from the archive.
pub(super) fn train_holding(
    setup: &Setup,
    store: &Store,
    lock: &Lock,
    files: Vec<InputFile>,
    (options, rejects): (ReadOptions, Option<&dyn KeepRejects>),
    progress: &dyn Progress,
) -> Result<TrainSummary> {
    let learner = store.begin_learning(lock)?;
    let manifest = store.manifest()?;
    let published = manifest.as_ref().map_or(0, |m| m.generation);
    let beginning = Beginning {
        ledger: learner.ledger(published)?,
        manifest,
        published,
        is_return: false,
    };
    let reading = (options, rejects);
    train_from(
        setup,
        store,
        (lock, &learner, beginning),
        files,
        reading,
        progress,
    )
}

/// What a training begins with.
pub(super) struct Beginning {
    /// The generation whose days and states it goes on from.
    pub manifest: Option<Manifest>,
    /// The files that were learnt for it.
    pub ledger: Ledger,
    /// The generation in force, after which the next is counted.
    pub published: u64,
    /// Whether it goes back to an earlier generation, which is published anew.
    pub is_return: bool,
}

/// Learns as [`train_holding`] does, from a beginning.
pub(super) fn train_from(
    setup: &Setup,
    store: &Store,
    (lock, learner, beginning): (&Lock, &Learner, Beginning),
    files: Vec<InputFile>,
    (options, rejects): (ReadOptions, Option<&dyn KeepRejects>),
    progress: &dyn Progress,
) -> Result<TrainSummary> {
    let Beginning {
        manifest,
        mut ledger,
        published,
        is_return,
    } = beginning;
    let tuning = store.tuning()?;
    let verdicts = store.verdicts()?;
    let log = match &manifest {
        Some(manifest) => store.load_calibration_log(manifest)?,
        None => CalibrationLog::default(),
    };
    let number = published + 1;
    let stored: BTreeMap<Day, DayEntry> = manifest
        .iter()
        .flat_map(|m| m.days.iter().map(|d| (d.day, d.clone())))
        .collect();
    let oldest = oldest_learnt(stored.keys().copied());

    let reading = options.reading();
    // Days before the period were not listed.
    let listed = match options.period.since {
        Some(_) => BTreeMap::new(),
        None => listed_days(&files),
    };
    let object = files.iter().find(|file| file.object().is_some()).cloned();
    let (files, known_files) = unknown_files(files, &ledger, &reading);
    let room = match &manifest {
        Some(manifest) if !files.is_empty() => {
            Room::beside(Arc::new(store.load_generation_of(manifest)?))
        }
        _ => Room::at_first(),
    };
    let gathering = Gathering::new((setup, store), number, &stored, oldest, room);
    let mut intake = Intake {
        setup,
        files,
        options,
        rejects,
    }
    .run_on_all_cores(progress, || gathering.taker())?;
    let mut changed = gathering.n_new();
    let too_old = gathering.n_too_old();
    // Events that are too old are not repeated ones.
    intake.repeated -= too_old;
    intake.known_files = known_files;
    intake.too_old = too_old;
    intake.objects = object.and_then(|object| totals_of(&[object]));
    let exclusions_before = manifest.as_ref().map(|m| &m.exclusions);
    let is_judged_anew =
        exclusions_before.is_some_and(|before| *before != found_true(&verdicts, &stored));
    if changed.is_empty() && !is_judged_anew && !is_return {
        return Ok(TrainSummary {
            generation: published,
            published: false,
            days_changed: 0,
            days: stored.len(),
            days_replayed: 0,
            entities: BTreeMap::new(),
            learning: Vec::new(),
            calibration_days: log.pooled.days(),
            reached: BTreeMap::new(),
            n_forgotten: 0,
            drift_report: DriftReport::default(),
            movement_before: None,
            exclusions: 0,
            learnt_again: 0,
            thresholds: Vec::new(),
            coverage: Vec::new(),
            silent: Vec::new(),
            outgrown: Vec::new(),
            unbound: Vec::new(),
            removed: None,
            intake,
        });
    }

    let last = stored
        .keys()
        .next_back()
        .copied()
        .max(changed.keys().next_back().copied())
        .unwrap_or(Day(0));
    let oldest = memory_begins(last);
    intake.too_old += changed.range(..oldest).map(|(_, n)| n).sum::<u64>();
    changed.retain(|day, _| *day >= oldest);
    let n_dropped = stored.range(..oldest).count();
    if n_dropped > stored.len() / 2 && n_dropped > changed.len() {
        return Err(would_forget(n_dropped, stored.len(), last));
    }
    let mut days: BTreeMap<Day, DayEntry> = stored
        .range(oldest..)
        .map(|(d, e)| (*d, e.clone()))
        .collect();
    let no_verdicts = BTreeSet::new();
    let exclusions_before = exclusions_before.unwrap_or(&no_verdicts);
    let is_true = |id: &&String| verdicts.get(*id).is_some_and(|verdict| verdict.is_true);
    let learnt_again = exclusions_before.iter().filter(|id| !is_true(id)).count();
    // Removed values are no longer in the log; they return only if everything is scored again.
    let log = if is_scored_day_grown(&days, &changed) || learnt_again > 0 {
        days.values_mut()
            .for_each(|entry| entry.scored_events = None);
        CalibrationLog::default()
    } else {
        let mut log = log;
        for verdict in verdicts.values().filter(|v| v.is_true) {
            log.forget(&verdict.entity, verdict.day, &verdict.analytic);
        }
        log
    };

    let measured_by = &*setup.measured_by();
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let kept = days.iter().map(|(day, entry)| (*day, entry.file.clone()));
    let written = changed.keys();
    let written = written.map(|day| (*day, store.name_of_day(*day, number)));
    let lesson = Lesson {
        setup,
        peer_group_of: &peer_group_of,
        exclusions: exclusions_of(&verdicts),
        days: kept.chain(written).collect(),
        states: manifest.as_ref().map_or(&[], |m| &m.states),
        log,
        number,
    };
    let (learnt, staged) = std::thread::scope(|scope| {
        let (sender, receiver) = bounded(DAYS_AHEAD);
        let days_changed = &changed;
        let staging = scope.spawn(move || {
            let mut staged = Vec::new();
            for &day in days_changed.keys() {
                let (aggregate, entry) = stage(store, &gathering, day, measured_by)?;
                staged.push((entry, aggregate.reached()));
                // Nobody waits for it if the learning was stopped.
                if sender.send(aggregate).is_err() {
                    break;
                }
            }
            Ok(staged)
        });
        // Days that changed come in order, and each of them is learnt.
        let load = |day: Day| match days.get(&day).filter(|_| !changed.contains_key(&day)) {
            Some(entry) => store.load_day(entry),
            None => match receiver.recv() {
                Ok(aggregate) if aggregate.day == day => Ok(aggregate),
                _ => Err(Error::failed(format!("{day} could not be made ready"))),
            },
        };
        let learnt = learn(lesson, store, load, progress);
        drop(receiver);
        let staged: Result<Vec<(DayEntry, Reached)>> = staging
            .join()
            .unwrap_or_else(|_| Err(Error::failed("the thread that writes days died")));
        // If a day could not be written, that is why it could not be learnt.
        let staged = staged?;
        Ok((learnt?, staged))
    })?;
    let Learnt {
        replay,
        states,
        n_replayed,
    } = learnt;
    let mut all_reached = BTreeMap::new();
    for (mut entry, reached) in staged {
        if !reached.is_empty() {
            all_reached.insert(entry.day, reached);
        }
        if let Some(before) = days.get(&entry.day) {
            entry.scored_events = before.scored_events;
            entry.measured_by.extend(before.measured_by.iter().cloned());
        }
        days.insert(entry.day, entry);
    }
    if let Some(through) = replay.log.through {
        for entry in days.values_mut().filter(|e| e.day <= through) {
            entry.scored_events.get_or_insert(entry.events);
        }
    }

    let mut generation = replay.generation_without_baselines(number);
    let movement_before = match &manifest {
        Some(manifest) => Some(store.load_drift_report(manifest)?),
        None => None,
    };
    generation.tuning = tuning;
    enter(&mut ledger, &intake, (number, &reading), last);
    let today = setup.now.day();
    enter_listed(&mut ledger, &listed, (number, &reading), (last, today));
    let baselines = replay.baselines().map(Ok);
    let staged = store.stage_generation_of(&generation, baselines, &replay.log)?;
    learner.stage_ledger(&ledger, published)?;
    if progress.is_cancelled() {
        return Err(cancelled());
    }
    let mut manifest = Manifest::new(number, staged.into_name(), days.values().cloned().collect());
    manifest.exclusions = found_true(&verdicts, &days);
    manifest.states = states;
    let n_unlearnt = manifest.exclusions.difference(exclusions_before).count();
    store.publish(&manifest, lock)?;
    store.note_approvals(setup.config.approvals.iter().map(Approval::id), last)?;
    let outgrown = if generation.tuning == Tuning::default() {
        Vec::new()
    } else {
        let seen = seen(setup, &replay.log);
        outgrown(&generation, &seen)
    };
    let known = || replay.memory().first_days();
    let mut entities = BTreeMap::new();
    for (entity, _) in known() {
        *entities.entry(entity.kind.as_str()).or_insert(0) += 1;
    }
    let unbound = known()
        .filter(|(entity, first)| {
            entity.kind == EntityKind::Identity && changed.contains_key(first)
        })
        .filter(|(entity, _)| !is_others(entity))
        .filter_map(|(entity, _)| machine_of(&entity.id))
        .map(|(key, name)| (key, name.to_owned()))
        .collect();
    // Until thresholds are calibrated, they follow from how many identities are known.
    let thresholds = match generation.calibration.is_provisional() {
        true => in_force(&setup.analytics, &store.load_generation()?, None),
        false => in_force(&setup.analytics, &generation, None),
    };
    let covered = CoveredLogs::of(setup, &generation);
    Ok(TrainSummary {
        unbound,
        removed: None,
        intake,
        generation: number,
        published: true,
        days_changed: changed.len(),
        days: days.len(),
        days_replayed: n_replayed,
        entities,
        learning: covered.learning,
        calibration_days: generation.calibration.days,
        reached: all_reached,
        n_forgotten: replay.n_forgotten(),
        exclusions: n_unlearnt,
        learnt_again,
        thresholds,
        coverage: assess(setup, &covered.days, &covered.silent),
        silent: covered.silent,
        outgrown,
        drift_report: generation.drift_report,
        movement_before,
    })
}

/// Returns the alerts of stored days that were confirmed.
fn found_true(verdicts: &Verdicts, days: &BTreeMap<Day, DayEntry>) -> BTreeSet<String> {
    verdicts
        .values()
        .filter(|verdict| verdict.is_true && days.contains_key(&verdict.day))
        .map(|verdict| verdict.alert_id.clone())
        .collect()
}

/// Returns the exclusions that follow from verdicts.
pub fn exclusions_of(verdicts: &Verdicts) -> Exclusions {
    let mut exclusions = Exclusions::default();
    for verdict in verdicts.values().filter(|verdict| verdict.is_true) {
        let metrics = verdict.metrics.iter().copied();
        exclusions.add(&verdict.entity, verdict.day, &verdict.analytic, metrics);
    }
    exclusions
}

/// Writes a day that changed, and returns it.
fn stage(
    store: &Store,
    gathering: &Gathering,
    day: Day,
    measured_by: &str,
) -> Result<(DayAggregate, DayEntry)> {
    let StagedDay {
        staged,
        events,
        aggregate,
    } = gathering.stage(day)?;
    let entry = DayEntry {
        day,
        file: staged.into_name(),
        events,
        scored_events: None,
        measured_by: BTreeSet::from([measured_by.to_owned()]),
    };
    let aggregate = match aggregate {
        Some(aggregate) => aggregate,
        None => store.load_day(&entry)?,
    };
    Ok((aggregate, entry))
}

/// One wrong date must not empty a store. A user that wants this can start a new store.
fn would_forget(n_dropped: usize, n_stored: usize, last: Day) -> Error {
    Error::failed(format!(
        "these logs reach to {last}, and {n_dropped} of the {n_stored} days in the store would be forgotten: they lie \
         more than {TRAIT_MEMORY_DAYS} days before"
    ))
    .hint_by_command("if the date is right, start again with another `--store`")
}

/// Returns whether a day grew so much after it was scored that the stored distributions no longer represent it.
fn is_scored_day_grown(days: &BTreeMap<Day, DayEntry>, changed: &BTreeMap<Day, u64>) -> bool {
    let first_scored = days
        .values()
        .filter(|e| e.scored_events.is_some())
        .map(|e| e.day)
        .min();
    let last_scored = days
        .values()
        .filter(|e| e.scored_events.is_some())
        .map(|e| e.day)
        .max();
    changed.iter().any(|(day, &more)| match days.get(day) {
        Some(DayEntry {
            scored_events: Some(scored),
            events,
            ..
        }) => (events + more).saturating_sub(*scored) as f64 > RESCORE_GROWTH * *scored as f64,
        // A day that appears among scored ones, or before them, changes every later baseline.
        _ => first_scored.is_some() && last_scored.is_some_and(|last| *day <= last),
    })
}

/// Leaves out files whose exact content was learnt before.
fn unknown_files(files: Vec<InputFile>, ledger: &Ledger, reading: &str) -> (Vec<InputFile>, u64) {
    if ledger.is_empty() {
        return (files, 0);
    }
    let before = files.len();
    let files: Vec<InputFile> = files
        .into_iter()
        .filter(|file| learnt_before(file, ledger, reading).is_none())
        .collect();
    let known = (before - files.len()) as u64;
    (files, known)
}

/// Returns what is known of a file that was learnt, and of which such a reading makes no more.
pub(super) fn learnt_before<'l>(
    file: &InputFile,
    ledger: &'l Ledger,
    reading: &str,
) -> Option<&'l LedgerEntry> {
    let entry = ledger.get(&sources::content_hash_of(file)?)?;
    let is_complete = |under: &String| under == reading;
    entry
        .incomplete
        .as_ref()
        .is_none_or(is_complete)
        .then_some(entry)
}

/// Records the files that were read to their end. Of one with rejected records, another reading may make more: by a newer
/// version, or where no format is forced. It is then read once more, and the events that were learnt are recognised. A file
/// that could not be read, that is not opened, or has events of the future or outside the period that was asked for, is read again each time.
fn enter(ledger: &mut Ledger, intake: &IntakeSummary, (number, reading): (u64, &str), last: Day) {
    let is_learnt = |file: &&FileReport| {
        file.error.is_none()
            && !intake.files_with_future.contains(&file.file)
            && !file.is_stdin()
            && !file.is_unopened()
            && !file.is_cut_by_period()
    };
    for report in intake.files.iter().filter(is_learnt) {
        let entry = LedgerEntry {
            name: report.file.to_string(),
            generation: number,
            bytes: report.bytes_raw,
            events: report.events,
            last_day: Some(last),
            incomplete: report.may_hold_more().then(|| reading.to_owned()),
        };
        ledger.insert(report.content_hash, entry);
    }
    // If all days of a file are forgotten, the file adds nothing when it is read again: its events are too old.
    ledger.retain(|_, entry| {
        entry
            .last_day
            .is_none_or(|day| last.since(day) < 2 * TRAIT_MEMORY_DAYS)
    });
}

/// The objects of a series, by their day.
type ListedDays = BTreeMap<Series, BTreeMap<Day, Vec<u128>>>;

/// Returns the objects of each series that was listed, learnt or not.
fn listed_days(files: &[InputFile]) -> ListedDays {
    let mut listed = ListedDays::new();
    for object in files.iter().filter_map(InputFile::object) {
        if let Some((series, day)) = object.listed() {
            let days = listed.entry(series).or_default();
            days.entry(day).or_default().push(object.identity());
        }
    }
    listed
}

/// Stands between a series and the last day up to which all its objects were learnt, in the name of what the ledger has of it.
const THROUGH: &str = " through ";

/// Records up to which day all objects of each series were learnt, so that the days before need not be listed again. A day that is
/// yet to come tells nothing of the days until then.
fn enter_listed(
    ledger: &mut Ledger,
    listed: &ListedDays,
    (number, reading): (u64, &str),
    (last, today): (Day, Day),
) {
    for (series, days) in listed {
        let is_learnt =
            |(_, objects): &(&Day, &Vec<u128>)| objects.iter().all(|id| ledger.contains_key(id));
        let Some((through, _)) = days.range(..=today).take_while(is_learnt).last() else {
            continue;
        };
        let entry = LedgerEntry {
            name: format!("{series}{THROUGH}{through}"),
            generation: number,
            bytes: 0,
            events: 0,
            last_day: Some(last),
            incomplete: Some(reading.to_owned()),
        };
        ledger.insert(series.identity(), entry);
    }
}

/// Returns the first day that is to be listed of each series of objects that was learnt so far: late objects come within a week
/// of the last day of which all were learnt. Another reading may make more of objects that were learnt, so it lists all. What names
/// a day that is yet to come does not count, and its series is listed as a new one.
///
/// # Errors
///
/// Fails if another process is training, or the store cannot be read.
pub fn listed_before(
    store: &Store,
    options: &ReadOptions,
    today: Day,
) -> Result<BTreeMap<Series, Day>> {
    let Some(manifest) = store.manifest()? else {
        return Ok(BTreeMap::new());
    };
    let lock = store.lock(Role::Learner)?;
    let ledger = store.begin_learning(&lock)?.ledger(manifest.generation)?;
    Ok(first_listed(&ledger, &options.reading(), today))
}

fn first_listed(ledger: &Ledger, reading: &str, today: Day) -> BTreeMap<Series, Day> {
    let of_entry = |(key, entry): (&u128, &LedgerEntry)| {
        let (series, through) = entry.name.rsplit_once(THROUGH)?;
        let (series, through) = (Series::parse(series)?, Day::parse(through)?);
        let is_of_reading = entry.incomplete.as_deref() == Some(reading);
        let is_one = series.identity() == *key && is_of_reading && through <= today;
        is_one.then(|| (series, through.plus(1 - OPEN_DAYS)))
    };
    ledger.iter().filter_map(of_entry).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::NoProgress;
    use crate::event::Source;
    use crate::time::Time;

    #[test]
    fn a_key_of_a_day_to_come_ends_no_series() {
        let series = Series::parse("s3://b/eu/YYYY/MM/DD").unwrap();
        let day = |text| Day::parse(text).unwrap();
        let (known, today) = (day("2026-03-16"), day("2026-03-20"));
        let entry = LedgerEntry {
            name: "an object".to_owned(),
            generation: 1,
            bytes: 1,
            events: 1,
            last_day: Some(known),
            incomplete: None,
        };
        let to_come = day("2099-01-01");
        let days = BTreeMap::from([(known, vec![1]), (to_come, vec![2])]);
        let mut ledger = Ledger::from([(1, entry.clone()), (2, entry)]);
        let listed = ListedDays::from([(series.clone(), days)]);
        enter_listed(&mut ledger, &listed, (1, "2"), (known, today));
        let first = |ledger: &Ledger| first_listed(ledger, "2", today).get(&series).copied();
        assert_eq!(first(&ledger), Some(known.plus(1 - OPEN_DAYS)));
        // A row that was written so does not count, until another takes its place.
        let row = ledger.get_mut(&series.identity()).unwrap();
        row.name = format!("{series}{THROUGH}{to_come}");
        assert_eq!(first(&ledger), None);
        enter_listed(&mut ledger, &listed, (2, "2"), (known, today));
        assert_eq!(first(&ledger), Some(known.plus(1 - OPEN_DAYS)));
    }

    /// Trains on all of a folder at an instant.
    fn train_at(now: &str, folder: &std::path::Path, format: Option<Source>) -> TrainSummary {
        let now = Time::parse(now).unwrap();
        let setup = Setup::new(Config::default(), Vec::new(), now);
        let files = sources::discover(&[folder.join("logs")]).unwrap();
        let store = Store::at(folder.join("store"));
        let options = ReadOptions {
            format,
            ..ReadOptions::default()
        };
        train(&setup, &store, files, options, None, &NoProgress).unwrap()
    }

    fn flow(at: &str) -> String {
        let start = Time::parse(at).unwrap().secs();
        let end = start + 59;
        format!(
            "2 111122223333 eni-1 10.0.0.5 203.0.113.7 40000 443 6 1 100 {start} {end} ACCEPT OK\n"
        )
    }

    fn folder_with(flows: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("logs")).unwrap();
        let text: String = flows.iter().map(|at| flow(at)).collect();
        std::fs::write(folder.path().join("logs/flows.log"), text).unwrap();
        folder
    }

    #[test]
    fn a_file_with_events_of_the_future_is_learnt_when_they_are_past() {
        let folder = folder_with(&["2026-03-02T10:00:00Z", "2026-03-04T10:00:00Z"]);
        let train = |now| {
            let trained = train_at(now, folder.path(), None);
            let intake = &trained.intake;
            let read = (intake.events, intake.future, intake.known_files);
            (trained.published, trained.generation, read)
        };
        assert_eq!(train("2026-03-01T00:00:00Z"), (false, 0, (0, 2, 0)));
        assert_eq!(train("2026-03-03T00:00:00Z"), (true, 1, (1, 1, 0)));
        assert_eq!(train("2026-03-05T00:00:00Z"), (true, 2, (1, 0, 0)));
        assert_eq!(train("2026-03-06T00:00:00Z"), (false, 2, (0, 0, 1)));
    }

    #[test]
    fn a_file_that_was_read_in_a_wrong_format_is_read_again() {
        let folder = folder_with(&["2026-03-02T10:00:00Z"]);
        let train = |format| {
            let trained = train_at("2026-03-05T00:00:00Z", folder.path(), format);
            (trained.published, trained.intake.events)
        };
        let trail = r#"{"eventVersion":"1.09","eventID":"e1","eventTime":"2026-03-02T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/eve","accountId":"111122223333"}}"#;
        std::fs::write(folder.path().join("logs/trail.jsonl"), trail).unwrap();
        assert_eq!(train(Some(Source::AwsCloudTrail)), (true, 1));
        assert_eq!(train(None), (true, 1));
    }
}
