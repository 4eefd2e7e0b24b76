//! Incidents on which nobody has given a verdict.

use std::collections::BTreeMap;

use crate::incident::Incident;
use crate::stats::Severity;
use crate::time::Time;
use crate::top::listed::ListedIncidents;

/// How many incidents there are on which nobody has given a verdict: all of them, whatever is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenIncidents {
    /// How many of each severity; none is absent or 0.
    pub by_severity: BTreeMap<Severity, u64>,
    /// When the one that went on last ended.
    pub newest: Option<Time>,
}

impl OpenIncidents {
    /// Counts them. `ask` returns the open ones of a severity and above, of which one is enough, with how many are left.
    ///
    /// # Errors
    ///
    /// Fails if asking does.
    pub fn counted<E>(
        mut ask: impl FnMut(Severity) -> Result<ListedIncidents, E>,
    ) -> Result<Self, E> {
        let mut open = Self::default();
        let mut above = 0;
        // What comes in between is put right when they are counted again: it was told after this began.
        for severity in Severity::ALL.into_iter().rev() {
            let listed = ask(severity)?;
            let n = listed.total();
            if n > above {
                open.by_severity.insert(severity, n - above);
                above = n;
            }
            let newest = listed.incidents.iter().map(|incident| incident.end).max();
            open.newest = open.newest.max(newest);
        }
        Ok(open)
    }

    /// Returns how many there are.
    pub(super) fn total(&self) -> u64 {
        self.by_severity.values().sum()
    }
}

/// Returns whether nobody has given a verdict on something of an incident.
pub(super) fn is_open(incident: &Incident) -> bool {
    incident.verdict.as_ref().is_none_or(|said| said.open > 0)
}
