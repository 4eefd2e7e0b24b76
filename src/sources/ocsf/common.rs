//! Reads events of unknown producers by class, activity and the schema's attributes.

use crate::event::{
    Action, Attachment, Context, Destination, Event, Outcome, Peer, Principal, Provider, Source,
};
use crate::sources::aws_blinding;
use crate::sources::findings;
use crate::sources::flat::Flat;
use crate::sources::interner::Interner;
use crate::sources::json::{Layout, Object, Value};
use crate::sources::ocsf::fields::{NETWORK, account};
use crate::sources::ocsf::{aws, http};
use crate::sources::operations;
use crate::sources::parser::ParserState;
use crate::sources::parts::{self, id, identity::Names, instant::instant, text::has_words};
use crate::sources::record_builder::RecordBuilder;
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::time::Time;
use crate::vocab::{FindingSeverity, Str};

/// Words in the names of vendors, products and clouds, in lower case, with their provider. The first match wins.
const VENDORS: [(&str, Provider); 11] = [
    ("aws", Provider::Aws),
    ("amazon", Provider::Aws),
    ("google workspace", Provider::Gworkspace),
    ("gcp", Provider::Gcp),
    ("google", Provider::Gcp),
    ("entra", Provider::Entra),
    ("microsoft 365", Provider::M365),
    ("office 365", Provider::M365),
    ("azure", Provider::Azure),
    ("okta", Provider::Okta),
    ("slack", Provider::Slack),
];

/// Class, activity and action. All other activities are [`Action::Other`].
#[rustfmt::skip]
const ACTIVITIES: [(u64, u64, Action); 33] = [
    // Account Change, User Management.
    (3001, 1, Action::CreateIdentity), (3001, 3, Action::CreateCredential), (3001, 4, Action::CreateCredential),
    (3007, 1, Action::CreateIdentity),
    // Authentication. Logoff does not count.
    (3002, 1, Action::Authenticate), (3002, 3, Action::Authenticate), (3002, 4, Action::Authenticate),
    (3002, 5, Action::Authenticate), (3002, 6, Action::Authenticate), (3002, 99, Action::Authenticate),
    // User Query.
    (5018, 1, Action::EnumerateDirectory),
    // Web Resources Activity.
    (6001, 1, Action::WriteObject), (6001, 2, Action::ReadObject), (6001, 3, Action::WriteObject),
    (6001, 4, Action::DeleteObject), (6001, 7, Action::CopyObject), (6001, 8, Action::CopyObject),
    // Datastore Activity.
    (6005, 1, Action::ReadObject), (6005, 2, Action::WriteObject), (6005, 4, Action::ReadObject),
    (6005, 5, Action::WriteObject), (6005, 6, Action::WriteObject), (6005, 7, Action::DeleteObject),
    (6005, 8, Action::ListObjects),
    // File Hosting Activity.
    (6006, 1, Action::WriteObject), (6006, 2, Action::ReadObject), (6006, 3, Action::WriteObject),
    (6006, 4, Action::DeleteObject), (6006, 6, Action::CopyObject), (6006, 7, Action::CopyObject),
    (6006, 9, Action::ReadObject), (6006, 14, Action::ReadObject), (6006, 15, Action::CopyObject),
];
/// File shared. The recipient is not stated, so it counts as data that leaves.
const SHARED: (u64, u64) = (6006, 12);
/// HTTP Activity.
const HTTP: u64 = 4002;
/// HTTP methods by activity number.
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH",
];

/// The direction of a flow.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Inbound,
    Outbound,
    Other,
}

/// Security Finding and Detection Finding; the other classes of findings are of vulnerabilities, checks, data and incidents.
const DETECTIONS: [u64; 2] = [2001, 2004];

