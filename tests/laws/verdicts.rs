//! The verdict of an analyst on an alert: baselines are a function of the events and the verdicts.

use std::path::Path;

use plimsoll::alert::alert_id;
use plimsoll::baseline::{Baseline, CalibrationLog, Generation};
use plimsoll::engine::{self, Feedback, NoProgress, Question, Reported, Setup, VerdictInput};
use plimsoll::sources::ReadOptions;
use plimsoll::store::Store;
use plimsoll::time::Day;
use plimsoll::vocab::{Entity, EntityKind, Trait};
use proptest::prelude::*;

use crate::calls::Call;
use crate::estate::{Line, estate, setup, write};
use crate::published::{Published, new_store, train};

const ANALYTIC: &str = "AN1594";

fn entity() -> Entity {
    Entity {
        kind: EntityKind::Identity,
        id: call(Day(0), 0).identity().as_str().into(),
    }
}

/// The index of a call, and its second of the day.
fn call(day: Day, second: i64) -> Call {
    let number = day.0 as u64 * 100_000 + second as u64;
    Call::new(day.start().plus_secs(second), "courier", number)
}

/// The daily activity of the courier: a listing or two, and a write.
fn quiet(day: Day, listings: i64) -> Vec<Line> {
    let listing = |n| call(day, 30_000 + 600 * n);
    let write = Call {
        operation: "PutObject",
        ..call(day, 50_000)
    };
    let calls = (0..listings).map(listing).chain([write]);
    calls.map(|call| call.line()).collect()
}

/// A sweep over many buckets with a client that is new for the courier.
fn attack(day: Day, second: i64, n_calls: i64) -> Vec<Line> {
    let sweep = |n: i64| Call {
        bucket: format!("bucket-{n}"),
        user_agent: "rclone/1.6".to_owned(),
        ..call(day, second + n)
    };
    (0..n_calls).map(|n| sweep(n).line()).collect()
}

fn say(setup: &Setup, store: &Store, day: Day, is_true: bool, is_later: bool) -> Feedback {
    let alert = Reported {
        alert_id: alert_id(ANALYTIC, &entity(), day.start()),
        analytic: ANALYTIC.into(),
        entity: entity(),
        day,
        surprise: 4.0,
    };
    let judgement = VerdictInput {
        is_true,
        note: None,
        is_later,
    };
    engine::feedback(setup, store, (&alert, judgement), &NoProgress).unwrap()
}

fn learnt(setup: &Setup, folder: &Path, lines: &[Line]) -> Store {
    let store = new_store(folder);
    let files = write(&folder.join("logs"), [lines.iter().collect()]);
    train(setup, &store, files);
    store
}

fn log(store: &Store) -> CalibrationLog {
    let manifest = store.published().unwrap();
    store.load_calibration_log(&manifest).unwrap()
}

fn has_extreme(log: &CalibrationLog, day: Day) -> bool {
    let of_day = log.extremes.get(&day).into_iter().flatten();
    of_day
        .filter(|extreme| extreme.entity == entity())
        .any(|extreme| extreme.analytics.iter().any(|said| *said.by == *ANALYTIC))
}

/// The part of a baseline that judging uses: everything except how many events there were, in which hours, and on how many
/// days a known value was seen.
fn judged_by(generation: &Generation) -> (Baseline, Vec<(Trait, Vec<u64>, bool)>) {
    let baseline = generation.baselines[&entity()].clone();
    let known = baseline.traits.iter();
    let known = known.map(|(t, known)| (*t, known.hashes().to_vec(), known.is_saturated()));
    let known = known.collect();
    let rest = Baseline {
        n_events: 0,
        hours: Vec::new(),
        traits: Vec::new(),
        ..baseline
    };
    (rest, known)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn law_5_what_turned_out_to_be_true_was_never_learnt(
        n_days in 4..11i32,
        at in 1..10i32,
        second in 0..80_000i64,
        n_calls in 1..400i64,
    ) {
        let setup = setup(Default::default());
        let first = Day::parse("2026-03-02").unwrap();
        let struck = first.plus(at.min(n_days - 1));
        let days = (0..n_days).map(|n| first.plus(n));
        // On the day itself the courier does nothing else that the analytic uses.
        let peace: Vec<Line> = days
            .flat_map(|day| quiet(day, if day == struck { 0 } else { 1 + i64::from(day.0 % 2) }))
            .collect();
        let mut war = peace.clone();
        war.extend(attack(struck, second, n_calls));

        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let spared = learnt(&setup, folders[0].path(), &peace).load_generation().unwrap();
        let store = learnt(&setup, folders[1].path(), &war);
        let poisoned = store.load_generation().unwrap();
        prop_assert_ne!(judged_by(&poisoned), judged_by(&spared));

        let said = say(&setup, &store, struck, true, false);
        prop_assert_eq!(said.training.map(|t| (t.exclusions, t.learnt_again)), Some((1, 0)));
        let healed = store.load_generation().unwrap();
        prop_assert_eq!(judged_by(&healed), judged_by(&spared));
        prop_assert!(!has_extreme(&log(&store), struck));
        // No other baseline changes, except the sums over many identities, which are bounded in any case.
        let (healed_all, spared_all) = (Published::of(&healed), Published::of(&spared));
        let differing = healed_all.differences(&spared_all);
        // Log coverage is independent of what is normal.
        let is_sum = |name: &&str| name.starts_with("role ") || name.starts_with("region ") || *name == "coverage"
            || name.contains("\"roles\"") || name.contains("regions\"");
        let own = format!("identity {}", entity().id);
        let rest: Vec<_> = differing.into_iter().filter(|name| *name != own && !is_sum(name)).collect();
        prop_assert!(rest.is_empty(), "{:?}", rest);

        // A verdict that is there from the start has the same effect, and a withdrawn one undoes it.
        let early = new_store(folders[2].path());
        say(&setup, &early, struck, true, false);
        let files = write(&folders[2].path().join("logs"), [war.iter().collect()]);
        train(&setup, &early, files);
        let early = Published::of(&early.load_generation().unwrap());
        prop_assert!(early.differences(&healed_all).is_empty());
        say(&setup, &store, struck, false, false);
        let again = Published::of(&store.load_generation().unwrap());
        prop_assert!(again.differences(&Published::of(&poisoned)).is_empty());
    }
}

