//! The outcome of a call, by its HTTP status or by a provider's error code.

use crate::event::Outcome;

/// AWS error codes of reads that found no configuration: the call worked.
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
/// Parts of AWS error codes for calls that are not authorised.
const DENIED: [&str; 3] = ["AccessDenied", "UnauthorizedOperation", "NotAuthorized"];
/// Parts of AWS error codes for too many calls: `Throttling`, `ThrottlingException`, `RequestThrottled`, `Client.Request…`.
const THROTTLED: [&str; 4] = [
    "Throttl",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequests",
];

/// Returns the outcome of an HTTP status. Redirections and unmet conditions count as success.
pub fn of_http(status: u64) -> Outcome {
    match status {
        200..=399 | 412 => Outcome::Success,
        401 | 403 => Outcome::Denied,
        429 => Outcome::Throttled,
        400.. => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

/// Returns the outcome of an AWS error code.
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
    fn throttling_codes_are_recognised() {
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
