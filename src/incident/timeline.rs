//! What happened when, out of what alerts say of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{
    Alert, AssumptionRecord, AuthenticationRecord, FindingRecord, Reason, StepRecord,
};
use crate::incident::document::Moment;
use crate::incident::node::{crossed_at, key_of};
use crate::incident::once::{Told, Weight, once};
use crate::time::{Day, Time};

/// Moments of an incident.
const MOMENTS_MAX: usize = 60;
/// Steps back from a credential.
const STEPS_MAX: usize = 8;
/// Decimal places of a score that people see.
const SCORE_STEP: f64 = 0.05;

/// Returns what happened, in order and each event once, and how many moments there was no room for.
pub(super) fn timeline(alerts: &[&Alert]) -> (Vec<Moment>, u64) {
    let mut all: Vec<Told> = Vec::new();
    for alert in alerts {
        all.extend(creations(alert));
        issuances(alert, &mut all);
        all.extend(alert.authentication.as_ref().map(|of| sign_in(alert, of)));
        judged(alert, &mut all);
        all.extend(alert.findings.iter().map(|of| finding(alert, of)));
    }
    edges_of_days(alerts, &mut all);
    let mut all = once(all);
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    let omitted = all.len().saturating_sub(MOMENTS_MAX);
    all.truncate(MOMENTS_MAX);
    all.sort_by(|a, b| (a.moment.time, order(a)).cmp(&(b.moment.time, order(b))));
    let moments = all.into_iter().map(|told| told.moment).collect();
    (moments, omitted as u64)
}

fn order<'a>(told: &'a Told<'_>) -> (Weight, Time, &'a str, &'a str) {
    let moment = &told.moment;
    (told.weight, moment.time, &moment.entity, &moment.what)
}

fn from(address: Option<&str>) -> String {
    address.map(|ip| format!(" from {ip}")).unwrap_or_default()
}

fn factor(mfa: Option<bool>) -> &'static str {
    match mfa {
        Some(true) => " with a second factor",
        Some(false) => " without a second factor",
        None => "",
    }
}

/// Returns how an identity was made, by its own record or else by the steps of a sequence.
fn creations(alert: &Alert) -> Vec<Told<'_>> {
    if let Some(created) = &alert.entity.created {
        let how = (created.by.as_deref(), Some(&*created.operation));
        let address = created.source_ip.as_deref();
        let event = Some(&*created.event_id);
        return vec![creation(alert, created.time, how, (address, event))];
    }
    let of_step = |step: &StepRecord| {
        let how = (step.by.as_deref(), step.operation.as_deref());
        let shown_by = (step.source_ip.as_deref(), step.event_id.as_deref());
        creation(alert, step.time, how, shown_by)
    };
    let steps = alert.reasons.iter().filter_map(|reason| match reason {
        Reason::Sequence { steps } => Some(steps),
        _ => None,
    });
    let made = steps.flatten();
    let made = made.filter(|step| step.origin.as_deref() == Some("created"));
    made.map(of_step).collect()
}

fn creation<'a>(
    alert: &Alert,
    time: Time,
    (by, operation): (Option<&str>, Option<&str>),
    (address, event_id): (Option<&str>, Option<&str>),
) -> Told<'a> {
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    let operation = operation.map(|name| format!(" ({name})"));
    let what = format!(
        "created{by}{}{}",
        operation.unwrap_or_default(),
        from(address)
    );
    let moment = Moment {
        time,
        what,
        entity: alert.entity.id.clone(),
        event_id: event_id.map(str::to_owned),
    };
    Told::new(Weight::Creation, moment)
}

