//! AWS CloudTrail: one record of any version to an event.

pub mod caller;
mod effect;
pub mod operation;
mod outcome;
mod record;
mod table;
mod target;

use xxhash_rust::xxh3::Xxh3;

use crate::event::{Action, Context, Event, IdentityKind, Outcome, Peer, Source, Untrusted};
use crate::sources::cloudtrail::operation::DOMAIN;
use crate::sources::cloudtrail::record::Record;
use crate::sources::json::{Layout, Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::{self, instant::instant};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::time::Time;
use crate::vocab::Str;

pub use caller::Caller;

/// Reads CloudTrail records.
pub const PARSER: RecordParser =
    RecordParser::new(Source::AwsCloudTrail, recognises, parse).with_tables(table::is_header);

/// The type of records that sum up the data events of five minutes, without saying who did which of them when.
const AGGREGATED: &str = "AwsAggregatedEvent";
/// The region in which the global endpoint of STS answers.
const STS_GLOBAL_REGION: &str = "us-east-1";

fn recognises(object: Object<'_>) -> bool {
    let is = |name: &str, wanted: &str| matches!(object.get(name), Some(Value::Text(t)) if t == wanted.as_bytes());
    let has = |name: &str| object.get(name).is_some_and(Value::is_present);
    let Some(Value::Text(source)) = object.get("eventSource") else {
        // Rows of a query may have names in lower case.
        let in_row = object.get("eventsource");
        let is_row = in_row.is_some_and(
            |v| matches!(v, Value::Text(source) if source.ends_with(DOMAIN.as_bytes())),
        );
        return (is_row && has("eventname"))
            || is("eventType", "AwsCloudTrailInsight")
            || (has("insightDetails") && has("eventVersion"));
    };
    let is_aws = source.ends_with(DOMAIN.as_bytes()) || source.ends_with(b".amazonaws.com.cn");
    has("eventName") && (is_aws || (has("eventVersion") && has("userIdentity")))
        || is("eventType", "AwsCloudTrailInsight")
        || (is_aws && is("eventType", AGGREGATED))
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let record = Record::of(object);
    if !table::is_row(&record, object) {
        return parse_record(&record, state);
    }
    let Some(json) = table::record(object) else {
        return Parsed::Rejected(RejectReason::NotJson);
    };
    match Layout::default().object(&json) {
        Ok((object, _)) => parse_record(&Record::of(object), state),
        Err(error) => Parsed::Rejected(error.into()),
    }
}

fn parse_record(record: &Record<'_>, state: &mut ParserState) -> Parsed {
    let kind = record.kind.text();
    let kind = kind.as_deref().unwrap_or_default();
    if kind == "AwsCloudTrailInsight" || record.insight.is_present() {
        return Parsed::Skipped(SkipReason::Insight);
    }
    if kind == AGGREGATED {
        return Parsed::Skipped(SkipReason::Summary);
    }
    let Some(time) = record
        .time
        .text()
        .and_then(|text| instant(&text))
        .or(state.moved_time)
    else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    Parsed::Event(Box::new(event(record, kind, time, state)))
}

fn event(r: &Record<'_>, kind: &str, time: Time, state: &mut ParserState) -> Event {
    let ParserState {
        interner,
        clients,
        callers,
        operations,
        ..
    } = state;
    let named = operations.of(r.source, r.name, interner);
    let (service, op) = (named.service, named.op);
    let effect = effect::effect(r, &service, &op, named.action, time);
    let action = effect.action;
    let account = interner.text(r.recipient);
    let region = interner.text(r.region);

    let peer = match r.address.text() {
        Some(text) => parts::address::peer(&text, interner),
        None => Peer::default(),
    };
    let client = clients.of_value(r.user_agent, interner);
    let caller = callers.of(r.identity, region.as_deref(), interner);

    let is_signin = matches!(kind, "AwsConsoleSignIn" | "AwsConsoleAction");
    let is_stated = is_signin || caller.is_console || r.from_console.truth() == Some(true);
    let console = client.aws_console(peer.ip, is_stated);
    let mut principal = caller.principal.clone();
    if let Some(principal) = &mut principal {
        if principal.kind == IdentityKind::RoleSession && caller.is_refinable {
            if client.is_cloudshell {
                principal.kind = IdentityKind::Human;
            } else if client.is_workload {
                principal.kind = IdentityKind::Workload;
            }
        }
        if principal.id.is_empty() {
            // A service that does not state its name in the usual member.
            let source = r.source.text().unwrap_or_default();
            let name = peer.host.as_ref().map_or(&*source, |host| host.raw());
            principal.id = interner.share(&format!("aws:service:{name}"));
        }
    }

    let own = account.as_ref().or(caller.account.as_ref());
    let target = target::target(r, &service, &op, action, own, interner);
    let code = r.error.text();
    let outcome = outcome::outcome(r, &op, code.as_deref());
    let denied = (outcome == Outcome::Denied).then_some(()).and_then(|()| {
        let is_missing = target.container.is_none() && service.starts_with("s3");
        is_missing
            .then(|| target::denied_bucket(&r.message.text()?, interner))
            .flatten()
    });
    let (denied_container, denied_object) = denied.map_or((None, None), |(c, o)| (Some(c), o));

    let is_duplicate = kind == "AwsVpceEvent" || r.category == Value::Text(b"NetworkActivity");
    let [sent, received, method, mfa_used] = r.additional.pick([
        "bytesTransferredOut",
        "bytesTransferredIn",
        "AuthenticationMethod",
        "MFAUsed",
    ]);
    let mfa_used = if &*op == "ConsoleLogin" {
        mfa_used.truth()
    } else {
        None
    };
    let source_identity = match &caller.source_identity {
        None if action == Action::AssumeRole => r
            .parameters
            .get("sourceIdentity")
            .and_then(|name| interner.untrusted_text(name)),
        known => known.clone(),
    };
    let actor = &caller.account;
    let is_account = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    let actor = actor.as_ref().filter(|actor| {
        r.shared_id.text().is_some() && account.as_ref() != Some(actor) && is_account(actor)
    });
    let duplicate_of_account = actor.cloned();

    let mut event = Event {
        regional: !named.is_global && is_regional(&service, region.as_deref(), r.tls),
        created: (outcome == Outcome::Success)
            .then(|| target::created(r, &service, &op, own, region.as_deref(), interner))
            .flatten(),
        issued: (outcome == Outcome::Success)
            .then(|| target::issued(r, &service, &op, interner))
            .flatten(),
        blinding: effect
            .blinding
            .filter(|_| outcome == Outcome::Success)
            .map(Box::new),
        account,
        region,
        principal,
        session: caller.session.clone(),
        credential: caller.credential.clone(),
        context: Context {
            mfa: mfa_used.or(caller.mfa),
            console,
            console_stated: is_stated.then_some(console).flatten(),
            auth_method: interner.text(method),
            session_start: caller.session_start,
            source_identity,
            via: caller.via.clone(),
            actor_account: caller.account.clone(),
            vpc_endpoint: interner.text(r.endpoint),
            on_behalf_of: caller.on_behalf_of.clone(),
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent.clone(),
        client: client.family.clone(),
        action,
        op,
        service,
        container: target.container.or(denied_container),
        object: target.object.or(denied_object),
        prefix: target.prefix,
        bytes_out: sent.amount(),
        bytes_in: received.amount(),
        items: effect.items.or(target.items),
        copied_from: target.copied_from,
        destination: target.destination,
        outcome,
        error: code.map(|code| interner.untrusted(&code)),
        duplicate_of_account,
        counted: !is_correction(r) && (!is_duplicate || outcome == Outcome::Denied),
        ..Event::new(time, Str::default(), named.provider, Source::AwsCloudTrail)
    };
    event.id = event_id(r, &event);
    event
}

/// Returns whether the region of a call to a service that is not global is the one in which the caller chose to work.
fn is_regional(service: &str, region: Option<&str>, tls: Value<'_>) -> bool {
    // The global endpoint of STS has no region in its name.
    if service == "sts" && region == Some(STS_GLOBAL_REGION) {
        let host = tls.get("clientProvidedHostHeader").and_then(Value::text);
        return host.is_some_and(|host| host.starts_with("sts.us-east-1."));
    }
    true
}

/// Returns whether a record corrects another. It is not a second action, and the order of the two must not matter. So it keeps
/// its own id and is not counted.
fn is_correction(r: &Record<'_>) -> bool {
    let reason = r.addendum.get("reason");
    reason.is_some_and(|v| v == Value::Text(b"UPDATED_DATA"))
}

/// Returns an id that is the same for every delivery: the event's id, or a hash of what it says.
fn event_id(r: &Record<'_>, event: &Event) -> Str {
    if let Some(id) = r.id.text() {
        return crate::event::cut(&id, Untrusted::BYTES_MAX).into();
    }
    let mut hash = Xxh3::new();
    let mut put = |text: Option<&str>| {
        hash.update(text.unwrap_or("\u{0}").as_bytes());
        hash.update(&[0xff]);
    };
    put(Some(&event.time.to_string()));
    put(Some(&event.service));
    put(Some(&event.op));
    put(event.account.as_deref());
    put(event.region.as_deref());
    put(event.principal.as_ref().map(|p| &*p.id));
    put(event.session.as_ref().map(Untrusted::raw));
    put(event.credential.as_deref());
    put(event.peer.ip.map(|ip| ip.to_string()).as_deref());
    put(event.user_agent.as_ref().map(Untrusted::raw));
    put(r.request.text().as_deref());
    put(r.version.text().as_deref());
    put(event.container.as_ref().map(Untrusted::raw));
    put(event.object.as_ref().map(Untrusted::raw));
    put(event.prefix.as_ref().map(Untrusted::raw));
    put(event.error.as_ref().map(Untrusted::raw));
    // The JSON text of both, without blanks between values.
    for value in [r.parameters, r.response] {
        put(Some(&String::from_utf8_lossy(&parts::id::without_blanks(
            value.json(),
        ))));
    }
    format!("ct-{:032x}", hash.digest128()).into()
}

#[cfg(test)]
mod tests;
