//! Takes records out of what wraps them: queues, notifications, event buses, log groups, API answers, indices.
//!
//! An envelope is recognised by the names of its members alone. What is inside is read like any other value.

use std::io::Read;

use crate::event::Source;
use crate::sources::carrier::{Found, Kind, Search};
use crate::sources::json::{Layout, Object, Value, parse_text, scan, skip_blanks};
use crate::sources::limits::{ENVELOPES_MAX, RECORD_BYTES_MAX};
use crate::sources::notice::skip_reason;
use crate::sources::parser::{ParsedLine, ParserState};
use crate::sources::parts::base64;
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::{carrier, decode, ecs, okta, registry, syslog, telemetry};

/// Members that are arrays of records: trail files, `LookupEvents`, log group subscriptions, log events, queue messages,
/// event hubs, answers of Microsoft Graph, of Slack and Google Cloud, and of Google Workspace, messages pulled from Pub/Sub, batches of OpenTelemetry,
/// answers and events of GuardDuty and Security Hub.
pub const ARRAYS: [&str; 16] = [
    "Records",
    "Events",
    "logEvents",
    "events",
    "Messages",
    "records",
    "value",
    "entries",
    "items",
    "activities",
    "receivedMessages",
    "resourceLogs",
    "scopeLogs",
    "logRecords",
    "Findings",
    "findings",
];

/// Names among them that members of records also have; such an object is tried as a record first.
pub const AMBIGUOUS: [&str; 5] = ["events", "value", "entries", "items", "findings"];

/// Other members of objects that have an array of records: paged answers and deliveries.
#[rustfmt::skip]
const ARRAY_SIBLINGS: [&str; 27] = [
    "NextToken", "nextToken", "nextPageToken", "nextLink", "next_cursor", "nextForwardToken", "nextBackwardToken",
    "@odata.context", "@odata.count", "@odata.nextLink", "ResponseMetadata", "response_metadata", "searchedLogStreams",
    "kind", "etag", "ok", "count", "requestId", "timestamp", "messageType", "owner", "logGroup", "logStream",
    "subscriptionFilters", "resource", "scope", "schemaUrl",
];

/// Members that hold one record, as an object or as JSON text, outermost shape first.
const RECORD_PATHS: [&[&str]; 15] = [
    &["detail"],
    &["data", "message"],
    &["data", "events"],
    &["AuditData"],
    &["CloudTrailEvent"],
    &["eventJson"],
    &["eventjson"],
    &["eventData"],
    &["aws", "cloudtrail"],
    &["aws", "vpc"],
    &["event", "original"],
    &["event.original"],
    &["_source"],
    &["fields"],
    &["Sns", "Message"],
];

/// Where an index's answer holds its documents.
const HITS: [&str; 2] = ["hits", "hits"];

/// The most bytes that are unpacked from one record in all. A message of a log group holds many records.
const UNPACKED_BYTES_MAX: u64 = 4 * RECORD_BYTES_MAX as u64;
/// The most bytes of one record that are read in vain, over and over, in envelopes that have nothing in them.
const ATTEMPTED_BYTES_MAX: u64 = 16 * RECORD_BYTES_MAX as u64;

/// The beginning of the text with which a log group tests its subscribers.
const CONTROL_TEXT: &str = "CWL CONTROL MESSAGE";

type Emit<'a> = &'a mut dyn FnMut(Parsed);

/// Returns whether an object is a record or a document, and not an envelope, even if it has an array of records.
pub fn is_record(object: Object<'_>, only: Option<Source>) -> bool {
    registry::source_of(object, only).is_some()
        || skip_reason(object).is_some()
        || ecs::is_document(object)
}

/// Prepares the state for another record.
pub fn begin(state: &mut ParserState) {
    state.unpacked_left = UNPACKED_BYTES_MAX;
    state.attempts_left = ATTEMPTED_BYTES_MAX;
}

/// Reads a value: an object, or text that holds one.
pub fn value(
    value: Value<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    if depth > ENVELOPES_MAX {
        return emit(Parsed::Rejected(RejectReason::TooDeep));
    }
    match value {
        Value::Object(text) => match Layout::default().object(text) {
            Ok((object, _)) => match registry::parse_object(object, only, state) {
                Some(parsed) => emit(parsed),
                None => unwrap(object, only, depth, state, emit),
            },
            Err(_) => emit(Parsed::Rejected(RejectReason::NotJson)),
        },
        Value::Array(_) => elements(value, only, depth + 1, state, emit),
        Value::Text(_) => self::text(
            &value.raw_text().unwrap_or_default(),
            only,
            depth,
            state,
            emit,
        ),
        _ => emit(Parsed::Rejected(RejectReason::UnknownRecord)),
    }
}

