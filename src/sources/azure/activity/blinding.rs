//! Operations that stop, delete or narrow a log or a detector. Of many, only the body of the request shows it.

use crate::event::{Action, Blinding, Source};
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::microsoft::{part_of, pick};

const DIRECTORY: [Source; 4] = [
    Source::EntraAudit,
    Source::EntraSignIn,
    Source::EntraGraph,
    Source::EntraAadGraph,
];

/// Names of the event hubs that Azure makes for an export, and their logs.
const HUBS: [(&str, Source); 9] = [
    ("insights-activity-logs", Source::AzureActivity),
    ("insights-operational-logs", Source::AzureActivity),
    ("insights-logs-storageread", Source::AzureStorage),
    ("insights-logs-storagewrite", Source::AzureStorage),
    ("insights-logs-storagedelete", Source::AzureStorage),
    ("insights-logs-auditlogs", Source::EntraAudit),
    ("insights-logs-signinlogs", Source::EntraSignIn),
    (
        "insights-logs-noninteractiveusersigninlogs",
        Source::EntraSignIn,
    ),
    (
        "insights-logs-microsoftgraphactivitylogs",
        Source::EntraGraph,
    ),
];

/// Reads what an operation, in upper case, blinds; `None` if it blinds nothing. `by_name` is its class by its name alone, and
/// `body` what the request sets.
pub fn blinding(
    op: &str,
    resource: &str,
    by_name: Action,
    body: Value<'_>,
    interner: &mut Interner,
) -> Option<Blinding> {
    let hub = hub(op, resource);
    let is_blinding = by_name == Action::BlindLog || hub.is_some() || switches_off(op, body);
    is_blinding.then(|| Blinding {
        logs: match hub {
            Some(log) => vec![log],
            None => logs(op, resource),
        },
        target: (!resource.is_empty()).then(|| interner.untrusted(resource)),
    })
}

/// Returns the log that a deleted event hub carried.
fn hub(op: &str, resource: &str) -> Option<Source> {
    if op != "MICROSOFT.EVENTHUB/NAMESPACES/EVENTHUBS/DELETE" {
        return None;
    }
    let name = part_of(resource, "eventhubs")?;
    let mut known = HUBS.iter();
    let found = known.find(|(hub, _)| hub.eq_ignore_ascii_case(name))?;
    Some(found.1)
}

/// Returns the logs that a diagnostic setting or a profile exports, by the resource that it is about.
fn logs(op: &str, resource: &str) -> Vec<Source> {
    let resource = resource.to_ascii_lowercase();
    let is_setting = op.contains("/DIAGNOSTICSETTINGS/");
    if op.starts_with("MICROSOFT.INSIGHTS/LOGPROFILES/") {
        vec![Source::AzureActivity]
    } else if !is_setting {
        Vec::new()
    } else if op.starts_with("MICROSOFT.AADIAM/") || resource.contains("/microsoft.aadiam/") {
        DIRECTORY.to_vec()
    } else if resource.contains("/storageaccounts/") {
        vec![Source::AzureStorage]
    } else if part_of(&resource, "subscriptions").is_some()
        && part_of(&resource, "resourcegroups").is_none()
    {
        // The settings of a subscription itself export its Activity log.
        vec![Source::AzureActivity]
    } else {
        Vec::new()
    }
}

