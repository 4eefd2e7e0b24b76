//! Google Cloud audit logs, as a sink writes them to a bucket: log entries, one a line, one file an hour.

use serde_json::{Value, json};

use crate::simulate::random::splitmix;

use super::deed::{Deed, Noun, Outcome, Proof, Service, Verb, instant};
use super::party::Kind;
use super::place::{ORGANISATION, Purpose, Store};
use super::sheet::{Form, Sheets, Told, dated};

/// What one entry is about.
struct Entry<'a> {
    service: &'static str,
    method: &'static str,
    permission: &'static str,
    action: &'static str,
    /// `activity` or `data_access`.
    log: &'static str,
    project: &'a str,
    resource: String,
    /// The kind of monitored resource, and its labels.
    monitored: Value,
    request: Value,
    response: Value,
    metadata: Value,
    container: Option<String>,
    object: Option<String>,
    bytes: Option<u64>,
}

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    match deed.service {
        Service::Gcs => storage(deed, out),
        Service::Iam => accounts(deed, out),
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
        container: (deed.verb != Verb::Shelves).then(|| store.canonical()),
        object: (!deed.object.is_empty()).then(|| deed.object.clone()),
        bytes: None,
    };
    match &deed.verb {
        Verb::Shelves => entry.resource = format!("projects/{}", store.owner.name),
        Verb::Publish => {
            entry.metadata =
                json!({"@type": "type.googleapis.com/google.cloud.audit.BucketPolicyMetadata"});
            entry.request = json!({"policy": {"bindings": [
                {"role": "roles/storage.objectViewer", "members": ["allUsers"]},
            ]}});
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

fn accounts(deed: &Deed, out: &mut Sheets) {
    let project = deed
        .store
        .as_ref()
        .map_or("halcyon-analytics", |store| store.owner.name);
    let iam = "iam.googleapis.com";
    let (service, method, permission, action, log) = match &deed.verb {
        Verb::Enumerate(Noun::Users | Noun::Principals) => (
            iam,
            "google.iam.admin.v1.ListServiceAccounts",
            "iam.serviceAccounts.list",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(Noun::Keys) => (
            iam,
            "google.iam.admin.v1.ListServiceAccountKeys",
            "iam.serviceAccountKeys.list",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(Noun::User) => (
            iam,
            "google.iam.admin.v1.GetServiceAccount",
            "iam.serviceAccounts.get",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(Noun::Policies | Noun::RoleMembers | Noun::Members) => (
            "cloudresourcemanager.googleapis.com",
            "GetIamPolicy",
            "resourcemanager.projects.getIamPolicy",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(_) => (
            iam,
            "google.iam.admin.v1.ListRoles",
            "iam.roles.list",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Create(_) => (
            iam,
            "google.iam.admin.v1.CreateServiceAccount",
            "iam.serviceAccounts.create",
            "create_identity",
            "activity",
        ),
        Verb::Credential(_) => (
            iam,
            "google.iam.admin.v1.CreateServiceAccountKey",
            "iam.serviceAccountKeys.create",
            "create_credential",
            "activity",
        ),
        Verb::Assume(_) => (
            "iamcredentials.googleapis.com",
            "GenerateAccessToken",
            "iam.serviceAccounts.getAccessToken",
            "assume_role",
            "data_access",
        ),
        _ => return,
    };
    let mut entry = Entry {
        service,
        method,
        permission,
        action,
        log,
        project,
        resource: format!("projects/{project}"),
        monitored: json!({"type": "project", "labels": {"project_id": project}}),
        request: json!({"name": format!("projects/{project}")}),
        response: Value::Null,
        metadata: Value::Null,
        container: None,
        object: None,
        bytes: None,
    };
    if let Verb::Create(whom) | Verb::Credential(whom) | Verb::Assume(whom) = &deed.verb {
        entry.monitored = json!({"type": "service_account", "labels": {
            "project_id": project, "email_id": whom.email, "unique_id": whom.client,
        }});
        let name = format!("projects/-/serviceAccounts/{}", whom.client);
        entry.request = json!({"name": format!("projects/-/serviceAccounts/{}", whom.email)});
        match deed.verb {
            Verb::Create(_) => {
                entry.request = json!({
                    "@type": "type.googleapis.com/google.iam.admin.v1.CreateServiceAccountRequest",
                    "account_id": whom.name, "name": format!("projects/{project}"), "service_account": {},
                });
                entry.response = json!({
                    "@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccount", "email": whom.email,
                    "unique_id": whom.client, "project_id": project,
                    "name": format!("projects/{project}/serviceAccounts/{}", whom.email),
                });
            }
            Verb::Credential(_) => {
                entry.resource = name;
                entry.response = json!({
                    "@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccountKey",
                    "name": format!("projects/{project}/serviceAccounts/{}/keys/{}", whom.email, key(whom.number)),
                });
            }
            _ => entry.resource = name,
        }
    }
    add(deed, entry, out);
}

/// Returns the id of a service account's key.
fn key(number: u64) -> String {
    format!(
        "{:016x}{:016x}{:08x}",
        splitmix(number),
        splitmix(!number),
        splitmix(number ^ 7) as u32
    )
}

fn add(deed: &Deed, entry: Entry<'_>, out: &mut Sheets) {
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
    out.tell(&told);
}
