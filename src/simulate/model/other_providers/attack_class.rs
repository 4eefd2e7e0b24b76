//! The classes of attacks on the other providers.

use crate::simulate::model::format::Format;
use crate::simulate::model::grade::Grade;
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
    /// Far more blobs than ever are read, in many containers, within minutes.
    AzureMassRead,
    /// As many blobs as always are read, but large ones.
    AzureLargeRead,
    /// Far more blobs than ever are read, over the whole day.
    AzureSlowRead,
    /// Prefixes of the victim's own container that it never reads.
    AzureNewPrefixRead,
    /// Far more objects than ever are read, in many buckets, within minutes.
    GoogleMassRead,
    /// The same over the whole day.
    GoogleSlowRead,
    /// Prefixes of the victim's own bucket that it never reads.
    GoogleNewPrefixRead,
    /// Much is read from an address outside.
    AzureOutsideRead,
    /// A machine sends much to an address that it never sent to.
    GoogleEgressNew,
    /// The same in small flows over hours.
    GoogleEgressTrickle,
    /// A machine sends far more than ever to an address that it knows.
    GoogleEgressKnown,
    /// A machine that nobody stands behind sends much.
    GoogleEgressBare,
    /// Blobs are deleted in masses.
    AzureMassDelete,
    /// Containers are emptied and deleted.
    AzureContainerDelete,
    /// A policy lets everything in an account expire within a day.
    AzureExpireAll,
    /// Objects are deleted in masses.
    GoogleMassDelete,
    /// Buckets are emptied and deleted.
    GoogleBucketDelete,
    /// Lifecycle rules that let everything expire within a day.
    GoogleExpireAll,
    /// Diagnostic settings or flow logs are deleted, or switched off.
    AzureLogOff,
    /// Sinks are deleted or switched off, entries excluded, audit exempted.
    GoogleLogOff,
    /// The audit log of the tenant, or of a mailbox, is switched off.
    MailboxAuditOff,
    /// Machines are started in a region where nobody works.
    AzureUnusedRegion,
    /// Machines are started, and buckets filled, in such a region.
    GoogleUnusedRegion,
    /// An identity that is an hour old, or was never seen, lists everything.
    AzureNewcomerEnumeration,
    /// The same with a service account.
    GoogleNewcomerEnumeration,
    /// A managed identity is made, lies idle for days, and then reads much from outside.
    AzureLateUsed,
    /// The same with a service account.
    GoogleLateUsed,
    /// A service account reads much on a machine that was made for it, which sends it out in small flows.
    GoogleNewMachine,
    /// A service account is deleted and made again under the same name, and then reads much.
    GoogleSameName,
    /// An application is given scopes of the directory, before it reads anything.
    EntraGrant,
    /// An app is given more scopes, before it reads anything.
    SlackGrant,
    /// An application is given scopes of the directory by a person.
    WorkspaceGrant,
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

    /// What is planted beside them in the larger attack set: plain spikes, newcomers, blinded logs, unusual regions, grants.
    pub(crate) const PLAIN: [Self; 32] = [
        Self::AzureMassRead,
        Self::AzureLargeRead,
        Self::AzureSlowRead,
        Self::AzureNewPrefixRead,
        Self::GoogleMassRead,
        Self::GoogleSlowRead,
        Self::GoogleNewPrefixRead,
        Self::AzureOutsideRead,
        Self::GoogleEgressNew,
        Self::GoogleEgressTrickle,
        Self::GoogleEgressKnown,
        Self::GoogleEgressBare,
        Self::AzureMassDelete,
        Self::AzureContainerDelete,
        Self::AzureExpireAll,
        Self::GoogleMassDelete,
        Self::GoogleBucketDelete,
        Self::GoogleExpireAll,
        Self::AzureLogOff,
        Self::GoogleLogOff,
        Self::MailboxAuditOff,
        Self::AzureUnusedRegion,
        Self::GoogleUnusedRegion,
        Self::AzureNewcomerEnumeration,
        Self::GoogleNewcomerEnumeration,
        Self::AzureLateUsed,
        Self::GoogleLateUsed,
        Self::GoogleNewMachine,
        Self::GoogleSameName,
        Self::EntraGrant,
        Self::SlackGrant,
        Self::WorkspaceGrant,
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
            Self::AzureMassRead => "azure-mass-read",
            Self::AzureLargeRead => "azure-large-read",
            Self::AzureSlowRead => "azure-slow-read",
            Self::AzureNewPrefixRead => "azure-new-prefix-read",
            Self::GoogleMassRead => "gcp-mass-read",
            Self::GoogleSlowRead => "gcp-slow-read",
            Self::GoogleNewPrefixRead => "gcp-new-prefix-read",
            Self::AzureOutsideRead => "azure-outside-read",
            Self::GoogleEgressNew => "gcp-egress-new-destination",
            Self::GoogleEgressTrickle => "gcp-egress-trickle",
            Self::GoogleEgressKnown => "gcp-egress-known-peer",
            Self::GoogleEgressBare => "gcp-egress-bare-instance",
            Self::AzureMassDelete => "azure-mass-delete",
            Self::AzureContainerDelete => "azure-container-delete",
            Self::AzureExpireAll => "azure-expire-everything",
            Self::GoogleMassDelete => "gcp-mass-delete",
            Self::GoogleBucketDelete => "gcp-bucket-delete",
            Self::GoogleExpireAll => "gcp-expire-everything",
            Self::AzureLogOff => "azure-log-off",
            Self::GoogleLogOff => "gcp-log-off",
            Self::MailboxAuditOff => "mailbox-audit-off",
            Self::AzureUnusedRegion => "azure-unused-region",
            Self::GoogleUnusedRegion => "gcp-unused-region",
            Self::AzureNewcomerEnumeration => "azure-newcomer-enumeration",
            Self::GoogleNewcomerEnumeration => "gcp-newcomer-enumeration",
            Self::AzureLateUsed => "azure-late-used",
            Self::GoogleLateUsed => "gcp-late-used",
            Self::GoogleNewMachine => "gcp-new-machine",
            Self::GoogleSameName => "gcp-same-name",
            Self::EntraGrant => "entra-grant",
            Self::SlackGrant => "slack-grant",
            Self::WorkspaceGrant => "workspace-grant",
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
            Self::AzureMassRead
            | Self::AzureLargeRead
            | Self::AzureSlowRead
            | Self::AzureNewPrefixRead
            | Self::GoogleMassRead
            | Self::GoogleSlowRead
            | Self::GoogleNewPrefixRead => "ACCESS-SPIKE",
            Self::AzureOutsideRead
            | Self::GoogleEgressNew
            | Self::GoogleEgressTrickle
            | Self::GoogleEgressKnown
            | Self::GoogleEgressBare => "EGRESS-SPIKE",
            Self::AzureMassDelete
            | Self::AzureContainerDelete
            | Self::AzureExpireAll
            | Self::GoogleMassDelete
            | Self::GoogleBucketDelete
            | Self::GoogleExpireAll => "DELETE-SPIKE",
            Self::AzureLogOff | Self::GoogleLogOff | Self::MailboxAuditOff => "LOG-BLINDED",
            Self::AzureUnusedRegion | Self::GoogleUnusedRegion => "UNUSUAL-REGION",
            Self::AzureNewcomerEnumeration | Self::GoogleNewcomerEnumeration => "AN1594",
            Self::AzureLateUsed
            | Self::GoogleLateUsed
            | Self::GoogleNewMachine
            | Self::GoogleSameName => "AN1328",
            Self::EntraGrant => "AN1087",
            Self::SlackGrant | Self::WorkspaceGrant => "AN1090",
        }
    }

    /// Returns the other analytics whose alerts on it are right, in any grade: what they count is part of the attack.
    pub(crate) fn also(self) -> &'static [&'static str] {
        match self {
            Self::AzureEnumeration | Self::GoogleEnumeration => {
                &["AN0370", "S3-DENIED", "UNUSUAL-REGION"]
            }
            Self::AzureNewIdentity | Self::GoogleNewIdentity => &[
                "AN0370",
                "AN1594",
                "ACCESS-SPIKE",
                "EGRESS-SPIKE",
                "UNUSUAL-REGION",
            ],
            Self::AzureSignedLink => &[
                "AN1328",
                "AN1594",
                "ACCESS-SPIKE",
                "EGRESS-SPIKE",
                "UNUSUAL-REGION",
            ],
            Self::GoogleCopy => &["AN1594", "ACCESS-SPIKE", "EGRESS-SPIKE"],
            Self::AzureReplication | Self::GoogleShare => &["AN1594"],
            Self::GraphEnumeration | Self::LegacyGraphEnumeration => &["AN1089"],
            Self::OktaEnumeration => &["AN1090"],
            Self::CliEnumeration => &["AN1087", "AN1089"],
            Self::OfficeEnumeration => &["AN1087"],
            Self::IamEnumeration
            | Self::MailboxEnumeration
            | Self::WorkspaceEnumeration
            | Self::SlackScraping => &[],
            Self::AzureMassRead
            | Self::AzureLargeRead
            | Self::AzureSlowRead
            | Self::AzureNewPrefixRead
            | Self::GoogleMassRead
            | Self::GoogleSlowRead
            | Self::GoogleNewPrefixRead => {
                &["AN1594", "S3-CLIENT", "EGRESS-SPIKE", "UNUSUAL-REGION"]
            }
            Self::AzureOutsideRead
            | Self::GoogleEgressNew
            | Self::GoogleEgressTrickle
            | Self::GoogleEgressKnown
            | Self::GoogleEgressBare => &["AN1594", "S3-CLIENT", "ACCESS-SPIKE", "UNUSUAL-REGION"],
            Self::AzureMassDelete
            | Self::AzureContainerDelete
            | Self::AzureExpireAll
            | Self::GoogleMassDelete
            | Self::GoogleBucketDelete
            | Self::GoogleExpireAll => &["AN1594", "S3-CLIENT", "UNUSUAL-REGION"],
            Self::AzureLogOff | Self::GoogleLogOff | Self::MailboxAuditOff => &["UNUSUAL-REGION"],
            Self::AzureUnusedRegion | Self::GoogleUnusedRegion => {
                &["AN1594", "S3-CLIENT", "ACCESS-SPIKE"]
            }
            Self::AzureNewcomerEnumeration | Self::GoogleNewcomerEnumeration => {
                &["AN0370", "AN1328", "S3-CLIENT", "UNUSUAL-REGION"]
            }
            Self::AzureLateUsed
            | Self::GoogleLateUsed
            | Self::GoogleNewMachine
            | Self::GoogleSameName => &[
                "AN0370",
                "AN1594",
                "ACCESS-SPIKE",
                "EGRESS-SPIKE",
                "UNUSUAL-REGION",
            ],
            Self::EntraGrant => &["AN1089", "AN1090"],
            Self::SlackGrant | Self::WorkspaceGrant => &["AN1087"],
        }
    }

    /// Returns the provider in whose logs it is seen, if there is a class of that name.
    pub(crate) fn provider_of(name: &str) -> Option<&'static str> {
        let class = Self::ALL
            .into_iter()
            .chain(Self::PLAIN)
            .find(|class| class.name() == name)?;
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
            Self::AzureMassRead
            | Self::AzureLargeRead
            | Self::AzureSlowRead
            | Self::AzureNewPrefixRead
            | Self::AzureOutsideRead
            | Self::AzureMassDelete
            | Self::AzureContainerDelete
            | Self::AzureNewcomerEnumeration
            | Self::AzureLateUsed => Format::AzureStorage,
            Self::GoogleMassRead
            | Self::GoogleSlowRead
            | Self::GoogleNewPrefixRead
            | Self::GoogleMassDelete
            | Self::GoogleBucketDelete
            | Self::GoogleExpireAll
            | Self::GoogleLogOff
            | Self::GoogleUnusedRegion
            | Self::GoogleNewcomerEnumeration
            | Self::GoogleLateUsed
            | Self::GoogleNewMachine
            | Self::GoogleSameName => Format::GcpAudit,
            Self::GoogleEgressNew
            | Self::GoogleEgressTrickle
            | Self::GoogleEgressKnown
            | Self::GoogleEgressBare => Format::GcpFlow,
            Self::AzureExpireAll | Self::AzureLogOff | Self::AzureUnusedRegion => {
                Format::AzureActivity
            }
            Self::MailboxAuditOff => Format::M365,
            Self::EntraGrant => Format::EntraAudit,
            Self::SlackGrant => Format::Slack,
            Self::WorkspaceGrant => Format::Workspace,
        }
    }

    /// Returns whose credentials can be misused for it: of what kind, and at Google or not where that matters.
    pub(crate) fn victim(self, grade: Grade) -> (&'static [Kind], Option<bool>) {
        const PEOPLE: &[Kind] = &[Kind::Analyst, Kind::Developer];
        const DATA: &[Kind] = &[Kind::Analyst, Kind::Developer, Kind::Etl];
        let hidden = grade == Grade::Hidden;
        match self {
            // Hidden among those who do the same every night.
            Self::AzureLogOff | Self::AzureExpireAll | Self::AzureContainerDelete if hidden => {
                (&[Kind::Upkeep], Some(false))
            }
            Self::GoogleLogOff | Self::GoogleExpireAll | Self::GoogleBucketDelete if hidden => {
                (&[Kind::Upkeep], Some(true))
            }
            // Only the loudest do it with the rights of somebody who never does.
            Self::AzureLogOff if grade > Grade::Blatant => (&[Kind::Admin], Some(false)),
            Self::GoogleLogOff if grade > Grade::Blatant => (&[Kind::Admin], Some(true)),
            // Administrators give scopes now and then.
            Self::EntraGrant | Self::SlackGrant | Self::WorkspaceGrant if hidden => {
                (&[Kind::Admin], None)
            }
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
            Self::AzureMassRead
            | Self::AzureLargeRead
            | Self::AzureSlowRead
            | Self::AzureNewPrefixRead
            | Self::AzureOutsideRead => (DATA, Some(false)),
            Self::GoogleMassRead | Self::GoogleSlowRead | Self::GoogleNewPrefixRead => {
                (DATA, Some(true))
            }
            Self::GoogleEgressNew
            | Self::GoogleEgressTrickle
            | Self::GoogleEgressKnown
            | Self::GoogleEgressBare => (&[Kind::Etl], Some(true)),
            Self::AzureMassDelete | Self::AzureContainerDelete | Self::AzureLogOff => {
                (PEOPLE, Some(false))
            }
            Self::AzureExpireAll
            | Self::AzureUnusedRegion
            | Self::AzureNewcomerEnumeration
            | Self::AzureLateUsed => (&[Kind::Admin], Some(false)),
            Self::GoogleMassDelete | Self::GoogleBucketDelete | Self::GoogleLogOff => {
                (PEOPLE, Some(true))
            }
            Self::GoogleExpireAll
            | Self::GoogleUnusedRegion
            | Self::GoogleNewcomerEnumeration
            | Self::GoogleLateUsed
            | Self::GoogleNewMachine
            | Self::GoogleSameName => (&[Kind::Admin], Some(true)),
            Self::MailboxAuditOff => (&[Kind::Admin], None),
            Self::EntraGrant | Self::SlackGrant | Self::WorkspaceGrant => {
                (&[Kind::Office, Kind::Developer], None)
            }
        }
    }
}
