//! An alert as a document of the Elastic common schema; what that has no field for is under `plimsoll`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::alert::Alert;
use crate::report::layout::name_of;
use crate::report::ocsf::{without_evidence, without_null};
use crate::report::reason;
use crate::stats::Severity;

/// Version of the schema that the mapping follows.
pub const VERSION: &str = "8.17.0";

/// Returns the alert document.
pub fn document(alert: &Alert) -> Value {
    let entity = &alert.entity;
    let reasons: Vec<String> = alert
        .reasons
        .iter()
        .map(|r| reason::sentence(r, &entity.id))
        .collect();
    let mut ips: Vec<&String> = entity.source_ip.iter().collect();
    ips.extend(
        alert
            .sources
            .iter()
            .filter_map(|source| source.address.as_ref()),
    );
    ips.extend(
        alert
            .authentication
            .iter()
            .filter_map(|a| a.source_ip.as_ref()),
    );
    keep_firsts(&mut ips);
    let mut users: Vec<&String> = std::iter::once(&entity.id).chain(&entity.aliases).collect();
    users.extend(&entity.role);
    users.extend(&entity.display_name);
    users.extend(alert.assumed.iter().filter_map(|of| of.by.as_ref()));
    keep_firsts(&mut users);
    let name = entity
        .display_name
        .clone()
        .unwrap_or_else(|| name_of(&entity.id, usize::MAX));
    let (techniques, subtechniques) = techniques(&alert.techniques);
    let technique = without_null(json!({
        "id": techniques,
        "subtechnique": (!subtechniques.is_empty()).then(|| json!({"id": subtechniques})),
    }));
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
        "threat": {"framework": "MITRE ATT&CK", "technique": technique},
        "user": without_null(json!({"id": entity.id, "name": name, "roles": entity.role.as_ref().map(|role| [role])})),
        "cloud": without_null(json!({
            "provider": entity.provider,
            "region": entity.region,
            "account": entity.account.as_ref().map(|id| json!({"id": id})),
        })),
        "source": entity.source_ip.as_ref().map(|ip| json!({"ip": ip, "address": ip})),
        "user_agent": entity.user_agent.as_ref().map(|original| json!({"original": original})),
        "observer": {"product": "plimsoll", "vendor": "plimsoll", "version": env!("CARGO_PKG_VERSION")},
        "related": {"ip": ips, "user": users},
        "tags": alert.suppressed_by.as_ref().map(|_| ["suppressed"]),
        "plimsoll": without_evidence(alert),
    }))
}

/// Leaves out what stands before it.
fn keep_firsts(texts: &mut Vec<&String>) {
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(*text));
}

/// Returns the number that Elastic's own rules give a severity.
fn severity(severity: Severity) -> u32 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
        Severity::Critical => 99,
    }
}

/// Parts techniques and sub-techniques; each sub-technique brings the technique that it belongs to.
fn techniques(ids: &[String]) -> (Vec<&str>, Vec<&str>) {
    let mut parents: Vec<&str> = ids
        .iter()
        .map(|id| id.split_once('.').map_or(id.as_str(), |(p, _)| p))
        .collect();
    parents.sort_unstable();
    parents.dedup();
    (
        parents,
        ids.iter()
            .map(String::as_str)
            .filter(|id| id.contains('.'))
            .collect(),
    )
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
        assert!(document.get("tags").is_none());
    }
}
