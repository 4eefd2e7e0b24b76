//! The Okta System Log: actions in an org, by users, applications and Okta itself.
//!
//! A record does not state its org, but its envelope may. Identities contain the org, or `-` if it is unknown. Reads of the
//! directory are not logged; only their rate limit violations are, and these count for what the limited request reads.

use std::sync::LazyLock;

use crate::event::Action::*;
use crate::event::{
    Blinding, Context, Event, IdentityKind, Outcome, Peer, Principal, Provider, Source, cut,
};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::actions::{ActionRow, ActionTable};
use crate::sources::parts::instant::instant;
use crate::sources::parts::text::{Column, stated_text};
use crate::sources::parts::{address, country, id, identity};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::Str;

/// Reads records of the System Log.
pub const PARSER: RecordParser = RecordParser::new(Source::OktaSystem, recognises, parse);

/// The service of its events.
const SERVICE: &str = "okta";
/// Stands for an unknown org in identities.
const NO_ORG: &str = identity::UNKNOWN_ACCOUNT;
/// The domains below which Okta gives each org a name.
const DOMAINS: [&str; 4] = [
    ".okta.com",
    ".oktapreview.com",
    ".okta-emea.com",
    ".okta-gov.com",
];
/// Prefix of the source of events on an event bus; the org's name follows.
const BUS_SOURCE: &str = "aws.partner/okta.com/";

#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    // The only trace of listing users, groups and applications.
    (SERVICE, "system.org.rate_limit.warning", EnumerateDirectory),
    (SERVICE, "system.org.rate_limit.violation", EnumerateDirectory),
    (SERVICE, "system.org.rate_limit.burst", EnumerateDirectory),
    (SERVICE, "system.operation.rate_limit.violation", EnumerateDirectory),
    (SERVICE, "system.operation.rate_limit.warning", EnumerateDirectory),
    (SERVICE, "system.client.rate_limit.violation", EnumerateDirectory),
    (SERVICE, "system.client.concurrency_rate_limit.violation", EnumerateDirectory),
    (SERVICE, "core.concurrency.org.limit.violation", EnumerateDirectory),
    // Credentials.
    (SERVICE, "system.api_token.create", CreateCredential),
    (SERVICE, "app.oauth2.credentials.lifecycle.create", CreateCredential),
    (SERVICE, "user.mfa.factor.activate", CreateCredential),
    (SERVICE, "user.account.reset_password", CreateCredential),
    // Scopes and roles of applications.
    (SERVICE, "app.oauth2.*consent.grant", GrantScope),
    (SERVICE, "app.oauth2.client.privilege.grant", GrantScope),
    // What carries this log elsewhere.
    (SERVICE, "system.log_stream.lifecycle.deactivate", BlindLog),
    (SERVICE, "system.log_stream.lifecycle.delete", BlindLog),
    (SERVICE, "event_hook.deactivated", BlindLog),
    (SERVICE, "event_hook.deleted", BlindLog),
    // Sessions and tokens.
    (SERVICE, "app.oauth2.as.token.grant*", Authenticate),
    (SERVICE, "app.oauth2.token.grant*", Authenticate),
    (SERVICE, "user.session.access_admin_app", Authenticate),
    (SERVICE, "user.session.impersonation.*", Authenticate),
    (SERVICE, "user.session.start", Authenticate),
    (SERVICE, "user.session.end", Authenticate),
    (SERVICE, "user.authentication.*", Authenticate),
    (SERVICE, "policy.evaluate_sign_on", Authenticate),
    // Identities.
    (SERVICE, "user.lifecycle.create", CreateIdentity),
    (SERVICE, "group.lifecycle.create", CreateIdentity),
    (SERVICE, "application.lifecycle.create", CreateIdentity),
    (SERVICE, "app.oauth2.client.lifecycle.create", CreateIdentity),
    (SERVICE, "system.import.*.create", CreateIdentity),
    // Exports.
    (SERVICE, "application.user_membership.show_password", ReadObject),
    (SERVICE, "analytics.reports.export.download", ReadObject),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns the action of an event of this name.
pub fn classify(op: &str) -> crate::event::Action {
    ACTIONS.get(SERVICE, op).unwrap_or(Other)
}

/// The root of the management API, and its collections that are the directory: users, groups, applications and roles.
const API: &str = "/api/v1/";
const DIRECTORY: [&str; 5] = ["users", "groups", "apps", "iam", "roles"];
/// The type of a target that names a request.
const URL_TARGET: &str = "URL Pattern";

