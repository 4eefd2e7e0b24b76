//! Joining alerts as they come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::incident::group::{DAYS_MAX, Group, groups_of};
use crate::incident::node::{LINEAGE_SECS, Node, Rank};
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
    joined: Option<Joined>,
}

#[derive(Debug, Clone)]
struct Joined {
    groups: Vec<Group>,
    /// The place of each alert's incident.
    of_alert: BTreeMap<String, usize>,
}

impl Joiner {
    /// Adds a document of an alert. Of one that is no later than what is known of the alert, only under which incident it was told counts.
    pub fn add(&mut self, alert: &Alert) {
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
        self.joined = None;
    }

    fn joined(&mut self) -> &Joined {
        let nodes = &self.nodes;
        self.joined.get_or_insert_with(|| {
            let groups = groups_of(nodes.values());
            let mut of_alert = BTreeMap::new();
            for (at, group) in groups.iter().enumerate() {
                of_alert.extend(group.alerts.iter().map(|id| (id.clone(), at)));
            }
            Joined { groups, of_alert }
        })
    }
}
