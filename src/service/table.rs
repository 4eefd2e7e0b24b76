//! What can be asked: one table, from which requests are routed, rights are checked, and the OpenAPI document is written.

use crate::alert::Alert;
use crate::config::Right;
use crate::engine::{Explanation, TuneReport};
use crate::inquiry::{EntityPage, NewApprovalDocument};
use crate::report::baseline::{BaselineDocument, EntityHistory};
use crate::report::coverage::CoverageDocument;
use crate::service::approvals;
use crate::service::documents::{
    self, Accepted, AlertPage, BUDGETS_MAX, Describes, GenerationList, Health, IncidentAnswer,
    IncidentPage, Me, OtlpAnswer, Readiness, TakenBack, TuningRequest, VerdictAnswer,
    VerdictRequest,
};
use crate::service::receipt::Receipt;
use crate::stats::Severity;
use crate::vocab::EntityKind;

pub const GET: &str = "GET";
pub const POST: &str = "POST";
pub const DELETE: &str = "DELETE";

/// The routes of the service.
pub static ROUTES: &[Route] = &[
    Route {
        right: None,
        gives: "text/html",
        ..route(GET, "/", Ask::Page, "The page for people")
    },
    Route {
        right: None,
        parameters: &[parameter("name", "The name of the file")],
        gives: "*/*",
        ..route(
            GET,
            "/assets/{name}",
            Ask::Asset,
            "A file that the page loads",
        )
    },
    Route {
        right: None,
        answer: Some(documents::of::<Health>),
        ..route(GET, "/healthz", Ask::Health, "Whether the process answers")
    },
    Route {
        right: None,
        answer: Some(documents::of::<Readiness>),
        ..route(
            GET,
            "/readyz",
            Ask::Ready,
            "Whether logs are taken and judged; 503 if not, and why",
        )
    },
    Route {
        gives: "application/openmetrics-text",
        ..route(
            GET,
            "/metrics",
            Ask::Metrics,
            "Counts and states for a monitoring system",
        )
    },
    Route {
        answer: Some(documents::of::<Me>),
        ..route(GET, "/v1/me", Ask::Me, "What the token that is sent may do")
    },
    Route {
        right: None,
        ..route(GET, "/openapi.json", Ask::OpenApi, "This description")
    },
    Route {
        right: Some(Right::Write),
        takes: Some("Logs in any format that plimsoll reads, as they are or with gzip or zstd"),
        answer: Some(documents::of::<Receipt>),
        ..route(
            POST,
            "/v1/events",
            Ask::Events,
            "Hand over logs. The answer comes when they are durable, and says what became of each kind of record",
        )
    },
    Route {
        right: Some(Right::Write),
        takes: Some(
            "An ExportLogsServiceRequest of OTLP, as JSON or Protobuf; the answer has the same form",
        ),
        answer: Some(documents::of::<OtlpAnswer>),
        ..route(
            POST,
            "/v1/logs",
            Ask::Otlp,
            "Hand over logs as OTLP over HTTP does",
        )
    },
    Route {
        parameters: SELECTION,
        live: true,
        answer: Some(documents::of::<IncidentPage>),
        ..route(
            GET,
            "/v1/incidents",
            Ask::Incidents,
            "Incidents, the newest first; with `Accept: text/event-stream`, each as it is told from now on",
        )
    },
    Route {
        parameters: ID,
        answer: Some(documents::of::<IncidentAnswer>),
        ..route(
            GET,
            "/v1/incidents/{id}",
            Ask::Incident,
            "An incident with its alerts",
        )
    },
    Route {
        right: Some(Right::Approve),
        parameters: ID,
        takes: Some(VERDICT),
        body: Some(documents::of::<VerdictRequest>),
        answer: Some(documents::of::<VerdictAnswer>),
        ..route(
            POST,
            "/v1/incidents/{id}/verdict",
            Ask::Verdict,
            "Give a verdict on an incident",
        )
    },
    Route {
        parameters: SELECTION,
        live: true,
        answer: Some(documents::of::<AlertPage>),
        ..route(
            GET,
            "/v1/alerts",
            Ask::Alerts,
            "Alerts, the newest first; with `Accept: text/event-stream`, each as it is told from now on",
        )
    },
    Route {
        parameters: ID,
        answer: Some(documents::of::<Alert>),
        ..route(GET, "/v1/alerts/{id}", Ask::Alert, "An alert")
    },
    Route {
        right: Some(Right::Approve),
        parameters: ID,
        takes: Some(VERDICT),
        body: Some(documents::of::<VerdictRequest>),
        answer: Some(documents::of::<VerdictAnswer>),
        ..route(
            POST,
            "/v1/alerts/{id}/verdict",
            Ask::Verdict,
            "Give a verdict on an alert",
        )
    },
    Route {
        parameters: &[
            parameter("text", "Only those with this in an id, alias or role"),
            of_kind(
                ParameterKind::Word(entity_kinds),
                "kind",
                "Only this kind of entity",
            ),
            of_kind(
                ParameterKind::Number,
                "limit",
                "At most so many, the most active",
            ),
        ],
        answer: Some(documents::of::<EntityPage>),
        ..route(
            GET,
            "/v1/entities",
            Ask::Entities,
            "Entities that have a baseline, the most active first",
        )
    },
    Route {
        parameters: &[parameter(
            "id",
            "An id, an alias, or a part that only one id has; `/` as %2F",
        )],
        answer: Some(documents::of::<BaselineDocument>),
        ..route(
            GET,
            "/v1/entities/{id}",
            Ask::Entity,
            "The baseline of an entity",
        )
    },
    Route {
        parameters: &[parameter(
            "id",
            "An id, an alias, or a part that only one id has; `/` as %2F",
        )],
        answer: Some(documents::of::<EntityHistory>),
        ..route(
            GET,
            "/v1/entities/{id}/generations",
            Ask::EntityHistory,
            "What each generation that is kept learnt of an entity",
        )
    },
    Route {
        parameters: &[
            parameter("id", "An id, an alias, or a part that only one id has"),
            Parameter {
                is_needed: true,
                ..parameter("time", "A day that was learnt, as in 2026-03-16")
            },
        ],
        answer: Some(documents::of::<Explanation>),
        ..route(
            GET,
            "/v1/entities/{id}/not-alerted",
            Ask::NotAlerted,
            "Why an entity raised no alert on a day",
        )
    },
    Route {
        answer: Some(documents::of::<CoverageDocument>),
        ..route(
            GET,
            "/v1/coverage",
            Ask::Coverage,
            "What the analytics see in the logs that were learnt, and what is missing for them",
        )
    },
    Route {
        answer: Some(documents::of::<GenerationList>),
        ..route(
            GET,
            "/v1/generations",
            Ask::Generations,
            "The generations of baselines that are kept",
        )
    },
    Route {
        right: Some(Right::Approve),
        answer: Some(documents::of::<Accepted>),
        ..route(
            POST,
            "/v1/generations",
            Ask::Train,
            "Learn now what is new; the answer does not wait for it",
        )
    },
    Route {
        parameters: &[
            of_kind(
                ParameterKind::Texts(Some(BUDGETS_MAX)),
                "budget",
                "Incidents a day, as in 5 or 5/week; may be given several times",
            ),
            of_kind(
                ParameterKind::Texts(None),
                "analytic",
                "Only this analytic; may be given several times",
            ),
        ],
        answer: Some(documents::of::<TuneReport>),
        ..route(
            GET,
            "/v1/tuning",
            Ask::Tuning,
            "What budgets would mean: thresholds, intervals, and the incidents that they would have raised on stored days",
        )
    },
    Route {
        right: Some(Right::Approve),
        takes: Some("{\"budget\": \"5/day\"}, and \"analytic\" for one of them alone"),
        body: Some(documents::of::<TuningRequest>),
        answer: Some(documents::of::<TuneReport>),
        ..route(
            POST,
            "/v1/tuning",
            Ask::Tune,
            "Put the thresholds of a budget in force",
        )
    },
    Route {
        answer: Some(documents::of::<crate::report::approvals::Document>),
        ..route(
            GET,
            "/v1/approvals",
            Ask::Approvals,
            "The approvals of the configuration, and what each hid",
        )
    },
    Route {
        right: Some(Right::Approve),
        takes: Some(APPROVAL),
        body: Some(documents::of::<approvals::ApprovalWanted>),
        answer: Some(documents::of::<NewApprovalDocument>),
        ..route(
            POST,
            "/v1/approvals",
            Ask::Approve,
            "Write an approval into the configuration, and say what it would have hidden; with `dry_run`, only say it. 409 if one that holds says the same",
        )
    },
    Route {
        right: Some(Right::Approve),
        parameters: &[parameter("id", "The id of the approval")],
        answer: Some(documents::of::<TakenBack>),
        ..route(
            DELETE,
            "/v1/approvals/{id}",
            Ask::TakeBackApproval,
            "Take an approval out of the configuration, with its comments",
        )
    },
];

