//! Incidents as a service lists them.

use serde::Deserialize;

use crate::incident::Incident;

/// The newest incidents of those that are wanted, as `/v1/incidents` answers them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct ListedIncidents {
    /// The newest.
    pub incidents: Vec<Incident>,
    /// How many older ones there are.
    pub left: u64,
}

impl ListedIncidents {
    /// Returns how many there are with the older ones.
    pub(super) fn total(&self) -> u64 {
        (self.incidents.len() as u64).saturating_add(self.left)
    }
}
