//! Law 3: the same events with the same generation give the same alerts, live or not, across stops and crashes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use plimsoll::alert::Alert;
use plimsoll::baseline::TunedThreshold;
use plimsoll::engine::{
    self, FollowOptions, LateEvents, NoProgress, OwnFiles, Progress, ScoreOptions, ScoreSummary,
    SetBy,
};
use plimsoll::error::{Error, Result};
use plimsoll::sources::ReadOptions;
use plimsoll::stats::Severity;
use plimsoll::store::{Received, Role, Store};
use plimsoll::time::Day;
use proptest::prelude::*;

use crate::calls::Call;
use crate::estate::{Dice, Line, estate, write};
use crate::published::{SCORE, new_store, score, train};

/// How far records are shuffled against their times, in seconds: less than the allowed lateness of any source.
const JITTER_SECS: usize = 400;

/// The highest severity of each episode.
type AlertStates = BTreeMap<String, Severity>;

fn note(reported: &mut AlertStates, alert: &Alert) {
    let severity = reported
        .entry(alert.alert_id.clone())
        .or_insert(alert.severity);
    *severity = (*severity).max(alert.severity);
}

/// Returns a trained store, in a folder with room for logs.
fn trained(folder: &Path) -> Store {
    let store = new_store(folder);
    let files = write(&folder.join("learnt"), [estate().learnt()]);
    train(&estate().setup, &store, files);
    store
}

/// Returns the alerts of scoring the scored days.
fn batch() -> &'static AlertStates {
    static BATCH: std::sync::OnceLock<AlertStates> = std::sync::OnceLock::new();
    BATCH.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let store = trained(folder.path());
        let mut reported = AlertStates::new();
        engine::score(
            &estate().setup,
            store.load_generation().unwrap(),
            write(&folder.path().join("scored"), [estate().scored()]),
            (&SCORE, ReadOptions::default(), None),
            engine::ToldBefore::Unknown,
            &NoProgress,
            |alert| {
                note(&mut reported, alert);
                Ok(())
            },
        )
        .unwrap();
        assert!(reported.len() > 8 && reported.values().any(|&s| s > Severity::Low));
        reported
    })
}

/// Returns the time since its first call.
fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Follows until no more input arrives.
fn follow(
    store: &Store,
    path: PathBuf,
    idle: Duration,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    follow_until(&NoProgress, store, path, idle, deliver)
}

/// A person who stops the follower as soon as it has judged something.
#[derive(Default)]
struct Impatient(AtomicBool);

impl Progress for Impatient {
    fn begin(&self, _: &str, _: Option<u64>) {}

    fn advance(&self, _: u64) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn end(&self) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns how logs are followed until the end is asked for.
fn following(paths: Vec<PathBuf>) -> FollowOptions {
    FollowOptions {
        paths,
        own: OwnFiles::default(),
        score: SCORE,
        read: ReadOptions::default(),
        locations: Vec::new(),
        received: None,
        ending: Default::default(),
        leaving: Default::default(),
        now: None,
        poll: Duration::from_millis(2),
        poll_objects: Duration::ZERO,
        until_idle: None,
        clock,
    }
}

fn follow_until(
    person: &dyn Progress,
    store: &Store,
    path: PathBuf,
    idle: Duration,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    let options = FollowOptions {
        until_idle: Some(idle),
        ..following(vec![path])
    };
    engine::follow(&estate().setup, store, &options, person, deliver, None)
}

/// A client that hands over one more record whenever what it handed over before is judged.
struct Tireless<'a> {
    received: &'a Received,
    lines: Vec<&'static Line>,
    next: AtomicUsize,
}

impl Tireless<'_> {
    fn hand_over(&self) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let line = self.lines[n];
        assert!(n < 20, "the follower does not end");
        self.received.keep(line.text.as_bytes(), line.time).unwrap();
    }
}

impl Progress for Tireless<'_> {
    fn begin(&self, _: &str, _: Option<u64>) {}

    fn advance(&self, _: u64) {
        self.hand_over();
    }

    fn end(&self) {}
}

