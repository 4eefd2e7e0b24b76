//! An alert.

use serde_json::{Value, json};

use crate::alert::{Alert, SourceRecord};
use crate::report::ecs::common::{Related, VERSION, name, observer, severity, technique};
use crate::report::ocsf::{without_evidence, without_null};
use crate::report::reason;

/// Returns the alert document.
pub fn document(alert: &Alert) -> Value {
    let entity = &alert.entity;
    let reasons: Vec<String> = alert
        .reasons
        .iter()
        .map(|r| reason::sentence(r, &entity.id))
        .collect();
    let mut related = Related::default();
    related.alert(alert);
    let name = name(entity.display_name.as_ref(), &entity.id);
    without_null(json!({
        "@timestamp": alert.time.to_string(),
        "ecs": {"version": VERSION},
        "message": format!("{}: {}", alert.headline(), entity.id),
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "action": alert.status,
            "provider": "plimsoll",
            "module": "plimsoll",
            "dataset": "plimsoll.alert",
            "id": alert.alert_id,
            "start": alert.span().0.to_string(),
            "end": alert.span().1.to_string(),
            "reason": reasons.join(". "),
            "severity": severity(alert.severity),
            "risk_score": alert.score,
        },
        "rule": {"id": alert.analytic, "name": alert.name, "category": alert.arm, "ruleset": "plimsoll"},
        "threat": {"framework": "MITRE ATT&CK", "technique": technique(alert.techniques.iter())},
        "user": without_null(json!({"id": entity.id, "name": name, "roles": entity.role.as_ref().map(|role| [role])})),
        "cloud": without_null(json!({
            "provider": entity.provider,
            "region": entity.region,
            "account": entity.account.as_ref().map(|id| json!({"id": id})),
        })),
        "source": entity.source_ip.as_ref().map(|ip| source(ip, alert.sources.first())),
        "user_agent": entity.user_agent.as_ref().map(|original| json!({"original": original})),
        "observer": observer(),
        "related": related.fields(),
        "tags": alert.suppressed_by.as_ref().map(|_| ["suppressed"]),
        "plimsoll": without_evidence(alert),
    }))
}

/// Returns the address, with its network and country as far as they are known.
fn source(ip: &str, of: Option<&SourceRecord>) -> Value {
    let of = of.filter(|of| of.address.as_deref() == Some(ip));
    let number = of
        .and_then(|of| of.network.as_deref()?.strip_prefix("AS"))
        .and_then(|number| number.parse::<u32>().ok());
    let country = of.and_then(|of| of.country.as_ref());
    without_null(json!({
        "ip": ip,
        "address": ip,
        "as": number.map(|number| json!({"number": number})),
        "geo": country.map(|country| json!({"country_iso_code": country})),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::tests::sample;

    #[test]
    fn an_alert_is_an_alert_to_elastic() {
        let document = document(&sample());
        assert_eq!(document["@timestamp"], "2026-03-16T04:11:09Z");
        assert_eq!(
            [&document["event"]["kind"], &document["event"]["severity"]],
            [&json!("alert"), &json!(73)]
        );
        assert_eq!(
            document["threat"]["technique"],
            json!({"id": ["T1567", "T1619"], "subtechnique": {"id": ["T1567.002"]}})
        );
        assert_eq!(document["source"]["ip"], "198.51.100.7");
        assert_eq!(document["plimsoll"]["reasons"][0]["kind"], "volume");
        assert_eq!(document["user"]["name"], "etl");
        assert_eq!(document["event"]["risk_score"], json!(97.1));
        assert_eq!(document["related"]["ip"], json!(["198.51.100.7"]));
        assert!(document.get("tags").is_none());
    }
}
