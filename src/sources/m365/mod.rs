//! The Microsoft 365 unified audit log: records of the management interface, rows of its exports, and of `OfficeActivity`.
//!
//! An export's row holds the record as JSON text; other columns are used only if the record is cut. One record of
//! accessed mail may cover several folders, and each becomes an event.

pub mod actions;
mod blinding;
mod caller;
mod record;
mod target;

use crate::event::Action::*;
use crate::event::{Context, Event, Outcome, Provider, Source, cut};
use crate::sources::consent::{self, Grant};
use crate::sources::json::{Layout, Object, Value};
use crate::sources::m365::record::{Record, named};
use crate::sources::microsoft;
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::instant::instant;
use crate::sources::parts::text::{Column, is_guid, stated_text};
use crate::sources::parts::{address, id};
use crate::sources::report::{Parsed, RejectReason};
use crate::time::Time;
use crate::vocab::Str;

/// Reads records of the unified audit log.
pub const PARSER: RecordParser =
    RecordParser::new(Source::M365Ual, recognises, parse).with_tables(is_header);

/// The service of events without a workload.
const SERVICE: &str = "m365";
/// The operation whose records cover several folders.
const MAIL_ACCESS: &str = "MailItemsAccessed";
/// Reasons for a failed sign-in to an account that does not exist.
const NO_ACCOUNT: [&str; 2] = ["UserAccountNotFound", "50034"];
/// Programs that are identified by their application id better than by their user agent.
const PROGRAMS: [(&str, &str); 3] = [
    ("fb78d390-0c51-40cd-8e17-fdbfab77341b", "exo-powershell"),
    ("1b730954-1685-4b74-9bfd-dac224a7b894", "msol-powershell"),
    ("14d82eec-204b-4c2f-b7e8-296a70dab67e", "graph-powershell"),
];
/// The longest id, in bytes; longer ids are cut.
const ID_BYTES_MAX: usize = 256;

fn recognises(object: Object<'_>) -> bool {
    let has = |name: &str| named(object, name).is_some();
    let is_row = || has("timegenerated") && !has("operationname");
    if !has("operation") {
        // A row around a record, which may be missing.
        return has("auditdata") || (has("operations") && has("userids") && has("creationdate"));
    }
    has("auditdata")
        || has("officeworkload")
        || (has("recordtype") && (has("creationtime") || has("organizationid") || is_row()))
        || (is_row() && (has("parameters") || has("userid") || has("clientip")))
}

fn is_header(names: &[&str]) -> bool {
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let has_who = ["UserId", "ClientIP", "Parameters", "RecordType"]
        .into_iter()
        .any(has);
    has("AuditData")
        || has("OfficeWorkload")
        || (has("Operation") && (has("TimeGenerated") || has("CreationTime")) && has_who)
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let data = Column::of(named(object, "auditdata"));
    let mut layout = Layout::default();
    let inner = match data.value() {
        Value::Object(text) => layout.object(text).ok().map(|(inner, _)| inner),
        _ => None,
    };
    let record = Record {
        inner,
        outer: object,
    };
    let Some(time) = time_of(&record).or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let event = event(&record, time, state);
    let folders = match event.op.eq_ignore_ascii_case(MAIL_ACCESS) {
        true => target::folders(&record, &mut state.interner),
        false => Vec::new(),
    };
    let is_one = folders.len() < 2;
    let mut all = folders.into_iter().enumerate().map(|(n, folder)| {
        let id: Str = match is_one {
            true => event.id.clone(),
            false => format!("{}/{n}", event.id).into(),
        };
        Parsed::Event(Box::new(Event {
            id,
            object: folder.path,
            items: folder.items.or(event.items.filter(|_| is_one)),
            ..event.clone()
        }))
    });
    if is_one {
        return all.next().unwrap_or(Parsed::Event(Box::new(event.clone())));
    }
    Parsed::Several(all.collect())
}

/// Returns the time of the act.
///
/// A row of a table has two columns without saying which of them is the time of the act: `OfficeActivity` has it in
/// `TimeGenerated`, other tables in `StartTime`, and the respective other one may be stamped at ingestion. Ingestion follows
/// the act, so the earlier time is the right one.
fn time_of(r: &Record<'_>) -> Option<Time> {
    let time = |name: &str| r.text(&[name]).and_then(|text| instant(&text));
    let of_row = || {
        [time("timegenerated"), time("starttime")]
            .into_iter()
            .flatten()
            .min()
    };
    time("creationtime")
        .or_else(of_row)
        .or_else(|| time("creationdate"))
}

