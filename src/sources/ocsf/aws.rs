//! Converts events made from CloudTrail and flow logs back into records of these.

use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::ocsf::fields::{account, arn, unmapped};
use crate::sources::parts::instant::instant;
use crate::sources::record_builder::{FieldMap, RecordBuilder, push_quoted};

/// What CloudTrail calls a member, and where an event has it, the best place first.
#[rustfmt::skip]
const CLOUDTRAIL: FieldMap = &[
    ("eventTime", &["time", "time_dt"]),
    ("eventSource", &["api.service.name"]),
    ("eventName", &["api.operation"]),
    ("eventID", &["metadata.uid"]),
    ("eventVersion", &["metadata.product.version"]),
    ("eventType", &["metadata.event_code", "metadata.log_name"]),
    ("awsRegion", &["cloud.region"]),
    ("sourceIPAddress", &["src_endpoint.ip", "src_endpoint.domain"]),
    ("userAgent", &["http_request.user_agent"]),
    ("errorCode", &["api.response.error"]),
    ("errorMessage", &["api.response.message", "api.response.error_message"]),
    ("requestID", &["api.request.uid"]),
    ("vpcEndpointId", &["src_endpoint.uid"]),
];

/// Sign-ins. Their outcome is in the response.
const SIGN_INS: [&str; 3] = ["ConsoleLogin", "CheckMfa", "SwitchRole"];

/// Converts an event of CloudTrail.
pub fn cloudtrail(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.fill(doc, CLOUDTRAIL);
    user_identity(doc, &mut record);
    let op = doc.text("api.operation").unwrap_or_default();
    for (native, path) in [
        ("requestParameters", "api.request.data"),
        ("responseElements", "api.response.data"),
    ] {
        match doc.get(path) {
            text @ Value::Text(_) => {
                record.put_json_text(native, &text.raw_text().unwrap_or_default())
            }
            _ => {
                for (rest, value) in doc.under(path) {
                    record.put(&format!("{native}.{rest}"), value);
                }
            }
        }
    }
    let mut resources = [Value::Null; 3];
    for (path, value) in unmapped(doc) {
        match path.as_str() {
            "resources[].ARN" => resources[0] = value,
            "resources[].type" => resources[1] = value,
            "resources[].accountId" => resources[2] = value,
            _ if value.is_present() => record.put(&path, value),
            _ => {}
        }
    }
    // Only if the record itself does not state the account of the log.
    record.put_optional("recipientAccountId", account(doc));
    if let Some(json) = resources_of_objects(doc).or_else(|| resources_of_lists(resources)) {
        record.put_json("resources", &json);
    }
    if SIGN_INS.contains(&&*op) {
        record.put(&format!("responseElements.{op}"), doc.get("status"));
        record.put("additionalEventData.MFAUsed", doc.first(&["is_mfa", "mfa"]));
    }
    // Older events keep the name of a new identity only as the user.
    match &*op {
        "CreateUser" => record.put("requestParameters.userName", doc.get("user.name")),
        "CreateRole" => record.put("requestParameters.roleName", doc.get("user.name")),
        _ => {}
    }
    record
}

/// Converts the caller. Versions put ARN and id in different places, so an ARN is recognised by its beginning.
pub fn user_identity(doc: &Flat<'_>, record: &mut RecordBuilder) {
    const USER: [&str; 3] = ["actor.user.uid", "actor.user.uuid", "actor.user.uid_alt"];
    let kind = doc.text("actor.user.type");
    let arn = arn(doc, &USER);
    let issuer = doc
        .text("actor.session.issuer")
        .filter(|issuer| issuer.starts_with("arn:"));
    let is_of_role = issuer
        .as_deref()
        .is_some_and(|issuer| issuer.contains(":role/"));
    // Numbered types are less precise. Without CloudTrail's own type, the ARN or the issuer decides.
    match kind.as_deref() {
        Some(kind)
            if kind.starts_with(|c: char| c.is_ascii_uppercase())
                && !matches!(kind, "User" | "Admin" | "System" | "Other" | "Unknown") =>
        {
            record.put_text("userIdentity.type", kind);
        }
        _ if is_of_role => record.put_text("userIdentity.type", "AssumedRole"),
        _ => {}
    }
    let ids = ["actor.user.uid_alt", "actor.user.uid", "actor.user.uuid"];
    let id = ids
        .iter()
        .filter_map(|path| doc.text(path))
        .find(|text| !text.starts_with("arn:"));
    let is_center = kind.as_deref() == Some("IdentityCenterUser");
    if is_center {
        record.put_optional("userIdentity.onBehalfOf.userId", id);
        record.put(
            "userIdentity.onBehalfOf.identityStoreArn",
            doc.get("actor.idp.uid"),
        );
        record.put(
            "userIdentity.credentialId",
            doc.get("actor.user.credential_uid"),
        );
    } else if let (None, true, Some(session)) = (&arn, is_of_role, doc.text("actor.session.uid")) {
        // Other AWS services state the session's name where CloudTrail has its ARN.
        record.put_text("userIdentity.principalId", &format!(":{session}"));
    } else {
        record.put_optional("userIdentity.principalId", id);
    }
    record.put_optional("userIdentity.arn", arn);
    record.put_optional("userIdentity.sessionContext.sessionIssuer.arn", issuer);
    #[rustfmt::skip]
    record.fill(doc, &[
        ("userIdentity.accountId", &["actor.user.account.uid", "actor.user.account_uid"]),
        ("userIdentity.accessKeyId", &["actor.user.credential_uid", "actor.session.credential_uid"]),
        ("userIdentity.userName", &["actor.user.name"]),
        ("userIdentity.invokedBy", &["actor.invoked_by"]),
        ("userIdentity.identityProvider", &["actor.idp.name"]),
        ("userIdentity.sessionContext.attributes.creationDate", &["actor.session.created_time", "actor.session.created_time_dt"]),
        ("userIdentity.sessionContext.attributes.mfaAuthenticated", &["actor.session.is_mfa", "actor.session.mfa"]),
    ]);
}

