//! CloudTrail records, key by key as AWS writes them.
//!
//! Everything that is written here was chosen by the simulation and holds no character that JSON would escape.

use std::fmt::Write as _;

use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::call::{Api, ApiError, ObjectCall, Op, POSTURE};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::company::{ACCOUNTS, REGIONS, US_EAST};
use crate::simulate::model::random::{BASE64, Rng, UPPER};
use crate::simulate::writers::aws::expected::{answer_bytes, expected_call, expected_object};
use crate::simulate::writers::aws::trail::{LogKind, Trail};
use crate::time::Time;

/// Appends a GUID: with a tail, only its first twelve digits are drawn, so that files stay small.
fn guid(out: &mut String, rng: &mut Rng, tail: Option<&str>) {
    let bits = rng.bits();
    let _ = write!(out, "{:08x}-{:04x}-", bits as u32, (bits >> 32) as u16);
    let _ = match tail {
        Some(tail) => write!(out, "4c1e-9{}-{tail}", &tail[9..]),
        None => write!(
            out,
            "4{:03x}-9{:03x}-{:012x}",
            (bits >> 48) & 0xfff,
            rng.bits() & 0xfff,
            rng.bits() >> 16
        ),
    };
}

/// Returns a fresh GUID.
pub(crate) fn new_guid(rng: &mut Rng) -> String {
    let mut out = String::with_capacity(36);
    guid(&mut out, rng, None);
    out
}

fn fault_into(out: &mut String, fault: ApiError<'_>) {
    if let Some((code, message)) = fault {
        let _ = write!(
            out,
            "\"errorCode\":\"{code}\",\"errorMessage\":\"{message}\","
        );
    }
}

/// Which of the accounts that log a call is being written.
struct RecordCopy<'a> {
    identity: &'a str,
    canonical: &'a str,
    /// Whether the owner of the bucket has no other copy that names the caller.
    first: bool,
    closed: bool,
    recipient: &'a str,
    shared: Option<&'a str>,
}

impl Trail {
    /// Writes one S3 data event, to the caller's trail and, where another of our accounts owns the bucket, to its trail.
    pub(crate) fn s3(&mut self, call: &ObjectCall<'_>) {
        let ObjectCall {
            at,
            session,
            bucket,
            ..
        } = *call;
        let is_cross_account =
            matches!((session.account, bucket.account), (Some(a), Some(b)) if a != b);
        let shared = is_cross_account.then(|| new_guid(&mut self.ids));
        let request_id = self.ids.text(UPPER, 16);
        let (tail, opaque) = (self.id_tail.clone(), self.opaque_tokens);
        let mut write = |account: usize, copy: &RecordCopy<'_>| {
            if !self.has_data_events(account) {
                return;
            }
            self.audit(account, bucket.region, at, |out, ids| {
                s3_record(out, ids, call, copy, &request_id, &tail, opaque);
            });
            self.track(LogKind::Audit, account, bucket.region, || {
                expected_object(call, copy.canonical, copy.recipient, copy.first)
            });
        };
        if let Some(account) = session.account {
            let recipient = ACCOUNTS[account].id;
            write(
                account,
                &RecordCopy {
                    identity: &session.identity,
                    canonical: &session.canonical.0,
                    first: true,
                    closed: false,
                    recipient,
                    shared: shared.as_deref(),
                },
            );
        }
        if let Some(account) = bucket
            .account
            .filter(|&owner| session.account != Some(owner))
        {
            let recipient = ACCOUNTS[account].id;
            let identity = &session.foreign_identity;
            write(
                account,
                &RecordCopy {
                    identity,
                    canonical: &session.canonical.1,
                    first: session.account.is_none(),
                    closed: true,
                    recipient,
                    shared: shared.as_deref(),
                },
            );
        }
    }

    /// Writes one management event to the trail of `account`.
    pub(crate) fn api(&mut self, at: i64, session: &Session, account: usize, api: &Api<'_>) {
        if !self.has(account) {
            return;
        }
        let tail = self.id_tail.clone();
        self.audit(account, api.region, at, |out, ids| {
            api_record(out, ids, at, session, account, api, &tail);
        });
        self.track(LogKind::Audit, account, api.region, || {
            expected_call(at, session, account, api)
        });
    }

    /// Writes one bucket posture read: number `setting` of [`POSTURE`].
    pub(crate) fn posture(
        &mut self,
        at: i64,
        session: &Session,
        account: usize,
        bucket: &Bucket,
        setting: usize,
    ) {
        let (name, field, absent) = POSTURE[setting];
        let region = REGIONS[bucket.region];
        let parameters = format!(
            "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{region}.amazonaws.com\",\"{field}\":\"\"}}",
            bucket.name
        );
        let fault = absent.filter(|_| !bucket.has(setting));
        let command = "s3api.get-bucket-acl";
        let bucket = Some(bucket);
        let region = bucket.map_or(US_EAST, |b| b.region);
        let api = Api {
            service: "s3",
            name,
            region,
            parameters: &parameters,
            fault,
            bucket,
            command,
            ..Api::default()
        };
        self.api(at, session, account, &api);
    }
}