/// Reads the elements of an array. Consecutive scalars are one record of no known format.
fn elements(
    array: Value<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    let mut was_scalar = false;
    for element in array.elements() {
        let is_scalar = is_scalar(element);
        if !(is_scalar && was_scalar) {
            value(element, only, depth, state, emit);
        }
        was_scalar = is_scalar;
    }
}

/// Returns whether a value is a scalar that cannot hold a record.
pub fn is_scalar(value: Value<'_>) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_) | Value::Text(_))
}

/// Reads a text from an envelope.
pub fn text(
    text: &str,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return match parse_text(text, &mut Vec::new()) {
            Ok(inner) => value(inner, only, depth, state, emit),
            Err(error) => emit(Parsed::Rejected(error.into())),
        };
    }
    emit(match registry::parse_line(text, only, state) {
        ParsedLine::Record(parsed) => parsed,
        _ if let Some(message) = syslog::json_of(text).filter(|_| depth < ENVELOPES_MAX) => {
            return self::text(message, only, depth + 1, state, emit);
        }
        _ if text.starts_with(CONTROL_TEXT) => Parsed::Skipped(SkipReason::ControlMessage),
        _ => Parsed::Rejected(RejectReason::UnknownRecord),
    });
}

/// Opens an envelope. Any other object is a record of no known format.
///
/// Together with [`value`], this is the one deliberate recursion of this module: what an envelope holds is read like any other
/// value, at most [`ENVELOPES_MAX`] levels deep.
pub fn unwrap(
    object: Object<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    if let Some(reason) = skip_reason(object) {
        return emit(Parsed::Skipped(reason));
    }
    if ecs::is_document(object) {
        return document(object, only, depth, state, emit);
    }
    if let Some(plain) = telemetry::object_of(object.members()) {
        return value(Value::Object(&plain), only, depth, state, emit);
    }
    if carrier::is_of_application(object) {
        return search(object, only, depth, state, Vec::new(), emit);
    }
    let (mut was_array, mut was_empty) = (false, true);
    for name in ARRAYS {
        if let Some(array @ Value::Array(_)) = object.get(name) {
            was_array = true;
            was_empty &= array.elements().next().is_none();
            elements(array, only, depth + 1, state, emit);
        }
    }
    if was_array {
        let is_known = |key: &[u8]| {
            let mut known = ARRAYS.iter().chain(&ARRAY_SIBLINGS);
            known.any(|name| name.as_bytes() == key)
        };
        // It has members that an envelope does not have, so it is more than an envelope with an empty array.
        if was_empty && !object.members().all(|(key, _)| is_known(key)) {
            emit(Parsed::Rejected(RejectReason::UnknownRecord));
        }
        return;
    }
    if let Some(hits) = inside(object, &HITS) {
        return value(hits, only, depth, state, emit);
    }
    if let Some(packed) = packed_data(object) {
        return match unpack(packed, &mut state.unpacked_left) {
            Ok(text) => lines(&text, only, depth + 1, state, emit),
            Err(reason) => emit(Parsed::Rejected(reason)),
        };
    }
    let mut rejects = Vec::new();
    for path in RECORD_PATHS {
        if let Some(inner @ (Value::Object(_) | Value::Array(_) | Value::Text(_))) =
            inside(object, path).filter(|v| v.is_present())
        {
            // CloudTrail Lake states members in the wrapper that the event itself leaves out.
            if path == ["eventData"] {
                return lake_event(object, inner, only, depth, state, emit);
            }
            let org = okta::org_of_envelope(object).map(|org| state.interner.share(&org));
            let outer = state.okta_org.clone();
            state.okta_org = org.or_else(|| outer.clone());
            let found = attempt(inner, only, depth + 1, state);
            state.okta_org = outer;
            match found {
                Ok(read) => return read.into_iter().for_each(emit),
                Err(unread) if rejects.is_empty() => rejects = unread,
                Err(_) => {}
            }
        }
    }
    search(object, only, depth, state, rejects, emit);
}

