//! What can be asked: one table, from which requests are routed, rights are checked, and the OpenAPI document is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::{MethodFilter, on};
use schemars::Schema;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::alert::Alert;
use crate::config::Right;
use crate::engine::{Explanation, TuneReport};
use crate::inquiry::{EntityPage, NewApprovalDocument};
use crate::report::baseline::{BaselineDocument, EntityHistory};
use crate::report::coverage::CoverageDocument;
use crate::report::json;
use crate::service::audit::Decided;
use crate::service::call::{Answer, Call};
use crate::service::documents::{
    self, Accepted, AlertPage, Describes, GenerationList, Health, IncidentAnswer, IncidentPage,
    OtlpAnswer, Readiness, TakenBack, TuningRequest, VerdictAnswer, VerdictRequest,
};
use crate::service::guard::Caller;
use crate::service::peer::Peer;
use crate::service::problem::Problem;
use crate::service::receipt::Receipt;
use crate::service::state::Service;
use crate::service::{answers, approvals, audit, events, page};
use crate::stats::Severity;
use crate::vocab::EntityKind;

const GET: &str = "GET";
const POST: &str = "POST";
const DELETE: &str = "DELETE";

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
        takes: Some("An ExportLogsServiceRequest of OTLP, as JSON"),
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
                ParameterKind::Texts,
                "budget",
                "Incidents a day, as in 5 or 5/week; may be given several times",
            ),
            of_kind(
                ParameterKind::Texts,
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
            "Write an approval into the configuration, and say what it would have hidden; with `dry_run`, only say it",
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
     is taken from the alert or the incident of `from`";

/// A way to ask.
#[derive(Clone, Copy)]
pub struct Route {
    method: &'static str,
    path: &'static str,
    ask: Ask,
    summary: &'static str,
    /// What the caller needs; nothing for what all may know.
    right: Option<Right>,
    parameters: &'static [Parameter],
    /// What the body is, if there is one.
    takes: Option<&'static str>,
    gives: &'static str,
    /// What describes the body, and the answer, where they are documents of our own.
    body: Option<Describes>,
    answer: Option<Describes>,
    /// Whether the answer may go on.
    live: bool,
}

/// A part of a path or a query.
#[derive(Clone, Copy)]
struct Parameter {
    name: &'static str,
    meaning: &'static str,
    kind: ParameterKind,
    /// Whether a query must have it; a path always has.
    is_needed: bool,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
enum ParameterKind {
    Text,
    Number,
    Switch,
    /// A text that may be given several times.
    Texts,
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
}

impl ParameterKind {
    fn schema(self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Number => json!({"type": "integer", "minimum": 0}),
            Self::Switch => json!({"type": "boolean"}),
            Self::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Self::Word(words) => json!({"type": "string", "enum": words()}),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Page,
    Asset,
    Health,
    Ready,
    Metrics,
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

impl Ask {
    async fn answer(self, call: Call) -> Answer {
        match self {
            Self::Page => Ok(page::index()),
            Self::Asset => page::asset(call.part("name")).ok_or_else(nothing_here),
            Self::Health => answers::health(),
            Self::Ready => answers::ready(&call),
            Self::Metrics => answers::metrics(call).await,
            Self::OpenApi => crate::service::call::json(StatusCode::OK, &openapi()),
            Self::Events => events::take(call).await,
            Self::Otlp => events::take_otlp(call).await,
            Self::Incidents => answers::incidents(call).await,
            Self::Incident => answers::incident(call).await,
            Self::Alerts => answers::alerts(call).await,
            Self::Alert => answers::alert(call).await,
            Self::Verdict => answers::verdict(call).await,
            Self::Entities => answers::entities(call).await,
            Self::Entity => answers::entity(call).await,
            Self::EntityHistory => answers::entity_history(call).await,
            Self::NotAlerted => answers::not_alerted(call).await,
            Self::Coverage => answers::coverage(call).await,
            Self::Generations => answers::generations(call).await,
            Self::Train => answers::train(&call),
            Self::Tuning => answers::budgets(call).await,
            Self::Tune => answers::tune(call).await,
            Self::Approvals => approvals::list(call).await,
            Self::Approve => approvals::add(call).await,
            Self::TakeBackApproval => approvals::remove(call).await,
        }
    }
}

/// Returns what routes requests.
pub fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let of_route = service.clone();
        let filter = match route.method {
            POST => MethodFilter::POST,
            DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let answer = move |request: Request| {
            let answered = tokio::spawn(answer(of_route.clone(), route, request));
            // What was begun is finished and noted, also if nobody waits for the answer any more.
            async move { answered.await.unwrap_or_else(|_| broken_off()) }
        };
        router = router.route(route.path, on(filter, answer));
    }
    let elsewhere = || async { nothing_here().response() };
    let otherwise = || async {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "it is not asked so")
            .hint("/openapi.json lists what there is")
            .response()
    };
    router
        .fallback(elsewhere)
        .method_not_allowed_fallback(otherwise)
}

fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing here")
        .hint("/openapi.json lists what there is")
}

fn broken_off() -> Response<Body> {
    let detail = "the answer could not be put together";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).response()
}

