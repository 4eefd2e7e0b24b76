//! Slack audit logs: actions in the workspaces of a grid.
//!
//! Only completed actions are logged, and no reads of the directory.

use std::sync::LazyLock;

use crate::event::Action::*;
use crate::event::{
    Context, Destination, Event, IdentityKind, Outcome, Principal, Provider, Source, cut,
};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::actions::{ActionRow, ActionTable};
use crate::sources::parts::instant::instant;
use crate::sources::parts::text::{Column, stated_text};
use crate::sources::parts::{address, id, identity};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::Str;

/// Reads audit log entries.
pub const PARSER: RecordParser = RecordParser::new(Source::SlackAudit, recognises, parse);

/// The service of its events.
const SERVICE: &str = "slack";
/// Stands for an unknown organisation in identities.
const NO_ORGANISATION: &str = identity::UNKNOWN_ACCOUNT;
/// First letter of the ids of grids only.
const GRID_PREFIX: char = 'E';

#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    (SERVICE, "user_login", Authenticate),
    (SERVICE, "user_login_failed", Authenticate),
    (SERVICE, "user_logout", Authenticate),
    (SERVICE, "user_session_*", Authenticate),
    (SERVICE, "bulk_session_reset_by_admin", Authenticate),
    (SERVICE, "user_created", CreateIdentity),
    (SERVICE, "user_reactivated", CreateIdentity),
    (SERVICE, "guest_created", CreateIdentity),
    (SERVICE, "service_account_created", CreateIdentity),
    (SERVICE, "app_installed", GrantScope),
    (SERVICE, "app_approved", GrantScope),
    (SERVICE, "app_scopes_expanded", GrantScope),
    (SERVICE, "app_resources_granted", GrantScope),
    (SERVICE, "bot_token_upgraded", CreateCredential),
    (SERVICE, "app_token_*", CreateCredential),
    (SERVICE, "app_token_*revoked", Other),
    (SERVICE, "file_downloaded", ReadObject),
    (SERVICE, "file_uploaded", WriteObject),
    (SERVICE, "file_shared", CopyObject),
    (SERVICE, "file_public_link_created", CopyObject),
    // Exports of everything.
    (SERVICE, "manual_export_started", ReadObject),
    (SERVICE, "manual_export_completed", ReadObject),
    (SERVICE, "manual_export_downloaded", ReadObject),
    (SERVICE, "manual_user_export_started", ReadObject),
    (SERVICE, "manual_user_export_completed", ReadObject),
    (SERVICE, "manual_user_export_downloaded", ReadObject),
    (SERVICE, "corporate_exports_*", ReadObject),
    (SERVICE, "scheduled_export_*", ReadObject),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns the action class of an action of this name.
pub fn classify(op: &str) -> crate::event::Action {
    ACTIONS.get(SERVICE, op).unwrap_or(Other)
}

/// Suffixes of actions that announce or duplicate an export; its completion counts.
const DUPLICATES: [&str; 2] = ["_export_started", "_exports_started"];
/// Actions that publish something.
const PUBLISHING: [&str; 1] = ["file_public_link_created"];
/// The destination of data that is public: everyone.
const EVERYONE: &str = "*";

