//! The edge *one cause*: the same new value on three or more identities of one group within a day is a roll-out, and told once.
//!
//! A value that many know is no roll-out: on any day somebody works in the region that everybody works in for the first time. So at
//! least as many identities as are known for it must show it within the day.
//!
//! An actor whose alerts carry more than the new value is no part of a roll-out, because an attack could hide there, and a verdict on
//! the roll-out would hide it for good. Such actors are joined among themselves only by a network or an application that nobody was
//! known for: three that come from there at once are one campaign.
//!
//! What rests on logs of a provider that began on one day, and are still learnt, has one cause as well: it is as unusual as everything is
//! in them. An actor of whom more is known stays by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::incident::document::{Cause, YOUNG_LOG};
use crate::incident::node::{CauseTrait, Node, Novelty};
use crate::incident::sets::Sets;
use crate::time::{DAY_SECS, Day, Time};

/// Identities from which on the same new value has one cause.
pub(super) const MEMBERS_MIN: usize = 3;
/// Seconds within which they must show it.
const TOGETHER_SECS: i64 = DAY_SECS as i64;

/// A new value in a group of identities, and whether those that show it carry more than that.
type Place<'a> = (&'a str, CauseTrait, &'a str, bool);

/// Where a new value was shown, when, by which actor, and how many others were known for it.
type Shown<'a> = (Place<'a>, Time, usize, u32);

/// Joins actors that show the same new value, and returns which alerts are one incident.
pub(super) fn incidents(nodes: &[&Node], mut actors: Sets) -> Sets {
    let n = nodes.len();
    let roots: Vec<usize> = (0..n).map(|at| actors.root(at)).collect();
    let mut carries_more = vec![false; n];
    for (node, &root) in nodes.iter().zip(&roots) {
        carries_more[root] |= node.carries_more;
    }
    let mut shown: Vec<Shown> = Vec::new();
    for (node, &root) in nodes.iter().zip(&roots) {
        let is_heavy = carries_more[root];
        let novelties = node.novelties.iter();
        for novelty in novelties.filter(|novelty| is_cause(novelty, is_heavy)) {
            for group in &node.groups {
                let place = (&**group, novelty.kind, &*novelty.value, is_heavy);
                shown.push((place, novelty.time, root, novelty.support));
            }
        }
    }
    shown.sort_unstable();
    let mut sets = actors;
    join_young_logs(nodes, &roots, &mut sets);
    for of_place in shown.chunk_by(|a, b| a.0 == b.0) {
        join_together(of_place, &mut sets);
    }
    sets
}

/// Joins actors of whom nothing is told but what logs recorded that began on one day and are still learnt.
fn join_young_logs(nodes: &[&Node], roots: &[usize], sets: &mut Sets) {
    let mut of_actor: BTreeMap<usize, Option<&(String, Day)>> = BTreeMap::new();
    for (node, &root) in nodes.iter().zip(roots) {
        let log = node.young_log.as_ref();
        let known = of_actor.entry(root).or_insert(log);
        *known = known.filter(|known| log == Some(*known));
    }
    let mut first_of: BTreeMap<&(String, Day), usize> = BTreeMap::new();
    for (root, log) in of_actor {
        if let Some(log) = log {
            let first = first_of.entry(log).or_insert(root);
            sets.join(*first, root);
        }
    }
}

/// Returns the log that is still learnt and that all alerts of several actors rest on.
fn young_log_of(nodes: &[&Node], actors: &[usize]) -> Option<Cause> {
    let (provider, since) = nodes.first()?.young_log.as_ref()?;
    let is_of_it = |node: &&Node| {
        let log = node.young_log.as_ref();
        log.is_some_and(|log| (&log.0, &log.1) == (provider, since))
    };
    let members: BTreeSet<usize> = actors.iter().copied().collect();
    (members.len() > 1 && nodes.iter().all(is_of_it)).then(|| Cause {
        r#trait: YOUNG_LOG.to_owned(),
        value: provider.clone(),
        since: since.start(),
        members: members.len() as u64,
    })
}

/// Joins all that lie in a day with enough others.
fn join_together(shown: &[Shown], sets: &mut Sets) {
    let (mut within, mut supports) = (Counts::default(), Counts::default());
    let (mut first, mut joined_to) = (0, 0);
    for (at, &(_, time, actor, support)) in shown.iter().enumerate() {
        within.add(actor);
        supports.add(support as usize);
        while time.secs_since(shown[first].1) >= TOGETHER_SECS {
            within.remove(shown[first].2);
            supports.remove(shown[first].3 as usize);
            first += 1;
        }
        let n = within.0.len();
        let known = supports.0.keys().next().copied().unwrap_or_default();
        if n >= MEMBERS_MIN && n >= known {
            // What lies before `joined_to` in this day is joined already.
            for next in first.max(joined_to)..=at {
                sets.join(shown[first].2, shown[next].2);
            }
            joined_to = at + 1;
        }
    }
}

/// How often each number is there.
#[derive(Default)]
struct Counts(BTreeMap<usize, usize>);

impl Counts {
    fn add(&mut self, number: usize) {
        *self.0.entry(number).or_default() += 1;
    }

    fn remove(&mut self, number: usize) {
        if let Some(n) = self.0.get_mut(&number) {
            *n -= 1;
            if *n == 0 {
                self.0.remove(&number);
            }
        }
    }
}

/// Returns whether a new value may be what joins its actor to others.
fn is_cause(novelty: &Novelty, carries_more: bool) -> bool {
    let is_whose = matches!(novelty.kind, CauseTrait::Network | CauseTrait::Application);
    !carries_more || is_whose && novelty.support == 0
}

/// The actors that showed a value: when each did first, and how many others were known for it.
type Members = BTreeMap<usize, (Time, u32)>;

/// Returns the log that is still learnt, or else the new value that most actors of an incident share, if enough do. `actors` has the actor of each alert.
pub(super) fn cause_of(nodes: &[&Node], actors: &[usize]) -> Option<Cause> {
    if let Some(log) = young_log_of(nodes, actors) {
        return Some(log);
    }
    let carries_more = nodes.iter().any(|node| node.carries_more);
    let mut shown: BTreeMap<(CauseTrait, &str), Members> = BTreeMap::new();
    for (node, &actor) in nodes.iter().zip(actors) {
        let novelties = node.novelties.iter();
        for novelty in novelties.filter(|novelty| is_cause(novelty, carries_more)) {
            let members = shown.entry((novelty.kind, &novelty.value)).or_default();
            let (time, support) = members
                .entry(actor)
                .or_insert((novelty.time, novelty.support));
            *time = novelty.time.min(*time);
            *support = novelty.support.min(*support);
        }
    }
    let mut best: Option<Cause> = None;
    for ((kind, value), members) in shown {
        let n = members.len();
        let known = members.values().map(|(_, support)| *support).min();
        let is_enough = n >= MEMBERS_MIN && known.is_some_and(|known| n as u64 >= u64::from(known));
        if is_enough && best.as_ref().is_none_or(|best| n as u64 > best.members) {
            let since = members.values().map(|(time, _)| *time).min();
            best = since.map(|since| Cause {
                r#trait: kind.as_str().to_owned(),
                value: value.to_owned(),
                since,
                members: n as u64,
            });
        }
    }
    best
}
