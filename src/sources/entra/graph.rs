//! Microsoft Graph activity logs, and those of Azure AD Graph, which have other names for the same fields.
//!
//! Every request is a record, reads included. No other log shows enumeration of the directory.

use crate::event::{Action, Context, Event, IdentityKind, Outcome, Provider, Source, Untrusted};
use crate::sources::graph_actions::{BATCH, classify, template};
use crate::sources::json::Object;
use crate::sources::microsoft::{self, Actor, embedded, record};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::{id, instant, status};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::Str;

/// Reads Microsoft Graph activity logs.
pub const PARSER: RecordParser =
    RecordParser::new(Source::EntraGraph, recognises, |object, state| {
        parse(object, Source::EntraGraph, state)
    })
    .with_tables(is_header);

/// Reads Azure AD Graph activity logs.
pub const AAD_PARSER: RecordParser =
    RecordParser::new(Source::EntraAadGraph, recognises_aad, |object, state| {
        parse(object, Source::EntraAadGraph, state)
    })
    .with_tables(is_aad_header);

const CATEGORIES: [&str; 1] = ["MicrosoftGraphActivityLogs"];
const TABLES: [&str; 1] = ["MicrosoftGraphActivityLogs"];
const AAD_CATEGORIES: [&str; 2] = ["AzureADGraphActivityLogs", "AADGraphActivityLogs"];
const AAD_TABLES: [&str; 1] = ["AADGraphActivityLogs"];

/// The HTTP library of the tool that dumps directories over Azure AD Graph.
const DUMP_TOOL_LIBRARY: &str = "aiohttp";

fn recognises(object: Object<'_>) -> bool {
    microsoft::is_of_log(object, &CATEGORIES, &TABLES)
        // Applications have no sign-in, so its id is empty.
        || microsoft::has_members(object, ["requesturi", "signinactivityid", "requestmethod"])
}

fn recognises_aad(object: Object<'_>) -> bool {
    microsoft::is_of_log(object, &AAD_CATEGORIES, &AAD_TABLES)
        || microsoft::has_members(object, ["requesturi", "httpmethod", "actortype"])
}

fn is_header(names: &[&str]) -> bool {
    ["RequestUri", "SignInActivityId", "RequestMethod"]
        .iter()
        .all(|column| names.contains(column))
}

fn is_aad_header(names: &[&str]) -> bool {
    ["RequestUri", "HttpMethod", "ActorType"]
        .iter()
        .all(|column| names.contains(column))
}

record! {
    /// The members of a record that are read; the two logs have different names for some.
    Request {
        generated = "timegenerated",
        time = "time",
        ticks = "udirequiredfieldseventtime",
        request = "requestid",
        uri = "requesturi",
        method = "requestmethod",
        aad_method = "httpmethod",
        status = "responsestatuscode",
        aad_status = "httpstatuscode",
        size = "responsesizebytes",
        user = "userid",
        service_principal = "serviceprincipalid",
        kind = "cidtyp",
        aad_kind = "actortype",
        application = "appid",
        scopes = "scopes",
        roles = "roles",
        proof = "clientauthmethod",
        sign_in = "signinactivityid",
        session = "sessionid",
        token_session = "csid",
        ip = "ipaddress",
        caller_ip = "calleripaddress",
        user_agent = "useragent",
        location = "location",
    }
}

