//! Slack audit logs: pages of entries, as the Audit Logs API hands them out.

use serde_json::{Value, json};

use super::deed::{Deed, NANOS, Verb};
use super::party::Party;
use super::place::SLACK;
use super::sheet::{Form, Sheets, Told, dated};

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let who = &deed.who;
    let file = |deed: &Deed| {
        json!({"type": "file", "file": {
            "id": format!("F0{:09}", deed.object.bytes().fold(7_u64, |s, b| s.wrapping_mul(31) + u64::from(b)) % 1_000_000_000),
            "name": deed.object, "title": deed.object, "filetype": deed.object.rsplit('.').next(),
        }})
    };
    let (action, class, entity, details): (_, _, Value, Value) = match &deed.verb {
        Verb::SignIn => ("user_login", "authenticate", user(who), json!({})),
        Verb::Create(whom) => ("user_created", "create_identity", user(whom), json!({})),
        Verb::Credential(whom) => (
            "app_installed",
            "create_credential",
            json!({"type": "app", "app": {
                "id": whom.slack_app, "name": whom.name, "is_distributed": false, "is_directory_approved": false,
                "scopes": ["users:read", "users:read.email", "channels:read"],
            }}),
            json!({}),
        ),
        Verb::Read => ("file_downloaded", "read_object", file(deed), json!({})),
        Verb::Write => ("file_uploaded", "write_object", file(deed), json!({})),
        Verb::Share => (
            "file_public_link_created",
            "copy_object",
            file(deed),
            json!({}),
        ),
        Verb::Export => (
            "manual_export_started",
            "read_object",
            json!({"type": "workspace", "workspace": {
                "id": "T04HALCYON1", "name": "halcyon", "domain": "halcyon",
            }}),
            json!({"export_type": "ENTERPRISE"}),
        ),
        Verb::RateLimit => (
            "anomaly",
            "other",
            user(who),
            json!({
                "reason": ["unexpected_api_call_volume"], "action_timestamp": deed.at / 1_000_000,
            }),
        ),
        _ => return,
    };
    let record = json!({
        "id": out.guid(), "date_create": deed.at / NANOS, "action": action, "details": details,
        "actor": user(who), "entity": entity,
        "context": {
            "location": {"type": "enterprise", "id": SLACK, "name": "Halcyon", "domain": "halcyon"},
            "ua": deed.tool.agent(who, "slack"), "ip_address": deed.address, "session_id": 1_000_000 + who.number,
        },
    });
    let form = Form::Array(
        "{\"entries\":[",
        "],\"response_metadata\":{\"next_cursor\":\"\"}}",
    );
    out.add(
        format!("slack/audit-logs-{}.json", dated(deed, "%Y-%m-%d")),
        form,
        &record.to_string(),
    );
    let mut told = Told::of("slack.audit", deed, 0, action, class);
    told.identity = Some(who.slack());
    told.object = (!deed.object.is_empty()).then(|| deed.object.clone());
    told.outcome = "success";
    out.tell(&told);
}

fn user(who: &Party) -> Value {
    json!({"type": "user", "user": {"id": who.slack, "name": who.name, "email": who.email, "team": "T04HALCYON1"}})
}
