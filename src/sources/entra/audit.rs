//! Entra audit logs: changes in the directory. They do not contain reads.

use std::sync::LazyLock;

use crate::event::Action::{self, *};
use crate::event::{Event, IdentityKind, Outcome, Provider, Source, Untrusted};
use crate::sources::consent::{self, Grant};
use crate::sources::json::{Layout, Object, Value};
use crate::sources::microsoft::{self, Actor, embedded, pick, record};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::actions::{ActionRow, ActionTable};
use crate::sources::parts::id;
use crate::sources::portal;
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::vocab::Str;

/// Reads Entra audit logs.
pub const PARSER: RecordParser =
    RecordParser::new(Source::EntraAudit, recognises, parse).with_tables(is_header);

/// Operations, in lower case and without the full stop that some of them end with.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    ("", "add user", CreateIdentity),
    ("", "invite external user", CreateIdentity),
    ("", "add service principal", CreateIdentity),
    ("", "add application", CreateIdentity),
    ("", "add group", CreateIdentity),
    ("", "add service principal credentials", CreateCredential),
    ("", "update application – certificates and secrets management", CreateCredential),
    ("", "update application - certificates and secrets management", CreateCredential),
    ("", "add federated identity credential", CreateCredential),
    ("", "user registered security info", CreateCredential),
    ("", "admin registered security info", CreateCredential),
    ("", "reset password (by admin)", CreateCredential),
    ("", "reset user password", CreateCredential),
    // Of the update of an application, what it changes decides.
    ("", "consent to application", GrantScope),
    ("", "add app role assignment to service principal", GrantScope),
    ("", "add delegated permission grant", GrantScope),
    ("", "add oauth2permissiongrant", GrantScope),
    ("", "sign-in activity", Authenticate),
    ("", "download users - start*", EnumerateDirectory),
    ("", "download group members*", EnumerateDirectory),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns what an operation of the directory does; the unified audit log has the same operations.
pub fn classify(op: &str) -> Action {
    ACTIONS.get("", &plain_name(op)).unwrap_or(Action::Other)
}

/// Returns the name of an operation in lower case and without its full stop.
fn plain_name(op: &str) -> String {
    op.trim().trim_end_matches('.').to_lowercase()
}

/// Types of objects that can act as principals.
const ACTING_TYPES: [&str; 2] = ["User", "ServicePrincipal"];

fn recognises(object: Object<'_>) -> bool {
    if portal::is_row(object, &portal::OF_AUDIT)
        || is_entry(object.members(), false)
        || microsoft::is_of_log(object, &[], &["AuditLogs"])
    {
        return true;
    }
    let mut buffer = Vec::new();
    let Some(properties) = microsoft::named(object, "properties") else {
        return false;
    };
    let is_of_category = microsoft::is_of_log(object, &["AuditLogs"], &[]);
    if matches!(properties, Value::Text(_)) && !is_of_category {
        return false;
    }
    is_entry(embedded(properties, &mut buffer).members(), is_of_category)
}

/// Returns whether these are the members of an entry. Changes by the directory itself have an empty initiator or none. Other
/// services use the same name for their audit category, so the category alone does not decide.
fn is_entry<'a>(
    members: impl Iterator<Item = (&'a [u8], Value<'a>)>,
    is_of_category: bool,
) -> bool {
    let marks = ["initiatedby", "loggedbyservice", "activitydisplayname"];
    let [actor, service, op] = pick(members, marks);
    let has_actor = actor != Value::Null;
    (service.is_present() && (has_actor || op.is_present()))
        || (is_of_category && (service.is_present() || has_actor || op.is_present()))
}

fn is_header(names: &[&str]) -> bool {
    portal::is_header(names, &["InitiatedBy", "LoggedByService"])
        || portal::is_header(names, &portal::OF_AUDIT)
}

record! {
    /// The members of a record that are read.
    Entry {
        happened = "activitydatetime",
        time = "time",
        generated = "timegenerated",
        id = "id",
        inner_op = "activitydisplayname",
        actor = "initiatedby",
        targets = "targetresources",
        details = "additionaldetails",
        result = "result",
        reason = "resultreason",
        user_agent = "useragent",
        service = "loggedbyservice",
        correlation = "correlationid",
        caller_ip = "calleripaddress",
    }
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if portal::may_be_row(object, &portal::OF_AUDIT) {
        let json = portal::audit(object);
        return match Layout::default().object(&json) {
            Ok((record, _)) => parse_record(record, state),
            Err(error) => Parsed::Rejected(error.into()),
        };
    }
    parse_record(object, state)
}

