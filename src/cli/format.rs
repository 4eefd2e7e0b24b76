//! The forms in which an alert is written.

use clap::ValueEnum;

use crate::alert::Alert;
use crate::report::{Paint, ecs, json, ocsf, text};

/// How an alert is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Our own document, one a line.
    Json,
    /// OCSF 1.5.0 Detection Finding, one a line.
    Ocsf,
    /// Elastic common schema, one a line.
    Ecs,
    /// A few lines for people.
    Text,
}

/// How what is no alert is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// For people.
    Text,
    /// One document.
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
