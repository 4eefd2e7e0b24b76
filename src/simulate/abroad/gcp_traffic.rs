//! What Google Cloud counts in bytes: usage logs of buckets, and flows of machines.

use serde_json::json;

use crate::simulate::random::HEX;

use super::deed::{Deed, NANOS, Outcome, Verb, instant};
use super::place::{OWNERS, Purpose};
use super::sheet::{Form, Sheets, Told, dated};

/// The header of usage logs.
const HEADER: &str = "\"time_micros\",\"c_ip\",\"c_ip_type\",\"c_ip_region\",\"cs_method\",\"cs_uri\",\"sc_status\",\"cs_bytes\",\
     \"sc_bytes\",\"time_taken_micros\",\"cs_host\",\"cs_referer\",\"cs_user_agent\",\"s_request_id\",\"cs_operation\",\
     \"cs_bucket\",\"cs_object\"";

/// The project whose buckets have usage logs.
const LOGGED: &str = OWNERS[4].name;

/// Writes a request as the usage log of its bucket has it.
pub(super) fn usage(deed: &Deed, out: &mut Sheets) {
    let Some(store) = deed
        .store
        .as_ref()
        .filter(|store| store.owner.name == LOGGED)
    else {
        return;
    };
    let (operation, newer, method, action) = match deed.verb {
        Verb::List => ("GET_Bucket", "storage.objects.list", "GET", "list_objects"),
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
    // What anybody reads comes by the older interface, and what programs do by the newer, which leaves the operation out.
    let (operation, method, uri, op) = if store.purpose == Purpose::Public {
        let uri = format!("/{}/{}", store.name, deed.object);
        (operation, method, uri, operation)
    } else {
        let object = deed.object.replace('/', "%2F");
        let objects = format!("/storage/v1/b/{}/o", store.name);
        let (method, uri) = match deed.verb {
            Verb::List => (
                method,
                format!("{objects}?prefix={}&projection=noAcl", deed.prefix),
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
    let status = match deed.outcome {
        Outcome::Success if deed.verb == Verb::Delete => 204,
        Outcome::Success => 200,
        Outcome::Missing => 404,
        Outcome::Denied => 403,
    };
    let (received, sent) = match (deed.worked(), &deed.verb) {
        (false, _) => (0, 229),
        (_, Verb::Write) => (deed.bytes, 780),
        (_, Verb::Delete) => (0, 0),
        _ => (0, deed.bytes),
    };
    let line = format!(
        "\"{}\",\"{}\",\"1\",\"\",\"{method}\",\"{uri}\",\"{status}\",\"{received}\",\"{sent}\",\"{}\",\"{host}\",\"\",\"{}\",\
         \"{}\",\"{operation}\",\"{}\",\"{}\"",
        deed.at / 1_000,
        deed.address,
        out.ids.between(9_000, 900_000),
        deed.tool.agent(&deed.who, "storage.cp"),
        out.ids.text(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
            44
        ),
        store.name,
        deed.object,
    );
    let path = format!(
        "gcp/usage/{}_usage_{}_00_00_0a41f_v0",
        store.name,
        dated(deed, "%Y_%m_%d_%H")
    );
    out.add(path, Form::Headed(HEADER), &line);
    let mut told = Told::of("gcp.gcsusage", deed, 6, op, action);
    told.container = Some(store.canonical());
    told.object = (!deed.object.is_empty()).then(|| deed.object.clone());
    told.bytes_out = Some(sent);
    out.tell(&told);
}

/// Writes a flow of a machine, and its second report where the other end is ours as well.
pub(super) fn flow(deed: &Deed, out: &mut Sheets) {
    let (Verb::Flow { peer, out: leaves }, Some((machine, inside))) =
        (&deed.verb, &deed.who.machine)
    else {
        return;
    };
    report(deed, peer, *leaves, (machine, inside), false, out);
    if *leaves && peer.starts_with("10.") {
        report(deed, peer, true, (machine, inside), true, out);
    }
}

fn report(
    deed: &Deed,
    peer: &str,
    leaves: bool,
    (machine, inside): (&str, &str),
    restates: bool,
    out: &mut Sheets,
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
    let reporter = if leaves != restates { "SRC" } else { "DEST" };
    let stranger = !peer.starts_with("10.");
    let mut payload = json!({
        "connection": {
            "src_ip": source, "src_port": source_port, "dest_ip": target, "dest_port": target_port, "protocol": 6,
        },
        "reporter": reporter,
        "bytes_sent": deed.bytes.to_string(), "packets_sent": (deed.bytes / 1_420 + 3).to_string(),
        "start_time": format!("{}Z", instant(deed.at - 5 * NANOS, 9)), "end_time": format!("{}Z", instant(deed.at, 9)),
        "rtt_msec": out.ids.between(1, 90).to_string(),
    });
    let (our_end, their_end) = if leaves {
        ("src", "dest")
    } else {
        ("dest", "src")
    };
    payload[format!("{our_end}_instance")] = ours;
    payload[format!("{our_end}_vpc")] = network;
    if stranger {
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
        instant(deed.at + out.ids.between(20, 280) * NANOS, 9)
    );
    let record = json!({
        "insertId": out.ids.text(HEX, 14), "jsonPayload": payload, "timestamp": late, "receiveTimestamp": late,
        "logName": format!("projects/{project}/logs/compute.googleapis.com%2Fvpc_flows"),
        "resource": {"type": "gce_subnetwork", "labels": {
            "project_id": project, "location": "europe-west1-b", "subnetwork_id": "4187702295613390457",
            "subnetwork_name": "main-eu",
        }},
    });
    let hour = dated(deed, "%Y/%m/%d/%H:00:00_%H:59:59");
    out.add(
        format!("gcp/{project}/compute.googleapis.com/vpc_flows/{hour}_S0.json"),
        Form::Lines,
        &record.to_string(),
    );
    out.records -= 1;
    out.flows += 1;
    let action = if leaves { "egress_flow" } else { "other" };
    let mut told = Told::of("gcp.vpcflow", deed, 9, reporter, action);
    told.src_ip = (!leaves).then(|| peer.to_owned());
    told.dst_ip = leaves.then(|| peer.to_owned());
    // That a firewall let it pass is not told.
    told.outcome = "unknown";
    told.bytes_out = leaves.then_some(deed.bytes);
    told.counts = !restates;
    out.tell(&told);
}
