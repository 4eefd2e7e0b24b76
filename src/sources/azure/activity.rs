//! The Azure Activity log: what is done to resources, in the spellings of event hubs, interface, SDK dumps and table.
//!
//! One action writes several records. The first of them is skipped, and only the last counts.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::event::Action::{self, *};
use crate::event::{Context, Event, IdentityKind, Outcome, Principal, Provider, Source, Untrusted};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::microsoft::{self, Actor, opened, part_of, pick};
use crate::sources::parts::actions::{Actions, Row};
use crate::sources::parts::id;
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::{Format, Memory};
use crate::vocab::Str;

/// How the Azure Activity log is read.
pub const FORMAT: Format = Format::new(Source::AzureActivity, recognises, parse).with_tables(heads);

/// Categories of what somebody does. The last three are the older names of the first.
const CATEGORIES: [&str; 4] = ["Administrative", "Write", "Delete", "Action"];
/// Categories of what nobody does: notices of the provider, and evaluations of what has records of its own.
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

/// The location of what has none.
const GLOBAL: &str = "global";

/// Operations, in upper case.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/REGENERATEKEY/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTACCOUNTSAS/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTSERVICESAS/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/DELETE", DeleteObject),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/OBJECTREPLICATIONPOLICIES/WRITE", CopyObject),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/MANAGEMENTPOLICIES/*", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/WRITE", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/CONTAINERS/DELETE", DeleteObject),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/CONTAINERS/IMMUTABILITYPOLICIES/*", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/FILESERVICES/WRITE", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/FILESERVICES/SHARES/DELETE", DeleteObject),
    ("", "MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/WRITE", CreateIdentity),
    ("", "MICROSOFT.COMPUTE/DISKS/BEGINGETACCESS/ACTION", CopyObject),
    ("", "MICROSOFT.COMPUTE/SNAPSHOTS/BEGINGETACCESS/ACTION", CopyObject),
    ("", "MICROSOFT.KEYVAULT/VAULTS/ACCESSPOLICIES/WRITE", WritePosture),
    ("", "*/LISTKEYS/ACTION", CreateCredential),
    ("", "*/LISTCREDENTIALS/ACTION", CreateCredential),
    // Azure does not log reads; records that say otherwise were made by hand, and mean what they say.
    ("", "*/READ", ReadPosture),
];

static ACTIONS: LazyLock<Actions> = LazyLock::new(|| Actions::new(ROWS));

/// Names of claims in a token.
mod claim {
    pub const OBJECT: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    pub const TENANT: &str = "http://schemas.microsoft.com/identity/claims/tenantid";
    pub const SCOPE: &str = "http://schemas.microsoft.com/identity/claims/scope";
    pub const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";
    pub const UPN: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
    pub const NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
}

/// Returns a word that interface and SDK wrap into an object with its translation.
fn word(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Object(_) => value.get_any_case("value").and_then(Value::text),
        _ => value.text(),
    }
}

/// Tells whether a text is an operation on a resource: `Microsoft.Storage/storageAccounts/write`.
fn is_operation(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(provider, rest)| provider.contains('.') && !rest.is_empty())
        && !text.contains([' ', ':'])
}

fn recognises(object: Object<'_>) -> bool {
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
        CATEGORIES.iter().chain(&NOTICES).any(|known| is_it(&known))
    }) && has_op()
}

fn heads(names: &[&str]) -> bool {
    names.contains(&"OperationNameValue")
}

