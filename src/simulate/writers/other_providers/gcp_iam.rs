//! What is done with Google Cloud's service accounts, roles and policies, as entries of its audit logs.

use serde_json::{Value, json};

use crate::simulate::model::other_providers::action::{Action, DirectoryResource, Verb};
use crate::simulate::writers::day_files::DayFiles;
use crate::simulate::writers::other_providers::gcp_entry::{Entry, add, key};

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let project = action
        .container
        .as_ref()
        .map_or("halcyon-analytics", |container| container.owner.name);
    let iam = "iam.googleapis.com";
    let (service, method, permission, action_class, log) = match &action.verb {
        Verb::Enumerate(DirectoryResource::Users | DirectoryResource::Principals) => (
            iam,
            "google.iam.admin.v1.ListServiceAccounts",
            "iam.serviceAccounts.list",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(DirectoryResource::Keys) => (
            iam,
            "google.iam.admin.v1.ListServiceAccountKeys",
            "iam.serviceAccountKeys.list",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(DirectoryResource::User) => (
            iam,
            "google.iam.admin.v1.GetServiceAccount",
            "iam.serviceAccounts.get",
            "enumerate_directory",
            "data_access",
        ),
        Verb::Enumerate(
            DirectoryResource::Policies
            | DirectoryResource::RoleMembers
            | DirectoryResource::Members,
        ) => (
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
        Verb::CreateIdentity(_) => (
            iam,
            "google.iam.admin.v1.CreateServiceAccount",
            "iam.serviceAccounts.create",
            "create_identity",
            "activity",
        ),
        Verb::DeleteIdentity(_) => (
            iam,
            "google.iam.admin.v1.DeleteServiceAccount",
            "iam.serviceAccounts.delete",
            "other",
            "activity",
        ),
        Verb::CreateCredential(_) => (
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
        action_class,
        log,
        project,
        resource: format!("projects/{project}"),
        monitored: json!({"type": "project", "labels": {"project_id": project}}),
        request: json!({"name": format!("projects/{project}")}),
        response: Value::Null,
        metadata: Value::Null,
        service_data: Value::Null,
        container: None,
        object: None,
        bytes: None,
    };
    if let Verb::CreateIdentity(whom)
    | Verb::CreateCredential(whom)
    | Verb::DeleteIdentity(whom)
    | Verb::Assume(whom) = &action.verb
    {
        entry.monitored = json!({"type": "service_account", "labels": {
            "project_id": project, "email_id": whom.email, "unique_id": whom.client,
        }});
        let name = format!("projects/-/serviceAccounts/{}", whom.client);
        entry.request = json!({"name": format!("projects/-/serviceAccounts/{}", whom.email)});
        match action.verb {
            Verb::CreateIdentity(_) => {
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
            Verb::CreateCredential(_) => {
                entry.resource = name;
                entry.response = json!({
                    "@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccountKey",
                    "name": format!("projects/{project}/serviceAccounts/{}/keys/{}", whom.email, key(whom.number)),
                });
            }
            Verb::DeleteIdentity(_) => entry.resource = name,
            _ => {
                entry.resource = name;
                entry.object = Some(whom.google());
            }
        }
    }
    add(action, entry, out);
}