fn caller_into(
    out: &mut String,
    at: i64,
    copy: &RecordCopy<'_>,
    version: &str,
    invoked_by: Option<&str>,
) {
    let _ = write!(out, "{{\"eventVersion\":\"{version}\",\"userIdentity\":");
    out.push_str(copy.identity);
    if let Some(service) = invoked_by {
        let _ = write!(out, ",\"invokedBy\":\"{service}\"");
    }
    if !copy.closed {
        out.push('}');
    }
    let time = Time::from_secs(at).unwrap_or(Time::from_nanos(0));
    let _ = write!(out, ",\"eventTime\":\"{time}\",");
}

fn s3_record(
    out: &mut String,
    ids: &mut Rng,
    call: &ObjectCall<'_>,
    copy: &RecordCopy<'_>,
    request_id: &str,
    tail: &str,
    opaque: bool,
) {
    let ObjectCall {
        at,
        session,
        op,
        bucket,
        key,
        bytes,
        fault,
    } = *call;
    let (name, command, read_only) = match op {
        Op::List(_) | Op::ListV1 => ("ListObjects", "s3.ls", true),
        Op::Head => ("HeadObject", "s3.cp", true),
        Op::Get => ("GetObject", "s3.cp", true),
        Op::Put => ("PutObject", "s3.cp", false),
        Op::Delete => ("DeleteObject", "s3.rm", false),
        Op::DeleteMany(_) => ("DeleteObjects", "s3.rm", false),
        Op::DeleteInBatch => ("DeleteObject", "s3.rm", false),
        Op::DeleteVersion(_) => ("DeleteObject", "s3api.delete-object", false),
        Op::Copy(..) => ("CopyObject", "s3.sync", false),
    };
    let listing = matches!(op, Op::List(_) | Op::ListV1);
    let region = REGIONS[bucket.region];
    let denied = fault.is_some_and(|(code, _)| code == "AccessDenied");
    caller_into(out, at, copy, "1.11", None);
    let _ = write!(
        out,
        "\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"{name}\",\"awsRegion\":\"{region}\",\
         \"sourceIPAddress\":\"{}\",\"userAgent\":\"[",
        session.source
    );
    match session.service_agent {
        Some(text) => out.push_str(text),
        None => session.user_agent.render(out, command, "s3"),
    }
    out.push_str("]\",");
    fault_into(out, fault);
    let host = format_args!("{}.s3.{region}.amazonaws.com", bucket.name);
    let bucket_name = &bucket.name;
    out.push_str("\"requestParameters\":");
    if denied {
        out.push_str("null");
    } else {
        let _ = match op {
            Op::List(page) => {
                let _ = write!(
                    out,
                    "{{\"list-type\":\"2\",\"bucketName\":\"{bucket_name}\",\"encoding-type\":\"url\",\"prefix\":\"{key}\","
                );
                if page > 0 && opaque {
                    let _ = write!(
                        out,
                        "\"continuation-token\":\"1{}=\",",
                        ids.text(BASE64, 86)
                    );
                }
                write!(
                    out,
                    "\"delimiter\":\"{}\",\"Host\":\"{host}\"}}",
                    if key.is_empty() { "" } else { "/" }
                )
            }
            Op::DeleteMany(_) => write!(
                out,
                "{{\"bucketName\":\"{bucket_name}\",\"Host\":\"{host}\",\"delete\":\"\"}}"
            ),
            Op::DeleteVersion(number) => write!(
                out,
                "{{\"bucketName\":\"{bucket_name}\",\"Host\":\"{host}\",\"versionId\":\"{number:032x}\",\"key\":\"{key}\"}}"
            ),
            Op::ListV1 => write!(
                out,
                "{{\"bucketName\":\"{bucket_name}\",\"Host\":\"{host}\",\"prefix\":\"{key}\",\"max-keys\":\"1000\"}}"
            ),
            Op::Copy(source, source_key) => write!(
                out,
                "{{\"bucketName\":\"{bucket_name}\",\"Host\":\"{host}\",\"x-amz-copy-source\":\"{}/{source_key}\",\
                 \"key\":\"{key}\"}}",
                source.name
            ),
            _ => write!(
                out,
                "{{\"bucketName\":\"{bucket_name}\",\"Host\":\"{host}\",\"key\":\"{key}\"}}"
            ),
        };
    }
    let stored = matches!(op, Op::Put | Op::Copy(..)) && fault.is_none();
    out.push_str(match stored {
        true => ",\"responseElements\":{\"x-amz-server-side-encryption\":\"AES256\"}",
        false => ",\"responseElements\":null",
    });
    let (bytes_in, bytes_out) = match op {
        _ if fault.is_some() => (0, 243),
        Op::Put => (bytes, 0),
        Op::Copy(..) => (0, 224),
        Op::Head | Op::Delete | Op::DeleteInBatch | Op::DeleteVersion(_) => (0, 0),
        Op::DeleteMany(keys) => (120 + 85 * keys, answer_bytes(keys)),
        _ => (0, bytes),
    };
    out.push_str(",\"additionalEventData\":{");
    if session.signed {
        out.push_str("\"SignatureVersion\":\"SigV4\",");
    }
    let _ = write!(
        out,
        "\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"bytesTransferredIn\":{bytes_in},"
    );
    if stored {
        out.push_str("\"SSEApplied\":\"Default_SSE_S3\",");
    }
    if session.signed {
        out.push_str("\"AuthenticationMethod\":\"AuthHeader\",");
    }
    if opaque {
        let _ = write!(out, "\"x-amz-id-2\":\"{}=\",", ids.text(BASE64, 75));
    }
    let _ = write!(
        out,
        "\"bytesTransferredOut\":{bytes_out}}},\"requestID\":\"{request_id}\",\"eventID\":\""
    );
    guid(out, ids, Some(tail));
    let _ = write!(out, "\",\"readOnly\":{read_only},\"resources\":[");
    if listing || matches!(op, Op::DeleteMany(_)) {
        let _ = write!(
            out,
            "{{\"type\":\"AWS::S3::Object\",\"ARNPrefix\":\"arn:aws:s3:::{bucket_name}/{key}\"}},"
        );
    } else {
        let _ = write!(
            out,
            "{{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::{bucket_name}/{key}\"}},"
        );
    }
    // In the requester's copy the owner of a bucket that was refused is blank.
    let owner = if denied && copy.recipient != bucket.owner {
        ""
    } else {
        &bucket.owner
    };
    let _ = write!(
        out,
        "{{\"accountId\":\"{owner}\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{bucket_name}\"}}"
    );
    if let Op::Copy(source, source_key) = op {
        let _ = write!(
            out,
            ",{{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::{}/{source_key}\"}}",
            source.name
        );
    }
    let _ = write!(
        out,
        "],\"eventType\":\"AwsApiCall\",\"managementEvent\":false,\"recipientAccountId\":\"{}\",",
        copy.recipient
    );
    if let Some(shared) = copy.shared {
        let _ = write!(out, "\"sharedEventID\":\"{shared}\",");
    }
    if let Some(endpoint) = &session.endpoint {
        let _ = write!(out, "\"vpcEndpointId\":\"{endpoint}\",");
    }
    let _ = write!(
        out,
        "\"eventCategory\":\"Data\",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\
         \"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"{host}\"}}}}"
    );
}

