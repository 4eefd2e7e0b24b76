//! How a CloudTrail call ended.

use crate::event::Outcome;
use crate::sources::cloudtrail::Record;
use crate::sources::json::Value;

/// Codes by which a read says that nothing is configured: it worked, and that is the answer.
const NOT_CONFIGURED: [&str; 10] = [
    "NoSuchBucketPolicy",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchWebsiteConfiguration",
    "NoSuchCORSConfiguration",
    "NoSuchTagSet",
    "ReplicationConfigurationNotFoundError",
    "ObjectLockConfigurationNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
];
const DENIED: [&str; 3] = ["AccessDenied", "UnauthorizedOperation", "NotAuthorized"];
const THROTTLED: [&str; 4] = [
    "ThrottlingException",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequestsException",
];

/// Returns how the call ended, from its error code, its message, and what a sign-in answers.
pub fn outcome(r: &Record<'_>, op: &str, code: Option<&str>) -> Outcome {
    // Sign-ins tell their outcome in the answer, under the event's own name.
    if matches!(op, "ConsoleLogin" | "CheckMfa" | "SwitchRole") {
        match r.response.get(op).and_then(Value::text).as_deref() {
            Some("Success") => return Outcome::Success,
            Some("Failure") => return Outcome::Failure,
            _ => {}
        }
    }
    let Some(code) = code else {
        return match r.message.text() {
            None => Outcome::Success,
            Some(message) if message.contains("not authorized to perform") => Outcome::Denied,
            Some(_) => Outcome::Failure,
        };
    };
    // EC2 puts `Client.` or `Server.` before its codes, others a prefix of their own.
    if NOT_CONFIGURED.contains(&code) {
        Outcome::NotConfigured
    } else if DENIED.iter().any(|mark| code.contains(mark)) {
        Outcome::Denied
    } else if THROTTLED.iter().any(|mark| code.contains(mark)) {
        Outcome::Throttled
    } else {
        Outcome::Failure
    }
}
