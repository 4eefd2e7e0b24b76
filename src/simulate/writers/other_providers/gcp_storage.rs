//! Google Cloud audit logs, as a sink writes them to a bucket: log entries, one a line, one file an hour.

use serde_json::{Value, json};

use crate::simulate::model::other_providers::action::{Action, Verb};
use crate::simulate::model::other_providers::container::{Container, Purpose};
use crate::simulate::model::other_providers::principal::Kind;
use crate::simulate::writers::day_files::DayFiles;
use crate::simulate::writers::other_providers::gcp_entry::{Entry, add};

/// A rule that deletes after at most so many days deletes soon.
const SOON_DAYS: u32 = 7;

/// Writes an action on a bucket or its objects.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let Some(container) = &action.container else {
        return;
    };
    // Public reads are not logged here.
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
        Verb::MakeContainer => (
            "storage.buckets.create",
            "storage.buckets.create",
            "other",
            "activity",
        ),
        Verb::DeleteContainer => (
            "storage.buckets.delete",
            "storage.buckets.delete",
            "delete_bucket",
            "activity",
        ),
        Verb::Expire(days) => (
            "storage.buckets.update",
            "storage.buckets.update",
            if *days <= SOON_DAYS {
                "expire_objects"
            } else {
                "write_posture"
            },
            "activity",
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
        Verb::Expire(days) => {
            entry.request = json!({"lifecycle": {"rule": [
                {"action": {"type": "Delete"}, "condition": {"age": days}},
            ]}});
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
