//! Amazon S3 server access logs: lines of text, and the same fields as JSON or in a table.
//!
//! A line names its bucket's owner by a canonical id, so the account is unknown. Delivery takes hours, and lines may be
//! missing or duplicated.

mod fields;
mod operation;

use crate::event::{
    Action, Context, Destination, Event, IdentityKind, Outcome, Peer, Principal, Provider, Source,
    Untrusted, cut,
};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParsedLine, ParserState, RecordParser};
use crate::sources::parts::instant::{instant, of_web_server};
use crate::sources::parts::s3::{form_decoded, region_of_host};
use crate::sources::parts::{address, arn, id, status};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::Str;

use fields::{Field, Fields, Split, is_operation};

/// Reads server access log records.
pub const PARSER: RecordParser = RecordParser::new(Source::AwsS3Access, recognises, parse)
    .with_lines(parse_line)
    .with_tables(is_header);

/// The service of requests, as in CloudTrail.
const SERVICE: &str = "s3";
/// The requester of lifecycle actions.
const LIFECYCLE: &str = "AmazonS3";
/// Prefix of the name of a service that makes a request.
const SERVICE_PREFIX: &str = "svc:";
/// The longest part of a request's id and operation in an event's id, in bytes.
const ID_BYTES_MAX: usize = 256;

fn is_header(names: &[&str]) -> bool {
    let has = |any: &[&str]| names.iter().any(|name| any.contains(name));
    has(&["bucket", "bucket_name"]) && has(&["requester"]) && has(&["operation"])
}

fn recognises(object: Object<'_>) -> bool {
    let Some(op) = object.get("operation") else {
        return false;
    };
    let is_named = |name: &str| object.get(name).is_some_and(Value::is_present);
    op.text().is_some_and(|op| is_operation(&op))
        && (is_named("bucket") || is_named("bucket_name"))
        && object.get("requester").is_some()
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    record(&Fields::of_object(object), state)
}

fn parse_line(text: &str, state: &mut ParserState) -> ParsedLine {
    ParsedLine::Record(match Fields::of_line(text) {
        Split::Foreign => return ParsedLine::Unknown,
        Split::Malformed => Parsed::Rejected(RejectReason::MalformedRow),
        Split::Fields(fields) => record(&fields, state),
    })
}

/// Reads a time with or without its brackets. These logs have no leap seconds: sixty is damage.
fn time(text: &str) -> Option<Time> {
    let text = text.trim_matches(['[', ']']);
    if text.split([' ', '+', '-']).next()?.ends_with(":60") {
        return None;
    }
    of_web_server(text).or_else(|| instant(text))
}

