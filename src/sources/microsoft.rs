//! What Microsoft's logs have in common: names in varying case, JSON in texts, and the ids of tenants and their objects.
//!
//! The same record comes as a diagnostic record with details in `properties`, as a table row with the same names in another
//! case, and as an API answer. So names are compared without case and underscores.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::event::{IdentityKind, Outcome, Peer, Principal};
use crate::sources::client::Client;
use crate::sources::interner::Interner;
use crate::sources::json::{self, Object, Value};
use crate::sources::parser::ParserState;
use crate::sources::parts::address;
use crate::sources::parts::identity;
use crate::sources::parts::instant::instant;
use crate::sources::parts::placeholder::is_placeholder;
use crate::time::Time;
use crate::vocab::Str;

/// Suffix of time columns in exports of the portal.
const UTC_MARK: &[u8] = b" [UTC]";
/// The GUID of zeros, which means no object.
const NIL_GUID: &str = "00000000-0000-0000-0000-000000000000";
/// The most scopes of a token that are kept; real tokens have up to a few dozen.
const SCOPES_MAX: usize = 256;

/// Codes of interrupted sign-ins that continue in another record: keep me signed in, second factor, device, security
/// information. They are not failures.
const INTERRUPTIONS: [u64; 6] = [50_074, 50_076, 50_097, 50_125, 50_129, 50_140];
/// Codes of sign-ins that were authenticated and denied: not assigned to the application, or blocked by policy.
const REFUSALS: [u64; 6] = [50_105, 53_000, 53_001, 53_002, 53_003, 53_004];

/// Marker before the id of a key in the description of keys.
const KEY_MARK: &str = "KeyIdentifier=";

/// Programs that are identified by their application id better than by their user agent.
const PROGRAMS: [(&str, &str); 6] = [
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "azure-cli"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "azure-powershell"),
    ("14d82eec-204b-4c2f-b7e8-296a70dab67e", "graph-powershell"),
    ("1b730954-1685-4b74-9bfd-dac224a7b894", "msol-powershell"),
    ("fb78d390-0c51-40cd-8e17-fdbfab77341b", "exo-powershell"),
    ("de8bc8b5-d9f9-48b1-a8ad-b748da725064", "graph-explorer"),
];

/// A shipper's member, which differs from one of the record by an underscore alone.
const SHIPPED_TIME: &[u8] = b"_time";

/// Returns whether a member has this name, which is in lower case and without underscores.
pub fn is_named(key: &[u8], name: &str) -> bool {
    let key = key.strip_suffix(UTC_MARK).unwrap_or(key);
    key.len() >= name.len()
        && key != SHIPPED_TIME
        && key
            .iter()
            .filter(|byte| **byte != b'_')
            .map(u8::to_ascii_lowercase)
            .eq(name.bytes())
}

/// Returns the first member of each name that is not `null`; names are in lower case and without underscores.
pub fn pick<'a, const N: usize>(
    members: impl Iterator<Item = (&'a [u8], Value<'a>)>,
    names: [&str; N],
) -> [Value<'a>; N] {
    let mut picked = [Value::Null; N];
    for (key, value) in members.filter(|(_, value)| *value != Value::Null) {
        if let Some(at) = names.iter().position(|name| is_named(key, name))
            && picked[at] == Value::Null
        {
            picked[at] = value;
        }
    }
    picked
}

/// Defines a struct of a record's members, each with its name in the record: see [`pick`].
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($field:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        pub struct $name<'a> { $(pub $field: $crate::sources::json::Value<'a>,)+ }

        impl<'a> $name<'a> {
            pub fn of(
                members: impl Iterator<Item = (&'a [u8], $crate::sources::json::Value<'a>)>,
            ) -> Self {
                let [$($field),+] = $crate::sources::microsoft::pick(members, [$($text),+]);
                Self { $($field),+ }
            }
        }
    };
}
pub(crate) use record;

