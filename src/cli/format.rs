//! Formats of output.

use clap::ValueEnum;

use crate::alert::Alert;
use crate::incident::Incident;
use crate::report::{Paint, ecs, incident, json, ocsf, text};

/// Format of alerts and incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The documents of plimsoll, one a line.
    Json,
    /// OCSF 1.8.0 findings, one a line.
    Ocsf,
    /// Elastic Common Schema documents, one a line.
    Ecs,
    /// For people, and its wording may change.
    Text,
}

/// Format of everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Format {
    /// Returns an alert with the end of its last line.
    pub fn write(self, alert: &Alert, paint: Paint) -> String {
        match self {
            Self::Json => json::line(alert) + "\n",
            Self::Ocsf => json::line(&ocsf::finding(alert)) + "\n",
            Self::Ecs => json::line(&ecs::document(alert)) + "\n",
            Self::Text => text::alert(alert, paint) + "\n",
        }
    }

    /// Returns an incident with the end of its last line. `alerts` are the documents of its alerts.
    pub fn write_incident(self, told: &Incident, alerts: &[Alert], paint: Paint) -> String {
        match self {
            Self::Json => json::line(told) + "\n",
            Self::Ocsf => json::line(&ocsf::incident_finding(told, alerts)) + "\n",
            Self::Ecs => json::line(&ecs::incident(told, alerts)) + "\n",
            Self::Text => incident::story(told, alerts, paint),
        }
    }
}
