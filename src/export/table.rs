//! The tables that there are.

use crate::error::{Error, Result};
use crate::export::rows::{alerts, baselines, incidents, surprises, traits, windows};
use crate::export::schema::{Column, columns};
use crate::export::selection::Selection;

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// What is usual, per entity, metric and window.
    Baselines,
    /// What was measured, per entity, metric and window of time.
    Windows,
    /// The distributions from which thresholds are chosen.
    Surprises,
    /// The known values of entities.
    Traits,
    /// Alerts, each as it was told last.
    Alerts,
    /// Incidents.
    Incidents,
}

/// By what the rows of a table can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filters {
    /// The columns between which a time must lie: of a row that touches the period that is asked for.
    pub period: (&'static str, &'static str),
    /// Whether by entity.
    pub entity: bool,
    /// Whether by analytic.
    pub analytic: bool,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 6] = [
        Self::Baselines,
        Self::Windows,
        Self::Surprises,
        Self::Traits,
        Self::Alerts,
        Self::Incidents,
    ];

    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baselines => "baselines",
            Self::Windows => "windows",
            Self::Surprises => "surprises",
            Self::Traits => "traits",
            Self::Alerts => "alerts",
            Self::Incidents => "incidents",
        }
    }

    /// Returns the table of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == name)
    }

    /// Returns what it has, in a line.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Baselines => "What is usual for each entity, per metric and window",
            Self::Windows => "What was measured of each entity, per metric and window of time",
            Self::Surprises => "The stored distributions from which thresholds are chosen",
            Self::Traits => "The known values of each entity",
            Self::Alerts => "The alerts, each as it was told last",
            Self::Incidents => "The incidents that the alerts belong to",
        }
    }

    /// Returns what a row is, and what to know of the table.
    pub const fn notes(self) -> &'static str {
        match self {
            Self::Baselines => baselines::NOTES,
            Self::Windows => windows::NOTES,
            Self::Surprises => surprises::NOTES,
            Self::Traits => traits::NOTES,
            Self::Alerts => alerts::NOTES,
            Self::Incidents => incidents::NOTES,
        }
    }

    /// Returns its columns.
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Baselines => columns(&baselines::fields()),
            Self::Windows => columns(&windows::fields()),
            Self::Surprises => columns(&surprises::fields()),
            Self::Traits => columns(&traits::fields()),
            Self::Alerts => columns(&alerts::fields()),
            Self::Incidents => columns(&incidents::fields()),
        }
    }

    /// Returns by what its rows can be chosen.
    pub const fn filters(self) -> Filters {
        let (period, entity, analytic) = match self {
            Self::Baselines => (("first_seen", "last_seen"), true, false),
            Self::Windows => (("start", "end"), true, false),
            Self::Surprises => (("week_start", "week_end"), false, true),
            Self::Traits => (("last_seen", "last_seen"), true, false),
            Self::Alerts | Self::Incidents => (("start", "end"), true, true),
        };
        Filters {
            period,
            entity,
            analytic,
        }
    }

    /// Demands that what is asked for can be asked of it.
    ///
    /// # Errors
    ///
    /// A usage error that names the filter, if it has none such, or if what is asked for ends before it begins.
    pub fn check(self, selection: &Selection) -> Result<()> {
        let filters = self.filters();
        let asked = [
            ("entity", selection.entity.is_some(), filters.entity),
            ("analytic", selection.analytic.is_some(), filters.analytic),
        ];
        for (name, is_asked, is_there) in asked {
            if is_asked && !is_there {
                let others = Self::ALL.into_iter().filter(|other| match name {
                    "entity" => other.filters().entity,
                    _ => other.filters().analytic,
                });
                let others: Vec<&str> = others.map(Self::as_str).collect();
                return Err(Error::usage(format!(
                    "rows of `{}` are of no {name}, so that they cannot be chosen by `{name}`",
                    self.as_str()
                ))
                .hint(format!("these can: {}", others.join(", "))));
            }
        }
        selection.check()
    }
}
