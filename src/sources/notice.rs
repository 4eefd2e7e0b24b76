//! Messages about logs that are no logs themselves: notices of deliveries, tests, digests, entries of other logs.

use crate::sources::json::{Object, Value};
use crate::sources::report::SkipReason;

/// Categories of diagnostic records that say what Entra concludes of users and applications.
const RISK_CATEGORIES: [&str; 2] = ["RiskyUsers", "RiskyServicePrincipals"];
/// Categories of diagnostic records of Entra in which nobody acts, or which repeat what another log has.
const OTHER_CATEGORIES: [&str; 4] = [
    "ProvisioningLogs",
    "RemoteNetworkHealthLogs",
    "NetworkAccessTrafficLogs",
    "EnrichedOffice365AuditLogs",
];

/// Recognises messages about logs that are not logs themselves.
pub fn skip_reason(object: Object<'_>) -> Option<SkipReason> {
    let is = |name: &str, wanted: &[&str]| {
        object.get(name).is_some_and(
            |v| matches!(v, Value::Text(raw) if wanted.iter().any(|w| w.as_bytes() == raw)),
        )
    };
    if is("messageType", &["CONTROL_MESSAGE"])
        || is(
            "Type",
            &["SubscriptionConfirmation", "UnsubscribeConfirmation"],
        )
        || is("Event", &["s3:TestEvent"])
    {
        return Some(SkipReason::ControlMessage);
    }
    if is("eventSource", &["aws:s3"])
        || (object.get("s3Bucket").is_some() && object.get("s3ObjectKey").is_some())
    {
        return Some(SkipReason::ObjectNotification);
    }
    if object.get("digestS3Object").is_some() && object.get("logFiles").is_some() {
        return Some(SkipReason::Digest);
    }
    // Other logs that Entra and Azure Monitor write beside those that are read.
    let is_diagnostic = object.get("category").is_some() && object.get("operationName").is_some();
    // Detections are read; these say how risky somebody is by now.
    if is_diagnostic && is("category", &RISK_CATEGORIES) {
        return Some(SkipReason::Finding);
    }
    if (is_diagnostic && is("category", &OTHER_CATEGORIES))
        || (object.get("metricName").is_some() && object.get("resourceId").is_some())
    {
        return Some(SkipReason::OtherLog);
    }
    // A line of a bulk request that says what is done with the document on the next one.
    if let [Some((b"index" | b"create", action)), None] =
        [object.members().next(), object.members().nth(1)]
        && matches!(action, Value::Object(_))
        && (!action.is_present() || action.get("_index").is_some() || action.get("_id").is_some())
    {
        return Some(SkipReason::ControlMessage);
    }
    // Notifications of Cloud Storage have their data in the attributes of a Pub/Sub message.
    if let Some(attributes) = object.get("attributes") {
        let [event, bucket] = attributes.pick(["eventType", "bucketId"]);
        if bucket.is_present() && matches!(event, Value::Text(t) if t.starts_with(b"OBJECT_")) {
            return Some(SkipReason::ObjectNotification);
        }
    }
    if let Some(Value::Text(name)) = object.get("logName") {
        let has = |part: &[u8]| memchr::memmem::find(name, part).is_some();
        let is_read = has(b"/logs/cloudaudit.googleapis.com") || has(b"vpc_flows");
        let is_entry = object.get("insertId").is_some() && object.get("resource").is_some();
        if has(b"/logs/") && is_entry && !is_read {
            return Some(SkipReason::OtherLog);
        }
    }
    None
}
