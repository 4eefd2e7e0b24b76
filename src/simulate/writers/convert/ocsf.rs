//! OCSF 1.1 events, as Security Lake makes them of CloudTrail records and flow logs.

use serde_json::{Map, Value, json};

use crate::simulate::model::company::ACCOUNTS;
use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::format::Format;
use crate::simulate::writers::convert::fields::{compact, text, without_nulls};
use crate::simulate::writers::convert::flow_record::FlowRecord;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};

/// Returns a time in milliseconds since the epoch.
fn milliseconds(time: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(time).map_or(0, |time| time.timestamp_millis())
}

/// Puts the leaves of a value into a flat map of texts, as a Parquet map has them.
fn flatten(into: &mut Map<String, Value>, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (key, value) in members {
                flatten(into, &format!("{path}.{key}"), value);
            }
        }
        Value::String(text) => drop(into.insert(path.to_owned(), json!(text))),
        other => drop(into.insert(path.to_owned(), json!(other.to_string()))),
    }
}

/// Writes an API call.
pub(crate) fn call(record: &Value, expected: &ExpectedEvent, out: &mut DayFiles) {
    let sign_in = text(record, "/eventName") == "ConsoleLogin";
    let (class, class_name, category, category_name) = match sign_in {
        true => (3002, "Authentication", 3, "Identity & Access Management"),
        false => (6003, "API Activity", 6, "Application Activity"),
    };
    let name = text(record, "/eventName");
    let (activity, activity_name) = match name {
        _ if sign_in => (1, "Logon"),
        name if name.starts_with("Create") => (1, "Create"),
        name if name.starts_with("Delete") => (4, "Delete"),
        name if name.starts_with("Put")
            || name.starts_with("Attach")
            || name.starts_with("Copy") =>
        {
            (3, "Update")
        }
        _ => (2, "Read"),
    };
    let worked = record.get("errorCode").is_none();
    let mut unmapped = Map::new();
    for key in [
        "recipientAccountId",
        "sharedEventID",
        "eventCategory",
        "readOnly",
        "managementEvent",
        "additionalEventData",
        "tlsDetails",
        "sessionCredentialFromConsole",
    ] {
        flatten(&mut unmapped, key, &record[key]);
    }
    for key in ["ec2RoleDelivery", "webIdFederationData"] {
        let value = &record["userIdentity"]["sessionContext"][key];
        flatten(
            &mut unmapped,
            &format!("userIdentity.sessionContext.{key}"),
            value,
        );
    }
    flatten(
        &mut unmapped,
        "userIdentity.inScopeOf",
        &record["userIdentity"]["inScopeOf"],
    );
    let caller = &record["userIdentity"];
    let user = json!({
        "type": caller["type"], "uid": caller["arn"], "uid_alt": caller["principalId"], "name": caller["userName"],
        "account": {"uid": caller["accountId"]}, "credential_uid": caller["accessKeyId"],
    });
    let session = &caller["sessionContext"];
    let issuer = &session["sessionIssuer"];
    let attribute = |name: &str| session["attributes"][name].as_str();
    let source = text(record, "/sourceIPAddress");
    let endpoint = match expected.src_ip.is_some() {
        true => json!({"ip": source, "uid": record["vpcEndpointId"]}),
        false => json!({"domain": source, "uid": record["vpcEndpointId"]}),
    };
    let resources: Vec<Value> = record["resources"].as_array().into_iter().flatten()
        .map(|r| json!({"uid": r["ARN"], "type": r["type"], "owner": {"account": {"uid": r["accountId"]}}}))
        .collect();
    let data = |key: &str| (!record[key].is_null()).then(|| record[key].to_string());
    let mut event = json!({
        "metadata": {
            "product": {
                "name": "CloudTrail", "vendor_name": "AWS", "version": record["eventVersion"],
                "feature": {"name": record["eventCategory"]},
            },
            "version": "1.1.0", "uid": record["eventID"], "event_code": record["eventType"], "profiles": ["cloud", "datetime"],
        },
        "class_uid": class, "class_name": class_name, "category_uid": category, "category_name": category_name,
        "activity_id": activity, "activity_name": activity_name, "type_uid": class * 100 + activity,
        "type_name": format!("{class_name}: {activity_name}"), "severity_id": 1, "severity": "Informational",
        "status_id": if worked { 1 } else { 2 }, "status": if worked { "Success" } else { "Failure" },
        "time": milliseconds(text(record, "/eventTime")), "time_dt": record["eventTime"],
        "cloud": {"provider": "AWS", "region": record["awsRegion"]},
        "api": {
            "operation": name, "version": null, "service": {"name": record["eventSource"]},
            "request": {"uid": record["requestID"], "data": data("requestParameters")},
            "response": {"error": record["errorCode"], "message": record["errorMessage"], "data": data("responseElements")},
        },
        "actor": {
            "user": user, "invoked_by": caller["invokedBy"], "idp": {"name": caller["identityProvider"]},
            "session": {
                "issuer": issuer["arn"], "is_mfa": attribute("mfaAuthenticated").map(|text| text == "true"),
                "created_time": attribute("creationDate").map(milliseconds),
            },
        },
        "src_endpoint": endpoint, "http_request": {"user_agent": record["userAgent"]}, "resources": resources,
        "unmapped": unmapped,
    });
    if sign_in {
        event["user"] = event["actor"]["user"].clone();
        event["is_mfa"] = json!(text(record, "/additionalEventData/MFAUsed") == "Yes");
    }
    let event = without_nulls(event);
    let (region, account) = (
        text(record, "/awsRegion"),
        text(record, "/recipientAccountId"),
    );
    add("CLOUD_TRAIL", region, account, expected, &event, out);
    out.add_expected(&ExpectedEvent {
        format: Format::Ocsf.name(),
        ..expected.clone()
    });
}

