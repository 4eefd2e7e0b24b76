//! Google Cloud audit logs: turns a log entry, with names in any case, into an event.
//!
//! Entries come from sinks, the command line, Pub/Sub and tables of BigQuery; Workspace's own audit logs have the same form.

pub mod actions;
mod blinding;
mod caller;
mod columns;
mod machine;
mod record;
mod settings;
mod target;

use crate::event::{Action, Context, Event, Outcome, Peer, Provider, Source};
pub use crate::sources::gcpaudit::machine::instance_name;
use crate::sources::gcpaudit::record::{Buffers, Record};
use crate::sources::interner::Interner;
use crate::sources::json::{Layout, Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::{self, id, instant::instant, loose};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::Str;

/// Reads audit log entries.
pub const PARSER: RecordParser =
    RecordParser::new(Source::GcpAudit, recognises, parse).with_tables(columns::is_header);

/// What service names end with.
const DOMAIN: &str = ".googleapis.com";
/// What Google's front ends add to a user agent, once each.
const FRONT_END: &str = ",gzip(gfe)";
/// The most bytes of an insert id; a real one has about 15.
const ID_BYTES_MAX: usize = 64;
/// What the type of a payload ends with.
const AUDIT_LOG: &[u8] = b"google.cloud.audit.AuditLog";
/// Names of the payload's type: JSON's own, and those of exports.
const TYPE_NAMES: [&str; 4] = ["@type", "at_sign_type", "at_type", "type"];

/// The names of gRPC's status codes, from 0 on.
const STATUS_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Returns the payload of an entry: its own member, a column of BigQuery, or the inner one of Log Analytics.
fn payload(object: Object<'_>) -> Option<Value<'_>> {
    let is_payload =
        |key: &[u8]| loose::same(key, "protoPayload") || loose::same(key, "protopayload_auditlog");
    let outer = object
        .members()
        .find(|(key, value)| is_payload(key) && matches!(value, Value::Object(_)))?
        .1;
    let inner = loose::path(outer, &["auditLog"]);
    Some(if inner.is_present() { inner } else { outer })
}

fn recognises(object: Object<'_>) -> bool {
    is_entry(object) || columns::is_row(object)
}

fn is_entry(object: Object<'_>) -> bool {
    payload(object).is_some_and(|payload| {
        let is_typed =
            |value: &Value<'_>| matches!(value, Value::Text(t) if t.ends_with(AUDIT_LOG));
        let [service, method] = loose::pick(payload.members(), ["serviceName", "methodName"]);
        (service.is_present() && method.is_present())
            || loose::pick(payload.members(), TYPE_NAMES)
                .iter()
                .any(is_typed)
    })
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if payload(object).is_some() {
        return parse_entry(object, state);
    }
    let json = columns::entry(object);
    match Layout::default().object(&json) {
        Ok((entry, _)) => parse_entry(entry, state),
        Err(error) => Parsed::Rejected(error.into()),
    }
}

fn parse_entry(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let Some(payload) = payload(object) else {
        return Parsed::Rejected(RejectReason::UnknownRecord);
    };
    let mut buffers = Buffers::default();
    let record = Record::of(object, payload, &mut buffers);
    // A trimmed entry may still have the time of its request.
    let requested = loose::path(record.request_metadata, &["requestAttributes", "time"]);
    let times = [record.timestamp, requested];
    let time = times.iter().find_map(|value| instant(&value.text()?));
    match time.or(state.moved_time) {
        Some(time) => Parsed::Event(Box::new(event(object, &record, time, state))),
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

fn event(object: Object<'_>, r: &Record<'_>, time: Time, state: &mut ParserState) -> Event {
    let host = r.service.text().unwrap_or_default();
    let service = state
        .interner
        .share(host.strip_suffix(DOMAIN).unwrap_or(&host));
    let op = state.interner.share(&r.method.text().unwrap_or_default());
    let plain_name = actions::plain_name(&op);
    let by_name = actions::classify(&service, &plain_name);
    let blinding = blinding::blinding(r, &service, &plain_name, by_name, &mut state.interner);
    let action = match blinding {
        Some(_) => Action::BlindLog,
        None => target::action(r, &service, &plain_name, by_name),
    };

    let [address, agent] = loose::pick(
        r.request_metadata.members(),
        ["callerIp", "callerSuppliedUserAgent"],
    );
    let peer = match address.text() {
        Some(text) => parts::address::peer(&text, &mut state.interner),
        None => Peer::default(),
    };
    let agent = agent.text().unwrap_or_default();
    let client = state
        .clients
        .of(agent.trim_end_matches(FRONT_END), &mut state.interner)
        .clone();
    let interner = &mut state.interner;
    let mut caller = caller::caller(r.auth, r.labels, &service, interner);
    caller
        .delegation
        .extend(target::delegation_chain(r, interner));
    let account = account(r, interner);
    let region = region(r, interner);

    let domain = caller.principal.as_ref().and_then(|principal| {
        let email = principal.id.strip_prefix("gcp:user:")?;
        Some(email.split_once('@')?.1)
    });
    let target = target::target(r, &service, action, account.as_deref(), domain, interner);
    let (outcome, error) = outcome(r.status, &plain_name);
    let has_worked = outcome == Outcome::Success;
    let method = (action == Action::Authenticate)
        .then(|| target::parameter(r.metadata, "login_type"))
        .flatten()
        .and_then(Value::text);
    let mfa = (action == Action::Authenticate)
        .then(|| target::second_factor(r.metadata))
        .flatten();

    let [first, last] = loose::pick(r.operation.members(), ["first", "last"]);
    Event {
        regional: region.as_deref() != Some("global"),
        created: has_worked
            .then(|| target::created(r, &plain_name, interner))
            .flatten(),
        issued: has_worked
            .then(|| target::issued(r, &plain_name, interner))
            .flatten(),
        assigned: has_worked
            .then(|| machine::assigned(r, &plain_name, interner))
            .flatten()
            .map(Box::new),
        blinding: blinding.map(Box::new),
        scopes: scopes(r, interner),
        account,
        region,
        principal: caller.principal,
        credential: caller.credential,
        application: caller.application,
        context: Context {
            console: client.console(peer.ip),
            mfa,
            auth_method: method.map(|method| interner.share(&method)),
            actor_account: caller.account,
            on_behalf_of: caller.on_behalf_of,
            delegation: caller.delegation,
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        items: target::items(r, &service, action),
        action,
        op,
        service,
        container: target.container,
        object: target.object,
        bytes_out: target.bytes_out,
        copied_from: target.copied_from,
        destination: target.destination,
        outcome,
        error: error.map(|name| interner.untrusted(&name)),
        // A long operation has an entry at its start and at its end.
        counted: first.truth() == Some(true) || last.truth() != Some(true),
        ..Event::new(
            time,
            event_id(object, r, time),
            Provider::Gcp,
            Source::GcpAudit,
        )
    }
}

/// Returns the project whose log it is, or else `organizations/ID`, `folders/ID` or `billingAccounts/ID`.
fn account(r: &Record<'_>, interner: &mut Interner) -> Option<Str> {
    if let Some(project) = loose::path(r.labels, &["project_id"]).text() {
        return Some(interner.share(&project));
    }
    let name = r.log_name.text()?;
    let (owner, _) = name.split_once("/logs/")?;
    Some(interner.share(owner.strip_prefix("projects/").unwrap_or(owner)))
}

/// Returns the region or multi-region that served the call; for a zone its region.
fn region(r: &Record<'_>, interner: &mut Interner) -> Option<Str> {
    let [location, zone, region] = loose::pick(r.labels.members(), ["location", "zone", "region"]);
    let served = loose::path(r.location, &["currentLocations"]);
    let place = [location, zone, region]
        .iter()
        .find_map(|place| place.text())
        .or_else(|| served.elements().next()?.text())?
        .to_ascii_lowercase();
    Some(interner.share(without_zone(&place)))
}

/// Returns the region of a zone, `europe-west1` of `europe-west1-b`.
pub fn without_zone(place: &str) -> &str {
    match place.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 && zone.as_bytes()[0].is_ascii_lowercase() => {
            region
        }
        _ => place,
    }
}

/// Returns the permissions that were asked for, each once.
fn scopes(r: &Record<'_>, interner: &mut Interner) -> Vec<Str> {
    /// A call asks for two or three; one with many resources asks for the same again.
    const SCOPES_MAX: usize = 16;
    let mut scopes: Vec<Str> = Vec::new();
    for info in r.authorization.elements() {
        if let Some(permission) = loose::path(info, &["permission"]).text()
            && scopes.len() < SCOPES_MAX
            && !scopes.iter().any(|known| **known == *permission)
        {
            scopes.push(interner.share(&permission));
        }
    }
    scopes
}

/// Returns the outcome of a call, and the name of its error. Only the status shows that a call was denied.
fn outcome(status: Value<'_>, plain_name: &str) -> (Outcome, Option<String>) {
    let [code, message] = loose::pick(status.members(), ["code", "message"]);
    // Exports may have the code's name. Without a readable code, the outcome is unknown.
    let by_name = || {
        let name = code.text()?;
        let at = STATUS_NAMES.iter().position(|known| *known == name)?;
        Some(at as u64)
    };
    let code = match code.amount().or_else(by_name) {
        Some(code) => code,
        None if code.is_present() || message.is_present() => return (Outcome::Unknown, None),
        None => 0,
    };
    let outcome = match code {
        0 if plain_name.ends_with(".loginfailure") => Outcome::Failure,
        0 => return (Outcome::Success, None),
        7 | 16 | 401 | 403 => Outcome::Denied,
        8 | 429 => Outcome::Throttled,
        _ => Outcome::Failure,
    };
    let name = usize::try_from(code)
        .ok()
        .and_then(|code| STATUS_NAMES.get(code));
    let name = name.map_or_else(|| code.to_string(), |name| (*name).to_owned());
    (outcome, (code != 0).then_some(name))
}

/// Returns an id that is the same for every delivery. An insert id is unique only in its log and at its time. A trimmed
/// entry without one gets a hash of its content.
fn event_id(object: Object<'_>, r: &Record<'_>, time: Time) -> Str {
    if let Some(id) = r.insert_id.text() {
        let id = crate::event::cut(&id, ID_BYTES_MAX);
        let log = r.log_name.text();
        return id::of_parts(
            &format!("{id}."),
            &[log.as_deref(), Some(&id::instant(time))],
        );
    }
    let mut hash = id::Hash::default();
    for (key, value) in object.members() {
        let json = id::without_blanks(value.json());
        hash.put(Some(&String::from_utf8_lossy(key)));
        hash.put(Some(&String::from_utf8_lossy(&json)));
    }
    hash.id("ga-")
}
