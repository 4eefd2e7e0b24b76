//! Which of the alerts and incidents that were told are asked for.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::inquiry::cursor::Cursor;
use crate::inquiry::moment::{AnalyticPattern, Instant};
use crate::stats::Severity;
use crate::time::Time;

/// Which alerts or incidents are asked for. Without anything, all that no approval covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only what was going on at this time or later.
    pub since: Option<Time>,
    /// Only what was going on at this time or earlier.
    pub until: Option<Time>,
    /// Only this severity and above.
    pub severity: Option<Severity>,
    /// Only entities with this in an id, alias or name, whatever the case of its letters.
    pub entity: Option<String>,
    /// Only these analytics.
    pub analytic: Option<AnalyticPattern>,
    /// Only those on which nobody has given a verdict.
    pub is_open: bool,
    /// Also those that an approval covers.
    pub with_suppressed: bool,
    /// At most so many, the newest.
    pub limit: Option<usize>,
    /// Only those after the end of this page.
    pub cursor: Option<Cursor>,
}

impl Selection {
    /// The names of its parts, as options, parameters and arguments have them.
    pub const NAMES: [&str; 9] = [
        "since",
        "until",
        "severity",
        "entity",
        "analytic",
        "open",
        "show_suppressed",
        "limit",
        "cursor",
    ];

    /// Reads one of names and texts, such as the parameters of a query. `open` and `show_suppressed` are `true` or `false`; without a text
    /// they are true.
    ///
    /// # Errors
    ///
    /// A usage error that names the part, if there is none of that name, if its text is none for it, or if what is asked for ends before
    /// it begins.
    ///
    /// ```
    /// use plimsoll::inquiry::Selection;
    /// let selection = Selection::read([("since", "2026-03-16"), ("severity", "high"), ("open", "")])?;
    /// assert!(selection.is_open && selection.since.is_some());
    /// let error = Selection::read([("since", "yesterday")]).unwrap_err();
    /// assert_eq!(error.message(), "`since`: expected a day or an instant, as in 2026-03-16 or 2026-03-16T04:11:09Z");
    /// # Ok::<(), plimsoll::error::Error>(())
    /// ```
    pub fn read<'t>(parts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self> {
        let mut selection = Self::default();
        for (name, text) in parts {
            selection.set(name, text)?;
        }
        selection.check("")?;
        Ok(selection)
    }

    fn set(&mut self, name: &str, text: &str) -> Result<()> {
        match name {
            "since" => self.since = Some(part::<Instant<false>>(name, text)?.time()),
            "until" => self.until = Some(part::<Instant<true>>(name, text)?.time()),
            "severity" => self.severity = Some(severity(text)?),
            "entity" => self.entity = Some(text.to_owned()),
            "analytic" => self.analytic = Some(part(name, text)?),
            "open" => self.is_open = switch(name, text)?,
            "show_suppressed" => self.with_suppressed = switch(name, text)?,
            "limit" => self.limit = Some(number(name, text)?),
            "cursor" => self.cursor = Some(part(name, text)?),
            other => {
                return Err(Error::usage(format!("`{other}` is no part of a selection"))
                    .hint(format!("its parts are {}", Self::NAMES.join(", "))));
            }
        }
        Ok(())
    }

    /// Demands that what is asked for does not end before it begins. `prefix` stands before the names of options, as in `--since`.
    ///
    /// # Errors
    ///
    /// A usage error.
    pub fn check(&self, prefix: &str) -> Result<()> {
        match (self.since, self.until) {
            (Some(since), Some(until)) if since > until => Err(Error::usage(format!(
                "`{prefix}since` ({since}) is later than `{prefix}until` ({until})"
            ))),
            _ => Ok(()),
        }
    }

    /// Returns whether something of this span and severity is asked for.
    pub(super) fn has(&self, (start, end): (Time, Time), severity: Severity) -> bool {
        self.since.is_none_or(|since| end >= since)
            && self.until.is_none_or(|until| start <= until)
            && self.severity.is_none_or(|least| severity >= least)
    }
}

fn part<T: FromStr<Err = String>>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|e| Error::usage(format!("`{name}`: {e}")))
}

fn severity(text: &str) -> Result<Severity> {
    Severity::parse(text).ok_or_else(|| {
        let words: Vec<&str> = Severity::ALL.iter().map(|s| s.as_str()).collect();
        Error::usage(format!("`severity`: expected one of {}", words.join(", ")))
    })
}

fn switch(name: &str, text: &str) -> Result<bool> {
    match text {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::usage(format!("`{name}`: expected true or false"))),
    }
}

fn number(name: &str, text: &str) -> Result<usize> {
    text.parse()
        .map_err(|_| Error::usage(format!("`{name}`: expected a number, 0 or more")))
}
