//! The Azure Activity log: operations on resources, as event hubs, the REST API, SDK dumps and tables write them.
//!
//! One action writes several records. The first of them is skipped, and only the last counts.

pub mod actions;
mod blinding;
mod body;
pub mod caller;
mod expiry;
mod replication;

use std::borrow::Cow;

use crate::event::{Action, Context, Event, Outcome, Provider, Source, Untrusted};
use crate::sources::azure::activity::caller::{Caller, claim};
use crate::sources::json::{Layout, Object, Value};
use crate::sources::microsoft::{self, embedded, part_of, pick, record};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::id;
use crate::sources::portal;
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::vocab::Str;

/// Reads the Azure Activity log.
pub const PARSER: RecordParser =
    RecordParser::new(Source::AzureActivity, recognises, parse).with_tables(is_header);

/// Categories of operations. The last three are older names of the first.
const CATEGORIES: [&str; 4] = ["Administrative", "Write", "Delete", "Action"];
/// Categories that are not operations: notices of the provider, and evaluations of operations that have their own records.
const NOTICES: [&str; 7] = [
    "ServiceHealth",
    "ResourceHealth",
    "Alert",
    "Autoscale",
    "Security",
    "Recommendation",
    "Policy",
];
const TABLES: [&str; 1] = ["AzureActivity"];

/// The location of resources without one.
const GLOBAL: &str = "global";

/// Returns a word that the REST API and the SDK wrap into an object with its translation.
fn word(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Object(_) => value.get_any_case("value").and_then(Value::text),
        _ => value.text(),
    }
}

/// Returns whether a text is an operation on a resource: `Microsoft.Storage/storageAccounts/write`.
fn is_operation(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(provider, rest)| provider.contains('.') && !rest.is_empty())
        && !text.contains([' ', ':'])
}

fn recognises(object: Object<'_>) -> bool {
    if portal::is_row(object, &portal::OF_ACTIVITY) {
        return true;
    }
    let [category, op, table_op, event, caller, rights, request] = pick(
        object.members(),
        [
            "category",
            "operationname",
            "operationnamevalue",
            "eventdataid",
            "caller",
            "authorization",
            "httprequest",
        ],
    );
    if table_op.is_present() || microsoft::is_one_of(object, "type", &TABLES) {
        return true;
    }
    let has_op = || word(op).is_some_and(|op| is_operation(&op));
    if event.is_present() {
        return [caller, rights, request].iter().any(|v| v.is_present()) || has_op();
    }
    word(category).is_some_and(|category| {
        let is_it = |known: &&str| category.eq_ignore_ascii_case(known);
        CATEGORIES.iter().chain(&NOTICES).any(is_it)
    }) && has_op()
}

fn is_header(names: &[&str]) -> bool {
    names.contains(&"OperationNameValue") || portal::is_header(names, &portal::OF_ACTIVITY)
}

record! {
    /// The members of a record that are read, where an object or the columns of a table may hold the same.
    Record {
        time = "time",
        timestamp = "eventtimestamp",
        generated = "timegenerated",
        table_op = "operationnamevalue",
        op = "operationname",
        category_value = "categoryvalue",
        category = "category",
        status_value = "activitystatusvalue",
        activity_status = "activitystatus",
        status = "status",
        result = "resulttype",
        sub_status_value = "activitysubstatusvalue",
        sub_status = "substatus",
        signature = "resultsignature",
        id = "eventdataid",
        correlation = "correlationid",
        resource = "resourceid",
        subscription = "subscriptionid",
        location = "location",
        identity = "identity",
        claims_column = "claimsd",
        claims = "claims",
        rights_column = "authorizationd",
        rights = "authorization",
        request = "httprequest",
        caller = "caller",
        caller_ip = "calleripaddress",
        properties_column = "propertiesd",
        properties = "properties",
    }
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if portal::may_be_row(object, &portal::OF_ACTIVITY) {
        let json = portal::activity(object);
        return match Layout::default().object(&json) {
            Ok((record, _)) => parse_record(record, state),
            Err(error) => Parsed::Rejected(error.into()),
        };
    }
    parse_record(object, state)
}