fn recognises(object: Object<'_>) -> bool {
    let is_text =
        |name: &str| matches!(object.get(name), Some(Value::Text(text)) if !text.is_empty());
    if !is_text("action") || object.get("actor").is_none() {
        return false;
    }
    let (actor, context) = (
        Column::of(object.get("actor")),
        Column::of(object.get("context")),
    );
    let has = |column: &Column<'_>, names: &[&str]| {
        names.iter().any(|name| column.value().get(name).is_some())
    };
    // Copies lose time, id and entity.
    has(&actor, &["type"])
        && (object.get("date_create").is_some() || has(&context, &["location", "ip_address", "ua"]))
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let details = Column::of(object.get("details"));
    let stated = object.get("date_create").and_then(stated_text);
    // An anomaly also states the time of the unusual action.
    let stated = stated.or_else(|| stated_text(details.value().get("action_timestamp")));
    match stated.and_then(|text| instant(&text)).or(state.moved_time) {
        Some(time) => {
            let event = event(object, details.value(), time, state);
            Parsed::Event(Box::new(event))
        }
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

fn event(object: Object<'_>, details: Value<'_>, time: Time, state: &mut ParserState) -> Event {
    let [actor, entity, context] =
        ["actor", "entity", "context"].map(|name| Column::of(object.get(name)));
    let (actor, entity, context) = (actor.value(), entity.value(), context.value());
    let location = context.get("location").unwrap_or(Value::Null);
    let entity_kind = stated_text(entity.get("type")).unwrap_or_default();
    // The entity is in a member named after its type.
    let thing = entity.get(&entity_kind).unwrap_or(Value::Null);

    let client = state
        .clients
        .of(
            &stated_text(context.get("ua")).unwrap_or_default(),
            &mut state.interner,
        )
        .clone();
    let interner = &mut state.interner;
    let op = interner.share(&stated_text(object.get("action")).unwrap_or_default());
    let action = classify(&op);
    let organisation = organisation(actor, location);
    let peer = stated_text(context.get("ip_address"))
        .map(|text| address::peer(&text, interner))
        .unwrap_or_default();

    let app = entity.get("app").unwrap_or(Value::Null);
    let application = stated_text(app.get("id"))
        .or_else(|| stated_text(details.get("app_id")))
        .map(|id| interner.share(&id));
    let scopes = details
        .get("new_scopes")
        .or_else(|| app.get("scopes"))
        .unwrap_or(Value::Null);
    let account = stated_text(location.get("id"))
        .or_else(|| organisation.as_deref().map(Into::into))
        .map(|id| interner.share(&id));
    let is_data = matches!(action, ReadObject | WriteObject | CopyObject);
    let thing_id = stated_text(thing.get("id"));
    let created = thing_id
        .as_deref()
        .filter(|_| action == CreateIdentity)
        .map(|id| canonical(organisation.as_deref(), id, interner));
    let destination = if PUBLISHING.contains(&&*op) {
        Destination {
            account: Some(interner.share(EVERYONE)),
            external: Some(true),
            ..Destination::default()
        }
    } else {
        Destination::default()
    };
    let failed = op.ends_with("_failed");
    let mut event = Event {
        regional: false,
        principal: principal(actor, organisation.as_deref(), interner),
        credential: stated_text(context.get("session_id")).map(|id| interner.share(&id)),
        application,
        scopes: shared(scopes, interner),
        context: Context {
            console: client.console(peer.ip),
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action,
        service: interner.share(SERVICE),
        container: account
            .as_ref()
            .filter(|_| is_data)
            .map(|id| interner.untrusted(id)),
        object: thing_id
            .filter(|_| is_data)
            .map(|id| interner.untrusted(&id)),
        destination,
        account,
        outcome: if failed {
            Outcome::Failure
        } else {
            Outcome::Success
        },
        created,
        counted: !DUPLICATES.iter().any(|end| op.ends_with(end)),
        op,
        ..Event::new(time, Str::default(), Provider::Slack, Source::SlackAudit)
    };
    event.id = match stated_text(object.get("id")) {
        Some(id) => cut(&id, 256).into(),
        None => id::of_parts(
            "slack-",
            &[
                Some(&event.time.to_string()),
                Some(&event.op),
                event.principal.as_ref().map(|p| &*p.id),
                event.account.as_deref(),
                event.peer.ip.map(|ip| ip.to_string()).as_deref(),
                event.application.as_deref(),
                stated_text(thing.get("id")).as_deref(),
            ],
        ),
    };
    event
}

/// Returns the grid of an entry. If it is not stated, the user's own workspace comes before the workspace of the action, because
/// the former does not change.
fn organisation(actor: Value<'_>, location: Value<'_>) -> Option<String> {
    let team = actor.path(&["user", "team"]).and_then(stated_text);
    let place = stated_text(location.get("id"));
    let is_grid = stated_text(location.get("type")).as_deref() == Some("enterprise");
    let grid = place
        .clone()
        .filter(|_| is_grid)
        .or_else(|| team.clone().filter(|team| team.starts_with(GRID_PREFIX)));
    grid.or(team).or(place).map(|id| id.into_owned())
}

fn canonical(organisation: Option<&str>, id: &str, interner: &mut Interner) -> Str {
    let organisation = organisation.unwrap_or(NO_ORGANISATION);
    interner.share(&format!("slack:{organisation}/{id}"))
}

fn principal(
    actor: Value<'_>,
    organisation: Option<&str>,
    interner: &mut Interner,
) -> Option<Principal> {
    let kind = stated_text(actor.get("type"))?;
    let who = actor.get(&kind)?;
    let id = stated_text(who.get("id"))?;
    let mut aliases = vec![interner.share(&id)];
    if let Some(email) = stated_text(who.get("email")) {
        aliases.push(interner.share(&email.to_lowercase()));
    }
    let kind = match &*kind {
        "user" => IdentityKind::Human,
        "app" | "bot" | "workflow" | "service_account" => IdentityKind::ServicePrincipal,
        "system" => IdentityKind::CloudService,
        _ => IdentityKind::Unknown,
    };
    Some(Principal {
        aliases,
        ..Principal::new(canonical(organisation, &id, interner), kind)
    })
}

/// Shares the texts of a list; of a very long list only the first.
fn shared(list: Value<'_>, interner: &mut Interner) -> Vec<Str> {
    const TEXTS_MAX: usize = 256;
    list.elements()
        .filter_map(stated_text)
        .take(TEXTS_MAX)
        .map(|text| interner.share(&text))
        .collect()
}
