//! Attributes of an OCSF event that several conversions read.

use std::borrow::Cow;

use crate::event::Untrusted;
use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::parts::identity;

/// The members of an event that are read. Columns of other members are not decoded.
#[rustfmt::skip]
pub const MEMBERS: [&str; 37] = [
    "metadata", "class_uid", "activity_id", "activity_name", "type_uid", "type_name", "time", "time_dt", "start_time",
    "start_time_dt", "end_time", "end_time_dt", "status", "status_id", "status_code", "status_detail", "api", "actor", "cloud",
    "user", "src_endpoint", "dst_endpoint", "connection_info", "traffic", "http_request", "http_response", "unmapped",
    "resources", "databucket", "file", "app", "device", "is_mfa", "mfa", "auth_protocol", "action_id", "disposition_id",
];

/// Network Activity.
pub const NETWORK: u64 = 4001;
/// Failure, as a status.
pub const FAILURE: u64 = 2;

/// Returns the values that have no attribute in the schema, with their path in the provider's record.
///
/// It is a nested object, one with dots in its names, or a map that a reader of Parquet wrote as a list of pairs.
pub fn unmapped<'a>(doc: &Flat<'a>) -> Vec<(String, Value<'a>)> {
    let mut found: Vec<(String, Value<'a>)> = doc
        .under("unmapped")
        .map(|(path, value)| (path.to_owned(), value))
        .collect();
    let mut pair = |key: Value<'a>, value: Value<'a>| {
        if let Value::Text(key) = key {
            found.push((String::from_utf8_lossy(key).into_owned(), value));
        }
    };
    let pairs = doc.get("unmapped");
    let mut elements = pairs.elements().peekable();
    // A list of one pair was flattened to that pair.
    if let Some(Value::Text(_)) = elements.peek() {
        if let (Some(key), Some(value)) = (elements.next(), elements.next()) {
            pair(key, value);
        }
        return found;
    }
    for element in elements {
        let [key, value] = match element {
            Value::Array(_) => {
                let mut both = element.elements();
                [
                    both.next().unwrap_or(Value::Null),
                    both.next().unwrap_or(Value::Null),
                ]
            }
            other => other.pick(["key", "value"]),
        };
        pair(key, value);
    }
    found
}

/// Returns the first text that is an ARN.
pub fn arn<'a>(doc: &Flat<'a>, paths: &[&str]) -> Option<Cow<'a, str>> {
    paths
        .iter()
        .filter_map(|path| doc.text(path))
        .find(|text| text.starts_with("arn:"))
}

/// Returns the account that an event belongs to; some producers put an ARN there.
pub fn account(doc: &Flat<'_>) -> Option<String> {
    let text = doc.first_text(&["cloud.account.uid", "cloud.account_uid"])?;
    let account = match text.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(3)?,
        None => &text,
    };
    Some(identity::tidy(crate::event::cut(
        account,
        Untrusted::BYTES_MAX,
    )))
}
