//! AWS VPC flow logs: rows of text in any order of fields, and the same fields as JSON.
//!
//! A flow has no principal. Whether its other side is ours is not decided here. Only the private ranges are used, for the
//! direction of records that do not state one.

mod flow;
pub mod row;
pub mod transit;

use std::net::IpAddr;
use std::sync::LazyLock;

use crate::event::{Action, Attachment, Event, Outcome, Source};
use crate::sources::interner::Interner;
use crate::sources::json::Object;
use crate::sources::parser::{ParsedLine, ParserState, RecordParser};
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::vpcflow::flow::{Direction, Flow};
use crate::vocab::Str;

use row::{COLUMNS_MAX, Field, FlowRow, Texts};
pub use row::{FlowColumns, is_private};

/// Reads flow log records.
pub const PARSER: RecordParser = RecordParser::new(Source::AwsVpcFlow, recognises, parse)
    .with_lines(parse_line)
    .with_tables(is_header);

/// The service of flows.
const SERVICE: &str = "vpc";

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
/// The number of fields in a row of version 2, 3, 4 or 5.
const DOCUMENTED_COUNTS: [usize; 4] = [14, 21, 25, 29];

static DEFAULTS: LazyLock<[FlowColumns; 4]> =
    LazyLock::new(|| DOCUMENTED_COUNTS.map(|count| FlowColumns::of(&DOCUMENTED[..count])));

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

fn parse_line(text: &str, state: &mut ParserState) -> ParsedLine {
    if let Some(columns) = FlowColumns::of_header(text).filter(|columns| !columns.is_transit) {
        state.columns = Some(columns);
        return ParsedLine::Header;
    }
    let mut buffer = [""; COLUMNS_MAX];
    let Some(tokens) = row::split(text, &mut buffer) else {
        return ParsedLine::Unknown;
    };
    let columns = state.columns.as_ref();
    let of_header = columns.filter(|columns| !columns.is_transit);
    if let Some(row) = of_header.and_then(|columns| columns.row(tokens)) {
        return ParsedLine::Record(parse_row(&row, state));
    }
    if is_documented(tokens)
        && let Some(row) = DEFAULTS.iter().find_map(|columns| columns.row(tokens))
    {
        return ParsedLine::Record(parse_row(&row, state));
    }
    if columns.is_none() && is_undocumented(tokens) {
        return ParsedLine::Record(Parsed::Rejected(RejectReason::FlowWithoutHeader));
    }
    ParsedLine::Unknown
}

/// Recognises a row without header whose fields are in the documented order.
fn is_documented(tokens: &[&str]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    DOCUMENTED_COUNTS.contains(&tokens.len())
        && matches!(tokens[0], "2" | "3" | "4" | "5")
        && (is_number(tokens[1]) || tokens[1] == "unknown")
        && tokens[2].starts_with("eni-")
        && matches!(tokens[13], "OK" | "NODATA" | "SKIPDATA")
}

/// Recognises a row whose order of fields is unknown without its header.
fn is_undocumented(tokens: &[&str]) -> bool {
    let is_word = |t: &&str| matches!(*t, "ACCEPT" | "REJECT" | "OK" | "NODATA" | "SKIPDATA");
    let addresses = tokens.iter().filter(|t| t.parse::<IpAddr>().is_ok());
    tokens.len() >= 4
        && tokens.iter().any(is_word)
        && (addresses.count() >= 2 || tokens.iter().any(|t| t.starts_with("eni-")))
}

fn is_header(names: &[&str]) -> bool {
    row::is_table(names) && !row::has_gateway(names)
}

/// Returns whether a member of a row is read.
pub fn is_read(name: &str) -> bool {
    Field::of(name).is_some() || matches!(name, "tgw-id" | "tgw_id")
}

fn recognises(object: Object<'_>) -> bool {
    object.get("srcaddr").is_some()
        && object.get("dstaddr").is_some()
        && !row::is_of_gateway(object)
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    parse_row(&Texts::of(object).row(), state)
}

/// The fields that identify a flow in every flow log that records it.
const ID_FIELDS: [Field; 10] = [
    Field::Interface,
    Field::Start,
    Field::End,
    Field::Source,
    Field::Target,
    Field::SourcePort,
    Field::TargetPort,
    Field::Protocol,
    Field::Bytes,
    Field::Packets,
];

/// Returns the id of a flow. Records of two logs that lead to the same event have the same id; one that states an instance or a
/// region has another than one without, because only one of them counts.
fn id(row: &FlowRow<'_>, direction: Option<Direction>, has_region: bool) -> Str {
    let plain = Direction::between_plain(row).map(Direction::as_str);
    let more = [
        row.get_unless(Field::PacketSource, row.get(Field::Source)),
        row.get_unless(Field::PacketTarget, row.get(Field::Target)),
        row.get(Field::Verdict),
        direction
            .map(Direction::as_str)
            .filter(|stated| Some(*stated) != plain),
        row.get(Field::Instance),
        has_region.then_some("region"),
    ];
    let fields = ID_FIELDS.iter().map(|field| row.get(*field));
    row::id_of(*b"vf-", fields.chain(more).map(Option::unwrap_or_default))
}

/// Returns the direction of a flow at the interface: as stated, or by the plain addresses. The addresses of the packets leave at
/// both interfaces of an address translation, so that they would count twice.
fn direction(row: &FlowRow<'_>) -> Option<Direction> {
    match row.get(Field::Direction) {
        Some("egress") => return Some(Direction::Egress),
        Some("ingress") => return Some(Direction::Ingress),
        _ => {}
    }
    Direction::between_plain(row)
}

fn parse_row(row: &FlowRow<'_>, state: &mut ParserState) -> Parsed {
    let flow = match Flow::of(row, state.moved_time) {
        Ok(flow) => flow,
        Err(parsed) => return parsed,
    };
    let direction = direction(row);
    let outcome = match row.get(Field::Verdict) {
        Some("ACCEPT") => Outcome::Success,
        Some("REJECT") => Outcome::Denied,
        _ => Outcome::Unknown,
    };
    // A custom format may leave the status out; then a row with addresses is a recorded flow.
    let is_ok = matches!(row.get(Field::Status), Some("OK") | None);
    let is_egress = direction == Some(Direction::Egress);
    let has_region = row.get(Field::Region).is_some() || state.region_hint.is_some();
    let id = id(row, direction, has_region);
    let event = flow.event(row, direction, Source::AwsVpcFlow, id, state);
    let interner = &mut state.interner;
    let share =
        |field: Field, interner: &mut Interner| row.get(field).map(|text| interner.share(text));
    Parsed::Event(Box::new(Event {
        action: if is_egress && outcome == Outcome::Success && is_ok {
            Action::EgressFlow
        } else {
            Action::Other
        },
        op: interner.share(row.get(Field::Verdict).unwrap_or("flow")),
        service: interner.share(SERVICE),
        attachment: Some(Attachment {
            instance: share(Field::Instance, interner),
            interface: share(Field::Interface, interner),
            address: direction.map(|direction| flow.own_address(direction)),
        }),
        outcome,
        ..event
    }))
}

#[cfg(test)]
mod tests;