/// Reads a finding: whom it is about its evidence says, or the record itself.
pub fn finding(object: Object<'_>, doc: &Flat<'_>, class: u64, state: &mut ParserState) -> Parsed {
    let id = doc.first_text(&["finding_info.uid", "finding.uid", "metadata.uid"]);
    let title = doc.first_text(&["finding_info.title", "finding.title", "message"]);
    let types = doc.first(&["finding_info.types", "finding.types"]);
    let kind = types
        .elements()
        .next()
        .and_then(Value::text)
        .or_else(|| types.text());
    let product = doc.first_text(&["metadata.product.name", "metadata.product.vendor_name"]);
    let (Some(id), Some(title), true) = (id, title, DETECTIONS.contains(&class)) else {
        return Parsed::Skipped(SkipReason::Finding);
    };
    let product = product.unwrap_or_default().to_lowercase();
    let last = [
        "finding_info.last_seen_time",
        "finding_info.last_seen_time_dt",
        "finding.last_seen_time",
    ];
    let stated = findings::Conclusion {
        detector: &product,
        kind: kind.as_deref().unwrap_or(&title),
        id: &id,
        title: &title,
        severity: severity(doc),
        at: last.iter().find_map(|path| instant(&doc.text(path)?)),
    };
    let evidence = object
        .get("evidences")
        .unwrap_or_default()
        .elements()
        .next();
    let mut layout = Layout::default();
    let evidence = evidence.and_then(|of| layout.object(of.json()).ok());
    let evidence = evidence.map(|(evidence, _)| Flat::of(evidence));
    let of_evidence = evidence.and_then(|evidence| event(&evidence.beside(doc), class, state));
    let read = of_evidence.filter(|event| event.principal.is_some());
    match read.or_else(|| event(doc, class, state)) {
        Some(event) => stated.on(event, state),
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

/// Returns the severity that a finding states, by its number.
fn severity(doc: &Flat<'_>) -> Option<FindingSeverity> {
    Some(match doc.get("severity_id").amount()? {
        1 => FindingSeverity::Informational,
        2 => FindingSeverity::Low,
        3 => FindingSeverity::Medium,
        4 => FindingSeverity::High,
        5 | 6 => FindingSeverity::Critical,
        _ => return None,
    })
}

/// Reads an event by its class; `None` if it has no time.
pub fn event(doc: &Flat<'_>, class: u64, state: &mut ParserState) -> Option<Event> {
    let time = time(doc, class).or(state.moved_time)?;
    let provider = provider(doc);
    let activity = activity(doc, class);
    let operation = doc.text("api.operation");
    let service = doc.first_text(&["api.service.name", "app.name", "metadata.product.name"]);
    let service = service.unwrap_or_default();
    let method = doc
        .text("http_request.http_method")
        .map(|m| m.to_ascii_uppercase());
    let method = method.or_else(|| {
        let number = usize::try_from(activity.checked_sub(1)?).ok()?;
        (class == HTTP)
            .then(|| METHODS.get(number))?
            .map(|m| (*m).to_owned())
    });
    let request = method
        .as_deref()
        .filter(|_| class == HTTP)
        .and_then(|method| {
            let host = doc.first_text(&[
                "http_request.url.hostname",
                "dst_endpoint.hostname",
                "dst_endpoint.domain",
            ])?;
            http::directory(method, &host, &doc.text("http_request.url.path")?)
        });
    let action = match (&request, class) {
        (Some(request), _) => request.action,
        (None, NETWORK | HTTP) => Action::Other,
        (None, _) => operation
            .as_deref()
            .and_then(|op| operations::class_of(provider, &service, op))
            .unwrap_or_else(|| of_activity(class, activity)),
    };
    // The producer's name of the activity. For requests only the method, because the client chooses the path.
    let op = match &request {
        Some(request) => request.op.clone().into(),
        None if class == HTTP => method.unwrap_or_default().into(),
        None => operation
            .or_else(|| doc.first_text(&["metadata.event_code", "activity_name", "type_name"]))
            .unwrap_or_else(|| format!("{class}/{activity}").into()),
    };

    let interner = &mut state.interner;
    let user_agent = doc.text("http_request.user_agent").unwrap_or_default();
    let client = state.clients.of(&user_agent, interner).clone();
    let mut peer = match doc.first_text(&[
        "src_endpoint.ip",
        "src_endpoint.domain",
        "src_endpoint.hostname",
    ]) {
        Some(text) => parts::address::peer(&text, interner),
        None => Peer::default(),
    };
    peer.port = peer.port.or_else(|| port(doc, "src_endpoint.port"));
    let outcome = outcome(doc, class);
    let share = |paths: &[&str], interner: &mut Interner| {
        doc.first_text(paths).map(|text| interner.share(&text))
    };
    let untrusted = |paths: &[&str], interner: &mut Interner| {
        doc.first_text(paths).map(|text| interner.untrusted(&text))
    };
    let region = share(&["cloud.region"], interner);
    let account = account(doc).map(|text| interner.share(&text));
    let tenant = doc.first_text(&["metadata.tenant_uid", "actor.user.org.uid", "cloud.org.uid"]);
    let tenant = tenant.as_deref().or(account.as_deref());
    let (principal, session, credential) = if provider == Provider::Aws {
        let caller = aws_caller(doc, region.as_deref(), state);
        (caller.principal, caller.session, caller.credential)
    } else {
        let credential = share(
            &["actor.user.credential_uid", "actor.session.credential_uid"],
            interner,
        );
        (principal(doc, provider, tenant, interner), None, credential)
    };
    let interner = &mut state.interner;
    let made = (action == Action::CreateIdentity && outcome == Outcome::Success)
        .then(|| person(doc, "user", provider, tenant, interner))
        .flatten();
    let blinds = provider == Provider::Aws && outcome == Outcome::Success;
    let blinding = (blinds && action == Action::BlindLog)
        .then(|| aws_blinding::by_name(operations::short(&service), &op))
        .flatten()
        .map(Box::new);
    let session_start = doc.first_text(&[
        "actor.session.created_time",
        "actor.session.created_time_dt",
    ]);
    let mut event = Event {
        region,
        principal,
        session,
        credential,
        application: share(
            &["actor.app_uid", "actor.application.uid", "app.uid"],
            interner,
        ),
        context: Context {
            mfa: doc
                .first(&["is_mfa", "mfa", "actor.session.is_mfa", "actor.session.mfa"])
                .truth(),
            console: client.console(peer.ip),
            auth_method: share(&["auth_protocol"], interner),
            session_start: session_start.and_then(|text| instant(&text)),
            via: share(&["actor.invoked_by"], interner),
            device_managed: doc
                .first(&["device.is_managed", "src_endpoint.is_managed"])
                .truth(),
            ..Context::default()
        },
        user_agent: client.user_agent,
        client: client.family,
        action,
        op: interner.share(&op),
        service: interner.share(
            request
                .as_ref()
                .map_or(operations::short(&service), |r| r.service),
        ),
        container: untrusted(
            &["databucket.name", "databucket.uid", "file.parent_folder"],
            interner,
        ),
        object: untrusted(
            &[
                "databucket.file.path",
                "databucket.file.name",
                "file.path",
                "file.name",
                "file.uid",
            ],
            interner,
        ),
        bytes_out: doc
            .first(&[
                "http_response.length",
                "http_response.body_length",
                "traffic.bytes_in",
            ])
            .amount(),
        bytes_in: doc
            .first(&[
                "http_request.length",
                "http_request.body_length",
                "traffic.bytes_out",
            ])
            .amount(),
        outcome,
        error: untrusted(&["api.response.error", "status_code"], interner)
            .filter(|_| outcome != Outcome::Success),
        created: made.map(|principal| principal.id),
        blinding,
        account,
        peer,
        ..Event::new(
            time,
            Str::default(),
            request.map_or(provider, |r| r.provider),
            Source::Ocsf,
        )
    };
    if class == NETWORK {
        flow(doc, &mut event, interner);
    }
    locate(&mut event, doc, state);
    event.id = event_id(doc, time);
    Some(event)
}

fn time(doc: &Flat<'_>, class: u64) -> Option<Time> {
    const TIMES: [&str; 4] = ["end_time", "end_time_dt", "time", "time_dt"];
    // A flow's `time` is its start; other logs of the same flow have its end.
    let from = if class == NETWORK { 0 } else { 2 };
    TIMES[from..]
        .iter()
        .find_map(|path| instant(&doc.text(path)?))
}

/// Returns the activity, by its own number or by that of the type.
fn activity(doc: &Flat<'_>, class: u64) -> u64 {
    doc.get("activity_id").amount().unwrap_or_else(|| {
        let kind = doc.get("type_uid").amount().unwrap_or_default();
        if kind / 100 == class { kind % 100 } else { 0 }
    })
}

fn of_activity(class: u64, activity: u64) -> Action {
    if (class, activity) == SHARED {
        return Action::CopyObject;
    }
    ACTIVITIES
        .iter()
        .find(|(c, a, _)| (*c, *a) == (class, activity))
        .map_or(Action::Other, |(.., action)| *action)
}

fn provider(doc: &Flat<'_>) -> Provider {
    [
        "metadata.product.name",
        "metadata.product.vendor_name",
        "cloud.provider",
    ]
    .iter()
    .filter_map(|path| doc.text(path))
    .find_map(|name| {
        let known = VENDORS.iter().find(|(vendor, _)| has_words(&name, vendor));
        known.map(|(_, provider)| *provider)
    })
    .unwrap_or(Provider::Other)
}

/// Reads the caller as for CloudTrail, with the role behind a session.
fn aws_caller(
    doc: &Flat<'_>,
    region: Option<&str>,
    state: &mut ParserState,
) -> crate::sources::cloudtrail::Caller {
    let mut record = RecordBuilder::default();
    aws::user_identity(doc, &mut record);
    let json = record.json();
    let mut layout = crate::sources::json::Layout::default();
    let identity = layout
        .object(&json)
        .ok()
        .and_then(|(object, _)| object.get("userIdentity"));
    let identity = identity.unwrap_or(Value::Null);
    state
        .callers
        .of(identity, region, &mut state.interner)
        .clone()
}

/// Returns the actor; in an authentication, the user that signed in.
fn principal(
    doc: &Flat<'_>,
    provider: Provider,
    tenant: Option<&str>,
    interner: &mut Interner,
) -> Option<Principal> {
    person(doc, "actor.user", provider, tenant, interner)
        .or_else(|| person(doc, "user", provider, tenant, interner))
        .or_else(|| person(doc, "src_endpoint.owner", provider, tenant, interner))
}

fn person(
    doc: &Flat<'_>,
    at: &str,
    provider: Provider,
    tenant: Option<&str>,
    interner: &mut Interner,
) -> Option<Principal> {
    let text = |name: &str| doc.text(&format!("{at}.{name}"));
    let id = text("uid").or_else(|| text("uuid"));
    let (email, name, stated) = (text("email_addr"), text("name"), text("type"));
    let kind = stated.or_else(|| {
        let kind = match doc.get(&format!("{at}.type_id")).amount()? {
            1 => "User",
            2 => "Admin",
            3 => "System",
            4 => "Service",
            _ => return None,
        };
        Some(kind.into())
    });
    let names = Names {
        account: tenant,
        id: id.as_deref(),
        email: email.as_deref(),
        name: name.as_deref(),
        kind: kind.as_deref(),
    };
    parts::identity::principal(provider, names, interner)
}

fn port(doc: &Flat<'_>, path: &str) -> Option<u16> {
    u16::try_from(doc.get(path).amount()?).ok()
}

fn outcome(doc: &Flat<'_>, class: u64) -> Outcome {
    let is_blocked = doc.first(&["action_id", "disposition_id"]).amount() == Some(2);
    if is_blocked || (class == NETWORK && doc.get("activity_id").amount() == Some(5)) {
        return Outcome::Denied;
    }
    if let Some(error) = doc.text("api.response.error") {
        let is = |marks: &[&str]| marks.iter().any(|mark| error.contains(mark));
        return if is(&[
            "Denied",
            "DENIED",
            "Unauthorized",
            "NotAuthorized",
            "Forbidden",
        ]) {
            Outcome::Denied
        } else if is(&[
            "Throttl",
            "TooManyRequests",
            "RateExceeded",
            "LimitExceeded",
        ]) {
            Outcome::Throttled
        } else {
            Outcome::Failure
        };
    }
    let status = doc
        .first(&["http_response.code", "api.response.code", "status_code"])
        .amount();
    match (status, doc.get("status_id").amount()) {
        (Some(status @ 100..=599), _) => parts::status::of_http(status),
        (_, Some(1)) => Outcome::Success,
        (_, Some(2)) => Outcome::Failure,
        _ if doc.get("action_id").amount() == Some(1) => Outcome::Success,
        _ => match doc.text("status").as_deref() {
            Some("Success") => Outcome::Success,
            Some("Failure") => Outcome::Failure,
            _ => Outcome::Unknown,
        },
    }
}

/// Adds the attributes of a flow: no caller, but bytes from or to one of our addresses.
fn flow(doc: &Flat<'_>, event: &mut Event, interner: &mut Interner) {
    let direction = match doc.get("connection_info.direction_id").amount() {
        Some(1) => Direction::Inbound,
        Some(2) => Direction::Outbound,
        _ => Direction::Other,
    };
    let address = |path: &str| {
        doc.text(path)
            .and_then(|text| parts::address::address(&text))
            .map(|(ip, _)| ip)
    };
    let (source, target) = (address("src_endpoint.ip"), address("dst_endpoint.ip"));
    let whole = doc.get("traffic.bytes").amount();
    let (sent, answered) = (
        doc.get("traffic.bytes_out").amount(),
        doc.get("traffic.bytes_in").amount(),
    );
    let is_egress = direction == Direction::Outbound;
    match direction {
        Direction::Outbound => {
            event.peer = Peer::default();
            (event.bytes_out, event.bytes_in) = (sent.or(whole), answered);
            if event.outcome != Outcome::Denied {
                event.action = Action::EgressFlow;
            }
            event.destination = Destination {
                ip: target,
                port: port(doc, "dst_endpoint.port"),
                endpoint: doc
                    .text("dst_endpoint.svc_name")
                    .or_else(|| doc.text("dst_endpoint.hostname"))
                    .map(|name| interner.untrusted(&name)),
                ..Destination::default()
            };
        }
        Direction::Inbound => (event.bytes_out, event.bytes_in) = (answered, sent.or(whole)),
        Direction::Other => {
            event.peer = Peer::default();
            (event.bytes_out, event.bytes_in) = (None, None);
        }
    }
    let ours = if direction == Direction::Inbound {
        "dst_endpoint"
    } else {
        "src_endpoint"
    };
    let share = |name: &str, interner: &mut Interner| {
        doc.text(&format!("{ours}.{name}"))
            .map(|text| interner.share(&text))
    };
    event.principal = None;
    event.attachment = Some(Attachment {
        instance: share("instance_uid", interner),
        interface: share("interface_uid", interner),
        address: if direction == Direction::Other {
            None
        } else if is_egress {
            source
        } else {
            target
        },
    });
}

/// Adds where the peer is.
pub fn locate(event: &mut Event, doc: &Flat<'_>, state: &mut ParserState) {
    if event.peer.ip.is_none() {
        return;
    }
    let peer = &mut event.peer;
    let number = || doc.get("src_endpoint.autonomous_system.number").amount();
    peer.asn = peer.asn.or_else(|| u32::try_from(number()?).ok());
    if peer.country.is_none() {
        let country = doc
            .text("src_endpoint.location.country")
            .filter(|code| code.len() == 2);
        peer.country = country.map(|code| state.interner.share(&code.to_ascii_uppercase()));
    }
    if peer.city.is_none() {
        let city = doc.text("src_endpoint.location.city");
        peer.city = city.map(|city| state.interner.untrusted(&city));
    }
}

/// Returns an id that is the same for every delivery: a hash of what happened, not of its delivery,
/// after the event's own id. Ids may repeat between products, and where a client chooses the id, an event must not pass for
/// another.
fn event_id(doc: &Flat<'_>, time: Time) -> Str {
    const ID_PATHS: [&str; 30] = [
        "metadata.product.vendor_name",
        "metadata.product.name",
        "metadata.log_name",
        "cloud.account.uid",
        "type_uid",
        "class_uid",
        "activity_id",
        "status_id",
        "api.operation",
        "api.request.uid",
        "actor.user.uid",
        "actor.user.name",
        "actor.session.uid",
        "user.uid",
        "user.name",
        "src_endpoint.ip",
        "src_endpoint.port",
        "dst_endpoint.ip",
        "dst_endpoint.port",
        "connection_info.uid",
        "connection_info.direction_id",
        "traffic.bytes",
        "traffic.bytes_out",
        "traffic.packets",
        "http_request.uid",
        "http_request.url.path",
        "http_request.url.url_string",
        "databucket.name",
        "file.path",
        "file.name",
    ];
    // The instant, independent of how it is written.
    let time = time.to_string();
    let mut texts = vec![Some(time.into())];
    texts.extend(ID_PATHS.map(|path| doc.text(path)));
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    id::scoped(doc.text("metadata.uid").as_deref(), "ocsf-", &texts)
}
