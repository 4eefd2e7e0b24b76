//! What holds of every set of alerts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use crate::alert::Alert;
use crate::incident::node::{CauseTrait, LINEAGE_SECS, Node};
use crate::incident::tests::{Draft, alert, role};
use crate::incident::{ALERTS_MAX, DAYS_MAX, Joiner, Playbook, incident_id, incidents};
use crate::time::DAY_SECS;

/// A set of alerts of few identities in a few weeks, so that much hangs together.
fn some_alerts() -> impl Strategy<Value = Vec<Alert>> {
    let one = (
        0..8_u8,
        (2..28_u32, 0..24_u32, 0..30_u32),
        prop::collection::vec(0..7_usize, 0..3),
        prop::option::of((0..8_u8, 1..28_u32)),
        prop::option::of((0..3_usize, 0..3_usize, 0..5_u32)),
        any::<(bool, bool, bool)>(),
        0..40_usize,
    );
    prop::collection::vec(one, 0..24).prop_map(|drafts| {
        drafts
            .into_iter()
            .enumerate()
            .map(|(n, (who, when, aliases, parent, novelty, flags, id))| {
                let (day, hour, length) = when;
                let from = format!("{day:02} {hour:02}:00");
                let to = format!("{day:02} {hour:02}:{length:02}");
                let ids = [
                    "AROAEXAMPLE0001",
                    "AROAEXAMPLE0002",
                    "a@example.com",
                    "admin",
                    "i-0abc1234",
                    "A@example.com",
                    "111122223333",
                ];
                let aliases: Vec<&str> = aliases.into_iter().map(|at| ids[at]).collect();
                // Few ids, so that there are several documents of one alert.
                let mut draft: Draft = alert(
                    &format!("{id:02}"),
                    "AN1594",
                    &role(1, &format!("r{who}")),
                    &from,
                    &to,
                )
                .with("entity.aliases", json!(aliases))
                .with("incident_id", format!("i{}", n % 5).into())
                .with("generation", n.into());
                if let Some((by, day)) = parent {
                    draft = draft.assumed(&role(1, &format!("r{by}")), &format!("{day:02} 12:00"));
                }
                if let Some((which, value, support)) = novelty {
                    let which = ["region", "network", "user_agent"][which];
                    draft = draft.known_novelty(which, ["x", "y", "z"][value], support);
                }
                if flags.0 {
                    draft = draft.amount("list_calls", 50, "10m");
                }
                if flags.1 {
                    draft = draft.suppressed();
                }
                if flags.2 {
                    let since = ["2026-03-10", "2026-03-16"][usize::from(day % 2 == 0)];
                    draft = draft.learning(since);
                }
                draft.done()
            })
            .collect()
    })
}

/// Joins by comparing every alert with every other.
fn joined_slowly(nodes: &[Node]) -> BTreeSet<BTreeSet<String>> {
    let n = nodes.len();
    let mut entities_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in nodes {
        for alias in &node.aliases {
            entities_of.entry(alias).or_default().insert(&node.entity);
        }
    }
    let ids: Vec<BTreeSet<&str>> = nodes
        .iter()
        .map(|node| {
            let aliases = node.aliases.iter().map(String::as_str);
            let own = aliases.filter(|alias| entities_of[alias].len() <= 4);
            own.chain([&*node.entity]).collect()
        })
        .collect();
    let mut of: Vec<usize> = (0..n).collect();
    let join = |of: &mut Vec<usize>, a: usize, b: usize| {
        let (a, b) = (of[a], of[b]);
        of.iter_mut()
            .filter(|set| **set == b)
            .for_each(|set| *set = a);
    };
    for a in 0..n {
        for b in 0..n {
            let (one, other) = (&nodes[a], &nodes[b]);
            let gap = other
                .start
                .secs_since(one.end)
                .max(one.start.secs_since(other.end));
            if !ids[a].is_disjoint(&ids[b]) && gap < i64::from(DAY_SECS) {
                join(&mut of, a, b);
            }
            for (by, at) in &one.parents {
                let near = at.secs_since(other.end) <= LINEAGE_SECS
                    && other.start.secs_since(*at) <= LINEAGE_SECS;
                if ids[b].contains(&**by) && near {
                    join(&mut of, a, b);
                }
            }
        }
    }
    let actors = of.clone();
    let carries_more =
        |actor: usize| (0..n).any(|at| actors[at] == actor && nodes[at].carries_more);
    for a in 0..n {
        for b in 0..n {
            let of_actors = |at: &usize| actors[*at] == actors[a] || actors[*at] == actors[b];
            let mut logs = (0..n).filter(of_actors).map(|at| &nodes[at].young_log);
            if nodes[a].young_log.is_some() && logs.all(|log| *log == nodes[a].young_log) {
                join(&mut of, a, b);
            }
        }
    }
    let mut shown = Vec::new();
    for at in 0..n {
        let is_heavy = carries_more(actors[at]);
        for novelty in &nodes[at].novelties {
            let is_whose = matches!(novelty.kind, CauseTrait::Network | CauseTrait::Application);
            if is_heavy && (!is_whose || novelty.support > 0) {
                continue;
            }
            for group in &nodes[at].groups {
                let place = (group, novelty.kind, &novelty.value, is_heavy);
                shown.push((place, novelty.time, at, novelty.support));
            }
        }
    }
    for (place, last, ..) in &shown {
        let in_day: Vec<(usize, u32)> = shown
            .iter()
            .filter(|(other, time, ..)| {
                other == place && time <= last && last.secs_since(*time) < i64::from(DAY_SECS)
            })
            .map(|(_, _, at, support)| (*at, *support))
            .collect();
        let distinct: BTreeSet<usize> = in_day.iter().map(|(at, _)| actors[*at]).collect();
        let known = in_day.iter().map(|(_, support)| *support).min().unwrap();
        if distinct.len() >= 3 && distinct.len() >= known as usize {
            for (at, _) in &in_day {
                join(&mut of, in_day[0].0, *at);
            }
        }
    }
    let mut sets: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for at in 0..n {
        sets.entry(of[at])
            .or_default()
            .insert(nodes[at].alert_id.clone());
    }
    sets.into_values().collect()
}

