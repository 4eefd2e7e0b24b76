//! A session: the credentials of a caller, as records have them.

use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};

/// A caller, for as long as its credentials last.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The caller's place in [`ACCOUNTS`]; `None` for callers of other companies.
    pub(crate) account: Option<usize>,
    /// `userIdentity` as the caller's own account sees it, without the closing brace.
    pub(crate) identity: String,
    /// `userIdentity` as another account sees it.
    pub(crate) foreign_identity: String,
    /// The caller's canonical id, as its own account and as another one knows it.
    pub(crate) canonical: (String, String),
    /// `sourceIPAddress`: an address, or a service's host name.
    pub(crate) source: String,
    pub(crate) user_agent: UserAgent,
    /// Sent instead of the agent's own text by services.
    pub(crate) service_agent: Option<&'static str>,
    /// The interface or gateway endpoint that calls pass through.
    pub(crate) endpoint: Option<String>,
    /// Whether the credentials came from the console.
    pub(crate) console: bool,
    /// Whether requests are signed.
    pub(crate) signed: bool,
}

impl Session {
    /// Returns the caller's ARN, or nothing for callers without one.
    pub(crate) fn arn(&self) -> &str {
        let rest = self
            .identity
            .split_once("\"arn\":\"")
            .map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or("")
    }

    /// Returns whether an account sees the caller as one of its own, or as a service.
    pub(crate) fn is_own(&self, account: usize) -> bool {
        self.account == Some(account) || self.service_agent.is_some() && self.account.is_none()
    }

    /// Returns the refusal of an action on a bucket, in AWS's words.
    pub(crate) fn refusal(&self, action: &str, bucket: &Bucket) -> String {
        format!(
            "User: {} is not authorized to perform: {action} on resource: arn:aws:s3:::{} because no identity-based \
             policy allows the {action} action",
            self.arn(),
            bucket.name
        )
    }
    /// Returns the session of an AWS service acting for itself.
    pub(crate) fn of_service(host: &'static str) -> Self {
        let identity = format!("{{\"type\":\"AWSService\",\"invokedBy\":\"{host}\"");
        let canonical = format!("aws:service:{host}");
        Self {
            canonical: (canonical.clone(), canonical),
            account: None,
            foreign_identity: format!("{identity}}}"),
            identity,
            source: host.to_owned(),
            user_agent: UserAgent::new(Client::Curl, 0, 0),
            service_agent: Some(host),
            endpoint: None,
            console: false,
            signed: true,
        }
    }
}
