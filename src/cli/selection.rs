//! Which of the alerts and incidents that were told are shown.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::alert::Alert;
use crate::cli::format::Format;
use crate::error::Error;
use crate::glob::Glob;
use crate::stats::Severity;
use crate::time::{Day, Time};

/// Options of the commands that show what was told.
#[derive(Debug, Args)]
pub struct Selection {
    /// Only what was going on at this time or later: a day, as in 2026-03-16, or an instant.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Instant<false>>,
    /// Only what was going on at this time or earlier: a day, with all of it, or an instant.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Instant<true>>,
    /// Only this severity and above.
    #[arg(long, value_name = "SEVERITY")]
    pub severity: Option<AtLeast>,
    /// Only entities with this id, alias or name, or a part of one.
    #[arg(long, value_name = "ENTITY")]
    pub entity: Option<String>,
    /// Only this analytic; `*` and `?` are wildcards.
    #[arg(long, value_name = "ID")]
    pub analytic: Option<Pattern>,
    /// Only those on which nobody has given a verdict.
    #[arg(long)]
    pub open: bool,
    /// Also those that an approval covers.
    #[arg(long)]
    pub show_suppressed: bool,
    /// At most so many, the newest.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Read alerts from this file, such as the alerts.jsonl of a backtest, instead of the store.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// An instant, or the first or last one of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant<const LAST: bool>(Time);

impl<const LAST: bool> Instant<LAST> {
    /// Returns the instant.
    pub fn time(self) -> Time {
        self.0
    }
}

impl<const LAST: bool> FromStr for Instant<LAST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of_day = |day: Day| {
            if LAST {
                Time::from_nanos(day.end().nanos().saturating_sub(1))
            } else {
                day.start()
            }
        };
        let time = Day::parse(text).map(of_day).or_else(|| Time::parse(text));
        time.map(Self).ok_or_else(|| {
            "expected a day or an instant, as in 2026-03-16 or 2026-03-16T04:11:09Z".to_owned()
        })
    }
}

/// A severity and all above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AtLeast {
    /// Everything.
    Informational,
    /// Below the threshold, and above.
    Low,
    /// At least the threshold.
    Medium,
    /// One entity-day in ten thousand, and above.
    High,
    /// One entity-day in a hundred thousand.
    Critical,
}

impl AtLeast {
    fn severity(self) -> Severity {
        match self {
            Self::Informational => Severity::Informational,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

/// A pattern of ids of analytics.
#[derive(Debug, Clone)]
pub struct Pattern(Glob);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Glob::new(text)
            .map(Self)
            .ok_or_else(|| "the pattern is too long".to_owned())
    }
}

impl Selection {
    /// Demands that what is asked for does not end before it begins.
    ///
    /// # Errors
    ///
    /// A usage error.
    pub fn check(&self) -> crate::error::Result<()> {
        match (self.since, self.until) {
            (Some(Instant(since)), Some(Instant(until))) if since > until => Err(Error::usage(
                format!("`--since` ({since}) is later than `--until` ({until})"),
            )),
            _ => Ok(()),
        }
    }

    /// Returns whether something of this span and severity is shown.
    pub fn has(&self, (start, end): (Time, Time), severity: Severity) -> bool {
        self.since.is_none_or(|Instant(since)| end >= since)
            && self.until.is_none_or(|Instant(until)| start <= until)
            && self
                .severity
                .is_none_or(|least| severity >= least.severity())
    }

    /// Returns whether an alert is of the entity and the analytic that are asked for.
    pub fn is_about(&self, alert: &Alert) -> bool {
        let analytic = self.analytic.as_ref();
        if analytic.is_some_and(|Pattern(glob)| !glob.matches(&alert.analytic)) {
            return false;
        }
        let Some(wanted) = self.entity.as_ref().map(|text| text.to_lowercase()) else {
            return true;
        };
        let entity = &alert.entity;
        let names = entity.aliases.iter().chain(&entity.display_name);
        names
            .chain([&entity.id])
            .any(|name| name.to_lowercase().contains(&wanted))
    }
}
