//! Documents of the Elastic Common Schema, as Elastic's pipelines make them of CloudTrail records and flow logs.

use serde_json::{Value, json};

use crate::simulate::abroad::{Form, Format, Sheets, Told};
use crate::simulate::estate::{ACCOUNTS, REGIONS};

use super::ocsf::without_nulls;
use super::{compact, text};

/// Returns a value as the text of a Java map, unquoted and unescaped.
fn java(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let parts: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{key}={}", java(value)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(java).collect::<Vec<_>>().join(", ")
        ),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes an API call.
pub(super) fn call(record: &Value, told: &Told, out: &mut Sheets) {
    let caller = &record["userIdentity"];
    let session = &caller["sessionContext"];
    let issuer = &session["sessionIssuer"];
    let spoken = |key: &str| (!record[key].is_null()).then(|| java(&record[key]));
    let worked = record.get("errorCode").is_none();
    let name = match issuer["userName"].is_null() {
        true => &caller["userName"],
        false => &issuer["userName"],
    };
    let resources: Vec<Value> = record["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| json!({"arn": r["ARN"], "account_id": r["accountId"], "type": r["type"]}))
        .collect();
    let document = without_nulls(json!({
        "@timestamp": told.event_time.replace('Z', ".000Z"), "ecs": {"version": "8.11.0"},
        "data_stream": {"dataset": "aws.cloudtrail", "namespace": "default", "type": "logs"},
        "event": {
            "dataset": "aws.cloudtrail", "module": "aws", "kind": "event", "id": record["eventID"],
            "provider": record["eventSource"], "action": record["eventName"], "outcome": if worked { "success" } else { "failure" },
        },
        "cloud": {"provider": "aws", "region": record["awsRegion"], "account": {"id": caller["accountId"]}},
        "source": {"address": record["sourceIPAddress"], "ip": told.src_ip},
        "user": {"id": caller["principalId"], "name": name},
        "user_agent": {"original": record["userAgent"]},
        "tls": {"client": {"server_name": record["tlsDetails"]["clientProvidedHostHeader"]}},
        "aws": {"cloudtrail": {
            "event_version": record["eventVersion"], "event_type": record["eventType"], "event_category": record["eventCategory"],
            "read_only": record["readOnly"], "management_event": record["managementEvent"], "request_id": record["requestID"],
            "recipient_account_id": record["recipientAccountId"], "vpc_endpoint_id": record["vpcEndpointId"],
            "session_credential_from_console": record["sessionCredentialFromConsole"],
            "error_code": record["errorCode"], "error_message": record["errorMessage"], "resources": resources,
            "user_identity": {
                "type": caller["type"], "arn": caller["arn"], "access_key_id": caller["accessKeyId"],
                "invoked_by": caller["invokedBy"],
                "session_context": {
                    "mfa_authenticated": session["attributes"]["mfaAuthenticated"],
                    "creation_date": session["attributes"]["creationDate"],
                    "session_issuer": {
                        "arn": issuer["arn"], "type": issuer["type"], "principal_id": issuer["principalId"],
                        "account_id": issuer["accountId"],
                    },
                },
            },
            "request_parameters": spoken("requestParameters"), "response_elements": spoken("responseElements"),
            "additional_eventdata": spoken("additionalEventData"),
            "flattened": {
                "request_parameters": record["requestParameters"], "response_elements": record["responseElements"],
                "additional_eventdata": record["additionalEventData"],
            },
        }},
    }));
    add("cloudtrail", told, &document, out);
}

fn add(dataset: &str, told: &Told, document: &Value, out: &mut Sheets) {
    let path = format!(
        "ecs/logs-aws.{dataset}-default-{}.ndjson.gz",
        compact(&told.event_time)
    );
    out.add(path, Form::Lines, &document.to_string());
    out.tell(&Told {
        format: Format::Ecs.name(),
        ..told.clone()
    });
}

/// Writes a flow.
pub(super) fn flow(account: usize, region: usize, line: &str, told: &Told, out: &mut Sheets) {
    let place = &ACCOUNTS[account];
    let fields: Vec<&str> = line.split(' ').collect();
    let first = 3 + usize::from(place.custom_flows);
    let [
        source,
        target,
        source_port,
        target_port,
        protocol,
        packets,
        bytes,
        start,
        end,
    ] = fields[first..first + 9]
    else {
        return;
    };
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let instant = |text: &str| {
        chrono::DateTime::from_timestamp(number(text), 0)
            .unwrap_or_default()
            .format("%Y-%m-%dT%H:%M:%S.000Z")
            .to_string()
    };
    let direction = match (told.bytes_out, &told.src_ip) {
        (Some(_), _) => Some("outbound"),
        (_, Some(_)) => Some("inbound"),
        _ => None,
    };
    let denied = told.outcome == "denied";
    let document = without_nulls(json!({
        "@timestamp": instant(end), "ecs": {"version": "8.11.0"},
        "data_stream": {"dataset": "aws.vpcflow", "namespace": "default", "type": "logs"},
        "event": {
            "dataset": "aws.vpcflow", "module": "aws", "kind": "event", "category": ["network"], "start": instant(start),
            "end": instant(end), "action": if denied { "reject" } else { "accept" },
            "outcome": if denied { "failure" } else { "success" },
        },
        "cloud": {"provider": "aws", "region": REGIONS[region], "account": {"id": place.id}},
        "source": {"address": source, "ip": source, "port": number(source_port), "bytes": number(bytes), "packets": number(packets)},
        "destination": {"address": target, "ip": target, "port": number(target_port)},
        "network": {
            "transport": "tcp", "type": "ipv4", "iana_number": protocol, "bytes": number(bytes), "packets": number(packets),
            "direction": direction,
        },
        "aws": {"vpcflow": {
            "version": fields[0], "account_id": place.id, "interface_id": fields[2],
            "instance_id": place.custom_flows.then(|| fields[3]), "action": if denied { "REJECT" } else { "ACCEPT" },
            "log_status": "OK", "pkt_srcaddr": place.custom_flows.then_some(source),
            "pkt_dstaddr": place.custom_flows.then_some(target),
        }},
    }));
    let mut told = told.clone();
    told.event_time = text(&document, "/@timestamp").replace(".000Z", "Z");
    add("vpcflow", &told, &document, out);
}
