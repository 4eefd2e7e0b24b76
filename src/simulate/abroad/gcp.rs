//! Google Cloud audit logs, as a sink writes them to a bucket: log entries, one a line, one file an hour.

use serde_json::{Value, json};

use crate::simulate::random::splitmix;

use super::deed::{Deed, Outcome, Proof, Service, Verb, instant};
use super::gcp_iam;
use super::party::Kind;
use super::place::{ORGANISATION, Purpose, Store};
use super::sheet::{Form, Sheets, Told, dated};

/// What one entry is about.
pub(super) struct Entry<'a> {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) permission: &'static str,
    pub(super) action: &'static str,
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
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    match deed.service {
        Service::Gcs => storage(deed, out),
        Service::Iam => gcp_iam::write(deed, out),
        _ => {}
    }
}

fn storage(deed: &Deed, out: &mut Sheets) {
    let Some(store) = &deed.store else { return };
    // Reads of what anybody may read are not logged here.
    if store.purpose == Purpose::Public && deed.who.kind == Kind::Nobody {
        return;
    }
    let (method, permission, action, log) = match &deed.verb {
        Verb::Shelves => (
            "storage.buckets.list",
            "storage.buckets.list",
            "list_buckets",
            "data_access",
        ),
        Verb::List => (
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
        Verb::Posture => (
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
        action,
        log,
        project: store.owner.name,
        resource: resource(store, &deed.object),
        monitored: bucket(store, deed.verb == Verb::Shelves),
        request: Value::Null,
        response: Value::Null,
        metadata: Value::Null,
        service_data: Value::Null,
        container: (deed.verb != Verb::Shelves).then(|| store.canonical()),
        object: (!deed.object.is_empty()).then(|| deed.object.clone()),
        bytes: None,
    };
    match &deed.verb {
        Verb::Shelves => entry.resource = format!("projects/{}", store.owner.name),
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
            entry.metadata =
                json!({"destination": resource(to, &deed.object), "requested_bytes": deed.bytes});
            entry.bytes = Some(deed.bytes);
        }
        _ => {}
    }
    add(deed, entry, out);
    // The other half of a copy, which only the owner of its end sees.
    if let Verb::Copy(to) = &deed.verb
        && to.purpose != Purpose::Foreign
    {
        let end = Entry {
            service: "storage.googleapis.com",
            method: "storage.objects.create",
            permission: "storage.objects.create",
            action: "write_object",
            log: "data_access",
            project: to.owner.name,
            resource: resource(to, &deed.object),
            monitored: bucket(to, false),
            request: Value::Null,
            response: Value::Null,
            metadata: Value::Null,
            service_data: Value::Null,
            container: Some(to.canonical()),
            object: Some(deed.object.clone()),
            bytes: None,
        };
        add(deed, end, out);
    }
}

fn resource(store: &Store, object: &str) -> String {
    match object {
        "" => format!("projects/_/buckets/{}", store.name),
        _ => format!("projects/_/buckets/{}/objects/{object}", store.name),
    }
}

fn bucket(store: &Store, all: bool) -> Value {
    let (name, location) = if all {
        ("", "global")
    } else {
        (store.name.as_str(), store.owner.region)
    };
    json!({"type": "gcs_bucket", "labels": {
        "project_id": store.owner.name, "bucket_name": name, "location": location,
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
pub(super) fn add(deed: &Deed, entry: Entry<'_>, out: &mut Sheets) {
    let who = &deed.who;
    let nobody = who.kind == Kind::Nobody;
    let mut caller = json!({});
    if !nobody {
        caller["principalEmail"] = json!(who.email);
        let kind = if who.is_person() {
            "user"
        } else {
            "serviceAccount"
        };
        caller["principalSubject"] = json!(format!("{kind}:{}", who.email));
    }
    if deed.proof == Proof::Key {
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
    if deed.worked() {
        grant["granted"] = json!(true);
    }
    let status = match deed.outcome {
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
    let command = match deed.verb {
        Verb::List | Verb::Shelves => "storage.ls",
        Verb::Enumerate(_) => "iam.service-accounts.list",
        _ => "storage.cp",
    };
    let mut payload = json!({
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": caller, "authorizationInfo": [grant], "methodName": entry.method,
        "requestMetadata": {
            "callerIp": deed.address, "callerSuppliedUserAgent": deed.tool.agent(who, command),
            "requestAttributes": {"time": time(deed.at), "auth": {}}, "destinationAttributes": {},
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
        if !value.is_null() && (name != "response" || deed.worked()) {
            payload[name] = value;
        }
    }
    let lag = out.ids.between(400_000_000, 1_500_000_000);
    let record = json!({
        "protoPayload": payload, "insertId": format!("-{}", out.ids.text(b"0123456789abcdefghijklmnopqrstuvwxyz", 11)),
        "resource": entry.monitored, "timestamp": time(deed.at),
        "severity": match (deed.worked(), entry.log) { (false, _) => "ERROR", (_, "activity") => "NOTICE", _ => "INFO" },
        "logName": format!("projects/{}/logs/cloudaudit.googleapis.com%2F{}", entry.project, entry.log),
        "receiveTimestamp": time(deed.at + lag),
    });
    let path = format!(
        "gcp/{}/cloudaudit.googleapis.com/{}/{}_S0.json",
        entry.project,
        entry.log,
        dated(deed, "%Y/%m/%d/%H:00:00_%H:59:59")
    );
    out.add(path, Form::Lines, &record.to_string());
    let mut told = Told::of("gcp.audit", deed, 9, entry.method, entry.action);
    told.identity = Some(who.google());
    (told.container, told.object, told.bytes_out) = (entry.container, entry.object, entry.bytes);
    match &deed.verb {
        Verb::Copy(to) if entry.action == "copy_object" => {
            told.dst_container = Some(to.canonical())
        }
        Verb::Publish => told.dst_account = Some("*".to_owned()),
        _ => {}
    }
    out.tell(&told);
}
