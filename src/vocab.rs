//! The fixed vocabulary: metrics, traits, and the kinds of entity that have a baseline.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Shared text: many records contain the same few names.
pub type Str = Arc<str>;

/// The analytic that tells of logs that fall silent. No model declares it.
pub const SOURCE_SILENT: &str = "SOURCE-SILENT";

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            /// Returns the word as users write it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// Returns the value that users write in this way.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// A quantity that is counted or summed in a window. A window in which it is zero is no reading at all.
    Metric {
        /// Listing calls that succeeded.
        ListCalls = "list_calls",
        /// Bytes of listings returned: the only in-band size of a listing in CloudTrail.
        ListBytes = "list_bytes",
        /// Distinct buckets listed.
        BucketsListed = "buckets_listed",
        /// Distinct bucket and prefix pairs listed.
        PrefixesListed = "prefixes_listed",
        /// Distinct buckets listed that this entity was not known to touch before.
        BucketsNew = "buckets_new",
        /// Object reads that succeeded.
        ReadCalls = "read_calls",
        /// Distinct objects read.
        ObjectsRead = "objects_read",
        /// Bytes of objects read.
        BytesRead = "bytes_read",
        /// Object writes that succeeded.
        WriteCalls = "write_calls",
        /// Copies, replications, exports and shares that succeeded.
        CopyCalls = "copy_calls",
        /// Deletions that succeeded.
        DeleteCalls = "delete_calls",
        /// Distinct buckets whose posture (policy, ACL, versioning, …) was read.
        PostureBuckets = "posture_buckets",
        /// Directory and account enumeration calls.
        DirectoryCalls = "directory_calls",
        /// Distinct directory operations.
        DirectoryFamilies = "directory_families",
        /// Storage and directory calls that were denied.
        DeniedCalls = "denied_calls",
        /// Bytes sent to external addresses: object reads from outside, and network flows.
        EgressBytes = "egress_bytes",
        /// Distinct external addresses or accounts that data went to.
        EgressDestinations = "egress_destinations",
        /// Object reads in buckets of the sensitive list.
        SensitiveReadCalls = "sensitive_read_calls",
        /// Distinct sensitive buckets read, listed or copied from.
        SensitiveBuckets = "sensitive_buckets",
        /// Reads and copies of sensitive buckets by a caller at an external address.
        SensitiveExternalCalls = "sensitive_external_calls",
        /// Distinct buckets in which objects were read.
        BucketsRead = "buckets_read",
        /// Distinct buckets read that this entity was not known to touch before.
        BucketsReadNew = "buckets_read_new",
        /// Distinct prefixes in which objects were read: a bucket, and the first part of the key.
        PrefixesRead = "prefixes_read",
        /// Distinct prefixes read that this entity was not known to read before.
        PrefixesReadNew = "prefixes_read_new",
        /// Objects deleted: of a deletion in a batch, the number of its keys.
        ObjectsDeleted = "objects_deleted",
        /// Distinct buckets in which objects were deleted.
        BucketsDeletedFrom = "buckets_deleted_from",
        /// Buckets, containers, snapshots, backups and keys deleted, or scheduled for deletion.
        BucketsDeleted = "buckets_deleted",
        /// Lifecycle rules set that delete objects soon.
        ExpiryRules = "expiry_rules",
        /// Calls that stop, delete or narrow a log, a recorder or a detector.
        BlindingCalls = "blinding_calls",
        /// Scopes and roles granted to applications and tokens, in calls.
        ScopeGrants = "scope_grants",
        /// Distinct regions in which storage, identities or machines were worked with.
        RegionsUsed = "regions_used",
        /// Those of them that this entity was not known to work in before.
        RegionsNew = "regions_new",
        /// Machines, functions and clusters made or started.
        MachinesStarted = "machines_started",
        /// Secrets read, counted each time.
        SecretCalls = "secret_calls",
        /// Distinct secrets read.
        SecretsRead = "secrets_read",
        /// Reads of tables and of the blocks of snapshots that succeeded.
        DataCalls = "data_calls",
        /// Distinct tables and snapshots read.
        DataStoresRead = "data_stores_read",
        /// Tables and databases exported as a whole, and container images pulled, in calls.
        ExportCalls = "export_calls",
        /// Distinct tables, databases and repositories of these.
        StoresExported = "stores_exported",
    }
}

