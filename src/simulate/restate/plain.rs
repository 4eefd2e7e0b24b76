//! Our own plain form, as somebody would bring other logs into it: calls as JSON objects, flows as a table.

use serde_json::{Value, json};

use crate::simulate::abroad::{Form, Format, Sheets, Told};
use crate::simulate::estate::{ACCOUNTS, REGIONS};

use super::ocsf::without_nulls;
use super::{compact, text};

/// The columns of flows.
const HEADER: &str = "plimsoll,event_time,provider,account,region,action,op,outcome,bytes_out,src_ip,dst.ip,flow.instance,\
     flow.interface,flow.address";

fn tell(told: &Told, out: &mut Sheets) {
    out.tell(&Told {
        format: Format::Plain.name(),
        ..told.clone()
    });
}

/// Writes an API call; one without a caller has no place in this form.
pub(super) fn call(record: &Value, told: &Told, out: &mut Sheets) {
    let Some(identity) = &told.identity else {
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
        "plimsoll": 1, "event_time": told.event_time, "event_id": record["eventID"], "provider": "aws",
        "account": record["recipientAccountId"], "region": record["awsRegion"], "identity": identity, "identity_kind": kind,
        "src_ip": told.src_ip, "user_agent": record["userAgent"], "action": told.action, "op": told.op, "service": service,
        "container": told.container, "object": told.object, "bytes_out": told.bytes_out,
        "dst": {"account": told.dst_account, "container": told.dst_container}, "outcome": told.outcome,
    }));
    let path = format!("plain/calls-{}.jsonl.gz", compact(&told.event_time));
    out.add(path, Form::Lines, &line.to_string());
    tell(told, out);
}

/// Writes a flow.
pub(super) fn flow(account: usize, region: usize, line: &str, told: &Told, out: &mut Sheets) {
    let place = &ACCOUNTS[account];
    let fields: Vec<&str> = line.split(' ').collect();
    let first = 3 + usize::from(place.custom_flows);
    let (interface, source, target) = (fields[2], fields[first], fields[first + 1]);
    let ours = match (&told.dst_ip, &told.src_ip) {
        (Some(_), _) => source,
        (_, Some(_)) => target,
        _ => "",
    };
    let some = |value: &Option<String>| value.clone().unwrap_or_default();
    let row = [
        "1".to_owned(),
        told.event_time.clone(),
        "aws".to_owned(),
        place.id.to_owned(),
        REGIONS[region].to_owned(),
        told.action.to_owned(),
        told.op.clone(),
        told.outcome.to_owned(),
        told.bytes_out.map_or(String::new(), |n| n.to_string()),
        some(&told.src_ip),
        some(&told.dst_ip),
        if place.custom_flows { fields[3] } else { "" }.to_owned(),
        interface.to_owned(),
        ours.to_owned(),
    ];
    let path = format!("plain/flows-{}.csv", compact(&told.event_time));
    out.add(path, Form::Headed(HEADER), &row.join(","));
    tell(told, out);
}
