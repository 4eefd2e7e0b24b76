//! Handwritten CloudTrail records and flow log lines, for cases that a simulation does not produce.

use plimsoll::time::Time;

use crate::estate::{Line, line};

/// The account whose trail is read unless a call sets another.
pub const ACCOUNT: &str = "111122223333";
/// The header of flow logs that name instances.
pub const FLOWS: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                         start end action log-status instance-id flow-direction region";

/// An S3 call by a role session.
#[derive(Debug, Clone)]
pub struct Call {
    pub time: Time,
    /// The account of the role.
    pub actor: &'static str,
    pub role: &'static str,
    pub session: String,
    pub operation: &'static str,
    /// A part of `requestParameters` after the bucket, starting with a comma.
    pub parameters: String,
    pub bucket: String,
    pub user_agent: String,
    /// The account whose trail contains it.
    pub recorded_by: &'static str,
    /// A part of the id, so that every delivery of a call has the same id.
    pub number: u64,
    /// Equal in the copies of one call that two accounts record.
    pub shared: Option<u64>,
}

impl Call {
    pub fn new(time: Time, role: &'static str, number: u64) -> Self {
        Self {
            time,
            actor: ACCOUNT,
            role,
            session: "session".to_owned(),
            operation: "ListObjects",
            parameters: String::new(),
            bucket: "lake".to_owned(),
            user_agent: "aws-cli/2.15".to_owned(),
            recorded_by: ACCOUNT,
            number,
            shared: None,
        }
    }

    /// The record, on one line.
    pub fn record(&self) -> String {
        let Self {
            time,
            actor,
            role,
            session,
            operation,
            parameters,
            bucket,
            user_agent,
            recorded_by,
            number,
            ..
        } = self;
        let shared = self.shared.map_or(String::new(), |n| {
            format!(r#""sharedEventID":"00000000-0000-4000-9000-{n:012x}","#)
        });
        format!(
            r#"{{"eventVersion":"1.10","userIdentity":{{"type":"AssumedRole","principalId":"AROA{role}:{session}","arn":"arn:aws:sts::{actor}:assumed-role/{role}/{session}","accountId":"{actor}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{role}","arn":"arn:aws:iam::{actor}:role/{role}","accountId":"{actor}","userName":"{role}"}},"attributes":{{"mfaAuthenticated":"false"}}}}}},"eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"{operation}","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"[{user_agent}]","requestParameters":{{"bucketName":"{bucket}"{parameters}}},"responseElements":null,"additionalEventData":{{"bytesTransferredOut":2048}},"eventID":"00000000-0000-4000-8000-{number:012x}",{shared}"readOnly":true,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"{recorded_by}","eventCategory":"Data"}}"#
        )
    }

    pub fn line(&self) -> Line {
        line(None, self.record()).unwrap()
    }

    /// The canonical id of the role.
    pub fn identity(&self) -> String {
        format!("arn:aws:iam::{}:role/{}", self.actor, self.role)
    }
}

/// A flow from an instance to an address that is not ours.
pub fn flow(time: Time, instance: &str, bytes: u64) -> Line {
    let end = time.secs();
    let start = end - 59;
    let text = format!(
        "5 {ACCOUNT} eni-0a1b2c3d4e5f60718 10.0.0.5 203.0.113.77 40000 443 6 100 {bytes} {start} {end} ACCEPT OK \
         {instance} egress eu-west-1"
    );
    line(Some(FLOWS.to_owned()), text).unwrap()
}