/// Returns the member of this name that is not `null`.
pub fn named<'a>(object: Object<'a>, name: &str) -> Option<Value<'a>> {
    object
        .members()
        .find(|(key, value)| is_named(key, name) && *value != Value::Null)
        .map(|(_, value)| value)
}

/// Returns whether there is a member for each of these names, which are in lower case and without underscores.
pub fn has_members<const N: usize>(object: Object<'_>, names: [&str; N]) -> bool {
    let has = |name: &str| object.members().any(|(key, _)| is_named(key, name));
    names.into_iter().all(has)
}

/// Returns whether a member of this name is one of these texts, ignoring case.
pub fn is_one_of(object: Object<'_>, name: &str, texts: &[&str]) -> bool {
    matches!(named(object, name), Some(Value::Text(raw)) if texts.iter().any(|text| raw.eq_ignore_ascii_case(text.as_bytes())))
}

/// Returns whether a record states that it is of one of these categories, or a row of one of these tables.
pub fn is_of_log(object: Object<'_>, categories: &[&str], tables: &[&str]) -> bool {
    is_one_of(object, "category", categories) || is_one_of(object, "type", tables)
}

/// Returns the object or array in a text, as table exports write it: `null` if it is broken, any other value as it is.
pub fn embedded<'a>(value: Value<'a>, buffer: &'a mut Vec<u8>) -> Value<'a> {
    json::parse_embedded(value, buffer).unwrap_or_default()
}

/// Reads the first of these that is a time. A portal writes `3/16/2026, 4:11:09.000 AM`.
pub fn time_of(values: &[Value<'_>]) -> Option<Time> {
    values
        .iter()
        .filter_map(|value| value.text())
        .find_map(|text| instant(&text).or_else(|| instant(&text.replacen(", ", " ", 1))))
}

/// Returns an id of a tenant, object or application in lower case and without blanks.
pub fn guid(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    let text = text.trim();
    (!is_placeholder(text)).then(|| text.to_ascii_lowercase())
}

/// Returns whether a text has the form of a GUID.
pub fn is_guid(text: &str) -> bool {
    text.len() == NIL_GUID.len()
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_alphanumeric(),
        })
}

/// Returns the part of a resource's id that follows a name, as in `/subscriptions/ID/…`.
pub fn part_of<'a>(resource: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = resource.split('/').filter(|part| !part.is_empty());
    parts.find(|part| part.eq_ignore_ascii_case(name))?;
    parts.next()
}

/// Returns the tenant of a record. A table's `TenantId` is the workspace that stores the table, so only the other spellings
/// count.
pub fn tenant(object: Object<'_>, properties: Value<'_>) -> Option<String> {
    let [stated, resource] = pick(object.members(), ["aadtenantid", "resourceid"]);
    let is_spelled_out = |key: &[u8]| matches!(key, b"tenantId" | b"tenantid" | b"tenant_id");
    let inner = properties.members().find(|(key, _)| is_spelled_out(key));
    let outer = object.members().find(|(key, _)| is_spelled_out(key));
    guid(stated)
        .or_else(|| guid(inner?.1))
        .or_else(|| guid(outer?.1))
        .or_else(|| Some(part_of(&resource.text()?, "tenants")?.to_ascii_lowercase()))
}

/// Returns the canonical id of an object of a tenant.
pub fn object_id(tenant: Option<&str>, object: &str) -> String {
    format!(
        "entra:{}/{object}",
        tenant.unwrap_or(identity::UNKNOWN_ACCOUNT)
    )
}

/// The actor that a record of a tenant states; all texts as they are written.
#[derive(Debug, Default)]
pub struct Actor<'a> {
    /// The tenant, in lower case.
    pub tenant: Option<&'a str>,
    /// The object's id.
    pub object: Value<'a>,
    /// The user principal name.
    pub name: Value<'a>,
    /// The application's id, used if the actor has no other name.
    pub application: Value<'a>,
}

