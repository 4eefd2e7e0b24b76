//! Azure Storage resource logs: diagnostic records and rows of the `StorageBlobLogs` family of tables.
//!
//! Classic storage analytics logs are recognised and rejected: resource logs have the same calls.

pub mod actions;
mod caller;
mod place;
mod record;

use crate::event::{Action, Context, Event, Outcome, Provider, Source, Untrusted};
use crate::sources::azure::storage::caller::Caller;
use crate::sources::azure::storage::place::{Copy, Place};
use crate::sources::azure::storage::record::Record;
use crate::sources::json::{Object, Value};
use crate::sources::microsoft::{self, embedded};
use crate::sources::parser::{ParsedLine, ParserState, RecordParser};
use crate::sources::parts::instant::instant;
use crate::sources::parts::{id, status};
use crate::sources::report::{Parsed, RejectReason};
use crate::vocab::Str;

/// Reads Azure Storage logs.
pub const PARSER: RecordParser = RecordParser::new(Source::AzureStorage, recognises, parse)
    .with_lines(parse_line)
    .with_tables(is_header);

/// Categories of diagnostic records.
const CATEGORIES: [&str; 3] = ["StorageRead", "StorageWrite", "StorageDelete"];
/// Tables, by the `Type` of their rows.
const TABLES: [&str; 4] = [
    "StorageBlobLogs",
    "StorageFileLogs",
    "StorageQueueLogs",
    "StorageTableLogs",
];
/// Columns by which a row without a `Type` is recognised.
const COLUMNS: [&str; 3] = ["OperationName", "AuthenticationType", "AccountName"];

fn recognises(object: Object<'_>) -> bool {
    // A call that is refused early has no authentication, and then an empty column.
    let has = |name: &&str| object.get(name).is_some();
    if COLUMNS.iter().all(has) || microsoft::is_one_of(object, "type", &TABLES) {
        return true;
    }
    microsoft::is_one_of(object, "category", &CATEGORIES)
        && microsoft::named(object, "operationname").is_some_and(Value::is_present)
}

fn is_header(names: &[&str]) -> bool {
    COLUMNS.iter().all(|column| names.contains(column))
}

/// Recognises a line of a classic log: version, time, operation, status and more between semicolons.
fn parse_line(text: &str, _: &mut ParserState) -> ParsedLine {
    let mut fields = text.split(';');
    let is_version = matches!(fields.next(), Some("1.0" | "2.0"));
    if is_version && fields.next().is_some_and(|time| instant(time).is_some()) && fields.count() > 8
    {
        return ParsedLine::Record(Parsed::Rejected(RejectReason::ClassicStorageLog));
    }
    ParsedLine::Unknown
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let (mut buffer, mut rights_buffer) = (Vec::new(), Vec::new());
    let properties = microsoft::named(object, "properties").unwrap_or_default();
    let properties = embedded(properties, &mut buffer);
    let r = Record::of(properties.members().chain(object.members()));
    let Some(time) = microsoft::time_of(&[r.time, r.generated]).or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let uri = r.uri.text().and_then(|text| Place::of_uri(&text));
    let place = place::place(&r, uri.as_ref());
    let mut who = Caller::of(object);
    who.rights = embedded(who.rights, &mut rights_buffer);
    let is_signed = r
        .uri
        .text()
        .is_some_and(|uri| place::parameter(&uri, "sig").is_some());
    let interner = &mut state.interner;
    let account = place.account.as_deref().map(|text| interner.share(text));
    let peer = microsoft::peer(&[r.caller], interner);
    let op = interner.share(r.op.text().unwrap_or_default().trim());
    let action = actions::classify(&op);
    let outcome = outcome(&r);
    let (principal, credential) = who.principal(account.as_deref(), is_signed, interner);
    let application = microsoft::guid(who.application).map(|text| interner.share(&text));
    let auth_method = who.method(is_signed).map(|method| interner.share(method));
    let error = (outcome != Outcome::Success)
        .then(|| r.status_text.text().or_else(|| r.response.text()))
        .flatten()
        .map(|text| interner.untrusted(&text));
    let copy = Copy::of(&r, action, &op, &place, interner);
    let prefix = (action == Action::ListObjects)
        .then(|| place::prefix(&r.uri.text()?))
        .flatten()
        .map(|text| interner.untrusted(&text));
    let region = microsoft::region(r.region, interner);
    let service = interner.share(&place::service_of(&r, uri.as_ref()));
    let container = place.container().map(|text| interner.untrusted(&text));
    let client = microsoft::client(r.user_agent, application.as_deref(), state);
    let mut event = Event {
        region,
        principal,
        credential,
        application,
        context: Context {
            console: client.console(peer.ip),
            auth_method,
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action,
        op,
        service,
        container,
        object: place.object.as_deref().map(Untrusted::new),
        prefix,
        bytes_out: r.sent.amount(),
        bytes_in: r.received.amount(),
        copied_from: copy.from,
        destination: copy.to,
        outcome,
        error,
        duplicate_of_account: copy.duplicate_of_account,
        counted: copy.is_counted,
        account,
        ..Event::new(time, Str::default(), Provider::Azure, Source::AzureStorage)
    };
    event.id = event_id(&r, &event);
    Parsed::Event(Box::new(event))
}

/// Returns the id of the request and the place of the operation in it, or a hash where the request has no id.
fn event_id(r: &Record<'_>, event: &Event) -> Str {
    let count = r.count.amount().unwrap_or(0);
    if let Some(request) = r.request.text() {
        let text = format!("{request}/{count}/{}", event.op);
        return crate::event::cut(&text, Untrusted::BYTES_MAX).into();
    }
    let mut hash = id::Hash::default();
    hash.put(Some(&event.time.to_string()))
        .put(Some(&event.op))
        .put(event.account.as_deref())
        .put(event.principal.as_ref().map(|p| &*p.id))
        .put(event.peer.ip.map(|ip| ip.to_string()).as_deref())
        .put(event.peer.port.map(|port| port.to_string()).as_deref())
        .put(event.container.as_ref().map(Untrusted::raw))
        .put(event.object.as_ref().map(Untrusted::raw))
        .put(r.status.text().as_deref())
        .put(Some(&count.to_string()));
    hash.id("as-")
}

/// Returns how a call ended, by its status, or else by what the metrics call it.
fn outcome(r: &Record<'_>) -> Outcome {
    let word = |value: Value<'_>| value.text().map(|text| text.to_ascii_lowercase());
    let text = word(r.status_text)
        .or_else(|| word(r.response))
        .unwrap_or_default();
    let of_text = if text.contains("throttl") || text == "serverbusy" {
        Outcome::Throttled
    } else if text.starts_with("authorization")
        || text.starts_with("authentication")
        || text.contains("authorizationerror")
    {
        Outcome::Denied
    } else if text.ends_with("success") {
        Outcome::Success
    } else if text.is_empty() || text == "unknown" {
        Outcome::Unknown
    } else {
        Outcome::Failure
    };
    let Some(status) = r.status.text() else {
        return of_text;
    };
    match (status.parse::<u64>(), of_text) {
        (Ok(status @ 100..=599), Outcome::Throttled | Outcome::Denied) if status >= 400 => of_text,
        (Ok(status @ 100..=599), _) => status::of_http(status),
        // Files that are mounted have statuses of another kind.
        _ if status.eq_ignore_ascii_case("unknown") => Outcome::Unknown,
        _ => of_text,
    }
}