#[test]
fn a_follower_that_is_to_end_ends_although_more_comes_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let lock = store.lock(Role::Follower).unwrap();
    let received = Arc::new(store.received(&lock).unwrap());
    let lines = live(3).into_iter();
    let client = Tireless {
        received: &received,
        lines: lines.filter(|line| line.header.is_none()).collect(),
        next: AtomicUsize::new(0),
    };
    client.hand_over();
    client.hand_over();
    let options = FollowOptions {
        received: Some(received.clone()),
        ending: Arc::new(AtomicBool::new(true)),
        ..following(Vec::new())
    };
    let at = (&store, &lock);
    let deliver = &mut |_: &Alert| Ok(());
    let setup = &estate().setup;
    let summary =
        engine::follow_holding(setup, at, &options, &client, deliver, None, &|_| {}).unwrap();
    // What was there is read, and what came since is left to the next run.
    assert_eq!(summary.intake.events, 2);
    assert_eq!(client.next.into_inner(), 3);
}

/// The shortest wait after which an unchanged file counts as complete.
const IDLE: Duration = Duration::from_millis(10);

fn follow_into(store: &Store, path: &Path, reported: &mut AlertStates) -> ScoreSummary {
    follow(store, path.to_owned(), IDLE, &mut |alert| {
        note(reported, alert);
        Ok(())
    })
    .unwrap()
}

/// Returns the scored records in the order of their times, except for some jitter.
fn live(seed: u64) -> Vec<&'static Line> {
    let mut dice = Dice(seed);
    let mut lines: Vec<(i64, &Line)> = estate()
        .scored()
        .into_iter()
        .map(|line| (line.time.secs() + dice.below(JITTER_SECS) as i64, line))
        .collect();
    lines.sort_by_key(|&(at, _)| at);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Appends records to the growing files of a folder: one for the trail, one for each kind of flow log.
fn append(folder: &Path, lines: &[&Line]) {
    fs::create_dir_all(folder).unwrap();
    for line in lines {
        let kind = line.header.as_deref().map_or(0, |h| 1 + h.len());
        let path = folder.join(format!("growing-{kind}.log"));
        let is_new = !path.exists();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        if let (true, Some(header)) = (is_new, &line.header) {
            writeln!(file, "{header}").unwrap();
        }
        writeln!(file, "{}", line.text).unwrap();
    }
}

fn pieces<'a>(lines: &'a [&'static Line], n: usize) -> impl Iterator<Item = &'a [&'static Line]> {
    lines.chunks(lines.len().div_ceil(n))
}

#[test]
fn law_3_scoring_twice_and_in_another_order_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let reported = |name: &str, lines: Vec<&Line>| {
        let files = write(&folder.path().join(name), [lines]);
        score(&estate().setup, &store, files)
    };
    let first = reported("first", estate().scored());
    assert_eq!(first, reported("first", estate().scored()));
    assert_eq!(first, reported("live", live(1)));
}

#[test]
fn law_3_following_a_growing_file_raises_the_alerts_of_scoring() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    let lines = live(2);
    let mut reported = AlertStates::new();
    let mut names = BTreeMap::new();
    let (mut n_events, mut n_days) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for piece in pieces(&lines, 40) {
                append(&logs, piece);
                std::thread::sleep(Duration::from_millis(15));
            }
        });
        let idle = Duration::from_secs(1);
        let summary = follow(&store, logs.clone(), idle, &mut |alert| {
            note(&mut reported, alert);
            let name = format!("{} {} {}", alert.analytic, alert.arm, alert.entity.id);
            names.insert(alert.alert_id.clone(), name);
            Ok(())
        });
        let summary = summary.unwrap();
        n_events = summary.intake.events;
        n_days = summary.days();
    });
    assert_eq!(n_events as usize, lines.len());
    let days: BTreeSet<Day> = lines.iter().map(|line| line.time.day()).collect();
    assert_eq!(n_days, days.len(), "however often each was judged");
    let only_live: Vec<_> = names
        .iter()
        .filter(|(id, _)| !batch().contains_key(*id))
        .collect();
    assert!(only_live.is_empty(), "{only_live:?}");
    assert_eq!(&reported, batch());
}