fn parse_record(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let mut buffers: [Vec<u8>; 5] = Default::default();
    let [
        claims_buffer,
        rights_buffer,
        request_buffer,
        identity_buffer,
        evidence_buffer,
    ] = &mut buffers;
    let r = Record::of(object.members());
    let first = |values: &[Value<'_>]| values.iter().find_map(|v| Some(word(*v)?.into_owned()));
    let category = first(&[r.category_value, r.category]).unwrap_or_default();
    if NOTICES
        .iter()
        .any(|known| category.eq_ignore_ascii_case(known))
    {
        return Parsed::Skipped(SkipReason::ServiceNotice);
    }
    let status =
        first(&[r.status_value, r.activity_status, r.status, r.result]).unwrap_or_default();
    let sub_status = first(&[r.sub_status_value, r.sub_status, r.signature]).unwrap_or_default();
    let Some(stage) = Stage::of(&status, &sub_status) else {
        return Parsed::Skipped(SkipReason::ActionBegun);
    };
    let stated = microsoft::time_of(&[r.timestamp, r.time, r.generated]);
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };

    let identity = embedded(r.identity, identity_buffer);
    let nested = |name: &str| identity.get_any_case(name).unwrap_or_default();
    let claims = embedded(
        some_of([r.claims_column, r.claims, nested("claims")]),
        claims_buffer,
    );
    let rights = embedded(
        some_of([r.rights_column, r.rights, nested("authorization")]),
        rights_buffer,
    );
    let evidence = rights.get_any_case("evidence").unwrap_or_default();
    let evidence = embedded(evidence, evidence_buffer);
    let request = embedded(r.request, request_buffer);
    let request_ip = pick(request.members(), ["clientipaddress"])[0];

    let [
        oid,
        tid,
        scope,
        roles,
        methods,
        upn,
        name,
        app,
        kind,
        token,
        proof,
        ip,
    ] = claims.pick([
        claim::OBJECT,
        claim::TENANT,
        claim::SCOPE,
        "roles",
        claim::METHODS,
        claim::UPN,
        claim::NAME,
        "appid",
        "idtyp",
        "uti",
        "appidacr",
        "ipaddr",
    ]);
    let tenant = microsoft::guid(tid).or_else(|| microsoft::tenant(object, Value::Null));
    let interner = &mut state.interner;
    let who = Caller {
        tenant: tenant.as_deref(),
        object: oid,
        names: [upn, name, r.caller],
        kind,
        evidence,
    };
    let principal = who.principal(interner);
    let application = microsoft::guid(app);
    let methods = methods.text();
    let mfa = methods
        .as_deref()
        .map(|methods| methods.split([',', ' ']).any(|m| m == "mfa"));
    let auth_method = methods
        .or_else(|| microsoft::client_proof(proof))
        .map(|method| interner.share(&method));
    let mut scopes = microsoft::scopes(scope, interner);
    scopes.extend(microsoft::scopes(roles, interner));
    let peer = microsoft::peer(&[r.caller_ip, request_ip, ip], interner);

    let op = first(&[r.table_op, r.op])
        .unwrap_or_default()
        .trim()
        .to_uppercase();
    let resource = word(r.resource).unwrap_or_default();
    let account = part_of(&resource, "subscriptions")
        .map(str::to_lowercase)
        .or_else(|| microsoft::guid(r.subscription));
    let region = microsoft::region(r.location, interner);
    let container = container(&resource).map(|text| interner.untrusted(&text));
    let by_name = actions::classify(&op);
    let set = some_of([r.properties_column, r.properties]);
    let (action, items, blinding, destination) = body::with_body(set, |body| {
        let blinding = blinding::blinding(&op, &resource, by_name, body, interner);
        let rules = match by_name {
            Action::WritePosture => expiry::expiring_rules(body),
            _ => 0,
        };
        let action = match (&blinding, rules) {
            (Some(_), _) => Action::BlindLog,
            (None, 1..) => Action::ExpireObjects,
            (None, 0) => by_name,
        };
        let destination =
            (action == Action::CopyObject).then(|| replication::destination(body, interner));
        (action, (rules > 0).then_some(rules), blinding, destination)
    });
    // What is outside storage has no container.
    let is_thing = matches!(action, Action::DeleteBucket | Action::StartCompute);
    let object = (is_thing && container.is_none()).then_some(&*resource);
    let code = if sub_status.is_empty() {
        &status
    } else {
        &sub_status
    };
    let error = (!stage.outcome.has_worked()).then(|| interner.untrusted(code));
    let service = op.split('/').next().unwrap_or_default().to_lowercase();
    let client = microsoft::client(Value::Null, application.as_deref(), state);
    let interner = &mut state.interner;
    let mut event = Event {
        account: account.as_deref().map(|text| interner.share(text)),
        regional: region.as_deref() != Some(GLOBAL),
        region,
        principal,
        credential: microsoft::shared(token, interner),
        application: application.as_deref().map(|id| interner.share(id)),
        scopes,
        context: Context {
            mfa,
            auth_method,
            ..Context::default()
        },
        peer,
        client: client.family,
        action,
        op: interner.share(&op),
        service: interner.share(&service),
        container,
        object: object.map(|id| interner.untrusted(id)),
        items,
        blinding: blinding.map(Box::new),
        destination: destination.unwrap_or_default(),
        outcome: stage.outcome,
        error,
        counted: stage.is_last,
        ..Event::new(time, Str::default(), Provider::Azure, Source::AzureActivity)
    };
    event.id = match r.id.text() {
        Some(id) => crate::event::cut(&id, Untrusted::BYTES_MAX).into(),
        None => id::of_parts(
            "aa-",
            &[
                r.correlation.text().as_deref(),
                Some(&op),
                Some(&status.to_ascii_lowercase()),
                Some(&resource.to_lowercase()),
                Some(&time.to_string()),
                event.principal.as_ref().map(|p| &*p.id),
            ],
        ),
    };
    Parsed::Event(Box::new(event))
}

