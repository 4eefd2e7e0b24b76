//! Rows of query results, as Athena and CloudTrail Lake write them, to records as a trail has them.
//!
//! Column names may be in lower case, and objects are texts: JSON, or structs as Athena prints them, `{type=IAMUser, …}`.

use crate::sources::cloudtrail::record::Record;
use crate::sources::json::{self, Object, Value};
use crate::sources::structs;

/// Names of members whose capitals are restored, anywhere in `userIdentity`, `resources` or `tlsDetails`.
const NAMES: [&str; 58] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "errorCode",
    "errorMessage",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "eventCategory",
    "apiVersion",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "serviceEventDetails",
    "annotation",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "insightDetails",
    "sessionCredentialFromConsole",
    "edgeDeviceDetails",
    "tlsDetails",
    "addendum",
    "type",
    "principalId",
    "arn",
    "accountId",
    "accessKeyId",
    "userName",
    "invokedBy",
    "identityProvider",
    "credentialId",
    "sessionContext",
    "sessionIssuer",
    "attributes",
    "creationDate",
    "mfaAuthenticated",
    "webIdFederationData",
    "federatedProvider",
    "ec2RoleDelivery",
    "sourceIdentity",
    "assumedRoot",
    "onBehalfOf",
    "userId",
    "identityStoreArn",
    "inScopeOf",
    "tlsVersion",
    "cipherSuite",
    "clientProvidedHostHeader",
];
/// What the names of an element of `resources` are.
const NAMES_OF_RESOURCES: [&str; 4] = ["ARN", "ARNPrefix", "accountId", "type"];
/// Columns whose values are objects or arrays, all but the first three with names that the caller's service chose.
const NESTED: [&str; 9] = [
    "userIdentity",
    "resources",
    "tlsDetails",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "insightDetails",
    "addendum",
];
/// The column of CloudTrail Lake that holds a whole event.
const EVENT_COLUMN: &str = "eventJson";
/// The deepest nesting in which names are restored.
const DEPTH_MAX: usize = 8;

/// Returns whether names are the header of a table of events.
pub fn is_header(names: &[&str]) -> bool {
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    ["eventSource", "eventName", "eventTime"]
        .iter()
        .all(|name| has(name))
        || has(EVENT_COLUMN)
}

/// Returns whether a record is still a row: its names are in lower case, or its nested values are texts.
pub fn is_row(r: &Record<'_>, object: Object<'_>) -> bool {
    let nested = [
        r.identity,
        r.parameters,
        r.response,
        r.additional,
        r.resources,
        r.tls,
        r.addendum,
    ];
    let is_text = |value: &Value<'_>| matches!(value, Value::Text([b'{' | b'[', ..]));
    nested.iter().any(is_text) || (r.source == Value::Null && object.get("eventsource").is_some())
}

/// Converts a row into a record; `None` if the caller cannot be read.
pub fn record(object: Object<'_>) -> Option<Vec<u8>> {
    let mut json = Json::default();
    json.0.push(b'{');
    for (key, value) in object.members() {
        let name = known(key, &NAMES);
        let text = value.raw_text();
        if text.as_deref().is_none_or(json::stands_for_nothing)
            && matches!(value, Value::Null | Value::Text(_))
        {
            continue;
        }
        let Some(name) = name.filter(|name| NESTED.contains(name)) else {
            json.key(name, key);
            json.value(value);
            continue;
        };
        let mut buffer = Vec::new();
        let inner = match text {
            Some(text) => nested(name, &text, &mut buffer),
            None => Some(value),
        };
        match (name, inner) {
            ("userIdentity", None) => return None,
            (_, None) => {}
            ("userIdentity" | "tlsDetails", Some(inner)) => {
                json.key(Some(name), key);
                json.value_renamed(inner, &NAMES, DEPTH_MAX);
            }
            ("resources", Some(inner)) => {
                json.key(Some(name), key);
                json.value_renamed(inner, &NAMES_OF_RESOURCES, DEPTH_MAX);
            }
            (_, Some(inner)) => {
                json.key(Some(name), key);
                json.value(inner);
            }
        }
    }
    json.0.push(b'}');
    Some(json.0)
}

/// Reads the text of an object or array.
fn nested<'a>(name: &str, text: &str, buffer: &'a mut Vec<u8>) -> Option<Value<'a>> {
    let names: &[&str] = match name {
        "userIdentity" | "tlsDetails" => &NAMES,
        "resources" => &NAMES_OF_RESOURCES,
        _ => &[],
    };
    structs::nested(text, names, buffer)
}

/// Returns the known form of a name.
fn known(key: &[u8], names: &[&'static str]) -> Option<&'static str> {
    let mut same = names
        .iter()
        .filter(|name| name.as_bytes().eq_ignore_ascii_case(key));
    same.next().copied()
}

/// JSON text being written.
#[derive(Default)]
struct Json(Vec<u8>);

impl Json {
    /// Writes a name in its known form, or unchanged.
    fn key(&mut self, known: Option<&str>, key: &[u8]) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0
            .extend_from_slice(known.map_or(key, |name| name.as_bytes()));
        self.0.extend_from_slice(b"\":");
    }

    /// Writes a value unchanged.
    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.0.extend_from_slice(b"null"),
            Value::True => self.0.extend_from_slice(b"true"),
            Value::False => self.0.extend_from_slice(b"false"),
            Value::Number(digits) => self.0.extend_from_slice(digits),
            Value::Text(inner) => {
                self.0.push(b'"');
                self.0.extend_from_slice(inner);
                self.0.push(b'"');
            }
            Value::Array(text) | Value::Object(text) => self.0.extend_from_slice(text),
        }
    }

    /// Writes a value with the known form of its members' names.
    fn value_renamed(&mut self, value: Value<'_>, names: &[&'static str], depth: usize) {
        match value {
            Value::Object(_) if depth > 0 => {
                self.0.push(b'{');
                for (key, inner) in value.members() {
                    self.key(known(key, names), key);
                    self.value_renamed(inner, names, depth - 1);
                }
                self.0.push(b'}');
            }
            Value::Array(_) if depth > 0 => {
                self.0.push(b'[');
                for (at, inner) in value.elements().enumerate() {
                    if at > 0 {
                        self.0.push(b',');
                    }
                    self.value_renamed(inner, names, depth - 1);
                }
                self.0.push(b']');
            }
            other => self.value(other),
        }
    }
}