/// Returns whether a request asks the directory: not the log, nor policies, nor who the caller is.
fn reads_directory(path: &str) -> bool {
    let Some(at) = path.find(API) else {
        return false;
    };
    let mut segments = path[at + API.len()..].split('/');
    let collection = segments.next().unwrap_or_default();
    let is_own = collection.eq_ignore_ascii_case("users") && segments.next() == Some("me");
    let mut all = DIRECTORY.iter();
    all.any(|known| known.eq_ignore_ascii_case(collection)) && !is_own
}

/// Events that duplicate a sign-in of other records.
const DUPLICATES: [&str; 1] = ["policy.evaluate_sign_on"];
/// Events that happen in the web console.
const CONSOLE_OPS: [&str; 1] = ["user.session.access_admin_app"];
/// Events that show the use of a second factor.
const MFA_OPS: [&str; 1] = ["user.authentication.auth_via_mfa"];

/// Returns the name of the org that an event hook or an event bus states: the first label of its host.
pub fn org_of_envelope(envelope: Object<'_>) -> Option<String> {
    let source = stated_text(envelope.get("source"))?;
    if let Some(rest) = source.strip_prefix(BUS_SOURCE) {
        return Some(rest.split('/').next()?.to_lowercase()).filter(|org| !org.is_empty());
    }
    let host = source
        .strip_prefix("https://")?
        .split(['/', ':'])
        .next()?
        .to_lowercase();
    let name = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain));
    Some(name.unwrap_or(&host).to_owned()).filter(|org| !org.is_empty())
}

