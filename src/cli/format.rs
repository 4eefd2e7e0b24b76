//! Formats of output.

use clap::ValueEnum;

use crate::alert::Alert;
use crate::report::{Paint, ecs, json, ocsf, text};

/// Format of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The documents of plimsoll, one a line.
    Json,
    /// OCSF 1.5.0 Detection Findings, one a line.
    Ocsf,
    /// Elastic Common Schema documents, one a line.
    Ecs,
    /// A few lines for people, each alert.
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
}
