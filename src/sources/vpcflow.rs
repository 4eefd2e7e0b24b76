//! AWS VPC flow logs: text with a header line, or in the default order without one, or as JSON.

use std::net::IpAddr;

use xxhash_rust::xxh3::xxh3_128;

use crate::event::{
    Action, Attachment, Context, Destination, Event, Outcome, Peer, Provider, Source, Untrusted,
};
use crate::sources::intern::Interner;
use crate::sources::{Parsed, RejectReason, SkipReason};
use crate::time::Time;

/// The default format, version 2.
const DEFAULT: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Every field that a flow log may have.
const FIELDS: &[&str] = &[
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
];

/// Fields that only transit gateway flow logs have.
const TRANSIT_GATEWAY: [&str; 3] = ["tgw-id", "tgw-attachment-id", "resource-type"];

/// The order of the fields in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// For each column, the field, or nothing if it is not one that we read.
    fields: Vec<Option<F>>,
    is_transit_gateway: bool,
}

/// The fields that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum F {
    Account,
    Interface,
    Src,
    Dst,
    SrcPort,
    DstPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    Status,
    Instance,
    PktSrc,
    PktDst,
    Region,
    DstService,
    Direction,
    TcpFlags,
}

const F_COUNT: usize = F::TcpFlags as usize + 1;

fn field_of(name: &str) -> Option<F> {
    Some(match name {
        "account-id" => F::Account,
        "interface-id" => F::Interface,
        "srcaddr" => F::Src,
        "dstaddr" => F::Dst,
        "srcport" => F::SrcPort,
        "dstport" => F::DstPort,
        "protocol" => F::Protocol,
        "packets" => F::Packets,
        "bytes" => F::Bytes,
        "start" => F::Start,
        "end" => F::End,
        "action" => F::Action,
        "log-status" => F::Status,
        "instance-id" => F::Instance,
        "pkt-srcaddr" => F::PktSrc,
        "pkt-dstaddr" => F::PktDst,
        "region" => F::Region,
        "pkt-dst-aws-service" => F::DstService,
        "flow-direction" => F::Direction,
        "tcp-flags" => F::TcpFlags,
        _ => return None,
    })
}

impl Columns {
    /// Returns the columns of the default format.
    pub fn default_order() -> Self {
        Self {
            fields: DEFAULT.iter().map(|name| field_of(name)).collect(),
            is_transit_gateway: false,
        }
    }

    /// Reads a header line: only names of fields, and at least an address or a byte count among them.
    pub fn of_header(line: &str) -> Option<Self> {
        let names: Vec<String> = line
            .split_ascii_whitespace()
            .map(|name| name.replace('_', "-"))
            .collect();
        let is_transit_gateway = names
            .iter()
            .any(|name| TRANSIT_GATEWAY.contains(&name.as_str()));
        let is_known = |name: &String| {
            FIELDS.contains(&name.as_str())
                || (is_transit_gateway
                    && (name.starts_with("tgw-")
                        || name.starts_with("packets-lost-")
                        || TRANSIT_GATEWAY.contains(&name.as_str())))
        };
        let is_header = names.len() >= 3 && names.iter().all(is_known);
        is_header.then(|| Self {
            fields: names.iter().map(|name| field_of(name)).collect(),
            is_transit_gateway,
        })
    }

    /// Tells whether a line without header is in the default order.
    pub fn fits_default(line: &str) -> bool {
        let mut tokens = line.split_ascii_whitespace();
        let version = tokens.next();
        let account = tokens.next().unwrap_or_default();
        let interface = tokens.next().unwrap_or_default();
        let last = tokens.clone().last().unwrap_or_default();
        version == Some("2")
            && (account == "unknown"
                || (!account.is_empty() && account.bytes().all(|b| b.is_ascii_digit())))
            && interface.starts_with("eni-")
            && matches!(last, "OK" | "NODATA" | "SKIPDATA")
            && tokens.count() == 11
    }
}

/// Reads one line.
pub fn parse_line(line: &str, columns: &Columns, interner: &mut Interner) -> Parsed {
    let mut values: [Option<&str>; F_COUNT] = [None; F_COUNT];
    let mut n_tokens = 0;
    for (at, token) in line.split_ascii_whitespace().enumerate() {
        n_tokens = at + 1;
        if let Some(Some(field)) = columns.fields.get(at) {
            values[*field as usize] = Some(token).filter(|t| *t != "-");
        }
    }
    if n_tokens != columns.fields.len() {
        return Parsed::Rejected(RejectReason::WrongColumns);
    }
    if columns.is_transit_gateway {
        return Parsed::Skipped(SkipReason::TransitGatewayFlow);
    }
    build(&values, line.as_bytes(), interner)
}

