//! How a CloudTrail call ended.

use crate::event::Outcome;
use crate::sources::cloudtrail::record::Record;
use crate::sources::json::Value;
use crate::sources::parts::status::of_aws_code;

/// Returns how the call ended, from its error code, its message, and what a sign-in answers.
pub fn outcome(r: &Record<'_>, op: &str, code: Option<&str>) -> Outcome {
    // Sign-ins state their outcome in the response, under the event's own name.
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
    of_aws_code(code)
}
