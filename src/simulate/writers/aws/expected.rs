//! The normalised event of every record, from what was decided and not from the record.

use std::net::IpAddr;

use crate::simulate::model::aws::call::{Api, ApiError, ObjectCall, Op};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::company::PARTNER;
use crate::simulate::model::expected::{Access, ExpectedEvent, ExpectedRecord};
use crate::simulate::model::format::Format;
use crate::simulate::model::label::timestamp;
use crate::simulate::model::random::splitmix;

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn address(text: &str) -> Option<String> {
    text.parse::<IpAddr>().is_ok().then(|| text.to_owned())
}

fn outcome(fault: ApiError<'_>) -> &'static str {
    match fault.map(|(code, _)| code) {
        None => "success",
        Some("AccessDenied") => "denied",
        Some("ThrottlingException" | "SlowDown") => "throttled",
        Some(
            "NoSuchBucketPolicy"
            | "NoSuchPublicAccessBlockConfiguration"
            | "NoSuchTagSet"
            | "NoSuchLifecycleConfiguration",
        ) => "not_configured",
        Some(_) => "failure",
    }
}

/// Returns the size of the answer to a deletion of so many objects: it names each of them.
pub(crate) fn answer_bytes(keys: u64) -> u64 {
    140 + 70 * keys
}

/// Returns the event of an operation on a bucket or object.
pub(crate) fn expected_object(
    call: &ObjectCall<'_>,
    canonical: &str,
    recipient: &str,
    first: bool,
) -> ExpectedRecord {
    let ObjectCall {
        at,
        session,
        op,
        bucket,
        key,
        bytes,
        fault,
    } = *call;
    let (name, action) = match op {
        Op::List(_) | Op::ListV1 => ("ListObjects", "list_objects"),
        Op::Head => ("HeadObject", "read_object"),
        Op::Get => ("GetObject", "read_object"),
        Op::Put => ("PutObject", "write_object"),
        Op::Delete | Op::DeleteInBatch | Op::DeleteVersion(_) => ("DeleteObject", "delete_object"),
        Op::DeleteMany(_) => ("DeleteObjects", "delete_object"),
        Op::Copy(..) => ("CopyObject", "copy_object"),
    };
    let listing = action == "list_objects";
    let sent = match op {
        // The answer of an error, or of a copy, is a few lines of XML.
        _ if fault.is_some() => 243,
        Op::Copy(..) => 224,
        Op::Head | Op::Delete | Op::DeleteInBatch | Op::DeleteVersion(_) | Op::Put => 0,
        Op::DeleteMany(keys) => answer_bytes(keys),
        _ => bytes,
    };
    let denied = outcome(fault) == "denied";
    let copies = matches!(op, Op::Copy(..));
    let ours = bucket.account.is_some();
    // Access logs have a line of their own for each object of a batch.
    let is_batch = matches!(op, Op::DeleteMany(_) | Op::DeleteInBatch);
    let access = (first && !is_batch).then(|| Access {
        requester: requester(session),
        source: match op {
            Op::Copy(from, key) => {
                Some((from.name.clone(), key.to_owned(), from.account.is_some()))
            }
            _ => None,
        },
        ours,
        bytes: if fault.is_some() { 243 } else { bytes },
        prefix: if listing {
            key.to_owned()
        } else {
            String::new()
        },
    });
    ExpectedRecord {
        event: ExpectedEvent {
            format: Format::CloudTrail.name(),
            event_time: timestamp(at),
            op: name.to_owned(),
            action,
            identity: some(canonical),
            container: some(&bucket.name),
            // A refused call's parameters are left out.
            object: if listing || denied || matches!(op, Op::DeleteMany(_)) {
                None
            } else {
                some(key)
            },
            bytes_out: Some(sent),
            src_ip: address(&session.source),
            dst_ip: None,
            // A refused caller does not learn who owns the bucket.
            dst_account: some(&bucket.owner)
                .filter(|owner| copies && !(denied && owner != recipient)),
            dst_container: some(&bucket.name).filter(|_| copies),
            outcome: outcome(fault),
            counts: true,
        },
        access,
    }
}

/// Returns the caller, as access logs name it.
fn requester(session: &Session) -> String {
    match session.arn() {
        "" if !session.signed => "-".to_owned(),
        "" if session.canonical.1.contains(PARTNER) => canonical_user(PARTNER),
        "" => session.canonical.0.replace("aws:service:", "svc:"),
        arn => arn.to_owned(),
    }
}

/// Returns the canonical id, 64 hexadecimal digits, of an account.
pub(crate) fn canonical_user(account: &str) -> String {
    let seed = account
        .bytes()
        .fold(1, |state, byte| splitmix(state ^ u64::from(byte)));
    (0..4)
        .map(|part| format!("{:016x}", splitmix(seed ^ part)))
        .collect()
}

/// Returns whether event selectors leave out management events, or some of their sources.
fn narrows(parameters: &str) -> bool {
    !parameters.contains("\"excludeManagementEventSources\":[]")
        || parameters.contains("\"includeManagementEvents\":false")
}

/// Returns whether a lifecycle configuration deletes objects within a week.
fn expires_soon(parameters: &str) -> bool {
    (1..=7).any(|days| parameters.contains(&format!("\"Expiration\":{{\"Days\":{days}}}")))
}

/// Returns the value of a text parameter.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let (_, rest) = parameters.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// Returns the event of a call of another service, or of one on a whole bucket.
pub(crate) fn expected_call(
    at: i64,
    session: &Session,
    account: usize,
    api: &Api<'_>,
) -> ExpectedRecord {
    let action = match (api.service, api.name) {
        ("s3", "ListBuckets") => "list_buckets",
        ("s3", "PutBucketReplication") => "copy_object",
        ("s3", "DeleteBucket") => "delete_bucket",
        ("s3", "PutBucketLogging") if !api.parameters.contains("LoggingEnabled") => "blind_log",
        ("s3", "PutBucketLifecycle") if expires_soon(api.parameters) => "expire_objects",
        ("cloudtrail", "PutEventSelectors") if !narrows(api.parameters) => "other",
        ("cloudtrail", _) if !api.read_only => "blind_log",
        ("guardduty", _) | ("config", _) if !api.read_only => "blind_log",
        ("ec2", "DeleteFlowLogs") => "blind_log",
        ("ec2", "RunInstances") => "start_compute",
        ("s3", "CreateBucket") => "other",
        ("s3", name) if name.starts_with("Get") => "read_posture",
        ("s3", _) => "write_posture",
        ("iam", "CreateUser" | "CreateRole") => "create_identity",
        ("iam", "CreateAccessKey") => "create_credential",
        ("iam", name) if name.starts_with("List") || name.starts_with("Get") => {
            "enumerate_directory"
        }
        ("organizations", name) if name.starts_with("List") || name.starts_with("Describe") => {
            "enumerate_directory"
        }
        ("sts", "GetCallerIdentity") => "enumerate_directory",
        ("sts", _) => "assume_role",
        ("signin", _) => "authenticate",
        ("secretsmanager", _) => "read_secret",
        _ => "other",
    };
    let (own, other_providers) = &session.canonical;
    let denied = matches!(outcome(api.fault), "denied" | "throttled");
    let parameters = if denied { "" } else { api.parameters };
    let container = match api.bucket {
        Some(bucket) => some(&bucket.name),
        None => parameter(parameters, "bucketName"),
    };
    let ours = api.bucket.is_some_and(|bucket| bucket.account.is_some());
    ExpectedRecord {
        event: ExpectedEvent {
            format: Format::CloudTrail.name(),
            event_time: timestamp(at),
            op: api.name.to_owned(),
            action,
            identity: some(if session.is_own(account) {
                own
            } else {
                other_providers
            }),
            container,
            object: parameter(parameters, "secretId"),
            bytes_out: (api.service == "s3").then_some(if api.fault.is_some() { 331 } else { 489 }),
            src_ip: address(api.invoked_by.unwrap_or(&session.source)),
            dst_ip: None,
            dst_account: api.shared.and_then(|(account, _)| some(account)),
            dst_container: api.shared.and_then(|(_, bucket)| some(bucket)),
            outcome: outcome(api.fault),
            counts: true,
        },
        access: (action == "read_posture" && ours).then(|| Access {
            requester: requester(session),
            source: None,
            ours,
            bytes: if api.fault.is_some() { 331 } else { 489 },
            prefix: String::new(),
        }),
    }
}

fn flow_event(end: i64, action: &'static str, outcome: &'static str) -> ExpectedEvent {
    ExpectedEvent {
        format: Format::VpcFlow.name(),
        event_time: timestamp(end),
        op: if outcome == "denied" {
            "REJECT"
        } else {
            "ACCEPT"
        }
        .to_owned(),
        action,
        identity: None,
        container: None,
        object: None,
        bytes_out: None,
        src_ip: None,
        dst_ip: None,
        dst_account: None,
        dst_container: None,
        outcome,
        counts: true,
    }
}

/// Returns the event of a packet that was refused.
pub(crate) fn expected_refusal(end: i64, source: &str) -> ExpectedRecord {
    let mut expected = flow_event(end, "other", "denied");
    expected.src_ip = some(source);
    ExpectedRecord {
        event: expected,
        access: None,
    }
}

/// Returns the event of bytes to or from a peer; `egress` where the record shows the direction.
pub(crate) fn expected_flow(
    end: i64,
    egress: Option<bool>,
    peer: &str,
    bytes: u64,
) -> ExpectedRecord {
    let mut expected = flow_event(end, "other", "success");
    match egress {
        Some(true) => {
            (expected.action, expected.bytes_out) = ("egress_flow", Some(bytes));
            expected.dst_ip = some(peer);
        }
        Some(false) => expected.src_ip = some(peer),
        None => {}
    }
    ExpectedRecord {
        event: expected,
        access: None,
    }
}
