//! Findings of alerts and incidents in all states, held against the schema.

use serde_json::{Value, json};

use crate::alert::{Alert, FindingRecord, SourceRecord, Status};
use crate::incident::{Incident, Playbook, incidents};
use crate::report::ocsf::detection::finding;
use crate::report::ocsf::incident::finding as incident_finding;
use crate::report::ocsf::schema::faults;
use crate::report::text::tests::{burst, sample};
use crate::stats::Severity;

fn check(finding: &Value) {
    let faults = faults(finding);
    assert!(faults.is_empty(), "{faults:#?}\n{finding:#}");
}

/// An alert through several sources, one of which has no address.
fn through_several() -> Alert {
    let mut alert = sample();
    let source = |address: Option<&str>, network: &str, counted| SourceRecord {
        address: address.map(str::to_owned),
        network: Some(network.to_owned()),
        country: Some("NL".to_owned()),
        client: Some("aws-cli".to_owned()),
        session: Some("s\"'1".to_owned()),
        credential: Some("ASIA1".to_owned()),
        calls: 40,
        counted,
        objects: 12,
        bytes: 9_000,
        is_of_act: true,
    };
    alert.sources = vec![
        source(Some("198.51.100.7"), "AS64500", 30),
        source(Some("2001:db8::1"), "2001:db8::/48", 7),
        source(None, "AS64501", 3),
    ];
    alert.incident_id = Some("i0a".to_owned());
    alert.crossed_at = Some(alert.window.start);
    alert
}

#[test]
fn an_alert_in_any_state_is_a_detection_finding() {
    check(&finding(&sample()));
    for status in [Status::New, Status::Update, Status::Closed] {
        for severity in [
            Severity::Informational,
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ] {
            let mut alert = through_several();
            (alert.status, alert.severity) = (status, severity);
            check(&finding(&alert));
            alert.provisional = true;
            alert.suppressed_by = Some("backup".to_owned());
            alert.reasons = vec![burst("countries", 3)];
            check(&finding(&alert));
            alert.reasons.clear();
            alert.revision = 1;
            check(&finding(&alert));
        }
    }
    for kind in ["human", "workload", "anonymous", "unknown", ""] {
        let mut alert = sample();
        kind.clone_into(&mut alert.entity.identity_kind);
        alert.entity.provider = None;
        alert.entity.source_ip = Some("AWS Internal".to_owned());
        check(&finding(&alert));
    }
}

#[test]
fn each_source_is_an_evidence_and_its_address_an_observable() {
    let finding = finding(&through_several());
    let evidences = finding["evidences"].as_array().unwrap();
    assert_eq!(evidences.len(), 3);
    assert_eq!(
        evidences[0]["src_endpoint"],
        json!({"ip": "198.51.100.7", "autonomous_system": {"number": 64_500}, "location": {"country": "NL"}})
    );
    assert_eq!(evidences[0]["actor"]["session"]["is_mfa"], json!(false));
    assert_eq!(evidences[1]["data"]["counted"], 7);
    assert!(evidences[1].get("http_request").is_none());
    assert!(evidences[2].get("src_endpoint").is_none());
    let second = &finding["observables"][1];
    assert_eq!(second["name"], "evidences[1].src_endpoint.ip");
    assert_eq!(second["value"], "2001:db8::1");
    assert_eq!(finding["metadata"]["correlation_uid"], "i0a");
    let info = &finding["finding_info"];
    assert!(info["created_time"].as_i64() < info["modified_time"].as_i64());
}

