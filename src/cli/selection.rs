//! Which of the alerts and incidents that were told are shown.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::format::Format;
use crate::cli::{Common, Console};
use crate::error::Result;
use crate::inquiry::{self, AnalyticPattern, Inquiry, Instant, Page, Place};
use crate::report::noun;
use crate::stats::Severity;

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
    pub analytic: Option<AnalyticPattern>,
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

impl Selection {
    /// Returns what is asked for.
    ///
    /// # Errors
    ///
    /// A usage error if it ends before it begins.
    pub fn asked(&self) -> Result<inquiry::Selection> {
        let selection = inquiry::Selection {
            since: self.since.map(Instant::time),
            until: self.until.map(Instant::time),
            severity: self.severity.map(AtLeast::severity),
            entity: self.entity.clone(),
            analytic: self.analytic.clone(),
            is_open: self.open,
            with_suppressed: self.show_suppressed,
            limit: self.limit,
            cursor: None,
        };
        selection.check("--")?;
        Ok(selection)
    }

    /// Returns where alerts are asked for.
    pub fn inquiry(&self, common: &Common) -> Inquiry {
        Inquiry::of(Place::of(self.from.as_ref(), common.store()))
    }
}

/// Passes on the pages of a list, and returns how many are left when as many as are asked for were passed on. Warns of lines that are no
/// alerts.
///
/// # Errors
///
/// Fails if a page cannot be had, or `show` fails.
pub fn each_page<T>(
    mut selection: inquiry::Selection,
    console: &Console,
    page: impl Fn(&inquiry::Selection) -> Result<Page<T>>,
    mut show: impl FnMut(Vec<T>) -> Result<()>,
) -> Result<usize> {
    let mut is_first = true;
    loop {
        let Page {
            items,
            next,
            n_left,
            n_others,
        } = page(&selection)?;
        if is_first {
            warn_of_others(n_others, console);
        }
        is_first = false;
        let limit = selection.limit.as_mut();
        let is_full = limit.is_some_and(|limit| {
            *limit = limit.saturating_sub(items.len());
            *limit == 0
        });
        show(items)?;
        if is_full || next.is_none() {
            return Ok(n_left);
        }
        selection.cursor = next;
    }
}

/// Warns of lines that are no alerts, such as one that a crash cut short.
fn warn_of_others(n_others: u64, console: &Console) {
    if n_others > 0 {
        let lines = noun(
            n_others,
            "line is no alert and is",
            "lines are no alerts and are",
        );
        console.warn(&format!("{lines} passed over"));
    }
}
