//! AWS VPC flow logs: rows of text in any order of fields, and the same fields as JSON.
//!
//! A flow has no principal. Whether its other side is ours is not decided here, beyond the private ranges that tell a
//! direction where the record does not state one.

use std::net::IpAddr;

use xxhash_rust::xxh3::Xxh3;

use crate::event::{Action, Attachment, Destination, Event, Outcome, Peer, Provider, Source};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::{Format, Line, Memory};
use crate::time::Time;
use crate::vocab::Str;

/// How flow log records are read.
pub const FORMAT: Format = Format::new(Source::AwsVpcFlow, recognises, parse)
    .with_lines(line)
    .with_tables(|names| names.contains(&"srcaddr") && names.contains(&"dstaddr"));

/// What flows are filed under.
const SERVICE: &str = "vpc";
/// Rows have at most so many fields; 42 are known.
const COLUMNS_MAX: usize = 96;

macro_rules! fields {
    ($($field:ident = $name:literal,)+) => {
        /// The fields that are read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Field { $($field,)+ }

        impl Field {
            const NAMES: &'static [&'static str] = &[$($name,)+];
            const ALL: &'static [Field] = &[$(Field::$field,)+];

            /// Returns the field of that name, its parts joined by hyphens or underscores.
            fn of(name: &str) -> Option<Self> {
                let same = |known: &&str| {
                    known.len() == name.len()
                        && known.bytes().zip(name.bytes()).all(|(a, b)| a == b || (a == b'-' && b == b'_'))
                };
                Self::NAMES.iter().position(|known| same(&known)).map(|at| Self::ALL[at])
            }
        }
    };
}
fields! {
    Account = "account-id", Interface = "interface-id", Source = "srcaddr", Target = "dstaddr", SourcePort = "srcport",
    TargetPort = "dstport", Protocol = "protocol", Packets = "packets", Bytes = "bytes", Start = "start", End = "end",
    Verdict = "action", Status = "log-status", Instance = "instance-id", TcpFlags = "tcp-flags",
    PacketSource = "pkt-srcaddr", PacketTarget = "pkt-dstaddr", Region = "region", TargetService = "pkt-dst-aws-service",
    Direction = "flow-direction",
}

/// The fields of versions 2 to 5, in the order in which they are documented; the default format is the first 14.
const DOCUMENTED: [&str; 29] = [
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
];
/// How many of them a row of version 2, 3, 4 or 5 has.
const DOCUMENTED_COUNTS: [usize; 4] = [14, 21, 25, 29];

/// Fields that are not read, but by which a header is told.
const OTHER_FIELDS: [&str; 32] = [
    "version",
    "vpc-id",
    "subnet-id",
    "type",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
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
    "resource-type",
    "tgw-id",
    "tgw-attachment-id",
    "tgw-src-vpc-account-id",
    "tgw-dst-vpc-account-id",
    "tgw-src-vpc-id",
    "tgw-dst-vpc-id",
    "tgw-src-eni",
    "tgw-dst-eni",
    "packets-lost-no-route",
];

/// The order of fields that a header states.
#[derive(Debug, Clone, PartialEq)]
pub enum Columns {
    /// Of an interface's flows.
    Interface(Vec<Option<Field>>),
    /// Of a transit gateway's.
    TransitGateway,
}

impl Columns {
    fn of(names: &[&str]) -> Self {
        if names.contains(&"tgw-id") {
            return Self::TransitGateway;
        }
        Self::Interface(names.iter().map(|name| Field::of(name)).collect())
    }

    /// Reads a header: known names, and no number among them.
    fn of_header(line: &str) -> Option<Self> {
        let names: Vec<&str> = line
            .split_ascii_whitespace()
            .take(COLUMNS_MAX + 1)
            .collect();
        let is_known = |name: &str| Field::of(name).is_some() || OTHER_FIELDS.contains(&name);
        let is_header = (2..=COLUMNS_MAX).contains(&names.len())
            && is_known(names[0])
            && names.iter().filter(|name| is_known(name)).count() * 2 > names.len()
            && names.iter().all(|name| name.parse::<f64>().is_err());
        is_header.then(|| Self::of(&names))
    }
}

