//! The normalised event that a record should give when it is read.

use std::net::IpAddr;

use serde::Serialize;

use crate::simulate::model::other_providers::action::{Action, instant};

/// The normalised event of one record, and its line in an access log.
pub(crate) struct ExpectedRecord {
    pub(crate) event: ExpectedEvent,
    /// The entry in the access log of the bucket, if there is one.
    pub(crate) access: Option<Access>,
}

/// What an access log has beside the fields of the event.
pub(crate) struct Access {
    /// The caller, as access logs name it.
    pub(crate) requester: String,
    /// The bucket and key that a copy reads from, and whether the bucket is ours.
    pub(crate) source: Option<(String, String, bool)>,
    /// Whether the bucket that is acted upon is ours.
    pub(crate) ours: bool,
    /// What was sent, or received.
    pub(crate) bytes: u64,
    pub(crate) prefix: String,
}

/// The normalised event of a record.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ExpectedEvent {
    pub(crate) format: &'static str,
    pub(crate) event_time: String,
    pub(crate) op: String,
    pub(crate) action: &'static str,
    pub(crate) identity: Option<String>,
    pub(crate) container: Option<String>,
    pub(crate) object: Option<String>,
    pub(crate) bytes_out: Option<u64>,
    pub(crate) src_ip: Option<String>,
    /// Where bytes went, or will go by this configuration: the address, or the account and container.
    pub(crate) dst_ip: Option<String>,
    pub(crate) dst_account: Option<String>,
    pub(crate) dst_container: Option<String>,
    pub(crate) outcome: &'static str,
    /// False for a record that only restates another.
    pub(crate) counts: bool,
}

impl ExpectedEvent {
    /// Returns the event of an action, for a format that writes so many digits of a second.
    pub(crate) fn of(
        format: &'static str,
        action: &Action,
        digits: u32,
        op: &str,
        action_class: &'static str,
    ) -> Self {
        Self {
            format,
            event_time: format!("{}Z", instant(action.at(digits), 9)),
            op: op.to_owned(),
            action: action_class,
            identity: None,
            container: None,
            object: None,
            bytes_out: None,
            src_ip: action
                .address
                .parse::<IpAddr>()
                .is_ok()
                .then(|| action.address.clone()),
            dst_ip: None,
            dst_account: None,
            dst_container: None,
            outcome: action.outcome.word(),
            counts: true,
        }
    }
}
