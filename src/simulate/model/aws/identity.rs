//! A person or workload of the AWS accounts.

use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::user_agent::Client;
use crate::time::Day;

/// The kind of work that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Analyst,
    /// An analyst who closes the books from sensitive buckets: every Friday, and heavily at month end.
    Finance,
    Developer,
    Admin,
    WebService,
    Etl,
    Backup,
    /// Copies to the backup vendor's account, which is approved.
    VendorBackup,
    Indexer,
    /// Reads the posture of every bucket, every night.
    Scanner,
    /// Lists every bucket of the production and data accounts, every Sunday.
    Inventory,
    /// Reads much every Wednesday and sends it to a business partner, from its instance.
    Exporter,
    Ci,
    /// A role that is assumed anew for every job, under random session names.
    Batch,
    Lambda,
    /// Hardly ever active.
    Dormant,
    Partner,
    /// Writes the policies of a website's buckets, every day the same.
    Deployer,
    /// Goes through the organisation's accounts, every night.
    Auditor,
    /// A job whose bucket was closed to it long ago, and that tries every day.
    Stuck,
    /// Copies a part of the lake with a sync tool, every night.
    Mirror,
    /// Deploys to a stage, and deletes what it made there: hundreds of objects, and now and then a bucket.
    Cleaner,
    /// Deletes last month's data on the first of each month.
    MonthlyPurge,
    /// Deletes last week's data every Monday.
    WeeklyPurge,
    /// Puts the configuration of logs and lifecycles again every night, as the code has it.
    Infrastructure,
    /// A backup that grows by a few percent a day, and now and then reads everything.
    Grower,
    /// A role that is deleted and made again every night, for tests.
    TestRole,
    /// A user that fetches a feed every day.
    Courier,
}

impl Kind {
    /// Returns whether it is a person.
    pub(crate) fn is_person(self) -> bool {
        matches!(
            self,
            Self::Analyst | Self::Finance | Self::Developer | Self::Admin | Self::Dormant
        )
    }
}

/// The kind of credentials that it works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityType {
    User,
    /// A single-sign-on role whose session is named after the person's mail address.
    Sso,
    /// A role on an instance.
    Instance,
    Oidc,
    Lambda,
    Assumed,
    /// A role in an account that is not ours.
    Foreign,
}

/// An instance and where it sits in the network.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) interface: String,
    pub(crate) address: String,
}

/// A person or workload.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) identity_type: IdentityType,
    /// User name, mail address (single sign-on) or role name.
    pub(crate) name: String,
    pub(crate) account: usize,
    pub(crate) region: usize,
    /// The unique id that AWS assigned to the user or role.
    pub(crate) unique: String,
    /// The long-term access key of a user.
    pub(crate) key: String,
    pub(crate) instance: Option<Instance>,
    pub(crate) client: Client,
    pub(crate) platform: usize,
    pub(crate) release: usize,
    /// When the tool moves to its next release, and to which client; none if it stays.
    pub(crate) rollout: Option<(Day, Client)>,
    /// Places of the buckets that it works with, favourite first.
    pub(crate) buckets: Vec<usize>,
    /// A lasting factor on everything it does.
    pub(crate) level: f64,
    /// A factor from a day on.
    pub(crate) shift: Option<(Day, f64)>,
    /// The daily growth of its level.
    pub(crate) drift: f64,
    /// How much its days differ: the spread of the logarithm of a day's volume.
    pub(crate) spread: f64,
    pub(crate) joins: Day,
    pub(crate) leaves: Option<Day>,
    /// Away from the first day to the last.
    pub(crate) trip: Option<(Day, Day)>,
    /// Whether it reads much in its first two days, to set up a new laptop.
    pub(crate) sets_up: bool,
    /// Whether it takes over the work of another identity.
    pub(crate) is_successor: bool,
    /// Buckets that it works with beside the usual ones, for a time or for good.
    pub(crate) assignments: Vec<Assignment>,
    /// On leave from the first day to the last.
    pub(crate) away: Vec<(Day, Day)>,
    /// The days before whose dawn it is called.
    pub(crate) on_call_nights: Vec<Day>,
    /// The day on which it carries out a migration.
    pub(crate) migrates: Option<Day>,
    /// When its working day begins, in seconds of the UTC day.
    pub(crate) begins: i64,
    /// How often it works through the console.
    pub(crate) console: f64,
}

/// A bucket that an identity works with beside its usual ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assignment {
    /// The bucket's place.
    pub(crate) bucket: usize,
    pub(crate) from: Day,
    /// The last day, if it ends.
    pub(crate) until: Option<Day>,
    pub(crate) cause: Cause,
}

impl Assignment {
    /// Returns whether it holds on a day.
    pub(crate) fn holds(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|last| day <= last)
    }

    /// Returns whether it is still so new on that day that it is unusual.
    pub(crate) fn is_new(&self, day: Day) -> bool {
        let days = match self.cause {
            Cause::NewProject => 1,
            Cause::Reorganisation => 2,
            _ => i32::MAX,
        };
        self.holds(day) && day.since(self.from) < days
    }
}