/// Admits a request and answers it.
async fn answer(service: Arc<Service>, route: &'static Route, request: Request) -> Response<Body> {
    let began = service.host.since_start();
    let (mut head, body) = request.into_parts();
    let of = head.uri.path().to_owned();
    let peer = head.extensions.get::<Peer>().copied();
    let address = peer.map_or([127, 0, 0, 1].into(), |Peer(address)| address);
    let admitted = service.guard.admit(&head, route.right, (address, began));
    let caller = admitted.as_ref().ok().cloned();
    let answered = match admitted {
        Ok(_) => match path_of(&mut head).await {
            Ok(path) => {
                let call = Call {
                    service: service.clone(),
                    head,
                    path,
                    body,
                };
                route.ask.answer(call).await
            }
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    let mut response = answered.unwrap_or_else(|problem| problem.response());
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    if route.right == Some(Right::Approve) {
        let decided = response.extensions_mut().remove::<Decided>();
        let caller = caller.unwrap_or_else(|| Caller {
            name: "refused".to_owned(),
            address,
        });
        audit::note(
            &service,
            &caller,
            (route.method, route.path, &of),
            (status, decided),
        );
    }
    let secs = service
        .host
        .since_start()
        .saturating_sub(began)
        .as_secs_f64();
    service.metrics.note_request(route.path, status, secs);
    response
}

async fn path_of(
    head: &mut axum::http::request::Parts,
) -> Result<BTreeMap<String, String>, Problem> {
    let parts = RawPathParams::from_request_parts(head, &()).await;
    let parts = parts.map_err(|e| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("the path cannot be read: {e}"),
        )
    })?;
    Ok(parts
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// Returns the OpenAPI document of the service.
pub fn openapi() -> Value {
    let of_each = |describes: fn(&Route) -> Option<Describes>| {
        move |schemas: &mut SchemaGenerator| -> Vec<Option<Schema>> {
            let of_route = |route| describes(route).map(|describe| describe(schemas));
            ROUTES.iter().map(of_route).collect()
        }
    };
    let (bodies, taken) = documents::described(false, of_each(|route| route.body));
    let (answers, given) = documents::described(true, of_each(|route| route.answer));
    let mut paths: Map<String, Value> = Map::new();
    for (route, (body, answer)) in ROUTES.iter().zip(bodies.into_iter().zip(answers)) {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method.to_lowercase()] = operation(route, body, answer);
    }
    let mut schemas: Map<String, Value> = taken.into_iter().chain(given).collect();
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "plimsoll",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The service that `plimsoll serve` runs. Alerts and incidents are documents as `plimsoll alerts` and \
                            `plimsoll incidents` write them with `--format json`.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    })
}

fn problem() -> Value {
    json!({
        "description": "What was wrong, as RFC 9457 has it.",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What was wrong."},
            "hint": {"type": "string", "description": "What to do."},
        },
    })
}

fn operation(route: &Route, body: Option<Schema>, answer: Option<Schema>) -> Value {
    let parameters: Vec<Value> = route
        .parameters
        .iter()
        .map(|parameter| {
            let is_in_path = route.path.contains(&format!("{{{}}}", parameter.name));
            json!({
                "name": parameter.name,
                "in": if is_in_path { "path" } else { "query" },
                "required": is_in_path || parameter.is_needed,
                "description": parameter.meaning,
                "schema": parameter.kind.schema(),
            })
        })
        .collect();
    let of = |schema: Option<Schema>| match schema {
        Some(schema) => json!({"schema": schema}),
        None => json!({}),
    };
    let mut content = json!({route.gives: of(answer)});
    if route.live {
        content["text/event-stream"] = json!({});
    }
    let problem = json!({
        "description": "What was wrong",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    let statuses: &[&str] = match route.ask {
        Ask::Train => &["202"],
        Ask::Approve => &["200", "201"],
        Ask::Ready => &["200", "503"],
        _ => &["200"],
    };
    let mut responses = json!({"default": problem});
    for status in statuses {
        let description = match *status {
            "201" => "It was written",
            "202" => "It was begun",
            "503" => "They are not",
            _ => "The answer",
        };
        responses[*status] = json!({"description": description, "content": content});
    }
    let mut operation = json!({
        "operationId": format!("{:?}{}", route.ask, if route.path.contains("/incidents/{id}/verdict") { "OnIncident" } else { "" }),
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(takes) = route.takes {
        let kind = match route.right {
            Some(Right::Write) => "*/*",
            _ => "application/json",
        };
        operation["requestBody"] =
            json!({"required": true, "description": takes, "content": {kind: of(body)}});
    }
    match route.right {
        Some(right) => {
            operation["security"] = json!([{"token": []}]);
            operation["x-right"] = json!(right.as_str());
        }
        None => operation["security"] = json!([]),
    }
    operation
}

/// Returns the OpenAPI document as the file in `docs/` has it.
pub fn openapi_text() -> String {
    json::pretty(&openapi()) + "\n"
}
