//! Rows of flow logs: fields by name, in an order that a header states or that is known.

use std::borrow::Cow;
use std::net::IpAddr;

use xxhash_rust::xxh3::Xxh3;

use crate::event::Peer;
use crate::sources::json::{Object, Value};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::time::Time;
use crate::vocab::Str;

/// The most fields of a row; 42 are known.
pub const COLUMNS_MAX: usize = 96;

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
            pub fn of(name: &str) -> Option<Self> {
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
    Direction = "flow-direction", Gateway = "tgw-id", GatewayAttachment = "tgw-attachment-id",
    SourceInterface = "tgw-src-eni", TargetInterface = "tgw-dst-eni", LostNoRoute = "packets-lost-no-route",
    LostBlackhole = "packets-lost-blackhole", LostTooLarge = "packets-lost-mtu-exceeded",
    LostExpired = "packets-lost-ttl-expired",
}

/// Fields that are not read, but identify a header.
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
    "tgw-src-vpc-account-id",
    "tgw-dst-vpc-account-id",
    "tgw-src-vpc-id",
    "tgw-dst-vpc-id",
    "tgw-src-subnet-id",
    "tgw-dst-subnet-id",
    "tgw-src-az-id",
    "tgw-dst-az-id",
    "tgw-pair-attachment-id",
];

/// The order of fields that a header states.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowColumns {
    fields: Vec<Option<Field>>,
    /// Whether they belong to a transit gateway, and not to an interface.
    pub is_transit: bool,
}

impl FlowColumns {
    /// Reads a header: known names, and no number among them.
    pub fn of_header(line: &str) -> Option<Self> {
        if !line.starts_with(|c: char| c.is_ascii_lowercase()) {
            return None;
        }
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

    /// Takes names in the order of the fields.
    pub fn of(names: &[&str]) -> Self {
        let fields: Vec<Option<Field>> = names.iter().map(|name| Field::of(name)).collect();
        Self {
            is_transit: fields.contains(&Some(Field::Gateway)),
            fields,
        }
    }

    /// Returns the row of these tokens; `None` if they are not as many as the fields.
    pub fn row<'a>(&self, tokens: &[&'a str]) -> Option<FlowRow<'a>> {
        if self.fields.len() != tokens.len() {
            return None;
        }
        let mut row = FlowRow::EMPTY;
        for (field, value) in self.fields.iter().zip(tokens) {
            if let Some(field) = field {
                row.values[*field as usize] = value;
            }
        }
        Some(row)
    }
}

/// Splits a line; `None` if there are more tokens than any row has.
pub fn split<'a, 'b>(
    line: &'a str,
    buffer: &'b mut [&'a str; COLUMNS_MAX],
) -> Option<&'b [&'a str]> {
    let mut count = 0;
    for token in line.split_ascii_whitespace() {
        *buffer.get_mut(count)? = token;
        count += 1;
    }
    Some(&buffer[..count])
}

/// The members of an object that are fields, as texts.
pub struct Texts<'a>([Option<Cow<'a, str>>; Field::ALL.len()]);

impl<'a> Texts<'a> {
    /// Takes the members of an object.
    pub fn of(object: Object<'a>) -> Self {
        let mut texts = Self(std::array::from_fn(|_| None));
        for (key, value) in object.members() {
            if let Some(field) = std::str::from_utf8(key).ok().and_then(Field::of) {
                texts.0[field as usize] = Value::text(value);
            }
        }
        texts
    }

    /// Returns them as a row.
    pub fn row(&self) -> FlowRow<'_> {
        let mut row = FlowRow::EMPTY;
        for (value, text) in row.values.iter_mut().zip(&self.0) {
            *value = text.as_deref().unwrap_or_default();
        }
        row
    }
}

/// The values of one row, by field.
pub struct FlowRow<'a> {
    values: [&'a str; Field::ALL.len()],
}

