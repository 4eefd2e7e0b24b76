//! Google Cloud VPC flow logs: a log entry is a flow between two ends, reported by one or by both of them.
//!
//! Bytes are those of sampled packets, scaled up by Google. A flow has no principal.

use std::net::IpAddr;

use crate::event::{Action, Attachment, Destination, Event, Outcome, Peer, Provider, Source};
use crate::sources::gcpaudit::{instance_name, without_zone};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::{address::address, id, instant::instant, loose};
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::vpcflow::is_private;
use crate::vocab::Str;

/// Reads flow log entries.
pub const PARSER: RecordParser = RecordParser::new(Source::GcpVpcFlow, recognises, parse);

/// The service of flows, as those of other providers are.
const SERVICE: &str = "vpc";

/// One end of a flow.
#[derive(Clone, Copy)]
struct End<'a> {
    ip: Option<IpAddr>,
    port: Option<u16>,
    instance: Value<'a>,
    location: Value<'a>,
    /// A service of Google's own that answers there.
    service: Value<'a>,
}

/// The direction of a flow at our end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    Egress,
    Ingress,
}

/// Returns the direction of a flow without a reporter: our end is the one that is described as an instance, or else the one
/// with a private address.
fn direction(source: End<'_>, target: End<'_>) -> Option<Direction> {
    let is_private = |end: End<'_>| end.ip.is_some_and(is_private);
    let has_instance = |end: End<'_>| end.instance.is_present();
    let of = |is_ours: &dyn Fn(End<'_>) -> bool| match (is_ours(source), is_ours(target)) {
        (true, false) => Some(Direction::Egress),
        (false, true) => Some(Direction::Ingress),
        _ => None,
    };
    of(&has_instance).or_else(|| of(&is_private))
}

