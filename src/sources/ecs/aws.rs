//! Converts documents of the integrations for AWS into records of CloudTrail, flow logs and S3 access logs.

use crate::sources::ecs::java_map;
use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::parts::instant::instant;
use crate::sources::record_builder::{FieldMap, RecordBuilder, push_quoted};

/// Members of a CloudTrail record.
#[rustfmt::skip]
const CLOUDTRAIL: FieldMap = &[
    ("eventTime", &["@timestamp"]),
    ("eventSource", &["event.provider"]),
    ("eventName", &["event.action"]),
    ("eventID", &["event.id", "aws.cloudtrail.event_id"]),
    ("eventVersion", &["aws.cloudtrail.event_version"]),
    ("eventType", &["aws.cloudtrail.event_type"]),
    ("eventCategory", &["aws.cloudtrail.event_category"]),
    ("awsRegion", &["cloud.region"]),
    ("sourceIPAddress", &["source.address", "source.ip"]),
    ("userAgent", &["user_agent.original"]),
    ("errorCode", &["aws.cloudtrail.error_code"]),
    ("errorMessage", &["aws.cloudtrail.error_message"]),
    ("requestID", &["aws.cloudtrail.request_id"]),
    ("recipientAccountId", &["aws.cloudtrail.recipient_account_id"]),
    ("sharedEventID", &["aws.cloudtrail.shared_event_id"]),
    ("vpcEndpointId", &["aws.cloudtrail.vpc_endpoint_id"]),
    ("sessionCredentialFromConsole", &["aws.cloudtrail.session_credential_from_console"]),
    ("tlsDetails.clientProvidedHostHeader", &["tls.client.server_name"]),
    ("userIdentity.type", &["aws.cloudtrail.user_identity.type"]),
    ("userIdentity.arn", &["aws.cloudtrail.user_identity.arn"]),
    ("userIdentity.principalId", &["user.id"]),
    ("userIdentity.accountId", &["cloud.account.id"]),
    ("userIdentity.accessKeyId", &["aws.cloudtrail.user_identity.access_key_id"]),
    ("userIdentity.invokedBy", &["aws.cloudtrail.user_identity.invoked_by"]),
    ("userIdentity.sessionContext.sessionIssuer.type", &["aws.cloudtrail.user_identity.session_context.session_issuer.type"]),
    ("userIdentity.sessionContext.sessionIssuer.arn", &["aws.cloudtrail.user_identity.session_context.session_issuer.arn"]),
    ("userIdentity.sessionContext.sessionIssuer.principalId", &["aws.cloudtrail.user_identity.session_context.session_issuer.principal_id"]),
    ("userIdentity.sessionContext.sessionIssuer.accountId", &["aws.cloudtrail.user_identity.session_context.session_issuer.account_id"]),
    ("userIdentity.sessionContext.attributes.mfaAuthenticated", &["aws.cloudtrail.user_identity.session_context.mfa_authenticated"]),
    ("userIdentity.sessionContext.attributes.creationDate", &["aws.cloudtrail.user_identity.session_context.creation_date"]),
    ("userIdentity.sessionContext.sourceIdentity", &["aws.cloudtrail.user_identity.session_context.source_identity"]),
    ("additionalEventData.MFAUsed", &["aws.cloudtrail.console_login.additional_eventdata.mfa_used"]),
];

/// Members that are objects: structured, or as the text of a Java map.
const OBJECTS: [(&str, &str); 3] = [
    ("requestParameters", "request_parameters"),
    ("responseElements", "response_elements"),
    ("additionalEventData", "additional_eventdata"),
];

/// Converts an event of CloudTrail.
pub fn cloudtrail(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.fill(doc, CLOUDTRAIL);
    // For a role, the pipeline writes the role's name in the field of the user's name.
    let is_role = doc.text("aws.cloudtrail.user_identity.type").as_deref() == Some("AssumedRole");
    let name = if is_role {
        "userIdentity.sessionContext.sessionIssuer.userName"
    } else {
        "userIdentity.userName"
    };
    record.put(name, doc.get("user.name"));
    for (native, name) in OBJECTS {
        let structured = format!("aws.cloudtrail.flattened.{name}");
        for (rest, value) in doc.under(&structured) {
            record.put(&format!("{native}.{rest}"), value);
        }
        if !doc.has(&structured) {
            let text = doc.text(&format!("aws.cloudtrail.{name}"));
            let json = text.as_deref().and_then(java_map::json);
            if let Some(json) = json.as_deref() {
                record.put_members(native, Value::of(json));
            }
        }
    }
    if let Some(json) = resources(doc) {
        record.put_json("resources", &json);
    }
    record
}

