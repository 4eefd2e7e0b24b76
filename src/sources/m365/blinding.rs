//! Cmdlets that stop or narrow the unified audit log, the audit of mailboxes, or alerts.

use crate::event::{Action, Blinding, Source};
use crate::sources::interner::Interner;
use crate::sources::m365::record::Record;

/// Durations of retention that are shorter than the usual one, half a year.
const SHORT: [&str; 3] = ["sevendays", "onemonth", "threemonths"];
/// Parameters with the operations of a mailbox that are logged.
const AUDITED: [&str; 3] = ["AuditOwner", "AuditDelegate", "AuditAdmin"];

/// Reads what a cmdlet, in lower case, blinds; `None` if it blinds nothing. `by_name` is its class by its name alone.
pub fn blinding(
    r: &Record<'_>,
    op: &str,
    by_name: Action,
    interner: &mut Interner,
) -> Option<Blinding> {
    let given = |name: &str| {
        let text = r.listed("parameters", name)?;
        Some(text.trim().trim_start_matches('$').to_ascii_lowercase())
    };
    let is = |name: &str, word: &str| given(name).as_deref() == Some(word);
    let is_short = || given("RetentionDuration").is_some_and(|text| SHORT.contains(&&*text));
    let mut is_log = true;
    let is_blinding = match op {
        "set-adminauditlogconfig" => {
            is("UnifiedAuditLogIngestionEnabled", "false") || is("AdminAuditLogEnabled", "false")
        }
        "set-mailbox" => {
            is("AuditEnabled", "false")
                || AUDITED
                    .iter()
                    .filter_map(|name| given(name))
                    .any(|listed| loses_reads(&listed))
        }
        "set-mailboxauditbypassassociation" => is("AuditBypassEnabled", "true"),
        "set-organizationconfig" => is("AuditDisabled", "true"),
        "set-unifiedauditlogretentionpolicy" => is("Enabled", "false") || is_short(),
        "new-unifiedauditlogretentionpolicy" => is_short(),
        "set-protectionalert" => {
            is_log = false;
            is("Disabled", "true")
        }
        "remove-protectionalert" | "remove-activityalert" => {
            is_log = false;
            true
        }
        _ => by_name == Action::BlindLog,
    };
    let target = r
        .listed("parameters", "Identity")
        .or_else(|| Some(r.text(&["objectid", "officeobjectid"])?.into_owned()));
    is_blinding.then(|| Blinding {
        logs: Vec::from_iter(is_log.then_some(Source::M365Ual)),
        target: target.map(|name| interner.untrusted(&name)),
    })
}

/// Returns whether a change of the operations that are logged, in lower case, removes some, or is a list without the reading
/// of mail, which is logged otherwise.
fn loses_reads(listed: &str) -> bool {
    listed.contains("remove") || !(listed.contains("add") || listed.contains("mailitemsaccessed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_reads_and_a_removal_lose_records() {
        for (listed, expected) in [
            ("@{remove=\"mailitemsaccessed\"}", true),
            ("harddelete,update", true),
            ("none", true),
            ("@{add=\"mailboxlogin\"}", false),
            ("mailitemsaccessed,update", false),
        ] {
            assert_eq!(loses_reads(listed), expected, "{listed}");
        }
    }
}
