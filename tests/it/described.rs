//! Answers of a service against `docs/openapi.json`, which another test compares with the code.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::Answered;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../docs/openapi.json");
    serde_json::from_str(text).expect("the document")
});
static VALIDATORS: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());

/// Returns what checks a document against a schema of the document.
fn validator(schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().expect("no test broke off here");
    let made = validators.entry(schema.to_string()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = DOCUMENT["components"].clone();
        Arc::new(jsonschema::validator_for(&whole).expect("a schema"))
    });
    made.clone()
}

/// Returns what the document says of a path.
fn path_of(path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let is_it = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == parts.len()
            && wanted
                .iter()
                .zip(&parts)
                .all(|(wanted, part)| wanted == part || wanted.starts_with('{'))
    };
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let found = paths.iter().find(|(template, _)| is_it(template));
    found.map(|(_, operations)| operations)
}

/// Makes sure that an answer is as the document says.
pub fn conforms(method: &str, path: &str, answered: &Answered) {
    let kind = answered.header("content-type").unwrap_or_default();
    let operation = path_of(path).map(|all| &all[method.to_lowercase()]);
    let Some(operation) = operation.filter(|operation| operation.is_object()) else {
        // What is not asked for so is refused, as everywhere.
        assert_eq!(kind, "application/problem+json", "{method} {path}");
        return;
    };
    let responses = &operation["responses"];
    let listed = &responses[answered.status.to_string()];
    let response = match listed.is_object() {
        true => listed,
        false => &responses["default"],
    };
    let schema = &response["content"][kind.split(';').next().unwrap_or_default()]["schema"];
    if schema.is_null() || answered.body.is_empty() {
        let is_document = kind == "application/json" && !path.ends_with("openapi.json");
        assert!(
            !is_document,
            "{method} {path}: {} is not described",
            answered.status
        );
        return;
    }
    let document: Value = serde_json::from_str(&answered.body).unwrap_or(json!(null));
    let wrong: Vec<String> = validator(schema)
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "{method} {path}: {document}");
}
