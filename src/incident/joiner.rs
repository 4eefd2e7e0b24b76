//! Joining alerts as they come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::incident::group::{DAYS_MAX, Group, groups_of};
use crate::incident::node::{LINEAGE_SECS, Node, Rank, group_of_account};
use crate::time::{DAY_SECS, Time};

/// Seconds after which nothing joins an incident any more: lineage reaches back 10 days, and events may come a week late.
const OPEN_SECS: i64 = 18 * DAY_SECS as i64;

/// Seconds within which something joins two alerts: lineage, with a day between each of them and the act.
const REACH_SECS: i64 = 2 * LINEAGE_SECS + DAY_SECS as i64;

/// Joins alerts into incidents. What it says is a function of the set of alerts that it was handed, whatever their order, and of
/// several documents of one alert only the latest counts.
///
/// Adding is cheap; the first question after it joins everything anew, in time that is nearly linear in the number of alerts. So add
/// the alerts of a look or a day, and then ask. It keeps a few hundred bytes of each alert, and can be stored with serde.
///
/// ```
/// use plimsoll::{alert::Alert, incident::Joiner};
/// # let line = r#"{"alert_id": "5f0c", "status": "closed", "analytic": "AN1594", "name": "n", "severity": "high", "score": 97.1,
/// #  "surprise": 4.6, "threshold": 92.3, "arm": "A", "time": "2026-03-16T04:11:09Z",
/// #  "window": {"start": "2026-03-16T04:10:00Z", "end": "2026-03-16T04:20:00Z"}, "entity": {"kind": "identity", "id": "a"}}"#;
/// let mut joiner = Joiner::default();
/// joiner.add(&Alert::parse(line)?);
/// let id = joiner.id_of("5f0c").map(str::to_owned);
/// assert_eq!(id.as_deref(), Some(&*joiner.groups()[0].id));
/// # Ok::<(), plimsoll::error::Error>(())
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Joiner {
    nodes: BTreeMap<String, Node>,
    #[serde(skip)]
    told_in: ToldIn,
    #[serde(skip)]
    joined: Option<Joined>,
}

/// By the ids of alerts that are told in those of narrower analytics, the ids of these.
type ToldIn = BTreeMap<String, BTreeSet<String>>;

#[derive(Debug, Clone)]
struct Joined {
    groups: Vec<Group>,
    /// The place of each alert's incident.
    of_alert: BTreeMap<String, usize>,
}

impl Joiner {
    /// Adds a document of an alert. Of one that is no later than what is known of the alert, only under which incident it was told counts.
    pub fn add(&mut self, alert: &Alert) {
        for other in &alert.also {
            let told_in = self.told_in.entry(other.alert_id.clone()).or_default();
            if told_in.insert(alert.alert_id.clone()) {
                self.joined = None;
            }
        }
        if let Some(known) = self.nodes.get_mut(&alert.alert_id) {
            let told_in = alert.incident_id.as_ref();
            if known.rank >= Rank::of(alert) {
                let is_news = told_in.is_some_and(|id| !known.told_in.contains(id));
                if is_news {
                    known.note_told_in(told_in.cloned());
                    self.joined = None;
                }
                return;
            }
            let before = std::mem::take(&mut known.told_in);
            *known = Node::of(alert);
            known.note_told_in(before);
        } else {
            let node = Node::of(alert);
            self.nodes.insert(node.alert_id.clone(), node);
        }
        self.joined = None;
    }

    /// Returns whether an alert of the same analytic on the same entity is known that begins at the same instant.
    pub fn has_one_like(&self, alert: &Alert) -> bool {
        let new = Node::of(alert);
        let is_like = |node: &Node| {
            (&node.analytic, &node.entity, node.start) == (&new.analytic, &new.entity, new.start)
        };
        self.nodes.values().any(is_like)
    }

    /// Returns who was last told to have blinded a log in an account, and when, from one instant to another.
    pub fn blinded_by(
        &self,
        (provider, account): (&str, &str),
        (from, until): (Time, Time),
    ) -> Option<(String, Time)> {
        let group = group_of_account(provider, account);
        let blinding = self.nodes.values().filter(|node| {
            let is_near = (from..=until).contains(&node.crossed);
            node.is_blinding && is_near && node.groups.contains(&group)
        });
        let last = blinding.max_by_key(|node| (node.crossed, &node.alert_id))?;
        Some((last.entity.clone(), last.crossed))
    }

    /// Returns the incidents, the earliest first.
    pub fn groups(&mut self) -> &[Group] {
        &self.joined().groups
    }