/// Reads one record in JSON, with its fields by name.
pub fn parse_json(bytes: &[u8], interner: &mut Interner) -> Parsed {
    use std::collections::BTreeMap;

    use crate::sources::json;
    let Ok(object) =
        serde_json::from_slice::<BTreeMap<String, &serde_json::value::RawValue>>(bytes)
    else {
        return Parsed::Rejected(RejectReason::Malformed);
    };
    let texts: Vec<(F, String)> = object
        .iter()
        .filter_map(|(name, raw)| {
            Some((
                field_of(&name.replace('_', "-"))?,
                json::text(Some(raw))?.into_owned(),
            ))
        })
        .collect();
    let mut values: [Option<&str>; F_COUNT] = [None; F_COUNT];
    for (field, value) in &texts {
        values[*field as usize] = Some(value.as_str());
    }
    build(&values, bytes, interner)
}

fn build(values: &[Option<&str>; F_COUNT], raw: &[u8], interner: &mut Interner) -> Parsed {
    let get = |field: F| values[field as usize];
    match get(F::Status) {
        Some("NODATA") => return Parsed::Skipped(SkipReason::FlowNoData),
        Some("SKIPDATA") => return Parsed::Skipped(SkipReason::FlowSkipData),
        _ => {}
    }
    let seconds = |field: F| get(field).and_then(|t| t.parse::<i64>().ok());
    let Some(time) = seconds(F::End)
        .or_else(|| seconds(F::Start))
        .and_then(Time::from_secs)
    else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let ip = |field: F| get(field).and_then(|t| t.parse::<IpAddr>().ok());
    let (src, dst) = (
        ip(F::PktSrc).or_else(|| ip(F::Src)),
        ip(F::PktDst).or_else(|| ip(F::Dst)),
    );
    let (Some(src), Some(dst)) = (src, dst) else {
        return Parsed::Rejected(RejectReason::NoAddress);
    };
    let is_egress = match get(F::Direction) {
        Some("egress") => true,
        Some("ingress") => false,
        _ => is_private(src) && !is_private(dst),
    };
    let bytes = get(F::Bytes).and_then(|t| t.parse::<u64>().ok());
    let port = |field: F| get(field).and_then(|t| t.parse::<u16>().ok());
    let is_accepted = get(F::Action) == Some("ACCEPT");
    // The plain addresses are those of the interface itself; behind a NAT the packet's own differ.
    let (ours, theirs, their_port) = if is_egress {
        (ip(F::Src).unwrap_or(src), dst, port(F::DstPort))
    } else {
        (ip(F::Dst).unwrap_or(dst), src, port(F::SrcPort))
    };
    let action = if is_egress && is_accepted {
        Action::EgressFlow
    } else {
        Action::Other
    };
    let destination = if is_egress {
        Destination {
            ip: Some(theirs),
            port: their_port,
            endpoint: get(F::DstService).map(Untrusted::new),
            ..Destination::default()
        }
    } else {
        Destination::default()
    };
    let event = Event {
        time,
        id: format!("flow-{:032x}", xxh3_128(raw.trim_ascii())).into(),
        provider: Provider::Aws,
        source: Source::AwsVpcFlow,
        account: get(F::Account)
            .filter(|a| *a != "unknown")
            .map(|a| interner.get(a)),
        region: get(F::Region).map(|r| interner.get(r)),
        regional: false,
        principal: None,
        session: None,
        credential: None,
        context: Context::default(),
        peer: if is_egress {
            Peer::default()
        } else {
            Peer {
                ip: Some(theirs),
                host: None,
                port: their_port,
            }
        },
        user_agent: None,
        client: interner.get("empty"),
        action,
        op: interner.get(if is_egress { "egress" } else { "ingress" }),
        service: interner.get("vpc"),
        container: None,
        object: None,
        prefix: None,
        bytes_out: bytes.filter(|_| is_egress),
        bytes_in: bytes.filter(|_| !is_egress),
        copied_from: None,
        destination,
        attachment: Some(Attachment {
            instance: get(F::Instance).map(|i| interner.get(i)),
            interface: get(F::Interface).map(|i| interner.get(i)),
            address: Some(ours),
        }),
        outcome: match get(F::Action) {
            Some("ACCEPT") => Outcome::Success,
            Some("REJECT") => Outcome::Denied,
            _ => Outcome::Unknown,
        },
        error: None,
        created: None,
        twin_of_account: None,
        counted: true,
    };
    Parsed::Event(Box::new(event))
}

/// Tells whether an address is in a private range, by which the side of an interface is told where no direction is given.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_link_local()
                || ip.is_loopback()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    }
}
