//! An alert as an OCSF 1.5.0 Detection Finding.

use serde_json::{Map, Value, json};

use crate::alert::{Alert, Reason, Status};
use crate::report::reason;
use crate::stats::Severity;
use crate::time::Time;

/// Version of the schema that the mapping follows.
pub const VERSION: &str = "1.5.0";
const CATEGORY_FINDINGS: u32 = 2;
const CLASS_DETECTION_FINDING: u32 = 2004;
/// Analytic type *Statistical*.
const ANALYTIC_STATISTICAL: u32 = 3;
/// Observable types.
const OBSERVABLE_IP: u32 = 2;
const OBSERVABLE_USER_AGENT: u32 = 16;
const OBSERVABLE_RESOURCE_UID: u32 = 10;

/// Returns the finding.
pub fn finding(alert: &Alert) -> Value {
    let entity = &alert.entity;
    // Activities are Create and Update: the end of an episode does not close the finding, which an analyst does. Statuses are New, In
    // Progress and Suppressed.
    let (activity_id, activity) = match (alert.status, alert.revision) {
        (Status::New, _) | (Status::Closed, 0) => (1, "Create"),
        (Status::Update | Status::Closed, _) => (2, "Update"),
    };
    let (status_id, status) = match &alert.suppressed_by {
        Some(_) => (3, "Suppressed"),
        None => (1, "New"),
    };
    let reasons: Vec<String> = alert
        .reasons
        .iter()
        .map(|r| reason::sentence(r, &entity.id))
        .collect();
    let unmapped = json!({
        "score": alert.score, "surprise": alert.surprise, "threshold": alert.threshold, "arm": alert.arm,
        "statistic": alert.statistic, "provisional": alert.provisional, "generation": alert.generation,
        "suppressed_by": alert.suppressed_by, "reasons": without_evidence(alert)["reasons"], "destinations": alert.destinations,
        "authentication": alert.authentication, "assumed": alert.assumed, "blinded": alert.blinded,
        "extent": alert.extent, "extent_at_crossing": alert.extent_at_crossing, "crossed_at": alert.crossed_at.map(|at| at.to_string()),
        "sources": alert.sources, "severity_reason": alert.severity_reason, "incident_id": alert.incident_id,
        "entity": {"kind": entity.kind, "aliases": entity.aliases, "role": entity.role, "first_seen": entity.first_seen, "namesake": entity.namesake},
    });
    let mut finding = json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": CATEGORY_FINDINGS,
        "category_name": "Findings",
        "class_uid": CLASS_DETECTION_FINDING,
        "class_name": "Detection Finding",
        "type_uid": CLASS_DETECTION_FINDING * 100 + activity_id,
        "type_name": format!("Detection Finding: {activity}"),
        "severity_id": severity_id(alert.severity),
        "severity": capitalised(&alert.severity.to_string()),
        "status_id": status_id,
        "status": status,
        "is_alert": alert.suppressed_by.is_none(),
        "time": millis(alert.time),
        "start_time": millis(alert.span().0),
        "end_time": millis(alert.span().1),
        "count": alert.events,
        "message": format!("{}: {}", alert.headline(), entity.id),
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "uid": format!("{}-{}-{}", alert.alert_id, alert.severity, alert.events),
            "product": {"name": "plimsoll", "vendor_name": "plimsoll", "version": env!("CARGO_PKG_VERSION")},
        },
        "finding_info": {
            "uid": alert.alert_id,
            "title": alert.headline(),
            "desc": reasons.join(". "),
            "created_time": millis(alert.crossed_at.unwrap_or(alert.time)),
            "first_seen_time": millis(alert.span().0),
            "last_seen_time": millis(alert.span().1),
            "analytic": {"uid": alert.analytic, "name": alert.name, "category": alert.arm, "type_id": ANALYTIC_STATISTICAL, "type": "Statistical"},
            "attacks": alert.techniques.iter().map(|t| attack(t)).collect::<Vec<_>>(),
            "related_events": alert.event_ids.iter().map(|id| json!({"uid": id})).collect::<Vec<_>>(),
        },
        "cloud": without_null(json!({
            "provider": entity.provider.as_deref().map_or("Unknown", provider),
            "region": entity.region,
            "account": entity.account.as_ref().map(|uid| json!({"uid": uid})),
        })),
        "evidences": [without_null(json!({
            "actor": without_null(json!({
                "user": without_null(json!({"uid": entity.id, "uid_alt": entity.aliases.first(), "credential_uid": entity.credential, "type": entity.identity_kind})),
                "session": entity.session.as_ref().map(|uid| without_null(json!({
                    "uid": uid,
                    "created_time": alert.authentication.as_ref().map(|a| a.time.nanos() / 1_000_000),
                    "is_mfa": alert.authentication.as_ref().and_then(|a| a.mfa),
                }))),
            })),
            "src_endpoint": entity.source_ip.as_ref().map(|ip| json!({"ip": ip})),
            "http_request": entity.user_agent.as_ref().map(|agent| json!({"user_agent": agent})),
        }))],
        "resources": alert.resources.iter().map(|bucket| json!({
            "uid": bucket.bucket, "name": bucket.bucket, "type": "bucket",
            "criticality": if bucket.sensitive { "sensitive" } else { "ordinary" },
            "data": {"calls": bucket.calls, "objects": bucket.objects, "bytes": bucket.bytes},
        })).collect::<Vec<_>>(),
        "observables": observables(alert),
        "unmapped": unmapped,
    });
    let anomalies = anomalies(alert);
    if let (Some(fields), false) = (finding.as_object_mut(), anomalies.is_empty()) {
        let analysis = json!({
            "analysis_targets": [{"name": entity.id, "type": entity.kind}],
            "anomalies": anomalies,
            "baselines": baselines(alert),
        });
        fields.insert("anomaly_analyses".to_owned(), json!([analysis]));
    }
    finding
}

