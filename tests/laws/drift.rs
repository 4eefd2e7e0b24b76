//! Slow attacks: an identity that raises its level step by step is reported before it uses that level; honest growth is
//! not.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::baseline::DriftReport;
use plimsoll::engine::{self, BacktestOptions, NoProgress, ScoreOptions, Split};
use plimsoll::event::IdentityKind;
use plimsoll::learn::Learner;
use plimsoll::measure::{DayFacts, Plan};
use plimsoll::sources::ReadOptions;
use plimsoll::stats::Severity;
use plimsoll::time::Day;
use plimsoll::vocab::{Entity, Metric};

use crate::calls::Call;
use crate::days::{facts, first_day, identity, learn_day, noise, normal};
use crate::estate::{LEARNT_DAYS, Line, estate, write};

/// Identities without any manipulation.
const ORDINARY: u64 = 1_500;
/// Identities that grow, each in its own way.
const VARIANTS: u64 = 40;
/// Days before any growth.
const QUIET_DAYS: i32 = 28;
/// Length of a ramp, in days.
const RAMP_DAYS: i32 = 10;
/// The number of reports a day in this law.
const REPORTS_PER_DAY: f64 = 5.0;

/// The activity of an identity on a day, as a multiple of its usual amount.
type Growth<'a> = &'a dyn Fn(u64, i32) -> f64;

/// An identity's day: a usual amount of its own, more or less variation, no weekends for most, a level shift for some.
fn day_of(n: u64, day: i32, growth: f64) -> Option<Vec<(Metric, i64, u64)>> {
    let is_weekend = day.rem_euclid(7) >= 5;
    let rests = if noise(n, 1) < 0.7 { 0.95 } else { 0.1 };
    if is_weekend && noise(n, 1_000 + day as u64) < rests {
        return None;
    }
    let usual = (2.0 + 4.0 * noise(n, 2)).exp();
    let restless = 0.15 + 0.5 * noise(n, 3);
    let shifts_on = (noise(n, 4) * 200.0) as i32;
    let shift = match noise(n, 5) {
        // One in sixteen has other work from a certain day on.
        share if share < 0.06 && day >= shifts_on => 1.5 + 2.5 * noise(n, 6),
        _ => 1.0,
    };
    let of_day = usual * shift * growth * (restless * normal(n, 10_000 + day as u64)).exp();
    let calls = of_day.round().max(1.0) as u64;
    let bytes = (of_day * 30_000.0 * (0.3 * normal(n, 20_000 + day as u64)).exp()) as u64;
    Some(vec![
        (Metric::ReadCalls, 36_000, calls),
        (Metric::BytesRead, 36_000, bytes),
        (Metric::ListCalls, 37_000, calls.div_ceil(8)),
    ])
}

/// Plays the days; returns what had drifted on each of the last mornings.
fn play(days: i32, growth: Growth, shown_from: i32) -> Vec<(i32, DriftReport)> {
    let plan = Plan::default();
    let mut learner = Learner::new(&plan, &|_| None).clustering_peers(false);
    let mut mornings = Vec::new();
    for day in 0..days {
        let date: Day = first_day().plus(day);
        let of_all: BTreeMap<Entity, DayFacts> = (0..ORDINARY + VARIANTS)
            .filter_map(|n| {
                let growth = if n < ORDINARY { 1.0 } else { growth(n, day) };
                let amounts = day_of(n, day, growth)?;
                let facts = facts(date, IdentityKind::Workload, &amounts);
                Some((identity(&format!("user/{n:05}")), facts))
            })
            .collect();
        // The first events of a day show that the day before has closed.
        learn_day(&mut learner, date, &of_all);
        if day >= shown_from {
            mornings.push((day, learner.drift_report(REPORTS_PER_DAY)));
        }
    }
    mornings
}

/// Returns the growing identities among those that drifted.
fn grown(drift_report: &DriftReport) -> BTreeSet<String> {
    let first = identity(&format!("user/{ORDINARY:05}"));
    let drifted = drift_report.drifted().into_iter().map(|rise| &rise.entity);
    drifted
        .filter(|entity| **entity >= first)
        .map(|entity| entity.id.to_string())
        .collect()
}

