//! Entra sign-in logs: interactive and non-interactive users, service principals and managed identities.

use std::borrow::Cow;

use crate::event::{Action, Context, Event, IdentityKind, Outcome, Provider, Source, Untrusted};
use crate::sources::json::{Layout, Object, Value};
use crate::sources::microsoft::{self, Actor, embedded, record};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::id;
use crate::sources::portal;
use crate::sources::report::{Parsed, RejectReason};
use crate::vocab::Str;

/// Reads Entra sign-in logs.
pub const PARSER: RecordParser =
    RecordParser::new(Source::EntraSignIn, recognises, parse).with_tables(is_header);

/// Categories of diagnostic records; tables put them into their `Category` column.
const CATEGORIES: [&str; 6] = [
    "SignInLogs",
    "NonInteractiveUserSignInLogs",
    "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs",
    "MicrosoftServicePrincipalSignInLogs",
    "ADFSSignInLogs",
];
/// Tables, by the `Type` of their rows.
const TABLES: [&str; 6] = [
    "SigninLogs",
    "AADNonInteractiveUserSignInLogs",
    "AADServicePrincipalSignInLogs",
    "AADManagedIdentitySignInLogs",
    "MicrosoftServicePrincipalSignInLogs",
    "ADFSSignInLogs",
];
/// The category of the provider's own services.
const OF_PROVIDER: &str = "MicrosoftServicePrincipalSignInLogs";
/// The operation of records that do not state one.
const OPERATION: &str = "Sign-in activity";

fn recognises(object: Object<'_>) -> bool {
    microsoft::is_of_log(object, &CATEGORIES, &TABLES)
        || microsoft::has_members(
            object,
            ["conditionalaccessstatus", "createddatetime", "appid"],
        )
        // A shipper may have moved the time.
        || microsoft::has_members(object, ["conditionalaccessstatus", "clientappused", "appid"])
        || portal::is_row(object, &portal::OF_SIGN_INS)
}

fn is_header(names: &[&str]) -> bool {
    portal::is_header(names, &portal::OF_SIGN_INS) || is_header_of_table(names)
}

fn is_header_of_table(names: &[&str]) -> bool {
    names.contains(&"ConditionalAccessStatus")
        && names.contains(&"AppId")
        && names
            .iter()
            .any(|name| matches!(*name, "UserId" | "ServicePrincipalId"))
}

record! {
    /// The members of a record that are read.
    SignIn {
        created = "createddatetime",
        time = "time",
        generated = "timegenerated",
        id = "id",
        user = "userid",
        name = "userprincipalname",
        service_principal = "serviceprincipalid",
        application = "appid",
        token = "uniquetokenidentifier",
        key = "serviceprincipalcredentialkeyid",
        session = "sessionid",
        ip = "ipaddress",
        caller_ip = "calleripaddress",
        user_agent = "useragent",
        status = "status",
        result = "resulttype",
        device = "devicedetail",
        place = "location",
        table_place = "locationdetails",
        network = "autonomoussystemnumber",
        requirement = "authenticationrequirement",
        policy = "conditionalaccessstatus",
        protocol = "authenticationprotocol",
        client_app = "clientappused",
        proof = "clientcredentialtype",
        correlation = "correlationid",
        op = "operationname",
        category = "category",
        kind = "type",
    }
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if portal::may_be_row(object, &portal::OF_SIGN_INS) {
        let json = portal::sign_in(object);
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
        status_buffer,
        device_buffer,
        place_buffer,
    ] = &mut buffers;
    let properties = microsoft::named(object, "properties").unwrap_or_default();
    let properties = embedded(properties, properties_buffer);
    let r = SignIn::of(properties.members().chain(object.members()));
    let stated = microsoft::time_of(&[r.created, r.time, r.generated]);
    let Some(time) = stated.or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let status = embedded(r.status, status_buffer);
    let device = embedded(r.device, device_buffer);
    // A table has the country in the column `Location`, and the place in another.
    let country_column = if matches!(r.place, Value::Object(_)) {
        Value::Null
    } else {
        r.place
    };
    let place = match embedded(r.table_place, place_buffer) {
        place @ Value::Object(_) => place,
        _ => r.place,
    };
    let tenant = microsoft::tenant(object, properties);
    let interner = &mut state.interner;