/// Returns the flow of an entry.
fn flow(object: Object<'_>) -> Option<Value<'_>> {
    let [payload] = loose::pick(object.members(), ["jsonPayload"]);
    loose::path(payload, &["connection", "src_ip"])
        .is_present()
        .then_some(payload)
}

fn recognises(object: Object<'_>) -> bool {
    let Some(flow) = flow(object) else {
        return false;
    };
    match loose::pick(object.members(), ["logName"]) {
        [Value::Text(name)] => memchr::memmem::find(name, b"vpc_flows").is_some(),
        _ => loose::path(flow, &["reporter"]).is_present(),
    }
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let Some(flow) = flow(object) else {
        return Parsed::Rejected(RejectReason::UnknownRecord);
    };
    let [insert_id, timestamp, resource] =
        loose::pick(object.members(), ["insertId", "timestamp", "resource"]);
    let mut buffer = Vec::new();
    let labels = loose::embedded(loose::path(resource, &["labels"]), &mut buffer);
    let [connection, reporter, bytes, packets, start, end] = loose::pick(
        flow.members(),
        [
            "connection",
            "reporter",
            "bytes_sent",
            "packets_sent",
            "start_time",
            "end_time",
        ],
    );
    // The entry's own time is minutes after the flow.
    let times = [end, start, timestamp];
    let stated = times.iter().find_map(|time| instant(&time.text()?));
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let [src_ip, src_port, dest_ip, dest_port, protocol] = loose::pick(
        connection.members(),
        ["src_ip", "src_port", "dest_ip", "dest_port", "protocol"],
    );
    let [
        src_instance,
        src_location,
        dest_instance,
        dest_location,
        dest_service,
    ] = loose::pick(
        flow.members(),
        [
            "src_instance",
            "src_location",
            "dest_instance",
            "dest_location",
            "dest_google_service",
        ],
    );
    let ip = |value: Value<'_>| Some(address(&value.text()?)?.0);
    let port = |value: Value<'_>| value.amount().and_then(|port| u16::try_from(port).ok());
    let source = End {
        ip: ip(src_ip),
        port: port(src_port),
        instance: src_instance,
        location: src_location,
        service: Value::Null,
    };
    let target = End {
        ip: ip(dest_ip),
        port: port(dest_port),
        instance: dest_instance,
        location: dest_location,
        service: dest_service,
    };
    if source.ip.is_none() || target.ip.is_none() {
        return Parsed::Rejected(RejectReason::MalformedRow);
    }
    let reporter = reporter.text().unwrap_or_default();
    // A gateway reports flows to and from the network behind it.
    let (direction, told_at) = match &*reporter {
        "SRC" => (Some(Direction::Egress), None),
        "DEST" => (Some(Direction::Ingress), Some(source)),
        "DEST_GATEWAY" => (Some(Direction::Egress), Some(source)),
        "SRC_GATEWAY" => (Some(Direction::Ingress), Some(target)),
        _ => (direction(source, target), None),
    };
    let is_duplicate = told_at.is_some_and(|end| end.instance.is_present());
    let is_egress = direction == Some(Direction::Egress);
    let is_ingress = direction == Some(Direction::Ingress);
    let (ours, theirs) = if is_egress {
        (source, target)
    } else {
        (target, source)
    };

    let interner = &mut state.interner;
    let instance = direction.and_then(|_| instance(ours.instance, interner));
    let project = loose::path(labels, &["project_id"])
        .text()
        .or_else(|| loose::path(ours.instance, &["project_id"]).text());
    let texts = [
        insert_id, src_ip, src_port, dest_ip, dest_port, protocol, bytes, packets,
    ];
    let texts = texts.map(Value::text);
    let times = [start, end].map(|time| Some(id::instant(instant(&time.text()?)?)));
    let mut parts = texts.each_ref().map(Option::as_deref).to_vec();
    parts.extend(times.each_ref().map(Option::as_deref));
    parts.push(Some(&*reporter));
    let event_id = id::of_parts("gf-", &parts);
    Parsed::Event(Box::new(Event {
        account: project.map(|project| interner.share(&project)),
        region: region(ours.instance, labels, interner),
        peer: if is_ingress {
            peer(theirs, interner)
        } else {
            Peer::default()
        },
        client: interner.share("empty"),
        action: if is_egress {
            Action::EgressFlow
        } else {
            Action::Other
        },
        op: interner.share(if reporter.is_empty() {
            "flow"
        } else {
            &reporter
        }),
        service: interner.share(SERVICE),
        bytes_out: bytes.amount().filter(|_| is_egress),
        bytes_in: bytes.amount().filter(|_| is_ingress),
        destination: if is_egress {
            Destination {
                ip: theirs.ip,
                port: theirs.port,
                endpoint: loose::path(theirs.service, &["service_name"])
                    .text()
                    .map(|name| interner.untrusted(&name)),
                ..Destination::default()
            }
        } else {
            Destination::default()
        },
        attachment: Some(Attachment {
            instance,
            interface: None,
            address: ours.ip.filter(|_| direction.is_some()),
        }),
        // The entry does not show whether a firewall blocked the flow.
        outcome: Outcome::Unknown,
        counted: !is_duplicate,
        ..Event::new(time, event_id, Provider::Gcp, Source::GcpVpcFlow)
    }))
}

fn instance(instance: Value<'_>, interner: &mut Interner) -> Option<Str> {
    let [project, zone, name] =
        loose::pick(instance.members(), ["project_id", "zone", "vm_name"]).map(Value::text);
    Some(instance_name(&project?, &zone?, &name?, interner))
}

fn region(instance: Value<'_>, labels: Value<'_>, interner: &mut Interner) -> Option<Str> {
    let places = [
        loose::path(instance, &["region"]),
        loose::path(labels, &["location"]),
    ];
    let place = places
        .iter()
        .find_map(|place| place.text())?
        .to_ascii_lowercase();
    Some(interner.share(without_zone(&place)))
}

/// Reads the far end of a flow that came in.
fn peer(end: End<'_>, interner: &mut Interner) -> Peer {
    let [asn, city] = loose::pick(end.location.members(), ["asn", "city"]);
    Peer {
        ip: end.ip,
        port: end.port,
        asn: asn.amount().and_then(|asn| u32::try_from(asn).ok()),
        city: city.text().map(|city| interner.untrusted(&city)),
        ..Peer::default()
    }
}