#[test]
fn what_the_act_did_not_come_through_is_no_evidence() {
    let mut alert = through_several();
    alert.sources[1].is_of_act = false;
    if let Some(began) = &mut alert.authentication {
        began.source_ip = Some("203.0.113.80".to_owned());
    }
    let finding = finding(&alert);
    check(&finding);
    assert_eq!(finding["evidences"].as_array().unwrap().len(), 2);
    assert_eq!(finding["unmapped"]["sources"][1]["address"], "2001:db8::1");
    let addresses = |finding: &Value| -> Vec<(String, String)> {
        let observables = finding["observables"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        observables
            .filter(|of| of["type_id"] == 2)
            .map(|of| (text(&of["name"]), text(&of["value"])))
            .collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        addresses(&finding),
        [
            pair("evidences[0].src_endpoint.ip", "198.51.100.7"),
            pair("unmapped.authentication.source_ip", "203.0.113.80"),
        ]
    );
    let incident = incidents(std::slice::from_ref(&alert), &Playbook::default()).remove(0);
    let told = incident_finding(&incident, &[alert]);
    check(&told);
    assert_eq!(
        addresses(&told),
        [
            pair("unmapped.sources[0].address", "198.51.100.7"),
            pair("unmapped.origins[0].address", "203.0.113.80"),
        ]
    );
}

fn incident() -> (Incident, Vec<Alert>) {
    let alerts = vec![through_several()];
    let incident = incidents(&alerts, &Playbook::default()).remove(0);
    (incident, alerts)
}

#[test]
fn an_incident_is_an_incident_finding_of_its_alerts() {
    let (incident, alerts) = incident();
    let told = incident_finding(&incident, &alerts);
    check(&told);
    let alert = finding(&alerts[0]);
    let listed = &told["finding_info_list"][0];
    for name in ["uid", "title", "analytic", "attacks", "created_time"] {
        assert_eq!(listed[name], alert["finding_info"][name], "{name}");
    }
    assert_eq!(
        told["metadata"]["correlation_uid"],
        json!(incident.incident_id)
    );
    assert_eq!(
        [&told["priority_id"], &told["verdict_id"]],
        [&json!(3), &json!(0)]
    );
    // An alert whose document is gone is still named.
    let told = incident_finding(&incident, &[]);
    check(&told);
    assert_eq!(told["finding_info_list"], json!([{"uid": "5f0c"}]));
}

#[test]
fn what_analysts_and_approvals_said_is_the_state_of_an_incident() {
    let state = |change: &dyn Fn(&mut Incident)| {
        let (mut incident, alerts) = incident();
        change(&mut incident);
        let told = incident_finding(&incident, &alerts);
        check(&told);
        ["activity_id", "status_id", "verdict_id"].map(|name| told[name].as_i64().unwrap())
    };
    let judged = |verdict: bool| move |of: &mut Incident| of.judge(|_| Some((verdict, None)));
    assert_eq!(state(&|_| {}), [1, 1, 0]);
    assert_eq!(state(&|of| of.status = Status::Update), [2, 1, 0]);
    assert_eq!(state(&judged(true)), [2, 2, 2]);
    assert_eq!(state(&judged(false)), [3, 5, 1]);
    assert_eq!(state(&|of| of.suppressed = true), [3, 5, 0]);
    assert_eq!(
        state(&|of| of.merged_into = Some("i1".to_owned())),
        [3, 5, 0]
    );
    let half = |of: &mut Incident| {
        of.alerts.push("another".to_owned());
        of.judge(|id| (id == "5f0c").then_some((false, None)));
    };
    assert_eq!(state(&half), [2, 2, 0]);
}

#[test]
fn the_schema_finds_what_does_not_belong() {
    let mut finding = finding(&sample());
    finding["severity_id"] = json!(9);
    finding["finding_info"]["colour"] = json!("red");
    finding["evidences"][0] = json!({});
    finding["priority_id"] = json!(1);
    finding.as_object_mut().unwrap().remove("cloud");
    let faults = faults(&finding).join("\n");
    for part in [
        "severity_id is 9",
        "finding_info.colour is no attribute",
        "evidences has none of",
        "priority_id is no attribute",
        "cloud is missing",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
}

#[test]
fn what_other_detectors_found_is_related_to_an_alert_and_listed_with_its_incident() {
    let mut alert = through_several();
    let found = |severity: Option<&str>, id: &str| FindingRecord {
        time: alert.time,
        detector: "guardduty".to_owned(),
        kind: "Exfiltration:S3/AnomalousBehavior".to_owned(),
        title: "etl is unusual".to_owned(),
        severity: severity.map(str::to_owned),
        event_id: id.to_owned(),
        instance: Some("aws:instance:i-1".to_owned()),
        seen_days: 0,
        of_days: 9,
    };
    alert.findings = vec![found(Some("high"), "f1"), found(None, "f2")];
    let told = finding(&alert);
    check(&told);
    let events = told["finding_info"]["related_events"].as_array().unwrap();
    let [.., one, other] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        [&one["uid"], &one["severity_id"], &one["product"]["name"]],
        [&json!("f1"), &json!(4), &json!("guardduty")]
    );
    assert!(other.get("severity_id").is_none(), "{other}");
    let desc = one["desc"].as_str().unwrap();
    assert!(
        desc.contains("on aws:instance:i-1: never before in 9 days"),
        "{desc}"
    );
    let alerts = [alert];
    let incident = incidents(&alerts, &Playbook::default()).remove(0);
    let told = incident_finding(&incident, &alerts);
    check(&told);
    let listed = told["finding_info_list"].as_array().unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(
        listed[1]["types"],
        json!(["Exfiltration:S3/AnomalousBehavior"])
    );
    // Elastic has them where it has the rest of the document.
    let in_ecs = crate::report::ecs::document(&alerts[0]);
    assert_eq!(in_ecs["plimsoll"]["findings"][0]["event_id"], "f1");
    let in_ecs = crate::report::ecs::incident(&incident, &alerts);
    assert_eq!(
        in_ecs["plimsoll"]["incident"]["findings"][1]["event_id"],
        "f2"
    );
}
