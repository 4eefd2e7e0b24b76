//! An incident.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::alert::Alert;
use crate::incident::Incident;
use crate::report::ecs::common::{Related, VERSION, name, observer, severity, technique};
use crate::report::ocsf::without_null;

/// Returns the document. `alerts` are those of the incident, as far as they are known.
pub fn document(incident: &Incident, alerts: &[Alert]) -> Value {
    let actors = incident.entities.iter().filter(|entity| entity.alerts > 0);
    let ids: Vec<&String> = actors.clone().map(|entity| &entity.id).collect();
    let names = actors.clone();
    let names = names.map(|entity| name(entity.display_name.as_ref(), &entity.id));
    let names: BTreeSet<String> = names.collect();
    let providers: BTreeSet<&String> = actors.clone().filter_map(|e| e.provider.as_ref()).collect();
    let accounts: BTreeSet<&String> = actors.filter_map(|e| e.account.as_ref()).collect();
    let mut told = json!(incident);
    if let Some(fields) = told.as_object_mut() {
        fields.retain(|name, value| name != "schema" && !value.is_null());
    }
    without_null(json!({
        "@timestamp": incident.end.to_string(),
        "ecs": {"version": VERSION},
        "message": incident.title,
        "event": without_null(json!({
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "action": incident.status,
            "provider": "plimsoll",
            "module": "plimsoll",
            "dataset": "plimsoll.incident",
            "id": incident.incident_id,
            "start": incident.start.to_string(),
            "end": incident.end.to_string(),
            "reason": (!incident.severity_reason.is_empty()).then_some(&incident.severity_reason),
            "severity": severity(incident.severity),
            "risk_score": incident.score,
        })),
        "rule": {"id": incident.analytics, "ruleset": "plimsoll"},
        "threat": threat(incident, alerts),
        "user": {"id": ids, "name": names},
        "cloud": {"provider": providers, "account": {"id": accounts}},
        "observer": observer(),
        "related": related(incident, alerts),
        "tags": incident.suppressed.then_some(["suppressed"]),
        "plimsoll": {"incident": told},
    }))
}

/// Returns the tactics that its stages are, and the techniques of its alerts.
fn threat(incident: &Incident, alerts: &[Alert]) -> Value {
    let mut tactics: Vec<(&str, &str)> = Vec::new();
    for stage in &incident.stages {
        if !tactics.contains(&stage.tactic()) {
            tactics.push(stage.tactic());
        }
    }
    let (ids, names): (Vec<&str>, Vec<&str>) = tactics.into_iter().unzip();
    let has_techniques = alerts.iter().any(|alert| !alert.techniques.is_empty());
    let techniques = || technique(alerts.iter().flat_map(|alert| &alert.techniques));
    without_null(json!({
        "framework": "MITRE ATT&CK",
        "tactic": (!ids.is_empty()).then(|| json!({"id": ids, "name": names})),
        "technique": has_techniques.then(techniques),
    }))
}

fn related(incident: &Incident, alerts: &[Alert]) -> Value {
    let mut related = Related::default();
    for entity in &incident.entities {
        let ids = std::iter::once(&entity.id).chain(&entity.aliases);
        for id in ids.chain(&entity.display_name) {
            related.user(id);
        }
    }
    let is_told = incident.sources.iter().any(|source| source.is_of_act);
    let sources = incident.sources.iter();
    let sources = sources.filter(|source| source.is_of_act || !is_told);
    let sources = sources.filter_map(|source| source.address.as_ref());
    let origins = incident.origins.iter().map(|origin| &origin.address);
    for address in sources.chain(origins) {
        related.address(address);
    }
    for alert in alerts {
        related.alert(alert);
    }
    related.fields()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{Playbook, incidents};
    use crate::report::text::tests::sample;

    #[test]
    fn an_incident_is_an_alert_to_elastic_with_what_its_alerts_know() {
        let mut alert = sample();
        alert.entity.aliases = vec!["i-0123456789abcdef0".to_owned()];
        let alerts = [alert];
        let incident = incidents(&alerts, &Playbook::default()).remove(0);
        let document = document(&incident, &alerts);
        assert_eq!(document["event"]["kind"], "alert");
        assert_eq!(document["event"]["id"], json!(incident.incident_id));
        assert_eq!(document["event"]["severity"], 73);
        assert_eq!(
            document["threat"]["technique"],
            json!({"id": ["T1567", "T1619"], "subtechnique": {"id": ["T1567.002"]}})
        );
        let tactics = document["threat"]["tactic"]["id"].to_string();
        assert!(tactics.contains("TA0007"), "{tactics}");
        assert_eq!(document["user"]["name"], json!(["etl"]));
        assert_eq!(document["related"]["ip"], json!(["198.51.100.7"]));
        assert_eq!(document["related"]["hosts"], json!(["i-0123456789abcdef0"]));
        assert_eq!(document["plimsoll"]["incident"]["alerts"], json!(["5f0c"]));
    }
}
