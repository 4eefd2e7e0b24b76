//! Slack audit logs: pages of entries, as the Audit Logs API hands them out.

use serde_json::{Value, json};

use super::deed::{Deed, NANOS, Verb, instant};
use super::party::Party;
use super::place::SLACK;
use super::sheet::{Form, Sheets, Told, dated};

/// The workspace of the enterprise.
const WORKSPACE: &str = "T04HALCYON1";
/// How long an export takes.
const EXPORT_NANOS: i64 = 40 * NANOS;

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let who = &deed.who;
    let number = (deed.object.bytes()).fold(7_u64, |s, b| s.wrapping_mul(31) + u64::from(b));
    let id = format!("F0{:09}", number % 1_000_000_000);
    let file = |deed: &Deed| {
        json!({"type": "file", "file": {
            "id": id,
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
            "manual_export_completed",
            "read_object",
            json!({"type": "workspace", "workspace": {
                "id": WORKSPACE, "name": "halcyon", "domain": "halcyon",
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
    let mut entry = |action: &str, at: i64, counts: bool| {
        let record = json!({
            "id": out.guid(), "date_create": at / NANOS, "action": action, "details": details,
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
        told.event_time = format!("{}Z", instant(at / NANOS * NANOS, 9));
        told.identity = Some(who.slack());
        if entity["type"] == "file" {
            (told.container, told.object) = (Some(SLACK.to_owned()), Some(id.clone()));
        }
        if deed.verb == Verb::Export {
            (told.container, told.object) = (Some(SLACK.to_owned()), Some(WORKSPACE.to_owned()));
        }
        // Whoever has the link may read it.
        told.dst_account = (deed.verb == Verb::Share).then(|| "*".to_owned());
        (told.outcome, told.counts) = ("success", counts);
        out.tell(&told);
    };
    if deed.verb == Verb::Export {
        entry("manual_export_started", deed.at - EXPORT_NANOS, false);
    }
    entry(action, deed.at, true);
}

fn user(who: &Party) -> Value {
    json!({"type": "user", "user": {"id": who.slack, "name": who.name, "email": who.email, "team": WORKSPACE}})
}
