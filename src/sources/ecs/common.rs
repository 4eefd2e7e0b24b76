//! Reads documents of unknown integrations by the common fields of the schema.

use std::borrow::Cow;

use crate::event::{
    Action, Attachment, Context, Destination, Event, Outcome, Peer, Provider, Source, Untrusted,
};
use crate::sources::aws_blinding;
use crate::sources::flat::Flat;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::operations;
use crate::sources::parser::ParserState;
use crate::sources::parts::{self, id, identity::Names, instant::instant};
use crate::vocab::Str;

/// The first words of datasets and modules, with their provider. The first match wins.
const DATASETS: [(&str, Provider); 12] = [
    ("aws", Provider::Aws),
    ("gcp", Provider::Gcp),
    ("google_workspace", Provider::Gworkspace),
    ("gsuite", Provider::Gworkspace),
    ("azure.signinlogs", Provider::Entra),
    ("azure.auditlogs", Provider::Entra),
    ("azure.graphactivitylogs", Provider::Entra),
    ("azure.aadgraphactivitylogs", Provider::Entra),
    ("azure", Provider::Azure),
    ("o365", Provider::M365),
    ("okta", Provider::Okta),
    ("slack", Provider::Slack),
];

/// Reads a document by the fields of the schema; `None` if it has no time.
pub fn event(doc: &Flat<'_>, state: &mut ParserState) -> Option<Event> {
    let time = instant(&doc.text("@timestamp")?)?;
    let provider = provider(doc);
    let op = doc.first_text(&["event.action", "event.code", "http.request.method"]);
    let service = doc.first_text(&["service.name", "event.provider", "event.module"]);
    let (op, service) = (op.unwrap_or_default(), service.unwrap_or_default());
    let is_flow = has_word(doc, "event.category", "network") && doc.has("destination");
    let action = if is_flow {
        Action::Other
    } else {
        operations::class_of(provider, &service, &op).unwrap_or_else(|| of_categories(doc))
    };
    let outcome = outcome(doc);
    let blinds = provider == Provider::Aws && outcome == Outcome::Success;
    let interner = &mut state.interner;
    let share = |value: Option<Cow<'_, str>>, interner: &mut Interner| {
        value.map(|text| interner.share(&text))
    };
    let account = share(
        doc.first_text(&["cloud.account.id", "cloud.project.id", "organization.id"]),
        interner,
    );
    let user_agent = doc.text("user_agent.original").unwrap_or_default();
    let client = state.clients.of(&user_agent, interner).clone();
    let source = doc.first_text(&["source.ip", "client.ip", "source.address", "client.address"]);
    let mut peer = match source {
        Some(text) => parts::address::peer(&text, interner),
        None => Peer::default(),
    };
    let port = doc.first(&["source.port", "client.port"]).amount();
    peer.port = peer.port.or_else(|| u16::try_from(port?).ok());
    let untrusted = |paths: &[&str], interner: &mut Interner| {
        let text = doc.first_text(paths)?;
        Some(Untrusted::from_shared(interner.share(&text)))
    };
    let mut event = Event {
        region: share(doc.text("cloud.region"), interner),
        principal: principal(doc, provider, account.as_deref(), interner),
        application: share(doc.first_text(&["application.id", "client.id"]), interner),
        context: Context {
            console: client.console(peer.ip),
            ..Context::default()
        },
        action,
        blinding: aws_blinding::by_name(operations::short(&service), &op)
            .filter(|_| blinds && !is_flow)
            .map(Box::new),
        op: interner.share(&op),
        service: interner.share(operations::short(&service)),
        object: untrusted(&["file.path", "file.name"], interner),
        bytes_out: doc
            .first(&["http.response.body.bytes", "http.response.bytes"])
            .amount(),
        bytes_in: doc
            .first(&["http.request.body.bytes", "http.request.bytes"])
            .amount(),
        outcome,
        error: untrusted(&["error.code"], interner),
        account,
        peer,
        user_agent: client.user_agent,
        client: client.family,
        ..Event::new(time, Str::default(), provider, Source::Ecs)
    };
    if is_flow {
        flow(doc, &mut event, interner);
    }
    event.id = event_id(doc);
    Some(event)
}

fn provider(doc: &Flat<'_>) -> Provider {
    let dataset = doc.first_text(&["event.dataset", "data_stream.dataset", "event.module"]);
    let of_dataset = dataset.and_then(|name| {
        let known = DATASETS.iter().find(|(start, _)| {
            let rest = name.strip_prefix(start);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        });
        known.map(|(_, provider)| *provider)
    });
    of_dataset.unwrap_or_else(|| match doc.text("cloud.provider").as_deref() {
        Some("aws") => Provider::Aws,
        Some("gcp") => Provider::Gcp,
        Some("azure") => Provider::Azure,
        _ => Provider::Other,
    })
}