fn add(
    source: &str,
    region: &str,
    account: &str,
    expected: &ExpectedEvent,
    event: &Value,
    out: &mut DayFiles,
) {
    let day = compact(&expected.event_time);
    // Some read the lake's own files, and some what a pipeline hands on.
    let lake = ACCOUNTS
        .iter()
        .any(|place| place.id == account && place.custom_flows);
    let (layout, ending) = match lake {
        true => (FileLayout::Rows, "parquet"),
        false => (FileLayout::Lines, "json.gz"),
    };
    let path = format!(
        "ocsf/aws/{source}/2.0/region={region}/accountId={account}/eventDay={day}/part-00000.{ending}"
    );
    out.add(path, layout, &event.to_string());
}

/// Writes a flow.
pub(crate) fn flow(flow: &FlowRecord<'_>, expected: &ExpectedEvent, out: &mut DayFiles) {
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let leaves = expected.bytes_out.is_some();
    let (direction, direction_name) = match (leaves, expected.src_ip.is_some()) {
        (true, _) => (2, "Outbound"),
        (_, true) => (1, "Inbound"),
        _ => (0, "Unknown"),
    };
    let end_of = |address: &str, port: &str, ours: bool| {
        let mut end = json!({"ip": address, "port": number(port)});
        if ours {
            end["interface_uid"] = json!(flow.interface);
            end["instance_uid"] = json!(flow.instance);
        }
        end
    };
    let denied = expected.outcome == "denied";
    let activity = if denied { 5 } else { 6 };
    let event = without_nulls(json!({
        "metadata": {
            "product": {"name": "Amazon VPC", "vendor_name": "AWS", "version": "5", "feature": {"name": "Flowlogs"}},
            "version": "1.1.0", "profiles": ["cloud", "security_control", "datetime"],
        },
        "class_uid": 4001, "class_name": "Network Activity", "category_uid": 4, "category_name": "Network Activity",
        "activity_id": activity, "type_uid": 400_100 + activity, "severity_id": 1, "severity": "Informational",
        "time": number(flow.start) * 1_000, "start_time": number(flow.start) * 1_000, "end_time": number(flow.end) * 1_000,
        "cloud": {"provider": "AWS", "region": flow.region, "account": {"uid": flow.account.id}},
        "connection_info": {
            "protocol_num": 6, "protocol_ver": "IPv4", "direction_id": direction, "direction": direction_name,
            "boundary_id": 99, "boundary": "-",
        },
        "src_endpoint": end_of(flow.source, flow.source_port, leaves), "dst_endpoint": end_of(flow.target, flow.target_port, !leaves),
        "traffic": {"bytes": number(flow.bytes), "packets": number(flow.packets)},
        "action_id": if denied { 2 } else { 1 }, "action": if denied { "Denied" } else { "Allowed" },
        "disposition": if denied { "Blocked" } else { "Allowed" }, "status_code": "OK",
    }));
    add(
        "VPC_FLOW",
        flow.region,
        flow.account.id,
        expected,
        &event,
        out,
    );
    out.add_expected(&ExpectedEvent {
        format: Format::Ocsf.name(),
        ..expected.clone()
    });
}
