//! An approval covers what it names, and nothing else in the same episode.

use std::collections::BTreeSet;

use plimsoll::alert::{Alert, Status};
use plimsoll::config::Config;
use plimsoll::engine::{Scorer, Setup};
use plimsoll::stats::Severity;
use plimsoll::store::Store;
use plimsoll::time::Time;

use crate::calls::Call;
use crate::estate::{LEARNT_DAYS, Line, estate, setup, write};
use crate::published::{SCORE, events_of, new_store, score, train};

/// More buckets than an alert's table has rows.
const BUCKETS: i64 = 40;

#[test]
fn a_bucket_after_the_last_row_is_not_approved_with_the_rest() {
    let approval = "[[approval]]\nbucket = \"mirror-*\"\nowner = \"soc@example.com\"\nreason = \"a mirror\"\n\
                    expires = 2099-01-01\n";
    let setup = setup(Config::parse(approval, "plimsoll.toml").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let time = estate().split().start().plus_secs(40_000);
    let call = |time: Time, n: i64, bucket: String| {
        let call = Call {
            bucket,
            ..Call::new(time, "mirror", n as u64)
        };
        call.line()
    };
    // Two listings a day are its normal activity.
    let usual: Vec<Line> = (0..2 * i64::from(LEARNT_DAYS))
        .map(|n| {
            call(
                time.plus_secs(-43_200 * (n + 1)),
                10_000 + n,
                "mirror-0".to_owned(),
            )
        })
        .collect();
    let mut learnt = estate().learnt();
    learnt.extend(&usual);
    train(
        &setup,
        &store,
        write(&folder.path().join("learnt"), [learnt]),
    );
    let call = |n: i64, bucket: String| call(time.plus_secs(n / 4), n, bucket);
    // This call comes first, so that every version of the alert about the sweep includes it.
    let other = call(0, "payroll".to_owned());
    let sweep: Vec<Line> = (1..3_000)
        .map(|n| call(n, format!("mirror-{}", n % BUCKETS)))
        .collect();
    let approved = |name: &str, lines: Vec<&Line>| -> Vec<bool> {
        let mut all = estate().scored();
        all.extend(lines);
        let alerts = score(&setup, &store, write(&folder.path().join(name), [all]));
        let its = alerts
            .iter()
            .filter(|alert| alert.contains("\"id\":\"arn:aws:iam::111122223333:role/mirror\""));
        its.map(|alert| alert.contains("soc@example.com")).collect()
    };
    let alone = approved("alone", sweep.iter().collect());
    assert!(!alone.is_empty() && !alone.contains(&false), "{alone:?}");
    let behind = approved("behind", sweep.iter().chain([&other]).collect());
    assert!(!behind.is_empty() && !behind.contains(&true), "{behind:?}");
}

/// The alerts above low that some calls bring, looked at in so many pieces.
fn alerts(setup: &Setup, store: &Store, calls: &[Line], n_looks: usize) -> Vec<Alert> {
    let folder = tempfile::tempdir().unwrap();
    let events = events_of(setup, write(folder.path(), [calls.iter().collect()]));
    let mut scorer = Scorer::new(setup, store.load_generation().unwrap().into(), SCORE);
    let mut told = Vec::new();
    for piece in events.chunks(events.len().div_ceil(n_looks)) {
        for event in piece {
            scorer.add(event.clone()).unwrap();
        }
        told.extend(scorer.advance(None).unwrap());
    }
    for day in scorer.days() {
        told.extend(scorer.conclude_day(day).unwrap());
    }
    told.retain(|alert| alert.severity > Severity::Low);
    told
}

/// What is done at the times of an approval is as if it had not been done, and what is done at others is judged by itself.
#[test]
fn an_approval_at_some_times_covers_just_what_would_not_alert_without_them() {
    let text = "[[approval]]\nidentity = \"*role/mirror\"\nbucket = \"mirror-*\"\ntimes = \"11:00-12:00\"\n\
                owner = \"soc@example.com\"\nreason = \"a mirror\"\nexpires = 2099-01-01\n";
    let setup = setup(Config::parse(text, "plimsoll.toml").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let day = estate().split();
    let calls = |second: i64, n: i64, first: i64| -> Vec<Line> {
        let call = |n: i64| Call {
            bucket: format!("mirror-{}", n % BUCKETS),
            ..Call::new(
                day.start().plus_secs(second + n / 4),
                "mirror",
                (first + n) as u64,
            )
        };
        (0..n).map(|n| call(n).line()).collect()
    };
    let usual: Vec<Line> = (1..=i64::from(LEARNT_DAYS))
        .flat_map(|n| calls(40_000 - 86_400 * n, 2, 10_000 + 10 * n))
        .collect();
    let mut learnt = estate().learnt();
    learnt.extend(&usual);
    train(
        &setup,
        &store,
        write(&folder.path().join("learnt"), [learnt]),
    );
    let analytics = |alerts: &[Alert], is_covered: bool| -> BTreeSet<String> {
        let closed = alerts.iter().filter(|alert| alert.status == Status::Closed);
        let meant = closed.filter(|alert| alert.approval.is_some() == is_covered);
        meant.map(|alert| alert.analytic.clone()).collect()
    };
    let mut n_told = 0;
    for (at, n) in [(7_200, 2), (7_200, 800), (60_000, 2), (60_000, 800)] {
        let beside = calls(at, n, 30_000);
        let alone = analytics(&alerts(&setup, &store, &beside, 1), false);
        n_told += usize::from(!alone.is_empty());
        let sweep = calls(40_000, 800, 20_000);
        let both: Vec<Line> = sweep.into_iter().chain(beside).collect();
        for n_looks in [1, 6] {
            let case = format!("{n} at {at}, {n_looks} looks");
            let all = alerts(&setup, &store, &both, n_looks);
            assert_eq!(analytics(&all, false), alone, "{case}");
            assert!(!analytics(&all, true).is_empty() || !alone.is_empty());
            let is_new = |alert: &&Alert| alert.status == Status::New && alert.approval.is_none();
            let news = all.iter().filter(is_new);
            let news: BTreeSet<String> = news.map(|alert| alert.analytic.clone()).collect();
            assert_eq!(news, alone, "{case}");
        }
    }
    assert_eq!(n_told, 2);
}
