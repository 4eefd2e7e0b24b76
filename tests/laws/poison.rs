//! What one night can do to a baseline, whatever it holds.

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

/// A surprise (nats) that no threshold asks more than: once in a million years. What was above it need not stay there,
/// since a level that has once seen such a night is never as sure again.
const SURPRISE_OF_NOTE: f64 = 20.0;

/// Amounts of a night by ten minutes.
type Night = BTreeMap<u16, u64>;

fn facts_of(day: Day, night: &Night) -> DayFacts {
    let amounts: Vec<(Metric, i64, u64)> = night
        .iter()
        .map(|(&slot, &amount)| (METRIC, i64::from(slot) * TEN_MINUTES, amount))
        .collect();
    facts(day, IdentityKind::Workload, &amounts)
}

/// Learns nights of one identity among steady peers.
fn learn(replay: &[Night], peers: u64, as_of: Day) -> Generation {
    let plan = Plan::default();
    let mut learner = Learner::new(&plan, &|_| None).clustering_peers(false);
    for (day, night) in replay.iter().enumerate() {
        let date = first_day().plus(day as i32);
        let mut of_all: BTreeMap<Entity, DayFacts> = (0..peers)
            .map(|n| {
                let night = (0..6 + (n % 8) as u16 * 3)
                    .map(|slot| {
                        (
                            slot * 4,
                            1 + (9.0 * noise(n, u64::from(slot) + 99 * day as u64)) as u64,
                        )
                    })
                    .collect();
                (identity(&format!("peer/{n}")), facts_of(date, &night))
            })
            .collect();
        if !night.is_empty() {
            of_all.insert(identity("one"), facts_of(date, night));
        }
        learn_day(&mut learner, date, &of_all);
    }
    learner.generation(as_of)
}

/// What is expected of the identity in a window, with the peers of a given generation.
fn expected(own: &Generation, peers: &Generation, window: Window) -> Predictive {
    let baseline = &own.baselines[&identity("one")];
    let (prior, _) = peers.prior(&baseline.chain, METRIC, window);
    Predictive::new(&prior, &baseline.evidence(METRIC, window))
}

fn slot_of(window: Window, slot: u16) -> u32 {
    u32::from(slot) * TEN_MINUTES as u32 / window.secs()
}

/// The amounts of a night in windows.
fn in_windows(night: &Night, window: Window) -> Vec<u64> {
    let mut sums: BTreeMap<u32, u64> = BTreeMap::new();
    for (&slot, &amount) in night {
        *sums.entry(slot_of(window, slot)).or_default() += amount;
    }
    sums.into_values().collect()
}

fn night() -> impl Strategy<Value = Night> {
    let amount = prop_oneof![1..50u64, 1..2_000_000_000u64];
    prop::collection::btree_map(0..144u16, amount, 1..144)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    /// The location moves towards the night's mean by the night's share of all weight, and the share is bounded.
    #[test]
    fn one_night_moves_a_level_by_its_share_and_no_more(
        history in prop::collection::vec(night(), 1..28), last in night()
    ) {
        let as_of = first_day().plus(history.len() as i32 + 1);
        let before = learn(&history, 8, as_of);
        let mut replay = history.clone();
        replay.push(last.clone());
        let after = learn(&replay, 8, as_of);
        for window in Window::STANDARD {
            let was = expected(&before, &before, window);
            let is = expected(&after, &before, window);
            let xs = in_windows(&last, window);
            let mean = xs.iter().map(|&x| (x as f64).ln_1p()).sum::<f64>() / xs.len() as f64;
            let weight = (xs.len() as f64).min(NIGHT_WINDOWS_MAX);
            let share = weight / (was.kappa + weight);
            prop_assert!((is.loc - was.loc - share * (mean - was.loc)).abs() < 1e-9);
            prop_assert!(share <= NIGHT_WINDOWS_MAX / (was.kappa + NIGHT_WINDOWS_MAX));
            // And its spread by no more than the night's distance and its own spread.
            let most = xs.iter().map(|&x| ((x as f64).ln_1p() - was.loc).abs()).fold(0.0, f64::max);
            prop_assert!((is.loc - was.loc).abs() <= share * most + 1e-9);
        }
    }
}

/// The largest surprise of a night over all windows.
fn surprise(generation: &Generation, peers: &Generation, night: &Night) -> f64 {
    Window::STANDARD
        .iter()
        .map(|&window| {
            let most = in_windows(night, window).into_iter().max().unwrap_or(0);
            expected(generation, peers, window).surprise(most as f64)
        })
        .fold(0.0, f64::max)
}

#[test]
fn an_attack_that_was_learnt_still_surprises() {
    for (name, hours) in [("burst", 0.3), ("hour", 1.0), ("shift", 8.0), ("day", 24.0)] {
        let mut kept: Vec<f64> = (0..24u64)
            .map(|n| {
                // From a window or two a day to every ten minutes of it.
                let activity = (0.01f64.ln() * (1.0 - noise(n, 7))).exp();
                let level = 0.7 + 2.0 * noise(n, 8);
                let usual = |day: u64| -> Night {
                    let slots = (0..144u16)
                        .filter(|&slot| noise(n * 1_000 + u64::from(slot), day) < activity);
                    slots
                        .map(|slot| {
                            let y = level + 0.6 * normal(n * 1_000 + u64::from(slot), 500 + day);
                            (slot, y.exp().round().max(1.0) as u64)
                        })
                        .collect()
                };
                let mut replay: Vec<Night> = (0..28).map(usual).collect();
                let slots = ((hours * 6.0) as u16).max(1);
                let start = ((144 - slots) as f64 * noise(n, 9)) as u16;
                let times = 2.0 + 38.0 * noise(n, 10);
                let mut attack = usual(28);
                for slot in start..start + slots {
                    *attack.entry(slot).or_default() += (times * level.exp()) as u64;
                }
                let as_of = first_day().plus(28);
                let before = learn(&replay, 40, as_of);
                let first = surprise(&before, &before, &attack);
                replay.push(attack.clone());
                let after = learn(&replay, 40, as_of.plus(1));
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
