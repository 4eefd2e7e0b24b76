//! The normalised event: what one audit or flow record states, in the same words for every provider.
//!
//! An event does not depend on configuration. Whether an address is ours, which identity is bound to an instance, and which
//! buckets are sensitive is resolved afterwards, by `identity`. Absent, empty and zero are three different things: absent
//! is `None`.

mod field;

pub use field::Field;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::time::Time;
use crate::vocab::{FindingSeverity, Str, words};

/// What stands between the names of several things in one text. No name of a secret or a table has it.
pub const LISTED: &str = ", ";

/// Text that the writer of the log chose: object keys, user agents, session names.
///
/// It is compared and stored unchanged. Its `Display` escapes control characters, so that it cannot control a terminal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Untrusted(Str);

impl Untrusted {
    /// The most bytes that are kept of such a text; the rest is cut at a character boundary.
    pub const BYTES_MAX: usize = 2_048;

    /// Wraps a text, cut to [`Self::BYTES_MAX`].
    pub fn new(text: &str) -> Self {
        Self(cut(text, Self::BYTES_MAX).into())
    }

    /// Wraps a text that is already shared and bounded.
    pub fn from_shared(text: Str) -> Self {
        if text.len() > Self::BYTES_MAX {
            Self::new(&text)
        } else {
            Self(text)
        }
    }