/// Returns of each alert the document that counts.
fn latest(alerts: &[Alert]) -> BTreeMap<String, Node> {
    let mut latest: BTreeMap<String, Node> = BTreeMap::new();
    for node in alerts.iter().map(Node::of) {
        let is_later = latest
            .get(&node.alert_id)
            .is_none_or(|known| node.rank > known.rank);
        if is_later {
            latest.insert(node.alert_id.clone(), node);
        }
    }
    latest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn law_incidents_are_a_function_of_the_set_of_alerts(alerts in some_alerts(), seed in any::<u64>()) {
        let playbook = Playbook::default();
        let told = incidents(&alerts, &playbook);
        let mut shuffled = alerts.clone();
        shuffled.sort_by_key(|alert| xxhash_rust::xxh3::xxh3_64_with_seed(format!("{alert:?}").as_bytes(), seed));
        prop_assert_eq!(&told, &incidents(&shuffled, &playbook));
        for incident in &told {
            let text = serde_json::to_string(incident).unwrap();
            prop_assert_eq!(incident, &crate::incident::Incident::parse(&text).unwrap());
            prop_assert_eq!(&incident.incident_id, &incident_id(&incident.alerts[0]));
        }
    }

    #[test]
    fn law_what_sorting_finds_is_what_comparing_all_finds(alerts in some_alerts()) {
        let nodes: Vec<Node> = latest(&alerts).into_values().collect();
        let mut joiner = Joiner::default();
        alerts.iter().for_each(|alert| joiner.add(alert));
        let found: BTreeSet<BTreeSet<String>> =
            joiner.groups().iter().map(|group| group.alerts.iter().cloned().collect()).collect();
        prop_assert_eq!(found, joined_slowly(&nodes));
    }

    #[test]
    fn law_joining_one_by_one_is_joining_all(alerts in some_alerts()) {
        let mut by_day = alerts.clone();
        by_day.sort_by_key(|alert| alert.span().0.day());
        let mut joiner = Joiner::default();
        for alert in &by_day {
            joiner.add(alert);
            prop_assert!(joiner.id_of(&alert.alert_id).is_some());
        }
        let mut whole = Joiner::default();
        alerts.iter().rev().for_each(|alert| whole.add(alert));
        prop_assert_eq!(joiner.groups(), whole.groups());
    }

    #[test]
    fn law_every_alert_is_in_one_bounded_incident(alerts in some_alerts()) {
        let mut joiner = Joiner::default();
        alerts.iter().for_each(|alert| joiner.add(alert));
        let mut seen = BTreeSet::new();
        let known = latest(&alerts);
        for group in joiner.groups() {
            prop_assert!(group.alerts.len() <= ALERTS_MAX);
            for id in &group.alerts {
                prop_assert!(seen.insert(id.clone()));
                let since = known[id].crossed.secs_since(known[&group.alerts[0]].crossed);
                prop_assert!((0..DAYS_MAX * i64::from(DAY_SECS)).contains(&since));
            }
        }
        prop_assert_eq!(seen.len(), known.len());
    }
}

#[test]
fn many_alerts_of_one_actor_take_no_quadratic_time() {
    /// Compared in pairs these would take hours.
    const ALERTS: usize = 200_000;
    let template = alert("x", "AN1594", &role(1, "etl"), "16 10:00", "16 11:00")
        .assumed(&role(1, "hub"), "16 09:00")
        .novelty("region", "ap-south-1")
        .with(
            "entity.aliases",
            json!(["AROAEXAMPLE0001", "a@example.com"]),
        )
        .done();
    let mut joiner = Joiner::default();
    for n in 0..ALERTS {
        let mut alert = template.clone();
        alert.alert_id = format!("{n:06}");
        if n % 3 == 1 {
            alert.entity.id = role(1, "hub");
        } else if n % 3 == 2 {
            alert.entity.id = role(1, &format!("r{n}"));
        }
        joiner.add(&alert);
    }
    let sizes: usize = joiner.groups().iter().map(|group| group.alerts.len()).sum();
    assert_eq!(sizes, ALERTS);
}