fn event(r: &Record<'_>, time: Time, state: &mut ParserState) -> Event {
    let agent = r
        .text(&["useragent"])
        .or_else(|| r.text(&["clientinfostring"]))
        .map(|text| text.into_owned())
        .or_else(|| r.listed("extendedproperties", "UserAgent"));
    let client = state
        .clients
        .of(&agent.unwrap_or_default(), &mut state.interner)
        .clone();
    let interner = &mut state.interner;
    let op = r.text(&["operation", "operations"]).unwrap_or_default();
    let op = op.trim_end_matches(['.', ' ', '\u{a0}']);
    let plain = op.to_lowercase();
    let workload = r.text(&["workload", "officeworkload"]);
    let workload = workload.map_or_else(|| SERVICE.to_owned(), |text| text.to_lowercase());
    let by_name = actions::classify(&workload, &plain);
    let grant = match by_name == GrantScope || consent::is_of_application(&plain) {
        true => consent::grant(|name| change(r, name)),
        false => Grant::default(),
    };
    let widens = consent::is_of_application(&plain) && !grant.scopes.is_empty();
    let blinding = blinding::blinding(r, &plain, by_name, interner);
    let action = match target::resolve_action(by_name, &plain, r) {
        Other if blinding.is_some() => BlindLog,
        Other if widens => GrantScope,
        action => action,
    };

    let tenant = caller::tenant(r, interner);
    let (outcome, error) = outcome_and_error(r, &plain);
    // A sign-in under a name that does not exist has no principal.
    let principal = caller::principal(r, tenant.as_deref(), interner).filter(|_| {
        !error
            .as_deref()
            .is_some_and(|why| NO_ACCOUNT.contains(&why))
    });
    let own = r
        .text(&["organizationname"])
        .map(|text| text.to_lowercase());
    let target = target::target(r, &plain, action, own.as_deref(), interner);
    let access = r.column("appaccesscontext");
    let accessed = |name: &str| access.value().get_any_case(name).and_then(stated_text);
    // The object of a consent or an update is the application itself, that of other grants the service that is opened.
    let is_its_own = consent::is_of_application(&plain) || plain == "consent to application";
    let given_to = grant
        .application
        .filter(|_| action == GrantScope)
        .or_else(|| {
            let object = r.text(&["objectid"]).filter(|id| is_guid(id));
            let object = object.filter(|_| action == GrantScope && is_its_own)?;
            Some(object.to_lowercase())
        });
    let application = given_to
        .map(Into::into)
        .or_else(|| accessed("ClientAppId"))
        .or_else(|| r.text(&["clientappid"]))
        .or_else(|| r.text(&["appid"]))
        .or_else(|| r.text(&["applicationid"]))
        .map(|text| interner.share(&text.to_lowercase()));
    let family = application.as_deref().and_then(|id| {
        let found = PROGRAMS.iter().find(|(known, _)| *known == id);
        found.map(|(_, family)| *family)
    });
    let credential = accessed("UniqueTokenId")
        .or_else(|| accessed("AADSessionId"))
        .or_else(|| r.text(&["sessionid"]))
        .map(|text| text.into_owned())
        .or_else(|| r.listed("deviceproperties", "SessionId"));
    let peer = r
        .text(&["clientip", "clientipaddress", "actoripaddress", "actorip"])
        .map(|text| address::peer(&text, interner))
        .unwrap_or_default();
    let worked = match outcome {
        Outcome::Success => true,
        // Many records of what was done have no status; one with an error did not work.
        Outcome::Unknown => error.is_none(),
        _ => false,
    };
    let issued = key_id(r).filter(|_| action == CreateCredential && worked);
    let auth_method = r.text(&["authtype", "authenticationtype", "tokentype"]);
    let home = r.text(&["actorcontextid"]).filter(|text| is_guid(text));

    let mut event = Event {
        regional: false,
        created: Some(action)
            .filter(|action| *action == CreateIdentity && worked)
            .and_then(|_| caller::created(r, tenant.as_deref(), interner)),
        account: tenant,
        principal,
        credential: credential.map(|text| interner.share(&text)),
        application,
        scopes: grant
            .scopes
            .iter()
            .map(|text| interner.share(text))
            .collect(),
        blinding: blinding.filter(|_| action == BlindLog).map(Box::new),
        context: Context {
            console: client.console(peer.ip),
            auth_method: auth_method.map(|text| interner.share(&text)),
            session_start: accessed("IssuedAtTime").and_then(|text| instant(&text)),
            actor_account: home.map(|text| interner.share(&text.to_lowercase())),
            device_managed: device_managed(r),
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: family.map_or(client.family, |family| interner.share(family)),
        action,
        service: interner.share(&workload),
        op: interner.share(op),
        container: target.container,
        object: target.object,
        items: target.items,
        copied_from: target.copied_from,
        destination: target.destination,
        outcome,
        error: error.map(|text| interner.untrusted(&text)),
        issued: issued.map(|text| interner.share(&text)),
        ..Event::new(time, Str::default(), Provider::M365, Source::M365Ual)
    };
    event.id = event_id(r, &event);
    event
}

/// Returns an id that is the same for every delivery: the record's id, or a hash of what it says.
fn event_id(r: &Record<'_>, event: &Event) -> Str {
    if let Some(id) = r.text(&["id"]) {
        return cut(&id, ID_BYTES_MAX).into();
    }
    if let Some(id) = r.text(&["officeid", "sourcerecordid"]) {
        // The table has several rows with one id, which differ in their start time.
        return format!("{}@{}", cut(&id, ID_BYTES_MAX), event.time).into();
    }
    let of_row = r.text(&["recordid", "identity"]);
    if let Some(id) = of_row.filter(|id| r.get(&["auditdata"]).is_some() && is_guid(id)) {
        return (*id).into();
    }
    let parameters = r.get(&["parameters"]).map(Value::json);
    let parameters = parameters.map(String::from_utf8_lossy);
    id::of_parts(
        "m365-",
        &[
            Some(&event.time.to_string()),
            Some(&event.op),
            event.account.as_deref(),
            event.principal.as_ref().map(|p| &*p.id),
            r.text(&["clientip", "clientipaddress"]).as_deref(),
            r.text(&["objectid", "officeobjectid"]).as_deref(),
            parameters.as_deref(),
        ],
    )
}

/// Reads the outcome, and the reason if it failed. The status of a sign-in only shows that there was an answer.
fn outcome_and_error(r: &Record<'_>, op: &str) -> (Outcome, Option<String>) {
    let code = r
        .text(&["errorcode", "errornumber"])
        .filter(|code| code != "0");
    let why = r
        .text(&["logonerror"])
        .or_else(|| code.clone())
        .map(|text| text.into_owned());
    let is_sign_in = matches!(op, "userloggedin" | "userloginfailed");
    if is_sign_in && (why.is_some() || op == "userloginfailed") {
        let by_code = code.and_then(|code| code.parse().ok());
        let outcome = match by_code.and_then(microsoft::sign_in_outcome) {
            Some(outcome) => outcome,
            None if why.as_deref().is_some_and(|why| why.starts_with("Blocked")) => Outcome::Denied,
            None => Outcome::Failure,
        };
        return (outcome, why);
    }
    let status = r.text(&["resultstatus"]).map(|text| text.to_lowercase());
    match status.as_deref() {
        Some("succeeded" | "success" | "partiallysucceeded" | "true") => (Outcome::Success, None),
        Some(status @ ("failed" | "failure" | "false")) => {
            (Outcome::Failure, why.or_else(|| Some(status.to_owned())))
        }
        _ => (Outcome::Unknown, why),
    }
}

/// Returns whether the device is managed, if that is stated.
fn device_managed(r: &Record<'_>) -> Option<bool> {
    let stated = ["IsCompliantAndManaged", "IsCompliant"].map(|name| {
        let text = r.listed("deviceproperties", name)?;
        Some(text.eq_ignore_ascii_case("true"))
    });
    stated.into_iter().flatten().reduce(|a, b| a || b)
}

/// Returns the id of a key that was added: it is among the new keys and not among the old ones.
fn key_id(r: &Record<'_>) -> Option<String> {
    let properties = r.column("modifiedproperties");
    properties.value().elements().find_map(|property| {
        let text = |name: &str| property.get_any_case(name).and_then(stated_text);
        let (new, old) = (text("NewValue")?, text("OldValue").unwrap_or_default());
        microsoft::added_key(&old, &new)
    })
}

/// Returns the old and the new value of a property that a record changes.
fn change(r: &Record<'_>, name: &str) -> Option<consent::Change> {
    let properties = r.column("modifiedproperties");
    let mut changed = properties.value().elements();
    let property = changed.find(|property| {
        let found = property.get_any_case("Name").and_then(stated_text);
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    })?;
    let text = |member: &str| {
        let text = property.get_any_case(member).and_then(stated_text);
        text.map(|text| text.into_owned())
    };
    let new = text("NewValue").or_else(|| text("Value"))?;
    Some((text("OldValue").unwrap_or_default(), new))
}
