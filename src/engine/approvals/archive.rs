//! Stored alerts, as far as approvals need them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use crate::config::{Known, PartialContext, Values};
use crate::error::Result;
use crate::score::ROWS_MAX;
use crate::store::{Archive, Store};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, SOURCE_SILENT, Str};

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
    #[serde(default)]
    events: u64,
    day_events: Option<u64>,
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

/// Returns, of an alert on a log that fell silent, the name of the log and those of what it is a part of.
pub(super) fn names_of_log(analytic: &str, name: &str) -> Option<Vec<Str>> {
    (*analytic == *SOURCE_SILENT).then(|| {
        let ends = name.match_indices('/').map(|(at, _)| at);
        ends.chain([name.len()])
            .map(|end| Str::from(&name[..end]))
            .collect()
    })
}

/// Returns the values that an alert shows: approvals are checked against its whole episode.
fn part(values: impl IntoIterator<Item = Str>) -> Values {
    (values.into_iter().collect(), Known::Some)
}

/// Returns the values of a table of an alert. One that was not cut, of an alert that lists each event of its day so far, has all that
/// approvals are checked against: they are asked about some of these events.
fn listed<R>(table: Vec<R>, lists_all: bool, value: impl Fn(R) -> Option<Str>) -> Values {
    let known = match lists_all && table.len() < ROWS_MAX {
        true => Known::More,
        false => Known::Some,
    };
    (table.into_iter().filter_map(value).collect(), known)
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
        let lists_all = self.day_events.is_some_and(|n| n > 0 && self.events >= n);
        let external = |row: Destination| (row.external != Some(false)).then_some(row.address);
        let context = PartialContext {
            ids,
            role: self.entity.role,
            buckets: listed(self.resources, lists_all, |row| Some(row.bucket)),
            destinations: listed(self.destinations, lists_all, external),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{Config, Cover};

    #[test]
    fn an_alert_that_lists_each_event_of_its_day_decides_and_another_only_contradicts() {
        let cover = |criterion: &str, buckets: &[String], (events, day_events): (u64, u64)| {
            let rows: Vec<_> = buckets
                .iter()
                .map(|bucket| serde_json::json!({"bucket": bucket}))
                .collect();
            let line = serde_json::json!({
                "alert_id": "a", "analytic": "AN1088", "time": "2026-03-16T10:00:00Z", "score": 90.0,
                "entity": {"kind": "identity", "id": "i"}, "resources": rows,
                "events": events, "day_events": day_events,
            });
            let line: Line = serde_json::from_value(line).unwrap();
            let (_, alert) = line.into_archived().unwrap();
            let text = format!(
                "[[approval]]\nowner='o'\nreason='r'\nexpires=2027-01-31\nidentity='i'\n{criterion}"
            );
            let config = Config::parse(&text, "p.toml").unwrap();
            config.approvals[0].criteria.may_cover(&alert.context)
        };
        let named = |n: usize| (0..n).map(|at| format!("b{at}")).collect::<Vec<_>>();
        for (criterion, buckets, events, expected) in [
            // Without a bucket, one for buckets covers nothing; where only a part of the day is listed, there may have been one.
            ("bucket='b*'", named(0), (7, 7), Cover::No),
            ("bucket='b*'", named(0), (7, 9), Cover::Perhaps),
            ("bucket='b*'", named(2), (7, 7), Cover::Yes),
            ("bucket='b*'", named(2), (7, 9), Cover::Perhaps),
            ("bucket='c*'", named(2), (7, 9), Cover::No),
            // A table that was cut may have had others.
            ("bucket='b*'", named(ROWS_MAX), (70, 70), Cover::Perhaps),
            ("destination=[]", named(1), (7, 7), Cover::Yes),
            ("destination=[]", named(1), (7, 9), Cover::Perhaps),
            ("user_agent='rclone'", named(1), (7, 7), Cover::Perhaps),
        ] {
            let said = cover(criterion, &buckets, events);
            assert_eq!(said, expected, "{criterion} {buckets:?} {events:?}");
        }
    }
}
