//! Every action in every format that has a record of it.

use crate::simulate::model::format::Format;
use crate::simulate::model::other_providers::action::{Action, Service};
use crate::simulate::writers::day_files::DayFiles;
use crate::simulate::writers::other_providers::{
    azure_activity, azure_storage, entra, gcp_iam, gcp_platform, gcp_storage, gcp_traffic, graph,
    m365, okta, slack, workspace,
};

/// Writes an action in every format that has a record of it.
pub(crate) fn write_action(action: &Action, formats: &[Format], out: &mut DayFiles) {
    let mut hand_to = |format: Format, write: fn(&Action, &mut DayFiles)| {
        if formats.contains(&format) {
            write(action, out);
        }
    };
    match action.service {
        Service::Blob => hand_to(Format::AzureStorage, azure_storage::write),
        Service::Gcs => {
            hand_to(Format::GcpAudit, gcp_storage::write);
            hand_to(Format::GcpUsage, gcp_traffic::usage);
        }
        Service::Iam => hand_to(Format::GcpAudit, gcp_iam::write),
        Service::Platform => hand_to(Format::GcpAudit, gcp_platform::write),
        Service::Network => hand_to(Format::GcpFlow, gcp_traffic::flow),
        Service::Arm => hand_to(Format::AzureActivity, azure_activity::write),
        Service::Entra => {
            hand_to(Format::EntraSignIn, entra::sign_in);
            hand_to(Format::EntraAudit, entra::audit);
            hand_to(Format::M365, m365::write);
        }
        Service::Graph => hand_to(Format::EntraGraph, graph::write),
        Service::AadGraph => hand_to(Format::EntraAadGraph, graph::write_legacy),
        Service::SharePoint | Service::Exchange => hand_to(Format::M365, m365::write),
        Service::Okta => hand_to(Format::Okta, okta::write),
        Service::Workspace => hand_to(Format::Workspace, workspace::write),
        Service::Slack => hand_to(Format::Slack, slack::write),
    }
}