const SELECTION: &[Parameter] = &[
    parameter(
        "since",
        "Only what was going on at this time or later: a day or an instant",
    ),
    parameter("until", "Only what was going on at this time or earlier"),
    of_kind(
        ParameterKind::Word(severities),
        "severity",
        "Only this severity and above",
    ),
    parameter("entity", "Only entities with this in an id, alias or name"),
    parameter("analytic", "Only this analytic; `*` and `?` are wildcards"),
    of_kind(
        ParameterKind::Switch,
        "open",
        "Only those on which nobody has given a verdict",
    ),
    of_kind(
        ParameterKind::Switch,
        "show_suppressed",
        "Also those that an approval covers",
    ),
    of_kind(
        ParameterKind::Number,
        "limit",
        "At most so many, the newest; 100 if it is not given",
    ),
    parameter("cursor", "Only those after a page that ended here"),
];

fn severities() -> Vec<&'static str> {
    Severity::ALL.iter().map(|one| one.as_str()).collect()
}

fn entity_kinds() -> Vec<&'static str> {
    EntityKind::ALL.iter().map(|one| one.as_str()).collect()
}

const ID: &[Parameter] = &[parameter(
    "id",
    "The id, or at least its first 6 characters",
)];
const VERDICT: &str = "{\"verdict\": true}, or false; and \"note\". What a true one is about is left out at the next training";