impl BurstKind {
    /// Returns the metric that counts the same over longer windows, if there is one.
    pub const fn metric(self) -> Option<Metric> {
        match self {
            Self::PostureBuckets => Some(Metric::PostureBuckets),
            Self::DeniedCalls => Some(Metric::DeniedCalls),
            Self::DirectoryFamilies => Some(Metric::DirectoryFamilies),
            Self::DeniedBuckets | Self::Countries => None,
        }
    }
}

impl Metric {
    /// Returns whether the metric counts distinct things rather than adding amounts.
    pub const fn is_distinct(self) -> bool {
        matches!(
            self,
            Self::BucketsListed
                | Self::PrefixesListed
                | Self::BucketsNew
                | Self::ObjectsRead
                | Self::PostureBuckets
                | Self::DirectoryFamilies
                | Self::EgressDestinations
                | Self::SensitiveBuckets
                | Self::BucketsRead
                | Self::BucketsReadNew
                | Self::PrefixesRead
                | Self::PrefixesReadNew
                | Self::BucketsDeletedFrom
                | Self::BucketsDeleted
                | Self::RegionsUsed
                | Self::RegionsNew
                | Self::SecretsRead
                | Self::DataStoresRead
                | Self::StoresExported
        )
    }

    /// Returns, of a metric that counts only what is new to an entity, the metric that counts all of it and the trait that
    /// remembers what is known.
    pub const fn new_of(self) -> Option<(Metric, Trait)> {
        Some(match self {
            Self::BucketsNew => (Self::BucketsListed, Trait::Bucket),
            Self::BucketsReadNew => (Self::BucketsRead, Trait::Bucket),
            Self::PrefixesReadNew => (Self::PrefixesRead, Trait::Prefix),
            Self::RegionsNew => (Self::RegionsUsed, Trait::WorkRegion),
            _ => return None,
        })
    }

    /// Returns the metric whose amounts are stored for this one: that of all things, of a metric that counts new ones.
    pub const fn stored_as(self) -> Metric {
        match self.new_of() {
            Some((all, _)) => all,
            None => self,
        }
    }

    /// Returns, of the metrics that count the same events in another unit, the one that stands for all of them.
    pub const fn stands_for(self) -> Metric {
        match self.stored_as() {
            Self::ListBytes | Self::BucketsListed | Self::PrefixesListed => Self::ListCalls,
            Self::ObjectsRead | Self::BytesRead | Self::BucketsRead | Self::PrefixesRead => {
                Self::ReadCalls
            }
            Self::DirectoryFamilies => Self::DirectoryCalls,
            Self::EgressDestinations => Self::EgressBytes,
            Self::SensitiveBuckets | Self::SensitiveExternalCalls => Self::SensitiveReadCalls,
            Self::ObjectsDeleted | Self::BucketsDeletedFrom => Self::DeleteCalls,
            Self::SecretsRead => Self::SecretCalls,
            Self::DataStoresRead => Self::DataCalls,
            Self::StoresExported => Self::ExportCalls,
            other => other,
        }
    }

    /// Returns whether what the metric counts matters by itself, however little is known of the estate: a log switched off, destruction
    /// arranged, or rights handed out.
    pub const fn is_declared_act(self) -> bool {
        matches!(
            self,
            Self::BlindingCalls | Self::ExpiryRules | Self::ScopeGrants
        )
    }

