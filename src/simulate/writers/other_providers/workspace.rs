//! Google Workspace: activities of the Reports API, as pages of each application.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, DirectoryResource, Verb, instant};
use crate::simulate::model::other_providers::container::CUSTOMER;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::dated;

/// One event of an activity.
struct Event {
    name: &'static str,
    kind: &'static str,
    parameters: Value,
    action_class: &'static str,
    container: Option<String>,
    object: Option<String>,
    bytes: Option<u64>,
    counts: bool,
}

impl Event {
    fn new(
        name: &'static str,
        kind: &'static str,
        action_class: &'static str,
        parameters: Value,
    ) -> Self {
        Self {
            name,
            kind,
            parameters,
            action_class,
            container: None,
            object: None,
            bytes: None,
            counts: true,
        }
    }
}

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let who = &action.who;
    let (application, events) = match &action.verb {
        Verb::SignIn => (
            "login",
            vec![Event::new(
                "login_success",
                "login",
                "authenticate",
                json!([
                    {"name": "login_type", "value": "google_password"}, {"name": "is_suspicious", "boolValue": false},
                    {"name": "login_challenge_method", "multiValue": ["password"]},
                ]),
            )],
        ),
        Verb::Read | Verb::Write | Verb::Grant => ("drive", files(action)),
        Verb::Enumerate(resource) => ("token", vec![call(action, *resource)]),
        Verb::GrantScope(whom) => (
            "token",
            vec![Event::new(
                "authorize",
                "auth",
                "grant_scope",
                json!([
                    {"name": "client_id", "value": format!("{}.apps.googleusercontent.com", whom.client)},
                    {"name": "app_name", "value": whom.name}, {"name": "client_type", "value": "WEB"},
                    {"name": "scope", "multiValue": [
                        "https://www.googleapis.com/auth/admin.directory.user.readonly",
                        "https://www.googleapis.com/auth/admin.directory.group.readonly",
                    ]},
                ]),
            )],
        ),
        Verb::CreateIdentity(whom) => (
            "admin",
            vec![Event::new(
                "CREATE_USER",
                "USER_SETTINGS",
                "create_identity",
                json!([
                    {"name": "USER_EMAIL", "value": whom.email},
                ]),
            )],
        ),
        Verb::Export => (
            "admin",
            vec![Event::new(
                "DOWNLOAD_USERLIST_CSV",
                "USER_SETTINGS",
                "enumerate_directory",
                json!([]),
            )],
        ),
        _ => return,
    };
    let listed: Vec<Value> = events
        .iter()
        .map(
            |event| json!({"type": event.kind, "name": event.name, "parameters": event.parameters}),
        )
        .collect();
    let qualifier = out.ids.bits() as i64;
    let record = json!({
        "kind": "admin#reports#activity", "etag": format!("\"{:016x}\"", out.ids.bits()),
        "id": {
            "time": format!("{}Z", instant(action.at(3), 3)), "uniqueQualifier": qualifier.to_string(),
            "applicationName": application, "customerId": CUSTOMER,
        },
        "actor": {"callerType": "USER", "email": who.email, "profileId": who.profile},
        "ipAddress": action.address, "events": listed,
    });
    let layout = FileLayout::Array("{\"kind\":\"admin#reports#activities\",\"items\":[", "]}");
    out.add(
        format!(
            "gworkspace/{application}/{}.json",
            dated(action, "%Y-%m-%d")
        ),
        layout,
        &record.to_string(),
    );
    for event in events {
        let op = format!("{application}.{}", event.name);
        let mut expected =
            ExpectedEvent::of("gworkspace.reports", action, 3, &op, event.action_class);
        expected.identity = Some(who.workspace());
        (expected.container, expected.object) = (event.container, event.object);
        (expected.bytes_out, expected.counts) = (event.bytes, event.counts);
        out.add_expected(&expected);
    }
}

/// Something done with a file; an upload has a second event that only follows from it.
fn files(action: &Action) -> Vec<Event> {
    let number = action.object.bytes().fold(7_u64, |state, byte| {
        state.wrapping_mul(31) + u64::from(byte)
    });
    let id = format!("1{number:016x}AbCdEfGhIjKl");
    let event = |name, action_class, primary: bool| {
        let parameters = json!([
            {"name": "primary_event", "boolValue": primary}, {"name": "billable", "boolValue": true},
            {"name": "doc_id", "value": id}, {"name": "doc_type", "value": "document"},
            {"name": "doc_title", "value": action.object}, {"name": "owner", "value": action.who.email},
            {"name": "visibility", "value": "people_within_domain_with_link"}, {"name": "owner_is_team_drive", "boolValue": false},
        ]);
        let mut event = Event::new(name, "access", action_class, parameters);
        (event.container, event.object) = (Some(action.who.email.clone()), Some(id.clone()));
        event.counts = primary;
        event
    };
    match action.verb {
        Verb::Write => vec![
            event("upload", "write_object", true),
            event("edit", "write_object", false),
        ],
        Verb::Grant => vec![event("copy", "copy_object", true)],
        _ if number.is_multiple_of(3) => vec![event("download", "read_object", true)],
        _ => vec![event("view", "read_object", true)],
    }
}

/// A call that an application made on behalf of a user.
fn call(action: &Action, resource: DirectoryResource) -> Event {
    let (method, bucket) = match resource {
        DirectoryResource::Users => ("directory.users.list", "GSUITE_ADMIN"),
        DirectoryResource::User => ("directory.users.get", "GSUITE_ADMIN"),
        DirectoryResource::Groups => ("directory.groups.list", "GSUITE_ADMIN"),
        DirectoryResource::Members | DirectoryResource::RoleMembers => {
            ("directory.members.list", "GSUITE_ADMIN")
        }
        DirectoryResource::Devices => ("directory.devices.list", "GSUITE_ADMIN"),
        _ => ("directory.roles.list", "GSUITE_ADMIN"),
    };
    let parameters = json!([
        {"name": "client_id", "value": format!("{}.apps.googleusercontent.com", action.who.client)},
        {"name": "app_name", "value": if action.who.is_person() { "Directory Explorer" } else { &action.who.name }},
        {"name": "client_type", "value": "WEB"}, {"name": "api_name", "value": "admin"},
        {"name": "method_name", "value": method}, {"name": "num_response_bytes", "intValue": action.bytes.to_string()},
        {"name": "product_bucket", "value": bucket},
    ]);
    let mut event = Event::new("activity", "auth", "enumerate_directory", parameters);
    (event.object, event.bytes) = (Some(method.to_owned()), Some(action.bytes));
    event
}