/// Returns the region in a file's name, `…_vpcflowlogs_eu-west-1_…`, or in its path, `…/vpcflowlogs/eu-west-1/…`.
pub fn region_of_name(name: &str) -> Option<Str> {
    let is_region = |part: &&str| {
        part.split('-').count() >= 3
            && part
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let after = |separator: char| {
        name.split(separator)
            .skip_while(|p| *p != "vpcflowlogs")
            .nth(1)
            .filter(is_region)
    };
    let hive = || {
        name.split('/')
            .find_map(|part| part.strip_prefix("aws-region="))
            .filter(is_region)
    };
    after('_')
        .or_else(|| after('/'))
        .or_else(hive)
        .map(Str::from)
}

/// The values of one row, by field.
struct Row<'a> {
    values: [&'a str; Field::ALL.len()],
}

impl<'a> Row<'a> {
    const EMPTY: Row<'static> = Row {
        values: [""; Field::ALL.len()],
    };

    /// Returns a value that is there; `-` stands for none.
    fn get(&self, field: Field) -> Option<&'a str> {
        Some(self.values[field as usize]).filter(|value| !matches!(*value, "" | "-" | "null"))
    }

    fn number<N: std::str::FromStr>(&self, field: Field) -> Option<N> {
        self.get(field)?.parse().ok()
    }

    fn address(&self, field: Field) -> Option<IpAddr> {
        self.get(field)?
            .parse::<IpAddr>()
            .ok()
            .map(|ip| ip.to_canonical())
    }
}

fn line(text: &str, memory: &mut Memory) -> Line {
    if let Some(columns) = Columns::of_header(text) {
        memory.columns = Some(columns);
        return Line::Header;
    }
    let mut tokens = [""; COLUMNS_MAX];
    let mut count = 0;
    for token in text.split_ascii_whitespace() {
        if count == COLUMNS_MAX {
            return Line::Unknown;
        }
        tokens[count] = token;
        count += 1;
    }
    let tokens = &tokens[..count];
    let mut row = Row::EMPTY;
    match &memory.columns {
        Some(Columns::TransitGateway) if count > 3 => {
            return Line::Record(Parsed::Skipped(SkipReason::TransitGateway));
        }
        Some(Columns::Interface(columns)) if columns.len() == count => {
            for (field, value) in columns.iter().zip(tokens) {
                if let Some(field) = field {
                    row.values[*field as usize] = value;
                }
            }
        }
        _ if is_transit_gateway(tokens) => {
            return Line::Record(Parsed::Skipped(SkipReason::TransitGateway));
        }
        _ if is_documented(tokens) => {
            for (name, value) in DOCUMENTED.iter().zip(tokens) {
                if let Some(field) = Field::of(name) {
                    row.values[field as usize] = value;
                }
            }
        }
        None if is_undocumented(tokens) => {
            return Line::Record(Parsed::Rejected(RejectReason::FlowWithoutHeader));
        }
        _ => return Line::Unknown,
    }
    Line::Record(flow(&row, memory))
}

/// Recognises a row without header whose fields stand in the documented order.
fn is_documented(tokens: &[&str]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    DOCUMENTED_COUNTS.contains(&tokens.len())
        && matches!(tokens[0], "2" | "3" | "4" | "5")
        && (is_number(tokens[1]) || tokens[1] == "unknown")
        && tokens[2].starts_with("eni-")
        && matches!(tokens[13], "OK" | "NODATA" | "SKIPDATA")
}

/// Recognises a row whose order of fields only its header could tell.
fn is_undocumented(tokens: &[&str]) -> bool {
    let is_word = |t: &&str| matches!(*t, "ACCEPT" | "REJECT" | "OK" | "NODATA" | "SKIPDATA");
    let addresses = tokens.iter().filter(|t| t.parse::<IpAddr>().is_ok());
    tokens.len() >= 4
        && tokens.iter().any(is_word)
        && (addresses.count() >= 2 || tokens.iter().any(|t| t.starts_with("eni-")))
}

fn is_transit_gateway(tokens: &[&str]) -> bool {
    let mut head = tokens.iter().take(6);
    tokens.len() > 20
        && head.any(|t| t.starts_with("tgw-") && !t.starts_with("tgw-attach-"))
        && head.any(|t| t.starts_with("tgw-attach-"))
}

/// Tells whether a member of a row is read.
pub fn is_read(name: &str) -> bool {
    Field::of(name).is_some() || matches!(name, "tgw-id" | "tgw_id")
}

fn recognises(object: Object<'_>) -> bool {
    object.get("srcaddr").is_some() && object.get("dstaddr").is_some()
}