/// Returns the first of these that holds something.
fn some_of<const N: usize>(values: [Value<'_>; N]) -> Value<'_> {
    values
        .into_iter()
        .find(|value| value.is_present())
        .unwrap_or_default()
}

/// The stage of an operation that a record is about.
struct Stage {
    outcome: Outcome,
    is_last: bool,
}

impl Stage {
    /// Reads the status and sub-status; `None` for the start of an operation, because its end has a record too.
    fn of(status: &str, sub_status: &str) -> Option<Self> {
        let status = status.to_ascii_lowercase();
        let beside = sub_status.to_ascii_lowercase();
        let says = |marks: &[&str]| marks.iter().any(|mark| beside.contains(mark));
        let of = |outcome, is_last| Some(Self { outcome, is_last });
        match &*status {
            "start" | "started" | "inprogress" | "in progress" | "active" => None,
            // The operation was accepted and runs later.
            "accept" | "accepted" => of(Outcome::Success, false),
            _ if status.starts_with("succe") || status == "resolved" => of(Outcome::Success, true),
            _ if status.starts_with("fail") || status.starts_with("cancel") => {
                let outcome = if says(&[
                    "forbidden",
                    "unauthorized",
                    "403",
                    "401",
                    "authorizationfailed",
                ]) {
                    Outcome::Denied
                } else if says(&["toomanyrequests", "429"]) {
                    Outcome::Throttled
                } else {
                    Outcome::Failure
                };
                of(outcome, true)
            }
            _ => of(Outcome::Unknown, true),
        }
    }
}

/// Returns the container of a storage account's resource, or the storage account where it is about all of them.
fn container(resource: &str) -> Option<String> {
    let account = part_of(resource, "storageAccounts")?.to_lowercase();
    let container = ["containers", "shares", "queues", "tables"]
        .iter()
        .find_map(|kind| part_of(resource, kind));
    Some(match container {
        Some(container) => format!("{account}/{}", container.to_lowercase()),
        None => account,
    })
}