fn parse_record(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let mut buffers: [Vec<u8>; 4] = Default::default();
    let [
        properties_buffer,
        actor_buffer,
        targets_buffer,
        details_buffer,
    ] = &mut buffers;
    let properties = microsoft::named(object, "properties").unwrap_or_default();
    let properties = embedded(properties, properties_buffer);
    let r = Entry::of(properties.members().chain(object.members()));
    let [outer_op] = pick(object.members(), ["operationname"]);
    let stated = microsoft::time_of(&[r.happened, r.time, r.generated]);
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let named = r.inner_op.text().or_else(|| outer_op.text());
    if let Some(reason) = step_of_pim(&named.unwrap_or_default()) {
        return Parsed::Skipped(reason);
    }
    let actor = embedded(r.actor, actor_buffer);
    let targets = embedded(r.targets, targets_buffer);
    let details = embedded(r.details, details_buffer);
    let tenant = microsoft::tenant(object, properties);
    let interner = &mut state.interner;

    let present = |name: &str| actor.get_any_case(name).filter(|value| value.is_present());
    let (user, app) = (present("user"), present("app"));
    let of = |value: Option<Value<'_>>, name: &str| -> Option<String> {
        Some(value?.get_any_case(name)?.text()?.into_owned())
    };
    let is_person = of(user, "id").is_some() || of(user, "userPrincipalName").is_some();
    let get = |name: &str| {
        let side = if is_person { user } else { app };
        side.and_then(|side| side.get_any_case(name))
            .unwrap_or_default()
    };
    let principal = Actor {
        tenant: tenant.as_deref(),
        object: get(if is_person {
            "id"
        } else {
            "servicePrincipalId"
        }),
        name: if is_person {
            get("userPrincipalName")
        } else {
            Value::Null
        },
        application: get("appId"),
    }
    .principal(
        if is_person {
            IdentityKind::Human
        } else {
            IdentityKind::ServicePrincipal
        },
        interner,
    );
    let actor_application = app
        .and_then(|app| app.get_any_case("appId"))
        .and_then(microsoft::guid);
    let op = interner.share(
        outer_op
            .text()
            .or_else(|| r.inner_op.text())
            .unwrap_or_default()
            .trim(),
    );
    let (action, grant) = action_and_grant(&op, targets);
    let application = match action {
        // The application that gets the scopes, and not the one that gives them.
        GrantScope => grant.application,
        _ => actor_application.clone(),
    };
    let outcome = outcome(r.result, r.reason);
    let is_success = outcome == Outcome::Success;
    let created = (is_success && action == Action::CreateIdentity)
        .then(|| created(targets))
        .flatten()
        .map(|object| interner.share(&microsoft::object_id(tenant.as_deref(), &object)));
    let issued = (is_success && action == Action::CreateCredential)
        .then(|| issued(targets))
        .flatten()
        .map(|key| interner.share(&key));
    let peer = microsoft::peer(
        &[get("ipAddress"), r.caller_ip, detail(details, "ipaddr")],
        interner,
    );
    let error = r
        .reason
        .text()
        .filter(|_| !outcome.has_worked())
        .map(|reason| interner.untrusted(&reason));
    let user_agent = if r.user_agent.text().is_some() {
        r.user_agent
    } else {
        detail(details, "User-Agent")
    };
    let client = microsoft::client(user_agent, actor_application.as_deref(), state);
    let interner = &mut state.interner;
    let mut event = Event {
        account: tenant.as_deref().map(|tenant| interner.share(tenant)),
        principal,
        application: application.as_deref().map(|id| interner.share(id)),
        scopes: grant
            .scopes
            .iter()
            .map(|text| interner.share(text))
            .collect(),
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action,
        op,
        service: microsoft::shared(r.service, interner).unwrap_or_else(|| interner.share("audit")),
        outcome,
        error,
        created,
        issued,
        ..Event::new(time, Str::default(), Provider::Entra, Source::EntraAudit)
    };
    event.id = match r.id.text() {
        Some(id) => crate::event::cut(&id, Untrusted::BYTES_MAX).into(),
        None => id::of_parts(
            "ea-",
            &[
                Some(&time.to_string()),
                Some(&event.op),
                r.correlation.text().as_deref(),
                event.principal.as_ref().map(|p| &*p.id),
                Some(&String::from_utf8_lossy(targets.json())),
            ],
        ),
    };
    Parsed::Event(Box::new(event))
}

