//! Stored alerts, as far as approvals need them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use crate::config::{Known, PartialContext, Values};
use crate::error::Result;
use crate::store::{Archive, Store};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, Str};

/// The last version of an alert.
#[derive(Debug, Clone)]
pub(super) struct ArchivedAlert {
    pub(super) analytic: Str,
    pub(super) entity: Entity,
    pub(super) time: Time,
    pub(super) score: f64,
    /// Whether an approval covered it.
    pub(super) is_suppressed: bool,
    /// The id of that approval, where it was recorded.
    pub(super) approval: Option<String>,
    /// The parts of the alert that a person reads.
    pub(super) context: PartialContext,
}

#[derive(Deserialize)]
struct Line {
    alert_id: String,
    analytic: Str,
    time: String,
    score: f64,
    entity: Who,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    destinations: Vec<Destination>,
    window: Option<Span>,
    suppressed_by: Option<String>,
    approval: Option<String>,
}

#[derive(Deserialize)]
struct Who {
    kind: String,
    id: Str,
    #[serde(default)]
    aliases: Vec<Str>,
    role: Option<Str>,
    source_ip: Option<Str>,
}

#[derive(Deserialize)]
struct Span {
    start: String,
    end: String,
}

#[derive(Deserialize)]
struct Resource {
    bucket: Str,
}

#[derive(Deserialize)]
struct Destination {
    address: Str,
    external: Option<bool>,
}

/// Returns the stored alerts from a day on, by id. Damaged lines are skipped.
pub(super) fn archived(
    store: &Store,
    since: Option<Day>,
) -> Result<BTreeMap<String, ArchivedAlert>> {
    let mut archived = BTreeMap::new();
    Archive::alerts(store).each_since(since, |line| {
        let line = serde_json::from_slice::<Line>(line).ok();
        archived.extend(line.and_then(Line::into_archived));
    })?;
    Ok(archived)
}

/// Returns the values that an alert shows: approvals are checked against its whole episode.
fn part(values: impl IntoIterator<Item = Str>) -> Values {
    (values.into_iter().collect(), Known::Some)
}

impl Span {
    fn times(self) -> Option<Range<Time>> {
        Some(Time::parse(&self.start)?..Time::parse(&self.end)?)
    }
}

impl Line {
    fn into_archived(self) -> Option<(String, ArchivedAlert)> {
        let entity = Entity {
            kind: EntityKind::parse(&self.entity.kind)?,
            id: self.entity.id,
        };
        let mut ids = vec![entity.id.clone()];
        ids.extend(self.entity.aliases);
        let external = |row: &Destination| row.external != Some(false);
        let destinations = self.destinations.into_iter().filter(external);
        let context = PartialContext {
            ids,
            role: self.entity.role,
            buckets: part(self.resources.into_iter().map(|row| row.bucket)),
            destinations: part(destinations.map(|row| row.address)),
            user_agents: part([]),
            applications: part([]),
            networks: part(self.entity.source_ip),
            times: match self.window.and_then(Span::times) {
                Some(times) => (vec![times], Known::More),
                None => (Vec::new(), Known::Some),
            },
        };
        let archived = ArchivedAlert {
            analytic: self.analytic,
            entity,
            time: Time::parse(&self.time)?,
            score: self.score,
            is_suppressed: self.suppressed_by.is_some(),
            approval: self.approval,
            context,
        };
        Some((self.alert_id, archived))
    }
}
