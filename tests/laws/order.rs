//! Law 1: a baseline is a function of the set of events, in any order of arrival.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use plimsoll::baseline::Calibration;
use plimsoll::engine::{self, NoProgress};
use plimsoll::sources::ReadOptions;
use plimsoll::store::Store;
use proptest::prelude::*;

use crate::estate::{Dice, Line, SWEEPER, estate, write};
use crate::published::{Published, new_store, score, train};

/// The result of one way of learning and scoring the estate.
struct Outcome {
    published: Published,
    calibration: Calibration,
    alerts: Vec<String>,
}

/// Learns each batch in a training of its own, then scores.
fn outcome(trainings: &[Vec<Vec<&Line>>], scored: Vec<Vec<&Line>>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    for (run, batch) in trainings.iter().enumerate() {
        let files = write(&folder.path().join(format!("run-{run}")), batch.clone());
        assert!(train(&estate().setup, &store, files).published);
    }
    let alerts = score(
        &estate().setup,
        &store,
        write(&folder.path().join("scored"), scored),
    );
    of_store(&store, alerts)
}

fn of_store(store: &Store, alerts: Vec<String>) -> Outcome {
    let generation = store.load_generation().unwrap();
    Outcome {
        published: Published::of(&generation),
        calibration: generation.calibration,
        alerts,
    }
}

fn reference() -> &'static Outcome {
    static REFERENCE: std::sync::OnceLock<Outcome> = std::sync::OnceLock::new();
    REFERENCE.get_or_init(|| outcome(&[vec![estate().learnt()]], vec![estate().scored()]))
}

fn check(found: &Outcome, what: &str) {
    let expected = reference();
    assert_eq!(
        expected.published.differences(&found.published),
        Vec::<&str>::new(),
        "baselines differ: {what}"
    );
    assert!(
        expected.calibration == found.calibration,
        "calibration differs: {what}"
    );
    let (expected, found) = (&expected.alerts, &found.alerts);
    assert_eq!(
        without_generation(expected),
        without_generation(found),
        "{what}"
    );
}

/// The alerts as if the first generation had raised them: numbers of generations count trainings. The digest, which covers
/// the number, is left out.
fn without_generation(alerts: &[String]) -> Vec<String> {
    alerts
        .iter()
        .map(|alert| {
            let at = alert.rfind("\"generation\":").unwrap() + "\"generation\":".len();
            let end = at + alert[at..].find(',').unwrap();
            let digest = alert.rfind(",\"digest\":").unwrap();
            format!("{}1{}", &alert[..at], &alert[end..digest])
        })
        .collect()
}

/// Shuffles records over files; some of them are delivered once or twice more.
fn delivery<'a>(
    lines: Vec<&'a Line>,
    dice: &mut Dice,
    n_files: usize,
    percent_repeated: usize,
) -> Vec<Vec<&'a Line>> {
    let mut all = lines.clone();
    for line in lines {
        if dice.below(100) < percent_repeated {
            all.extend(std::iter::repeat_n(line, 1 + dice.below(2)));
        }
    }
    dice.shuffle(&mut all);
    dice.deal(all, n_files)
}