    let is_person = microsoft::guid(r.user).is_some()
        || (microsoft::guid(r.service_principal).is_none() && r.name.text().is_some());
    let is_of_provider = |value: Value<'_>| {
        value
            .text()
            .is_some_and(|text| text.eq_ignore_ascii_case(OF_PROVIDER))
    };
    let kind = if is_person {
        IdentityKind::Human
    } else if is_of_provider(r.category) || is_of_provider(r.kind) {
        IdentityKind::CloudService
    } else {
        IdentityKind::ServicePrincipal
    };
    let actor = Actor {
        tenant: tenant.as_deref(),
        object: if is_person {
            r.user
        } else {
            r.service_principal
        },
        name: if is_person { r.name } else { Value::Null },
        application: if is_person {
            Value::Null
        } else {
            r.application
        },
    };
    let principal = actor.principal(kind, interner);
    let code = code(status, r.result);
    let outcome = outcome(code.as_deref(), r.policy);
    let method = word(r.protocol)
        .or_else(|| word(r.proof))
        .or_else(|| word(r.client_app))
        .map(|text| interner.share(&text));
    let is_asked = |wanted: &str| {
        r.requirement
            .text()
            .is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    let mfa = if is_asked("singleFactorAuthentication") {
        Some(false)
    } else {
        (is_asked("multiFactorAuthentication") && outcome == Outcome::Success).then_some(true)
    };
    let managed = |name: &str| device.get_any_case(name).and_then(Value::truth);

    let mut peer = microsoft::peer(&[r.ip, r.caller_ip], interner);
    let asn = r.network.amount().and_then(|asn| u32::try_from(asn).ok());
    peer.asn = asn.filter(|asn| *asn > 0);
    let country = place
        .get_any_case("countryOrRegion")
        .and_then(country)
        .or_else(|| country(country_column));
    peer.country = country.map(|country| interner.share(&country));
    peer.city = place
        .get_any_case("city")
        .and_then(word)
        .map(|city| interner.untrusted(&city));

    let token = microsoft::shared(r.token, interner);
    let key = microsoft::guid(r.key).map(|key| interner.share(&key));
    let application = microsoft::guid(r.application);
    let session = r.session.text().map(|text| interner.untrusted(&text));
    let client = microsoft::client(r.user_agent, application.as_deref(), state);
    let interner = &mut state.interner;
    let mut event = Event {
        account: tenant.as_deref().map(|tenant| interner.share(tenant)),
        principal,
        session,
        // The key that was used if there is one, else the token that later calls carry.
        credential: key.or_else(|| token.clone()),
        application: application.as_deref().map(|id| interner.share(id)),
        context: Context {
            mfa,
            auth_method: method,
            device_managed: managed("isManaged").or_else(|| managed("isCompliant")),
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action: Action::Authenticate,
        op: microsoft::shared(r.op, interner).unwrap_or_else(|| interner.share(OPERATION)),
        service: interner.share("signin"),
        outcome,
        error: code
            .filter(|_| outcome != Outcome::Success)
            .map(|code| interner.untrusted(&code)),
        issued: token.filter(|_| outcome == Outcome::Success),
        ..Event::new(time, Str::default(), Provider::Entra, Source::EntraSignIn)
    };
    event.id = match r.id.text() {
        Some(id) => crate::event::cut(&id, Untrusted::BYTES_MAX).into(),
        None => id::of_parts(
            "si-",
            &[
                Some(&time.to_string()),
                r.correlation.text().as_deref(),
                event.principal.as_ref().map(|p| &*p.id),
                event.application.as_deref(),
                event.peer.ip.map(|ip| ip.to_string()).as_deref(),
                event.error.as_ref().map(Untrusted::raw),
            ],
        ),
    };
    Parsed::Event(Box::new(event))
}

/// Returns the code with which a sign-in ended, or the word for it.
fn code(status: Value<'_>, result: Value<'_>) -> Option<String> {
    let code = status.get_any_case("errorCode").and_then(Value::text);
    Some(code.or_else(|| result.text())?.trim().to_owned())
}

fn outcome(code: Option<&str>, policy: Value<'_>) -> Outcome {
    let Some(code) = code else {
        return Outcome::Unknown;
    };
    if let Some(outcome) = code.parse().ok().and_then(microsoft::sign_in_outcome) {
        return outcome;
    }
    let is_refused = policy
        .text()
        .is_some_and(|text| text.eq_ignore_ascii_case("failure"));
    match is_refused {
        _ if code.eq_ignore_ascii_case("success") => Outcome::Success,
        true => Outcome::Denied,
        false => Outcome::Failure,
    }
}

/// Returns the code of a country.
fn country(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    let text = text.trim();
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .then(|| text.to_ascii_uppercase())
}

/// Returns a text, unless it means that there is no value.
fn word(value: Value<'_>) -> Option<Cow<'_, str>> {
    let is_nothing =
        |text: &str| text.eq_ignore_ascii_case("none") || text.eq_ignore_ascii_case("unknown");
    value.text().filter(|text| !is_nothing(text))
}
