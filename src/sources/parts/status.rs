//! How a call ended, by the status of its HTTP response or by a provider's code.

use crate::event::Outcome;

/// Codes of AWS by which a read says that nothing is configured: it worked, and that is the answer.
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
/// Marks of AWS's codes for what is not authorised.
const DENIED: [&str; 3] = ["AccessDenied", "UnauthorizedOperation", "NotAuthorized"];
/// Marks of AWS's codes for too many calls: `Throttling`, `ThrottlingException`, `RequestThrottled`, `Client.Request…`.
const THROTTLED: [&str; 4] = [
    "Throttl",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequests",
];

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

/// Returns the outcome that an error code of AWS means.
pub fn of_aws_code(code: &str) -> Outcome {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_too_many_calls_have_many_spellings() {
        for code in [
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "Client.RequestLimitExceeded",
            "RequestThrottled",
            "SlowDown",
            "TooManyRequestsException",
        ] {
            assert_eq!(of_aws_code(code), Outcome::Throttled, "{code}");
        }
        assert_eq!(of_aws_code("NoSuchBucket"), Outcome::Failure);
    }
}
