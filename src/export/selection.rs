//! Which rows of a table are asked for.

use crate::error::{Error, Result};
use crate::inquiry::{self, AnalyticPattern};
use crate::time::{Day, Time};

/// Which rows are asked for. Without anything, all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only what was going on at this time or later.
    pub since: Option<Time>,
    /// Only what was going on at this time or earlier.
    pub until: Option<Time>,
    /// Only entities with this in an id, alias or name, whatever the case of its letters.
    pub entity: Option<String>,
    /// Only these analytics.
    pub analytic: Option<AnalyticPattern>,
}

impl Selection {
    /// Demands that what is asked for does not end before it begins.
    ///
    /// # Errors
    ///
    /// A usage error.
    pub fn check(&self) -> Result<()> {
        match (self.since, self.until) {
            (Some(since), Some(until)) if since > until => Err(Error::usage(format!(
                "what is asked for begins ({since}) after it ends ({until})"
            ))),
            _ => Ok(()),
        }
    }

    /// Returns whether something that went on from one instant to another is asked for.
    pub(super) fn has(&self, (start, end): (Time, Time)) -> bool {
        self.since.is_none_or(|since| end >= since) && self.until.is_none_or(|until| start <= until)
    }

    /// Returns whether something that went on from one day to another is asked for.
    pub(super) fn has_days(&self, first: Day, last: Day) -> bool {
        let end = Time::from_nanos(last.end().nanos().saturating_sub(1));
        self.has((first.start(), end))
    }

    /// Returns whether an analytic is asked for.
    pub(super) fn has_analytic(&self, analytic: &str) -> bool {
        let pattern = self.analytic.as_ref();
        pattern.is_none_or(|pattern| pattern.matches(analytic))
    }

    /// Returns which names of entities are asked for.
    pub(super) fn names(&self) -> Names {
        Names(self.entity.as_ref().map(|text| text.to_lowercase()))
    }

    /// Returns it as an inquiry takes it: with what approvals cover, and on pages of so many.
    pub(super) fn of_told(&self, limit: usize) -> inquiry::Selection {
        inquiry::Selection {
            since: self.since,
            until: self.until,
            entity: self.entity.clone(),
            analytic: self.analytic.clone(),
            with_suppressed: true,
            limit: Some(limit),
            ..inquiry::Selection::default()
        }
    }
}

/// Which names of entities are asked for; without anything, all.
pub(super) struct Names(Option<String>);

impl Names {
    /// Returns whether an entity with these names is asked for.
    pub(super) fn has<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let mut names = names.into_iter();
        self.0
            .as_ref()
            .is_none_or(|wanted| names.any(|name| name.to_lowercase().contains(wanted)))
    }
}
