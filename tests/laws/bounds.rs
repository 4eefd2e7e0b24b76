//! Law 5: the effect of one identity on a store is bounded.

use std::io::Write;

use plimsoll::baseline::Generation;
use plimsoll::measure::{DayFacts, KnownThings};
use plimsoll::stats::constants::NIGHT_WINDOWS_MAX;
use plimsoll::store::Store;
use plimsoll::time::{Day, Time, Window};
use plimsoll::vocab::{Entity, EntityKind, Metric};

use crate::calls::Call;
use crate::estate::{Dice, LEARNT_DAYS, Line, estate, setup, write};
use crate::published::{new_store, score, train};

const CALLS: u64 = 100_000;
/// The most bytes of one identity's day: three sets of distinct things in each ten minutes, at 1 KiB, and its values.
const FACTS_BYTES_MAX: usize = 768 << 10;
/// The most bytes of one baseline: 16 values a trait, 64 buckets, and its moments.
const BASELINE_BYTES_MAX: usize = 16 << 10;

fn first_day() -> Day {
    Day::parse("2026-03-02").unwrap()
}

fn identity(id: &str) -> Entity {
    Entity {
        kind: EntityKind::Identity,
        id: id.into(),
    }
}

fn identities(generation: &Generation) -> Vec<&Entity> {
    let all = generation.baselines.keys();
    all.filter(|e| e.kind == EntityKind::Identity).collect()
}

/// The facts of an identity on a stored day.
fn facts_of(store: &Store, day: Day, id: &str) -> DayFacts {
    let manifest = store.published().unwrap();
    let entry = manifest.days.iter().find(|entry| entry.day == day).unwrap();
    let aggregate = store.load_day(entry).unwrap();
    let mut found = aggregate
        .subjects()
        .iter()
        .filter(|(subject, _)| subject.entity == identity(id));
    let (_, facts) = found.next().unwrap();
    assert!(found.next().is_none());
    DayFacts::clone(facts)
}

#[test]
fn law_5_bounds_hold() {
    let setup = setup(Default::default());
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    // A few quiet days, five calls each, so that there is a baseline that the loud day could damage.
    let at = |day: i32, secs: i64| first_day().plus(day).start().plus_secs(secs);
    let quiet: Vec<Line> = (0..4)
        .flat_map(|day| (0..5).map(move |n| (day, n)))
        .map(|(day, n)| Call::new(at(day, n * 4_000), "loud", (day * 5) as u64 + n as u64).line())
        .collect();
    let files = write(&folder.path().join("quiet"), [quiet.iter().collect()]);
    train(&setup, &store, files);
    let id = Call::new(at(0, 0), "loud", 0).identity();
    let key = (Metric::ListCalls, Window::TEN_MINUTES);
    let state = |store: &Store| {
        let generation = store.load_generation().unwrap();
        let metrics = &generation.baselines[&identity(&id)].metrics;
        metrics.iter().find(|(k, _)| *k == key).unwrap().1
    };
    let before = state(&store);

    // About every second, another session with another client reads another bucket.
    let loud = folder.path().join("loud.log");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&loud).unwrap());
    for n in 0..CALLS {
        let call = Call {
            session: format!("s-{n:x}"),
            parameters: format!(r#","prefix":"{n}/""#),
            bucket: format!("bucket-with-a-name-of-its-own-{n}"),
            user_agent: format!("agent{n}/1.{n}"),
            ..Call::new(at(4, (n * 86_399 / CALLS) as i64), "loud", 1_000 + n)
        };
        writeln!(file, "{}", call.record()).unwrap();
    }
    drop(file);
    let summary = train(
        &setup,
        &store,
        plimsoll::sources::discover(&[loud]).unwrap(),
    );
    assert_eq!(summary.intake.events, CALLS);

    let generation = store.load_generation().unwrap();
    assert_eq!(identities(&generation), [&identity(&id)]);
    let facts = facts_of(&store, first_day().plus(4), &id);
    let facts_bytes = postcard::to_stdvec(&facts).unwrap().len();
    assert!(
        facts_bytes <= FACTS_BYTES_MAX,
        "{facts_bytes} bytes of facts"
    );
    let baseline = &generation.baselines[&identity(&id)];
    let bytes = postcard::to_stdvec(baseline).unwrap().len();
    assert!(bytes <= BASELINE_BYTES_MAX, "{bytes} bytes of baseline");

    // One day weighs at most its cap, which has not decayed on the next morning, and the mean moves accordingly.
    let after = state(&store);
    assert!(
        after.n <= before.n + NIGHT_WINDOWS_MAX,
        "{} windows after {}",
        after.n,
        before.n
    );
    let largest = (CALLS as f64 / 144.0 * 1.1).ln_1p();
    let share = NIGHT_WINDOWS_MAX / after.n;
    assert!(after.mean <= before.mean + (largest - before.mean) * share);
    assert!(after.active > 140.0, "activity is counted in full");
}