fn recognises(object: Object<'_>) -> bool {
    let is_text =
        |name: &str| matches!(object.get(name), Some(Value::Text(text)) if !text.is_empty());
    let has = |name: &str| object.get(name).is_some_and(Value::is_present);
    let Some(Value::Text(kind)) = object.get("eventType") else {
        return false;
    };
    if kind.starts_with(b"com.okta.") || has("eventSource") {
        return false;
    }
    let actor = object.get("actor").unwrap_or(Value::Null);
    // Copies lose members. The actor stays, and no other log has it in this form.
    (is_text("published") && is_text("uuid") && (has("actor") || has("client")))
        || (has("actor") && Column::of(actor).value().get("alternateId").is_some())
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let published = object.get("published").and_then(Value::text);
    match published
        .and_then(|text| instant(&text))
        .or(state.moved_time)
    {
        Some(time) => Parsed::Event(Box::new(event(object, time, state))),
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

fn event(object: Object<'_>, time: Time, state: &mut ParserState) -> Event {
    let column = |name: &str| Column::of(object.get(name));
    let [actor, client, outcome, debug, target, request] = [
        "actor",
        "client",
        "outcome",
        "debugContext",
        "target",
        "request",
    ]
    .map(column);
    let [session, security, transaction] =
        ["authenticationContext", "securityContext", "transaction"].map(column);
    let debug = Column::of(debug.value().get("debugData"));
    let org = state.okta_org.clone();

    let agent = client.value().get("userAgent").unwrap_or(Value::Null);
    let agent = stated_text(agent.get("rawUserAgent")).unwrap_or_default();
    let client_known = state.clients.of(&agent, &mut state.interner).clone();
    let interner = &mut state.interner;
    let op = interner.share(&stated_text(object.get("eventType")).unwrap_or_default());
    let targets = targets(target.value());
    let principal = principal(actor.value(), org.as_deref(), interner);
    let peer = peer(client.value(), request.value(), security.value(), interner);
    let (outcome, error) = outcome_and_error(outcome.value());

    let debugged = |name: &str| stated_text(debug.value().get(name));
    let limited = || {
        let urls = targets.iter().filter(|target| target.kind == URL_TARGET);
        let stated = debugged("requestUri").or_else(|| debugged("url"));
        let path = stated.map(|uri| path_of(&uri).to_owned());
        path.or_else(|| urls.map(|target| path_of(&target.id).to_owned()).next())
    };
    let (action, limited) = match classify(&op) {
        EnumerateDirectory => match limited() {
            Some(path) if !reads_directory(&path) => (Other, Some(path)),
            path => (EnumerateDirectory, path),
        },
        action => (action, None),
    };
    let token = transaction
        .value()
        .path(&["detail", "requestApiTokenId"])
        .and_then(stated_text);
    let session_id = stated_text(session.value().get("externalSessionId"))
        .or_else(|| stated_text(session.value().get("rootSessionId")));
    let credential = token.or(session_id).map(|text| interner.share(&text));
    let of_type = |types: &[&str]| {
        let is_one = |target: &&Target| types.iter().any(|t| t.eq_ignore_ascii_case(&target.kind));
        targets.iter().find(is_one)
    };
    let is_application = principal
        .as_ref()
        .is_some_and(|p| p.kind == IdentityKind::ServicePrincipal);
    let application = debugged("clientId")
        .map(|text| text.into_owned())
        .or_else(|| {
            is_application.then(|| stated_text(actor.value().get("id")).map(|t| t.into_owned()))?
        })
        .or_else(|| of_type(&["AppInstance", "PublicClientApp"]).map(|t| t.id.clone()));
    let scopes = debugged("grantedScopes")
        .or_else(|| debugged("requestedScopes"))
        .or_else(|| debugged("scopes").filter(|_| action == GrantScope));
    let blinding = (action == BlindLog).then(|| Blinding {
        logs: vec![Source::OktaSystem],
        target: targets.first().map(|t| interner.untrusted(&t.id)),
    });
    let auth_method = debugged("grantType")
        .or_else(|| stated_text(session.value().get("credentialType")))
        .or_else(|| stated_text(session.value().get("authenticationProvider")));

    let created = match action {
        CreateIdentity => of_type(&["User", "UserGroup", "AppInstance", "PublicClientApp"]),
        _ => None,
    };
    let issued = match action {
        CreateCredential => of_type(&["Token"]),
        Authenticate => of_type(&["access_token", "AccessToken"]),
        _ => None,
    };
    let object_of = match action {
        ReadObject => of_type(&["AppUser", "User"]).map(|t| t.id.clone()),
        _ => limited,
    };
    let worked = outcome == Outcome::Success;
    let console = match CONSOLE_OPS.contains(&&*op) {
        true => Some(true),
        false => client_known.console(peer.ip),
    };
    let mut event = Event {
        account: org.clone(),
        regional: false,
        principal,
        credential,
        container: application
            .as_ref()
            .filter(|_| action == ReadObject)
            .map(|id| interner.untrusted(id)),
        application: application.map(|id| interner.share(&id)),
        scopes: scopes.map_or_else(Vec::new, |text| words(&text, interner)),
        context: Context {
            mfa: (worked && MFA_OPS.contains(&&*op)).then_some(true),
            console,
            auth_method: auth_method.map(|text| interner.share(&text)),
            ..Context::default()
        },
        peer,
        user_agent: client_known.user_agent,
        client: client_known.family,
        action,
        service: interner.share(SERVICE),
        object: object_of.map(|text| interner.untrusted(&text)),
        outcome,
        error: error.map(|text| interner.untrusted(&text)),
        created: created
            .filter(|_| worked)
            .map(|t| canonical(org.as_deref(), &t.kind, &t.id, interner)),
        issued: issued.filter(|_| worked).map(|t| interner.share(&t.id)),
        blinding: blinding.map(Box::new),
        counted: !DUPLICATES.contains(&&*op),
        op,
        ..Event::new(time, Str::default(), Provider::Okta, Source::OktaSystem)
    };
    event.id = match stated_text(object.get("uuid")) {
        Some(uuid) => cut(&uuid, 256).into(),
        None => id::of_parts(
            "okta-",
            &[
                Some(&event.time.to_string()),
                Some(&event.op),
                event.principal.as_ref().map(|p| &*p.id),
                event.peer.ip.map(|ip| ip.to_string()).as_deref(),
                stated_text(transaction.value().get("id")).as_deref(),
                targets.first().map(|t| &*t.id),
            ],
        ),
    };
    event
}

/// A target of an event.
struct Target {
    kind: String,
    id: String,
}

/// Reads the targets; of very many only the first.
fn targets(value: Value<'_>) -> Vec<Target> {
    const TARGETS_MAX: usize = 64;
    let target = |value: Value<'_>| {
        Some(Target {
            kind: stated_text(value.get("type"))?.into_owned(),
            id: stated_text(value.get("id"))?.into_owned(),
        })
    };
    value
        .elements()
        .filter_map(target)
        .take(TARGETS_MAX)
        .collect()
}

fn canonical(org: Option<&str>, kind: &str, id: &str, interner: &mut Interner) -> Str {
    interner.share(&format!("okta:{}/{kind}/{id}", org.unwrap_or(NO_ORG)))
}

/// Reads the actor. A sign-in under a name that does not exist has no principal.
fn principal(actor: Value<'_>, org: Option<&str>, interner: &mut Interner) -> Option<Principal> {
    let id = stated_text(actor.get("id"))?;
    let kind = stated_text(actor.get("type"))?;
    let identity_kind = kind_of(&kind);
    let mut aliases = Vec::new();
    if identity_kind != IdentityKind::CloudService {
        aliases.push(interner.share(&id));
        let login = stated_text(actor.get("alternateId")).map(|text| text.to_lowercase());
        if let Some(login) = login.filter(|login| *login != *id) {
            aliases.push(interner.share(&login));
        }
    }
    Some(Principal {
        aliases,
        ..Principal::new(canonical(org, &kind, &id, interner), identity_kind)
    })
}

fn kind_of(actor_type: &str) -> IdentityKind {
    match actor_type {
        "User" | "AppUser" => IdentityKind::Human,
        "SystemPrincipal" => IdentityKind::CloudService,
        "Token" => IdentityKind::ServicePrincipal,
        other if other.contains("App") || other.contains("Client") => {
            IdentityKind::ServicePrincipal
        }
        _ => IdentityKind::Unknown,
    }
}

fn peer(
    client: Value<'_>,
    request: Value<'_>,
    security: Value<'_>,
    interner: &mut Interner,
) -> Peer {
    let first = request
        .get("ipChain")
        .and_then(|chain| chain.elements().next())
        .unwrap_or(Value::Null);
    let text = stated_text(client.get("ipAddress")).or_else(|| stated_text(first.get("ip")));
    let place = client
        .get("geographicalContext")
        .filter(|place| place.is_present())
        .or_else(|| first.get("geographicalContext"))
        .unwrap_or(Value::Null);
    let place_name = stated_text(place.get("country"));
    Peer {
        asn: security
            .get("asNumber")
            .and_then(Value::amount)
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n > 0),
        country: place_name
            .and_then(|name| country::code_of(&name))
            .map(|code| interner.share(code)),
        city: stated_text(place.get("city")).map(|city| interner.untrusted(&city)),
        ..text.map_or_else(Peer::default, |text| address::peer(&text, interner))
    }
}

