//! Google Cloud audit logs, as a sink writes them to a bucket: log entries, one a line, one file an hour.

use serde_json::{Value, json};

use crate::simulate::random::splitmix;

use super::action::{Action, Credential, Outcome, Service, Verb, instant};
use super::container::{Container, ORGANISATION, Purpose};
use super::files::{DayFiles, ExpectedEvent, FileLayout, dated};
use super::gcp_iam;
use super::principal::Kind;

/// What one entry is about.
pub(super) struct Entry<'a> {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) permission: &'static str,
    pub(super) action_class: &'static str,
    /// `activity` or `data_access`.
    pub(super) log: &'static str,
    pub(super) project: &'a str,
    pub(super) resource: String,
    /// The kind of monitored resource, and its labels.
    pub(super) monitored: Value,
    pub(super) request: Value,
    pub(super) response: Value,
    pub(super) metadata: Value,
    pub(super) service_data: Value,
    pub(super) container: Option<String>,
    pub(super) object: Option<String>,
    pub(super) bytes: Option<u64>,
}

/// Writes a deed.
pub(super) fn write(action: &Action, out: &mut DayFiles) {
    match action.service {
        Service::Gcs => storage(action, out),
        Service::Iam => gcp_iam::write(action, out),
        _ => {}
    }
}

fn storage(action: &Action, out: &mut DayFiles) {
    let Some(container) = &action.container else {
        return;
    };
    // Reads of what anybody may read are not logged here.
    if container.purpose == Purpose::Public && action.who.kind == Kind::Anonymous {
        return;
    }
    let (method, permission, action_class, log) = match &action.verb {
        Verb::ListContainers => (
            "storage.buckets.list",
            "storage.buckets.list",
            "list_buckets",
            "data_access",
        ),
        Verb::ListObjects => (
            "storage.objects.list",
            "storage.objects.list",
            "list_objects",
            "data_access",
        ),
        Verb::Head | Verb::Read => (
            "storage.objects.get",
            "storage.objects.get",
            "read_object",
            "data_access",
        ),
        Verb::Write => (
            "storage.objects.create",
            "storage.objects.create",
            "write_object",
            "data_access",
        ),
        Verb::Delete => (
            "storage.objects.delete",
            "storage.objects.delete",
            "delete_object",
            "data_access",
        ),
        Verb::Copy(_) => (
            "storage.objects.get",
            "storage.objects.get",
            "copy_object",
            "data_access",
        ),
        Verb::ReadPosture => (
            "storage.getIamPermissions",
            "storage.buckets.getIamPolicy",
            "read_posture",
            "data_access",
        ),
        Verb::Publish => (
            "storage.setIamPermissions",
            "storage.buckets.setIamPolicy",
            "write_posture",
            "activity",
        ),
        _ => return,
    };
    let mut entry = Entry {
        service: "storage.googleapis.com",
        method,
        permission,
        action_class,
        log,
        project: container.owner.name,
        resource: resource_name(container, &action.object),
        monitored: bucket(container, action.verb == Verb::ListContainers),
        request: Value::Null,
        response: Value::Null,
        metadata: Value::Null,
        service_data: Value::Null,
        container: (action.verb != Verb::ListContainers).then(|| container.canonical()),
        object: (!action.object.is_empty()).then(|| action.object.clone()),
        bytes: None,
    };
    match &action.verb {
        Verb::ListContainers => entry.resource = format!("projects/{}", container.owner.name),
        Verb::Publish => {
            entry.metadata =
                json!({"@type": "type.googleapis.com/google.cloud.audit.BucketPolicyMetadata"});
            entry.service_data = json!({
                "@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
                "policyDelta": {"bindingDeltas": [
                    {"action": "ADD", "role": "roles/storage.objectViewer", "member": "allUsers"},
                ]},
            });
        }
        Verb::Copy(to) => {
            entry.metadata = json!({"destination": resource_name(to, &action.object), "requested_bytes": action.bytes});
            entry.bytes = Some(action.bytes);
        }
        _ => {}
    }
    add(action, entry, out);
    // The other half of a copy, which only the owner of its end sees.
    if let Verb::Copy(to) = &action.verb
        && to.purpose != Purpose::Foreign
    {
        let end = Entry {
            service: "storage.googleapis.com",
            method: "storage.objects.create",
            permission: "storage.objects.create",
            action_class: "write_object",
            log: "data_access",
            project: to.owner.name,
            resource: resource_name(to, &action.object),
            monitored: bucket(to, false),
            request: Value::Null,
            response: Value::Null,
            metadata: Value::Null,
            service_data: Value::Null,
            container: Some(to.canonical()),
            object: Some(action.object.clone()),
            bytes: None,
        };
        add(action, end, out);
    }
}

fn resource_name(container: &Container, object: &str) -> String {
    match object {
        "" => format!("projects/_/buckets/{}", container.name),
        _ => format!("projects/_/buckets/{}/objects/{object}", container.name),
    }
}

fn bucket(container: &Container, all: bool) -> Value {
    let (name, location) = if all {
        ("", "global")
    } else {
        (container.name.as_str(), container.owner.region)
    };
    json!({"type": "gcs_bucket", "labels": {
        "project_id": container.owner.name, "bucket_name": name, "location": location,
    }})
}

/// Returns the id of a service account's key.
pub(super) fn key(number: u64) -> String {
    format!(
        "{:016x}{:016x}{:08x}",
        splitmix(number),
        splitmix(!number),
        splitmix(number ^ 7) as u32
    )
}

/// Adds an entry.
pub(super) fn add(action: &Action, entry: Entry<'_>, out: &mut DayFiles) {
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