fn api_record(
    out: &mut String,
    ids: &mut Rng,
    at: i64,
    session: &Session,
    account: usize,
    api: &Api<'_>,
    tail: &str,
) {
    let recipient = ACCOUNTS[account].id;
    let (identity, closed) = if session.is_own(account) {
        (&session.identity, false)
    } else {
        (&session.foreign_identity, true)
    };
    let s3 = api.service == "s3";
    let region = REGIONS[api.region];
    let denied = api
        .fault
        .is_some_and(|(code, _)| matches!(code, "AccessDenied" | "ThrottlingException"));
    let shared = session.service_agent.is_some() && session.account.is_none();
    let version = match api.service {
        "s3" => "1.11",
        "iam" => "1.09",
        "signin" => "1.08",
        _ => "1.10",
    };
    let copy = RecordCopy {
        identity,
        canonical: "",
        first: true,
        closed,
        recipient,
        shared: None,
    };
    caller_into(out, at, &copy, version, api.invoked_by);
    let source = api.invoked_by.unwrap_or(&session.source);
    let _ = write!(
        out,
        "\"eventSource\":\"{}.amazonaws.com\",\"eventName\":\"{}\",\"awsRegion\":\"{region}\",\
         \"sourceIPAddress\":\"{source}\",\"userAgent\":\"{}",
        api.service,
        api.name,
        if s3 && api.invoked_by.is_none() {
            "["
        } else {
            ""
        },
    );
    match api.invoked_by.or(session.service_agent) {
        Some(text) => out.push_str(text),
        None => session.user_agent.render(out, api.command, api.service),
    }
    out.push_str(if s3 && api.invoked_by.is_none() {
        "]\","
    } else {
        "\","
    });
    fault_into(out, api.fault);
    let _ = write!(
        out,
        "\"requestParameters\":{},\"responseElements\":{},",
        if denied { "null" } else { api.parameters },
        if api.fault.is_some() {
            "null"
        } else {
            api.response
        }
    );
    if s3 {
        let bytes = if api.fault.is_some() { 331 } else { 489 };
        let _ = write!(
            out,
            "\"additionalEventData\":{{\"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
             \"bytesTransferredIn\":0,\"AuthenticationMethod\":\"AuthHeader\",\"bytesTransferredOut\":{bytes}}},\
             \"requestID\":\"{}\",\"eventID\":\"",
            ids.text(UPPER, 16)
        );
    } else {
        if api.name == "ConsoleLogin" {
            out.push_str(
                "\"additionalEventData\":{\"LoginTo\":\"https://console.aws.amazon.com/console/home\",\
                 \"MobileVersion\":\"No\",\"MFAUsed\":\"Yes\"},",
            );
        } else {
            out.push_str("\"requestID\":\"");
            guid(out, ids, Some(tail));
            out.push_str("\",");
        }
        out.push_str("\"eventID\":\"");
    }
    guid(out, ids, Some(tail));
    let _ = write!(out, "\",\"readOnly\":{},", api.read_only);
    if let Some(bucket) = api.bucket {
        let owner = if denied && bucket.owner != recipient {
            ""
        } else {
            &bucket.owner
        };
        let _ = write!(
            out,
            "\"resources\":[{{\"accountId\":\"{owner}\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{}\"}}],",
            bucket.name
        );
    }
    let kind = if api.name == "ConsoleLogin" {
        "AwsConsoleSignIn"
    } else {
        "AwsApiCall"
    };
    let _ = write!(
        out,
        "\"eventType\":\"{kind}\",\"managementEvent\":true,\"recipientAccountId\":\"{recipient}\","
    );
    if shared {
        out.push_str("\"sharedEventID\":\"");
        guid(out, ids, None);
        out.push_str("\",");
    }
    if let Some(endpoint) = session.endpoint.as_ref().filter(|_| s3) {
        let _ = write!(out, "\"vpcEndpointId\":\"{endpoint}\",");
    }
    out.push_str("\"eventCategory\":\"Management\"");
    if api.invoked_by.is_none() && session.service_agent.is_none() {
        out.push_str(
            ",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
             \"clientProvidedHostHeader\":\"",
        );
        let _ = match api.service {
            "iam" => write!(out, "iam.amazonaws.com"),
            "signin" => write!(out, "signin.aws.amazon.com"),
            "s3" => match api.bucket {
                Some(bucket) => write!(out, "{}.s3.{region}.amazonaws.com", bucket.name),
                None => write!(out, "s3.amazonaws.com"),
            },
            service => write!(out, "{service}.{region}.amazonaws.com"),
        };
        out.push_str("\"}");
    }
    // The S3 console's own calls do not carry the flag.
    if session.console && !s3 && api.service != "signin" && api.invoked_by.is_none() {
        out.push_str(",\"sessionCredentialFromConsole\":\"true\"");
    }
    out.push('}');
}