#[test]
fn the_estate_has_something_to_compare() {
    let expected = reference();
    assert!(expected.published.len() > 60);
    assert!(expected.published.has("alike/") && expected.published.has("movement"));
    assert!(
        expected.alerts.len() > 8,
        "{} alerts",
        expected.alerts.len()
    );
    assert!(!expected.calibration.is_provisional());
    let of_sweeper = |alert: &&String| alert.contains("\"S3-POSTURE\"") && alert.contains(SWEEPER);
    let burst = expected.alerts.iter().find(of_sweeper);
    assert!(burst.is_some_and(|alert| alert.contains("\"kind\":\"burst\"")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn law_1_order_split_and_repeats_do_not_matter(seed: u64, n_files in 1..40usize, percent_repeated in 0..40usize) {
        let mut dice = Dice(seed);
        let learnt = delivery(estate().learnt(), &mut dice, n_files, percent_repeated);
        let scored = delivery(estate().scored(), &mut dice, n_files, percent_repeated);
        check(&outcome(&[learnt], scored), "shuffled, split and repeated");
    }
}

/// Whatever a thread reads, and whichever reads it: what is published has the same bytes.
#[test]
fn law_1_threads_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let lines = delivery(estate().learnt(), &mut Dice(5), 23, 10);
    let files = write(&folder.path().join("logs"), lines);
    let published = |threads: usize| {
        let store = Store::at(folder.path().join(format!("store-{threads}")));
        let options = ReadOptions {
            threads: NonZeroUsize::new(threads),
            ..ReadOptions::default()
        };
        let setup = &estate().setup;
        engine::train(setup, &store, files.clone(), options, None, &NoProgress).unwrap();
        let entries = std::fs::read_dir(store.root()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let files = paths.filter(|path| path.is_file());
        let named = files.map(|path| {
            (
                path.file_name().unwrap().to_owned(),
                std::fs::read(path).unwrap(),
            )
        });
        named.collect::<BTreeMap<_, _>>()
    };
    let one = published(1);
    assert!(one.len() > 12);
    for threads in [2, 4] {
        let several = published(threads);
        let names: Vec<_> = one.keys().collect();
        assert_eq!(several.keys().collect::<Vec<_>>(), names);
        for (name, bytes) in &one {
            assert!(
                several[name] == *bytes,
                "{} with {threads} threads",
                name.display()
            );
        }
    }
}

#[test]
fn law_1_runs_do_not_matter() {
    let estate = estate();
    let scored = || vec![estate.scored()];
    let cut = |at: [i64; 2]| {
        let start = estate.first.start();
        let [one, two] = at.map(|secs| start.plus_secs(secs));
        let end = estate.split().start();
        [(start, one), (one, two), (two, end)].map(|(from, to)| vec![estate.between(from, to)])
    };
    const DAY: i64 = 86_400;
    check(
        &outcome(&cut([5 * DAY, 9 * DAY]), scored()),
        "cut at borders of days",
    );
    check(
        &outcome(&cut([5 * DAY + 43_000, 9 * DAY + 600]), scored()),
        "cut within days",
    );
    // Every day grows by half: the stored distributions are computed again, because the scored days were incomplete.
    let dealt = Dice(7)
        .deal(estate.learnt(), 3)
        .into_iter()
        .map(|l| vec![l]);
    check(
        &outcome(&dealt.collect::<Vec<_>>(), scored()),
        "dealt at random over three trainings",
    );
}

/// The only result that may depend on runs: a scored day keeps its place in the stored distributions if it grows by less
/// than a hundredth. Baselines never depend on runs.
#[test]
fn law_1_stragglers_change_baselines_but_not_what_was_scored() {
    let estate = estate();
    let learnt = estate.learnt();
    let is_straggler = |at: usize| at % 997 == 3;
    let part = |stragglers: bool| {
        let lines = learnt.iter().enumerate();
        lines
            .filter(|&(at, _)| is_straggler(at) == stragglers)
            .map(|(_, line)| *line)
            .collect::<Vec<_>>()
    };
    let found = outcome(&[vec![part(false)], vec![part(true)]], vec![]);
    assert_eq!(
        reference().published.differences(&found.published),
        Vec::<&str>::new()
    );
    assert_eq!(reference().calibration.days, found.calibration.days);
}

#[test]
fn a_second_training_on_the_same_files_is_a_no_op() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let lines = estate().on(estate().first);
    let files = write(&folder.path().join("logs"), [lines.clone()]);
    let first = train(&estate().setup, &store, files.clone());
    assert!(first.published && first.intake.events > 100);
    let manifest = store.manifest().unwrap();
    let again = train(&estate().setup, &store, files);
    assert!(!again.published && again.intake.events == 0 && again.intake.known_files > 0);
    // The same records in other files are read, and recognised as known.
    let files = write(&folder.path().join("copies"), Dice(1).deal(lines, 3));
    let copied = train(&estate().setup, &store, files);
    assert!(!copied.published && copied.intake.events == 0);
    assert_eq!(copied.intake.repeated, first.intake.events);
    assert_eq!(store.manifest().unwrap(), manifest);
}
