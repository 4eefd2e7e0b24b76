//! One entry of the Google Cloud audit logs.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, Credential, Outcome, Verb, instant};
use crate::simulate::model::other_providers::container::ORGANISATION;
use crate::simulate::model::other_providers::principal::Kind;
use crate::simulate::model::random::splitmix;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::dated;

/// What one entry is about.
pub(crate) struct Entry<'a> {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) permission: &'static str,
    pub(crate) action_class: &'static str,
    /// `activity` or `data_access`.
    pub(crate) log: &'static str,
    pub(crate) project: &'a str,
    pub(crate) resource: String,
    /// The kind of monitored resource, and its labels.
    pub(crate) monitored: Value,
    pub(crate) request: Value,
    pub(crate) response: Value,
    pub(crate) metadata: Value,
    pub(crate) service_data: Value,
    pub(crate) container: Option<String>,
    pub(crate) object: Option<String>,
    pub(crate) bytes: Option<u64>,
}

/// Returns the id of a service account's key.
pub(crate) fn key(number: u64) -> String {
    format!(
        "{:016x}{:016x}{:08x}",
        splitmix(number),
        splitmix(!number),
        splitmix(number ^ 7) as u32
    )
}

/// Adds an entry.
pub(crate) fn add(action: &Action, entry: Entry<'_>, out: &mut DayFiles) {
    let who = &action.who;
    let anonymous = who.kind == Kind::Anonymous;
    let mut caller = json!({});
    if !anonymous {
        caller["principalEmail"] = json!(who.email);
        let kind = if who.is_person() {
            "user"
        } else {
            "serviceAccount"
        };
        caller["principalSubject"] = json!(format!("{kind}:{}", who.email));
    }
    if action.credential == Credential::Key {
        caller["serviceAccountKeyName"] = json!(format!(
            "//iam.googleapis.com/projects/{}/serviceAccounts/{}/keys/{}",
            entry.project,
            who.email,
            key(who.number)
        ));
    } else if who.machine.is_some() {
        caller["serviceAccountDelegationInfo"] = json!([{"firstPartyPrincipal": {
            "principalEmail": format!("service-{ORGANISATION}@compute-system.iam.gserviceaccount.com"),
        }}]);
    }
    let mut grant = json!({"resource": entry.resource, "permission": entry.permission, "resourceAttributes": {}});
    if action.worked() {
        grant["granted"] = json!(true);
    }
    let status = match action.outcome {
        Outcome::Success => json!({}),
        Outcome::Missing => json!({"code": 5, "message": "NOT_FOUND"}),
        Outcome::Denied => json!({"code": 7, "message": format!(
            "{} does not have {} access to the Google Cloud project.", who.email, entry.permission
        )}),
    };
    let time = |nanos: i64| {
        let text = instant(nanos, 9);
        format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
    };
    let command = match action.verb {
        Verb::ListObjects | Verb::ListContainers => "storage.ls",
        Verb::Enumerate(_) => "iam.service-accounts.list",
        _ => "storage.cp",
    };
    let mut payload = json!({
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": caller, "authorizationInfo": [grant], "methodName": entry.method,
        "requestMetadata": {
            "callerIp": action.address, "callerSuppliedUserAgent": action.tool.user_agent(who, command),
            "requestAttributes": {"time": time(action.at), "auth": {}}, "destinationAttributes": {},
        },
        "resourceName": entry.resource, "serviceName": entry.service, "status": status,
        "resourceLocation": {"currentLocations": [entry.monitored["labels"].get("location").cloned().unwrap_or(json!("global"))]},
    });
    for (name, value) in [
        ("request", entry.request),
        ("response", entry.response),
        ("metadata", entry.metadata),
        ("serviceData", entry.service_data),
    ] {
        if !value.is_null() && (name != "response" || action.worked()) {
            payload[name] = value;
        }
    }
    let lag = out.ids.between(400_000_000, 1_500_000_000);
    let record = json!({
        "protoPayload": payload, "insertId": format!("-{}", out.ids.text(b"0123456789abcdefghijklmnopqrstuvwxyz", 11)),
        "resource": entry.monitored, "timestamp": time(action.at),
        "severity": match (action.worked(), entry.log) { (false, _) => "ERROR", (_, "activity") => "NOTICE", _ => "INFO" },
        "logName": format!("projects/{}/logs/cloudaudit.googleapis.com%2F{}", entry.project, entry.log),
        "receiveTimestamp": time(action.at + lag),
    });
    let path = format!(
        "gcp/{}/cloudaudit.googleapis.com/{}/{}_S0.json",
        entry.project,
        entry.log,
        dated(action, "%Y/%m/%d/%H:00:00_%H:59:59")
    );
    out.add(path, FileLayout::Lines, &record.to_string());
    let mut expected = ExpectedEvent::of("gcp.audit", action, 9, entry.method, entry.action_class);
    expected.identity = Some(who.google());
    (expected.container, expected.object, expected.bytes_out) =
        (entry.container, entry.object, entry.bytes);
    match &action.verb {
        Verb::Copy(to) if entry.action_class == "copy_object" => {
            expected.dst_container = Some(to.canonical())
        }
        Verb::Publish => expected.dst_account = Some("*".to_owned()),
        _ => {}
    }
    out.add_expected(&expected);
}
