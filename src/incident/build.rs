//! An incident, told from its alerts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::alert::{Alert, Extent, FindingRecord, ResourceRecord, Status};
use crate::incident::document::{Incident, SCHEMA};
use crate::incident::extent::{extent_of, origins_of, sources_of};
use crate::incident::group::Group;
use crate::incident::joiner::Joiner;
use crate::incident::node::Rank;
use crate::incident::people::entities;
use crate::incident::playbook::Playbook;
use crate::incident::stage::{Stage, stages_of};
use crate::incident::timeline::timeline;
use crate::incident::title::Facts;
use crate::time::Time;

/// Approvals of an incident that are named.
const APPROVALS_MAX: usize = 20;
/// The most sensitive buckets of an incident.
const SENSITIVE_MAX: usize = 20;
/// Findings of other detectors that are named.
const FINDINGS_MAX: usize = 20;

/// Joins a set of alert documents, whatever their order, and tells the incidents, the earliest first.
pub fn incidents(alerts: &[Alert], playbook: &Playbook) -> Vec<Incident> {
    let mut joiner = Joiner::default();
    let latest = latest(alerts);
    for alert in alerts {
        joiner.add(alert);
    }
    let told = joiner.groups().iter().map(|group| {
        let its: Vec<&Alert> = group.alerts.iter().map(|id| latest[&**id]).collect();
        told(group, &its, playbook)
    });
    told.collect()
}

/// Returns of each alert the latest document.
pub fn latest(alerts: &[Alert]) -> BTreeMap<&str, &Alert> {
    let mut latest: BTreeMap<&str, &Alert> = BTreeMap::new();
    for alert in alerts {
        let known = latest.entry(&alert.alert_id).or_insert(alert);
        if Rank::of(alert) > Rank::of(known) {
            *known = alert;
        }
    }
    latest
}

impl Incident {
    /// Tells an incident from documents that have those of its alerts among them, in any order. Alerts that are missing are not
    /// told of; their number is still in `alerts`.
    pub fn of(group: &Group, documents: &[Alert], playbook: &Playbook) -> Self {
        let latest = latest(documents);
        let ids = group.alerts.iter();
        let its: Vec<&Alert> = ids.filter_map(|id| latest.get(&**id).copied()).collect();
        told(group, &its, playbook)
    }

    /// Tells an incident under an id that its alerts were told in before: the same document, with `merged_into`.
    pub fn under(&self, earlier: &str) -> Self {
        Self {
            incident_id: earlier.to_owned(),
            merged_into: Some(self.incident_id.clone()),
            ..self.clone()
        }
    }
}

fn told(group: &Group, alerts: &[&Alert], playbook: &Playbook) -> Incident {
    let counted: Vec<&Alert> = alerts
        .iter()
        .filter(|alert| group.is_suppressed || alert.suppressed_by.is_none())
        .copied()
        .collect();
    let extent = extent_of(&counted);
    let facts = Facts {
        alerts: &counted,
        all: alerts,
        cause: group.cause.as_ref(),
        actors: group.actors.iter().max().map_or(0, |last| last + 1),
        is_suppressed: group.is_suppressed,
    };
    let crossed = counted
        .iter()
        .filter_map(|alert| Some((alert.crossed_at?, *alert)))
        .min_by(|a, b| (a.0, &a.1.alert_id).cmp(&(b.0, &b.1.alert_id)));
    let analytics = analytics(&counted, alerts);
    let (timeline, timeline_omitted) = timeline(alerts);
    let mut approvals: Vec<String> = alerts
        .iter()
        .filter_map(|alert| {
            alert
                .approval
                .clone()
                .or_else(|| alert.suppressed_by.clone())
        })
        .collect();
    approvals.sort();
    approvals.dedup();
    approvals.truncate(APPROVALS_MAX);
    Incident {
        schema: Some(SCHEMA),
        incident_id: group.id.clone(),
        status: status(alerts),
        title: facts.title(),
        severity: group.severity,
        severity_reason: group.severity_reason.clone(),
        score: group.score,
        provisional: counted.iter().all(|alert| alert.provisional),
        start: group.start,
        end: group.end,
        crossed_at: crossed.map(|(time, _)| time),
        cause: group.cause.clone(),
        stages: stages(alerts),
        entities: entities(alerts, group.cause.as_ref()),
        extent,
        extent_at_crossing: crossed
            .map_or_else(Extent::default, |(_, alert)| alert.extent_at_crossing),
        sensitive: sensitive(alerts),
        sources: sources_of(&counted),
        origins: origins_of(&counted),
        findings: findings(alerts),
        timeline,
        timeline_omitted,
        alerts: group.alerts.clone(),
        next_steps: playbook.steps(&analytics),
        analytics,
        approvals,
        covered: group.covered.clone(),
        suppressed: group.is_suppressed,
        verdict: None,
        merged_into: None,
        merged: group.merged.clone(),
        continues: group.continues.clone(),
        beyond: group.beyond.clone(),
    }
}