#[test]
fn law_5_sessions_of_a_role_are_one_baseline_and_raise_nothing() {
    let setup = setup(Default::default());
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let first_day = estate().first;
    let mut dice = Dice(11);
    let mut number = 0;
    // About forty sessions a day, each with its own name and two to five listings in either style.
    let mut day = |day: i32| -> Vec<Line> {
        let mut lines = Vec::new();
        for _ in 0..36 + dice.below(8) {
            let session = format!("{:016x}", dice.below(usize::MAX));
            let start = 28_800 + dice.below(36_000) as i64;
            for n in 0..2 + dice.below(4) {
                number += 1;
                let (operation, parameters) = match dice.below(3) {
                    0 => ("ListObjects", String::new()),
                    1 => ("ListObjects", r#","list-type":"2""#.to_owned()),
                    _ => ("ListObjectsV2", r#","list-type":"2""#.to_owned()),
                };
                let time: Time = first_day.plus(day).start().plus_secs(start + 20 * n as i64);
                let call = Call {
                    session: session.clone(),
                    operation,
                    parameters,
                    ..Call::new(time, "courier", number)
                };
                lines.push(call.line());
            }
        }
        lines
    };
    let learnt: Vec<Vec<Line>> = (0..LEARNT_DAYS).map(&mut day).collect();
    let files = write(
        &folder.path().join("learnt"),
        learnt
            .iter()
            .map(|lines| lines.iter().collect())
            .chain([estate().learnt()]),
    );
    train(&setup, &store, files);
    let generation = store.load_generation().unwrap();
    let id = Call::new(first_day.start(), "courier", 0).identity();
    let is_courier = |entity: &&&Entity| entity.id.contains("courier");
    let all = identities(&generation);
    assert_eq!(all.iter().filter(is_courier).count(), 1);
    let n_events: usize = learnt.iter().map(Vec::len).sum();
    let baseline = &generation.baselines[&identity(&id)];
    assert_eq!(baseline.n_events as usize, n_events);
    for (day, lines) in learnt.iter().enumerate() {
        let facts = facts_of(&store, first_day.plus(day as i32), &id);
        let calls = facts.readings(Metric::ListCalls, Window::DAY, &KnownThings::NOTHING);
        assert_eq!(calls, [(0, lines.len() as u64)], "every style counts");
    }
    let next = day(LEARNT_DAYS);
    let files = write(&folder.path().join("next"), [next.iter().collect()]);
    assert_eq!(score(&setup, &store, files), Vec::<String>::new());
    // But a day with forty times as many is unusual, whatever the names of the sessions.
    let busy: Vec<Line> = (0..40).flat_map(|_| day(LEARNT_DAYS + 1)).collect();
    let files = write(&folder.path().join("busy"), [busy.iter().collect()]);
    assert!(!score(&setup, &store, files).is_empty());
}