#[test]
fn a_false_alert_changes_no_baseline_and_a_later_verdict_waits_for_the_next_training() {
    let setup = setup(Default::default());
    let folder = tempfile::tempdir().unwrap();
    let first = Day::parse("2026-03-02").unwrap();
    let struck = first.plus(6);
    let mut lines: Vec<Line> = (0..9).flat_map(|n| quiet(first.plus(n), 2)).collect();
    lines.extend(attack(struck, 1_000, 300));
    let store = learnt(&setup, folder.path(), &lines);
    let manifest = store.published().unwrap();
    let before = Published::of(&store.load_generation().unwrap());
    assert!(has_extreme(&log(&store), struck));

    let said = say(&setup, &store, struck, false, false);
    assert!(said.training.is_none() && !said.changes_baselines);
    assert_eq!(store.published().unwrap(), manifest);
    let said = say(&setup, &store, struck, true, true);
    assert!(said.training.is_none() && said.changes_baselines);
    assert_eq!(store.published().unwrap(), manifest);

    // No log is new, but the verdict is.
    let summary = train(&setup, &store, Vec::new());
    assert_eq!((summary.published, summary.exclusions), (true, 1));
    assert!(
        !train(&setup, &store, Vec::new()).published,
        "it was said once"
    );
    let healed = Published::of(&store.load_generation().unwrap());
    assert!(!healed.differences(&before).is_empty());
    assert!(!has_extreme(&log(&store), struck));

    // A day that grows causes all days to be scored again; this must not bring it back.
    let straggler: Vec<Line> = (0..30)
        .map(|n| call(first.plus(5), 70_000 + n).line())
        .collect();
    let files = write(&folder.path().join("late"), [straggler.iter().collect()]);
    train(&setup, &store, files);
    let rebuilt = log(&store);
    assert!(rebuilt.through.is_some_and(|through| through >= struck));
    assert!(!has_extreme(&rebuilt, struck));
    // After the verdict is withdrawn, it is there again.
    say(&setup, &store, struck, false, false);
    assert!(has_extreme(&log(&store), struck));
}

#[test]
fn a_confirmed_attack_is_as_surprising_the_next_time() {
    let estate = estate();
    let folder = tempfile::tempdir().unwrap();
    let struck = estate.split();
    let store = new_store(folder.path());
    let usual: Vec<Line> = estate
        .days()
        .filter(|&day| day <= struck)
        .flat_map(|day| quiet(day, 2))
        .collect();
    let mut past = estate.learnt();
    past.extend(usual.iter().filter(|line| line.time.day() < struck));
    train(
        &estate.setup,
        &store,
        write(&folder.path().join("past"), [past]),
    );
    // The statistic of the whole sweep on a day, by the generation in force.
    let statistic = |name: &str, day: Day| -> f64 {
        let sweep = attack(day, 40_000, 200);
        let files = write(&folder.path().join(name), [sweep.iter().collect()]);
        let question = Question {
            entity: entity().id.to_string(),
            day,
            until: None,
            budget_per_day: None,
        };
        let logs = Some((files, ReadOptions::default()));
        let said = engine::explain_not_alerted(&estate.setup, &store, &question, logs, &NoProgress);
        let analytics = said.unwrap().analytics.into_iter();
        let arms = analytics.filter(|of| of.analytic == ANALYTIC);
        arms.flat_map(|of| of.arms)
            .filter(|arm| arm.applies)
            .map(|arm| arm.statistic)
            .fold(0.0, f64::max)
    };
    let first = statistic("first", struck);
    assert!(first > 0.0);
    let mut of_day = estate.on(struck);
    of_day.extend(usual.iter().filter(|line| line.time.day() == struck));
    let sweep = attack(struck, 40_000, 200);
    of_day.extend(&sweep);
    train(
        &estate.setup,
        &store,
        write(&folder.path().join("struck"), [of_day]),
    );
    let learnt = statistic("learnt", struck.plus(1));
    say(&estate.setup, &store, struck, true, false);
    let excluded = statistic("excluded", struck.plus(1));
    assert!(
        learnt < 0.9 * first,
        "{learnt} after {first}: a learnt attack is less surprising"
    );
    // The only loss is the decay of one more day.
    assert!(
        excluded >= 0.85 * first && excluded > learnt,
        "{excluded} after {first}, {learnt} if it is learnt"
    );
}
