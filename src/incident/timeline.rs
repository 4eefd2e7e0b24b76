//! What happened when, out of what alerts say of it.

use std::collections::BTreeMap;

use crate::alert::{Alert, AssumptionRecord, Reason};
use crate::incident::document::Moment;
use crate::incident::node::key_of;
use crate::time::{Day, Time};

/// Moments of an incident.
const MOMENTS_MAX: usize = 60;
/// Steps back from a credential.
const STEPS_MAX: usize = 8;
/// Decimal places of a score that people see.
const SCORE_STEP: f64 = 0.05;

/// How much a moment tells; where there are too many, those that tell least go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Creation,
    Crossing,
    Issuance,
    SignIn,
    FirstEvent,
    LastEvent,
    Score,
}

/// Returns what happened, in order, and how many moments there was no room for.
pub(super) fn timeline(alerts: &[&Alert]) -> (Vec<Moment>, u64) {
    let mut moments: Vec<(Weight, Moment)> = Vec::new();
    for alert in alerts {
        came_to_be(alert, &mut moments);
        judged(alert, &mut moments);
    }
    edges_of_days(alerts, &mut moments);
    moments.sort_by(|(a, of_a), (b, of_b)| order(*a, of_a).cmp(&order(*b, of_b)));
    moments.dedup_by(|(_, b), (_, a)| a.time == b.time && a.what == b.what && a.entity == b.entity);
    let omitted = moments.len().saturating_sub(MOMENTS_MAX);
    moments.truncate(MOMENTS_MAX);
    moments.sort_by(|(a, of_a), (b, of_b)| {
        (of_a.time, *a, &of_a.entity, &of_a.what).cmp(&(of_b.time, *b, &of_b.entity, &of_b.what))
    });
    let moments = moments.into_iter().map(|(_, moment)| moment).collect();
    (moments, omitted as u64)
}

fn order(weight: Weight, moment: &Moment) -> (Weight, Time, &str, &str) {
    (weight, moment.time, &moment.entity, &moment.what)
}

fn from(address: Option<&str>) -> String {
    address.map(|ip| format!(" from {ip}")).unwrap_or_default()
}

/// Adds how an identity, its credentials and its session began.
fn came_to_be(alert: &Alert, moments: &mut Vec<(Weight, Moment)>) {
    let entity = &alert.entity.id;
    let mut add = |weight, time, what: String, of: &str, event_id: Option<&str>| {
        let moment = Moment {
            time,
            what,
            entity: of.to_owned(),
            event_id: event_id.map(str::to_owned),
        };
        moments.push((weight, moment));
    };
    let by = |by: &Option<String>| match by {
        Some(by) => format!(" by {by}"),
        None => String::new(),
    };
    if let Some(created) = &alert.entity.created {
        let what = format!(
            "created{} ({}){}",
            by(&created.by),
            created.operation,
            from(created.source_ip.as_deref())
        );
        add(
            Weight::Creation,
            created.time,
            what,
            entity,
            Some(&created.event_id),
        );
    } else {
        for reason in &alert.reasons {
            let Reason::Sequence { steps } = reason else {
                continue;
            };
            for step in steps
                .iter()
                .filter(|s| s.origin.as_deref() == Some("created"))
            {
                let operation = step.operation.as_ref();
                let operation = operation.map(|name| format!(" ({name})"));
                let what = format!(
                    "created{}{}{}",
                    by(&step.by),
                    operation.unwrap_or_default(),
                    from(step.source_ip.as_deref())
                );
                add(
                    Weight::Creation,
                    step.time,
                    what,
                    entity,
                    step.event_id.as_deref(),
                );
            }
        }
    }
    for assumed in &alert.assumed {
        let (mut child, mut next): (&str, Option<&AssumptionRecord>) = (entity, Some(assumed));
        for _ in 0..STEPS_MAX {
            let Some(record) = next else { break };
            let to = match &record.by {
                Some(by) => format!(" to {by}"),
                None => String::new(),
            };
            let what = format!(
                "credential issued{to} ({}){}",
                record.operation,
                from(record.source_ip.as_deref())
            );
            add(
                Weight::Issuance,
                record.time,
                what,
                child,
                Some(&record.event_id),
            );
            child = record.by.as_deref().unwrap_or(child);
            next = record.with.as_deref();
        }
    }
    if let Some(began) = &alert.authentication {
        let factor = match began.mfa {
            Some(true) => " with a second factor",
            Some(false) => " without a second factor",
            None => "",
        };
        let what = format!(
            "signed in: {}{factor}{}",
            began.method,
            from(began.source_ip.as_deref())
        );
        add(Weight::SignIn, began.time, what, entity, None);
    }
}

/// Adds when thresholds and scores were reached.
fn judged(alert: &Alert, moments: &mut Vec<(Weight, Moment)>) {
    let mut add = |weight, time, what: String| {
        let moment = Moment {
            time,
            what,
            entity: alert.entity.id.clone(),
            event_id: None,
        };
        moments.push((weight, moment));
    };
    let crossed = alert.crossed_at;
    if let Some(crossed) = crossed {
        let what = format!(
            "{}: threshold {:.1} reached",
            alert.analytic, alert.threshold
        );
        add(Weight::Crossing, crossed, what);
    }
    let is_later = crossed.is_none_or(|crossed| crossed < alert.time);
    let is_more = alert.score - alert.threshold >= SCORE_STEP;
    if is_later && (is_more || crossed.is_none()) {
        let weight = match crossed {
            Some(_) => Weight::Score,
            None => Weight::Crossing,
        };
        let what = format!("{}: score {:.1} reached", alert.analytic, alert.score);
        add(weight, alert.time, what);
    }
}

/// Adds the first and the last event of each entity and day. Several analytics count the same ones.
fn edges_of_days(alerts: &[&Alert], moments: &mut Vec<(Weight, Moment)>) {
    type Edges<'a> = (Option<(Time, &'a Alert)>, Option<(Time, &'a Alert)>);
    let mut of_days: BTreeMap<(String, Day), Edges> = BTreeMap::new();
    for &alert in alerts {
        let key = (key_of(&alert.entity), alert.span().0.day());
        let (first, last) = of_days.entry(key).or_default();
        if let Some(time) = alert.first_event
            && first.is_none_or(|(known, _)| time < known)
        {
            *first = Some((time, alert));
        }
        if let Some(time) = alert.last_event
            && last.is_none_or(|(known, _)| time > known)
        {
            *last = Some((time, alert));
        }
    }
    for (first, last) in of_days.into_values() {
        for (weight, what, edge) in [
            (Weight::FirstEvent, "first event", first),
            (Weight::LastEvent, "last event", last),
        ] {
            moments.extend(edge.map(|(time, alert)| {
                let is_first = weight == Weight::FirstEvent;
                let event = alert.event_ids.first().filter(|_| is_first);
                let moment = Moment {
                    time,
                    what: what.to_owned(),
                    entity: alert.entity.id.clone(),
                    event_id: event.cloned(),
                };
                (weight, moment)
            }));
        }
    }
}
