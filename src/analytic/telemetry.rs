//! The records and fields that an analytic requires. They show what it is blind to.

use crate::event::{Action, Field, Provider, Source};

/// Records that an analytic requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// The log.
    pub source: Source,
    /// Logs that contain the same records, so that either is enough.
    pub or: Vec<Source>,
    /// The provider that it is needed for, where that is not the log's own: Entra ID logs identities of Azure.
    pub of: Option<Provider>,
    /// Their short name: `flow logs`.
    pub name: String,
    /// Which of its records, in words.
    pub events: String,
    /// Their classes of action; never empty.
    pub actions: Vec<Action>,
    /// Of these classes, the required operations; none means all. Classes are wider than logs: reading a secret is a
    /// management event, and proves nothing about data events.
    pub operations: Vec<String>,
    /// Classes that the same log setting enables. Where these are seen, the required records would be there if such an
    /// event had happened.
    pub shown_by: Vec<Action>,
    /// The fields that these records need.
    pub fields: Vec<Field>,
    /// Of these, beside who did it, the fields without which such a record cannot alert.
    pub needs: Vec<Field>,
    /// Whether nothing can be detected without it.
    pub required: bool,
    /// What the analytic cannot see without it.
    pub without: String,
}

impl Telemetry {
    /// Returns the provider that it is needed for.
    pub fn provider(&self) -> Option<Provider> {
        self.of.or_else(|| self.source.provider())
    }

    /// Returns whether no record without a field can alert. One that does not say whose it is is of nobody: a call needs its caller, a
    /// flow its interface.
    pub fn rests_on(&self, field: Field) -> bool {
        matches!(field, Field::Principal | Field::Attachment) || self.needs.contains(&field)
    }

    /// Returns whether records of a log and provider count: records of the log itself, of an alternative, or of a format
    /// into which any log can be converted.
    pub fn is_told_by(&self, source: Source, provider: Provider) -> bool {
        self.source.provider() == Some(provider)
            && (source == self.source || self.or.contains(&source) || source.provider().is_none())
    }
}

/// An event that no log records, or only if it is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unobservable {
    /// The cloud or service.
    pub provider: Provider,
    /// What is not logged.
    pub what: String,
    /// What to collect instead, or how to switch it on.
    pub instead: String,
    /// Whether it can be switched on.
    pub off_by_default: bool,
}

/// What providers do not log in any configuration, beside the blind spots of each analytic.
pub const UNTOLD: &[(Provider, &str, &str)] = &[
    (
        Provider::Azure,
        "Reads through the resource manager: listing subscriptions, storage accounts, their settings, or role assignments",
        "Storage resource logs for the data itself; Microsoft Graph activity logs for the directory.",
    ),
    (
        Provider::Entra,
        "Reads by the MSOnline module, as Get-MsolUser or Get-MsolRoleMember",
        "Sign-ins to Azure Active Directory PowerShell; for all other tools, Microsoft Graph and Azure AD Graph activity logs.",
    ),
    (
        Provider::M365,
        "Exchange cmdlets that begin with Get-, Search- or Test-, as Get-Mailbox or Get-Recipient",
        "Sign-ins to Exchange Online PowerShell, Microsoft Graph activity logs, and MailItemsAccessed.",
    ),
    (
        Provider::Gworkspace,
        "Reads of the directory, in the admin log",
        "The token log: its `activity` events name API, method and client.",
    ),
    (
        Provider::Okta,
        "Reads through the API (GET), as /api/v1/users, whoever makes them",
        "Rate limit events (system.org.rate_limit.*, system.client.rate_limit.*), token grants, and the creation of API tokens.",
    ),
    (
        Provider::Slack,
        "Reads of members and channels, SCIM among them",
        "`anomaly` events, the access and integration logs, or the log of a proxy.",
    ),
];