fn parse(object: Object<'_>, source: Source, state: &mut ParserState) -> Parsed {
    let mut buffer = Vec::new();
    let properties = microsoft::named(object, "properties").unwrap_or_default();
    let properties = embedded(properties, &mut buffer);
    let r = Request::of(properties.members().chain(object.members()));
    let of_ticks = || instant::of_ticks(i64::try_from(r.ticks.amount()?).ok()?);
    let stated = microsoft::time_of(&[r.generated, r.time]).or_else(of_ticks);
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let uri = r.uri.text().unwrap_or_default();
    let template = template(&uri);
    let method = r.method.text().or_else(|| r.aad_method.text());
    let method = method.unwrap_or_default().to_ascii_uppercase();
    let action = classify(&method, &template);
    let tenant = microsoft::tenant(object, properties);

    // One of the two is the actor. If an application acts for a person, the person is.
    let word = r.kind.text().or_else(|| r.aad_kind.text());
    let word = word.unwrap_or_default().to_ascii_lowercase();
    let is_person = microsoft::guid(r.user).is_some();
    let kind = match &*word {
        "user" => IdentityKind::Human,
        "app" | "application" => IdentityKind::ServicePrincipal,
        _ if is_person => IdentityKind::Human,
        _ => IdentityKind::ServicePrincipal,
    };
    let interner = &mut state.interner;
    let application = microsoft::guid(r.application);
    let actor = Actor {
        tenant: tenant.as_deref(),
        object: if is_person {
            r.user
        } else {
            r.service_principal
        },
        ..Actor::default()
    };
    let principal = actor.principal(kind, interner);
    let status = r.status.amount().or_else(|| r.aad_status.amount());
    let outcome = status.map_or(Outcome::Unknown, status::of_http);
    let mut scopes = microsoft::scopes(r.scopes, interner);
    scopes.extend(microsoft::scopes(r.roles, interner));
    let session = r
        .session
        .text()
        .or_else(|| r.token_session.text())
        .map(|text| interner.untrusted(&text));
    let peer = microsoft::peer(&[r.ip, r.caller_ip], interner);
    let auth_method = microsoft::client_proof(r.proof).map(|text| interner.share(&text));
    let (container, thing) = match action {
        Action::ReadObject | Action::ListObjects => place(&uri),
        _ => (None, None),
    };
    let client = microsoft::client(r.user_agent, application.as_deref(), state);
    let is_dump_tool = source == Source::EntraAadGraph
        && client
            .user_agent
            .as_ref()
            .is_some_and(|text| text.raw().contains(DUMP_TOOL_LIBRARY));
    let interner = &mut state.interner;
    Parsed::Event(Box::new(Event {
        account: tenant.as_deref().map(|tenant| interner.share(tenant)),
        region: microsoft::region(r.location, interner),
        // The region that served the request; the caller does not choose it.
        regional: false,
        principal,
        session,
        credential: microsoft::shared(r.sign_in, interner),
        application: application.as_deref().map(|id| interner.share(id)),
        scopes,
        context: Context {
            console: client.console(peer.ip),
            auth_method,
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent.clone(),
        client: if is_dump_tool {
            interner.share("roadtools")
        } else {
            client.family.clone()
        },
        action,
        op: interner.share(format!("{method} {template}").trim()),
        service: interner.share(if source == Source::EntraGraph {
            "graph"
        } else {
            "aadgraph"
        }),
        container: container.map(|text| interner.untrusted(&text)),
        object: thing.map(|text| Untrusted::new(&text)),
        bytes_out: r.size.amount(),
        outcome,
        error: status
            .filter(|_| outcome != Outcome::Success)
            .map(|status| interner.untrusted(&status.to_string())),
        // The requests in a batch have records of their own.
        counted: template != BATCH,
        ..Event::new(
            time,
            event_id(&r, &uri, &method, time),
            Provider::Entra,
            source,
        )
    }))
}

/// Returns the request's id with method and address, because the id alone is not always unique.
fn event_id(r: &Request<'_>, uri: &str, method: &str, time: Time) -> Str {
    match r.request.text() {
        Some(request) => {
            let request = crate::event::cut(&request, Untrusted::BYTES_MAX);
            id::of_parts(&format!("{request}/"), &[Some(uri)])
        }
        None => id::of_parts(
            "mg-",
            &[
                Some(&time.to_string()),
                Some(method),
                Some(uri),
                r.user.text().as_deref(),
                r.ip.text().as_deref(),
            ],
        ),
    }
}

/// Returns the mailbox or drive that a request reads, and the item: the first parts of its path, and the rest.
fn place(uri: &str) -> (Option<String>, Option<String>) {
    let path = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let mut parts = path
        .split('/')
        .filter(|part| !part.is_empty())
        .skip(2)
        .peekable();
    let Some(first) = parts.next() else {
        return (None, None);
    };
    let first = first.to_ascii_lowercase();
    let container = match parts.peek() {
        Some(owner) if matches!(&*first, "users" | "drives" | "sites" | "groups") => {
            let owner = owner.to_ascii_lowercase();
            parts.next();
            format!("{first}/{owner}")
        }
        _ => first,
    };
    let rest: Vec<&str> = parts.collect();
    (Some(container), (!rest.is_empty()).then(|| rest.join("/")))
}