fn parse(object: Object<'_>, memory: &mut Memory) -> Parsed {
    if object
        .get("tgw-id")
        .or_else(|| object.get("tgw_id"))
        .is_some()
    {
        return Parsed::Skipped(SkipReason::TransitGateway);
    }
    let mut texts: [Option<std::borrow::Cow<'_, str>>; Field::ALL.len()] =
        std::array::from_fn(|_| None);
    for (key, value) in object.members() {
        if let Some(field) = std::str::from_utf8(key).ok().and_then(Field::of) {
            texts[field as usize] = Value::text(value);
        }
    }
    let mut row = Row::EMPTY;
    for (value, text) in row.values.iter_mut().zip(&texts) {
        *value = text.as_deref().unwrap_or_default();
    }
    flow(&row, memory)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    Egress,
    Ingress,
}

/// Tells whether an address lies in a private range: RFC 1918, RFC 6598, RFC 4193, or link-local.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Tells which way a flow went at the interface. Beside the stated direction that is what the plain addresses tell: those
/// of the packets go out at both legs of a translation, which would count twice.
fn direction(row: &Row<'_>) -> Option<Direction> {
    match row.get(Field::Direction) {
        Some("egress") => return Some(Direction::Egress),
        Some("ingress") => return Some(Direction::Ingress),
        _ => {}
    }
    let address = |plain, of_packet| row.address(plain).or_else(|| row.address(of_packet));
    let source = address(Field::Source, Field::PacketSource)?;
    let target = address(Field::Target, Field::PacketTarget)?;
    match (is_private(source), is_private(target)) {
        (true, false) => Some(Direction::Egress),
        (false, true) => Some(Direction::Ingress),
        _ => None,
    }
}

fn flow(row: &Row<'_>, memory: &mut Memory) -> Parsed {
    match row.get(Field::Status) {
        Some("NODATA") => return Parsed::Skipped(SkipReason::NoData),
        Some("SKIPDATA") => return Parsed::Skipped(SkipReason::SkipData),
        _ => {}
    }
    // Seconds; milliseconds would lie beyond the representable range or in the far future, and are not used.
    let Some(time) = row
        .number(Field::End)
        .filter(|secs| *secs > 0)
        .and_then(Time::from_secs)
    else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    // The plain addresses hide who is behind a translation; those of the packets do not.
    let source = row
        .address(Field::PacketSource)
        .or_else(|| row.address(Field::Source));
    let target = row
        .address(Field::PacketTarget)
        .or_else(|| row.address(Field::Target));
    if source.is_none() || target.is_none() {
        return Parsed::Rejected(RejectReason::MalformedRow);
    }
    let (source_port, target_port) = (row.number(Field::SourcePort), row.number(Field::TargetPort));
    let direction = direction(row);
    let bytes = row.number(Field::Bytes);
    let is_egress = direction == Some(Direction::Egress);
    let is_ingress = direction == Some(Direction::Ingress);
    let outcome = match row.get(Field::Verdict) {
        Some("ACCEPT") => Outcome::Success,
        Some("REJECT") => Outcome::Denied,
        _ => Outcome::Unknown,
    };
    // A custom format may leave the status out; then a row with addresses is one that was recorded.
    let is_ok = matches!(row.get(Field::Status), Some("OK") | None);
    let action = if is_egress && outcome == Outcome::Success && is_ok {
        Action::EgressFlow
    } else {
        Action::Other
    };

    let interner = &mut memory.interner;
    let share =
        |field: Field, interner: &mut Interner| row.get(field).map(|text| interner.share(text));
    let account = row
        .get(Field::Account)
        .filter(|a| *a != "unknown")
        .map(|a| interner.share(a));
    let endpoint = row
        .get(Field::TargetService)
        .filter(|_| is_egress)
        .map(|name| interner.untrusted(name));
    Parsed::Event(Box::new(Event {
        account,
        region: share(Field::Region, interner).or_else(|| memory.region_hint.clone()),
        peer: if is_ingress {
            Peer {
                ip: source,
                port: source_port,
                ..Peer::default()
            }
        } else {
            Peer::default()
        },
        client: interner.share("empty"),
        action,
        op: interner.share(row.get(Field::Verdict).unwrap_or("flow")),
        service: interner.share(SERVICE),
        bytes_out: bytes.filter(|_| is_egress),
        bytes_in: bytes.filter(|_| is_ingress),
        destination: if is_egress {
            Destination {
                ip: target,
                port: target_port,
                endpoint,
                ..Destination::default()
            }
        } else {
            Destination::default()
        },
        attachment: Some(Attachment {
            instance: share(Field::Instance, interner),
            interface: share(Field::Interface, interner),
            address: direction.and(if is_egress { source } else { target }),
        }),
        outcome,
        ..Event::new(time, event_id(row), Provider::Aws, Source::AwsVpcFlow)
    }))
}

/// Returns a hash of what tells one flow from another; flow logs have no id.
fn event_id(row: &Row<'_>) -> Str {
    let mut hash = Xxh3::new();
    for field in [
        Field::Interface,
        Field::Start,
        Field::End,
        Field::Source,
        Field::Target,
        Field::PacketSource,
        Field::PacketTarget,
        Field::SourcePort,
        Field::TargetPort,
        Field::Protocol,
        Field::Verdict,
        Field::Direction,
        Field::TcpFlags,
        Field::Bytes,
        Field::Packets,
    ] {
        hash.update(row.get(field).unwrap_or_default().as_bytes());
        hash.update(b" ");
    }
    let digest = hash.digest128();
    let mut text = [0; 35];
    text[..3].copy_from_slice(b"vf-");
    for (digit, nibble) in text[3..].iter_mut().zip((0..32).rev()) {
        *digit = b"0123456789abcdef"[(digest >> (4 * nibble)) as usize & 15];
    }
    String::from_utf8_lossy(&text).as_ref().into()
}

#[cfg(test)]
mod tests;
