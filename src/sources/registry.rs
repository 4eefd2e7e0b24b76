//! The list of known formats, and the choice of the one that reads a record.

use crate::event::Source;
use crate::sources::json::Object;
use crate::sources::parser::{ParsedLine, ParserState, RecordParser};
use crate::sources::parts::instant::instant;
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::{
    azure, cloudtrail, ecs, entra, findings, gcpaudit, gcpflow, gcsusage, m365, ocsf, okta, plain,
    s3access, slack, vpcflow, workspace,
};

/// One parser for each format, in the order in which they are tried.
pub const PARSERS: [&RecordParser; 22] = [
    &cloudtrail::PARSER,
    &vpcflow::transit::PARSER,
    &vpcflow::PARSER,
    &okta::PARSER,
    &slack::PARSER,
    &workspace::PARSER,
    &azure::storage::PARSER,
    &azure::keyvault::PARSER,
    &azure::activity::PARSER,
    &entra::audit::PARSER,
    &entra::signin::PARSER,
    &entra::graph::PARSER,
    &entra::graph::AAD_PARSER,
    &gcpaudit::PARSER,
    &gcsusage::PARSER,
    &gcpflow::PARSER,
    &s3access::PARSER,
    &m365::PARSER,
    &findings::PARSER,
    &ocsf::PARSER,
    &ecs::PARSER,
    &plain::PARSER,
];

/// Members in which shippers keep the time of a record that they take out of it: Logstash, Splunk, Log Analytics, syslog and
/// Fluent Bit. Where a record states its own time, none of them is read.
const MOVED_TIMES: [&str; 6] = [
    "@timestamp",
    "timestamp",
    "_time",
    "TimeGenerated",
    "time",
    "date",
];

/// Returns all parsers, or only the one of a format.
pub fn parsers(only: Option<Source>) -> impl Iterator<Item = &'static RecordParser> {
    PARSERS
        .into_iter()
        .filter(move |parser| only.is_none_or(|source| source == parser.source))
}

/// Returns the format of which an object is a record.
pub fn source_of(object: Object<'_>, only: Option<Source>) -> Option<Source> {
    parsers(only)
        .find(|parser| (parser.recognises)(object))
        .map(|parser| parser.source)
}

/// Reads an object that is a record of a known format; the format of the previous record is tried first.
pub fn parse_object(
    object: Object<'_>,
    only: Option<Source>,
    state: &mut ParserState,
) -> Option<Parsed> {
    let is_it = |at: &usize| {
        only.is_none_or(|source| source == PARSERS[*at].source) && (PARSERS[*at].recognises)(object)
    };
    let at = state
        .last_parser
        .filter(is_it)
        .or_else(|| (0..PARSERS.len()).find(is_it))?;
    state.last_parser = Some(at);
    state.is_log = true;
    let parsed = (PARSERS[at].parse)(object, state);
    if let Parsed::Rejected(RejectReason::NoTime) = parsed {
        return Some(parse_at_moved_time(object, PARSERS[at], state));
    }
    Some(parsed)
}

/// Reads a record without a time of its own by the one that a shipper moved out of it, if there is one.
fn parse_at_moved_time(
    object: Object<'_>,
    parser: &RecordParser,
    state: &mut ParserState,
) -> Parsed {
    let mut stated = MOVED_TIMES.iter().filter_map(|name| object.get(name));
    state.moved_time = stated.find_map(|value| instant(&value.text()?));
    let parsed = match state.moved_time {
        Some(_) => (parser.parse)(object, state),
        None => Parsed::Rejected(RejectReason::NoTime),
    };
    state.moved_time = None;
    parsed
}

/// Reads a line of text with the first format that knows it.
pub fn parse_line(text: &str, only: Option<Source>, state: &mut ParserState) -> ParsedLine {
    let known = parsers(only)
        .map(|parser| (parser.parse_line)(text, state))
        .find(|line| *line != ParsedLine::Unknown);
    state.is_log |= known.is_some();
    known.unwrap_or(ParsedLine::Unknown)
}
