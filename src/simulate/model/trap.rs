//! Honest situations that are loud because of the history that there is of them: something begins, repeats, or is done in bulk.

use serde::Serialize;

use crate::simulate::model::label::timestamp;
use crate::simulate::options::Options;
use crate::time::Day;

/// For how many days what begins is new: after that there is the history that a new store needs.
pub(crate) const NEW_FOR: i32 = 3;

/// What kind of situation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TrapKind {
    /// The data events of an account, or of all, are recorded from a day on.
    LateDataEvents,
    /// An account, a subscription or a project is recorded from a day on.
    LateAccount,
    /// A whole provider is recorded from a day on.
    LateProvider,
    /// What an identity that also does other work does once a week, at the same hour and in the same size.
    WeeklyJob,
    /// The same on the last day of each month.
    MonthEndJob,
    /// A person works through its own data in bulk, from its usual place and with its usual tool.
    BulkOwnWork,
    /// The calls that are made every day fail for half an hour, and are repeated.
    Outage,
    /// An administrator goes through all identities and their rights in a console.
    AccessReview,
    /// A person opens the property pages of a few buckets in a console, on some days of every week.
    PostureLooker,
    /// Many identities move to another tool, or another release, on one day.
    RollOut,
}

impl TrapKind {
    /// Returns its name, and what it means.
    fn name_and_note(self) -> (&'static str, &'static str) {
        match self {
            Self::LateDataEvents => ("late-data-events", "data events are recorded from now on"),
            Self::LateAccount => (
                "late-account",
                "an account or project is recorded from now on",
            ),
            Self::LateProvider => ("late-provider", "a provider is recorded from now on"),
            Self::WeeklyJob => ("weekly-job", "what is done once a week, always the same"),
            Self::MonthEndJob => ("month-end-job", "what is done at the end of a month"),
            Self::BulkOwnWork => ("bulk-own-work", "a person's own data in bulk, as usual"),
            Self::Outage => ("outage", "the calls of every day fail, and are repeated"),
            Self::AccessReview => ("access-review", "an access review in a console"),
            Self::PostureLooker => ("posture-looker", "the property pages of a few buckets"),
            Self::RollOut => ("roll-out", "another tool or release for many at once"),
        }
    }
}

/// One day of a trap: a line of `traps.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trap {
    /// The kind of situation.
    pub trap: &'static str,
    /// Which of its kind: all lines of one job, outage or roll-out have the same.
    pub instance: String,
    /// The ids of everybody whom it concerns.
    pub identity: Vec<String>,
    /// The time of its first record on that day, or the beginning of the day.
    pub start: String,
    /// The time of its last record on that day, or its end.
    pub end: String,
    /// What it means, in words.
    pub note: &'static str,
}

impl Trap {
    /// Makes a line from times in seconds since the epoch.
    pub(crate) fn new(
        kind: TrapKind,
        instance: &str,
        identity: Vec<String>,
        (start, end): (i64, i64),
    ) -> Self {
        let (trap, note) = kind.name_and_note();
        Self {
            trap,
            instance: format!("{trap} {instance}"),
            identity,
            start: timestamp(start),
            end: timestamp(end),
            note,
        }
    }

    /// Makes the line of a whole day.
    pub(crate) fn all_day(kind: TrapKind, instance: &str, identity: Vec<String>, day: Day) -> Self {
        let midnight = day.start().secs();
        Self::new(kind, instance, identity, (midnight, midnight + 86_399))
    }
}

/// The days on which traps may be judged: those on which attacks happen, or the last third.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrapDays {
    pub(crate) first: Day,
    pub(crate) last: Day,
}

impl TrapDays {
    pub(crate) fn of(options: &Options) -> Self {
        let from = match options.attack_days_from < options.days {
            true => options.attack_days_from,
            false => options.days - options.days.div_ceil(3),
        };
        Self {
            first: options.start.plus(from as i32),
            last: options.start.plus(options.days as i32 - 1),
        }
    }

    /// Returns the day after a share of them, 0 to 1.
    pub(crate) fn at(self, share: f64) -> Day {
        let days = self.last.since(self.first);
        self.first.plus((f64::from(days) * share) as i32)
    }

    /// Returns whether what began on a day is new on another.
    pub(crate) fn is_new(began: Day, day: Day) -> bool {
        (0..NEW_FOR).contains(&day.since(began))
    }
}