    /// Returns the text as it was written, unescaped.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Returns the shared text as it was written, unescaped.
    pub fn shared(&self) -> &Str {
        &self.0
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.0, f)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// Returns the longest prefix of `text` of at most `bytes_max` bytes.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let mut end = bytes_max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Returns whether a character controls a terminal, changes the direction of writing, or is invisible.
pub fn steers(c: char) -> bool {
    /// Fillers, joiners, selectors, tags and direction marks: most of `Default_Ignorable_Code_Point` and `Bidi_Control` of
    /// Unicode 16, the line separators, and the blank of Braille.
    #[rustfmt::skip]
    const UNSEEN: [(char, char); 18] = [
        ('\u{ad}', '\u{ad}'), ('\u{34f}', '\u{34f}'), ('\u{61c}', '\u{61c}'), ('\u{115f}', '\u{1160}'),
        ('\u{17b4}', '\u{17b5}'), ('\u{180b}', '\u{180f}'), ('\u{200b}', '\u{200f}'), ('\u{2028}', '\u{202e}'),
        ('\u{2060}', '\u{206f}'), ('\u{2800}', '\u{2800}'), ('\u{3164}', '\u{3164}'), ('\u{fe00}', '\u{fe0f}'),
        ('\u{feff}', '\u{feff}'), ('\u{ffa0}', '\u{ffa0}'), ('\u{fff0}', '\u{fffb}'), ('\u{1bca0}', '\u{1bca3}'),
        ('\u{1d173}', '\u{1d17a}'), ('\u{e0000}', '\u{e0fff}'),
    ];
    // Below the soft hyphen, everything except control characters is visible: the usual case.
    c.is_control() || (c >= '\u{ad}' && UNSEEN.iter().any(|&(from, to)| (from..=to).contains(&c)))
}

/// Writes text; characters for which [`steers`] is true are written as `\u{…}`.
pub fn escape(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    for c in text.chars() {
        if steers(c) {
            write!(out, "\\u{{{:x}}}", c as u32)?
        } else {
            out.write_char(c)?
        }
    }
    Ok(())
}

words! {
    /// The cloud or service that is the provider.
    Provider {
        /// Amazon Web Services.
        Aws = "aws",
        /// Microsoft Azure.
        Azure = "azure",
        /// Entra ID.
        Entra = "entra",
        /// Microsoft 365.
        M365 = "m365",
        /// Google Cloud.
        Gcp = "gcp",
        /// Google Workspace.
        Gworkspace = "gworkspace",
        /// Okta.
        Okta = "okta",
        /// Slack.
        Slack = "slack",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// The log format that a record came from.
    Source {
        /// AWS CloudTrail, in any of its envelopes.
        AwsCloudTrail = "aws.cloudtrail",
        /// Amazon S3 server access logs.
        AwsS3Access = "aws.s3access",
        /// AWS VPC flow logs.
        AwsVpcFlow = "aws.vpcflow",
        /// AWS Transit Gateway flow logs.
        AwsTgwFlow = "aws.tgwflow",
        /// Azure Storage resource logs.
        AzureStorage = "azure.storage",
        /// The Azure Activity log.
        AzureActivity = "azure.activity",
        /// Entra ID audit logs.
        EntraAudit = "entra.audit",
        /// Entra ID sign-in logs.
        EntraSignIn = "entra.signin",
        /// Microsoft Graph activity logs.
        EntraGraph = "entra.graph",
        /// Azure AD Graph activity logs.
        EntraAadGraph = "entra.aadgraph",
        /// The Microsoft 365 unified audit log.
        M365Ual = "m365.ual",
        /// Google Cloud audit logs.
        GcpAudit = "gcp.audit",
        /// Google Cloud Storage usage logs.
        GcpGcsUsage = "gcp.gcsusage",
        /// Google Cloud VPC flow logs.
        GcpVpcFlow = "gcp.vpcflow",
        /// The Okta System Log.
        OktaSystem = "okta.system",
        /// Google Workspace Reports activities.
        GworkspaceReports = "gworkspace.reports",
        /// Slack audit logs.
        SlackAudit = "slack.audit",
        /// OCSF events.
        Ocsf = "ocsf",
        /// Elastic Common Schema documents.
        Ecs = "ecs",
        /// plimsoll's plain form.
        Plain = "plain",
        /// Findings of other detectors: Amazon GuardDuty, AWS Security Hub, Microsoft Sentinel, Defender and Entra ID Protection.
        Findings = "findings",
        /// Azure Key Vault audit logs.
        AzureKeyVault = "azure.keyvault",
    }
}

impl Source {
    /// Returns whether its records are network flows, which have no caller.
    pub const fn is_flow(self) -> bool {
        matches!(self, Self::AwsVpcFlow | Self::AwsTgwFlow | Self::GcpVpcFlow)
    }

    /// Returns the provider of the log; `None` for formats into which records of any provider are converted.
    pub const fn provider(self) -> Option<Provider> {
        Some(match self {
            Self::AwsCloudTrail | Self::AwsS3Access | Self::AwsVpcFlow | Self::AwsTgwFlow => {
                Provider::Aws
            }
            Self::AzureStorage | Self::AzureActivity | Self::AzureKeyVault => Provider::Azure,
            Self::EntraAudit | Self::EntraSignIn | Self::EntraGraph | Self::EntraAadGraph => {
                Provider::Entra
            }
            Self::M365Ual => Provider::M365,
            Self::GcpAudit | Self::GcpGcsUsage | Self::GcpVpcFlow => Provider::Gcp,
            Self::OktaSystem => Provider::Okta,
            Self::GworkspaceReports => Provider::Gworkspace,
            Self::SlackAudit => Provider::Slack,
            Self::Ocsf | Self::Ecs | Self::Plain | Self::Findings => return None,
        })
    }

    /// Returns how late, in seconds, a record may arrive after the newest of its source and still be judged in order.
    pub const fn lateness_secs(self) -> i64 {
        const MINUTE: i64 = 60;
        const HOUR: i64 = 3_600;
        match self {
            Self::OktaSystem | Self::SlackAudit | Self::GcpAudit | Self::GcpVpcFlow => 10 * MINUTE,
            Self::AwsCloudTrail | Self::Ocsf | Self::Ecs | Self::Plain => 15 * MINUTE,
            Self::AwsVpcFlow | Self::AwsTgwFlow => 20 * MINUTE,
            Self::AzureStorage
            | Self::AzureActivity
            | Self::AzureKeyVault
            | Self::EntraAudit
            | Self::EntraSignIn => 30 * MINUTE,
            Self::EntraGraph | Self::EntraAadGraph => 2 * HOUR,
            Self::GworkspaceReports => 4 * HOUR,
            Self::AwsS3Access | Self::GcpGcsUsage | Self::M365Ual | Self::Findings => 24 * HOUR,
        }
    }
}

words! {
    /// The kind of an identity.
    IdentityKind {
        /// A person.
        Human = "human",
        /// A session of a role, without a known identity that uses it.
        RoleSession = "role_session",
        /// A service principal or application.
        ServicePrincipal = "service_principal",
        /// A workload: an instance, a function, a CI job.
        Workload = "workload",
        /// The provider's own service.
        CloudService = "cloud_service",
        /// A caller without credentials.
        Anonymous = "anonymous",
        /// Unknown.
        Unknown = "unknown",
    }
}

words! {
    /// What was done, in classes with the same meaning for every provider.
    Action {
        /// Objects of a bucket listed.
        ListObjects = "list_objects",
        /// Buckets listed.
        ListBuckets = "list_buckets",
        /// An object read, or its metadata.
        ReadObject = "read_object",
        /// An object written.
        WriteObject = "write_object",
        /// Data copied, replicated, exported or shared.
        CopyObject = "copy_object",
        /// An object deleted, a version of it, or several at once.
        DeleteObject = "delete_object",
        /// A bucket's or object's configuration read.
        ReadPosture = "read_posture",
        /// A bucket's configuration changed.
        WritePosture = "write_posture",
        /// Users, roles, groups or accounts enumerated.
        EnumerateDirectory = "enumerate_directory",
        /// An identity created.
        CreateIdentity = "create_identity",
        /// A credential created.
        CreateCredential = "create_credential",
        /// A role assumed.
        AssumeRole = "assume_role",
        /// A sign-in.
        Authenticate = "authenticate",
        /// A network flow out.
        EgressFlow = "egress_flow",
        /// A bucket, container or storage account deleted, or what protects data beside it: a snapshot, a backup, a vault, a
        /// key that is disabled or scheduled for deletion.
        DeleteBucket = "delete_bucket",
        /// A lifecycle rule set that deletes objects soon.
        ExpireObjects = "expire_objects",
        /// A log, a recorder or a detector stopped, deleted or narrowed.
        BlindLog = "blind_log",
        /// An application, a service principal or a token given scopes or roles.
        GrantScope = "grant_scope",
        /// A machine, function or cluster made or started.
        StartCompute = "start_compute",
        /// Anything else.
        Other = "other",
        /// Nothing that the principal did: what another detector concluded of it.
        Finding = "finding",
        /// A secret read: a password, a key or a parameter of a store for secrets.
        ReadSecret = "read_secret",
        /// Data of another kind of store read: rows of a table, the blocks of a snapshot.
        ReadData = "read_data",
        /// What such a store, or one for secrets, holds listed.
        ListData = "list_data",
        /// A container image pulled, or a layer of one.
        PullImage = "pull_image",
    }
}

words! {
    /// How a call ended.
    Outcome {
        /// It worked.
        Success = "success",
        /// It failed for another reason than those below.
        Failure = "failure",
        /// Not authorised.
        Denied = "denied",
        /// Too many calls.
        Throttled = "throttled",
        /// The read worked, and found that nothing is configured.
        NotConfigured = "not_configured",
        /// The record does not say.
        Unknown = "unknown",
    }
}

impl Outcome {
    /// Returns whether the call worked, or may have: the record does not say that it did not.
    pub const fn has_worked(self) -> bool {
        matches!(self, Self::Success | Self::Unknown)
    }
}

words! {
    /// What an address is to us.
    AddressClass {
        /// In a private range, or in a configured network.
        Internal = "internal",
        /// The provider's own infrastructure.
        CloudInternal = "cloud_internal",
        /// All others.
        External = "external",
        /// Absent, a placeholder, or a host name.
        Unknown = "unknown",
    }
}

/// Follows the tenant in the identity of a person of whom only the passport id is known.
pub const PASSPORT: &str = "puid/";

/// Returns whether a text has the form of a passport id of Microsoft: 16 hexadecimal digits.
pub fn is_passport(text: &str) -> bool {
    /// Number of its digits.
    const LEN: usize = 16;
    text.len() == LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The caller, as the record states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Its canonical id.
    pub id: Str,
    /// The kind of identity.
    pub kind: IdentityKind,
    /// The role assumed, if there is one.
    pub role: Option<Str>,
    /// The instance, as in `i-0abc`, whose role session this is.
    pub instance: Option<Str>,
    /// Whether the provider states that it issued the session's credentials to that instance. Else only the session's name
    /// is the instance's, and anyone who assumes the role may choose that name.
    pub is_delivered: bool,
    /// Bare provider ids of the same principal: principal id, user name, access key's owner.
    pub aliases: Vec<Str>,
    /// An id that the provider never gives twice, where the canonical id is a name that can be given again: `AIDA…` of a
    /// user, `AROA…` of a role.
    pub unique_id: Option<Str>,
}

impl Principal {
    /// Creates a principal with everything else unknown.
    pub const fn new(id: Str, kind: IdentityKind) -> Self {
        Self {
            id,
            kind,
            role: None,
            instance: None,
            is_delivered: false,
            aliases: Vec::new(),
            unique_id: None,
        }
    }
}

/// What a call stops, deletes or narrows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blinding {
    /// The logs that lose records by it; none if it is a detector or a recorder whose findings are not read here.
    pub logs: Vec<Source>,
    /// Its name: a trail, a sink, a setting, a detector, a mailbox.
    pub target: Option<Untrusted>,
}

/// What another detector says of the principal, beside its kind, which is the event's operation, and the detector, which is its service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// What it concluded, in a sentence.
    pub title: Untrusted,
    /// How grave it takes that to be.
    pub severity: Option<FindingSeverity>,
}

