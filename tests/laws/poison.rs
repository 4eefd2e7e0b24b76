//! The effect of one day on a baseline, with any content.

use std::collections::BTreeMap;

use plimsoll::baseline::Generation;
use plimsoll::event::IdentityKind;
use plimsoll::learn::Learner;
use plimsoll::measure::{DayFacts, Plan};
use plimsoll::stats::Predictive;
use plimsoll::stats::constants::NIGHT_WINDOWS_MAX;
use plimsoll::time::{Day, Window};
use plimsoll::vocab::{Entity, Metric};
use proptest::prelude::*;

use crate::days::{facts, first_day, identity, learn_day, noise, normal};

const METRIC: Metric = Metric::ListCalls;
const TEN_MINUTES: i64 = 600;

/// A surprise (nats) above every useful threshold: once in a million years. A larger surprise may fall to this, since a
/// level that has once included such a day is never as certain again.
const SURPRISE_OF_NOTE: f64 = 20.0;

/// Amounts of a day by ten minutes.
type DayAmounts = BTreeMap<u16, u64>;

fn facts_of(day: Day, day_amounts: &DayAmounts) -> DayFacts {
    let amounts: Vec<(Metric, i64, u64)> = day_amounts
        .iter()
        .map(|(&slot, &amount)| (METRIC, i64::from(slot) * TEN_MINUTES, amount))
        .collect();
    facts(day, IdentityKind::Workload, &amounts)
}

/// Learns days of one identity among steady peers.
fn learn(days: &[DayAmounts], peers: u64, as_of: Day) -> Generation {
    let plan = Plan::default();
    let mut learner = Learner::new(&plan, &|_| None).clustering_peers(false);
    for (day, day_amounts) in days.iter().enumerate() {
        let date = first_day().plus(day as i32);
        let mut of_all: BTreeMap<Entity, DayFacts> = (0..peers)
            .map(|n| {
                let day_amounts = (0..6 + (n % 8) as u16 * 3)
                    .map(|slot| {
                        (
                            slot * 4,
                            1 + (9.0 * noise(n, u64::from(slot) + 99 * day as u64)) as u64,
                        )
                    })
                    .collect();
                (identity(&format!("peer/{n}")), facts_of(date, &day_amounts))
            })
            .collect();
        if !day_amounts.is_empty() {
            of_all.insert(identity("one"), facts_of(date, day_amounts));
        }
        learn_day(&mut learner, date, &of_all);
    }
    learner.generation(as_of)
}

/// Returns the prediction for the identity in a window, with the peers of a given generation.
fn expected(own: &Generation, peers: &Generation, window: Window) -> Predictive {
    let baseline = &own.baselines[&identity("one")];
    let (prior, _) = peers.prior(&baseline.chain, baseline.kind, (METRIC, window));
    Predictive::new(&prior, &baseline.evidence(METRIC, window))
}

fn slot_of(window: Window, slot: u16) -> u32 {
    u32::from(slot) * TEN_MINUTES as u32 / window.secs()
}

/// Returns the amounts of a day in windows.
fn in_windows(day_amounts: &DayAmounts, window: Window) -> Vec<u64> {
    let mut sums: BTreeMap<u32, u64> = BTreeMap::new();
    for (&slot, &amount) in day_amounts {
        *sums.entry(slot_of(window, slot)).or_default() += amount;
    }
    sums.into_values().collect()
}

fn day_amounts() -> impl Strategy<Value = DayAmounts> {
    let amount = prop_oneof![1..50u64, 1..2_000_000_000u64];
    prop::collection::btree_map(0..144u16, amount, 1..144)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    /// The location moves towards the day's mean by the day's fraction of all weight, and that fraction is bounded.
    #[test]
    fn one_day_moves_a_level_by_its_weight_and_no_more(
        history in prop::collection::vec(day_amounts(), 1..28), last in day_amounts()
    ) {
        let as_of = first_day().plus(history.len() as i32 + 1);
        let before = learn(&history, 8, as_of);
        let mut days = history.clone();
        days.push(last.clone());
        let after = learn(&days, 8, as_of);
        for window in Window::STANDARD {
            let was = expected(&before, &before, window);
            let is = expected(&after, &before, window);
            let xs = in_windows(&last, window);
            let mean = xs.iter().map(|&x| (x as f64).ln_1p()).sum::<f64>() / xs.len() as f64;
            let weight = (xs.len() as f64).min(NIGHT_WINDOWS_MAX);
            let share = weight / (was.kappa + weight);
            prop_assert!((is.loc - was.loc - share * (mean - was.loc)).abs() < 1e-9);
            prop_assert!(share <= NIGHT_WINDOWS_MAX / (was.kappa + NIGHT_WINDOWS_MAX));
            // It moves by at most that fraction of the day's largest distance from it.
            let most = xs.iter().map(|&x| ((x as f64).ln_1p() - was.loc).abs()).fold(0.0, f64::max);
            prop_assert!((is.loc - was.loc).abs() <= share * most + 1e-9);
        }
    }
}

/// Returns the largest surprise of a day over all windows.
fn surprise(generation: &Generation, peers: &Generation, day_amounts: &DayAmounts) -> f64 {
    Window::STANDARD
        .iter()
        .map(|&window| {
            let most = in_windows(day_amounts, window)
                .into_iter()
                .max()
                .unwrap_or(0);
            expected(generation, peers, window).surprise(most as f64)
        })
        .fold(0.0, f64::max)
}

#[test]
fn an_attack_that_was_learnt_still_surprises() {
    for (name, hours) in [("burst", 0.3), ("hour", 1.0), ("shift", 8.0), ("day", 24.0)] {
        let mut kept: Vec<f64> = (0..24u64)
            .map(|n| {
                // From one or two windows a day up to every ten minutes.
                let activity = (0.01f64.ln() * (1.0 - noise(n, 7))).exp();
                let level = 0.7 + 2.0 * noise(n, 8);
                let usual = |day: u64| -> DayAmounts {
                    let slots = (0..144u16)
                        .filter(|&slot| noise(n * 1_000 + u64::from(slot), day) < activity);
                    slots
                        .map(|slot| {
                            let y = level + 0.6 * normal(n * 1_000 + u64::from(slot), 500 + day);
                            (slot, y.exp().round().max(1.0) as u64)
                        })
                        .collect()
                };
                let mut days: Vec<DayAmounts> = (0..28).map(usual).collect();
                let slots = ((hours * 6.0) as u16).max(1);
                let start = ((144 - slots) as f64 * noise(n, 9)) as u16;
                let times = 2.0 + 38.0 * noise(n, 10);
                let mut attack = usual(28);
                for slot in start..start + slots {
                    *attack.entry(slot).or_default() += (times * level.exp()) as u64;
                }
                let as_of = first_day().plus(28);
                let before = learn(&days, 40, as_of);
                let first = surprise(&before, &before, &attack);
                days.push(attack.clone());
                let after = learn(&days, 40, as_of.plus(1));
                surprise(&after, &after, &attack) / first.min(SURPRISE_OF_NOTE)
            })
            .collect();
        kept.sort_by(f64::total_cmp);
        assert!(
            kept[0] >= 0.6,
            "{name}: least {:.2}, quarter {:.2}, median {:.2}, most {:.2}",
            kept[0],
            kept[6],
            kept[12],
            kept[23]
        );
    }
}