fn record(fields: &Fields<'_>, state: &mut ParserState) -> Parsed {
    match fields.get(Field::Time).and_then(time).or(state.moved_time) {
        Some(time) => Parsed::Event(Box::new(event(fields, time, state))),
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

fn event(f: &Fields<'_>, time: Time, state: &mut ParserState) -> Event {
    let op = f.get(Field::Operation).unwrap_or_default();
    let uri = f.get(Field::Uri).and_then(target_of_request);
    let key = f.get(Field::Key).map(|key| plain_key(key, uri));
    let action = operation::classify(op, key.is_some());
    let agent = f.get(Field::UserAgent).unwrap_or_default();
    let client = state.clients.of(agent, &mut state.interner).clone();
    let (mut principal, session) = requester(f.get(Field::Requester), &mut state.interner);
    if principal.kind == IdentityKind::RoleSession {
        if client.is_cloudshell {
            principal.kind = IdentityKind::Human;
        } else if client.is_workload {
            principal.kind = IdentityKind::Workload;
        }
    }
    // AWS services also use the programs of its consoles, and from any address.
    let is_service = principal.kind == IdentityKind::CloudService;
    let interner = &mut state.interner;
    let peer = match f.get(Field::Address) {
        Some(text) => address::peer(text, interner),
        None => Peer::default(),
    };
    let host = f.get(Field::HostHeader);
    let bucket = f.get(Field::Bucket).map(|name| interner.untrusted(name));
    let outcome = outcome(f);
    let is_upload = matches!(op, "REST.PUT.OBJECT" | "REST.PUT.PART");
    Event {
        region: host.and_then(region_of_host).map(|r| interner.share(r)),
        session: session.map(|name| interner.untrusted(name)),
        context: Context {
            console: client.console(peer.ip).filter(|_| !is_service),
            auth_method: f.get(Field::Authentication).map(|m| interner.share(m)),
            actor_account: f
                .get(Field::Requester)
                .and_then(arn::account_of_arn)
                .filter(|account| account.bytes().all(|b| b.is_ascii_digit()))
                .map(|account| interner.share(account)),
            ..Context::default()
        },
        principal: Some(principal),
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action,
        op: interner.share(op),
        service: interner.share(SERVICE),
        prefix: uri
            .filter(|_| action == Action::ListObjects && key.is_none())
            .map(|uri| interner.untrusted(&prefix(uri))),
        object: key.as_deref().map(Untrusted::new),
        // Zero bytes are written as a dash.
        bytes_out: Some(f.number(Field::Sent).unwrap_or(0)),
        bytes_in: f.number(Field::Size).filter(|_| is_upload),
        copied_from: bucket.clone().filter(|_| operation::is_half_of_copy(op)),
        destination: Destination {
            // The writing half of a copy is in the log of the destination bucket.
            container: bucket
                .clone()
                .filter(|_| operation::is_writing_half_of_copy(op)),
            endpoint: host.map(|host| interner.untrusted(host)),
            ..Destination::default()
        },
        container: bucket,
        outcome,
        error: f.get(Field::Error).map(|code| interner.untrusted(code)),
        counted: !operation::is_duplicate(op, outcome),
        ..Event::new(time, event_id(f, op), Provider::Aws, Source::AwsS3Access)
    }
}

/// Reads the requester: an ARN, a canonical id, a service, nobody, or a name from another S3-compatible store.
fn requester<'a>(text: Option<&'a str>, interner: &mut Interner) -> (Principal, Option<&'a str>) {
    use IdentityKind::{Anonymous, CloudService, Unknown};
    let plain = |id: &str, kind: IdentityKind, interner: &mut Interner| {
        Principal::new(interner.share(id), kind)
    };
    let is_canonical = |t: &str| t.len() == 64 && t.bytes().all(|b| b.is_ascii_hexdigit());
    let principal = match text {
        None => plain("aws:anonymous", Anonymous, interner),
        Some(arn) if arn.starts_with("arn:") => return arn::principal(arn, interner),
        Some(LIFECYCLE) => plain("aws:service:s3.amazonaws.com", CloudService, interner),
        Some(text) => match text.strip_prefix(SERVICE_PREFIX) {
            Some(service) => plain(&format!("aws:service:{service}"), CloudService, interner),
            None if is_canonical(text) => {
                plain(&format!("aws:canonical:{text}"), Unknown, interner)
            }
            None => {
                let (unique_id, session) = text.split_once(':').unwrap_or((text, ""));
                let principal = plain(&format!("aws:account:/{unique_id}"), Unknown, interner);
                return (principal, Some(session).filter(|s| !s.is_empty()));
            }
        },
    };
    (principal, None)
}

/// Returns path and query of `GET /path?query HTTP/1.1`.
fn target_of_request(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once(' ')?;
    Some(
        rest.rsplit_once(" HTTP/")
            .map_or(rest, |(target, _)| target),
    )
}

/// Returns the prefix of a listing; without one the whole bucket is listed.
fn prefix(target: &str) -> String {
    let (_, query) = target.split_once('?').unwrap_or_default();
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("prefix="));
    value.map(form_decoded).unwrap_or_default()
}

/// Decodes an object's key. Some keys are encoded twice: then the key decoded once equals the one in the request.
fn plain_key(key: &str, target: Option<&str>) -> String {
    let once = form_decoded(key);
    let path = target.map_or("", |target| target.split('?').next().unwrap_or(target));
    if once.contains(['%', '+']) && path.ends_with(&once) {
        form_decoded(&once)
    } else {
        once
    }
}

/// Returns the outcome of a request: by its error code if that is more precise than its status.
fn outcome(f: &Fields<'_>) -> Outcome {
    let of_code = f.get(Field::Error).map(status::of_aws_code);
    match (of_code, f.number(Field::Status)) {
        (Some(outcome), _) if outcome != Outcome::Failure => outcome,
        (_, Some(status)) => status::of_http(status),
        (Some(failure), None) => failure,
        (None, None) => Outcome::Unknown,
    }
}

/// Returns an id that is the same for every delivery. A request may have several lines: the two halves of a copy differ in their
/// operation, and the objects of a deletion of many in their key.
fn event_id(f: &Fields<'_>, op: &str) -> Str {
    let key = f.get(Field::Key);
    let Some(request) = f.get(Field::Request) else {
        let all = [
            Field::Bucket,
            Field::Time,
            Field::Address,
            Field::Requester,
            Field::Operation,
            Field::Key,
            Field::Uri,
            Field::Status,
            Field::Sent,
            Field::UserAgent,
            Field::Version,
            Field::Host,
        ];
        return id::of_parts("s3a-", &all.map(|field| f.get(field)));
    };
    let (request, short) = (cut(request, ID_BYTES_MAX), cut(op, ID_BYTES_MAX));
    if op.starts_with("REST.") || op.starts_with("WEBSITE.") {
        return format!("s3a:{request}:{short}").into();
    }
    id::of_parts(
        &format!("s3a:{request}:{short}:"),
        &[key, f.get(Field::Version)],
    )
}
