//! Rows of the table `activity` that Google Workspace exports to BigQuery, to activities as the Reports API gives them.
//!
//! A row is one event. Its parameters are the members of the record that is named after the application.

use crate::sources::json::{Object, Value};
use crate::sources::parts::text::stated_text;
use crate::sources::record_builder::RecordBuilder;

/// The most parameters that are read.
const PARAMETERS_MAX: usize = 256;

/// Returns whether an object is a row of that table.
pub fn is_row(object: Object<'_>) -> bool {
    let has = |name: &str| object.get(name).is_some_and(Value::is_present);
    has("record_type") && has("event_name") && (has("time_usec") || has("unique_identifier"))
}

/// Converts a row into an activity.
pub fn activity(object: Object<'_>) -> Vec<u8> {
    let get = |name: &str| object.get(name).unwrap_or_default();
    let mut record = RecordBuilder::default();
    record.put_text("kind", "admin#reports#activity");
    for (path, column) in [
        ("id.time", "time_usec"),
        ("id.uniqueQualifier", "unique_identifier"),
        ("id.applicationName", "record_type"),
        ("id.customerId", "customer_id"),
        ("actor.email", "email"),
        ("actor.profileId", "actor_profile_id"),
        ("ipAddress", "ip_address"),
        ("userAgent", "user_agent"),
    ] {
        record.put(path, get(column));
    }
    let mut event = RecordBuilder::default();
    event.put("type", get("event_type"));
    event.put("name", get("event_name"));
    let application = stated_text(get("record_type")).unwrap_or_default();
    let given = get(&application);
    let parameters = given
        .members()
        .take(PARAMETERS_MAX)
        .filter_map(|(name, value)| parameter(&String::from_utf8_lossy(name), value));
    let parameters: Vec<Vec<u8>> = parameters.collect();
    event.put_json("parameters", &list(&parameters));
    record.put_json("events", &list(&[event.json()]));
    record.json()
}

fn parameter(name: &str, value: Value<'_>) -> Option<Vec<u8>> {
    let kind = match value {
        Value::Null => return None,
        Value::Array(_) if !value.is_present() => return None,
        Value::Text(_) => "value",
        Value::Number(_) => "intValue",
        Value::True | Value::False => "boolValue",
        Value::Array(_) => "multiValue",
        Value::Object(_) => "messageValue",
    };
    let mut parameter = RecordBuilder::default();
    parameter.put_text("name", name);
    parameter.put(kind, value);
    Some(parameter.json())
}

fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut json = vec![b'['];
    json.extend(elements.join(&b','));
    json.push(b']');
    json
}
