//! The classes of attacks on the AWS accounts.

use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::company::{DATA, PROD, US_EAST};
use crate::simulate::model::grade::Grade;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttackClass {
    /// Many buckets listed within minutes.
    MassEnumeration,
    /// Many buckets listed over hours.
    SlowEnumeration,
    /// A workload's role lists in regions where it has no work.
    RegionEnumeration,
    /// Mostly refused attempts.
    DeniedEnumeration,
    /// A user is created, reads much, and does so from outside.
    CreatedUserExfiltration,
    /// A role is created, reads much from an instance, which then sends it out.
    CreatedRoleExfiltration,
    /// A user that was never used before reads much from outside.
    FirstUsedExfiltration,
    /// A sensitive bucket is synchronised to a machine outside.
    SensitiveSync,
    /// Sensitive objects are copied to a foreign account's bucket.
    SensitiveCopy,
    /// Replication of a sensitive bucket to a foreign account is configured.
    SensitiveReplication,
    /// A sensitive bucket is opened to a foreign account.
    SensitiveGrant,
    /// The posture of a whole account's buckets is read within seconds.
    PostureScan,
    /// A stolen key is used with a browser of buckets, or a tool that moves them.
    StolenKeyClient,
    /// A workload asks for the accounts of the organisation.
    OrganisationDiscovery,
    /// Users, roles and rights are listed.
    IamEnumeration,
    /// Reads of one bucket are refused, dozens in minutes.
    DeniedBurst,
    /// A bucket that is not sensitive is opened to everyone.
    PublicGrant,
    /// A bucket that is not sensitive is shared with a foreign account.
    ExternalGrant,
    /// Far more objects than ever are read, in many buckets, within minutes.
    MassRead,
    /// As many objects as always are read, but large ones.
    LargeRead,
    /// Far more objects than ever are read, over the whole day.
    SlowRead,
    /// Prefixes of the victim's own bucket that it never reads.
    NewPrefixRead,
    /// A machine sends much to an address that it never sent to, at once.
    EgressNewDestination,
    /// The same in small flows over hours.
    EgressTrickle,
    /// A machine sends far more than ever to an address that it knows.
    EgressKnownPeer,
    /// A machine that nobody stands behind sends much.
    EgressBareInstance,
    /// Objects are deleted one by one.
    MassDelete,
    /// Objects, or versions of them, are deleted hundreds at a time.
    BatchDelete,
    /// Buckets are emptied and deleted.
    BucketDelete,
    /// Lifecycle rules that let everything expire within a day.
    ExpireAll,
    /// Trails and flow logs are stopped and deleted.
    TrailStopped,
    /// Event selectors are narrowed, or the access log of a bucket is switched off.
    LogNarrowed,
    /// Detectors and recorders are switched off, or told to say nothing.
    DetectorOff,
    /// Machines are started in a region where the victim, or nobody, works.
    UnusedRegionCompute,
    /// Buckets are made and filled in such a region.
    UnusedRegionStorage,
    /// A user that is an hour old, or was never used, lists everything.
    NewcomerEnumeration,
    /// A user is created, lies idle for days, and then reads much from outside.
    LateUsedExfiltration,
    /// A role is created and reads much on an instance, which sends it out in small flows.
    TrickleExfiltration,
    /// A user is deleted and made again under the same name, and then reads much from outside.
    SameNameExfiltration,
}

impl AttackClass {
    /// What is planted if nothing else is asked for, in order of its analytics.
    pub const CORE: [Self; 11] = [
        Self::MassEnumeration,
        Self::SlowEnumeration,
        Self::RegionEnumeration,
        Self::DeniedEnumeration,
        Self::CreatedUserExfiltration,
        Self::CreatedRoleExfiltration,
        Self::FirstUsedExfiltration,
        Self::SensitiveSync,
        Self::SensitiveCopy,
        Self::SensitiveReplication,
        Self::SensitiveGrant,
    ];

    /// What is planted beside it for all other analytics that look at AWS.
    pub const MORE: [Self; 7] = [
        Self::PostureScan,
        Self::StolenKeyClient,
        Self::OrganisationDiscovery,
        Self::IamEnumeration,
        Self::DeniedBurst,
        Self::PublicGrant,
        Self::ExternalGrant,
    ];

