//! The edge *one cause*: the same new value on three or more identities of one group within a day is a roll-out, and told once.
//!
//! An actor whose alerts carry more than the new value is no part of a roll-out, because an attack could hide there, and a verdict on
//! the roll-out would hide it for good. Such actors are joined among themselves: three that come from the same new network at once
//! are one campaign.

use std::collections::BTreeMap;

use crate::incident::document::Cause;
use crate::incident::node::{CauseTrait, Node};
use crate::incident::sets::Sets;
use crate::time::{DAY_SECS, Time};

/// Identities from which on the same new value has one cause.
pub(super) const MEMBERS_MIN: usize = 3;
/// Seconds within which they must show it.
const TOGETHER_SECS: i64 = DAY_SECS as i64;

/// A new value in a group of identities, and whether those that show it carry more than that.
type Place<'a> = (&'a str, CauseTrait, &'a str, bool);

/// Joins actors that show the same new value, and returns which alerts are one incident.
pub(super) fn incidents(nodes: &[&Node], mut actors: Sets) -> Sets {
    let n = nodes.len();
    let roots: Vec<usize> = (0..n).map(|at| actors.root(at)).collect();
    let mut carries_more = vec![false; n];
    for (node, &root) in nodes.iter().zip(&roots) {
        carries_more[root] |= node.carries_more;
    }
    let mut shown: Vec<(Place, Time, usize)> = Vec::new();
    for (node, &root) in nodes.iter().zip(&roots) {
        for novelty in &node.novelties {
            for group in &node.groups {
                let place = (&**group, novelty.kind, &*novelty.value, carries_more[root]);
                shown.push((place, novelty.time, root));
            }
        }
    }
    shown.sort_unstable();
    let mut sets = actors;
    for of_place in shown.chunk_by(|a, b| a.0 == b.0) {
        join_together(of_place, &mut sets);
    }
    sets
}

/// Joins all that lie in a day with enough others.
fn join_together(shown: &[(Place, Time, usize)], sets: &mut Sets) {
    let mut within: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut first, mut joined_to) = (0, 0);
    for (at, &(_, time, actor)) in shown.iter().enumerate() {
        *within.entry(actor).or_default() += 1;
        while time.secs_since(shown[first].1) >= TOGETHER_SECS {
            let left = shown[first].2;
            if let Some(n) = within.get_mut(&left) {
                *n -= 1;
                if *n == 0 {
                    within.remove(&left);
                }
            }
            first += 1;
        }
        if within.len() >= MEMBERS_MIN {
            // What lies before `joined_to` in this day is joined already.
            for next in first.max(joined_to)..=at {
                sets.join(shown[first].2, shown[next].2);
            }
            joined_to = at + 1;
        }
    }
}

/// Returns the new value that most actors of an incident share, if enough do. `actors` has the actor of each alert.
pub(super) fn cause_of(nodes: &[&Node], actors: &[usize]) -> Option<Cause> {
    let mut shown: BTreeMap<(CauseTrait, &str), BTreeMap<usize, Time>> = BTreeMap::new();
    for (node, &actor) in nodes.iter().zip(actors) {
        for novelty in &node.novelties {
            let members = shown.entry((novelty.kind, &novelty.value)).or_default();
            let time = members.entry(actor).or_insert(novelty.time);
            *time = novelty.time.min(*time);
        }
    }
    let mut best: Option<Cause> = None;
    for ((kind, value), members) in shown {
        let n = members.len();
        if n >= MEMBERS_MIN && best.as_ref().is_none_or(|best| n as u64 > best.members) {
            best = members.values().min().map(|&since| Cause {
                r#trait: kind.as_str().to_owned(),
                value: value.to_owned(),
                since,
                members: n as u64,
            });
        }
    }
    best
}