impl<'a> FlowRow<'a> {
    const EMPTY: FlowRow<'static> = FlowRow {
        values: [""; Field::ALL.len()],
    };

    /// Returns a value that is present; `-` means none.
    pub fn get(&self, field: Field) -> Option<&'a str> {
        Some(self.values[field as usize]).filter(|value| !matches!(*value, "" | "-" | "null"))
    }

    /// Returns a whole number; exports write those of columns with gaps as floats.
    pub fn number<N: std::str::FromStr>(&self, field: Field) -> Option<N> {
        let text = self.get(field)?;
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    }

    /// Returns the first of two fields that has an address.
    pub fn address(&self, first: Field, second: Field) -> Option<IpAddr> {
        let address = |field| {
            let ip = self.get(field)?.parse::<IpAddr>().ok()?;
            Some(ip.to_canonical())
        };
        address(first).or_else(|| address(second))
    }

    /// Returns when the flow was last seen, or the time that a shipper moved out of the record.
    ///
    /// # Errors
    ///
    /// Fails for rows without a flow, and without a time.
    pub fn time(&self, moved: Option<Time>) -> Result<Time, Parsed> {
        match self.get(Field::Status) {
            Some("NODATA") => return Err(Parsed::Skipped(SkipReason::NoData)),
            Some("SKIPDATA") => return Err(Parsed::Skipped(SkipReason::SkipData)),
            _ => {}
        }
        // Seconds. Milliseconds would be out of range or in the far future; no producer writes them.
        self.number(Field::End)
            .filter(|secs| *secs > 0)
            .and_then(Time::from_secs)
            .or(moved)
            .ok_or(Parsed::Rejected(RejectReason::NoTime))
    }

    /// Returns a hash of the fields that identify a flow; flow logs have no id.
    pub fn id(&self, prefix: [u8; 3], fields: &[Field]) -> Str {
        let values = fields
            .iter()
            .map(|field| self.get(*field).unwrap_or_default());
        id_of(prefix, values)
    }

    /// Returns a value, unless it is the same as another.
    pub fn get_unless(&self, field: Field, other: Option<&str>) -> Option<&'a str> {
        self.get(field).filter(|value| Some(*value) != other)
    }
}

/// Returns a hash of values that identify a flow.
pub fn id_of<'a>(prefix: [u8; 3], values: impl Iterator<Item = &'a str>) -> Str {
    let mut hash = Xxh3::new();
    for value in values {
        hash.update(value.as_bytes());
        hash.update(b" ");
    }
    let digest = hash.digest128();
    let mut text = [0; 35];
    text[..3].copy_from_slice(&prefix);
    for (digit, nibble) in text[3..].iter_mut().zip((0..32).rev()) {
        *digit = b"0123456789abcdef"[(digest >> (4 * nibble)) as usize & 15];
    }
    String::from_utf8_lossy(&text).as_ref().into()
}

/// Returns whether column names are the header of a table of flows, of interfaces or of gateways.
pub fn is_table(names: &[&str]) -> bool {
    ["srcaddr", "dstaddr", "bytes", "end"]
        .iter()
        .all(|name| names.contains(name))
}

/// Returns whether one of these column names is that of a gateway.
pub fn has_gateway(names: &[&str]) -> bool {
    names.contains(&"tgw-id") || names.contains(&"tgw_id")
}

/// Returns whether an object is a flow at a gateway.
pub fn is_of_gateway(object: Object<'_>) -> bool {
    let gateway = object.get("tgw-id").or_else(|| object.get("tgw_id"));
    gateway.is_some()
}

/// Returns the peer at an address.
pub fn peer(ip: IpAddr, port: Option<u16>) -> Peer {
    Peer {
        ip: Some(ip),
        port,
        ..Peer::default()
    }
}

/// Returns whether an address lies in a private range: RFC 1918, RFC 6598, RFC 4193, or link-local.
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
