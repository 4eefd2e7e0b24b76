//! Peer clusters: stable, a function of the days alone, and without any effect where they are switched off.

use std::collections::BTreeMap;

use plimsoll::baseline::{Generation, Group};
use plimsoll::event::IdentityKind;
use plimsoll::learn::Learner;
use plimsoll::measure::{DayFacts, Plan};
use plimsoll::time::Day;
use plimsoll::vocab::{Entity, EntityKind, Metric};

use crate::days::{facts, first_day, identity, learn_day, noise};

/// Four trades, forty identities each; identities of one trade behave alike.
const TRADES: [(Metric, u64, u64); 4] = [
    (Metric::ReadCalls, 40, 9),
    (Metric::ListCalls, 12, 3),
    (Metric::WriteCalls, 300, 24),
    (Metric::ReadCalls, 4_000, 2),
];
const IDENTITIES: u64 = 160;

fn day_of_all(day: Day) -> BTreeMap<Entity, DayFacts> {
    (0..IDENTITIES)
        .map(|n| {
            let (metric, hourly, hours) = TRADES[(n % 4) as usize];
            let amounts: Vec<(Metric, i64, u64)> = (0..hours)
                .map(|hour| {
                    let noise = noise(n * 100 + hour, day.0 as u64);
                    let amount = (hourly as f64 * (0.6 + 0.8 * noise)).round() as u64;
                    (metric, hour as i64 * 3_600 + 60, amount.max(1))
                })
                .collect();
            let mut facts = facts(day, IdentityKind::Workload, &amounts);
            if n >= IDENTITIES - 4 {
                facts.profile.role = Some("shared".into());
            }
            (identity(&format!("user/{n:03}")), facts)
        })
        .collect()
}

fn is_alike(group: &Group) -> bool {
    group.kind == EntityKind::PeerGroup && group.id.starts_with("alike/")
}

/// Returns the group of each identity that has one.
fn groups(generation: &Generation) -> BTreeMap<u64, String> {
    (0..IDENTITIES)
        .filter_map(|n| {
            let baseline = &generation.baselines[&identity(&format!("user/{n:03}"))];
            let group = baseline.chain.iter().find(|group| is_alike(group))?;
            Some((n, group.id.to_string()))
        })
        .collect()
}

fn learn<'a>(plan: &'a Plan, from: i32, until: i32, is_on: bool) -> Learner<'a> {
    let mut learner = Learner::new(plan, &|_| None).clustering_peers(is_on);
    for day in (from..until).map(|day| first_day().plus(day)) {
        learn_day(&mut learner, day, &day_of_all(day));
    }
    learner
}

#[test]
fn identities_that_act_alike_are_grouped_and_stay_so() {
    let plan = Plan::default();
    let mut learner = learn(&plan, 0, 6, true);
    let mut last: Option<BTreeMap<u64, String>> = None;
    let mut mornings_changed = 0;
    for day in (6..40).map(|day| first_day().plus(day)) {
        let now = groups(&learner.generation(day));
        // An identity with a label, here a role that others share, needs no such group.
        assert_eq!(now.len() as u64, IDENTITIES - 4, "{day}");
        let mut trade_of: BTreeMap<&str, u64> = BTreeMap::new();
        for (n, group) in &now {
            assert_eq!(
                *trade_of.entry(group).or_insert(n % 4),
                n % 4,
                "{group} on {day}"
            );
        }
        mornings_changed += usize::from(last.is_some_and(|last| last != now));
        last = Some(now);
        learn_day(&mut learner, day, &day_of_all(day));
    }
    // Once a week.
    assert!(mornings_changed <= 5, "{mornings_changed} mornings of 33");
}

/// The store forgets its first day at every training; this does not change the groups.
#[test]
fn groups_do_not_depend_on_when_the_memory_began() {
    let plan = Plan::default();
    let [one, other] = [0, 1].map(|from| {
        let learner = learn(&plan, from, 70, true);
        groups(&learner.generation(first_day().plus(70)))
    });
    assert_eq!(one, other);
}

#[test]
fn switched_off_clustering_changes_nothing_else() {
    let plan = Plan::default();
    let [on, off] =
        [true, false].map(|is_on| learn(&plan, 0, 20, is_on).generation(first_day().plus(20)));
    assert!(groups(&off).is_empty() && !off.groups.keys().any(is_alike));
    for (entity, baseline) in &on.baselines {
        let mut without = baseline.clone();
        without.chain.retain(|group| !is_alike(group));
        assert_eq!(without, off.baselines[entity]);
    }
    let groups = on.groups.iter().filter(|(group, _)| !is_alike(group));
    assert!(groups.eq(off.groups.iter()) && on.drift_report == off.drift_report);
}