impl Actor<'_> {
    /// Returns the principal; `None` if nothing names it.
    pub fn principal(&self, kind: IdentityKind, interner: &mut Interner) -> Option<Principal> {
        let name = self.name.text().map(|name| name.trim().to_lowercase());
        let (name, other) = match name {
            Some(name) if name.contains('@') => (Some(name), None),
            // Non-interactive records have the object's id as name.
            other => (
                None,
                other.filter(|other| is_guid(other) && !is_placeholder(other)),
            ),
        };
        let object = guid(self.object).or(other);
        let id = match (&object, &name, guid(self.application)) {
            (Some(object), ..) => object_id(self.tenant, object),
            (None, Some(name), _) => object_id(self.tenant, &format!("upn/{name}")),
            (None, None, Some(app)) => object_id(self.tenant, &format!("app/{app}")),
            (None, None, None) => return None,
        };
        Some(Principal {
            aliases: object
                .iter()
                .chain(&name)
                .map(|alias| interner.share(alias))
                .collect(),
            ..Principal::new(interner.share(&id), kind)
        })
    }
}

/// Returns the id of the key that a change added to the description of keys.
pub fn added_key(before: &str, after: &str) -> Option<String> {
    let keys = |text: &str| {
        let ids = text.split(KEY_MARK).skip(1).filter_map(|rest| {
            let key = rest.split([',', ']', '"', '\\']).next()?.trim();
            is_guid(key).then(|| key.to_ascii_lowercase())
        });
        ids.collect::<Vec<_>>()
    };
    let known: BTreeSet<String> = keys(before).into_iter().collect();
    keys(after).into_iter().find(|key| !known.contains(key))
}

/// Returns the outcome of a sign-in by its code; `None` for plain failures.
pub fn sign_in_outcome(code: u64) -> Option<Outcome> {
    match code {
        0 => Some(Outcome::Success),
        code if INTERRUPTIONS.contains(&code) => Some(Outcome::Unknown),
        code if REFUSALS.contains(&code) => Some(Outcome::Denied),
        _ => None,
    }
}

/// Returns a location as one word: `West Europe` is `westeurope`.
pub fn region(value: Value<'_>, interner: &mut Interner) -> Option<Str> {
    let text: String = value
        .text()?
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    (!text.is_empty()).then(|| interner.share(&text))
}

/// Splits scopes at blanks or commas.
pub fn scopes(value: Value<'_>, interner: &mut Interner) -> Vec<Str> {
    let text = value.text().unwrap_or_default();
    text.split([' ', ','])
        .filter(|scope| !scope.is_empty())
        .take(SCOPES_MAX)
        .map(|scope| interner.share(scope))
        .collect()
}