    /// Returns the incident that an alert belongs to, as far as is known; `None` of an alert that was not added.
    pub fn id_of(&mut self, alert_id: &str) -> Option<&str> {
        let joined = self.joined();
        let at = *joined.of_alert.get(alert_id)?;
        Some(&joined.groups[at].id)
    }

    /// Returns whether an incident that alerts of now may join can have alerts before an instant as well, of which nothing is known here.
    /// Where it is cut, if it is long, depends on them.
    pub fn may_begin_before(&mut self, instant: Time, now: Time) -> bool {
        let groups = self.groups();
        let places: BTreeMap<&str, &Group> = groups.iter().map(|of| (&*of.id, of)).collect();
        let is_open = |group: &&Group| now.secs_since(group.end) <= OPEN_SECS;
        groups.iter().filter(is_open).any(|group| {
            let mut first = group;
            while let Some(before) = first.continues.as_ref().and_then(|id| places.get(&**id)) {
                first = before;
            }
            first.start.secs_since(instant) <= REACH_SECS
        })
    }

    /// Forgets the incidents that nothing can join any more at this instant, so that what is kept stays bounded.
    pub fn forget_before(&mut self, now: Time) {
        // A piece of what was too large for one incident stays until no later piece to which alerts are added can rest on it.
        let is_over = |group: &Group| {
            let is_piece = group.continues.is_some() || group.beyond.is_some();
            let longer = if is_piece {
                DAYS_MAX * i64::from(DAY_SECS)
            } else {
                0
            };
            now.secs_since(group.end) > OPEN_SECS + longer
        };
        let over: Vec<String> = self
            .groups()
            .iter()
            .filter(|group| is_over(group))
            .flat_map(|group| group.alerts.clone())
            .collect();
        if over.is_empty() {
            return;
        }
        for alert_id in &over {
            self.nodes.remove(alert_id);
        }
        let nodes = &mut self.nodes;
        self.told_in.retain(|alert_id, by| {
            by.retain(|by| nodes.contains_key(by));
            if by.is_empty() {
                nodes.remove(alert_id);
            }
            !by.is_empty()
        });
        self.joined = None;
    }

    fn joined(&mut self) -> &Joined {
        let (nodes, told_in) = (&self.nodes, &self.told_in);
        self.joined.get_or_insert_with(|| {
            let groups = match told_in.is_empty() {
                true => groups_of(nodes.values()),
                false => groups_of(own(nodes, told_in).values()),
            };
            let mut of_alert = BTreeMap::new();
            for (at, group) in groups.iter().enumerate() {
                of_alert.extend(group.alerts.iter().map(|id| (id.clone(), at)));
            }
            for alert_id in told_in.keys().filter(|id| nodes.contains_key(*id)) {
                let by = teller(alert_id, nodes, told_in);
                let at = by.and_then(|by| of_alert.get(by).copied());
                of_alert.extend(at.map(|at| (alert_id.clone(), at)));
            }
            Joined { groups, of_alert }
        })
    }
}

/// The most alike analytics of one fact that are followed from one to the next.
const ALIKE_MAX: usize = 8;

/// Returns the alert that tells what an alert told while the narrower analytic was below its threshold; `None` of one that tells it itself.
/// Of two that name one another, as the narrower one changed with the day, the closed one tells it, else the first by id.
fn teller<'a>(
    alert_id: &str,
    nodes: &'a BTreeMap<String, Node>,
    told_in: &'a ToldIn,
) -> Option<&'a str> {
    let next = |of: &str| {
        let order = |id: &str| {
            (
                nodes.get(id).map(|node| Reverse(node.status)),
                id.to_owned(),
            )
        };
        let is_first = |by: &&String| {
            let is_named = told_in.get(*by).is_some_and(|by| by.contains(of));
            nodes.contains_key(*by) && (!is_named || order(by) < order(of))
        };
        told_in.get(of)?.iter().find(is_first)
    };
    let mut by = next(alert_id)?;
    for _ in 0..ALIKE_MAX {
        match next(by) {
            Some(further) => by = further,
            None => break,
        }
    }
    Some(by)
}

/// Returns the alerts that no other one tells, each with the incidents of those that it tells as well.
fn own(nodes: &BTreeMap<String, Node>, told_in: &ToldIn) -> BTreeMap<String, Node> {
    let mut own = nodes.clone();
    own.retain(|id, _| teller(id, nodes, told_in).is_none());
    for (id, node) in nodes {
        if let Some(by) = teller(id, nodes, told_in).and_then(|by| own.get_mut(by)) {
            by.note_told_in(node.told_in.clone());
        }
    }
    own
}
