//! The OpenAPI document: the table of what can be asked, with schemas made from the types of its documents.

use schemars::Schema;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::config::Right;
use crate::report::json;
use crate::service::documents::{self, Describes};
use crate::service::otlp;
use crate::service::table::{Ask, ParameterKind, ROUTES, Route};

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
                "schema": schema_of(parameter.kind),
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
    if matches!(route.ask, Ask::Otlp) {
        content[otlp::PROTOBUF] = json!({});
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

/// Returns what a parameter may be.
fn schema_of(kind: ParameterKind) -> Value {
    match kind {
        ParameterKind::Text => json!({"type": "string"}),
        ParameterKind::Number => json!({"type": "integer", "minimum": 0}),
        ParameterKind::Switch => json!({"type": "boolean"}),
        ParameterKind::Texts(None) => json!({"type": "array", "items": {"type": "string"}}),
        ParameterKind::Texts(Some(at_most)) => {
            json!({"type": "array", "items": {"type": "string"}, "maxItems": at_most})
        }
        ParameterKind::Word(words) => json!({"type": "string", "enum": words()}),
    }
}
