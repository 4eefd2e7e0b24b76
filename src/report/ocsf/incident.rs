//! An incident as an Incident Finding.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::alert::{Alert, Status};
use crate::evidence::digest_of;
use crate::incident::Incident;
use crate::report::ocsf::common::{
    Activity, Class, Observable, classification, cloud, confidence, fields, finding_info, metadata,
    millis, severity, without_null,
};
use crate::stats::Severity;

/// Fields of an incident for which the class has attributes; the others are unmapped.
const MAPPED: [&str; 7] = [
    "schema",
    "incident_id",
    "title",
    "severity",
    "start",
    "end",
    "alerts",
];

/// What a service desk would call the state of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Desk {
    New,
    InProgress,
    Closed,
}

/// Returns the finding. `alerts` are the documents of its alerts, as far as they are known.
pub fn finding(incident: &Incident, alerts: &[Alert]) -> Value {
    let desk = desk(incident);
    let activity = match (desk, incident.status) {
        (Desk::Closed, _) => Activity::Close,
        (Desk::New, Status::New | Status::Closed) => Activity::Create,
        _ => Activity::Update,
    };
    let (status_id, status) = match desk {
        Desk::New => (1, "New"),
        Desk::InProgress => (2, "In Progress"),
        Desk::Closed => (5, "Closed"),
    };
    let uid = digest_of(incident);
    let desc = match incident.severity_reason.as_str() {
        "" => incident.title.clone(),
        reason => format!("{}. {reason}", incident.title),
    };
    let first = incident.entities.first();
    let cloud = cloud(
        first.and_then(|entity| entity.provider.as_deref()),
        first.and_then(|entity| entity.account.as_ref()),
        None,
    );
    let mut finding = classification(Class::Incident, activity);
    finding.extend(severity(incident.severity));
    finding.extend(confidence(incident.provisional));
    finding.extend(priority(incident.severity));
    finding.extend(verdict(incident));
    finding.extend(fields(without_null(json!({
        "status_id": status_id,
        "status": status,
        "status_detail": status_detail(incident),
        // The class asks for whom the incident is assigned to; nobody is.
        "assignee_group": {"name": "unassigned"},
        "comment": incident.verdict.as_ref().and_then(|verdict| verdict.note.as_ref()),
        "time": millis(incident.end),
        "start_time": millis(incident.start),
        "end_time": millis(incident.end),
        "message": incident.title,
        "desc": desc,
        "metadata": metadata(uid.as_deref(), Some(&incident.incident_id), &["cloud", "incident"]),
        "finding_info_list": findings(incident, alerts),
        "cloud": cloud,
        "observables": observables(incident),
        "unmapped": unmapped(incident),
    }))));
    let attacks = attacks(incident);
    if !attacks.is_empty() {
        finding.insert("attacks".to_owned(), json!(attacks));
    }
    Value::Object(finding)
}

/// An incident that was judged to be one is worked on until somebody else says that it is over.
fn desk(incident: &Incident) -> Desk {
    match &incident.verdict {
        _ if incident.merged_into.is_some() || incident.suppressed => Desk::Closed,
        None => Desk::New,
        Some(verdict) if verdict.verdict || verdict.open > 0 => Desk::InProgress,
        Some(_) => Desk::Closed,
    }
}

fn status_detail(incident: &Incident) -> Option<String> {
    match &incident.merged_into {
        Some(id) => Some(format!("merged into {id}")),
        None if incident.suppressed => {
            Some(format!("covered by {}", incident.approvals.join(", ")))
        }
        None => None,
    }
}

/// While some alerts have no verdict, only one that is true is known of the incident.
fn verdict(incident: &Incident) -> Map<String, Value> {
    let (id, caption) = match &incident.verdict {
        Some(verdict) if verdict.verdict => (2, "True Positive"),
        Some(verdict) if verdict.open == 0 => (1, "False Positive"),
        _ => (0, "Unknown"),
    };
    fields(json!({"verdict_id": id, "verdict": caption}))
}

fn priority(severity: Severity) -> Map<String, Value> {
    let (id, caption) = match severity {
        Severity::Informational | Severity::Low => (1, "Low"),
        Severity::Medium => (2, "Medium"),
        Severity::High => (3, "High"),
        Severity::Critical => (4, "Critical"),
    };
    fields(json!({"priority_id": id, "priority": caption}))
}

/// Returns a finding for each alert, with the id that its Detection Finding has, and those of other detectors.
fn findings(incident: &Incident, alerts: &[Alert]) -> Vec<Value> {
    let ids = incident.alerts.iter();
    let own = ids.map(
        |id| match alerts.iter().find(|alert| alert.alert_id == *id) {
            Some(alert) => Value::Object(finding_info(alert)),
            None => json!({"uid": id}),
        },
    );
    let others = incident.findings.iter().map(|found| {
        json!({
            "uid": found.event_id,
            "title": found.title,
            "types": [found.kind],
            "desc": found.sentence(),
            "last_seen_time": millis(found.time),
            "product": {"name": found.detector},
        })
    });
    own.chain(others).collect()
}

/// Returns the tactics that its stages are.
fn attacks(incident: &Incident) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let tactics = incident.stages.iter().map(|stage| stage.tactic());
    tactics
        .filter(|tactic| seen.insert(*tactic))
        .map(|(uid, name)| json!({"tactic": {"uid": uid, "name": name}}))
        .collect()
}

/// The class has no attribute for entities and sources: they are unmapped, and observables name them there.
fn observables(incident: &Incident) -> Vec<Value> {
    let entities = incident.entities.iter().enumerate();
    let mut observables: Vec<Value> = entities
        .map(|(at, entity)| Observable::User.at(&format!("unmapped.entities[{at}].id"), &entity.id))
        .collect();
    let mut seen = BTreeSet::new();
    // What is known of an incident is which of its sources are of an act; older ones do not say.
    let is_told = incident.sources.iter().any(|source| source.is_of_act);
    let sources = incident.sources.iter().enumerate();
    let sources = sources.filter(|(_, source)| source.is_of_act || !is_told);
    let sources = sources.filter_map(|(at, source)| {
        let address = source.address.as_ref()?;
        Some((format!("unmapped.sources[{at}].address"), address))
    });
    let origins = incident.origins.iter().enumerate();
    let origins = origins.map(|(at, of)| (format!("unmapped.origins[{at}].address"), &of.address));
    for (attribute, address) in sources.chain(origins) {
        if address.parse::<IpAddr>().is_ok() && seen.insert(address) {
            observables.push(Observable::Ip.at(&attribute, address));
        }
    }
    observables
}

/// Returns what the class has no attribute for, under the names of our own document.
fn unmapped(incident: &Incident) -> Map<String, Value> {
    let mut unmapped = fields(json!(incident));
    unmapped.retain(|name, value| !value.is_null() && !MAPPED.contains(&name.as_str()));
    unmapped
}