/// The identity under which the machine of this call works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The machine, as [`Attachment::instance`] names it.
    pub instance: Str,
    /// The identity, in canonical form.
    pub identity: Str,
}

/// The peer of a call: its origin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its address, where the record gives one.
    pub ip: Option<IpAddr>,
    /// The text in the address field when it is no address, such as `rds.amazonaws.com`.
    pub host: Option<Untrusted>,
    /// Its port.
    pub port: Option<u16>,
    /// The autonomous system that it belongs to, where the record states it.
    pub asn: Option<u32>,
    /// Its country, ISO 3166-1 alpha-2 in upper case, where the record states it.
    pub country: Option<Str>,
    /// Its city, where the record states it.
    pub city: Option<Untrusted>,
}

/// Where data went, or is configured to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Address.
    pub ip: Option<IpAddr>,
    /// Port.
    pub port: Option<u16>,
    /// Account that owns it, where the record states it.
    pub account: Option<Str>,
    /// Bucket.
    pub container: Option<Untrusted>,
    /// Host name, or the provider service that an address belongs to.
    pub endpoint: Option<Untrusted>,
    /// Whether the record itself states that it belongs to another party, or to us.
    pub external: Option<bool>,
}

/// A network interface of a flow record, from the most to the least specific name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Instance, as in `i-0abc`, or `project/zone/name` in Google Cloud.
    pub instance: Option<Str>,
    /// Interface, as in `eni-0abc`.
    pub interface: Option<Str>,
    /// Our address of the flow.
    pub address: Option<IpAddr>,
}

