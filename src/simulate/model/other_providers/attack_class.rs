//! The classes of attacks on the other providers.

use crate::simulate::model::format::Format;
use crate::simulate::model::other_providers::principal::Kind;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProviderAttackClass {
    /// Containers of storage accounts are listed.
    AzureEnumeration,
    /// Buckets are listed.
    GoogleEnumeration,
    /// A managed identity is made, reads much, and from outside.
    AzureNewIdentity,
    /// A service account is made, reads much, and its machine sends it out.
    GoogleNewIdentity,
    /// Keys are fetched, and a sensitive container is read outside by a signed link.
    AzureSignedLink,
    /// A sensitive container is replicated to a foreign account.
    AzureReplication,
    /// Sensitive objects are copied to a foreign bucket.
    GoogleCopy,
    /// A sensitive bucket is opened to everyone.
    GoogleShare,
    /// An automation account reads roles and people through Microsoft Graph.
    GraphEnumeration,
    /// The older graph is read by a tool of attackers.
    LegacyGraphEnumeration,
    /// A token is made in Okta, and used until limits warn.
    OktaEnumeration,
    /// Service accounts, their keys and roles are listed.
    IamEnumeration,
    /// People and groups are listed with the Azure CLI, by a developer.
    CliEnumeration,
    /// People are listed through Graph from a session at an unknown place.
    OfficeEnumeration,
    /// Mailboxes are listed by a hybrid Exchange's cmdlets.
    MailboxEnumeration,
    /// The Directory API is read by an application.
    WorkspaceEnumeration,
    /// An app is installed, and makes more calls than usual.
    SlackScraping,
}

impl ProviderAttackClass {
    /// All classes, in order of their analytics.
    pub(crate) const ALL: [Self; 17] = [
        Self::AzureEnumeration,
        Self::GoogleEnumeration,
        Self::AzureNewIdentity,
        Self::GoogleNewIdentity,
        Self::AzureSignedLink,
        Self::AzureReplication,
        Self::GoogleCopy,
        Self::GoogleShare,
        Self::GraphEnumeration,
        Self::LegacyGraphEnumeration,
        Self::OktaEnumeration,
        Self::IamEnumeration,
        Self::CliEnumeration,
        Self::OfficeEnumeration,
        Self::MailboxEnumeration,
        Self::WorkspaceEnumeration,
        Self::SlackScraping,
    ];

    /// Returns the class as labels write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AzureEnumeration => "azure-enumeration",
            Self::GoogleEnumeration => "gcp-enumeration",
            Self::AzureNewIdentity => "azure-newcomer",
            Self::GoogleNewIdentity => "gcp-newcomer",
            Self::AzureSignedLink => "azure-link",
            Self::AzureReplication => "azure-replication",
            Self::GoogleCopy => "gcp-copy",
            Self::GoogleShare => "gcp-share",
            Self::GraphEnumeration => "graph-enumeration",
            Self::LegacyGraphEnumeration => "aadgraph-enumeration",
            Self::OktaEnumeration => "okta-enumeration",
            Self::IamEnumeration => "gcp-iam-enumeration",
            Self::CliEnumeration => "azure-cli-enumeration",
            Self::OfficeEnumeration => "office-enumeration",
            Self::MailboxEnumeration => "mailbox-enumeration",
            Self::WorkspaceEnumeration => "workspace-enumeration",
            Self::SlackScraping => "slack-scraping",
        }
    }

    /// Returns the analytic that should find it.
    pub(crate) fn analytic(self) -> &'static str {
        match self {
            Self::AzureEnumeration | Self::GoogleEnumeration => "AN1594",
            Self::AzureNewIdentity | Self::GoogleNewIdentity => "AN1328",
            Self::AzureSignedLink
            | Self::AzureReplication
            | Self::GoogleCopy
            | Self::GoogleShare => "AN0370",
            Self::GraphEnumeration | Self::LegacyGraphEnumeration | Self::OktaEnumeration => {
                "AN1087"
            }
            Self::IamEnumeration | Self::CliEnumeration => "AN1088",
            Self::OfficeEnumeration | Self::MailboxEnumeration => "AN1089",
            Self::WorkspaceEnumeration | Self::SlackScraping => "AN1090",
        }
    }

    /// Returns the other analytics whose alerts on it are right, in any grade: what they count is part of the attack.
    pub(crate) fn also(self) -> &'static [&'static str] {
        match self {
            Self::AzureEnumeration | Self::GoogleEnumeration => &["AN0370", "S3-DENIED"],
            Self::AzureNewIdentity | Self::GoogleNewIdentity => &["AN0370", "AN1594"],
            Self::AzureSignedLink => &["AN1328", "AN1594"],
            Self::AzureReplication | Self::GoogleCopy | Self::GoogleShare => &["AN1594"],
            Self::GraphEnumeration | Self::LegacyGraphEnumeration => &["AN1089"],
            Self::OktaEnumeration => &["AN1090"],
            Self::CliEnumeration => &["AN1087", "AN1089"],
            Self::OfficeEnumeration => &["AN1087"],
            Self::IamEnumeration
            | Self::MailboxEnumeration
            | Self::WorkspaceEnumeration
            | Self::SlackScraping => &[],
        }
    }

    /// Returns the provider in whose logs it is seen, if there is a class of that name.
    pub(crate) fn provider_of(name: &str) -> Option<&'static str> {
        let class = Self::ALL.into_iter().find(|class| class.name() == name)?;
        class.format().name().split('.').next()
    }

    /// Returns the format in whose records it is seen.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::AzureEnumeration | Self::AzureNewIdentity | Self::AzureSignedLink => {
                Format::AzureStorage
            }
            Self::AzureReplication => Format::AzureActivity,
            Self::GoogleEnumeration
            | Self::GoogleNewIdentity
            | Self::GoogleCopy
            | Self::GoogleShare
            | Self::IamEnumeration => Format::GcpAudit,
            // What `az ad` reads is read through Microsoft Graph.
            Self::GraphEnumeration | Self::CliEnumeration | Self::OfficeEnumeration => {
                Format::EntraGraph
            }
            Self::LegacyGraphEnumeration => Format::EntraAadGraph,
            Self::MailboxEnumeration => Format::M365,
            Self::OktaEnumeration => Format::Okta,
            Self::WorkspaceEnumeration => Format::Workspace,
            Self::SlackScraping => Format::Slack,
        }
    }

    /// Returns whose credentials can be misused for it: of what kind, and at Google or not where that matters.
    pub(crate) fn victim(self) -> (&'static [Kind], Option<bool>) {
        const PEOPLE: &[Kind] = &[Kind::Analyst, Kind::Developer];
        match self {
            Self::AzureEnumeration | Self::AzureSignedLink => (PEOPLE, Some(false)),
            Self::GoogleEnumeration | Self::GoogleCopy | Self::IamEnumeration => {
                (PEOPLE, Some(true))
            }
            Self::AzureNewIdentity | Self::AzureReplication => (&[Kind::Admin], Some(false)),
            Self::GoogleNewIdentity | Self::GoogleShare => (&[Kind::Admin], Some(true)),
            Self::GraphEnumeration => (&[Kind::Etl], Some(false)),
            Self::LegacyGraphEnumeration | Self::CliEnumeration => (PEOPLE, None),
            Self::OktaEnumeration | Self::MailboxEnumeration | Self::SlackScraping => {
                (&[Kind::Admin], None)
            }
            Self::OfficeEnumeration | Self::WorkspaceEnumeration => (&[Kind::Office], None),
        }
    }
}
