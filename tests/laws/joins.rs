//! Flows join the identity that uses their instance, and an action that two accounts record counts once.

use plimsoll::config::Config;
use plimsoll::engine::Setup;
use plimsoll::store::Store;
use plimsoll::time::{Day, Time, Window};
use plimsoll::vocab::{Entity, EntityKind, Metric};

use crate::calls::{ACCOUNT, Call, flow};
use crate::estate::{Line, estate, line, setup, write};
use crate::published::{Published, new_store, score, train};

const INSTANCE: &str = "i-0a1b2c3d4e5f60718";
/// The caller's account in the tests of duplicates.
const PARTNER: &str = "999988887777";

fn at(secs: i64) -> Time {
    Day::parse("2026-03-02").unwrap().start().plus_secs(secs)
}

fn identity(id: &str) -> Entity {
    Entity {
        kind: EntityKind::Identity,
        id: id.into(),
    }
}

/// Returns the activity of an identity in a metric, in windows of a day.
fn active_days(store: &Store, id: &str, metric: Metric) -> f64 {
    let generation = store.load_generation().unwrap();
    let Some(baseline) = generation.baselines.get(&identity(id)) else {
        return 0.0;
    };
    let key = (metric, Window::DAY);
    let found = baseline.metrics.iter().find(|(k, _)| *k == key);
    found.map_or(0.0, |(_, state)| state.active)
}

#[test]
fn flows_join_the_role_of_their_instance_in_any_order() {
    let setup = setup(Config::default());
    let call_at = |second: i64| Call {
        session: INSTANCE.to_owned(),
        operation: "GetObject",
        ..Call::new(at(second), "worker", second as u64)
    };
    let call = call_at(31_800);
    // Half an hour after the first flow, and within reach of the next morning.
    let trail = vec![call.line(), call_at(72_000).line()];
    let flows = vec![flow(at(30_000), INSTANCE, 5_000)];
    let next_day = vec![flow(at(86_400 + 600), INSTANCE, 7_000)];
    let orders: [&[&[&Vec<Line>]]; 4] = [
        &[&[&trail, &flows, &next_day]],
        &[&[&next_day, &flows, &trail]],
        &[&[&trail], &[&flows], &[&next_day]],
        &[&[&flows, &next_day], &[&trail]],
    ];
    let mut published: Vec<Published> = Vec::new();
    for order in orders {
        let folder = tempfile::tempdir().unwrap();
        let store = new_store(folder.path());
        for (run, files) in order.iter().enumerate() {
            let files = files.iter().map(|lines| lines.iter().collect());
            train(
                &setup,
                &store,
                write(&folder.path().join(run.to_string()), files),
            );
        }
        // The day of the call, and the next morning, which is within reach of the call of the day before.
        let n_days = active_days(&store, &call.identity(), Metric::EgressBytes);
        assert!(n_days > 1.5, "{n_days}");
        let generation = store.load_generation().unwrap();
        let alone = format!("aws:instance:{INSTANCE}");
        assert!(!generation.baselines.contains_key(&identity(&alone)));
        published.push(Published::of(&generation));
    }
    for other in &published[1..] {
        assert_eq!(published[0].differences(other), Vec::<&str>::new());
    }
}

/// Otherwise an alert on them would have to wait for the end of the day, or be taken back.
#[test]
fn whoever_comes_hours_after_the_first_flow_of_an_instance_owns_its_flows_from_the_next_day_on() {
    let setup = setup(Config::default());
    let call = Call {
        session: INSTANCE.to_owned(),
        ..Call::new(at(72_000), "worker", 1)
    };
    let flows = [30_000, 80_000, 86_400 + 600].map(|second| flow(at(second), INSTANCE, 5_000));
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let mut lines = vec![call.line()];
    lines.extend(flows);
    train(
        &setup,
        &store,
        write(folder.path(), [lines.iter().collect()]),
    );
    let days = |id: &str| active_days(&store, id, Metric::EgressBytes);
    let (alone, worker) = (
        days(&format!("aws:instance:{INSTANCE}")),
        days(&call.identity()),
    );
    assert!((0.5..1.5).contains(&alone), "{alone}");
    assert!((0.5..1.5).contains(&worker), "{worker}");
}

