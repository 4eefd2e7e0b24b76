//! Azure Key Vault audit logs: diagnostic records, and rows of `AzureDiagnostics` and `AZKVAuditLogs`.
//!
//! A secret's value and a certificate's private key are read by the same operation, `SecretGet`.

use crate::event::{Action, Context, Event, IdentityKind, Outcome, Provider, Source, Untrusted};
use crate::sources::azure::activity::caller::claim;
use crate::sources::json::{Object, Value};
use crate::sources::microsoft::{self, Actor, embedded, record};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::{id, status};
use crate::sources::report::{Parsed, RejectReason};
use crate::vocab::Str;

/// Reads Key Vault audit logs.
pub const PARSER: RecordParser =
    RecordParser::new(Source::AzureKeyVault, recognises, parse).with_tables(is_header);

/// The category of diagnostic records; other services have one of this name, too.
const CATEGORY: &str = "AuditEvent";
/// The table of these records alone.
const TABLE: &str = "AZKVAuditLogs";
/// The part of a resource's id that shows its type, in upper case.
const VAULTS: &str = "/PROVIDERS/MICROSOFT.KEYVAULT/";
/// The service.
const SERVICE: &str = "keyvault";

record! {
    /// The members of a record that are read. Rows of the shared table have the type of a column at the end of its name.
    Record {
        time = "time",
        generated = "timegenerated",
        op = "operationname",
        resource = "resourceid",
        caller = "calleripaddress",
        identity = "identity",
        correlation = "correlationid",
        region = "location",
        region_column = "locations",
        result = "resulttype",
        signature = "resultsignature",
        status = "httpstatuscode",
        status_column = "httpstatuscoded",
        thing = "id",
        thing_column = "ids",
        client = "clientinfo",
        client_column = "clientinfos",
        object_column = "identityclaimoidg",
        object_long_column = "identityclaimhttpschemasmicrosoftcomidentityclaimsobjectidentifierg",
        name_column = "identityclaimupns",
        name_long_column = "identityclaimhttpschemasxmlsoaporgws200505identityclaimsupns",
        application_column = "identityclaimappidg",
    }
}

fn is_of_vault(resource: Value<'_>) -> bool {
    let text = resource.text().unwrap_or_default();
    text.to_ascii_uppercase().contains(VAULTS)
}

fn recognises(object: Object<'_>) -> bool {
    microsoft::is_one_of(object, "type", &[TABLE])
        || (microsoft::is_one_of(object, "category", &[CATEGORY])
            && microsoft::named(object, "operationname").is_some_and(Value::is_present)
            && microsoft::named(object, "resourceid").is_some_and(is_of_vault))
}

fn is_header(names: &[&str]) -> bool {
    let has = |name: &&str| names.contains(name);
    ["OperationName", "CallerIPAddress", "id_s", "requestUri_s"]
        .iter()
        .all(has)
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let [mut buffer, mut identity_buffer, mut claims_buffer] = [const { Vec::new() }; 3];
    let properties = microsoft::named(object, "properties").unwrap_or_default();
    let properties = embedded(properties, &mut buffer);
    let r = Record::of(properties.members().chain(object.members()));
    let Some(time) = microsoft::time_of(&[r.time, r.generated]).or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let identity = embedded(r.identity, &mut identity_buffer);
    let claims = identity.get_any_case("claim").unwrap_or_default();
    let claims = embedded(claims, &mut claims_buffer);
    let [oid, short_oid, tid, short_tid, upn, short_upn, app] = claims.pick([
        claim::OBJECT,
        "oid",
        claim::TENANT,
        "tid",
        claim::UPN,
        "upn",
        "appid",
    ]);
    let some = |values: &[Value<'_>]| {
        let mut texts = values.iter().filter_map(|value| value.text());
        texts.next().map(|text| text.into_owned())
    };
    let tenant = some(&[tid, short_tid]).map(|text| text.to_ascii_lowercase());
    let tenant = tenant.or_else(|| microsoft::tenant(object, properties));
    let interner = &mut state.interner;
    let name = [upn, short_upn, r.name_column, r.name_long_column];
    let name = present(name);
    let objects = [oid, short_oid, r.object_column, r.object_long_column];
    let actor = Actor {
        tenant: tenant.as_deref(),
        object: present(objects),
        name,
        application: present([app, r.application_column]),
    };
    let kind = match name.is_present() {
        true => IdentityKind::Human,
        false => IdentityKind::ServicePrincipal,
    };
    let principal = actor.principal(kind, interner);
    let op = interner.share(r.op.text().unwrap_or_default().trim());
    let outcome = outcome(&r);
    let resource = r.resource.text().unwrap_or_default();
    let account = microsoft::part_of(&resource, "subscriptions");
    let account = account.map(|account| interner.share(&account.to_ascii_lowercase()));
    let region = [r.region, r.region_column];
    let region = region
        .into_iter()
        .find_map(|value| microsoft::region(value, interner));
    let error = (!outcome.has_worked())
        .then(|| some(&[r.signature, r.result]))
        .flatten();
    let application = microsoft::guid(actor.application).map(|id| interner.share(&id));
    let peer = microsoft::peer(&[r.caller], interner);
    let thing = some(&[r.thing, r.thing_column]).and_then(|uri| named(&uri));
    let service = interner.share(SERVICE);
    let agent = present([r.client, r.client_column]);
    let client = microsoft::client(agent, application.as_deref(), state);
    let mut event = Event {
        account,
        region,
        principal,
        application,
        context: Context {
            console: client.console(peer.ip),
            ..Context::default()
        },
        peer,
        user_agent: client.user_agent,
        client: client.family,
        action: classify(&op),
        op,
        service,
        object: thing.map(|name| Untrusted::new(&name)),
        outcome,
        error: error.map(|text| Untrusted::new(&text)),
        ..Event::new(time, Str::default(), Provider::Azure, Source::AzureKeyVault)
    };
    event.id = event_id(&r, &event);
    Parsed::Event(Box::new(event))
}

