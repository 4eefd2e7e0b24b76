//! The formats that an estate can be written in.

/// A log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// AWS CloudTrail.
    CloudTrail,
    /// AWS VPC flow logs.
    VpcFlow,
    /// Amazon S3 server access logs.
    S3Access,
    /// AWS Transit Gateway flow logs.
    TgwFlow,
    /// The AWS records as OCSF 1.1 events.
    Ocsf,
    /// The AWS records as documents of the Elastic Common Schema.
    Ecs,
    /// The AWS records in plimsoll's own plain form.
    Plain,
    /// Azure Storage resource logs.
    AzureStorage,
    /// The Azure Activity log.
    AzureActivity,
    /// Entra ID audit logs.
    EntraAudit,
    /// Entra ID sign-in logs.
    EntraSignIn,
    /// Microsoft Graph activity logs.
    EntraGraph,
    /// Azure AD Graph activity logs.
    EntraAadGraph,
    /// The Microsoft 365 unified audit log.
    M365,
    /// Google Cloud audit logs.
    GcpAudit,
    /// Google Cloud Storage usage logs.
    GcpUsage,
    /// Google Cloud VPC flow logs.
    GcpFlow,
    /// The Okta System Log.
    Okta,
    /// Google Workspace Reports activities.
    Workspace,
    /// Slack audit logs.
    Slack,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 20] = [
        Self::CloudTrail,
        Self::VpcFlow,
        Self::S3Access,
        Self::TgwFlow,
        Self::Ocsf,
        Self::Ecs,
        Self::Plain,
        Self::AzureStorage,
        Self::AzureActivity,
        Self::EntraAudit,
        Self::EntraSignIn,
        Self::EntraGraph,
        Self::EntraAadGraph,
        Self::M365,
        Self::GcpAudit,
        Self::GcpUsage,
        Self::GcpFlow,
        Self::Okta,
        Self::Workspace,
        Self::Slack,
    ];

    /// What is written if nothing is asked for.
    pub const AWS: [Self; 2] = [Self::CloudTrail, Self::VpcFlow];

    /// Returns every format that is not a conversion of the CloudTrail and flow logs of the AWS accounts.
    pub fn originals() -> Vec<Self> {
        let is_original = |format: &Self| !format.is_converted();
        Self::ALL.into_iter().filter(is_original).collect()
    }

    /// Returns the name, as in `azure.storage`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CloudTrail => "aws.cloudtrail",
            Self::VpcFlow => "aws.vpcflow",
            Self::S3Access => "aws.s3access",
            Self::TgwFlow => "aws.tgwflow",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
            Self::Plain => "plain",
            Self::AzureStorage => "azure.storage",
            Self::AzureActivity => "azure.activity",
            Self::EntraAudit => "entra.audit",
            Self::EntraSignIn => "entra.signin",
            Self::EntraGraph => "entra.graph",
            Self::EntraAadGraph => "entra.aadgraph",
            Self::M365 => "m365.ual",
            Self::GcpAudit => "gcp.audit",
            Self::GcpUsage => "gcp.gcsusage",
            Self::GcpFlow => "gcp.vpcflow",
            Self::Okta => "okta.system",
            Self::Workspace => "gworkspace.reports",
            Self::Slack => "slack.audit",
        }
    }

    /// Reads a list such as `aws,gcp.audit,okta`: names of formats, beginnings of names such as `gcp`, `aws` for what is
    /// written without being asked for, or `all`.
    ///
    /// # Errors
    ///
    /// Returns the word that is none of these.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        for word in text.split(',').map(str::trim) {
            let before = found.len();
            match word {
                "all" => found.extend(Self::ALL),
                "aws" => found.extend(Self::AWS),
                _ => found.extend(Self::ALL.into_iter().filter(|format| {
                    let name = format.name();
                    name == word || name.split('.').next() == Some(word)
                })),
            }
            if found.len() == before {
                return Err(word.to_owned());
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Returns whether it is a conversion of the CloudTrail or flow logs of the AWS accounts.
    pub(crate) fn is_converted(self) -> bool {
        self.is_of_aws() && !Self::AWS.contains(&self)
    }

    /// Returns whether its records are those of the AWS accounts.
    pub(crate) fn is_of_aws(self) -> bool {
        self <= Self::Plain
    }
}
