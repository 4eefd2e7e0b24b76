//! What Google Cloud counts in bytes: usage logs of buckets, and flows of machines.

use serde_json::json;

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, NANOS, Outcome, Verb, instant};
use crate::simulate::model::other_providers::container::{OWNERS, Purpose};
use crate::simulate::model::random::HEX;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::dated;

/// The header of usage logs.
const HEADER: &str = "\"time_micros\",\"c_ip\",\"c_ip_type\",\"c_ip_region\",\"cs_method\",\"cs_uri\",\"sc_status\",\"cs_bytes\",\
     \"sc_bytes\",\"time_taken_micros\",\"cs_host\",\"cs_referer\",\"cs_user_agent\",\"s_request_id\",\"cs_operation\",\
     \"cs_bucket\",\"cs_object\"";

/// The project whose buckets have usage logs.
const LOGGED: &str = OWNERS[4].name;

/// Writes a request as the usage log of its bucket has it.
pub(crate) fn usage(action: &Action, out: &mut DayFiles) {
    let Some(container) = action
        .container
        .as_ref()
        .filter(|container| container.owner.name == LOGGED)
    else {
        return;
    };
    let (operation, newer, method, action_class) = match action.verb {
        Verb::ListObjects => ("GET_Bucket", "storage.objects.list", "GET", "list_objects"),
        Verb::Read => ("GET_Object", "storage.objects.get", "GET", "read_object"),
        Verb::Write => (
            "PUT_Object",
            "storage.objects.insert",
            "PUT",
            "write_object",
        ),
        Verb::Delete => (
            "DELETE_Object",
            "storage.objects.delete",
            "DELETE",
            "delete_object",
        ),
        _ => return,
    };
    // Public reads use the older interface; programs use the newer one, whose records have no operation.
    let (operation, method, uri, op) = if container.purpose == Purpose::Public {
        let uri = format!("/{}/{}", container.name, action.object);
        (operation, method, uri, operation)
    } else {
        let object = action.object.replace('/', "%2F");
        let objects = format!("/storage/v1/b/{}/o", container.name);
        let (method, uri) = match action.verb {
            Verb::ListObjects => (
                method,
                format!("{objects}?prefix={}&projection=noAcl", action.prefix),
            ),
            Verb::Write => (
                "POST",
                format!("/upload{objects}?uploadType=media&name={object}"),
            ),
            Verb::Delete => (method, format!("{objects}/{object}")),
            _ => (method, format!("/download{objects}/{object}?alt=media")),
        };
        ("", method, uri, newer)
    };
    let host = "storage.googleapis.com";
    let status = match action.outcome {
        Outcome::Success if action.verb == Verb::Delete => 204,
        Outcome::Success => 200,
        Outcome::Missing => 404,
        Outcome::Denied => 403,
    };
    let (received, sent) = match (action.worked(), &action.verb) {
        (false, _) => (0, 229),
        (_, Verb::Write) => (action.bytes, 780),
        (_, Verb::Delete) => (0, 0),
        _ => (0, action.bytes),
    };
    let line = format!(
        "\"{}\",\"{}\",\"1\",\"\",\"{method}\",\"{uri}\",\"{status}\",\"{received}\",\"{sent}\",\"{}\",\"{host}\",\"\",\"{}\",\
         \"{}\",\"{operation}\",\"{}\",\"{}\"",
        action.at / 1_000,
        action.address,
        out.ids.between(9_000, 900_000),
        action.tool.user_agent(&action.who, "storage.cp"),
        out.ids.text(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
            44
        ),
        container.name,
        action.object,
    );
    let path = format!(
        "gcp/usage/{}_usage_{}_00_00_0a41f_v0",
        container.name,
        dated(action, "%Y_%m_%d_%H")
    );
    out.add(path, FileLayout::Headed(HEADER), &line);
    let mut expected = ExpectedEvent::of("gcp.gcsusage", action, 6, op, action_class);
    expected.container = Some(container.canonical());
    expected.object = (!action.object.is_empty()).then(|| action.object.clone());
    expected.bytes_out = Some(sent);
    out.add_expected(&expected);
}