/// Returns the first value that there is, or `null`.
fn present<const N: usize>(values: [Value<'_>; N]) -> Value<'_> {
    values
        .into_iter()
        .find(|value| value.is_present())
        .unwrap_or_default()
}

/// Returns the class of an operation.
pub fn classify(op: &str) -> Action {
    match &*op.to_ascii_lowercase() {
        "secretget" | "secretbackup" | "keybackup" | "certificatebackup" => Action::ReadSecret,
        "secretlist" | "secretlistversions" | "secretlistdeleted" | "keylist"
        | "certificatelist" => Action::ListData,
        _ => Action::Other,
    }
}

/// Returns the vault and the name of a secret, whatever its version: `https://VAULT.vault.azure.net/secrets/NAME/VERSION`.
fn named(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let mut parts = rest.split(['/', '?']).filter(|part| !part.is_empty());
    let vault = parts.next()?.split(['.', ':']).next()?.to_ascii_lowercase();
    let kind = parts.next()?;
    Some(match parts.next() {
        Some(name) => format!("{vault}/{kind}/{name}"),
        None => format!("{vault}/{kind}"),
    })
}

/// Returns how a call ended, by its status, or else by the result.
fn outcome(r: &Record<'_>) -> Outcome {
    let status = r.status.amount().or_else(|| r.status_column.amount());
    match status.map(status::of_http) {
        Some(outcome) if outcome != Outcome::Unknown => outcome,
        _ => match r.result.text().as_deref() {
            Some(word) if word.eq_ignore_ascii_case("success") => Outcome::Success,
            Some(_) => Outcome::Failure,
            None => Outcome::Unknown,
        },
    }
}

/// Returns a hash of what a record states: several calls may have one correlation id.
fn event_id(r: &Record<'_>, event: &Event) -> Str {
    let mut hash = id::Hash::default();
    hash.put(Some(&event.time.to_string()))
        .put(Some(&event.op))
        .put(r.resource.text().as_deref())
        .put(event.principal.as_ref().map(|p| &*p.id))
        .put(event.peer.ip.map(|ip| ip.to_string()).as_deref())
        .put(event.object.as_ref().map(Untrusted::raw))
        .put(r.correlation.text().as_deref());
    hash.id("kv-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_its_vault_whatever_its_version() {
        for (uri, expected) in [
            (
                "https://Shop.vault.azure.net/secrets/db/4c1e",
                Some("shop/secrets/db"),
            ),
            (
                "https://shop.vault.azure.net:443/secrets/db?api-version=7.4",
                Some("shop/secrets/db"),
            ),
            ("https://shop.vault.azure.net/secrets", Some("shop/secrets")),
            ("https://shop.vault.azure.net/", None),
            ("shop", None),
        ] {
            assert_eq!(named(uri).as_deref(), expected, "{uri}");
        }
    }
}
