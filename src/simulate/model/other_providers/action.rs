//! One action at any provider: what the simulation decides, before a writer gives it the form of a format.

use std::rc::Rc;

use crate::simulate::model::other_providers::container::Container;
use crate::simulate::model::other_providers::principal::Principal;
use crate::simulate::model::other_providers::tool::Tool;

/// Nanoseconds in a second.
pub(crate) const NANOS: i64 = 1_000_000_000;

/// The service in whose log an action is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// The data plane of Azure Blob Storage.
    Blob,
    /// Azure's control plane.
    Arm,
    /// Sign-ins to, and changes of, the Entra directory.
    Entra,
    /// Microsoft Graph.
    Graph,
    /// The older graph of `graph.windows.net`.
    AadGraph,
    /// SharePoint and OneDrive.
    SharePoint,
    /// Exchange.
    Exchange,
    /// Google Cloud Storage.
    Gcs,
    /// Google Cloud's service accounts and roles.
    Iam,
    /// Google Cloud's machines, and the configuration of its logs and projects.
    Platform,
    /// The network of Google Cloud's machines.
    Network,
    Okta,
    /// Google Workspace.
    Workspace,
    Slack,
}

/// What a directory is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DirectoryResource {
    Users,
    /// One user.
    User,
    Groups,
    Members,
    Roles,
    RoleMembers,
    Applications,
    Principals,
    Devices,
    Policies,
    /// The keys or credentials of service accounts.
    Keys,
}

/// How a log is blinded, or put again as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blinding {
    /// Azure's diagnostic setting of a store is deleted.
    SettingDeleted,
    /// The same is put with all of its logs off.
    SettingOff,
    /// Azure's flow log is deleted.
    FlowLogDeleted,
    /// Google's sink is deleted.
    SinkDeleted,
    /// The same is switched off.
    SinkOff,
    /// The same is put with its filter.
    SinkFiltered,
    /// Entries of a project are excluded.
    Excluded,
    /// The audit of reads is taken out of a project's policy.
    AuditExempted,
    /// The unified audit log of the tenant is switched off.
    TenantAuditOff,
    /// What a person does with mailboxes is not audited any more.
    AuditBypassed,
    /// The audit of a mailbox is switched off.
    MailboxAuditOff,
}

/// What is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verb {
    /// Containers are listed.
    ListContainers,
    /// Objects are listed.
    ListObjects,
    /// An object's metadata is read.
    Head,
    Read,
    Write,
    Delete,
    /// An object goes to another store under the same name.
    Copy(Rc<Container>),
    /// Objects are configured to go to a foreign container, named here.
    Replicate(String),
    /// A container is opened to everyone.
    Publish,
    /// A container's configuration is read.
    ReadPosture,
    /// The directory is asked for something.
    Enumerate(DirectoryResource),
    /// A user or workload identity is created.
    CreateIdentity(Rc<Principal>),
    /// A key, secret or token is made for a principal.
    CreateCredential(Rc<Principal>),
    /// Keys of a store's account are fetched.
    FetchKeys,
    /// An account's settings are changed.
    Configure,
    /// Tokens of a service account are issued.
    Assume(Rc<Principal>),
    SignIn,
    /// A limit on calls is run into.
    RateLimit,
    /// A right to a file or mailbox is granted.
    Grant,
    /// The whole of something is exported.
    Export,
    /// A container is made.
    MakeContainer,
    /// A container is deleted.
    DeleteContainer,
    /// A lifecycle rule lets objects expire after so many days.
    Expire(u32),
    /// A log is blinded, or put again.
    Blind(Blinding),
    /// A machine is started, which works under a service account if there is one.
    StartMachine(Option<Rc<Principal>>),
    /// A workload identity is deleted.
    DeleteIdentity(Rc<Principal>),
    /// An application, named by its principal, is given scopes of the directory.
    GrantScope(Rc<Principal>),
    /// Bytes go to an address, or come from it.
    Flow {
        peer: String,
        out: bool,
    },
}

/// What proves the caller's right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A token of the principal itself.
    Token,
    /// A key: the storage account's, or a service account's.
    Key,
    /// A signed link, identified by its number.
    Sas(u64),
    /// Nothing.
    Anonymous,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// What was asked for is not there.
    Missing,
    Denied,
}

impl Outcome {
    /// Returns the word that the normalised form has for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Missing => "failure",
            Self::Denied => "denied",
        }
    }
}

/// One action.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    /// Nanoseconds since the epoch.
    pub(crate) at: i64,
    pub(crate) who: Rc<Principal>,
    pub(crate) service: Service,
    pub(crate) verb: Verb,
    /// The container that is acted upon.
    pub(crate) container: Option<Rc<Container>>,
    /// An object's key, or a file's name.
    pub(crate) object: String,
    /// What a listing is narrowed to.
    pub(crate) prefix: String,
    /// What the answer carries, or what is stored.
    pub(crate) bytes: u64,
    /// Where the call comes from.
    pub(crate) address: String,
    pub(crate) tool: Tool,
    pub(crate) credential: Credential,
    pub(crate) outcome: Outcome,
}

impl Action {
    /// Returns the instant to a precision of so many digits of a second, 0 to 9, as a format with these writes it.
    pub(crate) fn at(&self, digits: u32) -> i64 {
        let unit = 10_i64.pow(9 - digits.min(9));
        self.at.div_euclid(unit) * unit
    }

    /// Returns whether it worked.
    pub(crate) fn worked(&self) -> bool {
        self.outcome == Outcome::Success
    }
}

/// Returns an instant as `2026-03-16T04:11:09.1234567`, without zone, with so many digits of a second.
pub(crate) fn instant(nanos: i64, digits: usize) -> String {
    let time = chrono::DateTime::from_timestamp_nanos(nanos);
    let mut text = time.format("%Y-%m-%dT%H:%M:%S").to_string();
    if digits > 0 {
        let fraction = format!("{:09}", nanos.rem_euclid(NANOS));
        text.push('.');
        text.push_str(&fraction[..digits.min(9)]);
    }
    text
}