/// Returns whether a request switches off what it is about.
fn switches_off(op: &str, body: Value<'_>) -> bool {
    let [logs, enabled, is_enabled, tier, provision, state] = pick(
        body.members(),
        [
            "logs",
            "enabled",
            "isenabled",
            "pricingtier",
            "autoprovision",
            "state",
        ],
    );
    let is_word = |value: Value<'_>, word: &str| {
        let text = value.text();
        text.is_some_and(|text| text.eq_ignore_ascii_case(word))
    };
    match op {
        "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/WRITE"
        | "MICROSOFT.AADIAM/DIAGNOSTICSETTINGS/WRITE" => {
            // A new setting of metrics alone has no logs in it.
            let is_off =
                |log: Value<'_>| pick(log.members(), ["enabled"])[0].truth() == Some(false);
            logs.is_present() && logs.elements().all(is_off)
        }
        "MICROSOFT.NETWORK/NETWORKWATCHERS/FLOWLOGS/WRITE"
        | "MICROSOFT.NETWORK/NETWORKWATCHERS/CONFIGUREFLOWLOG/ACTION"
        | "MICROSOFT.INSIGHTS/ACTIVITYLOGALERTS/WRITE"
        | "MICROSOFT.INSIGHTS/SCHEDULEDQUERYRULES/WRITE"
        | "MICROSOFT.SECURITYINSIGHTS/ALERTRULES/WRITE" => enabled.truth() == Some(false),
        "MICROSOFT.SECURITY/PRICINGS/WRITE" => is_word(tier, "Free"),
        "MICROSOFT.SECURITY/AUTOPROVISIONINGSETTINGS/WRITE" => is_word(provision, "Off"),
        "MICROSOFT.SECURITY/ALERTSSUPPRESSIONRULES/WRITE" => !is_word(state, "Disabled"),
        "MICROSOFT.SECURITY/DEFENDERFORSTORAGESETTINGS/WRITE" => is_enabled.truth() == Some(false),
        _ => {
            let is_setting = ["/AUDITINGSETTINGS/WRITE", "/SECURITYALERTPOLICIES/WRITE"]
                .iter()
                .any(|end| op.ends_with(end));
            is_setting && is_word(state, "Disabled")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::azure::activity::actions::classify;

    #[test]
    fn only_what_is_switched_off_or_deleted_is_blinded() {
        const SUB: &str = "/subscriptions/s";
        const STORE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/pay/blobServices/default/providers/microsoft.insights/diagnosticSettings/all";
        const WEB: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/w/providers/microsoft.insights/diagnosticSettings/all";
        const AAD: &str = "/providers/microsoft.aadiam/diagnosticSettings/all";
        let setting = |end: &str| format!("MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/{end}");
        let of_subscription = format!("{SUB}/providers/microsoft.insights/diagnosticSettings/all");
        let hub = |name: &str| {
            format!(
                "{SUB}/resourceGroups/g/providers/Microsoft.EventHub/namespaces/n/eventhubs/{name}"
            )
        };
        let hubs = "MICROSOFT.EVENTHUB/NAMESPACES/EVENTHUBS/DELETE";
        let none: Option<&[Source]> = Some(&[]);
        for (op, resource, body, expected) in [
            (
                &*setting("DELETE"),
                STORE,
                "{}",
                Some(&[Source::AzureStorage][..]),
            ),
            (&setting("DELETE"), AAD, "{}", Some(&DIRECTORY[..])),
            (
                &setting("DELETE"),
                &of_subscription,
                "{}",
                Some(&[Source::AzureActivity][..]),
            ),
            (&setting("DELETE"), WEB, "{}", none),
            (&setting("READ"), STORE, "{}", None),
            // Some logs stay on, or the setting is about metrics alone, or the body is not known.
            (
                &setting("WRITE"),
                STORE,
                r#"{"logs":[{"enabled":true},{"enabled":false}]}"#,
                None,
            ),
            (
                &setting("WRITE"),
                STORE,
                r#"{"logs":[],"metrics":[{"enabled":true}]}"#,
                None,
            ),
            (&setting("WRITE"), STORE, "{}", None),
            (
                &setting("WRITE"),
                STORE,
                r#"{"logs":[{"enabled":false},{"enabled":false}]}"#,
                Some(&[Source::AzureStorage][..]),
            ),
            (
                "MICROSOFT.NETWORK/NETWORKWATCHERS/FLOWLOGS/WRITE",
                SUB,
                r#"{"enabled":true}"#,
                None,
            ),
            (
                "MICROSOFT.NETWORK/NETWORKWATCHERS/FLOWLOGS/WRITE",
                SUB,
                r#"{"enabled":false}"#,
                none,
            ),
            (
                "MICROSOFT.SECURITY/PRICINGS/WRITE",
                SUB,
                r#"{"pricingTier":"Standard"}"#,
                None,
            ),
            (
                "MICROSOFT.SECURITY/PRICINGS/WRITE",
                SUB,
                r#"{"pricingTier":"Free"}"#,
                none,
            ),
            (
                "MICROSOFT.SECURITY/ALERTSSUPPRESSIONRULES/WRITE",
                SUB,
                r#"{"state":"Disabled"}"#,
                None,
            ),
            (
                "MICROSOFT.SECURITY/ALERTSSUPPRESSIONRULES/WRITE",
                SUB,
                r#"{"state":"Enabled"}"#,
                none,
            ),
            (
                "MICROSOFT.SECURITY/ALERTSSUPPRESSIONRULES/DELETE",
                SUB,
                "{}",
                None,
            ),
            (
                "MICROSOFT.SQL/SERVERS/AUDITINGSETTINGS/WRITE",
                SUB,
                r#"{"state":"Disabled"}"#,
                none,
            ),
            (
                "MICROSOFT.SQL/SERVERS/AUDITINGSETTINGS/WRITE",
                SUB,
                r#"{"state":"Enabled"}"#,
                None,
            ),
            (
                hubs,
                &hub("insights-logs-auditlogs"),
                "{}",
                Some(&[Source::EntraAudit][..]),
            ),
            (hubs, &hub("orders"), "{}", None),
        ] {
            let mut interner = Interner::default();
            let body = Value::of(body.as_bytes());
            let found = blinding(op, resource, classify(op), body, &mut interner);
            let logs = found.as_ref().map(|blinding| &*blinding.logs);
            assert_eq!(logs, expected, "{op} {resource}");
        }
    }
}