/// Returns OCSF's number of a severity.
fn severity_id(severity: Severity) -> u32 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

fn attack(technique: &str) -> Value {
    match technique.split_once('.') {
        Some((parent, _)) => {
            json!({"technique": {"uid": parent}, "sub_technique": {"uid": technique}})
        }
        None => json!({"technique": {"uid": technique}}),
    }
}

fn provider(ours: &str) -> &str {
    match ours {
        "aws" => "AWS",
        "azure" | "entra" | "m365" => "Azure",
        "gcp" | "gworkspace" => "GCP",
        other => other,
    }
}

fn anomalies(alert: &Alert) -> Vec<Value> {
    let observed = |parameter: &str, kind: &str, pattern: &str, value: String| {
        json!({
            "observation_parameter": parameter, "observation_type": kind, "observed_pattern": pattern,
            "observations": [{"value": value, "count": 1}],
        })
    };
    alert
        .reasons
        .iter()
        .filter_map(|reason| match reason {
            Reason::Volume(a) | Reason::Newcomer(a) => {
                let parameter = format!("{} in {}", a.metric, a.window);
                Some(observed(
                    &parameter,
                    "Volume Analysis",
                    "SURGE",
                    a.observed.to_string(),
                ))
            }
            Reason::Novelty { r#trait, value, .. } => Some(observed(
                r#trait,
                "Frequency Analysis",
                "UNSEEN",
                value.clone(),
            )),
            Reason::Sequence { steps } => {
                let steps: Vec<&str> = steps.iter().map(|s| s.step.as_str()).collect();
                Some(observed(
                    "steps",
                    "Sequence Analysis",
                    "IN_ORDER",
                    steps.join(" > "),
                ))
            }
            Reason::Burst {
                burst,
                window,
                observed: n,
                ..
            } => {
                let parameter = format!("{burst} at once within {window}");
                Some(observed(
                    &parameter,
                    "Volume Analysis",
                    "BURST",
                    n.to_string(),
                ))
            }
            Reason::Grant {
                accounts, buckets, ..
            } => {
                let value = format!("{} to {}", buckets.join(", "), accounts.join(", "));
                Some(observed("shares", "Relationship Analysis", "SHARED", value))
            }
            Reason::Declared { .. } => None,
        })
        .collect()
}

fn baselines(alert: &Alert) -> Vec<Value> {
    let expected = |reason: &Reason| match reason {
        Reason::Volume(a) | Reason::Newcomer(a) => Some(json!({
            "observation_parameter": format!("{} in {}", a.metric, a.window),
            "observation_type": "Volume Analysis",
            "observed_pattern": "NORMAL_VOLUME",
            "observations": [{"value": format!("p50 {}", a.p50)}, {"value": format!("p99 {}", a.p99)}],
        })),
        Reason::Burst {
            burst,
            window,
            required,
            ..
        } => Some(json!({
            "observation_parameter": format!("{burst} at once within {window}"),
            "observation_type": "Volume Analysis",
            "observed_pattern": "NO_BURST",
            "observations": [{"value": format!("below {required}")}],
        })),
        _ => None,
    };
    alert.reasons.iter().filter_map(expected).collect()
}

