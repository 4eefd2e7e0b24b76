//! Google Cloud's machines, and the configuration of its logs, as entries of its audit logs.

use serde_json::{Value, json};

use crate::simulate::model::other_providers::action::{Action, Blinding, Verb};
use crate::simulate::model::other_providers::container::OWNERS;
use crate::simulate::model::random::splitmix;
use crate::simulate::writers::day_files::DayFiles;
use crate::simulate::writers::other_providers::gcp_entry::{Entry, add};

/// Where the machines of identities are.
const ZONE: &str = "europe-west1-b";

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let owner = (action.container.as_ref()).map_or(&OWNERS[3], |container| container.owner);
    let project = owner.name;
    let mut entry = Entry {
        service: "logging.googleapis.com",
        method: "",
        permission: "",
        action_class: "blind_log",
        log: "activity",
        project,
        resource: format!("projects/{project}"),
        monitored: json!({"type": "project", "labels": {"project_id": project}}),
        request: Value::Null,
        response: Value::Null,
        metadata: Value::Null,
        service_data: Value::Null,
        container: None,
        object: None,
        bytes: None,
    };
    match &action.verb {
        Verb::StartMachine(whose) => {
            let machine = whose.as_ref().and_then(|who| who.machine.as_ref());
            // Buckets may lie in more than one region, machines may not.
            let zone = match (machine, owner.region) {
                (Some(_), _) => ZONE.to_owned(),
                (None, "eu") => "europe-west4-b".to_owned(),
                (None, region) => format!("{region}-b"),
            };
            let number = splitmix(action.at as u64);
            let name = match machine {
                Some((name, _)) => name.clone(),
                None => format!("vm-{:06x}", number % 0x100_0000),
            };
            let email = match whose {
                Some(who) => who.email.clone(),
                None => format!(
                    "{}-compute@developer.gserviceaccount.com",
                    418_290_573_316_u64
                ),
            };
            entry.service = "compute.googleapis.com";
            (entry.method, entry.permission) =
                ("v1.compute.instances.insert", "compute.instances.create");
            entry.action_class = "start_compute";
            entry.resource = format!("projects/{project}/zones/{zone}/instances/{name}");
            entry.object = Some(entry.resource.clone());
            entry.monitored = json!({"type": "gce_instance", "labels": {
                "instance_id": number.to_string(), "project_id": project, "zone": zone, "location": zone,
            }});
            entry.request = json!({
                "@type": "type.googleapis.com/compute.instances.insert", "name": name,
                "machineType": format!("projects/{project}/zones/{zone}/machineTypes/n2-standard-4"),
                "serviceAccounts": [{"email": email, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
            });
        }
        Verb::Blind(Blinding::AuditExempted) => {
            entry.service = "cloudresourcemanager.googleapis.com";
            (entry.method, entry.permission) =
                ("SetIamPolicy", "resourcemanager.projects.setIamPolicy");
            entry.service_data = json!({
                "@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
                "policyDelta": {"auditConfigDeltas": [
                    {"action": "REMOVE", "service": "storage.googleapis.com", "logType": "DATA_READ"},
                ]},
            });
        }
        Verb::Blind(Blinding::Excluded) => {
            (entry.method, entry.permission) = (
                "google.logging.v2.ConfigServiceV2.CreateExclusion",
                "logging.exclusions.create",
            );
            entry.resource = format!("projects/{project}/exclusions/noise");
            entry.monitored = json!({"type": "logging_exclusion", "labels": {"name": "noise", "project_id": project}});
            entry.request = json!({
                "@type": "type.googleapis.com/google.logging.v2.CreateExclusionRequest",
                "parent": format!("projects/{project}"),
                "exclusion": {"name": "noise", "filter": "logName:\"cloudaudit.googleapis.com%2Fdata_access\""},
            });
        }
        Verb::Blind(how) => {
            let sink = format!("projects/{project}/sinks/to-security");
            let (method, permission, change) = match how {
                Blinding::SinkDeleted => (
                    "google.logging.v2.ConfigServiceV2.DeleteSink",
                    "logging.sinks.delete",
                    json!({"sinkName": sink}),
                ),
                Blinding::SinkOff => (
                    "google.logging.v2.ConfigServiceV2.UpdateSink",
                    "logging.sinks.update",
                    json!({"sinkName": sink, "sink": {"name": "to-security", "disabled": true}, "updateMask": "disabled"}),
                ),
                _ => (
                    "google.logging.v2.ConfigServiceV2.UpdateSink",
                    "logging.sinks.update",
                    json!({
                        "sinkName": sink, "updateMask": "filter",
                        "sink": {"name": "to-security", "filter": "NOT protoPayload.serviceName=\"k8s.io\""},
                    }),
                ),
            };
            (entry.method, entry.permission) = (method, permission);
            entry.resource = sink;
            entry.monitored = json!({"type": "logging_sink", "labels": {
                "name": "to-security", "project_id": project, "destination": "",
            }});
            entry.request = change;
        }
        _ => return,
    }
    add(action, entry, out);
}
