//! How a call ended, by the status of its HTTP response.

use crate::event::Outcome;

/// Returns the outcome that a status means. Redirections and conditions that were not met did what they should.
pub fn of_http(status: u64) -> Outcome {
    match status {
        200..=399 | 412 => Outcome::Success,
        401 | 403 => Outcome::Denied,
        429 => Outcome::Throttled,
        400.. => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}