fn principal(
    doc: &Flat<'_>,
    provider: Provider,
    account: Option<&str>,
    interner: &mut Interner,
) -> Option<crate::event::Principal> {
    let tenant = doc.first_text(&["azure.tenant_id", "organization.id"]);
    let id = doc.first_text(&["user.id", "client.user.id", "source.user.id"]);
    let email = doc.first_text(&["user.email", "client.user.email", "source.user.email"]);
    let name = doc.first_text(&["user.name", "client.user.name", "source.user.name"]);
    let names = Names {
        account: tenant.as_deref().or(account),
        id: id.as_deref(),
        email: email.as_deref(),
        name: name.as_deref(),
        kind: None,
    };
    parts::identity::principal(provider, names, interner)
}

fn has_word(doc: &Flat<'_>, path: &str, word: &str) -> bool {
    let mut words = doc.get(path).elements().filter_map(Value::text);
    words.any(|text| text == word)
}

/// Returns the action that the schema's categories and types state.
fn of_categories(doc: &Flat<'_>) -> Action {
    let is = |category: &str, kind: &str| {
        has_word(doc, "event.category", category) && has_word(doc, "event.type", kind)
    };
    if has_word(doc, "event.category", "authentication") && !is("authentication", "end") {
        Action::Authenticate
    } else if is("iam", "creation") && has_word(doc, "event.type", "user") {
        Action::CreateIdentity
    } else if is("file", "access") {
        Action::ReadObject
    } else if is("file", "deletion") {
        Action::DeleteObject
    } else if is("file", "creation") || is("file", "change") {
        Action::WriteObject
    } else {
        Action::Other
    }
}

fn outcome(doc: &Flat<'_>) -> Outcome {
    if has_word(doc, "event.type", "denied") {
        return Outcome::Denied;
    }
    match doc.text("event.outcome").as_deref() {
        Some("success") => Outcome::Success,
        Some("failure") => match doc.get("http.response.status_code").amount() {
            Some(status @ 400..) => parts::status::of_http(status),
            _ => Outcome::Failure,
        },
        _ => match doc.get("http.response.status_code").amount() {
            Some(status) => parts::status::of_http(status),
            None => Outcome::Unknown,
        },
    }
}

/// Adds the attributes of a flow: no caller, but bytes from or to one of our addresses.
fn flow(doc: &Flat<'_>, event: &mut Event, interner: &mut Interner) {
    let direction = doc.text("network.direction").unwrap_or_default();
    let is_egress = matches!(&*direction, "egress" | "outbound");
    let is_ingress = matches!(&*direction, "ingress" | "inbound");
    let address = |paths: &[&str]| {
        let text = doc.first_text(paths)?;
        parts::address::address(&text).map(|(ip, _)| ip)
    };
    let (source, target) = (
        address(&["source.ip", "source.address"]),
        address(&["destination.ip", "destination.address"]),
    );
    let (sent, answered) = (
        doc.get("source.bytes").amount(),
        doc.get("destination.bytes").amount(),
    );
    let whole = doc.get("network.bytes").amount();
    let is_denied = event.outcome == Outcome::Denied;
    if is_egress {
        event.action = if is_denied {
            Action::Other
        } else {
            Action::EgressFlow
        };
        (event.bytes_out, event.bytes_in) = (sent.or(whole), answered);
        event.peer = Peer::default();
        let port = doc.get("destination.port").amount();
        event.destination = Destination {
            ip: target,
            port: port.and_then(|port| u16::try_from(port).ok()),
            ..Destination::default()
        };
    } else if is_ingress {
        (event.bytes_out, event.bytes_in) = (answered, sent.or(whole));
    } else {
        event.peer = Peer::default();
    }
    let instance = doc.text("cloud.instance.id");
    let ours = if is_ingress { target } else { source };
    event.attachment = Some(Attachment {
        instance: instance.map(|id| interner.share(&id)),
        interface: None,
        address: ours.filter(|_| is_egress || is_ingress),
    });
}

/// Returns an id that is the same for every delivery: a hash of what the record states, not of what the pipeline
/// added, after the document's own id. Ids may repeat between datasets, and where a client chooses the id, a record must not
/// pass for another.
fn event_id(doc: &Flat<'_>) -> Str {
    const ID_PATHS: [&str; 24] = [
        "@timestamp",
        "event.action",
        "event.code",
        "event.dataset",
        "data_stream.dataset",
        "event.module",
        "event.end",
        "event.outcome",
        "event.provider",
        "event.sequence",
        "event.start",
        "cloud.account.id",
        "cloud.project.id",
        "user.id",
        "user.name",
        "user.email",
        "source.ip",
        "source.port",
        "destination.ip",
        "destination.port",
        "network.bytes",
        "http.request.id",
        "url.original",
        "file.path",
    ];
    let texts = ID_PATHS.map(|path| doc.text(path));
    id::scoped(
        doc.text("event.id").as_deref(),
        "ecs-",
        &texts.each_ref().map(Option::as_deref),
    )
}
