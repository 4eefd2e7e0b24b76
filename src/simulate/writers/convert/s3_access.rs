//! Amazon S3 server access logs: the bucket's own log of the requests that CloudTrail recorded.

use serde_json::Value;

use crate::simulate::model::expected::{Access, ExpectedEvent};
use crate::simulate::model::format::Format;
use crate::simulate::model::random::BASE64;
use crate::simulate::writers::aws::expected::canonical_user;
use crate::simulate::writers::convert::fields::text;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};

/// Returns the operation as access logs call it.
fn operation(name: &str) -> Option<&'static str> {
    Some(match name {
        "ListObjects" => "REST.GET.BUCKET",
        "HeadObject" => "REST.HEAD.OBJECT",
        "GetObject" => "REST.GET.OBJECT",
        "PutObject" => "REST.PUT.OBJECT",
        "DeleteObject" => "REST.DELETE.OBJECT",
        "CopyObject" => "REST.COPY.OBJECT",
        "GetBucketAcl" => "REST.GET.ACL",
        "GetBucketPolicy" => "REST.GET.BUCKETPOLICY",
        "GetBucketPolicyStatus" => "REST.GET.POLICY_STATUS",
        "GetBucketPublicAccessBlock" => "REST.GET.PUBLIC_ACCESS_BLOCK",
        "GetBucketVersioning" => "REST.GET.VERSIONING",
        "GetBucketEncryption" => "REST.GET.ENCRYPTION",
        "GetBucketLocation" => "REST.GET.LOCATION",
        "GetBucketTagging" => "REST.GET.TAGGING",
        "GetBucketLifecycle" => "REST.GET.LIFECYCLE",
        _ => return None,
    })
}

/// Returns the canonical id of a requester as access logs name it: the path of a role is lost.
fn identity(requester: &str) -> String {
    if requester == "-" {
        return "aws:anonymous".to_owned();
    }
    if let Some(service) = requester.strip_prefix("svc:") {
        return format!("aws:service:{service}");
    }
    let Some((head, rest)) = requester.split_once(":assumed-role/") else {
        return match requester.starts_with("arn:") {
            true => requester.to_owned(),
            false => format!("aws:canonical:{requester}"),
        };
    };
    let (name, _) = rest.split_once('/').unwrap_or((rest, ""));
    // Behind single sign-on stands a person, who is the session and not the role.
    match name.starts_with("AWSReservedSSO_") {
        true => requester.to_owned(),
        false => format!(
            "{}:role/{name}",
            head.replace("arn:aws:sts:", "arn:aws:iam:")
        ),
    }
}

/// Writes the line or lines of a request.
pub(crate) fn write(record: &Value, expected: &ExpectedEvent, access: &Access, out: &mut DayFiles) {
    let Some(operation) = operation(&expected.op) else {
        return;
    };
    if let Some((bucket, key, true)) = &access.source {
        line(
            record,
            expected,
            access,
            ("REST.COPY.OBJECT_GET", "read_object"),
            (bucket, Some(key)),
            out,
        );
    }
    if access.ours {
        let bucket = expected.container.as_deref().unwrap_or_default();
        let action = if operation == "REST.HEAD.OBJECT" {
            "other"
        } else {
            expected.action
        };
        line(
            record,
            expected,
            access,
            (operation, action),
            (bucket, expected.object.as_deref()),
            out,
        );
    }
}

fn line(
    record: &Value,
    expected: &ExpectedEvent,
    access: &Access,
    (operation, action): (&str, &'static str),
    (bucket, key): (&str, Option<&str>),
    out: &mut DayFiles,
) {
    let region = text(record, "/awsRegion");
    let code = text(record, "/errorCode");
    let status = match code {
        "" if operation.contains("DELETE") => 204,
        "" => 200,
        "AccessDenied" => 403,
        _ => 404,
    };
    let encoded = |key: &str| key.replace('=', "%3D");
    let method = operation.split('.').nth(1).unwrap_or("GET");
    let method = if method == "COPY" { "PUT" } else { method };
    let request = match (key, operation) {
        (Some(key), _) => format!("{method} /{} HTTP/1.1", encoded(key)),
        (None, "REST.GET.BUCKET") => {
            format!(
                "GET /?list-type=2&prefix={}&encoding-type=url HTTP/1.1",
                access.prefix.replace('/', "%2F")
            )
        }
        (None, _) => format!(
            "{method} /?{} HTTP/1.1",
            operation.rsplit('.').next().unwrap_or("").to_lowercase()
        ),
    };
    let sent = match operation {
        "REST.PUT.OBJECT" | "REST.HEAD.OBJECT" | "REST.DELETE.OBJECT" | "REST.COPY.OBJECT_GET"
            if code.is_empty() =>
        {
            None
        }
        "REST.COPY.OBJECT" => Some(224),
        _ => Some(access.bytes),
    };
    let size = match operation {
        "REST.PUT.OBJECT" | "REST.GET.OBJECT" if code.is_empty() => access.bytes.to_string(),
        _ => "-".to_owned(),
    };
    let dash = |text: &str| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text.to_owned()
        }
    };
    let signed = access.requester != "-";
    let time = chrono::DateTime::parse_from_rfc3339(&expected.event_time).unwrap_or_default();
    let user_agent = text(record, "/userAgent")
        .trim_start_matches('[')
        .trim_end_matches(']');
    let address = text(record, "/sourceIPAddress");
    let address = if expected.src_ip.is_some() {
        address
    } else {
        "-"
    };
    let milliseconds = out.ids.between(8, 900);
    let text_line = format!(
        "{owner} {bucket} [{time}] {address} {requester} {id} {operation} {key} \"{request}\" {status} {code} {sent} {size} \
         {milliseconds} {turn} \"-\" \"{user_agent}\" - {host}= {signature} TLS_AES_128_GCM_SHA256 {auth} \
         {bucket}.s3.{region}.amazonaws.com TLSv1.3 - -",
        owner = canonical_user("halcyon"),
        time = time.format("%d/%b/%Y:%H:%M:%S +0000"),
        requester = access.requester,
        id = dash(text(record, "/requestID")),
        key = key.map_or("-".to_owned(), encoded),
        code = dash(code),
        sent = sent.map_or("-".to_owned(), |bytes: u64| bytes.to_string()),
        turn = milliseconds / 2,
        host = out.ids.text(BASE64, 75),
        signature = if signed { "SigV4" } else { "-" },
        auth = if signed { "AuthHeader" } else { "-" },
    );
    let hour = time.format("%Y-%m-%d-%H");
    let name = format!("s3access/{bucket}/{hour}-17-10-0B41C7D9E2F3A685");
    out.add(name, FileLayout::Lines, &text_line);
    out.add_expected(&ExpectedEvent {
        format: Format::S3Access.name(),
        op: operation.to_owned(),
        action,
        identity: Some(identity(&access.requester)),
        container: Some(bucket.to_owned()),
        object: key.map(str::to_owned),
        // Nothing sent is written as a dash.
        bytes_out: sent.or(Some(0)),
        // The owner of the bucket is not recorded, and the read half of a copy does not show where the other half writes.
        dst_account: None,
        dst_container: (action == "copy_object").then(|| bucket.to_owned()),
        ..expected.clone()
    });
}