/// Reads a value of which it is not known whether it is a record. Returns what it gave: in `Err` if nothing of it could be read.
fn attempt(
    inner: Value<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
) -> Result<Vec<Parsed>, Vec<Parsed>> {
    let mut found = Vec::new();
    let (n_held, bytes) = (state.held.len(), inner.json().len() as u64);
    if state.attempts_left < bytes {
        return Err(vec![Parsed::Rejected(RejectReason::TooDeep)]);
    }
    value(inner, only, depth, state, &mut |parsed| found.push(parsed));
    // An envelope with nothing in it is read, too.
    if found.is_empty() || !found.iter().all(|p| matches!(p, Parsed::Rejected(_))) {
        return Ok(found);
    }
    state.held.truncate(n_held);
    state.attempts_left = state.attempts_left.saturating_sub(bytes);
    Err(found)
}

/// Looks for records in an object that is no envelope of a known form. If there is none that may be opened, it is one record that
/// could not be read: for the reason that `rejects` give, if they do.
fn search(
    object: Object<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    mut rejects: Vec<Parsed>,
    emit: Emit<'_>,
) {
    let kind = |object: Object<'_>| {
        let source = registry::source_of(object, only);
        let has_array = || {
            let mut arrays = ARRAYS.iter().map(|name| object.get(name));
            arrays.any(|array| matches!(array, Some(Value::Array(_))))
        };
        match source {
            Some(_) => Kind::Record(source),
            None if skip_reason(object).is_some() => Kind::Record(None),
            None if ecs::is_document(object) || packed_data(object).is_some() || has_array() => {
                Kind::Envelope
            }
            None if has_wrapping(object) => Kind::Wrapping,
            None => Kind::Other,
        }
    };
    let (mut is_read, mut is_empty, mut held) = (false, false, Vec::new());
    let opened = state.opened.clone();
    let take = &mut |found: Found<'_>| {
        if !found.is_open {
            let source = found.source.or_else(|| source_of_line(found.value, only));
            held.extend(source.map(|source| (found.place, source)));
            return false;
        }
        match attempt(found.value, only, found.depth + 1, state) {
            Ok(read) if !read.is_empty() => {
                is_read = true;
                read.into_iter().for_each(&mut *emit);
                true
            }
            Ok(_) => {
                is_empty |= matches!(found.value, Value::Text(_));
                false
            }
            Err(unread) => {
                // That a text is no record is no fault of the object that has it.
                let is_none = |parsed: &Parsed| {
                    use RejectReason::{NotJson, Truncated, UnknownRecord, Wrapped};
                    let reasons = [NotJson, Truncated, UnknownRecord, Wrapped];
                    matches!(parsed, Parsed::Rejected(reason) if reasons.contains(reason))
                };
                if rejects.is_empty() && !unread.iter().all(is_none) {
                    rejects = unread;
                }
                false
            }
        }
    };
    Search::new(&opened, &kind, take).run(object, depth);
    if is_read {
        return;
    }
    if !held.is_empty() {
        state.held.append(&mut held);
        return emit(Parsed::Rejected(RejectReason::Wrapped));
    }
    if rejects.is_empty() && is_empty {
        return emit(Parsed::Skipped(SkipReason::Empty));
    }
    if rejects.is_empty() {
        rejects.push(Parsed::Rejected(RejectReason::UnknownRecord));
    }
    rejects.into_iter().for_each(emit);
}

/// Returns whether an object has a member that holds a record as an object, or an index's hits.
fn has_wrapping(object: Object<'_>) -> bool {
    let mut inner = RECORD_PATHS.iter().map(|path| inside(object, path));
    inner.any(|value| matches!(value, Some(Value::Object(_))))
        || matches!(inside(object, &HITS), Some(Value::Array(_)))
}

/// Returns the value at the end of a path of members.
fn inside<'a>(object: Object<'a>, path: &[&str]) -> Option<Value<'a>> {
    let first = object.get(path[0]);
    first.and_then(|first| path[1..].iter().try_fold(first, |v, name| v.get(name)))
}

/// Returns the format that knows a line of text.
fn source_of_line(line: Value<'_>, only: Option<Source>) -> Option<Source> {
    let text = line.raw_text()?;
    match registry::parse_line(text.trim(), only, &mut ParserState::default()) {
        ParsedLine::Record(Parsed::Event(event)) => Some(event.source),
        _ => None,
    }
}