    /// Returns whether most identities never do what the metric counts, so that it is surprising without any history.
    pub const fn is_rare(self) -> bool {
        matches!(
            self,
            Self::DeleteCalls
                | Self::ObjectsDeleted
                | Self::BucketsDeletedFrom
                | Self::BucketsDeleted
                | Self::ExpiryRules
                | Self::BlindingCalls
                | Self::ScopeGrants
                | Self::MachinesStarted
        )
    }

    /// Returns whether amounts of it are learnt: those to which calls of every kind add are asked about and not judged.
    pub const fn is_learnt(self) -> bool {
        !matches!(self, Self::RegionsUsed | Self::RegionsNew)
    }

    /// Returns whether the amount is bytes.
    pub const fn is_bytes(self) -> bool {
        matches!(self, Self::ListBytes | Self::BytesRead | Self::EgressBytes)
    }
}

words! {
    /// A set of values that is remembered of an entity, each with the days on which it was seen.
    Trait {
        /// Cloud region that served the call; not taken from global services.
        Region = "region",
        /// Network of the caller: the /16 of an IPv4, the /48 of an IPv6 address, or its AS number where known.
        Network = "network",
        /// Country of the caller, where a geographic database is configured.
        Country = "country",
        /// Client family, without its version.
        UserAgent = "user_agent",
        /// Provider operation.
        Action = "action",
        /// Bucket or container touched.
        Bucket = "bucket",
        /// Where data went: an account, a bucket, or a network.
        Destination = "destination",
        /// OAuth client or integration.
        Application = "application",
        /// Token scope.
        Scope = "scope",
        /// Access key or token.
        Credential = "credential",
        /// How the caller authenticated.
        AuthMethod = "auth_method",
        /// Where objects were read: a bucket, and the first part of the key.
        Prefix = "prefix",
        /// Cloud region in which storage, identities or machines were worked with, and not only looked at.
        WorkRegion = "work_region",
        /// Scope that was given to an application or a token.
        GrantedScope = "granted_scope",
        /// What was stopped, deleted or narrowed, of logs, recorders and detectors: the operation and its target.
        Blinding = "blinding",
    }
}

words! {
    /// How grave another detector takes its finding to be.
    FindingSeverity {
        /// It is only said.
        Informational = "informational",
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Critical.
        Critical = "critical",
    }
}

words! {
    /// A kind of burst: things counted within a window that may start at any second.
    BurstKind {
        /// Distinct buckets whose posture was read, from one address, and not in a console.
        PostureBuckets = "posture_buckets",
        /// Denied storage calls, in one bucket from one address.
        DeniedCalls = "denied_calls",
        /// Distinct buckets in which storage calls were denied, from one address.
        DeniedBuckets = "denied_buckets",
        /// Distinct directory operations, from one address, and not in a console.
        DirectoryFamilies = "directory_families",
        /// Distinct countries called from.
        Countries = "countries",
    }
}

words! {
    /// The kind of entity that a baseline belongs to.
    EntityKind {
        /// A person or workload, across all its sessions.
        Identity = "identity",
        /// A role that several identities may assume.
        Role = "role",
        /// A provider's account and region.
        Region = "region",
        /// Identities that are compared when they have no history of their own.
        PeerGroup = "peer_group",
        /// Everything that is ours.
        Estate = "estate",
    }
}

/// The name of an entity: its kind, and its canonical id within that kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// Its kind.
    pub kind: EntityKind,
    /// Its canonical id, such as an ARN, or `aws/111122223333/eu-west-1` for a region.
    pub id: Str,
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// Returns the group of a role: its path where it has one (`role/etl/nightly`), otherwise its name, in whatever account it is.
pub fn role_group(role: &str) -> &str {
    let name = role.split_once("role/").map_or(role, |(_, name)| name);
    name.rsplit_once('/').map_or(name, |(path, _)| path)
}

/// The last part of the name of an entity that many others are counted as. No provider gives such a name.
pub const OTHERS: &str = "(others)";

/// Returns whether a name is that of an entity made of others.
pub fn is_name_of_others(id: &str) -> bool {
    id.ends_with(OTHERS)
}
