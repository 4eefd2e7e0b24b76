//! The caller of a unified audit record.

use crate::event::{IdentityKind, PASSPORT, Principal, is_passport};
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::m365::record::Record;
use crate::sources::parts::identity;
use crate::sources::parts::text::{is_guid, stated_text};
use crate::vocab::Str;

/// Stands for an unknown tenant in identities.
const NO_TENANT: &str = identity::UNKNOWN_ACCOUNT;
/// Prefix of the object ids of service principals.
const SERVICE_PRINCIPAL: &str = "ServicePrincipal_";
/// Prefix of the object ids of users.
const USER: &str = "User_";
/// Domain of the accounts of Exchange Online itself.
const OUTLOOK: &str = ".prod.outlook.com";
/// The name under which SharePoint lets applications act.
const APPLICATIONS: &str = "app@sharepoint";

/// Returns the tenant whose log it is, in lower case.
pub fn tenant(r: &Record<'_>, interner: &mut Interner) -> Option<Str> {
    ["organizationid", "officetenantid", "aadtenantid"]
        .iter()
        .filter_map(|name| r.text(&[name]))
        .find(|text| is_guid(text))
        .map(|text| interner.share(&text.to_lowercase()))
}

/// Returns the canonical id of an object of a tenant.
pub fn canonical(tenant: Option<&str>, object: &str, interner: &mut Interner) -> Str {
    let object = object.to_lowercase();
    interner.share(&format!("entra:{}/{object}", tenant.unwrap_or(NO_TENANT)))
}

/// Reads the caller: an object of the tenant, else a name.
pub fn principal(
    r: &Record<'_>,
    tenant: Option<&str>,
    interner: &mut Interner,
) -> Option<Principal> {
    let stated_name = r.text(&["userid", "userids"]);
    let stated_key = r.text(&["userkey"]);
    let key = stated_key.as_deref().map(claimed);
    let name = stated_name.as_deref().map(claimed);
    let passport = [key, name].into_iter().flatten().find_map(puid);
    let passport = passport.or_else(|| {
        let actors = r.column("actor");
        let ids = actors.value().elements().take(ACTORS_MAX);
        let mut ids = ids.filter_map(|actor| actor.get_any_case("ID").and_then(stated_text));
        ids.find_map(|id| puid(&id))
    });
    let name = name.filter(|name| puid(name).is_none());
    let stated = r.text(&["usertype"]).and_then(|text| stated_kind(&text));
    let (object, split_prefix) = match object_id(r, name, key) {
        Some((object, split_prefix)) => (Some(object), split_prefix),
        None => (None, None),
    };
    let lower = name.map(str::to_lowercase);
    let upn = lower.as_deref().filter(|text| is_upn(text));
    let is_service = lower.as_deref().is_some_and(is_of_microsoft)
        || (stated == Some(IdentityKind::CloudService) && object.is_none());
    let id = match (&object, &lower) {
        (_, Some(lower)) if is_service => interner.share(&format!("m365:service:{lower}")),
        (Some(object), _) => {
            let own = r.text(&["tokentenantid"]).filter(|text| is_guid(text));
            let own = own
                .filter(|_| r.text(&["tokenobjectid"]).is_some())
                .map(|text| text.to_lowercase());
            canonical(own.as_deref().or(tenant), object, interner)
        }
        (None, Some(lower)) => canonical(tenant, &format!("upn/{lower}"), interner),
        (None, None) => match &passport {
            Some(passport) => {
                let tenant = tenant.unwrap_or(NO_TENANT);
                interner.share(&format!("entra:{tenant}/{PASSPORT}{passport}"))
            }
            None => return application(r, tenant, stated, interner),
        },
    };
    let by_name = match upn {
        Some(_) => IdentityKind::Human,
        None => IdentityKind::Unknown,
    };
    let kind = match (is_service, split_prefix, stated) {
        (true, ..) => IdentityKind::CloudService,
        (false, Some(split_prefix), _) => split_prefix,
        (false, None, stated) => stated.unwrap_or(by_name),
    };
    let mut aliases: Vec<Str> = Vec::new();
    let mut unique_id = None;
    if !is_service {
        // A user principal name can be given to somebody else, a passport id not.
        let passport = passport.map(|id| interner.share(&id));
        unique_id = passport.clone().filter(|_| object.is_none());
        aliases.extend(object.map(|text| interner.share(&text.to_lowercase())));
        aliases.extend(upn.map(|text| interner.share(text)));
        aliases.extend(passport);
    }
    Some(Principal {
        aliases,
        unique_id,
        ..Principal::new(id, kind)
    })
}

/// Reads the application that acts for itself under a name that all applications share. One that acts for somebody who is not
/// named says nothing of who it was.
fn application(
    r: &Record<'_>,
    tenant: Option<&str>,
    stated: Option<IdentityKind>,
    interner: &mut Interner,
) -> Option<Principal> {
    let shared = |name: &str| r.get(&[name]).and_then(Value::text);
    let mut names = ["userid", "userkey"].into_iter().filter_map(shared);
    let is_shared = names.any(|name| name.eq_ignore_ascii_case(APPLICATIONS));
    let acts_itself = is_shared || stated == Some(IdentityKind::ServicePrincipal);
    let access = r.column("appaccesscontext");
    let client = access
        .value()
        .get_any_case("ClientAppId")
        .and_then(stated_text);
    let id = client
        .or_else(|| r.text(&["clientappid", "appid", "applicationid"]))
        .filter(|id| acts_itself && is_guid(id))?;
    let id = canonical(tenant, &format!("app/{id}"), interner);
    Some(Principal::new(id, IdentityKind::ServicePrincipal))
}

