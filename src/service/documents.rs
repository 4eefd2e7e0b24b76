//! The documents that the service takes and gives which are nowhere else, and the schemas of all of them.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::alert::Alert;
use crate::incident::Incident;
use crate::inquiry::Page;
use crate::report::generations::GenerationEntry;
use crate::report::verdict::FeedbackDocument;

/// The most budgets of a request.
pub const BUDGETS_MAX: usize = 50;

/// Where an OpenAPI document has its schemas.
const SCHEMAS: &str = "/components/schemas";

/// What describes a document: makes its schema, and those of what is in it.
pub type Describes = fn(&mut SchemaGenerator) -> Schema;

/// Returns the schema of a document, as a reference where it has a name.
pub fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// Makes the schemas of documents, as `describe` asks for them; returns what that returns, and the schemas that have names. `is_given` is
/// whether the service writes them: then a member that has a default is always there.
pub fn described<T>(
    is_given: bool,
    describe: impl FnOnce(&mut SchemaGenerator) -> T,
) -> (T, Map<String, Value>) {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = SCHEMAS.into();
    settings.meta_schema = None;
    let settings = match is_given {
        true => settings.for_serialize(),
        false => settings.for_deserialize(),
    };
    let mut schemas = SchemaGenerator::new(settings);
    let described = describe(&mut schemas);
    (described, schemas.take_definitions(true))
}

/// That the process answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// Whether logs are taken and judged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readiness {
    /// Whether logs are judged.
    pub scoring: Scoring,
    /// Whether logs are learnt.
    pub training: Training,
}

/// Whether logs are judged.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Scoring {
    /// They are.
    Judging {
        /// Bytes that were handed over and are not judged yet.
        behind_bytes: u64,
    },
    /// Nothing was learnt yet.
    Waiting {
        /// Why not.
        why: String,
    },
    /// They are not.
    Failed {
        /// Why not.
        why: String,
    },
}

/// Whether logs are learnt.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Training {
    /// They are at present.
    Running,
    /// They are not at present.
    Idle {
        /// When they were last; `null` if they never were.
        last: Option<String>,
    },
    /// They could not be the last time.
    Failed {
        /// Why not.
        why: String,
    },
}

/// What who asks may do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Me {
    /// The name of the token; `null` where none are configured.
    pub token: Option<String>,
    /// Its rights, of `read`, `write` and `approve`; all of them where no tokens are configured.
    pub rights: Vec<&'static str>,
}

/// A page of incidents, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IncidentPage {
    /// What is on it.
    pub incidents: Vec<Incident>,
    /// What to give as `cursor` for the next one; `null` if this is the last.
    pub next_cursor: Option<String>,
    /// How many that are asked for come after it.
    pub left: usize,
}

impl IncidentPage {
    /// Makes it.
    pub fn of(page: Page<Incident>) -> Self {
        Self {
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            left: page.n_left,
            incidents: page.items,
        }
    }
}

/// A page of alerts, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertPage {
    /// What is on it.
    pub alerts: Vec<AlertEntry>,
    /// What to give as `cursor` for the next one; `null` if this is the last.
    pub next_cursor: Option<String>,
    /// How many that are asked for come after it.
    pub left: usize,
}

/// An alert in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AlertEntry {
    /// The alert.
    pub alert: Alert,
    /// Whether it was right; `null` while nobody has said so.
    pub verdict: Option<bool>,
}

impl AlertPage {
    /// Makes it.
    pub fn of(page: Page<AlertEntry>) -> Self {
        Self {
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            left: page.n_left,
            alerts: page.items,
        }
    }
}

/// An incident with its alerts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IncidentAnswer {
    /// The incident.
    pub incident: Incident,
    /// Its alerts, in the order of their beginnings.
    pub alerts: Vec<Alert>,
    /// Of each alert, its reasons, each in a sentence.
    pub sentences: Vec<Vec<String>>,
    /// All of it as a text for people.
    pub text: String,
}

/// Generations that are kept, the one in force first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GenerationList {
    /// The generations.
    pub generations: Vec<GenerationEntry>,
}

/// What was begun.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// `accepted`.
    pub status: &'static str,
}

/// A verdict.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictRequest {
    /// Whether it was right: something that needs a response.
    pub verdict: bool,
    /// A note for the next reader.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a verdict changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerdictAnswer {
    /// One for each alert.
    pub verdicts: Vec<FeedbackDocument>,
}

/// A budget that is to be put in force.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TuningRequest {
    /// Incidents a day, as in `5/day` or `5/week`.
    pub budget: String,
    /// The analytic whose threshold alone is moved.
    #[serde(default)]
    pub analytic: Option<String>,
}

/// An approval that was taken out of the configuration.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TakenBack {
    /// Its id.
    pub id: String,
    /// What it said: the reason, its owner, its last day and where it stood.
    pub removed: String,
}

/// How many records of an export of OTLP could not be read; nothing if all could.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtlpAnswer {
    /// What could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_success: Option<PartialSuccess>,
}

/// What could not be read of an export of OTLP.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartialSuccess {
    /// How many records.
    pub rejected_log_records: String,
    /// Why.
    pub error_message: String,
}