/// Returns the resources of schema 1.1 and later.
fn resources_of_objects(doc: &Flat<'_>) -> Option<Vec<u8>> {
    let list = doc.get("resources");
    let mut rows: Vec<[Value<'_>; 3]> = list
        .elements()
        .map(|resource| {
            let [uid, kind, flat] = resource.pick(["uid", "type", "account_uid"]);
            let owner = resource
                .get("owner")
                .and_then(|owner| owner.get("account")?.get("uid"));
            [uid, kind, owner.unwrap_or(flat)]
        })
        .collect();
    if rows.is_empty() {
        let account = doc.first(&["resources.owner.account.uid", "resources.account_uid"]);
        rows.push([doc.get("resources.uid"), doc.get("resources.type"), account]);
    }
    let rows = rows
        .iter()
        .map(|row| row.map(|value| value.text().map(|t| t.into_owned())));
    resources_json(rows)
}

/// Returns the resources of a flattened record: one comma-separated list for each of their members. Lists of different
/// lengths cannot be matched and are ignored.
fn resources_of_lists(lists: [Value<'_>; 3]) -> Option<Vec<u8>> {
    let [arns, types, accounts] = lists.map(|list| -> Vec<String> {
        let text = list.text().unwrap_or_default();
        text.split(',').map(|part| part.trim().to_owned()).collect()
    });
    let rows = arns.iter().enumerate().map(|(n, arn)| {
        let of = |list: &[String]| (list.len() == arns.len()).then(|| list[n].clone());
        [Some(arn.clone()), of(&types), of(&accounts)]
    });
    resources_json(rows)
}

fn resources_json(rows: impl Iterator<Item = [Option<String>; 3]>) -> Option<Vec<u8>> {
    let mut out = b"[".to_vec();
    for [arn, kind, account] in rows {
        let Some(arn) = arn.filter(|arn| !arn.is_empty()) else {
            continue;
        };
        out.extend_from_slice(if out.len() > 1 {
            b",{\"ARN\":"
        } else {
            b"{\"ARN\":"
        });
        push_quoted(arn.as_bytes(), &mut out);
        for (name, text) in [("type", kind), ("accountId", account)] {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                out.extend_from_slice(format!(",\"{name}\":").as_bytes());
                push_quoted(text.as_bytes(), &mut out);
            }
        }
        out.push(b'}');
    }
    out.push(b']');
    (out.len() > 2).then_some(out)
}

#[rustfmt::skip]
const VPCFLOW: FieldMap = &[
    ("srcport", &["src_endpoint.port"]),
    ("dstport", &["dst_endpoint.port"]),
    ("protocol", &["connection_info.protocol_num"]),
    ("tcp-flags", &["connection_info.tcp_flags"]),
    ("packets", &["traffic.packets"]),
    ("bytes", &["traffic.bytes"]),
    ("region", &["cloud.region"]),
    ("log-status", &["status_code"]),
    ("pkt-dst-aws-service", &["dst_endpoint.svc_name"]),
];

/// The first version of flow logs that has the addresses of packets.
const PACKET_ADDRESSES_SINCE: u64 = 3;

/// Converts a row of a flow log.
pub fn vpcflow(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.fill(doc, VPCFLOW);
    record.put_optional("account-id", account(doc));
    for (native, path) in [
        ("interface-id", "interface_uid"),
        ("instance-id", "instance_uid"),
    ] {
        // Stated on our side only.
        let of = |side: &str| doc.text(&format!("{side}.{path}"));
        record.put_optional(native, of("src_endpoint").or_else(|| of("dst_endpoint")));
    }
    let version = doc.get("metadata.product.version").amount();
    let has_packets = version.is_some_and(|v| v >= PACKET_ADDRESSES_SINCE);
    for (plain, packet, side) in [
        ("srcaddr", "pkt-srcaddr", "src_endpoint"),
        ("dstaddr", "pkt-dstaddr", "dst_endpoint"),
    ] {
        // With an address translation, `ip` is the peer's address and the interface's own is the intermediate one.
        let ip = doc.text(&format!("{side}.ip"));
        let between = doc
            .get(&format!("{side}.intermediate_ips"))
            .elements()
            .find_map(Value::text);
        if has_packets || between.is_some() {
            record.put_optional(packet, ip.as_deref());
        }
        record.put_text(plain, between.as_deref().or(ip.as_deref()).unwrap_or("-"));
    }
    for (native, paths) in [
        ("start", ["start_time", "start_time_dt", "time", "time_dt"]),
        ("end", ["end_time", "end_time_dt", "time", "time_dt"]),
    ] {
        let time = paths.iter().find_map(|path| instant(&doc.text(path)?));
        record.put_optional(
            native,
            time.map(|t| (t.nanos() / 1_000_000_000).to_string()),
        );
    }
    let direction = match doc.get("connection_info.direction_id").amount() {
        Some(1) => Some("ingress"),
        Some(2) => Some("egress"),
        _ => None,
    };
    record.put_optional("flow-direction", direction);
    let verdict = match doc
        .first(&["action_id", "disposition_id", "activity_id"])
        .amount()
    {
        Some(2 | 5) => Some("REJECT"),
        Some(1 | 6) => Some("ACCEPT"),
        _ => None,
    };
    record.put_optional("action", verdict);
    record
}