/// Returns the base64 text in which a queue or stream wraps a message: Pub/Sub, Kinesis and its consumers, log group
/// subscriptions.
fn packed_data(object: Object<'_>) -> Option<Value<'_>> {
    const BESIDE: [&str; 10] = [
        "messageId",
        "message_id",
        "publishTime",
        "publish_time",
        "attributes",
        "recordId",
        "partitionKey",
        "PartitionKey",
        "sequenceNumber",
        "SequenceNumber",
    ];
    let is_text = |value: &Value<'_>| matches!(value, Value::Text(inner) if !inner.is_empty());
    let inside = |name: &str| object.get(name).and_then(|inner| inner.get("data"));
    let is_message = || BESIDE.iter().any(|name| object.get(name).is_some());
    inside("kinesis")
        .or_else(|| inside("awslogs"))
        .or_else(|| object.get("data").filter(|_| is_message()))
        .or_else(|| object.get("Data").filter(|_| is_message()))
        .or_else(|| {
            // A captured message whose body was no text.
            let body = object.get("Body").filter(|_| object.get("EnqueuedTimeUtc").is_some());
            body.filter(|v| matches!(v, Value::Text(text) if !text.starts_with(b"{") && !text.starts_with(b"[")))
        })
        .filter(is_text)
}

/// Unpacks a message: base64, and any compression inside it.
fn unpack(packed: Value<'_>, left: &mut u64) -> Result<String, RejectReason> {
    let text = packed.raw_text().unwrap_or_default();
    let bytes = base64::decode(text.as_bytes()).ok_or(RejectReason::UnknownRecord)?;
    let mut plain = Vec::new();
    let decoded = decode::decode(&*bytes).map_err(|_| RejectReason::Truncated)?;
    decoded
        .reader
        .take(*left + 1)
        .read_to_end(&mut plain)
        .map_err(|_| RejectReason::Truncated)?;
    let rest = left.checked_sub(plain.len() as u64);
    *left = rest.unwrap_or(0);
    if rest.is_none() {
        return Err(RejectReason::RecordTooLarge);
    }
    Ok(String::from_utf8_lossy(&plain).into_owned())
}

/// Reads an unpacked message: consecutive values, or lines of text.
fn lines(
    message: &str,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    // The scanner has to see that a value ends, so a blank follows.
    let bytes = format!("{message} ").into_bytes();
    let mut at = skip_blanks(&bytes, 0);
    while let Some(b'{' | b'[') = bytes.get(at) {
        match scan(&bytes, at) {
            Ok(end) => {
                value(Value::of(&bytes[at..end]), only, depth, state, emit);
                at = skip_blanks(&bytes, end);
            }
            Err(error) => return emit(Parsed::Rejected(error.into())),
        }
    }
    let rest = String::from_utf8_lossy(&bytes[at..]);
    for line in rest.lines().filter(|line| !line.trim().is_empty()) {
        text(line, only, depth, state, emit);
    }
}

/// Reads a document of an index: the original record if it contains it, else its fields.
fn document(
    object: Object<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    for inner in ecs::originals(object) {
        let mut found = Vec::new();
        value(inner, only, depth + 1, state, &mut |parsed| {
            found.push(parsed);
        });
        let is_read = |parsed: &Parsed| !matches!(parsed, Parsed::Rejected(_));
        if found.iter().any(is_read) {
            return found.into_iter().for_each(emit);
        }
    }
    emit(match only {
        None | Some(Source::Ecs) => ecs::parse(object, state),
        Some(_) => Parsed::Rejected(RejectReason::UnknownRecord),
    });
}

/// Reads an event of CloudTrail Lake. The wrapper's members replace those that the event does not have.
fn lake_event(
    wrapper: Object<'_>,
    inner: Value<'_>,
    only: Option<Source>,
    depth: usize,
    state: &mut ParserState,
    emit: Emit<'_>,
) {
    const INHERITED: [&str; 6] = [
        "eventVersion",
        "eventID",
        "eventTime",
        "awsRegion",
        "recipientAccountId",
        "eventType",
    ];
    let (Value::Object(text), has) = (inner, |name: &str| {
        inner.get(name).is_some_and(Value::is_present)
    }) else {
        return value(inner, only, depth + 1, state, emit);
    };
    let mut merged = text[..text.len() - 1].to_vec();
    for name in INHERITED {
        if let (false, Some(Value::Text(raw @ [_, ..]))) = (has(name), wrapper.get(name)) {
            let is_first = merged.trim_ascii_end() == b"{";
            merged.extend_from_slice(if is_first { b"\"" } else { b",\"" });
            merged.extend_from_slice(name.as_bytes());
            merged.extend_from_slice(b"\":\"");
            merged.extend_from_slice(raw);
            merged.push(b'"');
        }
    }
    merged.push(b'}');
    value(Value::Object(&merged), only, depth + 1, state, emit);
}
