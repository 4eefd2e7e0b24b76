//! AWS Transit Gateway flow logs: rows of text in any order of fields, and the same fields as JSON or in a table.
//!
//! A gateway sees what interfaces on both sides of it see as well, so its flows duplicate theirs and are not counted.

use std::sync::LazyLock;

use crate::event::{Action, Attachment, Event, Outcome, Source};
use crate::sources::json::Object;
use crate::sources::parser::{ParsedLine, ParserState, RecordParser};
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::vpcflow::flow::{Direction, Flow};
use crate::sources::vpcflow::row::{self, COLUMNS_MAX, Field, FlowColumns, FlowRow, Texts};

/// Reads a gateway's flow log records.
pub const PARSER: RecordParser = RecordParser::new(Source::AwsTgwFlow, recognises, parse)
    .with_lines(parse_line)
    .with_tables(is_header);

/// The service of flows through a gateway.
const SERVICE: &str = "transit-gateway";
/// The operation; these records have no action of their own.
const FLOW: &str = "flow";

/// The fields of the default format, in its order.
const DOCUMENTED: [&str; 36] = [
    "version",
    "resource-type",
    "account-id",
    "tgw-id",
    "tgw-attachment-id",
    "tgw-src-vpc-account-id",
    "tgw-dst-vpc-account-id",
    "tgw-src-vpc-id",
    "tgw-dst-vpc-id",
    "tgw-src-subnet-id",
    "tgw-dst-subnet-id",
    "tgw-src-eni",
    "tgw-dst-eni",
    "tgw-src-az-id",
    "tgw-dst-az-id",
    "tgw-pair-attachment-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "log-status",
    "type",
    "packets-lost-no-route",
    "packets-lost-blackhole",
    "packets-lost-mtu-exceeded",
    "packets-lost-ttl-expired",
    "tcp-flags",
    "region",
    "flow-direction",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
];

static DEFAULT: LazyLock<FlowColumns> = LazyLock::new(|| FlowColumns::of(&DOCUMENTED));

/// The fields that identify a flow.
const ID_FIELDS: [Field; 15] = [
    Field::Gateway,
    Field::GatewayAttachment,
    Field::SourceInterface,
    Field::TargetInterface,
    Field::Start,
    Field::End,
    Field::Source,
    Field::Target,
    Field::SourcePort,
    Field::TargetPort,
    Field::Protocol,
    Field::Direction,
    Field::TcpFlags,
    Field::Bytes,
    Field::Packets,
];

fn is_header(names: &[&str]) -> bool {
    row::is_table(names) && row::has_gateway(names)
}

fn recognises(object: Object<'_>) -> bool {
    object.get("srcaddr").is_some() && object.get("dstaddr").is_some() && row::is_of_gateway(object)
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    parse_row(&Texts::of(object).row(), state)
}

fn parse_line(text: &str, state: &mut ParserState) -> ParsedLine {
    if let Some(columns) = FlowColumns::of_header(text).filter(|columns| columns.is_transit) {
        state.columns = Some(columns);
        return ParsedLine::Header;
    }
    let columns = state.columns.as_ref().filter(|columns| columns.is_transit);
    if columns.is_none() && !text.contains("tgw-") {
        return ParsedLine::Unknown;
    }
    let mut buffer = [""; COLUMNS_MAX];
    let Some(tokens) = row::split(text, &mut buffer) else {
        return ParsedLine::Unknown;
    };
    if let Some(row) = columns.and_then(|columns| columns.row(tokens)) {
        return ParsedLine::Record(parse_row(&row, state));
    }
    if !is_of_gateway(tokens) {
        return ParsedLine::Unknown;
    }
    match DEFAULT.row(tokens) {
        Some(row) if is_documented(tokens) => ParsedLine::Record(parse_row(&row, state)),
        _ => ParsedLine::Record(Parsed::Rejected(RejectReason::FlowWithoutHeader)),
    }
}

/// Recognises a row of a gateway, whatever the order of its fields.
fn is_of_gateway(tokens: &[&str]) -> bool {
    let is_gateway = |t: &&str| t.starts_with("tgw-") && !t.starts_with("tgw-attach-");
    let addresses = tokens
        .iter()
        .filter(|t| t.parse::<std::net::IpAddr>().is_ok());
    tokens.iter().any(is_gateway) && addresses.count() >= 2
}

/// Recognises a row without header whose fields are in the documented order.
fn is_documented(tokens: &[&str]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    tokens.len() == DOCUMENTED.len()
        && is_number(tokens[0])
        && tokens[3].starts_with("tgw-")
        && matches!(tokens[25], "OK" | "NODATA" | "SKIPDATA")
}

/// Returns the outcome of a flow: it failed if the gateway lost all of its packets.
fn outcome(row: &FlowRow<'_>) -> Outcome {
    let lost = [
        Field::LostNoRoute,
        Field::LostBlackhole,
        Field::LostTooLarge,
        Field::LostExpired,
    ];
    let lost = lost
        .iter()
        .filter_map(|field| row.number::<u64>(*field))
        .fold(0u64, u64::saturating_add);
    match row.number::<u64>(Field::Packets) {
        Some(packets) if lost > 0 && lost >= packets => Outcome::Failure,
        _ => Outcome::Success,
    }
}

fn parse_row(row: &FlowRow<'_>, state: &mut ParserState) -> Parsed {
    let flow = match Flow::of(row, state.moved_time) {
        Ok(flow) => flow,
        Err(parsed) => return parsed,
    };
    // The stated direction is the one at the gateway, which a flow both enters and leaves.
    let direction = Direction::between(flow.source, flow.target);
    let outcome = outcome(row);
    let id = row.id(*b"tf-", &ID_FIELDS);
    let event = flow.event(row, direction, Source::AwsTgwFlow, id, state);
    Parsed::Event(Box::new(Event {
        action: if direction == Some(Direction::Egress) && outcome == Outcome::Success {
            Action::EgressFlow
        } else {
            Action::Other
        },
        op: state.interner.share(FLOW),
        service: state.interner.share(SERVICE),
        // The interfaces that a row names are the gateway's own.
        attachment: direction.map(|direction| Attachment {
            address: Some(flow.own_address(direction)),
            ..Attachment::default()
        }),
        outcome,
        counted: false,
        ..event
    }))
}
