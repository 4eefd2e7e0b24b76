//! Documents of the Elastic Common Schema, as Elastic's pipelines make them of CloudTrail records and flow logs.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::format::Format;
use crate::simulate::writers::convert::fields::{compact, text, without_nulls};
use crate::simulate::writers::convert::flow_record::FlowRecord;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};

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
pub(crate) fn call(record: &Value, expected: &ExpectedEvent, out: &mut DayFiles) {
    let caller = &record["userIdentity"];
    let session = &caller["sessionContext"];
    let issuer = &session["sessionIssuer"];
    let aws_date = |key: &str| (!record[key].is_null()).then(|| java(&record[key]));
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
        "@timestamp": expected.event_time.replace('Z', ".000Z"), "ecs": {"version": "8.11.0"},
        "data_stream": {"dataset": "aws.cloudtrail", "namespace": "default", "type": "logs"},
        "event": {
            "dataset": "aws.cloudtrail", "module": "aws", "kind": "event", "id": record["eventID"],
            "provider": record["eventSource"], "action": record["eventName"], "outcome": if worked { "success" } else { "failure" },
        },
        "cloud": {"provider": "aws", "region": record["awsRegion"], "account": {"id": caller["accountId"]}},
        "source": {"address": record["sourceIPAddress"], "ip": expected.src_ip},
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
            "request_parameters": aws_date("requestParameters"), "response_elements": aws_date("responseElements"),
            "additional_eventdata": aws_date("additionalEventData"),
            "flattened": {
                "request_parameters": record["requestParameters"], "response_elements": record["responseElements"],
                "additional_eventdata": record["additionalEventData"],
            },
        }},
    }));
    add("cloudtrail", expected, &document, out);
}

fn add(dataset: &str, expected: &ExpectedEvent, document: &Value, out: &mut DayFiles) {
    let path = format!(
        "ecs/logs-aws.{dataset}-default-{}.ndjson.gz",
        compact(&expected.event_time)
    );
    out.add(path, FileLayout::Lines, &document.to_string());
    out.add_expected(&ExpectedEvent {
        format: Format::Ecs.name(),
        ..expected.clone()
    });
}

/// Writes a flow.
pub(crate) fn flow(flow: &FlowRecord<'_>, expected: &ExpectedEvent, out: &mut DayFiles) {
    let FlowRecord {
        source,
        target,
        source_port,
        target_port,
        protocol,
        packets,
        bytes,
        start,
        end,
        ..
    } = *flow;
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let instant = |text: &str| {
        chrono::DateTime::from_timestamp(number(text), 0)
            .unwrap_or_default()
            .format("%Y-%m-%dT%H:%M:%S.000Z")
            .to_string()
    };
    let direction = match (expected.bytes_out, &expected.src_ip) {
        (Some(_), _) => Some("outbound"),
        (_, Some(_)) => Some("inbound"),
        _ => None,
    };
    let denied = expected.outcome == "denied";
    let document = without_nulls(json!({
        "@timestamp": instant(end), "ecs": {"version": "8.11.0"},
        "data_stream": {"dataset": "aws.vpcflow", "namespace": "default", "type": "logs"},
        "event": {
            "dataset": "aws.vpcflow", "module": "aws", "kind": "event", "category": ["network"], "start": instant(start),
            "end": instant(end), "action": if denied { "reject" } else { "accept" },
            "outcome": if denied { "failure" } else { "success" },
        },
        "cloud": {"provider": "aws", "region": flow.region, "account": {"id": flow.account.id}},
        "source": {"address": source, "ip": source, "port": number(source_port), "bytes": number(bytes), "packets": number(packets)},
        "destination": {"address": target, "ip": target, "port": number(target_port)},
        "network": {
            "transport": "tcp", "type": "ipv4", "iana_number": protocol, "bytes": number(bytes), "packets": number(packets),
            "direction": direction,
        },
        "aws": {"vpcflow": {
            "version": flow.version, "account_id": flow.account.id, "interface_id": flow.interface,
            "instance_id": flow.instance, "action": if denied { "REJECT" } else { "ACCEPT" },
            "log_status": "OK", "pkt_srcaddr": flow.instance.map(|_| source),
            "pkt_dstaddr": flow.instance.map(|_| target),
        }},
    }));
    let mut expected = expected.clone();
    expected.event_time = text(&document, "/@timestamp").replace(".000Z", "Z");
    add("vpcflow", &expected, &document, out);
}