/// Writes a flow of a machine, and its second report where the other end is ours as well.
pub(crate) fn flow(action: &Action, out: &mut DayFiles) {
    let (Verb::Flow { peer, out: leaves }, Some((machine, inside))) =
        (&action.verb, &action.who.machine)
    else {
        return;
    };
    report(action, peer, *leaves, (machine, inside), false, out);
    if *leaves && peer.starts_with("10.") {
        report(action, peer, true, (machine, inside), true, out);
    }
}

fn report(
    action: &Action,
    peer: &str,
    leaves: bool,
    (machine, inside): (&str, &str),
    is_second_report: bool,
    out: &mut DayFiles,
) {
    let project = OWNERS[3].name;
    let port = 32_768 + out.ids.below(256) * 100;
    let (source, target) = if leaves {
        (inside, peer)
    } else {
        (peer, inside)
    };
    let (source_port, target_port) = if leaves { (port, 443) } else { (443, port) };
    let ours = json!({
        "project_id": project, "region": "europe-west1", "zone": "europe-west1-b", "vm_name": machine,
    });
    let network = json!({"project_id": project, "vpc_name": "main", "subnetwork_name": "main-eu"});
    let reporter = if leaves != is_second_report {
        "SRC"
    } else {
        "DEST"
    };
    let is_external = !peer.starts_with("10.");
    let mut payload = json!({
        "connection": {
            "src_ip": source, "src_port": source_port, "dest_ip": target, "dest_port": target_port, "protocol": 6,
        },
        "reporter": reporter,
        "bytes_sent": action.bytes.to_string(), "packets_sent": (action.bytes / 1_420 + 3).to_string(),
        "start_time": format!("{}Z", instant(action.at - 5 * NANOS, 9)), "end_time": format!("{}Z", instant(action.at, 9)),
        "rtt_msec": out.ids.between(1, 90).to_string(),
    });
    let (our_end, their_end) = if leaves {
        ("src", "dest")
    } else {
        ("dest", "src")
    };
    payload[format!("{our_end}_instance")] = ours;
    payload[format!("{our_end}_vpc")] = network;
    if is_external {
        payload[format!("{their_end}_location")] =
            json!({"continent": "Europe", "country": "deu", "asn": 64_512});
    } else {
        payload[format!("{their_end}_instance")] = json!({
            "project_id": project, "region": "europe-west1", "zone": "europe-west1-b",
            "vm_name": format!("db-{}", peer.rsplit('.').next().unwrap_or("0")),
        });
    }
    let late = format!(
        "{}Z",
        instant(action.at + out.ids.between(20, 280) * NANOS, 9)
    );
    let record = json!({
        "insertId": out.ids.text(HEX, 14), "jsonPayload": payload, "timestamp": late, "receiveTimestamp": late,
        "logName": format!("projects/{project}/logs/compute.googleapis.com%2Fvpc_flows"),
        "resource": {"type": "gce_subnetwork", "labels": {
            "project_id": project, "location": "europe-west1-b", "subnetwork_id": "4187702295613390457",
            "subnetwork_name": "main-eu",
        }},
    });
    let hour = dated(action, "%Y/%m/%d/%H:00:00_%H:59:59");
    out.add(
        format!("gcp/{project}/compute.googleapis.com/vpc_flows/{hour}_S0.json"),
        FileLayout::Lines,
        &record.to_string(),
    );
    out.records -= 1;
    out.flows += 1;
    let action_class = if leaves { "egress_flow" } else { "other" };
    let mut expected = ExpectedEvent::of("gcp.vpcflow", action, 9, reporter, action_class);
    expected.src_ip = (!leaves).then(|| peer.to_owned());
    expected.dst_ip = leaves.then(|| peer.to_owned());
    // The record does not show that a firewall let it pass.
    expected.outcome = "unknown";
    expected.bytes_out = leaves.then_some(action.bytes);
    expected.counts = !is_second_report;
    out.add_expected(&expected);
}