#[test]
fn a_ramp_is_reported_before_it_is_used() {
    let ramp = |_, day: i32| 1.3f64.powi((day - QUIET_DAYS + 1).clamp(0, RAMP_DAYS));
    // On the last morning the tenth day of the ramp has begun, and nine have closed.
    let mornings = play(QUIET_DAYS + RAMP_DAYS, &ramp, QUIET_DAYS - 1);
    let (_, before) = &mornings[0];
    let mut reported = BTreeSet::new();
    for (_, drift_report) in &mornings {
        reported.extend(grown(drift_report));
    }
    let false_before = grown(before).len();
    assert!(
        reported.len() as u64 * 100 >= VARIANTS * 85,
        "{} of {VARIANTS}",
        reported.len()
    );
    assert!(false_before as u64 * 100 <= VARIANTS * 10, "{false_before}");
    let (_, last) = &mornings[mornings.len() - 1];
    let reports = last.drifted().len() as f64;
    assert!(reports <= REPORTS_PER_DAY * f64::from(QUIET_DAYS + RAMP_DAYS));
    for rise in last
        .drifted()
        .iter()
        .filter(|rise| reported.contains(&*rise.entity.id))
    {
        assert!(
            rise.factor().is_none_or(|factor| factor > 1.2) && rise.crossed >= Some(rise.since),
            "{rise:?}"
        );
    }
}

#[test]
fn honest_growth_is_not_reported() {
    let growth = |_, day: i32| 1.1f64.powf(f64::from((day - QUIET_DAYS).max(0)) / 7.0);
    let mornings = play(QUIET_DAYS + 28, &growth, QUIET_DAYS);
    let mut reported = BTreeSet::new();
    for (_, drift_report) in &mornings {
        reported.extend(grown(drift_report));
    }
    assert!(
        reported.len() as u64 * 100 <= VARIANTS * 10,
        "{} of {VARIANTS}",
        reported.len()
    );
}

#[test]
fn honest_growth_raises_no_alert() {
    const ROLES: [&str; 12] = [
        "grow-a", "grow-b", "grow-c", "grow-d", "grow-e", "grow-f", "grow-g", "grow-h", "grow-i",
        "grow-j", "grow-k", "grow-l",
    ];
    let estate = estate();
    let mut number = 0;
    let mut days: Vec<Vec<Line>> = Vec::new();
    for (at, day) in estate.days().enumerate() {
        let mut lines = Vec::new();
        for (n, role) in ROLES.iter().enumerate() {
            let n = n as u64;
            let growth = 1.1f64.powf(at as f64 / 7.0);
            for hour in 8..18u64 {
                let restless = (0.4 * normal(n * 24 + hour, at as u64)).exp();
                let calls = ((4.0 + n as f64) * growth * restless).round() as u64;
                for call in 0..calls {
                    number += 1;
                    let second = hour * 3_600 + call * 3_600 / calls;
                    let time = day.start().plus_secs(second as i64);
                    lines.push(Call::new(time, role, number).line());
                }
            }
        }
        days.push(lines);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = write(
        &folder.path().join("estate"),
        estate.days().map(|day| estate.on(day)),
    );
    files.extend(write(
        &folder.path().join("growing"),
        days.iter().map(|lines| lines.iter().collect()),
    ));
    let options = BacktestOptions {
        split: Split::TrainDays(LEARNT_DAYS as u32),
        frozen: false,
        score: ScoreOptions {
            // Of forty identities; a larger budget would report some identity every day, growing or not.
            budget_per_day: Some(1.0),
            show_low: false,
            show_suppressed: false,
            every_status: false,
        },
        labels: None,
    };
    let played = engine::backtest(
        &estate.setup,
        files,
        (&options, ReadOptions::default(), None),
        &NoProgress,
        |_| Ok(()),
    )
    .unwrap();
    let of_growing = played
        .alerts
        .iter()
        .filter(|alert| alert.severity > Severity::Low && alert.entity.id.contains("role/grow-"));
    let alerts: Vec<_> = of_growing
        .map(|a| (&a.analytic, &a.entity.id, &a.time))
        .collect();
    assert!(alerts.is_empty(), "{alerts:?}");
    assert!(!played.alerts.is_empty());
}