/// Facts about the session, beside the caller and the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// Whether the call came from a web console.
    pub console: Option<bool>,
    /// How the call was authenticated: `AuthHeader`, `QueryString` (a presigned URL), …
    pub auth_method: Option<Str>,
    /// When the session began.
    pub session_start: Option<Time>,
    /// The name that an identity provider gave the session.
    pub source_identity: Option<Untrusted>,
    /// The service that made the call on the principal's behalf; such calls do not count in volumes.
    pub via: Option<Str>,
    /// The account of the caller, where it is stated.
    pub actor_account: Option<Str>,
    /// The VPC endpoint that the call came through.
    pub vpc_endpoint: Option<Str>,
    /// The identity, in canonical form, that the principal acts for.
    pub on_behalf_of: Option<Str>,
    /// The identities, in canonical form, through which a credential was passed on, the last first.
    pub delegation: Vec<Str>,
    /// Whether the device is managed by us.
    pub device_managed: Option<bool>,
    /// Whether the call came from a web console, where the record itself states it. A guess from the caller's user agent is
    /// only in [`Self::console`].
    pub console_stated: Option<bool>,
}

/// One normalised audit or flow record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened, from the record itself.
    pub time: Time,
    /// An id that is equal for every delivery of the same record.
    pub id: Str,
    /// The provider.
    pub provider: Provider,
    /// The log.
    pub source: Source,
    /// The account that recorded it.
    pub account: Option<Str>,
    /// Region that served the call.
    pub region: Option<Str>,
    /// Whether the region shows where the caller chose to work; false for global services, whose calls all have one region.
    pub regional: bool,
    /// The caller; absent in trimmed records and in network flows.
    pub principal: Option<Principal>,
    /// A session label chosen by the caller, never part of the identity.
    pub session: Option<Untrusted>,
    /// Access key or token id.
    pub credential: Option<Str>,
    /// OAuth client or integration: the application through which the principal acts.
    pub application: Option<Str>,
    /// Token scopes and application roles, as written.
    pub scopes: Vec<Str>,
    /// Facts about the session.
    pub context: Context,
    /// The origin of the call.
    pub peer: Peer,
    /// The client's description of itself.
    pub user_agent: Option<Untrusted>,
    /// Client family, without version.
    pub client: Str,
    /// What was done.
    pub action: Action,
    /// Provider operation, as written in the record.
    pub op: Str,
    /// Provider service, as in `s3`.
    pub service: Str,
    /// Bucket or container.
    pub container: Option<Untrusted>,
    /// Object key.
    pub object: Option<Untrusted>,
    /// Listing prefix; `Some` of an empty text when the whole bucket was listed.
    pub prefix: Option<Untrusted>,
    /// How many objects or entries the call touched or returned, where the record states it; of a deletion in a batch, its
    /// keys; of a lifecycle configuration, the rules that delete soon; of a machine, the number started.
    pub items: Option<u64>,
    /// Bytes that left the resource or network.
    pub bytes_out: Option<u64>,
    /// Bytes that came in.
    pub bytes_in: Option<u64>,
    /// Bucket that a copy reads from.
    pub copied_from: Option<Untrusted>,
    /// Where data went, or is configured to go.
    pub destination: Destination,
    /// The interface that recorded a flow.
    pub attachment: Option<Attachment>,
    /// How it ended.
    pub outcome: Outcome,
    /// Provider error code.
    pub error: Option<Untrusted>,
    /// The identity that this call created, in canonical form.
    pub created: Option<Str>,
    /// The access key or token that this call issued.
    pub issued: Option<Str>,
    /// What the call stops, deletes or narrows, of [`Action::BlindLog`].
    pub blinding: Option<Box<Blinding>>,
    /// The machine that the call makes or changes, and the identity that its software works under.
    pub assigned: Option<Box<Assignment>>,
    /// The caller's account, on the copy of a cross-account action that is not in the caller's own account. If that
    /// account's trail is read as well, this copy is a duplicate.
    pub duplicate_of_account: Option<Str>,
    /// Whether it counts in volumes; false for a record that repeats another.
    pub counted: bool,
    /// What another detector concluded, of [`Action::Finding`]. Where events are stored it stands behind the event, since earlier ones have
    /// none.
    #[serde(skip)]
    pub detection: Option<Box<Detection>>,
}

impl Event {
    /// Returns whether it is a network flow, which has no caller, in any log.
    pub const fn is_flow(&self) -> bool {
        self.source.is_flow() || self.attachment.is_some()
    }

    /// Creates an event with everything else unknown: it worked, it counts, and its region, if it gets one, is where the
    /// caller chose to work.
    pub fn new(time: Time, id: Str, provider: Provider, source: Source) -> Self {
        Self {
            time,
            id,
            provider,
            source,
            account: None,
            region: None,
            regional: true,
            principal: None,
            session: None,
            credential: None,
            application: None,
            scopes: Vec::new(),
            context: Context::default(),
            peer: Peer::default(),
            user_agent: None,
            client: Str::default(),
            action: Action::Other,
            op: Str::default(),
            service: Str::default(),
            container: None,
            object: None,
            prefix: None,
            items: None,
            bytes_out: None,
            bytes_in: None,
            copied_from: None,
            destination: Destination::default(),
            attachment: None,
            outcome: Outcome::Unknown,
            error: None,
            created: None,
            issued: None,
            blinding: None,
            assigned: None,
            duplicate_of_account: None,
            counted: true,
            detection: None,
        }
    }
}
