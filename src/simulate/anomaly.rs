//! Oddities: what is out of the ordinary and yet honest, noted as it happens, so that false alerts can be told by cause.

use serde::Serialize;

use super::label::timestamp;
use super::trail::Trail;

/// Why an honest identity's day is out of the ordinary.
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
    /// Somebody does the work of a colleague who is away.
    HolidayCover,
    /// A whole page of the console's bucket list, which reads the posture of everything on it.
    ConsolePage,
    /// What is done once a week: full backups, inventories, exports, Friday's ledgers.
    WeeklyJob,
    /// Somebody works long before or long after the usual hours.
    LateSitting,
    /// Somebody on call is woken up.
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
    /// Somebody looks at buckets that are not part of the usual work.
    Exploration,
    /// Sensitive documents are read because an auditor asked for them.
    AuditRequest,
    /// Somebody who is hardly ever seen is back.
    Return,
    /// Not honest at all: part of an attack, noted for whoever's credentials were misused and whoever was made for it,
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

/// One honest oddity: a line of `oddities.jsonl`. It never reaches beyond a day; what lasts longer has a line a day.
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
    /// Makes an oddity from times in seconds since the epoch.
    pub(super) fn new(cause: Cause, identity: Vec<String>, (start, end): (i64, i64)) -> Self {
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

/// What a day's trail remembers about whoever is writing to it.
#[derive(Default)]
pub(super) struct AnomalyLog {
    /// The ids of who is at work; empty for those whose oddities are not noted, such as attackers.
    actor: Vec<String>,
    /// The times of all records, in order of generation.
    times: Vec<i64>,
    noted: Vec<(Cause, Vec<String>, (i64, i64))>,
}

/// A place in the day's records, from which spans are measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize);

impl AnomalyLog {
    /// Takes in the time of one more record.
    pub(super) fn note_time(&mut self, at: i64) {
        self.times.push(at);
    }
}

impl Trail {
    /// Says who is at work from now on; no ids mean somebody whose oddities are not noted.
    pub(super) fn set_actor(&mut self, ids: Vec<String>) -> Mark {
        self.notes.actor = ids;
        self.mark()
    }

    /// Returns the place that has been reached.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.notes.times.len())
    }

    /// Returns the first and the last time written since a mark, if anything was.
    pub(super) fn span(&self, since: Mark) -> Option<(i64, i64)> {
        let times = &self.notes.times[since.0..];
        Some((*times.iter().min()?, *times.iter().max()?))
    }

    /// Notes that what whoever is at work wrote since a mark was out of the ordinary; nothing if nothing was written.
    ///
    /// A cause is noted once a day for each identity; what comes later extends it.
    pub(super) fn note_anomaly(&mut self, cause: Cause, since: Mark) {
        let Some(span) = self.span(since).filter(|_| !self.notes.actor.is_empty()) else {
            return;
        };
        let notes = &mut self.notes;
        let same = |(c, ids, _): &&mut (Cause, Vec<String>, (i64, i64))| {
            *c == cause && ids[0] == notes.actor[0]
        };
        match notes.noted.iter_mut().rev().find(same) {
            Some((_, _, (first, last))) => {
                (*first, *last) = (span.0.min(*first), span.1.max(*last));
            }
            None => notes.noted.push((cause, notes.actor.clone(), span)),
        }
    }

    /// Notes that somebody had a part in an attack that began at a mark.
    pub(super) fn note_attacked(&mut self, ids: &[String], since: Mark) {
        self.set_actor(ids.to_vec());
        self.note_anomaly(Cause::Attacked, since);
        self.set_actor(Vec::new());
    }

    /// Takes the day's oddities out, in order of time.
    pub(super) fn take_anomalies(&mut self) -> Vec<BenignAnomaly> {
        let mut noted = std::mem::take(&mut self.notes.noted);
        noted.sort_by(|a, b| (a.2.0, a.0, &a.1).cmp(&(b.2.0, b.0, &b.1)));
        let anomaly = |(cause, identity, span)| BenignAnomaly::new(cause, identity, span);
        noted.into_iter().map(anomaly).collect()
    }
}