/// Adds how credentials were issued, back to the first of each chain.
fn issuances<'a>(alert: &'a Alert, all: &mut Vec<Told<'a>>) {
    for assumed in &alert.assumed {
        let mut of_session = alert.authentication.as_ref().filter(|began| {
            let is_its = alert.entity.credential.as_ref() == Some(&assumed.credential);
            is_its && began.time.secs() == assumed.time.secs()
        });
        let (mut child, mut next): (&str, Option<&AssumptionRecord>) =
            (&alert.entity.id, Some(assumed));
        for _ in 0..STEPS_MAX {
            let Some(record) = next else { break };
            let mfa = of_session.take().and_then(|began| began.mfa);
            all.push(issuance(record, child, mfa));
            child = record.by.as_deref().unwrap_or(child);
            next = record.with.as_deref();
        }
    }
}

/// Tells of a credential that `child` used, with what its session says of a second factor.
fn issuance<'a>(record: &'a AssumptionRecord, child: &str, mfa: Option<bool>) -> Told<'a> {
    let to = record.by.as_ref().map(|by| format!(" to {by}"));
    let what = format!(
        "credential issued{} ({}){}{}",
        to.unwrap_or_default(),
        record.operation,
        factor(mfa),
        from(record.source_ip.as_deref())
    );
    let moment = Moment {
        time: record.time,
        what,
        entity: child.to_owned(),
        event_id: Some(record.event_id.clone()),
    };
    Told {
        how: Some(&record.operation),
        to: record.by.as_deref(),
        ..Told::new(Weight::Issuance, moment)
    }
}

fn sign_in<'a>(alert: &Alert, began: &'a AuthenticationRecord) -> Told<'a> {
    let what = format!(
        "signed in: {}{}{}",
        began.method,
        factor(began.mfa),
        from(began.source_ip.as_deref())
    );
    let moment = Moment {
        time: began.time,
        what,
        entity: alert.entity.id.clone(),
        event_id: None,
    };
    Told {
        how: Some(&began.method),
        ..Told::new(Weight::SignIn, moment)
    }
}

/// Tells what another detector concluded.
fn finding<'a>(alert: &Alert, found: &FindingRecord) -> Told<'a> {
    let moment = Moment {
        time: found.time,
        what: found.sentence(),
        entity: alert.entity.id.clone(),
        event_id: Some(found.event_id.clone()),
    };
    Told::new(Weight::Finding, moment)
}

/// Adds when thresholds and scores were reached.
fn judged(alert: &Alert, all: &mut Vec<Told<'_>>) {
    let mut add = |weight, time, what: String| {
        let moment = Moment {
            time,
            what,
            entity: alert.entity.id.clone(),
            event_id: None,
        };
        all.push(Told::new(weight, moment));
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

/// Returns the first event of an alert's act. The list also has the events that first showed a reason, some of which are no part of it.
fn first_of_act(alert: &Alert) -> Option<&String> {
    let begun = alert.first_event;
    let is_earlier = |reason: &&Reason| {
        let is_apart = matches!(reason, Reason::Novelty { apart: true, .. });
        is_apart || reason.first().map(|first| first.time) < begun
    };
    let earlier = alert.reasons.iter().filter(is_earlier);
    let earlier: BTreeSet<&str> = earlier
        .filter_map(|reason| Some(&*reason.first()?.event_id))
        .collect();
    let mut ids = alert.event_ids.iter();
    ids.find(|id| !earlier.contains(&***id))
}

/// Adds the first and the last event of each entity and day. Several analytics count the same ones.
fn edges_of_days(alerts: &[&Alert], all: &mut Vec<Told<'_>>) {
    type Edges<'a> = (Option<(Time, &'a Alert)>, Option<(Time, &'a Alert)>);
    let mut of_days: BTreeMap<(String, Day), Edges> = BTreeMap::new();
    for &alert in alerts {
        let key = (key_of(&alert.entity), crossed_at(alert).day());
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
            all.extend(edge.map(|(time, alert)| {
                let is_first = weight == Weight::FirstEvent;
                let event = first_of_act(alert).filter(|_| is_first);
                let moment = Moment {
                    time,
                    what: what.to_owned(),
                    entity: alert.entity.id.clone(),
                    event_id: event.cloned(),
                };
                Told::new(weight, moment)
            }));
        }
    }
}
