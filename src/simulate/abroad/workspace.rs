//! Google Workspace: activities of the Reports API, as pages of each application.

use serde_json::{Value, json};

use super::deed::{Deed, Noun, Verb, instant};
use super::place::CUSTOMER;
use super::sheet::{Form, Sheets, Told, dated};

/// One event of an activity, and what it says.
struct Event {
    name: &'static str,
    kind: &'static str,
    parameters: Value,
    action: &'static str,
    container: Option<String>,
    object: Option<String>,
    bytes: Option<u64>,
    counts: bool,
}

impl Event {
    fn new(
        name: &'static str,
        kind: &'static str,
        action: &'static str,
        parameters: Value,
    ) -> Self {
        Self {
            name,
            kind,
            parameters,
            action,
            container: None,
            object: None,
            bytes: None,
            counts: true,
        }
    }
}

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let who = &deed.who;
    let (application, events) = match &deed.verb {
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
        Verb::Read | Verb::Write | Verb::Share => ("drive", files(deed)),
        Verb::Enumerate(noun) => ("token", vec![call(deed, *noun)]),
        Verb::Create(whom) => (
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
            "time": format!("{}Z", instant(deed.at(3), 3)), "uniqueQualifier": qualifier.to_string(),
            "applicationName": application, "customerId": CUSTOMER,
        },
        "actor": {"callerType": "USER", "email": who.email, "profileId": who.profile},
        "ipAddress": deed.address, "events": listed,
    });
    let form = Form::Array("{\"kind\":\"admin#reports#activities\",\"items\":[", "]}");
    out.add(
        format!("gworkspace/{application}/{}.json", dated(deed, "%Y-%m-%d")),
        form,
        &record.to_string(),
    );
    for event in events {
        let op = format!("{application}.{}", event.name);
        let mut told = Told::of("gworkspace.reports", deed, 3, &op, event.action);
        told.identity = Some(who.workspace());
        (told.container, told.object) = (event.container, event.object);
        (told.bytes_out, told.counts) = (event.bytes, event.counts);
        out.tell(&told);
    }
}

/// Something done with a file; an upload has a second event that only follows from it.
fn files(deed: &Deed) -> Vec<Event> {
    let number = deed.object.bytes().fold(7_u64, |state, byte| {
        state.wrapping_mul(31) + u64::from(byte)
    });
    let id = format!("1{number:016x}AbCdEfGhIjKl");
    let event = |name, action, primary: bool| {
        let parameters = json!([
            {"name": "primary_event", "boolValue": primary}, {"name": "billable", "boolValue": true},
            {"name": "doc_id", "value": id}, {"name": "doc_type", "value": "document"},
            {"name": "doc_title", "value": deed.object}, {"name": "owner", "value": deed.who.email},
            {"name": "visibility", "value": "people_within_domain_with_link"}, {"name": "owner_is_team_drive", "boolValue": false},
        ]);
        let mut event = Event::new(name, "access", action, parameters);
        (event.container, event.object) = (Some(deed.who.email.clone()), Some(id.clone()));
        event.counts = primary;
        event
    };
    match deed.verb {
        Verb::Write => vec![
            event("upload", "write_object", true),
            event("edit", "write_object", false),
        ],
        Verb::Share => vec![event("copy", "copy_object", true)],
        _ if number.is_multiple_of(3) => vec![event("download", "read_object", true)],
        _ => vec![event("view", "read_object", true)],
    }
}

/// A call that an application made on somebody's behalf.
fn call(deed: &Deed, noun: Noun) -> Event {
    let (method, bucket) = match noun {
        Noun::Users => ("directory.users.list", "GSUITE_ADMIN"),
        Noun::User => ("directory.users.get", "GSUITE_ADMIN"),
        Noun::Groups => ("directory.groups.list", "GSUITE_ADMIN"),
        Noun::Members | Noun::RoleMembers => ("directory.members.list", "GSUITE_ADMIN"),
        Noun::Devices => ("directory.devices.list", "GSUITE_ADMIN"),
        _ => ("directory.roles.list", "GSUITE_ADMIN"),
    };
    let parameters = json!([
        {"name": "client_id", "value": format!("{}.apps.googleusercontent.com", deed.who.client)},
        {"name": "app_name", "value": if deed.who.is_person() { "Directory Explorer" } else { &deed.who.name }},
        {"name": "client_type", "value": "WEB"}, {"name": "api_name", "value": "admin"},
        {"name": "method_name", "value": method}, {"name": "num_response_bytes", "intValue": deed.bytes.to_string()},
        {"name": "product_bucket", "value": bucket},
    ]);
    let mut event = Event::new("activity", "auth", "enumerate_directory", parameters);
    (event.object, event.bytes) = (Some(method.to_owned()), Some(deed.bytes));
    event
}