/// Recognises what Privileged Identity Management writes beside the acts themselves: its alerts, and the steps of a request whose
/// end has an entry of its own.
fn step_of_pim(op: &str) -> Option<SkipReason> {
    let op = plain_name(op);
    if op.ends_with("pim alert") {
        return Some(SkipReason::ServiceNotice);
    }
    let is_step = (op.contains("requested (pim") || op.contains("in pim requested"))
        || matches!(
            &*op,
            "process request" | "process role update request" | "process role removal request"
        );
    is_step.then_some(SkipReason::ActionBegun)
}

/// Returns the value of a detail by its key.
fn detail<'a>(details: Value<'a>, key: &str) -> Value<'a> {
    let is_it = |detail: &Value<'_>| {
        let name = detail.get_any_case("key").and_then(Value::text);
        name.is_some_and(|name| name.eq_ignore_ascii_case(key))
    };
    let mut details = details.elements();
    let found = details
        .find(is_it)
        .and_then(|detail| detail.get_any_case("value"));
    found.unwrap_or_default()
}

fn outcome(result: Value<'_>, reason: Value<'_>) -> Outcome {
    let word = result.text().unwrap_or_default().to_ascii_lowercase();
    if word == "success" {
        return Outcome::Success;
    }
    if word != "failure" && word != "timeout" {
        return Outcome::Unknown;
    }
    let reason = reason.text().unwrap_or_default().to_ascii_lowercase();
    let is_refused = [
        "denied",
        "unauthorized",
        "forbidden",
        "insufficient privileges",
    ]
    .iter()
    .any(|mark| reason.contains(mark));
    if is_refused {
        Outcome::Denied
    } else {
        Outcome::Failure
    }
}

/// Returns the action of an operation, and what it grants, by the properties that it changes.
fn action_and_grant(op: &str, targets: Value<'_>) -> (Action, Grant) {
    let by_name = classify(op);
    let is_of_application = consent::is_of_application(&plain_name(op));
    if by_name != GrantScope && !is_of_application {
        return (by_name, Grant::default());
    }
    let mut grant = consent::grant(|name| change(targets, name));
    // The target of a consent or an update is the application itself, that of other grants the service that is opened.
    if grant.application.is_none() && (is_of_application || op.starts_with("Consent")) {
        let target = targets.elements().next();
        grant.application = target
            .and_then(|target| target.get_any_case("id"))
            .and_then(microsoft::guid);
    }
    match is_of_application && grant.scopes.is_empty() {
        true => (by_name, Grant::default()),
        false => (GrantScope, grant),
    }
}

/// Returns the old and the new value of a property that is changed.
fn change(targets: Value<'_>, name: &str) -> Option<consent::Change> {
    let changes = targets
        .elements()
        .filter_map(|target| target.get_any_case("modifiedProperties"));
    let change = changes.flat_map(Value::elements).find(|change| {
        let found = change.get_any_case("displayName").and_then(Value::text);
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    })?;
    let text = |member: &str| change.get_any_case(member).and_then(Value::text);
    let new = text("newValue")?.into_owned();
    Some((text("oldValue").unwrap_or_default().into_owned(), new))
}

/// Returns the id of the object that was created, if it can act as a principal.
fn created(targets: Value<'_>) -> Option<String> {
    let may_act = |target: &Value<'_>| {
        let kind = target.get_any_case("type").and_then(Value::text);
        kind.is_none_or(|kind| ACTING_TYPES.iter().any(|t| kind.eq_ignore_ascii_case(t)))
    };
    let target = targets.elements().find(may_act)?;
    microsoft::guid(target.get_any_case("id")?)
}

/// Returns the id of the key that a change added to the description of keys.
fn issued(targets: Value<'_>) -> Option<String> {
    let changes = targets
        .elements()
        .filter_map(|target| target.get_any_case("modifiedProperties"));
    for change in changes.flat_map(Value::elements) {
        let text = |name: &str| change.get_any_case(name).and_then(Value::text);
        let before = text("oldValue").unwrap_or_default();
        let after = text("newValue").unwrap_or_default();
        let key = microsoft::added_key(&before, &after);
        if key.is_some() {
            return key;
        }
    }
    None
}
