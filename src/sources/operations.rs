//! The action of an operation, by provider: the only file that knows the action tables of all providers.

use crate::event::{Action, Provider};
use crate::sources::{
    aws_actions, azure, entra, gcpaudit, graph_actions, m365, okta, slack, workspace,
};

/// Suffix of the names of Google's services.
const GOOGLE: &str = ".googleapis.com";

/// Returns the class of a provider's operation, if its tables know it.
pub fn class_of(provider: Provider, service: &str, op: &str) -> Option<Action> {
    let known = |action: Action| Some(action).filter(|action| *action != Action::Other);
    match provider {
        Provider::Aws => known(aws_actions::classify(short(service), op)),
        Provider::Azure => known(azure::storage::actions::classify(op))
            .or_else(|| known(azure::keyvault::classify(op)))
            .or_else(|| known(azure::activity::actions::classify(&op.to_ascii_uppercase()))),
        Provider::Entra => known(entra::audit::classify(op)).or_else(|| {
            let (method, uri) = op.split_once(' ')?;
            known(graph_actions::classify(
                method,
                &graph_actions::template(uri),
            ))
        }),
        Provider::M365 => {
            let (workload, op) = (service.to_ascii_lowercase(), op.to_ascii_lowercase());
            known(m365::actions::classify(&workload, &op))
                .or_else(|| known(entra::audit::classify(&op)))
        }
        Provider::Gcp => {
            let service = service.strip_suffix(GOOGLE).unwrap_or(service);
            known(gcpaudit::actions::classify(
                service,
                &gcpaudit::actions::plain_name(op),
            ))
        }
        Provider::Gworkspace => known(workspace::actions::of_name(service, op)),
        Provider::Okta => known(okta::classify(op)),
        Provider::Slack => known(slack::classify(op)),
        Provider::Other => None,
    }
}

/// Returns the short name of a service of AWS, as in `s3` for `s3.amazonaws.com`; any other name as it is.
pub fn short(service: &str) -> &str {
    let host = service.strip_suffix(".cn").unwrap_or(service);
    host.strip_suffix(".amazonaws.com").unwrap_or(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_has_its_own_tables() {
        for (provider, service, op, expected) in [
            (
                Provider::Aws,
                "s3.amazonaws.com",
                "ListObjects",
                Some(Action::ListObjects),
            ),
            (Provider::Aws, "s3", "Unheard", None),
            (Provider::Azure, "", "ListBlobs", Some(Action::ListObjects)),
            (
                Provider::Azure,
                "",
                "Microsoft.Storage/storageAccounts/listKeys/action",
                Some(Action::CreateCredential),
            ),
            (
                Provider::Entra,
                "graph",
                "GET /v1.0/users",
                Some(Action::EnumerateDirectory),
            ),
            (
                Provider::Entra,
                "",
                "Add user.",
                Some(Action::CreateIdentity),
            ),
            (
                Provider::M365,
                "SharePoint",
                "FileDownloaded",
                Some(Action::ReadObject),
            ),
            (
                Provider::M365,
                "AzureActiveDirectory",
                "Add user.",
                Some(Action::CreateIdentity),
            ),
            (
                Provider::Gcp,
                "storage.googleapis.com",
                "storage.objects.list",
                Some(Action::ListObjects),
            ),
            (
                Provider::Gworkspace,
                "drive",
                "download",
                Some(Action::ReadObject),
            ),
            (
                Provider::Okta,
                "",
                "user.lifecycle.create",
                Some(Action::CreateIdentity),
            ),
            (
                Provider::Slack,
                "",
                "file_downloaded",
                Some(Action::ReadObject),
            ),
            (Provider::Other, "", "ListObjects", None),
        ] {
            assert_eq!(class_of(provider, service, op), expected, "{provider} {op}");
        }
    }

    #[test]
    fn who_reads_a_log_does_not_enumerate_the_directory() {
        for (provider, service, op) in [
            (Provider::Aws, "cloudtrail", "LookupEvents"),
            (Provider::Aws, "logs", "FilterLogEvents"),
            (Provider::Aws, "guardduty", "ListFindings"),
            (Provider::Entra, "graph", "GET /v1.0/auditLogs/signIns"),
            (
                Provider::Entra,
                "graph",
                "GET /beta/auditLogs/directoryAudits",
            ),
            (Provider::Entra, "graph", "GET /v1.0/security/alerts_v2"),
            (Provider::M365, "Exchange", "Search-UnifiedAuditLog"),
            (Provider::M365, "Exchange", "Search-MailboxAuditLog"),
            (
                Provider::Gcp,
                "logging.googleapis.com",
                "google.logging.v2.LoggingServiceV2.ListLogEntries",
            ),
            (Provider::Gworkspace, "admin", "ALERT_CENTER_LIST_ALERTS"),
            (Provider::Okta, "", "system.log_stream.lifecycle.activate"),
            (Provider::Slack, "", "anomaly"),
        ] {
            let class = class_of(provider, service, op);
            assert_ne!(class, Some(Action::EnumerateDirectory), "{provider} {op}");
        }
    }
}
