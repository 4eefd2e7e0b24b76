//! The plain form of plimsoll, into which other logs can be converted: calls as JSON objects, flows as a table.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::format::Format;
use crate::simulate::writers::convert::fields::{compact, text, without_nulls};
use crate::simulate::writers::convert::flow_record::FlowRecord;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};

/// The columns of flows.
const HEADER: &str = "plimsoll,event_time,provider,account,region,action,op,outcome,bytes_out,src_ip,dst.ip,flow.instance,\
     flow.interface,flow.address";

fn add_expected(expected: &ExpectedEvent, out: &mut DayFiles) {
    out.add_expected(&ExpectedEvent {
        format: Format::Plain.name(),
        ..expected.clone()
    });
}

/// Writes an API call; one without a caller has no place in this form.
pub(crate) fn call(record: &Value, expected: &ExpectedEvent, out: &mut DayFiles) {
    let Some(identity) = &expected.identity else {
        return;
    };
    let kind = match text(record, "/userIdentity/type") {
        "IAMUser" | "Root" => "human",
        "AssumedRole" => "role_session",
        "AWSService" => "cloud_service",
        _ if identity == "aws:anonymous" => "anonymous",
        _ => "unknown",
    };
    let service = text(record, "/eventSource").trim_end_matches(".amazonaws.com");
    let line = without_nulls(json!({
        "plimsoll": 1, "event_time": expected.event_time, "event_id": record["eventID"], "provider": "aws",
        "account": record["recipientAccountId"], "region": record["awsRegion"], "identity": identity, "identity_kind": kind,
        "src_ip": expected.src_ip, "user_agent": record["userAgent"], "action": expected.action, "op": expected.op, "service": service,
        "container": expected.container, "object": expected.object, "bytes_out": expected.bytes_out,
        "dst": {"account": expected.dst_account, "container": expected.dst_container}, "outcome": expected.outcome,
    }));
    let path = format!("plain/calls-{}.jsonl.gz", compact(&expected.event_time));
    out.add(path, FileLayout::Lines, &line.to_string());
    add_expected(expected, out);
}

/// Writes a flow.
pub(crate) fn flow(flow: &FlowRecord<'_>, expected: &ExpectedEvent, out: &mut DayFiles) {
    let ours = match (&expected.dst_ip, &expected.src_ip) {
        (Some(_), _) => flow.source,
        (_, Some(_)) => flow.target,
        _ => "",
    };
    let some = |value: &Option<String>| value.clone().unwrap_or_default();
    let row = [
        "1".to_owned(),
        expected.event_time.clone(),
        "aws".to_owned(),
        flow.account.id.to_owned(),
        flow.region.to_owned(),
        expected.action.to_owned(),
        expected.op.clone(),
        expected.outcome.to_owned(),
        expected.bytes_out.map_or(String::new(), |n| n.to_string()),
        some(&expected.src_ip),
        some(&expected.dst_ip),
        flow.instance.unwrap_or_default().to_owned(),
        flow.interface.to_owned(),
        ours.to_owned(),
    ];
    let path = format!("plain/flows-{}.csv", compact(&expected.event_time));
    out.add(path, FileLayout::Headed(HEADER), &row.join(","));
    add_expected(expected, out);
}