/// Returns the caller's object id, and the kind in its prefix.
fn object_id(
    r: &Record<'_>,
    name: Option<&str>,
    key: Option<&str>,
) -> Option<(String, Option<IdentityKind>)> {
    let token = r.text(&["tokenobjectid"]);
    let plain = [token.as_deref(), key, name];
    if let Some(found) = plain.into_iter().flatten().find(|text| is_guid(text)) {
        return Some((
            found.to_owned(),
            name.and_then(split_prefix).map(|(_, kind)| kind),
        ));
    }
    let actors = r.column("actor");
    let named = actors
        .value()
        .elements()
        .filter_map(|actor| actor.get_any_case("ID").and_then(stated_text));
    let named: Vec<_> = named.take(ACTORS_MAX).collect();
    name.into_iter()
        .chain(named.iter().map(|text| &**text))
        .find_map(split_prefix)
        .map(|(id, kind)| (id.to_owned(), Some(kind)))
}

/// The most names of an actor that are read; real records have about six.
const ACTORS_MAX: usize = 32;

/// Splits an object id with a prefix for its kind.
fn split_prefix(text: &str) -> Option<(&str, IdentityKind)> {
    let kinds = [
        (SERVICE_PRINCIPAL, IdentityKind::ServicePrincipal),
        (USER, IdentityKind::Human),
    ];
    kinds.into_iter().find_map(|(mark, kind)| {
        let id = text.strip_prefix(mark).filter(|id| is_guid(id))?;
        Some((id, kind))
    })
}

/// Reads the stated kind: a number or, in tables, a word.
fn stated_kind(text: &str) -> Option<IdentityKind> {
    Some(match &*text.to_ascii_lowercase() {
        "0" | "regular" | "2" | "admin" | "9" | "partnertechnician" | "10" | "guest" => {
            IdentityKind::Human
        }
        "3" | "dcadmin" | "4" | "system" | "7" | "custompolicy" | "8" | "systempolicy" => {
            IdentityKind::CloudService
        }
        "5" | "application" | "6" | "serviceprincipal" => IdentityKind::ServicePrincipal,
        _ => return None,
    })
}

fn is_upn(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.'))
}

/// Returns whether a name, in lower case, is one of Microsoft's own programs: `nt authority\system (w3wp)`.
fn is_of_microsoft(name: &str) -> bool {
    name.starts_with("nt authority\\")
        || (name.contains('\\') && name.ends_with(')'))
        || name.ends_with(OUTLOOK)
}

/// Returns the name in a claim of SharePoint: `i:0#.f|membership|joe@acme.example`, `i:0h.f|membership|10032…@live.com`.
fn claimed(text: &str) -> &str {
    let claim = text
        .strip_prefix("i:0")
        .and_then(|rest| rest.rsplit_once('|'));
    claim.map_or(text, |(_, name)| name)
}

/// Returns the passport id in a key of SharePoint or Exchange.
fn puid(key: &str) -> Option<String> {
    let id = claimed(key).split('@').next()?;
    is_passport(id).then(|| id.to_ascii_uppercase())
}

/// Returns the canonical id of the created object: the first target with a prefix, or with an object id alone.
pub fn created(r: &Record<'_>, tenant: Option<&str>, interner: &mut Interner) -> Option<Str> {
    const PREFIXES: [&str; 4] = [USER, SERVICE_PRINCIPAL, "Application_", "Group_"];
    let targets = r.column("target");
    let ids: Vec<_> = targets
        .value()
        .elements()
        .filter_map(|target: Value<'_>| target.get_any_case("ID").and_then(stated_text))
        .take(ACTORS_MAX)
        .collect();
    let unmarked = |text: &str| {
        let strip = |mark: &&str| text.strip_prefix(*mark).filter(|id| is_guid(id));
        PREFIXES.iter().find_map(strip).map(str::to_owned)
    };
    let object = ids
        .iter()
        .find_map(|text| unmarked(text))
        .or_else(|| Some(ids.iter().find(|text| is_guid(text))?.to_string()));
    if let Some(object) = object {
        return Some(canonical(tenant, &object, interner));
    }
    let name = r.text(&["objectid", "officeobjectid"])?.to_lowercase();
    match is_guid(&name) {
        true => Some(canonical(tenant, &name, interner)),
        false => is_upn(&name).then(|| canonical(tenant, &format!("upn/{name}"), interner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passport_ids_are_equal_in_all_workloads() {
        for key in [
            "10030000801bf9b2",
            "10030000801BF9B2@acme.onmicrosoft.com",
            "i:0h.f|membership|10030000801bf9b2@live.com",
        ] {
            assert_eq!(puid(key).as_deref(), Some("10030000801BF9B2"), "{key}");
        }
        assert_eq!(puid("NT AUTHORITY\\SYSTEM (w3wp)"), None);
        assert_eq!(
            claimed("i:0#.f|membership|joe@acme.example"),
            "joe@acme.example"
        );
        assert_eq!(claimed("joe@acme.example"), "joe@acme.example");
    }
}
