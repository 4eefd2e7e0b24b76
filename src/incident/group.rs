//! The alerts of one incident, as joining found them.

use std::collections::{BTreeMap, BTreeSet};

use crate::incident::cause::{self, cause_of};
use crate::incident::document::{Beyond, Cause};
use crate::incident::join;
use crate::incident::node::Node;
use crate::incident::severity::severity_of;
use crate::stats::Severity;
use crate::time::{DAY_SECS, Time};

/// The most alerts of an incident.
pub const ALERTS_MAX: usize = 200;
/// The most days between the crossings of an incident's first and last alert.
pub const DAYS_MAX: i64 = 30;
/// Hexadecimal digits of an id, after the `i` that tells it from an alert's.
const ID_DIGITS: usize = 31;

/// The alerts of one incident, and what follows from them without reading them again.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The incident's id: a function of the alert that reached its threshold first.
    pub id: String,
    /// Its alerts, in the order in which they reached their thresholds.
    pub alerts: Vec<String>,
    /// Those of them that an approval covers.
    pub covered: Vec<String>,
    /// Which actor each of them is of: alerts of the same number are of one actor or one lineage.
    pub actors: Vec<usize>,
    /// When it began.
    pub start: Time,
    /// The last instant that it tells of.
    pub end: Time,
    /// Its severity.
    pub severity: Severity,
    /// What the severity rests on.
    pub severity_reason: String,
    /// The score of its highest alert.
    pub score: f64,
    /// Whether all of its alerts are covered by approvals.
    pub is_suppressed: bool,
    /// The new value that its identities have in common, if that is why they are one incident.
    pub cause: Option<Cause>,
    /// The incident that had too many alerts to have these as well.
    pub continues: Option<String>,
    /// The incident that has the alerts for which there was no room here.
    pub beyond: Option<Beyond>,
    /// Ids under which some of its alerts were told before.
    pub merged: Vec<String>,
}

/// Returns the id of the incident of whose alerts this one reached its threshold first.
///
/// ```
/// let id = plimsoll::incident::incident_id("5f0c");
/// assert!(id.starts_with('i') && id.len() == 32);
/// ```
pub fn incident_id(alert_id: &str) -> String {
    let text = format!("incident\n{alert_id}");
    let digits = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()));
    format!("i{}", &digits[..ID_DIGITS])
}

/// Joins alerts into incidents, the earliest first. The order of `nodes` does not matter.
pub(super) fn groups_of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Vec<Group> {
    let mut nodes: Vec<&Node> = nodes.into_iter().collect();
    // The instant of the crossing stays as it is while an episode grows, so the earliest alert does, and with it the id.
    nodes.sort_by(|a, b| (a.crossed, &a.alert_id).cmp(&(b.crossed, &b.alert_id)));
    let mut actors = join::actors(&nodes);
    let of_actor: Vec<usize> = (0..nodes.len()).map(|at| actors.root(at)).collect();
    let mut sets = cause::incidents(&nodes, actors);
    let mut groups: Vec<Group> = Vec::new();
    for members in sets.members().into_values() {
        push_groups(&nodes, &of_actor, &members, &mut groups);
    }
    groups.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    // What is an incident still was not merged, but cut.
    let ids: BTreeSet<String> = groups.iter().map(|group| group.id.clone()).collect();
    for group in &mut groups {
        group.merged.retain(|told| !ids.contains(told));
    }
    groups
}

/// Cuts alerts that hang together into incidents of a bounded size, in the order of time.
fn push_groups(nodes: &[&Node], actors: &[usize], members: &[usize], groups: &mut Vec<Group>) {
    let (mut rest, mut before) = (members, None);
    while let Some(&first) = rest.first() {
        let until = nodes[first].crossed;
        let until = until.plus_secs(DAYS_MAX * i64::from(DAY_SECS));
        let in_time = rest.partition_point(|&at| nodes[at].crossed < until);
        let n = in_time.clamp(1, ALERTS_MAX);
        let (its, later) = rest.split_at(n);
        let mut group = group_of(nodes, actors, its);
        group.continues = before.replace(group.id.clone());
        group.beyond = later.first().map(|&next| Beyond {
            alerts: later.len() as u64,
            incident_id: incident_id(&nodes[next].alert_id),
        });
        groups.push(group);
        rest = later;
    }
}

fn group_of(nodes: &[&Node], actors: &[usize], members: &[usize]) -> Group {
    let its: Vec<&Node> = members.iter().map(|&at| nodes[at]).collect();
    let actors: Vec<usize> = numbered(members.iter().map(|&at| actors[at]));
    let id = incident_id(&its[0].alert_id);
    let is_suppressed = its.iter().all(|node| node.is_suppressed);
    let counting = || {
        its.iter()
            .filter(|node| is_suppressed || !node.is_suppressed)
    };
    let (severity, severity_reason) = severity_of(&its, &actors);
    let merged: BTreeSet<&String> = its.iter().flat_map(|node| &node.told_in).collect();
    let merged = merged.into_iter().filter(|told| **told != id);
    Group {
        alerts: its.iter().map(|node| node.alert_id.clone()).collect(),
        covered: its
            .iter()
            .filter(|node| node.is_suppressed)
            .map(|node| node.alert_id.clone())
            .collect(),
        start: its
            .iter()
            .map(|node| node.start)
            .fold(its[0].start, Time::min),
        end: its.iter().map(|node| node.end).fold(its[0].end, Time::max),
        severity,
        severity_reason,
        score: counting().map(|node| node.score).fold(0.0, f64::max),
        is_suppressed,
        cause: cause_of(&its, &actors),
        continues: None,
        beyond: None,
        merged: merged.cloned().collect(),
        actors,
        id,
    }
}

/// Numbers things from 0 in the order in which they come.
fn numbered(things: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    things
        .map(|thing| {
            let next = numbers.len();
            *numbers.entry(thing).or_insert(next)
        })
        .collect()
}
