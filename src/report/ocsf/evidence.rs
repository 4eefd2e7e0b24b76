//! Who did it, through what, and to what: evidences, resources and observables.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::alert::{Alert, SourceRecord};
use crate::report::layout::name_of;
use crate::report::ocsf::common::{Observable, millis, without_null};

/// Returns an evidence for each source of the act, those first that did most of what was counted; of an alert that lists none, one.
pub(super) fn evidences(alert: &Alert) -> Vec<Value> {
    if alert.sources.is_empty() {
        return vec![evidence(alert, &first_source(alert), true)];
    }
    let sources = alert.sources_of_act().into_iter().enumerate();
    sources
        .map(|(at, source)| evidence(alert, source, at == 0))
        .collect()
}

/// Returns the source that an older alert names in its entity alone.
fn first_source(alert: &Alert) -> SourceRecord {
    let entity = &alert.entity;
    SourceRecord {
        address: entity.source_ip.clone(),
        session: entity.session.clone(),
        credential: entity.credential.clone(),
        ..SourceRecord::default()
    }
}

/// The client as it named itself is known of the first source only.
fn evidence(alert: &Alert, source: &SourceRecord, is_first: bool) -> Value {
    let agent = alert.entity.user_agent.as_ref().filter(|_| is_first);
    let actor =
        without_null(json!({"user": user(alert, source), "session": session(alert, source)}));
    let is_counted = source.calls > 0 || source.counted > 0;
    let counted = json!({
        "calls": source.calls, "counted": source.counted, "objects": source.objects, "bytes": source.bytes,
        "network": source.network, "client": source.client,
    });
    without_null(json!({
        "actor": actor,
        "src_endpoint": source.address.as_ref().map(|address| endpoint(address, source)),
        "http_request": agent.map(|agent| json!({"user_agent": agent})),
        "data": is_counted.then(|| without_null(counted)),
    }))
}

fn user(alert: &Alert, source: &SourceRecord) -> Value {
    let entity = &alert.entity;
    let (type_id, caption) = match entity.identity_kind.as_str() {
        "human" => (1, "User"),
        "service_principal" | "workload" | "cloud_service" => (4, "Service"),
        "" | "unknown" => (0, "Unknown"),
        other => (99, other),
    };
    without_null(json!({
        "uid": entity.id,
        "uid_alt": entity.aliases.first(),
        "name": name_of(&entity.id, usize::MAX),
        "display_name": entity.display_name,
        "credential_uid": source.credential,
        "type_id": type_id,
        "type": caption,
    }))
}

/// How it began is told of the session that the alert is about.
fn session(alert: &Alert, source: &SourceRecord) -> Option<Value> {
    let uid = source.session.as_ref()?;
    let is_told = alert.entity.session.as_ref() == Some(uid);
    let began = alert.authentication.as_ref().filter(|_| is_told);
    Some(without_null(json!({
        "uid": uid,
        "credential_uid": source.credential,
        "created_time": began.map(|record| millis(record.time)),
        "is_mfa": began.and_then(|record| record.mfa),
    })))
}

fn endpoint(address: &str, source: &SourceRecord) -> Value {
    let network = source.network.as_deref();
    let number = network
        .and_then(|network| network.strip_prefix("AS"))
        .and_then(|number| number.parse::<u32>().ok());
    let name = match address.parse::<IpAddr>() {
        Ok(_) => "ip",
        Err(_) => "name",
    };
    without_null(json!({
        name: address,
        "autonomous_system": number.map(|number| json!({"number": number})),
        "location": source.country.as_ref().map(|country| json!({"country": country})),
    }))
}

/// Returns the buckets that were touched.
pub(super) fn resources(alert: &Alert) -> Vec<Value> {
    let buckets = alert.resources.iter();
    buckets
        .map(|bucket| {
            json!({
                "uid": bucket.bucket, "name": bucket.bucket, "type": "bucket",
                "role_id": 1, "role": "Target",
                "criticality": if bucket.sensitive { "sensitive" } else { "ordinary" },
                "data": {"calls": bucket.calls, "objects": bucket.objects, "bytes": bucket.bytes},
            })
        })
        .collect()
}

/// Returns what other events may have as well, with where the finding has it.
pub(super) fn observables(alert: &Alert) -> Vec<Value> {
    let mut observables = Vec::new();
    let first = first_source(alert);
    let mut sources = alert.sources_of_act();
    if sources.is_empty() {
        sources.push(&first);
    }
    let mut seen = BTreeSet::new();
    for (at, source) in sources.iter().enumerate() {
        let Some(address) = &source.address else {
            continue;
        };
        if address.parse::<IpAddr>().is_ok() && seen.insert(address) {
            let attribute = format!("evidences[{at}].src_endpoint.ip");
            observables.push(Observable::Ip.at(&attribute, address));
        }
    }
    for (attribute, address) in origins(alert) {
        if address.parse::<IpAddr>().is_ok() && seen.insert(address) {
            observables.push(Observable::Ip.at(&attribute, address));
        }
    }
    if let Some(agent) = &alert.entity.user_agent {
        observables.push(Observable::UserAgent.at("evidences[0].http_request.user_agent", agent));
    }
    observables.push(Observable::User.at("evidences[0].actor.user.uid", &alert.entity.id));
    for (at, bucket) in alert.resources.iter().enumerate() {
        let attribute = format!("resources[{at}].uid");
        observables.push(Observable::Resource.at(&attribute, &bucket.bucket));
    }
    observables
}

/// Returns from where its sessions and credentials came, with where the finding has it.
fn origins(alert: &Alert) -> Vec<(String, &String)> {
    let mut origins = Vec::new();
    if let Some(address) = alert
        .authentication
        .iter()
        .find_map(|of| of.source_ip.as_ref())
    {
        origins.push(("unmapped.authentication.source_ip".to_owned(), address));
    }
    for (at, assumed) in alert.assumed.iter().enumerate() {
        for (before, record) in assumed.chain().enumerate() {
            let with = ".with".repeat(before);
            let attribute = format!("unmapped.assumed[{at}]{with}.source_ip");
            origins.extend(record.source_ip.iter().map(|ip| (attribute.clone(), ip)));
        }
    }
    if let Some(address) = alert
        .entity
        .created
        .iter()
        .find_map(|of| of.source_ip.as_ref())
    {
        origins.push(("unmapped.entity.created.source_ip".to_owned(), address));
    }
    origins
}