#[test]
fn a_record_that_names_its_caller_counts_in_any_order_of_copies() {
    let setup = setup(Config::default());
    let calls = || (0..30).map(|n| Call::new(at(3_600 + 60 * n as i64), "worker", n));
    let full: Vec<Line> = calls().map(|call| call.line()).collect();
    let trimmed: Vec<Line> = calls()
        .map(|call| {
            let mut record: serde_json::Value = serde_json::from_str(&call.record()).unwrap();
            record.as_object_mut().unwrap().remove("userIdentity");
            line(None, record.to_string()).unwrap()
        })
        .collect();
    let learnt = |trainings: &[&[&[Line]]]| {
        let folder = tempfile::tempdir().unwrap();
        let store = new_store(folder.path());
        for (run, files) in trainings.iter().enumerate() {
            let files = files.iter().map(|lines| lines.iter().collect());
            let files = write(&folder.path().join(run.to_string()), files);
            train(&setup, &store, files);
        }
        Published::of(&store.load_generation().unwrap())
    };
    let alone = learnt(&[&[&full]]);
    let orders: [&[&[&[Line]]]; 5] = [
        &[&[&full, &trimmed]],
        &[&[&trimmed, &full]],
        &[&[&full], &[&trimmed]],
        &[&[&trimmed], &[&full]],
        &[&[&trimmed, &full[..9]], &[&full]],
    ];
    for order in orders {
        assert_eq!(alone.differences(&learnt(order)), Vec::<&str>::new());
    }
    // Where no copy names a caller, the region still counts the call.
    let nameless = learnt(&[&[&trimmed]]);
    assert!(nameless.has("eu-west-1") && !nameless.has("worker"));
}

/// A listing of our bucket by a role of the partner: the copy in our trail and the copy in the partner's.
fn twins(time: Time, number: u64) -> [Line; 2] {
    let ours = Call {
        actor: PARTNER,
        recorded_by: ACCOUNT,
        bucket: format!("shared-{}", number % 300),
        shared: Some(number),
        ..Call::new(time, "guest", 2 * number)
    };
    let theirs = Call {
        recorded_by: PARTNER,
        number: 2 * number + 1,
        ..ours.clone()
    };
    [ours.line(), theirs.line()]
}

#[test]
fn an_action_that_two_accounts_record_counts_once() {
    let guest = format!("arn:aws:iam::{PARTNER}:role/guest");
    let list_calls = |trainings: &[Vec<&Line>]| {
        let setup = setup(Config::default());
        let folder = tempfile::tempdir().unwrap();
        let store = new_store(folder.path());
        for (n, lines) in trainings.iter().enumerate() {
            let files = write(&folder.path().join(n.to_string()), [lines.clone()]);
            train(&setup, &store, files);
        }
        let generation = store.load_generation().unwrap();
        let metrics = &generation.baselines[&identity(&guest)].metrics;
        let key = (Metric::ListCalls, Window::DAY);
        let state = metrics.iter().find(|(k, _)| *k == key).unwrap().1;
        state.mean.exp_m1().round()
    };
    let copies: Vec<[Line; 2]> = (0..7).map(|n| twins(at(3_600 + n), n as u64)).collect();
    let ours = || copies.iter().map(|[ours, _]| ours).collect::<Vec<_>>();
    let theirs = || copies.iter().map(|[_, theirs]| theirs).collect::<Vec<_>>();
    assert_eq!(list_calls(&[copies.iter().flatten().collect()]), 7.0);
    assert_eq!(list_calls(&[ours()]), 7.0);
    assert_eq!(list_calls(&[theirs()]), 7.0);
    assert_eq!(list_calls(&[ours(), theirs()]), 7.0);
    assert_eq!(list_calls(&[theirs(), ours()]), 7.0);
}

/// An account that is listed as ours but whose trail is not read appears only in the copies of others.
#[test]
fn copies_are_not_dropped_because_an_account_is_only_listed() {
    let written = format!("[estate]\naccounts = [\"aws:{PARTNER}\"]\n");
    let setup: Setup = setup(Config::parse(&written, "plimsoll.toml").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let ours = |day: Day, n: i64| {
        let number = day.0 as u64 * 10_000 + n as u64;
        let [ours, _] = twins(day.start().plus_secs(40_000 + n), number);
        ours
    };
    let split = estate().split();
    let days = estate().days().filter(|&day| day < split);
    let quiet: Vec<Line> = days
        .flat_map(|day| (0..3).map(move |n| ours(day, n)))
        .collect();
    let mut lines = estate().learnt();
    lines.extend(&quiet);
    train(
        &setup,
        &store,
        write(&folder.path().join("learnt"), [lines]),
    );
    let alerts_of_sweep_on = |day: Day| {
        let sweep: Vec<Line> = (0..3_000).map(|n| ours(day, n)).collect();
        let mut lines = estate().scored();
        lines.extend(&sweep);
        let files = write(&folder.path().join(day.to_string()), [lines]);
        let alerts = score(&setup, &store, files);
        alerts
            .iter()
            .filter(|alert| alert.contains("role/guest"))
            .count()
    };
    let on_first = alerts_of_sweep_on(split);
    assert!(on_first > 0);
    assert_eq!(alerts_of_sweep_on(split.plus(1)), on_first);
}