/// Returns the sensitive buckets that alerts say were touched. Several analytics count the same calls.
fn sensitive(alerts: &[&Alert]) -> Vec<ResourceRecord> {
    let mut buckets: BTreeMap<&str, ResourceRecord> = BTreeMap::new();
    let touched = alerts.iter().flat_map(|alert| &alert.resources);
    for touched in touched.filter(|one| one.sensitive) {
        let known = buckets
            .entry(&touched.bucket)
            .or_insert_with(|| touched.clone());
        known.calls = known.calls.max(touched.calls);
        known.denied = known.denied.max(touched.denied);
        known.objects = known.objects.max(touched.objects);
        known.bytes = known.bytes.max(touched.bytes);
    }
    let mut buckets: Vec<ResourceRecord> = buckets.into_values().collect();
    buckets.sort_by_key(|one| Reverse(one.calls));
    buckets.truncate(SENSITIVE_MAX);
    buckets
}

/// Returns what other detectors concluded, each once, the gravest first.
fn findings(alerts: &[&Alert]) -> Vec<FindingRecord> {
    let all = alerts.iter().flat_map(|alert| &alert.findings);
    let by_id: BTreeMap<_, _> = all.map(|of| ((&of.event_id, &of.kind), of)).collect();
    let mut all: Vec<FindingRecord> = by_id.into_values().cloned().collect();
    all.sort_by_key(|of| (Reverse(of.level()), of.time));
    all.truncate(FINDINGS_MAX);
    all
}

fn status(alerts: &[&Alert]) -> Status {
    match alerts {
        alerts if alerts.iter().all(|alert| alert.status == Status::Closed) => Status::Closed,
        [one] => one.status,
        _ => Status::Update,
    }
}

/// Returns the analytics of alerts, that of the severest first.
fn analytics(counted: &[&Alert], all: &[&Alert]) -> Vec<String> {
    let mut by_severity: Vec<&&Alert> = counted.iter().collect();
    by_severity.sort_by(|a, b| {
        (b.severity.cmp(&a.severity))
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| (&a.analytic, &a.alert_id).cmp(&(&b.analytic, &b.alert_id)))
    });
    let mut analytics: Vec<String> = Vec::new();
    for alert in by_severity.into_iter().chain(all) {
        if !analytics.contains(&alert.analytic) {
            analytics.push(alert.analytic.clone());
        }
    }
    analytics
}

/// Returns the stages of alerts in the order in which they began.
fn stages(alerts: &[&Alert]) -> Vec<Stage> {
    let mut begun: BTreeMap<Stage, Time> = BTreeMap::new();
    for alert in alerts {
        for stage in stages_of(alert) {
            let time = begun.entry(stage).or_insert(alert.span().0);
            *time = alert.span().0.min(*time);
        }
    }
    let mut stages: Vec<(Time, Stage)> = begun.into_iter().map(|(s, t)| (t, s)).collect();
    stages.sort();
    stages.into_iter().map(|(_, stage)| stage).collect()
}