/// Returns the resources, which are objects, or one list for each of their members. The order is lost, and lists of different
/// lengths cannot be matched: then the ARN gives the type, and the account is the bucket's.
fn resources(doc: &Flat<'_>) -> Option<Vec<u8>> {
    let whole = doc.get("aws.cloudtrail.resources");
    let mut rows: Vec<[Value<'_>; 3]> = whole
        .elements()
        .map(|resource| resource.pick(["arn", "type", "account_id"]))
        .collect();
    if rows.is_empty() {
        let list = |name: &str| -> Vec<Value<'_>> {
            doc.get(&format!("aws.cloudtrail.resources.{name}"))
                .elements()
                .collect()
        };
        let (arns, types, accounts) = (list("arn"), list("type"), list("account_id"));
        for (n, arn) in arns.iter().enumerate() {
            let type_ = (types.len() == arns.len()).then(|| types[n]);
            let account = match accounts.as_slice() {
                [account] if arns.len() == 1 || is_bucket(*arn) => *account,
                many if many.len() == arns.len() => many[n],
                _ => Value::Null,
            };
            rows.push([*arn, type_.unwrap_or(kind_of(*arn)), account]);
        }
    }
    let mut out = b"[".to_vec();
    for [arn, kind, account] in &rows {
        let Some(arn) = arn.text() else { continue };
        out.extend_from_slice(if out.len() > 1 {
            b",{\"ARN\":"
        } else {
            b"{\"ARN\":"
        });
        push_quoted(arn.as_bytes(), &mut out);
        for (name, value) in [("type", kind), ("accountId", account)] {
            if let Some(text) = value.text() {
                out.extend_from_slice(format!(",\"{name}\":").as_bytes());
                push_quoted(text.as_bytes(), &mut out);
            }
        }
        out.push(b'}');
    }
    out.push(b']');
    (out.len() > 2).then_some(out)
}

fn is_bucket(arn: Value<'_>) -> bool {
    arn.text().is_some_and(|arn| {
        arn.split_once(":s3:::")
            .is_some_and(|(_, name)| !name.contains('/'))
    })
}

fn kind_of(arn: Value<'_>) -> Value<'static> {
    if is_bucket(arn) {
        Value::Text(b"AWS::S3::Bucket")
    } else {
        Value::Null
    }
}

#[rustfmt::skip]
const VPCFLOW: FieldMap = &[
    ("version", &["aws.vpcflow.version"]),
    ("account-id", &["aws.vpcflow.account_id", "cloud.account.id"]),
    ("interface-id", &["aws.vpcflow.interface_id"]),
    ("srcaddr", &["aws.vpcflow.srcaddr", "source.address", "source.ip"]),
    ("dstaddr", &["aws.vpcflow.dstaddr", "destination.address", "destination.ip"]),
    ("srcport", &["source.port"]),
    ("dstport", &["destination.port"]),
    ("protocol", &["network.iana_number"]),
    ("packets", &["source.packets", "network.packets"]),
    ("bytes", &["source.bytes", "network.bytes"]),
    ("log-status", &["aws.vpcflow.log_status"]),
    ("instance-id", &["aws.vpcflow.instance_id"]),
    ("tcp-flags", &["aws.vpcflow.tcp_flags"]),
    ("pkt-srcaddr", &["aws.vpcflow.pkt_srcaddr"]),
    ("pkt-dstaddr", &["aws.vpcflow.pkt_dstaddr"]),
    ("region", &["cloud.region"]),
    ("pkt-dst-aws-service", &["aws.vpcflow.pkt_dst_service", "aws.vpcflow.pkt_dst_aws_service"]),
    ("tgw-id", &["aws.vpcflow.tgw_id"]),
];

/// Converts a row of a flow log.
pub fn vpcflow(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.fill(doc, VPCFLOW);
    // Rows without traffic have no addresses, but they are rows.
    record.put_text("srcaddr", "-");
    record.put_text("dstaddr", "-");
    for (native, paths) in [
        ("start", &["event.start"][..]),
        ("end", &["event.end", "@timestamp"]),
    ] {
        let time = doc.first_text(paths).and_then(|text| instant(&text));
        record.put_optional(
            native,
            time.map(|t| (t.nanos() / 1_000_000_000).to_string()),
        );
    }
    let verdict = doc.first_text(&["aws.vpcflow.action", "event.action", "event.outcome"]);
    let verdict = verdict.and_then(|text| match &*text.to_ascii_lowercase() {
        "accept" | "allow" | "success" => Some("ACCEPT"),
        "reject" | "deny" | "failure" => Some("REJECT"),
        _ => None,
    });
    record.put_optional("action", verdict);
    let direction = doc.first_text(&["aws.vpcflow.flow_direction", "network.direction"]);
    let direction = direction.and_then(|text| match &*text.to_ascii_lowercase() {
        "egress" | "outbound" => Some("egress"),
        "ingress" | "inbound" => Some("ingress"),
        _ => None,
    });
    record.put_optional("flow-direction", direction);
    record
}

#[rustfmt::skip]
const S3ACCESS: FieldMap = &[
    ("bucket_owner", &["aws.s3access.bucket_owner"]),
    ("bucket", &["aws.s3access.bucket"]),
    ("time", &["@timestamp"]),
    ("remote_ip", &["aws.s3access.remote_ip", "source.ip", "source.address"]),
    ("requester", &["aws.s3access.requester"]),
    ("request_id", &["aws.s3access.request_id", "event.id"]),
    ("operation", &["aws.s3access.operation", "event.action"]),
    ("key", &["aws.s3access.key"]),
    ("request_uri", &["aws.s3access.request_uri"]),
    ("http_status", &["aws.s3access.http_status", "http.response.status_code"]),
    ("error_code", &["aws.s3access.error_code", "event.code"]),
    ("bytes_sent", &["aws.s3access.bytes_sent", "http.response.body.bytes"]),
    ("object_size", &["aws.s3access.object_size"]),
    ("user_agent", &["aws.s3access.user_agent", "user_agent.original"]),
    ("signature_version", &["aws.s3access.signature_version"]),
    ("authentication_type", &["aws.s3access.authentication_type"]),
    ("host_header", &["aws.s3access.host_header", "tls.client.server_name"]),
];

/// Converts a line of an S3 server access log, as an object of its fields.
pub fn s3access(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.fill(doc, S3ACCESS);
    record
}
