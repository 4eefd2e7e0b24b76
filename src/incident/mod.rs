//! Incidents: the alerts that tell of one act or have one cause, which one analyst looks at once.
//!
//! Alerts are joined by three edges and by nothing else: the *same actor*, *lineage* (an identity was created, or its credential
//! issued, by another) and *one cause* (the same new value on three or more identities within a day: a roll-out). Which alerts belong
//! together is a function of the set of alert documents, whatever their order. An incident stores nothing of its own: it is computed
//! from the alerts whenever it is asked for.
//!
//! [`Joiner`] is handed alerts and says which incident each belongs to. [`Incident::of`] tells one incident from its alerts.

mod act;
mod build;
mod cause;
mod document;
mod earlier;
mod extent;
mod group;
mod join;
mod joiner;
mod node;
mod once;
mod people;
mod playbook;
mod principal;
mod sets;
mod severity;
mod stage;
mod timeline;
mod title;

pub use build::{incidents, latest};
pub use document::{
    Beyond, Cause, Incident, IncidentEntity, IncidentVerdict, Moment, OriginAddress, Part, SCHEMA,
};
pub use earlier::EarlierJoiner;
pub use group::{ALERTS_MAX, DAYS_MAX, Group, incident_id};
pub use joiner::Joiner;
pub use node::Rank;
pub use playbook::Playbook;
pub use stage::Stage;

#[cfg(test)]
mod tests;
