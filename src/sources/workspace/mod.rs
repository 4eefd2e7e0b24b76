//! Google Workspace activities of the Admin SDK's Reports API, and of connectors that split them.
//!
//! An activity has one time, one actor and one or more events; each becomes an event. An event's parameters are a list of names
//! and typed values; copies of them in other members are ignored.

pub mod actions;
mod bigquery;
mod parameters;

use rustc_hash::FxHashMap;

use crate::event::Action::*;
use crate::event::{
    Context, Destination, Event, IdentityKind, Outcome, Principal, Provider, Source,
};
use crate::sources::interner::Interner;
use crate::sources::json::{Layout, Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::address;
use crate::sources::parts::factor;
use crate::sources::parts::id::Hash;
use crate::sources::parts::identity;
use crate::sources::parts::instant::instant;
use crate::sources::parts::text::{Column, domain_of, stated_text};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::workspace::parameters::Parameters;
use crate::time::Time;
use crate::vocab::Str;

/// Reads activities.
pub const PARSER: RecordParser = RecordParser::new(Source::GworkspaceReports, recognises, parse);

/// The service of its events.
const SERVICE: &str = "gworkspace";
/// The `kind` of an activity.
const KIND: &[u8] = b"admin#reports#activity";
/// Stands for an unknown customer in identities.
const NO_CUSTOMER: &str = identity::UNKNOWN_ACCOUNT;
/// The profile id of actors without a profile.
const NOBODY: &str = "105250506097979753968";
/// Suffix of the addresses of service accounts.
const SERVICE_ACCOUNT: &str = "gserviceaccount.com";
/// The destination of data that is public: everyone.
const EVERYONE: &str = "*";
/// The most events of one activity; real ones have a handful.
const EVENTS_MAX: usize = 1_000;

fn recognises(object: Object<'_>) -> bool {
    let id = || Column::of(object.get("id"));
    object.get("kind") == Some(Value::Text(KIND))
        || (object.get("id").is_some()
            && ["applicationName", "uniqueQualifier"]
                .iter()
                .all(|name| id().value().get(name).is_some()))
        || bigquery::is_row(object)
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if !bigquery::is_row(object) {
        return parse_activity(object, state);
    }
    let json = bigquery::activity(object);
    match Layout::default().object(&json) {
        Ok((activity, _)) => parse_activity(activity, state),
        Err(error) => Parsed::Rejected(error.into()),
    }
}

fn parse_activity(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let id = Column::of(object.get("id"));
    let stated = stated_text(id.value().get("time")).and_then(|text| instant(&text));
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let activity = Activity::of(object, id.value(), time, state);
    let told = Column::of(object.get("events"));
    let mut seen = EventCounts::default();
    let mut all: Vec<Parsed> = told
        .value()
        .elements()
        .filter(|event| event.get("name").is_some())
        .enumerate()
        .map(|(n, event)| match n {
            0..EVENTS_MAX => Parsed::Event(Box::new(activity.event(event, &mut seen, state))),
            _ => Parsed::Rejected(RejectReason::RecordTooLarge),
        })
        .collect();
    match all.len() {
        0 => Parsed::Skipped(SkipReason::NoAction),
        1 => all.remove(0),
        _ => Parsed::Several(all),
    }
}

/// Number of equal events of an activity, by id.
type EventCounts = FxHashMap<Str, u32>;

/// What all events of an activity have in common.
struct Activity {
    shared: Event,
    customer: Option<Str>,
    application: String,
    qualifier: String,
}

impl Activity {
    fn of(object: Object<'_>, id: Value<'_>, time: Time, state: &mut ParserState) -> Self {
        let interner = &mut state.interner;
        let actor = Column::of(object.get("actor"));
        let customer = stated_text(id.get("customerId")).map(|text| interner.share(&text));
        let application_of_actor = actor.value().path(&["applicationInfo", "oauthClientId"]);
        let application_of_actor = application_of_actor
            .and_then(stated_text)
            .map(|text| interner.share(&text));
        let agent = stated_text(object.get("userAgent")).unwrap_or_default();
        let client = state.clients.of(&agent, interner).clone();
        let peer = stated_text(object.get("ipAddress"))
            .map(|text| address::peer(&text, interner))
            .unwrap_or_default();
        let shared = Event {
            account: customer.clone(),
            regional: false,
            principal: principal(actor.value(), customer.as_deref(), interner),
            application: application_of_actor,
            context: Context {
                console: client.console(peer.ip),
                ..Context::default()
            },
            peer,
            user_agent: client.user_agent,
            client: client.family,
            service: interner.share(SERVICE),
            ..Event::new(
                time,
                Str::default(),
                Provider::Gworkspace,
                Source::GworkspaceReports,
            )
        };
        let text = |name: &str| stated_text(id.get(name)).unwrap_or_default().into_owned();
        Self {
            shared,
            customer,
            application: text("applicationName"),
            qualifier: text("uniqueQualifier"),
        }
    }

    /// Reads one event; `seen` counts those before it.
    fn event(&self, event: Value<'_>, seen: &mut EventCounts, state: &mut ParserState) -> Event {
        let interner = &mut state.interner;
        let name = stated_text(event.get("name")).unwrap_or_default();
        let given = Parameters::of(event.get("parameters").unwrap_or(Value::Null));
        let action = actions::classify(&self.application, &name, &given);
        let failed = actions::failure(&name, &given);
        let outcome = match &failed {
            Some(_) if name == "deny" => Outcome::Denied,
            Some(_) => Outcome::Failure,
            None => Outcome::Success,
        };
        let is_drive = self.application == "drive";
        let application = given
            .text("client_id")
            .or_else(|| given.text("API_CLIENT_NAME"))
            .or_else(|| given.text("OAUTH2_APP_ID"))
            .map(|text| interner.share(&text));
        let scopes = given.texts("scope").or_else(|| given.texts("API_SCOPES"));
        let created = given
            .text("USER_EMAIL")
            .or_else(|| given.text("GROUP_EMAIL"))
            .or_else(|| given.text("group_id"))
            .filter(|_| action == CreateIdentity && failed.is_none())
            .map(|email| canonical(self.customer.as_deref(), &email.to_lowercase(), interner));
        let owner = given
            .text("shared_drive_id")
            .or_else(|| given.text("team_drive_id"))
            .or_else(|| given.text("owner").map(|owner| owner.to_lowercase()))
            .filter(|_| is_drive);
        let is_use = self.application == "token" && name == "activity";
        let object = match action {
            _ if is_drive => given.text("doc_id"),
            // Not an object, but the query.
            EnumerateDirectory | Other if is_use => given.text("method_name"),
            _ => None,
        };
        let mut read = Event {
            op: interner.share(&format!("{}.{name}", self.application)),
            action,
            application: application.or_else(|| self.shared.application.clone()),
            scopes: scopes
                .unwrap_or_default()
                .iter()
                .map(|text| interner.share(text))
                .collect(),
            context: Context {
                mfa: second_factor(&given),
                auth_method: given.text("login_type").map(|text| interner.share(&text)),
                ..self.shared.context.clone()
            },
            container: owner.map(|text| interner.untrusted(&text)),
            object: object.map(|text| interner.untrusted(&text)),
            bytes_out: given.amount("num_response_bytes").filter(|_| is_use),
            destination: destination(&given, is_drive && action == CopyObject, interner),
            outcome,
            error: failed.map(|text| interner.untrusted(&text)),
            created,
            counted: given.truth("primary_event") != Some(false)
                && !actions::DUPLICATES.contains(&&*name),
            ..self.shared.clone()
        };
        read.id = self.id_of(&name, &given, seen);
        read
    }

    /// Returns an id that does not depend on whether a connector split the activity: the activity's id with a hash of the event.
    fn id_of(&self, name: &str, given: &Parameters<'_>, seen: &mut EventCounts) -> Str {
        let mut hash = Hash::default();
        hash.put(Some(&self.application))
            .put(self.customer.as_deref())
            .put(Some(&self.shared.time.to_string()))
            .put(Some(&self.qualifier))
            .put(Some(name));
        for (name, texts) in given.all() {
            hash.put(Some(&name));
            for text in texts {
                hash.put(Some(&text));
            }
        }
        let id = hash.id("gws-");
        // Two equal events are two events.
        let times = seen.entry(id.clone()).or_insert(0);
        *times += 1;
        match *times {
            1 => id,
            n => format!("{id}-{n}").into(),
        }
    }
}

fn canonical(customer: Option<&str>, who: &str, interner: &mut Interner) -> Str {
    interner.share(&format!("gws:{}/{who}", customer.unwrap_or(NO_CUSTOMER)))
}

/// Reads the actor: a profile, an address, a key, or an application.
fn principal(
    actor: Value<'_>,
    customer: Option<&str>,
    interner: &mut Interner,
) -> Option<Principal> {
    let profile = stated_text(actor.get("profileId"));
    let email = stated_text(actor.get("email")).map(|text| text.to_lowercase());
    let key = stated_text(actor.get("key"));
    let application = actor
        .path(&["applicationInfo", "oauthClientId"])
        .and_then(stated_text);
    let is_nobody = profile.as_deref() == Some(NOBODY);
    let profile = profile.filter(|_| !is_nobody);
    let (who, kind) = match (&profile, &email, key, application) {
        (Some(who), email, ..) => (who.to_string(), kind_of(email.as_deref())),
        (None, Some(email), ..) => (email.clone(), kind_of(Some(email))),
        (None, None, Some(key), _) => (format!("key/{key}"), IdentityKind::CloudService),
        (None, None, None, Some(id)) => (format!("app/{id}"), IdentityKind::ServicePrincipal),
        (None, None, None, None) if is_nobody => ("anonymous".into(), IdentityKind::Anonymous),
        _ => return None,
    };
    let mut aliases = Vec::new();
    aliases.extend(profile.map(|text| interner.share(&text)));
    aliases.extend(email.map(|text| interner.share(&text)));
    Some(Principal {
        aliases,
        ..Principal::new(canonical(customer, &who, interner), kind)
    })
}

fn kind_of(email: Option<&str>) -> IdentityKind {
    match email {
        Some(email) if email.ends_with(SERVICE_ACCOUNT) => IdentityKind::ServicePrincipal,
        _ => IdentityKind::Human,
    }
}

/// Returns whether a sign-in used a second factor; a list with only first factors means that it did not.
fn second_factor(given: &Parameters<'_>) -> Option<bool> {
    if given.truth("is_second_factor") == Some(true) {
        return Some(given.text("login_challenge_status").as_deref() != Some("failed"));
    }
    let methods = given.texts("login_challenge_method")?;
    Some(methods.iter().any(|method| factor::is_second(method)))
}

/// Returns the external recipient of a document.
fn destination(given: &Parameters<'_>, is_sharing: bool, interner: &mut Interner) -> Destination {
    if !is_sharing {
        return Destination::default();
    }
    let target = given
        .text("target_domain")
        .filter(|domain| domain != "all")
        .map(|domain| domain.to_lowercase())
        .or_else(|| domain_of(&given.text("target_user")?));
    let account = match actions::is_public(given) {
        true => Some(EVERYONE.to_owned()),
        false => target,
    };
    let external =
        actions::is_shared_outside(given) || given.text("copy_type").as_deref() == Some("external");
    Destination {
        account: account
            .filter(|_| external)
            .map(|text| interner.share(&text)),
        external: external.then_some(true),
        ..Destination::default()
    }
}
