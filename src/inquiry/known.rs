//! What is kept of an alert that was told, so that it can be chosen without reading it again.

use std::path::PathBuf;
use std::sync::Arc;

use crate::alert::Alert;
use crate::incident::Rank;
use crate::inquiry::selection::Selection;
use crate::stats::Severity;
use crate::store::LinePlace;
use crate::time::Time;

/// Where a document lies; what is read later is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) file: Arc<PathBuf>,
    pub(super) line: LinePlace,
}

/// What an alert is about, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct About {
    analytic: String,
    names: Vec<String>,
}

impl About {
    fn of(alert: &Alert) -> Self {
        let entity = &alert.entity;
        let names = entity.aliases.iter().chain(&entity.display_name);
        let names = names.chain([&entity.id]).map(|name| name.to_lowercase());
        Self {
            analytic: alert.analytic.clone(),
            names: names.collect(),
        }
    }

    fn is_of(&self, wanted: &Wanted) -> bool {
        let analytic = wanted.selection.analytic.as_ref();
        if analytic.is_some_and(|pattern| !pattern.matches(&self.analytic)) {
            return false;
        }
        let Some(entity) = &wanted.entity else {
            return true;
        };
        self.names.iter().any(|name| name.contains(entity))
    }
}

/// What is asked for, made ready for many comparisons.
pub(super) struct Wanted<'s> {
    pub(super) selection: &'s Selection,
    entity: Option<String>,
}

impl<'s> Wanted<'s> {
    pub(super) fn of(selection: &'s Selection) -> Self {
        Self {
            selection,
            entity: selection.entity.as_ref().map(|text| text.to_lowercase()),
        }
    }
}

/// An alert that was told. Of several documents the one with the greatest rank counts, and of several of one rank the last.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) rank: Rank,
    pub(super) at: At,
    pub(super) start: Time,
    pub(super) end: Time,
    severity: Severity,
    is_suppressed: bool,
    /// What the document that counts is about.
    about: About,
    /// What others are about, where that is something else.
    also_about: Vec<About>,
}

/// What a document meant for what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// It is kept, as it would have been had it been read in its place.
    Kept,
    /// It stands before one of its rank that was read already: all must be read in their order.
    OutOfOrder,
}

impl Known {
    pub(super) fn of(alert: &Alert, at: At) -> Self {
        let (start, end) = alert.span();
        Self {
            rank: Rank::of(alert),
            at,
            start,
            end,
            severity: alert.severity,
            is_suppressed: alert.suppressed_by.is_some(),
            about: About::of(alert),
            also_about: Vec::new(),
        }
    }

    /// Adds another document of the alert.
    pub(super) fn note(&mut self, alert: &Alert, at: At) -> Noted {
        let mut new = Self::of(alert, at);
        if new.rank == self.rank && new.at < self.at {
            return Noted::OutOfOrder;
        }
        if new.rank >= self.rank {
            std::mem::swap(self, &mut new);
            self.also_about = std::mem::take(&mut new.also_about);
        }
        // `new` is the one that does not count now.
        let others = &mut self.also_about;
        if new.about != self.about && !others.contains(&new.about) {
            others.push(new.about);
        }
        Noted::Kept
    }

    /// Returns whether any of its documents is about what is asked for.
    pub(super) fn was_about(&self, wanted: &Wanted) -> bool {
        self.about.is_of(wanted) || self.also_about.iter().any(|about| about.is_of(wanted))
    }

    /// Returns whether it is asked for.
    pub(super) fn is_wanted(&self, wanted: &Wanted) -> bool {
        wanted.selection.has((self.start, self.end), self.severity)
            && self.about.is_of(wanted)
            && (wanted.selection.with_suppressed || !self.is_suppressed)
    }
}