const APPROVAL: &str = "{\"from\": \"ID\", \"criteria\": {\"bucket\": [\"aws:payroll-*\"]}, \"analytics\": [\"AN1594\"], \"owner\": \"data platform\", \
     \"reason\": \"year-end audit\", \"expires\": \"2027-01-31\", \"dry_run\": true}: criteria and analytics as the configuration has them; what is not given \
     is taken from the alert or the incident of `from`. With `dry_run` neither owner nor reason nor expires is needed";

/// A way to ask.
#[derive(Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub ask: Ask,
    pub summary: &'static str,
    /// What the caller needs; nothing for what all may know.
    pub right: Option<Right>,
    pub parameters: &'static [Parameter],
    /// What the body is, if there is one.
    pub takes: Option<&'static str>,
    pub gives: &'static str,
    /// What describes the body, and the answer, where they are documents of our own.
    pub body: Option<Describes>,
    pub answer: Option<Describes>,
    /// Whether the answer may go on.
    pub live: bool,
}

/// A part of a path or a query.
#[derive(Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub meaning: &'static str,
    pub kind: ParameterKind,
    /// Whether a query must have it; a path always has.
    pub is_needed: bool,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
pub enum ParameterKind {
    Text,
    Number,
    Switch,
    /// A text that may be given several times, and how often at most.
    Texts(Option<usize>),
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Page,
    Asset,
    Health,
    Ready,
    Metrics,
    Me,
    OpenApi,
    Events,
    Otlp,
    Incidents,
    Incident,
    Alerts,
    Alert,
    Verdict,
    Entities,
    Entity,
    EntityHistory,
    NotAlerted,
    Coverage,
    Generations,
    Train,
    Tuning,
    Tune,
    Approvals,
    Approve,
    TakeBackApproval,
}

const fn route(method: &'static str, path: &'static str, ask: Ask, summary: &'static str) -> Route {
    Route {
        method,
        path,
        ask,
        summary,
        right: Some(Right::Read),
        parameters: &[],
        takes: None,
        gives: "application/json",
        body: None,
        answer: None,
        live: false,
    }
}

const fn parameter(name: &'static str, meaning: &'static str) -> Parameter {
    Parameter {
        name,
        meaning,
        kind: ParameterKind::Text,
        is_needed: false,
    }
}

const fn of_kind(kind: ParameterKind, name: &'static str, meaning: &'static str) -> Parameter {
    Parameter {
        kind,
        ..parameter(name, meaning)
    }
}
