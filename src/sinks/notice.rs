//! What is told to a receiver: the document that the outbox keeps.

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, as_text};
use crate::config::SinkFormat;
use crate::incident::Incident;
use crate::report::{ecs, json, ocsf};
use crate::stats::Severity;
use crate::time::Time;

/// What is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// An incident, as it is.
    Incident {
        /// The incident.
        incident: Box<Incident>,
        /// The documents of its alerts, for formats that show them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alerts: Vec<Alert>,
    },
    /// An alert.
    Alert(Box<Alert>),
    /// How a following run is.
    Health(Health),
    /// A message that somebody sent to see whether it arrives.
    Test(Health),
}

/// How a following run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// When.
    #[serde(with = "as_text")]
    pub time: Time,
    /// Whether all is well.
    pub is_well: bool,
    /// In one sentence.
    pub title: String,
    /// In figures, one a line.
    pub figures: Vec<String>,
}

/// The key of how a following run is.
const HEALTH_KEY: &str = "health";
/// The key of a test.
const TEST_KEY: &str = "test";

impl Notice {
    /// Returns what it is about: what has the same key is told in its order.
    pub fn key(&self) -> &str {
        match self {
            Self::Incident { incident, .. } => &incident.incident_id,
            Self::Alert(alert) => &alert.alert_id,
            Self::Health(_) => HEALTH_KEY,
            Self::Test(_) => TEST_KEY,
        }
    }

    /// Returns its kind as a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Incident { .. } => "incident",
            Self::Alert(_) => "alert",
            Self::Health(_) => "health",
            Self::Test(_) => "test",
        }
    }

    /// Returns its severity.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Incident { incident, .. } => incident.severity,
            Self::Alert(alert) => alert.severity,
            Self::Health(health) if !health.is_well => Severity::High,
            Self::Health(_) | Self::Test(_) => Severity::Informational,
        }
    }

    /// Returns where in its life it is told, as a word.
    pub fn status(&self) -> &'static str {
        let status = match self {
            Self::Incident { incident, .. } if incident.merged_into.is_some() => return "merged",
            Self::Incident { incident, .. } => incident.status,
            Self::Alert(alert) => alert.status,
            Self::Health(health) | Self::Test(health) if health.is_well => return "well",
            Self::Health(_) | Self::Test(_) => return "unwell",
        };
        status.as_str()
    }

    /// Returns whether analysts said of all that an incident tells what it is, or it is told elsewhere: nobody needs to look at it any
    /// more. That its day is over says nothing.
    pub fn is_resolved(&self) -> bool {
        match self {
            Self::Incident { incident, .. } => {
                let is_judged = incident.verdict.as_ref().is_some_and(|said| said.open == 0);
                is_judged || incident.merged_into.is_some()
            }
            Self::Health(health) => health.is_well,
            Self::Alert(_) | Self::Test(_) => false,
        }
    }

    /// Returns the document in one line, without its end.
    pub fn line(&self, format: SinkFormat) -> String {
        match (self, format) {
            (Self::Incident { incident, .. }, SinkFormat::Plimsoll) => json::line(incident),
            (Self::Incident { incident, alerts }, SinkFormat::Ocsf) => {
                json::line(&ocsf::incident_finding(incident, alerts))
            }
            (Self::Incident { incident, alerts }, SinkFormat::Ecs) => {
                json::line(&ecs::incident(incident, alerts))
            }
            (Self::Alert(alert), SinkFormat::Plimsoll) => json::line(alert),
            (Self::Alert(alert), SinkFormat::Ocsf) => json::line(&ocsf::finding(alert)),
            (Self::Alert(alert), SinkFormat::Ecs) => json::line(&ecs::document(alert)),
            (Self::Health(health) | Self::Test(health), format) => {
                json::line(&health.document(self.kind(), format))
            }
        }
    }
}

impl Health {
    fn document(&self, kind: &str, format: SinkFormat) -> serde_json::Value {
        /// Severities of OCSF: informational, and high.
        const OCSF_SEVERITIES: (u8, u8) = (1, 4);
        let severity = match self.is_well {
            true => Severity::Informational,
            false => Severity::High,
        };
        match format {
            SinkFormat::Plimsoll => serde_json::json!({
                "schema": 1, "kind": kind, "time": self.time.to_string(), "well": self.is_well,
                "severity": severity, "title": self.title, "figures": self.figures,
            }),
            SinkFormat::Ecs => serde_json::json!({
                "@timestamp": self.time.to_string(), "ecs": {"version": ecs::VERSION}, "message": self.title,
                "event": {"kind": if self.is_well { "event" } else { "alert" }, "module": "plimsoll",
                    "dataset": format!("plimsoll.{kind}"), "provider": "plimsoll"},
                "plimsoll": {"figures": self.figures},
            }),
            // The base event: no class is about how a program is.
            SinkFormat::Ocsf => serde_json::json!({
                "category_uid": 0, "category_name": "Uncategorized", "class_uid": 0, "class_name": "Base Event",
                "activity_id": 99, "activity_name": kind, "type_uid": 99,
                "severity_id": if self.is_well { OCSF_SEVERITIES.0 } else { OCSF_SEVERITIES.1 },
                "time": self.time.nanos() / 1_000_000, "message": self.title,
                "metadata": {"version": ocsf::VERSION, "product": {"name": "plimsoll", "vendor_name": "plimsoll"}},
                "unmapped": {"figures": self.figures},
            }),
        }
    }
}