fn observables(alert: &Alert) -> Vec<Value> {
    let mut observables = Vec::new();
    let mut add = |name: &str, kind: &str, type_id: u32, value: &str| {
        observables.push(json!({"name": name, "type": kind, "type_id": type_id, "value": value}));
    };
    if let Some(ip) = &alert.entity.source_ip {
        add(
            "evidences[0].src_endpoint.ip",
            "IP Address",
            OBSERVABLE_IP,
            ip,
        );
    }
    if let Some(agent) = &alert.entity.user_agent {
        add(
            "evidences[0].http_request.user_agent",
            "HTTP User-Agent",
            OBSERVABLE_USER_AGENT,
            agent,
        );
    }
    add(
        "evidences[0].actor.user.uid",
        "Resource UID",
        OBSERVABLE_RESOURCE_UID,
        &alert.entity.id,
    );
    observables
}

fn millis(time: Time) -> i64 {
    time.nanos().div_euclid(1_000_000)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Returns the fields of an alert without the numbers that only our own document carries.
pub(super) fn without_evidence(alert: &Alert) -> Value {
    let mut document = json!(alert);
    if let Some(fields) = document.as_object_mut() {
        let ours = ["schema", "evidence", "digest"];
        fields.retain(|name, value| !ours.contains(&name.as_str()) && !is_absent(name, value));
    }
    let reasons = document["reasons"].as_array_mut();
    for reason in reasons
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        reason.retain(|name, value| name != "basis" && !is_absent(name, value));
    }
    document
}

/// Returns whether a field is left out of other schemas where it is null.
fn is_absent(name: &str, value: &Value) -> bool {
    value.is_null() && ["headline", "approval", "first"].contains(&name)
}

/// Leaves out the fields that are null: absent, not empty.
pub(super) fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, v)| !v.is_null())
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::tests::{burst, sample};

    #[test]
    fn a_burst_is_an_anomaly_beside_what_is_asked_of_one() {
        let mut alert = sample();
        alert.reasons = vec![burst("posture_buckets", 16)];
        let analysis = &finding(&alert)["anomaly_analyses"][0];
        let parameter = "posture_buckets at once within 10s";
        for (part, pattern, value) in [
            ("anomalies", "BURST", "16"),
            ("baselines", "NO_BURST", "below 16"),
        ] {
            let found = &analysis[part][0];
            assert_eq!(found["observation_parameter"], parameter);
            assert_eq!(found["observed_pattern"], pattern);
            assert_eq!(found["observations"][0]["value"], value);
        }
    }

    #[test]
    fn a_finding_has_what_the_class_requires() {
        let mut alert = sample();
        let finding = finding(&alert);
        for (field, value) in [
            ("class_uid", json!(2004)),
            ("category_uid", json!(2)),
            ("activity_id", json!(1)),
            ("type_uid", json!(200_401)),
            ("severity_id", json!(4)),
            ("severity", json!("High")),
            ("time", json!(1_773_634_269_000_i64)),
            ("status_id", json!(1)),
            ("is_alert", json!(true)),
        ] {
            assert_eq!(finding[field], value, "{field}");
        }
        assert_eq!(finding["metadata"]["version"], VERSION);
        assert_eq!(
            finding["finding_info"]["attacks"][1]["sub_technique"]["uid"],
            "T1567.002"
        );
        assert_eq!(
            finding["cloud"],
            json!({"provider": "AWS", "region": "ap-south-1", "account": {"uid": "111122223333"}})
        );
        assert_eq!(
            finding["anomaly_analyses"][0]["anomalies"][1]["observed_pattern"],
            "UNSEEN"
        );
        alert.status = Status::Update;
        alert.suppressed_by = Some("backup".to_owned());
        let updated = super::finding(&alert);
        assert_eq!(
            [
                &updated["type_uid"],
                &updated["status_id"],
                &updated["is_alert"]
            ],
            [&json!(200_402), &json!(3), &json!(false)]
        );
        assert_eq!(
            updated["finding_info"]["uid"],
            finding["finding_info"]["uid"]
        );
    }
}