/// Returns how a client authenticated, which records state as a number.
pub fn client_proof(value: Value<'_>) -> Option<Cow<'_, str>> {
    let text = value.text()?;
    Some(match &*text {
        "0" => Cow::Borrowed("public"),
        "1" => Cow::Borrowed("secret"),
        "2" => Cow::Borrowed("certificate"),
        _ => text,
    })
}

/// Returns the client, by its user agent or else by its application.
pub fn client(user_agent: Value<'_>, application: Option<&str>, state: &mut ParserState) -> Client {
    let user_agent = user_agent.text().unwrap_or_default();
    let mut client = state.clients.of(&user_agent, &mut state.interner).clone();
    if matches!(&*client.family, "empty" | "other" | "browser")
        && let Some((_, family)) = PROGRAMS.iter().find(|(id, _)| application == Some(id))
    {
        client.family = state.interner.share(family);
        client.is_console = false;
        client.is_program = *family != "graph-explorer";
    }
    client
}

/// Reads the first of these that is an address, or else the first host name; an unspecified address does not count.
pub fn peer(values: &[Value<'_>], interner: &mut Interner) -> Peer {
    let mut other = Peer::default();
    for text in values.iter().filter_map(|value| value.text()) {
        let peer = address::peer(text.trim(), interner);
        match peer.ip {
            Some(ip) if !ip.is_unspecified() => return peer,
            Some(_) => {}
            None if other.host.is_none() => other = peer,
            None => {}
        }
    }
    other
}

/// Returns a text as it is written, if there is one.
pub fn shared(value: Value<'_>, interner: &mut Interner) -> Option<Str> {
    Some(interner.share(value.text()?.trim()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_in_all_spellings() {
        for key in [
            "eventTimestamp",
            "event_timestamp",
            "EventTimestamp",
            "EventTimestamp [UTC]",
        ] {
            assert!(is_named(key.as_bytes(), "eventtimestamp"), "{key}");
        }
        assert!(!is_named(b"eventTime", "eventtimestamp"));
        assert!(!is_named(b"eventTimestamps", "eventtimestamp"));
    }

    #[test]
    fn the_added_key_is_found_among_many() {
        let id = |n: usize| format!("{n:08x}-0000-4000-8000-000000000000");
        let written = |keys: &[String]| {
            let keys: Vec<String> = keys
                .iter()
                .map(|key| format!("[KeyIdentifier={key},KeyType=Password]"))
                .collect();
            keys.join(", ")
        };
        let mut old: Vec<String> = (0..20_000).map(id).collect();
        let before = written(&old);
        old.reverse();
        assert_eq!(added_key(&before, &written(&old)), None);
        old.push(id(0xABCDEF));
        let after = written(&old)
            .to_uppercase()
            .replace("KEYIDENTIFIER", "KeyIdentifier");
        assert_eq!(added_key(&before, &after), Some(id(0xABCDEF)));
    }

    #[test]
    fn columns_are_opened_only_if_they_hold_one_value() {
        let mut buffer = Vec::new();
        let text = r#"" {\"a\":[1,\"\\\"x\\\"\"]}""#;
        let value = embedded(Value::of(text.as_bytes()), &mut buffer);
        let second = value.get("a").unwrap().elements().nth(1).unwrap();
        assert_eq!(second.text().as_deref(), Some("\"x\""));
        for text in [r#""{\"a\":1""#, r#""{}{}""#, r#""[1}""#] {
            let mut buffer = Vec::new();
            assert_eq!(
                embedded(Value::of(text.as_bytes()), &mut buffer),
                Value::Null
            );
        }
        let mut buffer = Vec::new();
        let plain = Value::of(b"\"User-Agent\"");
        assert_eq!(embedded(plain, &mut buffer), plain);
    }

    #[test]
    fn actors_have_the_best_name_available() {
        let (mut interner, of) = (Interner::default(), |text: &'static str| {
            Value::of(text.as_bytes())
        });
        let guid = "\"0A1B2C3D-0000-4000-8000-00000000000A\"";
        for (object, name, application, expected) in [
            (
                guid,
                "\"Ana@Example.com\"",
                "null",
                Some(("entra:t/0a1b2c3d-0000-4000-8000-00000000000a", 2)),
            ),
            (
                "null",
                guid,
                "null",
                Some(("entra:t/0a1b2c3d-0000-4000-8000-00000000000a", 1)),
            ),
            (
                "\"00000000-0000-0000-0000-000000000000\"",
                "\"Ana@Example.com\"",
                guid,
                Some(("entra:t/upn/ana@example.com", 1)),
            ),
            (
                "\"\"",
                "\"Ana\"",
                guid,
                Some(("entra:t/app/0a1b2c3d-0000-4000-8000-00000000000a", 0)),
            ),
            ("null", "\"Ana\"", "null", None),
        ] {
            let actor = Actor {
                tenant: Some("t"),
                object: of(object),
                name: of(name),
                application: of(application),
            };
            let principal = actor.principal(IdentityKind::Human, &mut interner);
            assert_eq!(
                principal.as_ref().map(|p| (&*p.id, p.aliases.len())),
                expected
            );
        }
    }
}