fn parse(object: Object<'_>, memory: &mut Memory) -> Parsed {
    let mut rooms: [Vec<u8>; 5] = Default::default();
    let [
        claims_room,
        rights_room,
        request_room,
        identity_room,
        evidence_room,
    ] = &mut rooms;
    let [
        time,
        timestamp,
        generated,
        table_op,
        op,
        category_value,
        category,
        status_value,
        activity_status,
        status,
        result,
        sub_status_value,
        sub_status,
        signature,
        event_id,
        correlation,
        resource,
        subscription,
        location,
        identity,
        claims_column,
        claims,
        rights_column,
        rights,
        request,
        caller,
        caller_ip,
    ] = pick(
        object.members(),
        [
            "time",
            "eventtimestamp",
            "timegenerated",
            "operationnamevalue",
            "operationname",
            "categoryvalue",
            "category",
            "activitystatusvalue",
            "activitystatus",
            "status",
            "resulttype",
            "activitysubstatusvalue",
            "substatus",
            "resultsignature",
            "eventdataid",
            "correlationid",
            "resourceid",
            "subscriptionid",
            "location",
            "identity",
            "claimsd",
            "claims",
            "authorizationd",
            "authorization",
            "httprequest",
            "caller",
            "calleripaddress",
        ],
    );
    let first = |values: &[Value<'_>]| values.iter().find_map(|v| Some(word(*v)?.into_owned()));
    let category = first(&[category_value, category]).unwrap_or_default();
    if NOTICES
        .iter()
        .any(|known| category.eq_ignore_ascii_case(known))
    {
        return Parsed::Skipped(SkipReason::ServiceNotice);
    }
    let status = first(&[status_value, activity_status, status, result]).unwrap_or_default();
    let sub_status = first(&[sub_status_value, sub_status, signature]).unwrap_or_default();
    let Some(stage) = Stage::of(&status, &sub_status) else {
        return Parsed::Skipped(SkipReason::ActionBegun);
    };
    let Some(time) = microsoft::time_of(&[timestamp, time, generated]) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };

    let identity = opened(identity, identity_room);
    let nested = |name: &str| identity.get_any_case(name).unwrap_or_default();
    let claims = opened(
        some_of([claims_column, claims, nested("claims")]),
        claims_room,
    );
    let rights = opened(
        some_of([rights_column, rights, nested("authorization")]),
        rights_room,
    );
    let evidence = rights.get_any_case("evidence").unwrap_or_default();
    let evidence = opened(evidence, evidence_room);
    let request = opened(request, request_room);
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
    let interner = &mut memory.interner;
    let who = Caller {
        tenant: tenant.as_deref(),
        object: oid,
        names: [upn, name, caller],
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
    let peer = microsoft::peer(&[caller_ip, request_ip, ip], interner);

    let op = first(&[table_op, op])
        .unwrap_or_default()
        .trim()
        .to_uppercase();
    let resource = word(resource).unwrap_or_default();
    let account = part_of(&resource, "subscriptions")
        .map(str::to_lowercase)
        .or_else(|| microsoft::guid(subscription));
    let region = microsoft::region(location, interner);
    let container = container(&resource).map(|text| interner.untrusted(&text));
    let error = (!matches!(stage.outcome, Outcome::Success | Outcome::Unknown))
        .then(|| {
            if sub_status.is_empty() {
                &status
            } else {
                &sub_status
            }
        })
        .map(|text| interner.untrusted(text));
    let service = op.split('/').next().unwrap_or_default().to_lowercase();
    let client = microsoft::client(Value::Null, application.as_deref(), memory);
    let interner = &mut memory.interner;
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
        action: ACTIONS.get("", &op).unwrap_or(Action::Other),
        op: interner.share(&op),
        service: interner.share(&service),
        container,
        outcome: stage.outcome,
        error,
        counted: stage.is_last,
        ..Event::new(time, Str::default(), Provider::Azure, Source::AzureActivity)
    };
    event.id = match event_id.text() {
        Some(id) => crate::event::cut(&id, Untrusted::BYTES_MAX).into(),
        None => id::of_parts(
            "aa-",
            &[
                correlation.text().as_deref(),
                Some(&op),
                Some(&status.to_ascii_lowercase()),
                Some(&resource.to_lowercase()),
                Some(&time.to_string()),
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

/// Where in its course an action is.
struct Stage {
    outcome: Outcome,
    is_last: bool,
}

impl Stage {
    /// Reads status and what is said of it beside; `None` for the beginning of an action, whose end has a record too.
    fn of(status: &str, sub_status: &str) -> Option<Self> {
        let status = status.to_ascii_lowercase();
        let beside = sub_status.to_ascii_lowercase();
        let says = |marks: &[&str]| marks.iter().any(|mark| beside.contains(mark));
        let of = |outcome, is_last| Some(Self { outcome, is_last });
        match &*status {
            "start" | "started" | "inprogress" | "in progress" | "active" => None,
            // It was taken on, and will be done later.
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

/// Who called, as claims and caller say.
struct Caller<'a> {
    tenant: Option<&'a str>,
    object: Value<'a>,
    /// The names of a person, and the caller, which is a name, an object's id, or one of the provider's own services.
    names: [Value<'a>; 3],
    kind: Value<'a>,
    evidence: Value<'a>,
}

impl Caller<'_> {
    fn principal(&self, interner: &mut Interner) -> Option<Principal> {
        let is_name = |value: &Value<'_>| value.text().is_some_and(|text| text.contains('@'));
        let name = self.names.into_iter().find(is_name);
        let [.., caller] = self.names;
        let kind = self.kind(name.is_some());
        let actor = Actor {
            tenant: self.tenant,
            object: self.object,
            name: name.unwrap_or(caller),
            application: Value::Null,
        };
        let Some(mut principal) = actor.principal(kind, interner) else {
            let service = caller.text()?.trim().to_lowercase();
            return Some(Principal {
                id: interner.share(&format!("azure:service:{service}")),
                kind: IdentityKind::CloudService,
                role: None,
                instance: None,
                is_delivered: false,
                aliases: Vec::new(),
            });
        };
        let role = self.evidence.get_any_case("role").and_then(Value::text);
        principal.role = role.map(|role| interner.share(&role));
        Some(principal)
    }

    fn kind(&self, has_name: bool) -> IdentityKind {
        let stated = self
            .evidence
            .get_any_case("principalType")
            .and_then(Value::text);
        match stated.as_deref() {
            Some("User") => return IdentityKind::Human,
            Some("ServicePrincipal") => return IdentityKind::ServicePrincipal,
            _ => {}
        }
        if self.kind.text().as_deref() == Some("app") {
            IdentityKind::ServicePrincipal
        } else if has_name {
            IdentityKind::Human
        } else {
            IdentityKind::Unknown
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