/// Reads the outcome, and the reason if it failed.
fn outcome_and_error(outcome: Value<'_>) -> (Outcome, Option<String>) {
    let result = stated_text(outcome.get("result"));
    let outcome_of = match result.as_deref() {
        Some("SUCCESS" | "ALLOW") => Outcome::Success,
        Some("DENY") => Outcome::Denied,
        Some("RATE_LIMIT") => Outcome::Throttled,
        Some("FAILURE" | "ABANDONED" | "SCHEDULE_FAILURE") => Outcome::Failure,
        // The end of a challenge or a deferral has a record of its own.
        _ => Outcome::Unknown,
    };
    let error = match outcome_of {
        Outcome::Denied | Outcome::Throttled | Outcome::Failure => {
            stated_text(outcome.get("reason"))
        }
        _ => None,
    };
    (outcome_of, error.map(|text| text.into_owned()))
}

/// Returns a request's path without its query.
fn path_of(uri: &str) -> &str {
    uri.split(['?', '#']).next().unwrap_or_default()
}

/// Splits a list of scopes at commas and blanks.
fn words(text: &str, interner: &mut Interner) -> Vec<Str> {
    const WORDS_MAX: usize = 256;
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(|word| interner.share(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_users_groups_applications_and_roles_are_the_directory() {
        for (path, expected) in [
            ("/api/v1/users", true),
            ("/api/v1/Users/00u1/groups", true),
            ("https://example.okta.com/api/v1/groups/00g1/users", true),
            ("/api/v1/apps/0oa1/users", true),
            ("/api/v1/iam/assignees/users", true),
            ("/api/v1/users/me", false),
            ("/api/v1/logs", false),
            ("/api/v1/sessions/me", false),
            ("/api/v1/usersettings", false),
            ("/oauth2/v1/token", false),
            ("", false),
        ] {
            assert_eq!(reads_directory(path), expected, "{path}");
        }
    }
}
