//! The contributions of an arm as the reasons of an alert, each with its basis.

use crate::alert::{Amount, AmountBasis, EventRecord, JudgedAgainstRecord, Reason, StepRecord};
use crate::baseline::View;
use crate::evidence::{round, significant};
use crate::score::components::{
    JudgedAgainst, grant_basis, hours_basis, novelty_basis, volume_basis,
};
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::sequence::{Origin, StepTime};
use crate::score::subject::Subject;
use crate::score::through::Sources;
use crate::time::Window;
use crate::vocab::Str;

/// Returns the reasons of an arm, largest first; its sequence comes last.
pub(super) fn reasons(
    arm: &ArmResult,
    sources: &Sources,
    subject: &Subject,
    generation: View<'_>,
) -> Vec<Reason> {
    let contributions = arm.contributions.iter().enumerate();
    let mut reasons: Vec<Reason> = contributions
        .map(|(at, contribution)| {
            let shown_by = (sources.firsts[at].clone(), sources.are_apart[at]);
            reason(contribution, (arm, sources), shown_by, subject, generation)
        })
        .collect();
    if let Some(sequence) = &arm.sequence {
        let steps = sequence.steps.iter().zip(&sources.steps);
        let steps = steps.map(|(step, event)| step_record(step, event.as_ref()));
        reasons.push(Reason::Sequence {
            steps: steps.collect(),
        });
    }
    reasons
}

/// Names the event that began a step, and its instant: the step itself is known to the minute.
fn step_record(step: &StepTime, event: Option<&EventRecord>) -> StepRecord {
    if let Some(Origin::Created(creation)) = &step.origin {
        return StepRecord {
            step: step.step.to_owned(),
            time: creation.at,
            event_id: Some(creation.event_id.to_string()),
            operation: Some(creation.operation.to_string()),
            source_ip: creation.from.map(|ip| ip.to_string()),
            origin: Some("created".to_owned()),
            by: creation.by.as_ref().map(|by| by.to_string()),
        };
    }
    StepRecord {
        step: step.step.to_owned(),
        time: event.map_or(step.time, |e| e.time),
        event_id: event.map(|e| e.event_id.clone()),
        operation: event.map(|e| e.operation.clone()),
        source_ip: event.and_then(|e| e.source_ip.clone()),
        origin: step.origin.as_ref().map(|_| "first_use".to_owned()),
        by: None,
    }
}

/// Returns a weight that the analytic declares, with what happened.
fn declared(weight: f64, arm: &ArmResult, sources: &Sources) -> Reason {
    let texts = |words: &[Str]| words.iter().map(|word| word.to_string()).collect();
    let mut given = arm.contributions.iter().enumerate();
    let given = given.find_map(|(at, contribution)| match contribution {
        Contribution::Grant {
            accounts, buckets, ..
        } => Some((texts(accounts), texts(buckets), sources.firsts[at].clone())),
        _ => None,
    });
    let (accounts, buckets, first) = given.unwrap_or_default();
    Reason::Declared {
        surprise: weight,
        accounts,
        buckets,
        first,
    }
}

fn reason(
    contribution: &Contribution,
    (arm, sources): (&ArmResult, &Sources),
    (first, is_apart): (Option<EventRecord>, bool),
    subject: &Subject,
    generation: View<'_>,
) -> Reason {
    match contribution {
        Contribution::Volume(reading) => Reason::Volume(Amount {
            metric: reading.metric.to_string(),
            window: reading.window.to_string(),
            observed: reading.observed,
            p50: round(reading.predictive.quantile(0.5), 1),
            p99: round(reading.predictive.quantile(0.99), 1),
            p_value: significant(reading.predictive.p_value(reading.observed as f64)),
            surprise: round(reading.surprise, 3),
            judged_against: judged_against(&reading.judged_against, reading.windows),
            basis: Some(AmountBasis::Volume(volume_basis(subject, reading))),
            as_on: reading.habit.as_ref().map_or_else(Vec::new, |habit| {
                habit.days.iter().map(ToString::to_string).collect()
            }),
        }),
        Contribution::Novelty(reading) => Reason::Novelty {
            r#trait: reading.which.to_string(),
            value: reading.value.to_string(),
            seen: 0,
            of: reading.active_days,
            support: reading.support,
            p_value: significant((-reading.surprise).exp()),
            surprise: round(reading.surprise, 3),
            judged_against: judged_against(&reading.judged_against, f64::from(reading.active_days)),
            basis: Some(novelty_basis(subject, reading.which)),
            first,
            apart: is_apart,
        },
        Contribution::RoleTail(reading) => Reason::Newcomer(Amount {
            metric: reading.metric.to_string(),
            window: Window::HOUR.to_string(),
            observed: reading.observed,
            p50: reading.quantiles.0 as f64,
            p99: reading.quantiles.1 as f64,
            p_value: significant((-reading.surprise).exp()),
            surprise: round(reading.surprise, 3),
            judged_against: judged_against(&reading.judged_against, reading.hours as f64),
            basis: hours_basis(subject, reading.metric, reading.observed).map(AmountBasis::Hours),
            as_on: Vec::new(),
        }),
        Contribution::Grant {
            accounts,
            buckets,
            destinations,
            acts,
            surprise,
        } => Reason::Grant {
            accounts: accounts.iter().map(|a| a.to_string()).collect(),
            buckets: buckets.iter().map(|b| b.to_string()).collect(),
            acts: *acts,
            surprise: round(*surprise, 3),
            basis: Some(grant_basis(subject, generation, destinations)),
            first,
        },
        Contribution::Burst {
            asked,
            reading,
            weight,
        } => Reason::Burst {
            burst: asked.kind.to_string(),
            window: asked.over.to_string(),
            observed: reading.observed,
            required: asked.at_least,
            start: reading.start,
            surprise: *weight,
            first,
        },
        Contribution::Weight(weight) => declared(*weight, arm, sources),
    }
}

fn judged_against(whose: &JudgedAgainst, windows: f64) -> JudgedAgainstRecord {
    let windows = round(windows, 1);
    match whose {
        JudgedAgainst::Own(entity) => JudgedAgainstRecord {
            kind: entity.kind.to_string(),
            id: entity.id.to_string(),
            windows,
        },
        JudgedAgainst::Group(group) => JudgedAgainstRecord {
            kind: group.kind.to_string(),
            id: group.id.to_string(),
            windows,
        },
        JudgedAgainst::BuiltIn => JudgedAgainstRecord {
            kind: "default".to_owned(),
            id: "built in".to_owned(),
            windows,
        },
    }
}
