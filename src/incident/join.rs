//! The edges *same actor* and *lineage*.
//!
//! Both are found by sorting: alerts by the ids that they have in common, and then by time. Nothing compares every alert with every
//! other, whatever they share.

use crate::incident::node::{LINEAGE_SECS, Node};
use crate::incident::sets::Sets;
use crate::time::{DAY_SECS, Time};

/// Seconds of silence after which what an actor does is another incident.
const SILENCE_SECS: i64 = DAY_SECS as i64;
/// The most entities that an alias may be known for. What more have in common is a name, an account or a profile, and no principal.
const ENTITIES_OF_ALIAS_MAX: usize = 4;

/// A span of an alert under one of the ids of its entity.
type Span<'a> = (&'a str, Time, Time, usize);

/// Returns which alerts are of one actor, or of one lineage. `nodes` are in whatever order.
pub(super) fn actors(nodes: &[&Node]) -> Sets {
    let spans = spans(nodes);
    let mut sets = Sets::new(nodes.len());
    for of_id in spans.chunk_by(|a, b| a.0 == b.0) {
        join_same_actor(of_id, &mut sets);
    }
    join_lineage(nodes, &spans, &mut sets);
    sets
}

/// Returns the spans of all alerts under the ids of their entities, by id and then by time.
fn spans<'a>(nodes: &[&'a Node]) -> Vec<Span<'a>> {
    let mut known: Vec<(&str, &str)> = nodes
        .iter()
        .flat_map(|node| node.aliases.iter().map(|alias| (&**alias, &*node.entity)))
        .collect();
    known.sort_unstable();
    known.dedup();
    let mut shared: Vec<&str> = Vec::new();
    for of_alias in known.chunk_by(|a, b| a.0 == b.0) {
        if of_alias.len() > ENTITIES_OF_ALIAS_MAX {
            shared.push(of_alias[0].0);
        }
    }
    let mut spans: Vec<Span> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let aliases = node.aliases.iter().map(String::as_str);
        let own = aliases.filter(|alias| shared.binary_search(alias).is_err());
        let ids = own.chain([&*node.entity]);
        spans.extend(ids.map(|id| (id, node.start, node.end, at)));
    }
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// Joins the spans of one id between which there is no silence of a day.
fn join_same_actor(spans: &[Span], sets: &mut Sets) {
    let (_, _, mut until, mut before) = spans[0];
    for &(_, start, end, at) in &spans[1..] {
        if start.secs_since(until) < SILENCE_SECS {
            sets.join(before, at);
        }
        until = until.max(end);
        before = at;
    }
}

/// Joins alerts with those of who created their identity or was issued its credentials, where both are near the act.
fn join_lineage(nodes: &[&Node], spans: &[Span], sets: &mut Sets) {
    let mut acts: Vec<(&str, Time, usize)> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        acts.extend(node.parents.iter().map(|(by, time)| (&**by, *time, at)));
    }
    acts.sort_unstable();
    for of_parent in acts.chunk_by(|a, b| a.0 == b.0) {
        let id = of_parent[0].0;
        let first = spans.partition_point(|span| span.0 < id);
        let its = spans[first..].iter().take_while(|span| span.0 == id);
        // All acts before this one that the next alert is near to are joined already.
        let mut joined_to = 0;
        for &(_, start, end, parent) in its {
            let (earliest, latest) = (start.plus_secs(-LINEAGE_SECS), end.plus_secs(LINEAGE_SECS));
            let from = of_parent.partition_point(|act| act.1 < earliest);
            let to = of_parent.partition_point(|act| act.1 <= latest);
            if from >= to {
                continue;
            }
            sets.join(parent, of_parent[from].2);
            // Spans come by their beginnings, so what an earlier one joined up to here is joined already.
            for at in from.max(joined_to.max(1) - 1)..to - 1 {
                sets.join(of_parent[at].2, of_parent[at + 1].2);
            }
            joined_to = joined_to.max(to);
        }
    }
}
