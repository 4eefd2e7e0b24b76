//! Slack audit logs: pages of entries, as the Audit Logs API hands them out.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, NANOS, Verb, instant};
use crate::simulate::model::other_providers::container::SLACK;
use crate::simulate::model::other_providers::principal::Principal;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::dated;

/// The workspace of the enterprise.
const WORKSPACE: &str = "T04HALCYON1";

/// How long an export takes.
const EXPORT_NANOS: i64 = 40 * NANOS;

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let who = &action.who;
    let number = (action.object.bytes()).fold(7_u64, |s, b| s.wrapping_mul(31) + u64::from(b));
    let id = format!("F0{:09}", number % 1_000_000_000);
    let file = |action: &Action| {
        json!({"type": "file", "file": {
            "id": id,
            "name": action.object, "title": action.object, "filetype": action.object.rsplit('.').next(),
        }})
    };
    let (name, action_class, entity, details): (_, _, Value, Value) = match &action.verb {
        Verb::SignIn => ("user_login", "authenticate", user(who), json!({})),
        Verb::CreateIdentity(whom) => ("user_created", "create_identity", user(whom), json!({})),
        Verb::CreateCredential(whom) => (
            "app_installed",
            "grant_scope",
            json!({"type": "app", "app": {
                "id": whom.slack_app, "name": whom.name, "is_distributed": false, "is_directory_approved": false,
                "scopes": ["users:read", "users:read.email", "channels:read"],
            }}),
            json!({}),
        ),
        Verb::GrantScope(whom) => (
            "app_scopes_expanded",
            "grant_scope",
            json!({"type": "app", "app": {
                "id": whom.slack_app, "name": whom.name, "is_distributed": false, "is_directory_approved": false,
                "scopes": ["channels:read", "users:read", "users:read.email", "admin.users:read"],
            }}),
            json!({
                "new_scopes": ["users:read", "users:read.email", "admin.users:read"],
                "previous_scopes": ["channels:read"],
            }),
        ),
        Verb::Read => ("file_downloaded", "read_object", file(action), json!({})),
        Verb::Write => ("file_uploaded", "write_object", file(action), json!({})),
        Verb::Grant => (
            "file_public_link_created",
            "copy_object",
            file(action),
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
                "reason": ["unexpected_api_call_volume"], "action_timestamp": action.at / 1_000_000,
            }),
        ),
        _ => return,
    };
    let mut entry = |name: &str, at: i64, counts: bool| {
        let record = json!({
            "id": out.guid(), "date_create": at / NANOS, "action": name, "details": details,
            "actor": user(who), "entity": entity,
            "context": {
                "location": {"type": "enterprise", "id": SLACK, "name": "Halcyon", "domain": "halcyon"},
                "ua": action.tool.user_agent(who, "slack"), "ip_address": action.address, "session_id": 1_000_000 + who.number,
            },
        });
        let layout = FileLayout::Array(
            "{\"entries\":[",
            "],\"response_metadata\":{\"next_cursor\":\"\"}}",
        );
        out.add(
            format!("slack/audit-logs-{}.json", dated(action, "%Y-%m-%d")),
            layout,
            &record.to_string(),
        );
        let mut expected = ExpectedEvent::of("slack.audit", action, 0, name, action_class);
        expected.event_time = format!("{}Z", instant(at / NANOS * NANOS, 9));
        expected.identity = Some(who.slack());
        if entity["type"] == "file" {
            (expected.container, expected.object) = (Some(SLACK.to_owned()), Some(id.clone()));
        }
        if action.verb == Verb::Export {
            (expected.container, expected.object) =
                (Some(SLACK.to_owned()), Some(WORKSPACE.to_owned()));
        }
        // Everyone with the link may read it.
        expected.dst_account = (action.verb == Verb::Grant).then(|| "*".to_owned());
        (expected.outcome, expected.counts) = ("success", counts);
        out.add_expected(&expected);
    };
    if action.verb == Verb::Export {
        entry("manual_export_started", action.at - EXPORT_NANOS, false);
    }
    entry(name, action.at, true);
}

fn user(who: &Principal) -> Value {
    json!({"type": "user", "user": {"id": who.slack, "name": who.name, "email": who.email, "team": WORKSPACE}})
}