#[test]
fn a_threshold_that_is_tuned_while_following_applies_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    let tuned = TunedThreshold {
        budget_per_day: 12.0,
        surprise: 0.9,
        score: plimsoll::stats::rank::score(0.9),
        incidents_per_day: (6.0, 24.0),
        scores: (40.0, 60.0),
        generation: 1,
        tuned: String::new(),
    };
    let options = FollowOptions {
        score: ScoreOptions {
            budget_per_day: None,
            ..SCORE
        },
        until_idle: Some(Duration::from_secs(1)),
        ..following(vec![logs.clone()])
    };
    let lines = live(8);
    let mut thresholds = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for piece in pieces(&lines, 20) {
                append(&logs, piece);
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        let mut deliver = |alert: &Alert| {
            if thresholds.is_empty() {
                let mut tuning = store.tuning()?;
                tuning.set(None, tuned.clone());
                store.keep_tuning(&tuning)?;
            }
            thresholds.push(alert.threshold);
            Ok(())
        };
        let setup = &estate().setup;
        let summary =
            engine::follow(setup, &store, &options, &NoProgress, &mut deliver, None).unwrap();
        let in_force = &summary.thresholds[0].set_by;
        assert_eq!(*in_force, SetBy::EstateTuning(tuned.clone()));
    });
    assert!((thresholds[0] - tuned.score).abs() > 0.01);
    let last = thresholds.last().unwrap();
    assert!((last - tuned.score).abs() < 0.01, "{thresholds:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]
    /// Between two pieces somebody stops the follower; sometimes it crashes at an alert, before it could record its progress.
    #[test]
    fn law_3_following_survives_stops_and_crashes(seed: u64, n_pieces in 4..16usize) {
        stop_and_crash(seed, n_pieces)?;
    }
}

/// Here a role is seen on an instance half an hour after the first flow, with a stop in between.
#[test]
fn law_3_an_instance_that_turns_out_to_be_a_roles_was_not_told_before() {
    stop_and_crash(372_323_739_029_346_566, 8).unwrap();
}

fn stop_and_crash(seed: u64, n_pieces: usize) -> std::result::Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    let mut dice = Dice(seed);
    let mut reported = AlertStates::new();
    for piece in pieces(&live(seed), n_pieces) {
        append(&logs, piece);
        for attempt in 0.. {
            // So that a piece with many alerts also ends.
            let mut until_crash = dice.below(6) + 2 * attempt;
            let person = Impatient::default();
            let ended = follow_until(&person, &store, logs.clone(), IDLE, &mut |alert| {
                if until_crash == 0 {
                    return Err(Error::failed("crash"));
                }
                until_crash -= 1;
                note(&mut reported, alert);
                Ok(())
            });
            match ended {
                Ok(_) => break,
                Err(e) => prop_assert_eq!(e.message(), "crash"),
            }
        }
    }
    follow_into(&store, &logs, &mut reported);
    prop_assert_eq!(&reported, batch());
    Ok(())
}

#[test]
fn law_3_a_crash_at_the_checkpoint_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    // The file to which the checkpoint is written first.
    let obstacle = store.root().join("follow.checkpoint.unfinished");
    let mut reported = AlertStates::new();
    for piece in pieces(&live(3), 6) {
        append(&logs, piece);
        fs::create_dir(&obstacle).unwrap();
        let crashed = follow(&store, logs.clone(), IDLE, &mut |alert| {
            note(&mut reported, alert);
            Ok(())
        });
        assert!(crashed.unwrap_err().message().contains("follow.checkpoint"));
        fs::remove_dir(&obstacle).unwrap();
        follow_into(&store, &logs, &mut reported);
    }
    assert_eq!(&reported, batch());
}

