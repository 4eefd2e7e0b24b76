//! What findings of both classes have in common.

use serde_json::{Map, Value, json};

use crate::alert::Alert;
use crate::stats::Severity;
use crate::time::Time;

/// Version of the schema that the mapping follows.
pub const VERSION: &str = "1.8.0";
/// Category *Findings*.
const CATEGORY_FINDINGS: u32 = 2;
/// Analytic type *Statistical*.
const ANALYTIC_STATISTICAL: u32 = 3;

/// An observable: a value that other events may have as well.
#[derive(Debug, Clone, Copy)]
pub(super) enum Observable {
    /// An address.
    Ip,
    /// The id of a bucket.
    Resource,
    /// A client, as it named itself.
    UserAgent,
    /// The id of an identity.
    User,
}

impl Observable {
    /// Returns the observable of a value that the finding has in an attribute.
    pub(super) fn at(self, attribute: &str, value: &str) -> Value {
        let (type_id, caption) = match self {
            Self::Ip => (2, "IP Address"),
            Self::Resource => (10, "Resource UID"),
            Self::UserAgent => (16, "HTTP User-Agent"),
            Self::User => (31, "User Object: uid"),
        };
        json!({"name": attribute, "type": caption, "type_id": type_id, "value": value})
    }
}

/// A class of findings.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    /// One alert.
    Detection,
    /// One incident.
    Incident,
}

/// What was done to the finding that a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// It is told.
    Create,
    /// It is told again, as it is now.
    Update,
    /// There is nothing left to do about it.
    Close,
}

/// Returns the attributes that say what kind of document it is.
pub(super) fn classification(class: Class, activity: Activity) -> Map<String, Value> {
    let (class_uid, class_name) = match class {
        Class::Detection => (2004, "Detection Finding"),
        Class::Incident => (2005, "Incident Finding"),
    };
    let (activity_id, activity_name) = match activity {
        Activity::Create => (1, "Create"),
        Activity::Update => (2, "Update"),
        Activity::Close => (3, "Close"),
    };
    fields(json!({
        "activity_id": activity_id,
        "activity_name": activity_name,
        "category_uid": CATEGORY_FINDINGS,
        "category_name": "Findings",
        "class_uid": class_uid,
        "class_name": class_name,
        "type_uid": class_uid * 100 + activity_id,
        "type_name": format!("{class_name}: {activity_name}"),
    }))
}

/// Returns the metadata of a document; its id tells it from others about the same finding.
pub(super) fn metadata(uid: Option<&str>, incident_id: Option<&str>, profiles: &[&str]) -> Value {
    without_null(json!({
        "version": VERSION,
        "profiles": profiles,
        "uid": uid,
        "correlation_uid": incident_id,
        "product": {"name": "plimsoll", "vendor_name": "plimsoll", "version": env!("CARGO_PKG_VERSION")},
    }))
}

/// Returns the attributes that tell a severity.
pub(super) fn severity(severity: Severity) -> Map<String, Value> {
    let id = match severity {
        Severity::Informational => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    };
    fields(json!({"severity_id": id, "severity": capitalised(&severity.to_string())}))
}

/// Returns the attributes that say how far a score can be trusted: nothing is said of one that is calibrated.
pub(super) fn confidence(is_provisional: bool) -> Map<String, Value> {
    if is_provisional {
        fields(json!({"confidence_id": 1, "confidence": "Low"}))
    } else {
        Map::new()
    }
}

/// Returns the finding that an alert is.
pub(super) fn finding_info(alert: &Alert) -> Map<String, Value> {
    let (start, end) = alert.span();
    let created = alert.crossed_at.unwrap_or(alert.time);
    let info = without_null(json!({
        "uid": alert.alert_id,
        "title": alert.headline(),
        "created_time": millis(created),
        "modified_time": (alert.time > created).then(|| millis(alert.time)),
        "first_seen_time": millis(start),
        "last_seen_time": millis(end),
        "analytic": {
            "uid": alert.analytic, "name": alert.name, "category": alert.arm,
            "type_id": ANALYTIC_STATISTICAL, "type": "Statistical",
        },
        "attacks": alert.techniques.iter().map(|t| attack(t)).collect::<Vec<_>>(),
    }));
    fields(info)
}

fn attack(technique: &str) -> Value {
    match technique.split_once('.') {
        Some((parent, _)) => {
            json!({"technique": {"uid": parent}, "sub_technique": {"uid": technique}})
        }
        None => json!({"technique": {"uid": technique}}),
    }
}

/// Returns where in the cloud something is.
pub(super) fn cloud(
    provider: Option<&str>,
    account: Option<&String>,
    region: Option<&String>,
) -> Value {
    let provider = match provider {
        None => "Unknown",
        Some("aws") => "AWS",
        Some("azure" | "entra" | "m365") => "Azure",
        Some("gcp" | "gworkspace") => "GCP",
        Some(other) => other,
    };
    let account = account.map(|uid| json!({"uid": uid}));
    without_null(json!({"provider": provider, "region": region, "account": account}))
}

/// Returns a time in the milliseconds since 1970 that OCSF counts.
pub(super) fn millis(time: Time) -> i64 {
    time.nanos().div_euclid(1_000_000)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Returns the fields of an object.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Returns the fields of an alert without the numbers that only our own document carries.
pub(in crate::report) fn without_evidence(alert: &Alert) -> Value {
    let mut document = json!(alert);
    if let Some(fields) = document.as_object_mut() {
        let ours = ["schema", "evidence", "digest"];
        fields.retain(|name, value| !ours.contains(&name.as_str()) && !is_absent(name, value));
    }
    let reasons = document["reasons"].as_array_mut();
    for reason in reasons
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        reason.retain(|name, value| name != "basis" && !is_absent(name, value));
    }
    document
}

/// Returns whether a field is left out of other schemas where it is null.
fn is_absent(name: &str, value: &Value) -> bool {
    value.is_null() && ["headline", "approval", "first"].contains(&name)
}

/// Leaves out the fields that are null: absent, not empty.
pub(in crate::report) fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, v)| !v.is_null())
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}