    /// What is planted beside both: plain spikes, newcomers, blinded logs and unusual regions.
    pub const PLAIN: [Self; 21] = [
        Self::MassRead,
        Self::LargeRead,
        Self::SlowRead,
        Self::NewPrefixRead,
        Self::EgressNewDestination,
        Self::EgressTrickle,
        Self::EgressKnownPeer,
        Self::EgressBareInstance,
        Self::MassDelete,
        Self::BatchDelete,
        Self::BucketDelete,
        Self::ExpireAll,
        Self::TrailStopped,
        Self::LogNarrowed,
        Self::DetectorOff,
        Self::UnusedRegionCompute,
        Self::UnusedRegionStorage,
        Self::NewcomerEnumeration,
        Self::LateUsedExfiltration,
        Self::TrickleExfiltration,
        Self::SameNameExfiltration,
    ];

    /// Returns the class as labels write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MassEnumeration => "mass-enumeration",
            Self::SlowEnumeration => "slow-enumeration",
            Self::RegionEnumeration => "region-enumeration",
            Self::DeniedEnumeration => "denied-enumeration",
            Self::CreatedUserExfiltration => "created-user-exfiltration",
            Self::CreatedRoleExfiltration => "created-role-exfiltration",
            Self::FirstUsedExfiltration => "first-used-exfiltration",
            Self::SensitiveSync => "sensitive-sync",
            Self::SensitiveCopy => "sensitive-copy",
            Self::SensitiveReplication => "sensitive-replication",
            Self::SensitiveGrant => "sensitive-share",
            Self::PostureScan => "posture-sweep",
            Self::StolenKeyClient => "stolen-key-client",
            Self::OrganisationDiscovery => "organisation-discovery",
            Self::IamEnumeration => "iam-enumeration",
            Self::DeniedBurst => "denied-burst",
            Self::PublicGrant => "bucket-published",
            Self::ExternalGrant => "bucket-given-away",
            Self::MassRead => "mass-read",
            Self::LargeRead => "large-read",
            Self::SlowRead => "slow-read",
            Self::NewPrefixRead => "new-prefix-read",
            Self::EgressNewDestination => "egress-new-destination",
            Self::EgressTrickle => "egress-trickle",
            Self::EgressKnownPeer => "egress-known-peer",
            Self::EgressBareInstance => "egress-bare-instance",
            Self::MassDelete => "mass-delete",
            Self::BatchDelete => "batch-delete",
            Self::BucketDelete => "bucket-delete",
            Self::ExpireAll => "expire-everything",
            Self::TrailStopped => "trail-stopped",
            Self::LogNarrowed => "log-narrowed",
            Self::DetectorOff => "detector-off",
            Self::UnusedRegionCompute => "unused-region-compute",
            Self::UnusedRegionStorage => "unused-region-storage",
            Self::NewcomerEnumeration => "newcomer-enumeration",
            Self::LateUsedExfiltration => "late-used-exfiltration",
            Self::TrickleExfiltration => "trickle-exfiltration",
            Self::SameNameExfiltration => "same-name-exfiltration",
        }
    }

    /// Returns the analytic that should find it.
    pub fn analytic(self) -> &'static str {
        match self {
            Self::MassEnumeration
            | Self::SlowEnumeration
            | Self::RegionEnumeration
            | Self::DeniedEnumeration
            | Self::NewcomerEnumeration => "AN1594",
            Self::CreatedUserExfiltration
            | Self::CreatedRoleExfiltration
            | Self::FirstUsedExfiltration
            | Self::LateUsedExfiltration
            | Self::TrickleExfiltration
            | Self::SameNameExfiltration => "AN1328",
            Self::SensitiveSync
            | Self::SensitiveCopy
            | Self::SensitiveReplication
            | Self::SensitiveGrant => "AN0370",
            Self::PostureScan => "S3-POSTURE",
            Self::StolenKeyClient => "S3-CLIENT",
            Self::OrganisationDiscovery => "ACCOUNT-DISCOVERY",
            Self::IamEnumeration => "AN1088",
            Self::DeniedBurst => "S3-DENIED",
            Self::PublicGrant => "POLICY-PUBLIC",
            Self::ExternalGrant => "POLICY-EXTERNAL",
            Self::MassRead | Self::LargeRead | Self::SlowRead | Self::NewPrefixRead => {
                "ACCESS-SPIKE"
            }
            Self::EgressNewDestination
            | Self::EgressTrickle
            | Self::EgressKnownPeer
            | Self::EgressBareInstance => "EGRESS-SPIKE",
            Self::MassDelete | Self::BatchDelete | Self::BucketDelete | Self::ExpireAll => {
                "DELETE-SPIKE"
            }
            Self::TrailStopped | Self::LogNarrowed | Self::DetectorOff => "LOG-BLINDED",
            Self::UnusedRegionCompute | Self::UnusedRegionStorage => "UNUSUAL-REGION",
        }
    }

    /// Returns the other analytics whose alerts on it are right, in any grade: what they count is part of the attack.
    ///
    /// A stolen key is used from another place and with other tools, which shows in the victim's listings of that day (AN1594)
    /// and as a client that moves files (S3-CLIENT). Whole accounts are listed and read, sensitive buckets among them (AN0370),
    /// in regions where the victim never worked (UNUSUAL-REGION). What is read from outside leaves (EGRESS-SPIKE).
    /// Some attacks begin by asking whose the credentials are (AN1088).
    pub(crate) fn also(self) -> &'static [&'static str] {
        match self {
            Self::MassEnumeration | Self::SlowEnumeration => {
                &["AN0370", "AN1088", "S3-CLIENT", "UNUSUAL-REGION"]
            }
            Self::RegionEnumeration => &["AN0370", "S3-CLIENT", "UNUSUAL-REGION"],
            Self::DeniedEnumeration => &["AN0370", "S3-CLIENT", "S3-DENIED", "UNUSUAL-REGION"],
            Self::CreatedUserExfiltration
            | Self::CreatedRoleExfiltration
            | Self::FirstUsedExfiltration
            | Self::LateUsedExfiltration
            | Self::TrickleExfiltration
            | Self::SameNameExfiltration => &[
                "AN0370",
                "AN1088",
                "AN1594",
                "ACCESS-SPIKE",
                "EGRESS-SPIKE",
                "UNUSUAL-REGION",
            ],
            Self::StolenKeyClient => &[
                "AN0370",
                "AN1594",
                "ACCESS-SPIKE",
                "EGRESS-SPIKE",
                "UNUSUAL-REGION",
            ],
            Self::OrganisationDiscovery => &["AN1088", "AN1594", "S3-CLIENT"],
            Self::DeniedBurst => &["AN0370", "AN1594", "S3-CLIENT"],
            Self::SensitiveSync | Self::SensitiveCopy => &[
                "AN1594",
                "S3-CLIENT",
                "ACCESS-SPIKE",
                "EGRESS-SPIKE",
                "UNUSUAL-REGION",
            ],
            Self::SensitiveReplication
            | Self::SensitiveGrant
            | Self::PostureScan
            | Self::IamEnumeration
            | Self::PublicGrant
            | Self::ExternalGrant => &["AN1594", "S3-CLIENT"],
            Self::MassRead | Self::LargeRead | Self::SlowRead | Self::NewPrefixRead => {
                &["AN1594", "S3-CLIENT", "EGRESS-SPIKE", "UNUSUAL-REGION"]
            }
            Self::EgressNewDestination
            | Self::EgressTrickle
            | Self::EgressKnownPeer
            | Self::EgressBareInstance => &["ACCESS-SPIKE"],
            Self::MassDelete | Self::BatchDelete | Self::BucketDelete | Self::ExpireAll => {
                &["AN1594", "S3-CLIENT", "UNUSUAL-REGION"]
            }
            Self::TrailStopped | Self::LogNarrowed | Self::DetectorOff => &["UNUSUAL-REGION"],
            Self::UnusedRegionCompute | Self::UnusedRegionStorage => {
                &["AN1594", "S3-CLIENT", "ACCESS-SPIKE"]
            }
            Self::NewcomerEnumeration => {
                &["AN0370", "AN1088", "AN1328", "S3-CLIENT", "UNUSUAL-REGION"]
            }
        }
    }

    /// Returns the class of a name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::CORE
            .into_iter()
            .chain(Self::MORE)
            .chain(Self::PLAIN)
            .find(|class| class.name() == name)
    }

    /// Returns whether the credentials of an identity can be misused for it.
    pub(crate) fn suits(self, who: &Identity, grade: Grade) -> bool {
        let person = matches!(who.kind, Kind::Analyst | Kind::Developer);
        let hidden = grade == Grade::Hidden;
        let logs_instances = matches!(who.account, PROD | DATA);
        match self {
            Self::RegionEnumeration if hidden => who.kind == Kind::Etl,
            Self::RegionEnumeration => {
                matches!(who.kind, Kind::Lambda | Kind::Etl | Kind::WebService)
                    && who.region == US_EAST
            }
            Self::MassEnumeration | Self::SlowEnumeration | Self::DeniedEnumeration => {
                person || !hidden && matches!(who.kind, Kind::Lambda | Kind::Ci)
            }
            // No credentials are misused: the user was created long ago.
            Self::FirstUsedExfiltration => false,
            Self::CreatedUserExfiltration => who.kind == Kind::Admin,
            // Flow logs name instances in these accounts only.
            Self::CreatedRoleExfiltration => who.kind == Kind::Admin && logs_instances,
            // Hidden among those who read, or copy away, such documents all the time.
            Self::SensitiveSync if hidden => who.kind == Kind::Finance,
            Self::SensitiveCopy if hidden => who.kind == Kind::VendorBackup,
            Self::SensitiveSync | Self::SensitiveCopy => person && logs_instances,
            Self::SensitiveReplication | Self::SensitiveGrant => match grade {
                Grade::Subtle | Grade::Hidden => who.kind == Kind::Admin && logs_instances,
                _ => person && logs_instances,
            },
            // Hidden among those who do the same every day.
            Self::PostureScan | Self::IamEnumeration if hidden => who.kind == Kind::Admin,
            Self::OrganisationDiscovery if hidden => who.kind == Kind::Auditor,
            Self::DeniedBurst if hidden => who.kind == Kind::Stuck,
            Self::PublicGrant | Self::ExternalGrant if hidden => who.kind == Kind::Deployer,
            // Only there are so many buckets in every estate.
            Self::PostureScan => {
                logs_instances && (person || matches!(who.kind, Kind::Lambda | Kind::Ci))
            }
            // Such tools work with keys that last.
            Self::StolenKeyClient => person && who.identity_type == IdentityType::User,
            Self::OrganisationDiscovery => {
                matches!(who.kind, Kind::Lambda | Kind::Etl | Kind::WebService)
            }
            Self::IamEnumeration | Self::DeniedBurst => {
                person || matches!(who.kind, Kind::Lambda | Kind::Ci)
            }
            Self::PublicGrant | Self::ExternalGrant => {
                logs_instances
                    && if grade == Grade::Subtle {
                        who.kind == Kind::Admin
                    } else {
                        person
                    }
            }
            Self::MassRead | Self::SlowRead | Self::LargeRead | Self::NewPrefixRead => {
                person
                    || matches!(
                        who.kind,
                        Kind::Etl | Kind::Lambda | Kind::WebService | Kind::Batch
                    )
            }
            // Hidden, it is what the exporter sends anyway.
            Self::EgressKnownPeer if hidden => who.kind == Kind::Exporter,
            Self::EgressNewDestination | Self::EgressTrickle | Self::EgressKnownPeer => {
                logs_instances
                    && who.instance.is_some()
                    && matches!(
                        who.kind,
                        Kind::Etl | Kind::WebService | Kind::Backup | Kind::Indexer
                    )
            }
            // Nobody stands behind the machine.
            Self::EgressBareInstance => false,
            Self::BatchDelete | Self::BucketDelete if hidden => who.kind == Kind::Cleaner,
            Self::ExpireAll if hidden => who.kind == Kind::Infrastructure,
            Self::MassDelete | Self::BatchDelete => {
                person || matches!(who.kind, Kind::Etl | Kind::Lambda | Kind::Batch)
            }
            Self::BucketDelete | Self::ExpireAll => person || who.kind == Kind::Admin,
            Self::TrailStopped | Self::LogNarrowed | Self::DetectorOff => match grade {
                Grade::Blatant => person,
                Grade::Medium => who.kind == Kind::Admin,
                Grade::Subtle => matches!(who.kind, Kind::Admin | Kind::Developer),
                Grade::Hidden => who.kind == Kind::Infrastructure,
            },
            Self::UnusedRegionCompute => {
                who.region == US_EAST
                    && matches!(who.kind, Kind::Developer | Kind::Ci | Kind::Admin)
            }
            Self::UnusedRegionStorage => {
                who.region == US_EAST && (person || matches!(who.kind, Kind::Lambda | Kind::Ci))
            }
            Self::NewcomerEnumeration | Self::LateUsedExfiltration => who.kind == Kind::Admin,
            Self::TrickleExfiltration => who.kind == Kind::Admin && logs_instances,
            Self::SameNameExfiltration => who.kind == Kind::Courier,
        }
    }
}
