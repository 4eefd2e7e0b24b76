//! Benign anomalies: unusual but legitimate activity, noted as it happens, so that every false alert has a known cause.

use serde::Serialize;

use crate::simulate::model::label::timestamp;

/// Why the day of a legitimate identity is unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Weeks of a table are read again over hours, mostly by a job.
    Backfill,
    /// A client repeats a call that fails, dozens of times.
    RetryStorm,
    /// A recursive listing or download of a whole bucket by mistake.
    FatFinger,
    /// A permission was taken away, and a script does not notice.
    RevokedPermission,
    /// Work from another network, partly in another region.
    Travel,
    /// A new release of the tool on its first day, or another tool altogether on its first two.
    Rollout,
    /// The first two days of a new identity.
    Joiner,
    /// A new role takes over all the work of an old one; its first three days.
    Takeover,
    /// The books are closed, and reports are due: the last two and first two days of a month.
    MonthEnd,
    /// The volume changes for good; the first five days.
    LevelShift,
    /// A new bucket joins the working set; its first day there.
    NewProject,
    /// Several people get another project's buckets on the same day; the first two days.
    Reorganisation,
    /// A person does the work of a colleague who is away.
    HolidayCover,
    /// A whole page of the console's bucket list, which reads the posture of everything on it.
    ConsolePage,
    /// What is done once a week: full backups, inventories, exports, Friday's ledgers.
    WeeklyJob,
    /// A person works long before or long after the usual hours.
    LateSitting,
    /// A person on call is woken up.
    OnCall,
    /// The posture of every bucket is read, as every night.
    Scanner,
    /// A scanner that was not there before; its first three nights.
    NewScanner,
    /// A one-off bulk copy between our own accounts.
    Migration,
    /// One task many times as large as usual.
    Burst,
    /// An object of three hundred megabytes or more.
    HugeObject,
    /// A person looks at buckets that are not part of the usual work.
    Exploration,
    /// Sensitive documents are read because an auditor asked for them.
    AuditRequest,
    /// A person who is hardly ever active is back.
    Return,
    /// Not benign: part of an attack, noted for the identity whose credentials were misused and the one created for it,
    /// because its label names one analytic and not every identity that it passed through.
    Attacked,
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 26] = [
        Self::Backfill,
        Self::RetryStorm,
        Self::FatFinger,
        Self::RevokedPermission,
        Self::Travel,
        Self::Rollout,
        Self::Joiner,
        Self::Takeover,
        Self::MonthEnd,
        Self::LevelShift,
        Self::NewProject,
        Self::Reorganisation,
        Self::HolidayCover,
        Self::ConsolePage,
        Self::WeeklyJob,
        Self::LateSitting,
        Self::OnCall,
        Self::Scanner,
        Self::NewScanner,
        Self::Migration,
        Self::Burst,
        Self::HugeObject,
        Self::Exploration,
        Self::AuditRequest,
        Self::Return,
        Self::Attacked,
    ];

    /// Returns the name of the cause and what it means.
    fn name_and_note(self) -> (&'static str, &'static str) {
        match self {
            Self::Backfill => ("backfill", "weeks of a table are read again"),
            Self::RetryStorm => ("retry-storm", "a failing call is repeated"),
            Self::FatFinger => ("fat-finger", "a whole bucket by mistake"),
            Self::RevokedPermission => ("revoked-permission", "a script loses a permission"),
            Self::Travel => ("travel", "work from another network"),
            Self::Rollout => ("rollout", "another release or tool"),
            Self::Joiner => ("joiner", "the first two days"),
            Self::Takeover => ("takeover", "a new role takes over an old one's work"),
            Self::MonthEnd => ("month-end", "the books are closed"),
            Self::LevelShift => ("level-shift", "the volume changes for good"),
            Self::NewProject => ("new-project", "a new bucket joins the working set"),
            Self::Reorganisation => ("reorganisation", "a team gets another project"),
            Self::HolidayCover => ("holiday-cover", "the work of a colleague who is away"),
            Self::ConsolePage => ("console-pages", "a page of the console's bucket list"),
            Self::WeeklyJob => ("weekly-job", "what is done once a week"),
            Self::LateSitting => ("late-sitting", "work at unusual hours"),
            Self::OnCall => ("on-call", "woken up at night"),
            Self::Scanner => ("scanner", "the nightly sweep of postures"),
            Self::NewScanner => ("new-scanner", "the first sweeps of a new scanner"),
            Self::Migration => ("migration", "a bulk copy between our own accounts"),
            Self::Burst => ("burst", "one task many times as large as usual"),
            Self::HugeObject => ("huge-object", "an object of 300 MB or more"),
            Self::Exploration => ("exploration", "a look at somebody else's buckets"),
            Self::AuditRequest => ("audit-request", "documents that an auditor asked for"),
            Self::Return => ("return", "somebody hardly ever seen is back"),
            Self::Attacked => ("attacked", "part of an attack"),
        }
    }

    /// Returns the cause as `oddities.jsonl` writes it.
    pub fn name(self) -> &'static str {
        self.name_and_note().0
    }
}

/// One benign anomaly: a line of `oddities.jsonl`. It lies within one day; what lasts longer has a line for each day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BenignAnomaly {
    /// The name of its [`Cause`].
    pub cause: &'static str,
    /// The canonical id of who did it, then its other ids.
    pub identity: Vec<String>,
    /// The time of its first record.
    pub start: String,
    /// The time of its last record.
    pub end: String,
    /// What the cause means, in words.
    pub note: &'static str,
}

impl BenignAnomaly {
    /// Makes an anomaly from times in seconds since the epoch.
    pub(crate) fn new(cause: Cause, identity: Vec<String>, (start, end): (i64, i64)) -> Self {
        let (cause, note) = cause.name_and_note();
        Self {
            cause,
            identity,
            start: timestamp(start),
            end: timestamp(end),
            note,
        }
    }
}