#[test]
fn law_3_files_may_arrive_compressed_and_out_of_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let mut reported = AlertStates::new();
    for (n, piece) in pieces(&live(4), 8).enumerate() {
        let staging = folder.path().join(format!("staging-{n}"));
        for file in write(&staging, [piece.to_vec()]) {
            let packed = logs.join(format!("{n}-{}.gz", reported.len() + n));
            let name = file.path().unwrap().file_name().unwrap();
            let packed = packed.with_file_name(format!("{n}-{}.gz", name.to_str().unwrap()));
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder
                .write_all(&fs::read(file.path().unwrap()).unwrap())
                .unwrap();
            let bytes = encoder.finish().unwrap();
            // First only half of it: a file is read when it is complete.
            fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
            follow_into(&store, &logs, &mut reported);
            fs::write(&packed, &bytes).unwrap();
        }
        follow_into(&store, &logs, &mut reported);
    }
    assert_eq!(&reported, batch());
}

#[test]
fn law_3_a_file_may_start_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    let mut reported = AlertStates::new();
    let mut n_events = 0;
    let lines = live(5);
    // Shorter and longer pieces in turn, so that a file that starts again is sometimes longer than the one before.
    let mut rest = &lines[..];
    let mut turn = 0;
    while !rest.is_empty() {
        let length = [lines.len() / 20, lines.len() / 6][turn % 2].min(rest.len());
        let (piece, more) = rest.split_at(length);
        rest = more;
        if logs.exists() {
            for entry in fs::read_dir(&logs).unwrap() {
                OpenOptions::new()
                    .write(true)
                    .truncate(true)
                    .open(entry.unwrap().path())
                    .unwrap();
            }
            if turn % 3 == 0 {
                // Let the follower see the empty file.
                n_events += follow_into(&store, &logs, &mut reported).intake.events;
            }
            fs::remove_dir_all(&logs).unwrap();
        }
        append(&logs, piece);
        n_events += follow_into(&store, &logs, &mut reported).intake.events;
        turn += 1;
    }
    assert_eq!(n_events as usize, lines.len());
    assert_eq!(&reported, batch());
}

#[test]
fn law_3_events_after_their_day_was_closed_are_reported_separately() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let split = estate().split();
    let sweep = |day: Day, calls: i64| -> Vec<Line> {
        let call = |n: i64| Call {
            bucket: format!("bucket-{}", n % 300),
            ..Call::new(
                day.start().plus_secs(40_000 + n),
                "courier",
                day.0 as u64 * 10_000 + n as u64,
            )
        };
        (0..calls).map(|n| call(n).line()).collect()
    };
    let days = estate().days().filter(|&day| day < split);
    let quiet: Vec<Line> = days.flat_map(|day| sweep(day, 3)).collect();
    let mut learnt = estate().learnt();
    learnt.extend(&quiet);
    train(
        &estate().setup,
        &store,
        write(&folder.path().join("learnt"), [learnt]),
    );
    let logs = folder.path().join("logs");
    append(&logs, &live(7));
    let mut reported = AlertStates::new();
    assert!(follow_into(&store, &logs, &mut reported).late.is_empty());
    let late = sweep(split, 3_000);
    append(&logs, &late.iter().collect::<Vec<_>>());
    let mut reported_late = AlertStates::new();
    let summary = follow_into(&store, &logs, &mut reported_late);
    let of_day = LateEvents {
        events: 3_000,
        not_judged: 0,
    };
    assert_eq!(summary.late, BTreeMap::from([(split, of_day)]));
    assert!(!reported_late.is_empty());
    assert!(reported_late.keys().all(|id| !reported.contains_key(id)));
}

#[test]
fn law_6_a_record_as_large_as_records_may_be_does_not_stop_a_follower() {
    let folder = tempfile::tempdir().unwrap();
    let store = trained(folder.path());
    let logs = folder.path().join("logs");
    let large = Call {
        session: format!("{}@example.com", "x".repeat(300_000)),
        user_agent: "y".repeat(100_000),
        ..Call::new(estate().split().start().plus_secs(60), "visitor", 1)
    };
    append(&logs, &[&large.line()]);
    let mut reported = AlertStates::new();
    for piece in pieces(&live(6), 2) {
        append(&logs, piece);
        follow_into(&store, &logs, &mut reported);
    }
    assert!(batch().keys().all(|id| reported.contains_key(id)));
}
