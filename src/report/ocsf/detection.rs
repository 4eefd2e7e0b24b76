//! An alert as a Detection Finding.

use serde_json::{Map, Value, json};

use crate::alert::{Alert, FindingRecord, Status};
use crate::evidence::digest_of;
use crate::report::ocsf::anomaly::analysis;
use crate::report::ocsf::common::{
    Activity, Class, classification, cloud, confidence, fields, finding_info, metadata, millis,
    severity, without_evidence, without_null,
};
use crate::report::ocsf::evidence::{evidences, observables, resources};
use crate::report::reason;
use crate::stats::Severity;
use crate::vocab::FindingSeverity;

/// Fields of an alert for which the class has attributes; the others are unmapped.
const MAPPED: [&str; 13] = [
    "alert_id",
    "analytic",
    "name",
    "headline",
    "techniques",
    "severity",
    "time",
    "first_event",
    "last_event",
    "resources",
    "events",
    "event_ids",
    "incident_id",
];

/// Returns the finding.
pub fn finding(alert: &Alert) -> Value {
    let entity = &alert.entity;
    // The end of an episode does not close the finding, which an analyst does. In a batch the closed document is the first one.
    let activity = match (alert.status, alert.revision) {
        (Status::New, _) | (Status::Closed, 0) => Activity::Create,
        (Status::Update | Status::Closed, _) => Activity::Update,
    };
    let (status_id, status) = match &alert.suppressed_by {
        Some(_) => (3, "Suppressed"),
        None => (1, "New"),
    };
    let (start, end) = alert.span();
    let uid = alert.digest.clone().or_else(|| digest_of(alert));
    let mut finding = classification(Class::Detection, activity);
    finding.extend(severity(alert.severity));
    finding.extend(confidence(alert.provisional));
    finding.extend(fields(without_null(json!({
        "status_id": status_id,
        "status": status,
        "status_detail": alert.suppressed_by,
        "is_alert": alert.suppressed_by.is_none(),
        "risk_score": alert.score.round().clamp(0.0, 100.0) as u32,
        "risk_details": alert.severity_reason,
        "time": millis(alert.time),
        "start_time": millis(start),
        "end_time": millis(end),
        "count": alert.events,
        "message": format!("{}: {}", alert.headline(), entity.id),
        "metadata": metadata(uid.as_deref(), alert.incident_id.as_deref(), &["cloud"]),
        "finding_info": info(alert),
        "cloud": cloud(entity.provider.as_deref(), entity.account.as_ref(), entity.region.as_ref()),
        "evidences": evidences(alert),
        "resources": resources(alert),
        "observables": observables(alert),
        "anomaly_analyses": analysis(alert).map(|analysis| [analysis]),
        "unmapped": unmapped(alert),
    }))));
    Value::Object(finding)
}

/// Returns what the finding is, with the reasons and the events behind it.
fn info(alert: &Alert) -> Map<String, Value> {
    let entity = &alert.entity;
    let reasons = alert.reasons.iter();
    let reasons: Vec<String> = reasons.map(|r| reason::sentence(r, &entity.id)).collect();
    let events = alert.event_ids.iter().map(|id| json!({"uid": id}));
    let events = events.chain(alert.findings.iter().map(related_event));
    let mut info = finding_info(alert);
    info.extend(fields(json!({
        "desc": reasons.join(". "),
        "related_events": events.collect::<Vec<_>>(),
        "related_events_count": alert.events,
    })));
    info
}

/// Returns what another detector found of the same entity, as an event that is related.
fn related_event(found: &FindingRecord) -> Value {
    let level = found.level().map(|level| match level {
        FindingSeverity::Informational => Severity::Informational,
        FindingSeverity::Low => Severity::Low,
        FindingSeverity::Medium => Severity::Medium,
        FindingSeverity::High => Severity::High,
        FindingSeverity::Critical => Severity::Critical,
    });
    let mut event = fields(without_null(json!({
        "uid": found.event_id,
        "type": found.kind,
        "title": found.title,
        "desc": found.sentence(),
        "last_seen_time": millis(found.time),
        "product": {"name": found.detector},
    })));
    event.extend(level.into_iter().flat_map(severity));
    Value::Object(event)
}

/// Returns what the class has no attribute for, under the names of our own document.
fn unmapped(alert: &Alert) -> Map<String, Value> {
    let mut unmapped = fields(without_evidence(alert));
    unmapped.retain(|name, value| !value.is_null() && !MAPPED.contains(&name.as_str()));
    unmapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ocsf::common::VERSION;
    use crate::report::text::tests::sample;

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
